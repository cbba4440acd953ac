//! What `init` makes of Dockerfiles as people write them: `init/NAME.Dockerfile`, beside the spec that replaces it.

#![expect(
    clippy::disallowed_methods,
    reason = "compares texts with files of the repository"
)]

use crate::cli::{copy, folder, repository, run};
use crate::support::fresh;

/// Each Dockerfile with the example that it is for, and an image of those that make several.
const CASES: [(&str, &str, Option<&str>); 13] = [
    ("cache-mounts", "rusty-docker", None),
    ("cargo-chef", "static-files", None),
    ("inits", "rusty-docker", None),
    ("leftovers", "rusty-docker", None),
    ("moved", "rusty-docker", None),
    ("names", "workspace", Some("test-image")),
    ("platforms", "rusty-docker", None),
    ("programs", "workspace", None),
    ("scratch", "rusty-docker", None),
    ("shells", "rusty-docker", None),
    ("stub", "tests-and-clippy", None),
    ("web", "debian-gnu", None),
    ("workspace", "workspace", Some("server")),
];

#[test]
fn a_spec_begins_with_what_a_dockerfile_asked_for() {
    for (name, example, image) in CASES {
        let dir = folder(&format!("init-{name}"));
        copy(&repository().join("examples").join(example), &dir);
        let _ = std::fs::remove_file(dir.join("Rust.yaml"));
        let file = repository().join(format!("tests/it/init/{name}.Dockerfile"));
        std::fs::copy(file, dir.join("Dockerfile")).unwrap();
        let manifest = std::fs::read_to_string(dir.join("Cargo.toml")).unwrap();
        let features = "\n[features]\npostgres = []\nmetrics = []\n";
        if name == "stub" {
            std::fs::write(dir.join("Cargo.toml"), manifest + features).unwrap();
        }
        let dir = dir.to_str().unwrap();
        let ended = run(&["init", dir]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}");
        fresh::check(format!("tests/it/init/{name}.yaml"), &ended.stdout);

        let written = run(&["init", "--write", dir]);
        assert_eq!(written.stdout, format!("wrote {dir}/Rust.yaml\n"));
        let again = run(&["init", "--write", dir]);
        assert_eq!(
            again.stderr,
            format!("error: {dir}/Rust.yaml exists already\n")
        );
        let target = image.map(|image| format!("--target={image}"));
        let words = ["plan", dir].into_iter().chain(target.as_deref());
        let planned = run(&words.collect::<Vec<_>>());
        assert_eq!(planned.code, Some(0), "{name}: {}", planned.stderr);
    }
}

#[test]
fn a_dockerfile_of_another_name_is_named() {
    let dir = folder("init-named");
    copy(&repository().join("examples/rusty-docker"), &dir);
    let dir = dir.to_str().unwrap();
    std::fs::rename(
        format!("{dir}/Dockerfile"),
        format!("{dir}/Dockerfile.prod"),
    )
    .unwrap();
    let plain = run(&["init", dir]).stdout;
    assert_eq!(plain, "# syntax=org/rust-frontend:1\n");
    let from = format!("{dir}/Dockerfile.prod");
    let ended = run(&["init", "--from", &from, dir]).stdout;
    assert!(
        ended.contains("# In place of Dockerfile.prod.\n"),
        "{ended}"
    );
    let missing = run(&["init", "--from", "nowhere", dir]);
    assert_eq!(missing.code, Some(1));
    assert_eq!(missing.stderr, "error: nowhere: no such file\n");
}

#[test]
fn a_package_with_several_programs_names_them() {
    let dir = folder("init-several");
    let at = |path: &str| dir.join(path);
    std::fs::write(at("Cargo.toml"), "[workspace]\nmembers = [\"*\"]\n").unwrap();
    let mut lock = String::from("version = 4\n");
    for name in ["one", "two"] {
        std::fs::create_dir_all(at(name).join("src/bin")).unwrap();
        let package = format!("name = \"{name}\"\nversion = \"0.1.0\"\n");
        lock.push_str(&format!("\n[[package]]\n{package}"));
        std::fs::write(at(name).join("Cargo.toml"), format!("[package]\n{package}")).unwrap();
        std::fs::write(at(name).join("src/main.rs"), "fn main() {}\n").unwrap();
    }
    std::fs::write(at("Cargo.lock"), lock).unwrap();
    std::fs::write(at("two/src/bin/migrate.rs"), "fn main() {}\n").unwrap();
    std::fs::remove_dir(at("src")).unwrap();
    let dir = dir.to_str().unwrap();

    let ended = run(&["init", "--write", dir]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let spec = std::fs::read_to_string(at("Rust.yaml")).unwrap();
    assert!(
        spec.ends_with("  two:\n    build:\n      package: two\n      bin: [two, migrate]\n"),
        "{spec}"
    );
    let ended = run(&["check", dir]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn the_first_line_names_the_frontend() {
    let dir = folder("init-syntax");
    copy(&repository().join("examples/rusty-docker"), &dir);
    std::fs::remove_file(dir.join("Dockerfile")).unwrap();
    let dir = dir.to_str().unwrap();
    let image = "registry.example.com/rust:2";
    let ended = run(&["init", "--syntax", image, dir]);
    assert_eq!(ended.stdout, format!("# syntax={image}\n"));
    let ended = run(&["init", "--syntax", "a b", dir]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended
            .stderr
            .contains("`a b` is not an image reference: write e.g. `org/rust-frontend:1`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn mistakes_of_a_spec_are_said_in_it() {
    let dir = folder("init-mistakes");
    copy(&repository().join("examples/rusty-docker"), &dir);
    let dockerfile = "FROM rust:1 AS b\nRUN cargo build --release\nFROM scratch\nCOPY --from=b \
        /target/release/rusty-docker /\nUSER app\nEXPOSE http\nCMD [\"/rusty-docker\"]\n";
    std::fs::write(dir.join("Dockerfile"), dockerfile).unwrap();
    let ended = run(&["init", dir.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let left = "# Left for you to look at:\n#   a mistake in this file: `http` is not a port: write 1 to 65535";
    assert!(ended.stdout.contains(left), "{}", ended.stdout);
}

#[test]
fn mistakes_that_only_the_project_shows_are_said_as_well() {
    let dir = folder("init-unknown");
    copy(&repository().join("examples/rusty-docker"), &dir);
    let dockerfile = "ARG BASE\nFROM ${BASE} AS b\nRUN cargo build --release --features fast\nFROM scratch\n\
        COPY --from=b /target/release/rusty-docker /\nUSER 1\nCMD [\"/rusty-docker\"]\n";
    std::fs::write(dir.join("Dockerfile"), dockerfile).unwrap();
    let ended = run(&["init", dir.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let left = "# Left for you to look at:\n#   a mistake in this file: package `rusty-docker` has no feature `fast`: there are no features\n";
    assert!(ended.stdout.contains(left), "{}", ended.stdout);
    // A build has to be given it, as before.
    let args = "\nargs: { BASE: }\nbuild:\n";
    assert!(ended.stdout.contains(args), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("  base: \"${BASE}\"\n"),
        "{}",
        ended.stdout
    );
}
