//! How local packages and the lock hang together.

use super::{Dependency, DependencyKind, DependencySource, LockedPackage, Project};
use crate::diagnostic::{Diagnostic, Diagnostics};
use semver::{Version, VersionReq};
use std::collections::BTreeSet;

/// The entry of the lock that a dependency of a local package stands for: of several, one of its own kind of source.
pub(super) fn resolve(project: &Project, package: usize, dependency: &Dependency) -> Option<usize> {
    let fitting = fitting(project, package, dependency);
    let own = |index: &&usize| {
        let source = project.lock.packages[**index].source.as_deref();
        match &dependency.source {
            DependencySource::Path { .. } | DependencySource::Outside { .. } => source.is_none(),
            DependencySource::Git { .. } => source.is_some_and(|source| source.starts_with("git+")),
            DependencySource::Registry { .. } => {
                source.is_some_and(|source| !source.starts_with("git+"))
            }
        }
    };
    fitting.iter().find(own).or(fitting.first()).copied()
}

/// The entries that it may stand for, in the lock's order.
pub(super) fn fitting(project: &Project, package: usize, dependency: &Dependency) -> Vec<usize> {
    let lock = &project.lock;
    let Some(locked) = project.locked(package) else {
        return vec![];
    };
    let candidates = &lock.packages[locked].dependencies;
    let named = lock.named(&dependency.package).iter();
    let fits = named.filter(|index| satisfies(project, dependency, &lock.packages[**index]));
    let places = fits.filter_map(|index| candidates.iter().position(|one| one == index));
    let places: BTreeSet<usize> = places.collect();
    places.into_iter().map(|place| candidates[place]).collect()
}

/// Whether a locked package of the right name is what a dependency asks for. A patch may put a local or git package
/// in the place of any other.
fn satisfies(project: &Project, dependency: &Dependency, locked: &LockedPackage) -> bool {
    let is_patched = |url: &str| {
        let configs = project.configs.iter();
        let mut tables = configs.filter_map(|config| config.table.get("patch")?.as_table());
        project.patch.contains_key(url) || tables.any(|table| table.contains_key(url))
    };
    let source = locked.source.as_deref();
    let is_git = source.is_some_and(|source| source.starts_with("git+"));
    match &dependency.source {
        DependencySource::Path { .. } | DependencySource::Outside { .. } => locked.is_local(),
        DependencySource::Git { url } if !is_git && !locked.is_local() && !is_patched(url) => false,
        DependencySource::Git { .. } | DependencySource::Registry { .. } => {
            let wanted = dependency.version.as_deref().map(VersionReq::parse);
            match (wanted, Version::parse(&locked.version)) {
                (Some(Ok(wanted)), Ok(version)) => wanted.matches(&version),
                _ => true,
            }
        }
    }
}

/// The local package of a locked one.
pub(super) fn local_package(project: &Project, locked: &LockedPackage) -> Option<usize> {
    let same =
        |package: &super::Package| package.name == locked.name && package.version == locked.version;
    locked
        .is_local()
        .then(|| project.packages.iter().position(same))?
}

/// Whether a kind of dependency is used.
pub(super) fn counts(kind: DependencyKind, dev: bool) -> bool {
    dev || kind != DependencyKind::Dev
}

/// The local package that a dependency of another is.
pub(super) fn local_dependency(
    project: &Project,
    package: usize,
    dependency: &Dependency,
) -> Option<usize> {
    match &dependency.source {
        DependencySource::Path { dir } => project.package_at(dir),
        _ => {
            let locked = resolve(project, package, dependency)?;
            local_package(project, &project.lock.packages[locked])
        }
    }
}

pub(super) fn local_dependencies(project: &Project, package: usize, dev: bool) -> BTreeSet<usize> {
    let dependencies = &project.packages[package].dependencies;
    dependencies
        .iter()
        .filter(|dependency| counts(dependency.kind, dev))
        .filter_map(|dependency| local_dependency(project, package, dependency))
        .filter(|other| *other != package)
        .collect()
}

/// All local packages that `packages` need, dependencies first. Only `packages` themselves have dev-dependencies.
pub(super) fn closure(project: &Project, packages: &[usize], dev: bool) -> Vec<usize> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for package in packages {
        visit(project, *package, dev, &mut seen, &mut order);
    }
    order
}

