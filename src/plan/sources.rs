//! Which of the build context's files a step sees.
//!
//! A step that compiles some of the local packages sees their Rust sources and all files that are not Rust sources,
//! whosever directory they are in: `include_str!`, templates, migrations and schemas come from anywhere, and nobody
//! declares them. It does not see the Rust sources and manifests of other local packages, so these are not part of
//! its key; the recipe writes what Cargo needs of them. Of a context that holds more than the workspace, it sees the
//! workspace and the path dependencies outside of it.
//!
//! The files that are not Rust sources are one step that all others start from, so that they are on the disk once.

use super::{Copy, FileAction, Input, Op, Output, Plan, RUST_SOURCES, Role, dependencies, unread};
use crate::recipe::Recipe;
use crate::source::{is_in, parent};
use std::collections::BTreeSet;

/// Paths of the context that never reach a compile step, because no build reads them there.
fn never(input: &Input<'_>) -> Vec<String> {
    let root = &input.project.root;
    let mut list = vec![
        ".git".to_owned(),
        below(root, "target"),
        below(root, ".git"),
    ];
    list.push(literal(input.spec.file.name()));
    list.sort();
    list.dedup();
    list
}

/// A pattern that matches one path, whatever is in its name.
fn literal(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for (at, letter) in path.char_indices() {
        if "*?[]\\".contains(letter) || (at == 0 && letter == '!') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

/// A pattern below a directory.
fn below(dir: &str, name: &str) -> String {
    match dir {
        "" => name.into(),
        dir => format!("{}/{name}", literal(dir)),
    }
}

/// The Rust sources below a directory.
fn rust(dir: &str) -> String {
    below(dir, RUST_SOURCES)
}

fn context(plan: &mut Plan, input: &Input<'_>) -> Output {
    let mut exclude = input.ignored.to_vec();
    exclude.extend(never(input));
    let op = Op::Context {
        include: vec![],
        exclude,
    };
    Output::root(plan.push(Role::Sources, "load build context".into(), op, None))
}

/// A copy of some of the context's files, with the one old time.
fn some(from: Output, include: Vec<String>, exclude: Vec<String>) -> FileAction {
    FileAction::Copy(Box::new(Copy {
        include,
        exclude,
        ..Copy::new(from, "/", "/")
    }))
}

/// Adds the content of the directories that a recipe of stubs wants as they are.
pub(super) fn real_dirs(plan: &mut Plan, input: &Input<'_>, recipe: &Recipe) -> Option<Output> {
    if recipe.real_dirs.is_empty() {
        return None;
    }
    let context = context(plan, input);
    let mut include: Vec<String> = recipe.real_dirs.iter().map(|dir| literal(dir)).collect();
    let inputs = input.image.build.inputs.iter().map(|input| &input.value);
    include.extend(
        inputs
            .filter(|input| !input.starts_with(unread::LEFT_OUT))
            .cloned(),
    );
    if include.iter().any(String::is_empty) {
        include = vec![];
    }
    let copy = some(context, include, never(input));
    Some(plan.files(Role::Sources, "vendored sources", None, vec![copy]))
}

/// Adds the context's files that match one of the patterns.
pub(super) fn only(plan: &mut Plan, input: &Input<'_>, include: &[&str], name: &str) -> Output {
    let context = context(plan, input);
    let include = include.iter().map(|&pattern| pattern.to_owned()).collect();
    let copy = some(context, include, never(input));
    plan.files(Role::Sources, name, None, vec![copy])
}

/// Adds the project as a step sees it that compiles what is real in a recipe.
pub(super) fn over(plan: &mut Plan, input: &Input<'_>, recipe: &Recipe, name: &str) -> Output {
    let context = context(plan, input);
    let packages = &input.project.packages;
    let mut others = never(input);
    for dir in packages.iter().map(|package| package.dir.as_str()) {
        others.extend([rust(dir), below(dir, "Cargo.toml")]);
    }
    // A stub cannot be written through a link.
    let links = packages.iter().flat_map(|package| &package.source_links);
    others.extend(links.map(|(link, _)| literal(link)));
    for name in ["Cargo.toml", "Cargo.lock"] {
        others.push(below(&input.project.root, name));
    }
    let configs = input.project.configs.iter();
    let configs = configs.flat_map(|config| [config.path.as_str(), config.file.name()]);
    others.extend(configs.map(literal));
    let toolchain = input.project.toolchain.iter();
    others.extend(toolchain.map(|toolchain| literal(toolchain.file.name())));
    others.sort();
    others.dedup();
    let places = places(input);
    let include = places.iter().filter(|dir| !dir.is_empty());
    let include = include.map(|dir| literal(dir)).collect();
    let copy = some(context.clone(), include, others);
    let files = plan.files(
        Role::Sources,
        "files that are not Rust sources",
        None,
        vec![copy],
    );
    let patterns = places.into_iter().map(rust).collect();
    let copy = some(context.clone(), patterns, never(input));
    let all = plan.files(Role::Sources, "Rust sources", None, vec![copy]);
    let shared = unread::without(plan, input, &context, files, all);

    // Engines mount for each change, which is free where nothing is below: one copy takes the place of many.
    let write = dependencies::files(recipe).collect();
    let manifests = plan.files(Role::Sources, "manifests", None, write);
    let (include, exclude) = seen(input, recipe);
    let copies = vec![
        some(context, include, exclude),
        some(manifests, vec![], vec![]),
    ];
    plan.files(Role::Sources, name, Some(shared), copies)
}

/// The directories that have all of the project: that of the workspace, and those of local packages elsewhere.
fn places<'a>(input: &Input<'a>) -> Vec<&'a str> {
    let packages = input.project.packages.iter();
    let mut dirs: BTreeSet<&str> = packages.map(|package| package.dir.as_str()).collect();
    dirs.insert(&input.project.root);
    let is_outermost = |dir: &&str| !above(dir).any(|other| dirs.contains(other));
    dirs.iter().copied().filter(is_outermost).collect()
}

