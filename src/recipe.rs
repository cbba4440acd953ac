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
use crate::project::{Compiled, Project, Reach, Roots, Selection, Target};
use crate::source::{is_in, join};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

pub use stubs::{STUBS, StubPackage, StubTarget};

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
    /// Cargo's configuration files among the files: paths and texts.
    pub configs: Vec<(String, String)>,
    /// `[profile]` of its root manifest.
    pub profiles: toml::Table,
    /// Number of packages to compile that are not local, among them the standard library where it is compiled, as one;
    /// 0: there is nothing to build beforehand.
    pub external_packages: usize,
    /// Whether some package compiles C: with `cc`, the crate that build scripts do it by.
    pub compiles_c: bool,
}

/// Crates that call a C compiler only on systems other than Linux. They have `cc` in every lock, since the manifests,
/// not the lock, say which system a dependency is for.
const C_ELSEWHERE: [&str; 7] = [
    "backtrace",
    "embed-resource",
    "errno-dragonfly",
    "iana-time-zone-haiku",
    "mac-notification-sys",
    "objc_exception",
    "wepoll-ffi",
];

/// A file of the skeleton.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecipeFile {
    /// Context path.
    pub path: String,
    /// Content.
    pub data: Vec<u8>,
}

/// How much of a local package is in the skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// Never compiled: its manifest is the workspace root's, or its features apply ([`Recipes::current`]).
    Hollow,
    /// Compiled for another package.
    Needed,
    /// Named on the command line.
    Selected,
    /// Named on the command line for its features alone: a command for libraries finds none here.
    Program,
    /// With its real sources, because packages that are not local need it.
    Real,
    /// With its real sources, in its turn.
    Own,
}

impl Role {
    /// Whether the sources are the real ones, and no stubs.
    fn is_real(self) -> bool {
        matches!(self, Self::Real | Self::Own)
    }
}

/// The recipes of one selection, which differ in the packages whose turn it is to be compiled from their real sources.
/// What they share is made once: a workspace of a thousand members has many of them.
pub struct Recipes<'a> {
    project: &'a Project,
    mode: RecipeFor,
    selections: &'a [&'a Selection],
    reach: Reach,
    roots: Roots,
    /// Local packages in the skeleton, none of them real for its turn.
    roles: BTreeMap<usize, Role>,
    /// Names of the packages that are not local and in reach.
    external: BTreeSet<&'a str>,
    /// Names that several local packages have.
    twins: BTreeSet<&'a str>,
    /// Names of the packages whose executables some package wants (`artifact = "bin"`).
    artifacts: BTreeSet<&'a str>,
    /// The parts of packages, by role and by whether it is the package's turn.
    parts: RefCell<BTreeMap<(usize, Role, bool), Rc<Part>>>,
    /// Whether some package compiles C.
    compiles_c: OnceCell<bool>,
}

/// What the recipe has of a package.
struct Part {
    targets: Vec<Target>,
    /// The text of its manifest.
    manifest: String,
    /// What its entry of the lock depends on.
    locked: BTreeSet<usize>,
}

/// What the parts of the recipe are made from.
struct Scope<'a> {
    recipes: &'a Recipes<'a>,
    project: &'a Project,
    mode: RecipeFor,
    selections: &'a [&'a Selection],
    reach: &'a Reach,
    /// Local packages whose turn it is to be compiled from their real sources.
    own: &'a BTreeSet<usize>,
    /// Local packages in the skeleton.
    roles: BTreeMap<usize, Role>,
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

/// Makes one of the [`Recipes`] of what is selected.
///
/// # Errors
/// As [`recipe`].
pub fn over(
    project: &Project,
    selections: &[&Selection],
    mode: RecipeFor,
    own: &BTreeSet<usize>,
) -> Result<Recipe, Diagnostics> {
    Recipes::new(project, selections, mode).over(own)
}

