//! Local libraries over the groups that they need: a bump compiles those of them again that need the crate.
//!
//! Like a group's step, that of a library runs Cargo in a workspace that the frontend writes: the library, the local
//! packages and the crates that it needs, each with exactly its features, and nothing else of the project, neither
//! its lock nor its other manifests. So these are not part of the step's key.
//!
//! A library that reads more of the project than that is left to the compile step, if its own step can tell. Where no
//! step could (a build script reads whatever it wants), it is not compiled apart at all.

use super::package::{self, Crates};
use super::steps::Steps;
use super::{Groups, MANIFESTS, laid_out, merged};
use crate::plan::dependencies::{common_flags, in_work_dir};
use crate::plan::{Exec, Input, Mount, MountKind, Output, Plan, seed};
use crate::project::{Dependency, Package, TargetKind};
use crate::recipe::{Recipe, Recipes};
use crate::units::{Crate, Units};
use std::collections::{BTreeMap, BTreeSet};

/// Writes the workspace and runs another script. The bytes are part of cache keys.
const LOCAL: &str = include_str!("local.sh");

/// How some local libraries are compiled apart from the project.
pub(in crate::plan) struct Apart {
    /// What there is of the project.
    pub(in crate::plan) files: Recipe,
    /// The crates that are compiled already.
    pub(in crate::plan) target: MountKind,
    /// The flags of `cargo build`.
    pub(in crate::plan) flags: Vec<String>,
    manifests: Mount,
}

impl Apart {
    /// Puts the script of a step into one that makes its workspace.
    pub(in crate::plan) fn surround(&self, plan: &mut Plan, exec: &mut Exec) {
        let (script, path) = plan.script_at("/rust-frontend-apart", "apart", LOCAL);
        exec.args.insert(0, path);
        exec.mounts.extend([script, self.manifests.clone()]);
    }
}

/// Libraries on the way to a step.
struct Found {
    files: Recipe,
    flags: Vec<String>,
    /// Indices of groups.
    groups: BTreeSet<usize>,
    /// What they are called in the step of all manifests.
    id: String,
    manifests: String,
}

/// The most bytes of manifests in a definition, of which an engine takes 16 MiB.
const MOST: usize = 4 << 20;

impl Groups<'_> {
    /// For each of some steps of local libraries, how they are compiled apart from the project, if they are.
    pub(in crate::plan) fn local(
        &self,
        plan: &mut Plan,
        recipes: &Recipes<'_>,
        steps: &[BTreeSet<usize>],
    ) -> Vec<Option<Apart>> {
        let local = Local::of(&self.steps, recipes);
        let crates = Crates::new(&local.units, true);
        let found = steps.iter().map(|own| local.find(plan, &crates, own));
        let found: Vec<Option<Found>> = found.collect();
        let some = || found.iter().flatten();
        let bytes: usize = some().map(|one| one.manifests.len()).sum();
        if bytes == 0 || bytes > MOST {
            return vec![];
        }
        let texts = some().map(|one| (one.id.as_str(), one.manifests.clone()));
        let manifests = laid_out(plan, "manifests of the local crates", texts);
        let found = found.into_iter();
        found
            .map(|one| Some(self.apart(plan, one?, &manifests)))
            .collect()
    }

    fn apart(&self, plan: &mut Plan, found: Found, manifests: &Output) -> Apart {
        let lower = found.groups.iter().map(|group| self.deltas[*group].clone());
        let lower = merged(plan, lower.collect(), "groups that local crates need");
        let part = MountKind::Part {
            of: manifests.clone(),
            path: format!("/{}", found.id),
        };
        Apart {
            files: found.files,
            target: MountKind::over(lower),
            flags: found.flags,
            manifests: Mount::new(MANIFESTS, part),
        }
    }
}

/// The local packages of a build that can be compiled apart from it.
struct Local<'a> {
    steps: &'a Steps<'a>,
    input: &'a Input<'a>,
    /// With the sources and versions of local packages, which Cargo was not asked for.
    units: Units,
    /// The instance of each package that can.
    instances: Vec<Option<usize>>,
    /// The group of each instance that is in one.
    groups: BTreeMap<usize, usize>,
}

impl<'a> Local<'a> {
    fn of(steps: &'a Steps<'a>, recipes: &Recipes<'_>) -> Self {
        let input = steps.input;
        let mut units = steps.units.clone();
        let packages = &input.project.packages;
        let indices = 0..packages.len();
        let instances: Vec<Option<usize>> = indices
            .map(|index| instance(input, &units, &packages[index]))
            .collect();
        for (package, instance) in instances.iter().enumerate() {
            let Some(instance) = instance else {
                continue;
            };
            let one = &mut units.instances[*instance];
            one.version.clone_from(&packages[package].version);
            one.sources = Some(Crate {
                dir: in_work_dir(&packages[package].dir),
                size: 0,
                manifest: recipes.manifest(package),
            });
        }
        Self {
            steps,
            input,
            units,
            instances,
            groups: steps.numbers(),
        }
    }

