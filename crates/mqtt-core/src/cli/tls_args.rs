//! The options that say how the connection is protected.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{ArgAction, Args};

use super::tls_environment::TlsEnvironment;
use super::value::{self, ValueError};
use super::{Given, UsageError};
use crate::plan::{
    Authentication, Certificates, ClientCertificate, Passphrase, Tls, TlsVersions, Trust,
    Verification,
};
use crate::secret::Secret;

/// Where brokers listen for MQTT in plain, and for MQTT over TLS.
const PLAIN_PORT: u16 = 1883;
const TLS_PORT: u16 = 8883;

/// The longest pre-shared key, in bytes: what OpenSSL takes.
const LONGEST_KEY: usize = 512;

/// The longest name of such a key, in bytes.
const LONGEST_IDENTITY: usize = 255;

/// The longest name of a protocol (RFC 7301 §3.1), in bytes.
const LONGEST_PROTOCOL: usize = 255;

/// How the connection is protected.
#[derive(Args, Debug)]
pub(super) struct TlsArgs {
    /// Use TLS and believe the authorities in FILE (PEM)
    #[arg(long, help_heading = "TLS", value_name = "FILE",
        value_parser = PathBufValueParser::new())]
    cafile: Option<PathBuf>,

    /// Use TLS and believe the authorities in the files of FOLDER (PEM)
    #[arg(long, help_heading = "TLS", value_name = "FOLDER",
        value_parser = PathBufValueParser::new())]
    capath: Option<PathBuf>,

    /// Use TLS and believe the operating system's authorities; port 8883 does the same
    #[arg(long, help_heading = "TLS", action = ArgAction::SetTrue)]
    tls_use_os_certs: bool,

    /// Use TLS and show the broker the certificate in FILE (PEM); needs --key
    #[arg(long, help_heading = "TLS", value_name = "FILE",
        value_parser = PathBufValueParser::new())]
    cert: Option<PathBuf>,

    /// Use the key of --cert in FILE (PEM)
    #[arg(long, help_heading = "TLS", value_name = "FILE",
        value_parser = PathBufValueParser::new())]
    key: Option<PathBuf>,

    /// Take the passphrase of --key from the first line of FILE; without it, it is asked for where
    /// --key is encrypted
    #[arg(long, help_heading = "TLS", value_name = "FILE",
        value_parser = PathBufValueParser::new())]
    key_password_file: Option<PathBuf>,

    /// Read --key in this form: pem [default: pem]
    #[arg(long, help_heading = "TLS", value_name = "FORM", value_parser = key_form())]
    keyform: Option<KeyForm>,

    /// Do not look at the broker's certificate: anyone can pretend to be the broker
    #[arg(long, help_heading = "TLS", action = ArgAction::SetTrue)]
    insecure: bool,

    /// Use this version of TLS or a later one: tlsv1.2 (and newer) or tlsv1.3 [default: tlsv1.2]
    #[arg(long, help_heading = "TLS", value_name = "VERSION", value_parser = tls_versions())]
    tls_version: Option<TlsVersions>,

    /// Allow these cipher suites, by name, with colons between them; without this all that are safe
    #[arg(long, help_heading = "TLS", value_name = "LIST", value_parser = ciphers())]
    ciphers: Option<Box<[String]>>,

    /// Offer this protocol (ALPN), 1 to 255 bytes
    #[arg(long, help_heading = "TLS", value_name = "PROTOCOL", value_parser = protocol())]
    tls_alpn: Option<String>,

    /// Use TLS with this key that the broker has, too: hexadecimal digits; needs --psk-identity
    #[arg(long, help_heading = "TLS", value_name = "KEY", value_parser = pre_shared_key())]
    psk: Option<Secret>,

    /// Say with this text which key --psk is, 1 to 255 bytes
    #[arg(long, help_heading = "TLS", value_name = "IDENTITY", value_parser = identity())]
    psk_identity: Option<String>,

    /// Write the keys of each connection to FILE, for tools that look into it
    #[arg(long, help_heading = "TLS", value_name = "FILE",
        value_parser = PathBufValueParser::new())]
    tls_keylog: Option<PathBuf>,

    /// Not possible: OpenSSL's engines
    #[arg(long, help_heading = "TLS", value_name = "ENGINE", hide = true)]
    tls_engine: Option<String>,

    /// Not possible: OpenSSL's engines
    #[arg(long, help_heading = "TLS", value_name = "SHA1", hide = true,
        value_parser = pass_hash())]
    tls_engine_kpass_sha1: Option<Secret>,

    /// Use no TLS, whatever the other options say
    #[arg(long, help_heading = "TLS", action = ArgAction::SetTrue)]
    no_tls: bool,
}

