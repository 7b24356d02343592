//! Hashes that are not written as they should be, and that brokers take all the same: they read the
//! fields between `$`, and of each no more than they need.

use std::num::NonZero;

use super::stored::Form;
use super::{
    Algorithm, DIGEST_LENGTH, LONG_SALT_LENGTH, SALT_LENGTH, encoded, is_base64_of, is_blank,
};

/// Algorithm, salt and digest of `$6$` and `$7$`, and what is odd about them.
pub(super) fn parse(text: &[u8]) -> Option<(Form, Algorithm, &[u8], &[u8])> {
    let has_its_dollar = text.starts_with(b"$") && !text.starts_with(b"$$");
    let form = if has_its_dollar { Form::Loose } else { Form::Bare };
    let mut fields = text.split(|&byte| byte == b'$').filter(|field| !field.is_empty());
    let algorithm = match fields.next()? {
        b"6" => Algorithm::Sha512,
        b"7" => Algorithm::Pbkdf2Sha512 { iterations: leading_number(fields.next()?)? },
        _ => return None,
    };
    let salt = fields.next()?;
    let salt = base64_of(salt, SALT_LENGTH).or_else(|| base64_of(salt, LONG_SALT_LENGTH))?;
    let digest = base64_of(fields.next()?, DIGEST_LENGTH)?;
    Some((form, algorithm, salt, digest))
}

/// The base64 of so many bytes that a field begins with. Four characters make the next bytes: less
/// than that is read over, whatever it is.
fn base64_of(field: &[u8], length: usize) -> Option<&[u8]> {
    let (text, behind) = field.split_at_checked(encoded(length))?;
    (is_base64_of(text, length) && behind.len() < 4).then_some(text)
}

/// What C's `atoi` makes of a text, if that is more than zero.
fn leading_number(text: &[u8]) -> Option<NonZero<u32>> {
    let blanks = text.iter().take_while(|&&byte| is_blank(byte)).count();
    let text = &text[blanks..];
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    let number = digits.iter().map_while(|digit| char::from(*digit).to_digit(10)).fold(
        0_u64,
        |number, digit| {
            number.saturating_mul(10).saturating_add(u64::from(digit)).min(i64::MAX.unsigned_abs())
        },
    );
    let wrapped = u32::try_from(number & u64::from(u32::MAX)).ok()?;
    NonZero::new(wrapped).filter(|number| i32::try_from(number.get()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Stored};
    use super::*;

    /// Of "p", over 10 iterations.
    const SALT: &str = "QUFBQUFBQUFBQUFB";
    const DIGEST: &str =
        "bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";

    fn form(text: &str) -> Option<Form> {
        assert_eq!(
            Kind::of(text.as_bytes()) == Kind::Hash,
            Stored::parse(text.as_bytes()).is_some()
        );
        parse(text.as_bytes()).map(|(form, ..)| form)
    }

    #[test]
    fn what_brokers_read_over_is_read_over() {
        for text in [
            format!("$7$010${SALT}${DIGEST}"),
            format!("$7$+10${SALT}${DIGEST}"),
            format!("$7$ 10x${SALT}${DIGEST}"),
            format!("$7$\x0b10${SALT}${DIGEST}"),
            format!("$7$4294967306${SALT}${DIGEST}"),
            format!("$7$$10${SALT}${DIGEST}!!"),
            format!("$7$10${SALT}${DIGEST}$x"),
            format!("$6${SALT}=!${DIGEST}=A!"),
        ] {
            assert_eq!(form(&text), Some(Form::Loose), "{text}");
        }
        for text in [format!("7$10${SALT}${DIGEST}"), format!("$$6${SALT}${DIGEST}")] {
            assert_eq!(form(&text), Some(Form::Bare), "{text}");
        }
    }

    #[test]
    fn what_no_broker_reads_is_no_hash() {
        for text in [
            format!("$7$0${SALT}${DIGEST}"),
            format!("$7$-10${SALT}${DIGEST}"),
            format!("$7$x${SALT}${DIGEST}"),
            format!("$7$2147483648${SALT}${DIGEST}"),
            format!("$7$99999999999999999999${SALT}${DIGEST}"),
            format!("$7$10${SALT}====${DIGEST}"),
            format!("$7$10${SALT}${DIGEST}AAAA"),
            format!("$7$10${SALT}${DIGEST}!!!!"),
            format!("$07$10${SALT}${DIGEST}"),
            "7$10".to_owned(),
            String::new(),
        ] {
            assert_eq!(form(&text), None, "{text}");
        }
    }

    #[test]
    fn iterations_are_those_that_a_broker_counts() {
        for (text, number) in
            [("010", 10), ("+7x", 7), ("4294967306", 10), ("2147483647", i32::MAX)]
        {
            let found = leading_number(text.as_bytes()).map(NonZero::get);
            assert_eq!(found, Some(number.unsigned_abs()), "{text}");
        }
    }
}
