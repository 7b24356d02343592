//! A DNS server on a free loopback port, for SRV records and addresses (RFC 1035, RFC 2782).

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

const TYPE_A: u16 = 1;
const TYPE_SRV: u16 = 33;

/// What a name has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// An address.
    A(Ipv4Addr),
    /// Priority, weight, port and host of a service; a dot is no host.
    Srv(u16, u16, u16, &'static str),
}

impl Record {
    fn kind(self) -> u16 {
        match self {
            Self::A(_) => TYPE_A,
            Self::Srv(..) => TYPE_SRV,
        }
    }

    fn data(self) -> Vec<u8> {
        match self {
            Self::A(address) => address.octets().to_vec(),
            Self::Srv(priority, weight, port, host) => {
                let numbers = [priority, weight, port].map(u16::to_be_bytes).concat();
                [numbers, name(host)].concat()
            }
        }
    }
}

/// A running server. It answers as long as the test lives.
#[derive(Debug)]
pub struct DnsServer {
    address: SocketAddr,
    questions: Arc<Mutex<Vec<String>>>,
}

impl DnsServer {
    /// Answers for these names, and says of others that there is no such name.
    #[must_use]
    pub fn start(zone: Vec<(&'static str, Record)>) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = socket.local_addr().unwrap();
        let questions = Arc::<Mutex<Vec<String>>>::default();
        let asked = Arc::clone(&questions);
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut buffer) {
                let (question, answer) = answer(&zone, &buffer[..length]);
                asked.lock().unwrap().push(question);
                let _gone = socket.send_to(&answer, client);
            }
        });
        Self { address, questions }
    }

    /// Where it listens, as `ADDRESS:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The names that were asked for, in order.
    #[must_use]
    pub fn questions(&self) -> Vec<String> {
        self.questions.lock().unwrap().clone()
    }
}

/// The name asked for, and the answer (RFC 1035 §4).
fn answer(zone: &[(&str, Record)], query: &[u8]) -> (String, Vec<u8>) {
    let mut labels = Vec::new();
    let mut end = 12;
    while query[end] != 0 {
        let next = end + 1 + usize::from(query[end]);
        labels.push(String::from_utf8_lossy(&query[end + 1..next]).to_ascii_lowercase());
        end = next;
    }
    let asked = labels.join(".");
    let kind = u16::from_be_bytes([query[end + 1], query[end + 2]]);
    let question = &query[12..end + 5];
    let known: Vec<_> = zone.iter().filter(|(name, _)| *name == asked).collect();
    let records: Vec<_> = known.iter().filter(|(_, record)| record.kind() == kind).collect();
    // An answer, recursion available; 3: no such name.
    let flags = if known.is_empty() { 0x8183 } else { 0x8180_u16 };
    let count = u16::try_from(records.len()).expect("a few records");
    let mut answer = query[..2].to_vec();
    answer.extend([flags, 1, count, 0, 0].map(u16::to_be_bytes).concat());
    answer.extend_from_slice(question);
    for (_, record) in records {
        let data = record.data();
        // The name is the one at byte 12; class IN, valid for a minute.
        answer.extend([0xc00c, record.kind(), 1, 0, 60].map(u16::to_be_bytes).concat());
        answer.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        answer.extend(data);
    }
    (asked, answer)
}

/// A name as its labels, each behind its length.
fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let mut bytes: Vec<_> = labels
        .flat_map(|label| [&[u8::try_from(label.len()).expect("short")], label.as_bytes()].concat())
        .collect();
    bytes.push(0);
    bytes
}
