//! Text from outside, made visible: what a terminal would obey is spelled out as Rust writes it
//! (`\u{1b}`, `\r`), the C1 controls too.

use std::borrow::Cow;
use std::io::Write as _;

/// Appends text that may have lines: newlines and tabs stay. Bytes that are not UTF-8 become
/// `\xff`.
pub fn append(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some((position, control)) = rest.char_indices().find(|(_, c)| is_obeyed(*c)) {
            let (plain, tail) = rest.split_at(position);
            let _ = write!(out, "{plain}{}", control.escape_default());
            rest = tail.get(control.len_utf8()..).unwrap_or_default();
        }
        out.extend_from_slice(rest.as_bytes());
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

fn is_obeyed(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

/// One line, whatever the user or the broker put into it: newlines and tabs are spelled out, too.
#[must_use]
pub fn line(text: &str) -> String {
    let mut line = part_of_line(text).into_owned();
    line.push('\n');
    line
}

/// The same for what stands within a line.
#[must_use]
pub fn part_of_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut part = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            part.extend(c.escape_default());
        } else {
            part.push(c);
        }
    }
    Cow::Owned(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(text: &[u8]) -> String {
        let mut out = b"before ".to_vec();
        append(text, &mut out);
        String::from_utf8(out).unwrap().split_off("before ".len())
    }

    #[test]
    fn readable_text_stays_as_it_is() {
        let text = "two\nlines,\ttab, pässwörd 🦀 \\x1b";
        assert_eq!(appended(text.as_bytes()), text);
        assert_eq!(appended(b""), "");
    }

    #[test]
    fn controls_are_spelled_out() {
        assert_eq!(appended(b"\x1b[2J\r\0\x07\x7f"), "\\u{1b}[2J\\r\\u{0}\\u{7}\\u{7f}");
        assert_eq!(appended("a\u{9b}31mb\u{80}\u{a0}".as_bytes()), "a\\u{9b}31mb\\u{80}\u{a0}");
    }

    #[test]
    fn bytes_that_are_no_text_are_spelled_out() {
        // An eight-bit terminal takes 9b for ESC [.
        assert_eq!(appended(b"\x9b31m\xff\xc3"), "\\x9b31m\\xff\\xc3");
    }

    #[test]
    fn an_error_is_one_line_whatever_is_in_it() {
        assert_eq!(line("error: 'a\nb\u{1b}[2Jü'"), "error: 'a\\nb\\u{1b}[2Jü'\n");
    }
}
