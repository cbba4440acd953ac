//! Finding the workspace: its root, its members, its other local packages.
//!
//! Follows cargo's `src/workspace/workspace.rs` (`find_root`, `find_members`, `find_path_deps`).

use super::document::{Document, Node};
use super::inherit::Manifest;
use super::{
    DependencyKind, DependencySource, Lockfile, Package, Project, config, graph, manifest,
    toolchain,
};
use crate::diagnostic::{Diagnostic, Diagnostics, whole_file};
use crate::source::{EntryKind, Location, SourceTree, join, parent};
use std::collections::{BTreeMap, BTreeSet};

/// `dir` and all directories above it, up to the context's root.
pub(super) fn ancestors(dir: &str) -> Vec<&str> {
    let mut list = vec![dir];
    let mut rest = dir;
    while !rest.is_empty() {
        rest = parent(rest);
        list.push(rest);
    }
    list
}

pub(super) fn load(tree: &SourceTree, dir: &str) -> Result<(Project, Diagnostics), Diagnostics> {
    let mut loader = Loader {
        tree,
        documents: BTreeMap::new(),
        packages: BTreeMap::new(),
        found: Diagnostics::default(),
    };
    let project = loader.project(dir);
    let mut found = loader.found;
    let Some(project) = project else {
        return Err(found);
    };
    graph::check_lock(&project, &mut found);
    found.into_result(project)
}

struct Loader<'t> {
    tree: &'t SourceTree,
    /// Parsed manifests by directory; `None`: there is none, or it is broken (and reported).
    documents: BTreeMap<String, Option<std::rc::Rc<Document>>>,
    packages: BTreeMap<String, Package>,
    found: Diagnostics,
}

/// A workspace root's lists.
struct Root {
    dir: String,
    document: std::rc::Rc<Document>,
    members: Vec<Node>,
    exclude: Vec<String>,
}

impl Root {
    fn new(dir: &str, document: std::rc::Rc<Document>) -> Self {
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
    fn is_excluded(&self, dir: &str) -> bool {
        let within = |path: &str| {
            join(&self.dir, path).is_some_and(|path| {
                path.is_empty() || dir == path || dir.starts_with(&format!("{path}/"))
            })
        };
        let explicit = self.members.iter().filter_map(Node::text).any(within);
        !explicit && self.exclude.iter().any(|path| within(path))
    }
}

impl Loader<'_> {
    fn project(&mut self, dir: &str) -> Option<Project> {
        // All that can be named beforehand is asked for at once: a round of asking costs time.
        for above in ancestors(dir) {
            for name in ["Cargo.toml", "Cargo.lock"] {
                self.tree.read(&join(above, name)?);
            }
        }
        let toolchain = toolchain::load(self.tree, dir, &mut self.found);
        let configs = config::load(self.tree, dir, &mut self.found);
        let document = self.document(dir);
        if document.is_none() && self.tree.read(&join(dir, "Cargo.toml")?).is_none() {
            self.found.push(missing_manifest(dir));
        }
        let document = document?;
        let (root_dir, has_workspace) = match self.find_root(dir, &document) {
            Some(root) => (root, true),
            None => (dir.to_owned(), false),
        };
        let Some(root_document) = self.document(&root_dir) else {
            self.found.push(missing_manifest(&root_dir));
            return None;
        };
        let root = Root::new(&root_dir, root_document.clone());
        self.members(&root, has_workspace);
        if self
            .packages
            .get(dir)
            .is_none_or(|package| !package.is_member)
            && document.get(&["package"]).is_some()
        {
            self.found.push(not_a_member(&root, &document));
        }
        let patched_dirs = self.patched_dirs(&root, &configs);
        self.others(&patched_dirs);
        let lock = self.lock(&root_dir);
        let table = |key: &str| {
            let node = root_document.get(&[key]);
            node.map(Node::to_table).unwrap_or_default()
        };
        let is_virtual = root_document.root.any(&["package", "project"]).is_none();
        let resolver = self.resolver(&root_dir, &root_document);
        let default_dirs = self.default_members(&root, dir, is_virtual);
        let packages: Vec<Package> = std::mem::take(&mut self.packages).into_values().collect();
        Some(Project {
            dir: dir.to_owned(),
            manifest: root_document.file.clone(),
            is_virtual,
            default_members: (0..packages.len())
                .filter(|index| default_dirs.contains(&packages[*index].dir))
                .collect(),
            lock: lock?,
            toolchain,
            configs,
            resolver,
            cargo_features: root_document
                .get(&["cargo-features"])
                .map(Node::texts)
                .unwrap_or_default(),
            profiles: table("profile"),
            patch: table("patch"),
            replace: table("replace"),
            patched_dirs,
            root: root_dir,
            packages,
        })
    }

