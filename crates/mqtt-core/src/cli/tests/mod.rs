//! What words come to, up to the plan.

mod proxy;
mod route;
mod tls;
mod websocket;

use std::ffi::{OsStr, OsString};

use clap::{CommandFactory, Parser};

use super::route_args::RouteArgs;
use super::{Given, Parsed, UsageError, parse};
use crate::exit::Failure;
use crate::invocation::{Invocation, Tool};
use crate::plan::Route;

#[derive(Debug, Parser)]
#[command(disable_help_flag = true)]
struct Args {
    #[command(flatten)]
    route: RouteArgs,
}

/// The words parsed by the options of `A` alone.
pub(super) fn parsed<A: clap::Args>(words: &[&str]) -> Result<Given, UsageError> {
    let invocation = Invocation::new(Tool::Pub, OsStr::new("mqtt-pub"));
    let command = clap::Command::new("t").version("0");
    let command = command.disable_help_flag(true).disable_version_flag(true);
    let command = A::augment_args(command);
    match parse(invocation, command, words.iter().map(Into::into).collect())? {
        Parsed::Given(given) => Ok(given),
        other => panic!("{other:?}"),
    }
}

/// What a tool called by `name` makes of `words`.
fn planned(name: &str, words: &[OsString]) -> Result<Route, UsageError> {
    let invocation = Invocation::new(Tool::Pub, OsStr::new(name));
    match parse(invocation, Args::command(), words.to_vec())? {
        Parsed::Given(given) => given.args::<Args>()?.route.plan(&given),
        other => panic!("{other:?}"),
    }
}

/// The words of a line, at its blanks.
fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

/// The route under our own name.
fn route(line: &str) -> Route {
    planned("mqtt-pub", &words(line)).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// The route under the original's name.
fn linked_route(line: &str) -> Route {
    planned("mosquitto_pub", &words(line)).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// The error, which is the same under both names.
fn error(line: &str) -> String {
    error_of(&words(line))
}

fn error_of(words: &[OsString]) -> String {
    let [own, linked] = ["mqtt-pub", "mosquitto_pub"].map(|name| match planned(name, words) {
        Err(error) => error,
        Ok(route) => panic!("{words:?} is {route:?}"),
    });
    assert_eq!(own.status().code(), 1);
    assert_eq!(own.to_string(), linked.to_string());
    own.to_string()
}
