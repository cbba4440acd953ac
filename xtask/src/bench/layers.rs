//! What it costs to keep many small layers in a registry in place of a large one, as the steps of groups of crates do:
//! the same bytes in one step and in two hundred, exported, and imported by a builder that has nothing else.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::builder::{Builder, Run};
use super::cache::Cache;
use super::store::{Key, Measurements, Record};
use crate::engine::State;

/// The part's name.
pub(crate) const PART: &str = "layers";

/// How many layers there are.
const COUNTS: [usize; 2] = [1, 200];

/// The bytes of all of them together, about what a workspace's dependencies take when compressed.
const BYTES: usize = 120_000_000;

/// Measures each so often; they take turns.
pub(crate) fn run(builder: &Builder, store: &mut Measurements, rounds: usize) -> Result<()> {
    let state = State::locate()?;
    for round in 1..=rounds {
        for count in COUNTS {
            let layers = match count {
                1 => "1 layer".to_owned(),
                count => format!("{count} layers"),
            };
            let key = |scenario: &str| Key {
                part: PART.to_owned(),
                engine: builder.engine.flavour().to_owned(),
                scenario: scenario.to_owned(),
                contender: layers.clone(),
                round,
                ..Key::default()
            };
            if store.has(&key("import"), "") {
                continue;
            }
            let dir = state.dir().join("bench/layers").join(count.to_string());
            write(&dir, count)?;
            let cache = Cache::new(&state, &builder.engine, ["layers", &layers], &["alpine"])?;
            builder.empty()?;
            if !cache.has_base() {
                builder.build(&dir, "Base", &cache.export_base())?;
            }
            builder.build(&dir, "Dockerfile", &[])?;
            cache.remove()?;
            let mut export = builder.build(&dir, "Dockerfile", &cache.export())?;
            let bytes = cache.bytes()? as f64;
            export.values.insert("cache, bytes".to_owned(), bytes);
            builder.empty()?;
            let import = builder.build(&dir, "Changed", &cache.import())?;
            for (scenario, run) in [("export", export), ("import", import)] {
                keep(store, key(scenario), run)?;
            }
        }
    }
    Ok(())
}

fn keep(store: &mut Measurements, key: Key, run: Run) -> Result<()> {
    println!(
        "layers: {} {} {:?}",
        key.contender, key.scenario, run.values
    );
    store.add(Record::of(key, "", run))
}

/// Steps of which each leaves a part of the bytes, and one that reads all; in `Changed` it is another, so that all of
/// them have to be fetched.
fn write(dir: &Path, count: usize) -> Result<()> {
    fs::create_dir_all(dir)?;
    let mut steps = String::new();
    let mut mounts = String::new();
    for n in 0..count {
        let bytes = BYTES / count;
        let _ = write!(
            steps,
            "FROM alpine AS layer-{n}\nRUN mkdir /part && head -c {bytes} /dev/urandom >/part/{n}\n"
        );
        let _ = write!(
            mounts,
            "--mount=type=bind,from=layer-{n},source=/part,target=/parts/{n} "
        );
    }
    for (file, more) in [("Dockerfile", ""), ("Changed", " && echo changed >>/size")] {
        let text = format!(
            "{steps}FROM alpine AS all\nRUN {mounts}cat /parts/*/* | wc -c >/size{more}\nFROM scratch\nCOPY --from=all /size /\n"
        );
        fs::write(dir.join(file), text)?;
    }
    Ok(fs::write(
        dir.join("Base"),
        "FROM alpine\nRUN touch /base\n",
    )?)
}