impl TlsArgs {
    /// The port where none is given. As in the original, `--tls-use-os-certs` does not change it.
    pub(super) fn default_port(&self) -> u16 {
        let by_option = self.cafile.is_some() || self.capath.is_some() || self.psk.is_some();
        if by_option && !self.no_tls { TLS_PORT } else { PLAIN_PORT }
    }

    /// What the options come to, for a broker on `port` (`None`: on a unix socket).
    pub(super) fn plan(
        self,
        given: &Given,
        environment: TlsEnvironment,
        port: Option<u16>,
    ) -> Result<Option<Tls>, UsageError> {
        if let Some(broken) = self.broken_rule().or_else(|| self.broken_psk_rule()) {
            return Err(given.error(broken));
        }
        if self.no_tls {
            return Ok(None);
        }
        if let Some(impossible) = self.impossible() {
            return Err(given.error(impossible));
        }
        if self.is_wanted(port) {
            return Ok(Some(self.tls(environment)));
        }
        if self.tls_keylog.is_some() {
            return Err(given.error(
                "'--tls-keylog' needs TLS: '--cafile', '--capath', '--cert', '--psk', \
                 '--tls-use-os-certs' or port 8883",
            ));
        }
        Ok(None)
    }

    fn is_wanted(&self, port: Option<u16>) -> bool {
        self.tls_use_os_certs
            || self.cafile.is_some()
            || self.capath.is_some()
            || self.cert.is_some()
            || self.psk.is_some()
            || port == Some(TLS_PORT)
    }

    /// Options that cannot stand together, or not alone.
    fn broken_rule(&self) -> Option<&'static str> {
        match (&self.cert, &self.key) {
            (Some(_), None) => return Some("'--cert' needs '--key', the key of the certificate"),
            (None, Some(_)) => return Some("'--key' needs '--cert', the certificate of the key"),
            _ => {}
        }
        if self.key_password_file.is_some() && self.key.is_none() {
            return Some("'--key-password-file' needs '--key', the key that it opens");
        }
        if self.keyform.is_some() && self.key.is_none() {
            return Some("'--keyform' needs '--key'");
        }
        let has_engine = self.tls_engine.is_some() && self.keyform.is_some();
        if self.tls_engine_kpass_sha1.is_some() && !has_engine {
            return Some("'--tls-engine-kpass-sha1' needs '--tls-engine' and '--keyform'");
        }
        None
    }

    fn broken_psk_rule(&self) -> Option<&'static str> {
        self.psk.as_ref()?;
        if self.cafile.is_some() {
            return Some(
                "'--psk' and '--cafile' exclude each other: one of them proves the broker",
            );
        }
        if self.capath.is_some() {
            return Some(
                "'--psk' and '--capath' exclude each other: one of them proves the broker",
            );
        }
        if self.psk_identity.is_none() {
            return Some("'--psk' needs '--psk-identity': the broker finds the key by it");
        }
        None
    }

    /// What cannot be done, though nothing is wrong with the words.
    fn impossible(&self) -> Option<&'static str> {
        if self.tls_engine.is_some() {
            return Some(
                "'--tls-engine' is not possible, there are no OpenSSL engines here: \
                 '--cert' and '--key' take the certificate and its key from files",
            );
        }
        if self.keyform == Some(KeyForm::Engine) {
            return Some(
                "'--keyform engine' is not possible, there are no OpenSSL engines here: \
                 '--key' takes the key from a file",
            );
        }
        if self.psk.is_some() && self.tls_version == Some(TlsVersions::Only13) {
            return Some(
                "'--psk' and '--tls-version tlsv1.3' exclude each other: '--psk' is TLS 1.2",
            );
        }
        None
    }

    fn tls(self, environment: TlsEnvironment) -> Tls {
        Tls {
            authentication: match (&self.psk_identity, &self.psk) {
                (Some(identity), Some(key)) => {
                    Authentication::PreSharedKey { identity: identity.clone(), key: key.clone() }
                }
                _ => Authentication::Certificates(self.certificates(environment.key_password)),
            },
            ciphers: self.ciphers,
            alpn: self.tls_alpn,
            key_log: self.tls_keylog.or(environment.key_log),
        }
    }

    fn certificates(&self, key_password: Option<Secret>) -> Certificates {
        let client = self.cert.clone().zip(self.key.clone());
        let passphrase = match (&self.key_password_file, key_password) {
            (Some(file), _) => Passphrase::File(file.clone()),
            (None, Some(password)) => Passphrase::Known(password),
            (None, None) => Passphrase::Terminal,
        };
        Certificates {
            trust: self.trust(),
            client: client.map(|(chain, key)| ClientCertificate { chain, key, passphrase }),
            versions: self.tls_version.unwrap_or(TlsVersions::From12),
            verification: if self.insecure { Verification::Off } else { Verification::Full },
        }
    }

    /// Who is believed: the system also where nobody else is named.
    fn trust(&self) -> Vec<Trust> {
        let file = self.cafile.clone().map(Trust::File);
        let folder = self.capath.clone().map(Trust::Folder);
        let mut trust: Vec<_> = file.into_iter().chain(folder).collect();
        if self.tls_use_os_certs || trust.is_empty() {
            trust.push(Trust::System);
        }
        trust
    }
}

