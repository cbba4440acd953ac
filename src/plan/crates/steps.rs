//! The step of each group of crates.

use super::groups::{Node, groups};
use super::{COMPILER, DELTA, MANIFESTS, STEP, laid_out, merged, package, weights};
use crate::plan::dependencies::{self, Stubbed};
use crate::plan::toolchain::Toolchain;
use crate::plan::{Input, Mount, MountKind, Op, Output, Plan, Role, WORK_DIR, seed, stubs};
use crate::recipe::Recipe;
use crate::units::{CRATES_IO, Instance, Units};
use std::collections::{BTreeMap, BTreeSet};
use toml::Table;

/// What the steps of groups are made of.
pub(super) struct Steps<'a> {
    pub(super) input: &'a Input<'a>,
    toolchain: &'a Toolchain,
    pub(super) recipe: &'a Recipe,
    pub(super) units: &'a Units,
    /// The output with all unpacked crates, and its path.
    registry: (Output, String),
    /// Instances by group; each group comes after those that it needs.
    pub(super) groups: Vec<BTreeSet<usize>>,
    /// The profile as the project has it.
    profiles: Table,
}

impl<'a> Steps<'a> {
    pub(super) fn new(
        input: &'a Input<'a>,
        project: &Stubbed<'a>,
        units: &'a Units,
    ) -> Option<Self> {
        let (toolchain, recipe) = (project.toolchain, project.recipe);
        let path = format!("{}/registry", toolchain.cargo_home);
        let registry = project
            .crates
            .mounts
            .iter()
            .find(|mount| mount.dest == path)?;
        let MountKind::Scratchpad(output) = &registry.kind else {
            return None;
        };
        let apart = apart(units, &path);
        let index: Vec<usize> = apart.iter().copied().collect();
        let at = |wanted: &usize| index.binary_search(wanted).ok();
        let nodes: Vec<Node> = index.iter().map(|one| node(units, *one, at)).collect();
        let found = groups(&nodes).into_iter();
        Some(Self {
            input,
            toolchain,
            recipe,
            units,
            registry: (output.clone(), path),
            groups: found
                .map(|group| group.into_iter().map(|node| index[node]).collect())
                .collect(),
            profiles: recipe.profiles.clone(),
        })
    }

    /// Adds them all; returns what each leaves.
    pub(super) fn add(&self, plan: &mut Plan) -> Vec<Output> {
        let of = self.numbers();
        let groups = self.described(&of);
        let manifests = self.manifests(plan, &groups);
        let mut deltas: Vec<Output> = vec![];
        for group in &groups {
            let below: BTreeSet<usize> = group.closure.iter().map(|index| of[index]).collect();
            let below = below.into_iter().filter(|at| *at != deltas.len());
            let lower: Vec<Output> = below.map(|at| deltas[at].clone()).collect();
            let label = &group.label;
            let lower = merged(plan, lower, &format!("what {label} needs"));
            deltas.push(self.step(plan, group, &manifests, lower));
        }
        deltas
    }

    /// The group of each instance that is in one.
    pub(super) fn numbers(&self) -> BTreeMap<usize, usize> {
        let groups = self.groups.iter().enumerate();
        groups
            .flat_map(|(number, own)| own.iter().map(move |index| (*index, number)))
            .collect()
    }

