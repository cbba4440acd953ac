//! What planning costs, by members of a workspace and by files in the context: nothing has changed, so that the
//! frontend is all that runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Choice;
use super::builder::Builder;
use super::ours;
use super::store::{Key, Measurements, Record};
use crate::engine::State;
use crate::sh;

/// The part's name.
pub(crate) const PART: &str = "planning";

/// Members of the generated workspaces.
const MEMBERS: [usize; 3] = [20, 200, 1000];

/// Files in the context of the smallest example.
const FILES: [usize; 4] = [100, 1_000, 10_000, 100_000];

/// The names of both on the command line.
pub(crate) const SCENARIOS: [&str; 7] = [
    "20 members",
    "200 members",
    "1000 members",
    "100 files",
    "1000 files",
    "10000 files",
    "100000 files",
];

/// A Dockerfile that copies the context, read by the engine itself: walking, sending and checking the files without a
/// frontend's container.
const COPY: &str = "built-in, COPY . /";

/// Our frontend among the contenders.
pub(crate) const OURS: &str = "ours";

/// The frontend that does next to nothing.
pub(crate) const MINIMAL: &str = "minimal";

/// How often each is planned.
const ROUNDS: usize = 5;

/// Measures.
pub(crate) fn run(
    checkout: &Path,
    builder: &Builder,
    store: &mut Measurements,
    digest: &str,
    choice: &Choice,
) -> Result<()> {
    let members = MEMBERS.map(|count| (format!("{count} members"), count, 0));
    let files = FILES.map(|count| (format!("{count} files"), 0, count));
    for (scenario, members, files) in members.into_iter().chain(files) {
        if !choice.wants(&SCENARIOS, &scenario) {
            continue;
        }
        let key = |contender: &str, round| Key {
            part: PART.to_owned(),
            engine: builder.engine.flavour().to_owned(),
            scenario: scenario.clone(),
            contender: contender.to_owned(),
            round,
            ..Key::default()
        };
        let mut contenders = vec![(MINIMAL, "Minimal"), (OURS, "Rust.yaml")];
        if files > 0 {
            contenders.push((COPY, "Copy"));
        }
        let mut all = contenders.iter();
        if all.all(|(contender, _)| store.has(&key(contender, ROUNDS), digest)) {
            continue;
        }
        let dir = State::locate()?
            .dir()
            .join("bench/planning")
            .join(scenario.replace(' ', "-"));
        match members {
            0 => with_files(checkout, &dir, files)?,
            _ => workspace(&dir, members)?,
        }
        fs::write(dir.join("Minimal"), format!("# syntax={}\n", ours::MINIMAL))?;
        println!("planning: {scenario} (first build)");
        let first = builder.build(&dir, "Rust.yaml", &[])?;
        let sent = first.values["transferred, bytes"];
        if files > 0 {
            fs::write(dir.join("Copy"), "FROM scratch\nCOPY . /\n")?;
            builder.build(&dir, "Copy", &[])?;
        }
        for round in 1..=ROUNDS {
            for &(contender, file) in &contenders {
                let mut run = builder.build(&dir, file, &[])?;
                if contender == OURS {
                    run.values
                        .insert("transferred at first, bytes".to_owned(), sent);
                }
                println!("planning: {scenario} {contender} {:?}", run.values);
                store.add(Record::of(key(contender, round), digest, run))?;
            }
        }
    }
    Ok(())
}

/// A workspace of libraries, each of which needs the three before it, and a program that needs them all.
pub(crate) fn workspace(dir: &Path, members: usize) -> Result<()> {
    fresh(dir)?;
    let libraries = members - 1;
    let mut manifest = "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"3\"\n\n\
        [workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace.dependencies]\n"
        .to_owned();
    for n in 0..libraries {
        manifest += &format!("part-{n:04} = {{ path = \"crates/part-{n:04}\" }}\n");
    }
    fs::write(dir.join("Cargo.toml"), manifest)?;
    let package = |name: &str, needs: &[usize], source: &str, file: &str| -> Result<()> {
        let mut text = format!(
            "[package]\nname = \"{name}\"\nversion.workspace = true\nedition.workspace = true\n\n[dependencies]\n"
        );
        for n in needs {
            text += &format!("part-{n:04}.workspace = true\n");
        }
        let member = dir.join("crates").join(name);
        fs::create_dir_all(member.join("src"))?;
        fs::write(member.join("Cargo.toml"), text)?;
        Ok(fs::write(member.join("src").join(file), source)?)
    };
    for n in 0..libraries {
        let needs: Vec<usize> = (n.saturating_sub(3)..n).collect();
        let source = format!("/// A number.\npub fn number() -> usize {{\n    {n}\n}}\n");
        package(&format!("part-{n:04}"), &needs, &source, "lib.rs")?;
    }
    let all: Vec<usize> = (0..libraries).collect();
    let sum: Vec<String> = all
        .iter()
        .map(|n| format!("part_{n:04}::number()"))
        .collect();
    let main = format!(
        "fn main() {{\n    let all = [{}];\n    println!(\"{{}}\", all.iter().sum::<usize>());\n}}\n",
        sum.join(", ")
    );
    package("program", &all, &main, "main.rs")?;
    sh::quiet(
        std::process::Command::new("cargo")
            .args(["generate-lockfile", "--offline"])
            .current_dir(dir),
    )?;
    spec(dir)
}

/// The smallest example with more files beside its sources.
fn with_files(checkout: &Path, dir: &Path, files: usize) -> Result<()> {
    fresh(dir)?;
    super::copy(&checkout.join("examples/rusty-docker"), dir)?;
    for n in 0..files {
        let folder: PathBuf = dir.join(format!("data/{:03}", n / 500));
        if n % 500 == 0 {
            fs::create_dir_all(&folder)?;
        }
        fs::write(folder.join(format!("{n}.txt")), format!("{n}\n"))?;
    }
    spec(dir)
}

fn spec(dir: &Path) -> Result<()> {
    Ok(fs::write(
        dir.join("Rust.yaml"),
        format!("# syntax={}\n", ours::NAME),
    )?)
}

fn fresh(dir: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(dir);
    Ok(fs::create_dir_all(dir)?)
}
