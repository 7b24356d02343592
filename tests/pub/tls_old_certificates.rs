use test_support::certificates::{Identity, OldAuthority, Validity};
use test_support::mosquitto::Mosquitto;
use test_support::tool::{Output, Running};

use super::publisher;

const MESSAGE: [&str; 6] = ["-t", "t", "-m", "x", "-q", "1"];

/// What is told of certificates that are used for what they are not made for, or hold what would have to be
/// understood.
const PURPOSE: &str = "is not acceptable: it, or one that vouches for it, is not meant for that\nhint: a broker's needs";
const EXTENSION: &str = "is not acceptable: it, or one that vouches for it, has a critical extension or a \
    limit on names, which is not understood here\n";

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

/// A broker that shows what OpenSSL itself would no longer show.
fn serving_anything(server: &Identity) -> Mosquitto {
    Mosquitto::builder().tls(server).line("ciphers ALL:@SECLEVEL=0").start()
}

#[test]
fn how_a_certificate_signed_itself_does_not_matter_when_it_is_named() {
    let made = OldAuthority::new("ours");
    for (name, more) in [
        ("sha1", ""),
        // The form of today, which webpki would read.
        (
            "today",
            "-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost",
        ),
    ] {
        made.openssl(&format!(
            "req -x509 -sha1 -newkey rsa:2048 -nodes -days 9 -subj /CN=localhost {more} \
             -keyout {name}.key -out {name}.crt"
        ));
        let server = Identity::in_folder(made.folder(), name);
        let broker = serving_anything(&server);
        let output = publish_to(&broker, "localhost", server.certificate());
        assert_eq!((output.code(), &*output.stderr()), (Some(0), ""), "{name}");
        // Not for another name, and not where another one is named.
        let output = publish_to(&broker, "127.0.0.1", server.certificate());
        output.assert_code(8);
        assert!(output.stderr().contains("is for localhost, not for 127.0.0.1"), "{output:?}");
        publish_to(&broker, "localhost", &made.file()).assert_code(8);
    }
}

#[test]
fn what_is_not_accepted_is_told_in_words_with_what_would_be() {
    let made = OldAuthority::new("ours");
    for line in [
        "genrsa -out short.key 1024",
        "req -x509 -new -key short.key -days 9 -subj /CN=localhost -out short.crt",
        "req -new -x509 -days 9 -nodes -newkey rsa:1024 -subj /CN=small -keyout small.key -out small.crt",
        "genrsa -out below.key 2048",
        "req -new -key below.key -subj /CN=localhost -out below.csr",
        "x509 -req -in below.csr -CA small.crt -CAkey small.key -CAcreateserial -out below.crt",
        "x509 -req -in below.csr -CA ca.crt -CAkey ca.key -CAcreateserial -sha1 -out signed.crt",
        "req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext keyUsage=keyCertSign \
         -keyout purpose.key -out purpose.crt",
    ] {
        made.openssl(line);
    }
    let _today =
        made.identity_with("today", "localhost", "small", "subjectAltName = DNS:localhost");
    std::fs::copy(made.folder().join("below.key"), made.folder().join("signed.key"))
        .expect("there");
    let size = |owner: &str| {
        format!(
            "the RSA key of 'CN={owner}' has 1024 bits\nhint: RSA keys of 2048 to 8192 bits are \
             accepted: that one needs a new key and a new certificate\n"
        )
    };
    let signed = "it, or one that vouches for it, is signed with SHA-1 and RSA\n\
        hint: the broker needs a certificate that is signed with SHA-256 or SHA-384, by a key of RSA, \
        P-256 or P-384, or by one of Ed25519\n";
    let purpose = "it, or one that vouches for it, is not meant for that\n\
        hint: a broker's needs the key usage 'digitalSignature', and where it has an extended one, \
        'serverAuth'; an authority's needs 'CA:TRUE' and 'keyCertSign'\n";
    for (name, cafile, told) in [
        ("short", "short.crt", &*size("localhost")),
        ("below", "small.crt", &size("small")),
        ("today", "small.crt", &size("small")),
        ("signed", "ca.crt", signed),
        ("purpose", "purpose.crt", purpose),
    ] {
        let broker = serving_anything(&Identity::in_folder(made.folder(), name));
        let cafile = made.folder().join(cafile);
        let output = publish_to(&broker, "localhost", cafile.to_str().expect("plain"));
        output.assert_code(8);
        let place = format!("error: no TLS with localhost:{}: ", broker.port());
        let expected = format!("{place}its certificate is not acceptable: {told}");
        assert_eq!(output.stderr(), expected, "{name}");
    }
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
        ("basicConstraints = CA:FALSE", Some(PURPOSE)),
        ("basicConstraints = CA:TRUE\nkeyUsage = cRLSign", Some(PURPOSE)),
        ("basicConstraints = CA:TRUE\nextendedKeyUsage = clientAuth", Some(PURPOSE)),
        ("basicConstraints = CA:TRUE\nnameConstraints = permitted;DNS:localhost", Some(EXTENSION)),
        ("basicConstraints = CA:TRUE\n1.2.3.4 = critical,ASN1:NULL", Some(EXTENSION)),
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
    assert_refused(&chain, "localhost", &authority.file(), PURPOSE);
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
            assert_refused(&server, "localhost", &authority.file(), PURPOSE);
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
