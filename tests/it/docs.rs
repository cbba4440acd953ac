//! What the documentation says of tests.

#![expect(
    clippy::disallowed_methods,
    reason = "compares files of this repository"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The names of tests in a text, such as `e2e::options::labels_of_the_command_line_win`.
fn named(text: &str) -> Vec<&str> {
    let words = text.split('`').skip(1).step_by(2);
    let words = words.filter(|word| !word.ends_with("::"));
    words
        .filter(|word| {
            word.starts_with("e2e::") || word.starts_with("it::") || *word == "options::tests"
        })
        .collect()
}

/// Whether there is a test, or a module of tests, of that name.
fn exists(name: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let (file, function) = match parts.as_slice() {
        [module, "tests"] => (format!("src/{module}/tests.rs"), None),
        [kind, module] => (format!("tests/{kind}/{module}.rs"), None),
        [kind, module, function] => (format!("tests/{kind}/{module}.rs"), Some(function)),
        _ => return false,
    };
    let file = repository(&file);
    let below = fs::read_dir(file.with_extension("")).into_iter().flatten();
    let below = below.map(|entry| entry.unwrap().path());
    let all = [file.clone()].into_iter().chain(below);
    let text: String = all
        .map(|path| fs::read_to_string(path).unwrap_or_default())
        .collect();
    match function {
        Some(function) => text.contains(&format!("fn {function}(")),
        None => text.contains("#[test]") || text.contains("#[tokio::test]"),
    }
}

#[test]
fn every_test_that_is_named_is_there() {
    let mut count = 0;
    for entry in fs::read_dir(repository("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for name in named(&text) {
            assert!(exists(name), "{}: no test `{name}`", path.display());
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
    assert!(!exists("it::docs::nothing") && !exists("it::nothing"));
}
