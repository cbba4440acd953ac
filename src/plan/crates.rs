//! Crates from outside, compiled in groups: a bump compiles a group and what depends on it, on any builder that has or
//! imports the rest, whichever project it was compiled for.
//!
//! ```text
//! fetch -> resolution (Cargo's unit graph) -> groups -> a step each -> assembly, where the dependency step starts
//! ```
//! Each step runs Cargo over a package that needs exactly the crates of the group ([`package`]), on top of what the steps
//! of the groups that it needs left, and leaves its own artefacts alone. Its key is made of what it compiles, the
//! toolchain, flags and environment, and of nothing of the project.
//!
//! The dependency step then runs the project's own command over all of them and finds them fresh. So nothing rests on
//! the steps but time: what a step did not do, did otherwise, or could not do apart from the project, the dependency step
//! compiles; it says so, and the user is warned.

mod groups;
mod package;
mod weights;

use super::toolchain::Toolchain;
use super::{
    Exec, FileAction, Input, Mount, MountKind, Op, Output, Plan, Role, TARGET_DIR, WORK_DIR,
    dependencies, names,
};
use crate::recipe::Recipe;
use crate::spec::Granularity;
use crate::units::{Instance, Units};
use dependencies::Crates;
pub use groups::{Node, groups};
use std::collections::{BTreeMap, BTreeSet};
use toml::Table;
pub use weights::weight;

/// Prints what Cargo is going to compile. The bytes are part of cache keys.
const RESOLVE: &str = include_str!("crates/resolve.sh");
/// Compiles a group. Arguments: its id, the directories of the target directory, names of its packages, ids of the
/// groups that these need, `first` or `later`, then cargo's. The bytes are part of cache keys.
///
/// `left`: the group is compiled by the dependency step, and so is what needs it. `turn`: engines start every step
/// that is ready; here it waits until there is a processor and memory for it. Those that go `first` do not queue.
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

/// With fewer crates from outside the steps cost more than they ever save.
const LEAST: usize = 40;
/// Where the resolution leaves its files.
const UNITS: &str = "/units";
/// Where the dependency step says what it did with the groups.
const REPORT: &str = "/report";

/// Whether and why crates are compiled in groups.
enum Choice {
    Groups(String),
    Layer(String),
}

fn choice(input: &Input<'_>, recipe: &Recipe) -> Choice {
    let count = recipe.external_packages;
    let crates = names::count(count, "crate");
    let wanted = match input.image.build.granularity.value {
        Granularity::Layer => return Choice::Layer("the spec says so".into()),
        Granularity::Crates => "the spec says so".to_owned(),
        Granularity::Auto if count < LEAST => {
            return Choice::Layer(format!("fewer than {LEAST} are compiled faster together"));
        }
        Granularity::Auto if !input.abilities.imports_cache => {
            let reason = "no cache is imported, so the builder has one from which the step starts";
            return Choice::Layer(reason.into());
        }
        Granularity::Auto => format!("{crates}, and a cache is imported"),
    };
    match unfit(input, recipe) {
        Some(reason) => Choice::Layer(reason.into()),
        None => Choice::Groups(wanted),
    }
}

