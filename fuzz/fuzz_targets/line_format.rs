//! Any format behind `--line-format`, and any line: what means nothing is told in words, and a line
//! that was taken apart has a topic that can be published to, and nothing is lost of it.
#![no_main]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    format: &'a [u8],
    line: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let line = Bytes::copy_from_slice(input.line);
    match mqtt_pub::read_line(OsStr::from_bytes(input.format), &line) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(Err(error)) => assert!(!error.to_string().is_empty()),
        Ok(Ok((topic, payload))) => {
            let topic = topic.as_str().as_bytes();
            let holds =
                |part: &[u8]| part.is_empty() || line.windows(part.len()).any(|at| at == part);
            assert!(!topic.is_empty() && holds(topic) && holds(&payload));
            assert!(topic.len() + payload.len() < line.len());
        }
    }
});
