//! The file of a topic: where it lies below the folder.
//!
//! The topic's bytes are percent-encoded: letters, digits, `_` and, but for the first, `-`, `.` and
//! `~` stand for themselves. So no name is `.` or `..`, is hidden, looks like an option, or has a
//! `/` or a control character in it, and each is that of one topic only. What is too long for a name is
//! a path: its folders end with a `%` of their own, which no file does.

use std::fmt::Write as _;
use std::path::PathBuf;

/// The longest name of a file, in bytes, as nearly every file system has it.
const LONGEST: usize = 255;

/// Where the file of a topic lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileName {
    /// One in the other.
    pub(super) folders: Vec<String>,
    pub(super) file: String,
}

impl FileName {
    /// `topic` is any text but the empty one: what comes may have control characters.
    pub(super) fn of(topic: &str) -> Self {
        let mut name = Self::default();
        for byte in topic.bytes() {
            name.push(byte);
        }
        name
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folders.iter().chain([&self.file]).collect()
    }

    fn push(&mut self, byte: u8) {
        // Room for the longest way to write it, and for the mark of a folder.
        if self.file.len() + "%XX".len() >= LONGEST {
            let folder = std::mem::take(&mut self.file);
            self.folders.push(folder + "%");
        }
        let plain = byte.is_ascii_alphanumeric()
            || byte == b'_'
            || (b"-.~".contains(&byte) && !self.file.is_empty());
        if plain {
            self.file.push(char::from(byte));
        } else {
            let _ = write!(self.file, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(topic: &str) -> String {
        FileName::of(topic).path().into_os_string().into_string().unwrap()
    }

    /// The topic of a path, by its description alone.
    fn topic(path: &str) -> String {
        let parts = path.split('/').map(|part| part.strip_suffix('%').unwrap_or(part));
        let text = parts.collect::<String>();
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, behind @ ..] = rest {
            (bytes, rest) = match (first, behind) {
                (b'%', [high, low, behind @ ..]) => {
                    let digits = String::from_utf8(vec![*high, *low]).unwrap();
                    bytes.push(u8::from_str_radix(&digits, 16).unwrap());
                    (bytes, behind)
                }
                (plain, behind) => {
                    bytes.push(*plain);
                    (bytes, behind)
                }
            };
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_name_can_be_read_and_does_no_harm() {
        for (topic, expected) in [
            ("house", "house"),
            ("house/door-1_a.b~", "house%2Fdoor-1_a.b~"),
            ("/house//door/", "%2Fhouse%2F%2Fdoor%2F"),
            (".", "%2E"),
            ("..", "%2E."),
            ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
            ("-rf", "%2Drf"),
            ("~root", "%7Eroot"),
            ("a b\n\u{1b}", "a%20b%0A%1B"),
            ("$SYS/x%2F", "%24SYS%2Fx%252F"),
            ("ä", "%C3%A4"),
        ] {
            assert_eq!(path(topic), expected, "{topic}");
        }
    }

    #[test]
    fn a_long_name_is_a_path() {
        assert_eq!(path(&"a".repeat(252)), "a".repeat(252));
        assert_eq!(path(&"a".repeat(253)), format!("{}%/a", "a".repeat(252)));
        assert_eq!(path(&format!("{}..", "a".repeat(252))), format!("{}%/%2E.", "a".repeat(252)));
        assert_eq!(FileName::of(&"/".repeat(65_535)).folders.len(), 780);
    }

    proptest! {
        #[test]
        fn each_topic_has_a_file_of_its_own_inside_the_folder(
            text in "([a-b./%~ä-]{0,3}|[^\0]{0,300}|[.]{250,260}|[/]{80,90}){1,3}"
        ) {
            prop_assume!(!text.is_empty());
            // What can be read back is no other topic's.
            prop_assert_eq!(topic(&path(&text)), text.clone());
            let FileName { folders, file } = FileName::of(&text);
            for part in folders.iter().chain([&file]) {
                prop_assert!((1..=LONGEST).contains(&part.len()));
                prop_assert!(!part.starts_with(['.', '-', '~']));
                prop_assert!(part.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'));
            }
            prop_assert!(folders.iter().all(|folder| folder.ends_with('%')));
            prop_assert!(!file.ends_with('%'));
        }
    }
}
