//! Any words behind `-D`: an error, or a property that its packet may hold.
#![no_main]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use libfuzzer_sys::fuzz_target;
use mqtt_core::cli::GivenProperty;
use mqtt_core::protocol::Properties;

fuzz_target!(|joined: &[u8]| {
    match GivenProperty::parse(OsStr::from_bytes(joined)) {
        Ok(given) => {
            Properties::checked(given.carrier, vec![given.property]).unwrap();
        }
        Err(error) => {
            let _ = error.to_string();
        }
    }
});
