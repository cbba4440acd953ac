//! Whole builds: who builds x what x what has changed, on a builder that built it before and on one that has nothing
//! but an imported cache.
//!
//! Contenders take turns: each has a builder that is empty, builds the project (`cold`), exports its cache, then
//! builds each edit of the project, going back to the unedited one in between: those of dependencies with emptied cache
//! mounts, then all of them on a builder as it is, and all of them every time on a builder that is empty but for the
//! imported cache.

mod contender;
mod generated;
mod images;
pub(crate) mod profile;
mod project;
mod scenario;
mod trees;

use std::path::Path;

use anyhow::{Result, bail};
use sha2::{Digest as _, Sha256};

use super::Choice;
use super::builder::{Builder, Run};
use super::cache::Cache;
use super::store::{Key, Measurements, Record};
use crate::digest;
use crate::engine::{self, State};
use crate::image;
use crate::progress::Step;
use contender::{Contender, Job};
use images::Base;
use project::Project;
use scenario::Scenario;
use trees::Trees;

/// The part's name.
pub(crate) const PART: &str = "builds";

/// A builder that built the unedited project before.
pub(crate) const WARM: &str = "warm";

/// A warm builder whose cache mounts were emptied since.
pub(crate) const EMPTIED: &str = "emptied";

/// A builder that has an imported cache and nothing else.
pub(crate) const FRESH: &str = "fresh";

/// The export of a cache, among the scenarios.
pub(crate) const EXPORT: &str = "cache export";

/// The names of the projects, with what they are.
pub(crate) fn projects() -> Vec<(&'static str, &'static str)> {
    let all = project::ALL.iter();
    all.map(|project| (project.name, project.about)).collect()
}

/// The names of the scenarios, the export of the cache last.
pub(crate) fn scenarios() -> Vec<&'static str> {
    let all = scenario::ALL.iter().map(|scenario| scenario.name());
    all.chain([EXPORT]).collect()
}

/// The names of the contenders, and whether they are ours.
pub(crate) fn contenders() -> Vec<(&'static str, bool)> {
    let all = contender::all().into_iter();
    all.map(|one| (one.name(), one.is_ours())).collect()
}

/// Whether a contender does in a scenario what the others do: with the same toolchain behind another digest, Cargo finds
/// everything fresh in its mounts.
pub(crate) fn is_comparable(contender: &str, scenario: &str) -> bool {
    scenario != Scenario::Toolchain.name() || contender != Contender::Mounts.name()
}

/// What the edits of dependencies change in each project: its name, what is added, the leaf and what much depends on.
pub(crate) fn edits() -> Vec<[String; 4]> {
    let bump = |bump: &project::Bump| {
        let name = bump.package.split('@').next().unwrap_or_default();
        format!("{name} {} to {}", bump.from, bump.to)
    };
    let all = project::ALL.iter().map(|project| {
        let new = project.new.replace("@=", " ");
        [
            project.name.to_owned(),
            new,
            bump(&project.leaf_bump),
            bump(&project.wide_bump),
        ]
    });
    all.collect()
}

/// What each contender's file is for the smallest project: name and text.
pub(crate) fn listings() -> Result<Vec<(&'static str, String)>> {
    let project = &project::ALL[0];
    let members = [project::Member {
        dir: String::new(),
        roots: vec![(project.leaf.to_owned(), true)],
    }];
    let job = Job {
        project,
        members: &members,
        triple: &images::triple()?,
        base: Base::Now,
        image_edit: false,
    };
    let all = contender::all().into_iter();
    Ok(all.map(|one| (one.name(), one.text(&job))).collect())
}

/// Everything that may be chosen by name.
pub(crate) fn words() -> Vec<&'static str> {
    let projects = projects().into_iter().map(|(name, _)| name);
    let contenders = contenders().into_iter().map(|(name, _)| name);
    projects
        .chain(scenarios())
        .chain(contenders)
        .chain([WARM, EMPTIED, FRESH])
        .collect()
}

