use test_support::mosquitto::Mosquitto;
use test_support::tool::Tool;

use super::subscriber;

const KEY: &str = "00c0ffee0123456789abcdef";

/// A broker that wants the key on its port, and nothing on its socket.
fn serving() -> Mosquitto {
    let broker = Mosquitto::builder().pre_shared_keys(&[("me", KEY)]);
    broker.line("listener 0 {folder}/socket").start()
}

fn words<'a>(port: &'a str, key: &'a str) -> [&'a str; 10] {
    ["-h", "localhost", "-p", port, "--psk", key, "--psk-identity", "me", "-t", "t"]
}

/// Publishes on the broker's socket.
fn publish(broker: &Mosquitto, input: impl Into<Vec<u8>>, options: &[&str]) {
    let socket = broker.folder().join("socket");
    let place = ["--unix", socket.to_str().expect("temporary folders have plain names")];
    let words = [&place[..], &["-t", "t", "-s", "-q", "1"], options].concat();
    subscriber().sibling("mqtt-pub").run_with_input(input, words).assert_code(0);
}

#[test]
fn large_messages_come_whole_in_both_versions_as_with_the_original() {
    let broker = serving();
    let port = broker.port().to_string();
    let payload: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    publish(&broker, payload.clone(), &["-r"]);
    for tool in [subscriber(), subscriber().called("mosquitto_sub"), Tool::at("mosquitto_sub")] {
        for version in ["311", "5"] {
            let words = [&words(&port, KEY)[..], &["-N", "-C", "1", "-V", version]].concat();
            let output = tool.run(words);
            output.assert_code(0);
            assert!(output.stdout == payload, "{} bytes came", output.stdout.len());
        }
    }
}

#[test]
fn a_broker_that_comes_back_is_found_again() {
    let mut broker = serving();
    let port = broker.port().to_string();
    let running = subscriber().spawn([&words(&port, KEY)[..], &["-d", "-C", "1"]].concat());
    running.wait_for_stderr("Subscribed");
    broker.kill();
    running.wait_for_stderr("; connecting again");
    broker.resume();
    running.wait_for_stderr("Subscribed");
    publish(&broker, "back", &[]);
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "back\n");
}

#[test]
fn another_key_and_an_unknown_identity_end_the_run() {
    let broker = serving();
    let port = broker.port().to_string();
    for (key, identity, told) in
        [("00", "me", "it has another key"), (KEY, "you", "it does not know the identity")]
    {
        let words = [&words(&port, key)[..], &["--psk-identity", identity]].concat();
        let output = subscriber().run(words);
        output.assert_code(8);
        let told = format!("error: no TLS with localhost:{port}: {told}");
        assert!(output.stderr().starts_with(&told), "{output:?}");
    }
}
