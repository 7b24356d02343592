//! Work on many passwords, shared among all cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::stack;

/// What `work` makes of each item, in their order. Nothing of the items is left on the stacks.
pub(crate) fn map<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    if let [item] = items {
        let result = work(item)?;
        stack::wipe();
        return Ok(vec![result]);
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let do_share = || {
        let mut share = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                stack::wipe();
                return Ok(share);
            };
            share.push((index, work(item)?));
        }
    };
    let shares: Result<Vec<_>, E> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(items.len())).map(|_| scope.spawn(do_share)).collect();
        workers
            .into_iter()
            .map(|worker| match worker.join() {
                Ok(share) => share,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    let mut results: Vec<Option<R>> = Vec::new();
    results.resize_with(items.len(), || None);
    for (index, result) in shares?.into_iter().flatten() {
        results[index] = Some(result);
    }
    Ok(results.into_iter().flatten().collect())
}
