//! Mistakes of users: what buildx then prints.

use crate::support::docker::Docker;
use crate::support::project::Project;

/// Builds an example after a change that breaks it; buildx must print each of `lines`.
fn check(example: &str, change: fn(&Project), lines: &[&str]) {
    let project = Project::example(example);
    change(&project);
    let printed = Docker::take().build(&project).fail();
    for line in lines {
        assert!(printed.contains(line), "no `{line}` in:\n{printed}");
    }
    // The frontend answered: it did not die, nor was it found missing.
    for words in [
        "panicked",
        "frontend grpc server closed",
        "failed to resolve source metadata",
    ] {
        assert!(!printed.contains(words), "`{words}` in:\n{printed}");
    }
}

/// Adds to a `Rust.yaml` that has one line.
fn add(project: &Project, yaml: &str) {
    project.append("Rust.yaml", yaml);
}

#[test]
fn broken_yaml() {
    check(
        "rusty-docker",
        |project| add(project, "image:\n  base: [alpine\nbuild: {}\n"),
        &["Rust.yaml:", ">>> "],
    );
}

#[test]
fn an_unknown_key() {
    check(
        "rusty-docker",
        |project| add(project, "image:\n  bsae: scratch\n"),
        &[
            "Rust.yaml:3\n",
            "   3 | >>>   bsae: scratch\n",
            "`bsae`",
            "`base`",
        ],
    );
}

#[test]
fn a_wrong_type() {
    check(
        "rusty-docker",
        |project| add(project, "image:\n  base: scratch\n  init: perhaps\n"),
        &["Rust.yaml:4\n", "   4 | >>>   init: perhaps\n", "perhaps"],
    );
}

#[test]
fn no_lock_file() {
    check(
        "rusty-docker",
        |project| {
            project.remove("Cargo.lock");
        },
        &["Cargo.lock", "cargo generate-lockfile"],
    );
}

#[test]
fn an_unknown_package() {
    check(
        "rusty-docker",
        |project| add(project, "build:\n  package: rusty-dokcer\n"),
        &[
            "Rust.yaml:3\n",
            "   3 | >>>   package: rusty-dokcer\n",
            "`rusty-dokcer`",
            "`rusty-docker`",
        ],
    );
}

#[test]
fn an_unknown_feature() {
    check(
        "rusty-docker",
        |project| add(project, "build:\n  features: [postgres]\n"),
        &[
            "Rust.yaml:3\n",
            "   3 | >>>   features: [postgres]\n",
            "`postgres`",
        ],
    );
}

#[test]
fn several_images_and_no_target() {
    check("workspace", |_| {}, &["--target", "`server`", "`worker`"]);
}

#[test]
fn a_compile_error() {
    check(
        "rusty-docker",
        |project| {
            project.replace("src/main.rs", "Greeting::World);", "Greeting::Wrold);");
        },
        &[
            "error[E0599]",
            "src/main.rs:20:",
            "Wrold",
            "ERROR: failed to build",
        ],
    );
}

#[test]
fn a_file_of_a_hundred_megabytes() {
    const MEGABYTES: usize = 100;
    check(
        "rusty-docker",
        |project| {
            let line = format!("# {}\n", "x".repeat(1021));
            add(project, &line.repeat(MEGABYTES << 10));
        },
        &["Rust.yaml is larger than"],
    );
}

#[test]
fn a_bomb_of_aliases() {
    check(
        "rusty-docker",
        |project| {
            let mut yaml = String::from("x-0: &x0 [bomb]\n");
            for level in 1..30 {
                let below = vec![format!("*x{}", level - 1); 9].join(", ");
                yaml += &format!("x-{level}: &x{level} [{below}]\n");
            }
            add(project, &yaml);
        },
        &["Rust.yaml:", "alias"],
    );
}
