//! Finding the workspace: its root, its members, its other local packages.
//!
//! Follows cargo's `src/workspace/workspace.rs` (`find_root`, `find_members`, `find_path_deps`).

use super::document::{Document, Node, relative};
use super::inherit::Manifest;
use super::members::{Root, not_a_member};
use super::places::{self, Places};
use super::{
    DependencyKind, DependencySource, Lockfile, Package, Project, config, graph, manifest,
    toolchain,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Location, SourceTree, is_in, join, parent};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

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
    let mut loader = Loader::new(tree);
    let project = loader.project(dir);
    let mut found = loader.found;
    let Some(project) = project else {
        return Err(found);
    };
    graph::check_lock(&project, &mut found);
    found.into_result(project)
}

/// Where the packages of a project are, also of one with mistakes.
pub(super) fn places(tree: &SourceTree, dir: &str) -> Places {
    let mut loader = Loader::new(tree);
    loader.project(dir);
    loader.places
}

pub(super) struct Loader<'t> {
    pub(super) tree: &'t SourceTree,
    /// Parsed manifests by directory; `None`: there is none, or it is broken (and reported).
    documents: BTreeMap<String, Option<Rc<Document>>>,
    pub(super) packages: BTreeMap<String, Package>,
    pub(super) found: Diagnostics,
    places: Places,
}

