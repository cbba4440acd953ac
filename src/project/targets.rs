//! Which crates a package has, by its manifest and by the names of its files.
//!
//! Follows cargo's `src/workspace/parser/targets.rs`.

use super::document::{Document, Node};
use super::manifest::NAME_HELP;
use super::{Target, TargetKind};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::source::{EntryKind, SourceTree, Span, file_name, join, parent};
use std::collections::BTreeSet;

/// The package whose targets are wanted.
pub(super) struct Scope<'a> {
    pub(super) tree: &'a SourceTree,
    pub(super) dir: &'a str,
    pub(super) document: &'a Document,
    pub(super) name: &'a str,
    pub(super) edition: &'a str,
    pub(super) is_member: bool,
}

/// A kind of target that may have several sections.
struct Kind {
    kind: TargetKind,
    section: &'static str,
    auto: &'static str,
    dir: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        kind: TargetKind::Bin,
        section: "bin",
        auto: "autobins",
        dir: "src/bin",
    },
    Kind {
        kind: TargetKind::Example,
        section: "example",
        auto: "autoexamples",
        dir: "examples",
    },
    Kind {
        kind: TargetKind::Test,
        section: "test",
        auto: "autotests",
        dir: "tests",
    },
    Kind {
        kind: TargetKind::Bench,
        section: "bench",
        auto: "autobenches",
        dir: "benches",
    },
];

/// A target before its path is known.
struct Candidate {
    name: String,
    path: Option<String>,
    table: toml::Table,
    span: Span,
    required_features: Vec<String>,
}

