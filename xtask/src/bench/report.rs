//! docs/benchmarks.md with its plots, and docs/benchmarks.json.

mod builds;
mod glance;
mod goals;
mod plot;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::store::{Measurements, Occasion, Record};
use super::{frontend, layers, planning};
use builds::Builds;
use plot::Lines;

/// The part's name.
pub(crate) const PART: &str = "report";

/// Writes the files of what was measured so far.
pub(crate) fn write(checkout: &Path, store: &Measurements) -> Result<()> {
    let records: Vec<&Record> = store.records().collect();
    ensure!(
        !records.is_empty(),
        "nothing was measured on this machine: docs/benchmarks.md stays as it is"
    );
    let docs = checkout.join("docs");
    let mut plots = BTreeMap::new();
    fs::write(docs.join("benchmarks.md"), text(&records, &mut plots)?)?;
    let _ = fs::remove_dir_all(docs.join("benchmarks"));
    fs::create_dir_all(docs.join("benchmarks"))?;
    for (file, svg) in plots {
        fs::write(docs.join("benchmarks").join(file), svg)?;
    }
    let json = serde_json::to_string_pretty(&records)?;
    fs::write(docs.join("benchmarks.json"), format!("{json}\n"))?;
    Ok(())
}

const INTRODUCTION: &str = "\
# Benchmarks

Written by `cargo xtask bench`, which runs the contenders one after the other, round by round, on one engine with one builder. Values are medians, with the
minimum and maximum in brackets if there were several rounds; values without brackets are single measurements. Ratios say more
than seconds, which are specific to one machine. *Load* is the machine's load average before the measurements; *others* is how many processors other programs used meanwhile,
buildx and what sets containers up (runc, shims) among them, which are 0.3 to 0.8 in builds of a second: where there are more,
seconds are too high, so look at CPU times and crates compiled. A round of a large project takes one to two hours, in which the
speed of such a machine may change by a fifth: smaller differences mean nothing there. All measurements: [benchmarks.json](benchmarks.json).

";

const BUILDS: &str = "\
## Whole builds

Who takes part:

- **stub Dockerfile**: the recipe of the articles, `examples/rusty-docker/Dockerfile`, for any workspace: all manifests are copied,
  stubs are written for the targets of all members, dependencies are built, sources copied and touched, built.
- **cargo-chef**: the Dockerfile of its README with its program preinstalled in the build image, as in its own image; `cook` has the
  same flags as `cargo build`, package and binary included, so that it compiles nothing that is not needed. `prepare` has no `--bin`, as in
  its README: with it, a new member that nothing needs would keep the recipe, and the planner would download all crates each time.
- **cache mounts**: the Dockerfile that `docker init` writes for Rust: sources are bind mounts, registry and target directory cache mounts
  (without its `adduser`, which not every base has).
- **Rust.yaml**: ours, in each `granularity`: one *layer* of dependencies, or one for each group of *crates*.

All of them: the same build image (`rust:1`), the same base image, `--release --locked` for musl, the same package and binary, the same
ignore file, after that of `docker init`, which leaves README and Dockerfiles out. The Dockerfiles have no syntax line: the engine's
built-in frontend reads them, without starting a container, which is the best case for them. The peers' last stage copies the program
and sets a user; ours also brings CA roots and labels. What each file says for the smallest project is at the end.

What changes is one file or the lock, as an editor or Cargo would leave it. *cold* is a build on a builder that has the base images and
nothing else. *comment in README* is an edit that no builder sees: the ignore file leaves it out. *toolchain bump* is the same toolchain in a build image
with a different digest, since only one was at hand; cache mounts compile nothing then, but would with a real bump, so they are not among the
best peers there. A *warm* builder
has built the unedited project, and builds it again before each edit. If Cargo works in cache mounts, its step is run again for
that, so that they are as the unedited project leaves them; the other contenders' steps are cached, and the builder also holds what earlier
edits left. An *emptied* builder has since lost the contents of its cache mounts and, because of how this engine works,
the result of the step that installs the target, for contenders that have such mounts. A *fresh* builder is empty except
for the base images, including the frontend's, and imports a cache that was exported (`mode=max`) by a builder that had built the
unedited project once.

In the cells: the ratios of wall time and of CPU time (steps and engine, without the programs that set containers up, which are
among *others*) to the best peer's, then wall time, CPU time, and how many
crates were compiled in all steps. In rows with a star (*) not all contenders were measured on the same day and machine, or it is not
known when, so there CPU time and crates compiled say more than seconds. A row in which a contender was not measured has no ratios. Behind
a dagger (†) other programs used more than 0.15 processors during more than ten seconds.
";

