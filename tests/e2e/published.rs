//! Packages that nobody here wrote, as they are on crates.io.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::support::docker::{Docker, Outcome};
use crate::support::tree::Tree;

#[test]
fn ripgrep() {
    check("ripgrep");
}

#[test]
fn fd_find() {
    check("fd-find");
}

#[test]
fn just() {
    check("just");
}

/// An entry of `published.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Published {
    version: String,
    /// Of the .crate file.
    sha256: String,
    /// What `--version` must print first.
    prints: String,
    /// `Rust.yaml` after its syntax line.
    spec: String,
}

fn check(name: &str) {
    let table: BTreeMap<String, Published> =
        toml::from_str(include_str!("published.toml")).expect("a table of packages");
    let package = &table[name];
    let tree = Tree::empty();
    let source = unpack(&download(name, package, tree.path()), tree.path());
    let spec = format!("# syntax=org/rust-frontend:1\n{}", package.spec);
    fs::write(source.join("Rust.yaml"), spec).expect("can write");

    let docker = Docker::take();
    let (image, _) = docker.build(&source).image(name);
    let printed = image.prints(&["--version"]);
    assert!(printed.starts_with(&package.prints), "{printed}");
}

/// Has cargo download a package; the path of its .crate file.
fn download(name: &str, package: &Published, dir: &Path) -> PathBuf {
    let Published { version, .. } = package;
    let manifest = format!(
        "[package]\nname = \"download\"\nedition = \"2024\"\n\n\
         [dependencies]\n{name} = \"={version}\"\n\n\
         [workspace]\n"
    );
    fs::write(dir.join("Cargo.toml"), manifest).expect("can write");
    fs::create_dir(dir.join("src")).expect("can make folders");
    fs::write(dir.join("src/lib.rs"), "").expect("can write");
    must(Command::new("cargo").arg("fetch").current_dir(dir));

    let path = cached(&format!("{name}-{version}.crate"));
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let sha256: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(sha256, package.sha256, "{}", path.display());
    path
}

/// A file of cargo's download cache, of whichever registry serves crates.io here.
fn cached(file: &str) -> PathBuf {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
        .expect("cargo has a home");
    let registries = fs::read_dir(home.join("registry/cache")).expect("cargo has a cache");
    registries
        .map(|registry| registry.expect("a readable folder").path().join(file))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("cargo has not downloaded {file}"))
}

/// Unpacks a .crate file; the folder that it holds.
fn unpack(archive: &Path, dir: &Path) -> PathBuf {
    must(
        Command::new("tar")
            .arg("-xzf")
            .arg(archive)
            .arg("-C")
            .arg(dir),
    );
    dir.join(archive.file_stem().expect("a file"))
}

fn must(command: &mut Command) {
    let outcome = Outcome::of(command);
    assert_eq!(outcome.exit, Some(0), "{command:?}: {outcome}");
}