impl Scope<'_> {
    /// All targets, in cargo's order.
    pub(super) fn targets(&self, found: &mut Diagnostics) -> Vec<Target> {
        let mut targets: Vec<Target> = self.library(found).into_iter().collect();
        let has_lib = !targets.is_empty();
        for kind in &KINDS {
            targets.extend(self.several(kind, has_lib, found));
        }
        targets.extend(self.build_scripts());
        targets
    }

    fn package(&self, key: &str) -> Option<&Node> {
        self.document.root.any(&["package", "project"])?.get(key)
    }

    /// A path of the manifest as a context path. What is outside of the context stays as it is written: cargo
    /// would take it, and the compile step says what is missing.
    fn path(&self, path: &str) -> String {
        join(self.dir, path).unwrap_or_else(|| path.to_owned())
    }

    fn exists(&self, path: &str) -> bool {
        let path = self.path(path);
        self.tree.has(parent(&path), file_name(&path))
    }

    fn library(&self, found: &mut Diagnostics) -> Option<Target> {
        let section = self.document.root.get("lib");
        let auto = self.package("autolib").and_then(Node::flag) != Some(false);
        let inferred = self.exists("src/lib.rs");
        if section.is_none() && !(auto && inferred) {
            return None;
        }
        let get = |keys: &[&str]| section.and_then(|section| section.any(keys));
        let name = get(&["name"]).and_then(Node::text);
        let name = name.map_or_else(|| self.name.replace('-', "_"), str::to_owned);
        let legacy = format!("src/{name}.rs");
        let path = match get(&["path"]).and_then(Node::text) {
            Some(path) => path.to_owned(),
            None if inferred => "src/lib.rs".to_owned(),
            None if self.edition == "2015" && self.exists(&legacy) => legacy,
            None => {
                let span = section.map(|section| section.span).unwrap_or_default();
                found.push(
                    Diagnostic::error(
                        "missing-target-file",
                        format!("no file for library `{name}`"),
                    )
                    .at(self.document.at(span))
                    .help("name it `src/lib.rs`, or set `lib.path`"),
                );
                return None;
            }
        };
        let proc_macro = get(&["proc-macro", "proc_macro"]).and_then(Node::flag) == Some(true);
        let crate_types = match get(&["crate-type", "crate_type"]).map(crate_types) {
            Some(types) if !types.is_empty() => types,
            _ if proc_macro => vec!["proc-macro".into()],
            _ => vec!["lib".into()],
        };
        Some(Target {
            kind: TargetKind::Lib,
            name,
            path: self.path(&path),
            crate_types,
            harness: get(&["harness"]).and_then(Node::flag) != Some(false),
            required_features: Vec::new(),
            table: section.map(Node::to_table).unwrap_or_default(),
        })
    }

    /// Binaries, examples, tests or benches: declared ones and those that their files show.
    fn several(&self, kind: &Kind, has_lib: bool, found: &mut Diagnostics) -> Vec<Target> {
        let inferred = self.inferred(kind);
        let section = self.document.root.get(kind.section);
        let auto = self.package(kind.auto).and_then(Node::flag);
        let mut candidates = Vec::new();
        if let Some(section) = section {
            candidates = self.declared(kind, section, found);
            let names: BTreeSet<String> = candidates.iter().map(|one| one.name.clone()).collect();
            let paths: BTreeSet<String> = candidates
                .iter()
                .filter_map(|one| one.path.clone())
                .collect();
            // In the edition 2015, declaring one target switches discovery off.
            if auto.unwrap_or(self.edition != "2015") {
                let more = inferred
                    .iter()
                    .filter(|(name, path)| !names.contains(name) && !paths.contains(path));
                candidates.extend(more.map(discovered));
            }
        } else if auto != Some(false) {
            candidates = inferred.iter().map(discovered).collect();
        }
        candidates.sort_by(|a, b| a.name.cmp(&b.name));
        for pair in candidates.windows(2) {
            if pair[0].name == pair[1].name {
                found.push(
                    Diagnostic::error(
                        "duplicate-target",
                        format!(
                            "two targets of the kind `{}` are called `{}`",
                            kind.section, pair[0].name
                        ),
                    )
                    .at(self.document.at(pair[0].span.max(pair[1].span)))
                    .help("rename one"),
                );
            }
        }
        let resolve = |candidate| self.resolve(kind, candidate, &inferred, has_lib, found);
        candidates.into_iter().filter_map(resolve).collect()
    }

    fn declared(&self, kind: &Kind, section: &Node, found: &mut Diagnostics) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for node in section.list() {
            let Some(name) = node.get("name").and_then(Node::text) else {
                found.push(
                    Diagnostic::error(
                        "invalid-manifest",
                        format!("a `[[{}]]` section needs a `name`", kind.section),
                    )
                    .at(self.document.at(node.span))
                    .help("write `name = \"…\"` in this section"),
                );
                continue;
            };
            if name.contains(char::is_control) {
                let message = format!("the name {name:?} has a control character");
                let error = Diagnostic::error("invalid-manifest", message).help(NAME_HELP);
                found.push(error.at(self.document.at(node.span)));
                continue;
            }
            candidates.push(Candidate {
                name: name.to_owned(),
                path: node
                    .get("path")
                    .and_then(Node::text)
                    .map(|path| self.path(path)),
                table: node.to_table(),
                span: node.get("name").map_or(node.span, |name| name.span),
                required_features: node
                    .get("required-features")
                    .map(Node::texts)
                    .unwrap_or_default(),
            });
        }
        candidates
    }

    fn resolve(
        &self,
        kind: &Kind,
        candidate: Candidate,
        inferred: &[(String, String)],
        has_lib: bool,
        found: &mut Diagnostics,
    ) -> Option<Target> {
        let Candidate {
            name,
            path,
            table,
            span,
            required_features,
        } = candidate;
        let fitting: Vec<&String> = inferred
            .iter()
            .filter(|(other, _)| *other == name)
            .map(|(_, path)| path)
            .collect();
        let path = match (path, &fitting[..]) {
            (Some(path), _) => path,
            (None, [path]) => (*path).clone(),
            (None, several) => match self.legacy(kind.kind, &name, has_lib) {
                Some(path) => path,
                None => {
                    if self.is_member || kind.kind == TargetKind::Bin {
                        found.push(self.no_file(kind, &name, several, inferred, span));
                    }
                    return None;
                }
            },
        };
        let flag = |key: &str| table.get(key).and_then(toml::Value::as_bool);
        let types = table.get("crate-type").or_else(|| table.get("crate_type"));
        let types: Vec<String> = match types {
            Some(toml::Value::String(one)) => vec![one.clone()],
            Some(toml::Value::Array(types)) => types
                .iter()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        };
        Some(Target {
            kind: kind.kind,
            crate_types: if kind.kind == TargetKind::Example && !types.is_empty() {
                types
            } else {
                vec!["bin".into()]
            },
            harness: flag("harness").unwrap_or(true),
            required_features,
            name,
            path,
            table,
        })
    }

    /// Places that cargo took by mistake and keeps taking in the edition 2015.
    fn legacy(&self, kind: TargetKind, name: &str, has_lib: bool) -> Option<String> {
        if self.edition != "2015" {
            return None;
        }
        let named = format!("src/{name}.rs");
        let paths: Vec<&str> = match kind {
            TargetKind::Bin if has_lib => vec!["src/main.rs", "src/bin/main.rs"],
            TargetKind::Bin => vec![&named, "src/main.rs", "src/bin/main.rs"],
            TargetKind::Bench if name == "bench" => vec!["src/bench.rs"],
            _ => vec![],
        };
        let path = paths.into_iter().find(|path| self.exists(path))?;
        Some(self.path(path))
    }

    fn no_file(
        &self,
        kind: &Kind,
        name: &str,
        several: &[&String],
        inferred: &[(String, String)],
        span: Span,
    ) -> Diagnostic {
        let (section, dir) = (kind.section, kind.dir);
        let diagnostic = match several {
            [one, two, ..] => Diagnostic::error(
                "missing-target-file",
                format!("{section} `{name}` may be `{one}` or `{two}`"),
            ),
            _ => Diagnostic::error(
                "missing-target-file",
                format!("no file for {section} `{name}`"),
            ),
        };
        let names = inferred.iter().map(|(name, _)| name.as_str());
        let help = match nearest(name, names).filter(|_| several.is_empty()) {
            Some(other) => format!("did you mean `{other}`, or set `{section}.path`"),
            None => format!(
                "name it `{dir}/{name}.rs` or `{dir}/{name}/main.rs`, or set `{section}.path`"
            ),
        };
        diagnostic.at(self.document.at(span)).help(help)
    }

    /// Names and context paths of what the files show: `x.rs`, `x/main.rs`.
    fn inferred(&self, kind: &Kind) -> Vec<(String, String)> {
        let mut inferred = Vec::new();
        if kind.kind == TargetKind::Bin && self.exists("src/main.rs") {
            inferred.push((self.name.to_owned(), self.path("src/main.rs")));
        }
        let dir = self.path(kind.dir);
        for entry in self.tree.list(&dir) {
            let path = format!("{dir}/{}", entry.name);
            if entry.name.starts_with('.') {
                continue;
            }
            match entry.kind {
                // Behind a link there is none for Cargo (cargo, parser/targets.rs, `infer_any`).
                EntryKind::Dir if self.tree.has(&path, "main.rs") => {
                    inferred.push((entry.name.clone(), format!("{path}/main.rs")));
                }
                EntryKind::Dir => {}
                EntryKind::File | EntryKind::Symlink => {
                    if let Some(stem) = entry.name.strip_suffix(".rs") {
                        inferred.push((stem.to_owned(), path));
                    }
                }
            }
        }
        inferred.sort();
        inferred
    }

    /// The build scripts: `package.build`, or `build.rs` beside the manifest.
    fn build_scripts(&self) -> Vec<Target> {
        let paths: Vec<String> = match self.package("build") {
            None => {
                let entry = self.tree.entry(self.dir, "build.rs");
                let is_file = entry.is_some_and(|entry| entry.kind != EntryKind::Dir);
                is_file.then(|| "build.rs".to_owned()).into_iter().collect()
            }
            Some(node) => match (node.flag(), node.text()) {
                (Some(true), _) => vec!["build.rs".to_owned()],
                (_, Some(path)) => vec![path.to_owned()],
                _ => node.texts(),
            },
        };
        let script = |path: &String| {
            let file = file_name(path);
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            Target {
                kind: TargetKind::BuildScript,
                name: format!("build-script-{stem}"),
                path: self.path(path),
                crate_types: vec!["bin".into()],
                harness: true,
                required_features: Vec::new(),
                table: toml::Table::new(),
            }
        };
        paths.iter().map(script).collect()
    }
}

fn discovered((name, path): &(String, String)) -> Candidate {
    Candidate {
        name: name.clone(),
        path: Some(path.clone()),
        table: toml::Table::new(),
        span: Span::default(),
        required_features: Vec::new(),
    }
}

fn crate_types(node: &Node) -> Vec<String> {
    node.text()
        .map_or_else(|| node.texts(), |one| vec![one.to_owned()])
}
