//! Which local libraries Cargo may be told to compile by name.
//!
//! With the command of every other step, Cargo compiles the stubs of everything that needs a library, and links one
//! of the program. Naming the library, and asking for libraries only, avoids that if Cargo then builds the very same
//! unit: one that is compiled anyway, once, with features that do not change when it is named (cargo,
//! `resolver/features.rs`). Where that is not certain, the step runs the common command. If the guess is wrong, Cargo
//! does not accept what the step left, and compiles it with the program.

use crate::plan::Input;
use crate::project::{Dependency, DependencyKind, Package, Project};
use std::collections::{BTreeMap, BTreeSet};

/// The packages of a selection of which it is certain how they are compiled.
pub(super) struct Named<'a> {
    input: &'a Input<'a>,
    /// Those that are compiled whatever the features and the platform, and whether with their default features.
    always: BTreeMap<usize, bool>,
    /// Those that may be compiled for the build machine.
    host: BTreeSet<usize>,
}

impl<'a> Named<'a> {
    /// Follows the dependencies of what is selected.
    pub(super) fn of(input: &'a Input<'a>) -> Self {
        let (project, selection) = (input.project, input.selection);
        let mut named = Self {
            input,
            always: BTreeMap::new(),
            host: host(project, &selection.closure),
        };
        // Elsewhere features depend on more than on what is selected.
        let unified = project.feature_unification().unwrap_or("selected");
        if project.resolver != "1" && unified == "selected" && !project.builds_std() {
            named.follow(selection.package);
        }
        named
    }

    fn follow(&mut self, package: usize) {
        let project = self.input.project;
        let dependencies = project.packages[package].dependencies.iter();
        for dependency in dependencies.filter(|dependency| is_certain(dependency)) {
            let Some(other) = project.local_dependency(package, dependency) else {
                continue;
            };
            let known = self.always.get(&other).copied();
            let default = dependency.default_features || known == Some(true);
            self.always.insert(other, default);
            if known.is_none() {
                self.follow(other);
            }
        }
    }

    /// Whether Cargo may be told to compile these.
    pub(super) fn all(&self, packages: &BTreeSet<usize>) -> bool {
        packages.iter().all(|package| self.one(*package))
    }

    fn one(&self, index: usize) -> bool {
        let package = &self.input.project.packages[index];
        let Some(default) = self.always.get(&index) else {
            return false;
        };
        let is_library = package.lib().is_some_and(|lib| {
            let rust = |kind: &String| kind == "lib" || kind == "rlib";
            !package.proc_macro && lib.crate_types.iter().all(rust)
        });
        package.is_member
            && is_library
            && !self.host.contains(&index)
            && (*default || !self.adds_defaults(package))
            && !self.adds_features(package)
    }

    /// Whether a package that is named has default features, and any are in them.
    fn adds_defaults(&self, package: &Package) -> bool {
        let default = package.features.get("default");
        self.input.selection.default_features && default.is_some_and(|list| !list.is_empty())
    }

    /// Whether features of the command line mean something for a package, too.
    fn adds_features(&self, package: &Package) -> bool {
        let names = package.feature_names();
        let depends = |name: &str| package.dependencies.iter().any(|one| one.name == name);
        let mut features = self.input.selection.features.iter();
        features.any(|feature| match feature.split_once('/') {
            Some((of, _)) => {
                let of = of.trim_end_matches('?');
                of == package.name || depends(of)
            }
            None => names.contains(feature),
        })
    }
}

/// Whether a dependency is there whatever the features and the platform.
fn is_certain(dependency: &Dependency) -> bool {
    dependency.kind == DependencyKind::Normal
        && !dependency.optional
        && dependency.target.is_none()
        && !dependency.is_artifact()
}

/// The packages that build scripts and procedural macros need, and the latter themselves.
fn host(project: &Project, closure: &[usize]) -> BTreeSet<usize> {
    let mut roots = BTreeSet::new();
    for index in closure {
        let package = &project.packages[*index];
        if package.proc_macro {
            roots.insert(*index);
        }
        let others = package.dependencies.iter().filter(|dependency| {
            dependency.kind == DependencyKind::Build || dependency.is_artifact()
        });
        roots.extend(others.filter_map(|other| project.local_dependency(*index, other)));
    }
    project.closure_of_all(&roots)
}
