//! A spec to begin with: what a project needs, and what a hand-written Dockerfile asks for.
//!
//! It writes down only what differs from the defaults, and says in comments what it was told and left.

mod build;
mod dockerfile;
mod image;
mod migrate;
mod needs;

use crate::project::Project;
use crate::source::{SourceFile, SourceTree};
use migrate::Migrated;
use std::collections::BTreeMap;

/// The spec under construction: scalars or lists as they are written, in the order of the reference page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Draft {
    build: Block,
    image: Block,
    /// Images by name, each with its package.
    images: Vec<(String, String, Vec<String>)>,
}

/// Keys and their values in YAML, with a reason behind some.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Block {
    keys: BTreeMap<usize, (&'static str, String, String)>,
}

/// The keys that are written, in their order.
const ORDER: [&str; 27] = [
    "package",
    "bin",
    "features",
    "default-features",
    "profile",
    "target",
    "toolchain",
    "base",
    "packages",
    "env",
    "rustflags",
    "workdir",
    "files",
    "user",
    "entrypoint",
    "cmd",
    "expose",
    "labels",
    "volumes",
    "stop-signal",
    "healthcheck",
    "run",
    "init",
    "ca-certificates",
    "timezones",
    "secrets",
    "ssh",
];

impl Block {
    /// Sets a key to YAML text.
    pub(crate) fn set(&mut self, key: &'static str, yaml: String, why: &str) {
        let at = ORDER
            .iter()
            .position(|known| *known == key)
            .unwrap_or(ORDER.len());
        self.keys.insert(at, (key, yaml, why.to_owned()));
    }

    fn has(&self, key: &str) -> bool {
        self.keys.values().any(|(known, ..)| *known == key)
    }

    fn text(&self, name: &str) -> String {
        if self.keys.is_empty() {
            return String::new();
        }
        let mut text = format!("{name}:\n");
        for (key, yaml, why) in self.keys.values() {
            let colon = if yaml.starts_with('\n') { "" } else { " " };
            text.push_str(&format!("  {key}:{colon}{yaml}"));
            if !why.is_empty() {
                text.push_str(&format!(" # {why}"));
            }
            text.push('\n');
        }
        text
    }
}

/// The text of a `Rust.yaml` for a project; `dockerfile`: what it replaces.
pub fn init(project: &Project, dockerfile: Option<&SourceFile>, tree: &SourceTree) -> String {
    let mut draft = Draft::default();
    let mut said = Migrated::default();
    if let Some(file) = dockerfile {
        said = migrate::migrate(project, file, &mut draft);
    }
    let open = needs::fill(project, tree, &mut draft);
    let mut text = String::from("# syntax=org/rust-frontend:1\n");
    if let Some(file) = dockerfile {
        text.push_str(&format!("# In place of {}.\n", file.name()));
        for (what, lines) in [
            ("Taken over", &said.understood),
            ("Not needed any more", &said.dropped),
            ("Left: look at these yourself", &said.left),
        ] {
            if !lines.is_empty() {
                text.push_str(&format!("# {what}:\n"));
                lines
                    .iter()
                    .for_each(|line| text.push_str(&format!("#   {line}\n")));
            }
        }
    }
    open.iter()
        .for_each(|line| text.push_str(&format!("# {line}\n")));
    text.push_str(&draft.build.text("build"));
    text.push_str(&draft.image.text("image"));
    if !draft.images.is_empty() {
        text.push_str("images:\n");
        for (name, package, bins) in &draft.images {
            let mut pairs = vec![];
            if project.packages.len() > 1 {
                pairs.push(format!("package: {}", scalar(package)));
            }
            if !bins.is_empty() {
                pairs.push(format!("bin: {}", list(bins)));
            }
            text.push_str(&format!(
                "  {}: {{ build: {{ {} }} }}\n",
                scalar(name),
                pairs.join(", ")
            ));
        }
    }
    text
}

/// A text as a YAML scalar.
pub(crate) fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    match begins && text.chars().all(plain) && !word.contains(&text.to_lowercase().as_str()) {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}

/// A YAML list: one item is written without brackets.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| scalar(item.as_ref())).collect();
    match items.as_slice() {
        [one] => format!("[{one}]"),
        items => format!("[{}]", items.join(", ")),
    }
}

/// A YAML map on one line.
pub(crate) fn map(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{}: {}", scalar(key), scalar(value)))
        .collect();
    format!("{{ {} }}", pairs.join(", "))
}
