//! Hermetic tests of the whole library: one binary, one module an area; no engine, no network.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod calls;
mod checkouts;
mod cli;
mod context;
mod cycle;
mod docs;
mod frontend;
mod gateway;
mod histories;
mod init;
mod oracle;
mod project;
mod recipe;
mod scenarios;
mod stages;
mod steps;
mod support;
mod units;
