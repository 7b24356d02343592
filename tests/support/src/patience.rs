//! How long a test waits for something that should happen.

use std::thread;
use std::time::{Duration, Instant};

/// Far longer than anything takes on a loaded machine: it only keeps a broken test from hanging.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Between two looks at something that cannot be waited for.
const INTERVAL: Duration = Duration::from_millis(2);

/// Looks until there is something to see.
///
/// Panics with `what` after [`LIMIT`].
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited {LIMIT:?} in vain for {what}");
        thread::sleep(INTERVAL);
    }
}
