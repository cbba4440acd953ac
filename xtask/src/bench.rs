//! Benchmarks: what our frontend costs beside the least that one can, on one engine, in turns.
//!
//! ```text
//! scenarios x contenders -> builds -> measurements (JSON lines) -> docs/benchmarks.{md,json}
//! ```
//! They run on the second engine, since counting CPU time needs an engine that nobody else uses. A run that was
//! stopped goes on where it was.

mod builder;
mod counters;
mod frontend;
mod ours;
mod planning;
mod report;
mod store;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::engine::State;
use crate::sh;
use builder::Builder;
use store::Store;

const USAGE: &str = "\
usage: cargo xtask bench [PART] [SCENARIO...]

parts (all of them, if none is named):
  frontend   what a frontend costs that has nothing to do
  planning   CPU time and memory of planning, by members and files; SCENARIO such as `20 members` chooses
  report     write docs/benchmarks.md and docs/benchmarks.json of what was measured so far

What was measured with the same program is not measured again.";

const PARTS: [&str; 3] = ["frontend", "planning", "report"];

/// Runs `bench` with the rest of the command line.
pub(crate) fn run(checkout: &Path, mut args: lexopt::Parser) -> Result<()> {
    use lexopt::prelude::*;
    let (mut parts, mut words) = (vec![], vec![]);
    while let Some(arg) = args.next()? {
        match arg {
            Value(word) => match word.string()? {
                word if PARTS.contains(&word.as_str()) => parts.push(word),
                word => words.push(word),
            },
            Long("help") | Short('h') => {
                println!("{USAGE}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|one| one == part);
    let mut store = Store::open(&State::locate()?)?;
    if wants(frontend::PART) || wants(planning::PART) {
        ours::make(checkout)?;
        let builder = Builder::up()?;
        let digest = ours::bring(&builder)?;
        if wants(frontend::PART) {
            frontend::run(checkout, &builder, &mut store, &digest)?;
        }
        if wants(planning::PART) {
            planning::run(checkout, &builder, &mut store, &digest, &words)?;
        }
    }
    if wants("report") {
        report::write(checkout, &store)?;
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
