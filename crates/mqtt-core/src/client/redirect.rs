//! Where a broker refers us to: the Server Reference of CONNACK and DISCONNECT (MQTT 5 §4.11).

use crate::plan::{Endpoint, Route};
use crate::protocol::{PropertyId, ReasonCode, Text};
use crate::session::SessionError;

use super::ClientError;
use super::candidates::Candidates;

/// So many are followed in a row. Brokers that refer to each other must not keep us for ever.
const LIMIT: u8 = 5;

/// So many places of a reference are tried.
const MOST_PLACES: usize = 8;

/// The port of a reference that names none, where ours is not one of TCP.
const DEFAULT_PORT: u16 = 1883;

/// The way to the broker, with the references that were followed since the plan was made.
#[derive(Debug)]
pub(super) struct Way {
    route: Route,
    /// As the plan has it.
    planned: Vec<Endpoint>,
    followed: u8,
    /// Whether the last reference has not been tried yet.
    fresh: bool,
    /// Where the last connection was, which was lost.
    lost: Option<Endpoint>,
}

impl Way {
    pub(super) fn new(route: &Route) -> Self {
        let planned = route.candidates.clone();
        Self { route: route.clone(), planned, followed: 0, fresh: false, lost: None }
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    /// The candidates of the next attempt.
    pub(super) fn candidates(&self) -> Candidates {
        Candidates::new(&self.route.candidates, self.lost.clone())
    }

    /// The connection to that one is gone: the next attempt begins behind it.
    pub(super) fn lost(&mut self, endpoint: &Endpoint) {
        self.lost = Some(endpoint.clone());
    }

    /// The row of references is over: a connection held, or there was a pause. From now on what was
    /// planned is tried as well, for the day the reference leads nowhere.
    pub(super) fn settle(&mut self) {
        if self.followed > 0 {
            self.followed = 0;
            // Whoever is referred somewhere is to be there: it is tried before what was planned.
            self.lost = None;
            self.route.candidates.extend_from_slice(&self.planned);
        }
    }

    /// Whether a reference is waiting to be tried. Asks only once.
    pub(super) fn take_fresh(&mut self) -> bool {
        std::mem::take(&mut self.fresh)
    }

    /// Turns to where the broker refers us to, and says so; `None` where it does not, or did too
    /// often.
    pub(super) fn follow(&mut self, failure: &ClientError) -> Option<String> {
        let (reference, reason) = reference(failure)?;
        let places = places(reference.as_str(), self.port())?;
        if self.followed >= LIMIT {
            return None;
        }
        self.followed += 1;
        self.fresh = true;
        self.route.candidates = places;
        Some(format!("note: the broker refers us to {}: {reason}", self.route))
    }

    fn port(&self) -> u16 {
        match self.route.candidates.first() {
            Some(Endpoint::Tcp { port, .. }) => *port,
            _ => DEFAULT_PORT,
        }
    }
}

/// The Server Reference of an error, with the reason for it.
pub(super) fn reference(failure: &ClientError) -> Option<(Text, ReasonCode)> {
    let (reason, properties) = match failure {
        ClientError::Session(SessionError::Refused { connack, .. }) => {
            (ReasonCode(connack.code), &connack.properties)
        }
        ClientError::Session(SessionError::Disconnected(disconnect)) => {
            (disconnect.reason, &disconnect.properties)
        }
        _ => return None,
    };
    let refers = [ReasonCode::USE_ANOTHER_SERVER, ReasonCode::SERVER_MOVED].contains(&reason);
    let reference = properties.text(PropertyId::ServerReference).filter(|_| refers)?;
    Some((reference, reason))
}

/// The places of a reference: names with or without a port, separated by blanks; a name with
/// colons stands in brackets. `None` where one of them is none.
fn places(reference: &str, port: u16) -> Option<Vec<Endpoint>> {
    let places = reference.split_whitespace().take(MOST_PLACES);
    let places: Option<Vec<_>> = places.map(|place| endpoint(place, port)).collect();
    places.filter(|places| !places.is_empty())
}

fn endpoint(place: &str, default_port: u16) -> Option<Endpoint> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port > 0)?,
        None => default_port,
    };
    (!host.is_empty()).then(|| Endpoint::Tcp { host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(reference: &str) -> Option<String> {
        let candidates = places(reference, 8883)?;
        let shown: Vec<_> = candidates.iter().map(Endpoint::to_string).collect();
        Some(shown.join(", "))
    }

    #[test]
    fn a_reference_is_a_list_of_names_with_or_without_ports() {
        assert_eq!(shown("b.example").unwrap(), "b.example:8883");
        assert_eq!(shown("b.example:1884 10.0.0.1").unwrap(), "b.example:1884, 10.0.0.1:8883");
        assert_eq!(shown("[fe80::1]:1884 [::1]").unwrap(), "[fe80::1]:1884, [::1]:8883");
    }

    #[test]
    fn a_reference_that_is_no_place_is_none() {
        for reference in ["", " ", "b:", "b:0", "b:65536", "b:x", "[::1", "[::1]x", ":1883", "[]:1"]
        {
            assert_eq!(shown(reference), None, "{reference:?}");
        }
    }
}
