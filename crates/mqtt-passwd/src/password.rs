//! A password: bytes that are wiped when dropped and never shown.

use mqtt_core::limit::MAX_FIELD;
use mqtt_core::secret::Secret;
use zeroize::Zeroizing;

/// Characters of generated passwords: 5 bits each. Without l and o, 0 and 1, and in lower case only,
/// so that they can be read out.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How many of them a password has.
const GENERATED_LENGTH: usize = 26;

/// A password that a client could send.
#[derive(Debug)]
pub struct Password(Secret);

impl Password {
    /// Takes the bytes over; they are wiped with the password, or at once where it is refused.
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, PasswordError> {
        if bytes.len() > MAX_FIELD {
            return Err(PasswordError::TooLong);
        }
        if bytes.contains(&0) {
            return Err(PasswordError::Nul);
        }
        Ok(Self(Secret::from(bytes)))
    }

    /// The same for a password that a broker could let somebody in with.
    pub(crate) fn not_empty(bytes: Zeroizing<Vec<u8>>) -> Result<Self, PasswordError> {
        if bytes.is_empty() {
            return Err(PasswordError::Empty);
        }
        Self::new(bytes)
    }

    /// A copy of what somebody has written down.
    pub(crate) fn from_text(text: &[u8]) -> Result<Self, PasswordError> {
        Self::not_empty(Zeroizing::new(text.to_vec()))
    }

    /// One that nobody can guess: 130 random bits.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new(vec![0; GENERATED_LENGTH]);
        getrandom::fill(&mut bytes)?;
        for byte in bytes.iter_mut() {
            // 256 is a multiple of 32: no character is more likely than another.
            *byte = ALPHABET[usize::from(*byte) % ALPHABET.len()];
        }
        Ok(Self(Secret::from(bytes)))
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// Whether there is nothing in it: a password no broker lets a client in with.
    pub(crate) fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

/// Why bytes are no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was given.
    #[error("the password is empty: no broker lets a client in with an empty password")]
    Empty,
    /// Brokers compare up to the first NUL, so that shorter passwords would fit as well.
    #[error("the password contains a NUL byte, at which brokers stop reading")]
    Nul,
    /// Longer than MQTT can carry.
    #[error("the password is longer than {MAX_FIELD} bytes")]
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
        assert!(password(&vec![b'x'; MAX_FIELD]).is_ok());
        let error = password(&vec![b'x'; MAX_FIELD + 1]).unwrap_err();
        assert_eq!(error, PasswordError::TooLong);
    }

    #[test]
    fn a_password_with_a_nul_byte_is_refused() {
        assert_eq!(password(b"a\0b").unwrap_err(), PasswordError::Nul);
    }

    #[test]
    fn a_generated_one_has_130_bits_in_letters_that_cannot_be_confused() {
        let mut seen = [false; 256];
        for _ in 0..200 {
            let password = Password::generate().unwrap();
            assert_eq!(password.as_bytes().len() * 5, 130);
            assert_ne!(password.as_bytes(), Password::generate().unwrap().as_bytes());
            password.as_bytes().iter().for_each(|&byte| seen[usize::from(byte)] = true);
        }
        let used: Vec<u8> = (0..=255).filter(|&byte| seen[usize::from(byte)]).collect();
        assert_eq!(used, b"23456789abcdefghijkmnpqrstuvwxyz");
    }

    #[test]
    fn debug_does_not_show_it() {
        assert!(!format!("{:?}", password(b"secret").unwrap()).contains("secret"));
    }
}
