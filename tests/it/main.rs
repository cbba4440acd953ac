//! Hermetic tests of the whole library: one binary, one module an area.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod context;
mod gateway;
mod support;
