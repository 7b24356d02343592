//! What is in a password file, for people and for programs: never a hash, a salt, or a text that may
//! be a password.

use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mqtt_core::json;

use crate::hash::{Algorithm, Broker};
use crate::password_file::Record;
use crate::user_name;

const HEAD: [&str; 5] = ["LINE", "USER", "HASH", "COST", "NOTES"];

/// Columns, with a line that says what they are.
pub(crate) fn table(records: &[Record<'_>]) -> String {
    let rows: Vec<_> =
        std::iter::once(HEAD.map(str::to_owned)).chain(records.iter().map(cells)).collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let [line, user, hash, cost] = [0, 1, 2, 3].map(width);
    let mut table = String::new();
    for [number, name, algorithm, price, notes] in &rows {
        let row =
            format!("{number:>line$}  {name:user$}  {algorithm:hash$}  {price:cost$}  {notes}");
        table.push_str(row.trim_end());
        table.push('\n');
    }
    table
}

fn cells(record: &Record<'_>) -> [String; 5] {
    let (hash, cost) = match &record.hash {
        Ok(hash) => {
            let algorithm = hash.algorithm();
            (algorithm.name().to_owned(), algorithm.cost().to_string())
        }
        Err(_) => ("-".to_owned(), "-".to_owned()),
    };
    let user =
        if record.user.is_empty() { "-".to_owned() } else { user_name::visible(record.user) };
    [record.number.to_string(), user, hash, cost, notes(record).join("; ")]
}

/// What somebody should know of a line.
fn notes(record: &Record<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    match &record.hash {
        Err(fault) => notes.push(format!("no broker takes it: {fault}")),
        Ok(hash) => {
            notes.extend(hash.algorithm().objection().map(|objection| objection.to_string()));
            if !hash.refused_by().is_empty() {
                let names: Vec<_> =
                    hash.refused_by().iter().map(|broker| broker.described()).collect();
                notes.push(format!("refused by brokers {}", names.join(", ")));
            }
        }
    }
    if let Some(first) = record.first {
        notes.push(format!(
            "same user as line {first}: brokers 2.0 go by the last that they take, in long files perhaps by another, 2.1 refuses the file"
        ));
    }
    notes
}

/// The brokers that drop the line, or refuse the file over it.
fn refused_by<'a>(record: &'a Record<'_>) -> impl Iterator<Item = Broker> + 'a {
    let is_refused = move |broker: &Broker| match &record.hash {
        Err(_) => true,
        Ok(_) if record.first.is_some() && *broker != Broker::V2_0 => true,
        Ok(hash) => hash.refused_by().contains(broker),
    };
    Broker::ALL.iter().copied().filter(is_refused)
}

/// One JSON object a line.
pub(crate) fn json(records: &[Record<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        append_object(record, &mut out);
    }
    out
}

fn append_object(record: &Record<'_>, out: &mut Vec<u8>) {
    let _ = write!(out, "{{\"line\":{},\"user\":", record.number);
    if record.user.is_empty() {
        out.extend_from_slice(b"null");
    } else {
        json::append_string(record.user, out);
    }
    if str::from_utf8(record.user).is_err() {
        let _ = write!(out, ",\"user_base64\":\"{}\"", STANDARD.encode(record.user));
    }
    match &record.hash {
        Ok(hash) => append_algorithm(hash.algorithm(), out),
        Err(fault) => {
            let _ = write!(out, ",\"algorithm\":null,\"fault\":");
            json::append_string(fault.to_string().as_bytes(), out);
        }
    }
    if let Some(first) = record.first {
        let _ = write!(out, ",\"same_user_as_line\":{first}");
    }
    append_strings("refused_by", refused_by(record).map(|broker| broker.name().to_owned()), out);
    append_strings("warnings", notes(record).into_iter(), out);
    out.extend_from_slice(b"}\n");
}

fn append_algorithm(algorithm: Algorithm, out: &mut Vec<u8>) {
    let _ = write!(out, ",\"algorithm\":\"{}\"", algorithm.name());
    let _ = match algorithm {
        Algorithm::Argon2id(cost) => write!(
            out,
            ",\"memory_kib\":{},\"passes\":{},\"lanes\":{}",
            cost.memory, cost.passes, cost.lanes
        ),
        Algorithm::Pbkdf2Sha512 { iterations } => write!(out, ",\"iterations\":{iterations}"),
        Algorithm::Sha512 => Ok(()),
    };
}

fn append_strings(name: &str, strings: impl Iterator<Item = String>, out: &mut Vec<u8>) {
    let _ = write!(out, ",\"{name}\":[");
    for (index, string) in strings.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::append_string(string.as_bytes(), out);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password_file::PasswordFile;
    use proptest::prelude::{any, prop};
    use proptest::{prop_assert, proptest};
    use zeroize::Zeroizing;

    const SALT: &str = "uboSEBxtcMaYNWXP";
    const DIGEST: &str =
        "bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";

    fn file(text: &[u8]) -> PasswordFile {
        PasswordFile::new(Zeroizing::new(text.to_vec()))
    }

    fn sample() -> PasswordFile {
        let (long_salt, argon_salt) = (format!("{}AA==", "A".repeat(84)), "MDEyMzQ1Njc4OWFi");
        let lines = [
            "# c".to_owned(),
            format!("alice:$7$10000${SALT}${DIGEST}"),
            format!("bob:$7$101${long_salt}${DIGEST}"),
            format!("carol:$argon2id$v=19$m=47104,t=1,p=1${argon_salt}${argon_salt}"),
            format!("alice:$6${SALT}${DIGEST}"),
            "j\u{fc}rgen\t1:plain".to_owned(),
            "nobody".to_owned(),
        ];
        file(lines.join("\n").as_bytes())
    }

    #[test]
    fn a_table_has_aligned_columns() {
        assert_eq!(
            table(&sample().records()),
            "\
LINE  USER       HASH           COST                 NOTES
   2  alice      sha512-pbkdf2  10000 iterations
   3  bob        sha512-pbkdf2  101 iterations       weak: fewer than 10000 iterations; refused by brokers 2.0
   4  carol      argon2id       47104 KiB, t=1, p=1  refused by brokers 2.0, 2.1 without argon2
   5  alice      sha512         once                 weak: quick to guess; same user as line 2: brokers 2.0 go by the last that they take, in long files perhaps by another, 2.1 refuses the file
   6  jürgen\\t1  -              -                    no broker takes it: password not hashed
   7  -          -              -                    no broker takes it: no ':'
"
        );
    }

    #[test]
    fn an_object_has_its_line() {
        let told = String::from_utf8(json(&sample().records())).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(
            lines[0],
            r#"{"line":2,"user":"alice","algorithm":"sha512-pbkdf2","iterations":10000,"refused_by":[],"warnings":[]}"#
        );
        assert_eq!(
            lines[1],
            r#"{"line":3,"user":"bob","algorithm":"sha512-pbkdf2","iterations":101,"refused_by":["2.0"],"warnings":["weak: fewer than 10000 iterations","refused by brokers 2.0"]}"#
        );
        assert_eq!(
            lines[2],
            r#"{"line":4,"user":"carol","algorithm":"argon2id","memory_kib":47104,"passes":1,"lanes":1,"refused_by":["2.0","2.1"],"warnings":["refused by brokers 2.0, 2.1 without argon2"]}"#
        );
        assert!(lines[3].contains(r#""same_user_as_line":2,"refused_by":["2.1","2.1+argon2"]"#));
        assert_eq!(
            lines[5],
            r#"{"line":7,"user":null,"algorithm":null,"fault":"no ':'","refused_by":["2.0","2.1","2.1+argon2"],"warnings":["no broker takes it: no ':'"]}"#
        );
    }

    #[test]
    fn a_name_that_is_no_text_is_there_in_base64_too() {
        let file = file(b"\xffx:y\n");
        let told = String::from_utf8(json(&file.records())).unwrap();
        assert!(told.contains("\"user\":\"\u{fffd}x\",\"user_base64\":\"/3g=\""), "{told}");
        assert!(table(&file.records()).contains("  \\xffx  "));
    }

    proptest! {
        #[test]
        fn neither_shows_what_stands_behind_a_name(
            names in prop::collection::vec("[a-z:# \t]{0,6}", 1..6),
            secret in "[A-Z]{6}",
            ends in prop::collection::vec(any::<u8>(), 0..6),
        ) {
            let prefixes = ["", "$6$", "$7$101$", "$argon2id$", "$2b$", ":"];
            let lines = names.iter().zip(prefixes.iter().cycle()).map(|(name, prefix)| {
                [b"u", name.as_bytes(), b":", prefix.as_bytes(), secret.as_bytes(), &ends, b"\n"].concat()
            });
            let file = file(&lines.collect::<Vec<_>>().concat());
            let records = file.records();
            prop_assert!(!table(&records).contains(&secret));
            prop_assert!(!String::from_utf8(json(&records)).unwrap().contains(&secret));
        }
    }
}
