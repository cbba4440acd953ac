//! Who builds: the files that people write for a project, and ours. All of them start from the same images and
//! build the same package with the same flags into the same kind of image.

use std::fmt::Write as _;

use super::images::{self, Base};
use super::project::{Member, Project};
use crate::bench::ours;

/// Who builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contender {
    /// The stub recipe of `examples/rusty-docker/Dockerfile`, for any project.
    Stub,
    /// cargo-chef by its README.
    Chef,
    /// Cache mounts as `docker init` writes them.
    Mounts,
    /// Ours, with so many lines in `build:`.
    Ours(&'static Variant),
}

/// A way to use our frontend.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variant {
    name: &'static str,
    /// Lines of the block `build:`.
    build: &'static [&'static str],
}

const VARIANTS: [Variant; 2] = [
    Variant {
        name: "Rust.yaml, layer",
        build: &["granularity: layer"],
    },
    Variant {
        name: "Rust.yaml, crates",
        build: &["granularity: crates"],
    },
];

/// All of them.
pub(super) fn all() -> Vec<Contender> {
    let peers = [Contender::Stub, Contender::Chef, Contender::Mounts];
    peers
        .into_iter()
        .chain(VARIANTS.iter().map(Contender::Ours))
        .collect()
}

/// What is built by a contender's file.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) project: &'a Project,
    pub(super) members: &'a [Member],
    pub(super) triple: &'a str,
    /// The build image.
    pub(super) base: Base,
    /// Whether the image has got a variable and a port more.
    pub(super) image_edit: bool,
}

impl Contender {
    /// The name in tables and on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stub => "stub Dockerfile",
            Self::Chef => "cargo-chef",
            Self::Mounts => "cache mounts",
            Self::Ours(variant) => variant.name,
        }
    }

    /// Whether it is ours.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::Ours(_))
    }

    /// The name of its file.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Ours(_) => "Rust.yaml",
            _ => "Dockerfile",
        }
    }

    /// The build image that it starts from.
    pub(super) fn build_image(self) -> String {
        match self {
            Self::Chef => images::chef(Base::Now),
            _ => images::rust(Base::Now),
        }
    }

    /// A file whose build leaves the builder as the first build of an empty builder left it. Cached steps leave cache
    /// mounts as the previous build had them, so a step in which cargo works in such a mount has to run again: after
    /// a variable that no step had before, since `--no-cache` would empty the mounts. `word` is new for each build.
    pub(super) fn anew(self, text: &str, word: &str) -> String {
        let workdir = "WORKDIR /app\n";
        match self {
            Self::Mounts => text.replace(workdir, &format!("{workdir}ENV BEFORE=\"{word}\"\n")),
            _ => text.to_owned(),
        }
    }

    /// Whether a layer, by what the builder says that it is from, has dependencies: their sources or what was
    /// compiled of them.
    pub(super) fn is_dependencies(self, layer: &str) -> bool {
        match self {
            Self::Stub => layer.contains("cargo build") && !layer.contains("touch"),
            Self::Chef => layer.contains("cargo chef cook"),
            Self::Mounts => false,
            Self::Ours(_) => {
                layer.starts_with("mount /target from exec ")
                    || layer.starts_with("mount /delta from exec ")
                    || layer.starts_with("mount /usr/local/cargo/registry from exec ")
            }
        }
    }

    /// The text of its file.
    pub(super) fn text(self, job: &Job<'_>) -> String {
        match self {
            Self::Stub => stub(job),
            Self::Chef => chef(job),
            Self::Mounts => mounts(job),
            Self::Ours(variant) => ours(variant, job),
        }
    }
}

impl Job<'_> {
    /// What makes a build image able to compile the project.
    fn tools(&self) -> String {
        let mut text = String::new();
        if !self.project.packages.is_empty() {
            let _ = writeln!(
                text,
                "RUN apt-get update \\\n    && apt-get install --yes --no-install-recommends {} \\\n    \
                 && rm -rf /var/lib/apt/lists/*",
                self.project.packages.join(" ")
            );
        }
        let _ = writeln!(text, "RUN rustup target add {}", self.triple);
        text
    }

    /// What follows `cargo build` and `cargo chef cook`.
    fn flags(&self) -> String {
        format!(
            "--release --locked --target {} --package {} --bin {}",
            self.triple, self.project.package, self.project.bin
        )
    }

    fn executable(&self) -> String {
        format!("target/{}/release/{}", self.triple, self.project.bin)
    }

    /// The last stage, but for the copy of the program.
    fn settings(&self) -> String {
        let edit = match self.image_edit {
            true => "ENV EDITED=1\nEXPOSE 8081\n",
            false => "",
        };
        format!("{edit}CMD [\"{}\"]\n", self.project.bin)
    }
}

