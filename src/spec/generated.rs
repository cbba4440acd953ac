//! What is generated from the tables, or shown by files, is fresh: `UPDATE=1 cargo test` rewrites it.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read files of the repository"
)]

use super::*;
use crate::diagnostic::snippet::render;
use crate::fresh::check;
use std::fs;
use std::path::PathBuf;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_reference_page_is_fresh() {
    check("docs/spec.md", &reference());
}

#[test]
fn every_default_has_a_reason() {
    let page = reference();
    let defaults: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("- Default: "))
        .collect();
    assert!(defaults.len() > 50, "{defaults:#?}");
    let bare = defaults
        .iter()
        .filter(|default| **default != "required." && !default.contains(". "));
    assert_eq!(bare.collect::<Vec<_>>(), [&""; 0]);
}

#[test]
fn the_schema_file_is_fresh() {
    check("docs/Rust.schema.json", &schema_text());
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
    let mut page = String::from(ERRORS);
    let mut codes: BTreeMap<&str, String> = BTreeMap::new();
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
            let shown = render(diagnostic);
            if shown.lines().all(|line| line.len() < 200) {
                codes.entry(diagnostic.code).or_insert_with(|| {
                    format!("\n## {}\n\n```text\n{shown}```\n", diagnostic.code)
                });
            }
        }
        let shown: Vec<String> = found
            .iter()
            .map(|found| render(found) + &place(found))
            .collect();
        check(path.with_extension("txt"), &shown.join("\n"));
    }
    let known: Vec<&str> = codes.keys().copied().collect();
    assert_eq!(
        known, CODES,
        "codes are stable: users and pages refer to them"
    );
    page.extend(codes.into_values());
    check("docs/spec-errors.md", &page);
}

const ERRORS: &str = "\
<!-- Generated from tests/spec-errors: `UPDATE=1 cargo test --lib generated` rewrites it. -->
# What can be wrong with a Rust.yaml

These are the mistakes of the spec alone. A build shows the same words on one line, as `Rust.yaml:2: message: help`. Mistakes in manifests and in `Cargo.lock` look the same, and say what to write; those in options have no line.

All errors in the form of a file are reported together; once there are none, all conflicts between keys are. Codes are stable. One example for each:
";

const CODES: &[&str] = &[
    "docker-form",
    "duplicate-item",
    "duplicate-key",
    "duplicate-target",
    "input-left-out",
    "invalid-value",
    "missing-build-arg",
    "missing-key",
    "more-mistakes",
    "no-images",
    "no-package-manager",
    "no-shell",
    "not-a-spec",
    "stamp-in-env",
    "too-many-images",
    "toolchain-in-env",
    "undeclared-build-arg",
    "unknown-build-arg",
    "unknown-key",
    "unknown-user",
    "wrong-type",
    "yaml-alias",
    "yaml-documents",
    "yaml-key",
    "yaml-limit",
    "yaml-merge",
    "yaml-syntax",
    "yaml-tag",
];

#[test]
fn every_spec_of_this_repository_is_right() {
    let examples = fs::read_dir(repository().join("examples")).unwrap();
    let mut files: Vec<PathBuf> = examples
        .map(|entry| entry.unwrap().path().join("Rust.yaml"))
        .collect();
    files.push(repository().join("Rust.yaml"));
    for path in files.iter().filter(|path| path.exists()) {
        let text = fs::read_to_string(path).unwrap();
        let (_, warnings) = parse(&SourceFile::new("Rust.yaml", text), &BTreeMap::new())
            .unwrap_or_else(|found| panic!("{}: {:#?}", path.display(), found.sorted()));
        assert!(warnings.is_empty(), "{}: {warnings:?}", path.display());
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
