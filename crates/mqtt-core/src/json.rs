//! JSON strings of any bytes.

use std::io::Write as _;

/// Appends a string with its quotation marks; U+FFFD stands for what is not UTF-8.
#[inline]
pub fn append_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        append_escaped(chunk.valid().as_bytes(), out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.push(b'"');
}

/// Text as it stands between the quotation marks.
#[inline]
fn append_escaped(mut text: &[u8], out: &mut Vec<u8>) {
    let needs_escape = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    while let Some(position) = text.iter().position(needs_escape) {
        let (plain, rest) = text.split_at(position);
        out.extend_from_slice(plain);
        let Some((special, rest)) = rest.split_first() else { break };
        let _ = match special {
            0x08 => out.write_all(b"\\b"),
            0x0c => out.write_all(b"\\f"),
            b'\n' => out.write_all(b"\\n"),
            b'\r' => out.write_all(b"\\r"),
            b'\t' => out.write_all(b"\\t"),
            b'"' | b'\\' => out.write_all(&[b'\\', *special]),
            control => write!(out, "\\u{control:04x}"),
        };
        text = rest;
    }
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        append_string(bytes, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_stays_and_what_json_forbids_is_escaped() {
        assert_eq!(string("pässwörd 🦀\u{7f}".as_bytes()), "\"pässwörd 🦀\u{7f}\"");
        assert_eq!(string(b"\"\\/\n\r\t\x08\x0c\0\x1f"), r#""\"\\/\n\r\t\b\f\u0000\u001f""#);
        assert_eq!(string(b""), "\"\"");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(string(b"a\xffb\xc3"), "\"a\u{fffd}b\u{fffd}\"");
    }
}
