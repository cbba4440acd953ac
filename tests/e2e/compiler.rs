//! What reaches the compiler.

use crate::support::docker::Docker;
use crate::support::project::Project;
use crate::support::{example, nonce};

/// Flags of the spec, and those of the project's configuration, of which Cargo alone takes one kind.
#[test]
fn flags_are_added_to_those_of_the_configuration() {
    let docker = Docker::take();
    let spec = "build: { rustflags: --cfg given }\nimage: { base: scratch }\n";
    let project = Project::tiny(spec);
    let source = "fn main() { println!(\"{} {}\", cfg!(configured), cfg!(given)); }\n";
    project.write("src/main.rs", format!("// {}\n{source}", nonce()));
    for table in ["build", "target.'cfg(target_os = \"linux\")'"] {
        let config = format!("[{table}]\nrustflags = [\"--cfg\", \"configured\"]\n");
        project.write(".cargo/config.toml", config);
        let (image, _) = docker.build(&project).image("flags");
        assert_eq!(image.prints(&[]), "true true\n", "{table}");
    }
}

/// Only manifests are sent for planning; a file that a configuration includes may have any name and place.
#[test]
fn included_configuration_reaches_every_step() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch }\n");
    let source = "fn main() { println!(\"{}\", env!(\"TEAM\")); }\n";
    project
        .write("src/main.rs", source)
        .write(".cargo/config.toml", "include = [\"../ci/team.toml\"]\n");
    for word in [nonce(), nonce()] {
        project.write("ci/team.toml", format!("[env]\nTEAM = {word:?}\n"));
        let (image, _) = docker.build(&project).image("included");
        assert_eq!(image.prints(&[]), format!("{word}\n"));
    }
}

/// The real crate reads the comments of the manifest of whoever calls it.
#[test]
fn comments_that_document_features_are_there() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch }\n");
    project
        .append(
            "Cargo.toml",
            "[dependencies]\ndocument-features = \"0.2\"\n[features]\n## Says what it is.\nmore = []\n",
        )
        .write("src/main.rs", "fn main() { print!(\"{}\", document_features::document_features!()); }\n")
        .append(
            "Cargo.lock",
            r#"dependencies = ["document-features"]

[[package]]
name = "document-features"
version = "0.2.12"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "d4b8a88685455ed29a21542a33abd9cb6510b6b129abadabdcef0f4c55bc8f61"
dependencies = ["litrs"]

[[package]]
name = "litrs"
version = "1.0.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "4744e383959f0db86ede514b809b1c53251889093803c05267acc7d4e7030d70"
"#,
        );
    let (image, _) = docker.build(&project).image("documented");
    assert!(image.prints(&[]).contains("Says what it is."));
}

/// A program runs with whatever allocator it has, so its bytes have to tell: mimalloc's messages begin with its name.
#[test]
fn the_allocator_of_the_spec_is_in_the_program() {
    let docker = Docker::take();
    for (folder, expected) in [("server-on-scratch", true), ("rusty-docker", false)] {
        let (image, _) = docker.build(example(folder)).image(folder);
        let program = image.file(&format!("/usr/local/bin/{folder}"));
        let found = program.windows(8).any(|at| at == b"mimalloc");
        assert_eq!(found, expected, "{folder}");
    }
}
