//! DER (X.690), as far as certificates and keys need to be looked into.

use x509_parser::asn1_rs::{Any, FromDer};

/// The elements of a sequence.
pub(super) fn elements(sequence: &[u8]) -> Option<Vec<Any<'_>>> {
    let (_, sequence) = Any::from_der(sequence).ok()?;
    let mut rest = sequence.data;
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (behind, element) = Any::from_der(rest).ok()?;
        elements.push(element);
        rest = behind;
    }
    Some(elements)
}

/// How many bits a number that is not negative has.
pub(super) fn bits(number: &Any<'_>) -> usize {
    let zeros = number.data.iter().take_while(|byte| **byte == 0).count();
    let digits = number.data.get(zeros..).unwrap_or_default();
    let idle = digits.first().map_or(0, |first| first.leading_zeros());
    digits.len() * 8 - usize::try_from(idle).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_bits_that_it_needs() {
        for (number, expected) in [
            (&b"\x02\x01\x00"[..], 0),
            (b"\x02\x01\x01", 1),
            (b"\x02\x02\x00\x80", 8),
            (b"\x02\x02\x01\x00", 9),
        ] {
            assert_eq!(bits(&Any::from_der(number).unwrap().1), expected, "{number:?}");
        }
    }

    #[test]
    fn what_is_cut_has_no_elements() {
        let sequence = b"\x30\x06\x02\x01\x07\x04\x01x";
        let data: Vec<_> = elements(sequence).unwrap().iter().map(|it| it.data).collect();
        assert_eq!(data, [b"\x07", b"x"]);
        assert!(elements(b"\x30\x05\x02\x01\x07\x04\x01").is_none());
    }
}
