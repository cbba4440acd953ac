//! The smaller blocks: those inside `build:` and `image:`, and those beside them.

use super::shapes::*;
use crate::spec::table::{Block, Key, Shape};

pub(super) static PROFILE_SETTINGS: Block = Block {
    name: "`profile:`",
    doc: "Settings of a Cargo profile, in Cargo's words: for a smaller or faster program without a change of `Cargo.toml`.",
    keys: &[
        Key::new(
            "name",
            &PROFILE_NAME,
            "The profile that is changed.",
            "`release`: images are for running",
            "dist",
        ),
        Key::new(
            "opt-level",
            &OPT_LEVEL_NAME,
            "`0` to `3` for speed, `s` or `z` for size.",
            "the profile's: `Cargo.toml` decides",
            "s",
        ),
        Key::new(
            "lto",
            &LTO,
            "Link-time optimization.",
            "the profile's: `Cargo.toml` decides",
            "fat",
        ),
        Key::new(
            "codegen-units",
            &UNITS_NUMBER,
            "Parts that a crate is compiled in: fewer make a smaller and faster program, more compile faster.",
            "the profile's: `Cargo.toml` decides",
            "1",
        ),
        Key::new(
            "panic",
            &PANIC,
            "What a panic does.",
            "the profile's: `Cargo.toml` decides",
            "abort",
        ),
        Key::new(
            "strip",
            &STRIP,
            "What is removed from the executable. With `debug-symbols` everything is, into a file of its own.",
            "the profile's: Cargo leaves debug information out of a release",
            "symbols",
        ),
    ],
};

static LTO: Shape = Shape::words(
    "a kind of link-time optimization",
    &[
        (
            "fat",
            "of all crates together: smallest, slowest to compile",
        ),
        ("thin", "of all crates in parallel"),
        ("off", "none"),
        ("true", "as `fat`"),
        ("false", "of each crate alone"),
    ],
);

static PANIC: Shape = Shape::words(
    "a way to panic",
    &[
        ("unwind", "it unwinds, and can be caught"),
        (
            "abort",
            "it ends the program: smaller, and tests unwind nevertheless",
        ),
    ],
);

static STRIP: Shape = Shape::words(
    "a way to strip",
    &[
        ("none", "nothing"),
        ("debuginfo", "debug information"),
        ("symbols", "names of functions, too: backtraces have none"),
        ("true", "as `symbols`"),
        ("false", "as `none`"),
    ],
);

pub(super) static SECRET: Block = Block {
    name: "a secret",
    doc: "A BuildKit secret: never in a layer, a cache key or the history.",
    keys: &[
        Key::new(
            "id",
            &ID_TEXT,
            "As in `--secret id=ID`.",
            "required",
            "team",
        )
        .required(),
        Key::new(
            "target",
            &ABSOLUTE,
            "File that it is mounted as.",
            "`/run/secrets/ID`, none where `env` is given: BuildKit and Docker put secrets there",
            "/root/.netrc",
        ),
        Key::new(
            "env",
            &NAME_OF_ENV,
            "Environment variable that holds it; there is then no file, unless `target` names one. The step that compiles dependencies does not have it: Cargo stores the values of variables that build scripts ask for next to its output, which becomes a layer.",
            "none: a file leaks less",
            "CARGO_REGISTRIES_TEAM_TOKEN",
        ),
        Key::new(
            "required",
            &BOOL,
            "Whether the build fails without it.",
            "`true`: a missing secret is a mistake",
            "false",
        ),
        Key::new(
            "step",
            &SECRET_STEP,
            "The step that sees it.",
            "`fetch` for what Cargo and git look for (`CARGO_REGISTRIES_…`, `credentials.toml`, `.netrc`), otherwise `compile`: as few steps as possible see it",
            "fetch",
        ),
    ],
};

pub(super) static SECRET_STEP: Shape = Shape::words(
    "a step",
    &[
        ("fetch", "fetching crates: registry tokens, git credentials"),
        ("compile", "compiling: build scripts that read a file"),
    ],
);