/// What the edits of dependencies change.
fn edits() -> String {
    let mut text = String::from(
        "\nThe packages that edits add or bump:\n\n\
         | project | add a dependency | patch bump, leaf | patch bump, widely used |\n|---|---|---|---|\n",
    );
    for edits in super::builds::edits() {
        let _ = writeln!(text, "| {} |", edits.join(" | "));
    }
    text
}

fn text(records: &[&Record], plots: &mut BTreeMap<String, String>) -> Result<String> {
    let engine = main_engine(records);
    let main: Vec<&Record> = records
        .iter()
        .copied()
        .filter(|record| record.key.engine == engine)
        .collect();
    let whole = Builds::of(records, engine);
    let mut text = INTRODUCTION.to_owned();
    text += &machines(records);
    text += "## At a glance\n\n";
    text += &glance::chapter(&whole);
    text += "## Goals\n\n";
    text += &goals::chapter(&whole, &main);
    text += BUILDS;
    text += &edits();
    text += &builds::chapter(&whole, plots);
    text += &on_other_engines(records, engine, plots);
    text += "\n## Sizes\n";
    text += &builds::sizes(&whole, plots);
    text += &many_layers(&main);
    text += &growth(&whole, &main, plots);
    text += &nothing_to_do(&main);
    text += &of_planning(&main);
    text += &listings()?;
    Ok(text)
}

/// The engine that all of it can be measured on, or whichever there is.
fn main_engine<'a>(records: &[&'a Record]) -> &'a str {
    let mut engines = records.iter().map(|record| record.key.engine.as_str());
    match engines.clone().any(|engine| engine == "second") {
        true => "second",
        false => engines.next().unwrap_or_default(),
    }
}

/// The measurements of a part.
fn of_part<'a>(records: &[&'a Record], part: &str) -> Vec<&'a Record> {
    let of = records.iter().copied();
    of.filter(|record| record.key.part == part).collect()
}

/// Whole builds on engines other than the main one.
fn on_other_engines(
    records: &[&Record],
    main: &str,
    plots: &mut BTreeMap<String, String>,
) -> String {
    let engines: BTreeSet<&str> = of_part(records, crate::bench::builds::PART)
        .into_iter()
        .map(|record| record.key.engine.as_str())
        .collect();
    let mut text = String::new();
    for other in engines.into_iter().filter(|other| *other != main) {
        let mut others = BTreeMap::new();
        let chapter = builds::chapter(&Builds::of(records, other), &mut others);
        let _ = write!(text, "\n## Whole builds, engine `{other}`\n");
        text += &chapter.replace("](benchmarks/", &format!("](benchmarks/{other}-"));
        plots.extend(
            others
                .into_iter()
                .map(|(file, svg)| (format!("{other}-{file}"), svg)),
        );
    }
    text
}

fn many_layers(records: &[&Record]) -> String {
    let mut text = "\n## Many layers\n\n\
        The same bytes in one layer and in 200 on a registry beside the engine: exported by a builder that made them, and imported by an \
        empty one for a step that reads them all.\n\n"
        .to_owned();
    let columns = ["seconds", "cpu of engine", "cache, bytes"];
    let of = of_part(records, layers::PART);
    table(&mut text, &of, "1 layer", &columns);
    text
}

fn growth(whole: &Builds<'_>, records: &[&Record], plots: &mut BTreeMap<String, String>) -> String {
    let mut text = "\n## Growth\n\n".to_owned();
    let growing = [
        ("cold", "growth-cold.svg"),
        ("leaf source edit", "growth-leaf.svg"),
    ];
    let projects = super::builds::projects().into_iter().map(|(name, _)| name);
    let projects: Vec<&str> = projects.collect();
    let scenarios = growing.map(|(name, _)| name);
    let grows = |[project, on, scenario, _]: [&str; 4]| {
        on == super::builds::WARM && projects.contains(&project) && scenarios.contains(&scenario)
    };
    if !whole.are_of_one_day(grows) {
        text += "Projects were not all measured on one day, or it is not known when, so contenders are to be compared here, not \
                 projects.\n\n";
    }
    let all = growing.map(|(scenario, file)| (builds::growth(whole, scenario), file));
    let planned = planned(&of_part(records, planning::PART));
    for (lines, file) in all.into_iter().chain([(planned, "growth-members.svg")]) {
        if !lines.series.is_empty() {
            plots.insert(file.to_owned(), lines.svg());
            let _ = writeln!(text, "![{}](benchmarks/{file})", lines.title);
        }
    }
    text
}

