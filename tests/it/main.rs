//! Hermetic tests of the whole library: one binary, one module an area; no engine, no network.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod context;
mod cycle;
mod gateway;
mod oracle;
mod project;
mod recipe;
mod stages;
mod support;