pub(super) static RUN: Block = Block {
    name: "a command",
    doc: "A command with settings.",
    keys: &[
        Key::new(
            "cmd",
            &RUN_CMD,
            "A shell line, or a list of words.",
            "required",
            "cargo install --locked wasm-bindgen-cli",
        )
        .required(),
        Key::new(
            "network",
            &BOOL,
            "Whether it has network access.",
            "`false`: what is fetched without a lock may be different tomorrow",
            "true",
        ),
    ],
};

pub(super) static FILE: Block = Block {
    name: "a file",
    doc: "Where context files go, with settings.",
    keys: &[
        Key::new(
            "to",
            &ABSOLUTE,
            "Absolute path; a trailing `/` means \"into this directory\".",
            "required",
            "/app/config/",
        )
        .required(),
        Key::new(
            "mode",
            &MODE_BITS,
            "Octal permission bits.",
            "the file's own: git keeps what is executable",
            "0644",
        ),
        Key::new(
            "owner",
            &USER_NAME,
            "User and group.",
            "root: a program should not change its own files",
            "app:app",
        ),
    ],
};

pub(super) static HEALTHCHECK: Block = Block {
    name: "`healthcheck:`",
    doc: "A health check as Docker's.",
    keys: &[
        Key::new(
            "cmd",
            &COMMAND,
            "Program and arguments; exit code 0 is healthy.",
            "required",
            "[shop-server, health]",
        )
        .required(),
        Key::new(
            "interval",
            &DURATION_TEXT,
            "Time between checks.",
            "30s: that is the engine's, as for a Dockerfile",
            "10s",
        ),
        Key::new(
            "timeout",
            &DURATION_TEXT,
            "Longest time a check may take.",
            "30s: that is the engine's, as for a Dockerfile",
            "3s",
        ),
        Key::new(
            "start-period",
            &DURATION_TEXT,
            "Time at the start in which failures do not count.",
            "0s: that is the engine's, as for a Dockerfile",
            "1m30s",
        ),
        Key::new(
            "start-interval",
            &DURATION_TEXT,
            "Time between checks at the start.",
            "5s: that is the engine's, as for a Dockerfile",
            "1s",
        ),
        Key::new(
            "retries",
            &COUNT_NUMBER,
            "Failures in a row after which the container is unhealthy.",
            "3: that is the engine's, as for a Dockerfile",
            "5",
        ),
    ],
};

pub(super) static TEST: Block = Block {
    name: "`test:`",
    doc: "What `--target test`, `clippy`, `fmt` and `doc` do.",
    keys: &[
        Key::new(
            "runner",
            &RUNNER,
            "What runs the tests.",
            "`cargo`: every build image has it",
            "nextest",
        ),
        Key::new(
            "clippy",
            &CLIPPY,
            "What clippy's warnings do.",
            "`deny`: a stage that cannot fail is not read",
            "warn",
        ),
        Key::new(
            "fmt",
            &FMT,
            "What wrong formatting does.",
            "`check`: a stage that cannot fail is not read",
            "warn",
        ),
        Key::new(
            "args",
            &WORDS,
            "Arguments for the test runner; those that choose packages and features apply to clippy and doc, too.",
            "none: all tests run",
            "[--all-features]",
        ),
    ],
};

pub(super) static RUNNER: Shape = Shape::words(
    "a test runner",
    &[
        ("cargo", "`cargo test`"),
        ("nextest", "`cargo nextest run`"),
    ],
);
pub(super) static CLIPPY: Shape = Shape::words(
    "a clippy level",
    &[("deny", "they fail the stage"), ("warn", "they are shown")],
);
pub(super) static FMT: Shape = Shape::words(
    "a formatting level",
    &[("check", "it fails the stage"), ("warn", "it is shown")],
);

pub(super) static LINT_KEYS: Block = Block {
    name: "`lint:`",
    doc: "What the checks of the spec and the project report.",
    keys: &[
        Key::new(
            "skip",
            &LINTS,
            "Codes of lints that are switched off.",
            "none: each finding has a page that says when to switch it off",
            "[unpinned-base]",
        ),
        Key::new(
            "error",
            &BOOL,
            "Whether a finding fails the build.",
            "`false`: a new release that finds more stops no build",
            "true",
        ),
    ],
};
