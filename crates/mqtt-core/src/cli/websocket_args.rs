//! The options that put MQTT into WebSocket frames.

use std::ffi::OsString;

use clap::builder::TypedValueParser;
use clap::{ArgAction, Args};

use super::value::{self, ValueError};
use super::{Given, UsageError};
use crate::plan::{Header, WebSocket};
use crate::secret::Secret;

/// Header fields that WebSocket or HTTP itself sets.
const RESERVED: [&str; 5] =
    ["connection", "content-length", "host", "transfer-encoding", "upgrade"];

/// The beginning of all others.
const RESERVED_PREFIX: &str = "sec-websocket-";

/// What is asked of the web server.
#[derive(Args, Debug)]
pub(super) struct WebSocketArgs {
    /// Speak MQTT over WebSocket
    #[arg(long, help_heading = "Connection", action = ArgAction::SetTrue)]
    ws: bool,

    /// Ask for PATH over WebSocket
    #[arg(long, help_heading = "Connection", value_name = "PATH", default_value = "/mqtt",
        value_parser = request_path())]
    ws_path: String,

    /// Send this header when WebSocket begins, as 'NAME: VALUE'; may be given several times
    #[arg(long, help_heading = "Connection", value_name = "HEADER", value_parser = header(),
        action = ArgAction::Append)]
    ws_header: Vec<Header>,
}

impl WebSocketArgs {
    pub(super) fn plan(self, given: &Given) -> Result<Option<WebSocket>, UsageError> {
        if self.ws {
            return Ok(Some(WebSocket { path: self.ws_path, headers: self.ws_header }));
        }
        if given.has("ws_path") {
            return Err(given.error("'--ws-path' needs '--ws'"));
        }
        if given.has("ws_header") {
            return Err(given.error("'--ws-header' needs '--ws'"));
        }
        Ok(None)
    }
}

/// What the path and query of a URL cannot have, although it is printable (RFC 3986 §2).
const NOT_IN_A_URL: &[u8] = b"\"#<>\\^`{|}";

/// A path that can stand in a request line (RFC 9112 §3.2.1).
fn request_path() -> impl TypedValueParser<Value = String> {
    value::from_words(|word| {
        let path = word.into_string().ok().filter(|path| {
            let is_fit = |byte: u8| byte.is_ascii_graphic() && !NOT_IN_A_URL.contains(&byte);
            path.starts_with('/') && path.bytes().all(is_fit)
        });
        path.ok_or_else(|| {
            ValueError::new("a '/' and then what a URL can have is wanted, anything else as %XX")
        })
    })
}

/// `NAME: VALUE` (RFC 9110 §5.1, §5.5).
fn header() -> impl TypedValueParser<Value = Header> {
    value::concealed(|word: OsString| {
        let (name, value) = word
            .to_str()
            .and_then(|text| text.split_once(':'))
            .filter(|(name, _)| !name.is_empty() && name.bytes().all(is_token))
            .ok_or_else(|| ValueError::new("'NAME: VALUE' is wanted"))?;
        let lower_case = name.to_ascii_lowercase();
        if RESERVED.contains(&&*lower_case) || lower_case.starts_with(RESERVED_PREFIX) {
            return Err(ValueError::new("this header cannot be chosen"));
        }
        let value = value.trim_matches([' ', '\t']);
        let is_text = |byte: u8| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t';
        if !value.bytes().all(is_text) {
            return Err(ValueError::new("the value of a header is printable ASCII"));
        }
        Ok(Header { name: name.to_owned(), value: Secret::new(value.as_bytes().to_vec()) })
    })
}

/// Whether a token can hold the byte (RFC 9110 §5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
