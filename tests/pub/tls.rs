use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use test_support::certificates::{Authority, Identity, OldAuthority, Validity};
use test_support::mosquitto::{Builder, Mosquitto};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Output, Running};

use super::{publisher, start_at};

const MESSAGE: [&str; 6] = ["-t", "t", "-m", "x", "-q", "1"];

const BELIEVED: &str = "its certificate is from an authority that is not believed\n\
    hint: --cafile FILE believes the authority whose certificate is in FILE\n";

const WANTED: &str = "it wants a certificate of ours\nhint: --cert and --key show one\n";

/// A broker with a certificate for `localhost` and `127.0.0.1`.
fn serving(authority: &Authority) -> Builder {
    Mosquitto::builder().tls(&authority.server(&["localhost", "127.0.0.1"], Validity::Now))
}

fn publish_to(broker: &Mosquitto, options: &[&str]) -> Output {
    let port = broker.port().to_string();
    publisher().run([&["-h", "localhost", "-p", &port], &MESSAGE[..], options].concat())
}

/// What a TLS failure with `localhost` is told as.
#[track_caller]
fn assert_refused(output: &Output, broker: &Mosquitto, told: &str) {
    output.assert_code(8);
    let expected = format!("error: no TLS with localhost:{}: {told}", broker.port());
    assert_eq!(output.stderr(), expected);
}

fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

#[test]
fn a_broker_is_believed_by_file_folder_and_system_under_both_names() {
    let authority = Authority::new("ours");
    let broker = serving(&authority).start();
    let port = broker.port().to_string();
    let file = authority.file();
    let folder = path(authority.folder());
    for name in ["mqtt-pub", "mosquitto_pub"] {
        for host in ["localhost", "127.0.0.1"] {
            for options in [
                &["--cafile", &file][..],
                &["--capath", folder],
                &["--cafile", &file, "--tls-version", "tlsv1.3"],
                &["--tls-use-os-certs"],
            ] {
                let tool = publisher().called(name);
                let words = [&["-h", host, "-p", &port], &MESSAGE[..], options].concat();
                let mut command = tool.command(words);
                command.env("SSL_CERT_FILE", &file);
                let output = Running::start(command).wait();
                output.assert_code(0);
                assert_eq!(output.stderr(), "", "{name} {host} {options:?}");
            }
        }
    }
    assert_eq!(broker.log().matches("Received PUBLISH").count(), 16);
}

#[test]
fn a_broker_with_tls_1_2_alone_is_spoken_to() {
    let authority = Authority::new("ours");
    let broker = serving(&authority).tls_1_2_alone().start();
    let cafile = ["--cafile", &authority.file()];
    publish_to(&broker, &cafile).assert_code(0);
    let output = publish_to(&broker, &[&cafile[..], &["--tls-version", "tlsv1.3"]].concat());
    assert_refused(
        &output,
        &broker,
        "it speaks no version of TLS that we do\n\
         hint: there are TLS 1.2 and 1.3 here; --tls-version tlsv1.3 leaves out 1.2\n",
    );
}

#[test]
fn on_a_unix_socket_the_name_is_not_looked_at_but_the_authority_is() {
    let (authority, other) = (Authority::new("ours"), Authority::new("ours"));
    let server = authority.server(&["broker.example"], Validity::Now);
    let broker = Mosquitto::builder().line("listener 0 {folder}/socket").tls(&server).start();
    let socket = broker.folder().join("socket");
    let place = [&["--unix", path(&socket)], &MESSAGE[..]].concat();
    publisher().run([&place[..], &["--cafile", &authority.file()]].concat()).assert_code(0);
    let output = publisher().run([&place[..], &["--cafile", &other.file()]].concat());
    output.assert_code(8);
}

