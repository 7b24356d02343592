//! The command line: the only room that knows clap. Options become typed values here and a plan
//! at the end; nothing is connected, read or printed on the way, but for the one `main` the tools
//! share.

mod color;
#[cfg(feature = "client")]
mod connect_args;
mod generate;
mod given;
mod main;
mod origin;
#[cfg(feature = "client")]
mod password_args;
#[cfg(feature = "client")]
mod profile;
#[cfg(feature = "client")]
mod property_args;
#[cfg(feature = "client")]
mod proxy_args;
#[cfg(feature = "client")]
mod reconnect_args;
#[cfg(feature = "client")]
mod route_args;
#[cfg(feature = "client")]
mod session_args;
#[cfg(feature = "client")]
mod show_config;
#[cfg(feature = "client")]
mod shown_value;
#[cfg(feature = "client")]
mod source_args;
#[cfg(feature = "client")]
mod sources;
#[cfg(feature = "client")]
#[cfg(test)]
mod tests;
#[cfg(feature = "client")]
mod tls_args;
#[cfg(feature = "client")]
mod tls_environment;
mod usage;
#[cfg(feature = "client")]
pub mod value;
#[cfg(feature = "client")]
mod websocket_args;
#[cfg(feature = "client")]
mod will_args;
mod words;

pub use color::ColorArgs;
#[cfg(feature = "client")]
pub use connect_args::{ConnectArgs, ConnectDefaults, DEFAULT_WINDOW, VERSION};
pub use generate::{PackedFile, generate, unpacked};
pub use given::Given;
#[cfg(feature = "client")]
pub use main::{conclude, reads_keyboard, sum_up, tell, warn};
pub use main::{introduce, run, show};
pub use origin::Origin;
#[cfg(feature = "client")]
pub use property_args::{GivenProperty, GivenPropertyError};
#[cfg(feature = "client")]
pub use sources::parse_all;
pub use usage::{Parsed, UsageError, parse};
