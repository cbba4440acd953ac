//! The command line of `cargo xtask engine`.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};
use lexopt::Parser;
use lexopt::prelude::*;

use super::{Engine, EngineName, State, daemon, images, purge, registry};

const USAGE: &str = "\
usage: cargo xtask engine <command>

  up [--flavour F]          find or start an engine and see to the base images
  down [--flavour F]        stop the engine that `up` started, of one flavour or of all
  status                    what runs, and where its images are from
  env [--flavour F]         shell variables: RUST_FRONTEND_DOCKER is a program that is docker
  docker [--flavour F] ARGS run docker against the engine
  registry up|down          a real registry at 127.0.0.1 [--port N], 5050 if not said
  purge [--measurements]    stop everything and remove what is in the folder; measurements of benchmarks only if said

F is containerd (default: images in the containerd store), classic (overlay2 graph driver), or
second (as containerd, beside it; its build cache is empty after each `up`).
`up`, `down`, `purge` and `registry down` wait until no other chore, such as tests or a benchmark, uses the engines.
All state is in one folder: $RUST_FRONTEND_CACHE, for root else /var/cache/rust-frontend.";

/// Runs `engine` with the rest of the command line.
pub(crate) fn run(mut args: Parser) -> Result<ExitCode> {
    let command = match args.next()? {
        Some(Value(command)) => command.string()?,
        Some(Long("help") | Short('h')) | None => "help".to_owned(),
        Some(other) => return Err(other.unexpected().into()),
    };
    match command.as_str() {
        "up" => up(flavour_only(args)?)?,
        "down" => down(flavour_only(args)?)?,
        "status" => status(flavour_only(args)?)?,
        "env" => env(flavour_only(args)?)?,
        "docker" => docker(args)?,
        "registry" => registry(args)?,
        "purge" => {
            let mut measurements = false;
            while let Some(arg) = args.next()? {
                match arg {
                    Long("measurements") => measurements = true,
                    other => return Err(other.unexpected().into()),
                }
            }
            purge::purge(&State::locate()?, measurements)?;
            println!("engine: all gone");
        }
        "enter" => {
            daemon::enter(&State::locate()?, flavour_only(args)?.unwrap_or_default())?;
        }
        "help" => println!("{USAGE}"),
        other => bail!("no engine command `{other}`\n{USAGE}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn up(flavour: Option<EngineName>) -> Result<()> {
    let state = State::locate()?;
    let _turn = state.turn()?;
    let engine = Engine::up(&state, flavour)?;
    report(&state, &engine)
}

fn down(flavour: Option<EngineName>) -> Result<()> {
    let state = State::locate()?;
    let _turn = state.turn()?;
    let _lock = state.lock()?;
    for each in EngineName::ALL {
        if flavour.is_none_or(|wanted| wanted == each) {
            let stopped = daemon::stop(&state, each)?;
            println!(
                "{each}: {}",
                if stopped {
                    "stopped"
                } else {
                    "was not started here"
                }
            );
        }
    }
    Ok(())
}

fn status(flavour: Option<EngineName>) -> Result<()> {
    let state = State::locate()?;
    if let Some(host) = Engine::hosts(&state).filter(|_| flavour.is_none()) {
        report(&state, &host)?;
    }
    for each in EngineName::ALL {
        if flavour.is_some_and(|wanted| wanted != each) {
            continue;
        }
        match Engine::find(&state, each) {
            Ok(engine) => report(&state, &engine)?,
            Err(_) => println!("{each}: not up"),
        }
    }
    if let Some((pid, address)) = registry::running(&state) {
        println!("registry: {address} (process {pid})");
    }
    Ok(())
}

fn report(state: &State, engine: &Engine) -> Result<()> {
    let pid = engine.name().and_then(|name| daemon::pid(state, name));
    let owner = match pid {
        Some(pid) => format!("started here, process {pid}"),
        None => "the machine's own".to_owned(),
    };
    println!("{}: {} ({owner})", engine.flavour(), engine.versions()?);
    for image in images::ALL {
        println!("  {:<22} {}", image.name(), images::origin(engine, image));
    }
    println!("  docker: {}", engine.wrapper().display());
    Ok(())
}

fn env(flavour: Option<EngineName>) -> Result<()> {
    let state = State::locate()?;
    let engine = match flavour {
        Some(flavour) => Engine::find(&state, flavour)?,
        None => usual(&state)?,
    };
    println!("RUST_FRONTEND_FLAVOUR={}", engine.flavour());
    println!("RUST_FRONTEND_DOCKER={}", engine.wrapper().display());
    Ok(())
}

/// The engine that `up` finds or starts without a flavour.
fn usual(state: &State) -> Result<Engine> {
    Engine::hosts(state).map_or_else(|| Engine::find(state, EngineName::default()), Ok)
}

fn docker(mut args: Parser) -> Result<()> {
    // All that follows is docker's, its options too; only a leading `--flavour` is ours.
    let mut words: Vec<OsString> = args.raw_args()?.collect();
    let state = State::locate()?;
    let mut flavour = None;
    match words.first().and_then(|word| word.to_str()) {
        Some("--flavour") if words.len() > 1 => {
            flavour = Some(named(&words[1])?);
            words.drain(..2);
        }
        Some(word) if word.starts_with("--flavour=") => {
            flavour = Some(named(OsStr::new(&word["--flavour=".len()..]))?);
            words.remove(0);
        }
        _ => {}
    }
    let engine = match flavour {
        Some(flavour) => Engine::find(&state, flavour)?,
        None => usual(&state)?,
    };
    Err(Command::new(engine.wrapper()).args(words).exec().into())
}

fn registry(mut args: Parser) -> Result<()> {
    let Some(Value(command)) = args.next()? else {
        bail!("registry up or down?\n{USAGE}")
    };
    let mut port = registry::PORT;
    while let Some(arg) = args.next()? {
        match arg {
            Long("port") => port = args.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let state = State::locate()?;
    match command.to_string_lossy().as_ref() {
        "up" => println!("{}", registry::up(&state, port)?),
        "down" => {
            let _turn = state.turn()?;
            let stopped = registry::down(&state)?;
            println!(
                "registry: {}",
                if stopped {
                    "stopped"
                } else {
                    "was not started here"
                }
            );
        }
        other => bail!("registry up or down, not `{other}`"),
    }
    Ok(())
}

fn flavour_only(mut args: Parser) -> Result<Option<EngineName>> {
    let mut flavour = None;
    while let Some(arg) = args.next()? {
        match arg {
            Long("flavour") => flavour = Some(named(&args.value()?)?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(flavour)
}

fn named(flavour: &OsStr) -> Result<EngineName> {
    flavour
        .to_string_lossy()
        .parse()
        .map_err(anyhow::Error::msg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flavour_is_an_option_of_its_own() {
        let parse = |args: &[&str]| flavour_only(Parser::from_args(args.iter().copied()));
        assert_eq!(parse(&[]).unwrap(), None);
        assert_eq!(
            parse(&["--flavour", "classic"]).unwrap(),
            Some(EngineName::Classic)
        );
        assert_eq!(
            parse(&["--flavour=containerd"]).unwrap(),
            Some(EngineName::Containerd)
        );
        assert!(
            parse(&["--flavour", "x"])
                .unwrap_err()
                .to_string()
                .contains("no flavour `x`")
        );
        assert!(parse(&["classic"]).is_err());
    }
}
