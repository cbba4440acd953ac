//! `docker buildx build --check` and `--call`: what buildx makes of the answers.

use std::ffi::OsString;

use rust_frontend::calls::CALLS;
use serde_json::Value;

use crate::support::build::Build;
use crate::support::docker::{Docker, Outcome, REGISTRY};
use crate::support::frontend;
use crate::support::project::Project;
use crate::support::tree::Tree;

/// Asks about a copy of an example that `change` changes.
fn ask(example: &str, question: &str, change: impl Fn(&Project)) -> Outcome {
    let project = Project::example(example);
    change(&project);
    Docker::take().build(&project).call(question)
}

/// The answer as JSON, and what buildx exits with.
fn ask_json(example: &str, question: &str, change: impl Fn(&Project)) -> (Value, Option<i32>) {
    let outcome = ask(example, &format!("{question},format=json"), change);
    let json = serde_json::from_str(&outcome.stdout);
    (
        json.unwrap_or_else(|error| panic!("{error}: {outcome}")),
        outcome.exit,
    )
}

fn as_root(project: &Project) {
    project.append("Rust.yaml", "image:\n  user: root\n");
}

fn of_any_day(project: &Project) {
    let text = "[toolchain]\nchannel = \"nightly\"\n";
    project.write("rust-toolchain.toml", text);
}

fn misspelt(project: &Project) {
    project.append("Rust.yaml", "image:\n  bsae: scratch\n");
}

#[test]
fn a_clean_spec_passes_a_check() {
    let outcome = ask("rusty-docker", "check", |_| {});
    assert_eq!(outcome.exit, Some(0), "{outcome}");
    assert_eq!(outcome.stdout.trim(), "Check complete, no warnings found.");
    let (json, exit) = ask_json("rusty-docker", "check", |_| {});
    assert_eq!(exit, Some(0));
    assert_eq!(json["sources"][0]["filename"], "Rust.yaml");
}

#[test]
fn a_finding_fails_a_check() {
    let outcome = ask("rusty-docker", "check", as_root);
    assert_eq!(outcome.exit, Some(1), "{outcome}");
    let expected = "\
Check complete, 1 warning has been found!

WARNING: root-user - https://github.com/org/rust-frontend/blob/main/docs/lint/root-user.md
the program runs as root: remove `user`: the default is 65532, without privileges
Rust.yaml:3
--------------------
   1 |     # syntax=org/rust-frontend:1
   2 |     image:
   3 | >>>   user: root
   4 |     
--------------------";
    // buildx writes the path of the file as it was given.
    let lines = outcome.stdout.trim().lines();
    let lines = lines.map(|line| match line.ends_with("/Rust.yaml:3") {
        true => "Rust.yaml:3",
        false => line,
    });
    assert_eq!(lines.collect::<Vec<_>>().join("\n"), expected);
    let (json, exit) = ask_json("rusty-docker", "check", as_root);
    assert_eq!(exit, Some(1));
    assert_eq!(json["warnings"][0]["ruleName"], "root-user");
}

/// buildx shows every place as one of the spec.
#[test]
fn a_finding_in_another_file_says_which() {
    let outcome = ask("rusty-docker", "check", of_any_day);
    assert_eq!(outcome.exit, Some(1), "{outcome}");
    let words = "\nrust-toolchain.toml:2: ";
    assert!(outcome.stdout.contains(words), "{outcome}");
}

/// Some six thousand tables, in 13 kB.
#[test]
fn a_manifest_may_nest_deeply() {
    let nested = |project: &Project| {
        let key = vec!["a"; 80].join(".");
        let value = (0..79).fold("1".to_owned(), |value, _| format!("{{{key}={value}}}"));
        project.append(
            "Cargo.toml",
            &format!("\n[package.metadata]\nx = {value}\n"),
        );
    };
    let outcome = ask("rusty-docker", "check", nested);
    assert_eq!(outcome.exit, Some(0), "{outcome}");
}

#[test]
fn a_mistake_fails_a_check_with_its_lines() {
    let outcome = ask("rusty-docker", "check", misspelt);
    assert_eq!(outcome.exit, Some(1), "{outcome}");
    for words in [
        "   3 | >>>   bsae: scratch",
        "`image:` has no key `bsae`: did you mean `base`?",
    ] {
        let printed = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(printed.contains(words), "no {words}: {outcome}");
    }
    let (json, exit) = ask_json("rusty-docker", "check", misspelt);
    assert_eq!(exit, Some(1));
    assert!(json["buildError"]["message"].is_string(), "{json}");
}

#[test]
fn what_no_build_reads_is_noticed_in_the_context() {
    let (json, _) = ask_json("rusty-docker", "check", |project| {
        project.remove(".dockerignore");
        project.write(
            "target/CACHEDIR.TAG",
            "Signature: 8a477f597d28d172789f06886806bc55\n",
        );
        project.write(".git/HEAD", "ref: refs/heads/main\n");
    });
    let rules: Vec<_> = json["warnings"].as_array().into_iter().flatten().collect();
    let rules: Vec<_> = rules
        .iter()
        .filter_map(|one| one["ruleName"].as_str())
        .collect();
    assert_eq!(rules, ["missing-dockerignore", "target-in-context"]);
}

#[test]
fn targets_are_listed() {
    let outcome = ask("workspace", "targets", |_| {});
    assert_eq!(outcome.exit, Some(0), "{outcome}");
    for name in ["server", "worker", "binary", "deps"] {
        let mut lines = outcome.stdout.lines();
        assert!(
            lines.any(|line| line.starts_with(&format!("{name} "))),
            "no {name}: {outcome}"
        );
    }
    let (json, _) = ask_json("workspace", "targets", |_| {});
    assert_eq!(json["targets"][1]["base"], "scratch");
}

