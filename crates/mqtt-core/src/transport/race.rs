//! Several ways to one place, the first that gets there wins (happy eyeballs, RFC 8305).

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::timeout;

/// How long a way has before the next is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Tries `ways` in their order: the next as soon as one fails or a head start has passed. Gives what
/// the first to arrive brings, or else all failures in the order they came.
pub(super) async fn first<W, T, E, F: Future<Output = Result<T, E>>>(
    ways: impl IntoIterator<Item = W>,
    try_way: impl Fn(W) -> F,
) -> Result<T, Vec<E>> {
    let mut under_way = FuturesUnordered::new();
    let mut failures = Vec::new();
    for way in ways {
        under_way.push(try_way(way));
        match timeout(HEAD_START, under_way.next()).await {
            Ok(Some(Ok(arrived))) => return Ok(arrived),
            Ok(Some(Err(failure))) => failures.push(failure),
            Ok(None) | Err(_) => {}
        }
    }
    while let Some(result) = under_way.next().await {
        match result {
            Ok(arrived) => return Ok(arrived),
            Err(failure) => failures.push(failure),
        }
    }
    Err(failures)
}

/// IPv4 and IPv6 in turn, beginning with the first: a network that has only one of them costs one
/// head start (RFC 8305 §4).
pub(super) fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let begins_with_ipv4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let of_first_kind = |address: &SocketAddr| address.is_ipv4() == begins_with_ipv4;
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(of_first_kind);
    let mut second = second.into_iter();
    let mut all = Vec::new();
    for address in first {
        all.push(address);
        all.extend(second.next());
    }
    all.extend(second);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// Ways by name: `+` arrives, `-` fails, and anything else never ends.
    async fn run(ways: &[&'static str]) -> (Result<&'static str, Vec<&'static str>>, usize) {
        let begun = RefCell::new(0);
        let result = first(ways.iter().copied(), |way| {
            *begun.borrow_mut() += 1;
            async move {
                match way.chars().next() {
                    Some('+') => Ok(way),
                    Some('-') => Err(way),
                    _ => std::future::pending().await,
                }
            }
        });
        (result.await, begun.into_inner())
    }

    #[tokio::test]
    async fn the_first_way_that_arrives_is_the_only_one_begun() {
        assert_eq!(run(&["+a", "+b"]).await, (Ok("+a"), 1));
    }

    #[tokio::test]
    async fn a_way_that_fails_makes_room_for_the_next_at_once() {
        assert_eq!(run(&["-a", "-b", "+c", "+d"]).await, (Ok("+c"), 3));
    }

    #[tokio::test]
    async fn a_silent_way_does_not_hold_up_the_next() {
        assert_eq!(run(&["silent", "-b", "+c"]).await, (Ok("+c"), 3));
    }

    #[tokio::test]
    async fn an_early_way_may_win_after_later_ones_were_begun() {
        let (waking, woken) = tokio::sync::oneshot::channel();
        let halves = RefCell::new((Some(waking), Some(woken)));
        let result = first([1, 2], |way| {
            let (waking, woken) = match way {
                1 => (None, halves.borrow_mut().1.take()),
                _ => (halves.borrow_mut().0.take(), None),
            };
            async move {
                if let Some(woken) = woken {
                    woken.await.unwrap();
                    return Ok(way);
                }
                waking.unwrap().send(()).unwrap();
                Err(way)
            }
        });
        assert_eq!(result.await, Ok(1));
    }

    #[tokio::test]
    async fn when_all_fail_each_is_told() {
        assert_eq!(run(&["-a", "-b"]).await, (Err(vec!["-a", "-b"]), 2));
        assert_eq!(run(&[]).await, (Err(vec![]), 0));
    }

    #[test]
    fn kinds_of_addresses_take_turns() {
        let list = |text: &str| -> Vec<SocketAddr> {
            let places = text.split_whitespace().map(|ip| SocketAddr::new(ip.parse().unwrap(), 1));
            places.collect()
        };
        for (found, tried) in [
            ("::1 ::2 ::3 127.0.0.1 127.0.0.2", "::1 127.0.0.1 ::2 127.0.0.2 ::3"),
            ("127.0.0.1 ::1 ::2 ::3", "127.0.0.1 ::1 ::2 ::3"),
            ("127.0.0.2 127.0.0.1", "127.0.0.2 127.0.0.1"),
            ("", ""),
        ] {
            assert_eq!(interleaved(list(found)), list(tried));
        }
    }
}
