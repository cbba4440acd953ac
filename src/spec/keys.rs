//! Every key of `Rust.yaml`, with its documentation, default and example.
//!
//! Adding a key: a line here, a field in `spec.rs`, a line in `decode.rs`. Check, schema and reference
//! follow.

use super::formats::*;
use super::table::{Block, Key, Shape};

static ANY_TEXT: Shape = Shape::text(&ANY);
static BOOL: Shape = Shape::bool();

static PACKAGE_NAME: Shape = Shape::text(&PACKAGE);
static BIN_NAME: Shape = Shape::text(&BIN);
static BINS: Shape = Shape::many("a binary's name or a list of them", &BIN, &BIN_NAME);
static FEATURE_NAME: Shape = Shape::text(&FEATURE);
static FEATURES: Shape = Shape::many("a feature or a list of them", &FEATURE, &FEATURE_NAME);
static PROFILE_NAME: Shape = Shape::text(&PROFILE);
static TARGET_NAME: Shape = Shape::text(&TARGET);
static TOOLCHAIN_NAME: Shape = Shape::text(&TOOLCHAIN);
static IMAGE_NAME: Shape = Shape::text(&IMAGE);
static SYSTEM_PACKAGE_NAME: Shape = Shape::text(&SYSTEM_PACKAGE);
static SYSTEM_PACKAGES: Shape = Shape::many(
    "a system package or a list of them",
    &SYSTEM_PACKAGE,
    &SYSTEM_PACKAGE_NAME,
);
static ENV_ITEM: Shape = Shape::text(&ENV_PAIR);
static ENV: Shape = Shape::open("a mapping of variables", &ENV_NAME, &ANY_TEXT).or_list(&ENV_ITEM);
static LABEL_ITEM: Shape = Shape::text(&LABEL_PAIR);
static LABELS: Shape = Shape::open("a mapping of labels", &LABEL, &ANY_TEXT).or_list(&LABEL_ITEM);
static SOME_TEXT: Shape = Shape::text(&SOME);
static FLAGS: Shape = Shape::many("flags or a list of them", &SOME, &SOME_TEXT);
static CONTEXT: Shape = Shape::text(&CONTEXT_PATH);
static CONTEXTS: Shape = Shape::many("a path or a list of them", &CONTEXT_PATH, &CONTEXT);
static ID_TEXT: Shape = Shape::text(&ID);
static IDS: Shape = Shape::many("an id or a list of them", &ID, &ID_TEXT);
static ABSOLUTE: Shape = Shape::text(&IMAGE_PATH);
static ABSOLUTES: Shape = Shape::many("an absolute path or a list of them", &IMAGE_PATH, &ABSOLUTE);
static NAME_OF_ENV: Shape = Shape::text(&ENV_NAME);
static USER_NAME: Shape = Shape::text(&USER);
static PORT_NUMBER: Shape = Shape::text(&PORT);
static PORTS: Shape = Shape::many("a port or a list of them", &PORT, &PORT_NUMBER);
static MODE_BITS: Shape = Shape::text(&MODE);
static SIGNAL_NAME: Shape = Shape::text(&SIGNAL);
static DURATION_TEXT: Shape = Shape::text(&DURATION);
static COUNT_NUMBER: Shape = Shape::text(&COUNT);
static COMMAND: Shape = Shape::many("a list of a program and its arguments", &WORD, &ANY_TEXT);
static ARGUMENTS: Shape = Shape::many("a list of arguments", &WORD, &ANY_TEXT);
static WORD_TEXT: Shape = Shape::text(&WORD);
static WORDS: Shape = Shape::many("an argument or a list of them", &WORD, &WORD_TEXT);
static LINT_CODE: Shape = Shape::text(&LINT);
static LINTS: Shape = Shape::many("a lint's code or a list of them", &LINT, &LINT_CODE);
static SECRET_ITEM: Shape = Shape::text(&ID)
    .or_block(&SECRET)
    .called("a secret's id, or a mapping with `id`");
static SECRETS: Shape = Shape::many("a list of secrets", &ID, &SECRET_ITEM);
static RUN_CMD: Shape = Shape::many("a shell line, or a list of words", &SOME, &ANY_TEXT);
static RUN_ITEM: Shape = Shape::many("a shell line, or a list of words", &SOME, &ANY_TEXT)
    .or_block(&RUN)
    .called("a shell line, a list of words, or a mapping with `cmd`");
static RUNS: Shape = Shape::many("a list of commands", &SOME, &RUN_ITEM);
static FILE_TARGET: Shape = Shape::text(&IMAGE_PATH)
    .or_block(&FILE)
    .called("an absolute path, or a mapping with `to`");