    fn described(&self, of: &BTreeMap<usize, usize>) -> Vec<Group<'_>> {
        let ids: Vec<String> = self.groups.iter().map(|own| self.id(own)).collect();
        let chains = self.chains(of);
        let groups = self.groups.iter().enumerate();
        groups
            .map(|(number, own)| {
                let direct = own
                    .iter()
                    .flat_map(|index| &self.units.instances[*index].dependencies);
                let direct: BTreeSet<usize> = direct.map(|index| of[index]).collect();
                let needed = direct.iter().filter(|at| **at != number);
                Group {
                    own,
                    closure: self.units.closure(own.iter().copied()),
                    label: self.label(own),
                    id: ids[number].clone(),
                    needed: needed.map(|at| ids[*at].clone()).collect(),
                    chain: chains[number],
                }
            })
            .collect()
    }

    /// Where Cargo runs. It finds configuration from there upwards; without any, all projects have one directory.
    fn cwd(&self) -> String {
        match self.recipe.configs.as_slice() {
            [] => WORK_DIR.to_owned(),
            _ => dependencies::work_dir(self.input),
        }
    }

    /// Adds the files that the steps' scripts make.
    fn manifests(&self, plan: &mut Plan, groups: &[Group<'_>]) -> Output {
        let cwd = self.cwd();
        let crates = package::Crates::new(self.units, false);
        let texts = groups.iter().map(|group| {
            let closure = &group.closure;
            let profiles = self.profiles(closure);
            let mut files = package::files(&crates, closure, &cwd, &profiles);
            for (path, text) in &self.recipe.configs {
                files.push_str(&package::file(&format!("{WORK_DIR}/{path}"), text));
            }
            (group.id.as_str(), files)
        });
        laid_out(plan, "manifests of the groups", texts)
    }

    fn step(
        &self,
        plan: &mut Plan,
        group: &Group<'_>,
        manifests: &Output,
        lower: Option<Output>,
    ) -> Output {
        let input = self.input;
        let own = group.own;
        let (script, path) = plan.script("crates", STEP);
        let (compiler, compiler_path) =
            plan.script_at("/rust-frontend-compiler", "compiler", COMPILER);
        let members: BTreeSet<&str> = own
            .iter()
            .map(|at| self.units.instances[*at].name.as_str())
            .collect();
        let mut args = vec![
            path,
            group.id.clone(),
            stubs::dirs(plan, &input.selection.profile),
            members.into_iter().collect::<Vec<_>>().join(" "),
            group.needed.join(" "),
        ];
        args.push("build".to_owned());
        args.extend(dependencies::common_flags(plan, input));
        args.extend(self.replacement(&group.closure));
        let none = dependencies::Crates::default();
        // What it adds is an output of its own and not the difference to what it started from: engines walk along all
        // paths from an output to what it depends on, and there would be twice as many with each group of a chain.
        let target = MountKind::over(lower);
        let mut exec = dependencies::cargo(input, self.toolchain, &none, None, target, args);
        exec.cwd = self.cwd();
        let priority = LONGEST.saturating_sub(group.chain);
        exec.priority = Some(format!("rust-frontend:{priority:09}"));
        exec.env
            .push(("RUSTC_WORKSPACE_WRAPPER".into(), compiler_path));
        let part = MountKind::Part {
            of: manifests.clone(),
            path: format!("/{}", group.id),
        };
        let turns = MountKind::Cache {
            id: "rust-frontend/turns".into(),
            locked: false,
        };
        exec.mounts.extend([
            script,
            compiler,
            Mount::new(DELTA, MountKind::Output(None)),
            Mount::new(MANIFESTS, part),
            Mount::new("/turn", turns),
        ]);
        exec.mounts.extend(self.sources(own));
        let step = plan.push(
            Role::Crates,
            group.label.clone(),
            Op::Exec(exec),
            input.image.build.span,
        );
        Output::at(step, DELTA)
    }

    /// Flags that make Cargo take crates from where they are unpacked.
    pub(super) fn replacement(&self, closure: &BTreeSet<usize>) -> Vec<String> {
        let instances = closure.iter().map(|at| &self.units.instances[*at]);
        let registries: BTreeMap<&str, &str> = instances.filter_map(place).collect();
        let mut settings = vec![];
        for (number, (index, dir)) in registries.into_iter().enumerate() {
            let (source, unpacked) = match index {
                CRATES_IO => ("crates-io".to_owned(), "unpacked".to_owned()),
                _ => {
                    settings.push(format!("source.registry-{number}.registry='{index}'"));
                    (format!("registry-{number}"), format!("unpacked-{number}"))
                }
            };
            settings.push(format!("source.{source}.replace-with='{unpacked}'"));
            settings.push(format!("source.{unpacked}.directory='{dir}'"));
        }
        let flags = settings.into_iter();
        flags
            .flat_map(|setting| ["--config".into(), setting])
            .collect()
    }

    /// The sources of the group's own crates, each mounted separately out of the directory that has all of them, so
    /// that a change of another crate does not change this step.
    fn sources(&self, own: &BTreeSet<usize>) -> Vec<Mount> {
        let (registry, path) = &self.registry;
        let crates = own
            .iter()
            .filter_map(|at| self.units.instances[*at].sources.as_ref());
        let dirs: BTreeSet<&str> = crates.map(|sources| sources.dir.as_str()).collect();
        dirs.into_iter()
            .filter_map(|dir| {
                let (_, name) = dir.rsplit_once('/')?;
                let part = MountKind::Part {
                    of: registry.clone(),
                    path: dir.strip_prefix(path.as_str())?.to_owned(),
                };
                Some(Mount::new(&format!("/crates/{name}"), part))
            })
            .collect()
    }

    /// The project's profiles without what they say of other packages.
    pub(super) fn profiles(&self, closure: &BTreeSet<usize>) -> Table {
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

    /// For each group, the time in milliseconds of the longest chain of groups that begins with it: what waits for
    /// the group waits as long.
    fn chains(&self, of: &BTreeMap<usize, usize>) -> Vec<u64> {
        let mut after = vec![0; self.groups.len()];
        for (number, own) in self.groups.iter().enumerate().rev() {
            let members = || own.iter().map(|at| &self.units.instances[*at]);
            let chain = after[number] + STEP_COST + members().map(weights::of).sum::<u64>();
            for needed in members().flat_map(|one| &one.dependencies) {
                let Some(below) = of.get(needed).filter(|below| **below != number) else {
                    continue;
                };
                after[*below] = after[*below].max(chain);
            }
            after[number] = chain;
        }
        after
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
        seed::short_hash(words.iter().map(String::as_str))
    }
}

/// A group that is about to become a step.
struct Group<'g> {
    /// Its instances.
    own: &'g BTreeSet<usize>,
    /// These and all that they need.
    closure: BTreeSet<usize>,
    /// What it is called for the user.
    label: String,
    /// What it is called in the target directory.
    id: String,
    /// The ids of the groups that it needs.
    needed: Vec<String>,
    /// The longest chain of groups that begins with it, in milliseconds.
    chain: u64,
}

