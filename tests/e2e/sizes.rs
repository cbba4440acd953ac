//! How large images are.

use std::path::Path;

use crate::support::docker::Docker;
use crate::support::example;

const CA_FILE: &str = "etc/ssl/certs/ca-certificates.crt";

#[test]
fn an_alpine_image_is_no_larger_than_the_hand_written_one() {
    let docker = Docker::take();
    let build = docker.build(example("rusty-docker"));
    let (theirs, _) = build.clone().file("Dockerfile").image("by-hand");
    let (ours, _) = build.image("ours");
    assert_eq!(theirs.prints(&[]), "Hello, world!\n");
    assert_eq!(ours.prints(&[]), "Hello, world!\n");

    let (theirs, ours) = (theirs.inspect().size, ours.inspect().size);
    assert!(ours <= theirs, "{ours} bytes, by hand {theirs}");
}

#[test]
fn a_scratch_image_is_the_binary_and_the_ca_file() {
    let docker = Docker::take();
    let build = docker.build(example("scratch"));
    let image = build.clone().files().files();
    let binary = build.target(Some("binary")).files().files();

    assert_eq!(binary.keys().collect::<Vec<_>>(), [Path::new("scratch")]);
    assert_eq!(image.len(), 2, "{image:?}");
    assert_eq!(
        image.values().sum::<u64>(),
        binary[Path::new("scratch")] + image[Path::new(CA_FILE)]
    );
}
