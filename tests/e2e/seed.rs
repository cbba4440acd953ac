//! The seed of dependency steps: what is compiled where one is, what comes out where it is bad. Each test has
//! caches of its own, by their ids' namespace.

use std::collections::BTreeSet;
use std::thread;

use crate::support::build::Build;
use crate::support::docker::Docker;
use crate::support::nonce;
use crate::support::progress::BuildReport;
use crate::support::project::Project;

/// Part of the name of the step that compiles them.
const DEPENDENCIES: &str = "] dependencies (";

/// A program with 14 crates; two of them are there for `quote` alone, one is a procedural macro.
const LOCK: &str = include_str!("seed/Cargo.lock");

/// What `quote` needs, and itself.
const QUOTE: [&str; 3] = ["proc-macro2", "quote", "unicode-ident"];

/// Says what the own package finds compiled: each file, and the bytes of what rustc wrote, as a hash.
const BUILD_RS: &str = include_str!("seed/list.rs");

const MAIN: &str =
    "fn main() { print!(\"{}\", include_str!(concat!(env!(\"OUT_DIR\"), \"/files\"))); }\n";

/// The program without some crates.
struct Grown(Project);

impl Grown {
    fn without(crates: &[&str]) -> Self {
        let project = Project::tiny("image: { base: scratch }\n");
        project
            .write("build.rs", BUILD_RS)
            .write("src/main.rs", MAIN);
        let grown = Self(project);
        grown.change(crates);
        grown
    }

    /// Has all crates but these from now on.
    fn change(&self, without: &[&str]) {
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
        self.0
            .write("Cargo.toml", manifest)
            .write("Cargo.lock", lock);
    }

    /// What the program's own build found, and how it was done.
    fn built(&self, build: Build<'_>, name: &str) -> (BTreeSet<String>, BuildReport) {
        let (image, report) = build.image(&format!("seed-{name}"));
        assert_eq!(report.step("] compile ").compiled(), ["grown"], "{report}");
        let files = image.prints(&[]).lines().map(str::to_owned).collect();
        (files, report)
    }
}

/// The crates that a report's dependency step compiled, but the stub of the program.
fn compiled(report: &BuildReport) -> BTreeSet<&str> {
    assert!(!report.is_cached(DEPENDENCIES), "{report}");
    let compiled = report.step(DEPENDENCIES).compiled().into_iter();
    compiled.filter(|name| *name != "grown").collect()
}

/// All crates but some.
fn all_but<'a>(without: &[&str]) -> BTreeSet<&'a str> {
    let packages = LOCK.split("[[package]]\n").skip(1);
    packages
        .filter_map(|package| package.split('"').nth(1))
        .filter(|name| *name != "grown" && !without.contains(name))
        .collect()
}

/// The files but those of some crates.
fn files_but(files: &BTreeSet<String>, without: &[&str]) -> BTreeSet<String> {
    let of = |file: &str, name: &str| {
        let names = [name.to_owned(), name.replace('-', "_")];
        names.iter().any(|name| {
            [format!("/{name}-"), format!("/lib{name}-")]
                .iter()
                .any(|start| file.contains(start))
        })
    };
    let keeps = |file: &&String| !without.iter().any(|name| of(file, name));
    files.iter().filter(keeps).cloned().collect()
}

/// What builds with this namespace of caches find as their seed, changed by a shell script.
fn poison(docker: &Docker, project: &Project, space: &str, script: &str) {
    let outline = docker.build(project).answer("outline");
    let id = outline
        .split_whitespace()
        .find(|word| word.starts_with("rust-frontend/seed-"))
        .unwrap_or_else(|| panic!("no seed:\n{outline}"));
    let step = format!(
        "FROM rust:1\nRUN --mount=type=cache,id={id},target=/seed : {}; set -eu; cd /seed; ls *.tar; {script}\n",
        nonce()
    );
    project.write("Dockerfile", step);
    let build = docker.build(project).file("Dockerfile");
    build.arg("BUILDKIT_CACHE_MOUNT_NS", space).succeed();
    project.remove("Dockerfile");
}

