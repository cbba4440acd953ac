//! The first minute of a newcomer: build the smallest example twice and see what was cached.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use crate::engine::{Engine, State, network};
use crate::progress::{Reader, Step};
use crate::{image, sh};

const TAG: &str = "rust-frontend-demo";

/// Engine, frontend image, example, run, edit, build again.
pub(crate) fn run(checkout: &Path) -> Result<()> {
    let state = State::locate()?;
    let _turn = state.turn()?;
    println!("== engine");
    let engine = Engine::up(&state, None)?;
    println!("{}: {}", engine.flavour(), engine.versions()?);
    println!("\n== frontend image {}", image::NAME);
    let size = image::build(&engine, checkout)?;
    println!("{} has {:.1} MB", image::NAME, size as f64 / 1e6);

    let project = example(checkout, &state.dir().join("demo"))?;
    println!("\n== first build of examples/rusty-docker; its Rust.yaml is one line:");
    print!("{}", fs::read_to_string(project.join("Rust.yaml"))?);
    let first = build(&engine, &project)?;
    show_run(&engine)?;

    println!("\n== edit src/main.rs and build again");
    // Not what an earlier demo said: that would be cached.
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    edit(&project, &format!("Hello at second {now}!"))?;
    let second = build(&engine, &project)?;
    show_run(&engine)?;

    println!("\n== what was done, and how long each took");
    print!("{}", table(&first, &second));
    if let Some(hint) = engine.hint(image::NAME) {
        println!("\n{hint}");
    }
    fs::remove_dir_all(&project)?;
    Ok(())
}

/// A fresh copy of the smallest example.
pub(crate) fn example(checkout: &Path, to: &Path) -> Result<PathBuf> {
    let _ = fs::remove_dir_all(to);
    let example = checkout.join("examples/rusty-docker");
    sh::quiet(Command::new("cp").arg("-r").args([&example, &to.into()]))?;
    Ok(to.into())
}

/// Changes what the example says.
fn edit(project: &Path, words: &str) -> Result<()> {
    let main = project.join("src/main.rs");
    let text = fs::read_to_string(&main).context("the example has no src/main.rs")?;
    fs::write(&main, text.replacen("Hello, world!", words, 1))?;
    Ok(())
}

fn show_run(engine: &Engine) -> Result<()> {
    println!("$ docker run --rm {TAG}");
    println!("{}", sh::output(&mut engine.docker(["run", "--rm", TAG]))?);
    Ok(())
}

/// A build that went well.
struct Build {
    steps: Vec<Step>,
    seconds: f64,
}

/// Builds and loads; shows each step when it has ended.
fn build(engine: &Engine, project: &Path) -> Result<Build> {
    println!("$ docker buildx build -f Rust.yaml -t {TAG} .");
    let start = Instant::now();
    let mut command = engine.docker(["buildx", "build", "--load", "--progress=rawjson"]);
    let mut child = command
        .args(network::proxy_args())
        .args(["--tag", TAG, "--file"])
        .arg(project.join("Rust.yaml"))
        .arg(project)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start docker")?;
    let mut reader = Reader::default();
    for line in BufReader::new(child.stderr.take().context("no pipe")?).lines() {
        let line = line?;
        match reader.line(&line)? {
            None => eprintln!("{line}"),
            Some(ended) => ended.iter().for_each(show),
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("docker buildx build failed ({status})");
    }
    Ok(Build {
        steps: reader.finish(),
        seconds: start.elapsed().as_secs_f64(),
    })
}

fn show(step: &Step) {
    if step.failed {
        println!("{}\n{}", step.name, step.log);
    } else if !is_internal(step) {
        println!("{:>8}  {}", took(step), step.name);
    }
}

/// Whether a step is small, and not the user's.
fn is_internal(step: &Step) -> bool {
    !step.name.starts_with('[') || step.name.starts_with("[internal]")
}

/// The number in `[app 3/7]`.
fn number(step: &Step) -> Option<u32> {
    let (brackets, _) = step.name.split_once('/')?;
    brackets.rsplit(' ').next()?.parse().ok()
}

fn took(step: &Step) -> String {
    match step.time {
        _ if step.cached => "cached".to_owned(),
        Some((began, ended)) => format!("{:.1} s", ended - began),
        None => String::new(),
    }
}

/// Both builds side by side.
fn table(first: &Build, second: &Build) -> String {
    let mut text = format!("{:>8}  {:>14}\n", "first", "after the edit");
    let mut steps: Vec<&Step> = second.steps.iter().filter(|s| !is_internal(s)).collect();
    steps.sort_by_key(|step| number(step));
    for step in steps {
        let same = first.steps.iter().find(|known| known.name == step.name);
        let before = same.map(took).unwrap_or_default();
        text.push_str(&format!("{before:>8}  {:>14}  {}\n", took(step), step.name));
    }
    let whole = |build: &Build| format!("{:.1} s", build.seconds);
    text + &format!("{:>8}  {:>14}  all of it\n", whole(first), whole(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_what_was_cached_and_what_took_how_long() {
        let step = |name: &str, cached, time| Step {
            name: name.to_owned(),
            cached,
            time: Some((0.0, time)),
            ..Step::default()
        };
        let build = |cached, seconds| Build {
            steps: vec![
                step("[internal] load manifests", false, 1.0),
                step("[app 2/2] compile app", false, 0.5),
                step("[app 1/2] dependencies", cached, 12.34),
            ],
            seconds,
        };
        assert_eq!(
            table(&build(false, 14.0), &build(true, 1.0)),
            "   first  after the edit\n  \
             12.3 s          cached  [app 1/2] dependencies\n   \
             0.5 s           0.5 s  [app 2/2] compile app\n  \
             14.0 s           1.0 s  all of it\n"
        );
    }
}
