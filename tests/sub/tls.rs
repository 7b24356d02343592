use test_support::certificates::{Authority, Validity};
use test_support::mosquitto::Mosquitto;

use super::subscriber;

fn place<'a>(port: &'a str, cafile: &'a str) -> [&'a str; 8] {
    ["-h", "localhost", "-p", port, "--cafile", cafile, "-t", "t"]
}

#[test]
fn large_messages_come_whole_under_both_names() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"], Validity::Now);
    let broker = Mosquitto::builder().tls(&server).start();
    let (port, cafile) = (broker.port().to_string(), authority.file());
    let payload: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let publish = [&place(&port, &cafile)[..], &["-r", "-s", "-q", "1"]].concat();
    subscriber().sibling("mqtt-pub").run_with_input(payload.clone(), publish).assert_code(0);
    for name in ["mqtt-sub", "mosquitto_sub"] {
        let words = [&place(&port, &cafile)[..], &["-N", "-C", "1"]].concat();
        let output = subscriber().called(name).run(words);
        output.assert_code(0);
        assert!(output.stdout == payload, "{} bytes came", output.stdout.len());
    }
}

#[test]
fn a_broker_that_comes_back_is_found_again_over_tls() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"], Validity::Now);
    let mut broker = Mosquitto::builder().tls(&server).start();
    let (port, cafile) = (broker.port().to_string(), authority.file());
    let words = [&place(&port, &cafile)[..], &["-d", "-C", "1"]].concat();
    let running = subscriber().spawn(words);
    running.wait_for_stderr("Subscribed");
    broker.kill();
    running.wait_for_stderr("; connecting again");
    broker.resume();
    running.wait_for_stderr("Subscribed");
    let publish = [&place(&port, &cafile)[..], &["-m", "back"]].concat();
    subscriber().sibling("mqtt-pub").run(publish).assert_code(0);
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "back\n");
}

#[test]
fn a_broker_that_cannot_prove_itself_ends_the_run() {
    let (authority, other) = (Authority::new("ours"), Authority::new("somebody else"));
    let server = authority.server(&["localhost"], Validity::Now);
    let broker = Mosquitto::builder().tls(&server).start();
    let (port, cafile) = (broker.port().to_string(), other.file());
    let output = subscriber().run(place(&port, &cafile));
    output.assert_code(8);
    assert!(output.stderr().contains("authority that is not believed"), "{output:?}");
}
