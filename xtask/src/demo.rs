//! The first minute of a newcomer: build the smallest example twice and see what was cached.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::engine::{Engine, State};
use crate::{image, sh};

const TAG: &str = "rust-frontend-demo";

/// Engine, frontend image, example, run, edit, build again.
pub(crate) fn run(checkout: &Path) -> Result<()> {
    let state = State::locate()?;
    println!("== engine");
    let engine = Engine::up(&state, None)?;
    println!("== frontend image {}", image::NAME);
    let size = image::build(&engine, checkout)?;
    println!("{} has {:.1} MB", image::NAME, size as f64 / 1e6);

    let project = state.dir().join("demo");
    let _ = fs::remove_dir_all(&project);
    let example = checkout.join("examples/rusty-docker");
    sh::quiet(
        std::process::Command::new("cp")
            .arg("-r")
            .args([&example, &project]),
    )?;
    println!("== first build of examples/rusty-docker; its Rust.yaml is one line:");
    print!("{}", fs::read_to_string(project.join("Rust.yaml"))?);
    let first = build(&engine, &project)?;
    println!("== docker run {TAG}");
    println!("{}", sh::output(&mut engine.docker(["run", "--rm", TAG]))?);

    println!("== edit src/main.rs and build again");
    let main = project.join("src/main.rs");
    let text = fs::read_to_string(&main).context("the example has no src/main.rs")?;
    fs::write(&main, text.replacen("Hello, world!", "Hello again!", 1))?;
    let second = build(&engine, &project)?;
    println!("{}", sh::output(&mut engine.docker(["run", "--rm", TAG]))?);
    println!("first build {first:.1} s, after the edit {second:.1} s");
    fs::remove_dir_all(&project)?;
    Ok(())
}

/// Builds and loads; shows the progress; returns the seconds that it took.
fn build(engine: &Engine, project: &Path) -> Result<f64> {
    let start = Instant::now();
    let mut command = engine.docker([
        "buildx",
        "build",
        "--load",
        "--progress=plain",
        "--tag",
        TAG,
    ]);
    sh::shown(
        command
            .arg("--file")
            .arg(project.join("Rust.yaml"))
            .arg(project),
    )?;
    Ok(start.elapsed().as_secs_f64())
}
