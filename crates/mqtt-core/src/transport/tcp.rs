//! TCP: the bottom of most stacks.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use tokio::net::{TcpSocket, lookup_host};

use super::prompt::Prompt;
use super::{Awaited, Deadline, Party, TransportError, dns, race};
use crate::plan::{Endpoint, Route};

/// Tries the addresses of `host`, each from every address of ours that the options name, and takes
/// the first that is reached.
pub(super) async fn connect(
    route: &Route,
    party: Party,
    host: &str,
    port: u16,
    deadline: Deadline,
) -> Result<Prompt, TransportError> {
    let endpoint = Endpoint::Tcp { host: host.to_owned(), port };
    let remotes = race::interleaved(look_up(route, party, host, port, deadline).await?);
    let (ways, nowhere) = match &route.bind_address {
        None => (remotes.into_iter().map(|remote| (None, remote)).collect(), "it has no address"),
        Some(name) => (
            pairs(&local_addresses(name, deadline).await?, &remotes),
            "it has no address of the same kind (IPv4, IPv6) as --bind-address",
        ),
    };
    let open = async |way| open(&endpoint, way).await.map_err(|error| (way, error));
    let racing = async {
        let first = race::first(ways, open).await;
        first.map_err(|failures| summed_up(&endpoint, failures, nowhere))
    };
    deadline.answer(|| Awaited::Connection(party, endpoint.clone()), racing).await
}

/// One error for all ways that failed; their causes with the addresses where they differ.
fn summed_up(
    endpoint: &Endpoint,
    failures: Vec<(Way, TransportError)>,
    nowhere: &'static str,
) -> TransportError {
    let connect = |kind, cause: String| TransportError::Connect {
        endpoint: endpoint.clone(),
        source: io::Error::new(kind, cause),
    };
    let causes: Vec<_> = failures.iter().map(|(_, error)| error.with_causes()).collect();
    if causes.windows(2).any(|pair| pair[0] != pair[1]) {
        let causes = failures.iter().map(|((_, remote), error)| match error {
            TransportError::Connect { source, .. } => format!("{}: {source}", remote.ip()),
            error => format!("{}: {}", remote.ip(), error.with_causes()),
        });
        // It is the refusal that somebody can do something about.
        let kind = if failures.iter().any(|(_, error)| error.is_refusal()) {
            io::ErrorKind::ConnectionRefused
        } else {
            io::ErrorKind::Other
        };
        return connect(kind, causes.collect::<Vec<_>>().join(", "));
    }
    let last = failures.into_iter().next_back().map(|(_, error)| error);
    last.unwrap_or_else(|| connect(io::ErrorKind::NotFound, nowhere.to_owned()))
}

