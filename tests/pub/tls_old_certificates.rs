use test_support::certificates::{Identity, OldAuthority, Validity};
use test_support::mosquitto::Mosquitto;
use test_support::tool::{Output, Running};

use super::publisher;

const MESSAGE: [&str; 6] = ["-t", "t", "-m", "x", "-q", "1"];

/// Brokers with each version of TLS.
fn serving(server: &Identity) -> [Mosquitto; 2] {
    let broker = Mosquitto::builder().tls(server);
    [broker.clone().start(), broker.tls_1_2_alone().start()]
}

fn publish_to(broker: &Mosquitto, host: &str, cafile: &str) -> Output {
    let port = broker.port().to_string();
    let place = ["-h", host, "-p", &port, "--cafile", cafile];
    publisher().run([&place[..], &MESSAGE].concat())
}

#[track_caller]
fn assert_believed(server: &Identity, host: &str, cafile: &str) {
    for broker in serving(server) {
        let output = publish_to(&broker, host, cafile);
        assert_eq!((output.code(), &*output.stderr()), (Some(0), ""), "{}", broker.log());
    }
}

#[track_caller]
fn assert_refused(server: &Identity, host: &str, cafile: &str, told: &str) {
    for broker in serving(server) {
        let output = publish_to(&broker, host, cafile);
        output.assert_code(8);
        let expected =
            format!("error: no TLS with {host}:{}: its certificate {told}", broker.port());
        assert!(output.stderr().starts_with(&expected), "{output:?}");
        assert!(!broker.log().contains("New client"), "{}", broker.log());
    }
}

#[test]
fn what_the_manual_of_mosquitto_makes_is_believed() {
    let authority = OldAuthority::new("ours");
    for (name, host) in [("localhost", "localhost"), ("127.0.0.1", "127.0.0.1")] {
        let server = authority.identity("server", name);
        assert_believed(&server, host, &authority.file());
    }
}

#[test]
fn a_certificate_that_signed_itself_is_believed_when_it_is_named() {
    let authority = OldAuthority::new("ours");
    let server = authority.self_signed("server", "localhost");
    assert_believed(&server, "localhost", server.certificate());
    let other = OldAuthority::new("ours");
    let namesake = other.self_signed("server", "localhost");
    assert_refused(
        &server,
        "localhost",
        &other.file(),
        "is from an authority that is not believed",
    );
    assert_refused(&server, "localhost", namesake.certificate(), "is not signed by the authority");
    assert_refused(&server, "127.0.0.1", server.certificate(), "is for localhost, not for 127.");
}

#[test]
fn a_name_in_the_common_name_only_is_believed_in_a_certificate_of_today_too() {
    let authority = OldAuthority::new("ours");
    let server =
        authority.identity_with("server", "localhost", "ca", "basicConstraints = CA:FALSE");
    assert_believed(&server, "localhost", &authority.file());
    assert_refused(&server, "127.0.0.1", &authority.file(), "is for localhost, not for 127.0.0.1");
    let address = "subjectAltName = IP:127.0.0.1";
    let server = authority.identity_with("server", "localhost", "ca", address);
    assert_believed(&server, "localhost", &authority.file());
    let host = "subjectAltName = DNS:broker.example";
    let server = authority.identity_with("server", "localhost", "ca", host);
    assert_refused(&server, "localhost", &authority.file(), "is for broker.example, not for local");
}

#[test]
fn old_certificates_are_refused_for_everything_that_others_are() {
    let authority = OldAuthority::new("ours");
    let file = authority.file();
    for (validity, told) in [
        (Validity::Past, "expired on Dec 31 00:00:00 2001"),
        (Validity::Future, "is not valid before Jan  1 00:00:00 3000"),
    ] {
        let server = authority.identity_valid("server", "localhost", validity);
        assert_refused(&server, "localhost", &file, told);
    }
    let server = authority.identity_valid("server", "localhost", Validity::Now);
    assert_believed(&server, "localhost", &file);
    let server = authority.identity("server", "broker.example");
    assert_refused(&server, "localhost", &file, "is for broker.example, not for localhost");
    let server = authority.identity("server", "localhost");
    let (other, namesake) = (OldAuthority::new("others"), OldAuthority::new("ours"));
    assert_refused(
        &server,
        "localhost",
        &other.file(),
        "is from an authority that is not believed",
    );
    assert_refused(
        &server,
        "localhost",
        &namesake.file(),
        "is not signed by the authority of that",
    );
    let forged = authority.forged(&server);
    assert_refused(&forged, "localhost", &file, "is not signed by the authority of that name");
}

#[test]
fn an_authority_in_the_middle_vouches_as_far_as_it_may() {
    let authority = OldAuthority::new("ours");
    for (extensions, told) in [
        ("basicConstraints = critical,CA:TRUE,pathlen:0\nkeyUsage = keyCertSign", None),
        ("basicConstraints = CA:FALSE", Some("is not acceptable")),
        ("basicConstraints = CA:TRUE\nkeyUsage = cRLSign", Some("is not acceptable")),
        ("basicConstraints = CA:TRUE\nextendedKeyUsage = clientAuth", Some("is not acceptable")),
        (
            "basicConstraints = CA:TRUE\nnameConstraints = permitted;DNS:localhost",
            Some("is not acceptable"),
        ),
        ("basicConstraints = CA:TRUE\n1.2.3.4 = critical,ASN1:NULL", Some("is not acceptable")),
    ] {
        let middle = authority.identity_with("middle", "middle", "ca", extensions);
        let server = authority.issued_by("middle", "server", "localhost");
        let chain = authority.chain(&server, &middle);
        match told {
            None => assert_believed(&chain, "localhost", &authority.file()),
            Some(told) => assert_refused(&chain, "localhost", &authority.file(), told),
        }
    }
    let middle = authority.identity("middle", "middle");
    let chain = authority.chain(&authority.issued_by("middle", "server", "localhost"), &middle);
    assert_refused(&chain, "localhost", &authority.file(), "is not acceptable");
}

#[test]
fn an_authority_that_may_do_nothing_else_is_no_server() {
    let authority = OldAuthority::new("ours");
    for (extensions, is_believed) in [
        ("basicConstraints = CA:TRUE", true),
        ("basicConstraints = CA:TRUE\nkeyUsage = keyCertSign,digitalSignature", true),
        ("basicConstraints = CA:TRUE\nkeyUsage = keyCertSign,cRLSign", false),
    ] {
        let server = authority.identity_with("server", "localhost", "ca", extensions);
        if is_believed {
            assert_believed(&server, "localhost", &authority.file());
        } else {
            assert_refused(&server, "localhost", &authority.file(), "is not acceptable");
        }
    }
}

#[test]
fn old_certificates_are_refused_where_only_the_system_believes_their_authority() {
    let authority = OldAuthority::new("ours");
    let old = authority.identity("old", "localhost");
    let own = authority.self_signed("own", "localhost");
    for (server, cafile) in [(&old, authority.file()), (&own, own.certificate().to_owned())] {
        let broker = Mosquitto::builder().tls(server).start();
        let port = broker.port().to_string();
        let place = ["-h", "localhost", "-p", &port, "--tls-use-os-certs"];
        let mut command = publisher().command([&place[..], &MESSAGE].concat());
        command.env("SSL_CERT_FILE", &cafile);
        let output = Running::start(command).wait();
        output.assert_code(8);
        assert!(output.stderr().contains("authority that is not believed"), "{output:?}");
        // The same file, named by the user.
        publish_to(&broker, "localhost", &cafile).assert_code(0);
    }
}