#[test]
fn the_outline_has_args_and_secrets() {
    let change = |project: &Project| {
        project.append(
            "Rust.yaml",
            "args: { LEVEL: info }\nbuild: { secrets: [npm_token] }\nimage: { env: { RUST_LOG: \"${LEVEL}\" } }\n",
        );
    };
    let outcome = ask("rusty-docker", "outline", change);
    assert_eq!(outcome.exit, Some(0), "{outcome}");
    for word in ["LEVEL", "info", "npm_token"] {
        assert!(outcome.stdout.contains(word), "no {word}: {outcome}");
    }
    let (json, _) = ask_json("rusty-docker", "outline", change);
    assert_eq!(json["args"][0]["value"], "info");
    assert_eq!(json["secrets"][0]["name"], "npm_token");
}

#[test]
fn every_call_is_described() {
    let outcome = ask("rusty-docker", "subrequests.describe", |_| {});
    assert_eq!(outcome.exit, Some(0), "{outcome}");
    let (json, _) = ask_json("rusty-docker", "subrequests.describe", |_| {});
    let names = json.as_array().expect("a list").iter();
    let names: Vec<_> = names.map(|one| one["name"].as_str()).collect();
    assert_eq!(names, CALLS.map(|call| Some(call.name)));
    for call in CALLS {
        let name = call.name.trim_start_matches("frontend.");
        let mut lines = outcome.stdout.lines();
        let row = lines.any(|line| line.contains(&format!("{name} ")));
        assert!(row, "no {name}: {outcome}");
    }
}

/// What the official linter's switch does, this one does.
#[test]
fn findings_stop_a_build_that_says_so() {
    let project = Project::example("rusty-docker");
    as_root(&project);
    let docker = Docker::take();
    let switched = |value| {
        docker
            .build(&project)
            .arg("BUILDKIT_DOCKERFILE_CHECK", value)
    };
    let printed = switched("error=true").fail();
    let message = "lint violation found for rules: root-user";
    assert!(printed.contains(message), "{printed}");
    let skipped = switched("skip=RootUser").call("check");
    assert_eq!(skipped.exit, Some(0), "{skipped}");
}

#[test]
fn a_change_is_explained_against_a_plan_of_before() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch }\n");
    let build = || docker.build(&project);
    let saved = Tree::empty();
    let write =
        |name, text: &str| std::fs::write(saved.path().join(name), text).expect("can write");
    write("plan.json", &build().answer("plan,format=json"));

    project.append("Rust.yaml", "build: { env: { A: b } }\n");
    let mut directory = OsString::from("previous=");
    directory.push(saved.path());
    let said = build()
        .option("--build-context", directory)
        .answer("explain");
    assert!(
        said.starts_with("changed variable A: `b` is new\n"),
        "{said}"
    );
    let compile = "repeat  compile tiny 0.1.0\n          because of variable A\n";
    assert!(said.contains(compile), "{said}");

    write("Dockerfile", "FROM scratch\nCOPY plan.json /\n");
    let before = docker.build(saved.path()).file("Dockerfile");
    let (image, _) = before.image("plan-of-before");
    let image = format!("previous=docker-image://{}", image.tag());
    assert_eq!(
        build().option("--build-context", image).answer("explain"),
        said
    );

    let nothing = Tree::empty();
    let mut directory = OsString::from("previous=");
    directory.push(nothing.path());
    let outcome = build().option("--build-context", directory).call("explain");
    let words = "the context `previous` has no `plan.json`: write one with";
    assert!(outcome.stderr.contains(words), "{outcome}");
}

/// The example's Dockerfile is a stub recipe as people write it by hand.
#[test]
fn a_dockerfile_becomes_a_spec_that_builds() {
    let docker = Docker::take();
    let project = Project::example("rusty-docker");
    project.remove("Rust.yaml");
    let asked = docker.build(&project).file("Dockerfile");
    let spec = asked.frontend(&frontend()).answer("init");
    assert!(spec.contains("# In place of Dockerfile.\n"), "{spec}");
    assert!(!spec.contains("# Left for you"), "{spec}");
    project.write("Rust.yaml", spec);
    let (image, _) = docker.build(&project).image("from-dockerfile");
    assert_eq!(image.prints(&[]), "Hello, world!\n");
}

#[test]
fn a_plan_says_why_crates_are_in_groups_or_not() {
    let docker = Docker::take();
    let project = Project::example("workspace");
    let note = |build: Build<'_>| {
        let plan = build.option("--target", "server").answer("plan");
        let note = plan
            .lines()
            .find(|line| line.starts_with("note: 90 external crates "));
        note.unwrap_or_else(|| panic!("{plan}")).to_owned()
    };
    let alone = note(docker.build(&project));
    let imported = note(
        docker
            .build(&project)
            .option("--cache-from", format!("{REGISTRY}/crates:none")),
    );
    if docker.has_store() {
        assert!(
            alone.contains(" in one step: no cache is imported"),
            "{alone}"
        );
        let words = " groups: 90 crates, and a cache is imported; ";
        assert!(imported.contains(words), "{imported}");
    } else {
        for note in [alone, imported] {
            let words = " in one step: the engine cannot merge layers";
            assert!(note.ends_with(words), "{note}");
        }
    }
}
