//! The package that a step of crates builds: it needs exactly the crates of the step and what those need, each in one
//! version with exactly its features, and nothing of the project.
//!
//! Cargo finds the crates in a directory source at the place where the registry's own are unpacked, since a
//! fingerprint holds the path.

use super::manifest::manifest;
use crate::units::{CRATES_IO, Crate, Instance, Units};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use toml::{Table, Value};

/// The name of the package. Whatever is called so is taken out of what a step leaves.
pub(super) const NAME: &str = "zz-crates";
/// Starts the line that says what file the lines after it are.
const FILE: &str = "=== rust-frontend ";

/// A file in the form that the step's script makes files of.
pub(super) fn file(path: &str, content: &str) -> String {
    format!("{FILE}{path}\n{}\n", content.trim_end())
}

/// The crates of a build as steps find them, each made once: most are in what many steps need.
pub(super) struct Crates<'u> {
    units: &'u Units,
    /// Whether they are compiled already. Of their manifests there is what a fingerprint holds.
    are_compiled: bool,
    /// By the instances of the crate that a step needs.
    made: RefCell<BTreeMap<Vec<usize>, Rc<Made>>>,
}

/// A crate as a step finds it.
struct Made {
    /// What a directory source has of it.
    files: String,
    /// Its entry of the lock.
    locked: String,
}

impl<'u> Crates<'u> {
    pub(super) fn new(units: &'u Units, are_compiled: bool) -> Self {
        Self {
            units,
            are_compiled,
            made: RefCell::default(),
        }
    }

    fn made(&self, sources: &Crate, instances: &[usize]) -> Rc<Made> {
        if let Some(made) = self.made.borrow().get(instances) {
            return made.clone();
        }
        let mut manifest = manifest(self.units, sources, instances);
        if let (true, Some(Value::Table(package))) =
            (self.are_compiled, manifest.get_mut("package"))
        {
            package.retain(|key, _| FINGERPRINT.contains(&key));
        }
        let first = &self.units.instances[instances[0]];
        let made = Rc::new(Made {
            files: unpacked(sources, first, &manifest),
            locked: locked(first),
        });
        let mut all = self.made.borrow_mut();
        all.insert(instances.to_vec(), made.clone());
        made
    }

    /// The external crates among a closure of instances.
    fn external(&self, closure: &BTreeSet<usize>) -> Vec<Rc<Made>> {
        let crates = by_crate(self.units, closure).into_iter();
        let external =
            crates.filter(|(_, instances)| !self.units.instances[instances[0]].is_local());
        external
            .map(|(sources, instances)| self.made(sources, &instances))
            .collect()
    }
}

/// The package in `dir`, and the manifests of all crates of `closure`, which are instances.
pub(super) fn files(
    crates: &Crates<'_>,
    closure: &BTreeSet<usize>,
    dir: &str,
    profiles: &Table,
) -> String {
    let mut root = root(crates.units, closure, &BTreeSet::new());
    root.insert("lib".into(), path("lib.rs"));
    // Features are exact already; this one keeps those of both kinds apart.
    root.insert(
        "workspace".into(),
        Value::Table(table([("resolver", "2".into())])),
    );
    if !profiles.is_empty() {
        root.insert("profile".into(), Value::Table(profiles.clone()));
    }
    let external = crates.external(closure);
    let mut files = vec![
        file(&format!("{dir}/Cargo.toml"), &root.to_string()),
        file(&format!("{dir}/Cargo.lock"), &lock(&external)),
        file(&format!("{dir}/lib.rs"), ""),
        file(&format!("{dir}/build.rs"), ""),
    ];
    files.extend(external.iter().map(|one| one.files.clone()));
    files.concat()
}

/// A workspace in `dir` of the local packages of `closure` and of the package, which has the others' features. For the
/// procedural macros `macros` it has a library, too: Cargo compiles them otherwise when they are asked for by name. The
/// crates are compiled already: of their manifests there is what a fingerprint holds.
pub(super) fn workspace(
    crates: &Crates<'_>,
    closure: &BTreeSet<usize>,
    macros: &BTreeSet<usize>,
    dir: &str,
    profiles: &Table,
) -> String {
    let own = format!("{dir}/.{NAME}");
    let units = crates.units;
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
    let external = crates.external(closure);
    let mut files = vec![
        file(&format!("{own}/Cargo.toml"), &root.to_string()),
        file(&format!("{own}/lib.rs"), ""),
        file(&format!("{dir}/Cargo.lock"), &lock(&external)),
    ];
    files.extend(external.iter().map(|one| one.files.clone()));
    let mut members = vec![own];
    let mut top = Table::new();
    for (sources, instances) in by_crate(units, closure) {
        if !units.instances[instances[0]].is_local() {
            continue;
        }
        let manifest = manifest(units, sources, &instances);
        if sources.dir == dir {
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
fn unpacked(sources: &Crate, instance: &Instance, manifest: &Table) -> String {
    let checksum = instance.checksum.as_deref().unwrap_or_default();
    let listing = format!("{{\"files\":{{}},\"package\":\"{checksum}\"}}");
    [
        file(
            &format!("{}/Cargo.toml", sources.dir),
            &manifest.to_string(),
        ),
        file(&format!("{}/.cargo-checksum.json", sources.dir), &listing),
    ]
    .concat()
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

pub(super) fn table<const N: usize>(pairs: [(&str, Value); N]) -> Table {
    // `collect` would sort first, which is 5 kB of the program for each kind of iterator.
    let mut table = Table::new();
    for (key, value) in pairs {
        table.insert(key.to_owned(), value);
    }
    table
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
pub(super) fn dependency(on: &Instance) -> Table {
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

/// Pins versions and checksums; Cargo fills in the rest. Every Cargo in use knows this version of the format, and
/// with one version for all, a group is the same whichever the project's lock has.
fn lock(external: &[Rc<Made>]) -> String {
    let mut text = "version = 3\n".to_owned();
    text.extend(external.iter().map(|one| one.locked.as_str()));
    text
}

fn locked(one: &Instance) -> String {
    let mut entry = table([
        ("name", one.name.as_str().into()),
        ("version", one.version.as_str().into()),
        ("source", one.source.as_str().into()),
    ]);
    if let Some(checksum) = &one.checksum {
        entry.insert("checksum".into(), checksum.as_str().into());
    }
    format!("\n[[package]]\n{entry}")
}
