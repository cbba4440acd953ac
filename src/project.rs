//! What Cargo would say of the project: packages, targets, dependencies, lock, configuration.
//!
//! Reads manifests from a [`SourceTree`] and follows Cargo's own rules (`src/workspace/workspace.rs`,
//! `src/workspace/parser/{mod,targets}.rs` of rust-lang/cargo). Knows nothing of stubs or steps.

mod compiled;
mod config;
mod dependencies;
mod document;
mod features;
mod graph;
mod inherit;
mod lockfile;
mod manifest;
mod members;
mod places;
mod select;
mod targets;
mod toolchain;
mod workspace;

use crate::diagnostic::Diagnostics;
use crate::source::{SourceFile, SourceTree, Span, Spanned, is_in};
use crate::spec::{ImageSpec, Spec};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use compiled::Compiled;
pub use config::CargoConfig;
pub(crate) use config::rustflags;
pub use document::relative;
pub(crate) use graph::Reach;
pub use lockfile::{LockedPackage, Lockfile};
pub use places::Places;
pub use toolchain::Toolchain;

/// A Cargo workspace (or single package) of the build context.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Context path of the directory that the spec builds: where its `Cargo.toml` is.
    pub dir: String,
    /// Context path of the workspace root directory.
    pub root: String,
    /// The root's `Cargo.toml`.
    pub manifest: SourceFile,
    /// Whether the root manifest has no `[package]`.
    pub is_virtual: bool,
    /// All local packages: members, path dependencies and path patches; sorted by directory.
    pub packages: Vec<Package>,
    /// What `cargo build` without `-p` builds, as indices into `packages`.
    pub default_members: Vec<usize>,
    /// `Cargo.lock`.
    pub lock: Lockfile,
    /// The toolchain file in force, if any.
    pub toolchain: Option<Toolchain>,
    /// Cargo's configuration files, those nearest to `dir` first (they win), each before what it includes.
    pub configs: Vec<CargoConfig>,
    /// The dependency resolver: `1`, `2` or `3`, also when it follows from the edition.
    pub resolver: String,
    /// `cargo-features` of the root manifest.
    pub cargo_features: Vec<String>,
    /// `[profile]` of the root manifest, as written.
    pub profiles: toml::Table,
    /// `[patch]` of the root manifest, as written.
    pub patch: toml::Table,
    /// `[replace]` of the root manifest, as written.
    pub replace: toml::Table,
    /// Directories of local packages named by `[patch]` or `[replace]` here or in a config file.
    pub patched_dirs: BTreeSet<String>,
}

/// A local package.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    /// `package.name`.
    pub name: String,
    /// `package.version`; `0.0.0` unless written.
    pub version: String,
    /// Context path of its directory; empty for the context's root.
    pub dir: String,
    /// Context path of the workspace root that it belongs to, if there is one.
    pub workspace: Option<String>,
    /// The links in its directory that its targets are behind: context paths of each and of what it leads to.
    pub source_links: Vec<(String, String)>,
    /// Its `Cargo.toml`.
    pub manifest: SourceFile,
    /// Place of its name in the manifest.
    pub name_span: Span,
    /// `package.edition`; `2015` unless written.
    pub edition: String,
    /// In Cargo's order: library, binaries, examples, tests, benches, build script.
    pub targets: Vec<Target>,
    /// `[features]` as written: name to what it switches on.
    pub features: BTreeMap<String, Vec<String>>,
    /// `package.default-run`.
    pub default_run: Option<String>,
    /// All of its dependencies, inheritance resolved, in the manifest's order of tables and names.
    pub dependencies: Vec<Dependency>,
    /// Whether its library is a procedural macro.
    pub proc_macro: bool,
    /// `package.links`.
    pub links: Option<String>,
    /// What it says about itself.
    pub metadata: Metadata,
    /// Whether it is a member of the workspace (or the only package).
    pub is_member: bool,
    /// Its manifest as a table, inheritance of `package` fields resolved, without dependency tables and targets.
    pub table: toml::Table,
}

