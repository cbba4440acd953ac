//! Mistakes of users: what buildx then prints.

use crate::support::docker::Docker;
use crate::support::project::Project;

/// The engine shows the syntax line for an error that is nowhere in the spec.
const NO_PLACE: [&str; 2] = ["Rust.yaml:1", "   1 | >>> # syntax=org/rust-frontend:1"];

/// Builds a copy of an example that `change` breaks. The build must fail with `message`, and
/// buildx must show a snippet: the place, and the line that it marks.
fn check(example: &str, change: impl Fn(&Project), [place, line]: [&str; 2], message: &str) {
    let project = Project::example(example);
    change(&project);
    let printed = Docker::take().build(&project).fail();

    let errors: Vec<_> = printed
        .lines()
        .filter(|line| line.starts_with("ERROR: "))
        .collect();
    match errors[..] {
        [error] => assert!(error.ends_with(message), "{error}\nand not\n{message}"),
        _ => panic!("not one error:\n{printed}"),
    }
    let marked: Vec<_> = printed
        .lines()
        .filter(|line| line.contains(" | >>> "))
        .collect();
    assert!(
        printed.lines().any(|line| line == place),
        "no {place}:\n{printed}"
    );
    assert_eq!(marked, [line], "{printed}");
}

/// The same for lines after the syntax line of a project that has a `Rust.yaml` of one line.
fn check_spec(lines: &str, snippet: [&str; 2], message: &str) {
    let change = |project: &Project| {
        project.append("Rust.yaml", lines);
    };
    check("rusty-docker", change, snippet, message);
}

#[test]
fn broken_yaml() {
    check_spec(
        "image:\n  base: [alpine\nbuild: {}\n",
        ["Rust.yaml:3", "   3 | >>>   base: [alpine"],
        "Rust.yaml:3: this `[` is never closed: close it with `]`",
    );
}

#[test]
fn an_unknown_key() {
    check_spec(
        "image:\n  bsae: scratch\n",
        ["Rust.yaml:3", "   3 | >>>   bsae: scratch"],
        "Rust.yaml:3: `image:` has no key `bsae`: did you mean `base`?",
    );
}

#[test]
fn a_wrong_type() {
    check_spec(
        "image:\n  base: scratch\n  init: perhaps\n",
        ["Rust.yaml:4", "   4 | >>>   init: perhaps"],
        "Rust.yaml:4: `init` takes `true` or `false`, not the text `perhaps`: \
         write `true` or `false`",
    );
}

#[test]
fn an_unknown_package() {
    check_spec(
        "build:\n  package: rusty-dokcer\n",
        ["Rust.yaml:3", "   3 | >>>   package: rusty-dokcer"],
        "Rust.yaml:3: no package `rusty-dokcer`: did you mean `rusty-docker`?",
    );
}

#[test]
fn an_unknown_feature() {
    check_spec(
        "build:\n  features: [postgres]\n",
        ["Rust.yaml:3", "   3 | >>>   features: [postgres]"],
        "Rust.yaml:3: package `rusty-docker` has no feature `postgres`: there are no features",
    );
}

#[test]
fn a_bomb_of_aliases() {
    let mut yaml = String::from("x-0: &x0 [bomb]\n");
    for level in 1..30 {
        let below = vec![format!("*x{}", level - 1); 9].join(", ");
        yaml += &format!("x-{level}: &x{level} [{below}]\n");
    }
    check_spec(
        &yaml,
        [
            "Rust.yaml:7",
            "   7 | >>> x-5: &x5 [*x4, *x4, *x4, *x4, *x4, *x4, *x4, *x4, *x4]",
        ],
        "Rust.yaml:7: the spec's aliases stand for too many values: \
         is this the right file? a spec is usually a few lines long",
    );
}

#[test]
fn a_file_of_a_hundred_megabytes() {
    let kilobyte = format!("# {}\n", "x".repeat(1021));
    let change = |project: &Project| {
        project.append("Rust.yaml", &kilobyte.repeat(100 << 10));
    };
    let message = "Rust.yaml:1: the spec is larger than 256 KiB: \
                   is this the right file? a spec is usually a few lines long";
    check("rusty-docker", change, NO_PLACE, message);
}

#[test]
fn no_lock_file() {
    let change = |project: &Project| {
        project.remove("Cargo.lock");
    };
    let message = "`Cargo.lock` is not in the build context: commit it, and check that `.gitignore` and \
                   `.dockerignore` do not name it; if there is none, `cargo generate-lockfile` writes it; for a \
                   member of a workspace, build from its root: `docker buildx build -f MEMBER/Rust.yaml .`";
    check("rusty-docker", change, NO_PLACE, message);
}

