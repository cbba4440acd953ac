//! The valid spec: what `Rust.yaml` asks for, after defaults, overrides and build-args.
//!
//! Knows nothing of Cargo projects or LLB. Every written value keeps its span in the spec file.

mod args;
mod check;
mod decode;
mod formats;
#[cfg(test)]
mod generated;
mod keys;
mod merge;
#[cfg(test)]
mod properties;
mod reference;
mod schema;
mod semantics;
mod table;
#[cfg(test)]
mod tests;
mod view;
mod yaml;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::platform::{self, Libc};
use crate::source::{SourceFile, Span, Spanned};
use std::collections::BTreeMap;

pub(crate) use formats::is_reserved;
pub(crate) use keys::keys_of;
pub use reference::reference;
pub use schema::{schema, schema_text};
pub(crate) use yaml::{MAX_BYTES, too_large};

/// Parses a spec: a pure function of its text and the given build arguments.
///
/// # Errors
/// All mistakes of the file at once, each at its place, and the warnings with them.
pub fn parse(
    file: &SourceFile,
    build_args: &BTreeMap<String, String>,
) -> Result<(Spec, Diagnostics), Diagnostics> {
    parse_with(file, build_args, &BTreeMap::new())
}

/// [`parse`] with arguments that need no declaration, such as `TARGETARCH`.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(
    file: &SourceFile,
    build_args: &BTreeMap<String, String>,
    predefined: &BTreeMap<String, String>,
) -> Result<(Spec, Diagnostics), Diagnostics> {
    let (mut root, mut found) = match yaml::read(file) {
        Ok(read) => read,
        Err(found) => return Err(other_format(file).map_or_else(|| first_of(found), Into::into)),
    };
    let mut declared = Vec::new();
    if let Some(root) = &mut root {
        let (args, problems) = args::fill(file, root, build_args, predefined);
        declared = args;
        found.extend(problems);
        found.extend(check::document(file, root));
    }
    if found.has_errors() {
        return Err(other_format(file).map_or_else(|| first_of(found), Into::into));
    }
    let spec = decode::spec(file, root.as_ref(), declared);
    found.extend(semantics::check(&spec));
    first_of(found).into_result(spec)
}

/// What a file is that is not a spec at all.
fn other_format(file: &SourceFile) -> Option<Diagnostic> {
    let mut lines = (1..).map_while(|number| file.line_span(number));
    let first = lines.find(|span| {
        let line = file.slice(*span).trim();
        !line.is_empty() && !line.starts_with('#')
    })?;
    let line = file.slice(first);
    let words = line.split_whitespace().collect::<Vec<_>>();
    let (what, help) = match words.as_slice() {
        ["FROM" | "from" | "ARG", ..] if !line.contains(": ") => (
            "a Dockerfile",
            "name the spec with `-f Rust.yaml` (`--call=init` turns a Dockerfile into one), or remove the `# syntax` line",
        ),
        ["[package]" | "[workspace]" | "[dependencies]"] => {
            ("a Cargo manifest", "name the spec with `-f Rust.yaml`")
        }
        _ => return None,
    };
    let message = format!("this is {what}, not a spec");
    Some(
        Diagnostic::error("not-a-spec", message)
            .help(help)
            .at(file.at(first)),
    )
}

/// Sorted, each mistake once, and not more of them than anyone reads.
fn first_of(found: Diagnostics) -> Diagnostics {
    const MOST: usize = 50;
    let all = found.sorted();
    let more = all.len().saturating_sub(MOST);
    let last = all.get(MOST).and_then(|next| next.location.clone());
    let mut first = Diagnostics::default();
    all.into_iter().take(MOST).for_each(|one| first.push(one));
    if let (true, Some(location)) = (more > 0, last) {
        first.push(
            Diagnostic::error(
                "more-mistakes",
                format!("{more} more mistakes from here on are not shown"),
            )
            .help("correct those above first")
            .at(location),
        );
    }
    first
}

/// A valid `Rust.yaml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The file itself: what the spans of all values below point into.
    pub file: SourceFile,
    /// Build arguments that may be given by `--build-arg`, in the order of the file.
    pub args: Vec<Arg>,
    /// Context path of the directory that Cargo runs in, where the project's `Cargo.toml` is; empty for the context's
    /// root.
    pub directory: Spanned<String>,
    /// The images, in the order of the file; exactly one without a name when there is no `images:`.
    pub images: Vec<ImageSpec>,
    /// What `--target test|clippy|fmt|doc` do.
    pub test: Test,
    /// Codes of lints that are switched off.
    pub lint_skip: Vec<Spanned<String>>,
    /// Whether a lint finding fails the build.
    pub lint_error: bool,
}

