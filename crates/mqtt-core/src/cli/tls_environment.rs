//! What the environment says about TLS. Only our own names listen to it: the originals do not.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::invocation::Behaviour;
use crate::secret::Secret;

/// Variables that stand where an option is missing; an empty one says nothing.
#[derive(Debug, Default)]
pub(super) struct TlsEnvironment {
    /// `MQTT_KEY_PASSWORD`: the passphrase of `--key`.
    pub(super) key_password: Option<Secret>,
    /// `SSLKEYLOGFILE`: `--tls-keylog`, as browsers and other tools know it.
    pub(super) key_log: Option<PathBuf>,
}

impl TlsEnvironment {
    /// What `variable` gives by name, for a tool that behaves like this.
    pub(super) fn read(behaviour: Behaviour, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        if behaviour == Behaviour::Original {
            return Self::default();
        }
        let value = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            key_password: value("MQTT_KEY_PASSWORD").map(|word| Secret::new(word.into_vec())),
            key_log: value("SSLKEYLOGFILE").map(PathBuf::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(behaviour: Behaviour, value: &str) -> TlsEnvironment {
        TlsEnvironment::read(behaviour, |name| Some(format!("{value}{name}").into()))
    }

    #[test]
    fn our_own_name_listens_and_the_originals_does_not() {
        let own = read(Behaviour::Own, "a ");
        assert_eq!(own.key_password, Some(Secret::new(b"a MQTT_KEY_PASSWORD".to_vec())));
        assert_eq!(own.key_log, Some("a SSLKEYLOGFILE".into()));
        let linked = read(Behaviour::Original, "a ");
        assert_eq!((linked.key_password, linked.key_log), (None, None));
    }

    #[test]
    fn what_is_empty_says_nothing() {
        let empty = TlsEnvironment::read(Behaviour::Own, |_| Some(OsString::new()));
        assert_eq!((empty.key_password, empty.key_log), (None, None));
    }
}
