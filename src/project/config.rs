//! Cargo's configuration files.

use super::document::{Document, Node};
use super::workspace::ancestors;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceFile, SourceTree, file_name, join, parent};

/// A configuration file of Cargo.
#[derive(Clone, Debug, PartialEq)]
pub struct CargoConfig {
    /// The file, behind links.
    pub file: SourceFile,
    /// Context path at which Cargo finds it.
    pub path: String,
    /// Context directory that paths in it are relative to: the one that `.cargo` is in.
    pub dir: String,
    /// What it says.
    pub table: toml::Table,
    /// Context paths that it names and that exist: vendored sources, linkers, wrappers, target files.
    pub paths: Vec<String>,
    /// Context paths of certificates and credential programs, which downloads need.
    pub network_paths: Vec<String>,
    /// Directories of local packages that its `[patch]` names.
    pub patched_dirs: Vec<String>,
}

/// Reads the files of `dir` and all directories above it, nearest first, each before what it includes.
///
/// In one directory `.cargo/config` wins over `.cargo/config.toml` (cargo, `GlobalContext::get_file_path`).
pub(super) fn load(tree: &SourceTree, dir: &str, found: &mut Diagnostics) -> Vec<CargoConfig> {
    let mut configs = Vec::new();
    for dir in ancestors(dir) {
        let at = |name| join(dir, name).and_then(|path| tree.read(&path));
        let (old, new) = (at(".cargo/config"), at(".cargo/config.toml"));
        // Cargo itself recommends that one is a link to the other.
        if let (Some(old), Some(new)) = (old, new)
            && old.name() != new.name()
        {
            found.push(
                Diagnostic::warning(
                    "two-configs",
                    format!(
                        "Cargo reads `{}` and ignores `config.toml` beside it",
                        old.name()
                    ),
                )
                .help("delete one of them"),
            );
        }
        let found_first = match old {
            Some(old) => Some((".cargo/config", old)),
            None => new.map(|new| (".cargo/config.toml", new)),
        };
        if let Some((name, file)) = found_first {
            let path = join(dir, name).unwrap_or_default();
            read(tree, &path, file, &mut configs, found);
        }
    }
    configs
}

/// Reads the file at `path`, which may be a link to `file`; where a directory is the link, nothing can be written below
/// it, and the file's own path stands for it.
fn read(
    tree: &SourceTree,
    path: &str,
    file: &SourceFile,
    configs: &mut Vec<CargoConfig>,
    found: &mut Diagnostics,
) {
    if configs
        .iter()
        .any(|config| config.file.name() == file.name())
    {
        return;
    }
    let document = match Document::parse(file) {
        Ok(document) => document,
        Err(diagnostic) => return found.push(diagnostic),
    };
    let path = match tree.real(parent(path)) == parent(path) {
        true => path,
        false => file.name(),
    };
    let dir = parent(parent(path)).to_owned();
    let table = document.to_toml();
    let wanted = [paths(&document), flagged(&table)].concat();
    configs.push(CargoConfig {
        file: file.clone(),
        path: path.to_owned(),
        paths: existing(tree, &dir, wanted),
        network_paths: existing(tree, &dir, network_paths(&document)),
        patched_dirs: patched(&document, &dir),
        table,
        dir: dir.clone(),
    });
    // Cargo looks at those alone that take the place of others.
    let sources = || sub(&document, "source");
    let replacing = |name: &str| {
        sources().any(|(_, source)| source.get("replace-with").and_then(Node::text) == Some(name))
    };
    for (name, source) in sources().filter(|(name, _)| replacing(name)) {
        for key in ["directory", "local-registry"] {
            let Some(node) = source.get(key) else {
                continue;
            };
            let path = node.text().and_then(|named| join(&dir, named));
            let Some(path) = path.filter(|path| !path.is_empty()) else {
                continue;
            };
            if !tree.has(parent(&path), file_name(&path)) {
                let message = format!(
                    "`{path}`, the `{key}` of the source `{name}`, is not in the build context"
                );
                let error = Diagnostic::error("missing-config", message)
                    .help("run `cargo vendor`, and check `.gitignore` and `.dockerignore`");
                found.push(error.at(document.at(node.span)));
            }
        }
    }
    // A later one wins.
    for (name, optional, node) in includes(&document).into_iter().rev() {
        let included = join(parent(path), &name);
        match included
            .as_deref()
            .and_then(|path| Some((path, tree.read(path)?)))
        {
            Some((path, file)) => read(tree, path, file, configs, found),
            None if optional => {}
            None => found.push(
                Diagnostic::error(
                    "missing-config",
                    format!("the included file `{name}` is not in the build context"),
                )
                .at(document.at(node.span))
                .help("check `.dockerignore`"),
            ),
        }
    }
}

