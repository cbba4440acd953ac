//! What the manifests and names of a project tell about what it needs.

use super::{Draft, list};
use crate::project::Project;
use crate::source::SourceTree;

/// Fills in what is not there yet; returns open questions.
pub(super) fn fill(project: &Project, tree: &SourceTree, draft: &mut Draft) -> Vec<String> {
    let mut open = vec![];
    let members = || project.packages.iter().filter(|package| package.is_member);
    let programs: Vec<_> = members()
        .filter(|package| package.bins().next().is_some())
        .collect();
    let settled = draft.build.has("package") || draft.build.has("bin");
    match programs.as_slice() {
        _ if settled => {}
        [] => open.push("No package has a binary yet: the build will say so.".into()),
        [one] => {
            let bins: Vec<String> = one.bins().map(|bin| bin.name.clone()).collect();
            if bins.len() > 1 && one.default_run.is_none() {
                for bin in bins {
                    draft
                        .images
                        .push((bin.clone(), one.name.clone(), vec![bin]));
                }
            }
        }
        several => {
            for package in several {
                draft
                    .images
                    .push((package.name.clone(), package.name.clone(), vec![]));
            }
        }
    }
    let has = |name: &str| {
        project
            .lock
            .packages
            .iter()
            .any(|package| package.name == name)
    };
    let mut packages: Vec<&str> = vec![];
    let mut why = vec![];
    if has("prost-build") || has("tonic-build") || has("protobuf-codegen") {
        packages.push("protobuf-compiler");
        why.push("protoc, for build scripts");
    }
    if has("bindgen") {
        packages.push("libclang-dev");
        why.push("libclang, for bindgen");
    }
    if has("cmake") {
        packages.push("cmake");
        why.push("cmake, for build scripts");
    }
    if !packages.is_empty() && !draft.build.has("packages") {
        draft
            .build
            .set("packages", list(&packages), &why.join("; "));
    }
    if has("sqlx-macros") && !draft.build.has("env") {
        let env = [("SQLX_OFFLINE".to_owned(), "true".to_owned())];
        draft.build.set(
            "env",
            super::map(&env),
            "no database while compiling: commit `.sqlx`",
        );
        if !tree.has("", ".sqlx") {
            open.push(
                "There is no `.sqlx` directory: `cargo sqlx prepare --workspace` writes it.".into(),
            );
        }
    }
    if has("openssl-sys") && !has("openssl-src") && !draft.build.has("target") {
        draft.build.set(
            "target",
            "gnu".into(),
            "openssl-sys links the system's OpenSSL",
        );
        if !draft.image.has("base") {
            draft.image.set("base", "debian".into(), "");
        }
        open.push(
            "For a static program give openssl the feature `vendored`, or use rustls.".into(),
        );
    }
    for dir in ["templates", "static", "public", "assets", "migrations"] {
        if tree.has("", dir) && !draft.image.has("files") {
            open.push(format!(
                "If the program reads `{dir}/` when it runs: files: {{ {dir}/: /app/{dir}/ }} under image."
            ));
        }
    }
    open
}
