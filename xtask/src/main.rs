//! Chores of rust-frontend: `cargo xtask help` lists them.

mod engine;
mod sh;

use std::process::ExitCode;

use anyhow::Result;
use lexopt::Parser;
use lexopt::prelude::*;

const USAGE: &str = "\
usage: cargo xtask <chore> [ARGS]

chores:
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