static FILES: Shape = Shape::open(
    "a mapping of context paths to image paths",
    &CONTEXT_PATH,
    &FILE_TARGET,
);
static HEALTH: Shape = Shape::many("a list of words, or a mapping with `cmd`", &WORD, &ANY_TEXT)
    .or_block(&HEALTHCHECK);

static BUILD_BLOCK: Shape = Shape::block("a mapping", &BUILD);
static IMAGE_BLOCK: Shape = Shape::block("a mapping", &IMAGE_KEYS);
static TEST_BLOCK: Shape = Shape::block("a mapping", &TEST);
static LINT_BLOCK: Shape = Shape::block("a mapping", &LINT_KEYS);
static OVERRIDE_BLOCK: Shape = Shape::block("a mapping with `build` and `image`", &OVERRIDE);
static IMAGES: Shape = Shape::open("a mapping of images", &STAGE, &OVERRIDE_BLOCK);
static ARGS: Shape = Shape::open(
    "a mapping of build-args to their defaults",
    &ARG_NAME,
    &ANY_TEXT,
);

/// The whole document.
pub(super) static ROOT: Shape = Shape::block("a mapping with `build` and `image`", &SPEC);

static SPEC: Block = Block {
    name: "the spec",
    doc: "What to build from a Cargo project. The syntax line alone is a complete spec.",
    keys: &[
        Key::new(
            "syntax",
            &ANY_TEXT,
            "The frontend image, for specs in JSON, which has no comments. In YAML, write `# syntax=` on the first line.",
            "read from the first line",
            "rust-frontend:1",
        ),
        Key::new(
            "args",
            &ARGS,
            "Build arguments that `--build-arg` may give: a mapping of name to default. Every value of the spec may hold `${NAME}`; `$${` stands for `${`. One without a default must be given.",
            "none: what reaches the build is in the file",
            "{ REVISION: unknown }",
        ),
        Key::new(
            "build",
            &BUILD_BLOCK,
            "What affects compilation.",
            "all defaults",
            "{ package: shop-server }",
        ),
        Key::new(
            "image",
            &IMAGE_BLOCK,
            "What affects only the image: no change here compiles anything.",
            "all defaults",
            "{ base: scratch }",
        ),
        Key::new(
            "images",
            &IMAGES,
            "Several images from one spec, each a `--target`. Each may override both blocks: scalars and lists are replaced, `env`, `labels` and `files` are merged by key, `KEY:` without a value goes back to the default.",
            "one image without a name",
            "{ api: { build: { bin: api } }, worker: { build: { bin: worker } } }",
        ),
        Key::new(
            "test",
            &TEST_BLOCK,
            "What `--target test`, `clippy` and `fmt` do.",
            "all defaults",
            "{ runner: nextest }",
        ),
        Key::new(
            "lint",
            &LINT_BLOCK,
            "What the checks of the spec and the project report.",
            "all defaults",
            "{ error: true }",
        ),
    ],
};

static OVERRIDE: Block = Block {
    name: "an image of `images:`",
    doc: "Lies over the common `build:` and `image:` blocks.",
    keys: &[
        Key::new(
            "build",
            &BUILD_BLOCK,
            "Lies over the common `build:` block.",
            "the common block",
            "{ bin: api }",
        ),
        Key::new(
            "image",
            &IMAGE_BLOCK,
            "Lies over the common `image:` block.",
            "the common block",
            "{ expose: 8080 }",
        ),
    ],
};

