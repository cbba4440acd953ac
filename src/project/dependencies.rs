//! The dependency tables of a manifest.

use super::document::relative;
use super::document::{Entry, Node};
use super::inherit::Manifest;
use super::{Dependency, DependencyKind, DependencySource, places};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Names of the tables; the second spelling is the old one.
const TABLES: [(DependencyKind, [&str; 2]); 3] = [
    (DependencyKind::Normal, ["dependencies", "dependencies"]),
    (
        DependencyKind::Dev,
        ["dev-dependencies", "dev_dependencies"],
    ),
    (
        DependencyKind::Build,
        ["build-dependencies", "build_dependencies"],
    ),
];

/// All dependencies of a package.
pub(super) fn read(
    manifest: Manifest<'_>,
    edition: &str,
    found: &mut Diagnostics,
) -> Vec<Dependency> {
    let root = &manifest.document.root;
    let mut dependencies = tables(manifest, root, None, edition, found);
    for (target, entry) in root.get("target").into_iter().flat_map(Node::entries) {
        dependencies.extend(tables(manifest, &entry.node, Some(target), edition, found));
    }
    dependencies
}

fn tables(
    manifest: Manifest<'_>,
    node: &Node,
    target: Option<&str>,
    edition: &str,
    found: &mut Diagnostics,
) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    for (kind, keys) in TABLES {
        for (name, entry) in node.any(&keys).into_iter().flat_map(Node::entries) {
            dependencies.extend(one(manifest, kind, target, name, entry, edition, found));
        }
    }
    dependencies
}

fn one(
    manifest: Manifest<'_>,
    kind: DependencyKind,
    target: Option<&str>,
    name: &str,
    entry: &Entry,
    edition: &str,
    found: &mut Diagnostics,
) -> Option<Dependency> {
    // The node lives as long as the document, which `manifest` borrows.
    let mut table = manifest.dependency(name, &entry.node, edition, found)?;
    let text = |key: &str| {
        table
            .get(key)
            .and_then(toml::Value::as_str)
            .map(str::to_owned)
    };
    let flag = |key: &str| table.get(key).and_then(toml::Value::as_bool);
    let package = text("package").unwrap_or_else(|| name.to_owned());
    let mut placed = None;
    let source = if let (Some(path), None) = (text("path"), text("base")) {
        match places::find(manifest.tree, manifest.dir, &path, &package) {
            Some(dir) => {
                if manifest.tree.named_above(&dir).is_some() {
                    placed = Some(relative(manifest.dir, &dir));
                }
                DependencySource::Path { dir }
            }
            None => {
                if manifest.is_member || kind != DependencyKind::Dev {
                    found.push(outside(manifest, name, &package, &path, entry));
                }
                DependencySource::Outside { path }
            }
        }
    } else if let Some(url) = text("git") {
        DependencySource::Git { url }
    } else {
        let registry = text("registry").or_else(|| text("registry-index"));
        DependencySource::Registry { registry }
    };
    let features = table
        .get("features")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|feature| feature.as_str().map(str::to_owned))
        .collect();
    let version = text("version");
    let optional = flag("optional").unwrap_or(false);
    let default_features = flag("default-features").unwrap_or(true);
    if let Some(path) = placed {
        table.insert("path".into(), toml::Value::String(path));
    }
    Some(Dependency {
        kind,
        target: target.map(str::to_owned),
        name: name.to_owned(),
        package,
        version,
        optional,
        features,
        default_features,
        source,
        span: entry.key,
        table,
    })
}

fn outside(
    manifest: Manifest<'_>,
    name: &str,
    package: &str,
    path: &str,
    entry: &Entry,
) -> Diagnostic {
    Diagnostic::error(
        "path-outside-context",
        format!("dependency `{name}` is at `{path}`, outside of the build context"),
    )
    .at(manifest.document.at(entry.key))
    .help(format!(
        "add `--build-context {package}=DIRECTORY`, make a workspace of both in a directory that holds them and build that, or \
         depend on it by `git` or `version`"
    ))
}