fn nothing_to_do(records: &[&Record]) -> String {
    let mut text = "\n## A build with nothing to do\n\n\
        The smallest example, built once before; wall time of `docker buildx build`. The official frontend is BuildKit's own, run from \
        its image, as a Dockerfile with `# syntax=docker/dockerfile:1` asks for. The minimal one returns one file and runs in a \
        container as ours does; what it takes more than the built-in one is the price of any external frontend.\n\n"
        .to_owned();
    let columns = [
        "seconds",
        "start to first solve",
        "first solve to last step",
    ];
    let of = of_part(records, frontend::PART);
    table(&mut text, &of, "minimal, one file", &columns);
    text
}

fn of_planning(records: &[&Record]) -> String {
    let mut text = "\n## Planning\n\n\
        Nothing has changed, so the frontend is all that runs. CPU time is that of the frontend's container and of its start; \
        the minimal frontend's is the least there is. Beside the projects with many files there is a Dockerfile that copies all of \
        the context, as those of the contenders do: what walking, sending and checking so many files takes there.\n\n"
        .to_owned();
    let columns = [
        "seconds",
        "cpu of steps",
        "memory of steps, bytes",
        "transferred, bytes",
        "transferred at first, bytes",
    ];
    let of = of_part(records, planning::PART);
    table(&mut text, &of, planning::MINIMAL, &columns);
    text
}

fn listings() -> Result<String> {
    let mut text = "\n## The files\n".to_owned();
    for (name, file) in crate::bench::builds::listings()? {
        let _ = write!(text, "\n{name}:\n\n```text\n{file}```\n");
    }
    Ok(text)
}

/// What was measured on which machine, and when.
fn machines(records: &[&Record]) -> String {
    let mut days: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut unknown = 0;
    for record in records {
        let Occasion { machine, day } = &record.occasion;
        match record.occasion.is_known() {
            true => _ = days.entry(machine).or_default().insert(day),
            false => unknown += 1,
        }
    }
    let mut text = String::new();
    for (machine, days) in days {
        let days: Vec<&str> = days.into_iter().collect();
        let _ = writeln!(text, "- Measured on {machine}: {}.", days.join(", "));
    }
    if unknown > 0 {
        let _ = writeln!(
            text,
            "- {unknown} of {} measurements do not say where and when; those of the stub Dockerfile among them are of a recipe that \
             removed the stubs' fingerprints instead of touching the sources.",
            records.len()
        );
    }
    text += "- Engine, toolchain and base images are those of `cargo xtask engine up` ([engine.md](engine.md)). Where images cannot be \
             pulled it makes stand-ins; that of `rust:1` installs the target from files, so *toolchain* takes less there.\n";
    text + "\n"
}

/// How CPU time grows with the members of a workspace.
fn planned(records: &[&Record]) -> Lines {
    let mut points: BTreeMap<&str, BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
    for record in records {
        let members = record.key.scenario.strip_suffix(" members");
        let members = members.and_then(|number| number.parse().ok());
        if let (Some(members), Some(cpu)) = (members, record.values.get("cpu of steps")) {
            let of = points.entry(record.key.contender.as_str()).or_default();
            of.entry(members).or_default().push(*cpu);
        }
    }
    let series = points.into_iter().map(|(name, points)| {
        let points = points.into_iter();
        let points = points.filter_map(|(members, cpu)| Some((f64::from(members), median(&cpu)?)));
        (name.to_owned(), points.collect())
    });
    Lines {
        title: "Planning: CPU time by the members of the workspace".to_owned(),
        across: "members".to_owned(),
        up: "CPU seconds".to_owned(),
        series: series.collect(),
    }
}

