use std::path::PathBuf;

use super::{error, error_of, linked_route, route};
use crate::plan::{
    Authentication, Certificates, ClientCertificate, Endpoint, Passphrase, Tls, TlsVersions, Trust,
    Verification,
};
use crate::secret::Secret;

fn tls(line: &str) -> Tls {
    let tls = route(line).tls.unwrap_or_else(|| panic!("{line}: no TLS"));
    assert_eq!(linked_route(line).tls.as_ref(), Some(&tls));
    tls
}

fn certificates(line: &str) -> Certificates {
    match tls(line).authentication {
        Authentication::Certificates(certificates) => certificates,
        other @ Authentication::PreSharedKey { .. } => panic!("{line}: {other:?}"),
    }
}

fn port(line: &str) -> u16 {
    match route(line).candidates[..] {
        [Endpoint::Tcp { port, .. }] => port,
        ref other => panic!("{line}: {other:?}"),
    }
}

fn file(path: &str) -> Trust {
    Trust::File(PathBuf::from(path))
}

fn folder(path: &str) -> Trust {
    Trust::Folder(PathBuf::from(path))
}

#[test]
fn who_is_believed() {
    for (line, trust) in [
        ("--cafile c", vec![file("c")]),
        ("--cafile b --cafile=c", vec![file("c")]),
        ("--capath d", vec![folder("d")]),
        ("--cafile c --capath d", vec![file("c"), folder("d")]),
        ("--tls-use-os-certs", vec![Trust::System]),
        ("--tls-use-os-certs --cafile c", vec![file("c"), Trust::System]),
        ("-p 8883", vec![Trust::System]),
        ("-p 8883 --cafile c", vec![file("c")]),
        ("--cert c --key k", vec![Trust::System]),
    ] {
        assert_eq!(certificates(line).trust, trust, "{line}");
    }
}

#[test]
fn no_other_option_switches_it_on() {
    for line in [
        "-p 1883",
        "-p 8884",
        "--insecure",
        "--tls-version tlsv1.3",
        "--tls-alpn mqtt",
        "--ciphers A",
        "--psk-identity i",
        "-p 8883 --unix /run/s",
        "--ws",
    ] {
        assert_eq!(route(line).tls, None, "{line}");
    }
}

#[test]
fn the_default_port() {
    for (line, expected) in [
        ("--cafile c", 8883),
        ("--capath d", 8883),
        ("--psk 00 --psk-identity i", 8883),
        ("--tls-use-os-certs", 1883),
        ("--tls-use-os-certs --cafile c", 8883),
        ("--cert c --key k", 1883),
        ("--cafile c -p 1884", 1884),
        ("--ws", 1883),
        ("--ws --cafile c", 8883),
        ("--cafile c --no-tls", 1883),
        ("--no-tls --psk 00 --psk-identity i", 1883),
    ] {
        assert_eq!(port(line), expected, "{line}");
    }
}

#[test]
fn no_tls_switches_all_of_it_off() {
    for line in [
        "--no-tls --cafile c",
        "--capath d --no-tls",
        "--no-tls --tls-use-os-certs",
        "--no-tls -p 8883",
        "--no-tls --cert c --key k",
        "--no-tls --psk 00 --psk-identity i",
        "--no-tls --tls-keylog f",
        "--no-tls --tls-engine e",
    ] {
        assert_eq!(route(line).tls, None, "{line}");
    }
}

#[test]
fn a_client_certificate_goes_with_every_trust() {
    let passphrase = Passphrase::Terminal;
    let client = Some(ClientCertificate { chain: "c".into(), key: "k".into(), passphrase });
    for trust in ["", "--cafile a", "--capath a", "--tls-use-os-certs", "-p 8883"] {
        assert_eq!(certificates(&format!("--cert c --key k {trust}")).client, client, "{trust}");
    }
    assert_eq!(certificates("--cert c --key k --keyform PEM").client, client);
}

#[test]
fn the_passphrase_of_a_key_may_be_in_a_file() {
    let passphrase = |line: &str| certificates(line).client.unwrap().passphrase;
    for file in ["--key-password-file f", "--key-password-file=e --key-password-file=f"] {
        let line = format!("--cert c --key k {file}");
        assert_eq!(passphrase(&line), Passphrase::File("f".into()));
    }
    let message = "'--key-password-file' needs '--key', the key that it opens";
    assert_eq!(error("--key-password-file f"), message);
}

#[test]
fn insecure_means_one_thing() {
    assert_eq!(certificates("--cafile c").verification, Verification::Full);
    for more in ["", "--tls-version tlsv1.2", "--ciphers A"] {
        let line = format!("--cafile c --insecure {more}");
        assert_eq!(certificates(&line).verification, Verification::Off, "{line}");
    }
}

#[test]
fn versions_in_either_case() {
    let versions = |line: &str| certificates(&format!("--cafile c {line}")).versions;
    assert_eq!(versions(""), TlsVersions::From12);
    assert_eq!(versions("--tls-version tlsv1.2"), TlsVersions::From12);
    assert_eq!(versions("--tls-version=TLSv1.2"), TlsVersions::From12);
    assert_eq!(versions("--tls-version tlsv1.3"), TlsVersions::Only13);
    assert_eq!(versions("--tls-version tlsv1.2 --tls-version TLSV1.3"), TlsVersions::Only13);
    for bad in ["tlsv1.1", "1.3", "x"] {
        let expected = format!(
            "invalid value '{bad}' for '--tls-version <VERSION>': it is one of tlsv1.2, tlsv1.3"
        );
        assert_eq!(error(&format!("--tls-version {bad}")), expected);
    }
}

