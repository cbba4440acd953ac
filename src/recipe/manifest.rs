//! Normalised manifests: an explicit form of what can change a dependency, and nothing else.

use super::dependencies::features;
use super::{RecipeFor, Role, Scope};
use crate::project::{Target, TargetKind, relative};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// The version of local packages in the skeleton, and the one for packages that really have the first.
const MASKS: [&str; 2] = ["0.0.0", "0.0.1"];

/// Keys of `[package]` that change no dependency, or that the skeleton writes itself. Others pass through: a key
/// that is not known yet may matter.
const PACKAGE_DROPPED: [&str; 24] = [
    "authors",
    "autobenches",
    "autobins",
    "autoexamples",
    "autolib",
    "autotests",
    "build",
    "categories",
    "default-run",
    "description",
    "documentation",
    "exclude",
    "homepage",
    "include",
    "keywords",
    "license",
    "license-file",
    "metadata",
    "publish",
    "readme",
    "repository",
    "resolver",
    "rust-version",
    "workspace",
];

/// Keys of targets that change no dependency when nothing is tested.
const TARGET_DROPPED: [&str; 6] = [
    "bench",
    "doc",
    "doc-scrape-examples",
    "doctest",
    "harness",
    "test",
];

impl Scope<'_> {
    /// The manifest of a package in the skeleton.
    pub(super) fn manifest(&self, index: usize, role: Role, targets: &[Target]) -> Table {
        let package = &self.project.packages[index];
        let mut manifest = match role {
            Role::Real | Role::Own => package.table.clone(),
            _ => Table::new(),
        };
        if let Some(features) = package.table.get("cargo-features") {
            manifest.insert("cargo-features".into(), features.clone());
        }
        manifest.insert(
            "package".into(),
            Value::Table(self.package(index, role, targets)),
        );
        if role != Role::Hollow || self.recipes.roots.current == Some(index) {
            let dependencies = self.dependencies(index, role);
            let features = features(package, &dependencies);
            if !features.is_empty() {
                manifest.insert("features".into(), Value::Table(features));
            }
            self.write_dependencies(package, role, &dependencies, &mut manifest);
        }
        for (kind, section) in [
            (TargetKind::Bin, "bin"),
            (TargetKind::Example, "example"),
            (TargetKind::Test, "test"),
            (TargetKind::Bench, "bench"),
        ] {
            let of_kind = targets.iter().filter(|target| target.kind == kind);
            let list: Vec<Value> = of_kind
                .map(|target| Value::Table(self.target(index, role, target)))
                .collect();
            if !list.is_empty() {
                manifest.insert(section.into(), Value::Array(list));
            }
        }
        if let Some(lib) = targets.iter().find(|target| target.kind == TargetKind::Lib) {
            manifest.insert("lib".into(), Value::Table(self.target(index, role, lib)));
        }
        match package.dir == self.project.root {
            true => self.root_tables(manifest),
            false => manifest,
        }
    }

    fn package(&self, index: usize, role: Role, targets: &[Target]) -> Table {
        let package = &self.project.packages[index];
        let mut table = match package.table.get("package") {
            Some(Value::Table(table)) => table.clone(),
            _ => Table::new(),
        };
        if role == Role::Own {
            // What is compiled sees all of them as `CARGO_PKG_*` variables.
            for key in ["workspace", "resolver", "default-run", "build"] {
                table.remove(key);
            }
        } else if role == Role::Real {
            // Who wrote it and where it lives is part of Cargo's fingerprint of a package; files are not.
            for key in [
                "workspace",
                "resolver",
                "default-run",
                "readme",
                "license-file",
                "build",
            ] {
                table.remove(key);
            }
        } else {
            table.retain(|key, _| !PACKAGE_DROPPED.contains(&key));
        }
        if role == Role::Hollow {
            table.retain(|key, _| matches!(key, "name" | "edition"));
        }
        table.insert("version".into(), Value::String(self.version(index)));
        for key in ["autobins", "autoexamples", "autotests", "autobenches"] {
            table.insert(key.into(), Value::Boolean(false));
        }
        let scripts = targets
            .iter()
            .filter(|target| target.kind == TargetKind::BuildScript);
        let mut scripts: Vec<Value> = scripts
            .map(|script| {
                let source = self.source(index, role, script);
                Value::String(relative(&package.dir, &source))
            })
            .collect();
        let build = match scripts.len() {
            0 => Value::Boolean(false),
            1 => scripts.remove(0),
            _ => Value::Array(scripts),
        };
        table.insert("build".into(), build);
        if !targets.iter().any(|target| target.kind == TargetKind::Lib) {
            table.insert("autolib".into(), Value::Boolean(false));
        }
        if package.is_member && !self.project.is_below_root(&package.dir) {
            let root = relative(&package.dir, &self.project.root);
            table.insert("workspace".into(), Value::String(root));
        }
        table
    }

    /// The version of a local package in the skeleton: a constant, unless something that is not local may care.
    pub(super) fn version(&self, index: usize) -> String {
        let package = &self.project.packages[index];
        let real = || package.version.clone();
        if self.reach.real.contains(&index) || self.own.contains(&index) {
            return real();
        }
        // Requirements are still met, and Cargo takes it for another package than the real one.
        let marked = || format!("{}+stub", real().split('+').next().unwrap_or_default());
        if self.project.patched_dirs.contains(&package.dir) {
            return marked();
        }
        if self.recipes.twins.contains(package.name.as_str()) {
            // Stubs that share their names with what is not local are not removed.
            return match self.shares_name(index) {
                true => marked(),
                false => real(),
            };
        }
        let taken = |mask: &str| {
            let mut named = self.project.lock.named(&package.name).iter();
            named.any(|index| {
                let other = &self.project.lock.packages[*index];
                !other.is_local() && other.version == mask
            })
        };
        let free =
            |mask: &&&str| !taken(mask) && (!self.shares_name(index) || package.version != ***mask);
        MASKS
            .iter()
            .find(free)
            .map_or_else(marked, |mask| (*mask).to_owned())
    }

    /// Whether a package that is not local has the same name.
    pub(super) fn shares_name(&self, index: usize) -> bool {
        let name = self.project.packages[index].name.as_str();
        self.recipes.external.contains(name)
    }

    fn target(&self, index: usize, role: Role, target: &Target) -> Table {
        let mut table = target.table.clone();
        for (old, new) in [("crate_type", "crate-type"), ("proc_macro", "proc-macro")] {
            if let Some(value) = table.remove(old) {
                table.entry(new).or_insert(value);
            }
        }
        // Cargo names a library after its package, but no other target that is written down. Whether a library's name
        // is written is part of its fingerprint (cargo, src/core/manifest.rs, `name_inferred`).
        if target.kind != TargetKind::Lib {
            table.insert("name".into(), Value::String(target.name.clone()));
        }
        if !role.is_real() {
            table.remove("required-features");
            if self.mode == RecipeFor::Build {
                table.retain(|key, _| !TARGET_DROPPED.contains(&key));
            }
        }
        let dir = &self.project.packages[index].dir;
        let path = relative(dir, &self.source(index, role, target));
        table.insert("path".into(), Value::String(path));
        table
    }

    /// Adds what only the root's manifest has.
    pub(super) fn root_tables(&self, mut manifest: Table) -> Table {
        let project = self.project;
        let mut members = Vec::new();
        let mut exclude = Vec::new();
        for index in self.roles.keys() {
            let package = &project.packages[*index];
            if package.dir == project.root {
                continue;
            }
            let path = Value::String(relative(&project.root, &package.dir));
            if package.is_member {
                members.push(path);
            } else if project.is_below_root(&package.dir) {
                exclude.push(path);
            }
        }
        let mut workspace = Table::new();
        workspace.insert("members".into(), Value::Array(members));
        if !exclude.is_empty() {
            workspace.insert("exclude".into(), Value::Array(exclude));
        }
        workspace.insert("resolver".into(), Value::String(project.resolver.clone()));
        manifest.insert("workspace".into(), Value::Table(workspace));
        if !project.cargo_features.is_empty() {
            let features = project.cargo_features.iter().cloned().map(Value::String);
            manifest.insert("cargo-features".into(), Value::Array(features.collect()));
        }
        for (key, table) in [
            ("profile", self.profiles()),
            ("patch", self.patches()),
            ("replace", self.replacements()),
        ] {
            if !table.is_empty() {
                manifest.insert(key.into(), Value::Table(table));
            }
        }
        manifest
    }

    /// The profiles that are used, with all that they inherit from.
    pub(super) fn profiles(&self) -> Table {
        let mut wanted: Vec<&str> = self
            .selections
            .iter()
            .map(|selection| selection.profile.as_str())
            .collect();
        if self.mode == RecipeFor::Test {
            wanted.extend(["test", "bench"]);
        }
        let mut profiles = Table::new();
        let mut seen = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            let written = self.project.profiles.get(name);
            if !seen.insert(name) {
                continue;
            }
            match name {
                "test" | "debug" => wanted.push("dev"),
                "bench" => wanted.push("release"),
                _ => {}
            }
            // The configuration may say from what another one inherits.
            let configs = self.project.configs.iter();
            let configured = configs.filter_map(|config| config.table.get("profile")?.get(name));
            let inherits = configured.filter_map(|profile| profile.get("inherits")?.as_str());
            wanted.extend(inherits);
            if let Some(written) = written {
                wanted.extend(written.get("inherits").and_then(Value::as_str));
                profiles.insert(name.to_owned(), written.clone());
            }
        }
        profiles
    }

    /// The patches of packages in reach.
    pub(super) fn patches(&self) -> Table {
        let mut patches = self.project.patch.clone();
        self.keep_patches(&mut patches, &self.project.root);
        patches
    }

    /// Drops the patches of packages out of reach; paths are relative to `dir`.
    pub(super) fn keep_patches(&self, patches: &mut Table, dir: &str) {
        for (_, source) in patches.iter_mut() {
            if let Value::Table(packages) = source {
                self.keep_replacements(packages, dir);
            }
        }
        patches.retain(|_, source| source.as_table().is_none_or(|table| !table.is_empty()));
    }

    fn replacements(&self) -> Table {
        let mut replace = self.project.replace.clone();
        self.keep_replacements(&mut replace, &self.project.root);
        replace
    }

    fn keep_replacements(&self, packages: &mut Table, dir: &str) {
        let names = self.names();
        packages.retain(|key, value| {
            if let Some(path) = value.get("path").and_then(Value::as_str) {
                let dir = crate::source::join(dir, path);
                let package = dir.and_then(|dir| self.project.package_at(&dir));
                return package.is_some_and(|package| self.roles.contains_key(&package));
            }
            // `[replace]` has `name:version`, or an address with `#name:version`.
            let spec = key.rsplit(['#', '/']).next().unwrap_or(key);
            let spec = spec.split([':', '@']).next().unwrap_or(spec);
            let name = value.get("package").and_then(Value::as_str).unwrap_or(spec);
            names.contains(name)
        });
    }
}
