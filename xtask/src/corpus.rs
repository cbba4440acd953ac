//! Builds packages that others published and reports how that went.
//!
//! The packages are those of `tests/e2e/published.toml`. What is done is kept in the cache folder, one file a
//! package, so that a run that was stopped goes on where it was. Packages that failed are built again, and so are all
//! whose spec or whose frontend is another one now; with `--again` those that went well, too.

mod package;

pub(crate) use package::fetch;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::engine::{Engine, State};
use crate::{image, sh};

/// The longest that a build may take.
const LONGEST: Duration = Duration::from_secs(40 * 60);

/// An entry of `published.toml`.
#[derive(Deserialize)]
struct Published {
    version: String,
    sha256: String,
    spec: String,
    /// What it is in the corpus for.
    #[serde(default)]
    about: String,
}

/// How one package fared.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Outcome {
    version: String,
    spec: String,
    /// The SHA-256 of the frontend.
    program: String,
    built: bool,
    ran: bool,
    /// Crates that the dependency step compiled.
    dependencies: usize,
    /// External crates that the compile step had to compile once more.
    recompiled: Vec<String>,
    /// The image, in bytes.
    size: u64,
    seconds: u64,
    /// The end of what was said, if it failed.
    error: String,
}

/// The frontend that builds them.
struct Frontend {
    /// The image, if it is another one than that of the checkout.
    image: Option<String>,
    /// The SHA-256 of its program.
    program: String,
}

impl Frontend {
    /// That of `$RUST_FRONTEND_IMAGE`, else one built from the checkout.
    fn of(engine: &Engine, checkout: &Path, dir: &Path) -> Result<Self> {
        let image = env::var("RUST_FRONTEND_IMAGE").ok();
        if image.is_none() {
            image::build(engine, checkout)?;
        }
        let name = image.as_deref().unwrap_or(image::NAME);
        let program = image::program(engine, name, "rust-frontend", dir)?;
        Ok(Self { image, program })
    }
}

/// Builds the packages that `words` name, or all, and writes the reports; fails if one of them did not build or run.
pub(crate) fn run(checkout: &Path, words: &[String]) -> Result<()> {
    let again = words.iter().any(|word| word == "--again");
    let names: Vec<&String> = words
        .iter()
        .filter(|word| !word.starts_with("--"))
        .collect();
    let text = fs::read_to_string(checkout.join("tests/e2e/published.toml"))?;
    let table: BTreeMap<String, Published> = toml::from_str(&text)?;
    if let Some(unknown) = names.iter().find(|name| !table.contains_key(**name)) {
        bail!("no package `{unknown}` in tests/e2e/published.toml");
    }
    let state = State::locate()?;
    let _turn = state.turn()?;
    let dir = state.dir().join("corpus");
    fs::create_dir_all(&dir)?;
    let engine = Engine::up(&state, None)?;
    let frontend = Frontend::of(&engine, checkout, &dir)?;
    let wanted = |name: &String| names.is_empty() || names.contains(&name);
    let mut failed = vec![];
    for (name, package) in table.iter().filter(|(name, _)| wanted(name)) {
        let known = known(&dir, name, package);
        if !again && known.is_some_and(|one| one.ran && one.program == frontend.program) {
            continue;
        }
        println!("== {name} {}", package.version);
        let outcome = build(&engine, &frontend, name, package, &dir);
        println!("   {outcome:?}");
        fs::write(
            file(&dir, name, package),
            serde_json::to_string_pretty(&outcome)?,
        )?;
        if !outcome.ran {
            failed.push(name.as_str());
        }
    }
    report(checkout, &dir, &table)?;
    match failed.is_empty() {
        true => Ok(()),
        false => bail!("not all built and ran: {}", failed.join(", ")),
    }
}

/// Where the outcome of a package is kept.
fn file(dir: &Path, name: &str, package: &Published) -> PathBuf {
    dir.join(format!("{name}-{}.json", package.version))
}

/// What is known of a package as the list has it now; one in the form of an earlier program is as good as none.
fn known(dir: &Path, name: &str, package: &Published) -> Option<Outcome> {
    let text = fs::read_to_string(file(dir, name, package)).ok()?;
    let outcome: Outcome = serde_json::from_str(&text).ok()?;
    let is_same = outcome.version == package.version && outcome.spec == package.spec;
    is_same.then_some(outcome)
}

fn build(
    engine: &Engine,
    frontend: &Frontend,
    name: &str,
    package: &Published,
    dir: &Path,
) -> Outcome {
    let mut outcome = Outcome {
        version: package.version.clone(),
        spec: package.spec.clone(),
        program: frontend.program.clone(),
        ..Outcome::default()
    };
    let work = dir.join("work");
    let _ = fs::remove_dir_all(&work);
    let start = Instant::now();
    if let Err(error) = try_build(engine, frontend, name, package, &work, &mut outcome) {
        outcome.error = format!("{error:#}");
    }
    outcome.seconds = start.elapsed().as_secs();
    let _ = fs::remove_dir_all(&work);
    outcome
}