/// Whether one of the contenders that were chosen is ours.
pub(crate) fn has_ours(choice: &Choice) -> bool {
    let all = contenders();
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let mut ours = all.iter().filter(|(_, ours)| *ours);
    ours.any(|(name, _)| choice.wants(&names, name))
}

/// The scenarios and projects of `--quick`.
const QUICK: [&str; 8] = [
    "hello",
    "workspace",
    "cold",
    "nothing changed",
    "leaf source edit",
    "add a dependency",
    "image only",
    EXPORT,
];

/// Whether a word of a kind was chosen, and is among the few of `--quick` if that was.
fn wants(choice: &Choice, kind: &[&str], word: &str) -> bool {
    let is_quick = || super::among(&QUICK.map(str::to_owned), kind, word);
    choice.wants(kind, word) && (!choice.quick || is_quick())
}

/// The projects that were chosen, with their files.
fn chosen(
    checkout: &Path,
    state: &State,
    choice: &Choice,
) -> Result<Vec<(&'static Project, Trees)>> {
    let names: Vec<&str> = projects().into_iter().map(|(name, _)| name).collect();
    project::ALL
        .iter()
        .filter(|project| wants(choice, &names, project.name))
        .map(|project| Ok((project, Trees::of(checkout, state, project)?)))
        .collect()
}

/// Measures.
pub(crate) fn run(
    checkout: &Path,
    builder: &Builder,
    store: &mut Measurements,
    program: &str,
    choice: &Choice,
) -> Result<()> {
    let state = State::locate()?;
    images::ensure(&state, &builder.engine)?;
    let triple = images::triple()?;
    let surroundings = format!(
        "{}\n{}",
        builder.engine.versions()?,
        image::id(&builder.engine, &images::rust(Base::Now))?
    );
    let scenarios = scenarios();
    let contenders: Vec<&str> = contenders().into_iter().map(|(name, _)| name).collect();
    let wanted = |on: &str, scenario: &str| {
        wants(choice, &[WARM, EMPTIED, FRESH], on) && wants(choice, &scenarios, scenario)
    };
    let chosen = chosen(checkout, &state, choice)?;
    let mut failed = Vec::new();
    for round in 1..=choice.rounds() {
        for (project, trees) in &chosen {
            for contender in in_turns(round) {
                if !wants(choice, &contenders, contender.name()) {
                    continue;
                }
                let mut turn = Turn {
                    builder,
                    store,
                    program,
                    project,
                    trees,
                    contender,
                    triple: &triple,
                    surroundings: &surroundings,
                    round,
                    cache: Cache::new(
                        &state,
                        &builder.engine,
                        [project.name, contender.name()],
                        &[&contender.build_image(), "alpine"],
                    )?,
                    ready: false,
                };
                if let Err(error) = turn.run(&wanted) {
                    eprintln!("builds: {} {}: {error:#}", project.name, contender.name());
                    failed.push(format!("{} {}", project.name, contender.name()));
                }
            }
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => bail!("not everything was built: {}", failed.join(", ")),
    }
}

/// The contenders in the order of a round. Nobody is always first: in three rounds the stub Dockerfile, cache mounts and
/// one of ours are, in five each of them.
fn in_turns(round: usize) -> Vec<Contender> {
    let mut all = contender::all();
    let count = all.len();
    all.rotate_left((round - 1) * 2 % count);
    all
}

/// One contender's turn with one project.
struct Turn<'a> {
    builder: &'a Builder,
    store: &'a mut Measurements,
    /// The SHA-256 of our program.
    program: &'a str,
    project: &'a Project,
    trees: &'a Trees,
    contender: Contender,
    triple: &'a str,
    /// Versions of the engine, and the build image.
    surroundings: &'a str,
    round: usize,
    cache: Cache,
    /// Whether the builder has built the unedited project.
    ready: bool,
}

/// What of one contender's turn is wanted and not measured yet.
struct Missing {
    cold: bool,
    export: bool,
    emptied: Vec<Scenario>,
    warm: Vec<Scenario>,
    fresh: Vec<Scenario>,
}

