//! Any bytes as an options file: lines in order, no value with a newline or NUL in it, and in the
//! original's grammar every value as it stands in the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mqtt_core::options_file::{Grammar, lines};

fuzz_target!(|bytes: &[u8]| {
    for grammar in [Grammar::Original, Grammar::Quoting] {
        let mut last = 0;
        for line in lines(bytes, grammar) {
            assert!(line.number() > last);
            last = line.number();
            assert!(
                line.option().is_ok_and(|option| !option.is_empty())
                    || bytes.contains(&0)
                    || bytes.contains(&b'\t')
            );
            if let Ok(Some(name)) = line.profile() {
                assert!(!name.is_empty() && !name.iter().any(|byte| b" []\t\n\0".contains(byte)));
            }
            let Ok(Some(value)) = line.value() else { continue };
            assert!(!value.contains(&b'\n') && !value.contains(&0));
            if grammar == Grammar::Original {
                assert!(bytes.windows(value.len()).any(|window| window == value));
            }
            let _ = line.words_and_value(3);
        }
    }
});
