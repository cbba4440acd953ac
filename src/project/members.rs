//! Which packages are members: lists, patterns, path dependencies.
//!
//! Follows cargo's `src/workspace/workspace.rs` (`find_members`, `find_path_deps`, `is_excluded`).

use super::document::{Document, Node};
use super::workspace::Loader;
use crate::diagnostic::Diagnostic;
use crate::source::{EntryKind, file_name, is_in, join, parent};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A workspace root's lists.
pub(super) struct Root {
    pub(super) dir: String,
    pub(super) document: Rc<Document>,
    members: Vec<Node>,
    exclude: Vec<String>,
}

impl Root {
    pub(super) fn new(dir: &str, document: Rc<Document>) -> Self {
        let list = |key| document.get(&["workspace", key]).map(Node::list);
        Self {
            dir: dir.to_owned(),
            members: list("members").unwrap_or_default().to_vec(),
            exclude: list("exclude")
                .unwrap_or_default()
                .iter()
                .filter_map(|node| node.text().map(str::to_owned))
                .collect(),
            document,
        }
    }

    /// Whether `exclude` names `dir` or a directory above it, and `members` does not (cargo, `is_excluded`:
    /// both as plain paths, without patterns).
    pub(super) fn is_excluded(&self, dir: &str) -> bool {
        let within = |path: &str| join(&self.dir, path).is_some_and(|path| is_in(dir, &path));
        let explicit = self.members.iter().filter_map(Node::text).any(within);
        !explicit && self.exclude.iter().any(|path| within(path))
    }
}