/// What a package says about itself; goes into image labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `package.description`
    pub description: Option<String>,
    /// `package.license`
    pub license: Option<String>,
    /// `package.repository`
    pub repository: Option<String>,
    /// `package.homepage`
    pub homepage: Option<String>,
    /// `package.documentation`
    pub documentation: Option<String>,
    /// `package.authors`
    pub authors: Vec<String>,
    /// `package.rust-version`
    pub rust_version: Option<String>,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// The library, of whatever crate types.
    Lib,
    /// A binary.
    Bin,
    /// An example.
    Example,
    /// An integration test.
    Test,
    /// A benchmark.
    Bench,
    /// The build script.
    BuildScript,
}

/// A crate of a package.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What it is.
    pub kind: TargetKind,
    /// Its name, as Cargo's command line takes it (`build-script-build` for a build script).
    pub name: String,
    /// Context path of its main source file.
    pub path: String,
    /// Its crate types as `cargo metadata` names them; `[bin]` for binaries, tests and benches.
    pub crate_types: Vec<String>,
    /// Whether rustc's test harness is linked when it is tested.
    pub harness: bool,
    /// Features without which Cargo does not build it.
    pub required_features: Vec<String>,
    /// Its section of the manifest as written, empty when it was discovered.
    pub table: toml::Table,
}

/// When a dependency is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependencyKind {
    /// `[dependencies]`
    Normal,
    /// `[dev-dependencies]`
    Dev,
    /// `[build-dependencies]`
    Build,
}

/// A dependency of a local package, inheritance resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// The table that it is in.
    pub kind: DependencyKind,
    /// `T` of `[target.T.dependencies]`: a triple or `cfg(..)`.
    pub target: Option<String>,
    /// The key that it has in the manifest.
    pub name: String,
    /// The name of the package: `package` or the key.
    pub package: String,
    /// Version requirement.
    pub version: Option<String>,
    /// Whether it is optional.
    pub optional: bool,
    /// Features asked for.
    pub features: Vec<String>,
    /// Whether its default features are on.
    pub default_features: bool,
    /// Where it comes from.
    pub source: DependencySource,
    /// All that it says, as a table, its `path` relative to the package's directory.
    pub table: toml::Table,
    /// Place of its key in the package's manifest.
    pub span: Span,
}

/// Where a dependency comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependencySource {
    /// A directory of the build context.
    Path {
        /// Its context path.
        dir: String,
    },
    /// A directory outside of the build context, as written.
    Outside {
        /// The path as written.
        path: String,
    },
    /// A registry: `None` for the default one, else its name or index address.
    Registry {
        /// `registry` or `registry-index`.
        registry: Option<String>,
    },
    /// A git repository.
    Git {
        /// Its address.
        url: String,
    },
}

/// What one image compiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Index of the package.
    pub package: usize,
    /// Names of the binaries, in the spec's order.
    pub bins: Vec<String>,
    /// Features for Cargo's command line, sorted; already `package/feature` where Cargo wants that.
    pub features: Vec<String>,
    /// Whether default features are on.
    pub default_features: bool,
    /// Cargo profile.
    pub profile: String,
    /// Local packages that take part in the build (normal and build dependencies, whatever the platform),
    /// dependencies before their dependants, the package itself last.
    pub closure: Vec<usize>,
}

/// The packages that Cargo begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roots {
    /// Those that are asked for, and those whose features are unified with theirs.
    pub(crate) asked: Vec<usize>,
    /// With [`current`](Self::current).
    pub(crate) all: Vec<usize>,
    /// The package of the directory that Cargo runs in, where its features apply whatever is selected: the resolver 1
    /// unifies them with those of what is compiled (cargo, `members_with_features_old`).
    pub(crate) current: Option<usize>,
    /// Packages whose dev-dependencies are used.
    pub(crate) dev: BTreeSet<usize>,
}