/// A row for each scenario and contender, with the ratio of the first column to the `base` contender's.
fn table(text: &mut String, records: &[&Record], base: &str, columns: &[&str]) {
    let mut rows: BTreeMap<(usize, &str, &str), Vec<&Record>> = BTreeMap::new();
    for record in records {
        let key = &record.key;
        // `100 files` before `1000 files`.
        let number = key
            .scenario
            .split(' ')
            .next()
            .and_then(|word| word.parse().ok());
        let row = (
            number.unwrap_or_default(),
            key.scenario.as_str(),
            key.contender.as_str(),
        );
        rows.entry(row).or_default().push(record);
    }
    if rows.is_empty() {
        text.push_str("Not measured yet.\n");
        return;
    }
    let _ = writeln!(
        text,
        "| | | rounds | ratio | {} | load | others |",
        columns.join(" | ")
    );
    let _ = writeln!(
        text,
        "|---|---|---:|---:|{}---:|---:|",
        "---:|".repeat(columns.len())
    );
    for ((number, scenario, contender), of) in &rows {
        let all = |column: &str| {
            of.iter()
                .filter_map(|record| record.values.get(column).copied())
                .collect::<Vec<_>>()
        };
        let first = columns.first().copied().unwrap_or_default();
        let other = rows.get(&(*number, *scenario, base)).map(|of| {
            of.iter()
                .filter_map(|record| record.values.get(first).copied())
                .collect::<Vec<_>>()
        });
        let ratio = match (median(&all(first)), other.and_then(|other| median(&other))) {
            (Some(own), Some(other)) if other > 0.0 => format!("{:.2}", own / other),
            _ => "–".to_owned(),
        };
        let cells: Vec<String> = columns
            .iter()
            .map(|column| cell(column, &all(column)))
            .collect();
        let mean = |value: fn(&Record) -> f64| {
            of.iter().map(|record| value(record)).sum::<f64>() / of.len() as f64
        };
        let _ = writeln!(
            text,
            "| {scenario} | {contender} | {} | {ratio} | {} | {:.1} | {:.1} |",
            of.len(),
            cells.join(" | "),
            mean(|record| record.load),
            mean(|record| record.others),
        );
    }
}

/// Median, least and most; bytes in MB.
fn cell(column: &str, values: &[f64]) -> String {
    let bytes = column.ends_with("bytes");
    let show = |value: f64| match bytes {
        true => format!("{:.2} MB", value / 1e6),
        false => format!("{value:.2}"),
    };
    let Some(median) = median(values) else {
        return "–".to_owned();
    };
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    let most = values.iter().copied().fold(f64::MIN, f64::max);
    match values.len() {
        1 => show(median),
        _ => format!("{} ({}–{})", show(median), show(least), show(most)),
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        len if len % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::store::Key;

    fn record(contender: &str, round: usize, seconds: f64) -> Record {
        Record {
            key: Key {
                part: "x".into(),
                scenario: "20 members".into(),
                contender: contender.into(),
                round,
                ..Key::default()
            },
            values: BTreeMap::from([("seconds".to_owned(), seconds)]),
            ..Record::default()
        }
    }

    #[test]
    fn what_another_engine_took_is_not_mixed_in() {
        let planned = |engine: &str, seconds| {
            let mut record = record(planning::OURS, 1, seconds);
            record.key.part = planning::PART.into();
            record.key.engine = engine.into();
            record.key.scenario = "1000 members".into();
            record.values = ["seconds", "cpu of steps"]
                .map(|name| (name.into(), seconds))
                .into();
            record
        };
        let records = [planned("classic", 100.0), planned("second", 2.0)];
        let mut plots = BTreeMap::new();
        let text = text(&records.each_ref(), &mut plots).unwrap();
        let row = "| 1000 members | ours | 1 | – | 2.00 | 2.00 | – | – | – | 0.0 | 0.0 |";
        assert!(text.contains(row), "{text}");
        assert!(!text.contains("100.00"), "{text}");
    }

    #[test]
    fn nothing_is_written_of_nothing() {
        let dir = std::env::temp_dir().join(format!("rust-frontend-report-{}", std::process::id()));
        assert!(write(&dir, &Measurements::default()).is_err());
        assert!(!dir.exists());
    }

    #[test]
    fn ratios_are_those_of_medians() {
        let records = [
            record("ours", 1, 3.0),
            record("ours", 2, 9.0),
            record("ours", 3, 4.0),
            record("base", 1, 1.0),
            record("base", 2, 3.0),
        ];
        let mut text = String::new();
        table(
            &mut text,
            &records.each_ref(),
            "base",
            &["seconds", "memory, bytes"],
        );
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| 20 members | base | 2 | 1.00 | 2.00 (1.00–3.00) | – | 0.0 | 0.0 |",
                "| 20 members | ours | 3 | 2.00 | 4.00 (3.00–9.00) | – | 0.0 | 0.0 |",
            ]
        );
    }
}
