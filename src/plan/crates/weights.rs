//! What compiling a crate costs.

use crate::units::Instance;

/// Milliseconds of one processor for a package with an optimizing profile, rounded so that a bump changes nothing.
pub(super) fn of(instance: &Instance) -> u64 {
    let size = instance.sources.as_ref().map_or(0, |sources| sources.size);
    // A rough line through measured crates; nothing is compiled for less than it takes to start the compiler.
    let guess = 150 + size / 100;
    guess.next_power_of_two()
}
