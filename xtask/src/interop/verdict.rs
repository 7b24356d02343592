//! Whether something works, and whose fault it is if it does not.

use std::path::Path;

use super::checks::{Feature, connects};
use super::client::{Clients, Tools, Version};
use super::door::Route;
use super::table::word;

/// What came out of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It works.
    Works,
    /// There is nothing to try, for a reason.
    Untried(String),
    /// The broker lets nobody in with this version of MQTT, Debian's clients neither.
    Unspoken(Evidence),
    /// Debian's clients fail as well.
    Brokers(Evidence),
    /// Debian's clients do it: what ours got.
    Ours(String),
    /// Debian's clients have no way to try it: what ours got.
    Untold(String),
}

/// What both clients got where it did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Evidence {
    /// With our tools.
    pub(super) ours: String,
    /// With Debian's.
    pub(super) debians: String,
}

/// Tries everything with one broker.
pub(super) fn judge_all(route: &Route, version: Version, home: &Path) -> Vec<Verdict> {
    if let Some(evidence) = unspoken(route, version, home) {
        return vec![Verdict::Unspoken(evidence); Feature::ALL.len()];
    }
    let judged = Feature::ALL.into_iter().map(|feature| {
        let verdict = judge(feature, route, version, home);
        eprintln!("   MQTT {}, {}: {}", version.number(), feature.title(), word(&verdict));
        verdict
    });
    judged.collect()
}

/// What both clients got, unless one of them was let in.
fn unspoken(route: &Route, version: Version, home: &Path) -> Option<Evidence> {
    let attempt = |tools| {
        let (publish_at, subscribe_at) = (&route.publisher.tcp, &route.subscriber.tcp);
        let clients = Clients { tools, version, publish_at, subscribe_at, home };
        connects(&clients).map_err(|error| evidence(&error, &clients)).err()
    };
    let ours = attempt(Tools::Ours)?;
    attempt(Tools::Debians).map(|debians| Evidence { ours, debians })
}

fn judge(feature: Feature, route: &Route, version: Version, home: &Path) -> Verdict {
    let doors = [&route.publisher, &route.subscriber].map(|doors| feature.door(doors));
    let (publish_at, subscribe_at) = match &doors {
        [Ok(publisher), Ok(subscriber)] => (publisher, subscriber),
        [Err(reason), _] | [_, Err(reason)] => return Verdict::Untried((*reason).to_owned()),
    };
    let attempt = |tools| {
        let clients = Clients { tools, version, publish_at, subscribe_at, home };
        let topic = format!("interop/{}/{}/{tools:?}", version.number(), feature.title());
        feature.check(&clients, &topic).map_err(|error| evidence(&error, &clients))
    };
    let Err(ours) = attempt(Tools::Ours) else { return Verdict::Works };
    if feature == Feature::WebSocket {
        return Verdict::Untold(ours);
    }
    match attempt(Tools::Debians) {
        Ok(()) => Verdict::Ours(ours),
        Err(debians) => Verdict::Brokers(Evidence { ours, debians }),
    }
}

/// An error without the ports, which are others in each run.
fn evidence(error: &anyhow::Error, clients: &Clients) -> String {
    let mut text = format!("{error:#}");
    for port in [clients.publish_at, clients.subscribe_at].into_iter().filter_map(|at| at.get(3)) {
        text = text.replace(&format!(":{port}"), "");
    }
    text
}
