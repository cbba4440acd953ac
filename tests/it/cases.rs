//! What `docs/cargo-cases.md` calls a proof exists: a table of names of tests goes stale silently.
#![expect(
    clippy::disallowed_methods,
    reason = "reads the tests and the documentation of this repository"
)]

use std::fs;
use std::path::Path;

/// The texts of all files below a directory whose names begin so: a module and what it is made of.
fn texts(dir: &Path, start: &str) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.starts_with(start) {
            continue;
        }
        match path.is_dir() {
            true => all.push_str(&texts(&path, "")),
            false => all.push_str(&fs::read_to_string(path).unwrap()),
        }
    }
    all
}

#[test]
fn every_case_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/cargo-cases.md")).unwrap();
    let scenarios = texts(&root.join("tests/scenarios"), "");
    let rows: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .filter(|row| row.starts_with(|first: char| first.is_ascii_digit()))
        .collect();
    assert_eq!(rows.len(), 107);
    let mut missing = vec![];
    for (index, row) in rows.iter().enumerate() {
        let (case, shown) = row.split_once(" | ").unwrap();
        assert!(case.starts_with(&format!("{}. ", index + 1)), "{case}");
        assert!(!case.contains("``"), "{case}");
        for name in shown.split('`').skip(1).step_by(2) {
            let Some((kind, test)) = name.split_once(' ') else {
                continue;
            };
            let Some((module, test)) = test.split_once("::") else {
                continue;
            };
            let tests = texts(&root.join("tests").join(kind), module);
            if !tests.contains(&format!("fn {test}()")) {
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
