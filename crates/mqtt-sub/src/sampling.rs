//! A part of the messages, chosen by chance (`--random-filter`).

use fastrand::Rng;
use mqtt_core::invocation::Behaviour;

/// Shows each message with the same chance.
#[derive(Clone, Debug)]
pub(crate) struct Sampling {
    /// From 0 to 1.
    share: f64,
    random: Rng,
}

/// The smallest value of the option.
pub(crate) const LEAST: f64 = 0.1;

/// The largest value of the option: all messages. The original's arithmetic is off by ten.
pub(crate) fn most(behaviour: Behaviour) -> f64 {
    match behaviour {
        Behaviour::Original => 1000.0,
        Behaviour::Own => 100.0,
    }
}

impl Sampling {
    /// `percent` is the value of the option, from [`LEAST`] to [`most`]. The original counts in
    /// whole tenths of it.
    pub(crate) fn new(behaviour: Behaviour, percent: f64, random: Rng) -> Self {
        let share = match behaviour {
            Behaviour::Original => (percent * 10.0).trunc() / 10_000.0,
            Behaviour::Own => percent / 100.0,
        };
        Self { share, random }
    }

    /// Whether the next message is shown.
    pub(crate) fn shows_next(&mut self) -> bool {
        self.random.f64() < self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of ten thousand messages are shown.
    fn shown(behaviour: Behaviour, percent: f64) -> usize {
        let mut sampling = Sampling::new(behaviour, percent, Rng::with_seed(7));
        (0..10_000).filter(|_| sampling.shows_next()).count()
    }

    #[test]
    fn the_share_is_per_cent_under_our_name_and_a_tenth_of_it_under_the_originals() {
        for (behaviour, percent, expected) in [
            (Behaviour::Own, 100.0, 10_000..=10_000),
            (Behaviour::Own, 50.0, 4_800..=5_200),
            (Behaviour::Own, 0.1, 1..=30),
            (Behaviour::Original, 1000.0, 10_000..=10_000),
            (Behaviour::Original, 100.0, 900..=1_100),
            (Behaviour::Original, 50.0, 430..=570),
            (Behaviour::Original, 0.1, 0..=5),
        ] {
            let shown = shown(behaviour, percent);
            assert!(expected.contains(&shown), "{behaviour:?} {percent}: {shown}");
        }
    }

    #[test]
    fn the_original_counts_in_whole_tenths() {
        let share = |percent| Sampling::new(Behaviour::Original, percent, Rng::new()).share;
        assert_eq!(share(0.19).to_string(), "0.0001");
        assert_eq!(share(999.99).to_string(), "0.9999");
    }
}
