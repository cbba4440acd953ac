//! How large images are.

use std::path::Path;

use crate::support::docker::Docker;
use crate::support::example;
use crate::support::project::Project;

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
fn a_scratch_image_is_the_binary_the_ca_file_and_the_accounts() {
    let docker = Docker::take();
    let build = docker.build(example("scratch"));
    let mut image = build.clone().files().files();
    let binary = build.target(Some("binary")).files().files();

    let accounts = ACCOUNTS.map(|path| {
        let size = image.remove(Path::new(path));
        size.unwrap_or_else(|| panic!("no {path}: {image:?}"))
    });
    assert!(accounts.iter().sum::<u64>() < 200, "{accounts:?}");
    assert_eq!(binary.keys().collect::<Vec<_>>(), [Path::new("scratch")]);
    assert_eq!(image.len(), 2, "{image:?}");
    assert_eq!(
        image.values().sum::<u64>(),
        binary[Path::new("scratch")] + image[Path::new(CA_FILE)]
    );
}

#[test]
fn settings_of_the_profile_make_a_program_smaller() {
    let docker = Docker::take();
    let project = Project::tiny("");
    let size = || {
        let files = docker.build(&project).target(Some("binary")).files();
        files.files()[Path::new("tiny")]
    };
    let usual = size();
    project.append(
        "Rust.yaml",
        "build:\n  profile: { opt-level: s, lto: fat, codegen-units: 1, panic: abort, strip: symbols }\n",
    );
    let small = size();
    assert!(small < usual * 9 / 10, "{small} bytes, before {usual}");
}
