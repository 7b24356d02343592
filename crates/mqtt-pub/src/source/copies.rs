//! Each payload several times, once for each topic.

use mqtt_core::payload::Payload;

/// The copies of the last payload; they share its bytes.
#[derive(Debug)]
pub(super) struct Copies {
    /// Of each payload, at least 1.
    wanted: usize,
    /// `None` where one is wanted.
    payload: Option<Payload>,
    /// How many were given out, the payload itself among them.
    given: usize,
    /// How many of them are done with.
    completed: usize,
}

impl Copies {
    pub(super) fn new(wanted: usize) -> Self {
        let wanted = wanted.max(1);
        Self { wanted, payload: None, given: wanted, completed: 0 }
    }

    /// A payload is given out for the first time.
    #[inline]
    pub(super) fn begin(&mut self, payload: &Payload) {
        if self.wanted > 1 {
            self.payload = Some(payload.clone());
            self.given = 1;
        }
    }

    /// The next copy of it, and how many there were before.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(Payload, usize)> {
        let payload = self.payload.as_ref().filter(|_| self.given < self.wanted)?;
        self.given += 1;
        Some((payload.clone(), self.given - 1))
    }

    /// Whether there is one.
    pub(super) fn are_due(&self) -> bool {
        self.payload.is_some() && self.given < self.wanted
    }

    /// A copy is done with. Whether that was the last one of a payload.
    pub(super) fn complete(&mut self) -> bool {
        self.completed += 1;
        let all = self.completed >= self.wanted;
        if all {
            self.completed = 0;
        }
        all
    }

    /// So many copies are to be given out once more, of payloads that are all the same. How many
    /// payloads are to be begun once more for that.
    pub(super) fn take_back(&mut self, count: u64) -> u64 {
        let wanted = self.wanted as u64;
        let to_come = (self.wanted - self.given) as u64 + count;
        let rest = usize::try_from(to_come % wanted).unwrap_or_default();
        self.given = self.wanted - rest;
        self.completed = if rest == 0 { 0 } else { self.given };
        to_come / wanted
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn payload() -> Payload {
        Payload::Memory(Bytes::from_static(b"x"))
    }

    fn rest(copies: &mut Copies) -> Vec<usize> {
        std::iter::from_fn(|| copies.next()).map(|(_, before)| before).collect()
    }

    #[test]
    fn a_payload_is_given_out_as_often_as_it_is_wanted() {
        let (mut one, mut three) = (Copies::new(1), Copies::new(3));
        one.begin(&payload());
        assert!(rest(&mut one).is_empty());
        assert!(one.complete() && one.complete());
        for _ in 0..2 {
            three.begin(&payload());
            assert_eq!(rest(&mut three), [1, 2]);
            assert_eq!(
                [three.complete(), three.complete(), three.complete()],
                [false, false, true]
            );
        }
    }

    #[test]
    fn copies_that_are_taken_back_come_once_more() {
        let mut copies = Copies::new(3);
        copies.begin(&payload());
        assert_eq!(rest(&mut copies), [1, 2]);
        assert_eq!(copies.take_back(2), 0);
        assert_eq!(rest(&mut copies), [1, 2]);
        // Two of the last payload, of which all but one had come, and all of the one before.
        assert_eq!(copies.take_back(1), 0);
        assert_eq!(copies.take_back(4), 1);
        assert_eq!(rest(&mut copies), [1, 2]);
        assert_eq!(copies.take_back(3), 1);
        assert!(rest(&mut copies).is_empty());
        assert_eq!(Copies::new(1).take_back(5), 5);
        assert_eq!(Copies::new(2).take_back(0), 0);
    }
}
