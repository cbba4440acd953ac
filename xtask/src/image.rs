//! The frontend image: built from `Dockerfile.frontend`, loaded into the engine, kept small.

use std::path::Path;

use anyhow::{Result, bail};

use crate::engine::Engine;
use crate::sh;

/// The name that examples and tests use in their syntax line.
pub(crate) const NAME: &str = "org/rust-frontend:1";

/// Every build that the engine has not seen before pulls the image: it stays below this, in bytes.
const LIMIT: u64 = 4 * 1024 * 1024;

/// Builds the image and loads it into the engine under [`NAME`]; returns its size in bytes.
pub(crate) fn build(engine: &Engine, checkout: &Path) -> Result<u64> {
    let file = checkout.join("Dockerfile.frontend");
    let mut command = engine.docker([
        "buildx",
        "build",
        "--load",
        "--progress=plain",
        "--tag",
        NAME,
    ]);
    command.arg("--file").arg(file).arg(checkout);
    sh::shown(&mut command)?;
    let size = size(engine)?;
    if size > LIMIT {
        bail!("the frontend image has {size} bytes, more than the {LIMIT} that it may have");
    }
    Ok(size)
}

/// Takes the image from one engine to another, which would else compile it once more.
pub(crate) fn copy(from: &Engine, to: &Engine) -> Result<()> {
    let mut pipe = std::process::Command::new("sh");
    pipe.args(["-c", "\"$1\" save \"$3\" | \"$2\" load", "copy"]);
    sh::shown(pipe.arg(from.wrapper()).arg(to.wrapper()).arg(NAME))
}

/// The size of the image's one file: what `docker image inspect` calls size differs between stores.
fn size(engine: &Engine) -> Result<u64> {
    let id = sh::output(&mut engine.docker(["create", NAME]))?;
    let listed = sh::output(
        std::process::Command::new("sh")
            .args(["-c", "\"$1\" export \"$2\" | wc -c", "size"])
            .arg(engine.wrapper())
            .arg(&id),
    );
    sh::quiet(&mut engine.docker(["rm", &id]))?;
    Ok(listed?.trim().parse()?)
}