fn visit(
    project: &Project,
    package: usize,
    dev: bool,
    seen: &mut BTreeSet<usize>,
    order: &mut Vec<usize>,
) {
    if !seen.insert(package) {
        return;
    }
    for dependency in local_dependencies(project, package, dev) {
        visit(project, dependency, false, seen, order);
    }
    order.push(package);
}

/// What a build of some local packages touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Local packages.
    pub(crate) packages: BTreeSet<usize>,
    /// Those of them whose sources must be real: something that is not local depends on them.
    pub(crate) real: BTreeSet<usize>,
    /// Entries of the lock, local ones included.
    pub(crate) locked: BTreeSet<usize>,
}

impl Reach {
    /// Everything that `roots` need; the packages in `dev` with their dev-dependencies.
    pub(crate) fn of(project: &Project, roots: &[usize], dev: &BTreeSet<usize>) -> Self {
        let mut reach = Self::default();
        for root in roots {
            reach.local(project, *root, dev, false);
        }
        reach
    }

    fn local(&mut self, project: &Project, package: usize, dev: &BTreeSet<usize>, real: bool) {
        let news = self.packages.insert(package);
        let newly_real = real && self.real.insert(package);
        if !news && !newly_real {
            return;
        }
        let with_dev = dev.contains(&package);
        self.locked.extend(project.locked(package));
        for other in local_dependencies(project, package, with_dev) {
            self.local(project, other, dev, real);
        }
        for dependency in &project.packages[package].dependencies {
            if counts(dependency.kind, with_dev) {
                // Where two dependencies have one name, either may stand for either entry.
                for locked in fitting(project, package, dependency) {
                    self.external(project, locked, dev);
                }
            }
        }
    }

    fn external(&mut self, project: &Project, start: usize, dev: &BTreeSet<usize>) {
        let mut queue = vec![start];
        while let Some(index) = queue.pop() {
            let locked = &project.lock.packages[index];
            if locked.is_local() || !self.locked.insert(index) {
                continue;
            }
            for next in locked.dependencies.iter().chain(&locked.replace) {
                match local_package(project, &project.lock.packages[*next]) {
                    Some(package) => self.local(project, package, dev, true),
                    None => queue.push(*next),
                }
            }
        }
    }
}

/// Reports what the manifests ask for and the lock does not have: `--locked` would fail on it, late.
pub(super) fn check_lock(project: &Project, found: &mut Diagnostics) {
    for (index, package) in project.packages.iter().enumerate() {
        if project.locked(index).is_none() {
            let stale = |locked: &&LockedPackage| locked.is_local() && locked.name == package.name;
            let stale = project.lock.packages.iter().find(stale);
            if stale.is_none() && !package.is_member {
                // An optional dependency that is off, or an unused patch.
                continue;
            }
            let message = match stale {
                Some(locked) => format!(
                    "`Cargo.lock` has `{}` {}, but this manifest has {}",
                    package.name, locked.version, package.version
                ),
                None => format!("`Cargo.lock` does not have the package `{}`", package.name),
            };
            found.push(stale_lock(message).at(package.manifest.at(package.name_span)));
            continue;
        }
        if !package.is_member {
            // Its optional and dev-dependencies may not be in the lock.
            continue;
        }
        for dependency in &package.dependencies {
            let own =
                matches!(&dependency.source, DependencySource::Path { dir } if *dir == package.dir);
            let unknown = matches!(dependency.source, DependencySource::Outside { .. });
            if own || unknown || resolve(project, index, dependency).is_some() {
                continue;
            }
            let wanted = match &dependency.version {
                Some(version) => format!("`{}` {version}", dependency.package),
                None => format!("`{}`", dependency.package),
            };
            found.push(
                stale_lock(format!(
                    "`Cargo.lock` has no {wanted} for `{}`",
                    package.name
                ))
                .at(package.manifest.at(dependency.span)),
            );
        }
    }
}

fn stale_lock(message: String) -> Diagnostic {
    Diagnostic::error("stale-lock", message)
        .help("run `cargo update --workspace` and commit `Cargo.lock`")
}
