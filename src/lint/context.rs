//! The build context: what is in it, and what is not.

use super::{Found, Input, Rule};
use crate::source::{EntryKind, SourceTree};

pub(super) const RULES: [Rule; 4] = [
    Rule::new(
        "target-in-context",
        "Cargo's own target directory is looked through, and perhaps sent, with every build",
        target,
    ),
    Rule::new(
        "missing-dockerignore",
        "Without an ignore file, the build scans, and depends on, more files than the program needs",
        ignore,
    ),
    Rule::new(
        "missing-file",
        "A file that goes into the image must be in the build context",
        files,
    ),
    Rule::new(
        "sqlx-without-data",
        "With SQLX_OFFLINE, sqlx compiles against what `cargo sqlx prepare` left in the context",
        sqlx,
    ),
];

/// Whether a directory is one that cargo builds in.
fn is_target(tree: &SourceTree, dir: &str) -> bool {
    ["CACHEDIR.TAG", ".rustc_info.json", "debug", "release"]
        .iter()
        .any(|name| tree.has(dir, name))
}

fn target(input: &Input<'_>, found: &mut Found<'_>) {
    if !input.names || !input.local {
        return;
    }
    let root = input.project.map_or("", |project| project.root.as_str());
    let packages = input
        .project
        .map(|project| project.packages.as_slice())
        .unwrap_or_default();
    let mut dirs: Vec<&str> = packages
        .iter()
        .map(|package| package.dir.as_str())
        .collect();
    dirs.extend(["", root]);
    dirs.sort_unstable();
    dirs.dedup();
    for dir in dirs {
        let path = crate::source::join(dir, "target").unwrap_or_default();
        let there = input.tree.entry(dir, "target");
        if there.is_some_and(|entry| entry.kind == EntryKind::Dir) && is_target(input.tree, &path) {
            found.spec(
                None,
                format!("`{path}` is in the build context"),
                "write `**/target` into `.dockerignore`",
            );
        }
    }
}

fn ignore(input: &Input<'_>, found: &mut Found<'_>) {
    const CLUTTER: [&str; 7] = [
        ".git",
        ".github",
        ".env",
        ".idea",
        ".vscode",
        "node_modules",
        "docker-compose.yml",
    ];
    if !input.names || !input.local || !input.ignored.is_empty() {
        return;
    }
    let there: Vec<&str> = CLUTTER
        .into_iter()
        .filter(|name| input.tree.has("", name))
        .collect();
    if !there.is_empty() {
        found.spec(
            None,
            format!(
                "there is no `.dockerignore`, and the context has `{}`",
                there.join("`, `")
            ),
            format!(
                "write one with `target`, `{}` and whatever else no build reads",
                there.join("`, `")
            ),
        );
    }
}

fn files(input: &Input<'_>, found: &mut Found<'_>) {
    if !input.names {
        return;
    }
    for image in &input.spec.images {
        for file in &image.image.files {
            let path = file.from.value.trim_start_matches("./").trim_matches('/');
            // Names below these are not asked for.
            let hidden = [".git", "target", "node_modules"]
                .iter()
                .any(|dir| path.split('/').next() == Some(dir));
            if hidden || path.is_empty() || path == "." || exists(input.tree, "", path) {
                continue;
            }
            found.spec(
                file.from.span,
                format!("`{}` is not in the build context", file.from.value),
                match input.ignored.is_empty() {
                    true => "write the path from the context's root".to_owned(),
                    false => "write the path from the context's root, and check `.dockerignore`"
                        .to_owned(),
                },
            );
        }
    }
}

/// Whether anything matches a path of which each component may hold wildcards.
fn exists(tree: &SourceTree, dir: &str, path: &str) -> bool {
    let (first, rest) = path
        .split_once('/')
        .map_or((path, None), |(a, b)| (a, Some(b)));
    let Ok(pattern) = glob::Pattern::new(first) else {
        return true;
    };
    tree.list(dir).iter().any(|entry| {
        pattern.matches(&entry.name)
            && match (rest, entry.kind) {
                (None, _) | (_, EntryKind::Symlink) => true,
                (Some(_), EntryKind::File) => false,
                (Some(rest), EntryKind::Dir) => {
                    let below = crate::source::join(dir, &entry.name);
                    below.is_some_and(|below| exists(tree, &below, rest))
                }
            }
    })
}

fn sqlx(input: &Input<'_>, found: &mut Found<'_>) {
    let Some(project) = input.project.filter(|_| input.names) else {
        return;
    };
    for image in &input.spec.images {
        let mut env = image.build.env.iter();
        let offline = env.find(|var| var.name.value == "SQLX_OFFLINE");
        let mut configs = project.configs.iter();
        let configured = configs.any(|config| {
            let env = config.table.get("env");
            env.is_some_and(|env| env.get("SQLX_OFFLINE").is_some())
        });
        let is_on = offline.is_some_and(|var| matches!(var.value.as_str(), "1" | "true"));
        if !is_on && (offline.is_some() || configured) {
            continue;
        }
        let packages = project.packages.iter().map(|package| package.dir.as_str());
        let dirs = || packages.clone().chain([project.root.as_str()]);
        let has = |names: &[&str]| {
            let there = |dir: &str| names.iter().any(|name| input.tree.has(dir, name));
            dirs().any(there)
        };
        let has_data = has(&["sqlx-data.json", ".sqlx"]);
        // What an image is made of takes time to find.
        if has_data == is_on || (!is_on && !has(&[".env"])) {
            continue;
        }
        let mut compiled = input.compiled(image).locked.into_iter();
        if !compiled.any(|index| project.lock.packages[index].name == "sqlx-macros") {
            continue;
        }
        let Some(offline) = offline else {
            found.spec(
                image.build.span,
                "`.env` is in the build context: sqlx asks the database that it names, which no step that compiles can reach",
                "write `env: { SQLX_OFFLINE: \"true\" }` under `build:`, or name `.env` in `.dockerignore`",
            );
            continue;
        };
        found.spec(
                offline.name.span,
                "`SQLX_OFFLINE` is on, and `.sqlx` is not in the build context",
                "run `cargo sqlx prepare`, commit `.sqlx`, and check that `.dockerignore` does not name it",
            );
    }
}
