use std::fs::OpenOptions;
use std::io::Write as _;

use test_support::dns::DnsServer;
use test_support::mosquitto::{Mosquitto, free_port};
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Output, Running, Signal, Tool};

use super::{
    Scenario, Scene, help_to_a_full_disk, proxy_answered, scenario, websocket_answered,
    with_options_file,
};

/// One message of QoS 1.
const MESSAGE: &[&str] = &["-t", "t", "-m", "x", "-q", "1"];
const MESSAGE_5: &[&str] = &["-t", "t", "-m", "x", "-q", "1", "-V", "5"];

/// A request, and where its answer comes.
const REQUEST: &[&str] = &["-t", "t", "-m", "x", "--wait-response", "r"];
const REQUEST_5: &[&str] = &["-t", "t", "-m", "x", "--wait-response", "r", "-V", "5"];

const TOOL: &str = "mqtt-pub";

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(
        TOOL,
        "every message acknowledged (QoS 1, 2) or written to the socket (QoS 0)",
        |tool| Scene::connected(tool, MESSAGE).then_answered_with(&packet::puback(1)),
    ),
    scenario(TOOL, "`--help`, `--version`, `--show-config`", |tool| {
        for word in ["--version", "--show-config"] {
            tool.run([word, "-t", "t", "-m", "x"]).assert_code(0);
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
        with_options_file(tool, &["-t", "t", "-m", "x"])
    }),
    scenario(TOOL, "a variable makes no sense (own name)", |tool| {
        let mut command = tool.command(["-t", "t", "-m", "x"]);
        command.env("MQTT_PORT", "x");
        Running::start(command).wait()
    }),
    scenario(TOOL, "a URL makes no sense", |tool| tool.run(["-L", "mqtt://h:x/t"])),
    scenario(TOOL, "an options file that was named is missing, or one cannot be read", |tool| {
        tool.run(["-o", "/no/such/file", "-t", "t", "-m", "x"])
    }),
    scenario(TOOL, "a file or stdin cannot be read, or is too long", |tool| {
        tool.run(["-t", "t", "-f", "/no/such/file"])
    }),
    scenario(TOOL, "`--encoding`: a text is not in it", |tool| {
        tool.run(["-t", "t", "-m", "0g", "--encoding", "hex"])
    }),
    scenario(TOOL, "the file of `--password-file` cannot be read", |tool| {
        tool.run(["-t", "t", "-m", "x", "-u", "u", "--password-file", "/no/such/file"])
    }),
    scenario(TOOL, "the program of `--password-command` fails, or prints nothing", |tool| {
        tool.run(["-t", "t", "-m", "x", "-u", "u", "--password-command", "false"])
    }),
    scenario(TOOL, "the host, or the name of `-A`, has no address", |tool| {
        tool.run(["-h", "no-such-host.invalid", "-t", "t", "-m", "x"])
    }),
    scenario(TOOL, "`--srv`: there are no SRV records", |tool| {
        let dns = DnsServer::start(Vec::new());
        let place = ["--srv", "-h", "b", "--dns-server", &dns.address()];
        tool.run([&place, MESSAGE].concat())
    }),
    scenario(TOOL, "the address of `-A` is not one of this machine", |tool| {
        // An address for documents (RFC 5737).
        tool.run(["-A", "192.0.2.1", "-h", "127.0.0.1", "-t", "t", "-m", "x"])
    }),
    scenario(TOOL, "a file or folder that TLS needs cannot be read", |tool| {
        tool.run(["--cafile", "/no/such/file", "-t", "t", "-m", "x"])
    }),
    scenario(TOOL, "a file that TLS needs is not what it should be, or has another key", |tool| {
        tool.run(["--cafile", "/dev/null", "-t", "t", "-m", "x"])
    }),
    scenario(TOOL, "a cipher suite that there is not", |tool| {
        tool.run(["--cafile", "/dev/null", "--ciphers", "RC4-MD5", "-t", "t", "-m", "x"])
    }),
    scenario(TOOL, super::WITHOUT_PSK, |tool| {
        tool.run(["--psk", "00", "--psk-identity", "i", "-t", "t", "-m", "x"])
    }),
    scenario(TOOL, "TLS with the broker failed", |tool| {
        super::with_authority(tool, &["-t", "t", "-m", "x"])
    }),
    scenario(TOOL, "the broker answered with TLS", |tool| {
        let scene = Scene::connecting(tool, &["-t", "t", "-m", "x"]);
        scene.answered_with(b"\x15\x03\x01\x00\x02\x02\x46")
    }),
    scenario(TOOL, "none of several candidates could be reached (own name)", |tool| {
        let port = free_port().to_string();
        tool.run(["-h", "127.0.0.1,127.0.0.2", "-p", &port, "-t", "t", "-m", "x"])
    }),
    scenario(
        TOOL,
        "no answer to a look-up, or from host, proxy, TLS or web server, within the time for connecting",
        |tool| super::with_silent_dns(tool, &["-t", "t", "-m", "x"]),
    ),
    scenario(TOOL, "no connection", |tool| {
        let port = free_port().to_string();
        tool.run(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "x"])
    }),
    scenario(TOOL, "no answer to CONNECT within the time for connecting, without `-l`", |tool| {
        let scene = Scene::connecting(tool, &["-t", "t", "-m", "x", "--connect-timeout", "2"]);
        scene.running.wait()
    }),
    scenario(TOOL, "the broker broke the protocol", |tool| {
        Scene::connected(tool, MESSAGE).then_answered_with(&v3::connack(0))
    }),
    scenario(TOOL, "an acknowledgement has a reason code that it cannot have (MQTT 5)", |tool| {
        Scene::connected(tool, MESSAGE_5).then_answered_with(&v5::puback(1, 0x82))
    }),
    scenario(TOOL, "the broker sent DISCONNECT (MQTT 5)", |tool| {
        Scene::connected(tool, MESSAGE_5).then_answered_with(&v5::disconnect(0x97))
    }),
    scenario(TOOL, "CONNACK of MQTT 3 refuses", |tool| {
        Scene::connecting(tool, MESSAGE).answered_with(&v3::connack(5))
    }),
    scenario(TOOL, "the connection was lost before the broker let us in, without `-l`", |tool| {
        Scene::connecting(tool, MESSAGE).hung_up()
    }),
    scenario(
        TOOL,
        "the connection was lost before everything was acknowledged, without `-l`",
        |tool| {
            let mut scene = Scene::connected(tool, MESSAGE);
            scene.client.read_packet();
            scene.hung_up()
        },
    ),
    scenario(TOOL, "lines of QoS 0 were lost with a connection", lost_lines),
    scenario(TOOL, "`--proxy`: what answers is no such proxy", |tool| {
        proxy_answered(tool, MESSAGE, b"HTTP/1.1 400 Bad Request\r\n\r\n")
    }),
    scenario(TOOL, "`--proxy`: SOCKS refuses with a code of its own", |tool| {
        proxy_answered(tool, MESSAGE, b"\x05\x00\x05\x09\0\x01")
    }),
    scenario(TOOL, "`--proxy`: it cannot reach the broker", |tool| {
        proxy_answered(tool, MESSAGE, b"\x05\x00\x05\x05\0\x01")
    }),
    scenario(TOOL, "`--proxy`: it closes the connection", |tool| {
        proxy_answered(tool, MESSAGE, b"\x05")
    }),
    scenario(
        TOOL,
        "`--proxy`: it does not allow the connection, or wants another way to log in",
        |tool| proxy_answered(tool, MESSAGE, b"\x05\xff"),
    ),
    scenario(TOOL, "`--proxy`: it refuses user name and password, or fails", |tool| {
        proxy_answered(tool, MESSAGE, b"\x05\x00\x05\x01\0\x01")
    }),
    scenario(TOOL, "`--ws`: no web server answers", |tool| {
        websocket_answered(tool, MESSAGE, &v3::connack(0))
    }),
    scenario(TOOL, "`--ws`: the web server refuses, or does not agree to MQTT", |tool| {
        websocket_answered(tool, MESSAGE, b"HTTP/1.1 403 Forbidden\r\n\r\n")
    }),
    scenario(TOOL, "the broker asks for an authentication exchange", |tool| {
        Scene::connecting(tool, MESSAGE_5).answered_with(&[0xf0, 0x00])
    }),
    scenario(
        TOOL,
        "nothing came from the broker for a keep-alive interval after a ping, without `-l`",
        |tool| {
            let mut scene = Scene::connecting(tool, MESSAGE_5);
            // Server Keep Alive: one second.
            scene.client.send(&v5::connack(0, &[0x13, 0, 1]));
            scene.running.wait()
        },
    ),
    scenario(TOOL, "the broker sent a malformed packet, or is a web server", |tool| {
        Scene::connecting(tool, MESSAGE).answered_with(b"\x20\x03\x00\x00\x00")
    }),
    scenario(TOOL, "the broker does not support the QoS asked for (MQTT 5)", |tool| {
        let scene = Scene::connecting(tool, MESSAGE_5);
        scene.answered_with(&v5::connack(0, &[0x24, 0]))
    }),
    scenario(TOOL, "the packet is larger than the broker takes, or than a packet can be", |tool| {
        let scene = Scene::connecting(tool, MESSAGE_5);
        scene.answered_with(&v5::connack(0, &[0x27, 0, 0, 0, 8]))
    }),
    scenario(TOOL, "what `--replay` is to read cannot be read", |tool| {
        tool.run(["--replay", "/no/such/file"])
    }),
    scenario(
        TOOL,
        "a line is no message (`--json-lines`, `--replay`, `--line-format`, `--encoding`)",
        |tool| {
            let broker = Mosquitto::builder().start();
            let port = broker.port().to_string();
            tool.run_with_input("{}\n", ["-h", "127.0.0.1", "-p", &port, "--json-lines"])
        },
    ),
    scenario(
        TOOL,
        "the file of `--save-unsent` cannot be written, or is the one that is read",
        |tool| tool.run(["-t", "t", "-l", "--save-unsent", "/no/such/folder/file"]),
    ),
    scenario(
        TOOL,
        "the time of `-W` ran out before everything was published and acknowledged",
        |tool| {
            let scene = Scene::connected(tool, &[MESSAGE, &["-W", "3"]].concat());
            scene.then_answered_with(&[])
        },
    ),
    scenario(TOOL, "`--wait-response`: the time of `-W` ran out before the answer came", |tool| {
        requested(tool, &["-W", "3"]).answered_with(&[])
    }),
    scenario(TOOL, "`--wait-response`: stdout cannot be written (disk full)", |tool| {
        let peer = ScriptedPeer::listen();
        let port = peer.port().to_string();
        let command = tool.command([&["-h", "127.0.0.1", "-p", &port], REQUEST].concat());
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let running = Running::start_with_output(command, full);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.read_packet();
        client.send(&v3::suback(1, &[0]));
        client.read_packet();
        client.send(&v3::publish("r", b"x", Delivery::AtMostOnce));
        running.wait()
    }),
    scenario(TOOL, "`--wait-response`: the connection was lost before the answer came", |tool| {
        requested(tool, &[]).hung_up()
    }),
    scenario(TOOL, "`--wait-response`: SIGINT before the answer came", |tool| {
        let scene = requested(tool, &[]);
        scene.running.signal(Signal::INT);
        scene.running.wait()
    }),
    scenario(TOOL, "`--wait-response`: an MQTT 3 broker refused the subscription", |tool| {
        Scene::connected(tool, REQUEST).then_answered_with(&v3::suback(1, &[0x80]))
    }),
    scenario(TOOL, "`--wait-response`: an MQTT 5 broker refused the subscription", |tool| {
        Scene::connected(tool, REQUEST_5).then_answered_with(&v5::suback(1, &[0x87]))
    }),
    scenario(TOOL, "the time of `-W` ran out before the broker let us in", |tool| {
        let scene = Scene::connecting(tool, &[MESSAGE, &["-W", "3"]].concat());
        scene.running.wait()
    }),
    scenario(TOOL, "the time of `-W` ran out before the message was read", |tool| {
        // Nobody writes to stdin, and nobody closes it.
        tool.spawn(["-t", "t", "-s", "-W", "1"]).wait()
    }),
    scenario(TOOL, "SIGINT before the broker let us in", |tool| {
        let scene = Scene::connecting(tool, MESSAGE);
        scene.running.signal(Signal::INT);
        scene.running.wait()
    }),
    scenario(
        TOOL,
        "SIGINT, and a second one or five seconds before everything was acknowledged",
        |tool| {
            let mut scene = Scene::connected(tool, MESSAGE);
            scene.client.read_packet();
            scene.running.signal(Signal::INT);
            scene.running.wait_for_stderr("waiting for the broker to acknowledge");
            scene.running.signal(Signal::INT);
            scene.running.wait()
        },
    ),
    scenario(
        TOOL,
        "SIGINT in the middle of a line of stdin, or before the last repetition or the end of a recording",
        |tool| {
            let repeat = ["-t", "t", "-m", "x", "--repeat", "2", "--repeat-delay", "1000"];
            let mut scene = Scene::connected(tool, &repeat);
            scene.client.read_packet();
            scene.running.signal(Signal::INT);
            while scene.client.read_packet_or_end().is_some() {}
            scene.running.wait()
        },
    ),
    scenario(TOOL, "the broker does not speak MQTT 5", |tool| {
        Scene::connecting(tool, MESSAGE_5).answered_with(&v3::connack(1))
    }),
    scenario(TOOL, "CONNACK of MQTT 5 refuses", |tool| {
        Scene::connecting(tool, MESSAGE_5).answered_with(&v5::connack(0x87, &[]))
    }),
    scenario(TOOL, "`--require-subscriber`: nobody has subscribed to a message (MQTT 5)", |tool| {
        let scene = Scene::connected(tool, &[MESSAGE_5, &["--require-subscriber"]].concat());
        scene.then_answered_with(&v5::puback(1, 0x10))
    }),
    scenario(TOOL, "the broker refused a message (MQTT 5)", |tool| {
        Scene::connected(tool, MESSAGE_5).then_answered_with(&v5::puback(1, 0x87))
    }),
];

/// The message is published, and the answer would come.
fn requested(tool: &Tool, more: &[&str]) -> Scene {
    let mut scene = Scene::connected(tool, &[REQUEST, more].concat());
    scene.client.read_packet();
    scene.client.send(&v3::suback(1, &[0]));
    scene.client.read_packet();
    scene
}

/// A line that the sockets between cannot have taken whole when the connection breaks.
fn lost_lines(tool: &Tool) -> Output {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let mut running = tool.spawn(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-l"]);
    let mut input = running.take_input();
    let writing = std::thread::spawn(move || input.write_all(&vec![b'x'; 20_000_000]));
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_bytes(100_000);
    client.reset();
    // Nothing is left that would need another connection.
    drop(peer);
    writing.join().expect("it does not panic").expect("everything was read");
    running.wait()
}
