//! `field.workspace = true`.

use super::document::{Document, Node, relative};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceTree, join};

/// The manifest of a package and the root that it inherits from.
#[derive(Clone, Copy)]
pub(super) struct Manifest<'a> {
    /// The files that it is one of.
    pub(super) tree: &'a SourceTree,
    /// Context path of the package's directory.
    pub(super) dir: &'a str,
    /// Its `Cargo.toml`.
    pub(super) document: &'a Document,
    /// Directory and `Cargo.toml` of its workspace root; of itself if it is the root.
    pub(super) root: Option<(&'a str, &'a Document)>,
    /// Whether it is a member: of other packages Cargo looks neither at dev-dependencies nor at tests.
    pub(super) is_member: bool,
}

impl<'a> Manifest<'a> {
    /// A field of `[package]` (or the ancient `[project]`), from the workspace if it says so.
    pub(super) fn field(&self, key: &str, found: &mut Diagnostics) -> Option<&'a Node> {
        let package = self.document.root.any(&["package", "project"])?;
        let node = package.get(key)?;
        if node.get("workspace").and_then(Node::flag) != Some(true) {
            return Some(node);
        }
        let inherited = self
            .root
            .and_then(|(_, root)| root.get(&["workspace", "package", key]));
        if inherited.is_none() {
            found.push(self.not_inherited(node, &format!("workspace.package.{key}")));
        }
        inherited
    }

    /// The value of an inherited field that is a path, relative to the package as Cargo makes it (cargo,
    /// src/workspace/parser/mod.rs, `resolve_relative_path`). A README that the workspace does not name is found
    /// beside the root.
    pub(super) fn inherited_path(&self, key: &str) -> Option<String> {
        const READMES: [&str; 3] = ["README.md", "README.txt", "README"];
        let (root_dir, root) = self.root?;
        let written = root.get(&["workspace", "package", key]);
        let path = match written.map(|node| (node.text(), node.flag())) {
            Some((Some(path), _)) => path,
            Some((_, Some(true))) => READMES[0],
            Some(_) => return None,
            None => READMES
                .into_iter()
                .find(|name| key == "readme" && self.tree.has(root_dir, name))?,
        };
        Some(relative(self.dir, &join(root_dir, path)?))
    }

    /// A text field.
    pub(super) fn text(&self, key: &str, found: &mut Diagnostics) -> Option<String> {
        self.field(key, found)?.text().map(str::to_owned)
    }

    /// What a dependency says, as a table with its `path` relative to the package.
    ///
    /// Merges as cargo's `inner_dependency_inherit_with` does: features are added, `optional` is the member's
    /// own, `default-features = true` switches on, and off only from edition 2024 on.
    pub(super) fn dependency(
        &self,
        name: &str,
        node: &'a Node,
        edition: &str,
        found: &mut Diagnostics,
    ) -> Option<toml::Table> {
        if node.get("workspace").and_then(Node::flag) != Some(true) {
            return Some(detailed(node));
        }
        let inherited = self.root.and_then(|(dir, root)| {
            let node = root.get(&["workspace", "dependencies", name])?;
            Some((dir, node))
        });
        let Some((root_dir, inherited)) = inherited else {
            found.push(self.not_inherited(node, &format!("workspace.dependencies.{name}")));
            return None;
        };
        let mut merged = detailed(inherited);
        if let (Some(toml::Value::String(path)), false) =
            (merged.get("path").cloned(), merged.contains_key("base"))
        {
            // Outside of the context there is nothing to be relative to: `..` is kept and reported later.
            let path = join(root_dir, &path).map_or_else(
                || format!("{}/{path}", relative(self.dir, root_dir)),
                |target| relative(self.dir, &target),
            );
            merged.insert("path".into(), toml::Value::String(path));
        }
        let own = detailed(node);
        let defaults =
            |table: &toml::Table| table.get("default-features").and_then(toml::Value::as_bool);
        let switch = match (defaults(&own), defaults(&merged)) {
            (Some(own), _) if edition >= "2024" => Some(own),
            (Some(true), Some(false)) => Some(true),
            (_, written) => written,
        };
        if let Some(switch) = switch {
            merged.insert("default-features".into(), toml::Value::Boolean(switch));
        }
        if let Some(toml::Value::Array(more)) = own.get("features") {
            let features = merged
                .entry("features")
                .or_insert_with(|| toml::Value::Array(Vec::new()));
            if let toml::Value::Array(features) = features {
                features.extend(more.iter().cloned());
            }
        }
        merged.remove("optional");
        for key in ["optional", "public"] {
            if let Some(value) = own.get(key) {
                merged.insert(key.into(), value.clone());
            }
        }
        Some(merged)
    }

    fn not_inherited(&self, node: &Node, key: &str) -> Diagnostic {
        let diagnostic = Diagnostic::error(
            "not-inherited",
            match self.root {
                Some(_) => format!("`{key}` does not exist"),
                None => format!("`{key}` cannot be inherited: there is no workspace root"),
            },
        )
        .at(self.document.at(node.span));
        match self.root {
            Some((_, root)) => diagnostic.help(format!("add it to `{}`", root.file.name())),
            None => diagnostic
                .help("check that the workspace root's `Cargo.toml` is in the build context"),
        }
    }
}

/// `"1"` is short for `{ version = "1" }`; old spellings with `_` become the ones with `-`.
fn detailed(node: &Node) -> toml::Table {
    let mut table = node.to_table();
    if let Some(version) = node.text() {
        table.insert("version".into(), toml::Value::String(version.to_owned()));
    }
    if let Some(value) = table.remove("default_features") {
        table.entry("default-features").or_insert(value);
    }
    table
}
