//! What `init` makes of Dockerfiles as people write them: `init/NAME.Dockerfile`, beside the spec that replaces it.

#![expect(
    clippy::disallowed_methods,
    reason = "compares texts with files of the repository"
)]

use crate::cli::{check, copy, folder, repository, run};

/// Each Dockerfile with the example that it is for.
const CASES: [(&str, &str); 6] = [
    ("cache-mounts", "rusty-docker"),
    ("cargo-chef", "static-files"),
    ("scratch", "rusty-docker"),
    ("stub", "tests-and-clippy"),
    ("web", "debian-gnu"),
    ("workspace", "workspace"),
];

#[test]
fn a_spec_begins_with_what_a_dockerfile_asked_for() {
    for (name, example) in CASES {
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
        check(&format!("../init/{name}.yaml"), &ended.stdout);

        let written = run(&["init", "--write", dir]);
        assert_eq!(written.stdout, format!("wrote {dir}/Rust.yaml\n"));
        let again = run(&["init", "--write", dir]);
        assert_eq!(
            again.stderr,
            format!("error: {dir}/Rust.yaml is there already\n")
        );
        let target = if name == "workspace" {
            "--target=server"
        } else {
            "--format=text"
        };
        let planned = run(&["plan", target, dir]);
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
