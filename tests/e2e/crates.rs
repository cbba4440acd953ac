//! External crates in groups (`granularity: crates`): what is compiled after a change, for another project, on another
//! builder; and that what comes out is what one step for all of them makes.

use std::collections::BTreeSet;

use crate::support::docker::{Docker, REGISTRY};
use crate::support::grown::{self, Grown, all_but, files_but};
use crate::support::nonce;
use crate::support::progress::BuildReport;

/// The program with its crates in groups.
fn in_groups(without: &[&str], space: &str) -> Grown {
    let mut grown = Grown::without(without, space);
    grown.spec.push_str("  granularity: crates\n");
    grown.project.write("Rust.yaml", &grown.spec);
    grown
}

/// The crates that the steps of groups compiled. Nothing external is compiled elsewhere.
fn compiled(report: &BuildReport) -> BTreeSet<&str> {
    let (groups, others): (Vec<_>, Vec<_>) = report
        .steps()
        .partition(|step| step.name.starts_with("[crates] "));
    let elsewhere: BTreeSet<&str> = others.iter().flat_map(|step| step.compiled()).collect();
    assert!(elsewhere.is_subset(&BTreeSet::from(["grown"])), "{report}");
    assert_eq!(report.warnings.len(), 0, "{:?}", report.warnings);
    groups.iter().flat_map(|step| step.compiled()).collect()
}

/// Compares what two builds left, but for the accounts of groups.
fn assert_same(left: &BTreeSet<String>, right: &BTreeSet<String>) {
    let artefacts = |files: &BTreeSet<String>| -> BTreeSet<String> {
        let files = files
            .iter()
            .filter(|file| !file.starts_with("/target/.crates/"));
        files.cloned().collect()
    };
    grown::assert_same(&artefacts(left), &artefacts(right));
}

#[test]
fn a_change_compiles_what_it_is_about_and_leaves_what_one_step_would() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let space = nonce();
    let grown = in_groups(&["either"], &space);
    let (files, report) = grown.built(&docker);
    assert_eq!(compiled(&report), all_but(&["either"]));

    // An engine removes no layer that others depend on, so no group is compiled again under those that need it.
    let filter = ["--filter", "description~=\"/rust-frontend/crates \""];
    let prune = ["buildx", "prune", "--all", "--force"];
    docker.output([&prune[..], &filter].concat());
    let held = docker.output([&["buildx", "du"][..], &filter].concat());
    assert!(held.lines().count() > 5, "{held}");
    grown.change(&[]);
    let (all, report) = grown.built(&docker);
    assert_eq!(compiled(&report), BTreeSet::from(["either"]));
    assert_same(&files, &files_but(&all, &["either"]));

    // The same crates for another project: whichever compiled them, they are there.
    // An older lock changes nothing.
    let other = in_groups(&["itoa"], &space);
    other
        .project
        .replace("Cargo.lock", "version = 4\n", "version = 3\n");
    let (files, report) = other.built(&docker);
    assert_eq!(compiled(&report), BTreeSet::new());
    assert_same(&files, &files_but(&all, &["itoa"]));

    // File by file and byte by byte what one step for all makes.
    let layer = Grown::without(&[], &space);
    let spec = format!("{}  granularity: layer\n  seed: false\n", layer.spec);
    layer.project.write("Rust.yaml", spec);
    let (files, _) = layer.built(&docker);
    assert_same(&all, &files);
}

#[test]
fn an_imported_cache_has_all_groups_but_the_new_one() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let space = nonce();
    let cache = format!("type=registry,ref={REGISTRY}/crates-{space}:cache");
    // `auto` takes groups where a cache is imported, if there are enough crates; here it is the spec that does.
    let grown = in_groups(&["log"], &space);
    let second = docker.second();
    second.prune();
    let export = second.build(&grown.project);
    let (first, _) = grown.built_by(export.option("--cache-to", format!("{cache},mode=max")));

    second.prune();
    let import = || second.build(&grown.project).option("--cache-from", &cache);
    let report = import().succeed();
    assert_eq!(report.executed(), [""; 0], "{report}");

    grown.change(&[]);
    let (files, report) = grown.built_by(import());
    assert_eq!(compiled(&report), BTreeSet::from(["log"]));
    assert_same(&first, &files_but(&files, &["log"]));
}

#[test]
fn a_build_that_is_killed_harms_no_later_one() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let space = nonce();
    let grown = in_groups(&[], &space);
    docker
        .build(&grown.project)
        .kill_at("Compiling proc-macro2");
    let (files, report) = grown.built(&docker);
    assert!(compiled(&report).contains("quote"), "{report}");

    // Two at once, of which each has a crate that the other has not.
    let space = nonce();
    let (one, two) = (in_groups(&["itoa"], &space), in_groups(&["log"], &space));
    let ((first, _), (second, _)) = std::thread::scope(|scope| {
        let first = scope.spawn(|| one.built(&docker));
        let second = two.built(&docker);
        (first.join().expect("does not panic"), second)
    });
    assert_same(&files_but(&first, &["log"]), &files_but(&second, &["itoa"]));
    assert_same(&files_but(&files, &["itoa"]), &first);
}
