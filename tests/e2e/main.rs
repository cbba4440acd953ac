//! End-to-end tests: real projects through `docker buildx build` on a real engine.
//!
//! `cargo xtask test` starts the engine, builds `org/rust-frontend:1` and runs these tests with
//! [`support::docker::COMMAND`] set. There is one engine, so the tests take turns.

#![expect(
    clippy::disallowed_methods,
    reason = "the harness works on the disk and asks xtask's environment; nothing here reaches a digest"
)]

mod apart;
mod bad_input;
mod caching;
mod calls;
mod compiler;
mod contexts;
mod crates;
mod ejected;
mod examples;
mod failures;
mod fetching;
mod inputs;
mod itself;
mod libraries;
mod local;
mod modes;
mod named;
mod options;
mod published;
mod registries;
mod results;
mod runtime;
mod secrets;
mod seed;
mod sizes;
mod stages;
mod support;
