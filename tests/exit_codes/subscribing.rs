use std::fs::OpenOptions;
use std::io::Read as _;
use std::process::Stdio;

use test_support::dns::DnsServer;
use test_support::mosquitto::free_port;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Output, Running, Signal, Tool};

use super::{
    Scenario, Scene, help_to_a_full_disk, proxy_answered, scenario, websocket_answered,
    with_options_file,
};

const TOOL: &str = "mqtt-sub";

const TOPIC: &[&str] = &["-t", "t"];
const TOPIC_5: &[&str] = &["-t", "t", "-V", "5"];

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(TOOL, "`-C` reached", |tool| {
        let scene = Scene::connected(tool, &["-t", "t", "-C", "1"]);
        scene.then_answered_with(&v3::publish("t", b"x", Delivery::AtMostOnce))
    }),
    scenario(TOOL, "`-E`: the subscription was answered", |tool| {
        let scene = Scene::connected(tool, &["-t", "t", "-E"]);
        scene.then_answered_with(&v3::suback(1, &[0]))
    }),
    scenario(TOOL, "`--retained-only`: everything retained was shown", |tool| {
        let mut scene = Scene::connected(tool, &["-t", "t", "--retained-only"]);
        scene.client.read_packet();
        scene.client.send(&v3::suback(1, &[0]));
        scene.client.expect(&packet::PINGREQ);
        scene.answered_with(&[0xd0, 0x00])
    }),
    scenario(TOOL, "`--idle-exit`: nothing came for so long", |tool| {
        let mut scene = Scene::connected(tool, &["-t", "t", "--idle-exit", "1ms"]);
        scene.client.read_packet();
        scene.client.send(&v3::suback(1, &[0]));
        scene.client.expect(&packet::PINGREQ);
        scene.answered_with(&packet::PINGRESP)
    }),
    scenario(TOOL, "SIGINT or SIGTERM after the broker let us in", |tool| {
        let mut scene = Scene::connected(tool, TOPIC);
        scene.client.read_packet();
        scene.running.signal(Signal::INT);
        scene.client.expect(&packet::DISCONNECT);
        scene.hung_up()
    }),
    scenario(TOOL, "the reader of stdout went away", |tool| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        with_stdout(tool, writer, || drop(reader))
    }),
    scenario(TOOL, "`--help`, `--version`, `--show-config`", |tool| {
        for word in ["--version", "--show-config"] {
            tool.run([word, "-t", "t"]).assert_code(0);
        }
        tool.run(["--help"])
    }),
    scenario(
        TOOL,
        "what `--help`, `--version` or `--show-config` prints cannot be written",
        help_to_a_full_disk,
    ),
    scenario(TOOL, "wrong usage", |tool| tool.run(["--nonsense"])),
    scenario(TOOL, "a line of an options file makes no sense", |tool| {
        with_options_file(tool, &["-t", "t"])
    }),
    scenario(TOOL, "a variable makes no sense (own name)", |tool| {
        let mut command = tool.command(["-t", "t"]);
        command.env("MQTT_PORT", "x");
        Running::start(command).wait()
    }),
    scenario(TOOL, "a URL makes no sense", |tool| tool.run(["-L", "mqtt://h:x/t"])),
    scenario(TOOL, "an options file that was named is missing, or one cannot be read", |tool| {
        tool.run(["-o", "/no/such/file", "-t", "t"])
    }),
    scenario(TOOL, "the file of `--password-file` cannot be read", |tool| {
        tool.run(["-t", "t", "-u", "u", "--password-file", "/no/such/file"])
    }),
    scenario(TOOL, "the program of `--password-command` fails, or prints nothing", |tool| {
        tool.run(["-t", "t", "-u", "u", "--password-command", "false"])
    }),
    scenario(TOOL, "the host, or the name of `-A`, has no address", |tool| {
        tool.run(["-h", "no-such-host.invalid", "-t", "t"])
    }),
    scenario(TOOL, "`--srv`: there are no SRV records", |tool| {
        let dns = DnsServer::start(Vec::new());
        let place = ["--srv", "-h", "b", "--dns-server", &dns.address()];
        tool.run([&place, TOPIC].concat())
    }),
    scenario(TOOL, "the address of `-A` is not one of this machine", |tool| {
        // An address for documents (RFC 5737).
        tool.run(["-A", "192.0.2.1", "-h", "127.0.0.1", "-t", "t"])
    }),
    scenario(TOOL, "a file or folder that TLS needs cannot be read", |tool| {
        tool.run(["--cafile", "/no/such/file", "-t", "t"])
    }),
    scenario(TOOL, "a file that TLS needs is not what it should be, or has another key", |tool| {
        tool.run(["--cafile", "/dev/null", "-t", "t"])
    }),
    scenario(TOOL, "a cipher suite that there is not", |tool| {
        tool.run(["--cafile", "/dev/null", "--ciphers", "RC4-MD5", "-t", "t"])
    }),
    scenario(TOOL, super::WITHOUT_PSK, |tool| {
        tool.run(["--psk", "00", "--psk-identity", "i", "-t", "t"])
    }),
    scenario(TOOL, "TLS with the broker failed", |tool| super::with_authority(tool, &["-t", "t"])),
    scenario(TOOL, "the broker answered with TLS", |tool| {
        let scene = Scene::connecting(tool, &["-t", "t"]);
        scene.answered_with(b"\x15\x03\x01\x00\x02\x02\x46")
    }),
    scenario(TOOL, "none of several candidates could be reached (own name)", |tool| {
        let port = free_port().to_string();
        tool.run(["-h", "127.0.0.1,127.0.0.2", "-p", &port, "-t", "t"])
    }),
    scenario(
        TOOL,
        "no answer to a look-up, or from host, proxy, TLS or web server, within the time for connecting, the first time",
        |tool| super::with_silent_dns(tool, &["-t", "t"]),
    ),
    scenario(TOOL, "no connection, the first time", |tool| {
        tool.run(["-h", "127.0.0.1", "-p", &free_port().to_string(), "-t", "t"])
    }),
    scenario(TOOL, "stdout cannot be written (disk full)", |tool| {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        with_stdout(tool, full, || {})
    }),
    scenario(TOOL, "`--output-dir`: a file or the folder cannot be written", |tool| {
        tool.run(["-t", "t", "--output-dir", "/dev/null"])
    }),
    scenario(TOOL, "`--exec-failure stop` or `--ack-on-success`: a command failed", |tool| {
        with_command(tool, "exit 3", &["--ack-on-success", "-q", "1"])
    }),
    scenario(TOOL, "the same: it took longer than `--exec-timeout`", |tool| {
        with_command(tool, "sleep 60", &["--exec-failure", "stop", "--exec-timeout", "10ms"])
    }),
    scenario(TOOL, "`--exec`: there is no such program", |tool| {
        let scene = Scene::connected(tool, &["-t", "t", "--exec", "/no/such/program"]);
        scene.then_answered_with(&v3::publish("t", b"x", Delivery::AtMostOnce))
    }),
    scenario(TOOL, "the same: a signal ended it", |tool| {
        with_command(tool, "kill -9 $$", &["--exec-failure", "stop"])
    }),
    scenario(TOOL, "the broker broke the protocol", |tool| {
        Scene::connected(tool, TOPIC).then_answered_with(&v3::connack(0))
    }),
    scenario(TOOL, "an answer has a reason code that it cannot have (MQTT 5)", |tool| {
        Scene::connected(tool, TOPIC_5).then_answered_with(&v5::suback(1, &[0x03]))
    }),
    scenario(
        TOOL,
        "the broker sent DISCONNECT with a reason that would come again (MQTT 5)",
        |tool| Scene::connected(tool, TOPIC_5).then_answered_with(&v5::disconnect(0x8e)),
    ),
    scenario(TOOL, "CONNACK of MQTT 3 refuses", |tool| {
        Scene::connecting(tool, TOPIC).answered_with(&v3::connack(5))
    }),
    scenario(TOOL, "`--proxy`: what answers is no such proxy", |tool| {
        proxy_answered(tool, TOPIC, b"HTTP/1.1 400 Bad Request\r\n\r\n")
    }),
    scenario(TOOL, "`--proxy`: SOCKS refuses with a code of its own", |tool| {
        proxy_answered(tool, TOPIC, b"\x05\x00\x05\x09\0\x01")
    }),
    scenario(TOOL, "`--proxy`: it cannot reach the broker", |tool| {
        proxy_answered(tool, TOPIC, b"\x05\x00\x05\x05\0\x01")
    }),
    scenario(TOOL, "`--proxy`: it closes the connection", |tool| {
        proxy_answered(tool, TOPIC, b"\x05")
    }),
    scenario(
        TOOL,
        "`--proxy`: it does not allow the connection, or wants another way to log in",
        |tool| proxy_answered(tool, TOPIC, b"\x05\xff"),
    ),
    scenario(TOOL, "`--proxy`: it refuses user name and password, or fails", |tool| {
        proxy_answered(tool, TOPIC, b"\x05\x00\x05\x01\0\x01")
    }),
    scenario(TOOL, "`--ws`: no web server answers", |tool| {
        websocket_answered(tool, TOPIC, &v3::connack(0))
    }),
    scenario(TOOL, "`--ws`: the web server refuses, or does not agree to MQTT", |tool| {
        websocket_answered(tool, TOPIC, b"HTTP/1.1 403 Forbidden\r\n\r\n")
    }),
    scenario(TOOL, "the broker asks for an authentication exchange", |tool| {
        Scene::connected(tool, TOPIC_5).then_answered_with(&[0xf0, 0x00])
    }),
    scenario(TOOL, "the broker sent a malformed packet, or is a web server", |tool| {
        let packet = b"\x30\x04\x00\x02\xff\xffx";
        Scene::connected(tool, TOPIC).then_answered_with(packet)
    }),
    scenario(TOOL, "the broker sent a packet longer than allowed", |tool| {
        let limit = ["-t", "t", "-V", "5", "-D", "connect", "maximum-packet-size", "100"];
        let packet = v5::publish("t", &[b'x'; 100], Delivery::AtMostOnce, &[]);
        Scene::connected(tool, &limit).then_answered_with(&packet)
    }),
    scenario(TOOL, "SUBSCRIBE is larger than the broker takes", |tool| {
        let scene = Scene::connecting(tool, TOPIC_5);
        scene.answered_with(&v5::connack(0, &[0x27, 0, 0, 0, 8]))
    }),
    scenario(TOOL, "the time of `-W` ran out", |tool| {
        let mut scene = Scene::connected(tool, &["-t", "t", "-W", "1"]);
        scene.client.read_packet();
        scene.client.expect(&packet::DISCONNECT);
        scene.hung_up()
    }),
    scenario(TOOL, "the time of `-W` ran out before the broker let us in", |tool| {
        Scene::connecting(tool, &["-t", "t", "-W", "1"]).running.wait()
    }),
    scenario(TOOL, "an MQTT 3 broker refused every subscription", |tool| {
        Scene::connected(tool, TOPIC).then_answered_with(&v3::suback(1, &[0x80]))
    }),
    scenario(
        TOOL,
        "an MQTT 5 broker refused to unsubscribe, and there was nothing else to do",
        |tool| {
            let scene = Scene::connected(tool, &["-U", "t", "-V", "5"]);
            scene.then_answered_with(&v5::unsuback(1, &[0x87]))
        },
    ),
    scenario(TOOL, "`--remove-retained`: an MQTT 5 broker refused to remove a message", |tool| {
        let removal = ["-t", "t", "-V", "5", "-C", "1", "--remove-retained"];
        let mut scene = Scene::connected(tool, &removal);
        scene.client.read_packet();
        let message = v5::publish("t", b"x", Delivery::AtMostOnce, &[]);
        scene.client.send(&packet::flagged(message, packet::RETAIN));
        scene.then_answered_with(&v5::puback(2, 0x87))
    }),
    scenario(TOOL, "a second SIGINT, or five seconds, while nobody reads stdout", nobody_reads),
    scenario(TOOL, "SIGINT before the broker let us in", |tool| {
        let scene = Scene::connecting(tool, TOPIC);
        scene.running.signal(Signal::INT);
        scene.running.wait()
    }),
    scenario(TOOL, "the broker does not speak MQTT 5", |tool| {
        Scene::connecting(tool, TOPIC_5).answered_with(&v3::connack(1))
    }),
    scenario(TOOL, "CONNACK of MQTT 5 refuses", |tool| {
        Scene::connecting(tool, TOPIC_5).answered_with(&v5::connack(0x87, &[]))
    }),
    scenario(TOOL, "an MQTT 5 broker refused every subscription", |tool| {
        Scene::connected(tool, TOPIC_5).then_answered_with(&v5::suback(1, &[0x87]))
    }),
];

