use test_support::mosquitto::Mosquitto;
use test_support::tool::{Signal, Tool};

use super::subscriber;

#[test]
fn a_kept_session_delivers_what_came_while_nobody_was_there() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        let id = format!("logger-{version}");
        let session = ["-h", "127.0.0.1", "-p", &port, "-i", &id, "-c", "-q", "2", "-V", version];
        let topic = ["-t", "log/#"];
        subscriber().run([&session, &topic[..], &["-E"]].concat()).assert_code(0);
        let publisher = Tool::at("/usr/bin/mosquitto_pub");
        for qos in ["1", "2"] {
            let message = ["-h", "127.0.0.1", "-p", &port, "-t", "log/x", "-m", qos, "-q", qos];
            publisher.run(message).assert_code(0);
        }
        let output = subscriber().run([&session, &topic[..], &["-C", "2"]].concat());
        output.assert_code(0);
        assert_eq!(output.stdout(), "1\n2\n", "{version}");
    }
}

#[test]
fn retained_messages_are_shown_or_not() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let connection = ["-h", "127.0.0.1", "-p", &port];
    let publisher = Tool::at("/usr/bin/mosquitto_pub");
    publisher.run([&connection[..], &["-t", "kept", "-m", "old", "-r"]].concat()).assert_code(0);
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        let all = [&connection[..], &["-t", "kept", "-W", "1", "-V", version]].concat();
        let shown = subscriber().run([&all[..], &["-C", "1"]].concat());
        shown.assert_code(0);
        assert_eq!(shown.stdout(), "old\n");
        let hidden = subscriber().run([&all[..], &["-R"]].concat());
        hidden.assert_code(27);
        assert_eq!(hidden.stdout(), "");
    }
}

#[test]
fn a_restarted_broker_is_found_again() {
    let mut broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let connection = ["-h", "127.0.0.1", "-p", &port];
    let running = subscriber().spawn([&connection[..], &["-t", "t", "-d", "-C", "1"]].concat());
    running.wait_for_stderr("Subscribed");
    broker.restart();
    running.wait_for_stderr("; connecting again");
    running.wait_for_stderr("Subscribed");
    let publisher = Tool::at("/usr/bin/mosquitto_pub");
    publisher.run([&connection[..], &["-t", "t", "-m", "back"]].concat()).assert_code(0);
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "back\n");
}

#[test]
fn a_unix_socket_leads_to_the_broker_under_both_names() {
    let broker = Mosquitto::builder().line("listener 0 {folder}/socket").start();
    let path = broker.folder().join("socket");
    let path = path.to_str().unwrap();
    let message = ["--unix", path, "-r", "-t", "t", "-m", "x"];
    Tool::at("/usr/bin/mosquitto_pub").run(message).assert_code(0);
    for name in ["mqtt-sub", "mosquitto_sub"] {
        for place in [&["--unix", path][..], &["-p", "0", "-h", path]] {
            let output = subscriber().called(name).run([place, &["-t", "t", "-C", "1"]].concat());
            output.assert_code(0);
            assert_eq!(output.stdout(), "x\n", "{name} {place:?}");
        }
    }
}

#[test]
fn the_broker_publishes_the_will_when_it_should() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let connection = ["-h", "127.0.0.1", "-p", &port, "-d"];
    let heirs = ["-t", "w", "-V", "5", "-F", "%p %P", "-C", "2", "-W", "60"];
    let heirs = subscriber().spawn([&connection[..], &heirs].concat());
    heirs.wait_for_stderr("SUBACK");
    let will = |payload: &str, more: &[&str]| {
        let will = ["-t", "t", "--will-topic", "w", "--will-payload", payload];
        let running = subscriber().spawn([&connection[..], &will, more].concat());
        running.wait_for_stderr("SUBACK");
        running
    };
    drop(will("killed", &[]));
    heirs.wait_for_stdout("killed");
    will("not published", &["-E"]).wait().assert_code(0);
    let ended = will("ended", &["-D", "will", "user-property", "k", "v"]);
    ended.signal(Signal::TERM);
    ended.wait().assert_code(0);
    let output = heirs.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "killed \nended k:v\n");
}
