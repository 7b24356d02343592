//! The walk-through of the README against Debian's mosquitto, step by step.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use test_support::mosquitto::Mosquitto;
use test_support::tool::Tool;

/// The three tools and where the broker listens.
struct Desk {
    publisher: Tool,
    subscriber: Tool,
    passwd: Tool,
    port: String,
}

impl Desk {
    fn at(broker: &Mosquitto) -> Self {
        let subscriber = Tool::at(env!("CARGO_BIN_EXE_mqtt-sub"));
        Self {
            publisher: subscriber.sibling("mqtt-pub"),
            passwd: subscriber.sibling("mqtt-passwd"),
            subscriber,
            port: broker.port().to_string(),
        }
    }

    /// Publishes with these credentials; the exit status and stderr.
    fn publish_as(&self, credentials: &[&str]) -> (i32, String) {
        let message = ["-h", "127.0.0.1", "-p", &self.port, "-t", "hello/world", "-m", "again"];
        let output = self.publisher.run([&message, credentials].concat());
        (output.code().expect("no signal"), output.stderr().into_owned())
    }

    fn is_refused(&self, credentials: &[&str]) {
        let (code, stderr) = self.publish_as(credentials);
        assert_eq!(code, 5, "{stderr}");
        let expected = "error: the broker refused the connection: not authorised (code 5)\n";
        assert!(stderr.starts_with(expected), "{stderr}");
    }

    fn is_let_in(&self, credentials: &[&str]) {
        assert_eq!(self.publish_as(credentials), (0, String::new()));
    }
}

#[test]
fn publish_subscribe_and_make_a_password_file() {
    let mut broker = Mosquitto::walk_through().start();
    let desk = Desk::at(&broker);
    say_hello(&desk);

    let file = broker.folder().join("passwd");
    let file = file.to_str().unwrap();
    let made = desk.passwd.run(["-c", "-b", file, "alice", "correct horse"]);
    made.assert_code(0);
    let settings = format!("allow_anonymous false\npassword_file {file}\n");
    broker.write("conf.d/default.conf", &settings);
    broker.restart();

    desk.is_refused(&[]);
    desk.is_let_in(&["-u", "alice", "-P", "correct horse"]);
    desk.is_refused(&["-u", "alice", "-P", "battery staple"]);

    desk.passwd.run(["-D", file, "alice"]).assert_code(0);
    broker.reload();
    desk.is_refused(&["-u", "alice", "-P", "correct horse"]);
}

/// Subscribes in one terminal and publishes in another; both show every packet.
fn say_hello(desk: &Desk) {
    let connection = ["-h", "127.0.0.1", "-p", &desk.port];
    let topic = ["-d", "-t", "hello/world"];
    let subscriber = desk.subscriber.spawn([&connection, &topic[..]].concat());
    subscriber.wait_for_stderr("Subscribed (mid: 1): 0");
    let published = desk.publisher.run([&connection, &topic[..], &["-m", "Test Message"]].concat());
    published.assert_code(0);
    assert_eq!(
        published.stderr(),
        "Client null sending CONNECT\n\
         Client (null) received CONNACK (0)\n\
         Client null sending PUBLISH (d0, q0, r0, m1, 'hello/world', ... (12 bytes))\n\
         Client null sending DISCONNECT\n"
    );
    subscriber.wait_for_stdout("Test Message");
    subscriber.wait_for_stderr("received PUBLISH");
    let lines = String::from_utf8(subscriber.stderr()).unwrap();
    assert_eq!(
        lines,
        "Client null sending CONNECT\n\
         Client (null) received CONNACK (0)\n\
         Client null sending SUBSCRIBE (Mid: 1, Topic: hello/world, QoS: 0, Options: 0x00)\n\
         Client null received SUBACK\n\
         Subscribed (mid: 1): 0\n\
         Client null received PUBLISH (d0, q0, r0, m0, 'hello/world', ... (12 bytes))\n"
    );
}

/// The messages of lines of `--json`, without what is the connection's own.
fn messages(lines: &str) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let message = |line| {
        let mut message: serde_json::Map<_, _> = serde_json::from_str(line).expect("JSON");
        for own in ["time", "dup", "packet_id"] {
            message.remove(own);
        }
        message
    };
    lines.lines().map(message).collect()
}

#[test]
fn what_was_recorded_and_replayed_is_recorded_the_same() {
    const COUNT: usize = 3000;
    let broker = Mosquitto::builder().line("max_queued_messages 0").start();
    let desk = Desk::at(&broker);
    let at_broker = ["-h", "127.0.0.1", "-p", &desk.port, "-V", "5"];
    // A session that is kept: nothing depends on who is faster.
    let session = ["-t", "r/#", "-q", "2", "-c", "-i", "recorder", "-x", "600"];
    let record = |end: &[&str]| {
        let options = ["--json", "--retain-as-published", "--retain-handling", "never"];
        let output = desk.subscriber.run([&at_broker[..], &session, &options, end].concat());
        output.assert_code(0);
        output.stdout().into_owned()
    };
    let count = COUNT.to_string();
    record(&["-E"]);
    let line = |number: usize| {
        let payload = if number.is_multiple_of(3) { "payload_base64" } else { "payload" };
        format!(
            "{{\"topic\":\"r/{}\",\"qos\":2,\"retain\":{},\"{payload}\":\"/w==\",\
             \"properties\":{{\"user-properties\":[{{\"n\":\"{number}\"}},{{\"n\":\"\"}}]}}}}\n",
            number % 7,
            number.is_multiple_of(5)
        )
    };
    let written: String = (0..COUNT).map(line).collect();
    let publish = [&at_broker[..], &["--json-lines"]].concat();
    desk.publisher.run_with_input(written.as_str(), publish).assert_code(0);
    let first = record(&["-C", &count]);
    assert!(messages(&first) == messages(&written), "something else was recorded");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("recording");
    std::fs::write(&file, &first).expect("it is written");
    let replay = ["--replay", file.to_str().expect("a plain name"), "--speed", "1000000x"];
    desk.publisher.run([&at_broker[..], &replay].concat()).assert_code(0);
    let second = record(&["-C", &count]);
    assert!(messages(&second) == messages(&first), "the sequence is another one");
}
