//! Crates in groups whose steps go wrong, or come out otherwise than elsewhere: the program is right, and the user is
//! told.

use std::collections::BTreeSet;

use crate::support::docker::{Docker, REGISTRY};
use crate::support::progress::{BuildReport, DEPENDENCIES};
use crate::support::project::{Project, manifest};
use crate::support::{lock, nonce};

/// Crates, of which some need others: with a build script, a procedural macro, and a library in C.
const LOCK: &str = include_str!("support/linked/Cargo.lock");

/// Calls something of each crate, if the program has it.
const USES: [(&str, &str); 4] = [
    (
        "bzip2-sys",
        "unsafe { bzip2_sys::BZ2_bzCompressEnd(std::ptr::null_mut()) }",
    ),
    ("crossbeam-epoch", "crossbeam_epoch::is_pinned()"),
    (
        "crossbeam-queue",
        "crossbeam_queue::SegQueue::<u8>::new().pop()",
    ),
    ("itoa", "itoa::Buffer::new().format(7)"),
];

/// A program with some of the crates. `build` is what the spec says of its build, by lines.
fn project(crates: &[&str], base: &str, build: &str) -> Project {
    let spec = format!("image: {{ base: {base} }}\nbuild:\n{build}");
    let project = Project::tiny(&spec);
    change(&project, crates);
    project
}

/// Has these crates from now on, and those that they need.
fn change(project: &Project, crates: &[&str]) {
    let needs = crates.iter().map(|name| format!("{name} = \"*\"\n"));
    let needs: String = needs.collect();
    let uses = USES.iter().filter(|(name, _)| crates.contains(name));
    let uses: String = uses
        .map(|(_, word)| format!("    print!(\"{{:?}} \", {word});\n"))
        .collect();
    project
        .write(
            "Cargo.toml",
            format!("{}\n[dependencies]\n{needs}", manifest("tiny")),
        )
        .write(
            "Cargo.lock",
            LOCK.to_owned() + &lock::entry("tiny", "0.1.0", crates),
        )
        .write("src/main.rs", format!("fn main() {{\n{uses}}}\n"));
}

/// What the steps of groups compiled, and what the dependency step did.
fn compiled(report: &BuildReport) -> [BTreeSet<&str>; 2] {
    let of = |words: &str| {
        let steps = report.steps().filter(|step| step.name.contains(words));
        let crates = steps.flat_map(|step| step.compiled());
        crates.filter(|name| *name != "tiny").collect()
    };
    [of("[crates] "), of(DEPENDENCIES)]
}

/// Link-time optimization, settings of a package, flags from Cargo's configuration, a target with another libc; build
/// scripts, a procedural macro, a library in C.
#[test]
fn the_program_is_that_of_one_step_byte_by_byte() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let crates = ["bzip2-sys", "crossbeam-queue", "itoa", "paste"];
    let mut programs = vec![];
    for granularity in ["crates", "layer"] {
        let build = format!(
            "  target: gnu\n  seed: false\n  granularity: {granularity}\n  env: {{ SPACE: {} }}\n",
            nonce()
        );
        let project = project(&crates, "debian", &build);
        project
            .append("Cargo.toml", "[profile.release]\nlto = \"thin\"\n[profile.release.package.itoa]\nopt-level = 1\n")
            .write(".cargo/config.toml", "[build]\nrustflags = [\"-Ctarget-cpu=x86-64-v2\"]\n");
        let (image, report) = docker.build(&project).image("linked");
        let [groups, dependencies] = compiled(&report);
        if granularity == "crates" {
            assert_eq!(groups.len(), 9, "{report}");
            assert_eq!(dependencies, BTreeSet::new(), "{report}");
        } else {
            assert_eq!(dependencies.len(), 9, "{report}");
        }
        assert_eq!(report.step("] compile ").compiled(), ["tiny"], "{report}");
        assert_eq!(report.warnings, [""; 0]);
        assert_eq!(image.prints(&[]), "-2 None \"7\" ");
        programs.push(image.file("/usr/local/bin/tiny"));
    }
    assert!(programs[0] == programs[1], "the programs differ");
}

/// Makes rustc do otherwise for a crate, and cargo for a group, where the words in shell say so.
fn tools(rustc: &str, cargo: &str) -> String {
    let tool = |path: &str, words: &str, then: &str| {
        format!(
            "    - |\n      cat >{path} <<'END'\n      #!/bin/sh\n      {words}\n      exec {then}\n      END\n      \
             chmod +x {path}\n"
        )
    };
    let bin = "/usr/local/cargo/bin/cargo";
    format!(
        "  granularity: crates\n  env: {{ RUSTC_WRAPPER: /rustc, SPACE: {} }}\n  run:\n{}    - mkdir /real && mv {bin} /real\n{}",
        nonce(),
        tool("/rustc", rustc, "\"$@\""),
        tool(bin, cargo, "/real/cargo \"$@\""),
    )
}