#[test]
fn a_broken_manifest() {
    let change = |project: &Project| {
        project.replace("Cargo.toml", "version = \"0.1.0\"", "version = \"0.1.0");
    };
    check(
        "rusty-docker",
        change,
        ["Cargo.toml:3", "   3 | >>> version = \"0.1.0"],
        "Cargo.toml:3: not valid TOML: invalid basic string, expected `\"`",
    );
}

#[test]
fn a_broken_lock() {
    let change = |project: &Project| {
        project.write("Cargo.lock", "version = 4\n<<<<<<< HEAD\n");
    };
    check(
        "rusty-docker",
        change,
        ["Cargo.lock:2", "   2 | >>> <<<<<<< HEAD"],
        "Cargo.lock:2: not valid TOML: key with no value, expected `=`: \
         resolve the merge conflict in this file",
    );
}

#[test]
fn a_dependency_that_is_not_in_the_lock() {
    let change = |project: &Project| {
        project.append("Cargo.toml", "itoa = \"1\"\n");
    };
    check(
        "rusty-docker",
        change,
        ["Cargo.toml:10", "  10 | >>> itoa = \"1\""],
        "Cargo.toml:10: `Cargo.lock` has no `itoa` 1 for `rusty-docker`: \
         run `cargo update --workspace` and commit `Cargo.lock`",
    );
}

#[test]
fn a_build_arg_that_is_misspelt() {
    let project = Project::example("rusty-docker");
    project.append(
        "Rust.yaml",
        "args: { REVISION: }\nimage: { labels: { revision: \"${REVISION}\" } }\n",
    );
    let docker = Docker::take();
    let printed = docker.build(&project).arg("REVISON", "1").fail();
    for words in [
        "   3 | >>> image: { labels: { revision: \"${REVISION}\" } }",
        "Rust.yaml:3: the build-arg `REVISION` has no value: `--build-arg REVISON` was given; \
         did you mean `REVISION`?",
    ] {
        assert!(printed.contains(words), "no `{words}` in:\n{printed}");
    }
}

/// The registry's own words differ from one to another.
#[test]
fn a_base_that_is_nowhere() {
    let project = Project::example("rusty-docker");
    project.append("Rust.yaml", "image:\n  base: no-such-image:0\n");
    let printed = Docker::take().build(&project).fail();
    for words in [
        "Rust.yaml:3\n",
        "   3 | >>>   base: no-such-image:0\n",
        "no-such-image:0: failed to resolve source metadata for docker.io/library/no-such-image:0: ",
    ] {
        assert!(printed.contains(words), "no `{words}` in:\n{printed}");
    }
}

#[test]
fn several_mistakes_at_once() {
    let project = Project::example("rusty-docker");
    let lines = "image:\n  bsae: scratch\nbuild:\n  targte: musl\n";
    project.append("Rust.yaml", lines);
    let printed = Docker::take().build(&project).fail();
    // Between the two: what buildx was doing, which is whichever of its two calls it hears of first
    // (BuildKit, client/solve.go and client/build.go).
    let snippet = "\
Rust.yaml:3
--------------------
   2 |     image:
   3 | >>>   bsae: scratch
   4 |     build:
   5 | >>>   targte: musl
   6 |     
--------------------
ERROR: failed to build: ";
    let errors = ": 2 errors
Rust.yaml:3: `image:` has no key `bsae`: did you mean `base`?
Rust.yaml:5: `build:` has no key `targte`: did you mean `target`?
";
    let rest = printed.split_once(snippet).map(|(_, rest)| rest);
    assert!(rest.is_some_and(|rest| rest.ends_with(errors)), "{printed}");
}

#[test]
fn several_images_and_no_target() {
    check(
        "workspace",
        |_| {},
        ["Rust.yaml:5", "   5 | >>>   server:"],
        "Rust.yaml:5: this spec has several images and `--target` does not say which: \
         add `--target server` or `--target worker`",
    );
}

/// The compiler's own words, and no place in a spec that has nothing to do with it.
#[test]
fn a_compile_error() {
    let project = Project::example("rusty-docker");
    project.replace("src/main.rs", "Greeting::World);", "Greeting::Wrold);");
    let printed = Docker::take().build(&project).fail();
    for words in [
        "error[E0599]: no variant",
        "--> src/main.rs:20:",
        "println!(\"{}\", Greeting::Wrold);",
        "ERROR: failed to build: ",
    ] {
        assert!(printed.contains(words), "no `{words}` in:\n{printed}");
    }
}
