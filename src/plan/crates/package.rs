//! The package that a step of crates builds: it needs exactly the crates of the step and what those need, each in one
//! version with exactly its features, and nothing of the project.
//!
//! Cargo finds the crates in a directory source at the place where the registry's own are unpacked, since a
//! fingerprint holds the path. Their manifests there are cut down to what this build uses, because a directory source
//! must have all that any of them mentions; names of features stay, since a fingerprint holds them, too.

use crate::units::{CRATES_IO, Crate, Instance, Units};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use toml::{Table, Value};

/// The name of the package. Whatever is called so is taken out of what a step leaves.
pub(super) const NAME: &str = "zz-crates";
/// Starts the line that says what file the lines after it are.
const FILE: &str = "=== rust-frontend ";

/// A file in the form that the step's script makes files of.
pub(super) fn file(path: &str, content: &str) -> String {
    format!("{FILE}{path}\n{}\n", content.trim_end())
}

/// The package in `dir`, and the manifests of all crates of `closure`, which are instances.
pub(super) fn files(
    units: &Units,
    closure: &BTreeSet<usize>,
    dir: &str,
    profiles: &Table,
) -> String {
    let mut root = root(units, closure, &BTreeSet::new());
    root.insert("lib".into(), path("lib.rs"));
    // Features are exact already; this one keeps those of both kinds apart.
    root.insert(
        "workspace".into(),
        Value::Table(table([("resolver", "2".into())])),
    );
    if !profiles.is_empty() {
        root.insert("profile".into(), Value::Table(profiles.clone()));
    }
    let mut files = vec![
        file(&format!("{dir}/Cargo.toml"), &root.to_string()),
        file(&format!("{dir}/Cargo.lock"), &lock(units, closure)),
        file(&format!("{dir}/lib.rs"), ""),
        file(&format!("{dir}/build.rs"), ""),
    ];
    for (sources, instances) in by_crate(units, closure) {
        let manifest = manifest(units, closure, sources, &instances);
        let first = &units.instances[instances[0]];
        files.extend(unpacked(sources, first, &manifest));
    }
    files.concat()
}

/// A workspace in `dir` of the local packages of `closure` and of the package, which has the others' features. For the
/// procedural macros `macros` it has a library, too: Cargo compiles them otherwise when they are asked for by name. The
/// crates are compiled already: of their manifests there is what a fingerprint holds.
pub(super) fn workspace(
    units: &Units,
    closure: &BTreeSet<usize>,
    macros: &BTreeSet<usize>,
    dir: &str,
    profiles: &Table,
) -> String {
    let own = format!("{dir}/.{NAME}");
    let mut root = root(units, closure, macros);
    if let Some(Value::Table(package)) = root.get_mut("package") {
        package.insert("build".into(), false.into());
    }
    let mut target = table([("name", NAME.into()), ("path", "lib.rs".into())]);
    if macros.is_empty() {
        root.insert("bin".into(), Value::Array(vec![Value::Table(target)]));
    } else {
        target.remove("name");
        root.insert("lib".into(), Value::Table(target));
    }
    let mut files = vec![
        file(&format!("{own}/Cargo.toml"), &root.to_string()),
        file(&format!("{own}/lib.rs"), ""),
        file(&format!("{dir}/Cargo.lock"), &lock(units, closure)),
    ];
    let mut members = vec![own];
    let mut top = Table::new();
    for (sources, instances) in by_crate(units, closure) {
        let mut manifest = manifest(units, closure, sources, &instances);
        let first = &units.instances[instances[0]];
        if !first.is_local() {
            if let Some(Value::Table(package)) = manifest.get_mut("package") {
                package.retain(|key, _| FINGERPRINT.contains(&key));
            }
            files.extend(unpacked(sources, first, &manifest));
        } else if sources.dir == dir {
            top = manifest;
        } else {
            members.push(sources.dir.clone());
            let path = format!("{}/Cargo.toml", sources.dir);
            files.push(file(&path, &manifest.to_string()));
        }
    }
    let workspace = table([("members", list(&members)), ("resolver", "2".into())]);
    top.insert("workspace".into(), Value::Table(workspace));
    if !profiles.is_empty() {
        top.insert("profile".into(), Value::Table(profiles.clone()));
    }
    files.push(file(&format!("{dir}/Cargo.toml"), &top.to_string()));
    files.concat()
}

/// What of `[package]` is in Cargo's fingerprint of a crate, and what Cargo wants of any.
const FINGERPRINT: [&str; 14] = [
    "authors",
    "autobenches",
    "autobins",
    "autoexamples",
    "autolib",
    "autotests",
    "build",
    "description",
    "edition",
    "homepage",
    "links",
    "name",
    "repository",
    "version",
];

/// What a directory source has of a crate.
fn unpacked(sources: &Crate, instance: &Instance, manifest: &Table) -> [String; 2] {
    let checksum = instance.checksum.as_deref().unwrap_or_default();
    let listing = format!("{{\"files\":{{}},\"package\":\"{checksum}\"}}");
    [
        file(
            &format!("{}/Cargo.toml", sources.dir),
            &manifest.to_string(),
        ),
        file(&format!("{}/.cargo-checksum.json", sources.dir), &listing),
    ]
}

/// The instances of each crate, in the order of directories.
fn by_crate<'u>(units: &'u Units, of: &BTreeSet<usize>) -> Vec<(&'u Crate, Vec<usize>)> {
    let mut found: BTreeMap<&str, (&Crate, Vec<usize>)> = BTreeMap::new();
    for index in of {
        if let Some(sources) = &units.instances[*index].sources {
            let entry = found.entry(&sources.dir);
            entry.or_insert((sources, vec![])).1.push(*index);
        }
    }
    found.into_values().collect()
}

