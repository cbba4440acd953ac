//! `Cargo.lock`, all of its versions (cargo, `src/workspace/resolver/encode.rs` describes them).

use super::document::{Document, Node};
use super::manifest::is_name;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceFile, Span};
use std::collections::BTreeMap;

/// A parsed `Cargo.lock`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lockfile {
    /// The file.
    pub file: SourceFile,
    /// Its `version`; `None` in files that have none (versions 1 and 2).
    pub version: Option<i64>,
    /// `[[package]]`, in the order of the file.
    pub packages: Vec<LockedPackage>,
    /// `[[patch.unused]]`: name and whole entry.
    pub unused_patches: Vec<(String, toml::Table)>,
    /// `[metadata]`: checksums in version 1.
    pub metadata: BTreeMap<String, String>,
    /// Which of `packages` have a name: a workspace of a thousand members asks a million times.
    by_name: BTreeMap<String, Vec<usize>>,
}

/// A package that the lock pins.
#[derive(Clone, Debug, PartialEq)]
pub struct LockedPackage {
    /// Name.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// `registry+…`, `sparse+…` or `git+…#commit`; `None` for local packages.
    pub source: Option<String>,
    /// Checksum of the registry's archive.
    pub checksum: Option<String>,
    /// `replace`: what stands in for it, by `[replace]`.
    pub replace: Option<usize>,
    /// What it depends on, as indices into [`Lockfile::packages`], in the order of the file.
    pub dependencies: Vec<usize>,
    /// Place of its name.
    pub span: Span,
}

impl LockedPackage {
    /// Whether its source is in the build context.
    pub fn is_local(&self) -> bool {
        self.source.is_none()
    }

    /// Its source without the git commit.
    pub fn source_without_commit(&self) -> Option<&str> {
        let source = self.source.as_deref()?;
        Some(source.split_once('#').map_or(source, |(url, _)| url))
    }
}

impl Lockfile {
    /// Parses a lock; packages that it cannot make sense of are left out and reported.
    pub(super) fn parse(file: &SourceFile, found: &mut Diagnostics) -> Option<Self> {
        let document = match Document::parse(file) {
            Ok(document) => document,
            Err(diagnostic) => {
                found.push(diagnostic);
                return None;
            }
        };
        // The oldest files have their root package in a table of its own.
        let root = document.get(&["root"]).into_iter();
        let listed = document
            .get(&["package"])
            .map(Node::list)
            .unwrap_or_default();
        let nodes: Vec<&Node> = listed.iter().chain(root).collect();
        let mut packages = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let text = |key| node.get(key).and_then(Node::text);
            let (Some(name), Some(version)) = (text("name"), text("version")) else {
                found.push(invalid(
                    &document,
                    node.span,
                    "a package needs `name` and `version`",
                ));
                return None;
            };
            if !is_name(name) || version.contains(char::is_control) {
                let message = format!("{name:?} {version:?} is not a package");
                found.push(invalid(&document, node.span, &message));
                return None;
            }
            packages.push(LockedPackage {
                name: name.to_owned(),
                version: version.to_owned(),
                source: text("source").map(str::to_owned),
                checksum: text("checksum").map(str::to_owned),
                replace: None,
                dependencies: Vec::new(),
                span: node.get("name").map_or(node.span, |name| name.span),
            });
        }
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, package) in packages.iter().enumerate() {
            by_name.entry(package.name.clone()).or_default().push(index);
        }
        let mut lock = Self {
            by_name,
            file: file.clone(),
            version: match document.get(&["version"]).map(Node::to_toml) {
                Some(toml::Value::Integer(version)) => Some(version),
                _ => None,
            },
            packages,
            unused_patches: unused_patches(&document),
            metadata: document
                .get(&["metadata"])
                .into_iter()
                .flat_map(Node::entries)
                .filter_map(|(key, entry)| Some((key.clone(), entry.node.text()?.to_owned())))
                .collect(),
        };
        let mut links = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let mut dependencies = Vec::new();
            for reference in node.get("dependencies").map(Node::list).unwrap_or_default() {
                match reference.text().and_then(|text| lock.find(text)) {
                    Some(index) => dependencies.push(index),
                    None => found.push(invalid(
                        &document,
                        reference.span,
                        "this dependency is not in the lock file",
                    )),
                }
            }
            let replace = node.get("replace").and_then(Node::text);
            links.push((dependencies, replace.and_then(|text| lock.find(text))));
        }
        for (package, (dependencies, replace)) in lock.packages.iter_mut().zip(links) {
            package.dependencies = dependencies;
            package.replace = replace;
        }
        Some(lock)
    }

    /// A local package by name and version.
    pub fn local(&self, name: &str, version: &str) -> Option<usize> {
        self.named(name).iter().copied().find(|index| {
            let package = &self.packages[*index];
            package.is_local() && package.version == version
        })
    }

    /// The checksum of a package's archive, wherever this version of the format has it.
    pub fn checksum(&self, name: &str, version: &str, source: &str) -> Option<String> {
        let named = self.named(name).iter().map(|index| &self.packages[*index]);
        let mut named = named.filter(|package| package.version == version);
        let found = named.find(|package| package.source.as_deref() == Some(source))?;
        let apart = || {
            let key = format!("checksum {name} {version} ({source})");
            self.metadata.get(&key).cloned()
        };
        found.checksum.clone().or_else(apart)
    }

    /// The packages of a name, in the order of the file.
    pub fn named(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Resolves `name`, `name version` or `name version (source)`: as much as is needed to be unambiguous.
    fn find(&self, reference: &str) -> Option<usize> {
        let mut parts = reference.splitn(3, ' ');
        let name = parts.next()?;
        let version = parts.next();
        let source = parts
            .next()
            .map(|source| source.trim_start_matches('(').trim_end_matches(')'));
        let fits = |index: &&usize| {
            let package = &self.packages[**index];
            version.is_none_or(|version| package.version == version)
                && source.is_none_or(|source| {
                    package.source.as_deref() == Some(source)
                        || package.source_without_commit() == Some(source)
                })
        };
        let candidates: Vec<usize> = self.named(name).iter().filter(fits).copied().collect();
        match candidates[..] {
            [one] => Some(one),
            // Cargo leaves the source out for a local package even beside others of its name and version.
            _ => candidates
                .into_iter()
                .find(|index| source.is_none() && self.packages[*index].is_local()),
        }
    }
}

fn unused_patches(document: &Document) -> Vec<(String, toml::Table)> {
    let unused = document.get(&["patch", "unused"]).map(Node::list);
    unused
        .unwrap_or_default()
        .iter()
        .filter_map(|node| Some((node.get("name")?.text()?.to_owned(), node.to_table())))
        .collect()
}

fn invalid(document: &Document, span: Span, message: &str) -> Diagnostic {
    Diagnostic::error("invalid-lock", message)
        .at(document.at(span))
        .help("take it from the last commit (`git checkout Cargo.lock`), or remove it, run `cargo generate-lockfile` and commit it")
}
