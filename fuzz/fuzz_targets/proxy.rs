//! Any bytes as the answers of a proxy: a connection or an error, and what comes behind the answer is
//! still there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mqtt_core::plan::ProxyCredentials;
use mqtt_core::secret::Secret;
use mqtt_core::transport::http_proxy;
use mqtt_core::transport::socks5::{self, Target};
use tokio::io::{AsyncReadExt, join, sink};

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let credentials = bytes.first().filter(|first| *first & 1 == 1).map(|_| ProxyCredentials {
            username: "user".to_owned(),
            password: Secret::new(b"password".to_vec()),
        });
        let mut answer = bytes;
        let mut stream = join(&mut answer, sink());
        let target = Target::Name("broker", 1883);
        if socks5::connect(&mut stream, credentials.as_ref(), &target).await.is_ok() {
            // Version and method, reply, a name of no bytes behind its length, port.
            assert!(answer.len() + 9 <= bytes.len() && bytes.ends_with(answer));
        }
        let stream = join(bytes, sink());
        let connected = http_proxy::connect(stream, credentials.as_ref(), "broker", 1883).await;
        if let Ok(mut stream) = connected {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            assert!(bytes.strip_suffix(&rest[..]).is_some_and(|head| head.ends_with(b"\n")));
        }
    });
});
