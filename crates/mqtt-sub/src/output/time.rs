//! When a message came, as the local clock on the wall has it.

use std::cell::OnceCell;
use std::io::Write;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// `%I` of the format.
const ISO_8601: &str = "%Y-%m-%dT%H:%M:%S%z";

/// `tst` of the JSON object.
const ISO_8601_MICROSECONDS: &str = "%Y-%m-%dT%H:%M:%S.%6f%z";

/// The time zone that times are shown in.
#[derive(Debug, Default)]
pub(crate) struct LocalZone(OnceCell<TimeZone>);

impl LocalZone {
    /// When a message came. The zone is looked up at the first time that is written: most formats
    /// have none.
    pub(crate) fn stamp(&self, received: SystemTime) -> Stamp<'_> {
        Stamp { received, zone: self, local: OnceCell::new() }
    }

    fn zone(&self) -> &TimeZone {
        // As the C library: what cannot be found out is UTC.
        self.0.get_or_init(|| TimeZone::try_system().unwrap_or(TimeZone::UTC))
    }

    /// That zone, whatever the system's is.
    #[cfg(test)]
    pub(crate) fn fixed(zone: TimeZone) -> Self {
        Self(OnceCell::from(zone))
    }
}

/// A moment, taken apart at the first look and then kept: all of a message shows the same.
#[derive(Debug)]
pub(crate) struct Stamp<'a> {
    received: SystemTime,
    zone: &'a LocalZone,
    local: OnceCell<BrokenDownTime>,
}

impl Stamp<'_> {
    /// `2026-11-22T17:23:39+0000`.
    pub(super) fn iso_8601(&self, out: &mut Vec<u8>) {
        self.write(ISO_8601, out);
    }

    /// `2026-11-22T17:23:40.105631+0000`.
    pub(super) fn iso_8601_microseconds(&self, out: &mut Vec<u8>) {
        self.write(ISO_8601_MICROSECONDS, out);
    }

    /// `2026-11-22T17:23:40.001682950Z`, as RFC 3339 has it: without a time zone, so that times
    /// can be compared as they stand.
    pub(super) fn rfc_3339(&self, out: &mut Vec<u8>) {
        let time = TimeZone::UTC.to_datetime(self.timestamp());
        let (year, month, day) = (time.year(), time.month(), time.day());
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        let _ = write!(
            out,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:09}Z",
            time.subsec_nanosecond()
        );
    }

    /// `1795368220.001682950`.
    pub(super) fn unix(&self, out: &mut Vec<u8>) {
        let time = self.timestamp().as_duration();
        let _ = write!(out, "{}.{:09}", time.as_secs(), time.subsec_nanos().unsigned_abs());
    }

    /// Nine digits.
    pub(super) fn nanoseconds(&self, out: &mut Vec<u8>) {
        let nanoseconds = self.timestamp().subsec_nanosecond().unsigned_abs();
        let _ = write!(out, "{nanoseconds:09}");
    }

    /// One of the conversions of [`conversion`].
    pub(super) fn write(&self, conversion: &str, out: &mut Vec<u8>) {
        let local = self.local.get_or_init(|| {
            BrokenDownTime::from(&self.timestamp().to_zoned(self.zone.zone().clone()))
        });
        // A whole date and time has everything that is asked for; a vector takes every byte.
        let _ = local.format(conversion, out);
    }

    fn timestamp(&self) -> Timestamp {
        // A clock outside the years -9999 to 9999 is no clock.
        Timestamp::try_from(self.received).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// What a letter of strftime means in the C locale, in conversions that do not depend on the
/// crate's own idea of a locale. `None` for what the C library does not know and copies.
pub(super) fn conversion(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'A' => "%A",
        b'B' => "%B",
        b'C' => "%C",
        b'D' | b'x' => "%m/%d/%y",
        b'F' => "%Y-%m-%d",
        b'G' => "%G",
        b'H' => "%H",
        b'I' => "%I",
        b'M' => "%M",
        b'P' => "%P",
        b'R' => "%H:%M",
        b'S' => "%S",
        b'T' | b'X' => "%H:%M:%S",
        b'U' => "%U",
        b'V' => "%V",
        b'W' => "%W",
        b'Y' => "%Y",
        b'Z' => "%Z",
        b'a' => "%a",
        b'b' | b'h' => "%b",
        b'c' => "%a %b %e %H:%M:%S %Y",
        b'd' => "%d",
        b'e' => "%e",
        b'g' => "%g",
        b'j' => "%j",
        b'k' => "%k",
        b'l' => "%l",
        b'm' => "%m",
        b'n' => "\n",
        b'p' => "%p",
        b'r' => "%I:%M:%S %p",
        b's' => "%s",
        b't' => "\t",
        b'u' => "%u",
        b'w' => "%w",
        b'y' => "%y",
        b'z' => "%z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// 2026-11-02 09:05:07.001682950 in a zone of three hours less.
    fn at(write: impl FnOnce(&Stamp, &mut Vec<u8>)) -> String {
        let zone = TimeZone::posix("BRT3").unwrap();
        let zone = LocalZone::fixed(zone);
        let received = UNIX_EPOCH + Duration::new(1_793_621_107, 1_682_950);
        let mut out = Vec::new();
        write(&zone.stamp(received), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_fixed_forms_are_the_originals() {
        let printed = at(|stamp, out| {
            stamp.iso_8601(out);
            out.push(b'|');
            stamp.iso_8601_microseconds(out);
            out.push(b'|');
            stamp.unix(out);
            out.push(b'|');
            stamp.nanoseconds(out);
            out.push(b'|');
            stamp.rfc_3339(out);
        });
        assert_eq!(
            printed,
            "2026-11-02T09:05:07-0300|2026-11-02T09:05:07.001682-0300|1793621107.001682950|\
             001682950|2026-11-02T12:05:07.001682950Z"
        );
    }

    #[test]
    fn every_letter_is_what_the_c_library_prints() {
        // TZ=BRT3 LC_ALL=C date -d @1793621107 +%A, and so on.
        for (letter, expected) in [
            (b'A', "Monday"),
            (b'B', "November"),
            (b'C', "20"),
            (b'D', "11/02/26"),
            (b'F', "2026-11-02"),
            (b'G', "2026"),
            (b'H', "09"),
            (b'I', "09"),
            (b'M', "05"),
            (b'P', "am"),
            (b'R', "09:05"),
            (b'S', "07"),
            (b'T', "09:05:07"),
            (b'U', "44"),
            (b'V', "45"),
            (b'W', "44"),
            (b'X', "09:05:07"),
            (b'Y', "2026"),
            (b'Z', "BRT"),
            (b'a', "Mon"),
            (b'b', "Nov"),
            (b'c', "Mon Nov  2 09:05:07 2026"),
            (b'd', "02"),
            (b'e', " 2"),
            (b'g', "26"),
            (b'h', "Nov"),
            (b'j', "306"),
            (b'k', " 9"),
            (b'l', " 9"),
            (b'm', "11"),
            (b'n', "\n"),
            (b'p', "AM"),
            (b'r', "09:05:07 AM"),
            (b's', "1793621107"),
            (b't', "\t"),
            (b'u', "1"),
            (b'w', "1"),
            (b'x', "11/02/26"),
            (b'y', "26"),
            (b'z', "-0300"),
        ] {
            let conversion = conversion(letter).unwrap();
            let letter = char::from(letter);
            assert_eq!(at(|stamp, out| stamp.write(conversion, out)), expected, "{letter}");
        }
        for letter in *b"EfiJKLNOoQqv1+-:^" {
            assert_eq!(conversion(letter), None);
        }
    }
}
