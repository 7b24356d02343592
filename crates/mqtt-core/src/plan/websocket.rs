//! MQTT in WebSocket frames (MQTT 5 §6).

use crate::secret::Secret;

/// What is asked of the web server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocket {
    /// The path asked for; begins with a slash and can stand in a request line as it is.
    pub path: String,
    /// Header fields besides those of WebSocket itself, in their order.
    pub headers: Vec<Header>,
}

/// A header field (RFC 9110 §5). Its value may be an authorization, and so is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// A token.
    pub name: String,
    /// Visible ASCII, blanks and tabs, without blanks at either end.
    pub value: Secret,
}
