//! What was aimed at, beside what was measured.

use std::fmt::Write as _;

use super::builds::{Builds, CPU};
use super::median;
use crate::bench::builds::{EXPORT, FRESH, WARM, contenders, projects};
use crate::bench::store::Record;
use crate::bench::{frontend, planning};

/// A goal for a ratio of ours to another's, or for a value of ours, and what speaks of it.
struct Goal {
    what: &'static str,
    project: String,
    most: f64,
    measured: f64,
    /// The same of CPU time.
    used: Option<f64>,
    /// Whether it is the ratio of two single measurements of time.
    is_single: bool,
    /// More of the same comparison, in words.
    data: String,
}

/// Beginnings of goals, and why they are missed where they are.
const WHY: [(&str, &str); 9] = [
    (
        "cold",
        "*Cold*: beside cache mounts, the program's stub is compiled before the program, as the other peers do, too. Beside them, what a \
         later build may start from is packed (docs/layers.md), and local libraries have steps of their own; in groups, each has a container and a Cargo of its own, and no crate is compiled from the metadata \
         of one that is still being compiled; where there are many members, each or each two of them have a step, and cores wait where \
         one follows another.",
    ),
    (
        "nothing changed",
        "*Nothing changed*: the minimal frontend asks the engine for nothing. Ours asks it for the definition, the names and \
         manifests, both base images and the context, as many of them in parallel as do not depend on each other.",
    ),
    (
        "leaf edit",
        "*Leaf edit*: three containers are started, for the frontend, for what sources name (docs/inputs.md) and for the \
         compiler; a Dockerfile needs one. Where the compiler works for seconds this is paid back by the members that are not \
         compiled again.",
    ),
    (
        "version bump",
        "*Version bump*: a version is a constant in the packages that have it (`CARGO_PKG_VERSION`). They are compiled, no \
         dependency is.",
    ),
    (
        "comment in README",
        "*Comment in README*: the same steps run as for nothing changed, none; the difference is that between two builds.",
    ),
    (
        "a dependency added",
        "*A dependency on a fresh builder*: one layer of all dependencies is compiled as a whole, ours as cargo-chef's; only a \
         builder that compiled before starts from what it has. Groups of crates are for this; where they miss the goal, too, most of the \
         time is that of the program itself (procs) or of what needs the crate (hello).",
    ),
    (
        "a leaf dependency bumped",
        "*A bump on a fresh builder*: as with a dependency added.",
    ),
    (
        "exported cache",
        "*Exported cache*: it holds the toolchain's musl target (39 MB), which is in everyone's, and what was compiled of dependencies, \
         which is the same for all who cache it in a layer. Ours is smaller by the sources and packages of crates, which are there once \
         (docs/layers.md).",
    ),
    (
        "planning",
        "*Planning*: of the CPU time, about half is that of planning itself; the rest is reading some 2,000 files of the \
         context through the engine, and writing a definition that has the manifests of all members three times.",
    ),
];

/// The chapter: a row for each goal and what it was measured on.
pub(super) fn chapter(builds: &Builds<'_>, records: &[&Record]) -> String {
    let mut goals = own_time(records);
    let ours: Vec<&str> = contenders()
        .into_iter()
        .filter_map(|(name, ours)| ours.then_some(name))
        .collect();
    for name in ours {
        for (project, _) in projects() {
            goals.extend(of_builds(builds, project, name));
        }
    }
    let mut text = String::from(
        "| goal | on | at most | measured | of CPU time | | the data |\n|---|---|---:|---:|---:|---|---|\n",
    );
    let mut missed: Vec<&str> = vec![];
    for goal in goals {
        if goal.measured > goal.most {
            let begins = WHY.iter().map(|(goals, _)| *goals);
            missed.extend(begins.filter(|goals| goal.what.starts_with(goals)));
        }
        let verdict = match goal.measured <= goal.most {
            true => "met".to_owned(),
            false => match goal.measured / goal.most {
                times if times < 2.0 => {
                    let percent = ((times - 1.0) * 100.0).ceil();
                    let within = match goal.is_single && times < 1.2 {
                        true => ", which one measurement cannot tell",
                        false => "",
                    };
                    format!("**missed** by {percent:.0} %{within}")
                }
                times => format!("**missed**, {times:.1} times too much"),
            },
        };
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} | {:.2} | {} | {verdict} | {} |",
            goal.what,
            goal.project,
            goal.most,
            goal.measured,
            goal.used
                .map_or("–".to_owned(), |used| format!("{used:.2}")),
            goal.data
        );
    }
    if !missed.is_empty() {
        text += "\nWhat stands behind those that are missed:\n\n";
    }
    for (_, why) in WHY.iter().filter(|(goals, _)| missed.contains(goals)) {
        let _ = writeln!(text, "- {why}");
    }
    text.push('\n');
    text
}

