//! The seed of dependency steps: what is compiled where one is, what comes out where it is bad. Each test has
//! caches of its own: a variable of its builds is new.

use std::collections::BTreeSet;
use std::thread;

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
struct Grown {
    project: Project,
    spec: String,
}

impl Grown {
    /// `space`: programs with the same one share their seeds.
    fn without(crates: &[&str], space: &str) -> Self {
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
        self.project
            .write("Cargo.toml", manifest)
            .write("Cargo.lock", lock);
    }

    /// What the program's own build found, and how it was done.
    fn built(&self, docker: &Docker) -> (BTreeSet<String>, BuildReport) {
        let (image, report) = docker.build(&self.project).image(&nonce());
        assert_eq!(report.step("] compile ").compiled(), ["grown"], "{report}");
        let files = image.prints(&[]).lines().map(str::to_owned).collect();
        (files, report)
    }

    /// Changes what the next build finds as its seed, by a shell script.
    fn poison(&self, docker: &Docker, script: &str) {
        let plan = docker.build(&self.project).answer("plan");
        let mut words = plan.split([' ', ',']);
        // The Dockerfile frontend puts a namespace and a slash in front of all ids.
        let space = "rust-frontend";
        let id = words
            .find_map(|word| word.strip_prefix(space)?.strip_prefix("/seed-"))
            .unwrap_or_else(|| panic!("no seed:\n{plan}"));
        let mount = format!("--mount=type=cache,id=seed-{id},target=/seed");
        let step = format!("set -eu; : {}; cd /seed; ls *.tar; {script}", nonce());
        self.project
            .write("Dockerfile", format!("FROM rust:1\nRUN {mount} {step}\n"));
        let build = docker.build(&self.project).file("Dockerfile");
        build.arg("BUILDKIT_CACHE_MOUNT_NS", space).succeed();
        self.project.remove("Dockerfile");
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

/// Compares what two builds left.
fn assert_same(left: &BTreeSet<String>, right: &BTreeSet<String>) {
    let differ: Vec<_> = left.symmetric_difference(right).collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

#[test]
fn what_is_new_is_compiled_and_what_is_gone_leaves_nothing() {
    let docker = Docker::take();
    let grown = Grown::without(&[], &nonce());

    // What there is without any of this.
    grown
        .project
        .write("Rust.yaml", format!("{}  seed: false\n", grown.spec));
    let (all, _) = grown.built(&docker);
    assert!(all.len() > 80, "{all:#?}");
    grown.project.write("Rust.yaml", &grown.spec);

    grown.change(&["itoa", "either"]);
    let (files, report) = grown.built(&docker);
    assert_eq!(compiled(&report), all_but(&["itoa", "either"]));
    assert_same(&files, &files_but(&all, &["itoa", "either"]));

    grown.change(&["either"]);
    let (files, report) = grown.built(&docker);
    assert_eq!(compiled(&report), BTreeSet::from(["itoa"]));
    assert_same(&files, &files_but(&all, &["either"]));

    let removed = [&["either"], &QUOTE[..]].concat();
    grown.change(&removed);
    let (files, report) = grown.built(&docker);
    assert_eq!(compiled(&report), BTreeSet::new());
    assert_same(&files, &files_but(&all, &removed));

    grown.change(&[]);
    let build = docker.build(&grown.project).flag("--no-cache");
    assert_eq!(compiled(&build.succeed()), all_but(&[]));
}

#[test]
fn a_damaged_seed_is_none() {
    let docker = Docker::take();
    let grown = Grown::without(&[&["either", "itoa"], &QUOTE[..]].concat(), &nonce());
    let (_, report) = grown.built(&docker);
    assert!(compiled(&report).contains("log"), "{report}");

    // As after a crash or a full disk: half a file; garbage under a seed's name; a folder.
    grown.poison(
        &docker,
        "for seed in *.tar; do truncate -s $(($(stat -c %s $seed) / 2)) $seed; \
         mkdir 0-${seed#*-}; echo garbage >1-${seed#*-}; echo garbage >\"a b.tar\"; done",
    );
    let removed = [&["either"], &QUOTE[..]].concat();
    grown.change(&removed);
    let (halved, report) = grown.built(&docker);
    assert_eq!(compiled(&report), all_but(&removed));

    // Libraries are cut in the archive, which is one otherwise.
    grown.poison(
        &docker,
        "for seed in $(find . -type f -size +9k); do mkdir t; tar -xf $seed -C t; \
         for lib in $(find t -name '*.rlib'); do truncate -s 100 $lib; done; \
         tar -cf $seed -C t .; rm -r t; done",
    );
    grown.change(&QUOTE);
    let (files, report) = grown.built(&docker);
    assert_eq!(compiled(&report), all_but(&QUOTE));
    assert_same(&halved, &files_but(&files, &["either"]));

    // What was left after all that is good.
    grown.change(&["log"]);
    let (after, report) = grown.built(&docker);
    assert_eq!(compiled(&report), BTreeSet::from(QUOTE));
    assert_same(&files_but(&files, &["log"]), &files_but(&after, &QUOTE));
}

#[test]
fn builds_at_once_and_one_that_is_killed_do_no_harm() {
    let docker = Docker::take();
    let space = nonce();
    let (one, two) = (
        Grown::without(&["itoa"], &space),
        Grown::without(&["log"], &space),
    );
    let ((first, _), (second, _)) = thread::scope(|scope| {
        let first = scope.spawn(|| one.built(&docker));
        let second = two.built(&docker);
        (first.join().expect("does not panic"), second)
    });
    assert_same(&files_but(&first, &["log"]), &files_but(&second, &["itoa"]));

    // Whichever left the seed: nothing but the crate that it did without is new.
    one.change(&["either", "itoa"]);
    let (files, report) = one.built(&docker);
    let new = BTreeSet::from(["log"]);
    assert!(compiled(&report).is_subset(&new), "{}", report.log());
    assert_same(&files, &files_but(&first, &["either"]));

    one.change(&[]);
    docker.build(&one.project).kill_at("starts from");
    one.change(&["fastrand"]);
    let (files, report) = one.built(&docker);
    let new = BTreeSet::from(["either", "itoa", "log"]);
    assert!(compiled(&report).is_subset(&new), "{}", report.log());
    assert_same(
        &files_but(&files, &["either", "itoa"]),
        &files_but(&first, &["either", "fastrand"]),
    );
}