fn try_build(
    engine: &Engine,
    frontend: &Frontend,
    name: &str,
    package: &Published,
    work: &Path,
    outcome: &mut Outcome,
) -> Result<()> {
    let source = package::fetch(name, &package.version, &package.sha256, work);
    let source = source.map_err(|error| anyhow!(error))?;
    let spec = format!("# syntax={}\n{}", image::NAME, package.spec);
    fs::write(source.join("Rust.yaml"), spec)?;
    if !source.join("Cargo.lock").exists() {
        // Packages from before 2018 have no `Cargo.lock`: the user makes one, as the frontend advises. The package
        // that downloaded this one lies above and would be taken for its workspace.
        fs::remove_file(work.join("Cargo.toml"))?;
        let mut lock = Command::new("cargo");
        sh::quiet(lock.arg("generate-lockfile").current_dir(&source))?;
    }
    let tag = format!("rust-frontend-corpus/{name}");
    let log = work.join("log");
    let mut command = engine.docker(["buildx", "build", "--progress=plain", "--load"]);
    command.args(["--file", "Rust.yaml", "--tag", &tag]);
    if let Some(image) = &frontend.image {
        command.arg("--build-arg");
        command.arg(format!("BUILDKIT_SYNTAX={image}"));
    }
    command.arg(".").current_dir(&source);
    sh::logged_within(&log, &mut command, LONGEST)?;
    outcome.built = true;
    let said = sh::said(&log);
    outcome.dependencies = compiled(&said, "] dependencies (").len();
    outcome.recompiled = compiled(&said, "] compile ");
    outcome.recompiled.retain(|one| one != name);
    let size = sh::output(&mut engine.docker(["image", "inspect", "--format", "{{.Size}}", &tag]))?;
    outcome.size = size.trim().parse().context("a size")?;
    let printed = sh::output(&mut engine.docker(["run", "--rm", &tag, "--version"]))?;
    if !printed.contains(&package.version) {
        bail!("it prints {printed:?}");
    }
    outcome.ran = true;
    sh::quiet(&mut engine.docker(["image", "rm", &tag]))
}

/// The crates that a step compiled, by a log of plain progress.
fn compiled(log: &str, step: &str) -> Vec<String> {
    let numbers: Vec<&str> = log
        .lines()
        .filter(|line| line.starts_with('#') && line.contains(step))
        .filter_map(|line| line.split(' ').next())
        .collect();
    let mut crates: Vec<String> = log
        .lines()
        .filter_map(|line| {
            let (number, rest) = line.split_once(' ')?;
            let (_, rest) = rest.split_once(" Compiling ")?;
            numbers.contains(&number).then(|| rest.split(' ').next())?
        })
        .map(str::to_owned)
        .collect();
    crates.sort();
    crates.dedup();
    crates
}

