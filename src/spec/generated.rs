//! What is generated from the tables, or shown by files, is fresh: `UPDATE=1 cargo test` rewrites it.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read and rewrite files of the repository"
)]

use super::*;
use crate::diagnostic::snippet::render;
use std::fs;
use std::path::{Path, PathBuf};

fn check(path: &Path, fresh: &str) {
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, fresh).unwrap();
        return;
    }
    let there = fs::read_to_string(path).unwrap_or_default();
    assert!(
        there == fresh,
        "{} is stale: UPDATE=1 cargo test rewrites it\n{fresh}",
        path.display()
    );
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_reference_page_is_fresh() {
    check(&repository().join("docs/spec.md"), &reference());
}

#[test]
fn the_schema_file_is_fresh() {
    check(&repository().join("docs/Rust.schema.json"), &schema_text());
}

/// Every `NN-name.yaml` beside the text that its user sees. `# --build-arg NAME=value` lines give build
/// arguments.
#[test]
fn the_gallery_of_mistakes() {
    let folder = repository().join("tests/spec-errors");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    files.sort();
    assert!(files.len() >= 40, "{} files", files.len());
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let args = text
            .lines()
            .filter_map(|line| line.strip_prefix("# --build-arg ")?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let found = match parse(&SourceFile::new("Rust.yaml", text.clone()), &args) {
            Ok((_, warnings)) => warnings,
            Err(found) => found,
        };
        let found = found.sorted();
        assert!(!found.is_empty(), "{} is right", path.display());
        for diagnostic in &found {
            well_formed(diagnostic);
        }
        let shown: Vec<String> = found
            .iter()
            .map(|found| render(found) + &place(found))
            .collect();
        check(&path.with_extension("txt"), &shown.join("\n"));
    }
}

/// The exact place, which the marks of the snippet show by lines only.
fn place(diagnostic: &Diagnostic) -> String {
    let location = diagnostic.location.as_ref().expect("a place");
    let (start, end) = (location.start(), location.end());
    format!(
        "place: {}:{} to {}:{} `{}`\n",
        start.line,
        start.character,
        end.line,
        end.character,
        location.file.slice(location.span).replace('\n', "\\n"),
    )
}

fn well_formed(diagnostic: &Diagnostic) {
    let Diagnostic {
        code,
        message,
        help,
        location,
        ..
    } = diagnostic;
    assert!(
        code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
        "{code}"
    );
    assert!(
        !message.starts_with(char::is_uppercase) && !message.ends_with('.'),
        "{message}"
    );
    let help = help.as_deref().expect("every mistake has advice");
    assert!(
        !help.is_empty() && !help.starts_with(char::is_uppercase) && !help.ends_with('.'),
        "{help}"
    );
    assert!(location.is_some(), "{message}");
}
