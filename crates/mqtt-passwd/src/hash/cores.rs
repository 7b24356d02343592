//! Work on many passwords, shared among all cores.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::HashError;
use crate::stack;

/// What `work` makes of each item, in their order. Nothing of the items is left on the stacks.
pub(crate) fn map<T: Sync, R: Send + Sync>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, HashError> + Sync,
) -> Result<Vec<R>, HashError> {
    let results: Vec<OnceLock<R>> = items.iter().map(|_| OnceLock::new()).collect();
    share(items.len(), &|index| {
        // Each index comes once.
        let _ = results[index].set(work(&items[index])?);
        Ok(())
    })?;
    Ok(results.into_iter().filter_map(OnceLock::into_inner).collect())
}

/// Does `work` for each number below `count`; one core does a single one itself.
fn share(
    count: usize,
    work: &(dyn Fn(usize) -> Result<(), HashError> + Sync),
) -> Result<(), HashError> {
    let next = AtomicUsize::new(0);
    let do_share = || {
        let mut done = Ok(());
        while done.is_ok() {
            match next.fetch_add(1, Ordering::Relaxed) {
                index if index < count => done = work(index),
                _ => break,
            }
        }
        stack::wipe();
        done
    };
    if count <= 1 {
        return do_share();
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(count)).map(|_| scope.spawn(do_share)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}
