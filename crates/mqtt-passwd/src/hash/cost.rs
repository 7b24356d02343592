//! What a hash is called, what it costs, and what is to be said against that.

use std::fmt;

use super::{Algorithm, Parameters};

/// Fewer than are written by default.
const FEW_ITERATIONS: u32 = 10_000;

/// From here on a login keeps a broker busy for more than a second: 1,000 cost it 0.54 ms.
const MANY_ITERATIONS: u32 = 2_000_000;

impl Algorithm {
    /// As `-H` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Argon2id(_) => "argon2id",
            Self::Pbkdf2Sha512 { .. } => "sha512-pbkdf2",
            Self::Sha512 => "sha512",
        }
    }

    /// What it costs to guess or to log in.
    pub(crate) fn cost(self) -> Cost {
        Cost(self)
    }

    /// What is to be said against its cost, if anything is.
    pub(crate) fn objection(self) -> Option<Objection> {
        match self {
            Self::Sha512 => Some(Objection::Once),
            Self::Pbkdf2Sha512 { iterations } if iterations.get() < FEW_ITERATIONS => {
                Some(Objection::FewIterations)
            }
            Self::Pbkdf2Sha512 { iterations } if iterations.get() > MANY_ITERATIONS => {
                Some(Objection::ManyIterations)
            }
            Self::Argon2id(_) | Self::Pbkdf2Sha512 { .. } => None,
        }
    }
}

/// A cost in words.
#[derive(Clone, Copy)]
pub(crate) struct Cost(Algorithm);

impl fmt::Display for Cost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Algorithm::Argon2id(Parameters { memory, passes, lanes, .. }) => {
                write!(formatter, "{memory} KiB, t={passes}, p={lanes}")
            }
            Algorithm::Pbkdf2Sha512 { iterations } => write!(formatter, "{iterations} iterations"),
            Algorithm::Sha512 => formatter.write_str("once"),
        }
    }
}

/// Why a cost is not a good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Objection {
    /// A default of other tools.
    #[error("weak: fewer than {FEW_ITERATIONS} iterations")]
    FewIterations,
    /// A broker verifies on its only thread.
    #[error("slow: a login keeps the broker busy for more than a second")]
    ManyIterations,
    /// Billions can be tried in a second.
    #[error("weak: quick to guess")]
    Once,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZero;

    #[test]
    fn few_iterations_are_weak_and_many_are_slow() {
        let objection = |count| {
            let iterations = NonZero::new(count).unwrap();
            Algorithm::Pbkdf2Sha512 { iterations }.objection()
        };
        assert_eq!(objection(9_999), Some(Objection::FewIterations));
        assert_eq!((objection(10_000), objection(2_000_000)), (None, None));
        assert_eq!(objection(2_000_001), Some(Objection::ManyIterations));
        assert_eq!(Algorithm::Sha512.objection(), Some(Objection::Once));
        assert_eq!(Algorithm::ARGON2ID.objection(), None);
    }

    #[test]
    fn a_cost_has_its_units() {
        assert_eq!(Algorithm::ARGON2ID.cost().to_string(), "47104 KiB, t=1, p=1");
        assert_eq!(Algorithm::Sha512.cost().to_string(), "once");
    }
}