/// Reads the project whose `Cargo.toml` is in the context directory `dir`.
///
/// Everything absent is asked for before it is reported as a mistake: an error is final only when
/// [`SourceTree::take_needs`] is empty afterwards.
///
/// # Errors
/// All mistakes in manifests, lock, toolchain and config files that would stop Cargo and that can be seen
/// without an index of crates.
pub fn load(tree: &SourceTree, dir: &str) -> Result<(Project, Diagnostics), Diagnostics> {
    workspace::load(tree, dir)
}

/// Where the packages of a project are, as far as its manifests can be read: for named contexts that take
/// their places.
pub fn places(tree: &SourceTree, dir: &str) -> Places {
    workspace::places(tree, dir)
}

impl Project {
    /// Decides what an image compiles: package, binaries, features, profile.
    ///
    /// # Errors
    /// No binary or several to choose from; a package, binary, feature or profile that does not exist; a
    /// binary whose required features are off. Places are in the spec, candidates in the help.
    pub fn select(&self, spec: &Spec, image: &ImageSpec) -> Result<Selection, Diagnostics> {
        select::select(self, spec, image)
    }

    /// The selections for testing: every member with all of its binaries, with the settings of `selection`.
    pub fn select_for_tests(&self, selection: &Selection) -> Vec<Selection> {
        select::for_tests(self, selection)
    }

    /// The members of the workspace, as indices into [`packages`](Self::packages).
    pub(crate) fn members(&self) -> impl Iterator<Item = usize> {
        (0..self.packages.len()).filter(|index| self.packages[*index].is_member)
    }

    /// What Cargo looks at when it builds or tests some packages.
    pub(crate) fn roots(&self, selected: BTreeSet<usize>, tests: bool) -> Roots {
        let mut asked = selected;
        if self.feature_unification() == Some("workspace") {
            asked.extend(self.members());
        }
        let current = match self.resolver.as_str() {
            "1" => self.package_at(&self.dir),
            _ => None,
        };
        let all: BTreeSet<usize> = asked.iter().copied().chain(current).collect();
        // The resolver 1 unifies features with those of dev-dependencies even when nothing is tested.
        let dev = match tests || self.resolver == "1" {
            true => all.clone(),
            false => BTreeSet::new(),
        };
        Roots {
            asked: asked.into_iter().collect(),
            all: all.into_iter().collect(),
            current,
            dev,
        }
    }

    /// The local packages that `package` needs, dependencies first, itself last; with the dev-dependencies of
    /// `package` itself if `dev`.
    pub fn closure(&self, package: usize, dev: bool) -> Vec<usize> {
        graph::closure(self, &[package], dev)
    }

    /// The local packages that `packages` need, themselves among them.
    pub fn closure_of_all(&self, packages: &BTreeSet<usize>) -> BTreeSet<usize> {
        let packages: Vec<usize> = packages.iter().copied().collect();
        graph::closure(self, &packages, false).into_iter().collect()
    }

    /// The local packages that `package` depends on directly, by the lock and the manifests.
    pub fn local_dependencies(&self, package: usize, dev: bool) -> BTreeSet<usize> {
        graph::local_dependencies(self, package, dev)
    }

    /// The entry of `package` in the lock.
    pub fn locked(&self, package: usize) -> Option<usize> {
        let package = &self.packages[package];
        self.lock.local(&package.name, &package.version)
    }

    /// The entry of the lock that a dependency of `package` stands for.
    pub fn resolve(&self, package: usize, dependency: &Dependency) -> Option<usize> {
        graph::resolve(self, package, dependency)
    }

    /// The entries of the lock that it may stand for, in the lock's order: several where two dependencies have one name.
    pub fn fitting(&self, package: usize, dependency: &Dependency) -> Vec<usize> {
        graph::fitting(self, package, dependency)
    }

