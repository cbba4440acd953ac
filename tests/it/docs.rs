//! What the documentation says of tests.

#![expect(
    clippy::disallowed_methods,
    reason = "compares files of this repository"
)]

use std::collections::BTreeMap;
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
    let (dirs, module, function): (&[&str], _, _) = match parts.as_slice() {
        [module, "tests"] => (&["src", "src/plan"], *module, None),
        ["it", module, function @ ..] => (&["tests/it"], *module, function.first()),
        ["e2e", module, function @ ..] => (&["tests/e2e"], *module, function.first()),
        _ => return false,
    };
    // A module's own file, and those in its directory.
    let is_part = |path: &Path| path.file_stem().is_some_and(|stem| stem == module);
    let mut text = String::new();
    for dir in dirs {
        for path in entries(&repository(dir)).filter(|path| is_part(path)) {
            let inner = entries(&path);
            for file in [path].into_iter().chain(inner) {
                text.push_str(&fs::read_to_string(file).unwrap_or_default());
            }
        }
    }
    match function {
        Some(function) => text.contains(&format!("fn {function}(")),
        None => text.contains("#[test]") || text.contains("#[tokio::test]"),
    }
}

/// What is in a directory; nothing if it is not one.
fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path())
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

/// What a file of scenarios calls a scenario or an edit, each with its kind.
fn of_scenarios() -> Vec<(&'static str, String)> {
    let mut names = vec![];
    for entry in fs::read_dir(repository("tests/scenarios")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines() {
            for (kind, key) in [("scenario", "name = \""), ("edit", "what = \"")] {
                let name = line
                    .strip_prefix(key)
                    .and_then(|rest| rest.strip_suffix('"'));
                names.extend(name.map(|name| (kind, name.to_owned())));
            }
        }
    }
    names
}

/// The rows of the checklist: each number, and what shows that case.
fn cases(page: &str) -> Vec<(usize, &str)> {
    let rows = page.lines().filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let (number, _) = cells[0].trim().split_once(". ")?;
        let number = number.parse().ok()?;
        let [_, proof] = cells[..] else {
            panic!("{row}");
        };
        Some((number, proof))
    });
    rows.collect()
}

/// Every case of the checklist has what shows it, which is there, or says why there is nothing to show.
#[test]
fn every_case_names_what_shows_it() {
    let page = fs::read_to_string(repository("docs/cargo-cases.md")).unwrap();
    let scenarios = of_scenarios();
    let mut numbers = vec![];
    let mut bare = vec![];
    for (number, proof) in cases(&page) {
        numbers.push(number);
        let mut shown = 0;
        for word in proof.split('`').skip(1).step_by(2) {
            let name = match word.split_once(' ') {
                Some((kind @ ("it" | "e2e"), name)) => format!("{kind}::{name}"),
                _ if word.ends_with("::tests") => word.to_owned(),
                _ => continue,
            };
            assert!(exists(&name), "{number}: no test `{word}`");
            shown += 1;
        }
        for (kind, start) in [("scenario", "scenario \""), ("edit", "edit \"")] {
            for part in proof.split(start).skip(1) {
                let name = part.split('"').next().unwrap();
                let known = scenarios
                    .iter()
                    .any(|(of, known)| *of == kind && known == name);
                assert!(known, "{number}: no {kind} \"{name}\"");
                shown += 1;
            }
        }
        if shown == 0 {
            bare.push(number);
        }
    }
    assert_eq!(numbers, Vec::from_iter(1..=107));
    // Choices that leave nothing to show, and what engines do by themselves.
    assert_eq!(bare, [89, 99]);
}

/// The functions of a file whose comments begin with numbers of cases, such as `/// 4, 12: …`.
fn numbered(text: &str) -> Vec<(&str, Vec<usize>)> {
    let list = |line: &str| -> Option<Vec<usize>> {
        let (numbers, _) = line.strip_prefix("/// ")?.split_once(": ")?;
        let numbers = numbers.split(", ").map(|number| number.parse().ok());
        numbers.collect()
    };
    let mut found = vec![];
    let mut numbers = vec![];
    for line in text.lines() {
        let name = line
            .strip_prefix("fn ")
            .and_then(|line| line.split('(').next());
        match (list(line), name) {
            (Some(list), _) => numbers = list,
            (None, Some(name)) if !numbers.is_empty() => {
                found.push((name, std::mem::take(&mut numbers)));
            }
            _ => {}
        }
    }
    found
}

/// A test whose comment has a case's number is one of those that show that case.
#[test]
fn every_number_is_that_of_a_case() {
    let page = fs::read_to_string(repository("docs/cargo-cases.md")).unwrap();
    let cases: BTreeMap<usize, &str> = cases(&page).into_iter().collect();
    let mut count = 0;
    for path in entries(&repository("tests/it")) {
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let inner = entries(&path);
        for file in [path].into_iter().chain(inner) {
            let text = fs::read_to_string(file).unwrap_or_default();
            for (name, numbers) in numbered(&text) {
                let test = format!("`it {module}::{name}`");
                for number in numbers {
                    let proof = cases.get(&number).copied().unwrap_or_default();
                    assert!(proof.contains(&test), "{number}: not by {test}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 100, "{count}");
}
