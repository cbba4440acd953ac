//! What a frontend costs that has nothing to build: ours beside the least that any frontend in a container can do,
//! and beside the engine's built-in one.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::builder::{Builder, Run};
use super::ours;
use super::store::{Key, Measurements, Record};
use crate::engine::State;

/// The part's name.
pub(crate) const PART: &str = "frontend";

/// The official frontend among the contenders.
pub(crate) const OFFICIAL: &str = "official, the article's Dockerfile";

/// How often each is built; they take turns.
const ROUNDS: usize = 15;

/// A frontend and what it builds.
struct Contender {
    name: &'static str,
    file: &'static str,
    text: String,
    /// The project is the smallest example; else a folder with one file.
    project: bool,
}

fn contenders(checkout: &Path, builder: &Builder) -> Result<Vec<Contender>> {
    let one_file = "FROM scratch\nCOPY hello /\n";
    let article = fs::read_to_string(checkout.join("examples/rusty-docker/Dockerfile"))?;
    let mut all = vec![
        Contender {
            name: "built-in, one file",
            file: "Dockerfile",
            text: one_file.to_owned(),
            project: false,
        },
        Contender {
            name: "minimal, one file",
            file: "Minimal",
            text: format!("# syntax={}\n", ours::MINIMAL),
            project: false,
        },
        Contender {
            name: "built-in, the article's Dockerfile",
            file: "Dockerfile",
            text: article.clone(),
            project: true,
        },
        Contender {
            name: "ours, Rust.yaml",
            file: "Rust.yaml",
            text: format!("# syntax={}\n", ours::NAME),
            project: true,
        },
    ];
    match ours::has_official(builder) {
        true => all.push(Contender {
            name: OFFICIAL,
            file: "Dockerfile",
            text: format!("# syntax={}\n{article}", ours::OFFICIAL),
            project: true,
        }),
        false => eprintln!("frontend: no {} to be had", ours::OFFICIAL),
    }
    Ok(all)
}

/// Measures.
pub(crate) fn run(
    checkout: &Path,
    builder: &Builder,
    store: &mut Measurements,
    digest: &str,
) -> Result<()> {
    let dir = State::locate()?.dir().join("bench/frontend");
    let contenders = contenders(checkout, builder)?;
    let key = |contender: &Contender, round| Key {
        part: PART.to_owned(),
        engine: builder.engine.flavour().to_owned(),
        scenario: "nothing changed".to_owned(),
        contender: contender.name.to_owned(),
        round,
        ..Key::default()
    };
    let done = |store: &Measurements| {
        contenders
            .iter()
            .all(|contender| store.has(&key(contender, ROUNDS), digest))
    };
    if done(store) {
        return Ok(());
    }
    for contender in &contenders {
        let folder = dir.join(contender.name.replace([' ', ',', '\''], "-"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        if contender.project {
            super::copy(&checkout.join("examples/rusty-docker"), &folder)?;
        }
        fs::write(folder.join(contender.file), &contender.text)?;
        fs::write(folder.join("hello"), "Hello, world!\n")?;
        println!("frontend: {} (first build)", contender.name);
        builder.build(&folder, contender.file, &[])?;
    }
    for round in 1..=ROUNDS {
        for contender in &contenders {
            let folder = dir.join(contender.name.replace([' ', ',', '\''], "-"));
            let mut run = builder.build(&folder, contender.file, &[])?;
            parts(&mut run);
            println!("frontend: {round} {} {:?}", contender.name, run.values);
            store.add(Record::of(key(contender, round), digest, run))?;
        }
    }
    Ok(())
}

/// Splits the time of a build by what the engine reports: from a frontend's image to the first step that it asks for
/// (which starts its container and its process), from there to the last step, and the rest at the end, in which the
/// result is returned and exported.
fn parts(run: &mut Run) {
    let image = |name: &str| {
        name.contains("docker-image://")
            && (name.contains("org/") || name.contains("docker/dockerfile"))
    };
    let ready = run
        .steps
        .iter()
        .filter(|step| image(&step.name))
        .filter_map(|step| Some(step.time?.1));
    let Some(ready) = ready.reduce(f64::max) else {
        return;
    };
    let mut after: Vec<(f64, f64)> = run
        .steps
        .iter()
        .filter(|step| !image(&step.name) && !step.name.starts_with("exporting"))
        .filter_map(|step| step.time)
        .filter(|(began, _)| *began >= ready)
        .collect();
    after.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((first, _)) = after.first() else {
        return;
    };
    let last = after.iter().fold(*first, |last, (_, end)| last.max(*end));
    run.values
        .insert("start to first solve".to_owned(), first - ready);
    run.values
        .insert("first solve to last step".to_owned(), last - first);
}
