//! One question to a DNS server and its answer (RFC 1035): over UDP, and over TCP where the answer
//! does not fit. simple-dns knows the messages.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, ResourceRecord, TYPE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// What resolv.conf(5) has for a server that does not answer: so long, so often.
const PATIENCE: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 2;

/// The longest answer over UDP that is asked for (RFC 1035 §4.2.1).
const LONGEST_DATAGRAM: usize = 512;

const DNS_PORT: u16 = 53;

/// Asks the servers in turn until one answers; `take` picks what is wanted from the records. A name
/// that is not there has no records.
pub(super) async fn ask<T>(
    servers: &[SocketAddr],
    name: &str,
    kind: TYPE,
    take: impl Fn(&ResourceRecord<'_>) -> Option<T>,
) -> io::Result<Vec<T>> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "there is no DNS server");
    for server in std::iter::repeat_n(servers, ATTEMPTS).flatten() {
        match timeout(PATIENCE, ask_one(*server, name, kind)).await {
            Ok(Ok(answer)) => {
                let packet = Packet::parse(&answer).map_err(io::Error::other)?;
                match packet.rcode() {
                    RCODE::NoError | RCODE::NameError => {
                        return Ok(packet.answers.iter().filter_map(take).collect());
                    }
                    code => {
                        let text = format!("the DNS server {server} answered {code:?}");
                        failure = io::Error::other(text);
                    }
                }
            }
            Ok(Err(error)) => {
                failure = io::Error::new(error.kind(), format!("the DNS server {server}: {error}"));
            }
            Err(_) => {
                let text = format!("the DNS server {server} does not answer");
                failure = io::Error::new(io::ErrorKind::TimedOut, text);
            }
        }
    }
    Err(failure)
}

/// The servers that the system asks; that of this machine where it names none (resolv.conf(5)).
pub(super) fn system_servers() -> Vec<SocketAddr> {
    let servers = servers(&fs::read_to_string("/etc/resolv.conf").unwrap_or_default());
    if servers.is_empty() {
        vec![SocketAddr::from((Ipv4Addr::LOCALHOST, DNS_PORT))]
    } else {
        servers
    }
}

fn servers(configuration: &str) -> Vec<SocketAddr> {
    let lines = configuration.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let addresses = lines.filter_map(|words| match words[..] {
        ["nameserver", address, ..] => address.parse::<IpAddr>().ok(),
        _ => None,
    });
    addresses.map(|address| SocketAddr::new(address, DNS_PORT)).collect()
}

async fn ask_one(server: SocketAddr, name: &str, kind: TYPE) -> io::Result<Vec<u8>> {
    // A number and a port that nobody can guess: who cannot see the question cannot answer it.
    let mut id = [0; 2];
    getrandom::fill(&mut id).map_err(|error| io::Error::other(error.to_string()))?;
    let mut query = Packet::new_query(u16::from_ne_bytes(id));
    query.set_flags(PacketFlag::RECURSION_DESIRED);
    let asked = Name::new(name).map_err(io::Error::other)?;
    query.questions.push(Question::new(asked, kind.into(), CLASS::IN.into(), false));
    let bytes = query.build_bytes_vec().map_err(io::Error::other)?;
    let unspecified = match server {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((unspecified, 0)).await?;
    socket.connect(server).await?;
    socket.send(&bytes).await?;
    // One more: what fills it all is cut, by us.
    let mut buffer = [0; LONGEST_DATAGRAM + 1];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let answer = buffer.get(..length).unwrap_or_default();
        if is_cut(answer, &query) {
            return ask_over_tcp(server, &query, &bytes).await;
        }
        if answers(answer, &query) {
            return Ok(answer.to_vec());
        }
    }
}

/// Whether that is a part of the answer to the query. It may be cut anywhere, so only its header is
/// looked at.
fn is_cut(bytes: &[u8], query: &Packet<'_>) -> bool {
    let Some(header) = bytes.first_chunk::<4>() else {
        return false;
    };
    let is_cut = header[2] & 0b10 != 0 || bytes.len() > LONGEST_DATAGRAM;
    is_cut && u16::from_be_bytes([header[0], header[1]]) == query.id()
}

/// Whether that is an answer to the query.
fn answers(bytes: &[u8], query: &Packet<'_>) -> bool {
    let Ok(answer) = Packet::parse(bytes) else {
        return false;
    };
    let question = |packet: &Packet<'_>| {
        packet.questions.first().map(|question| {
            (question.qname.to_string().to_ascii_lowercase(), question.qtype, question.qclass)
        })
    };
    answer.has_flags(PacketFlag::RESPONSE)
        && answer.id() == query.id()
        && question(&answer) == question(query)
}

