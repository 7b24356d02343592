//! Certificates for TLS.
//!
//! Those of today are made by rcgen; those of twenty years ago by the commands that people use for
//! them: `openssl req -x509`, and the ones in mosquitto-tls(7).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tempfile::TempDir;

/// A certificate and its key, as PEM files.
#[derive(Clone, Debug)]
pub struct Identity {
    certificate: PathBuf,
    key: PathBuf,
}

impl Identity {
    /// The two in a folder, called `name.crt` and `name.key`.
    #[must_use]
    pub fn in_folder(folder: &Path, name: &str) -> Self {
        let file = |ending| folder.join(format!("{name}.{ending}"));
        Self { certificate: file("crt"), key: file("key") }
    }

    /// The path of the certificate.
    #[must_use]
    pub fn certificate(&self) -> &str {
        text(&self.certificate)
    }

    /// The path of the key.
    #[must_use]
    pub fn key(&self) -> &str {
        text(&self.key)
    }

    fn written(self, certificate: &str, key: &str) -> Self {
        fs::write(&self.certificate, certificate).unwrap();
        fs::write(&self.key, key).unwrap();
        self
    }
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Now.
    Now,
    /// Until the end of 2001.
    Past,
    /// From the year 3000 on.
    Future,
}

/// An authority, and those that it vouches for. Its files go with it.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// An authority of this name, with a key that nobody else has.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.crt"), certificate.pem()).unwrap();
        Self { folder, issuer: Issuer::new(params, key) }
    }

    /// Its folder: `ca.crt`, and what it has made.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of its certificate.
    #[must_use]
    pub fn file(&self) -> String {
        text(&self.folder().join("ca.crt")).to_owned()
    }

    /// A server's certificate for these names and addresses.
    #[must_use]
    pub fn server(&self, names: &[&str], validity: Validity) -> Identity {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.not_before, params.not_after) = match validity {
            Validity::Now => (date_time_ymd(2000, 1, 1), date_time_ymd(3000, 1, 1)),
            Validity::Past => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 12, 31)),
            Validity::Future => (date_time_ymd(3000, 1, 1), date_time_ymd(3001, 1, 1)),
        };
        self.signed("server", &params)
    }

    /// A client's certificate.
    #[must_use]
    pub fn client(&self, name: &str) -> Identity {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.signed("client", &params)
    }

    fn signed(&self, name: &str, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let identity = Identity::in_folder(self.folder(), name);
        identity.written(&certificate.pem(), &key.serialize_pem())
    }
}

/// Certificates of old forms, made in a folder that goes with this: X.509 v1, and the name in the
/// common name only.
#[derive(Debug)]
pub struct OldAuthority {
    folder: TempDir,
}

impl OldAuthority {
    /// `ca.crt` and `ca.key`, as in mosquitto-tls(7); the name is the subject's common name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = Self { folder };
        made.openssl(&format!(
            "req -new -x509 -days 3650 -extensions v3_ca -nodes -subj /CN={name} \
             -keyout ca.key -out ca.crt"
        ));
        made
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of its certificate.
    #[must_use]
    pub fn file(&self) -> String {
        text(&self.folder().join("ca.crt")).to_owned()
    }

    /// A certificate of X.509 v1 for this common name, as in mosquitto-tls(7); files called `file`.
    #[must_use]
    pub fn identity(&self, file: &str, common_name: &str) -> Identity {
        self.issued_by("ca", file, common_name)
    }

    /// The same from the one whose files are called `issuer`.
    #[must_use]
    pub fn issued_by(&self, issuer: &str, file: &str, common_name: &str) -> Identity {
        self.request(file, common_name);
        self.openssl(&format!(
            "x509 -req -in {file}.csr -CA {issuer}.crt -CAkey {issuer}.key -CAcreateserial \
             -out {file}.crt -days 3650"
        ));
        Identity::in_folder(self.folder(), file)
    }

    /// A certificate of X.509 v1 with dates.
    #[must_use]
    pub fn identity_valid(&self, file: &str, common_name: &str, validity: Validity) -> Identity {
        let (start, end) = match validity {
            Validity::Now => ("20000101000000Z", "30000101000000Z"),
            Validity::Past => ("20000101000000Z", "20011231000000Z"),
            Validity::Future => ("30000101000000Z", "30010101000000Z"),
        };
        self.request(file, common_name);
        let configuration = "[ca]\ndefault_ca = d\n[d]\ndatabase = index\nserial = serial\n\
             new_certs_dir = .\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n";
        for (name, content) in [("ca.conf", configuration), ("index", ""), ("serial", "01\n")] {
            fs::write(self.folder().join(name), content).unwrap();
        }
        self.openssl(&format!(
            "ca -batch -notext -config ca.conf -cert ca.crt -keyfile ca.key -startdate {start} \
             -enddate {end} -in {file}.csr -out {file}.crt"
        ));
        Identity::in_folder(self.folder(), file)
    }

    /// A certificate of today's form for this common name, with extensions in the words of OpenSSL's
    /// configuration, from the authority whose files are called `issuer`.
    #[must_use]
    pub fn identity_with(
        &self,
        file: &str,
        common_name: &str,
        issuer: &str,
        extensions: &str,
    ) -> Identity {
        self.request(file, common_name);
        fs::write(self.folder().join("extensions"), extensions).unwrap();
        self.openssl(&format!(
            "x509 -req -in {file}.csr -CA {issuer}.crt -CAkey {issuer}.key -CAcreateserial \
             -out {file}.crt -days 3650 -extfile extensions"
        ));
        Identity::in_folder(self.folder(), file)
    }

    /// The certificate of `leaf` with that of its issuer behind it, as a server shows them.
    #[must_use]
    pub fn chain(&self, leaf: &Identity, issuer: &Identity) -> Identity {
        let chain = [leaf, issuer].map(|it| fs::read_to_string(it.certificate()).unwrap());
        fs::write(self.folder().join("chain.crt"), chain.concat()).unwrap();
        fs::copy(leaf.key(), self.folder().join("chain.key")).unwrap();
        Identity::in_folder(self.folder(), "chain")
    }

    /// A certificate that signed itself, of the form that `openssl req -x509` gives.
    #[must_use]
    pub fn self_signed(&self, file: &str, common_name: &str) -> Identity {
        self.openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={common_name} \
             -keyout {file}.key -out {file}.crt"
        ));
        Identity::in_folder(self.folder(), file)
    }

    /// The same certificate with its last byte, which belongs to the signature, changed.
    #[must_use]
    pub fn forged(&self, identity: &Identity) -> Identity {
        self.openssl(&format!("x509 -in {} -outform DER -out forged.der", identity.certificate()));
        let der = self.folder().join("forged.der");
        let mut bytes = fs::read(&der).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&der, bytes).unwrap();
        self.openssl("x509 -in forged.der -inform DER -out forged.crt");
        fs::copy(identity.key(), self.folder().join("forged.key")).unwrap();
        Identity::in_folder(self.folder(), "forged")
    }

    fn request(&self, file: &str, common_name: &str) {
        self.openssl(&format!("genrsa -out {file}.key 2048"));
        self.openssl(&format!("req -new -subj /CN={common_name} -key {file}.key -out {file}.csr"));
    }

    /// Runs `openssl` in the folder, with the words of a line.
    pub fn openssl(&self, line: &str) {
        let output = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(self.folder())
            .output()
            .expect("openssl is installed; `cargo xtask test` does it");
        assert!(
            output.status.success(),
            "openssl {line}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}
