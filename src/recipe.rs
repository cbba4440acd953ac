//! The recipe: the least that Cargo needs to compile a project's dependencies.
//!
//! Normalised manifests, the part of the lock that is used, configuration and stub sources, at the paths that
//! the real ones have. What cannot change a dependency is not in it: comments, order, line ends, descriptions,
//! lints, versions of local packages, other packages' dependencies. So its bytes are the cache key.

mod config;
mod dependencies;
mod lock;
mod manifest;
mod stubs;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::{Project, Reach, Selection};
use crate::source::join;
use std::collections::{BTreeMap, BTreeSet};

pub use stubs::{StubPackage, StubTarget};

/// What will be run on the skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecipeFor {
    /// `cargo build` of the selected binaries.
    Build,
    /// `cargo test`, `clippy --all-targets`: all targets and the dev-dependencies of the selected packages.
    Test,
}

/// A skeleton of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// All files, sorted by path.
    pub files: Vec<RecipeFile>,
    /// The packages with stub sources; every local package that takes part is here or in `real_dirs`.
    pub stubs: Vec<StubPackage>,
    /// Context paths (mostly directories, sorted) whose real content belongs under the skeleton's files: local
    /// packages that registry or git packages depend on, vendored sources, linkers named in config files.
    pub real_dirs: Vec<String>,
    /// Its parts as text, for telling what changed: `manifest <path>`, `config <path>`, `lock`, `profiles`,
    /// `patches`, `stubs`.
    pub sections: BTreeMap<String, String>,
    /// Number of packages to compile that are not local; 0: there is nothing to build beforehand.
    pub external_packages: usize,
}

impl Recipe {
    /// Whether some package compiles C: with the crate that build scripts do it by.
    pub(crate) fn compiles_c(&self) -> bool {
        let lock = self.sections.get("lock");
        lock.is_some_and(|lock| lock.contains("\nname = \"cc\"\n"))
    }
}

/// A file of the skeleton.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecipeFile {
    /// Context path.
    pub path: String,
    /// Content.
    pub data: Vec<u8>,
}

/// How much of a local package is in the skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Never compiled: its manifest is the workspace root's, or its features count ([`Scope::current`]).
    Hollow,
    /// Compiled for another package.
    Needed,
    /// Named on the command line.
    Selected,
    /// With its real sources, because packages that are not local need it.
    Real,
    /// With its real sources, in its turn.
    Own,
}

/// What the parts of the recipe are made from.
struct Scope<'a> {
    project: &'a Project,
    mode: RecipeFor,
    selections: &'a [&'a Selection],
    reach: Reach,
    /// Local packages whose turn it is to be compiled from their real sources.
    own: &'a BTreeSet<usize>,
    /// Packages whose dev-dependencies count.
    dev: BTreeSet<usize>,
    /// Local packages in the skeleton.
    roles: BTreeMap<usize, Role>,
    /// The package of the directory that Cargo runs in, where its features count whatever is selected: the
    /// resolver 1 unifies them with those of what is compiled (cargo, `members_with_features_old`).
    current: Option<usize>,
}

/// Makes the skeleton for what is selected.
///
/// # Errors
/// A target whose source file is outside of the build context.
pub fn recipe(
    project: &Project,
    selections: &[&Selection],
    mode: RecipeFor,
) -> Result<Recipe, Diagnostics> {
    over(project, selections, mode, &BTreeSet::new())
}

