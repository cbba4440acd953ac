//! `rust-toolchain.toml` and its older form, as rustup reads them.

use super::document::Document;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceFile, SourceTree, Span, Spanned, join};

/// A toolchain file.
#[derive(Clone, Debug, PartialEq)]
pub struct Toolchain {
    /// The file.
    pub file: SourceFile,
    /// `1.95`, `stable`, `nightly-2026-10-01`.
    pub channel: Option<Spanned<String>>,
    /// A toolchain in a directory, which no container has.
    pub path: Option<Spanned<String>>,
    /// Components beyond the profile's.
    pub components: Vec<String>,
    /// Targets to install.
    pub targets: Vec<String>,
}

/// Finds the file in `dir` or, going up, the nearest directory above it. `rust-toolchain` wins over
/// `rust-toolchain.toml` beside it (rustup book, "Overrides").
pub(super) fn load(tree: &SourceTree, dir: &str, found: &mut Diagnostics) -> Option<Toolchain> {
    let mut result = None;
    for dir in super::workspace::ancestors(dir) {
        for name in ["rust-toolchain", "rust-toolchain.toml"] {
            let file = join(dir, name).and_then(|path| tree.read(&path));
            if let (None, Some(file)) = (&result, file) {
                result = Some(file);
            }
        }
    }
    let file = result?;
    let bare = file.text().trim();
    if !file.name().ends_with(".toml") && bare.lines().count() == 1 && !bare.contains(['[', '=']) {
        let start = file.text().find(bare).unwrap_or_default();
        return Some(Toolchain {
            file: file.clone(),
            channel: Some(Spanned::new(
                bare.to_owned(),
                Span::new(start, start + bare.len()),
            )),
            path: None,
            components: Vec::new(),
            targets: Vec::new(),
        });
    }
    let document = match Document::parse(file) {
        Ok(document) => document,
        Err(diagnostic) => {
            found.push(diagnostic);
            return None;
        }
    };
    let Some(table) = document.get(&["toolchain"]) else {
        found.push(
            Diagnostic::error(
                "invalid-toolchain",
                "this toolchain file has no `[toolchain]` table",
            )
            .at(file.whole())
            .help("write `[toolchain]` and `channel = \"stable\"`"),
        );
        return None;
    };
    let mut text = |key| {
        let node = table.get(key)?;
        let text = node.text();
        if text.is_none() {
            let message = format!("`{key}` must be a string");
            let help = format!("write it in quotes: `{key} = \"…\"`");
            let error = Diagnostic::error("invalid-toolchain", message).help(help);
            found.push(error.at(document.at(node.span)));
        }
        Some(Spanned::new(text?.to_owned(), node.span))
    };
    let texts = |key| table.get(key).map(|node| node.texts()).unwrap_or_default();
    Some(Toolchain {
        file: file.clone(),
        channel: text("channel"),
        path: text("path"),
        components: texts("components"),
        targets: texts("targets"),
    })
}