static BUILD: Block = Block {
    name: "`build:`",
    doc: "What affects compilation.",
    keys: &[
        Key::new(
            "package",
            &PACKAGE_NAME,
            "Cargo package.",
            "the only one with a binary, or the workspace's default member",
            "shop-server",
        ),
        Key::new(
            "bin",
            &BINS,
            "Binaries to build and to put in the image.",
            "the package's only one, or its `default-run`",
            "[server, migrate]",
        ),
        Key::new(
            "features",
            &FEATURES,
            "Cargo features, as `--features` takes them.",
            "none beside Cargo's defaults",
            "[postgres]",
        ),
        Key::new(
            "default-features",
            &BOOL,
            "Whether Cargo's default features are on.",
            "`true`, as in Cargo",
            "false",
        ),
        Key::new(
            "profile",
            &PROFILE_NAME,
            "Cargo profile.",
            "`release`: images are for running",
            "dist",
        ),
        Key::new(
            "target",
            &TARGET_NAME,
            "What to compile for: `musl` or `gnu` of the image's platform, or a rustc triple.",
            "`musl`: a static program runs on every base, on `scratch`, too",
            "gnu",
        ),
        Key::new(
            "toolchain",
            &TOOLCHAIN_NAME,
            "rustup toolchain.",
            "the project's rust-toolchain file, else the build image's own",
            "1.95",
        ),
        Key::new(
            "base",
            &IMAGE_NAME,
            "Build image. It must have rustup or cargo.",
            "`rust:1`: the official image",
            "rust:1-alpine",
        ),
        Key::new(
            "packages",
            &SYSTEM_PACKAGES,
            "System packages needed to compile, by the names of the build image's package manager.",
            "none",
            "[protobuf-compiler]",
        ),
        Key::new(
            "env",
            &ENV,
            "Environment of every compile step: a mapping, or a list of `NAME=value`.",
            "none",
            "{ SQLX_OFFLINE: true }",
        ),
        Key::new(
            "stamp",
            &ENV,
            "Environment of the final crate's compile alone, for what changes with each build: a new revision compiles no dependency.",
            "none",
            "{ REVISION: '${REVISION}' }",
        ),
        Key::new(
            "rustflags",
            &FLAGS,
            "Extra compiler flags, as Cargo's `build.rustflags`; a scalar is split at spaces.",
            "none",
            "-C target-cpu=x86-64-v3",
        ),
        Key::new(
            "inputs",
            &CONTEXTS,
            "Context paths that reach compilation although they look as if they could not matter (patterns as in .dockerignore).",
            "none: sources, manifests and what they include are found",
            "[docs/*.md]",
        ),
        Key::new(
            "secrets",
            &SECRETS,
            "BuildKit secrets, each an id or a mapping.",
            "none",
            "[npm_token]",
        ),
        Key::new(
            "ssh",
            &IDS,
            "ssh agents by their BuildKit id, for git dependencies.",
            "none",
            "default",
        ),
        Key::new(
            "run",
            &RUNS,
            "Commands in the build image before anything is compiled: a shell line, a list of words, or a mapping.",
            "none",
            "[npm ci]",
        ),
        Key::new(
            "allocator",
            &ALLOCATOR,
            "Memory allocator.",
            "`default`: what the program has",
            "mimalloc",
        ),
        Key::new(
            "granularity",
            &GRANULARITY,
            "How finely the dependency build is cached.",
            "`auto`: by the number of crates and the engine's abilities",
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
            "mimalloc, linked in: musl's own is slow in threaded programs",
        ),
    ],
);
static GRANULARITY: Shape = Shape::words(
    "a granularity",
    &[
        ("auto", "the frontend decides and says why"),
        ("layer", "one step for all dependencies"),
        ("crates", "a step for each group of crates"),
    ],
);

static IMAGE_KEYS: Block = Block {
    name: "`image:`",
    doc: "What affects only the image.",
    keys: &[
        Key::new(
            "base",
            &IMAGE_NAME,
            "Base image: `alpine`, `scratch`, `distroless`, `debian`, or any reference.",
            "`alpine`: small, and it has a shell to look around with",
            "scratch",
        ),
        Key::new(
            "packages",
            &SYSTEM_PACKAGES,
            "Packages to install; the base must be alpine or debian.",
            "none",
            "[tzdata]",
        ),
        Key::new(
            "files",
            &FILES,
            "Files from the build context: path (`*` and `?` match within a name) to absolute path, or to a mapping. A trailing `/` of the target means \"into this directory\".",
            "none",
            "{ migrations/: /app/migrations/ }",
        ),
        Key::new(
            "user",
            &USER_NAME,
            "User and group that the program runs as.",
            "`65532`: no program needs root, and a number is what Kubernetes' `runAsNonRoot` can check",
            "app:app",
        ),
        Key::new(
            "env",
            &ENV,
            "Environment of the program: a mapping, or a list of `NAME=value`.",
            "the base image's",
            "{ RUST_LOG: info }",
        ),
        Key::new(
            "entrypoint",
            &COMMAND,
            "Program and arguments that always run. No shell splits or expands it.",
            "the first binary",
            "[shop-server, --config, /etc/shop.toml]",
        ),
        Key::new(
            "cmd",
            &ARGUMENTS,
            "Default arguments, which `docker run IMAGE ARGS` replaces.",
            "none",
            "[--once]",
        ),
        Key::new(
            "expose",
            &PORTS,
            "Ports that the program listens on: documentation, nothing is opened.",
            "none",
            "[8080, 53/udp]",
        ),
        Key::new(
            "labels",
            &LABELS,
            "Image labels: a mapping, or a list of `name=value`.",
            "`org.opencontainers.image.*` from Cargo.toml",
            "{ team: shop }",
        ),
        Key::new(
            "annotations",
            &LABELS,
            "Annotations of the image's manifest.",
            "none",
            "{ team: shop }",
        ),
        Key::new(
            "workdir",
            &ABSOLUTE,
            "Working directory.",
            "the base image's",
            "/app",
        ),
        Key::new(
            "volumes",
            &ABSOLUTES,
            "Paths whose data outlive the container; they belong to `user`.",
            "none",
            "/var/lib/shop",
        ),
        Key::new(
            "stop-signal",
            &SIGNAL_NAME,
            "Signal that stops the container.",
            "the base image's, usually SIGTERM",
            "SIGINT",
        ),
        Key::new(
            "healthcheck",
            &HEALTH,
            "Health check: the command as a list of words (`none` or `[]` switches the base image's off), or a mapping.",
            "the base image's",
            "{ cmd: [shop-server, health], interval: 30s }",
        ),
        Key::new(
            "init",
            &BOOL,
            "Whether a small init runs as process 1: reaps children, forwards signals.",
            "`false`: a server without children needs none",
            "true",
        ),
        Key::new(
            "ca-certificates",
            &BOOL,
            "Whether CA roots are in the image even when its base has none.",
            "`true`: without them each https request fails",
            "false",
        ),
        Key::new(
            "timezones",
            &BOOL,
            "Whether time zone data are copied in.",
            "`false`: most programs speak UTC",
            "true",
        ),
        Key::new(
            "run",
            &RUNS,
            "Commands in the image after everything is in it: a shell line, a list of words, or a mapping.",
            "none",
            "[adduser -D app]",
        ),
    ],
};

