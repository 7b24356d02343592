//! Input that takes its time, and a person who is shown how much of it has come.

use std::io::{self, Read, Write};
use std::time::Instant;

use mqtt_core::plan::Progress;
use mqtt_core::progress::{HowFar, Meter, Unit};
use mqtt_core::stream::Stream;

/// Counts what is read, before there is a client whose console would show it.
pub(super) struct Watched<R> {
    input: R,
    read: u64,
    meter: Option<Meter>,
}

impl<R> Watched<R> {
    pub(super) fn new(input: R, progress: Progress) -> Self {
        let meter = (progress == Progress::Shown).then(|| Meter::new(Instant::now()));
        Self { input, read: 0, meter }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read += u64::try_from(count).unwrap_or_default();
        let Some(meter) = &mut self.meter else { return Ok(count) };
        let now = Instant::now();
        if now >= meter.due() {
            let (unit, done) = (Unit::Bytes, self.read);
            let how_far = HowFar { unit, done, total: None, unacknowledged: None };
            write(&meter.draw(how_far, now, Stream::Stderr.columns()));
        }
        Ok(count)
    }
}

impl<R> Drop for Watched<R> {
    fn drop(&mut self) {
        if let Some(meter) = &mut self.meter {
            write(meter.clear());
        }
    }
}

/// A terminal that is gone changes nothing about what is published.
fn write(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
