//! The candidates of one attempt, in the order in which they are tried.

use std::collections::VecDeque;

use crate::plan::Endpoint;

/// Those that are still to be tried.
#[derive(Debug)]
pub(super) struct Candidates {
    waiting: VecDeque<Endpoint>,
    /// Where the last connection was, which was lost: it has had its turn.
    lost: Option<Endpoint>,
}

impl Candidates {
    /// The endpoints, beginning behind the one that was lost.
    pub(super) fn new(endpoints: &[Endpoint], lost: Option<Endpoint>) -> Self {
        let (had_their_turn, first) = split_behind(endpoints, lost.as_ref());
        let waiting = first.iter().chain(had_their_turn).cloned().collect();
        Self { waiting, lost }
    }

    /// The next one.
    pub(super) fn take_next(&mut self) -> Option<Endpoint> {
        self.waiting.pop_front()
    }

    /// The one after that.
    pub(super) fn peek(&self) -> Option<&Endpoint> {
        self.waiting.front()
    }

    /// How many are waiting.
    pub(super) fn left(&self) -> usize {
        self.waiting.len()
    }

    /// What has come of a service are its places. They come before all others, but for those that
    /// have had their turn.
    pub(super) fn insert(&mut self, places: &[Endpoint]) {
        let (had_their_turn, first) = split_behind(places, self.lost.as_ref());
        for place in first.iter().rev() {
            self.waiting.push_front(place.clone());
        }
        self.waiting.extend(had_their_turn.iter().cloned());
    }
}

/// Those up to `lost`, and those behind it; none and all where it is not among them.
fn split_behind<'a>(
    endpoints: &'a [Endpoint],
    lost: Option<&Endpoint>,
) -> (&'a [Endpoint], &'a [Endpoint]) {
    let place = endpoints.iter().position(|endpoint| Some(endpoint) == lost);
    endpoints.split_at(place.map_or(0, |place| place + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(name: &str) -> Endpoint {
        if name.starts_with('_') {
            return Endpoint::Service(name.to_owned());
        }
        Endpoint::Tcp { host: name.to_owned(), port: 1883 }
    }

    fn list(names: &str) -> Vec<Endpoint> {
        names.split_whitespace().map(endpoint).collect()
    }

    /// The order in which they are tried where each service has these places.
    fn order(names: &str, places: &str, lost: Option<&str>) -> String {
        let mut candidates = Candidates::new(&list(names), lost.map(endpoint));
        let mut tried = Vec::new();
        while let Some(candidate) = candidates.take_next() {
            match candidate {
                Endpoint::Service(_) => candidates.insert(&list(places)),
                other => tried.push(other.name().into_owned()),
            }
        }
        tried.join(" ")
    }

    #[test]
    fn the_one_that_was_lost_comes_last_and_those_behind_it_first() {
        for (lost, tried) in [
            (None, "a b c"),
            (Some("a"), "b c a"),
            (Some("b"), "c a b"),
            (Some("c"), "a b c"),
            (Some("x"), "a b c"),
        ] {
            assert_eq!(order("a b c", "", lost), tried);
        }
        assert_eq!(order("a", "", Some("a")), "a");
    }

    #[test]
    fn the_places_of_a_service_stand_where_it_stood() {
        assert_eq!(order("_s b", "1 2 3", None), "1 2 3 b");
        assert_eq!(order("_s b", "1 2 3", Some("2")), "3 b 1 2");
        assert_eq!(order("_s b", "1 2 3", Some("b")), "1 2 3 b");
        assert_eq!(order("_s", "", None), "");
    }
}
