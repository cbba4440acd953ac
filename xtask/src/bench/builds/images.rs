//! The build images: the same for everyone, cargo-chef's with its program in it as its authors publish it, and each
//! once more with another digest.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::engine::{Engine, State};
use crate::{image, sh};

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

/// The label that tells which `rust:1` an image was made of. The tag does not, since it is in files that measurements
/// depend on.
const MADE_OF: &str = "rust-frontend-bench.rust";

/// Makes those that an engine does not have, or has of an earlier `rust:1`.
pub(super) fn ensure(state: &State, engine: &Engine) -> Result<()> {
    let chef_program =
        format!("FROM rust:1 AS chef\nRUN cargo install --locked cargo-chef@{CHEF}\n");
    let copy = "COPY --from=chef /usr/local/cargo/bin/cargo-chef /usr/local/cargo/bin/\n";
    let with_chef = |base: Base| format!("{chef_program}FROM {}\n{copy}", rust(base));
    // A file more, since the engine knows an image by its layers.
    let next = "FROM rust:1\nRUN touch /usr/local/next\n".to_owned();
    let made_of = image::id(engine, &rust(Base::Now))?;
    for (name, text) in [
        (rust(Base::Next), next),
        (chef(Base::Now), with_chef(Base::Now)),
        (chef(Base::Next), with_chef(Base::Next)),
    ] {
        if label(engine, &name).is_ok_and(|label| label == made_of) {
            continue;
        }
        println!("builds: making {name}");
        let dir = state.dir().join("bench/images");
        fs::create_dir_all(&dir)?;
        fs::write(dir.join("Dockerfile"), text)?;
        let mut build = engine.docker(["buildx", "build", "--load", "--provenance=false"]);
        build.args(["--label", &format!("{MADE_OF}={made_of}")]);
        build.args(["--tag", &name]).arg(&dir);
        sh::shown(&mut build)?;
    }
    Ok(())
}

/// What [`MADE_OF`] says of an image that an engine has; nothing on one without it.
fn label(engine: &Engine, name: &str) -> Result<String> {
    let format = format!("{{{{with .Config.Labels}}}}{{{{index . \"{MADE_OF}\"}}}}{{{{end}}}}");
    sh::output(&mut engine.docker(["image", "inspect", "--format", &format, name]))
}

/// The musl triple of this machine.
pub(super) fn triple() -> Result<String> {
    let machine = sh::output(Command::new("uname").arg("-m"))?;
    Ok(format!("{machine}-unknown-linux-musl"))
}