fn table(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Table {
    let pairs = pairs.into_iter();
    pairs.map(|(key, value)| (key.to_owned(), value)).collect()
}

fn path(path: &str) -> Value {
    Value::Table(table([("path", path.into())]))
}

fn list(words: &[String]) -> Value {
    Value::Array(words.iter().cloned().map(Value::String).collect())
}

/// The version as a requirement that nothing else meets.
fn exactly(version: &str) -> Value {
    format!("={}", version.split('+').next().unwrap_or(version)).into()
}

/// A dependency on exactly one version of a crate, from where it is, with no more features than are named elsewhere.
fn dependency(on: &Instance) -> Table {
    let place = match on.sources.as_ref().filter(|_| on.is_local()) {
        Some(sources) => ("path", sources.dir.as_str().into()),
        None => ("version", exactly(&on.version)),
    };
    let mut dependency = table([place, ("default-features", false.into())]);
    if let Some(index) = on.registry().filter(|index| *index != CRATES_IO) {
        dependency.insert("registry-index".into(), index.into());
    }
    dependency
}

/// The manifest of the package itself, without its target. Its library needs `macros`.
fn root(units: &Units, closure: &BTreeSet<usize>, macros: &BTreeSet<usize>) -> Table {
    let mut normal = Table::new();
    let mut build = Table::new();
    for index in closure {
        let one = &units.instances[*index];
        let mut dependency = dependency(one);
        dependency.insert("package".into(), one.name.as_str().into());
        if !one.features.is_empty() {
            dependency.insert("features".into(), list(&one.features));
        }
        // One name for a package in both tables, another for each of its versions.
        let version = one
            .version
            .replace(|char: char| !char.is_ascii_alphanumeric(), "_");
        let key = format!("d-{}-{version}", one.name);
        let tables = match one.host && !macros.contains(index) {
            true => &mut build,
            false => &mut normal,
        };
        tables.insert(key, Value::Table(dependency));
    }
    let mut manifest = table([(
        "package",
        Value::Table(table([
            ("name", NAME.into()),
            ("version", "0.0.0".into()),
            ("edition", "2021".into()),
            ("autobins", false.into()),
            (
                "build",
                if build.is_empty() {
                    false.into()
                } else {
                    "build.rs".into()
                },
            ),
        ])),
    )]);
    for (key, dependencies) in [("dependencies", normal), ("build-dependencies", build)] {
        if !dependencies.is_empty() {
            manifest.insert(key.into(), Value::Table(dependencies));
        }
    }
    manifest
}

/// What pins versions and checksums; Cargo fills in the rest. Every Cargo that is in use knows this version of the format,
/// and with one for all a group is the same whichever the project's lock has.
fn lock(units: &Units, closure: &BTreeSet<usize>) -> String {
    let mut text = "version = 3\n".to_owned();
    for (_, instances) in by_crate(units, closure) {
        let one = &units.instances[instances[0]];
        if one.is_local() {
            continue;
        }
        let mut entry = table([
            ("name", one.name.as_str().into()),
            ("version", one.version.as_str().into()),
            ("source", one.source.as_str().into()),
        ]);
        if let Some(checksum) = &one.checksum {
            entry.insert("checksum".into(), checksum.as_str().into());
        }
        let _ = write!(text, "\n[[package]]\n{entry}");
    }
    text
}

/// A crate's manifest, with the dependencies that its instances have and no others.
fn manifest(
    units: &Units,
    closure: &BTreeSet<usize>,
    sources: &Crate,
    instances: &[usize],
) -> Table {
    const KEPT: [&str; 4] = ["package", "lib", "lints", "cargo-features"];
    let old = &sources.manifest;
    let mut new: Table = KEPT
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), old.get(*key)?.clone())))
        .collect();
    let instances: Vec<&Instance> = instances.iter().map(|at| &units.instances[*at]).collect();
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
    let renamed = renamed(old);
    let mut here = Table::new();
    for (section, key) in [("dependencies", false), ("build-dependencies", true)] {
        let mut kept = Table::new();
        let mut second = Table::new();
        for dependencies in tables(old, section) {
            for (name, value) in dependencies {
                let optional = value.get("optional").and_then(Value::as_bool);
                // An optional dependency that no feature mentions by `dep:` is a feature of its name.
                if optional == Some(true) && !named.contains(name.as_str()) {
                    features.insert(name.clone());
                }
                // Another entry, for this platform, may have the crate by another name.
                let is_of_another = |called: &str| !is_renamed(value) && renamed.contains(called);
                let edges = instances
                    .iter()
                    .flat_map(|one| if key { &one.build } else { &one.normal })
                    .filter(|(_, called)| !is_of_another(called));
                if let Some(pinned) = pinned(units, closure, name, value, edges) {
                    // A table for this platform may have the name for another version.
                    let table = match kept.get(name) {
                        Some(other) if other.as_table() != Some(&pinned) => &mut second,
                        _ => &mut kept,
                    };
                    table.insert(name.clone(), Value::Table(pinned));
                }
            }
        }
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
    let features = features
        .into_iter()
        .map(|name| (name, Value::Array(vec![])));
    new.insert("features".into(), Value::Table(features.collect()));
    new
}

fn is_renamed(dependency: &Value) -> bool {
    dependency.get("package").is_some()
}

/// The names in the source of the dependencies that have another than their crate.
fn renamed(manifest: &Table) -> BTreeSet<String> {
    let all = ["dependencies", "build-dependencies"].into_iter();
    let entries = all.flat_map(|section| tables(manifest, section)).flatten();
    let renamed = entries.filter(|(_, value)| is_renamed(value));
    renamed.map(|(name, _)| name.replace('-', "_")).collect()
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
    closure: &BTreeSet<usize>,
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
        closure.contains(index)
            && one.name == package
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