    fn document(&mut self, dir: &str) -> Option<std::rc::Rc<Document>> {
        if let Some(known) = self.documents.get(dir) {
            return known.clone();
        }
        let file = join(dir, "Cargo.toml").and_then(|path| self.tree.read(&path));
        let document = match file.map(Document::parse) {
            Some(Ok(document)) => Some(std::rc::Rc::new(document)),
            Some(Err(diagnostic)) => {
                self.found.push(diagnostic);
                None
            }
            None => None,
        };
        self.documents.insert(dir.to_owned(), document.clone());
        document
    }

    /// The directory of the workspace root that a package belongs to; `None` without one.
    fn find_root(&mut self, dir: &str, document: &Document) -> Option<String> {
        if document.get(&["workspace"]).is_some() {
            return Some(dir.to_owned());
        }
        if let Some(path) = document.get(&["package", "workspace"]).and_then(Node::text) {
            return join(dir, path);
        }
        for above in ancestors(dir).into_iter().skip(1) {
            let Some(document) = self.document(above) else {
                continue;
            };
            if document.get(&["workspace"]).is_some() {
                if !Root::new(above, document).is_excluded(dir) {
                    return Some(above.to_owned());
                }
            } else if let Some(path) = document.get(&["package", "workspace"]).and_then(Node::text)
            {
                return join(above, path);
            }
        }
        None
    }

    /// Reads the package in `dir` if that has not been done.
    fn package(&mut self, dir: &str, is_member: bool) -> bool {
        if !self.packages.contains_key(dir) {
            let Some(document) = self.document(dir) else {
                return false;
            };
            let root = self.find_root(dir, &document);
            let root = root.and_then(|root| Some((root.clone(), self.document(&root)?)));
            let manifest = Manifest {
                dir,
                document: &document,
                root: root.as_ref().map(|(dir, document)| (&**dir, &**document)),
            };
            let Some(package) = manifest::package(self.tree, manifest, &mut self.found) else {
                return false;
            };
            self.packages.insert(dir.to_owned(), package);
        }
        if let Some(package) = self.packages.get_mut(dir) {
            package.is_member |= is_member;
        }
        true
    }