/// Goals for a frontend alone.
fn own_time(records: &[&Record]) -> Vec<Goal> {
    let of = |part: &str, scenario: &str, contender: &str, value: &str| {
        let wanted = records.iter().filter(|record| {
            let key = &record.key;
            key.part == part && key.scenario == scenario && key.contender == contender
        });
        let values: Vec<f64> = wanted
            .filter_map(|record| record.values.get(value).copied())
            .collect();
        median(&values)
    };
    let mut goals = Vec::new();
    let nothing = |contender| of(frontend::PART, "nothing changed", contender, "seconds");
    for (what, other, words) in [
        (
            "nothing changed, of the official frontend's image",
            frontend::OFFICIAL,
            "of docker/dockerfile with the article's Dockerfile",
        ),
        (
            "nothing changed, of the least that a frontend's image can do",
            "minimal, one file",
            "of one that reads nothing and returns one file",
        ),
    ] {
        if let (Some(ours), Some(other)) = (nothing("ours, Rust.yaml"), nothing(other)) {
            goals.push(Goal {
                what,
                project: "hello".into(),
                most: 1.0,
                measured: ours / other,
                used: None,
                is_single: false,
                data: format!("{ours:.2} s beside {other:.2} s {words}"),
            });
        }
    }
    let plan = |contender, value| of(planning::PART, "1000 members", contender, value);
    if let (Some(ours), Some(least)) = (
        plan(planning::OURS, "cpu of steps"),
        plan(planning::MINIMAL, "cpu of steps"),
    ) {
        goals.push(Goal {
            what: "planning, CPU seconds without the container's start",
            project: "1,000 members".into(),
            most: 0.3,
            measured: ours - least,
            used: None,
            is_single: false,
            data: format!(
                "{ours:.2} s with the start of the container, which alone takes {least:.2} s"
            ),
        });
    }
    if let Some(bytes) = plan(planning::OURS, "memory of steps, bytes") {
        goals.push(Goal {
            what: "planning, MiB",
            project: "1,000 members".into(),
            most: 64.0,
            measured: bytes / f64::from(1 << 20),
            used: None,
            is_single: false,
            data: "the most that its container had, its own files included".into(),
        });
    }
    goals
}

/// What is said where two sides cannot be compared by their seconds.
fn when(are_of_one_day: bool) -> &'static str {
    match are_of_one_day {
        true => "",
        false => ", not of one known day",
    }
}

/// Goals for whole builds.
fn of_builds(builds: &Builds<'_>, project: &str, ours: &str) -> Vec<Goal> {
    let side = Side {
        builds,
        project,
        ours,
    };
    let goals = [
        side.cold(),
        side.leaf_edit_beside_mounts(),
        side.leaf_edit_beside_chef(),
        side.dependency_added(),
        side.dependency_bumped(),
        side.version_bump(),
        side.comment_in_readme(),
        side.exported_cache(),
        side.image(),
    ];
    goals.into_iter().flatten().collect()
}

/// One of our ways to build a project, of which the goals are.
#[derive(Clone, Copy)]
struct Side<'a> {
    builds: &'a Builds<'a>,
    project: &'a str,
    ours: &'a str,
}

