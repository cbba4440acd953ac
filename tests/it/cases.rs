//! What `docs/cargo-cases.md` calls a proof exists: a table of names of tests goes stale silently.
#![expect(
    clippy::disallowed_methods,
    reason = "reads the tests and the documentation of this repository"
)]

use std::fs;
use std::path::Path;

/// The texts of all files below a directory that have an extension.
fn texts(dir: &Path, extension: &str) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push_str(&texts(&path, extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            all.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    all
}

#[test]
fn every_case_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/cargo-cases.md")).unwrap();
    let tests = [
        ("it", texts(&root.join("tests/it"), "rs")),
        ("e2e", texts(&root.join("tests/e2e"), "rs")),
    ];
    let scenarios = texts(&root.join("tests/scenarios"), "toml");
    let rows: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .skip(1)
        .collect();
    assert_eq!(rows.len(), 107);
    let mut missing = vec![];
    for (index, row) in rows.iter().enumerate() {
        let (case, shown) = row.split_once(" | ").unwrap();
        assert!(case.starts_with(&format!("{}. ", index + 1)), "{case}");
        assert!(!case.contains("``"), "{case}");
        for name in shown.split('`').skip(1).step_by(2) {
            let found = tests.iter().find_map(|(kind, text)| {
                let (_, name) = name
                    .strip_prefix(kind)?
                    .strip_prefix(' ')?
                    .split_once("::")?;
                Some(text.contains(&format!("fn {name}()")))
            });
            if found == Some(false) {
                missing.push(name.to_owned());
            }
        }
        for part in ["edit \"", "scenario \""] {
            for rest in shown.split(part).skip(1) {
                let name = rest.split('"').next().unwrap();
                if !scenarios.contains(&format!("\"{name}")) {
                    missing.push(format!("{part}{name}\""));
                }
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}
