//! Where local packages are: in the context, or in a named context that is in their place.

use super::{DependencySource, Package};
use crate::source::{SourceTree, join};
use std::collections::{BTreeMap, BTreeSet};

/// Packages whose place a named context may take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Directories of the context's packages, by name.
    pub inside: BTreeMap<String, String>,
    /// Names of packages that manifests look for outside of the context.
    pub outside: BTreeSet<String>,
}

impl Places {
    pub(super) fn add(&mut self, tree: &SourceTree, package: &Package) {
        if tree.named_above(&package.dir).is_none() {
            let (name, dir) = (package.name.clone(), package.dir.clone());
            self.inside.insert(name, dir);
        }
        let outside = package.dependencies.iter();
        let outside = outside
            .filter(|dependency| matches!(dependency.source, DependencySource::Outside { .. }));
        self.outside
            .extend(outside.map(|dependency| dependency.package.clone()));
    }
}

/// The directory that `path` means in a manifest of the directory `from`. A path that leads out of the context, or
/// out of a named one, means the named context that has the name of the package.
pub(super) fn find(tree: &SourceTree, from: &str, path: &str, package: &str) -> Option<String> {
    let same = |dir: &String| tree.named_above(dir) == tree.named_above(from);
    let named = || tree.named(package).map(str::to_owned);
    join(from, path).filter(same).or_else(named)
}
