//! The stages that every spec has beside its images.

use crate::support::docker::{Docker, REGISTRY};
use crate::support::example;
use crate::support::lock::{self, EITHER, ITOA};
use crate::support::nonce;
use crate::support::progress::DEPENDENCIES;
use crate::support::project::Project;
use std::path::Path;

fn project() -> Project {
    Project::example("tests-and-clippy")
}

/// The lines of the spec that buildx marks, and everything that it prints, of a stage that fails.
fn failure(project: &Project, stage: &str) -> (Vec<String>, String) {
    let printed = Docker::take().build(project).target(Some(stage)).fail();
    let marked = printed.lines().filter(|line| line.contains(" | >>> "));
    (marked.map(str::to_owned).collect(), printed)
}

#[test]
fn a_failing_test_fails_the_build_and_says_why() {
    let project = project();
    let word = nonce();
    project.append("Rust.yaml", "test:\n  args: [--no-fail-fast]\n");
    project.append(
        "src/lib.rs",
        &format!("\n#[test]\nfn wrong() {{\n    assert_eq!(roman(1), \"{word}\");\n}}\n"),
    );

    let (marked, printed) = failure(&project, "test");
    assert_eq!(marked, ["   3 | >>>   args: [--no-fail-fast]"], "{printed}");
    for words in [
        "test wrong ... FAILED",
        "left: \"I\"",
        &word,
        "exit code: 101",
    ] {
        assert!(printed.contains(words), "no `{words}`:\n{printed}");
    }
}

#[test]
fn an_edit_keeps_the_dependencies_of_tests_and_lints() {
    let docker = Docker::take();
    let project = Project::unseen("tests-and-clippy");
    for stage in ["test", "clippy", "doc"] {
        let build = || docker.build(&project).target(Some(stage));
        build().succeed();
        project.append("src/lib.rs", &format!("\n// {}\n", nonce()));
        let report = build().succeed();
        assert!(report.is_cached(DEPENDENCIES), "{stage}: {report}");
        assert!(!report.log().contains("itertools"), "{}", report.log());
        assert_eq!(build().succeed().executed(), [""; 0], "{stage}");
    }
}

/// Cargo's messages are read in each build, and are not what the stage leaves.
#[test]
fn an_imported_cache_spares_checking() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let second = docker.second();
    second.prune();
    let project = Project::unseen("tests-and-clippy");
    let stages = ["test", "clippy", "doc", "binary"];
    let cache = |stage: &str| {
        let name = format!("{REGISTRY}/checks-{stage}:cache");
        format!("type=registry,ref={name}")
    };
    for stage in stages {
        let export = second.build(&project).target(Some(stage));
        let export = export.option("--cache-to", format!("{},mode=max", cache(stage)));
        assert_ne!(export.succeed().executed(), [""; 0], "{stage}");
    }
    for stage in stages {
        second.prune();
        let import = second.build(&project).target(Some(stage));
        let report = import.option("--cache-from", cache(stage)).succeed();
        assert_eq!(report.executed(), [""; 0], "{stage}: {report}");
    }
}

/// What a spec changes of the profile of its images is nothing that tests are compiled with.
#[test]
fn tests_keep_their_profile() {
    let project = project();
    project.append(
        "Rust.yaml",
        "build:\n  profile: { opt-level: 3, panic: abort, strip: symbols }\n",
    );
    project.append("src/lib.rs", &format!("\n// {}\n", nonce()));
    let docker = Docker::take();
    let report = docker.build(&project).target(Some("test")).succeed();
    let log = report.log();
    assert!(log.contains("`test` profile [unoptimized"), "{log}");
}

#[test]
fn what_tests_print_is_a_file() {
    let docker = Docker::take();
    let tree = docker
        .build(example("tests-and-clippy"))
        .target(Some("test"))
        .files();
    let files: Vec<_> = tree.files().into_keys().collect();
    assert_eq!(files, [Path::new("test.txt")]);
    let text = std::fs::read_to_string(tree.path().join("test.txt")).expect("a text");
    for words in ["small_numbers ... ok", "Doc-tests tests_and_clippy"] {
        assert!(text.contains(words), "no `{words}`:\n{text}");
    }
}

/// Tests may talk to themselves and to nobody else.
#[test]
fn tests_have_the_local_network_alone() {
    let project = project();
    let test = r#"
#[test]
fn network() {
    use std::net::{TcpListener, TcpStream, UdpSocket};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let outside = UdpSocket::bind("0.0.0.0:0").unwrap();
    assert!(outside.connect("192.0.2.1:53").is_err());
}
"#;
    project.append("src/lib.rs", &format!("{test}\n// {}\n", nonce()));
    let report = Docker::take()
        .build(&project)
        .target(Some("test"))
        .succeed();
    assert!(
        report.log().contains("test network ... ok"),
        "{}",
        report.log()
    );
}

#[test]
fn clippy_denies_or_warns() {
    let project = project();
    let line = "\n/// Is it?\npub fn none(list: &[u8]) -> bool {\n    list.len() == 0\n}\n";
    project.append("src/lib.rs", &format!("{line}\n// {}\n", nonce()));
    let (_, printed) = failure(&project, "clippy");
    assert!(printed.contains("length comparison to zero"), "{printed}");

    project.append("Rust.yaml", "test:\n  clippy: warn\n");
    let docker = Docker::take();
    let build = docker.build(&project).target(Some("clippy"));
    let report = build.clone().succeed();
    assert!(report.log().contains("length comparison to zero"));
    assert!(report.is_cached(DEPENDENCIES), "{report}");
    let files: Vec<_> = build.files().files().into_keys().collect();
    assert_eq!(files, [Path::new("clippy.txt")]);
}

