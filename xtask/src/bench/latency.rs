//! How long a lone message takes, from the publisher's standard input to the subscriber's standard
//! output, through Debian's mosquitto.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use test_support::mosquitto::Mosquitto;

use super::packet::{self, Kept};
use super::summary::median;
use super::table::{Findings, seconds};
use crate::cargo;

/// What `--row` calls it.
pub(super) const NAME: &str = "latency";

/// What it does, in words.
pub(super) const TITLE: &str = "a lone message, publisher's stdin to subscriber's stdout, QoS 0";

/// How many messages, and how long after one another.
const MESSAGES: usize = 10_000;
const INTERVAL: Duration = Duration::from_millis(1);

/// The bytes of each line, with its end.
const LINE: usize = 16;

/// The most that ours may be in parts of the original's.
const LIMIT: f64 = 1.0;

/// The first messages are for whoever warms up: they are not counted.
const WARM_UP: usize = 100;

/// How long messages took.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    p50: Duration,
    p99: Duration,
}

/// The medians of several runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    rounds: u32,
    original: Option<Spread>,
    ours: Spread,
    bare: Spread,
}

/// Measures both pairs of programs in turn, and none at all.
pub(super) fn measure(rounds: u32, folder: &Path) -> anyhow::Result<Outcome> {
    ensure!(
        cargo::installed("mosquitto").is_some(),
        "this row needs Debian's mosquitto, which `cargo xtask test` installs"
    );
    let broker = Mosquitto::walk_through().start();
    let pair = |publisher: &Path, subscriber: &Path| by_programs(publisher, subscriber, &broker);
    let (own_publisher, own_subscriber) = (folder.join("mqtt-pub"), folder.join("mqtt-sub"));
    let installed = cargo::installed("mosquitto_pub").zip(cargo::installed("mosquitto_sub"));
    let (mut originals, mut ours, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        if let Some((publisher, subscriber)) = &installed {
            originals.push(pair(publisher, subscriber)?);
        }
        ours.push(pair(&own_publisher, &own_subscriber)?);
        bare.push(by_sockets(&broker)?);
    }
    Ok(Outcome {
        rounds,
        original: Spread::median(&originals),
        ours: Spread::median(&ours).context("no run was made")?,
        bare: Spread::median(&bare).context("no run was made")?,
    })
}

fn by_programs(publisher: &Path, subscriber: &Path, broker: &Mosquitto) -> anyhow::Result<Spread> {
    let port = broker.port().to_string();
    let count = MESSAGES.to_string();
    let command = |program: &Path| {
        let mut command = cargo::as_a_user_runs(program);
        command.args(["-h", "127.0.0.1", "-p", &port, "-t", packet::TOPIC]);
        command
    };
    let mut subscribing = command(subscriber);
    subscribing.args(["-C", &count]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut publishing = command(publisher);
    publishing.arg("-l").stdin(Stdio::piped()).stdout(Stdio::null());
    let mut subscriber = Running::start(&mut subscribing)?;
    let output = subscriber.0.stdout.take().context("the subscriber has no standard output")?;
    let mut publisher = Running::start(&mut publishing)?;
    let input = publisher.0.stdin.take().context("the publisher has no standard input")?;
    let spread = timed(input, output, LINE, &[])?;
    // Both have nothing left to do.
    publisher.0.wait()?;
    subscriber.0.wait()?;
    Ok(spread)
}

/// The same through two sockets: what the broker and the system alone need.
fn by_sockets(broker: &Mosquitto) -> anyhow::Result<Spread> {
    let connect = || -> anyhow::Result<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port()))?;
        stream.set_nodelay(true)?;
        stream.write_all(&packet::CONNECT)?;
        stream.read_exact(&mut [0; 4])?;
        Ok(stream)
    };
    let mut subscriber = connect()?;
    subscriber.write_all(&packet::SUBSCRIBE)?;
    subscriber.read_exact(&mut [0; 5])?;
    let publisher = connect()?;
    let mut header = Vec::new();
    packet::publish_header(&mut header, 0, Kept::Live, 0, LINE);
    timed(publisher, subscriber, header.len() + LINE, &header)
}

/// A program, which ends when this is dropped.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        Ok(Self(command.spawn().with_context(|| format!("cannot run {}", program.display()))?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

/// Writes a message every millisecond and looks when it comes out, as so many bytes, at the other
/// end. What is written before the other end listens does not come; the first that comes says so.
fn timed(
    mut input: impl Write,
    output: impl Read + Send + 'static,
    size: usize,
    header: &[u8],
) -> anyhow::Result<Spread> {
    let arriving = thread::spawn(move || arrivals(output, size));
    let began = Instant::now();
    let mut written = Vec::new();
    let mut message = header.to_vec();
    while !arriving.is_finished() {
        ensure!(written.len() < 2 * MESSAGES, "only some of the messages have come");
        let due = INTERVAL.saturating_mul(u32::try_from(written.len())?);
        thread::sleep(due.saturating_sub(began.elapsed()));
        message.truncate(header.len());
        writeln!(message, "{:0>1$}", written.len(), LINE - 1)?;
        written.push(Instant::now());
        if input.write_all(&message).is_err() {
            break;
        }
    }
    let arrived = arriving.join().map_err(|_| anyhow::anyhow!("reading failed"))??;
    let mut delays: Vec<_> = arrived
        .iter()
        .skip(WARM_UP)
        .filter_map(|&(number, at)| Some(at.duration_since(*written.get(number)?)))
        .collect();
    delays.sort_unstable();
    Spread::new(&delays).context("no message has come")
}

