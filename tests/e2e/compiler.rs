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
