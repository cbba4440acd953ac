//! What a change costs: which steps are done again and which crates are compiled.

use crate::support::docker::Docker;
use crate::support::nonce;
use crate::support::progress::DEPENDENCIES;
use crate::support::project::Project;

/// A project that the engine has built before.
fn built(docker: &Docker, example: &str) -> Project {
    let project = Project::unseen(example);
    docker.build(&project).succeed();
    project
}

/// A `main.rs` that no engine has seen: it prints the word that comes with it.
fn new_main() -> (String, String) {
    let word = nonce();
    (
        format!("fn main() {{\n    println!(\"{word}\");\n}}\n"),
        format!("{word}\n"),
    )
}

#[test]
fn an_edit_compiles_the_own_crate_alone() {
    let docker = Docker::take();
    let project = built(&docker, "rusty-docker");
    let word = nonce();
    project.replace("src/main.rs", "Hello, world!", &word);

    let (image, report) = docker.build(&project).image("edit");
    assert!(report.is_cached(DEPENDENCIES), "{report}");
    assert_eq!(report.compiled(), ["rusty-docker"]);
    assert_eq!(image.prints(&[]), format!("{word}\n"));
}

#[test]
fn an_edit_of_a_member_compiles_it_and_what_needs_it() {
    let docker = Docker::take();
    let project = Project::unseen("workspace");
    let build = |target| docker.build(&project).target(Some(target));
    build("server").succeed();
    build("worker").succeed();
    project.append("crates/server/src/main.rs", &format!("\n// {}\n", nonce()));

    let report = build("server").succeed();
    assert!(report.is_cached(DEPENDENCIES), "{report}");
    assert_eq!(report.compiled(), ["shop-server"]);
    // Which files matter to the worker is looked up in all sources; what was found is as before.
    let worker = build("worker").succeed();
    assert_eq!(
        worker.executed(),
        ["[internal] files that sources may read"]
    );

    project.append("crates/api/src/lib.rs", &format!("\n// {}\n", nonce()));
    let report = build("worker").succeed();
    assert!(report.is_cached(DEPENDENCIES), "{report}");
    assert_eq!(report.compiled(), ["shop-api", "shop-worker"]);
}

#[test]
fn new_times_change_nothing() {
    let docker = Docker::take();
    let project = built(&docker, "rusty-docker");
    for year in [2001, 2030] {
        project.touch(year);
        assert_eq!(
            docker.build(&project).succeed().executed(),
            [""; 0],
            "{year}"
        );
    }
}

#[test]
fn a_fresh_clone_changes_nothing() {
    let docker = Docker::take();
    let project = built(&docker, "rusty-docker");
    let clone = Project::copy(&project);
    assert_eq!(docker.build(&clone).succeed().executed(), [""; 0]);
}

#[test]
fn a_new_version_keeps_the_dependencies() {
    let docker = Docker::take();
    let project = built(&docker, "rusty-docker");
    let version = format!("version = \"0.1.0-{}\"", nonce());
    let old = "name = \"rusty-docker\"\nversion = \"0.1.0\"";
    let new = format!("name = \"rusty-docker\"\n{version}");
    project.replace("Cargo.toml", old, &new);
    project.replace("Cargo.lock", old, &new);

    let report = docker.build(&project).succeed();
    assert!(report.is_cached(DEPENDENCIES), "{report}");
    assert_eq!(report.compiled(), ["rusty-docker"]);
}

#[test]
fn a_main_older_than_the_stub_is_built() {
    let docker = Docker::take();
    let project = built(&docker, "rusty-docker");
    let (main, prints) = new_main();
    project.write("src/main.rs", main).touch(2001);

    let (image, report) = docker.build(&project).image("old-main");
    assert!(report.is_cached(DEPENDENCIES), "{report}");
    assert_eq!(image.prints(&[]), prints);
}

/// What the other tests rely on, seen where the recipe is known: the hand-written one.
#[test]
fn a_report_tells_cached_steps_from_others() {
    let docker = Docker::take();
    let project = Project::unseen("rusty-docker");
    let build = || docker.build(&project).file("Dockerfile");
    build().succeed();
    let word = nonce();
    project.replace("src/main.rs", "Hello, world!", &word);

    let (image, report) = build().image("edit-by-hand");
    assert!(
        report.is_cached("[build  7/10] RUN cargo build"),
        "{report}"
    );
    assert!(
        !report.is_cached("[build 10/10] RUN touch src/main.rs"),
        "{report}"
    );
    assert_eq!(report.compiled(), ["rusty-docker"]);
    assert_eq!(image.prints(&[]), format!("{word}\n"));

    project.append("Cargo.toml", &format!("# {word}\n"));
    let report = build().succeed();
    assert!(
        !report.is_cached("[build  7/10] RUN cargo build"),
        "{report}"
    );
    assert!(report.compiled().contains(&"serde"), "{report}");

    project.touch(2001);
    assert_eq!(build().succeed().executed(), [""; 0]);
}

/// The other tests would pass, too, if nothing ever compiled a dependency.
#[test]
fn the_environment_of_the_build_is_part_of_the_dependencies() {
    let docker = Docker::take();
    let project = built(&docker, "rusty-docker");
    let spec = format!("build:\n  env: {{ NONCE: \"{}\" }}\n", nonce());
    project.append("Rust.yaml", &spec);

    let report = docker.build(&project).succeed();
    assert!(!report.is_cached(DEPENDENCIES), "{report}");
    assert!(report.compiled().contains(&"serde"), "{report}");
}
