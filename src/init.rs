//! A spec to begin with: what a project needs, and what a hand-written Dockerfile asks for.
//!
//! It writes down only what differs from the defaults, and says in comments what it was told and left.

mod accounts;
mod build;
mod cargo;
mod command;
mod copy;
mod dockerfile;
mod draft;
mod image;
mod installed;
mod migrate;
mod needs;
mod packages;
mod program;
mod said;
mod settings;
mod shell;
mod sources;
mod variables;

use crate::diagnostic::{Diagnostics, Severity};
use crate::options::Options;
use crate::platform::Platform;
use crate::project::Project;
use crate::source::{SourceFile, SourceTree};
use crate::spec;
use draft::Draft;

/// The frontend's image, unless another is given.
pub const SYNTAX: &str = "org/rust-frontend:1";

/// The text of a `Rust.yaml` for a project; `dockerfile`: what it replaces; `syntax`: the frontend's image.
pub fn init(
    project: &Project,
    dockerfile: Option<&SourceFile>,
    tree: &SourceTree,
    syntax: &str,
) -> String {
    let mut draft = Draft::default();
    let mut text = format!("# syntax={syntax}\n");
    let mut said = match dockerfile {
        Some(file) => {
            text.push_str(&format!("# In place of {}.\n", file.name()));
            migrate::migrate(project, tree, file, &mut draft)
        }
        None => said::Said::default(),
    };
    let open = needs::fill(project, tree, &mut draft, dockerfile.is_some());
    let written = draft.text();
    mistakes(&written, project, &draft)
        .into_iter()
        .for_each(|mistake| said.invalid(mistake));
    text.push_str(&said.text());
    for line in open {
        text.push_str(&format!("# {line}\n"));
    }
    text + &written
}

/// What is wrong with a spec, alone and for the project.
fn mistakes(text: &str, project: &Project, draft: &Draft) -> Vec<String> {
    let platform = Platform::linux("amd64");
    let predefined = Options::default().predefined_args(&platform, &platform);
    let file = SourceFile::new("Rust.yaml", text);
    // An argument without a default gets any value.
    let open = draft.args.iter().filter(|(_, default)| default.is_none());
    let given = open.map(|(name, _)| (name.clone(), "x".to_owned()));
    let found = match spec::parse_with(&file, &given.collect(), &predefined) {
        Err(found) => found,
        Ok((spec, _)) => {
            let mut found = Diagnostics::default();
            for image in &spec.images {
                let of_image = project.select(&spec, image).err();
                of_image.into_iter().for_each(|more| found.extend(more));
            }
            found
        }
    };
    // A project without a program gets one later.
    let errors = found
        .iter()
        .filter(|one| one.severity == Severity::Error && one.code != "no-binary");
    errors
        .map(|one| match &one.help {
            Some(help) => format!("{}: {help}", one.message),
            None => one.message.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n";

    /// The draft for a Dockerfile of the program `shop`.
    fn drafted(lock: &str, dockerfile: &str) -> String {
        let tree = SourceTree::complete([
            (
                "Cargo.toml",
                "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n",
            ),
            ("Cargo.lock", lock),
            ("src/main.rs", ""),
            ("web/index.html", ""),
            ("run/start.sh", "#!/bin/sh\nexec /srv/shop \"$@\"\n"),
            ("run/health.sh", "#!/bin/sh\nshop health\n"),
        ]);
        let (project, _) = project::load(&tree, "").unwrap();
        let file = SourceFile::new("Dockerfile", dockerfile);
        init(&project, Some(&file), &tree, SYNTAX)
    }

    #[test]
    fn what_is_copied_is_looked_up_in_the_context() {
        let text = "FROM rust:1 AS b\nWORKDIR /src\nCOPY . .\nRUN cargo build --release\n\
            FROM debian\nCOPY run/start.sh run/health.sh /run/\n\
            COPY --from=b /src/target/release/shop /srv/\n\
            COPY --from=b /src/web/index.html /src/web/pkg /srv/\nUSER 1\nCMD [\"/run/start.sh\"]\n";
        let drafted = drafted(LOCK, text);
        let (_, left) = drafted.split_once("# Left for you to look at:\n").unwrap();
        let expected = "#   line 6: run/start.sh calls /srv/shop, which is /usr/local/bin/shop now\n\
            #   line 8: COPY --from=b /src/web/pkg: made by a step of the b stage\n\
            build:\n  target: gnu # as before; without this line the program is static\n\
            image:\n  base: debian\n  \
            files: { run/start.sh: /run/, run/health.sh: /run/, web/index.html: /srv/ }\n  user: \"1\"\n  \
            entrypoint: [] # as before: `docker run IMAGE COMMAND` runs another program\n  cmd: [/run/start.sh]\n";
        assert_eq!(left, expected);
    }

    #[test]
    fn an_image_is_as_its_dockerfile_makes_it() {
        let build = "AS b\nRUN cargo build --release\n";
        let copy = "COPY --from=b /target/release/shop /srv/\n";
        let start = "ENTRYPOINT [\"/srv/shop\"]\n";
        for (text, parts) in [
            (
                format!("FROM rust:1 {build}FROM app/base:1\n{copy}USER 1\nCMD [\"--help\"]\n"),
                [
                    "#   line 6: CMD is for the entrypoint of the base image: the new image runs its own program\n",
                    "image:\n  base: \"app/base:1\"\n  user: \"1\"\n  cmd: [\"--help\"]\n",
                ],
            ),
            (
                format!(
                    "FROM rust:1 {build}FROM debian\n{copy}ARG NAME=app\nRUN useradd -u 7 $NAME\nUSER $NAME\n{start}"
                ),
                [
                    "build:\n  target: gnu #",
                    "image:\n  base: debian\n  user: \"7\"\n",
                ],
            ),
            (
                format!(
                    "FROM debian AS base\nRUN apt-get install -y curl\nFROM base {build}FROM base\n{copy}USER 1\n{start}"
                ),
                [
                    "#   line 1: FROM debian: the build image must have rustup; rust:1 in its place\n",
                    "  packages: [curl]\nimage:\n  base: debian\n  packages: [curl]\n  user: \"1\"\n",
                ],
            ),
            (
                format!(
                    "FROM rust:1 {build}FROM debian\n{copy}USER 1\nRUN [\"ldconfig\", \"-v\"]\n{start}"
                ),
                [
                    "#   line 6: RUN [\"ldconfig\", \"-v\"]\n",
                    "image:\n  base: debian\n  user: \"1\"\n",
                ],
            ),
        ] {
            let drafted = drafted(LOCK, &text);
            for part in parts {
                assert!(drafted.contains(part), "{part}\n{drafted}");
            }
        }
    }

    #[test]
    fn a_dockerfile_tells_what_a_program_is_linked_with() {
        let lock = format!("{LOCK}\n[[package]]\nname = \"openssl-sys\"\nversion = \"0.9.0\"\n");
        let text = "FROM rust:1-alpine AS b\nRUN cargo build --release\nFROM alpine\n\
            COPY --from=b /target/release/shop /srv/\nUSER 1\nCMD [\"/srv/shop\"]\n";
        let drafted = drafted(&lock, text);
        assert!(!drafted.contains("target: gnu"), "{drafted}");
        assert!(
            drafted.contains("# For a static program give openssl"),
            "{drafted}"
        );
    }
}