impl<'t> Loader<'t> {
    fn new(tree: &'t SourceTree) -> Self {
        Self {
            tree,
            documents: BTreeMap::new(),
            packages: BTreeMap::new(),
            found: Diagnostics::default(),
            places: Places::default(),
        }
    }

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
        let lock = self.lock(&root_dir, &configs);
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
            patch: self.patches(&root_dir, table("patch")),
            replace: table("replace"),
            patched_dirs,
            root: root_dir,
            packages,
        })
    }

    pub(super) fn document(&mut self, dir: &str) -> Option<Rc<Document>> {
        if let Some(known) = self.documents.get(dir) {
            return known.clone();
        }
        let file = join(dir, "Cargo.toml").and_then(|path| self.tree.read(&path));
        let document = match file.map(Document::parse) {
            Some(Ok(document)) => Some(Rc::new(document)),
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
    pub(super) fn find_root(&mut self, dir: &str, document: &Document) -> Option<String> {
        if document.get(&["workspace"]).is_some() {
            return Some(dir.to_owned());
        }
        if let Some(path) = document.get(&["package", "workspace"]).and_then(Node::text) {
            return join(dir, path);
        }
        for above in ancestors(dir).into_iter().skip(1) {
            if self.tree.named_above(dir) != self.tree.named_above(above) {
                break;
            }
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

    fn source_links(&self, package: &Package) -> Vec<(String, String)> {
        let is_inside = |dir: &&str| *dir != package.dir && is_in(dir, &package.dir);
        let targets = package.targets.iter();
        let dirs = targets.flat_map(|target| ancestors(parent(&target.path)));
        let links = dirs.filter(|dir| self.tree.is_link(dir)).filter(is_inside);
        let links: BTreeSet<&str> = links.collect();
        let pair = |link: &str| (link.to_owned(), self.tree.real(link));
        links.into_iter().map(pair).collect()
    }

    /// Reads the package in `dir` if that has not been done.
    pub(super) fn package(&mut self, dir: &str, is_member: bool) -> bool {
        if !self.packages.contains_key(dir) {
            let Some(document) = self.document(dir) else {
                return false;
            };
            let root = self.find_root(dir, &document);
            let root = root.and_then(|root| Some((root.clone(), self.document(&root)?)));
            let manifest = Manifest {
                tree: self.tree,
                dir,
                document: &document,
                root: root.as_ref().map(|(dir, document)| (&**dir, &**document)),
                is_member,
            };
            let Some(mut package) = manifest::package(manifest, &mut self.found) else {
                return false;
            };
            package.workspace = root.map(|(dir, _)| dir);
            package.source_links = self.source_links(&package);
            for dependency in &mut package.dependencies {
                if let DependencySource::Path { dir } = &mut dependency.source {
                    *dir = self.tree.real(dir);
                }
            }
            self.places.add(self.tree, &package);
            self.packages.insert(dir.to_owned(), package);
        }
        if let Some(package) = self.packages.get_mut(dir) {
            package.is_member |= is_member;
        }
        true
    }

    /// Local packages that are not members: path dependencies elsewhere and patches.
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
    /// dev-dependencies of a package that is not a member do not exist for Cargo.
    pub(super) fn path_dependencies(&self, dir: &str) -> Vec<(String, Location, bool)> {
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

    pub(super) fn no_dependency(&mut self, dir: &str, location: Location) {
        let path = join(dir, "Cargo.toml").unwrap_or_default();
        if self.tree.read(&path).is_none() {
            let message = format!("there is no `{path}`");
            let error = Diagnostic::error("missing-path-dependency", message).at(location);
            self.found.push(error.help(
                "check the path and `.dockerignore`; in a submodule, run `git submodule update --init`",
            ));
        }
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

    /// Directories that `[patch]` and `[replace]` name, reported when there is nothing in them: Cargo reads
    /// them even when nothing uses them.
    fn patched_dirs(&mut self, root: &Root, configs: &[config::CargoConfig]) -> BTreeSet<String> {
        let mut dirs = BTreeSet::new();
        let sections = |key| {
            root.document
                .get(&[key])
                .into_iter()
                .flat_map(Node::entries)
        };
        let patches = sections("patch").flat_map(|(_, source)| source.node.entries());
        for (key, entry) in patches.chain(sections("replace")) {
            let Some(path) = entry.node.get("path").and_then(Node::text) else {
                continue;
            };
            let place = root.document.at(entry.key);
            let name = entry.node.get("package").and_then(Node::text);
            let name = name.unwrap_or(key);
            match places::find(self.tree, &root.dir, path, name) {
                Some(dir) => {
                    if self.document(&dir).is_none() {
                        self.no_dependency(&dir, place);
                    }
                    dirs.insert(dir);
                }
                None => {
                    self.places.outside.insert(name.to_owned());
                    self.found.push(
                        Diagnostic::error(
                            "path-outside-context",
                            format!("the patch at `{path}` is outside of the build context"),
                        )
                        .at(place)
                        .help(format!(
                            "build from a directory that holds both, or add `--build-context \
                             {name}=DIRECTORY`"
                        )),
                    );
                }
            }
        }
        dirs.extend(
            configs
                .iter()
                .flat_map(|config| config.patched_dirs.clone()),
        );
        dirs
    }

    /// `[patch]` as written, with the paths of what named contexts hold.
    fn patches(&self, root: &str, mut patches: toml::Table) -> toml::Table {
        let sources = patches
            .iter_mut()
            .filter_map(|(_, source)| source.as_table_mut());
        for (key, package) in sources.flat_map(|source| source.iter_mut()) {
            let Some(package) = package.as_table_mut() else {
                continue;
            };
            let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
            let name = text("package").unwrap_or(key);
            if let Some(path) = text("path")
                && let Some(dir) = places::find(self.tree, root, path, name)
                && self.tree.named_above(&dir).is_some()
            {
                let path = relative(root, &dir);
                package.insert("path".into(), toml::Value::String(path));
            }
        }
        patches
    }

    /// The lock, which is beside the root's manifest, or where the configuration says (`resolver.lockfile-path`).
    fn lock(&mut self, root: &str, configs: &[config::CargoConfig]) -> Option<Lockfile> {
        let written = configs.iter().find_map(|config| {
            let path = config
                .table
                .get("resolver")?
                .get("lockfile-path")?
                .as_str()?;
            join(&config.dir, path)
        });
        let path = match written {
            Some(path) => path,
            None => join(root, "Cargo.lock")?,
        };
        if let Some(file) = self.tree.read(&path) {
            return Lockfile::parse(file, &mut self.found);
        }
        self.found.push(
            Diagnostic::error(
                "missing-lock",
                format!("`{path}` is not in the build context"),
            )
            .help(
                "commit it, and check that `.gitignore` and `.dockerignore` do not name it; if there is \
                 none, `cargo generate-lockfile` writes it; for a member of a workspace, build from its root: `docker buildx build -f MEMBER/Rust.yaml .`",
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
    .help("give its directory as the build context, the last argument of the build, or name it in `directory:`, and check `.dockerignore`")
}