fn stub(job: &Job<'_>) -> String {
    let mut text = format!(
        "FROM {} AS build\n{}WORKDIR /app\n\n# Manifests, and stubs for everything that they name.\nCOPY Cargo.toml Cargo.lock ./\n",
        images::rust(job.base),
        job.tools()
    );
    let mut stubs: Vec<String> = Vec::new();
    let mut dirs: Vec<String> = Vec::new();
    for member in job.members {
        let inside = |file: &str| match member.dir.as_str() {
            "" => file.to_owned(),
            dir => format!("{dir}/{file}"),
        };
        if !member.dir.is_empty() {
            let manifest = inside("Cargo.toml");
            let _ = writeln!(text, "COPY {manifest} {manifest}");
        }
        for (file, program) in &member.roots {
            let file = inside(file);
            if let Some((dir, _)) = file.rsplit_once('/') {
                dirs.push(dir.to_owned());
            }
            stubs.push(match program {
                true => format!("echo 'fn main() {{}}' >{file}"),
                false => format!("touch {file}"),
            });
        }
    }
    dirs.dedup();
    if !dirs.is_empty() {
        stubs.insert(0, format!("mkdir -p {}", dirs.join(" ")));
    }
    let _ = writeln!(text, "RUN {}", stubs.join(" \\\n    && "));
    let _ = write!(
        text,
        "\n# Dependencies.\nRUN cargo build {flags}\n\nCOPY . .\n# Sources older than their stubs would count as built.\n\
         RUN find . -name '*.rs' -not -path './target/*' -exec touch {{}} + \\\n    && cargo build {flags}\n\nFROM alpine\nCOPY --from=build /app/{executable} /usr/local/bin/\nUSER 65532\n{settings}",
        flags = job.flags(),
        executable = job.executable(),
        settings = job.settings(),
    );
    text
}

fn chef(job: &Job<'_>) -> String {
    format!(
        "FROM {base} AS chef\n{tools}WORKDIR /app\n\nFROM chef AS planner\nCOPY . .\n\
         RUN cargo chef prepare --recipe-path recipe.json\n\nFROM chef AS builder\n\
         COPY --from=planner /app/recipe.json recipe.json\nRUN cargo chef cook {flags} --recipe-path recipe.json\n\
         COPY . .\nRUN cargo build {flags}\n\nFROM alpine\nCOPY --from=builder /app/{executable} /usr/local/bin/\n\
         USER 65532\n{settings}",
        base = images::chef(job.base),
        tools = job.tools(),
        flags = job.flags(),
        executable = job.executable(),
        settings = job.settings(),
    )
}

fn mounts(job: &Job<'_>) -> String {
    let workspace = job.members.iter().any(|member| !member.dir.is_empty());
    let mut inputs = vec!["Cargo.toml", "Cargo.lock"];
    inputs.push(if workspace { "crates" } else { "src" });
    let script = |(file, _): &(String, bool)| file == "build.rs";
    if job
        .members
        .iter()
        .any(|member| member.dir.is_empty() && member.roots.iter().any(script))
    {
        inputs.push("build.rs");
    }
    let binds: String = inputs
        .iter()
        .map(|path| format!("--mount=type=bind,source={path},target={path} \\\n    "))
        .collect();
    format!(
        "FROM {base} AS build\n{tools}WORKDIR /app\n\
         RUN {binds}--mount=type=cache,target=/app/target/ \\\n    \
         --mount=type=cache,target=/usr/local/cargo/git/db \\\n    \
         --mount=type=cache,target=/usr/local/cargo/registry/ \\\n    \
         cargo build {flags} && \\\n    cp ./{executable} /bin/{bin}\n\nFROM alpine\n\
         USER 65532\nCOPY --from=build /bin/{bin} /bin/\n{settings}",
        base = images::rust(job.base),
        tools = job.tools(),
        flags = job.flags(),
        executable = job.executable(),
        bin = job.project.bin,
        settings = job.settings(),
    )
}

fn ours(variant: &Variant, job: &Job<'_>) -> String {
    let mut text = format!(
        "# syntax={}\nbuild:\n  base: {}\n  package: {}\n  bin: {}\n",
        ours::NAME,
        images::rust(job.base),
        job.project.package,
        job.project.bin
    );
    if !job.project.packages.is_empty() {
        let _ = writeln!(text, "  packages: [{}]", job.project.packages.join(", "));
    }
    for line in variant.build {
        let _ = writeln!(text, "  {line}");
    }
    if job.image_edit {
        text += "image:\n  env: { EDITED: \"1\" }\n  expose: [8081]\n";
    }
    text
}
