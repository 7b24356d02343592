//! What the tools say on stderr: lines that begin with `error:`, `warning:`, `hint:`, `note:`
//! or `stats:`. The word says it all; where stderr is written in colour it is painted as well.

use colored::{ColoredString, Colorize};

use crate::visible;

type Paint = fn(&str) -> ColoredString;

/// The beginning of a line, and how it is painted.
const KINDS: [(&str, Paint); 5] = [
    ("error:", |word| word.red().bold()),
    ("warning:", |word| word.yellow().bold()),
    ("hint:", |word| word.cyan().bold()),
    ("note:", |word| word.blue().bold()),
    ("stats:", |word| word.bold()),
];

/// A line for stderr, whatever the user or the broker put into it. In colour where the command
/// line has settled so.
#[must_use]
pub fn line(text: &str) -> String {
    let line = visible::line(text);
    let kind = KINDS.iter().find_map(|(word, paint)| Some((paint(word), line.strip_prefix(word)?)));
    kind.map_or_else(|| line.clone(), |(word, rest)| format!("{word}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The state of `colored` is that of the process: the other tests of it are of whole tools.
    #[test]
    fn text_from_outside_is_spelled_out() {
        assert!(line("warning: a\u{1b}[2Jb\n").ends_with(" a\\u{1b}[2Jb\\n\n"));
        assert_eq!(line("a warning: b"), "a warning: b\n");
    }
}
