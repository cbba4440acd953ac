//! The frontend image: built from `Dockerfile.frontend`, loaded into the engine, kept small.

use std::path::Path;

use anyhow::{Result, bail};

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

/// The size of an image's files: what `docker image inspect` calls size differs between stores.
pub(crate) fn size(engine: &Engine, name: &str) -> Result<u64> {
    let id = sh::output(&mut engine.docker(["create", name]))?;
    let listed = sh::output(
        std::process::Command::new("sh")
            .args(["-c", "\"$1\" export \"$2\" | wc -c", "size"])
            .arg(engine.wrapper())
            .arg(&id),
    );
    sh::quiet(&mut engine.docker(["rm", &id]))?;
    match listed?.trim().parse()? {
        0 => bail!("cannot export the files of {name}"),
        size => Ok(size),
    }
}
