//! Helpers of the hermetic tests.

pub(crate) mod cargo;
pub(crate) mod fixture;
