//! The rows of the benchmark: what is done, with how much, and what must be reached.

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// `-l`: every line of a file on standard input is one message.
    Lines {
        /// Bytes of each line, without its end.
        size: usize,
        /// The QoS.
        qos: u8,
        /// `-M`, where it is not the default.
        window: Option<u16>,
        /// How the peer is reached.
        over: Over,
    },
    /// Subscribing until all messages have come.
    Receive {
        /// Bytes of each payload.
        size: usize,
        /// The QoS.
        qos: u8,
        /// How they are shown.
        shown: &'static [&'static str],
        /// Where they are written to.
        output: Output,
    },
    /// One publish with `-m`, at QoS 0: what a script pays each time.
    Message,
    /// The same over TLS, to Debian's mosquitto.
    MessageOverTls,
    /// One publish of that many bytes with `-f`.
    File(u64),
    /// The same from standard input, with `-s`.
    Stdin(u64),
    /// One user more in a password file.
    AddUser,
    /// `-U`: all passwords of a file are hashed.
    Upgrade,
}

/// What lies between a client and the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// Nothing.
    Tcp,
    /// TLS 1.3.
    Tls,
    /// WebSocket frames.
    WebSocket,
}

/// What standard output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// A regular file.
    File,
    /// A pipe whose reader only counts.
    Pipe,
}

/// What ours is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// Debian's program with the same load.
    Original,
    /// Our own program with another load.
    Own(Load),
}

/// The most a row may cost, in parts of what it is held against; memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Limits {
    /// CPU time.
    pub(super) cpu: Option<f64>,
    /// Wall-clock time.
    pub(super) wall: Option<f64>,
    /// The least messages per second.
    pub(super) rate: Option<f64>,
    /// Peak resident set.
    pub(super) peak_memory: Option<u64>,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// What `--row` calls it.
    pub(super) name: &'static str,
    /// What it does, in words.
    pub(super) title: &'static str,
    /// What it does.
    pub(super) load: Load,
    /// What ours is held against.
    pub(super) against: Against,
    /// How many messages one run carries; of a password file, its lines at the end.
    pub(super) messages: u64,
    /// What must be reached.
    pub(super) limits: Limits,
}

/// A publish of a few milliseconds is repeated more often than what takes a second.
const REPEATED: u32 = 40;

const NO_LIMITS: Limits = Limits { cpu: None, wall: None, rate: None, peak_memory: None };
const SMALL: Limits = Limits { peak_memory: Some(6 << 20), ..NO_LIMITS };

/// Bytes of a large payload, and what may be resident where it is held in memory.
const LARGE: u64 = 200_000_000;
const LARGE_IN_MEMORY: u64 = LARGE / 10 * 11;

const fn cpu(limit: f64) -> Limits {
    Limits { cpu: Some(limit), ..NO_LIMITS }
}

const fn wall(limit: f64) -> Limits {
    Limits { wall: Some(limit), ..NO_LIMITS }
}

const fn lines(qos: u8, over: Over) -> Load {
    Load::Lines { size: 45, qos, window: None, over }
}

const fn receive(qos: u8, shown: &'static [&'static str], output: Output) -> Load {
    Load::Receive { size: 50, qos, shown, output }
}

const fn row(name: &'static str, title: &'static str, load: Load, messages: u64) -> Row {
    Row { name, title, load, against: Against::Original, messages, limits: NO_LIMITS }
}

