//! External crates, compiled in groups: a bump compiles a group and what depends on it, on any builder that has or
//! imports the rest, whichever project it was compiled for.
//!
//! ```text
//! fetch -> resolution (Cargo's unit graph) -> groups -> a step each -> assembly, where the dependency step starts
//! ```
//! Each step runs Cargo over a package that needs exactly the crates of the group ([`package`]), on top of what the steps
//! of the groups that it needs left, and leaves its own artefacts alone. Its key is made of what it compiles, the
//! toolchain, flags and environment, and of nothing of the project.
//!
//! The dependency step then runs the project's own command over all of them and finds them fresh. So nothing depends
//! on the steps but time: what a step did not do, did otherwise, or could not do apart from the project, the
//! dependency step compiles; it says so, and the user is warned.

mod groups;
mod local;
mod manifest;
mod package;
mod steps;
mod weights;

use super::{
    Exec, FileAction, Input, Mount, MountKind, Op, Output, Plan, Role, TARGET_DIR, dependencies,
    names,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::Granularity;
use dependencies::Stubbed;
pub use groups::{Node, groups};
pub(super) use local::Apart;
use std::collections::BTreeSet;
use steps::Steps;
use toml::Table;
pub use weights::weight;

/// Prints what Cargo is going to compile. The bytes are part of cache keys.
const RESOLVE: &str = include_str!("crates/resolve.sh");
/// Compiles a group. Arguments: its id, the directories of the target directory, names of its packages, ids of the
/// groups that these need, then cargo's. The bytes are part of cache keys.
///
/// `left`: the group is compiled by the dependency step, and so is what needs it. `turn`: engines start every step
/// that is ready; here it waits until there is a processor and memory for it, by priority.
const STEP: &str = include_str!("crates/step.sh");
/// Stands in for the compiler of the package that holds a step together.
const COMPILER: &str = include_str!("crates/compiler.sh");
/// Runs the dependency step's own command over the groups. A group that was compiled with other artefacts than those
/// that are there is compiled again: rustc would refuse it.
const ASSEMBLE: &str = include_str!("crates/assemble.sh");
/// The modification time of everything that steps leave, in seconds since 1970. One time for all, since Cargo wants
/// nothing older than what it was made from; later than system headers, which some build scripts watch; and in no
/// machine's future, where Cargo would find the project's own packages older.
#[cfg(test)]
const TIME: i64 = 1_793_491_200;

/// With fewer external crates the steps cost more than they save, by estimate.
const LEAST: usize = 40;
/// With more local packages groups save more than they cost on a builder that compiled before, too: a change of the lock
/// compiles those that need what changed, and with one layer all of them (docs/crates.md: 45 s and 13 s for 20).
const MANY: usize = 10;
/// Where the resolution leaves its files.
const UNITS: &str = "/units";
/// Where a group's step finds what its manifests are made of.
const MANIFESTS: &str = "/manifests";
/// Where a group's step leaves what it made.
const DELTA: &str = "/delta";
/// Where the dependency step says what it did with the groups.
const REPORT: &str = "/report";

/// Whether and why crates are compiled in groups.
enum Choice {
    Groups(String),
    Layer(String),
}

/// Whether there may be groups, as far as that is known before the crates are.
pub(super) fn may_be_grouped(input: &Input<'_>) -> bool {
    let project = input.project;
    let external = project.lock.packages.iter().filter(|one| !one.is_local());
    // An image has no more of either.
    let (external, local) = (external.count(), project.packages.len());
    matches!(choice(input, external, local), Choice::Groups(_))
}

/// The choice for so many external crates, and so many local packages of all images that share their step.
fn choice(input: &Input<'_>, count: usize, local: usize) -> Choice {
    let crates = names::count(count, "crate");
    let wanted = match input.image.build.granularity.value {
        Granularity::Layer => return Choice::Layer("the spec says so".into()),
        Granularity::Crates => "the spec says so".to_owned(),
        Granularity::Auto if count < LEAST => {
            return Choice::Layer(format!("fewer than {LEAST} are compiled faster together"));
        }
        Granularity::Auto if local > MANY => {
            format!("{crates}, and more than {MANY} local packages")
        }
        Granularity::Auto if !input.abilities.imports_cache => {
            // An import would not help where groups cannot be.
            let reason = "no cache is imported, so the step starts from the builder's own";
            return Choice::Layer(unfit(input, count).unwrap_or(reason).into());
        }
        Granularity::Auto => format!("{crates}, and a cache is imported"),
    };
    match unfit(input, count) {
        Some(reason) => Choice::Layer(reason.into()),
        None => Choice::Groups(wanted),
    }
}

/// Why Cargo would not find fresh what was compiled apart from the project, or the engine cannot put it together.
fn unfit(input: &Input<'_>, count: usize) -> Option<&'static str> {
    if !input.abilities.crates {
        return Some("the engine cannot merge layers");
    }
    if count == 0 {
        return Some("there are no external crates");
    }
    let compile = |secret: &crate::spec::Secret| secret.step == crate::spec::SecretStep::Compile;
    if input.image.build.secrets.iter().any(compile) {
        return Some("what is compiled with secrets is not shared");
    }
    if !input.project.cargo_features.is_empty() {
        return Some("the project uses unstable features of Cargo");
    }
    let configs = &input.project.configs;
    let special = ["source", "patch", "paths", "unstable", "host"];
    let has_special = |table: &Table| special.iter().any(|key| table.contains_key(*key));
    if configs
        .iter()
        .any(|config| !config.paths.is_empty() || has_special(&config.table))
    {
        return Some(
            "cargo's configuration names files of the project, or changes where crates come from",
        );
    }
    None
}

/// Adds the step that asks Cargo what it is going to compile, if that matters for this build.
pub(super) fn resolution(
    plan: &mut Plan,
    input: &Input<'_>,
    project: &Stubbed<'_>,
    flags: Vec<String>,
) -> Option<Output> {
    let recipe = project.recipe;
    if let Choice::Layer(_) = choice(input, recipe.external_packages, recipe.stubs.len()) {
        return None;
    }
    let (script, path) = plan.script("resolve", RESOLVE);
    let mut args = vec![path, "build".to_owned()];
    args.extend(flags);
    let mut exec = project.cargo(input, args);
    exec.mounts
        .extend([script, Mount::new(UNITS, MountKind::Output(None))]);
    let name = "units of the dependencies".to_owned();
    let step = plan.push(
        Role::Dependencies,
        name,
        Op::Exec(exec),
        input.image.build.span,
    );
    Some(Output::at(step, UNITS))
}

/// A warning if the spec asks for groups that there are not.
fn unheeded(input: &Input<'_>, reason: &str) -> Diagnostics {
    let granularity = &input.image.build.granularity;
    let mut found = Diagnostics::default();
    if let (Granularity::Crates, Some(span)) = (granularity.value, granularity.span) {
        let message = format!("all crates are compiled in one step: {reason}");
        let help = "without `granularity: crates` this is what the build does anyway";
        let warning = Diagnostic::warning("crates-in-one-step", message).help(help);
        found.push(warning.at(input.spec.file.at(span)));
    }
    found
}

/// The groups of a build.
pub(super) struct Groups<'a> {
    steps: Steps<'a>,
    /// What each leaves.
    deltas: Vec<Output>,
    /// The target directory with all of them.
    target: Output,
    /// What Cargo said is going to be compiled.
    units: Output,
}

/// Adds a step for each group, and puts together what they leave.
pub(super) fn add<'a>(
    plan: &mut Plan,
    input: &'a Input<'a>,
    project: &Stubbed<'a>,
    resolution: Option<Output>,
) -> Option<Groups<'a>> {
    let recipe = project.recipe;
    let count = names::count(recipe.external_packages, "external crate");
    let are = if recipe.external_packages == 1 {
        "is"
    } else {
        "are"
    };
    let layer = |reason: &str| format!("{count} {are} compiled in one step: {reason}");
    let together = |plan: &mut Plan, reason: &str| {
        plan.note(Some(layer(reason)));
        plan.warnings.extend(unheeded(input, reason));
    };
    let choice = choice(input, recipe.external_packages, recipe.stubs.len());
    let (reason, resolution) = match (choice, resolution) {
        (Choice::Groups(reason), Some(resolution)) => (reason, resolution),
        (Choice::Layer(reason), _) => {
            if recipe.external_packages > 0 {
                together(plan, &reason);
            }
            return None;
        }
        (Choice::Groups(_), None) => return None,
    };
    let Some(units) = input.units else {
        plan.note(Some(layer("only an engine can say which units there are")));
        return None;
    };
    let steps = Steps::new(input, project, units)?;
    if steps.groups.len() > groups::MOST {
        together(
            plan,
            "there would be more groups than an engine takes in one graph",
        );
        return None;
    }
    if steps.groups.is_empty() {
        together(plan, "no crate can be compiled apart from the project");
        return None;
    }
    let grouped: usize = steps.groups.iter().map(BTreeSet::len).sum();
    plan.note(Some(format!(
        "{count} {are} compiled in {}: {reason}; {} of {} stay with the project",
        names::count(steps.groups.len(), "group"),
        units.instances.iter().filter(|one| !one.is_local()).count() - grouped,
        names::count(
            units.instances.iter().filter(|one| !one.is_local()).count(),
            "unit"
        ),
    )));
    let deltas = steps.add(plan);
    plan.grouped
        .extend(steps.groups.iter().flatten().map(|index| {
            let one = &units.instances[*index];
            format!("{} {}", one.name, one.version)
        }));
    let target = merged(plan, deltas.clone(), "all groups of crates")?;
    Some(Groups {
        steps,
        deltas,
        target,
        units: resolution,
    })
}

