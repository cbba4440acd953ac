//! A spec to begin with: what a project needs, and what a hand-written Dockerfile asks for.
//!
//! It writes down only what differs from the defaults, and says in comments what it was told and left.

mod accounts;
mod build;
mod cargo;
mod copy;
mod dockerfile;
mod draft;
mod image;
mod installed;
mod migrate;
mod needs;
mod program;
mod said;
mod settings;
mod shell;
mod sources;
mod variables;

use crate::diagnostic::Severity;
use crate::options::Options;
use crate::platform::Platform;
use crate::project::Project;
use crate::source::{SourceFile, SourceTree};
use crate::spec;
use draft::Draft;
use std::collections::BTreeMap;

/// The frontend's image, for who does not say another.
pub const SYNTAX: &str = "org/rust-frontend:1";

/// The text of a `Rust.yaml` for a project; `dockerfile`: what it replaces; `syntax`: the frontend's image.
pub fn init(
    project: &Project,
    dockerfile: Option<&SourceFile>,
    tree: &SourceTree,
    syntax: &str,
) -> String {
    let mut draft = Draft::default();
    let mut text = format!("# syntax={syntax}\n");
    let mut said = match dockerfile {
        Some(file) => {
            text.push_str(&format!("# In place of {}.\n", file.name()));
            migrate::migrate(project, tree, file, &mut draft)
        }
        None => said::Said::default(),
    };
    let open = needs::fill(project, tree, &mut draft);
    let written = draft.text();
    mistakes(&written)
        .into_iter()
        .for_each(|mistake| said.invalid(mistake));
    text.push_str(&said.text());
    for line in open {
        text.push_str(&format!("# {line}\n"));
    }
    text + &written
}

/// What is wrong with a spec.
fn mistakes(text: &str) -> Vec<String> {
    let platform = Platform::linux("amd64");
    let predefined = Options::default().predefined_args(&platform, &platform);
    let file = SourceFile::new("Rust.yaml", text);
    let parsed = spec::parse_with(&file, &BTreeMap::new(), &predefined);
    let found = parsed.err().into_iter().flatten();
    let errors = found.filter(|one| one.severity == Severity::Error);
    errors
        .map(|one| match one.help {
            Some(help) => format!("{}: {help}", one.message),
            None => one.message,
        })
        .collect()
}