/// What the word of `--key` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyForm {
    /// The path of a PEM file.
    Pem,
    /// The name of a key that an OpenSSL engine has.
    Engine,
}

fn key_form() -> impl TypedValueParser<Value = KeyForm> {
    let parse = |word: OsString| match lower_case(&word).as_str() {
        "pem" => Ok(KeyForm::Pem),
        "engine" => Ok(KeyForm::Engine),
        _ => Err(ValueError::new("it is pem")),
    };
    value::listed(&["pem"], value::from_words(parse))
}

fn tls_versions() -> impl TypedValueParser<Value = TlsVersions> {
    let parse = |word: OsString| match lower_case(&word).as_str() {
        "tlsv1.2" => Ok(TlsVersions::From12),
        "tlsv1.3" => Ok(TlsVersions::Only13),
        _ => Err(ValueError::new("it is one of tlsv1.2, tlsv1.3")),
    };
    value::listed(&["tlsv1.2", "tlsv1.3"], value::from_words(parse))
}

fn lower_case(word: &std::ffi::OsStr) -> String {
    word.to_string_lossy().to_ascii_lowercase()
}

/// Names with what OpenSSL allows between them.
fn ciphers() -> impl TypedValueParser<Value = Box<[String]>> {
    value::from_words(|word| {
        let text = word.to_str().ok_or_else(|| ValueError::new("it is not UTF-8"))?;
        let names = text.split([':', ',', ' ']).filter(|name| !name.is_empty());
        let names: Box<[_]> = names.map(str::to_owned).collect();
        if names.is_empty() { Err(ValueError::new("it names no cipher suite")) } else { Ok(names) }
    })
}

fn protocol() -> impl TypedValueParser<Value = String> {
    value::from_words(|word| match word.into_string() {
        Ok(name) if (1..=LONGEST_PROTOCOL).contains(&name.len()) => Ok(name),
        _ => Err(ValueError::new("UTF-8 text of 1 to 255 bytes is wanted")),
    })
}

/// What OpenSSL takes: its buffer holds so much, and an end in it.
fn identity() -> impl TypedValueParser<Value = String> {
    value::from_words(|word| match word.into_string() {
        Ok(name) if (1..=LONGEST_IDENTITY).contains(&name.len()) && !name.contains('\0') => {
            Ok(name)
        }
        _ => Err(ValueError::new("UTF-8 text of 1 to 255 bytes is wanted")),
    })
}

/// Hexadecimal digits. Of an odd number of them the first is a byte by itself, as in the original.
fn pre_shared_key() -> impl TypedValueParser<Value = Secret> {
    value::concealed(|word| {
        let digits = Secret::new(word.into_vec());
        let (first, rest) = digits.expose().split_at(digits.expose().len() % 2);
        let bytes = [first].into_iter().filter(|first| !first.is_empty()).chain(rest.chunks(2));
        let key: Option<Vec<u8>> = bytes.map(byte).collect();
        key.filter(|key| (1..=LONGEST_KEY).contains(&key.len()))
            .map(Secret::new)
            .ok_or_else(|| ValueError::new("1 to 1024 hexadecimal digits are wanted, without 0x"))
    })
}

/// The SHA-1 hash of a pass phrase.
fn pass_hash() -> impl TypedValueParser<Value = Secret> {
    value::concealed(|word: OsString| {
        let digits = Secret::new(word.into_vec());
        let is_hash =
            digits.expose().len() == 40 && digits.expose().iter().all(u8::is_ascii_hexdigit);
        if is_hash { Ok(digits) } else { Err(ValueError::new("40 hexadecimal digits are wanted")) }
    })
}

fn byte(digits: &[u8]) -> Option<u8> {
    std::str::from_utf8(digits).ok().and_then(value::byte_of_hex)
}
