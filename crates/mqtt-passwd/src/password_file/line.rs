//! One line as brokers read it.

use std::ops::Range;

use memchr::memmem;
use mqtt_core::limit::MAX_FIELD;

use super::Change;
use crate::hash::is_blank;

/// A line and where it stands.
pub(super) struct Line<'a> {
    /// Where its bytes stand in the file, its ending included.
    pub(super) range: Range<usize>,
    /// What brokers make of it.
    pub(super) content: Content<'a>,
    ending: &'static str,
}

impl Line<'_> {
    /// This line with another hash. It keeps its kind of ending and gets one if it had none, since
    /// brokers drop unended lines of some lengths.
    pub(super) fn rewritten(&self, name: &[u8], hash: &str) -> Change {
        Change {
            range: self.range.clone(),
            with: [name, b":", hash.as_bytes(), self.ending.as_bytes()].concat(),
        }
    }
}

/// What a line says.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    /// Nothing, by intent: a comment or blanks.
    Nothing,
    /// A user.
    Entry(Entry<'a>),
    /// Text without a ':'.
    NoColon,
}

/// A line with a ':'.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The user name, without blanks at its edges.
    pub(super) name: &'a [u8],
    /// All that stands behind the ':' after the name.
    value: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The text a broker takes for the hash: for it, a run of ':' is one, and another one ends it.
    pub(super) fn hash(&self) -> &'a [u8] {
        let skipped = self.value.iter().take_while(|&&byte| byte == b':').count();
        let rest = &self.value[skipped..];
        let end = memchr::memchr(b':', rest).unwrap_or(rest.len());
        trim(&rest[..end])
    }

    /// The text somebody wrote down as the password, any ':' in it included.
    pub(super) fn password(&self) -> &'a [u8] {
        trim(self.value)
    }

    /// Whether a broker could check a client against a hash of this entry's password. A name that
    /// begins with '#', behind blanks or ':', would make the new line a comment.
    pub(super) fn can_be_hashed(&self) -> bool {
        let fits = |field: &[u8]| (1..=MAX_FIELD).contains(&field.len()) && !field.contains(&0);
        fits(self.name) && fits(self.password()) && !self.name.starts_with(b"#")
    }

    /// Whether there is a NUL byte, at which brokers stop reading the line or the whole file.
    pub(super) fn has_nul(&self) -> bool {
        self.name.contains(&0) || memchr::memchr(0, self.value).is_some()
    }
}

/// The lines of a file. Only LF ends one, so that any other byte stays what it is.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', bytes)
        .map(|position| position + 1)
        .chain(std::iter::once(bytes.len()))
        .map(move |end| std::mem::replace(&mut start, end)..end)
        .filter(|range| !range.is_empty())
        .map(|range| line(bytes, range))
}

/// The lines of one user. Only lines that the name occurs in are looked at.
pub(super) fn lines_of<'a>(bytes: &'a [u8], name: &[u8]) -> impl Iterator<Item = Line<'a>> {
    let finder = memmem::Finder::new(name);
    let mut from = 0;
    let with_name = std::iter::from_fn(move || {
        let at = from + finder.find(&bytes[from..])?;
        let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |position| position + 1);
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
        from = end;
        Some(line(bytes, start..end))
    });
    with_name
        .filter(move |line| matches!(line.content, Content::Entry(entry) if entry.name == name))
}

fn line(bytes: &[u8], range: Range<usize>) -> Line<'_> {
    let text = &bytes[range.clone()];
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let ending = if text.ends_with(b"\r") { "\r\n" } else { "\n" };
    Line { range, content: content(text), ending }
}

fn content(text: &[u8]) -> Content<'_> {
    if text.starts_with(b"#") {
        return Content::Nothing;
    }
    let Some(first) = memchr::memchr(b':', text) else {
        return if trim(text).is_empty() { Content::Nothing } else { Content::NoColon };
    };
    let name = if first > 0 { 0..first } else { behind_colons(text) };
    Content::Entry(Entry { name: trim(&text[name.clone()]), value: &text[name.end + 1..] })
}

/// Where the name stands in a line that begins with ':'. Brokers skip those, and so let the user of
/// `::user:hash` in.
fn behind_colons(text: &[u8]) -> Range<usize> {
    let start = text.iter().take_while(|&&byte| byte == b':').count();
    memchr::memchr(b':', &text[start..]).map_or(0..0, |length| start..start + length)
}

/// Cuts off the blanks that brokers cut off.
fn trim(text: &[u8]) -> &[u8] {
    let Some(start) = text.iter().position(|&byte| !is_blank(byte)) else {
        return &[];
    };
    let end = text.iter().rposition(|&byte| !is_blank(byte)).unwrap_or(start);
    &text[start..=end]
}
