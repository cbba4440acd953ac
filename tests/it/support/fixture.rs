//! Projects as strings: several files, each after a line `//- /path`.

use rust_frontend::diagnostic::Diagnostics;
use rust_frontend::project::{self, Project, Selection};
use rust_frontend::recipe::{Recipe, RecipeFor, recipe};
use rust_frontend::source::{Entry, EntryKind, SourceFile, SourceTree};
use rust_frontend::spec::{self, Spec};
use std::collections::BTreeMap;

/// Files of a project by context path.
pub(crate) type Files = BTreeMap<String, String>;

/// Splits a fixture into its files. `//- /a/Cargo.toml of a` is a manifest that starts as most do.
pub(crate) fn files(fixture: &str) -> Files {
    let mut files = Files::new();
    let mut current = None;
    for line in fixture.lines() {
        if let Some(path) = line.strip_prefix("//- /") {
            let (path, text) = match path.trim().split_once("Cargo.toml of ") {
                Some((dir, name)) => (format!("{dir}Cargo.toml"), manifest(name)),
                None => (path.trim().to_owned(), String::new()),
            };
            files.insert(path.clone(), text);
            current = Some(path);
        } else if let Some(path) = &current {
            let text = files.get_mut(path).unwrap();
            text.push_str(line);
            text.push('\n');
        }
    }
    files
}

fn manifest(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
}

/// The files as a tree that knows everything.
pub(crate) fn tree(files: &Files) -> SourceTree {
    SourceTree::complete(
        files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    )
}

/// Loads from a tree that knows nothing at first, as the frontend does; also returns the number of rounds.
pub(crate) fn load_by_asking(
    files: &Files,
    dir: &str,
) -> (Result<(Project, Diagnostics), Diagnostics>, usize) {
    let all = tree(files);
    let mut tree = SourceTree::default();
    for round in 1.. {
        let result = project::load(&tree, dir);
        let needs = tree.take_needs();
        if needs.is_empty() {
            return (result, round);
        }
        for path in needs.files {
            tree.add_file(&path, files.get(&path).cloned());
        }
        for path in needs.dirs {
            tree.add_dir(&path, all.list(&path).to_vec());
        }
    }
    unreachable!("asks for finitely many things")
}

/// Loads a project that has no mistakes; the warnings are dropped.
pub(crate) fn load(files: &Files, dir: &str) -> Project {
    let mut known = tree(files);
    let result = project::load(&known, dir);
    known.close();
    match result {
        Ok((project, _)) => project,
        Err(found) => panic!("{}", lines(found).join("\n")),
    }
}

/// The diagnostics of a load, one line each.
pub(crate) fn mistakes(files: &Files, dir: &str) -> Vec<String> {
    match load_by_asking(files, dir).0 {
        Ok((_, warnings)) => lines(warnings),
        Err(found) => lines(found),
    }
}

/// Diagnostics as `code: place: message: help`.
pub(crate) fn lines(found: Diagnostics) -> Vec<String> {
    let list = found.sorted();
    list.iter()
        .map(|one| format!("{}: {one}", one.code))
        .collect()
}

/// A spec from text.
pub(crate) fn spec(text: &str) -> Spec {
    let file = SourceFile::new("Rust.yaml", text);
    match spec::parse(&file, &BTreeMap::new()) {
        Ok((spec, _)) => spec,
        Err(found) => panic!("{}", lines(found).join("\n")),
    }
}

/// What the first image of a spec selects.
pub(crate) fn select(project: &Project, text: &str) -> Result<Selection, Vec<String>> {
    let spec = spec(text);
    project.select(&spec, &spec.images[0]).map_err(lines)
}

/// The recipe of a project for a spec.
pub(crate) fn make_recipe(files: &Files, text: &str, mode: RecipeFor) -> Recipe {
    let project = load(files, "");
    let selection = match select(&project, text) {
        Ok(selection) => selection,
        Err(lines) => panic!("{}", lines.join("\n")),
    };
    match recipe(&project, &[&selection], mode) {
        Ok(recipe) => recipe,
        Err(found) => panic!("{}", lines(found).join("\n")),
    }
}

/// A recipe as one text: every file after its path.
pub(crate) fn text(recipe: &Recipe) -> String {
    let mut text = String::new();
    for file in &recipe.files {
        text.push_str(&format!(
            "//- /{}\n{}",
            file.path,
            String::from_utf8_lossy(&file.data)
        ));
    }
    for dir in &recipe.real_dirs {
        text.push_str(&format!("//- real /{dir}\n"));
    }
    text
}

/// A tree with a link to a directory.
pub(crate) fn with_link(files: &Files, link: &str, says: &str) -> SourceTree {
    let mut tree = tree(files);
    tree.add_link(link, says);
    let (dir, name) = link.rsplit_once('/').unwrap_or(("", link));
    let mut entries = tree.list(dir).to_vec();
    entries.push(Entry {
        name: name.to_owned(),
        kind: EntryKind::Symlink,
    });
    tree.add_dir(dir, entries);
    tree
}