/// Why Cargo would not find fresh what was compiled apart from the project, or the engine cannot put it together.
fn unfit(input: &Input<'_>, recipe: &Recipe) -> Option<&'static str> {
    if !input.abilities.crates {
        return Some("the engine cannot merge layers");
    }
    if recipe.external_packages == 0 {
        return Some("there are no crates from outside");
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
        return Some("cargo's configuration changes where crates come from");
    }
    None
}

/// Adds the step that asks Cargo what it is going to compile, if that matters for this build.
pub(super) fn resolution(
    plan: &mut Plan,
    input: &Input<'_>,
    toolchain: &Toolchain,
    crates: &Crates,
    recipe: &Recipe,
    skeleton: &Output,
    flags: Vec<String>,
) -> Option<Output> {
    if let Choice::Layer(_) = choice(input, recipe) {
        return None;
    }
    let (script, path) = plan.script("resolve", RESOLVE);
    let mut args = vec![path, "build".to_owned()];
    args.extend(flags);
    let target = MountKind::Output(None);
    let mut exec = dependencies::cargo(input, toolchain, crates, skeleton, target, args);
    exec.mounts.extend([
        script,
        Mount {
            dest: UNITS.into(),
            kind: MountKind::Output(None),
        },
    ]);
    let name = "units of the dependencies".to_owned();
    let step = plan.push(
        Role::Dependencies,
        name,
        Op::Exec(exec),
        input.image.build.span,
    );
    Some(Output {
        step,
        mount: UNITS.into(),
    })
}

/// The groups of a build, put together.
pub(super) struct Assembly {
    /// The target directory with all of them.
    target: Output,
    /// What Cargo said is going to be compiled.
    units: Output,
}

/// Adds a step for each group, and puts together what they leave.
pub(super) fn add(
    plan: &mut Plan,
    input: &Input<'_>,
    toolchain: &Toolchain,
    crates: &Crates,
    recipe: &Recipe,
    resolution: Option<Output>,
) -> Option<Assembly> {
    let count = names::count(recipe.external_packages, "crate");
    let are = if recipe.external_packages == 1 {
        "is"
    } else {
        "are"
    };
    let layer = |reason: &str| format!("{count} from outside {are} compiled in one step: {reason}");
    let (reason, resolution) = match (choice(input, recipe), resolution) {
        (Choice::Groups(reason), Some(resolution)) => (reason, resolution),
        (Choice::Layer(reason), _) => {
            if recipe.external_packages > 0 {
                plan.note(Some(layer(&reason)));
            }
            return None;
        }
        (Choice::Groups(_), None) => return None,
    };
    let Some(units) = input.units else {
        plan.note(Some(layer(
            "an engine would have to tell which units there are",
        )));
        return None;
    };
    let steps = Steps::new(input, toolchain, crates, recipe, units)?;
    if steps.groups.len() > groups::MOST {
        plan.note(Some(layer(
            "there would be more groups than an engine takes in one graph",
        )));
        return None;
    }
    if steps.groups.is_empty() {
        plan.note(Some(layer(
            "no crate can be compiled apart from the project",
        )));
        return None;
    }
    let grouped: usize = steps.groups.iter().map(BTreeSet::len).sum();
    plan.note(Some(format!(
        "{count} from outside {are} compiled in {}: {reason}; {} of {} stay with the project",
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
    let target = merged(plan, deltas, "all groups of crates")?;
    Some(Assembly {
        target,
        units: resolution,
    })
}

/// Makes the dependency step start from the groups.
pub(super) fn assembled(plan: &mut Plan, groups: Assembly, mut exec: Exec) -> Exec {
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
        Mount {
            dest: UNITS.into(),
            kind: MountKind::ReadOnly(groups.units),
        },
        Mount {
            dest: REPORT.into(),
            kind: MountKind::Output(None),
        },
    ]);
    exec
}

/// Where the dependency step says what it did with the groups.
pub(super) fn report(step: usize) -> Output {
    Output {
        step,
        mount: REPORT.into(),
    }
}

/// One file system of several; `None` of none.
fn merged(plan: &mut Plan, mut parts: Vec<Output>, name: &str) -> Option<Output> {
    if parts.len() < 2 {
        return parts.pop();
    }
    let step = plan.push(Role::Crates, name.into(), Op::Merge(parts), None);
    Some(Output {
        step,
        mount: "/".into(),
    })
}

/// What the steps of groups are made of.
struct Steps<'a> {
    input: &'a Input<'a>,
    toolchain: &'a Toolchain,
    recipe: &'a Recipe,
    units: &'a Units,
    /// The output with all unpacked crates, and its path.
    registry: (Output, String),
    /// Instances by group; each group comes after those that it needs.
    groups: Vec<BTreeSet<usize>>,
    /// The profile as the project has it.
    profiles: Table,
}

impl<'a> Steps<'a> {
    fn new(
        input: &'a Input<'a>,
        toolchain: &'a Toolchain,
        crates: &Crates,
        recipe: &'a Recipe,
        units: &'a Units,
    ) -> Option<Self> {
        let path = format!("{}/registry", toolchain.cargo_home);
        let registry = crates.mounts.iter().find(|mount| mount.dest == path)?;
        let MountKind::Scratchpad(output) = &registry.kind else {
            return None;
        };
        let apart = apart(input, units, &path);
        let index: Vec<usize> = apart.iter().copied().collect();
        let at = |wanted: &usize| index.binary_search(wanted).ok();
        let nodes: Vec<Node> = index.iter().map(|one| node(units, *one, at)).collect();
        let found = groups(&nodes).into_iter();
        let profiles = recipe.sections.get("profiles");
        Some(Self {
            input,
            toolchain,
            recipe,
            units,
            registry: (output.clone(), path),
            groups: found
                .map(|group| group.into_iter().map(|node| index[node]).collect())
                .collect(),
            profiles: profiles
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
        })
    }

    /// Adds them all; returns what each leaves.
    fn add(&self, plan: &mut Plan) -> Vec<Output> {
        let mut deltas: Vec<Output> = vec![];
        let mut of: BTreeMap<usize, usize> = BTreeMap::new();
        let mut ids: Vec<String> = vec![];
        for (number, own) in self.groups.iter().enumerate() {
            of.extend(own.iter().map(|index| (*index, number)));
            let closure = self.units.closure(own.iter().copied());
            let below: BTreeSet<usize> = closure.iter().map(|index| of[index]).collect();
            let below: BTreeSet<usize> = below.into_iter().filter(|at| *at != number).collect();
            let direct = own
                .iter()
                .flat_map(|index| &self.units.instances[*index].dependencies);
            let direct: BTreeSet<usize> = direct.map(|index| of[index]).collect();
            let label = self.label(own);
            ids.push(self.id(own));
            let needed: Vec<&str> = direct
                .iter()
                .filter(|at| **at != number)
                .map(|at| ids[*at].as_str())
                .collect();
            let group = Group {
                own,
                closure: &closure,
                label: &label,
                id: &ids[number],
                needed: &needed,
            };
            let lower: Vec<Output> = below.iter().map(|at| deltas[*at].clone()).collect();
            let lower = merged(plan, lower, &format!("what {label} needs"));
            let made = self.step(plan, &group, lower.clone());
            deltas.push(match lower {
                None => made,
                Some(lower) => {
                    let op = Op::Diff { lower, upper: made };
                    let step = plan.push(Role::Crates, format!("artefacts of {label}"), op, None);
                    Output {
                        step,
                        mount: "/".into(),
                    }
                }
            });
        }
        deltas
    }

    fn step(&self, plan: &mut Plan, group: &Group<'_>, lower: Option<Output>) -> Output {
        let Group {
            own,
            closure,
            label,
            id,
            needed,
        } = *group;
        let input = self.input;
        let configs: Vec<(&String, &String)> = self
            .recipe
            .sections
            .iter()
            .filter(|(name, _)| name.starts_with("config "))
            .collect();
        // Cargo finds configuration from its working directory upwards. Without any, all projects have one directory.
        let cwd = match configs.is_empty() {
            true => WORK_DIR.to_owned(),
            false => dependencies::work_dir(input),
        };
        let profiles = self.profiles(closure);
        let mut spec = package::files(
            self.units,
            closure,
            &cwd,
            &profiles,
            self.input.project.lock.version,
        );
        for (name, text) in configs {
            let path = name.trim_start_matches("config ");
            spec.push_str(&package::file(&format!("{WORK_DIR}/{path}"), text));
        }
        let mut actions = vec![];
        if let Some(dir) = cwd.strip_prefix(WORK_DIR).filter(|dir| !dir.is_empty()) {
            actions.push(FileAction::MakeDir {
                path: dir.into(),
                mode: 0o755,
                owner: None,
            });
        }
        actions.push(FileAction::Write {
            path: "/crates".into(),
            data: spec.into_bytes(),
            mode: 0o644,
        });
        let op = Op::Files {
            base: None,
            actions,
        };
        let step = plan.push(Role::Skeleton, format!("manifests of {label}"), op, None);
        let spec = Output {
            step,
            mount: "/".into(),
        };
        let profile = &input.selection.profile;
        let dir = dependencies::profile_dir(profile);
        let (script, path) = plan.script("crates", STEP);
        let (compiler, compiler_path) =
            plan.script_at("/rust-frontend-compiler", "compiler", COMPILER);
        let members: BTreeSet<&str> = own
            .iter()
            .map(|at| self.units.instances[*at].name.as_str())
            .collect();
        let mut args = vec![
            path,
            id.to_owned(),
            format!("{}/{dir} {dir}", plan.triple),
            members.into_iter().collect::<Vec<_>>().join(" "),
            needed.join(" "),
            self.order(own).to_owned(),
        ];
        args.extend(["build".to_owned(), "--offline".to_owned()]);
        args.extend(["--target".into(), plan.triple.clone()]);
        args.extend(["--profile".into(), profile.clone()]);
        args.extend(self.replacement(own));
        let none = Crates::default();
        let target = MountKind::Output(lower);
        let mut exec = dependencies::cargo(input, self.toolchain, &none, &spec, target, args);
        exec.cwd = cwd;
        exec.env
            .push(("RUSTC_WORKSPACE_WRAPPER".into(), compiler_path));
        exec.mounts.extend([
            script,
            compiler,
            Mount {
                dest: "/turn".into(),
                kind: MountKind::Cache {
                    id: "rust-frontend/turns".into(),
                    locked: false,
                },
            },
        ]);
        exec.mounts.extend(self.sources(own));
        let step = plan.push(
            Role::Crates,
            label.to_owned(),
            Op::Exec(exec),
            input.image.build.span,
        );
        Output {
            step,
            mount: TARGET_DIR.into(),
        }
    }

    /// Flags that make Cargo take crates from where they are unpacked.
    fn replacement(&self, own: &BTreeSet<usize>) -> Vec<String> {
        let first = own
            .iter()
            .find_map(|at| self.units.instances[*at].sources.as_ref());
        let dir = first.map_or("", |sources| crate::source::parent(&sources.dir));
        vec![
            "--config".into(),
            "source.crates-io.replace-with='unpacked'".into(),
            "--config".into(),
            format!("source.unpacked.directory='{dir}'"),
        ]
    }

    /// The sources of the group's own crates: of the directory that all are in, each apart, so that a change of
    /// another is none of this step.
    fn sources(&self, own: &BTreeSet<usize>) -> Vec<Mount> {
        let (registry, path) = &self.registry;
        let crates = own
            .iter()
            .filter_map(|at| self.units.instances[*at].sources.as_ref());
        let dirs: BTreeSet<&str> = crates.map(|sources| sources.dir.as_str()).collect();
        dirs.into_iter()
            .filter_map(|dir| {
                let (_, name) = dir.rsplit_once('/')?;
                Some(Mount {
                    dest: format!("/crates/{name}"),
                    kind: MountKind::Part {
                        of: registry.clone(),
                        path: dir.strip_prefix(path.as_str())?.to_owned(),
                    },
                })
            })
            .collect()
    }

    /// The project's profiles without what they say of other packages.
    fn profiles(&self, closure: &BTreeSet<usize>) -> Table {
        let names: BTreeSet<&str> = closure
            .iter()
            .map(|at| self.units.instances[*at].name.as_str())
            .collect();
        let mut profiles = self.profiles.clone();
        for (_, profile) in profiles.iter_mut() {
            let packages = profile
                .get_mut("package")
                .and_then(toml::Value::as_table_mut);
            if let Some(packages) = packages {
                packages.retain(|spec, _| {
                    let name = spec.rsplit(['#', '/']).next().unwrap_or(spec);
                    let name = name.split([':', '@']).next().unwrap_or(name);
                    spec == "*" || names.contains(name)
                });
            }
        }
        profiles
    }

    /// Whether a group goes before others that are ready: what runs on the build machine, since procedural macros are at
    /// the beginning of the longest chains, and what takes long itself.
    fn order(&self, own: &BTreeSet<usize>) -> &'static str {
        let members = || own.iter().map(|at| &self.units.instances[*at]);
        let weight: u64 = members().map(weights::of).sum();
        match members().any(|one| one.host) || weight >= 2 * groups::BUDGET {
            true => "first",
            false => "later",
        }
    }

    /// What the group is called for the user.
    fn label(&self, own: &BTreeSet<usize>) -> String {
        let mut heaviest: Vec<&Instance> =
            own.iter().map(|at| &self.units.instances[*at]).collect();
        heaviest.sort_by_key(|one| std::cmp::Reverse(weights::of(one)));
        let first = heaviest[0];
        let mut label = format!("{} {}", first.name, first.version);
        if first.host && !first.is_proc_macro {
            label.push_str(" for the build machine");
        }
        match heaviest.len() - 1 {
            0 => label,
            more => format!("{label} and {more} more"),
        }
    }

    /// What tells a group apart in the target directory: its members and their features.
    fn id(&self, own: &BTreeSet<usize>) -> String {
        let mut words: Vec<String> = vec![];
        for one in own.iter().map(|at| &self.units.instances[*at]) {
            words.push(format!(
                "{} {} {} {}",
                one.name, one.version, one.source, one.host
            ));
            words.extend(one.features.iter().cloned());
        }
        super::seed::short_hash(words.iter().map(String::as_str))
    }
}

