//! Chores of rust-frontend: `cargo xtask help` lists them.

mod bench;
mod corpus;
mod demo;
mod engine;
mod image;
mod pictures;
mod progress;
mod sh;
mod svg;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use lexopt::Parser;
use lexopt::prelude::*;

const USAGE: &str = "\
usage: cargo xtask <chore> [ARGS]

chores:
  demo     bring up an engine if none runs, build the smallest example, edit it, build it again
  pictures record the README's terminal session and draw its graph (docs/demo.svg, docs/graph.svg)
  test     format, clippy, cargo-deny, hermetic and end-to-end tests: what CI runs
           (words behind it choose end-to-end tests)
  image    build the frontend image and load it into the engine
  bench    measure builds side by side with what users would write instead: `cargo xtask bench --help`
  corpus   build published packages (all, or those named) and write docs/corpus.md
  engine   a real Docker engine with the base images: `cargo xtask engine help`";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let mut args = Parser::from_env();
    match args.next()? {
        Some(Value(chore)) => match chore.to_string_lossy().as_ref() {
            "engine" => engine::cli::run(args),
            "demo" => demo::run(&checkout()).map(|()| ExitCode::SUCCESS),
            "pictures" => pictures::run(&checkout()).map(|()| ExitCode::SUCCESS),
            "test" => {
                let words = args
                    .raw_args()?
                    .map(|word| word.to_string_lossy().into_owned());
                test::run(&checkout(), &words.collect::<Vec<_>>()).map(|()| ExitCode::SUCCESS)
            }
            "corpus" => {
                let words = args
                    .raw_args()?
                    .map(|word| word.to_string_lossy().into_owned());
                corpus::run(&checkout(), &words.collect::<Vec<_>>()).map(|()| ExitCode::SUCCESS)
            }
            "bench" => bench::run(&checkout(), args).map(|()| ExitCode::SUCCESS),
            "image" => {
                let state = engine::State::locate()?;
                let _turn = state.turn()?;
                let engine = engine::Engine::up(&state, None)?;
                let size = image::build(&engine, &checkout())?;
                println!("{}: {size} bytes", image::NAME);
                if let Some(hint) = engine.hint(image::NAME) {
                    println!("{hint}");
                }
                Ok(ExitCode::SUCCESS)
            }
            "help" => {
                println!("{USAGE}");
                Ok(ExitCode::SUCCESS)
            }
            other => anyhow::bail!("no chore `{other}`\n{USAGE}"),
        },
        Some(Long("help") | Short('h')) => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => Err(other.unexpected().into()),
        None => anyhow::bail!("name a chore\n{USAGE}"),
    }
}

/// The folder of this workspace.
fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