/// Makes the files that belong over the real sources of the packages `own`, so that Cargo compiles these and,
/// still from stubs, what else is selected. With all local packages in `own` it compiles the project itself:
/// without members that the selection does not need, and without what only they need.
///
/// # Errors
/// As [`recipe`].
pub fn over(
    project: &Project,
    selections: &[&Selection],
    mode: RecipeFor,
    own: &BTreeSet<usize>,
) -> Result<Recipe, Diagnostics> {
    let scope = Scope::new(project, selections, mode, own);
    let mut found = Diagnostics::default();
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut sections = BTreeMap::new();
    let mut stubs = Vec::new();
    for (index, role) in &scope.roles {
        let package = &project.packages[*index];
        let targets = scope.targets(*index, *role);
        let text = scope.manifest(*index, *role, &targets).to_string();
        let path = join(&package.dir, "Cargo.toml").unwrap_or_default();
        sections.insert(format!("manifest {path}"), text.clone());
        files.insert(path, text.into_bytes());
        if matches!(role, Role::Real | Role::Own) {
            continue;
        }
        for target in &targets {
            if target.path.starts_with("../") || target.path.starts_with('/') {
                found.push(
                    Diagnostic::error(
                        "path-outside-context",
                        format!("`{}` is outside of the build context", target.path),
                    )
                    .at(package.manifest.at(package.name_span))
                    .help("build from a directory that holds it"),
                );
            }
            stubs::write(&mut files, target);
        }
        stubs.push(scope.stub(*index, &targets));
    }
    if project.is_virtual {
        let text = scope.root_tables(toml::Table::new()).to_string();
        let path = join(&project.root, "Cargo.toml").unwrap_or_default();
        sections.insert(format!("manifest {path}"), text.clone());
        files.insert(path, text.into_bytes());
    }
    let lock = scope.lock();
    sections.insert("lock".into(), lock.clone());
    files.insert(
        join(&project.root, "Cargo.lock").unwrap_or_default(),
        lock.into_bytes(),
    );
    for (path, text) in scope.configs() {
        sections.insert(format!("config {path}"), text.clone());
        files.insert(path, text.into_bytes());
    }
    sections.insert("profiles".into(), scope.profiles().to_string());
    sections.insert("patches".into(), scope.patches().to_string());
    let paths = stubs.iter().flat_map(|stub| &stub.targets);
    let mut paths: Vec<&str> = paths.map(|target| target.path.as_str()).collect();
    paths.sort_unstable();
    sections.insert("stubs".into(), paths.join("\n"));
    let recipe = Recipe {
        files: files
            .into_iter()
            .map(|(path, data)| RecipeFile { path, data })
            .collect(),
        stubs,
        real_dirs: scope.real_dirs(),
        sections,
        external_packages: scope.external_packages(),
    };
    found.into_result(recipe).map(|(recipe, _)| recipe)
}

impl<'a> Scope<'a> {
    fn new(
        project: &'a Project,
        selections: &'a [&'a Selection],
        mode: RecipeFor,
        own: &'a BTreeSet<usize>,
    ) -> Self {
        let selected: BTreeSet<usize> = selections.iter().map(|one| one.package).collect();
        let mut roots = selected.clone();
        if config::unifies_workspace(project) {
            roots.extend((0..project.packages.len()).filter(|i| project.packages[*i].is_member));
        }
        let current = match project.resolver.as_str() {
            "1" => project.package_at(&project.dir),
            _ => None,
        };
        let others: Vec<usize> = roots.iter().copied().collect();
        roots.extend(current);
        // The resolver 1 unifies features with those of dev-dependencies even when nothing is tested.
        let dev = match mode {
            RecipeFor::Build if project.resolver != "1" => BTreeSet::new(),
            _ => roots.clone(),
        };
        let roots: Vec<usize> = roots.into_iter().collect();
        let reach = Reach::of(project, &roots, &dev);
        let compiled = match current {
            Some(_) => Reach::of(project, &others, &dev).packages,
            None => BTreeSet::new(),
        };
        let mut roles: BTreeMap<usize, Role> = reach
            .packages
            .iter()
            .map(|index| {
                let role = match *index {
                    index if current == Some(index) && !compiled.contains(&index) => Role::Hollow,
                    index if own.contains(&index) => Role::Own,
                    index if reach.real.contains(&index) => Role::Real,
                    index if selected.contains(&index) => Role::Selected,
                    _ => Role::Needed,
                };
                (*index, role)
            })
            .collect();
        if let (false, Some(root)) = (project.is_virtual, project.package_at(&project.root)) {
            roles.entry(root).or_insert(Role::Hollow);
        }
        Self {
            project,
            mode,
            selections,
            reach,
            own,
            dev,
            roles,
            current,
        }
    }

    /// Names of the packages of the lock that are in reach.
    fn names(&self) -> BTreeSet<&str> {
        let locked = self.reach.locked.iter();
        locked
            .map(|index| self.project.lock.packages[*index].name.as_str())
            .collect()
    }

    fn external_packages(&self) -> usize {
        let locked = self.reach.locked.iter();
        locked
            .filter(|index| !self.project.lock.packages[**index].is_local())
            .count()
    }

    fn real_dirs(&self) -> Vec<String> {
        let real = self
            .roles
            .iter()
            .filter(|(_, role)| matches!(role, Role::Real | Role::Own));
        let mut dirs: Vec<String> = real
            .map(|(index, _)| self.project.packages[*index].dir.clone())
            .chain(
                self.project
                    .configs
                    .iter()
                    .flat_map(|config| config.paths.clone()),
            )
            .collect();
        dirs.sort();
        dirs.dedup();
        dirs
    }
}
