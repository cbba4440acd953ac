//! The frontend image: built from `Dockerfile.frontend`, loaded into the engine, kept small.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::digest;
use crate::engine::{Engine, State, network};
use crate::sh;

/// The name that examples and tests use in their syntax line.
pub(crate) const NAME: &str = "org/rust-frontend:1";

/// Builds the image for the engine that the machine runs, or for one of ours, and says how large it is.
pub(crate) fn run(checkout: &Path) -> Result<()> {
    let state = State::locate()?;
    let _turn = state.turn()?;
    let engine = Engine::up(&state, None)?;
    let size = build(&engine, checkout)?;
    println!("{NAME}: {size} bytes");
    if let Some(hint) = engine.hint(NAME) {
        println!("{hint}");
    }
    Ok(())
}

/// Builds the image and loads it into the engine under [`NAME`]; returns its size in bytes.
pub(crate) fn build(engine: &Engine, checkout: &Path) -> Result<u64> {
    build_as(engine, checkout, "Dockerfile.frontend", NAME)?;
    size(engine, NAME)
}

/// Builds an image by a file of the checkout and loads it into the engine.
pub(crate) fn build_as(engine: &Engine, checkout: &Path, file: &str, name: &str) -> Result<()> {
    let mut command = engine.docker([
        "buildx",
        "build",
        "--load",
        "--progress=plain",
        "--tag",
        name,
    ]);
    command.args(network::proxy_args());
    command.arg("--file").arg(checkout.join(file)).arg(checkout);
    sh::shown(&mut command)
}

/// Takes an image from one engine to another, which would else compile it once more.
pub(crate) fn copy(from: &Engine, to: &Engine, name: &str) -> Result<()> {
    let mut pipe = std::process::Command::new("sh");
    pipe.args(["-c", "\"$1\" save \"$3\" | \"$2\" load", "copy"]);
    sh::shown(pipe.arg(from.wrapper()).arg(to.wrapper()).arg(name))
}

/// What an image is on an engine; an error if the engine does not have it.
pub(crate) fn id(engine: &Engine, name: &str) -> Result<String> {
    sh::output(&mut engine.docker(["image", "inspect", "--format", "{{.Id}}", name]))
}

/// The size of an image's files: what `docker image inspect` calls size differs between stores.
pub(crate) fn size(engine: &Engine, name: &str) -> Result<u64> {
    in_container(engine, name, |id| {
        sh::piped(&mut engine.docker(["export", id]), |files| {
            io::copy(files, &mut io::sink())
        })
    })
}

/// The SHA-256 of a program in an image: the digest of the image tells when it was made, too. A copy of the program is
/// in `dir` meanwhile.
pub(crate) fn program(engine: &Engine, name: &str, program: &str, dir: &Path) -> Result<String> {
    let copy = dir.join(format!("{program}.copy"));
    in_container(engine, name, |id| {
        let from = format!("{id}:/usr/local/bin/{program}");
        sh::quiet(engine.docker(["cp", &from]).arg(&copy))
    })?;
    let bytes = fs::read(&copy).with_context(|| format!("no copy of {program} of {name}"))?;
    fs::remove_file(copy)?;
    Ok(digest::hex(&Sha256::digest(bytes)))
}

/// Makes a container of an image, which does not run, and asks something of its files.
fn in_container<T>(engine: &Engine, image: &str, ask: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    let id = sh::output(&mut engine.docker(["create", image]))?;
    let answer = ask(&id);
    let removed = sh::quiet(&mut engine.docker(["rm", &id]));
    let answer = answer?;
    removed.map(|()| answer)
}