/// Patterns of the Rust sources that are real in a recipe: those to include and, of these, to exclude.
fn seen(input: &Input<'_>, recipe: &Recipe) -> (Vec<String>, Vec<String>) {
    let real: BTreeSet<&str> = recipe.real_dirs.iter().map(String::as_str).collect();
    let mut include: BTreeSet<String> = real.iter().map(|dir| rust(dir)).collect();
    let mut exclude = never(input);
    // Parents come first, so that the last pattern that matches is that of the innermost package.
    for package in &input.project.packages {
        let dir = package.dir.as_str();
        match real.contains(dir) {
            false if above(dir).any(|other| real.contains(other)) => exclude.push(rust(dir)),
            true => {
                let is_stub =
                    |other| !real.contains(other) && input.project.package_at(other).is_some();
                let hidden = above(dir).any(is_stub);
                if hidden {
                    exclude.push(format!("!{}", rust(dir)));
                }
                // Targets may be anywhere.
                let outside = package.targets.iter().map(|target| target.path.as_str());
                let outside = outside.filter(|path| !is_in(path, dir));
                include.extend(outside.map(|path| rust(parent(path))));
                for (link, real) in &package.source_links {
                    include.insert(literal(link));
                    include.insert(match real.ends_with(".rs") {
                        true => literal(real),
                        false => rust(real),
                    });
                }
            }
            false => {}
        }
    }
    (include.into_iter().collect(), exclude)
}

/// The directories that a directory is in, the innermost first.
fn above(dir: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(dir), |dir| (!dir.is_empty()).then(|| parent(dir))).skip(1)
}

#[cfg(test)]
mod tests {
    use super::{below, rust};

    #[test]
    fn directories_are_no_patterns() {
        assert_eq!(rust("crates/[a]*"), r"crates/\[a\]\*/**/*.rs");
        assert_eq!(below("!a\\b", "Cargo.toml"), r"\!a\\b/Cargo.toml");
        assert_eq!(rust("crates/a b!"), "crates/a b!/**/*.rs");
    }
}