#[test]
fn what_is_new_is_compiled_and_what_is_gone_leaves_nothing() {
    let docker = Docker::take();
    let space = nonce();
    let project = Grown::without(&[]);
    let build = || docker.build(&project.0);
    let seeded = || build().arg("BUILDKIT_CACHE_MOUNT_NS", &space);

    // What there is without any of this.
    let spec = "# syntax=org/rust-frontend:1\nimage: { base: scratch }\n";
    project
        .0
        .write("Rust.yaml", format!("{spec}build: {{ seed: false }}\n"));
    let (all, _) = project.built(seeded(), "off");
    assert!(all.len() > 80, "{all:#?}");
    project.0.write("Rust.yaml", spec);

    project.change(&["itoa", "either"]);
    let (files, report) = project.built(seeded(), "first");
    assert_eq!(compiled(&report), all_but(&["itoa", "either"]));
    assert_eq!(files, files_but(&all, &["itoa", "either"]));

    project.change(&["either"]);
    let (files, report) = project.built(seeded(), "added");
    assert_eq!(compiled(&report), BTreeSet::from(["itoa"]));
    assert_eq!(files, files_but(&all, &["either"]));

    project.change(&[&["either"], &QUOTE[..]].concat());
    let (files, report) = project.built(seeded(), "removed");
    assert_eq!(compiled(&report), BTreeSet::new());
    assert_eq!(files, files_but(&all, &[&["either"], &QUOTE[..]].concat()));

    project.change(&[]);
    let report = seeded().flag("--no-cache").succeed();
    assert_eq!(compiled(&report), all_but(&[]));
}

#[test]
fn a_damaged_seed_is_none() {
    let docker = Docker::take();
    let space = nonce();
    let project = Grown::without(&[&["either", "itoa"], &QUOTE[..]].concat());
    let seeded = || {
        docker
            .build(&project.0)
            .arg("BUILDKIT_CACHE_MOUNT_NS", &space)
    };
    let (_, report) = project.built(seeded(), "before");
    assert!(compiled(&report).contains("log"), "{report}");

    // As after a crash or a full disk: half a file; garbage under a seed's name; a folder.
    let halve = "for seed in *.tar; do truncate -s $(($(stat -c %s $seed) / 2)) $seed; \
                 mkdir 0-${seed#*-}; echo garbage >1-${seed#*-}; echo garbage >\"a b.tar\"; done";
    poison(&docker, &project.0, &space, halve);
    project.change(&[&["either"], &QUOTE[..]].concat());
    let (halved, report) = project.built(seeded(), "halved");
    assert_eq!(
        compiled(&report),
        all_but(&[&["either"], &QUOTE[..]].concat())
    );

    // A library is cut in the archive, which is one otherwise.
    let cut = "for seed in *.tar; do mkdir t; tar -xf $seed -C t; \
               for lib in $(find t -name '*.rlib'); do truncate -s 100 $lib; done; \
               tar -cf $seed -C t .; rm -r t; done";
    poison(&docker, &project.0, &space, cut);
    project.change(&QUOTE);
    let (files, report) = project.built(seeded(), "cut");
    assert_eq!(compiled(&report), all_but(&QUOTE));
    assert_eq!(halved, files_but(&files, &["either"]));

    // What was left after all that is good.
    project.change(&["log"]);
    let (after, report) = project.built(seeded(), "after");
    assert_eq!(compiled(&report), BTreeSet::from(QUOTE));
    assert_eq!(files_but(&files, &["log"]), files_but(&after, &QUOTE));
}

#[test]
fn builds_at_once_and_one_that_is_killed_do_no_harm() {
    let docker = Docker::take();
    let space = nonce();
    let seeded = |project: &Grown| {
        docker
            .build(&project.0)
            .arg("BUILDKIT_CACHE_MOUNT_NS", &space)
    };
    let (one, two) = (Grown::without(&["itoa"]), Grown::without(&["log"]));
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| one.built(seeded(&one), "one"));
        let second = two.built(seeded(&two), "two");
        (first.join().expect("does not panic"), second)
    });
    assert_eq!(
        files_but(&first.0, &["log"]),
        files_but(&second.0, &["itoa"])
    );

    // Both left a seed or one did: without either of them nothing but the new crate is missing.
    one.change(&["either", "itoa"]);
    let (files, report) = one.built(seeded(&one), "three");
    assert!(
        compiled(&report).is_subset(&BTreeSet::from(["log"])),
        "{report}"
    );
    assert_eq!(files, files_but(&first.0, &["either"]));

    one.change(&[]);
    seeded(&one).kill_at("starts from");
    one.change(&["fastrand"]);
    let (files, report) = one.built(seeded(&one), "four");
    assert!(
        compiled(&report).is_subset(&BTreeSet::from(["either", "itoa", "log"])),
        "{report}"
    );
    assert_eq!(
        files_but(&files, &["either", "itoa"]),
        files_but(&first.0, &["either", "fastrand"])
    );
}
