//! How large images are.

use std::path::Path;

use crate::support::docker::Docker;
use crate::support::example;

const CA_FILE: &str = "etc/ssl/certs/ca-certificates.crt";

/// The user's name, for programs that ask for it.
const ACCOUNTS: [&str; 2] = ["etc/group", "etc/passwd"];

/// Compares files, not what the engine calls size: one store counts them as they are compressed.
#[test]
fn an_alpine_image_is_no_larger_than_the_hand_written_one() {
    let docker = Docker::take();
    let build = docker.build(example("rusty-docker"));
    let theirs = build.clone().file("Dockerfile").files().files();
    let ours = build.files().files();

    assert!(theirs.keys().eq(ours.keys()), "{theirs:?}\n{ours:?}");
    let (theirs, ours) = (theirs.values().sum::<u64>(), ours.values().sum::<u64>());
    assert!(ours <= theirs, "{ours} bytes, by hand {theirs}");
}

#[test]
fn a_scratch_image_is_the_binary_and_the_ca_file() {
    let docker = Docker::take();
    let build = docker.build(example("scratch"));
    let mut image = build.clone().files().files();
    let binary = build.target(Some("binary")).files().files();

    let accounts = ACCOUNTS.map(|path| image.remove(Path::new(path)));
    assert!(
        accounts.into_iter().flatten().sum::<u64>() < 200,
        "{accounts:?}"
    );
    assert_eq!(binary.keys().collect::<Vec<_>>(), [Path::new("scratch")]);
    assert_eq!(image.len(), 2, "{image:?}");
    assert_eq!(
        image.values().sum::<u64>(),
        binary[Path::new("scratch")] + image[Path::new(CA_FILE)]
    );
}
