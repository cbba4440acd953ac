//! Every key of `Rust.yaml`, with its documentation, default and example.
//!
//! Adding a key: a line here, a field in `spec.rs`, a line in `decode.rs`. Check, schema and reference
//! follow.

mod build;
mod image;
mod parts;
mod shapes;

use super::formats::{ARG_NAME, CONTEXT_PATH, STAGE};
use super::table::{Block, Key, Map, Shape};
use build::BUILD;
use image::IMAGE_KEYS;
use parts::{LINT_KEYS, TEST};
use shapes::ANY_TEXT;

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

static CONTEXT_DIR: Shape = Shape::text(&CONTEXT_PATH);

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
            "read from the first line: BuildKit looks for it there",
            "org/rust-frontend:1",
        ),
        Key::new(
            "args",
            &ARGS,
            "Build arguments that `--build-arg` may set: a mapping of names to defaults. Any value in the spec may contain `${NAME}`; `$${` stands for `${`. An argument without a default must be given. `VCS_REVISION` is the commit of the build context, if buildx or the context's address supplies it.",
            "none: a build takes nothing from its command line that the spec does not name",
            "{ REVISION: unknown }",
        ),
        Key::new(
            "directory",
            &CONTEXT_DIR,
            "The directory of the build context where Cargo runs: that of the project's `Cargo.toml`. What it needs from other directories of the context (`path = \"../shared\"`) is compiled with it. Other paths in the spec start from the build context, whatever is written here.",
            "the root of the build context: give a project that needs nothing else its own directory as the build context",
            "services/api",
        ),
        Key::new(
            "build",
            &BUILD_BLOCK,
            "What affects compilation.",
            "all defaults: the syntax line alone is a spec",
            "{ package: shop-server }",
        ),
        Key::new(
            "image",
            &IMAGE_BLOCK,
            "What affects only the image: no change here compiles anything.",
            "all defaults: the syntax line alone is a spec",
            "{ base: scratch }",
        ),
        Key::new(
            "images",
            &IMAGES,
            "Several images from one spec, each a `--target`. Each may override both blocks: scalars, lists, `profile` and `healthcheck` are replaced; `env`, `stamp`, `labels`, `annotations` and `files` are merged by key; `KEY:` without a value resets to the default.",
            "one image without a name: most packages have one program",
            "{ api: { build: { bin: api } }, worker: { build: { bin: worker } } }",
        ),
        Key::new(
            "test",
            &TEST_BLOCK,
            "What `--target test`, `clippy`, `fmt` and `doc` do.",
            "all defaults: the syntax line alone is a spec",
            "{ runner: nextest }",
        ),
        Key::new(
            "lint",
            &LINT_BLOCK,
            "What the checks of the spec and the project report.",
            "all defaults: the syntax line alone is a spec",
            "{ error: true }",
        ),
    ],
};

/// The keys of a block of the document, in the order of the reference page.
pub(crate) fn keys_of(block: &str) -> impl Iterator<Item = &'static str> {
    let found = SPEC.keys.iter().find(|key| key.name == block);
    let keys = found.map_or(&[][..], |key| match key.shape.map {
        Some(Map::Block(block)) => block.keys,
        _ => &[],
    });
    keys.iter().map(|key| key.name)
}

static OVERRIDE: Block = Block {
    name: "an image of `images:`",
    doc: "Overrides the common `build:` and `image:` blocks.",
    keys: &[
        Key::new(
            "build",
            &BUILD_BLOCK,
            "Overrides the common `build:` block.",
            "the common block: what images share is written once",
            "{ bin: api }",
        ),
        Key::new(
            "image",
            &IMAGE_BLOCK,
            "Overrides the common `image:` block.",
            "the common block: what images share is written once",
            "{ expose: 8080 }",
        ),
    ],
};
