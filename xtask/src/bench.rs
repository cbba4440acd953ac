//! Benchmarks: what our frontend costs beside the least that one can, and whole builds beside what people write
//! instead, on one engine, in turns.
//!
//! ```text
//! scenarios x contenders -> builds -> measurements (JSON lines) -> docs/benchmarks.{md,json}
//! ```
//! They run on the second engine, since counting CPU time needs an engine that nobody else uses. A run that was
//! stopped goes on where it was.

mod builder;
mod builds;
mod cache;
mod counters;
mod frontend;
mod layers;
mod ours;
mod planning;
mod report;
mod store;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, anyhow, bail};

use crate::engine::{EngineName, State};
use crate::sh;
use builder::Builder;
use store::Measurements;

pub(crate) use store::MEASUREMENTS;

const USAGE: &str = "\
usage: cargo xtask bench [--quick] [--rounds N] [--frontend IMAGE] [--flavour FLAVOUR] [PART...] [WORD...]

parts (all of them, if none is named):
  builds     whole builds beside cargo-chef, cache mounts and a Dockerfile with stubs
  frontend   what a frontend costs that has nothing to do
  planning   CPU time and memory of planning, by members and files
  layers     many small layers in a registry beside one large
  report     write docs/benchmarks.md, docs/benchmarks.json and the plots of what was measured so far

words choose projects, contenders, scenarios and builders (`warm`, `emptied`, `fresh`); those of one kind add up:
  `bench builds workspace cargo-chef \"Rust.yaml, layer\" \"leaf source edit\" warm`

options:
  --quick    fewer projects, scenarios and rounds: half an hour to an hour on 2 cores
  --rounds   how often everything is built
  --frontend an image of the main engine, such as a release, in place of one built from the checkout
  --flavour  the engine; all that it has built is forgotten, so the default is `second`, which nobody else uses

What was measured with the same program is not measured again.";

const PARTS: [&str; 5] = [
    builds::PART,
    frontend::PART,
    planning::PART,
    layers::PART,
    report::PART,
];

/// What to measure.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    quick: bool,
    rounds: Option<usize>,
    words: Vec<String>,
}

impl Choice {
    /// How often everything is built.
    fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 3 })
    }

    /// Whether a word of a kind was chosen: no word of that kind chooses all.
    fn wants(&self, kind: &[&str], word: &str) -> bool {
        among(&self.words, kind, word)
    }
}

fn among(words: &[String], kind: &[&str], word: &str) -> bool {
    let mut of_kind = words.iter().filter(|word| kind.contains(&word.as_str()));
    let mut chosen = of_kind.clone();
    of_kind.next().is_none() || chosen.any(|one| one == word)
}

/// What the command line asks for.
struct Order {
    parts: Vec<String>,
    choice: Choice,
    flavour: EngineName,
    /// The image of the frontend, if it is not to be built from the checkout.
    image: Option<String>,
}

impl Order {
    /// Reads the rest of the command line; nothing if that asks for help.
    fn of(mut args: lexopt::Parser) -> Result<Option<Self>> {
        use lexopt::prelude::*;
        let known: Vec<&str> = builds::words()
            .into_iter()
            .chain(planning::SCENARIOS)
            .collect();
        let mut order = Self {
            parts: vec![],
            choice: Choice::default(),
            flavour: EngineName::Second,
            image: None,
        };
        while let Some(arg) = args.next()? {
            match arg {
                Value(word) => match word.string()? {
                    word if PARTS.contains(&word.as_str()) => order.parts.push(word),
                    word if known.contains(&word.as_str()) => order.choice.words.push(word),
                    word => bail!(
                        "`{word}` is not one of: {}, {}",
                        PARTS.join(", "),
                        known.join(", ")
                    ),
                },
                Long("quick") => order.choice.quick = true,
                Long("frontend") => order.image = Some(args.value()?.string()?),
                Long("rounds") => order.choice.rounds = Some(args.value()?.parse()?),
                Long("flavour") => {
                    let name = args.value()?.string()?;
                    order.flavour = name.parse().map_err(|error: String| anyhow!(error))?;
                }
                Long("help") | Short('h') => return Ok(None),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(Some(order))
    }

    /// Whether a part is asked for: all of them are if none is named.
    fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|one| one == part)
    }
}

/// Runs `bench` with the rest of the command line.
pub(crate) fn run(checkout: &Path, args: lexopt::Parser) -> Result<()> {
    let Some(order) = Order::of(args)? else {
        println!("{USAGE}");
        return Ok(());
    };
    let state = State::locate()?;
    let measures = PARTS
        .iter()
        .any(|part| *part != report::PART && order.wants(part));
    // What others have measured meanwhile is measured then.
    let _turn = measures.then(|| state.turn()).transpose()?;
    let mut store = Measurements::open(&state)?;
    if measures {
        measure(checkout, &order, &mut store)?;
    }
    if order.wants(report::PART) {
        report::write(checkout, &store)?;
    }
    Ok(())
}

/// Sees to engine and frontends, and measures.
fn measure(checkout: &Path, order: &Order, store: &mut Measurements) -> Result<()> {
    let choice = &order.choice;
    let alone = order.wants(frontend::PART) || order.wants(planning::PART);
    let ours = alone || (order.wants(builds::PART) && builds::has_ours(choice));
    match &order.image {
        Some(image) => ours::take(image)?,
        None if ours => ours::make(checkout)?,
        None => {}
    }
    if alone {
        ours::make_minimal(checkout)?;
    }
    let builder = Builder::up(order.flavour)?;
    let digest = match ours {
        true => ours::bring(&builder)?,
        false => String::new(),
    };
    if alone {
        ours::bring_minimal(&builder)?;
    }
    if order.wants(frontend::PART) {
        frontend::run(checkout, &builder, store, &digest)?;
    }
    if order.wants(planning::PART) {
        planning::run(checkout, &builder, store, &digest, choice)?;
    }
    if order.wants(layers::PART) && !choice.quick {
        layers::run(&builder, store, choice.rounds())?;
    }
    if order.wants(builds::PART) {
        builds::run(checkout, &builder, store, &digest, choice)?;
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
