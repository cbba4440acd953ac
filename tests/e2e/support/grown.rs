//! A program of some crates that tells which files it found compiled: what dependency steps leave.

use std::collections::BTreeSet;

use super::build::Build;
use super::docker::Docker;
use super::nonce;
use super::progress::BuildReport;
use super::project::Project;

/// A program with 14 crates; two of them are there for `quote` alone, one is a procedural macro.
const LOCK: &str = include_str!("grown/Cargo.lock");

/// What `quote` needs, and itself.
pub(crate) const QUOTE: [&str; 3] = ["proc-macro2", "quote", "unicode-ident"];

/// Says what the own package finds compiled: each file, and the bytes of what rustc wrote, as a hash.
const BUILD_RS: &str = include_str!("grown/list.rs");

const MAIN: &str =
    "fn main() { print!(\"{}\", include_str!(concat!(env!(\"OUT_DIR\"), \"/files\"))); }\n";

/// The program without some crates.
pub(crate) struct Grown {
    pub(crate) project: Project,
    pub(crate) spec: String,
}

impl Grown {
    /// `space`: programs with the same one share their seeds.
    pub(crate) fn without(crates: &[&str], space: &str) -> Self {
        let spec = format!(
            "# syntax=org/rust-frontend:1\nimage: {{ base: scratch }}\nbuild:\n  env: {{ SPACE: \"{space}\" }}\n"
        );
        let project = Project::tiny("");
        project
            .write("Rust.yaml", &spec)
            .write("build.rs", BUILD_RS)
            .write("src/main.rs", MAIN);
        let grown = Self { project, spec };
        grown.change(crates);
        grown
    }

    /// Has all crates but these from now on.
    pub(crate) fn change(&self, without: &[&str]) {
        let mut manifest =
            "[package]\nname = \"grown\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n"
                .to_owned();
        let mut lock = String::new();
        for package in LOCK.split("[[package]]\n") {
            let name = package.split('"').nth(1).unwrap_or_default();
            match name {
                "" => lock.push_str(package),
                "grown" => {
                    let kept = package.lines().filter(|line| {
                        let names = line.split('"').nth(1).unwrap_or_default();
                        !line.starts_with(" \"") || !without.contains(&names)
                    });
                    for line in kept.clone().filter(|line| line.starts_with(" \"")) {
                        let name = line.split('"').nth(1).unwrap_or_default();
                        manifest.push_str(&format!("{name} = \"*\"\n"));
                    }
                    lock.push_str("[[package]]\n");
                    kept.for_each(|line| lock.push_str(&format!("{line}\n")));
                }
                name if without.contains(&name) => {}
                _ => lock.push_str(&format!("[[package]]\n{package}")),
            }
        }
        self.project
            .write("Cargo.toml", manifest)
            .write("Cargo.lock", lock);
    }

    /// What the program's own build found, and how it was done.
    pub(crate) fn built(&self, docker: &Docker) -> (BTreeSet<String>, BuildReport) {
        self.built_by(docker.build(&self.project))
    }

    /// The same, of a build with options.
    pub(crate) fn built_by(&self, build: Build<'_>) -> (BTreeSet<String>, BuildReport) {
        let (image, report) = build.image(&nonce());
        assert_eq!(report.step("] compile ").compiled(), ["grown"], "{report}");
        let files = image.prints(&[]).lines().map(str::to_owned).collect();
        (files, report)
    }
}

/// All crates but some.
pub(crate) fn all_but<'a>(without: &[&str]) -> BTreeSet<&'a str> {
    let packages = LOCK.split("[[package]]\n").skip(1);
    packages
        .filter_map(|package| package.split('"').nth(1))
        .filter(|name| *name != "grown" && !without.contains(name))
        .collect()
}

/// The files but those of some crates.
pub(crate) fn files_but(files: &BTreeSet<String>, without: &[&str]) -> BTreeSet<String> {
    let of = |file: &str, name: &str| {
        let names = [name.to_owned(), name.replace('-', "_")];
        names.iter().any(|name| {
            let starts = ["/", "/lib", "/build/"].map(|start| format!("{start}{name}"));
            [
                format!("{}-", starts[0]),
                format!("{}-", starts[1]),
                format!("{}/", starts[2]),
            ]
            .iter()
            .any(|start| file.contains(start))
        })
    };
    let keeps = |file: &&String| !without.iter().any(|name| of(file, name));
    files.iter().filter(keeps).cloned().collect()
}

/// Compares what two builds left.
pub(crate) fn assert_same(left: &BTreeSet<String>, right: &BTreeSet<String>) {
    let differ: Vec<_> = left.symmetric_difference(right).collect();
    assert!(differ.is_empty(), "{differ:#?}");
}