/// All rows, in the order they are run.
pub(super) const ROWS: [Row; 21] = [
    Row {
        limits: Limits { cpu: Some(0.08), wall: Some(0.10), ..SMALL },
        ..row(
            "lines-qos0",
            "publish 1,000,000 lines of 45 bytes, QoS 0 (-l)",
            lines(0, Over::Tcp),
            1_000_000,
        )
    },
    Row {
        limits: Limits { cpu: Some(0.6), rate: Some(2.0), ..NO_LIMITS },
        ..row(
            "lines-qos1",
            "publish 60,000 lines of 45 bytes, QoS 1 (-l)",
            lines(1, Over::Tcp),
            60_000,
        )
    },
    Row {
        limits: Limits { cpu: Some(0.6), rate: Some(2.0), ..NO_LIMITS },
        ..row(
            "lines-qos2",
            "publish 60,000 lines of 45 bytes, QoS 2 (-l)",
            lines(2, Over::Tcp),
            60_000,
        )
    },
    row(
        "million-qos1",
        "publish 1,000,000 lines of 45 bytes, QoS 1 (-l)",
        lines(1, Over::Tcp),
        1_000_000,
    ),
    Row {
        against: Against::Own(lines(1, Over::Tcp)),
        limits: Limits { rate: Some(2.0), ..NO_LIMITS },
        ..row(
            "window-qos1",
            "publish 1,000,000 lines of 45 bytes, QoS 1 (-l -M 1000), against our own default window",
            Load::Lines { size: 45, qos: 1, window: Some(1000), over: Over::Tcp },
            1_000_000,
        )
    },
    Row {
        limits: cpu(0.4),
        ..row(
            "lines-tls",
            "publish 200,000 lines of 45 bytes, QoS 0, over TLS 1.3 (-l --cafile)",
            lines(0, Over::Tls),
            200_000,
        )
    },
    Row {
        against: Against::Own(lines(0, Over::Tcp)),
        limits: cpu(2.0),
        ..row(
            "lines-websocket",
            "publish 200,000 lines of 45 bytes, QoS 0, over WebSocket (-l --ws), against our own TCP",
            lines(0, Over::WebSocket),
            200_000,
        )
    },
    Row {
        limits: Limits { cpu: Some(0.07), wall: Some(0.08), ..SMALL },
        ..row(
            "receive-file",
            "receive 1,000,000 messages of 50 bytes, QoS 0 (-C, to a file)",
            receive(0, &[], Output::File),
            1_000_000,
        )
    },
    Row {
        limits: Limits { cpu: Some(0.07), wall: Some(0.08), ..SMALL },
        ..row(
            "receive-pipe",
            "receive 1,000,000 messages of 50 bytes, QoS 0 (-C, to a pipe)",
            receive(0, &[], Output::Pipe),
            1_000_000,
        )
    },
    Row {
        limits: cpu(0.09),
        ..row(
            "receive-verbose",
            "receive 500,000 messages of 50 bytes, QoS 0 (-C -v)",
            receive(0, &["-v"], Output::File),
            500_000,
        )
    },
    Row {
        limits: cpu(0.10),
        ..row(
            "receive-qos1",
            "receive 300,000 messages of 50 bytes, QoS 1 (-C)",
            receive(1, &[], Output::File),
            300_000,
        )
    },
    Row {
        limits: cpu(0.2),
        ..row(
            "receive-format",
            "receive 300,000 messages of 50 bytes, QoS 0 (-C -F '%t %p %q %l')",
            receive(0, &["-F", "%t %p %q %l"], Output::File),
            300_000,
        )
    },
    Row {
        limits: cpu(0.2),
        ..row(
            "receive-json",
            "receive 300,000 messages of 50 bytes, QoS 0 (-C -F %j)",
            receive(0, &["-F", "%j"], Output::File),
            300_000,
        )
    },
    Row { limits: wall(0.75), ..row("message", "publish one message (-m)", Load::Message, 1) },
    Row {
        limits: wall(0.75),
        ..row(
            "retained",
            "subscribe and take one retained message (-C 1)",
            receive(0, &[], Output::File),
            1,
        )
    },
    Row {
        limits: wall(0.8),
        ..row(
            "message-tls",
            "publish one message over TLS 1.3 to mosquitto (-m --cafile)",
            Load::MessageOverTls,
            1,
        )
    },
    Row {
        limits: Limits { cpu: Some(0.7), peak_memory: Some(16 << 20), ..NO_LIMITS },
        ..row("file", "publish a file of 200 MB (-f)", Load::File(LARGE), 1)
    },
    Row {
        limits: Limits { cpu: Some(0.7), peak_memory: Some(LARGE_IN_MEMORY), ..NO_LIMITS },
        ..row("stdin", "publish 200 MB of standard input (-s)", Load::Stdin(LARGE), 1)
    },
    Row {
        limits: Limits { cpu: Some(1.0), peak_memory: Some(LARGE_IN_MEMORY), ..NO_LIMITS },
        ..row(
            "receive-large",
            "receive one message of 200 MB (-C 1, to a file)",
            Load::Receive { size: 200_000_000, qos: 0, shown: &[], output: Output::File },
            1,
        )
    },
    Row {
        limits: wall(0.5),
        ..row(
            "passwd-add",
            "add a user to a password file of 100,000 (mqtt-passwd -b, 101 iterations)",
            Load::AddUser,
            100_001,
        )
    },
    Row {
        limits: wall(0.6),
        ..row(
            "passwd-upgrade",
            "hash the 10,000 passwords of a file (mqtt-passwd -U, 101 iterations)",
            Load::Upgrade,
            10_000,
        )
    },
];

/// Two programs that do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    /// Debian's.
    pub(super) original: &'static str,
    /// Ours.
    pub(super) own: &'static str,
}

impl Load {
    /// The programs that can do it.
    pub(super) fn programs(self) -> Programs {
        match self {
            Self::Receive { .. } => Programs { original: "mosquitto_sub", own: "mqtt-sub" },
            Self::AddUser | Self::Upgrade => {
                Programs { original: "mosquitto_passwd", own: "mqtt-passwd" }
            }
            Self::Lines { .. }
            | Self::Message
            | Self::MessageOverTls
            | Self::File(_)
            | Self::Stdin(_) => Programs { original: "mosquitto_pub", own: "mqtt-pub" },
        }
    }
}

impl Row {
    /// How many runs of each program make `rounds` rounds.
    pub(super) fn runs(&self, rounds: u32) -> u32 {
        match self.load {
            Load::Message | Load::MessageOverTls | Load::Receive { size: 50, .. }
                if self.messages == 1 =>
            {
                rounds.saturating_mul(REPEATED)
            }
            _ => rounds,
        }
    }
}