/// A group that is about to become a step.
struct Group<'g> {
    /// Its instances.
    own: &'g BTreeSet<usize>,
    /// These and all that they need.
    closure: &'g BTreeSet<usize>,
    /// What it is called for the user.
    label: &'g str,
    /// What it is called in the target directory.
    id: &'g str,
    /// The ids of the groups that it needs.
    needed: &'g [&'g str],
}

/// The instances that can be compiled apart from the project: from the registry of crates, and so all that they need.
fn apart(input: &Input<'_>, units: &Units, registry: &str) -> BTreeSet<usize> {
    let first = units.instances.iter().find_map(|one| {
        let sources = one.sources.as_ref().filter(|_| one.is_from_crates_io())?;
        Some(crate::source::parent(&sources.dir))
    });
    let fits = |one: &Instance| {
        one.is_from_crates_io()
            && one.checksum.is_some()
            && one.sources.as_ref().is_some_and(|sources| {
                sources.dir.starts_with(registry)
                    && Some(crate::source::parent(&sources.dir)) == first
            })
    };
    // A local package whose libraries are of several kinds changes how what it needs is compiled for LTO.
    let lto = |one: &Instance| {
        input.project.packages.iter().any(|package| {
            package.name == one.name && package.lib().is_some_and(|lib| lib.crate_types.len() > 1)
        })
    };
    if units.instances.iter().any(|one| one.is_local() && lto(one)) && has_lto(input) {
        return BTreeSet::new();
    }
    let mut unfit: BTreeSet<usize> = (0..units.instances.len())
        .filter(|at| !fits(&units.instances[*at]))
        .collect();
    loop {
        let more: Vec<usize> = (0..units.instances.len())
            .filter(|at| {
                !unfit.contains(at) && !units.instances[*at].dependencies.is_disjoint(&unfit)
            })
            .collect();
        if more.is_empty() {
            break;
        }
        unfit.extend(more);
    }
    (0..units.instances.len())
        .filter(|at| !unfit.contains(at))
        .collect()
}

/// Whether the profile asks for link-time optimization over all crates.
fn has_lto(input: &Input<'_>) -> bool {
    let profile = input.project.profiles.get(&input.selection.profile);
    profile
        .and_then(|profile| profile.get("lto"))
        .is_some_and(|lto| lto.as_bool() != Some(false) && lto.as_str() != Some("off"))
}

fn node(units: &Units, index: usize, at: impl Fn(&usize) -> Option<usize>) -> Node {
    let one = &units.instances[index];
    Node {
        name: format!("{} {}", one.name, if one.host { "host" } else { "target" }),
        weight: weights::of(one),
        dependencies: one.dependencies.iter().filter_map(at).collect(),
    }
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
            (STEP, vec![TARGET_DIR, WORK_DIR]),
            (ASSEMBLE, vec![TARGET_DIR, REPORT]),
        ] {
            for path in paths {
                assert!(script.contains(path), "{path}");
            }
        }
    }
}
