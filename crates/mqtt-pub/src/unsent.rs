//! `--save-unsent`: a file for the lines that did not get through, ready for another `-l`.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::plan::{Input, SavePlan};

/// Why lines cannot be saved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnsentError {
    /// The file cannot be opened.
    #[error("cannot write to '{}' (--save-unsent)", .path.display())]
    Open { path: PathBuf, source: io::Error },
    /// What is read is what would be written.
    #[error("'{}' (--save-unsent) is the file that the lines are read from", .0.display())]
    IsInput(PathBuf),
    /// Some of the lines are not in the file.
    #[error("cannot save the lines that did not get through in '{}' (--save-unsent)", .path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Takes lines that did not get through, behind what the file has already: those of an earlier run
/// are nobody's to throw away.
#[derive(Debug)]
pub(crate) struct UnsentFile {
    path: PathBuf,
    /// What publishes its lines again.
    option: &'static str,
    writer: BufWriter<File>,
    /// A line in part at the end of what was there: one of ours must not go on with it.
    tail: Tail,
    /// Lines, and parts of them.
    saved: u64,
    failure: Option<io::Error>,
}

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    Whole,
    Cut,
}

impl UnsentFile {
    /// Opens the file, so that what is wrong with it is known before anything is read.
    pub(crate) fn open(plan: SavePlan) -> Result<Self, UnsentError> {
        let SavePlan { path, input, option } = plan;
        let error = |source| UnsentError::Open { path: path.clone(), source };
        let mut file = open(&path).map_err(error)?;
        let metadata = file.metadata().map_err(error)?;
        if is_input(&metadata, &input) {
            return Err(UnsentError::IsInput(path));
        }
        let tail = if metadata.is_file() { tail(&mut file).map_err(error)? } else { Tail::Whole };
        Ok(Self { path, option, writer: BufWriter::new(file), tail, saved: 0, failure: None })
    }

    /// Adds a line.
    pub(crate) fn save(&mut self, line: &[u8]) {
        self.add(line, b"\n");
    }

    /// Adds the beginning of a line whose end was not read; what comes behind it continues it.
    pub(crate) fn save_part(&mut self, part: &[u8]) {
        self.add(part, b"");
    }

    fn add(&mut self, line: &[u8], end: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        let before: &[u8] = if self.tail == Tail::Cut { b"\n" } else { b"" };
        self.tail = Tail::Whole;
        match [before, line, end].into_iter().try_for_each(|part| self.writer.write_all(part)) {
            Ok(()) => self.saved += 1,
            Err(error) => self.failure = Some(error),
        }
    }

    /// Sees to it that all of it is on disk. Gives the file's name if there is anything of ours in
    /// it, and the option that publishes it.
    pub(crate) fn close(mut self) -> Result<Option<(PathBuf, &'static str)>, UnsentError> {
        let written = match self.failure.take() {
            Some(error) => Err(error),
            None if self.saved == 0 => return Ok(None),
            None => self.writer.flush().and_then(|()| sync(self.writer.get_ref())),
        };
        match written {
            Ok(()) => Ok(Some((self.path, self.option))),
            Err(source) => Err(UnsentError::Write { path: self.path, source }),
        }
    }
}

/// A pipe or a terminal cannot be read from its end, and needs not.
fn open(path: &Path) -> io::Result<File> {
    let is_file = path.metadata().map_or(true, |metadata| metadata.is_file());
    OpenOptions::new().append(true).create(true).read(is_file).open(path)
}

fn is_input(file: &Metadata, input: &Input) -> bool {
    let read = match input {
        Input::File(path) => path.metadata(),
        Input::Stdin => {
            let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
            stdin.and_then(|stdin| stdin.metadata())
        }
    };
    read.is_ok_and(|read| read.is_file() && (read.dev(), read.ino()) == (file.dev(), file.ino()))
}

fn tail(file: &mut File) -> io::Result<Tail> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(Tail::Whole);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(if last == *b"\n" { Tail::Whole } else { Tail::Cut })
}

/// Pipes and devices know no disk.
fn sync(file: &File) -> io::Result<()> {
    if file.metadata()?.is_file() { file.sync_data() } else { Ok(()) }
}

/// What there was behind the lines that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing.
    Read,
    /// More, or nobody knows.
    Unread,
}

/// What has become of the lines that did not get through.
#[derive(Debug)]
pub(crate) enum Saved {
    /// They are counted.
    Nowhere,
    /// They are in this file, and this option publishes them.
    In(PathBuf, &'static str, Rest),
    /// They should be.
    Failed(UnsentError),
}

impl Saved {
    pub(crate) fn of(file: Option<UnsentFile>, rest: Rest) -> Self {
        match file.map_or(Ok(None), UnsentFile::close) {
            Ok(None) => Self::Nowhere,
            Ok(Some((path, option))) => Self::In(path, option, rest),
            Err(error) => Self::Failed(error),
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Nowhere => None,
            Self::In(path, option, rest) => {
                let unread = match rest {
                    Rest::Read => "",
                    Rest::Unread => ", but not what was still to be read",
                };
                Some(format!("they are in '{}'{unread}: {option} publishes them", path.display()))
            }
            Self::Failed(error) => {
                let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
                Some(format!("they are not saved: {error}{}", cause.unwrap_or_default()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_at(path: impl Into<PathBuf>) -> Result<UnsentFile, UnsentError> {
        UnsentFile::open(SavePlan { path: path.into(), input: Input::Stdin, option: "-l" })
    }

    /// What is in the file after these lines were added to that beginning.
    fn saved(before: &str, lines: &[&str], part: Option<&str>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unsent");
        std::fs::write(&path, before).unwrap();
        let mut file = open_at(path.clone()).unwrap();
        for line in lines {
            file.save(line.as_bytes());
        }
        if let Some(part) = part {
            file.save_part(part.as_bytes());
        }
        let name = file.close().unwrap();
        assert_eq!(name.is_some(), !lines.is_empty() || part.is_some());
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn lines_are_added_behind_those_of_earlier_runs() {
        assert_eq!(saved("", &["one", "", "two"], None), "one\n\ntwo\n");
        assert_eq!(saved("old\n", &["new"], None), "old\nnew\n");
        assert_eq!(saved("old\n", &[], None), "old\n");
    }

    #[test]
    fn a_line_in_part_stays_one_and_is_not_continued_by_another() {
        assert_eq!(saved("", &["one"], Some("tw")), "one\ntw");
        assert_eq!(saved("old\npar", &["new"], None), "old\npar\nnew\n");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_at_once_or_at_the_end() {
        let error = open_at("/no/such/folder/file").unwrap_err();
        let expected = "cannot write to '/no/such/folder/file' (--save-unsent)";
        assert_eq!(error.to_string(), expected);
        let mut full = open_at("/dev/full").unwrap();
        full.save(b"x");
        assert!(matches!(full.close(), Err(UnsentError::Write { .. })));
    }
}