/// `include` is a path, or a list of paths and of tables with `path` and `optional`.
fn includes(document: &Document) -> Vec<(String, bool, &Node)> {
    let Some(node) = document.get(&["include"]) else {
        return Vec::new();
    };
    let one = |node: &'_ Node| {
        let path = node.text().or_else(|| node.get("path")?.text())?;
        let optional = node.get("optional").and_then(Node::flag) == Some(true);
        Some((path.to_owned(), optional))
    };
    std::iter::once(node)
        .chain(node.list())
        .filter_map(|node| one(node).map(|(path, optional)| (path, optional, node)))
        .collect()
}

/// What Cargo reads of the project when it downloads.
fn network_paths(document: &Document) -> Vec<&str> {
    let mut wanted: Vec<&str> = ["cainfo", "proxy-cainfo"]
        .iter()
        .filter_map(|key| document.get(&["http", key])?.text())
        .collect();
    let registries = sub(document, "registries").map(|(_, registry)| registry);
    for registry in registries.chain(document.get(&["registry"])) {
        wanted.extend(registry.get("credential-provider").and_then(program));
    }
    wanted
}

/// Paths of files and directories that the dependency build has to have.
fn paths(document: &Document) -> Vec<&str> {
    let mut wanted: Vec<&str> = Vec::new();
    for (_, source) in sub(document, "source") {
        wanted.extend(source.get("directory").and_then(Node::text));
        wanted.extend(source.get("local-registry").and_then(Node::text));
    }
    for (_, target) in sub(document, "target") {
        for key in ["linker", "runner"] {
            wanted.extend(target.get(key).and_then(program));
        }
    }
    for key in [
        "rustc",
        "rustc-wrapper",
        "rustc-workspace-wrapper",
        "rustdoc",
    ] {
        wanted.extend(document.get(&["build", key]).and_then(program));
    }
    if let Some(target) = document.get(&["build", "target"]) {
        let triples = std::iter::once(target).chain(target.list());
        wanted.extend(
            triples
                .filter_map(Node::text)
                .filter(|t| t.ends_with(".json")),
        );
    }
    for (_, value) in sub(document, "env") {
        if value.get("relative").and_then(Node::flag) == Some(true) {
            wanted.extend(value.get("value").and_then(Node::text));
        }
    }
    if let Some(overrides) = document.get(&["paths"]) {
        wanted.extend(overrides.list().iter().filter_map(Node::text));
    }
    wanted
}

/// The paths that compiler flags of a configuration may name.
fn flagged(table: &toml::Table) -> Vec<&str> {
    let targets = table.get("target").and_then(toml::Value::as_table);
    let targets = targets.into_iter().flatten().map(|(_, target)| target);
    let tables = targets.chain(table.get("build"));
    tables.flat_map(rustflags).filter_map(named).collect()
}

/// The words of a table's `rustflags`.
pub(crate) fn rustflags(table: &toml::Value) -> Vec<&str> {
    match table.get("rustflags") {
        Some(toml::Value::String(flags)) => flags.split_whitespace().collect(),
        Some(toml::Value::Array(flags)) => flags.iter().filter_map(toml::Value::as_str).collect(),
        _ => vec![],
    }
}

/// The path that a flag may name: a linker's script, a list of symbols, an object, a directory of libraries.
fn named(flag: &str) -> Option<&str> {
    let word = flag.rsplit(['=', ',']).next().unwrap_or(flag);
    let path = ["-T", "-L"].iter().find_map(|flag| word.strip_prefix(flag));
    let path = path.unwrap_or(word);
    // Words like `native` may be directories of the project, too.
    path.contains(['.', '/']).then_some(path)
}

/// Those that are in the context, relative to its root.
fn existing(tree: &SourceTree, dir: &str, wanted: Vec<&str>) -> Vec<String> {
    let mut paths: Vec<String> = wanted
        .into_iter()
        .filter_map(|path| join(dir, path))
        .filter(|path| !path.is_empty() && tree.has(parent(path), file_name(path)))
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// A program of a config value that is a path: cargo looks others up in `PATH`.
fn program(node: &Node) -> Option<&str> {
    let program = node.text().or_else(|| node.list().first()?.text())?;
    program.split(' ').next().filter(|path| path.contains('/'))
}

fn patched(document: &Document, dir: &str) -> Vec<String> {
    sub(document, "patch")
        .flat_map(|(_, packages)| packages.entries())
        .filter_map(|(_, entry)| join(dir, entry.node.get("path")?.text()?))
        .collect()
}

fn sub<'a>(document: &'a Document, key: &'a str) -> impl Iterator<Item = (&'a String, &'a Node)> {
    document
        .get(&[key])
        .into_iter()
        .flat_map(Node::entries)
        .map(|(name, entry)| (name, &entry.node))
}