impl Turn<'_> {
    fn run(&mut self, wanted: &dyn Fn(&str, &str) -> bool) -> Result<()> {
        let missing = self.missing(wanted);
        if missing.export && !self.cache.has_base() {
            let dir = self.trees.base(&self.contender.build_image())?;
            self.builder
                .build(&dir, "Dockerfile", &self.cache.export_base())?;
        }
        if missing.export || missing.cold {
            self.prepare()?;
        }
        if missing.export {
            self.export()?;
        }
        for scenario in &missing.emptied {
            self.on_emptied(*scenario)?;
        }
        if !missing.emptied.is_empty() {
            // What was built is cached, and is to be built once more.
            self.empty()?;
        }
        for scenario in missing.warm {
            self.on_warm(scenario)?;
        }
        for scenario in missing.fresh {
            self.on_fresh(scenario)?;
        }
        Ok(())
    }

    fn missing(&self, wanted: &dyn Fn(&str, &str) -> bool) -> Missing {
        // The graph drivers export no cache with all layers.
        let exports = self.builder.engine.store == engine::ImageStore::Containerd;
        let is_missing = |on: &str, scenario: &str| {
            (exports || (on != FRESH && scenario != EXPORT))
                && wanted(on, scenario)
                && !self.store.has(&self.key(on, scenario), &self.digest())
        };
        let edits = |on: &str, is_meant: fn(Scenario) -> bool| -> Vec<Scenario> {
            let all = scenario::ALL.into_iter();
            all.filter(|scenario| *scenario != Scenario::Cold && scenario.fits(self.project))
                .filter(|scenario| is_meant(*scenario) && is_missing(on, scenario.name()))
                .collect()
        };
        let fresh = edits(FRESH, |_| true);
        Missing {
            cold: is_missing(WARM, Scenario::Cold.name()),
            export: is_missing(WARM, EXPORT) || !fresh.is_empty(),
            emptied: edits(EMPTIED, Scenario::is_of_dependencies),
            warm: edits(WARM, |_| true),
            fresh,
        }
    }

    /// Exports the cache, before anything else is built: a cache has all that its builder knows of the steps that it is
    /// of.
    fn export(&mut self) -> Result<()> {
        self.cache.remove()?;
        let mut run = self.build(Scenario::Cold, &self.cache.export())?;
        let bytes = self.cache.bytes()? as f64;
        run.values.insert("cache, bytes".to_owned(), bytes);
        self.keep(WARM, EXPORT, run)
    }

    fn on_emptied(&mut self, scenario: Scenario) -> Result<()> {
        self.prepare()?;
        self.build(Scenario::Cold, &[])?;
        self.builder.empty_mounts()?;
        let run = self.build(scenario, &[])?;
        self.keep(EMPTIED, scenario.name(), run)
    }

    fn on_warm(&mut self, scenario: Scenario) -> Result<()> {
        self.prepare()?;
        let text = self.text(Scenario::Cold);
        let text = self.contender.anew(&text, scenario.name());
        self.build_file(Scenario::Cold, &text, &[])?;
        let run = self.build(scenario, &[])?;
        self.keep(WARM, scenario.name(), run)
    }

    fn on_fresh(&mut self, scenario: Scenario) -> Result<()> {
        self.empty()?;
        let run = self.build(scenario, &self.cache.import())?;
        self.keep(FRESH, scenario.name(), run)
    }

    /// Has the builder forget everything.
    fn empty(&mut self) -> Result<()> {
        self.ready = false;
        self.builder.empty()
    }

    /// Builds the project on an empty builder, unless that was done.
    fn prepare(&mut self) -> Result<()> {
        if self.ready {
            return Ok(());
        }
        self.builder.empty()?;
        let mut run = self.build(Scenario::Cold, &[])?;
        let image = self.builder.image_bytes()?;
        run.values.insert("image, bytes".to_owned(), image);
        let contender = self.contender;
        let layer = self
            .builder
            .layer_bytes(|step| contender.is_dependencies(step))?;
        if let Some(bytes) = layer {
            run.values
                .insert("dependency layer, bytes".to_owned(), bytes);
        }
        self.ready = true;
        self.keep(WARM, Scenario::Cold.name(), run)
    }

    fn build(&self, scenario: Scenario, options: &[String]) -> Result<Run> {
        self.build_file(scenario, &self.text(scenario), options)
    }

    fn build_file(&self, scenario: Scenario, text: &str, options: &[String]) -> Result<Run> {
        let file = self.contender.file();
        let work = self.trees.show(scenario, file, text)?;
        let mut run = self.builder.build(&work, file, options)?;
        let (all, external) = compiled(&run.steps);
        run.values.insert("crates compiled".to_owned(), all as f64);
        run.values
            .insert("of them external".to_owned(), external as f64);
        if self.contender.is_ours() {
            let seconds = run.values["seconds"];
            run.values.extend(profile::of(&run.steps, seconds));
        }
        Ok(run)
    }

    fn text(&self, scenario: Scenario) -> String {
        self.contender.text(&Job {
            project: self.project,
            members: self.trees.members(scenario),
            triple: self.triple,
            base: match scenario {
                Scenario::Toolchain => Base::Next,
                _ => Base::Now,
            },
            image_edit: scenario == Scenario::Image,
        })
    }

    fn key(&self, on: &str, scenario: &str) -> Key {
        Key {
            part: PART.to_owned(),
            engine: self.builder.engine.flavour().to_owned(),
            project: self.project.name.to_owned(),
            builder: on.to_owned(),
            scenario: scenario.to_owned(),
            contender: self.contender.name().to_owned(),
            round: self.round,
        }
    }

    /// What a measurement depends on: the project, the contender's file, engine and build image, and our program if it
    /// is ours.
    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.trees.digest());
        // With what is done to it before each edit.
        hash.update(self.contender.anew(&self.text(Scenario::Cold), ""));
        hash.update(self.surroundings);
        if self.contender.is_ours() {
            hash.update(self.program);
        }
        digest::hex(&hash.finalize())
    }

    fn keep(&mut self, on: &str, scenario: &str, run: Run) -> Result<()> {
        let key = self.key(on, scenario);
        println!(
            "builds: {} {on} {scenario}, {} ({}): {:?}",
            key.project, key.contender, key.round, run.values
        );
        // What a later run needs again stands beside what others took in the run that it was asked for in.
        let digest = self.digest();
        if self.store.has(&key, &digest) {
            return Ok(());
        }
        self.store.add(Record::of(key, &digest, run))
    }
}

