//! The build images: the same for everyone, cargo-chef's with its program in it as its authors publish it, and each
//! once more with another digest.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::engine::{Engine, State};
use crate::sh;

/// Which of two build images that differ in their digest alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    Now,
    Next,
}

/// The version of cargo-chef.
pub(super) const CHEF: &str = "0.1.78";

/// The build image.
pub(super) fn rust(base: Base) -> String {
    match base {
        Base::Now => "rust:1".to_owned(),
        Base::Next => "rust-frontend-bench/rust:next".to_owned(),
    }
}

/// The build image with cargo-chef in it.
pub(super) fn chef(base: Base) -> String {
    let tag = match base {
        Base::Now => "rust-1",
        Base::Next => "rust-next",
    };
    format!("rust-frontend-bench/cargo-chef:{CHEF}-{tag}")
}

/// Makes those that an engine does not have.
pub(super) fn ensure(state: &State, engine: &Engine) -> Result<()> {
    let chef_program =
        format!("FROM rust:1 AS chef\nRUN cargo install --locked cargo-chef@{CHEF}\n");
    let copy = "COPY --from=chef /usr/local/cargo/bin/cargo-chef /usr/local/cargo/bin/\n";
    let with_chef = |base: Base| format!("{chef_program}FROM {}\n{copy}", rust(base));
    // A file more, since the engine knows an image by its layers.
    let next = "FROM rust:1\nRUN touch /usr/local/next\n".to_owned();
    for (name, text) in [
        (rust(Base::Next), next),
        (chef(Base::Now), with_chef(Base::Now)),
        (chef(Base::Next), with_chef(Base::Next)),
    ] {
        if id(engine, &name).is_ok() {
            continue;
        }
        println!("builds: making {name}");
        let dir = state.dir().join("bench/images");
        fs::create_dir_all(&dir)?;
        fs::write(dir.join("Dockerfile"), text)?;
        let mut build = engine.docker(["buildx", "build", "--load", "--provenance=false"]);
        build.args(["--tag", &name]).arg(&dir);
        sh::shown(&mut build)?;
    }
    Ok(())
}

/// What an image is on an engine; an error if the engine does not have it.
pub(super) fn id(engine: &Engine, name: &str) -> Result<String> {
    let mut inspect = engine.docker(["image", "inspect", "--format", "{{.Id}}"]);
    sh::output(inspect.arg(name))
}

/// The musl triple of this machine.
pub(super) fn triple() -> Result<String> {
    let machine = sh::output(Command::new("uname").arg("-m"))?;
    Ok(format!("{machine}-unknown-linux-musl"))
}