#[test]
fn a_certificate_that_does_not_prove_the_broker_is_told_with_what_is_wrong() {
    let (authority, other) = (Authority::new("ours"), Authority::new("somebody else"));
    for (names, validity, cafile, told) in [
        (&["localhost"][..], Validity::Now, other.file(), BELIEVED),
        (
            &["broker.example", "192.0.2.1"],
            Validity::Now,
            authority.file(),
            "its certificate is for broker.example, 192.0.2.1, not for localhost\n\
             hint: -h must be a name or an address that the certificate has\n",
        ),
        (
            &["localhost"],
            Validity::Past,
            authority.file(),
            "its certificate expired on Dec 31 00:00:00 2001 +00:00\n\
             hint: the broker needs a new certificate, unless this machine's clock is wrong\n",
        ),
        (
            &["localhost"],
            Validity::Future,
            authority.file(),
            "its certificate is not valid before Jan  1 00:00:00 3000 +00:00\n\
             hint: is this machine's clock right?\n",
        ),
    ] {
        let broker = Mosquitto::builder().tls(&authority.server(names, validity)).start();
        assert_refused(&publish_to(&broker, &["--cafile", &cafile]), &broker, told);
        // With a warning, and not at all under --quiet.
        let insecure = ["--cafile", &cafile, "--insecure"];
        let output = publish_to(&broker, &insecure);
        output.assert_code(0);
        assert!(output.stderr().starts_with("warning: --insecure: "), "{output:?}");
        let output = publish_to(&broker, &[&insecure[..], &["--quiet"]].concat());
        output.assert_code(0);
        assert_eq!(output.stderr(), "");
    }
}

#[test]
fn an_authority_of_the_right_name_with_another_key_does_not_vouch() {
    let (authority, namesake) = (Authority::new("ours"), Authority::new("ours"));
    let broker = serving(&authority).start();
    let output = publish_to(&broker, &["--cafile", &namesake.file()]);
    assert_refused(
        &output,
        &broker,
        "its certificate is not signed by the authority of that name which is believed\n\
         hint: it is a forgery, or the authority has a new key: then --cafile needs its new \
         certificate\n",
    );
}

fn with_certificate<'a>(options: &[&'a str], identity: &'a Identity) -> Vec<&'a str> {
    [options, &["--cert", identity.certificate(), "--key", identity.key()]].concat()
}

#[test]
fn a_client_certificate_is_shown_where_it_is_wanted() {
    let (authority, clients) = (Authority::new("servers"), Authority::new("clients"));
    let (client, stranger) = (clients.client("client"), Authority::new("strangers"));
    let file = authority.file();
    let cafile = ["--cafile", &file[..]];
    let broker = serving(&authority)
        .require_certificate(&clients.file())
        .line("use_identity_as_username true");
    // TLS 1.2 has no words of its own for the one that is missing.
    for broker in [broker.clone(), broker.tls_1_2_alone()] {
        let broker = broker.start();
        publish_to(&broker, &with_certificate(&cafile, &client)).assert_code(0);
        assert!(broker.log().contains("u'client'"), "{}", broker.log());
        assert_refused(&publish_to(&broker, &cafile), &broker, WANTED);
        let output = publish_to(&broker, &with_certificate(&cafile, &stranger.client("x")));
        assert_refused(
            &output,
            &broker,
            "it does not accept our certificate: Unknown CA\n\
             hint: --cert must be from an authority that the broker believes\n",
        );
    }
}

#[test]
fn a_client_certificate_goes_with_the_systems_authorities_too() {
    let authority = Authority::new("ours");
    let broker = serving(&authority).require_certificate(&authority.file()).start();
    let (port, client) = (broker.port().to_string(), authority.client("client"));
    let words = with_certificate(&["-h", "localhost", "-p", &port], &client);
    let mut command = publisher().command([&words[..], &MESSAGE].concat());
    command.env("SSL_CERT_FILE", authority.file());
    Running::start(command).wait().assert_code(0);
}

#[test]
fn keys_in_every_form_fit_their_certificates_of_old_forms_too() {
    let authority = OldAuthority::new("ours");
    let server = authority.identity("server", "localhost");
    let client = authority.identity("client", "client");
    for line in [
        "rsa -in client.key -traditional -out pkcs1.key",
        "pkcs8 -topk8 -nocrypt -in client.key -out pkcs8.key",
        "pkcs8 -topk8 -in client.key -out aes.key -passout pass:hunter2",
        "pkcs8 -topk8 -v2 des3 -v2prf hmacWithSHA1 -in client.key -out des.key -passout pass:hunter2",
        "pkcs8 -topk8 -scrypt -in client.key -out scrypt.key -passout pass:hunter2",
        "ecparam -name prime256v1 -genkey -out sec1.key",
        "req -new -subj /CN=client -key sec1.key -out sec1.csr",
        "x509 -req -in sec1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out sec1.crt -days 9",
    ] {
        authority.openssl(line);
    }
    let broker = Mosquitto::builder().tls(&server).require_certificate(&authority.file()).start();
    let passphrase = authority.folder().join("passphrase");
    fs::write(&passphrase, "hunter2\n").expect("it is written");
    let file = authority.file();
    let cafile = ["--cafile", &file, "--key-password-file", path(&passphrase)];
    for key in ["pkcs1", "pkcs8", "aes", "des", "scrypt", "sec1"] {
        let chain = if key == "sec1" { "sec1.crt" } else { "client.crt" };
        let (chain, key) =
            (authority.folder().join(chain), authority.folder().join(format!("{key}.key")));
        assert!(fs::read_to_string(&key).expect("text").contains("-----BEGIN"));
        let words = [&cafile[..], &["--cert", path(&chain), "--key", path(&key)]].concat();
        let output = publish_to(&broker, &words);
        assert_eq!((output.code(), &*output.stderr()), (Some(0), ""), "{}", key.display());
    }
    assert!(client.key().ends_with("client.key"));
}