/// How many crates steps compiled, and how many of those are not of the project: those have no path behind their
/// version.
fn compiled(steps: &[Step]) -> (usize, usize) {
    let lines = steps.iter().flat_map(|step| step.log.lines());
    let crates: Vec<&str> = lines
        .filter_map(|line| line.trim().strip_prefix("Compiling "))
        .collect();
    let external = crates.iter().filter(|line| !line.contains(" (/"));
    (crates.len(), external.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_first_in_some_round() {
        let first = |rounds| (1..=rounds).map(|round| in_turns(round)[0]);
        let three: Vec<Contender> = first(3).collect();
        assert_eq!(three[..2], [Contender::Stub, Contender::Mounts]);
        assert!(three[2].is_ours());
        let all = contender::all();
        let mut in_five: Vec<Contender> = first(all.len()).collect();
        in_five.sort_by_key(|one| all.iter().position(|other| one == other));
        assert_eq!(in_five, all);
    }

    #[test]
    fn crates_are_counted_in_all_steps() {
        let step = |log: &str| Step {
            log: log.to_owned(),
            ..Step::default()
        };
        let steps = [
            step("   Compiling serde v1.0.0\n   Compiling app v0.0.1 (/app)\n    Finished\n"),
            step("Compiled\n   Compiling app v0.1.0 (/app)\n"),
        ];
        assert_eq!(compiled(&steps), (3, 1));
    }
}
