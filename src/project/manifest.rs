//! One `Cargo.toml`.

use super::document::{Document, Node, Value};
use super::inherit::Manifest;
use super::targets::Scope;
use super::{Metadata, Package, TargetKind, dependencies};
use crate::diagnostic::{Diagnostic, Diagnostics};
use std::collections::BTreeMap;

/// Sections that a [`Package`] holds in another form, or that only a workspace root has.
const ELSEWHERE: [&str; 16] = [
    "dependencies",
    "dev-dependencies",
    "dev_dependencies",
    "build-dependencies",
    "build_dependencies",
    "target",
    "lib",
    "bin",
    "example",
    "test",
    "bench",
    "workspace",
    "profile",
    "patch",
    "replace",
    "badges",
];

/// What the names of packages and targets are made of.
pub(super) const NAME_HELP: &str = "use letters, digits, `-` and `_`";

/// Whether Cargo takes a name for a package's (cargo-util-schemas, src/restricted_names.rs).
pub(super) fn is_name(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_alphanumeric() || "-_".contains(c))
}

/// Reads a package; `None` (and a report) if the manifest has no usable `[package]`.
pub(super) fn package(manifest: Manifest<'_>, found: &mut Diagnostics) -> Option<Package> {
    let document = manifest.document;
    let Some(section) = document.root.any(&["package", "project"]) else {
        found.push(
            Diagnostic::error("invalid-manifest", "this manifest has no `[package]`")
                .at(document.file.whole())
                .help("add `[package]` with `name`, or list the packages under `[workspace]`"),
        );
        return None;
    };
    let Some((name_node, name)) = section
        .get("name")
        .and_then(|node| Some((node, node.text()?)))
    else {
        found.push(
            Diagnostic::error("invalid-manifest", "`package.name` is missing")
                .at(document.at(section.span))
                .help("write `name = \"…\"` under `[package]`"),
        );
        return None;
    };
    if !is_name(name) {
        let message = format!("{name:?} is not a valid package name");
        let error = Diagnostic::error("invalid-manifest", message).help(NAME_HELP);
        found.push(error.at(document.at(name_node.span)));
        return None;
    }
    let edition = manifest
        .text("edition", found)
        .unwrap_or_else(|| "2015".into());
    let scope = Scope {
        tree: manifest.tree,
        dir: manifest.dir,
        document,
        name,
        edition: &edition,
        is_member: manifest.is_member,
    };
    let targets = scope.targets(found);
    let lib = targets.iter().find(|target| target.kind == TargetKind::Lib);
    let default_run = section.get("default-run").and_then(Node::text);
    Some(Package {
        version: manifest
            .text("version", found)
            .unwrap_or_else(|| "0.0.0".into()),
        dir: manifest.dir.to_owned(),
        workspace: None,
        source_links: vec![],
        manifest: document.file.clone(),
        name_span: name_node.span,
        features: features(document),
        default_run: default_run.map(str::to_owned),
        dependencies: dependencies::read(manifest, &edition, found),
        proc_macro: lib.is_some_and(|lib| lib.crate_types == ["proc-macro"]),
        links: section.get("links").and_then(Node::text).map(str::to_owned),
        metadata: metadata(manifest, found),
        is_member: false,
        table: table(manifest, section),
        name: name.to_owned(),
        edition,
        targets,
    })
}

fn features(document: &Document) -> BTreeMap<String, Vec<String>> {
    document
        .get(&["features"])
        .into_iter()
        .flat_map(Node::entries)
        .map(|(name, entry)| (name.clone(), entry.node.texts()))
        .collect()
}

fn metadata(manifest: Manifest<'_>, found: &mut Diagnostics) -> Metadata {
    Metadata {
        description: manifest.text("description", found),
        license: manifest.text("license", found),
        repository: manifest.text("repository", found),
        homepage: manifest.text("homepage", found),
        documentation: manifest.text("documentation", found),
        authors: manifest
            .field("authors", found)
            .map(Node::texts)
            .unwrap_or_default(),
        rust_version: manifest.text("rust-version", found),
    }
}

/// The manifest without what the package holds elsewhere, `x.workspace = true` replaced by what it stands for.
///
/// Fields that cannot be inherited are left out here; those that matter are reported where they are read.
fn table(manifest: Manifest<'_>, section: &Node) -> toml::Table {
    let document = manifest.document;
    let mut table = document.to_toml();
    table.retain(|key, _| !ELSEWHERE.contains(&key));
    table.remove("project");
    let mut package = toml::Table::new();
    let mut ignored = Diagnostics::default();
    for (key, entry) in section.entries() {
        // Only these kinds of values are inherited; `metadata` is a table of the user's own.
        let value = match (&entry.node.value, key.as_str()) {
            (Value::Table(_), "readme" | "license-file") => {
                manifest.inherited_path(key).map(toml::Value::String)
            }
            (Value::Table(_), key) if key != "metadata" => {
                let inherited = manifest.field(key, &mut ignored);
                inherited.map(Node::to_toml)
            }
            _ => Some(entry.node.to_toml()),
        };
        if let Some(value) = value {
            package.insert(key.clone(), value);
        }
    }
    table.insert("package".into(), toml::Value::Table(package));
    if document.get(&["lints", "workspace"]).and_then(Node::flag) == Some(true) {
        let lints = manifest
            .root
            .and_then(|(_, root)| root.get(&["workspace", "lints"]));
        match lints {
            Some(lints) => table.insert("lints".into(), lints.to_toml()),
            None => table.remove("lints"),
        };
    }
    table
}
