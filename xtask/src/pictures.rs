//! The README's pictures: a session at a terminal as it was, and a graph.

mod film;
mod recording;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::engine::{Engine, EngineName, State};
use crate::{demo, image, sh};
use film::Film;
use recording::Terminal;

/// What is typed.
const FIRST: [&str; 3] = [
    "cat Rust.yaml",
    "docker buildx build -f Rust.yaml -t hello .",
    "docker run --rm hello",
];

/// What is typed after the edit.
const SECOND: [&str; 3] = [
    "sed -i 's/Hello, world!/Hello again!/' src/main.rs",
    "docker buildx build -f Rust.yaml -t hello .",
    "docker run --rm hello",
];

/// Records the session on an engine whose build cache is empty, and draws the graph of an example.
pub(crate) fn run(checkout: &Path) -> Result<()> {
    let state = State::locate()?;
    let _turn = state.turn()?;
    let engine = Engine::up(&state, None)?;
    image::build(&engine, checkout)?;
    let graph = graph(&engine, &checkout.join("examples/workspace"))?;
    fs::write(checkout.join("docs/graph.svg"), graph)?;

    // The other engine's build cache is empty.
    let fresh = Engine::own(&state, EngineName::Second)?;
    image::copy(&engine, &fresh, image::NAME)?;
    let dir = state.dir().join("pictures");
    fs::create_dir_all(&dir)?;
    let project = demo::example(checkout, &dir.join("hello"))?;
    let mut film = Film::default();
    let mut terminal = Terminal::new(&fresh, &project, &dir)?;
    for line in FIRST.iter().chain(&SECOND) {
        terminal.run(line, &mut film)?;
    }
    film.hold(4.0);
    fs::write(checkout.join("docs/demo.svg"), film.svg())?;
    fs::remove_dir_all(dir)?;
    println!("docs/demo.svg and docs/graph.svg are new: look at them");
    Ok(())
}

/// The picture that `--call=graph` gives.
fn graph(engine: &Engine, project: &Path) -> Result<String> {
    let mut command = engine.docker(["buildx", "build", "--call=graph,format=json"]);
    command.args(["--progress=quiet", "--target", "server", "--file"]);
    let answer = sh::output(command.arg(project.join("Rust.yaml")).arg(project))?;
    let answer: serde_json::Value = serde_json::from_str(&answer).context("no JSON")?;
    let svg = answer.pointer("/0/svg").and_then(|svg| svg.as_str());
    svg.map(str::to_owned).context("the answer has no picture")
}
