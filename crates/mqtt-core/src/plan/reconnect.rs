//! When to connect again.

/// How often to try again where there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// Until a broker was reached for the first time.
    pub first: Retries,
    /// When a connection that stood is lost.
    pub later: Retries,
}

impl Reconnect {
    /// Only a broker that was reached once is worth a second look: for ever then.
    pub const ONCE_REACHED: Self = Self { first: Retries::NONE, later: Retries::Forever };
    /// Any failure is the end.
    pub const NEVER: Self = Self { first: Retries::NONE, later: Retries::NONE };
}

/// How many attempts are made after one has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retries {
    /// So many in a row in which nothing got through.
    Limited(u32),
    /// Any number.
    Forever,
}

impl Retries {
    /// None at all.
    pub const NONE: Self = Self::Limited(0);

    /// Whether there is another one after so many.
    #[must_use]
    pub fn allow_more_than(self, made: u32) -> bool {
        match self {
            Self::Limited(most) => made < most,
            Self::Forever => true,
        }
    }
}
