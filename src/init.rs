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

use crate::project::Project;
use crate::source::{SourceFile, SourceTree};
use draft::Draft;

/// The text of a `Rust.yaml` for a project; `dockerfile`: what it replaces.
pub fn init(project: &Project, dockerfile: Option<&SourceFile>, tree: &SourceTree) -> String {
    let mut draft = Draft::default();
    let mut text = String::from("# syntax=org/rust-frontend:1\n");
    if let Some(file) = dockerfile {
        text.push_str(&migrate::migrate(project, tree, file, &mut draft));
    }
    for line in needs::fill(project, tree, &mut draft) {
        text.push_str(&format!("# {line}\n"));
    }
    text + &draft.text()
}
