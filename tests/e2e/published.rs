//! Packages that nobody here wrote, as they are in the crate registry.

#[path = "../../xtask/src/corpus/package.rs"]
mod package;

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::support::docker::Docker;
use crate::support::tree::Tree;

#[test]
fn ripgrep() {
    check("ripgrep", "dev");
}

#[test]
fn fd_find() {
    check("fd-find", "dev");
}

#[test]
fn just() {
    check("just", "release");
}

/// An entry of `published.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Published {
    version: String,
    /// Of the .crate file.
    sha256: String,
    /// `Rust.yaml` after its syntax line.
    spec: String,
    /// What it is in the corpus for, of which these tests are the start.
    #[expect(dead_code, reason = "part of the report alone")]
    about: String,
}

/// Optimizing takes two thirds of the time of a package, and one is enough to see that it works.
fn check(name: &str, profile: &str) {
    let table: BTreeMap<String, Published> =
        toml::from_str(include_str!("published.toml")).expect("a table of packages");
    let package = &table[name];
    let tree = Tree::empty();
    let (version, sha256) = (&package.version, &package.sha256);
    let source = package::fetch(name, version, sha256, tree.path())
        .unwrap_or_else(|error| panic!("{error}"));
    let spec = match package.spec.trim() {
        "" => "build: { }\n",
        spec => spec,
    };
    let spec = spec.replacen("build: {", &format!("build: {{ profile: {profile},"), 1);
    let spec = format!("# syntax=org/rust-frontend:1\n{spec}\n");
    fs::write(source.join("Rust.yaml"), spec).expect("can write");

    let docker = Docker::take();
    let (image, _) = docker.build(&source).image(name);
    let printed = image.prints(&["--version"]);
    assert!(printed.contains(version), "{printed}");
}
