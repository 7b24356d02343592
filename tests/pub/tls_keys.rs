//! Keys and certificates in forms that are not read, or of kinds that are not accepted.

use std::fs;

use test_support::certificates::{Identity, OldAuthority};
use test_support::mosquitto::Mosquitto;
use test_support::scripted_peer::ScriptedPeer;

use super::{publisher, start_at};

const MESSAGE: [&str; 6] = ["-t", "t", "-m", "x", "-q", "1"];

/// Fails unless the files of this name are refused with this text, before anything is connected and
/// anything is asked for.
#[track_caller]
fn assert_refused(made: &OldAuthority, name: &str, told: &str) {
    let peer = ScriptedPeer::listen();
    let (own, ca) = (Identity::in_folder(made.folder(), name), made.file());
    let files = ["--cafile", &ca, "--cert", own.certificate(), "--key", own.key()];
    let output = start_at(&peer, &[&MESSAGE[..], &files].concat()).wait();
    output.assert_code(1);
    let expected = format!("error: the key in '{}' (--key) {told}\n", own.key());
    assert_eq!(output.stderr(), expected, "{name}");
    assert!(peer.try_accept().is_none(), "{name}");
}

#[test]
fn an_encryption_that_cannot_be_undone_is_told_before_the_passphrase_is_asked_for() {
    let made = OldAuthority::new("ours");
    let _client = made.identity("client", "client");
    for (name, how) in [
        ("sha1-3des", "-v1 PBE-SHA1-3DES"),
        ("md5-des", "-v1 PBE-MD5-DES -provider legacy -provider default"),
        ("camellia", "-v2 camellia-256-cbc"),
    ] {
        made.openssl(&format!(
            "pkcs8 -topk8 {how} -in client.key -out {name}.key -passout pass:hunter2"
        ));
        fs::copy(made.folder().join("client.crt"), made.folder().join(format!("{name}.crt")))
            .expect("it is there");
        assert_refused(
            &made,
            name,
            "is encrypted in a form that is not read here\n\
             hint: 'openssl pkcs8 -topk8 -in KEY -out NEW' makes one that works",
        );
    }
}

#[test]
fn a_key_of_a_kind_that_cannot_be_used_is_told_with_its_kind() {
    let made = OldAuthority::new("ours");
    for (name, kind, key) in [
        ("p521", "P-521", "genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-521"),
        ("sec1", "P-521", "ecparam -name secp521r1 -noout -genkey"),
        ("short", "RSA with 1024 bits", "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024"),
        ("ed448", "Ed448", "genpkey -algorithm ed448"),
        ("pss", "RSA-PSS", "genpkey -algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048"),
    ] {
        made.openssl(&format!("{key} -out {name}.key"));
        made.openssl(&format!("req -x509 -new -key {name}.key -subj /CN=x -out {name}.crt"));
        assert_refused(
            &made,
            name,
            &format!(
                "is of a kind that cannot be used: {kind}\n\
                 hint: a key is RSA with 2048 to 4096 bits, P-256, P-384 or Ed25519: --cert needs a \
                 certificate for such a one"
            ),
        );
    }
    made.openssl("rsa -in short.key -traditional -out pkcs1.key");
    fs::copy(made.folder().join("short.crt"), made.folder().join("pkcs1.crt"))
        .expect("it is there");
    let own = Identity::in_folder(made.folder(), "pkcs1");
    assert!(fs::read_to_string(own.key()).expect("text").contains("BEGIN RSA PRIVATE KEY"));
    let (ca, files) = (made.file(), ["--cert", own.certificate(), "--key", own.key()]);
    let output = publisher().run([&MESSAGE[..], &["--cafile", &ca], &files].concat());
    output.assert_code(1);
    assert!(output.stderr().contains("cannot be used: RSA with 1024 bits\n"), "{output:?}");
}

#[test]
fn a_certificate_under_its_old_name_is_read_and_one_with_trust_is_told() {
    let made = OldAuthority::new("ours");
    let server = made.self_signed("server", "localhost");
    let broker = Mosquitto::builder().tls(&server).start();
    let port = broker.port().to_string();
    let pem = fs::read_to_string(server.certificate()).expect("text");
    let (old, folder) = (made.folder().join("old.pem"), made.folder().join("folder"));
    fs::write(&old, pem.replace(" CERTIFICATE-", " X509 CERTIFICATE-")).expect("it is written");
    fs::create_dir(&folder).expect("a folder");
    fs::copy(&old, folder.join("old.pem")).expect("it is there");
    for trust in [("--cafile", &old), ("--capath", &folder)] {
        let trust = [trust.0, trust.1.to_str().expect("plain")];
        let words = [&["-h", "localhost", "-p", &port], &MESSAGE[..], &trust].concat();
        publisher().run(words).assert_code(0);
    }
    made.openssl("x509 -in server.crt -trustout -addtrust serverAuth -out trusted.pem");
    let trusted = made.folder().join("trusted.pem");
    let trusted = trusted.to_str().expect("plain");
    let output = publisher().run([&MESSAGE[..], &["--cafile", trusted]].concat());
    output.assert_code(1);
    let expected = format!(
        "error: a certificate in '{trusted}' (--cafile) is in a form that is not read here: \
         TRUSTED CERTIFICATE\nhint: 'openssl x509 -in FILE -out NEW' makes one that works\n"
    );
    assert_eq!(output.stderr(), expected);
}
