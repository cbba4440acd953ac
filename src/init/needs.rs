//! What the manifests and names of a project tell about what it needs.

use super::draft::{Block, Draft, list, mapping, scalar};
use super::settings::image_name;
use crate::hints;
use crate::project::{Package, Project};
use crate::source::SourceTree;

/// Fills in what is not there yet; returns open questions. `old`: whether there is a Dockerfile, which answers what is
/// guessed otherwise.
pub(super) fn fill(
    project: &Project,
    tree: &SourceTree,
    draft: &mut Draft,
    old: bool,
) -> Vec<String> {
    let mut open = vec![];
    programs(project, draft, &mut open);
    packages(project, draft);
    if !old {
        database(project, tree, draft, &mut open);
        openssl(project, draft, &mut open);
        files(tree, draft, &mut open);
    }
    open
}

/// Whether the lock file has a package.
fn has(project: &Project, name: &str) -> bool {
    let mut packages = project.lock.packages.iter();
    packages.any(|package| package.name == name)
}

/// The packages of the build image that crates need.
fn packages(project: &Project, draft: &mut Draft) {
    if draft.build.has("packages") || draft.build.has("base") {
        return;
    }
    let all = (0..project.lock.packages.len()).collect();
    let needed = hints::packages(&hints::needed(&project.lock, &all));
    let (packages, why): (Vec<_>, Vec<_>) = needed.into_iter().unzip();
    if !packages.is_empty() {
        let why = why.join("; ");
        draft.build.set("packages", list(&packages), &why);
    }
}

/// Macros that ask a database while they compile.
fn database(project: &Project, tree: &SourceTree, draft: &mut Draft, open: &mut Vec<String>) {
    if !has(project, "sqlx-macros") {
        return;
    }
    let env = [("SQLX_OFFLINE", "\"true\"".to_owned())];
    let why = "no database while compiling: commit `.sqlx`";
    draft.build.set("env", mapping(&env), why);
    if !tree.has("", ".sqlx") {
        let what = "There is no `.sqlx` directory: `cargo sqlx prepare --workspace` writes it.";
        open.push(what.into());
    }
}

/// What a program with the system's OpenSSL is linked with.
fn openssl(project: &Project, draft: &mut Draft, open: &mut Vec<String>) {
    if !has(project, "openssl-sys") || has(project, "openssl-src") {
        return;
    }
    let why = "openssl-sys links the system's OpenSSL";
    draft.build.set("target", "gnu".into(), why);
    draft.image.set("base", "debian".into(), "it has glibc");
    draft.image.set("packages", list(&["libssl3t64"]), "");
    let what = "For a static program give openssl the feature `vendored`, or use rustls.";
    open.push(what.into());
}

/// Directories that programs often read.
fn files(tree: &SourceTree, draft: &Draft, open: &mut Vec<String>) {
    for dir in ["templates", "static", "public", "assets", "migrations"] {
        if tree.has("", dir) && !draft.image.has("files") {
            open.push(format!(
                "If the program reads `{dir}/` when it runs, add under `image:` files: {{ {dir}/: /app/{dir}/ }}"
            ));
        }
    }
}

/// An image for each program, where the project does not say which.
fn programs(project: &Project, draft: &mut Draft, open: &mut Vec<String>) {
    let settled = ["package", "bin"].iter().any(|key| draft.build.has(key));
    if settled || !draft.images.is_empty() {
        return;
    }
    let members = project.packages.iter().filter(|package| package.is_member);
    let programs: Vec<_> = members
        .filter(|package| package.bins().next().is_some())
        .collect();
    let image = |name: &str, key, yaml| {
        let mut build = Block::default();
        build.set(key, yaml, "");
        (image_name(name, &[]), build, Block::default())
    };
    match programs.as_slice() {
        [] => open.push("No package has a binary yet: the build will say so.".into()),
        [one] if one.bins().count() > 1 && one.default_run.is_none() => {
            let bins = one.bins().map(|bin| bin.name.as_str());
            draft.images = bins.map(|bin| image(bin, "bin", list(&[bin]))).collect();
        }
        [_] => {}
        several => {
            let image = |package: &&Package| {
                let name = package.name.as_str();
                let mut image = image(name, "package", scalar(name));
                let mut bins: Vec<&str> = package.bins().map(|bin| bin.name.as_str()).collect();
                // The first is what the image runs.
                if let Some(at) = bins.iter().position(|bin| *bin == name) {
                    bins.swap(0, at);
                }
                if bins.len() > 1 && package.default_run.is_none() {
                    image.1.set_list("bin", &bins);
                }
                image
            };
            draft.images = several.iter().map(image).collect();
        }
    }
}
