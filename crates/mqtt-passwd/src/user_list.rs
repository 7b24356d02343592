//! Users as somebody lists them for an edit: `USER:PASSWORD`, or `USER` alone, one a line.
//!
//! Lines end with LF or CR LF. Blank ones mean nothing, nor do those that begin with `#`, as in the
//! password file. A password is all that stands behind the first ':', blanks and ':' included.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use mqtt_core::prompt::without_ending;

use crate::password::{Password, PasswordError};
use crate::user_name::{Concern, UserName, UserNameError};

/// A user and a password to hash.
#[derive(Debug)]
pub struct Login {
    /// Who.
    pub user: UserName,
    /// In plain text.
    pub password: Password,
}

/// Reads `USER:PASSWORD` lines.
pub fn logins(text: &[u8]) -> Result<Vec<Login>, UserListError> {
    let mut users = Users::default();
    let mut logins = Vec::new();
    for (number, line) in lines(text) {
        let at = |fault| UserListError::Line { number, fault };
        let (name, password) = split(line).ok_or_else(|| at(LineFault::NoColon))?;
        let user = users.next(number, name).map_err(at)?;
        let password = Password::from_text(password).map_err(|error| at(error.into()))?;
        logins.push(Login { user, password });
    }
    users.found(logins)
}

/// Reads lines that name a user each.
pub fn names(text: &[u8]) -> Result<Vec<UserName>, UserListError> {
    let mut users = Users::default();
    let mut names = Vec::new();
    for (number, line) in lines(text) {
        let at = |fault| UserListError::Line { number, fault };
        if split(line).is_some() {
            return Err(at(LineFault::Password));
        }
        names.push(users.next(number, line).map_err(at)?);
    }
    users.found(names)
}

/// Those that say something, with their numbers, without their endings.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    text.split(|&byte| byte == b'\n')
        .map(without_ending)
        .zip(1..)
        .map(|(line, number)| (number, line))
        .filter(|(_, line)| !line.trim_ascii().is_empty() && !line.starts_with(b"#"))
}

fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    Some((&line[..colon], &line[colon + 1..]))
}

/// The lines of those who were named so far.
#[derive(Default)]
struct Users<'a>(HashMap<&'a [u8], usize, RandomState>);

impl<'a> Users<'a> {
    /// One more, who must not be among them, and under whose name a client can log in.
    fn next(&mut self, number: usize, name: &'a [u8]) -> Result<UserName, LineFault> {
        let user = UserName::new(name)?;
        if let Some(concern) = user.concern() {
            return Err(concern.into());
        }
        match self.0.insert(name, number) {
            Some(first) => Err(LineFault::SameUser(first)),
            None => Ok(user),
        }
    }

    /// What was made of them, if there are any.
    fn found<T>(self, list: Vec<T>) -> Result<Vec<T>, UserListError> {
        if self.0.is_empty() { Err(UserListError::Nobody) } else { Ok(list) }
    }
}

/// A list cannot be used. Nothing of what stands in a line is shown. Status 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserListError {
    /// One line.
    #[error("stdin, line {number}: {fault}; nothing was changed")]
    Line {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// An empty list is more likely a mistake than a wish.
    #[error("stdin names no user")]
    Nobody,
}

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// No client could log in under that name.
    #[error(transparent)]
    Concern(#[from] Concern),
    /// The file cannot hold the name.
    #[error(transparent)]
    Name(#[from] UserNameError),
    /// There is no password.
    #[error("there is no ':' between user and password")]
    NoColon,
    /// There is one where none is wanted.
    #[error("there is a ':', but with --generate-password a line is a user name and no more")]
    Password,
    /// What stands behind the name is none.
    #[error(transparent)]
    NoPassword(#[from] PasswordError),
    /// Which password would count?
    #[error("the same user as in line {0}")]
    SameUser(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop};
    use proptest::{prop_assert, prop_assert_eq, proptest};

    fn read(text: &str) -> Vec<(String, Vec<u8>)> {
        let logins = logins(text.as_bytes()).unwrap();
        let plain = |login: Login| (login.user.to_string(), login.password.as_bytes().to_vec());
        logins.into_iter().map(plain).collect()
    }

    fn error(text: &str) -> String {
        logins(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_password_is_all_behind_the_first_colon() {
        let found = read("alice:p:q: r \nbob:\u{e4}\r\r\n\n \n# carol:x\ndave:#:\r");
        let expected = [("alice", "p:q: r "), ("bob", "\u{e4}"), ("dave", "#:")];
        assert_eq!(found, expected.map(|(user, word)| (user.to_owned(), word.into())));
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_not_shown() {
        for (text, fault) in [
            ("a:1\nsecret\n", "stdin, line 2: there is no ':' between user and password"),
            ("\n\na:\n", "stdin, line 3: the password is empty"),
            (":secret\n", "stdin, line 1: the user name is empty"),
            (" a:secret\n", "stdin, line 1: the user name has blanks at its edges"),
            ("a:1\nb:1\na:secret\n", "stdin, line 3: the same user as in line 1"),
            ("a:sec\0ret\n", "stdin, line 1: the password contains a NUL byte"),
            ("a\t:secret\n", "stdin, line 1: the user name must not contain control"),
            ("# c\n", "stdin names no user"),
            ("", "stdin names no user"),
        ] {
            let error = error(text);
            assert!(error.starts_with(fault), "{error}");
            assert!(!error.contains("sec"), "{error}");
        }
        let long = format!("a:{}\n", "x".repeat(65_536));
        assert!(error(&long).contains("the password is longer than 65535 bytes"));
    }

    #[test]
    fn names_alone_have_no_passwords() {
        let found = names(b"alice\r\n# c\n\nbob x\n").unwrap();
        assert_eq!(found.iter().map(UserName::to_string).collect::<Vec<_>>(), ["alice", "bob x"]);
        for text in ["a:secret\n", "a\na\n", "\n", "a:\n"] {
            let error = names(text.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_listed_is_read_back(
            passwords in prop::collection::vec("[^\0\r\n]{1,20}", 1..20),
        ) {
            let list: Vec<_> = passwords.iter().enumerate()
                .map(|(number, password)| (format!("u{number}"), password.clone().into_bytes()))
                .collect();
            let lines = list.iter().map(|(user, password)| {
                [user.as_bytes(), b":", password, b"\n"].concat()
            });
            let text = lines.collect::<Vec<_>>().concat();
            prop_assert_eq!(read(str::from_utf8(&text).unwrap()), list);
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            text in prop::collection::vec(
                proptest::prop_oneof![
                    3 => proptest::sample::select(b"\n\n::#u \r\t\0".as_slice()),
                    1 => any::<u8>(),
                ],
                0..200,
            ),
        ) {
            if let Ok(logins) = logins(&text) {
                prop_assert!(!logins.is_empty());
                for Login { user, password } in logins {
                    let line = [user.as_bytes(), b":", password.as_bytes()].concat();
                    prop_assert!(memchr::memmem::find(&text, &line).is_some());
                }
            }
        }
    }
}
