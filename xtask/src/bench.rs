//! Benchmarks: our builds beside those that users would write instead, on one engine, in turns.
//!
//! ```text
//! projects x scenarios x contenders -> builds -> measurements (JSON lines) -> docs/benchmarks.{md,json}, plots
//! ```
//! They run on engines of their own (`bench-containerd`, `bench-classic`), since a cold build needs an empty cache
//! and counting CPU time needs an engine that nobody else uses. A run that was stopped goes on where it was.

mod builder;
mod counters;
mod frontend;
mod ours;
mod planning;
mod progress;
mod store;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::engine::{Flavour, State};
use crate::sh;
use builder::Builder;
use store::Store;

const USAGE: &str = "\
usage: cargo xtask bench [PART] [OPTIONS] [WORDS]

parts (all of them, if none is named):
  frontend   what a frontend costs that has nothing to do
  planning   CPU time and memory of planning, by members and files
  builds     projects, scenarios and contenders; WORDS choose some of each
  report     write docs/benchmarks.* of what was measured so far

options:
  --flavour F   containerd (default) or classic
  --quick       fewer rounds, small projects
  --rounds N    so many rounds
  --made        the images of the frontend are there: do not build them";

/// What the command line asks for.
#[derive(Debug, Default)]
struct Asked {
    parts: Vec<String>,
    words: Vec<String>,
    flavour: Option<Flavour>,
    quick: bool,
    rounds: Option<usize>,
    made: bool,
}

const PARTS: [&str; 4] = ["frontend", "planning", "builds", "report"];

/// Runs `bench` with the rest of the command line.
pub(crate) fn run(checkout: &Path, mut args: lexopt::Parser) -> Result<()> {
    use lexopt::prelude::*;
    let mut asked = Asked::default();
    while let Some(arg) = args.next()? {
        match arg {
            Value(word) => match word.string()? {
                word if PARTS.contains(&word.as_str()) => asked.parts.push(word),
                word => asked.words.push(word),
            },
            Long("flavour") => {
                let word = args.value()?.string()?;
                let name = format!("bench-{}", word.trim_start_matches("bench-"));
                asked.flavour = Some(name.parse().map_err(anyhow::Error::msg)?);
            }
            Long("quick") => asked.quick = true,
            Long("rounds") => asked.rounds = Some(args.value()?.parse()?),
            Long("made") => asked.made = true,
            Long("help") | Short('h') => {
                println!("{USAGE}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let flavour = asked.flavour.unwrap_or(Flavour::BenchContainerd);
    let wants = |part: &str| asked.parts.is_empty() || asked.parts.iter().any(|one| one == part);
    let mut store = Store::open(&State::locate()?)?;
    if ["frontend", "planning", "builds"].into_iter().any(wants) {
        if !asked.made {
            ours::make(checkout)?;
        }
        let builder = Builder::up(flavour)?;
        let digest = ours::bring(&builder)?;
        if wants("frontend") {
            frontend::run(checkout, &builder, &mut store, &digest)?;
        }
        if wants("planning") {
            planning::run(checkout, &builder, &mut store, &digest, &asked.words)?;
        }
    }
    Ok(())
}

/// Copies a folder's content.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        bail!("no {}", from.display());
    }
    sh::quiet(Command::new("cp").arg("-r").arg(from.join(".")).arg(to))
}
