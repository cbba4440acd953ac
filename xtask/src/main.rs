//! Chores of rust-frontend: `cargo xtask help` lists them.

mod bench;
mod corpus;
mod demo;
mod digest;
mod engine;
mod image;
mod pictures;
mod progress;
mod sh;
mod svg;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
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
  corpus   build published packages (all, or those named) and write docs/corpus.md; `--again` also those that were built
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
    let chore = match args.next()? {
        Some(Value(chore)) => chore.string()?,
        Some(Long("help") | Short('h')) => "help".to_owned(),
        Some(other) => return Err(other.unexpected().into()),
        None => bail!("name a chore\n{USAGE}"),
    };
    match chore.as_str() {
        "engine" => return engine::cli::run(args),
        "bench" => bench::run(&checkout(), args)?,
        "test" => with_words(args, &[], |words| test::run(&checkout(), words))?,
        "corpus" => with_words(args, &["again"], |words| corpus::run(&checkout(), words))?,
        "demo" => alone(args, || demo::run(&checkout()))?,
        "pictures" => alone(args, || pictures::run(&checkout()))?,
        "image" => alone(args, || image::run(&checkout()))?,
        "help" => println!("{USAGE}"),
        other => bail!("no chore `{other}`\n{USAGE}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a chore with the words behind its name and those of its options that it has. Where help is asked for, that is
/// shown in its place.
fn with_words(
    mut args: Parser,
    options: &[&str],
    chore: impl FnOnce(&[String]) -> Result<()>,
) -> Result<()> {
    let mut words = vec![];
    while let Some(arg) = args.next()? {
        match arg {
            Value(word) => words.push(word.string()?),
            Long("help") | Short('h') => {
                println!("{USAGE}");
                return Ok(());
            }
            Long(option) if options.contains(&option) => words.push(format!("--{option}")),
            other => return Err(other.unexpected().into()),
        }
    }
    chore(&words)
}

/// Runs a chore that has neither words nor options.
fn alone(args: Parser, chore: impl FnOnce() -> Result<()>) -> Result<()> {
    with_words(args, &[], |words| match words.first() {
        None => chore(),
        Some(word) => bail!("this chore takes no words, and there is `{word}`"),
    })
}

/// The folder of this workspace.
fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parser(words: &[&str]) -> Parser {
        Parser::from_args(words.iter().copied())
    }

    #[test]
    fn a_chore_gets_its_words_and_options() {
        let given = |words: &[&str]| {
            let mut given = None;
            let chore = |words: &[String]| {
                given = Some(words.to_vec());
                Ok(())
            };
            with_words(parser(words), &["again"], chore).map(|()| given)
        };
        let all = given(&["just", "--again", "sd"]).unwrap().unwrap();
        assert_eq!(all, ["just", "--again", "sd"]);
        assert_eq!(given(&["just", "--help"]).unwrap(), None);
        assert!(given(&["--agian"]).is_err());
    }

    #[test]
    fn a_chore_without_words_runs_without_words_only() {
        let runs = |words: &[&str]| {
            let mut runs = false;
            let chore = || {
                runs = true;
                Ok(())
            };
            alone(parser(words), chore).map(|()| runs)
        };
        assert!(runs(&[]).unwrap());
        assert!(!runs(&["-h"]).unwrap());
        assert!(runs(&["word"]).is_err());
        assert!(runs(&["--quick"]).is_err());
    }
}