/// The addresses of `host`, in the resolver's order: those that the route's DNS server has, or the
/// system.
pub(super) async fn look_up(
    route: &Route,
    party: Party,
    host: &str,
    port: u16,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, TransportError> {
    let looking = async {
        let addresses = match route.dns_server {
            Some(server) if host.parse::<IpAddr>().is_err() => dns::addresses(server, host)
                .await
                .map(|found| found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()),
            _ => addresses(host, port).await,
        };
        addresses.map_err(|source| TransportError::Lookup { party, host: host.to_owned(), source })
    };
    deadline.answer(|| Awaited::Host(party, host.to_owned()), looking).await
}

/// Where a connection begins, if that was said, and where it ends.
type Way = (Option<SocketAddr>, SocketAddr);

/// The ways from any of `locals` to any of `remotes`.
fn pairs(locals: &[SocketAddr], remotes: &[SocketAddr]) -> Vec<Way> {
    let ways = remotes.iter().flat_map(|remote| {
        let fitting = locals.iter().filter(|local| local.is_ipv4() == remote.is_ipv4());
        fitting.map(|local| (Some(*local), *remote))
    });
    ways.collect()
}

async fn open(endpoint: &Endpoint, (local, remote): Way) -> Result<Prompt, TransportError> {
    let failed = |source| TransportError::Connect { endpoint: endpoint.clone(), source };
    let socket = if remote.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(failed)?;
    if let Some(local) = local {
        let address = local.ip();
        socket.bind(local).map_err(|source| TransportError::Bind { address, source })?;
    }
    let stream = socket.connect(remote).await.map_err(failed)?;
    Prompt::new(stream).map_err(failed)
}

async fn local_addresses(
    name: &str,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, TransportError> {
    let looking = async {
        // Port 0: any that is free.
        let addresses = addresses(name, 0).await;
        addresses.map_err(|source| TransportError::BindLookup { name: name.to_owned(), source })
    };
    deadline.answer(|| Awaited::BindAddress(name.to_owned()), looking).await
}

/// Looks a name up. Literals need no resolver, and `localhost` none that could block, so neither
/// costs the thread that tokio starts for the resolver.
async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(literal) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(literal, port)]);
    }
    if host == "localhost" {
        return Ok((host, port).to_socket_addrs()?.collect());
    }
    Ok(lookup_host((host, port)).await?.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once_where_they_are_the_same_and_with_their_addresses_where_not() {
        let endpoint = Endpoint::Tcp { host: "broker".to_owned(), port: 1 };
        let failure = |address: &str, kind: io::ErrorKind| {
            let remote = SocketAddr::new(address.parse().unwrap(), 1);
            let source = io::Error::from(kind);
            ((None, remote), TransportError::Connect { endpoint: endpoint.clone(), source })
        };
        let refused = io::ErrorKind::ConnectionRefused;
        let same = vec![failure("::1", refused), failure("127.0.0.1", refused)];
        let error = summed_up(&endpoint, same, "nowhere");
        assert_eq!(error.with_causes(), "cannot connect to broker:1: connection refused");
        assert!(error.hint().is_some());
        let kinds =
            vec![failure("::1", io::ErrorKind::NetworkUnreachable), failure("127.0.0.1", refused)];
        let error = summed_up(&endpoint, kinds, "nowhere");
        assert_eq!(
            error.with_causes(),
            "cannot connect to broker:1: ::1: network unreachable, 127.0.0.1: connection refused"
        );
        assert!(error.hint().is_some());
        assert_eq!(
            summed_up(&endpoint, Vec::new(), "nowhere").with_causes(),
            "cannot connect to broker:1: nowhere"
        );
    }

    #[test]
    fn each_remote_address_is_tried_from_each_local_one_of_its_kind() {
        let all = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 1)).collect()
        };
        let (locals, remotes) =
            (all(&["::2", "127.0.0.2", "127.0.0.3"]), all(&["127.0.0.1", "::1"]));
        let [v6, first, second] = locals[..] else { panic!("{locals:?}") };
        let [v4_remote, v6_remote] = remotes[..] else { panic!("{remotes:?}") };
        assert_eq!(
            pairs(&locals, &remotes),
            [(Some(first), v4_remote), (Some(second), v4_remote), (Some(v6), v6_remote)]
        );
        assert_eq!(pairs(&[v6], &[v4_remote]), []);
    }

    #[test]
    fn a_name_to_connect_from_that_is_not_found_in_time_is_the_one_that_is_told() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.max_blocking_threads(1).enable_all().build().unwrap();
        // The only thread for look-ups is taken, so that none ends.
        let (release, taken) = std::sync::mpsc::channel::<()>();
        runtime.spawn_blocking(move || taken.recv());
        let route = Route {
            candidates: Vec::new(),
            dns_server: None,
            bind_address: Some("slow.example".to_owned()),
            proxy: None,
            tls: None,
            websocket: None,
        };
        let error = runtime.block_on(async {
            let soon = Deadline::within(std::time::Duration::from_millis(20));
            connect(&route, Party::Broker, "127.0.0.1", 1, soon).await.err().unwrap()
        });
        drop(release);
        assert_eq!(
            error.to_string(),
            "no answer to the look-up of 'slow.example' (--bind-address) within 0.02 s"
        );
        let hint = error.hint().unwrap();
        assert_eq!(hint, "no DNS server answers: --bind-address may be an address");
    }
}