#[test]
fn the_passphrase_of_a_key_comes_from_our_own_environment_or_a_file() {
    let authority = OldAuthority::new("ours");
    let client = authority.identity("client", "client");
    authority.openssl("pkcs8 -topk8 -in client.key -out sealed.key -passout pass:hunter2");
    let broker = Mosquitto::builder()
        .tls(&authority.identity("server", "localhost"))
        .require_certificate(&authority.file())
        .start();
    let (port, file) = (broker.port().to_string(), authority.file());
    let (sealed, wrong) = (authority.folder().join("sealed.key"), authority.folder().join("wrong"));
    fs::write(&wrong, "hunter3").expect("it is written");
    let key = ["--cert", client.certificate(), "--key", path(&sealed)];
    let place = ["-h", "localhost", "-p", &port, "--cafile", &file];
    let from_file = ["--key-password-file", path(&wrong)];
    let does_not_fit =
        format!("error: the key in '{}' (--key) cannot be decrypted with that", path(&sealed));
    let no_terminal = format!("error: the key in '{}' (--key) is encrypted, and", path(&sealed));
    for (name, value, options, told) in [
        ("mqtt-pub", "hunter2", &[][..], None),
        ("mqtt-pub", "hunter3", &[], Some(&does_not_fit)),
        ("mqtt-pub", "hunter2", &from_file, Some(&does_not_fit)),
        ("mqtt-pub", "", &[], Some(&no_terminal)),
        ("mosquitto_pub", "hunter2", &[], Some(&no_terminal)),
    ] {
        let tool = publisher().called(name);
        let words = [&place[..], &key, &MESSAGE, options].concat();
        // In a session of its own it has no terminal.
        let mut command = std::process::Command::new("setsid");
        command.arg("--wait").arg(tool.program()).args(words);
        command.env("MQTT_KEY_PASSWORD", value).env("HOME", tool.home());
        let output = Running::start(command).wait();
        assert!(!output.stderr().contains("hunter"), "{output:?}");
        match told {
            None => assert_eq!((output.code(), &*output.stderr()), (Some(0), "")),
            Some(told) => {
                output.assert_code(1);
                assert!(output.stderr().starts_with(told), "{output:?}");
            }
        }
    }
}

#[test]
fn files_that_are_not_what_they_should_be_are_named_before_anything_is_connected() {
    let authority = OldAuthority::new("ours");
    let client = authority.identity("client", "client");
    authority.openssl("rsa -aes128 -traditional -passout pass:x -in client.key -out old.key");
    authority.openssl("genrsa -out other.key 2048");
    let folder = authority.folder();
    fs::create_dir(folder.join("empty")).expect("a folder");
    fs::write(
        folder.join("damaged"),
        "-----BEGIN CERTIFICATE-----\nMAAx\n-----END CERTIFICATE-----\n",
    )
    .expect("it is written");
    let [old, other, empty, damaged] =
        ["old.key", "other.key", "empty", "damaged"].map(|name| folder.join(name));
    let [old, other, empty, damaged] = [&old, &other, &empty, &damaged].map(|it| path(it));
    let (chain, key) = (client.certificate(), client.key());
    for (options, told) in [
        (&["--cafile", key][..], format!("there is no certificate in '{key}' (--cafile)\n")),
        (&["--cafile", damaged], format!("a certificate in '{damaged}' (--cafile) is damaged")),
        (&["--capath", empty], format!("there is no certificate in '{empty}' (--capath)\n")),
        (&["--cert", key, "--key", key], format!("there is no certificate in '{key}' (--cert)\n")),
        (
            &["--cert", chain, "--key", "/no/key"],
            "cannot read '/no/key' (--key): No such file".to_owned(),
        ),
        (&["--cert", chain, "--key", chain], format!("there is no key in '{chain}' (--key)\n")),
        (
            &["--cert", chain, "--key", old],
            format!("the key in '{old}' (--key) is encrypted in an old form\n"),
        ),
        (
            &["--cert", chain, "--key", other],
            format!(
                "the certificate in '{chain}' (--cert) does not belong to the key in '{other}'"
            ),
        ),
    ] {
        assert_told(&with_trust(options, chain), &told);
    }
}