/// A cache is imported in which groups depend on another build of a crate than groups that the builder has.
#[test]
fn groups_of_two_builders_do_not_mix() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    // Of each build of this crate other bytes come.
    let uuid = "$(cat /proc/sys/kernel/random/uuid)";
    let words = format!(
        "case \"$*\" in *\"crate-name crossbeam_utils \"*) exec \"$@\" -Cmetadata={uuid} ;; esac"
    );
    let build = tools(&words, ":");
    let [one, other] = ["crossbeam-epoch", "crossbeam-channel"]
        .map(|name| project(&["crossbeam-queue", name], "scratch", &build));
    docker.build(&one).succeed();
    let second = docker.second();
    second.prune();
    let cache = format!("type=registry,ref={REGISTRY}/mixed-{}:cache", nonce());
    let export = second.build(&other);
    let report = export
        .option("--cache-to", format!("{cache},mode=max"))
        .succeed();
    assert!(compiled(&report)[0].contains("crossbeam-utils"), "{report}");

    change(&one, &["cfg-if", "crossbeam-epoch", "crossbeam-queue"]);
    let build = docker.build(&one).option("--cache-from", &cache);
    let (image, report) = build.image("mixed");
    let [groups, dependencies] = compiled(&report);
    assert_eq!(groups, BTreeSet::from(["cfg-if"]), "{report}");
    assert_eq!(
        dependencies,
        BTreeSet::from(["crossbeam-epoch"]),
        "{report}"
    );
    assert_eq!(image.prints(&[]), "false None ");
    let wanted = "crates-in-one-step: a crate was compiled with the project and not in groups: crossbeam-epoch";
    let [warning] = &report.warnings[..] else {
        panic!("{:#?}", report.warnings);
    };
    assert!(warning.starts_with(wanted), "{warning}");
    assert!(warning.contains("another builder compiled"), "{warning}");
}

/// Cargo is killed, and a compiler, as by a kernel without memory: nothing of that stays. A crate that does not compile
/// apart from its project is compiled with it.
#[test]
fn a_group_that_fails_fails_no_later_build() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let kill = |what: &str| {
        format!("[ ! -d /turn ] || ! mkdir /turn/{what}-$SPACE 2>/dev/null || kill -9 $$")
    };
    let rustc = format!(
        "case \"$*\" in *\"crate-name crossbeam_epoch \"*) [ ! -d /turn ] || exit 1 ;; \
         *\"crate-name crossbeam_utils \"*) {} ;; esac",
        kill("rustc")
    );
    let cargo = kill("cargo");
    let crates = ["crossbeam-epoch", "crossbeam-queue"];
    let project = project(&crates, "scratch", &tools(&rustc, &cargo));
    let printed = docker.build(&project).fail();
    assert!(printed.contains("exit code: 137"), "{printed}");
    let printed = docker.build(&project).fail();
    assert!(printed.contains("(signal: 9, SIGKILL: kill)"), "{printed}");
    assert!(printed.contains("exit code: 1\n"), "{printed}");

    let (image, report) = docker.build(&project).image("apart");
    let [groups, dependencies] = compiled(&report);
    assert_eq!(
        dependencies,
        BTreeSet::from(["crossbeam-epoch"]),
        "{report}"
    );
    assert!(groups.contains("crossbeam-utils"), "{report}");
    assert_eq!(image.prints(&[]), "false None ");
    let [warning] = &report.warnings[..] else {
        panic!("{:#?}", report.warnings);
    };
    let wanted = "crossbeam-epoch 0.9.21 (it did not compile apart from the project)";
    assert!(warning.contains(wanted), "{warning}");
}

/// The step that fetches is done before there is a plan of groups.
#[test]
fn a_missing_secret_names_its_flag_before_there_are_groups() {
    let docker = Docker::take();
    let build = "  granularity: crates\n  secrets:\n    - { id: netrc, target: /root/.netrc }\n";
    let project = project(&["itoa"], "scratch", build);
    let printed = docker.build(&project).fail();
    let message = "Rust.yaml:6: the build needs the secret `netrc`, and it was not passed: add `--secret id=netrc,src=FILE`";
    assert!(printed.contains(message), "{printed}");
    let line = "   6 | >>>     - { id: netrc, target: /root/.netrc }";
    assert!(printed.lines().any(|shown| shown == line), "{printed}");
}