static SECRET: Block = Block {
    name: "a secret",
    doc: "A BuildKit secret: never in a layer, a cache key or the history.",
    keys: &[
        Key::new(
            "id",
            &ID_TEXT,
            "As in `--secret id=ID`.",
            "required",
            "npm_token",
        )
        .required(),
        Key::new(
            "target",
            &ABSOLUTE,
            "File that it is mounted as.",
            "`/run/secrets/ID`",
            "/root/.npmrc",
        ),
        Key::new(
            "env",
            &NAME_OF_ENV,
            "Environment variable that holds it.",
            "none: a file leaks less",
            "NPM_TOKEN",
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
            "`compile`",
            "fetch",
        ),
    ],
};

static SECRET_STEP: Shape = Shape::words(
    "a step",
    &[
        (
            "fetch",
            "fetching crates, the only step with network: registry tokens, git credentials",
        ),
        ("compile", "compiling: build scripts that read a file"),
    ],
);

static RUN: Block = Block {
    name: "a command",
    doc: "A command with settings.",
    keys: &[
        Key::new(
            "cmd",
            &RUN_CMD,
            "A shell line, or a list of words.",
            "required",
            "npm ci",
        )
        .required(),
        Key::new(
            "network",
            &BOOL,
            "Whether it has network.",
            "`false`: what is fetched without a lock is another thing tomorrow",
            "true",
        ),
    ],
};

static FILE: Block = Block {
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
            "the file's own",
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

static HEALTHCHECK: Block = Block {
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
            "the engine's, 30s",
            "10s",
        ),
        Key::new(
            "timeout",
            &DURATION_TEXT,
            "Longest time a check may take.",
            "the engine's, 30s",
            "3s",
        ),
        Key::new(
            "start-period",
            &DURATION_TEXT,
            "Time at the start in which failures do not count.",
            "the engine's, 0s",
            "1m30s",
        ),
        Key::new(
            "retries",
            &COUNT_NUMBER,
            "Failures until unhealthy.",
            "the engine's, 3",
            "5",
        ),
    ],
};

static TEST: Block = Block {
    name: "`test:`",
    doc: "What `--target test`, `clippy` and `fmt` do.",
    keys: &[
        Key::new(
            "runner",
            &RUNNER,
            "What runs the tests.",
            "`cargo`: it is there",
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
            "`check`",
            "warn",
        ),
        Key::new(
            "args",
            &WORDS,
            "Extra arguments for the test runner.",
            "none",
            "[--all-features]",
        ),
    ],
};

static RUNNER: Shape = Shape::words(
    "a test runner",
    &[
        ("cargo", "`cargo test`"),
        ("nextest", "`cargo nextest run`"),
    ],
);
static CLIPPY: Shape = Shape::words(
    "a clippy level",
    &[("deny", "they fail the stage"), ("warn", "they are shown")],
);
static FMT: Shape = Shape::words(
    "a formatting level",
    &[("check", "it fails the stage"), ("warn", "it is shown")],
);

static LINT_KEYS: Block = Block {
    name: "`lint:`",
    doc: "What the checks of the spec and the project report.",
    keys: &[
        Key::new(
            "skip",
            &LINTS,
            "Codes of lints that are switched off.",
            "none",
            "[unpinned-base]",
        ),
        Key::new(
            "error",
            &BOOL,
            "Whether a finding fails the build.",
            "`false`",
            "true",
        ),
    ],
};