    /// What Cargo's `-p` takes for a package: its name or, if an external package has the same name, its address;
    /// `context` is the absolute path that the context has where Cargo runs.
    pub fn package_spec(&self, package: usize, context: &str) -> String {
        let package = &self.packages[package];
        let same = self.lock.packages.iter();
        if same.filter(|other| other.name == package.name).count() <= 1 {
            return package.name.clone();
        }
        let context = context.trim_end_matches('/');
        let dir = match package.dir.as_str() {
            "" => context.to_owned(),
            dir => format!("{context}/{dir}"),
        };
        // The parts of an address that a path may hold and that mean something in it.
        let dir = dir
            .replace('%', "%25")
            .replace(' ', "%20")
            .replace('#', "%23")
            .replace('?', "%3F");
        format!("path+file://{dir}#{}", package.name)
    }

    /// Whether a directory is the root of the workspace or in it.
    pub fn is_below_root(&self, dir: &str) -> bool {
        is_in(dir, &self.root)
    }

    /// Package at a context directory.
    pub fn package_at(&self, dir: &str) -> Option<usize> {
        self.packages
            .binary_search_by(|package| package.dir.as_str().cmp(dir))
            .ok()
    }

    /// The local package that a dependency of `package` is, if it is one.
    pub fn local_dependency(&self, package: usize, dependency: &Dependency) -> Option<usize> {
        graph::local_dependency(self, package, dependency)
    }

    /// `resolver.feature-unification` of the configuration: over which packages features are unified.
    pub fn feature_unification(&self) -> Option<&str> {
        let mut written = self.configs.iter().filter_map(|config| {
            let resolver = config.table.get("resolver")?;
            resolver.get("feature-unification")?.as_str()
        });
        written.next()
    }

    /// Whether Cargo compiles the standard library, too (`build-std`, which is unstable).
    pub fn builds_std(&self) -> bool {
        let mut unstable = self
            .configs
            .iter()
            .filter_map(|config| config.table.get("unstable"));
        unstable.any(|unstable| unstable.get("build-std").is_some())
    }

    /// Whether features of the command line have to be written `package/feature`: Cargo's old rule for the
    /// resolver 1, by which they are those of the package in whose directory Cargo runs, if there is one.
    pub fn qualifies_features(&self, package: usize) -> bool {
        let is_current = self.packages[package].dir == self.dir;
        self.resolver == "1" && !is_current && self.package_at(&self.dir).is_some()
    }
}

impl Package {
    /// Its binaries.
    pub fn bins(&self) -> impl Iterator<Item = &Target> {
        self.targets_of(TargetKind::Bin)
    }

    /// Its library.
    pub fn lib(&self) -> Option<&Target> {
        self.targets_of(TargetKind::Lib).next()
    }

    /// Its targets of a kind.
    pub fn targets_of(&self, kind: TargetKind) -> impl Iterator<Item = &Target> {
        self.targets
            .iter()
            .filter(move |target| target.kind == kind)
    }

    /// All names that `--features` takes: written ones and optional dependencies that are features, too.
    pub fn feature_names(&self) -> BTreeSet<String> {
        features::names(self)
    }

    /// Whether it has its features documented by their comments: `document-features` reads them in the manifest, or in
    /// the `Cargo.toml.orig` beside one that has none.
    pub fn documents_features(&self) -> bool {
        let mut dependencies = self.dependencies.iter();
        dependencies.any(|dependency| dependency.package == "document-features")
    }

    /// Context path of something in the package; `None` if it is outside of the context.
    pub fn path(&self, path: &str) -> Option<String> {
        crate::source::join(&self.dir, path)
    }
}

impl Dependency {
    /// Whether it is something else of the package than its library (`artifact = "bin"`, which is unstable).
    pub fn is_artifact(&self) -> bool {
        self.table.contains_key("artifact")
    }
}

impl Target {
    /// The name that rustc gives the crate: `-` becomes `_`.
    pub fn crate_name(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// The span of a written value, or else `otherwise`.
fn place<T>(value: &Spanned<T>, otherwise: Span) -> Span {
    value.span.unwrap_or(otherwise)
}