/// A declared build argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// As in `--build-arg NAME=`.
    pub name: Spanned<String>,
    /// Used when it is not given; without one it must be given.
    pub default: Option<String>,
    /// The value in force.
    pub value: Option<String>,
}

/// One image: the common `build:` and `image:` blocks with its own laid over them.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageSpec {
    /// Its key under `images:`; `None` for the single image of a spec without that block.
    pub name: Option<Spanned<String>>,
    /// What affects compilation.
    pub build: Build,
    /// What affects only the image.
    pub image: Image,
}

/// What affects compilation.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    /// The `build:` block (or what of it this image overrides), for errors that are about all of it.
    pub span: Option<Span>,
    /// Cargo package name; `None`: the only one with a binary.
    pub package: Option<Spanned<String>>,
    /// Binaries to build; empty: the package's only one, or its `default-run`.
    pub bin: Vec<Spanned<String>>,
    /// Cargo features, each as on cargo's command line.
    pub features: Vec<Spanned<String>>,
    /// Cargo's default features; on unless written.
    pub default_features: Spanned<bool>,
    /// Cargo profile; `release`.
    pub profile: Spanned<String>,
    /// Settings of the profile that are other than the manifest's, by Cargo's names.
    pub profile_settings: Vec<(String, Spanned<String>)>,
    /// What to compile for; musl.
    pub target: Spanned<BuildTarget>,
    /// rustup toolchain, e.g. `1.95` or `nightly-2026-10-01`; `None`: the project's toolchain file, else the
    /// build image's own.
    pub toolchain: Option<Spanned<String>>,
    /// Build image reference; `rust:1`.
    pub base: Spanned<String>,
    /// System packages needed to compile, in the build image's own package manager's names.
    pub packages: Vec<Spanned<String>>,
    /// Environment of every compile step.
    pub env: Vec<EnvVar>,
    /// Environment of the final crate's compile alone (revision, build number).
    pub stamp: Vec<EnvVar>,
    /// Extra compiler flags, as cargo's `build.rustflags`.
    pub rustflags: Vec<Spanned<String>>,
    /// Context paths (patterns as in .dockerignore) that reach compilation although they look as if they could
    /// not matter.
    pub inputs: Vec<Spanned<String>>,
    /// Secrets of the steps that need them.
    pub secrets: Vec<Secret>,
    /// ssh agents by BuildKit id, for git dependencies (`default` for the usual one).
    pub ssh: Vec<Spanned<String>>,
    /// Commands run in the build image before anything is compiled.
    pub run: Vec<RunStep>,
    /// Whether debug symbols are made and kept apart from the executables; off.
    pub debug_symbols: Spanned<bool>,
    /// Memory allocator linked into a musl program instead of musl's slow one.
    pub allocator: Spanned<Allocator>,
    /// Whether dependencies start from what the last build on the same builder left; on.
    pub seed: Spanned<bool>,
    /// How finely the dependency build is cached.
    pub granularity: Spanned<Granularity>,
}

/// What `build.target` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildTarget {
    /// musl of the image's platform.
    Musl,
    /// glibc of the image's platform.
    Gnu,
    /// This rustc triple.
    Triple(String),
}

impl BuildTarget {
    /// The C library of programs for it; `None` for triples of other systems than Linux.
    pub fn libc(&self) -> Option<Libc> {
        match self {
            Self::Musl => Some(Libc::Musl),
            Self::Gnu => Some(Libc::Gnu),
            Self::Triple(triple) => platform::libc(triple),
        }
    }
}

/// What `build.allocator` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocator {
    /// Whatever the program has.
    Default,
    /// mimalloc, linked in.
    Mimalloc,
}

/// What `build.granularity` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    /// The frontend decides and says why.
    Auto,
    /// One dependency vertex.
    Layer,
    /// A vertex for each group of crates.
    Crates,
}

/// One environment variable, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name.
    pub name: Spanned<String>,
    /// Its value, build-args filled in.
    pub value: Spanned<String>,
}

