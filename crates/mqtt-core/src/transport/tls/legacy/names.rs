//! Whom a certificate is for.

use std::net::IpAddr;

use rustls::pki_types::ServerName;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

/// The names and addresses of a certificate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    hosts: Vec<String>,
    addresses: Vec<IpAddr>,
    /// The subject's common names. They count only where no host is named otherwise (RFC 6125 §6.4.4).
    common: Vec<String>,
}

impl Names {
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let mut names = Self::default();
        if let Ok(Some(alternative)) = certificate.subject_alternative_name() {
            for name in &alternative.value.general_names {
                match name {
                    GeneralName::DNSName(host) => names.hosts.push((*host).to_owned()),
                    GeneralName::IPAddress(bytes) => names.addresses.extend(address(bytes)),
                    _ => {}
                }
            }
        }
        let common = certificate.subject().iter_common_name();
        names.common = common.filter_map(|name| name.as_str().ok()).map(str::to_owned).collect();
        names
    }

    /// Whether hosts have only common names.
    pub(super) fn only_common(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Whether the broker that was asked for is one of them.
    pub(super) fn have(&self, name: &ServerName<'_>) -> bool {
        match name {
            ServerName::IpAddress(asked) => {
                let asked = IpAddr::from(*asked);
                if self.only_common() && self.addresses.is_empty() {
                    self.common.iter().any(|name| name.parse() == Ok(asked))
                } else {
                    self.addresses.contains(&asked)
                }
            }
            ServerName::DnsName(asked) => {
                let hosts = if self.only_common() { &self.common } else { &self.hosts };
                hosts.iter().any(|host| matches(host, asked.as_ref()))
            }
            _ => false,
        }
    }

    /// As they are told to the user.
    pub(super) fn shown(&self) -> Vec<String> {
        let hosts = if self.only_common() { &self.common } else { &self.hosts };
        let addresses = self.addresses.iter().map(IpAddr::to_string);
        hosts.iter().cloned().chain(addresses).collect()
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// Whether `asked` is the host that a certificate calls `host`. An asterisk stands for the whole of
/// the first label, and only where two more follow (RFC 6125 §6.4.3).
fn matches(host: &str, asked: &str) -> bool {
    let asked = asked.strip_suffix('.').unwrap_or(asked);
    match host.strip_prefix("*.") {
        None => !host.contains('*') && host.eq_ignore_ascii_case(asked),
        Some(domain) => asked.split_once('.').is_some_and(|(first, rest)| {
            !first.is_empty() && domain.contains('.') && domain.eq_ignore_ascii_case(rest)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn have(names: &Names, asked: &str) -> bool {
        names.have(&ServerName::try_from(asked.to_owned()).unwrap())
    }

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_host_is_matched_whole_or_by_an_asterisk_for_its_first_label() {
        for (host, asked, expected) in [
            ("broker.example.org", "Broker.Example.ORG", true),
            ("broker.example.org", "broker.example.org.", true),
            ("broker.example.org", "x.broker.example.org", false),
            ("*.example.org", "broker.example.org", true),
            ("*.example.org", "a.broker.example.org", false),
            ("*.example.org", "example.org", false),
            ("*.org", "example.org", false),
            ("*", "localhost", false),
            ("b*.example.org", "broker.example.org", false),
            ("broker.*.org", "broker.example.org", false),
            ("", "localhost", false),
        ] {
            assert_eq!(matches(host, asked), expected, "{host} {asked}");
        }
    }

    #[test]
    fn common_names_count_only_where_no_host_is_named_otherwise() {
        let common = strings(&["broker.example", "192.0.2.1"]);
        let old = Names { common: common.clone(), ..Names::default() };
        assert!(have(&old, "broker.example") && have(&old, "192.0.2.1"));
        assert!(!have(&old, "other.example") && !have(&old, "192.0.2.2"));
        let hosts = strings(&["other.example"]);
        let new = Names { hosts, addresses: Vec::new(), common };
        assert!(have(&new, "other.example"));
        assert!(!have(&new, "broker.example") && !have(&new, "192.0.2.1"));
        assert_eq!(new.shown(), ["other.example"]);
    }

    #[test]
    fn beside_addresses_a_common_name_is_a_host_but_no_address() {
        let addresses = vec!["192.0.2.2".parse().unwrap()];
        let common = strings(&["broker.example", "192.0.2.1"]);
        let names = Names { addresses, common, ..Names::default() };
        assert!(have(&names, "broker.example") && have(&names, "192.0.2.2"));
        assert!(!have(&names, "192.0.2.1"));
        assert_eq!(names.shown(), ["broker.example", "192.0.2.1", "192.0.2.2"]);
    }

    #[test]
    fn an_address_is_not_a_host_name() {
        let hosts = strings(&["192.0.2.1"]);
        let names = Names { hosts, addresses: vec!["192.0.2.2".parse().unwrap()], common: vec![] };
        assert!(!have(&names, "192.0.2.1") && have(&names, "192.0.2.2"));
        assert_eq!(address(&[192, 0, 2, 2]), Some("192.0.2.2".parse().unwrap()));
        assert_eq!(address(&[0; 5]), None);
    }
}
