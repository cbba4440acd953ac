//! The tables and plots of whole builds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::plot::{Bar, Bars, Lines};
use super::{cell, median};
use crate::bench::builds::{self, EMPTIED, EXPORT, FRESH, WARM, profile};
use crate::bench::store::{Occasion, Record};

/// All measurements of whole builds on one engine.
#[derive(Debug, Default)]
pub(super) struct Builds<'a> {
    /// By project, builder, scenario and contender.
    cells: BTreeMap<[&'a str; 4], Vec<&'a Record>>,
}

impl<'a> Builds<'a> {
    /// Those on one engine among all measurements.
    pub(super) fn of(records: &[&'a Record], engine: &str) -> Self {
        let mut builds = Self::default();
        for record in records {
            let key = &record.key;
            if key.part == builds::PART && key.engine == engine {
                let place = [&key.project, &key.builder, &key.scenario, &key.contender];
                let cell = builds.cells.entry(place.map(String::as_str));
                cell.or_default().push(record);
            }
        }
        builds
    }

    /// Everything that was measured of one value.
    fn values(&self, place: [&str; 4], value: &str) -> Vec<f64> {
        let records = self.cells.get(&place).into_iter().flatten();
        records
            .filter_map(|record| match value {
                CPU => {
                    Some(record.values.get("cpu of steps")? + record.values.get("cpu of engine")?)
                }
                _ => record.values.get(value).copied(),
            })
            .collect()
    }

    /// The median of one value.
    pub(super) fn median(&self, place: [&str; 4], value: &str) -> Option<f64> {
        median(&self.values(place, value))
    }

    /// How many processors others used meanwhile.
    fn others(&self, project: &str) -> f64 {
        let of = self.cells.iter().filter(|(place, _)| place[0] == project);
        let all: Vec<f64> = of
            .flat_map(|(_, records)| records.iter().map(|record| record.others))
            .collect();
        median(&all).unwrap_or_default()
    }

    /// Whether there is one measurement of a place.
    pub(super) fn is_single(&self, place: [&str; 4]) -> bool {
        self.cells
            .get(&place)
            .is_some_and(|records| records.len() == 1)
    }

    /// Whether all contenders were measured: the one that was not may be the best.
    pub(super) fn is_whole(&self, [project, on, scenario]: [&str; 3]) -> bool {
        let mut all = builds::contenders().into_iter();
        all.all(|(name, _)| self.cells.contains_key(&[project, on, scenario, name]))
    }

    /// The least of the others' medians, of those that do the same in a scenario.
    pub(super) fn best_peer(&self, [project, on, scenario]: [&str; 3], value: &str) -> Option<f64> {
        builds::contenders()
            .into_iter()
            .filter(|(name, ours)| !ours && builds::is_comparable(name, scenario))
            .filter_map(|(name, _)| self.median([project, on, scenario, name], value))
            .reduce(f64::min)
    }

    /// How many versions of our program the measurements are of, in words.
    fn programs(&self, project: &str) -> String {
        let of = self.cells.iter().filter(|(place, _)| place[0] == project);
        let mut digests: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (place, records) in of {
            let digests = digests.entry(place[3]).or_default();
            digests.extend(records.iter().map(|record| record.digest.as_str()));
        }
        let ours = builds::contenders().into_iter().filter(|(_, ours)| *ours);
        let most = ours.filter_map(|(name, _)| Some(digests.get(name)?.len()));
        match most.max().unwrap_or(1) {
            1 => "ours are of one program".to_owned(),
            count => format!("ours are of up to {count} versions of the program"),
        }
    }

    /// Whether all that was measured at the places that are meant is of the same machine and day, and it is known of
    /// which. A place is a project, a builder, a scenario and a contender.
    pub(super) fn are_of_one_day(&self, is_meant: impl Fn([&str; 4]) -> bool) -> bool {
        let of = self.cells.iter().filter(|(place, _)| is_meant(**place));
        let records = of.flat_map(|(_, records)| records);
        let occasions: BTreeSet<&Occasion> = records.map(|record| &record.occasion).collect();
        occasions.len() < 2 && occasions.iter().all(|occasion| occasion.is_known())
    }

    /// What stands behind a scenario whose contenders were not all measured on one known day.
    pub(super) fn star(&self, [project, on, scenario]: [&str; 3]) -> &'static str {
        match self.are_of_one_day(|place| place[..3] == [project, on, scenario]) {
            true => "",
            false => " *",
        }
    }