#[test]
fn options_that_leave_nothing_are_named_before_anything_is_connected() {
    let authority = Authority::new("ours");
    let chain = &authority.file()[..];
    for (options, told) in [
        (
            &["--cafile", chain, "--ciphers", "RC4-MD5"][..],
            "there is no cipher suite 'RC4-MD5' (--ciphers); there are TLS_AES_256_GCM_",
        ),
        (
            &[
                "--cafile",
                chain,
                "--tls-version",
                "tlsv1.3",
                "--ciphers",
                "ECDHE-RSA-AES128-GCM-SHA256",
            ],
            "none of the cipher suites of --ciphers is one of TLS 1.3",
        ),
        (
            &["--cafile", chain, "--tls-keylog", "/no/folder/log"],
            "cannot write the keys of connections to '/no/folder/log'",
        ),
    ] {
        assert_told(options, told);
    }
}

/// Fails unless this ends with status 1 and a text, and without a connection.
#[track_caller]
fn assert_told(options: &[&str], told: &str) {
    let peer = ScriptedPeer::listen();
    let output = start_at(&peer, &[options, &MESSAGE].concat()).wait();
    output.assert_code(1);
    assert!(output.stderr().starts_with(&format!("error: {told}")), "{output:?}");
    assert!(peer.try_accept().is_none(), "{options:?}");
}

/// The system's authorities need not be there.
fn with_trust<'a>(options: &[&'a str], cafile: &'a str) -> Vec<&'a str> {
    let has_trust = options.iter().any(|word| word.starts_with("--ca"));
    let trust: &[&str] = if has_trust { &[] } else { &["--cafile", cafile] };
    [trust, options].concat()
}

#[test]
fn a_system_without_authorities_is_told() {
    let tool = publisher();
    let nothing = tool.home().join("nothing");
    fs::write(&nothing, "").expect("it is written");
    let mut command = tool.command([&MESSAGE[..], &["--tls-use-os-certs"]].concat());
    command.env("SSL_CERT_FILE", nothing);
    let output = Running::start(command).wait();
    output.assert_code(1);
    let expected = "error: the system has no certificates of authorities\n";
    assert!(output.stderr().starts_with(expected), "{output:?}");
}

#[test]
fn tls_at_a_plain_port_and_plain_at_a_tls_port_are_told() {
    let authority = Authority::new("ours");
    let output = publish_to(&Mosquitto::builder().start(), &["--cafile", &authority.file()]);
    output.assert_code(8);
    let expected =
        "it closed the connection when TLS began\nhint: does the broker speak TLS on that";
    assert!(output.stderr().contains(expected), "{output:?}");
    let output = publish_to(&serving(&authority).start(), &[]);
    output.assert_code(7);
    let expected = "\nhint: a broker may do that where it wants TLS (--cafile, --tls-use-os-certs)";
    assert!(output.stderr().contains(expected), "{output:?}");
}

#[test]
fn what_is_no_tls_and_what_is_no_mqtt_but_tls_are_told() {
    let authority = Authority::new("ours");
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[&MESSAGE[..], &["--cafile", &authority.file()]].concat());
    let mut client = peer.accept();
    client.read_bytes(5);
    client.send(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let output = running.wait();
    output.assert_code(8);
    assert!(output.stderr().contains("what it sent is not TLS\n"), "{output:?}");

    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &MESSAGE);
    let mut client = peer.accept();
    client.read_packet();
    client.send(b"\x15\x03\x01\x00\x02\x02\x46");
    let output = running.wait();
    output.assert_code(8);
    let expected = "it answered with TLS\nhint: the broker wants TLS on that port: --cafile FILE";
    assert!(output.stderr().contains(expected), "{output:?}");
}