/// The end of a log without colours and without the place of the whole.
fn shown(log: &str) -> String {
    let parts = log.split('\u{1b}').enumerate();
    let plain: String = parts
        .map(|(at, part)| match (at, part.split_once('m')) {
            (1.., Some((_, rest))) => rest,
            _ => part,
        })
        .collect();
    let lines = plain
        .lines()
        .filter(|line| !line.starts_with("(all of it: "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes what is known of all packages.
fn report(checkout: &Path, dir: &Path, table: &BTreeMap<String, Published>) -> Result<()> {
    let mut all: BTreeMap<&str, Outcome> = BTreeMap::new();
    for (name, package) in table {
        if let Some(outcome) = known(dir, name, package) {
            all.insert(name, outcome);
        }
    }
    fs::write(dir.join("report.json"), serde_json::to_string_pretty(&all)?)?;
    let mut text = introduction(&all, table.len());
    for (name, one) in &all {
        let yes = |is: bool| if is { "yes" } else { "**no**" };
        text.push_str(&format!(
            "| {name} {} | {} | {} | {} | {} | {} | {:.1} | {} |\n",
            one.version,
            table[*name].about,
            yes(one.built),
            yes(one.ran),
            one.dependencies,
            one.recompiled.len(),
            one.size as f64 / 1e6,
            one.seconds
        ));
    }
    text.push_str(&early(&all));
    let failed = all.iter().filter(|(_, one)| !one.ran);
    for (name, one) in failed {
        text.push_str(&format!(
            "\n{name}:\n\n```text\n{}\n```\n",
            shown(&one.error)
        ));
    }
    fs::write(checkout.join("docs/corpus.md"), text)?;
    println!("docs/corpus.md, {}", dir.join("report.json").display());
    Ok(())
}

/// Which packages failed before anything was compiled.
fn early(all: &BTreeMap<&str, Outcome>) -> String {
    let steps = ["process \"rustup ", "process \"/rust-frontend/fetch "];
    let failed = all.iter().filter(|(_, one)| !one.built);
    let failed = failed.filter(|(_, one)| steps.iter().any(|step| one.error.contains(step)));
    let names: Vec<&str> = failed.map(|(name, _)| *name).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(
            "\n{} failed in the steps that install the toolchain and fetch crates; nothing was compiled.\n",
            names.join(" and ")
        ),
    }
}

/// What stands above the packages, and the head of their table.
fn introduction(all: &BTreeMap<&str, Outcome>, listed: usize) -> String {
    let good = |test: fn(&Outcome) -> bool| all.values().filter(|outcome| test(outcome)).count();
    let programs: BTreeSet<&str> = all.values().map(|one| one.program.as_str()).collect();
    let programs = match programs.len() {
        0 | 1 => String::new(),
        count => format!(" They are of {count} versions of the frontend."),
    };
    format!(
        "# Published packages\n\n\
         What `cargo xtask corpus` has built of `tests/e2e/published.toml`: packages as their authors published \
         them, in release, static, on `alpine` unless their spec says otherwise. *Dependencies* are the crates \
         that the dependency step compiled (none: it came from the cache), *again* the external ones that the \
         compile step had to compile once more: it must be 0. Times are of whatever machine ran it, downloads \
         included, and comparable with nothing.\n\n\
         A published package is one package, and all that it needs comes from the registry: there is no `[workspace]` \
         with members and no git dependency among them. Workspaces are in `examples/workspace` and in the scenarios of \
         docs/cargo-cases.md, which also has the workspaces of other people, compared crate by crate; repositories are in \
         `tests/it/cycle/cases.rs` and docs/registries.md.\n\n\
         {} of {listed} packages in the list were tried: {} built, {} ran, {} without recompiled dependencies.{programs}\n\n\
         | package | what it is here for | built | ran | dependencies | again | image, MB | s |\n\
         |---|---|---|---|---:|---:|---:|---:|\n",
        all.len(),
        good(|one| one.built),
        good(|one| one.ran),
        good(|one| one.built && one.recompiled.is_empty()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_of_the_package_as_the_list_has_it() {
        let dir = env::temp_dir().join(format!("rust-frontend-corpus-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let package = |version: &str, spec: &str| Published {
            version: version.to_owned(),
            sha256: String::new(),
            spec: spec.to_owned(),
            about: String::new(),
        };
        let now = package("1.0.0", "");
        assert!(known(&dir, "a", &now).is_none());
        let earlier = r#"{"version": "1.0.0", "about": "small", "built": true, "ran": true}"#;
        fs::write(file(&dir, "a", &now), earlier).unwrap();
        assert!(known(&dir, "a", &now).is_none());
        let outcome = Outcome {
            version: "1.0.0".to_owned(),
            ran: true,
            ..Outcome::default()
        };
        let text = serde_json::to_string(&outcome).unwrap();
        fs::write(file(&dir, "a", &now), text).unwrap();
        assert!(known(&dir, "a", &now).unwrap().ran);
        let edited = package("1.0.0", "build: { target: gnu }\n");
        assert!(known(&dir, "a", &edited).is_none());
        assert!(known(&dir, "a", &package("1.0.1", "")).is_none());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn what_failed_before_anything_was_compiled_is_named() {
        let failed = |error: &str| Outcome {
            error: error.to_owned(),
            ..Outcome::default()
        };
        let mut all = BTreeMap::from([("a", failed("process \"/rust-frontend/seed 1\""))]);
        assert_eq!(early(&all), "");
        all.insert("b", failed("process \"rustup toolchain install 1.95.0\""));
        all.insert("c", failed("process \"/rust-frontend/fetch --target x\""));
        assert!(early(&all).starts_with("\nb and c failed in the steps"));
    }

    #[test]
    fn logs_are_shown_plain() {
        let log = "failed\n \u{1b}[33m1 warning\u{1b}[0m\n(all of it: /x/log)";
        assert_eq!(shown(log), "failed\n 1 warning");
    }

    #[test]
    fn crates_belong_to_the_step_that_compiled_them() {
        let log = "#7 [x 2/3] dependencies (2 crates, release)\n#7 1.0    Compiling serde v1.0.0\n\
                   #8 [x 3/3] compile x 1.0.0\n#8 0.5    Compiling x v1.0.0 (/work)\n";
        assert_eq!(compiled(log, "] dependencies ("), ["serde"]);
        assert_eq!(compiled(log, "] compile "), ["x"]);
    }
}
