//! Hermetic tests of the whole library: no engine, no network.

mod cycle;
mod oracle;
mod project;
mod recipe;
mod support;