impl<'a> Recipes<'a> {
    /// Those of what is selected.
    pub fn new(project: &'a Project, selections: &'a [&'a Selection], mode: RecipeFor) -> Self {
        let selected: BTreeSet<usize> = selections.iter().map(|one| one.package).collect();
        let roots = project.roots(selected.clone(), mode == RecipeFor::Test);
        let reach = Reach::of(project, &roots.all, &roots.dev);
        let compiled = match roots.current {
            Some(_) => Reach::of(project, &roots.asked, &roots.dev).packages,
            None => BTreeSet::new(),
        };
        let role = |index: &usize| match *index {
            index if roots.current == Some(index) && !compiled.contains(&index) => Role::Hollow,
            index if reach.real.contains(&index) => Role::Real,
            index if selected.contains(&index) => Role::Selected,
            _ => Role::Needed,
        };
        let packages = reach.packages.iter();
        let mut roles: BTreeMap<usize, Role> =
            packages.map(|index| (*index, role(index))).collect();
        if let (false, Some(root)) = (project.is_virtual, project.package_at(&project.root)) {
            roles.entry(root).or_insert(Role::Hollow);
        }
        let locked = reach.locked.iter();
        let locked = locked.map(|index| &project.lock.packages[*index]);
        let external = locked.filter(|package| !package.is_local());
        let mut seen = BTreeSet::new();
        let packages = project.packages.iter();
        let twins = packages.filter(|package| !seen.insert(package.name.as_str()));
        let packages = roles.keys().map(|index| &project.packages[*index]);
        let dependencies = packages.flat_map(|package| &package.dependencies);
        let artifacts = dependencies.filter(|one| one.is_artifact());
        Self {
            external: external.map(|package| package.name.as_str()).collect(),
            twins: twins.map(|package| package.name.as_str()).collect(),
            artifacts: artifacts.map(|one| one.package.as_str()).collect(),
            parts: RefCell::default(),
            compiles_c: OnceCell::new(),
            roots,
            project,
            mode,
            selections,
            reach,
            roles,
        }
    }

    fn compiles_c(&self) -> bool {
        *self.compiles_c.get_or_init(|| {
            let lock = &self.project.lock;
            let cc = lock.named("cc");
            // Many projects have it nowhere, and what is compiled takes time to find.
            if !self.reach.locked.iter().any(|index| cc.contains(index)) {
                return false;
            }
            // Commands that test have features of other images and of `test.args`, too.
            let selections = match self.mode {
                RecipeFor::Build => self.selections,
                RecipeFor::Test => &[],
            };
            let compiled = Compiled::of(self.project, &self.roots, selections);
            let target = &compiled.for_target;
            let external = target.iter().map(|index| &lock.packages[*index]);
            let mut external = external.filter(|one| !one.is_local());
            let local = compiled.local.values();
            let mut local = local.filter(|one| one.entry.is_some_and(|at| target.contains(&at)));
            external.any(|one| {
                let calls = one.dependencies.iter().any(|needed| cc.contains(needed));
                calls && !C_ELSEWHERE.contains(&one.name.as_str())
            }) || local.any(|one| one.needed.iter().any(|needed| cc.contains(needed)))
        })
    }

    /// Makes the files that belong over the real sources of the packages `own`, so that Cargo compiles these and,
    /// still from stubs, what else is selected. With all local packages in `own` it compiles the project itself:
    /// without members that the selection does not need, and without what only they need.
    ///
    /// # Errors
    /// As [`recipe`].
    pub fn over(&self, own: &BTreeSet<usize>) -> Result<Recipe, Diagnostics> {
        Scope::new(self, own).recipe()
    }

    /// The manifest that a package has when it is compiled from its real sources.
    pub fn manifest(&self, package: usize) -> toml::Table {
        let own = BTreeSet::from([package]);
        let scope = Scope::new(self, &own);
        let targets = scope.targets(package, Role::Own);
        scope.manifest(package, Role::Own, &targets)
    }

    /// [`over`](Self::over) for a command that names libraries: that of what is selected, which would be compiled with
    /// them, is left out. The packages `own` do not need it.
    ///
    /// # Errors
    /// As [`recipe`].
    pub fn libraries(&self, own: &BTreeSet<usize>) -> Result<Recipe, Diagnostics> {
        let mut scope = Scope::new(self, own);
        let roles = scope.roles.values_mut();
        for role in roles.filter(|role| **role == Role::Selected) {
            *role = Role::Program;
        }
        scope.recipe()
    }
}

impl<'a> Scope<'a> {
    fn new(recipes: &'a Recipes<'a>, own: &'a BTreeSet<usize>) -> Self {
        let role = |(index, role): (&usize, &Role)| match role {
            Role::Hollow => (*index, Role::Hollow),
            _ if own.contains(index) => (*index, Role::Own),
            role => (*index, *role),
        };
        Self {
            recipes,
            project: recipes.project,
            mode: recipes.mode,
            selections: recipes.selections,
            reach: &recipes.reach,
            own,
            roles: recipes.roles.iter().map(role).collect(),
        }
    }