    /// What stands behind a long build during which other programs worked.
    fn beside_others(&self, place: [&str; 4]) -> &'static str {
        let records = self.cells.get(&place).into_iter().flatten();
        let others: Vec<f64> = records.map(|record| record.others).collect();
        let is_long = self
            .median(place, "seconds")
            .is_some_and(|seconds| seconds > 10.0);
        match is_long && median(&others).is_some_and(|others| others > 0.15) {
            true => " †",
            false => "",
        }
    }

    fn has(&self, project: &str, on: &str) -> bool {
        self.cells
            .keys()
            .any(|place| place[0] == project && place[1] == on)
    }
}

/// User and system time of steps and engine, in seconds.
pub(super) const CPU: &str = "cpu";

/// The chapter, and the plots by the names of their files.
pub(super) fn chapter(builds: &Builds<'_>, plots: &mut BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (project, about) in builds::projects() {
        if !builds.has(project, WARM) {
            continue;
        }
        let _ = write!(
            text,
            "\n### {project}\n\n{}; other programs used {:.1} processors meanwhile; {}.\n",
            capital(about),
            builds.others(project),
            builds.programs(project)
        );
        for (on, words) in [
            (WARM, "A builder that built it before"),
            (
                EMPTIED,
                "A builder that built it before, with emptied cache mounts",
            ),
            (
                FRESH,
                "A fresh builder that imports the cache from a registry",
            ),
        ] {
            if !builds.has(project, on) {
                continue;
            }
            let file = format!("{project}-{on}.svg");
            plots.insert(file.clone(), bars(builds, project, on, words).svg());
            let _ = write!(text, "\n#### {words}\n\n![{words}](benchmarks/{file})\n\n");
            table(&mut text, builds, project, on);
        }
        text += "\n#### Where our time goes\n\n";
        profiles(&mut text, builds, project);
    }
    text
}

