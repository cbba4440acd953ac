//! What a builder has downloaded before.

use crate::support::docker::Docker;
use crate::support::lock::{self, EITHER, ITOA};
use crate::support::nonce;
use crate::support::project::Project;

/// Cuts a crate off in the cache, as an engine that was killed may leave it.
fn damage(docker: &Docker, project: &Project, space: &str, name: &str) {
    let mount = "--mount=type=cache,id=rust-frontend/crates,target=/crates";
    let step = format!(
        "set -eu; : {}; for file in /crates/*/{name}-*.crate; do head -c 99 $file >/part; cp /part $file; done",
        nonce()
    );
    project.write("Dockerfile", format!("FROM rust:1\nRUN {mount} {step}\n"));
    let build = docker.build(project).file("Dockerfile");
    build.arg("BUILDKIT_CACHE_MOUNT_NS", space).succeed();
    project.remove("Dockerfile");
}

#[test]
fn a_damaged_crate_is_downloaded_again() {
    let docker = Docker::take();
    let space = nonce();
    let project = Project::tiny("image: { base: scratch }\n");
    // Nothing of it has been fetched.
    for file in ["Cargo.toml", "Cargo.lock"] {
        project.replace(file, "\"tiny\"", &format!("\"tiny-{space}\""));
    }
    let build = || {
        let build = docker.build(&project);
        build.arg("BUILDKIT_CACHE_MOUNT_NS", &space).succeed()
    };
    let [itoa, either] = [ITOA, EITHER].map(|one| format!("{} = \"{}\"\n", one[0], one[1]));
    project
        .append("Cargo.toml", &format!("[dependencies]\n{itoa}"))
        .append(
            "Cargo.lock",
            &(lock::dependencies(&["itoa"]) + &lock::external(ITOA)),
        );
    build();
    damage(&docker, &project, &space, "itoa");

    // Another lock repeats the fetch, which takes what is there.
    project
        .append("Cargo.toml", &either)
        .replace("Cargo.lock", "[\"itoa\"]", "[\"either\", \"itoa\"]")
        .append("Cargo.lock", &lock::external(EITHER));
    assert!(build().compiled().contains(&"either"));
}

#[test]
fn crates_are_where_cargo_is_told_to_keep_them() {
    let docker = Docker::take();
    let spec = "build: { env: { CARGO_HOME: /elsewhere } }\nimage: { base: scratch }\n";
    let project = Project::tiny(spec);
    let [name, version, _] = ITOA;
    project
        .append(
            "Cargo.toml",
            &format!("[dependencies]\n{name} = \"{version}\"\n"),
        )
        .append(
            "Cargo.lock",
            &(lock::dependencies(&[name]) + &lock::external(ITOA)),
        );
    assert!(
        docker
            .build(&project)
            .succeed()
            .compiled()
            .contains(&"tiny")
    );
}
