//! Graphs from outside: what is written, what it asks for, and whether it is what Go writes.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod features;
mod graph;
mod parity;
mod sources;
mod support;