#[test]
fn ciphers_are_names_with_something_between_them() {
    let ciphers = |list: &str| tls(&format!("--cafile c --ciphers {list}")).ciphers;
    assert_eq!(tls("--cafile c").ciphers, None);
    assert_eq!(ciphers("A"), Some(["A".to_owned()].into()));
    assert_eq!(ciphers("A:B,C"), Some(["A", "B", "C"].map(str::to_owned).into()));
    let message = "invalid value ':' for '--ciphers <LIST>': it names no cipher suite";
    assert_eq!(error("--ciphers :"), message);
}

#[test]
fn a_protocol_to_offer_has_1_to_255_bytes() {
    let longest = "x".repeat(255);
    assert_eq!(tls("--cafile c --tls-alpn mqtt").alpn.as_deref(), Some("mqtt"));
    let alpn = tls(&format!("--cafile c --tls-alpn {longest}")).alpn;
    assert_eq!(alpn.as_deref(), Some(&*longest));
    for bad in ["", &"x".repeat(256)] {
        let message = error_of(&["--tls-alpn".into(), bad.into()]);
        assert!(message.ends_with("UTF-8 text of 1 to 255 bytes is wanted"), "{message}");
    }
}

#[test]
fn a_key_log_goes_with_every_kind_of_tls() {
    for line in ["--cafile c", "--tls-use-os-certs", "-p 8883", "--psk 00 --psk-identity i"] {
        let key_log = tls(&format!("--tls-keylog f {line}")).key_log;
        assert_eq!(key_log, Some("f".into()), "{line}");
    }
    assert!(error("--tls-keylog f").starts_with("'--tls-keylog' needs TLS: "));
}

#[test]
fn a_pre_shared_key_is_hexadecimal() {
    for (digits, bytes) in [
        ("00", vec![0]),
        ("0001", vec![0, 1]),
        ("deadBEEF", vec![0xde, 0xad, 0xbe, 0xef]),
        ("abc", vec![0x0a, 0xbc]),
        (&"f".repeat(1024), vec![0xff; 512]),
    ] {
        let line = format!("--psk {digits} --psk-identity i");
        let (identity, key) = ("i".to_owned(), Secret::new(bytes));
        let expected = Authentication::PreSharedKey { identity, key };
        assert_eq!(tls(&line).authentication, expected, "{line}");
        let with_more = format!("{line} --tls-use-os-certs -p 8883");
        assert_eq!(tls(&with_more).authentication, expected, "{with_more}");
    }
}

#[test]
fn an_identity_has_1_to_255_bytes() {
    let longest = "x".repeat(255);
    let authentication = tls(&format!("--psk 00 --psk-identity {longest}")).authentication;
    let key = Secret::new(vec![0]);
    assert_eq!(authentication, Authentication::PreSharedKey { identity: longest, key });
    for bad in ["", &"x".repeat(256)] {
        let message = error_of(&["--psk-identity".into(), bad.into()]);
        assert!(message.ends_with("UTF-8 text of 1 to 255 bytes is wanted"), "{message}");
    }
}

#[test]
fn a_key_that_is_none_is_not_shown() {
    for bad in ["", "0xabcd", "abcdeg", "+f", "ab cd", &"f".repeat(1025)] {
        assert_eq!(
            error_of(&["--psk".into(), bad.into(), "--psk-identity".into(), "i".into()]),
            "invalid value '***' for '--psk <KEY>': \
             1 to 1024 hexadecimal digits are wanted, without 0x"
        );
    }
}

#[test]
fn debug_output_does_not_show_the_key() {
    let shown = format!("{:?}", route("--psk abcdef --psk-identity name"));
    assert!(shown.contains("name") && !shown.to_lowercase().contains("abcdef"), "{shown}");
    assert!(!shown.contains("171"), "{shown}");
}

#[test]
fn options_that_cannot_stand_like_this() {
    for (line, message) in [
        ("--cert c", "'--cert' needs '--key', the key of the certificate"),
        ("--key k", "'--key' needs '--cert', the certificate of the key"),
        ("--keyform pem", "'--keyform' needs '--key'"),
        (
            "--tls-engine-kpass-sha1 0123456789012345678901234567890123456789",
            "'--tls-engine-kpass-sha1' needs '--tls-engine' and '--keyform'",
        ),
        (
            "--cafile c --psk 00 --psk-identity i",
            "'--psk' and '--cafile' exclude each other: one of them proves the broker",
        ),
        (
            "--psk 00 --capath d --psk-identity i",
            "'--psk' and '--capath' exclude each other: one of them proves the broker",
        ),
        ("--psk 00", "'--psk' needs '--psk-identity': the broker finds the key by it"),
        (
            "--psk 00 --psk-identity i --tls-version tlsv1.3",
            "'--psk' and '--tls-version tlsv1.3' exclude each other: '--psk' is TLS 1.2",
        ),
        (
            "--tls-engine e",
            "'--tls-engine' is not possible, there are no OpenSSL engines here: \
             '--cert' and '--key' take the certificate and its key from files",
        ),
        (
            "--cert c --key k --keyform Engine",
            "'--keyform engine' is not possible, there are no OpenSSL engines here: \
             '--key' takes the key from a file",
        ),
        ("--cert c --key k --keyform der", "invalid value 'der' for '--keyform <FORM>': it is pem"),
        (
            "--tls-engine-kpass-sha1 0123",
            "invalid value '***' for '--tls-engine-kpass-sha1 <SHA1>': \
             40 hexadecimal digits are wanted",
        ),
    ] {
        assert_eq!(error(line), message, "{line}");
    }
}
