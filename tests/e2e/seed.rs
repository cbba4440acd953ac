//! The seed of dependency steps: what is compiled where one is, what comes out where it is bad. Each test has
//! caches of its own: a variable of its builds is new.

use std::collections::BTreeSet;
use std::thread;

use crate::support::docker::Docker;
use crate::support::grown::{Grown, QUOTE, all_but, assert_same, files_but};
use crate::support::nonce;
use crate::support::progress::{BuildReport, DEPENDENCIES};

/// Changes what the next build finds as its seed, by a shell script.
fn poison(grown: &Grown, docker: &Docker, script: &str) {
    let plan = docker.build(&grown.project).answer("plan");
    let mut words = plan.split([' ', ',']);
    // The Dockerfile frontend puts a namespace and a slash in front of all ids.
    let space = "rust-frontend";
    let id = words
        .find_map(|word| word.strip_prefix(space)?.strip_prefix("/seed-"))
        .unwrap_or_else(|| panic!("no seed:\n{plan}"));
    let mount = format!("--mount=type=cache,id=seed-{id},target=/seed");
    let step = format!("set -eu; : {}; cd /seed; ls *.tar; {script}", nonce());
    grown
        .project
        .write("Dockerfile", format!("FROM rust:1\nRUN {mount} {step}\n"));
    let build = docker.build(&grown.project).file("Dockerfile");
    build.arg("BUILDKIT_CACHE_MOUNT_NS", space).succeed();
    grown.project.remove("Dockerfile");
}

/// The crates that a report's dependency step compiled, but the stub of the program.
fn compiled(report: &BuildReport) -> BTreeSet<&str> {
    assert!(!report.is_cached(DEPENDENCIES), "{report}");
    let compiled = report.step(DEPENDENCIES).compiled().into_iter();
    compiled.filter(|name| *name != "grown").collect()
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

/// Though each of several executables is looked at by itself.
#[test]
fn a_build_without_a_cache_leaves_a_seed() {
    let docker = Docker::take();
    let grown = Grown::without(&QUOTE, &nonce());
    let spec = format!("{}  bin: [grown, other]\n", grown.spec);
    grown
        .project
        .write("Rust.yaml", spec)
        .write("src/bin/other.rs", "fn main() {}\n");
    let build = docker.build(&grown.project).flag("--no-cache");
    assert!(compiled(&build.succeed()).contains("log"));

    grown.change(&[&["either"], &QUOTE[..]].concat());
    let report = docker.build(&grown.project).succeed();
    assert!(!compiled(&report).contains("log"), "{report}");
}

#[test]
fn a_damaged_seed_is_none() {
    let docker = Docker::take();
    let grown = Grown::without(&[&["either", "itoa"], &QUOTE[..]].concat(), &nonce());
    let (_, report) = grown.built(&docker);
    assert!(compiled(&report).contains("log"), "{report}");

    // As after a crash or a full disk: half a file; garbage under a seed's name; a folder.
    poison(
        &grown,
        &docker,
        "for seed in *.tar; do truncate -s $(($(stat -c %s $seed) / 2)) $seed; \
         mkdir 0-${seed#*-}; echo garbage >1-${seed#*-}; echo garbage >\"a b.tar\"; done",
    );
    let removed = [&["either"], &QUOTE[..]].concat();
    grown.change(&removed);
    let (halved, report) = grown.built(&docker);
    assert_eq!(compiled(&report), all_but(&removed));

    // Libraries are cut in the archive, which is one otherwise.
    poison(
        &grown,
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
