//! What is tried with every broker.

use std::fs;

use anyhow::ensure;

use super::client::Clients;
use super::door::{Door, Doors};

/// Bytes of a large message. They are digits, so that it is one line.
const LARGE: usize = 10_000_000;

/// How many messages are shared by two subscribers.
const SHARED: usize = 10;

/// What a broker may be able to do: a column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    Qos0,
    Qos1,
    Qos2,
    Retained,
    Will,
    Shared,
    Large,
    Tls,
    WebSocket,
}

impl Feature {
    /// In the order of the table.
    pub(super) const ALL: [Self; 9] = [
        Self::Qos0,
        Self::Qos1,
        Self::Qos2,
        Self::Retained,
        Self::Will,
        Self::Shared,
        Self::Large,
        Self::Tls,
        Self::WebSocket,
    ];

    /// What stands above its column.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Qos0 => "QoS 0",
            Self::Qos1 => "QoS 1",
            Self::Qos2 => "QoS 2",
            Self::Retained => "retained",
            Self::Will => "will",
            Self::Shared => "shared",
            Self::Large => "10 MB",
            Self::Tls => "TLS",
            Self::WebSocket => "WebSocket",
        }
    }

    /// The listener it needs.
    pub(super) fn door(self, doors: &Doors) -> Door {
        match self {
            Self::Tls => doors.tls.clone(),
            Self::WebSocket => doors.websocket.clone(),
            _ => Ok(doors.tcp.clone()),
        }
    }

    /// Fails with what was seen instead.
    pub(super) fn check(self, clients: &Clients, topic: &str) -> anyhow::Result<()> {
        match self {
            Self::Qos0 => delivered(clients, topic, "0"),
            Self::Qos1 | Self::Tls | Self::WebSocket => delivered(clients, topic, "1"),
            Self::Qos2 => delivered(clients, topic, "2"),
            Self::Retained => retained(clients, topic),
            Self::Will => will(clients, topic),
            Self::Shared => shared(clients, topic),
            Self::Large => large(clients, topic),
        }
    }
}

/// Whether the broker lets a publisher in.
pub(super) fn connects(clients: &Clients) -> anyhow::Result<()> {
    clients.publish("interop", &["-m", "let me in"])
}

/// Two messages arrive once each, in order, with the QoS they were published with.
fn delivered(clients: &Clients, topic: &str, qos: &str) -> anyhow::Result<()> {
    let subscriber = clients.subscribe(topic, &["-q", qos, "-C", "2"])?;
    clients.publish(topic, &["-q", qos, "-m", "first"])?;
    clients.publish(topic, &["-q", qos, "-m", "second"])?;
    let expected = ["first", "second"].map(|text| format!("QoS {qos}, retain 0: {text}"));
    subscriber.must_end_with(&expected.each_ref().map(String::as_str))
}

/// A retained message is there for who comes later, until it is removed.
fn retained(clients: &Clients, topic: &str) -> anyhow::Result<()> {
    clients.publish(topic, &["-q", "1", "-r", "-m", "kept"])?;
    let late = clients.subscribe(topic, &["-q", "1", "-C", "1"])?;
    late.must_end_with(&["QoS 1, retain 1: kept"])?;
    clients.publish(topic, &["-q", "1", "-r", "-n"])?;
    let later = clients.subscribe(topic, &["-q", "1", "-C", "1"])?;
    clients.publish(topic, &["-q", "1", "-m", "live"])?;
    later.must_end_with(&["QoS 1, retain 0: live"])
}

/// The will of a client that is killed is published.
fn will(clients: &Clients, topic: &str) -> anyhow::Result<()> {
    let heir = clients.subscribe(topic, &["-q", "1", "-C", "1"])?;
    let will = ["--will-topic", topic, "--will-qos", "1", "--will-payload", "gone"];
    let elsewhere = Clients { subscribe_at: clients.publish_at, ..*clients };
    let testator = elsewhere.subscribe(&format!("{topic}/silent"), &will)?;
    drop(testator);
    heir.must_end_with(&["QoS 1, retain 0: gone"])
}

/// Each message goes to one of two subscribers.
fn shared(clients: &Clients, topic: &str) -> anyhow::Result<()> {
    let end = format!("{topic}/end");
    let filter = format!("$share/interop/{topic}");
    let words = ["-q", "1", "-t", &end];
    let subscribers = [clients.subscribe(&filter, &words)?, clients.subscribe(&filter, &words)?];
    let count = SHARED.to_string();
    clients.publish(topic, &["-q", "1", "-m", "one", "--repeat", &count])?;
    clients.publish(&end, &["-q", "1", "-m", "end"])?;
    let mut arrived = 0;
    for subscriber in subscribers {
        let messages = subscriber.until("QoS 1, retain 0: end")?;
        arrived += messages.iter().filter(|message| message.ends_with(": one")).count();
    }
    ensure!(arrived == SHARED, "{arrived} messages arrive of {SHARED}");
    Ok(())
}

/// A large message arrives whole.
fn large(clients: &Clients, topic: &str) -> anyhow::Result<()> {
    let file = clients.home.join("large");
    let payload: String = ('0'..='9').cycle().take(LARGE).collect();
    fs::write(&file, &payload)?;
    let subscriber = clients.subscribe(topic, &["-q", "1", "-C", "1"])?;
    clients.publish(topic, &["-q", "1", "-f", &file.to_string_lossy()])?;
    subscriber.must_end_with(&[&format!("QoS 1, retain 0: {payload}")])
}