/// A run whose only message is handled by this command.
fn with_command(tool: &Tool, command: &str, options: &[&str]) -> Output {
    let words = [&["-t", "t", "--exec-shell", command], options].concat();
    let scene = Scene::connected(tool, &words);
    scene.then_answered_with(&v3::publish("t", b"x", Delivery::AtMostOnce))
}

/// A run whose stdout is put elsewhere. Once it has subscribed, `then` happens and a message comes.
fn with_stdout(tool: &Tool, stdout: impl Into<Stdio>, then: impl FnOnce()) -> Output {
    let peer = ScriptedPeer::listen();
    let mut command = tool.command(["-h", "127.0.0.1", "-p", &peer.port().to_string(), "-t", "t"]);
    let command = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    // The tool's end of a pipe must be the only one.
    command.stdout(Stdio::null());
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    then();
    client.send(&v3::publish("t", b"x", Delivery::AtMostOnce));
    while client.read_packet_or_end().is_some() {}
    let output = child.wait_with_output().expect("it ends");
    Output { status: output.status, stdout: output.stdout, stderr: output.stderr }
}

/// A run whose stdout is a pipe that is full and stays so.
fn nobody_reads(tool: &Tool) -> Output {
    let peer = ScriptedPeer::listen();
    let mut command = tool.command(["-h", "127.0.0.1", "-p", &peer.port().to_string(), "-t", "t"]);
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().expect("it starts");
    command.stdout(Stdio::null());
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    // Far more than a pipe holds. When its first byte is there, all of it has been received.
    client.send(&v3::publish("t", &vec![b'x'; 500_000], Delivery::AtMostOnce));
    reader.read_exact(&mut [0]).expect("it is written");
    let interrupt = || {
        let process = test_support::tool::Pid::from_child(&child);
        test_support::tool::kill_process(process, Signal::INT).expect("it runs");
    };
    interrupt();
    let reading = std::thread::spawn(move || while client.read_packet_or_end().is_some() {});
    interrupt();
    let output = child.wait_with_output().expect("it ends");
    reading.join().expect("it does not panic");
    Output { status: output.status, stdout: output.stdout, stderr: output.stderr }
}