impl Loader<'_> {
    /// Members: listed ones, the root's own package, and their path dependencies below the root.
    pub(super) fn members(&mut self, root: &Root, has_workspace: bool) {
        let mut queue: Vec<String> = Vec::new();
        if has_workspace {
            for node in &root.members {
                let paths = self.expand(root, node);
                for (dir, from_glob) in paths {
                    if root.is_excluded(&dir) {
                        continue;
                    }
                    let dir = self.tree.real(&dir);
                    if self.document(&dir).is_none() {
                        self.no_member(root, node, &dir, from_glob);
                    }
                    queue.push(dir);
                }
            }
        }
        if root.document.root.any(&["package", "project"]).is_some() {
            queue.push(root.dir.clone());
        }
        let mut seen = BTreeSet::new();
        while let Some(dir) = queue.pop() {
            if !seen.insert(dir.clone()) || !self.package(&dir, true) {
                continue;
            }
            for (path, location, _) in self.path_dependencies(&dir) {
                if self.document(&path).is_none() {
                    self.no_dependency(&path, location);
                } else if has_workspace && !root.is_excluded(&path) && self.belongs(root, &path) {
                    queue.push(path);
                }
            }
        }
    }

    /// Whether a path dependency becomes a member: it is below the root, or its own root is this one.
    fn belongs(&mut self, root: &Root, dir: &str) -> bool {
        if self.tree.named_above(dir).is_some() {
            return false;
        }
        is_in(dir, &root.dir)
            || self
                .document(dir)
                .is_some_and(|document| self.find_root(dir, &document).as_ref() == Some(&root.dir))
    }

    /// Directories that an entry of `members` stands for, and whether it is a pattern.
    fn expand(&mut self, root: &Root, node: &Node) -> Vec<(String, bool)> {
        let Some(text) = node.text() else {
            return Vec::new();
        };
        if !text.contains(['*', '?', '[']) {
            return join(&root.dir, text).map_or_else(
                || {
                    self.found.push(
                        Diagnostic::error(
                            "path-outside-context",
                            format!("member `{text}` is outside of the build context"),
                        )
                        .at(root.document.at(node.span))
                        .help("build from the directory that holds all members"),
                    );
                    Vec::new()
                },
                |dir| vec![(dir, false)],
            );
        }
        let mut dirs = vec![root.dir.clone()];
        for part in text.split('/').filter(|part| !matches!(*part, "" | ".")) {
            let Ok(pattern) = glob::Pattern::new(part) else {
                self.found.push(
                    Diagnostic::error(
                        "invalid-manifest",
                        format!("`{text}` is not a valid glob pattern"),
                    )
                    .at(root.document.at(node.span))
                    .help("write a path, or a pattern such as `crates/*`"),
                );
                return Vec::new();
            };
            dirs = match part {
                "**" => dirs.iter().flat_map(|dir| self.below(dir)).collect(),
                _ if !part.contains(['*', '?', '[']) => {
                    dirs.iter().filter_map(|dir| join(dir, part)).collect()
                }
                _ => dirs
                    .iter()
                    .flat_map(|dir| self.matching(dir, &pattern))
                    .collect(),
            };
            // Several `**` would find a directory in as many ways as there are to cut its path.
            dirs.sort();
            dirs.dedup();
        }
        dirs.into_iter().map(|dir| (dir, true)).collect()
    }

    fn matching(&self, dir: &str, pattern: &glob::Pattern) -> Vec<String> {
        self.tree
            .list(dir)
            .iter()
            .filter(|entry| entry.kind != EntryKind::File && pattern.matches(&entry.name))
            .filter_map(|entry| join(dir, &entry.name))
            .collect()
    }

    /// A directory and all below it.
    fn below(&self, dir: &str) -> Vec<String> {
        let mut all = vec![dir.to_owned()];
        for entry in self.tree.list(dir) {
            if entry.kind == EntryKind::Dir {
                all.extend(
                    join(dir, &entry.name)
                        .into_iter()
                        .flat_map(|dir| self.below(&dir)),
                );
            }
        }
        all
    }

    fn no_member(&mut self, root: &Root, node: &Node, dir: &str, from_glob: bool) {
        // A broken manifest is reported already; a link to nowhere is skipped by patterns.
        let path = join(dir, "Cargo.toml").unwrap_or_default();
        if self.tree.read(&path).is_some() {
            return;
        }
        let link = self
            .tree
            .entry(parent(dir), file_name(dir))
            .is_none_or(|entry| entry.kind == EntryKind::Symlink);
        if from_glob && link {
            return;
        }
        let message = if from_glob {
            format!("`{dir}` matches this pattern and has no `Cargo.toml`")
        } else {
            format!("member `{dir}` has no `Cargo.toml`")
        };
        self.found.push(
            Diagnostic::error("missing-member", message)
                .at(root.document.at(node.span))
                .help(match from_glob {
                    true => "add it to `workspace.exclude`, or check `.dockerignore`",
                    false => "remove it from `workspace.members`, or check `.dockerignore`",
                }),
        );
    }

    pub(super) fn default_members(
        &mut self,
        root: &Root,
        dir: &str,
        is_virtual: bool,
    ) -> BTreeSet<String> {
        if dir != root.dir {
            return BTreeSet::from([dir.to_owned()]);
        }
        let Some(list) = root.document.get(&["workspace", "default-members"]) else {
            return self
                .packages
                .iter()
                .filter(|(dir, package)| package.is_member && (is_virtual || **dir == root.dir))
                .map(|(dir, _)| dir.clone())
                .collect();
        };
        let mut dirs = BTreeSet::new();
        for node in list.list() {
            for (dir, _) in self.expand(root, node) {
                let dir = self.tree.real(&dir);
                if self
                    .packages
                    .get(&dir)
                    .is_some_and(|package| package.is_member)
                {
                    dirs.insert(dir);
                } else if !root.is_excluded(&dir) {
                    let members = self
                        .packages
                        .iter()
                        .filter(|(_, package)| package.is_member);
                    let name = file_name(&dir);
                    let mut alike = members.filter(|(other, _)| file_name(other) == name);
                    let help = match alike.next() {
                        Some((other, _)) => format!("did you mean `{other}`?"),
                        None => "add it to `workspace.members`".to_owned(),
                    };
                    let message = format!("default member `{dir}` is not a member");
                    let error = Diagnostic::error("missing-member", message).help(help);
                    self.found.push(error.at(root.document.at(node.span)));
                }
            }
        }
        dirs
    }
}

pub(super) fn not_a_member(root: &Root, document: &Document) -> Diagnostic {
    Diagnostic::error(
        "not-a-member",
        format!(
            "this package is not a member of the workspace of `{}`",
            root.document.file.name()
        ),
    )
    .at(document.file.whole())
    .help("add it to `workspace.members` or `workspace.exclude` there")
}