/// What a step takes beside compiling, in milliseconds.
const STEP_COST: u64 = 300;

/// More than any chain takes, in milliseconds: priorities are sorted as text, the first is the most urgent.
const LONGEST: u64 = 999_999_999;

/// The registry of an instance, and the directory with its unpacked crates.
fn place(one: &Instance) -> Option<(&str, &str)> {
    let sources = one.sources.as_ref()?;
    Some((one.registry()?, crate::source::parent(&sources.dir)))
}

/// The instances that can be compiled apart from the project: from registries of crates, and so all that they need.
fn apart(units: &Units, unpacked: &str) -> BTreeSet<usize> {
    let places: BTreeMap<&str, &str> = units.instances.iter().filter_map(place).collect();
    let fits = |one: &Instance| {
        one.checksum.is_some()
            && place(one)
                .is_some_and(|(index, dir)| dir.starts_with(unpacked) && places[index] == dir)
    };
    if units.has_mixed_lto {
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

fn node(units: &Units, index: usize, at: impl Fn(&usize) -> Option<usize>) -> Node {
    let one = &units.instances[index];
    Node {
        name: format!("{} {}", one.name, if one.host { "host" } else { "target" }),
        weight: weights::of(one),
        dependencies: one.dependencies.iter().filter_map(at).collect(),
    }
}
