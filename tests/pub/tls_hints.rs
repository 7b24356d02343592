//! TLS that fails, and the option that cures the case: it depends on those that were given.

use test_support::certificates::{Authority, Identity, OldAuthority, Validity};
use test_support::mosquitto::{Builder, Mosquitto};

use super::publisher;

const MESSAGE: [&str; 6] = ["-t", "t", "-m", "x", "-q", "1"];

fn serving(authority: &Authority) -> Builder {
    Mosquitto::builder().tls(&authority.server(&["localhost"], Validity::Now))
}

/// Fails unless a publish with these options ends with this text.
#[track_caller]
fn assert_refused(broker: &Mosquitto, options: &[&str], told: &str) {
    let port = broker.port().to_string();
    let output =
        publisher().run([&["-h", "localhost", "-p", &port], &MESSAGE[..], options].concat());
    output.assert_code(8);
    assert_eq!(output.stderr(), format!("error: no TLS with localhost:{port}: {told}\n"));
}

#[test]
fn suites_that_leave_out_the_brokers_version_are_named() {
    let authority = Authority::new("ours");
    let file = authority.file();
    let suites_of_12 = ["--cafile", &file, "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"];
    let suites_of_13 = ["--cafile", &file, "--ciphers", "TLS_AES_256_GCM_SHA384"];
    let newest = serving(&authority).line("tls_version tlsv1.3").start();
    assert_refused(
        &newest,
        &suites_of_12,
        "it speaks no version of TLS that we do\n\
         hint: --ciphers leaves out TLS 1.3: it has no suite of it, such as TLS_AES_256_GCM_SHA384",
    );
    let older = serving(&authority).tls_1_2_alone().start();
    assert_refused(
        &older,
        &suites_of_13,
        "it speaks no version of TLS that we do\n\
         hint: --ciphers leaves out TLS 1.2: it has no suite of it, such as \
         ECDHE-RSA-AES256-GCM-SHA384",
    );
}

#[test]
fn what_is_wrong_with_our_certificate_is_told_from_a_wrong_authority() {
    let (servers, clients) = (Authority::new("servers"), OldAuthority::new("clients"));
    let file = servers.file();
    let broker = serving(&servers).require_certificate(&clients.file()).start();
    let for_servers = clients.identity_with("server", "x", "ca", "extendedKeyUsage = serverAuth");
    for (client, told) in [
        (
            clients.identity_valid("past", "x", Validity::Past),
            "Certificate Expired\n\
             hint: --cert needs a new certificate, unless the broker's clock is wrong",
        ),
        (
            clients.identity_valid("future", "x", Validity::Future),
            "Bad Certificate\nhint: the broker's log may say what it has against --cert",
        ),
        (
            for_servers,
            "Unsupported Certificate\n\
             hint: --cert must be a certificate that may be used by clients (extended key usage \
             'clientAuth')",
        ),
    ] {
        let options = ["--cafile", &file, "--cert", client.certificate(), "--key", client.key()];
        assert_refused(&broker, &options, &format!("it does not accept our certificate: {told}"));
    }
}

const NOTHING_IN_COMMON: &str = "it found nothing in common with us (handshake failure)\n\
    hint: a listener for pre-shared keys wants --psk and --psk-identity. Else the broker has only what \
    is not accepted here: suites without ECDHE, or a certificate of the kind RSA-PSS, P-521 or Ed448";

#[test]
fn at_a_listener_for_pre_shared_keys_their_options_are_named() {
    let authority = Authority::new("ours");
    let file = authority.file();
    let broker = Mosquitto::builder().pre_shared_keys(&[("me", "00c0ffee")]).start();
    assert_refused(&broker, &["--cafile", &file], NOTHING_IN_COMMON);
    let suites = ["--cafile", &file, "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256"];
    assert_refused(
        &broker,
        &suites,
        "it found nothing in common with us (handshake failure)\n\
         hint: it may have none of the cipher suites of --ciphers, or none that suits its \
         certificate; a listener for pre-shared keys wants --psk and --psk-identity",
    );
}

#[test]
fn a_broker_with_what_is_not_accepted_is_not_said_to_want_a_certificate() {
    let made = OldAuthority::new("ours");
    for line in [
        "genpkey -algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048 -out pss.key",
        "genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-521 -out p521.key",
        "genpkey -algorithm ed448 -out ed448.key",
    ] {
        made.openssl(line);
    }
    for name in ["pss", "p521", "ed448"] {
        made.openssl(&format!(
            "req -x509 -new -key {name}.key -days 9 -subj /CN=localhost -out {name}.crt"
        ));
        let server = Identity::in_folder(made.folder(), name);
        let broker = Mosquitto::builder().tls(&server).start();
        assert_refused(&broker, &["--cafile", server.certificate()], NOTHING_IN_COMMON);
    }
    let server = made.self_signed("server", "localhost");
    let broker =
        Mosquitto::builder().tls(&server).line("ciphers AES128-SHA").tls_1_2_alone().start();
    assert_refused(&broker, &["--cafile", server.certificate()], NOTHING_IN_COMMON);
}
