//! What functions leave on the stack when they return.

use zeroize::Zeroize;

/// More than what handles passwords takes of it, in bytes.
const SIZE: usize = 16 * 1024;

/// Overwrites what the functions that were called before have left: the crates that hash and search
/// keep parts of passwords there, and do not wipe them.
#[inline(never)]
pub(crate) fn wipe() {
    [0xff_u8; SIZE].zeroize();
}
