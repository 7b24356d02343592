//! Any bytes as a URL: parts or an error, and what is shown has nothing of the password.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mqtt_core::url::{Url, has_password, masked};

fuzz_target!(|bytes: &[u8]| {
    let shown = masked(bytes);
    let Ok(url) = Url::parse(bytes) else { return };
    assert!(!url.host.is_empty() && url.port != 0);
    assert!(url.password.is_none() || url.username.is_some());
    assert!(url.password.is_none() || (has_password(bytes) && shown.contains(":***@")));
});
