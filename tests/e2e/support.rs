//! What the tests are written with: an engine, builds on it, what they print, what they make.

pub(crate) mod build;
pub(crate) mod busybox;
pub(crate) mod container;
pub(crate) mod docker;
pub(crate) mod expect;
pub(crate) mod grown;
pub(crate) mod http;
pub(crate) mod image;
pub(crate) mod lock;
pub(crate) mod progress;
pub(crate) mod project;
pub(crate) mod tree;
pub(crate) mod volume;

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::Command;

use docker::Outcome;

/// The root of this repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of an example.
pub(crate) fn example(name: &str) -> PathBuf {
    repository().join("examples").join(name)
}

/// The frontend that the syntax lines of specs name.
pub(crate) const SYNTAX: &str = "org/rust-frontend:1";

/// The frontend under test: that one, or the work in progress that a variable names.
pub(crate) fn frontend() -> String {
    std::env::var("RUST_FRONTEND_IMAGE").unwrap_or_else(|_| SYNTAX.to_owned())
}

/// A word that no run has used before: an engine keeps its cache between runs, so an edit that is
/// to be compiled must be new to it.
pub(crate) fn nonce() -> String {
    format!("{:016x}", RandomState::new().hash_one("e2e"))
}

/// Runs lines of shell in a folder, which must succeed: what they print.
pub(crate) fn sh(dir: &Path, lines: &str) -> String {
    let outcome = Outcome::of(Command::new("sh").args(["-ec", lines]).current_dir(dir));
    assert_eq!(outcome.exit, Some(0), "{lines}\n{outcome}");
    outcome.stdout
}
