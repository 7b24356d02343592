//! A password: bytes that are wiped when dropped and never shown.

use mqtt_core::secret::Secret;
use zeroize::Zeroizing;

/// The largest password MQTT can carry, in bytes (MQTT 3.1.1 §1.5.3: a two-byte length).
pub(crate) const MAX_LENGTH: usize = 65_535;

/// A password that a client could send.
#[derive(Debug)]
pub(crate) struct Password(Secret);

impl Password {
    /// Takes the bytes over; they are wiped with the password, or at once where it is refused.
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, PasswordError> {
        if bytes.len() > MAX_LENGTH {
            return Err(PasswordError::TooLong);
        }
        if bytes.contains(&0) {
            return Err(PasswordError::Nul);
        }
        Ok(Self(Secret::from(bytes)))
    }

    /// The bytes to hash.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// Whether there is nothing in it: a password no broker lets a client in with.
    pub(crate) fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

/// Why bytes are no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordError {
    /// Nothing was given.
    #[error("the password is empty: no broker lets a client in with an empty password")]
    Empty,
    /// Brokers compare up to the first NUL, so that shorter passwords would fit as well.
    #[error("the password contains a NUL byte, at which brokers stop reading")]
    Nul,
    /// Longer than MQTT can carry.
    #[error("the password is longer than {MAX_LENGTH} bytes")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(bytes: &[u8]) -> Result<Password, PasswordError> {
        Password::new(Zeroizing::new(bytes.to_vec()))
    }

    #[test]
    fn a_password_is_as_long_as_mqtt_can_carry() {
        assert!(password(&vec![b'x'; MAX_LENGTH]).is_ok());
        let error = password(&vec![b'x'; MAX_LENGTH + 1]).unwrap_err();
        assert_eq!(error, PasswordError::TooLong);
    }

    #[test]
    fn a_password_with_a_nul_byte_is_refused() {
        assert_eq!(password(b"a\0b").unwrap_err(), PasswordError::Nul);
    }

    #[test]
    fn debug_does_not_show_it() {
        assert!(!format!("{:?}", password(b"secret").unwrap()).contains("secret"));
    }
}
