//! DNS, where the system's own resolver does not do: SRV records, and a server that the user names.

use std::io;
use std::net::{IpAddr, SocketAddr};

use simple_dns::TYPE;
use simple_dns::rdata::RData;

use super::TransportError;
use super::dns_query::{ask, system_servers};
use crate::plan::Endpoint;

/// A place where a service is offered (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    priority: u16,
    weight: u16,
    /// Without the last dot; empty where the service is expressly not offered.
    host: String,
    port: u16,
}

/// The places that the SRV records of `service` name, in the order to try them.
pub(super) async fn services(
    server: Option<SocketAddr>,
    service: &str,
) -> Result<Vec<Endpoint>, TransportError> {
    let servers = server.map_or_else(system_servers, |server| vec![server]);
    let offers = ask(&servers, service, TYPE::SRV, |record| match &record.rdata {
        RData::SRV(srv) => Some(Offer {
            priority: srv.priority,
            weight: srv.weight,
            host: srv.target.to_string(),
            port: srv.port,
        }),
        _ => None,
    });
    let offers = offers.await.map_err(|source| {
        let service = service.to_owned();
        TransportError::ServiceLookup { service, source }
    })?;
    let offers: Vec<_> = offers.into_iter().filter(|offer| !offer.host.is_empty()).collect();
    if offers.is_empty() {
        return Err(TransportError::NoService(service.to_owned()));
    }
    let offers = in_order(offers, |most| {
        let random = u64::from(getrandom::u32().unwrap_or_default());
        random % (most + 1)
    });
    let places = offers.into_iter().map(|Offer { host, port, .. }| Endpoint::Tcp { host, port });
    Ok(places.collect())
}

/// The addresses that `server` has for a name.
pub(super) async fn addresses(server: SocketAddr, host: &str) -> io::Result<Vec<IpAddr>> {
    let servers = [server];
    let of_kind = |kind| {
        ask(&servers, host, kind, |record| match &record.rdata {
            RData::A(data) => Some(IpAddr::V4(data.address.into())),
            RData::AAAA(data) => Some(IpAddr::V6(data.address.into())),
            _ => None,
        })
    };
    let (ipv6, ipv4) = tokio::join!(of_kind(TYPE::AAAA), of_kind(TYPE::A));
    // One kind will do.
    let found = match (ipv6, ipv4) {
        (Ok(ipv6), Ok(ipv4)) => [ipv6, ipv4].concat(),
        (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => found,
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    if found.is_empty() {
        let text = format!("the DNS server {server} has no address for it");
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    Ok(found)
}

/// The order of RFC 2782: lower priorities first, and within one by chance, the more likely the
/// higher the weight. `random` gives a number from 0 to the one it is called with.
fn in_order(mut offers: Vec<Offer>, mut random: impl FnMut(u64) -> u64) -> Vec<Offer> {
    // Those without weight first, so that they have their small chance.
    offers.sort_by_key(|offer| (offer.priority, offer.weight));
    let mut ordered = Vec::with_capacity(offers.len());
    while let Some(priority) = offers.first().map(|offer| offer.priority) {
        let equals = || offers.iter().take_while(|offer| offer.priority == priority);
        let chosen = random(equals().map(|offer| u64::from(offer.weight)).sum());
        let mut sum = 0;
        let index = equals().position(|offer| {
            sum += u64::from(offer.weight);
            sum >= chosen
        });
        ordered.push(offers.remove(index.unwrap_or_default()));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(priority: u16, weight: u16, host: &str) -> Offer {
        Offer { priority, weight, host: host.to_owned(), port: 1883 }
    }

    fn hosts(offers: &[Offer], random: impl FnMut(u64) -> u64) -> String {
        in_order(offers.to_vec(), random).into_iter().map(|offer| offer.host).collect()
    }

    #[test]
    fn lower_priorities_come_first_whatever_the_weights() {
        let offers = [offer(20, 0, "c"), offer(10, 5, "b"), offer(0, 0, "a"), offer(30, 9, "d")];
        assert_eq!(hosts(&offers, |_| 0), "abcd");
        assert_eq!(hosts(&offers, |most| most), "abcd");
    }

    #[test]
    fn equals_are_chosen_by_weight() {
        let offers = [offer(0, 10, "a"), offer(0, 30, "b"), offer(0, 0, "z")];
        // Sorted: z 0, a 10, b 30.
        for (number, first) in [(0, 'z'), (1, 'a'), (10, 'a'), (11, 'b'), (40, 'b')] {
            let mut numbers = vec![0, 0, number];
            let order = hosts(&offers, |most| {
                let number = numbers.pop().unwrap();
                assert!(number <= most);
                number
            });
            assert_eq!(order.chars().next(), Some(first), "{number}");
            assert_eq!(order.len(), 3);
        }
    }

    #[test]
    fn the_largest_weights_do_not_overflow() {
        let offers = vec![offer(0, u16::MAX, "x"); 3];
        let mut sums = Vec::new();
        let order = hosts(&offers, |sum| {
            sums.push(sum);
            sum
        });
        assert_eq!((&*order, &*sums), ("xxx", &[196_605, 131_070, 65_535][..]));
    }
}