impl Side<'_> {
    fn cold(self) -> Option<Goal> {
        let peers: Vec<&str> = contenders()
            .into_iter()
            .filter_map(|(name, ours)| (!ours).then_some(name))
            .collect();
        self.time("cold, of the fastest", [WARM, "cold"], &peers, 1.05)
    }

    fn leaf_edit_beside_mounts(self) -> Option<Goal> {
        let what = "leaf edit, of warm cache mounts";
        self.time(what, [WARM, "leaf source edit"], &["cache mounts"], 1.0)
    }

    fn leaf_edit_beside_chef(self) -> Option<Goal> {
        if self.project != "workspace-20" {
            return None;
        }
        let what = "leaf edit, of cargo-chef";
        self.time(what, [WARM, "leaf source edit"], &["cargo-chef"], 0.6)
    }

    fn dependency_added(self) -> Option<Goal> {
        let what = "a dependency added on a fresh builder, of cargo-chef";
        self.time(what, [FRESH, "add a dependency"], &["cargo-chef"], 0.35)
    }

    fn dependency_bumped(self) -> Option<Goal> {
        let what = "a leaf dependency bumped on a fresh builder, of cargo-chef";
        self.time(what, [FRESH, "patch bump, leaf"], &["cargo-chef"], 0.35)
    }

    fn version_bump(self) -> Option<Goal> {
        self.beside_nothing("version bump, of nothing changed", "version bump")
    }

    fn comment_in_readme(self) -> Option<Goal> {
        self.beside_nothing("comment in README, of nothing changed", "comment in README")
    }

    fn exported_cache(self) -> Option<Goal> {
        let what = "exported cache, of cargo-chef's";
        self.bytes(what, [EXPORT, "cache, bytes"], "cargo-chef", 0.5)
    }

    fn image(self) -> Option<Goal> {
        let what = "image, of the stub Dockerfile's";
        self.bytes(what, ["cold", "image, bytes"], "stub Dockerfile", 1.0)
    }

    /// What it is measured on, in words.
    fn on(self) -> String {
        format!("{}, {}", self.project, self.ours)
    }

    /// Seconds beside those of the fastest of some others, for a scenario on a builder.
    fn time(
        self,
        what: &'static str,
        [on, scenario]: [&str; 2],
        others: &[&str],
        most: f64,
    ) -> Option<Goal> {
        let Self {
            builds,
            project,
            ours,
        } = self;
        let seconds = |name: &str| builds.median([project, on, scenario, name], "seconds");
        let best = others
            .iter()
            .filter_map(|name| Some((*name, seconds(name)?)));
        let (peer, other) = best.min_by(|a, b| a.1.total_cmp(&b.1))?;
        let own = seconds(ours)?;
        let value = |name: &str, value: &str| {
            builds
                .median([project, on, scenario, name], value)
                .unwrap_or_default()
        };
        Some(Goal {
            what,
            project: self.on(),
            most,
            measured: own / other,
            used: Some(value(ours, CPU) / value(peer, CPU)),
            is_single: builds.is_single([project, on, scenario, ours]),
            data: format!(
                "{own:.1} s beside {other:.1} s of {peer}{}; CPU {:.1} s beside {:.1} s; {:.0} crates compiled beside {:.0}",
                when(builds.are_of_one_day(|[at, builder, what, who]| {
                    [at, builder, what] == [project, on, scenario] && [ours, peer].contains(&who)
                })),
                value(ours, CPU),
                value(peer, CPU),
                value(ours, "crates compiled"),
                value(peer, "crates compiled"),
            ),
        })
    }

    /// Seconds of a scenario in which no dependency is compiled beside those of a build for which nothing has changed.
    fn beside_nothing(self, what: &'static str, scenario: &str) -> Option<Goal> {
        let Self {
            builds,
            project,
            ours,
        } = self;
        let of =
            |scenario: &str, value: &str| builds.median([project, WARM, scenario, ours], value);
        let own = of(scenario, "seconds")?;
        let nothing = of("nothing changed", "seconds")?;
        let used = of(scenario, CPU).zip(of("nothing changed", CPU));
        Some(Goal {
            what,
            project: self.on(),
            most: 1.0,
            measured: own / nothing,
            used: used.map(|(own, other)| own / other),
            is_single: builds.is_single([project, WARM, scenario, ours]),
            data: format!(
                "{own:.1} s beside {nothing:.1} s{}; {:.0} crates compiled, {:.0} of them external",
                when(builds.are_of_one_day(|[at, builder, what, who]| {
                    [at, builder, who] == [project, WARM, ours]
                        && [scenario, "nothing changed"].contains(&what)
                })),
                of(scenario, "crates compiled").unwrap_or_default(),
                of(scenario, "of them external").unwrap_or_default(),
            ),
        })
    }

    /// Bytes of a scenario on a warm builder beside those of another contender.
    fn bytes(
        self,
        what: &'static str,
        [scenario, value]: [&str; 2],
        peer: &str,
        most: f64,
    ) -> Option<Goal> {
        let bytes = |name: &str| {
            self.builds
                .median([self.project, WARM, scenario, name], value)
        };
        let (own, other) = (bytes(self.ours)?, bytes(peer)?);
        Some(Goal {
            what,
            project: self.on(),
            most,
            measured: own / other,
            used: None,
            is_single: false,
            data: format!("{:.1} MB beside {:.1} MB", own / 1e6, other / 1e6),
        })
    }
}
