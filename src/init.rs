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

    /// The program `shop`.
    fn shop(lock: &str) -> SourceTree {
        SourceTree::complete([
            (
                "Cargo.toml",
                "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n",
            ),
            ("Cargo.lock", lock),
            ("src/main.rs", ""),
            ("static/logo.svg", ""),
            ("web/index.html", ""),
            ("run/start.sh", "#!/bin/sh\nexec /srv/shop \"$@\"\n"),
            ("run/health.sh", "#!/bin/sh\nshop health\n"),
        ])
    }

    /// The draft for its Dockerfile.
    fn drafted(lock: &str, dockerfile: &str) -> String {
        let tree = shop(lock);
        let (project, _) = project::load(&tree, "").unwrap();
        let file = SourceFile::new("Dockerfile", dockerfile);
        init(&project, Some(&file), &tree, SYNTAX)
    }

    /// A Dockerfile: its build image with lines before cargo's, and the base of its image with lines before the program.
    fn dockerfile(build: &str, base: &str) -> String {
        format!(
            "FROM {build}\nRUN cargo build --release\nFROM {base}\n\
             COPY --from=0 /target/release/shop /srv/\nUSER 1\nCMD [\"/srv/shop\"]\n"
        )
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
                    "image:\n  base: debian\n  user: \"7:7\"\n",
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
    fn a_dockerfile_answers_what_is_guessed_otherwise() {
        let more = ["openssl-sys", "sqlx-macros"]
            .map(|name| format!("\n[[package]]\nname = \"{name}\"\nversion = \"0.9.0\"\n"));
        let lock = format!("{LOCK}{}", more.concat());
        let tree = shop(&lock);
        let (project, _) = project::load(&tree, "").unwrap();
        let alone = init(&project, None, &tree, SYNTAX);
        let drafted = drafted(&lock, &dockerfile("rust:1-alpine", "alpine"));
        for guess in [
            "target: gnu",
            "# For a static program give openssl",
            "SQLX_OFFLINE",
            "# There is no `.sqlx` directory",
            "# If the program reads `static/`",
        ] {
            assert!(alone.contains(guess), "{guess}\n{alone}");
            assert!(!drafted.contains(guess), "{guess}\n{drafted}");
        }
    }

    #[test]
    fn a_program_is_for_the_libc_that_it_was_for() {
        for (build, base, gnu) in [
            ("rust:1", "debian", true),
            ("rust:1", "python:3-slim", true),
            ("rust:1", "rust:1-slim-buster", true),
            ("rust:1", "busybox:glibc", true),
            ("rust:1", "busybox", false),
            ("rust:1", "scratch", false),
            ("rust:1", "python:3-alpine", false),
            ("rust:1", "cgr.dev/chainguard/static", false),
            ("rust:1-alpine", "debian", false),
            ("clux/muslrust:stable", "debian", false),
            (
                "rust:1\nRUN rustup target add $(uname -m)-unknown-linux-musl",
                "debian",
                false,
            ),
            (
                "rust:1\nRUN curl -O https://example.com/a-tool-x86_64-unknown-linux-musl.tgz",
                "debian",
                true,
            ),
            (
                "rust:1\nRUN ARCH=x86_64-unknown-linux-musl && curl -O https://example.com/$ARCH.tgz",
                "debian",
                true,
            ),
            (
                "rust:1\nENV CARGO_BUILD_TARGET=x86_64-unknown-linux-musl",
                "debian",
                false,
            ),
        ] {
            let drafted = drafted(LOCK, &dockerfile(build, base));
            assert_eq!(drafted.contains("target: gnu"), gnu, "{build}\n{drafted}");
        }
    }

    /// What is in the draft for each Dockerfile, and what is not: lines that begin with `!`.
    fn check(cases: &[(&str, &str, &[&str])]) {
        for (build, base, lines) in cases {
            let text = dockerfile(build, base);
            let drafted = drafted(LOCK, &text);
            for line in *lines {
                let is_there = match line.strip_prefix('!') {
                    Some(line) => !drafted.contains(line),
                    None => drafted.contains(line),
                };
                assert!(is_there, "{line}\n{text}\n{drafted}");
            }
        }
    }

    #[test]
    fn users_keep_their_group_and_home() {
        let start = "FROM rust:1\nRUN cargo build --release\nFROM debian\n";
        let end = "COPY --from=0 /target/release/shop /srv/\nCMD [\"/srv/shop\"]\n";
        for (lines, found) in [
            (
                "RUN useradd -u 7 -g 70 app\nUSER app\n",
                "  user: \"7:70\"\n",
            ),
            ("RUN useradd -u 7 app\nUSER \"app\"\n", "  user: \"7:7\"\n"),
            (
                "ARG ID=8\nENV ID=$ID\nRUN adduser --uid $ID app\nUSER app\n",
                "  user: \"8:8\"\n",
            ),
            ("USER www-data\n", "  user: www-data\n"),
            (
                "WORKDIR /app\nRUN useradd -d /app -m app\nUSER app\n",
                "  env: { HOME: /app }\n",
            ),
            (
                "ENV HOME=/x\nVOLUME /app\nRUN useradd -d /app -m app\nUSER app\n",
                "  env: { HOME: /x }\n",
            ),
            (
                "RUN useradd -m app\nUSER app\n",
                "#   line 5: the user had the home directory /home/app: if the program writes there, list it under `volumes`, and write \
                 `HOME` under `env`\n",
            ),
        ] {
            let drafted = drafted(LOCK, &format!("{start}{lines}{end}"));
            assert!(drafted.contains(found), "{found}\n{drafted}");
        }
    }

    #[test]
    fn packages_are_those_that_stay() {
        check(&[
            (
                "rust:1\nRUN apt-get update && apt-get -y upgrade && apt-get clean",
                "debian\nRUN apt-get install -y curl libpq5 && apt-get purge -y curl && apt-get autoremove -y",
                &[
                    "#   line 2: apt-get -y upgrade: packages are only installed; write it under `run`\n",
                    "#   packages that are removed again are not installed: line 5\n",
                    "  packages: [libpq5]\n",
                    "!line 5: apt-get",
                ],
            ),
            (
                "rust:1",
                "alpine\nRUN apk add --virtual .x gcc make && apk add libpq && apk del .x",
                &["  packages: [libpq]\n", "!line 4: apk"],
            ),
            (
                "rust:1",
                "debian\nRUN apt-get install -y curl && curl -O https://example.com/x && apt-get purge -y curl",
                &[
                    "#   line 4: apt-get purge -y curl: packages are only installed; write it under `run`\n",
                    "  packages: [curl]\n",
                ],
            ),
            (
                "rust:1",
                "debian\nARG PACKAGES\nRUN apt-get install -y curl $PACKAGES ${OTHER}",
                &[
                    "#   line 5: apt-get … $PACKAGES: name the packages that it stands for\n",
                    "#   line 5: apt-get … ${OTHER}: name the packages that it stands for\n",
                    "  packages: [curl]\n",
                    "!args:",
                ],
            ),
        ]);
    }

    #[test]
    fn secrets_are_required_where_a_dockerfile_requires_them() {
        for (mount, written) in [
            ("id=a", "{ id: a, required: false }"),
            ("id=a,required=false", "{ id: a, required: false }"),
            ("id=a,required", "{ id: a }"),
            ("id=a,env=A,required=true", "{ id: a, env: A }"),
        ] {
            let build = format!("rust:1\nRUN --mount=type=secret,{mount} cargo fetch");
            let drafted = drafted(LOCK, &dockerfile(&build, "alpine"));
            let secrets = format!("  secrets: [{written}]\n");
            assert!(drafted.contains(&secrets), "{drafted}");
        }
    }

    #[test]
    fn what_only_the_shell_knows_is_left() {
        check(&[
            (
                "rust:1\nRUN rustup toolchain install --profile minimal \"$(cat version)\"",
                "alpine",
                &[
                    "#   line 2: rustup … $(cat version): write it as `toolchain`, unless rust-toolchain.toml says it\n",
                    "!toolchain:",
                ],
            ),
            (
                "rust:1\nRUN ARCH=$(uname -m) && export SHA=$(git rev-parse HEAD) && cargo fetch",
                "alpine",
                &[
                    "#   line 2: RUN ARCH=$(uname -m)\n",
                    "#   line 2: SHA=…: its value comes from a command",
                ],
            ),
            (
                "rust:1\nRUN RUSTFLAGS=\"-C linker=$CC\" cargo build",
                "alpine",
                &[
                    "#   line 2: RUSTFLAGS=-C linker=$CC: write what it stands for under `rustflags`\n",
                    "!  rustflags:",
                ],
            ),
            (
                "rust:1\nRUN RUSTFLAGS=\"$RUSTFLAGS -C link-arg=-s\" cargo build",
                "alpine",
                &["  rustflags: [\"-C\", \"link-arg=-s\"]\n"],
            ),
            (
                "rust:1",
                "nvidia/cuda:13\nENV LD_LIBRARY_PATH=/cuda:${LD_LIBRARY_PATH}",
                &["#   line 4: LD_LIBRARY_PATH: what the base image has in it is not known\n"],
            ),
        ]);
    }

    #[test]
    fn arguments_of_cargo_are_named_with_what_they_stand_for() {
        check(&[(
            "rust:1\nARG FEATURES\nARG BIN=shop\nENV FEATURES=$FEATURES\n\
             RUN cargo build --release --features \"$FEATURES\" --bin $BIN",
            "alpine",
            &[
                "#   line 5: $FEATURES of cargo's command: nothing, as it is without `--build-arg FEATURES`\n",
                "#   line 5: $BIN of cargo's command: shop, as it is without `--build-arg BIN`\n",
                "!stamp:",
            ],
        )]);
    }

    #[test]
    fn other_copies_and_tools_are_no_programs() {
        check(&[
            (
                "rust:1\nRUN mv zig /usr/local/bin && cp target/release/x /x && cargo binstall -y cargo-leptos\n\
                 RUN cargo binstall cargo-chef && cargo install --locked cargo-auditable cargo-zigbuild",
                "alpine",
                &[
                    "#   line 2: RUN mv zig /usr/local/bin\n",
                    "#   line 2: RUN cargo binstall -y cargo-leptos\n",
                    "#   dependencies are a layer without cargo-chef: line 3\n",
                    "#   plain cargo compiles: line 3\n",
                    "#   stubs and copies of the program: line 2\n",
                    "!  run:",
                ],
            ),
            (
                "lukemathwalker/cargo-chef:latest-rust-1.90@sha256:0123",
                "alpine",
                &[
                    "#   line 1: FROM lukemathwalker/cargo-chef:latest-rust-1.90@sha256:0123: the digest is of another image; pin rust:1.90 anew\n",
                    "  base: \"rust:1.90\"\n",
                ],
            ),
        ]);
    }

    #[test]
    fn make_may_call_cargo_and_a_program_may_be_there_already() {
        let drafted_for = |text: &str| drafted(LOCK, text);
        let made = drafted_for(
            "FROM rust:1.90 AS b\nWORKDIR /src\nCOPY . .\nRUN make\nFROM debian\n\
             COPY --from=b /src/target/release/shop /srv/\nUSER 1\nCMD [\"/srv/shop\"]\n",
        );
        for part in [
            "#   line 4: RUN make\n",
            "  target: gnu",
            "  base: \"rust:1.90\"\n",
        ] {
            assert!(made.contains(part), "{part}\n{made}");
        }
        assert!(!made.contains("Cargo does not build it"), "{made}");
        let single = drafted_for(
            "FROM rust:1\nCOPY run/start.sh /\nRUN cargo build --release\nUSER 1\nENTRYPOINT [\"/start.sh\"]\n",
        );
        let left = "#   line 5: /start.sh: not in the new image; copy it under `files:`, or run the program itself\n";
        assert!(single.contains(left), "{single}");
        for copy in ["COPY out/shop_$TARGETARCH ./shop", "COPY ./shop /srv/"] {
            let there = drafted_for(&format!(
                "FROM scratch\nARG TARGETARCH\nWORKDIR /srv\n{copy}\nUSER 1\nENTRYPOINT [\"/srv/shop\"]\n"
            ));
            let said =
                "#   the program gets into the image by itself, as /usr/local/bin/shop: line 4\n";
            assert!(there.contains(said), "{there}");
            assert!(!there.contains("files:"), "{there}");
        }
    }

    #[test]
    fn directories_are_owned_by_what_their_names_stand_for() {
        check(&[(
            "rust:1",
            "debian\nENV APP=/app DATA=/app/data\nRUN mkdir -p ${DATA} && chown -R 7:7 ${APP}\nWORKDIR \"$APP\"",
            &[
                "  run: [\"mkdir -p $${DATA} && chown -R 7:7 /app\"]\n",
                "  workdir: /app\n",
            ],
        )]);
    }
}
