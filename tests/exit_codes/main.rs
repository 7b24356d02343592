//! Walks docs/exit-codes.md: every row of its tables is a cause, and every cause is brought about.

#![expect(clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

/// What ends mqtt-passwd.
mod passwd;
/// What ends mqtt-pub.
mod publishing;
/// What ends mqtt-sub.
mod subscribing;

use std::collections::BTreeSet;
use std::path::Path;

use test_support::certificates::Authority;
use test_support::packet::{v3, v5};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Output, Running, Tool};
use test_support::websocket::read_head;

/// A row of the table: `| status | tool | cause | stderr |`.
#[derive(Debug)]
struct Row {
    status: i32,
    tool: String,
    cause: String,
    /// What stderr begins with, up to where it depends on the cause.
    begins: String,
}

/// What brings a cause about: the tool and the words of the cause as in the table.
struct Scenario {
    tool: &'static str,
    cause: &'static str,
    run: fn() -> Output,
}

const fn scenario(tool: &'static str, cause: &'static str, run: fn() -> Output) -> Scenario {
    Scenario { tool, cause, run }
}

fn subscriber() -> Tool {
    Tool::at(env!("CARGO_BIN_EXE_mqtt-sub"))
}

fn publisher() -> Tool {
    subscriber().sibling("mqtt-pub")
}

/// A tool, started on a scripted peer, and its connection.
struct Scene {
    // Keeps the listener, so that nobody is refused who comes back.
    _peer: ScriptedPeer,
    running: Running,
    client: Connection,
}

impl Scene {
    /// Before CONNECT was answered.
    fn connecting(tool: &Tool, arguments: &[&str]) -> Self {
        let peer = ScriptedPeer::listen();
        let port = peer.port().to_string();
        let running = tool.spawn([&["-h", "127.0.0.1", "-p", &port], arguments].concat());
        let mut client = peer.accept();
        client.read_packet();
        Self { _peer: peer, running, client }
    }

    /// After a CONNACK that accepts, in the version that the arguments ask for.
    fn connected(tool: &Tool, arguments: &[&str]) -> Self {
        let mut scene = Self::connecting(tool, arguments);
        scene.client.send(&accepted(arguments));
        scene
    }

    /// Sends this, reads to the end and waits for the tool.
    fn answered_with(mut self, bytes: &[u8]) -> Output {
        self.client.send(bytes);
        while self.client.read_packet_or_end().is_some() {}
        self.running.wait()
    }

    /// The same once the tool has sent one packet more.
    fn then_answered_with(mut self, bytes: &[u8]) -> Output {
        self.client.read_packet();
        self.answered_with(bytes)
    }

    /// Hangs up.
    fn hung_up(self) -> Output {
        self.client.close();
        self.running.wait()
    }
}

/// A run through a SOCKS proxy that says this to the first of our words, and then nothing more.
fn proxy_answered(tool: &Tool, arguments: &[&str], answer: &[u8]) -> Output {
    let peer = ScriptedPeer::listen();
    let proxy = format!("socks5h://127.0.0.1:{}", peer.port());
    let running = tool.spawn([&["-h", "b", "--proxy", &proxy], arguments].concat());
    let mut client = peer.accept();
    client.read_bytes(3);
    client.send(answer);
    client.close();
    running.wait()
}

/// A run over WebSocket at a server that answers the request so.
fn websocket_answered(tool: &Tool, arguments: &[&str], answer: &[u8]) -> Output {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "--ws"];
    let running = tool.spawn([&place, arguments].concat());
    let mut client = peer.accept();
    read_head(&mut client);
    client.send(answer);
    client.close();
    running.wait()
}

/// A run with an options file whose second line is wrong.
fn with_options_file(tool: &Tool, arguments: &[&str]) -> Output {
    let path = tool.home().join("options");
    std::fs::write(&path, "-q 1\n--nonsense\n").expect("the folder is ours");
    tool.run([&["-o", path.to_str().expect("a plain path")], arguments].concat())
}

/// A run with TLS at a peer that hangs up.
fn with_authority(tool: &Tool, arguments: &[&str]) -> Output {
    let (peer, authority) = (ScriptedPeer::listen(), Authority::new("ours"));
    let (port, file) = (peer.port().to_string(), authority.file());
    let place = ["-h", "127.0.0.1", "-p", &port, "--cafile", &file];
    let running = tool.spawn([&place, arguments].concat());
    peer.accept().close();
    running.wait()
}

/// The CONNACK that accepts.
fn accepted(arguments: &[&str]) -> Vec<u8> {
    if arguments.windows(2).any(|pair| pair == ["-V", "5"]) {
        v5::connack(0, &[])
    } else {
        v3::connack(0)
    }
}

fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/exit-codes.md");
    let text = std::fs::read_to_string(path).expect("the table is there");
    let lines = text.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    let cells = lines.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let rows = cells.filter(|cells| !cells[0].starts_with("---") && cells[0] != "status");
    rows.map(|cells| row(&cells)).collect()
}

fn row(cells: &[&str]) -> Row {
    let [status, tool, cause, begins] = cells else { panic!("{cells:?} has not four cells") };
    // `5 …`: where a status stands for a range, the scenario brings its example about.
    let number = status.split(' ').next().unwrap_or_default();
    Row {
        status: number.parse().unwrap_or_else(|_| panic!("{status} begins with no number")),
        tool: (*tool).to_owned(),
        cause: (*cause).to_owned(),
        begins: begins.trim_matches('`').split('…').next().unwrap_or_default().to_owned(),
    }
}

fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    [publishing::SCENARIOS, subscribing::SCENARIOS, passwd::SCENARIOS].into_iter().flatten()
}

#[test]
fn every_row_has_a_scenario_and_every_scenario_a_row() {
    let rows: BTreeSet<_> = rows().into_iter().map(|row| (row.tool, row.cause)).collect();
    let name = |scenario: &Scenario| (scenario.tool.to_owned(), scenario.cause.to_owned());
    let scenarios: BTreeSet<_> = scenarios().map(name).collect();
    let missing: Vec<_> = rows.symmetric_difference(&scenarios).collect();
    assert!(missing.is_empty(), "only in the table or only in the test: {missing:#?}");
}

#[test]
fn every_cause_gives_the_status_and_the_words_of_its_row() {
    let rows = rows();
    std::thread::scope(|scope| {
        for scenario in scenarios() {
            let row = rows
                .iter()
                .find(|row| (&row.tool[..], &row.cause[..]) == (scenario.tool, scenario.cause));
            scope.spawn(move || row.map(|row| check(row, &(scenario.run)())));
        }
    });
}

fn check(row: &Row, output: &Output) {
    assert_eq!(output.code(), Some(row.status), "{row:?}: {output:?}");
    assert!(output.stderr().contains(&row.begins), "{row:?}: {output:?}");
}