/// The number of each message, and when it came.
fn arrivals(mut output: impl Read, size: usize) -> anyhow::Result<Vec<(usize, Instant)>> {
    let mut arrived = Vec::with_capacity(MESSAGES);
    let mut message = vec![0; size];
    while arrived.len() < MESSAGES {
        output.read_exact(&mut message)?;
        let now = Instant::now();
        let line = message.get(size - LINE..size - 1).unwrap_or_default();
        arrived.push((str::from_utf8(line)?.parse()?, now));
    }
    Ok(arrived)
}

impl Spread {
    fn new(sorted: &[Duration]) -> Option<Self> {
        let at = |percent: usize| sorted.get(sorted.len() * percent / 100).copied();
        Some(Self { p50: at(50)?, p99: at(99)? })
    }

    fn median(spreads: &[Self]) -> Option<Self> {
        let of = |time: fn(&Self) -> Duration| median(spreads.iter().map(time).collect());
        Some(Self { p50: of(|spread| spread.p50)?, p99: of(|spread| spread.p99)? })
    }

    /// In parts of another.
    fn ratio(self, other: Self) -> (f64, f64) {
        let parts = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
        (parts(self.p50, other.p50), parts(self.p99, other.p99))
    }
}

impl Outcome {
    fn ratio(&self) -> Option<(f64, f64)> {
        self.original.map(|original| self.ours.ratio(original))
    }
}

impl Findings for Outcome {
    fn good(&self) -> bool {
        self.ratio().is_none_or(|(p50, p99)| p50 <= LIMIT && p99 <= LIMIT)
    }

    fn table(&self) -> String {
        let mut text = format!(
            "{TITLE} [{NAME}], {MESSAGES} at 1,000 a second, medians of {}\n{:>20}{:>12}\n",
            self.rounds, "p50", "p99"
        );
        let line = |name: &str, Spread { p50, p99 }: Spread| {
            format!("  {name:<9}{:>9}{:>12}\n", seconds(p50), seconds(p99))
        };
        text.extend(self.original.map(|original| line("original", original)));
        text.push_str(&line("ours", self.ours));
        text.push_str(&line("bare loop", self.bare));
        if let Some((p50, p99)) = self.ratio() {
            let _written = writeln!(text, "  {:<9}{p50:>9.2}{p99:>12.2}", "ratio");
        }
        let _written = writeln!(text, "  {:<9}{LIMIT:>9.2}{LIMIT:>12.2}", "limit");
        if !self.good() {
            text.push_str("  NOT REACHED\n");
        }
        text
    }

    fn markdown(&self) -> String {
        let words =
            |Spread { p50, p99 }: Spread| format!("p50 {}, p99 {}", seconds(p50), seconds(p99));
        let missing = || "–".to_owned();
        let original = self.original.map_or_else(missing, words);
        let ratio = self.ratio();
        let ratio = ratio.map_or_else(missing, |(p50, p99)| format!("p50 {p50:.2}, p99 {p99:.2}"));
        let (ours, bare) = (words(self.ours), words(self.bare));
        let verdict = if self.good() { "" } else { " **missed**" };
        format!("| {TITLE} | {original} | {ours} | {ratio} | ≤ {LIMIT}{verdict} | {bare} |")
    }

    fn json(&self) -> String {
        let spread = |Spread { p50, p99 }: Spread| {
            format!(r#"{{"p50":{:.9},"p99":{:.9}}}"#, p50.as_secs_f64(), p99.as_secs_f64())
        };
        let null = || "null".to_owned();
        let ratio = self
            .ratio()
            .map_or_else(null, |(p50, p99)| format!(r#"{{"p50":{p50:.4},"p99":{p99:.4}}}"#));
        format!(
            r#"{{"row":"{NAME}","messages":{MESSAGES},"runs":{},"original":{},"ours":{},"bare":{},"ratio":{ratio},"good":{}}}"#,
            self.rounds,
            self.original.map_or_else(null, spread),
            spread(self.ours),
            spread(self.bare),
            self.good()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_known_by_its_number() {
        let digits = LINE - 1;
        let mut lines = String::new();
        (0..MESSAGES).for_each(|n| writeln!(lines, "{n:0>digits$}").unwrap());
        let arrived = arrivals(lines.as_bytes(), LINE).unwrap();
        assert!(arrived.iter().enumerate().all(|(place, &(number, _))| place == number));
        assert!(arrivals(&lines.as_bytes()[1..], LINE).is_err());
    }

    #[test]
    fn takes_the_values_in_the_middle_and_near_the_end() {
        let delays: Vec<_> = (0..1000).map(Duration::from_micros).collect();
        let spread = Spread::new(&delays).unwrap();
        assert_eq!((spread.p50.as_micros(), spread.p99.as_micros()), (500, 990));
        assert_eq!(Spread::new(&[]), None);
    }
}