    fn part(&self, index: usize, role: Role) -> Rc<Part> {
        let key = (index, role, self.own.contains(&index));
        if let Some(part) = self.recipes.parts.borrow().get(&key) {
            return part.clone();
        }
        let targets = self.targets(index, role);
        let part = Rc::new(Part {
            manifest: self.manifest(index, role, &targets).to_string(),
            locked: self.local_entry(index, role),
            targets,
        });
        let mut parts = self.recipes.parts.borrow_mut();
        parts.insert(key, part.clone());
        part
    }

    fn recipe(&self) -> Result<Recipe, Diagnostics> {
        let mut found = Diagnostics::default();
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut stubs = Vec::new();
        for (index, role) in &self.roles {
            let package = &self.project.packages[*index];
            let part = self.part(*index, *role);
            let text = part.manifest.clone();
            let path = join(&package.dir, "Cargo.toml").unwrap_or_default();
            files.insert(path, text.into_bytes());
            if matches!(role, Role::Real | Role::Own) {
                if package.documents_features() {
                    let path = join(&package.dir, "Cargo.toml.orig").unwrap_or_default();
                    files.insert(path, package.manifest.text().as_bytes().to_vec());
                }
                continue;
            }
            for target in &part.targets {
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
            }
            let stub = self.stub(*index, *role, &part.targets);
            let sources = stub.targets.iter();
            files.extend(sources.map(|target| (target.path.clone(), target.text().into_bytes())));
            stubs.push(stub);
        }
        if self.project.is_virtual {
            let text = self.root_tables(toml::Table::new()).to_string();
            let path = join(&self.project.root, "Cargo.toml").unwrap_or_default();
            files.insert(path, text.into_bytes());
        }
        files.insert(
            join(&self.project.root, "Cargo.lock").unwrap_or_default(),
            self.lock().into_bytes(),
        );
        let configs = self.configs();
        for (path, text) in &configs {
            files.insert(path.clone(), text.clone().into_bytes());
        }
        let recipe = Recipe {
            files: files
                .into_iter()
                .map(|(path, data)| RecipeFile { path, data })
                .collect(),
            stubs,
            real_dirs: self.real_dirs(),
            configs,
            profiles: self.profiles(),
            external_packages: self.external_packages(),
            compiles_c: self.recipes.compiles_c(),
        };
        found.into_result(recipe).map(|(recipe, _)| recipe)
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
        let packages = locked.filter(|index| !self.project.lock.packages[**index].is_local());
        packages.count() + usize::from(self.project.builds_std())
    }

    fn real_dirs(&self) -> Vec<String> {
        let packages = &self.project.packages;
        let roles = self.roles.iter();
        let real = roles.filter(|(_, role)| matches!(role, Role::Real | Role::Own));
        // A fork brings its own workspace, of whose files it may read any.
        let forks = self.roles.iter().filter(|(_, role)| **role == Role::Real);
        let forks = forks.filter_map(|(index, _)| packages[*index].workspace.clone());
        let forks = forks.filter(|dir| !is_in(&self.project.root, dir));
        let configs = self.project.configs.iter();
        let named = configs.flat_map(|config| config.paths.iter().chain(&config.network_paths));
        let mut dirs: Vec<String> = real
            .map(|(index, _)| packages[*index].dir.clone())
            .chain(forks)
            .chain(named.cloned())
            .collect();
        dirs.sort();
        dirs.dedup();
        dirs
    }
}
