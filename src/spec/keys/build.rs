//! `build:`

use super::shapes::*;
use crate::spec::table::{Block, Key, Shape};

pub(super) static BUILD: Block = Block {
    name: "`build:`",
    doc: "What affects compilation.",
    keys: &[
        Key::new(
            "package",
            &PACKAGE_NAME,
            "Cargo package.",
            "the only one with a binary, or the workspace's default member: that is what `cargo run` runs",
            "shop-server",
        ),
        Key::new(
            "bin",
            &BINS,
            "Binaries to build and to put in the image; all of one package. Each is at `/usr/local/bin/NAME`.",
            "the package's only one, or its `default-run`: that is what `cargo run` runs",
            "[server, migrate]",
        ),
        Key::new(
            "features",
            &FEATURES,
            "Cargo features, as `--features` takes them.",
            "none besides Cargo's defaults: the manifest decides",
            "[postgres]",
        ),
        Key::new(
            "default-features",
            &BOOL,
            "Whether Cargo's default features are on.",
            "`true`: that is Cargo's",
            "false",
        ),
        Key::new(
            "profile",
            &PROFILE_FORM,
            "Cargo profile: its name, or a mapping that changes settings of it for this image.",
            "`release`: images are for running",
            "{ opt-level: s, lto: fat, strip: symbols }",
        ),
        Key::new(
            "target",
            &TARGET_NAME,
            "What to compile for: `musl` or `gnu` of the image's platform, or a rustc triple. Only programs for Linux are supported.",
            "`musl`: a static program runs on every base, even on `scratch`",
            "gnu",
        ),
        Key::new(
            "toolchain",
            &TOOLCHAIN_NAME,
            "rustup toolchain.",
            "the project's rust-toolchain file, else the build image's own: that is what its developers compile with",
            "1.95",
        ),
        Key::new(
            "base",
            &IMAGE_NAME,
            "Build image. It must have rustup, and apt-get or apk where packages are installed.",
            "`rust:1`: that is the official image",
            "rust:1-alpine",
        ),
        Key::new(
            "packages",
            &SYSTEM_PACKAGES,
            "System packages needed to compile, by their names in the build image's package manager.",
            "none: a warning names what crates are known to need before they are compiled",
            "[protobuf-compiler]",
        ),
        Key::new(
            "env",
            &ENV,
            "Environment of `run`, of the fetch and of every step that compiles or tests: a mapping, or a list of `NAME=value`. The steps that install packages and the toolchain do not have it.",
            "none: a variable is part of the key of every compile step",
            "{ SQLX_OFFLINE: true }",
        ),
        Key::new(
            "stamp",
            &ENV,
            "Environment of the last compile step only, for what changes with each build: a new value compiles the program and the local libraries that name the variable, and no dependency.",
            "none: equal sources make equal programs",
            "{ REVISION: '${VCS_REVISION}' }",
        ),
        Key::new(
            "rustflags",
            &FLAGS,
            "Extra compiler flags, as Cargo's `build.rustflags`; a scalar is split at spaces.",
            "none: Cargo's configuration files apply as they are",
            "-C target-cpu=x86-64-v3",
        ),
        Key::new(
            "inputs",
            &CONTEXTS,
            "Paths in the build context that the compiler needs although files of their kind are normally left out (`docs/*.md`). With a leading `!`: paths to leave out because only the running program reads them (`'!static'`). Patterns as in .dockerignore.",
            "none: sources, manifests and what they include are found",
            "[docs/*.md, '!static']",
        ),
        Key::new(
            "secrets",
            &SECRETS,
            "BuildKit secrets, each an id or a mapping.",
            "none: no step sees a secret that it was not given",
            "[{ id: team, env: CARGO_REGISTRIES_TEAM_TOKEN }]",
        ),
        Key::new(
            "ssh",
            &IDS,
            "ssh agents by their BuildKit id, for git dependencies.",
            "none: no step sees an agent that it was not given",
            "default",
        ),
        Key::new(
            "run",
            &RUNS,
            "Commands that change the build image before anything is compiled: a shell line, a list of words, or a mapping. They run in `/`, without the project's files and without secrets, and without network access unless the mapping says so; nothing of them gets into the image.",
            "none: the build image and `packages` suffice for most",
            "[{ cmd: cargo install --locked wasm-bindgen-cli, network: true }]",
        ),
        Key::new(
            "debug-symbols",
            &BOOL,
            "Whether to compile with debug information and keep it separately: the image's executables are stripped, and `--target <image>-symbols` (`symbols` if the image has no name) returns the symbols that a debugger needs.",
            "`false`: it doubles what the compiler writes",
            "true",
        ),
        Key::new(
            "allocator",
            &ALLOCATOR,
            "Memory allocator.",
            "`default`: the program chooses",
            "mimalloc",
        ),
        Key::new(
            "seed",
            &BOOL,
            "Whether compiling dependencies starts from what the last build on this builder left in a cache, so that after a change only new crates are compiled. It saves time and never changes the result; `--no-cache` empties the cache.",
            "`true`: it only saves time; `false` where compile steps have secrets as files or Cargo's configuration names files of the project",
            "false",
        ),
        Key::new(
            "granularity",
            &GRANULARITY,
            "How finely the dependency build is cached: docs/crates.md says what each value is good for; `--call=plan` says which one was chosen, and why.",
            "`auto`: that is `crates` if there are 40 external crates or more, the build imports a cache (`--cache-from`), as builds on fresh builders do, or compiles more than 10 local packages, and the engine merges layers; otherwise `layer`",
            "crates",
        ),
    ],
};

static ALLOCATOR: Shape = Shape::words(
    "an allocator",
    &[
        ("default", "whatever the program has"),
        (
            "mimalloc",
            "mimalloc in place of musl's, which is slow in threaded programs; for the build machine's own architecture",
        ),
    ],
);
static GRANULARITY: Shape = Shape::words(
    "a granularity",
    &[
        ("auto", "the frontend decides and says why"),
        (
            "layer",
            "one step for all dependencies, which starts from what the builder still has of them",
        ),
        (
            "crates",
            "a step for each group of crates, which other projects and other builders find in their caches",
        ),
    ],
);