/// A BuildKit secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// As in `--secret id=ID`.
    pub id: Spanned<String>,
    /// File that it is mounted as; `/run/secrets/ID` where neither this nor a variable is written.
    pub target: Option<String>,
    /// Environment variable that holds it in the step that needs it.
    pub env: Option<String>,
    /// Whether the build fails without it.
    pub required: bool,
    /// The steps that see it.
    pub step: SecretStep,
}

/// Which steps see a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretStep {
    /// Fetching crates: registry tokens, git credentials.
    Fetch,
    /// Compiling: build scripts that read a file.
    Compile,
}

/// A command of the escape hatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunStep {
    /// `[sh, -c, text]` for a scalar, the list itself for a list.
    pub args: Vec<String>,
    /// As written.
    pub text: Spanned<String>,
    /// Whether it has network; off unless written.
    pub network: bool,
}

/// What affects only the image.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// The `image:` block (or what of it this image overrides).
    pub span: Option<Span>,
    /// Base image reference, short names resolved (`distroless`, `debian`); `alpine` unless written.
    pub base: Spanned<ImageBase>,
    /// The short name that `base` was written as, if it was.
    pub base_name: Option<String>,
    /// Packages installed on an alpine or debian base.
    pub packages: Vec<Spanned<String>>,
    /// Extra files from the build context.
    pub files: Vec<FileCopy>,
    /// `user[:group]`; 65532 unless written.
    pub user: Spanned<String>,
    /// Environment, laid over the base image's.
    pub env: Vec<EnvVar>,
    /// `None`: the first binary.
    pub entrypoint: Option<Spanned<Vec<String>>>,
    /// Default arguments.
    pub cmd: Option<Spanned<Vec<String>>>,
    /// `port[/protocol]`.
    pub expose: Vec<Spanned<String>>,
    /// Image labels, laid over those from Cargo.toml.
    pub labels: Vec<EnvVar>,
    /// Manifest annotations.
    pub annotations: Vec<EnvVar>,
    /// Working directory; the base image's unless written.
    pub workdir: Option<Spanned<String>>,
    /// Volume paths.
    pub volumes: Vec<Spanned<String>>,
    /// Signal that stops the container, e.g. `SIGINT`.
    pub stop_signal: Option<Spanned<String>>,
    /// Health check.
    pub healthcheck: Option<Spanned<Healthcheck>>,
    /// Whether a small init runs as process 1.
    pub init: Spanned<bool>,
    /// Whether CA roots are in the image even when its base has none; on.
    pub ca_certificates: Spanned<bool>,
    /// Whether time zone data are copied in; off.
    pub timezones: Spanned<bool>,
    /// Commands run in the image after everything is in it.
    pub run: Vec<RunStep>,
}

/// What `image.base` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageBase {
    /// The empty image.
    Scratch,
    /// An image reference as written or as its short name stands for.
    Reference(String),
}

/// Files of the build context that go into the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCopy {
    /// Context path, may hold `*` and `?`.
    pub from: Spanned<String>,
    /// Absolute path; a trailing `/` means "into this directory".
    pub to: Spanned<String>,
    /// Octal permission bits; the file's own unless written.
    pub mode: Option<u32>,
    /// `user[:group]`; root unless written.
    pub owner: Option<Spanned<String>>,
}

/// A health check as Docker's: durations are in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Healthcheck {
    /// Command; empty switches the base image's off.
    pub cmd: Vec<String>,
    /// Time between checks.
    pub interval: Option<u64>,
    /// Longest time a check may take.
    pub timeout: Option<u64>,
    /// Time at the start in which failures do not count.
    pub start_period: Option<u64>,
    /// Time between checks at the start.
    pub start_interval: Option<u64>,
    /// Failures until unhealthy.
    pub retries: Option<u32>,
}

/// What the test stages do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// `cargo test` or `cargo nextest run`.
    pub runner: Spanned<Runner>,
    /// Whether clippy's warnings fail the `clippy` stage; on.
    pub clippy_deny: Spanned<bool>,
    /// Whether wrong formatting fails the `fmt` stage; on.
    pub fmt_check: Spanned<bool>,
    /// Extra arguments for the test runner.
    pub args: Vec<Spanned<String>>,
}

/// What runs the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `cargo test`
    Cargo,
    /// `cargo nextest run`
    Nextest,
}
