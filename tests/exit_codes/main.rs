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
    run: fn(&Tool) -> Output,
}

const fn scenario(tool: &'static str, cause: &'static str, run: fn(&Tool) -> Output) -> Scenario {
    Scenario { tool, cause, run }
}

/// The tool with a name that the DNS server is asked for in vain.
fn with_silent_dns(tool: &Tool, arguments: &[&str]) -> Output {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let server = silent.local_addr().expect("it has one").to_string();
    let place = ["-h", "b.example", "--dns-server", &server, "--connect-timeout", "1"];
    tool.run([&place, arguments].concat())
}

impl Scenario {
    /// The tool under its own name, in a home of its own.
    fn tool(&self) -> Tool {
        Tool::at(env!("CARGO_BIN_EXE_mqtt-sub")).sibling(self.tool)
    }

    /// The tool through a link with the original's name, where the cause is not one of our own
    /// name's.
    fn linked(&self) -> Option<Tool> {
        let name = self.tool.replace("mqtt-", "mosquitto_");
        (!self.cause.ends_with("(own name)")).then(|| self.tool().called(&name))
    }

    /// The tool with `--quiet` in the user's file, if it has that and the scenario does not listen
    /// to its words.
    fn quiet(&self) -> Option<Tool> {
        const LISTENS: &str =
            "SIGINT, and a second one or five seconds before everything was acknowledged";
        if self.tool == "mqtt-passwd" || self.cause == LISTENS {
            return None;
        }
        let tool = self.tool();
        let folder = tool.home().join(".config");
        std::fs::create_dir(&folder).expect("the home is ours");
        std::fs::write(folder.join(self.tool), "--quiet\n").expect("the folder is ours");
        Some(tool)
    }
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

/// `--help` with nowhere to go.
fn help_to_a_full_disk(tool: &Tool) -> Output {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let output = tool.command(["--help"]).stdout(full).output().expect("it runs");
    Output { status: output.status, stdout: output.stdout, stderr: output.stderr }
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

/// What only a build without the feature can be brought to.
const WITHOUT_PSK: &str = "`--psk` in a build without it";

/// Runs all scenarios at the same time.
#[track_caller]
fn walk(check: impl Fn(&Scenario, &Row) + Sync) {
    let (rows, check) = (rows(), &check);
    let is_possible =
        |scenario: &&Scenario| scenario.cause != WITHOUT_PSK || !cfg!(feature = "psk");
    std::thread::scope(|scope| {
        for scenario in scenarios().filter(is_possible) {
            let row = rows
                .iter()
                .find(|row| (&row.tool[..], &row.cause[..]) == (scenario.tool, scenario.cause));
            scope.spawn(move || row.map(|row| check(scenario, row)));
        }
    });
}

#[test]
fn every_cause_gives_the_status_and_the_words_of_its_row() {
    walk(|scenario, row| row.check(&(scenario.run)(&scenario.tool())));
}

#[test]
fn so_it_does_under_the_original_name() {
    walk(|scenario, row| {
        if let Some(tool) = scenario.linked() {
            row.check(&(scenario.run)(&tool));
        }
    });
}

// What cannot be begun is told all the same: those rows have status 1.
#[test]
fn quiet_keeps_the_status_and_leaves_out_the_words() {
    walk(|scenario, row| {
        let Some(tool) = scenario.quiet() else { return };
        let output = (scenario.run)(&tool);
        assert_eq!(output.code(), Some(row.status), "{row:?}: {output:?}");
        assert!(output.stderr.is_empty() || row.status == 1, "{row:?}: {output:?}");
    });
}

impl Row {
    fn check(&self, output: &Output) {
        assert_eq!(output.code(), Some(self.status), "{self:?}: {output:?}");
        let said = output.stderr();
        let as_in_the_table = match &self.begins[..] {
            "" => self.status != 0 || said.is_empty(),
            begins if begins.starts_with("error:") => {
                said.lines().any(|line| line.starts_with(begins))
            }
            part => said.contains(part),
        };
        assert!(as_in_the_table, "{self:?}: {output:?}");
    }
}