#[test]
fn cipher_suites_by_either_name_are_what_is_agreed_on() {
    let authority = Authority::new("ours");
    let broker = serving(&authority).line("ciphers ECDHE-ECDSA-AES256-GCM-SHA384").start();
    let file = authority.file();
    let with = |list| publish_to(&broker, &["--cafile", &file, "--ciphers", list]);
    for list in [
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "tls_ecdhe_ecdsa_with_aes_256_gcm_sha384",
        "ECDHE-RSA-AES128-GCM-SHA256,ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_AES_128_GCM_SHA256",
    ] {
        with(list).assert_code(0);
    }
    let output = with("ECDHE-ECDSA-AES128-GCM-SHA256");
    output.assert_code(8);
    assert!(output.stderr().contains("it found nothing in common with us"), "{output:?}");
}

/// The first bytes of a run that begins with TLS.
fn hello(host: &str, options: &[&str]) -> Vec<u8> {
    let peer = ScriptedPeer::listen();
    let authority = Authority::new("ours");
    let port = peer.port().to_string();
    let place = ["-h", host, "-p", &port, "--cafile", &authority.file()];
    let _running = publisher().spawn([&place[..], &MESSAGE, options].concat());
    let mut client = peer.accept();
    let header = client.read_bytes(5);
    let length = header.iter().skip(3).fold(0, |length, byte| length << 8 | usize::from(*byte));
    client.read_bytes(length)
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn the_name_and_the_protocol_are_offered_but_no_address() {
    let bytes = hello("localhost", &["--tls-alpn", "some-protocol"]);
    assert!(has(&bytes, "localhost") && has(&bytes, "some-protocol"));
    let bytes = hello("127.0.0.1", &[]);
    assert!(!has(&bytes, "127.0.0.1") && !has(&bytes, "some-protocol"));
}

#[test]
fn keys_of_connections_are_appended_to_a_file_for_its_owner() {
    let authority = Authority::new("ours");
    let broker = serving(&authority).start();
    let (port, file) = (broker.port().to_string(), authority.file());
    for (name, option, logs) in [
        ("mqtt-pub", true, true),
        ("mosquitto_pub", true, true),
        ("mqtt-pub", false, true),
        ("mosquitto_pub", false, false),
    ] {
        let tool = publisher().called(name);
        let log = tool.home().join("keys");
        let place = ["-h", "localhost", "-p", &port, "--cafile", &file];
        let words = [&place[..], &MESSAGE].concat();
        for _ in 0..2 {
            let mut command = tool.command(&words);
            if option {
                command.arg("--tls-keylog").arg(&log).env("SSLKEYLOGFILE", "/no/folder/log");
            } else {
                command.env("SSLKEYLOGFILE", &log);
            }
            Running::start(command).wait().assert_code(0);
        }
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines = text.lines().filter(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 "));
        assert_eq!(lines.count(), if logs { 2 } else { 0 }, "{name} {text}");
        if logs {
            let mode = fs::metadata(&log).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

#[test]
fn a_plain_publish_opens_no_file_that_tls_would() {
    let broker = Mosquitto::builder().start();
    let tool = publisher();
    let (port, trace) = (broker.port().to_string(), tool.home().join("trace"));
    let program = path(tool.program());
    let traced = ["-f", "-e", "trace=openat", "-o", path(&trace), program];
    let words = [&traced[..], &["-h", "127.0.0.1", "-p", &port], &MESSAGE].concat();
    test_support::tool::Tool::at("strace").run(words).assert_code(0);
    let trace = fs::read_to_string(trace).expect("strace wrote it");
    assert!(trace.contains("openat("), "{trace}");
    // Where OpenSSL is in the build, it is loaded with the program.
    let is_loaded = |line: &str| cfg!(feature = "psk") && line.contains(".so.3");
    for line in trace.lines().filter(|line| !is_loaded(line)) {
        for word in ["ssl", ".pem", ".crt", "certs"] {
            assert!(!line.contains(word), "{trace}");
        }
    }
}

#[test]
fn lines_in_their_thousands_arrive_over_tls() {
    let authority = Authority::new("ours");
    let broker = serving(&authority).line("max_queued_messages 0").start();
    let (port, file) = (broker.port().to_string(), authority.file());
    let place = ["-h", "localhost", "-p", &port, "--cafile", &file, "-t", "t"];
    let input =
        (0..20_000).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n") + "\n";
    let subscriber = publisher().sibling("mqtt-sub");
    let running = subscriber.spawn([&place[..], &["-q", "1", "-C", "20000", "-d"]].concat());
    running.wait_for_stderr("Subscribed");
    let output = publisher().run_with_input(&*input, [&place[..], &["-l", "-q", "1"]].concat());
    output.assert_code(0);
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), input);
}