/// Over TCP each message stands behind its length (RFC 1035 §4.2.2).
async fn ask_over_tcp(server: SocketAddr, query: &Packet<'_>, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    if !answers(&answer, query) {
        let text = "it answers something else than it was asked";
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use simple_dns::rdata::RData;
    use tokio::net::TcpListener;

    #[test]
    fn the_servers_are_those_of_the_configuration() {
        let text = "# nameserver 1.1.1.1\nsearch a b\nnameserver 192.0.2.1\n\tnameserver  ::1 x\nnameserver no\n";
        let expected: Vec<SocketAddr> =
            ["192.0.2.1:53", "[::1]:53"].iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(servers(text), expected);
    }

    /// An answer with so many addresses to the query in `bytes`.
    fn answer_to(bytes: &[u8], addresses: u8) -> Vec<u8> {
        let mut answer = Packet::parse(bytes).unwrap().into_reply();
        let name = answer.questions[0].qname.clone();
        for last in 0..addresses {
            let data = RData::A(Ipv4Addr::new(192, 0, 2, last).into());
            answer.answers.push(ResourceRecord::new(name.clone(), CLASS::IN, 60, data));
        }
        answer.set_flags(PacketFlag::RESPONSE);
        answer.build_bytes_vec().unwrap()
    }

    fn address(record: &ResourceRecord<'_>) -> Option<u32> {
        match &record.rdata {
            RData::A(data) => Some(data.address),
            _ => None,
        }
    }

    #[tokio::test]
    async fn what_does_not_answer_the_question_is_passed_over() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let servers = [server.local_addr().unwrap()];
        let answering = async {
            let mut buffer = [0; 512];
            let (length, client) = server.recv_from(&mut buffer).await.unwrap();
            let query = &buffer[..length];
            let mut forged = answer_to(query, 3);
            forged[0] ^= 1;
            let mut other = query.to_vec();
            other[13] = b'x';
            for wrong in [&b""[..], b"x", query, &forged, &answer_to(&other, 3)] {
                server.send_to(wrong, client).await.unwrap();
            }
            server.send_to(&answer_to(query, 2), client).await.unwrap();
        };
        let (found, ()) = tokio::join!(ask(&servers, "a.test", TYPE::A, address), answering);
        assert_eq!(found.unwrap().len(), 2);
    }

    /// What comes of it where the answer over UDP is made of the query by `over_udp`, that over TCP by
    /// `over_tcp`.
    async fn asked(
        over_udp: impl Fn(&[u8]) -> Vec<u8>,
        over_tcp: impl Fn(&[u8]) -> Vec<u8>,
    ) -> io::Result<Vec<u32>> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        let server = UdpSocket::bind(place).await.unwrap();
        let answering = async {
            for _ in 0..ATTEMPTS {
                let mut buffer = [0; 512];
                let (length, client) = server.recv_from(&mut buffer).await.unwrap();
                server.send_to(&over_udp(&buffer[..length]), client).await.unwrap();
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut query = vec![0; usize::from(stream.read_u16().await.unwrap())];
                stream.read_exact(&mut query).await.unwrap();
                let answer = over_tcp(&query);
                let length = u16::try_from(answer.len()).unwrap();
                stream.write_all(&[&length.to_be_bytes()[..], &answer].concat()).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let servers = [place];
        tokio::select! {
            found = ask(&servers, "a.test", TYPE::A, address) => found,
            () = answering => unreachable!("it never ends"),
        }
    }

    /// An answer that says of itself that it is not whole.
    fn cut(query: &[u8]) -> Vec<u8> {
        let mut cut = answer_to(query, 10);
        cut[2] |= 0b10;
        cut[..60].to_vec()
    }

    #[tokio::test]
    async fn an_answer_that_was_cut_is_asked_for_over_tcp() {
        let whole = |query: &[u8]| answer_to(query, 100);
        assert_eq!(asked(cut, whole).await.unwrap().len(), 100);
        // 1,600 bytes that do not say so: our own buffer cuts them.
        assert_eq!(asked(whole, whole).await.unwrap().len(), 100);
    }

    #[tokio::test]
    async fn an_answer_over_tcp_to_another_question_is_none() {
        let of_another_number = |query: &[u8]| {
            let mut answer = answer_to(query, 1);
            answer[0] ^= 1;
            answer
        };
        let of_another_name = |query: &[u8]| {
            let mut query = query.to_vec();
            query[13] = b'x';
            answer_to(&query, 1)
        };
        for wrong in [of_another_number as fn(&[u8]) -> Vec<u8>, of_another_name] {
            let error = asked(cut, wrong).await.unwrap_err().to_string();
            assert!(error.ends_with(": it answers something else than it was asked"), "{error}");
        }
    }

    #[tokio::test]
    async fn the_next_server_is_asked_where_one_fails() {
        let [failing, good] = [
            UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            UdpSocket::bind("127.0.0.1:0").await.unwrap(),
        ];
        let servers = [&failing, &good].map(|server| server.local_addr().unwrap());
        let answering = async {
            let mut buffer = [0; 512];
            let (length, client) = failing.recv_from(&mut buffer).await.unwrap();
            let mut answer = answer_to(&buffer[..length], 0);
            // Server failure.
            answer[3] |= 2;
            failing.send_to(&answer, client).await.unwrap();
            let (length, client) = good.recv_from(&mut buffer).await.unwrap();
            good.send_to(&answer_to(&buffer[..length], 1), client).await.unwrap();
        };
        let (found, ()) = tokio::join!(ask(&servers, "a.test", TYPE::A, address), answering);
        assert_eq!(found.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_name_that_dns_cannot_have_is_an_error() {
        let servers = [SocketAddr::from((Ipv4Addr::LOCALHOST, 9))];
        let long = format!("{}.test", "x".repeat(64));
        assert!(ask(&servers, &long, TYPE::A, address).await.is_err());
        assert!(ask(&[], "a.test", TYPE::A, address).await.is_err());
    }
}
