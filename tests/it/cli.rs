//! The program on the host: the real one, its exact output.

#![expect(
    clippy::disallowed_methods,
    reason = "compares texts with files of the repository"
)]

use crate::support::fresh;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(words: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_rust-frontend"))
        .args(words)
        .current_dir(repository())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compares with a file of this module's own.
fn check(name: &str, fresh: &str) {
    fresh::check(format!("tests/it/cli/{name}"), fresh);
}

/// An empty folder for a test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(dir.join("src")).unwrap();
    dir
}

fn project(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let dir = folder(name);
    let manifest = "[package]\nname = \"hello\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n\
                    [features]\npostgres = []\nmetrics = []\n";
    let lock = "version = 4\n\n[[package]]\nname = \"hello\"\nversion = \"1.0.0\"\n";
    let usual = [
        ("Cargo.toml", manifest),
        ("Cargo.lock", lock),
        ("src/main.rs", "fn main() {}\n"),
    ];
    for (path, text) in usual.iter().chain(files) {
        std::fs::write(dir.join(path), text).unwrap();
    }
    dir
}

#[test]
fn without_arguments_and_engine_there_is_help() {
    let ended = run(&[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(
        ended
            .stderr
            .starts_with("A BuildKit frontend for Cargo projects.")
    );
}

#[test]
fn help_is_on_standard_output() {
    let ended = run(&["--help"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    check("help.txt", &ended.stdout);
    let ended = run(&["graph", "-h"]);
    assert!(
        ended
            .stdout
            .starts_with("Draw the steps: Mermaid, Graphviz or SVG.\n"),
        "{}",
        ended.stdout
    );
    let version = format!("rust-frontend {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"]).stdout, version);
}

#[test]
fn wrong_usage_is_named_with_the_nearest_word() {
    let help = "help: `rust-frontend --help` lists commands and options\n";
    for (words, message) in [
        (["pln", "."], "`pln` is not a command: did you mean `plan`?"),
        (
            ["plan", "--targte=x"],
            "`--targte` is not an option: did you mean `--target`?",
        ),
        (["plan", "--build-arg=x"], "`--build-arg x` has no `=VALUE`"),
        (["plan", "--file"], "missing argument for option '--file'"),
        (
            ["completions", "tcsh"],
            "completions are for `bash`, `zsh` or `fish`",
        ),
    ] {
        let ended = run(&words);
        assert_eq!(ended.code, Some(2), "{words:?}");
        assert_eq!(ended.stdout, "");
        assert_eq!(ended.stderr, format!("error: {message}\n{help}"));
    }
}

#[test]
fn mistakes_of_the_spec_are_drawn() {
    let dir = project("mistake", &[("Rust.yaml", "image:\n  bse: alpine\n")]);
    let ended = run(&["check", dir.to_str().unwrap()]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended.stderr.starts_with("Rust.yaml:2\n"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("help: did you mean `base`?"),
        "{}",
        ended.stderr
    );
    let syntax = ("Rust.yaml", "# syntax=org/rust-frontend:1\n");
    let fine = project("fine", &[syntax]);
    let ended = run(&["check", fine.to_str().unwrap()]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "no mistakes found\n")
    );
    let without = project("no-spec", &[]);
    let ended = run(&["check", without.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.stdout.contains("there is no `Rust.yaml`"),
        "{}",
        ended.stdout
    );
}

#[test]
fn docker_would_read_another_file() {
    let spec = ("Rust.yaml", "# Ours.\n# syntax=org/rust-frontend:1\n");
    let late = project("late-syntax", &[spec]);
    let ended = run(&["check", late.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("Docker finds no syntax line here"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_is_ignored_is_not_there() {
    let syntax = ("Rust.yaml", "# syntax=org/rust-frontend:1\n");
    let ignored = |name: &str, text: &str| {
        let dir = project(name, &[syntax, (".dockerignore", text)]);
        let ended = run(&["check", dir.to_str().unwrap()]);
        assert_eq!(ended.code, Some(1), "{text}");
        ended.stderr
    };
    let said = ignored("ignored-lock", "*.lock\n");
    assert!(
        said.contains("`Cargo.lock` is not in the build context"),
        "{said}"
    );
    let said = ignored("ignored-sources", "src\n");
    assert!(said.contains("has a binary"), "{said}");
    let said = ignored("ignored-badly", "b[\n");
    assert!(said.contains("`b[` is not a pattern"), "{said}");
}

#[test]
fn the_schema_is_the_file_of_the_docs() {
    let file = std::fs::read_to_string(repository().join("docs/Rust.schema.json")).unwrap();
    assert_eq!(run(&["schema"]).stdout, file);
}

#[test]
fn the_texts_of_the_examples() {
    for (example, target) in [
        ("rusty-docker", ""),
        ("static-files", ""),
        ("nonroot-volume", ""),
        ("workspace", "worker"),
    ] {
        let dir = format!("examples/{example}");
        let target = match target {
            "" => vec![],
            target => vec!["--target", target],
        };
        for (command, ending) in [
            ("plan", "txt"),
            ("graph", "mermaid"),
            ("dockerfile", "Dockerfile"),
        ] {
            let mut words = vec![command, "--platform=linux/amd64"];
            words.extend(&target);
            words.push(&dir);
            let ended = run(&words);
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            if cfg!(target_arch = "x86_64") {
                check(&format!("{example}.{ending}"), &ended.stdout);
            }
        }
    }
}

/// Where cargo would ask for more than was fetched, it gets what it needs as text.
#[test]
fn a_dockerfile_has_real_manifests_where_cargo_finds_all_that_they_name() {
    for (example, real) in [
        ("rusty-docker", true),
        ("tests-and-clippy", false),
        ("workspace", false),
    ] {
        let text = run(&["dockerfile", &format!("examples/{example}")]).stdout;
        assert_eq!(text.contains(" --exclude=!Cargo.toml "), real, "{example}");
        let said = text.contains("# - An image needs less than the manifests ask for");
        assert_eq!(said, !real, "{example}");
    }
}

#[test]
fn a_bake_file_has_all_images() {
    let ended = run(&[
        "bake",
        "--platform=linux/amd64,linux/arm64",
        "examples/workspace",
    ]);
    check("workspace.bake.json", &ended.stdout);
    let plain = run(&["bake", "examples/workspace"]);
    fresh::check("examples/workspace/docker-bake.json", &plain.stdout);
}

#[test]
fn a_graph_is_drawn_in_three_ways() {
    let dot = run(&["graph", "--format=dot", "examples/scratch"]).stdout;
    assert!(dot.starts_with("digraph \"scratch\" {\n") && dot.ends_with("}\n"));
    let svg = run(&["graph", "--format=svg", "examples/scratch"]).stdout;
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(
        svg.matches("<rect").count(),
        dot.matches("fillcolor=").count()
    );
    assert_eq!(
        run(&["graph", "--format=png", "examples/scratch"]).code,
        Some(2)
    );
}

#[test]
fn what_is_in_a_name_draws_nothing() {
    let spec = r#"# syntax=org/rust-frontend:1
build:
  run:
    - "end"
    - "printf 'a\\n\"]' && echo $$x$$ <b> & `id` %%{init: 1}%%"
    - "echo \e[1m; echo 2\necho a long line that nobody would want to read whole in a picture of the build"
"#;
    let dir = project("graph-names", &[("Rust.yaml", spec)]);
    let drawn = |format| {
        let ended = run(&["graph", format, dir.to_str().unwrap()]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    };

    let mermaid = drawn("--format=mermaid");
    let boxes = mermaid.lines().filter_map(|line| line.split_once("[\""));
    let texts: Vec<&str> = boxes
        .map(|(_, text)| text.split_once("\"]:::").unwrap().0)
        .collect();
    let plain = |c: char| c.is_alphanumeric() || " -_./:,()@+=#;…".contains(c);
    assert!(
        texts.iter().all(|text| text.chars().all(plain)),
        "{texts:#?}"
    );
    for text in [
        "run end",
        "run printf #39;a#92;n#34;#93;#39; #38;#38; echo #36;#36;x#36;#36; #60;b#62; #38; #96;id#96; #37;#37;#123;init: 1#125;#37;#37;",
        "run echo  #91;1m#59; echo 2 echo a long line that nobody would want t…",
    ] {
        assert!(texts.contains(&text), "{text}: {texts:#?}");
    }

    let dot = drawn("--format=dot");
    assert!(
        dot.contains(r#"[label="run printf 'a\\n\"]' && echo $$x$$ <b> &"#),
        "{dot}"
    );
    let svg = drawn("--format=svg");
    assert!(svg.contains("$$x$$ &lt;b&gt; &amp; `id`"), "{svg}");
    assert!(!svg.contains('\u{1b}'), "{svg}");
}

/// What somebody edits: a file, a text in it, what takes its place.
const EDITS: [(&str, &str, &str, &str); 8] = [
    (
        "a comment",
        "Cargo.toml",
        "[workspace]",
        "# All of it.\n[workspace]",
    ),
    (
        "another version of a crate",
        "Cargo.lock",
        "name = \"itoa\"\nversion = \"1",
        "name = \"itoa\"\nversion = \"9",
    ),
    (
        "a feature of a crate",
        "Cargo.toml",
        "features = [\"derive\"]",
        "features = [\"derive\", \"rc\"]",
    ),
    (
        "a dependency less",
        "crates/server/Cargo.toml",
        "tower-http.workspace = true\n",
        "",
    ),
    (
        "flags and a variable",
        "Rust.yaml",
        "build:\n",
        "build:\n  rustflags: [-Ctarget-cpu=x86-64-v2]\n  env: { SQLX_OFFLINE: \"true\" }\n",
    ),
    (
        "a toolchain",
        "Rust.yaml",
        "build:\n",
        "build:\n  toolchain: \"1.94\"\n",
    ),
    (
        "a profile",
        "Rust.yaml",
        "build:\n",
        "build:\n  profile: dev\n",
    ),
    (
        "settings of an image",
        "Rust.yaml",
        "image:\n",
        "image:\n      base: debian\n",
    ),
];

#[test]
fn a_change_is_explained() {
    let original = repository().join("examples/workspace");
    let dir = folder("explain");
    let dir = dir.to_str().unwrap();
    copy(&original, Path::new(dir));
    let file = format!("{dir}-plan.json");
    let saved = run(&["plan", "--format=json", "--target=server", dir]).stdout;
    std::fs::write(&file, saved).unwrap();
    let mut text = String::new();
    for (what, path, old, new) in EDITS {
        let before = std::fs::read_to_string(original.join(path)).unwrap();
        assert!(before.contains(old), "{what}: {before}");
        let edited = Path::new(dir).join(path);
        std::fs::write(&edited, before.replacen(old, new, 1)).unwrap();
        let ended = run(&["explain", "--against", &file, "--target=server", dir]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        text.push_str(&format!("== {what}\n\n{}\n", ended.stdout));
        std::fs::write(&edited, before).unwrap();
    }
    check("explain.txt", &text);
    let wrong = run(&["explain", "--against", "Cargo.toml", dir]);
    assert_eq!(wrong.code, Some(1));
}

/// Cargo is asked in the build's own toolchain, and there is none on the host.
#[test]
fn a_host_does_not_know_groups_of_crates() {
    let dir = folder("granularity");
    copy(&repository().join("examples/c-dependency"), &dir);
    let spec = "build: { granularity: crates }\nimage: { base: scratch }\n";
    std::fs::write(dir.join("Rust.yaml"), spec).unwrap();
    let plan = run(&["plan", dir.to_str().unwrap()]).stdout;
    let note =
        "3 external crates are compiled in one step: only an engine can say which units there are";
    assert!(plan.contains(note), "{plan}");
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(std::fs::copy(&path, &to).unwrap()),
        }
    }
}

#[test]
fn common_stages_are_about_all_images() {
    let shown = run(&["plan", "--target", "binary", "examples/workspace"]).stdout;
    for program in ["server", "worker"] {
        assert!(shown.contains(program), "{shown}");
    }
}

#[test]
fn completions_for_bash_are_a_script() {
    let script = run(&["completions", "bash"]).stdout;
    let checked = Command::new("bash").args(["-n", "-c", &script]).status();
    assert!(checked.is_ok_and(|status| status.success()));
}
