//! Hermetic tests of the whole library: no engine, no network.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cycle;
mod oracle;
mod project;
mod recipe;
mod support;
