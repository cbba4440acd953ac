//! The frontend builds itself, and what it built builds others.

use std::path::Path;

use crate::support::docker::Docker;
use crate::support::example;
use crate::support::repository;

const BINARY: &str = "usr/local/bin/rust-frontend";
const SIZE_MAX: u64 = 4_000_000;

#[test]
fn the_frontend_builds_itself_and_then_an_example() {
    let docker = Docker::take();
    let (frontend, _) = docker.build(repository()).image("org/rust-frontend:self");
    let config = frontend.inspect().config;
    let labels = config.labels.unwrap_or_default();
    assert_eq!(labels["moby.buildkit.frontend.network.none"], "true");
    assert_eq!(config.entrypoint, Some(vec![format!("/{BINARY}")]));
    assert_eq!(config.user, "0");

    let build = docker
        .build(example("rusty-docker"))
        .frontend(frontend.tag());
    let (image, _) = build.image("by-self");
    assert_eq!(image.prints(&[]), "Hello, world!\n");
}

#[test]
fn both_recipes_make_one_small_binary() {
    let docker = Docker::take();
    for file in ["Rust.yaml", "Dockerfile.frontend"] {
        let files = docker.build(repository()).file(file).files().files();
        assert_eq!(
            files.keys().collect::<Vec<_>>(),
            [Path::new(BINARY)],
            "{file}"
        );
        let size = files[Path::new(BINARY)];
        assert!(size <= SIZE_MAX, "{file}: {size} bytes");
    }
}