    /// Members: listed ones, the root's own package, and their path dependencies below the root.
    fn members(&mut self, root: &Root, has_workspace: bool) {
        let mut queue: Vec<String> = Vec::new();
        if has_workspace {
            for node in &root.members {
                let paths = self.expand(root, node);
                for (dir, from_glob) in paths {
                    if root.is_excluded(&dir) {
                        continue;
                    }
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
        let below = root.dir.is_empty() || dir.starts_with(&format!("{}/", root.dir));
        below
            || self
                .document(dir)
                .is_some_and(|document| self.find_root(dir, &document).as_ref() == Some(&root.dir))
    }

    /// Local packages that are no members: path dependencies elsewhere and patches.
    fn others(&mut self, patched: &BTreeSet<String>) {
        let mut queue: Vec<String> = patched.iter().cloned().collect();
        for dir in self.packages.keys().cloned().collect::<Vec<_>>() {
            queue.extend(
                self.path_dependencies(&dir)
                    .into_iter()
                    .map(|(dir, ..)| dir),
            );
        }
        while let Some(dir) = queue.pop() {
            if self.packages.contains_key(&dir) || !self.package(&dir, false) {
                continue;
            }
            for (path, location, optional) in self.path_dependencies(&dir) {
                if self.document(&path).is_none() && !optional {
                    self.no_dependency(&path, location);
                }
                queue.push(path);
            }
        }
    }

    /// Directories that a package's dependencies name, places, and whether Cargo may never look there. The
    /// dev-dependencies of a package that is no member do not exist for Cargo.
    fn path_dependencies(&self, dir: &str) -> Vec<(String, Location, bool)> {
        let Some(package) = self.packages.get(dir) else {
            return Vec::new();
        };
        package
            .dependencies
            .iter()
            .filter(|dependency| package.is_member || dependency.kind != DependencyKind::Dev)
            .filter_map(|dependency| match &dependency.source {
                DependencySource::Path { dir } => Some((
                    dir.clone(),
                    package.manifest.at(dependency.span),
                    dependency.optional && !package.is_member,
                )),
                _ => None,
            })
            .collect()
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
                    Diagnostic::error("invalid-manifest", format!("`{text}` is not a pattern"))
                        .at(root.document.at(node.span)),
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
        }
        dirs.sort();
        dirs.dedup();
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
            .entry(parent(dir), dir.rsplit('/').next().unwrap_or(dir))
            .is_some_and(|entry| entry.kind == EntryKind::Symlink);
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
                .help("add it to `workspace.exclude`, or check `.dockerignore`"),
        );
    }

    fn no_dependency(&mut self, dir: &str, location: Location) {
        let path = join(dir, "Cargo.toml").unwrap_or_default();
        if self.tree.read(&path).is_none() {
            self.found.push(
                Diagnostic::error("missing-path-dependency", format!("there is no `{path}`"))
                    .at(location)
                    .help("check `.dockerignore`"),
            );
        }
    }

    fn default_members(&mut self, root: &Root, dir: &str, is_virtual: bool) -> BTreeSet<String> {
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
                if self
                    .packages
                    .get(&dir)
                    .is_some_and(|package| package.is_member)
                {
                    dirs.insert(dir);
                } else if !root.is_excluded(&dir) {
                    self.found.push(
                        Diagnostic::error(
                            "missing-member",
                            format!("default member `{dir}` is not a member"),
                        )
                        .at(root.document.at(node.span))
                        .help("add it to `workspace.members`"),
                    );
                }
            }
        }
        dirs
    }

    /// `workspace.resolver`, `package.resolver`, or what the root package's edition implies.
    fn resolver(&self, dir: &str, document: &Document) -> String {
        let written = document
            .get(&["workspace", "resolver"])
            .or_else(|| document.get(&["package", "resolver"]));
        if let Some(resolver) = written.and_then(Node::text) {
            return resolver.to_owned();
        }
        match self
            .packages
            .get(dir)
            .map(|package| package.edition.as_str())
        {
            None | Some("2015" | "2018") => "1".into(),
            Some("2021") => "2".into(),
            Some(_) => "3".into(),
        }
    }

    fn patched_dirs(&self, root: &Root, configs: &[config::CargoConfig]) -> BTreeSet<String> {
        let patches = root
            .document
            .get(&["patch"])
            .into_iter()
            .flat_map(Node::entries);
        let patches = patches.flat_map(|(_, source)| source.node.entries());
        let replaced = root
            .document
            .get(&["replace"])
            .into_iter()
            .flat_map(Node::entries);
        patches
            .chain(replaced)
            .filter_map(|(_, entry)| join(&root.dir, entry.node.get("path")?.text()?))
            .chain(
                configs
                    .iter()
                    .flat_map(|config| config.patched_dirs.clone()),
            )
            .collect()
    }

    fn lock(&mut self, root: &str) -> Option<Lockfile> {
        let path = join(root, "Cargo.lock")?;
        if let Some(file) = self.tree.read(&path) {
            return Lockfile::parse(file, &mut self.found);
        }
        self.found.push(
            Diagnostic::error(
                "missing-lock",
                format!("`{path}` is not in the build context"),
            )
            .help(
                "run `cargo generate-lockfile`, commit the file, and check that `.gitignore` and \
                 `.dockerignore` do not name it",
            ),
        );
        None
    }
}

fn missing_manifest(dir: &str) -> Diagnostic {
    let path = join(dir, "Cargo.toml").unwrap_or_default();
    Diagnostic::error(
        "missing-manifest",
        format!("`{path}` is not in the build context"),
    )
    .help("put the spec beside `Cargo.toml`, and check `.dockerignore`")
}

fn not_a_member(root: &Root, document: &Document) -> Diagnostic {
    Diagnostic::error(
        "not-a-member",
        format!(
            "this package is not a member of the workspace of `{}`",
            root.document.file.name()
        ),
    )
    .at(whole_file(&document.file))
    .help("add it to `workspace.members` or `workspace.exclude` there")
}
