//! The manifests of crates as a directory source has them: cut down to what this build uses, because it must have all
//! that any of them mentions; names of features stay, since a fingerprint holds them, too.

use super::package::dependency;
use crate::units::{Crate, Instance, Units};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// A crate's manifest, with the dependencies that its instances have and no others.
pub(super) fn manifest(units: &Units, sources: &Crate, instances: &[usize]) -> Table {
    const KEPT: [&str; 4] = ["package", "lib", "lints", "cargo-features"];
    let old = &sources.manifest;
    let mut new: Table = KEPT
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), old.get(*key)?.clone())))
        .collect();
    let instances: Vec<&Instance> = instances.iter().map(|at| &units.instances[*at]).collect();
    write_targets(&mut new, &instances);
    let renamed = renamed(old);
    let mut here = Table::new();
    for section in SECTIONS {
        let (kept, second) = dependencies(units, old, &instances, &renamed, section);
        if !kept.is_empty() {
            new.insert(section.into(), Value::Table(kept));
        }
        if !second.is_empty() {
            here.insert(section.into(), Value::Table(second));
        }
    }
    if !here.is_empty() {
        let target = Table::from_iter([("cfg(all())".to_owned(), Value::Table(here))]);
        new.insert("target".into(), Value::Table(target));
    }
    let features = features(old, &instances).into_iter();
    let features = features.map(|name| (name, Value::Array(vec![])));
    new.insert("features".into(), Value::Table(features.collect()));
    new
}

/// The sections of dependencies that an instance may use.
const SECTIONS: [&str; 2] = ["dependencies", "build-dependencies"];

/// Writes where the library and the build script are; there are no other targets.
fn write_targets(new: &mut Table, instances: &[&Instance]) {
    if let Some(Value::Table(package)) = new.get_mut("package") {
        package.retain(|key, _| !matches!(key, "workspace" | "default-run" | "resolver"));
        for key in ["autobins", "autoexamples", "autotests", "autobenches"] {
            package.insert(key.into(), false.into());
        }
        let script = instances.iter().find_map(|one| one.script.as_deref());
        package.insert("build".into(), script.map_or(false.into(), Value::from));
    }
    if let Some(library) = instances.iter().find_map(|one| one.library.as_deref()) {
        let lib = new
            .entry("lib")
            .or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(lib) = lib {
            lib.insert("path".into(), library.into());
        }
    }
}

/// The names of all features: those that are on, and those of the source.
fn features(old: &Table, instances: &[&Instance]) -> BTreeSet<String> {
    let mut features: BTreeSet<String> = instances
        .iter()
        .flat_map(|one| one.features.iter().cloned())
        .collect();
    let written = old.get("features").and_then(Value::as_table);
    features.extend(written.into_iter().flat_map(Table::keys).cloned());
    let named = written
        .into_iter()
        .flat_map(Table::values)
        .flat_map(|value| {
            let words = value.as_array().into_iter().flatten();
            words
                .filter_map(Value::as_str)
                .filter_map(|word| word.strip_prefix("dep:"))
        });
    let named: BTreeSet<&str> = named.collect();
    // An optional dependency that no feature mentions by `dep:` is a feature of its name.
    let optional = entries(old).filter(|(name, value)| {
        let optional = value.get("optional").and_then(Value::as_bool);
        optional == Some(true) && !named.contains(name.as_str())
    });
    features.extend(optional.map(|(name, _)| name.clone()));
    features
}

/// The dependencies of a section that are used; apart from them those whose name another version has: a table for this
/// platform may have it, too.
fn dependencies(
    units: &Units,
    old: &Table,
    instances: &[&Instance],
    renamed: &BTreeSet<String>,
    section: &str,
) -> (Table, Table) {
    let (mut kept, mut second) = (Table::new(), Table::new());
    for (name, value) in tables(old, section).into_iter().flatten() {
        // Another entry, for this platform, may have the crate by another name.
        let is_of_another = |called: &str| !is_renamed(value) && renamed.contains(called);
        let edges = instances.iter().flat_map(|one| match section {
            "build-dependencies" => &one.build,
            _ => &one.normal,
        });
        let edges = edges.filter(|(_, called)| !is_of_another(called));
        let Some(pinned) = pinned(units, name, value, edges) else {
            continue;
        };
        let table = match kept.get(name) {
            Some(other) if other.as_table() != Some(&pinned) => &mut second,
            _ => &mut kept,
        };
        table.insert(name.clone(), Value::Table(pinned));
    }
    (kept, second)
}

fn is_renamed(dependency: &Value) -> bool {
    dependency.get("package").is_some()
}

/// The names in the source of the dependencies that have another than their crate.
fn renamed(manifest: &Table) -> BTreeSet<String> {
    let renamed = entries(manifest).filter(|(_, value)| is_renamed(value));
    renamed.map(|(name, _)| name.replace('-', "_")).collect()
}

/// The dependencies of all sections.
fn entries(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let sections = SECTIONS.into_iter();
    let tables = sections.flat_map(move |section| tables(manifest, section));
    tables.flatten()
}

/// The tables of a manifest's dependencies of one kind: its own, and those of platforms.
fn tables<'m>(manifest: &'m Table, section: &str) -> Vec<&'m Table> {
    let old_name = section.replace('-', "_");
    let targets = manifest.get("target").and_then(Value::as_table);
    let places = std::iter::once(manifest).chain(
        targets
            .into_iter()
            .flat_map(Table::values)
            .filter_map(Value::as_table),
    );
    places
        .filter_map(|place| place.get(section).or_else(|| place.get(&old_name)))
        .filter_map(Value::as_table)
        .collect()
}

/// A dependency of a crate as one of exactly the version that it has here; `None` if it is not used here.
fn pinned<'e>(
    units: &Units,
    name: &str,
    written: &Value,
    mut edges: impl Iterator<Item = &'e (usize, String)>,
) -> Option<Table> {
    let package = written
        .get("package")
        .and_then(Value::as_str)
        .unwrap_or(name);
    let requirement = written
        .as_str()
        .or_else(|| written.get("version")?.as_str());
    let requirement = requirement.and_then(|text| semver::VersionReq::parse(text).ok());
    let (index, _) = edges.find(|(index, called)| {
        let one = &units.instances[*index];
        let version = semver::Version::parse(&one.version).ok();
        one.name == package
            && (!is_renamed(written) || name.replace('-', "_") == *called)
            && requirement
                .as_ref()
                .zip(version.as_ref())
                .is_none_or(|(requirement, version)| requirement.matches(version))
    })?;
    let one = &units.instances[*index];
    let mut pinned = dependency(one);
    if package != name {
        pinned.insert("package".into(), package.into());
    }
    Some(pinned)
}