#[test]
fn fmt_shows_what_it_would_change() {
    let project = project();
    project.append("Rust.yaml", "test:\n  fmt: check\n");
    project.append(
        "src/lib.rs",
        &format!("\n// {}\nfn  ugly( ) {{}}\n", nonce()),
    );
    let (marked, printed) = failure(&project, "fmt");
    assert_eq!(marked, ["   3 | >>>   fmt: check"], "{printed}");
    for words in ["Diff in", "-fn  ugly( ) {}", "+fn ugly() {}"] {
        assert!(printed.contains(words), "no `{words}`:\n{printed}");
    }

    project.replace("Rust.yaml", "fmt: check", "fmt: warn");
    let docker = Docker::take();
    let build = || docker.build(&project).target(Some("fmt"));
    assert!(build().succeed().log().contains("+fn ugly() {}"));
    // No other file is rustfmt's business.
    project.append("README.md", &nonce());
    assert!(build().succeed().is_cached("] fmt"));
}

#[test]
fn documentation_is_a_site() {
    let docker = Docker::take();
    let tree = docker
        .build(example("tests-and-clippy"))
        .target(Some("doc"))
        .files();
    let files = tree.files();
    for file in ["index.html", "tests_and_clippy/fn.roman.html"] {
        assert!(files.contains_key(Path::new(file)), "{file}: {files:?}");
    }
}

#[test]
fn the_executables_of_all_images_lie_side_by_side() {
    let docker = Docker::take();
    let tree = docker.build(example("workspace")).target(Some("binary"));
    let files: Vec<_> = tree.files().files().into_keys().collect();
    assert_eq!(files, [Path::new("shop-server"), Path::new("shop-worker")]);
}

#[test]
fn deps_compiles_the_dependencies_of_all_images_and_nothing_else() {
    let docker = Docker::take();
    let env = nonce();
    let project = Project::tiny(&format!(
        "build: {{ env: {{ NONCE: \"{env}\" }} }}\nimage: {{ base: scratch }}\nimages:\n  \
         one: {{ build: {{ package: tiny }} }}\n  two: {{ build: {{ package: other }} }}\n"
    ));
    let ([one, ..], [two, ..]) = (ITOA, EITHER);
    project
        .append(
            "Cargo.toml",
            &format!("[dependencies]\n{one} = \"1\"\n[workspace]\nmembers = [\"other\"]\n"),
        )
        .write(
            "other/Cargo.toml",
            format!(
                "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                 [dependencies]\n{two} = \"1\"\n"
            ),
        )
        .write("other/src/main.rs", "fn main() {}\n")
        .append(
            "Cargo.lock",
            &(lock::dependencies(&[one]) + &lock::entry("other", "0.1.0", &[two])),
        );
    for locked in [ITOA, EITHER] {
        project.append("Cargo.lock", &lock::external(locked));
    }
    let report = docker.build(&project).target(Some("deps")).succeed();
    assert!(report.compiled().contains(&one), "{report}");
    assert!(report.compiled().contains(&two), "{report}");
    assert!(
        !report
            .executed()
            .iter()
            .any(|name| name.contains("] compile")),
        "{report}"
    );
    for image in ["one", "two"] {
        let report = docker.build(&project).target(Some(image)).succeed();
        assert!(report.is_cached(DEPENDENCIES), "{report}");
        let executed = report.executed();
        assert!(
            executed.iter().any(|name| name.contains("] compile")),
            "{report}"
        );
    }
}

#[test]
fn stages_without_an_image_need_no_base() {
    let docker = Docker::take();
    let name = format!("nobody-has/{}", nonce());
    let project = Project::tiny(&format!("image: {{ base: {name} }}\n"));
    docker.build(&project).target(Some("binary")).succeed();
    let words = docker.build(&project).fail();
    assert!(words.contains(&name), "{words}");
}

#[test]
fn nextest_must_be_there() {
    let project = project();
    project.append("Rust.yaml", "test:\n  runner: nextest\n");
    let (marked, printed) = failure(&project, "test");
    assert_eq!(marked, ["   3 | >>>   runner: nextest"], "{printed}");
    assert!(
        printed.contains("the build image has no cargo-nextest"),
        "{printed}"
    );
}

/// A program that does what is asked of nextest, as far as the frontend sees it.
#[test]
fn nextest_runs_when_asked_for() {
    let project = project();
    let nextest = r#"build:
  run:
    - |
      cat >/usr/local/cargo/bin/cargo-nextest <<'END'
      #!/bin/sh
      echo "called with $*"
      mkdir -p /target/nextest/default
      echo '<testsuites/>' >/target/nextest/default/junit.xml
      END
      chmod 755 /usr/local/cargo/bin/cargo-nextest
test:
  runner: nextest
  args: [--retries, "2"]
"#;
    project.append("Rust.yaml", nextest);
    let docker = Docker::take();
    let build = docker.build(&project).target(Some("test"));
    let tree = build.files();
    let files: Vec<_> = tree.files().into_keys().collect();
    assert_eq!(files, [Path::new("junit.xml"), Path::new("test.txt")]);
    let text = std::fs::read_to_string(tree.path().join("test.txt")).expect("a text");
    assert!(text.ends_with("--workspace --retries 2\n"), "{text}");
}

#[test]
fn an_unknown_stage_gets_the_nearest_name() {
    let (_, printed) = failure(&project(), "tets");
    assert!(
        printed.contains("target stage `tets` could not be found: did you mean `test`?"),
        "{printed}"
    );
}