    fn find(&self, plan: &Plan, crates: &Crates<'_>, own: &BTreeSet<usize>) -> Option<Found> {
        let project = self.input.project;
        let needed = project.closure_of_all(own);
        let stubs = &self.steps.recipe.stubs;
        let stubbed = |package: &usize| {
            let mut stubs = stubs.iter().filter(|stub| stub.package == *package);
            stubs.any(|stub| !stub.shares_name)
        };
        let instances = needed.iter().filter(|one| stubbed(one));
        let instances: BTreeSet<usize> = instances.filter_map(|one| self.instances[*one]).collect();
        let closure = self.units.closure(instances.iter().copied());
        let mut groups = BTreeSet::new();
        for index in &closure {
            match self.groups.get(index) {
                Some(group) => groups.insert(*group),
                None if instances.contains(index) => continue,
                None => return None,
            };
        }
        if instances.len() != needed.len() {
            return None;
        }
        let names = own.iter().map(|one| project.packages[*one].name.as_str());
        let is_macro = |index: &usize| self.units.instances[*index].is_proc_macro;
        let instances = || own.iter().filter_map(|one| self.instances[*one]);
        // By its name, Cargo compiles a library for the target.
        let is_host = |index: usize| self.units.instances[index].host && !is_macro(&index);
        if instances().any(is_host) {
            return None;
        }
        let macros: BTreeSet<usize> = instances().filter(is_macro).collect();
        let manifests = package::workspace(
            crates,
            &closure,
            &macros,
            &in_work_dir(&project.root),
            &self.steps.profiles(&closure),
        );
        Some(Found {
            files: self.files(&needed),
            flags: self.flags(plan, own, &closure),
            groups,
            id: seed::short_hash(names),
            manifests,
        })
    }

    /// What there is of the project beside manifests and lock.
    fn files(&self, needed: &BTreeSet<usize>) -> Recipe {
        let packages = &self.input.project.packages;
        let dirs: BTreeSet<String> = needed
            .iter()
            .map(|one| packages[*one].dir.clone())
            .collect();
        let configs = self.steps.recipe.configs.iter();
        let configs: BTreeSet<&str> = configs.map(|(path, _)| path.as_str()).collect();
        let files = self.steps.recipe.files.iter();
        let files = files.filter(|file| configs.contains(file.path.as_str()));
        Recipe {
            files: files.cloned().collect(),
            real_dirs: dirs.into_iter().collect(),
            stubs: vec![],
            configs: vec![],
            profiles: toml::Table::new(),
            external_packages: 0,
            compiles_c: false,
        }
    }

    fn flags(&self, plan: &Plan, own: &BTreeSet<usize>, closure: &BTreeSet<usize>) -> Vec<String> {
        let mut flags = common_flags(plan, self.input);
        // Features are those that the package asks for.
        flags.extend(["--no-default-features".into(), "--lib".into()]);
        flags.extend(["--package".into(), package::NAME.into()]);
        let packages = own.iter().map(|one| &self.input.project.packages[*one]);
        for package in packages.filter(|package| !package.proc_macro) {
            flags.extend(["--package".into(), package.name.clone()]);
        }
        flags.extend(self.steps.replacement(closure));
        flags
    }
}

/// The only instance of a package, if it can be compiled apart from the project.
fn instance(input: &Input<'_>, units: &Units, package: &Package) -> Option<usize> {
    let project = input.project;
    let mut named = units.instances.iter().enumerate();
    let mut named = named.by_ref().filter(|(_, one)| one.name == package.name);
    let (Some((index, one)), None) = (named.next(), named.next()) else {
        return None;
    };
    let rust = |kind: &String| matches!(kind.as_str(), "lib" | "rlib" | "proc-macro");
    let plain =
        |dir: &str| !dir.contains(|char: char| char.is_whitespace() || "\"'\\".contains(char));
    let fits = one.is_local()
        && package.is_member
        && package
            .lib()
            .is_some_and(|lib| lib.crate_types.iter().all(rust))
        && package.targets_of(TargetKind::BuildScript).next().is_none()
        && !package.documents_features()
        && plain(&package.dir)
        && project.is_below_root(&package.dir)
        && !project.patched_dirs.contains(&package.dir)
        && !package.dependencies.iter().any(Dependency::is_artifact);
    fits.then_some(index)
}