/// The seconds of our builds by what their steps do.
fn profiles(text: &mut String, builds: &Builds<'_>, project: &str) {
    let kinds = profile::kinds();
    let _ = writeln!(text, "| | | | seconds | {} |", kinds.join(" | "));
    let _ = writeln!(text, "|---|---|---|---:|{}", "---:|".repeat(kinds.len()));
    let ours = builds::contenders().into_iter().filter(|(_, ours)| *ours);
    let ours: Vec<&str> = ours.map(|(name, _)| name).collect();
    for on in [WARM, EMPTIED, FRESH] {
        for scenario in builds::scenarios() {
            for name in &ours {
                let of = |value: &str| builds.median([project, on, scenario, name], value);
                let Some(seconds) = of("seconds") else {
                    continue;
                };
                let times = kinds.iter().map(|kind| match of(&profile::value(kind)) {
                    Some(time) if time >= 0.005 => format!("{time:.2}"),
                    _ => String::new(),
                });
                let times: Vec<String> = times.collect();
                let _ = writeln!(
                    text,
                    "| {on} | {scenario} | {name} | {seconds:.2} | {} |",
                    times.join(" | ")
                );
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    first + letters.as_str()
}

fn table(text: &mut String, builds: &Builds<'_>, project: &str, on: &str) {
    let contenders = builds::contenders();
    let names: Vec<&str> = contenders.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(text, "| | {} |", names.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
    for scenario in builds::scenarios() {
        let cells = names.iter().map(|name| {
            let place = [project, on, scenario, *name];
            let seconds = builds.values(place, "seconds");
            let cpu = builds.median(place, CPU)?;
            let peer = |value| builds.best_peer([project, on, scenario], value);
            let ratios = match builds.is_whole([project, on, scenario]) {
                true => {
                    let (wall, used) = (median(&seconds)? / peer("seconds")?, cpu / peer(CPU)?);
                    format!("**{wall:.2}** / {used:.2}: ")
                }
                false => String::new(),
            };
            let count = crates(builds.median(place, "crates compiled")?);
            let mark = builds.beside_others(place);
            let seconds = cell("seconds", &seconds);
            Some(format!("{ratios}{seconds} s, {cpu:.1} s, {count}{mark}"))
        });
        let cells: Vec<Option<String>> = cells.collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells
                .into_iter()
                .map(|cell| cell.unwrap_or_else(|| "–".into()));
            let cells: Vec<String> = cells.collect();
            let star = builds.star([project, on, scenario]);
            let _ = writeln!(text, "| {scenario}{star} | {} |", cells.join(" | "));
        }
    }
}

fn crates(count: f64) -> String {
    match count {
        1.0 => "1 crate".to_owned(),
        count => format!("{count:.0} crates"),
    }
}

fn bars(builds: &Builds<'_>, project: &str, on: &str, words: &str) -> Bars {
    let names: Vec<&str> = builds::contenders()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let groups = builds::scenarios()
        .into_iter()
        .filter(|scenario| *scenario != EXPORT);
    let groups = groups.map(|scenario| {
        let bars = names.iter().map(|name| {
            let place = [project, on, scenario, *name];
            let seconds = builds.median(place, "seconds")?;
            let count = builds.median(place, "crates compiled")?;
            let cpu = builds.median(place, CPU)?;
            let words = format!("{seconds:.1} s · CPU {cpu:.1} s · {}", crates(count));
            Some((seconds, words))
        });
        (scenario.to_owned(), bars.collect::<Vec<_>>())
    });
    Bars {
        title: format!("{project}: {}", words.to_lowercase()),
        series: names.iter().map(|name| (*name).to_owned()).collect(),
        groups: groups
            .filter(|(_, bars)| bars.iter().any(Option::is_some))
            .collect(),
    }
}

/// What a size is of: where it was measured, its name, and its name for people.
const SIZES: [(&str, &str, &str); 3] = [
    ("cold", "image, bytes", "image"),
    ("cold", "dependency layer, bytes", "dependency layer"),
    (EXPORT, "cache, bytes", "exported cache"),
];

/// The chapter on bytes.
pub(super) fn sizes(builds: &Builds<'_>, plots: &mut BTreeMap<String, String>) -> String {
    let contenders = builds::contenders();
    let mut text = String::from("\n![Sizes](benchmarks/sizes.svg)\n\n");
    let _ = writeln!(
        text,
        "| | | image | dependency layer | exported cache | time to export |\n|---|---|---:|---:|---:|---:|"
    );
    let mut groups = Vec::new();
    for (project, _) in builds::projects() {
        for (name, _) in &contenders {
            let mut row = Vec::new();
            for (scenario, value, _) in SIZES {
                row.push(cell(
                    value,
                    &builds.values([project, WARM, scenario, name], value),
                ));
            }
            if row.iter().any(|cell| cell != "–") {
                let seconds = builds.values([project, WARM, EXPORT, name], "seconds");
                let _ = writeln!(
                    text,
                    "| {project} | {name} | {} | {} s |",
                    row.join(" | "),
                    cell("seconds", &seconds)
                );
            }
        }
        for (scenario, value, words) in SIZES {
            let bars: Vec<Option<Bar>> = contenders
                .iter()
                .map(|(name, _)| {
                    let bytes = builds.median([project, WARM, scenario, name], value)?;
                    Some((bytes, format!("{:.1} MB", bytes / 1e6)))
                })
                .collect();
            if bars.iter().any(Option::is_some) {
                groups.push((format!("{project}, {words}"), bars));
            }
        }
    }
    let bars = Bars {
        title: "Bytes".to_owned(),
        series: contenders
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
        groups,
    };
    plots.insert("sizes.svg".to_owned(), bars.svg());
    text
}

/// How the time of a scenario grows with the crates of a project.
pub(super) fn growth(builds: &Builds<'_>, scenario: &str) -> Lines {
    let series = builds::contenders().into_iter().map(|(name, _)| {
        let mut points: Vec<(f64, f64)> = builds::projects()
            .into_iter()
            .filter_map(|(project, _)| {
                let crates = builds.median([project, WARM, "cold", name], "crates compiled")?;
                Some((crates, builds.median([project, WARM, scenario, name], CPU)?))
            })
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        (name.to_owned(), points)
    });
    Lines {
        title: format!("{scenario}: CPU time by the crates of the project"),
        across: "crates that a cold build compiles".to_owned(),
        up: "CPU seconds".to_owned(),
        series: series.filter(|(_, points)| points.len() > 1).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::store::Key;

    fn record(scenario: &str, contender: &str, day: &str) -> Record {
        Record {
            key: Key {
                part: builds::PART.into(),
                project: "hello".into(),
                builder: WARM.into(),
                scenario: scenario.into(),
                contender: contender.into(),
                ..Key::default()
            },
            occasion: Occasion {
                machine: if day.is_empty() { "" } else { "a machine" }.into(),
                day: day.into(),
            },
            ..Record::default()
        }
    }

    #[test]
    fn only_what_is_known_to_be_of_one_day_has_no_star() {
        let records = [
            record("one day", "ours", "2026-11-27"),
            record("one day", "another", "2026-11-27"),
            record("two days", "ours", "2026-11-27"),
            record("two days", "another", "2026-11-26"),
            record("one of two unknown", "ours", "2026-11-27"),
            record("one of two unknown", "another", ""),
            record("unknown", "ours", ""),
            record("unknown", "another", ""),
        ];
        let builds = Builds::of(&records.each_ref(), "");
        let star = |scenario| builds.star(["hello", WARM, scenario]);
        assert_eq!(star("one day"), "");
        for scenario in ["two days", "one of two unknown", "unknown"] {
            assert_eq!(star(scenario), " *", "{scenario}");
        }
    }
}
