//! The frontend under test: built from this checkout, known by the digest of its program.

use std::path::Path;

use anyhow::Result;

use super::builder::Builder;
use crate::engine::{Engine, State};
use crate::{image, sh};

/// The image of the frontend under test.
pub(crate) const NAME: &str = "org/rust-frontend:bench";

/// The image of the frontend that does next to nothing.
pub(crate) const MINIMAL: &str = "org/minimal-frontend:bench";

/// The image of the official frontend.
pub(crate) const OFFICIAL: &str = "docker/dockerfile:1";

/// Whether the engine of the benchmarks has the official frontend, or gets it from its registry.
pub(crate) fn has_official(builder: &Builder) -> bool {
    ["inspect", "pull"]
        .iter()
        .any(|how| sh::succeeds(&mut builder.engine.docker(["image", how, OFFICIAL])))
}

/// Takes an image that the engine has for ours.
pub(crate) fn take(image: &str) -> Result<()> {
    let engine = Engine::up(&State::locate()?, None)?;
    sh::quiet(&mut engine.docker(["tag", image, NAME]))
}

/// Builds ours from the checkout on the engine that others use, too, where cargo's caches are.
pub(crate) fn make(checkout: &Path) -> Result<()> {
    let engine = Engine::up(&State::locate()?, None)?;
    image::build_as(&engine, checkout, "Dockerfile.frontend", NAME)
}

/// Builds the one that does next to nothing.
pub(crate) fn make_minimal(checkout: &Path) -> Result<()> {
    let engine = Engine::up(&State::locate()?, None)?;
    let file = "xtask/src/bench/minimal.Dockerfile";
    image::build_as(&engine, checkout, file, MINIMAL)
}

/// Brings the image of ours to the engine of the benchmarks, and returns the SHA-256 of our program.
pub(crate) fn bring(builder: &Builder) -> Result<String> {
    bring_as(builder, NAME, "rust-frontend")
}

/// Brings the other one.
pub(crate) fn bring_minimal(builder: &Builder) -> Result<String> {
    bring_as(builder, MINIMAL, "minimal-frontend")
}

fn bring_as(builder: &Builder, image: &str, program: &str) -> Result<String> {
    let state = State::locate()?;
    let from = Engine::up(&state, None)?;
    let dir = state.dir().join("bench");
    let digest = |engine: &Engine| image::program(engine, image, program, &dir);
    let wanted = digest(&from)?;
    if digest(&builder.engine).ok().as_ref() != Some(&wanted) {
        image::copy(&from, &builder.engine, image)?;
    }
    Ok(wanted)
}
