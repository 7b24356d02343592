//! A line as a shell would split it: at blanks, with words in single quotes.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// The words of a line. Between single quotes blanks are part of the word; `\xhh` is the byte hh.
pub(crate) fn words(line: &str) -> Vec<OsString> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<Vec<u8>>, false);
    let mut rest = line.chars();
    while let Some(sign) = rest.next() {
        match sign {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take().map(OsString::from_vec)),
            '\\' if rest.as_str().starts_with('x') => {
                let digits: String = rest.by_ref().skip(1).take(2).collect();
                let byte = u8::from_str_radix(&digits, 16).expect("two hexadecimal digits");
                word.get_or_insert_default().push(byte);
            }
            _ => {
                let bytes = sign.encode_utf8(&mut [0; 4]).as_bytes().to_owned();
                word.get_or_insert_default().extend(bytes);
            }
        }
    }
    assert!(!quoted, "a quote is missing in {line:?}");
    words.extend(word.map(OsString::from_vec));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_blanks_and_empty_words() {
        assert_eq!(words("-m 'a  b' ''  x'y'"), ["-m", "a  b", "", "xy"]);
        let byte = [OsString::from_vec(b"a\xff".to_vec())];
        assert_eq!(words("a\\xff"), byte);
    }
}