/// Makes the dependency step start from the groups.
pub(super) fn assembled(plan: &mut Plan, groups: &Groups<'_>, mut exec: Exec) -> Exec {
    let (script, path) = plan.script("assemble", ASSEMBLE);
    exec.args.splice(..1, [path]);
    for mount in exec
        .mounts
        .iter_mut()
        .filter(|mount| mount.dest == TARGET_DIR)
    {
        mount.kind = MountKind::Output(Some(groups.target.clone()));
    }
    exec.mounts.extend([
        script,
        // It reads nothing there. But an exported cache holds only what its result is made from.
        Mount::new(UNITS, MountKind::ReadOnly(groups.units.clone())),
        Mount::new(REPORT, MountKind::Output(None)),
    ]);
    exec
}

/// Where the dependency step says what it did with the groups.
pub(super) fn report(step: usize) -> Output {
    Output::at(step, REPORT)
}

/// Adds a directory for each of some steps, by its id, with the files that the step's script makes, all in one step: an
/// engine takes longer to make many.
fn laid_out<'t>(
    plan: &mut Plan,
    name: &str,
    texts: impl Iterator<Item = (&'t str, String)>,
) -> Output {
    let actions = texts.flat_map(|(id, text)| {
        let dir = format!("/{id}");
        let write = FileAction::Write {
            path: format!("{dir}/crates"),
            data: text.into_bytes(),
            mode: 0o644,
        };
        let make = FileAction::MakeDir {
            path: dir,
            mode: 0o755,
            owner: None,
        };
        [make, write]
    });
    plan.files(Role::Crates, name, None, actions.collect())
}

/// One file system of several; `None` of none.
fn merged(plan: &mut Plan, mut parts: Vec<Output>, name: &str) -> Option<Output> {
    if parts.len() < 2 {
        return parts.pop();
    }
    let step = plan.push(Role::Crates, name.into(), Op::Merge(parts), None);
    Some(Output::root(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_hold_the_constants_that_they_repeat() {
        assert!(STEP.contains(&format!("@{TIME}")));
        assert!(STEP.contains(package::NAME));
        for (script, paths) in [
            (RESOLVE, vec![UNITS]),
            (STEP, vec![TARGET_DIR, MANIFESTS, DELTA]),
            (ASSEMBLE, vec![TARGET_DIR, REPORT]),
        ] {
            for path in paths {
                assert!(script.contains(path), "{path}");
            }
        }
    }
}
