//! The dependency and feature tables of normalised manifests.

use super::{Role, Scope};
use crate::project::{Dependency, DependencyKind, DependencySource, Package, relative};
use std::collections::BTreeSet;
use toml::{Table, Value};

impl Scope<'_> {
    /// The dependencies of a package that the skeleton keeps.
    pub(super) fn dependencies(&self, index: usize, role: Role) -> Vec<&Dependency> {
        if role == Role::Hollow && self.recipes.roots.current != Some(index) {
            return Vec::new();
        }
        let dev = self.recipes.roots.dev.contains(&index);
        let dependencies = self.project.packages[index].dependencies.iter();
        dependencies
            .filter(|dependency| dev || dependency.kind != DependencyKind::Dev)
            .collect()
    }

    /// Adds the tables to a manifest.
    pub(super) fn write_dependencies(
        &self,
        package: &Package,
        role: Role,
        dependencies: &[&Dependency],
        manifest: &mut Table,
    ) {
        for dependency in dependencies {
            let mut table = dependency.table.clone();
            if let DependencySource::Path { dir } = &dependency.source {
                // A stub has another version than the real package.
                let is_stub = |dir: &String| {
                    let index = self.project.package_at(dir);
                    let role = index.and_then(|index| self.roles.get(&index));
                    !role.is_some_and(|role| role.is_real())
                };
                if !role.is_real() || is_stub(dir) {
                    for key in ["version", "registry", "registry-index"] {
                        table.remove(key);
                    }
                }
                table.insert("path".into(), Value::String(relative(&package.dir, dir)));
            }
            if let Some(Value::Array(features)) = table.get_mut("features") {
                sort(features);
            }
            let section = match dependency.kind {
                DependencyKind::Normal => "dependencies",
                DependencyKind::Dev => "dev-dependencies",
                DependencyKind::Build => "build-dependencies",
            };
            let parent = match &dependency.target {
                Some(target) => entry(entry(manifest, "target"), target),
                None => &mut *manifest,
            };
            entry(parent, section).insert(dependency.name.clone(), Value::Table(table));
        }
    }
}

/// The features of a package, without those of dependencies that are not kept.
pub(super) fn features(package: &Package, kept: &[&Dependency]) -> Table {
    let names: BTreeSet<&str> = kept
        .iter()
        .map(|dependency| dependency.name.as_str())
        .collect();
    let dropped = |name: &str| {
        let mut dependencies = package.dependencies.iter();
        !names.contains(name) && dependencies.any(|dependency| dependency.name == name)
    };
    let keep = |value: &&String| match value.strip_prefix("dep:").or(value
        .split_once('/')
        .map(|(name, _)| name.trim_end_matches('?')))
    {
        Some(name) => !dropped(name),
        None => true,
    };
    let features = package.features.iter().map(|(name, values)| {
        let mut values: Vec<Value> = values
            .iter()
            .filter(keep)
            .cloned()
            .map(Value::String)
            .collect();
        sort(&mut values);
        (name.clone(), Value::Array(values))
    });
    features.collect()
}

fn sort(values: &mut Vec<Value>) {
    values.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    values.dedup();
}

/// The table at a key, made if it is not there.
fn entry<'t>(table: &'t mut Table, key: &str) -> &'t mut Table {
    let value = table
        .entry(key)
        .or_insert_with(|| Value::Table(Table::new()));
    if !value.is_table() {
        *value = Value::Table(Table::new());
    }
    value.as_table_mut().expect("made a table just now")
}
