//! What a build compiles, as far as the features of local packages tell.

use super::{Dependency, DependencyKind, Project, Roots, Selection, features, graph};
use std::collections::{BTreeMap, BTreeSet};

/// What a build compiles at most: [`Reach`](super::Reach) without the optional dependencies of local packages that no
/// feature turns on. The features of external packages are in their manifests, which are not read: so everything that
/// the lock has for those is included, and everything of local packages that they need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compiled {
    /// Entries of the lock, local ones included.
    pub(crate) locked: BTreeSet<usize>,
    /// Those of them that are compiled for the image and not for build scripts and macros of local packages alone.
    pub(crate) for_target: BTreeSet<usize>,
    /// Local packages.
    pub(crate) local: BTreeMap<usize, Local>,
}

/// A local package that is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Local {
    /// Its entry of the lock.
    pub(crate) entry: Option<usize>,
    /// The entries that it depends on, its build script included.
    pub(crate) needed: BTreeSet<usize>,
}

/// What is asked of a local package.
#[derive(Default)]
struct Asked {
    features: BTreeSet<String>,
    default: bool,
}

/// A dependency that is compiled, and what it may stand for.
struct Edge<'a> {
    dependency: &'a Dependency,
    /// The local package that it is.
    local: Option<usize>,
    entries: Vec<usize>,
    /// The features that are asked of it.
    features: Vec<String>,
}

struct Walk<'a> {
    project: &'a Project,
    /// Packages whose dev-dependencies are used.
    dev: &'a BTreeSet<usize>,
    asked: BTreeMap<usize, Asked>,
    /// Packages of which something was asked since they were looked at.
    queue: BTreeSet<usize>,
    /// What local packages depend on with what was asked of them so far.
    edges: BTreeMap<usize, Vec<Edge<'a>>>,
    compiled: Compiled,
}

impl Compiled {
    /// What is compiled for `roots`: of those that are selected what the selection says, of others all that they have.
    pub(crate) fn of(project: &Project, roots: &Roots, selections: &[&Selection]) -> Self {
        let mut walk = Walk {
            project,
            dev: &roots.dev,
            asked: BTreeMap::new(),
            queue: BTreeSet::new(),
            edges: BTreeMap::new(),
            compiled: Self::default(),
        };
        for root in &roots.all {
            if !selections.iter().any(|one| one.package == *root) {
                walk.whole(*root);
            }
        }
        for selection in selections {
            let own = format!("{}/", project.packages[selection.package].name);
            let features = selection.features.iter();
            let features = features.map(|name| name.strip_prefix(&own).unwrap_or(name));
            // Those have `--no-default-features` for the package of Cargo's directory alone.
            let default =
                selection.default_features || project.qualifies_features(selection.package);
            walk.ask(selection.package, features.map(str::to_owned), default);
        }
        while let Some(package) = walk.queue.pop_first() {
            walk.local(package);
        }
        for root in &roots.all {
            walk.for_target(*root);
        }
        walk.compiled
    }
}

impl<'a> Walk<'a> {
    fn ask(&mut self, package: usize, features: impl IntoIterator<Item = String>, default: bool) {
        let is_new = !self.asked.contains_key(&package);
        let asked = self.asked.entry(package).or_default();
        let before = (asked.features.len(), asked.default);
        asked.features.extend(features);
        asked.default |= default;
        if is_new || before != (asked.features.len(), asked.default) {
            self.queue.insert(package);
        }
    }

    /// Asks for all features of a package.
    fn whole(&mut self, package: usize) {
        let names = self.project.packages[package].feature_names();
        self.ask(package, names, true);
    }

    /// What a local package depends on with the features that were asked for.
    fn edges(&self, index: usize) -> Vec<Edge<'a>> {
        let project = self.project;
        let package = &project.packages[index];
        let Some(asked) = self.asked.get(&index) else {
            return vec![];
        };
        let wanted = asked.features.iter().map(String::as_str);
        let on = features::enabled(package, wanted, asked.default);
        let with_dev = self.dev.contains(&index);
        let counts = |dependency: &&Dependency| {
            graph::counts(dependency.kind, with_dev) && is_on(dependency, &on)
        };
        let dependencies = package.dependencies.iter().filter(counts);
        let edges = dependencies.map(|dependency| Edge {
            dependency,
            local: graph::local_dependency(project, index, dependency),
            entries: graph::fitting(project, index, dependency),
            features: asked_for(dependency, &on),
        });
        edges.collect()
    }

    fn local(&mut self, index: usize) {
        let project = self.project;
        let entry = project.locked(index);
        self.compiled.locked.extend(entry);
        let mut local = Local {
            entry,
            needed: BTreeSet::new(),
        };
        let edges = self.edges(index);
        for edge in &edges {
            let default = edge.dependency.default_features;
            if let Some(other) = edge.local {
                self.ask(other, edge.features.clone(), default);
            }
            for entry in edge.entries.iter().copied() {
                local.needed.insert(entry);
                match graph::local_package(project, &project.lock.packages[entry]) {
                    Some(other) => self.ask(other, edge.features.clone(), default),
                    None => {
                        let met = external(project, entry, &mut self.compiled.locked);
                        met.into_iter().for_each(|package| self.whole(package));
                    }
                }
            }
        }
        self.edges.insert(index, edges);
        self.compiled.local.insert(index, local);
    }

    /// Follows what is known by now, but not into build scripts and macros of local packages.
    fn for_target(&mut self, root: usize) {
        let project = self.project;
        let mut packages = vec![root];
        let mut seen = BTreeSet::new();
        while let Some(index) = packages.pop() {
            if !seen.insert(index) {
                continue;
            }
            self.compiled.for_target.extend(project.locked(index));
            let edges = self.edges.get(&index).into_iter().flatten();
            for edge in edges.filter(|edge| edge.dependency.kind != DependencyKind::Build) {
                packages.extend(edge.local);
                for entry in &edge.entries {
                    packages.extend(external(project, *entry, &mut self.compiled.for_target));
                }
            }
            packages.retain(|package| !project.packages[*package].proc_macro);
        }
    }
}

/// Adds an entry of the lock and all below it that is not there yet, and returns the local packages that were met.
fn external(project: &Project, start: usize, locked: &mut BTreeSet<usize>) -> Vec<usize> {
    let mut met = vec![];
    let mut queue = vec![start];
    while let Some(index) = queue.pop() {
        let entry = &project.lock.packages[index];
        if let Some(package) = graph::local_package(project, entry) {
            met.push(package);
        } else if locked.insert(index) {
            queue.extend(entry.dependencies.iter().chain(&entry.replace));
        }
    }
    met
}

/// Whether a dependency is not optional, or among what features turn on. A name is enough, whatever it stands for.
fn is_on(dependency: &Dependency, on: &BTreeSet<String>) -> bool {
    let name = &dependency.name;
    !dependency.optional || on.contains(name) || on.contains(&format!("dep:{name}"))
}

/// The features that a package asks of a dependency.
fn asked_for(dependency: &Dependency, on: &BTreeSet<String>) -> Vec<String> {
    let through = on.iter().filter_map(|value| value.split_once('/'));
    let its = through.filter(|(name, _)| name.trim_end_matches('?') == dependency.name);
    let its = its.map(|(_, feature)| feature.to_owned());
    dependency.features.iter().cloned().chain(its).collect()
}
