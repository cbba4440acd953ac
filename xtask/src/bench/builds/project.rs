//! The projects that are built, and what the writer of a Dockerfile has to know of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;

use super::generated;
use crate::bench::copy;
use crate::corpus;
use crate::sh;

/// What to build, as it stands in the list below.
#[derive(Debug)]
pub(super) struct Project {
    /// The name in tables and on the command line.
    pub(super) name: &'static str,
    /// What it is, for readers of the results.
    pub(super) about: &'static str,
    source: Source,
    /// The package and the binary that are built.
    pub(super) package: &'static str,
    pub(super) bin: &'static str,
    /// System packages that compiling needs.
    pub(super) packages: &'static [&'static str],
    /// The source file that nothing else needs.
    pub(super) leaf: &'static str,
    /// The source file of a library that many members need, if there is one.
    pub(super) shared: Option<&'static str>,
    /// The manifest that has the version of the package.
    pub(super) version: &'static str,
    /// An external package that little depends on, before and after.
    pub(super) leaf_bump: Bump,
    /// One that much depends on.
    pub(super) wide_bump: Bump,
    /// A package without dependencies that the project does not have, and its version, as `cargo add` takes them.
    pub(super) new: &'static str,
}

/// A package and two versions of it that differ in the last number.
#[derive(Debug)]
pub(super) struct Bump {
    pub(super) package: &'static str,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

#[derive(Debug)]
enum Source {
    /// A folder of the checkout.
    Example(&'static str),
    /// A workspace of so many members with the dependencies of `examples/workspace`.
    Generated(usize),
    /// A package of the crate registry, as its authors published it.
    Published {
        version: &'static str,
        sha256: &'static str,
    },
}

/// All of them, the quickest first.
pub(super) const ALL: [Project; 4] = [
    Project {
        name: "hello",
        about: "`examples/rusty-docker`: one file, serde",
        source: Source::Example("examples/rusty-docker"),
        package: "rusty-docker",
        bin: "rusty-docker",
        packages: &[],
        leaf: "src/main.rs",
        shared: None,
        version: "Cargo.toml",
        leaf_bump: Bump {
            package: "serde",
            from: "1.0.228",
            to: "1.0.229",
        },
        wide_bump: Bump {
            package: "unicode-ident",
            from: "1.0.24",
            to: "1.0.27",
        },
        new: "fnv@=1.0.7",
    },
    Project {
        name: "workspace",
        about: "`examples/workspace`: the server of a workspace of 5 members, axum",
        source: Source::Example("examples/workspace"),
        package: "shop-server",
        bin: "shop-server",
        packages: &["musl-tools"],
        leaf: "crates/server/src/main.rs",
        shared: Some("crates/api/src/lib.rs"),
        version: "Cargo.toml",
        leaf_bump: TOWER_HTTP,
        wide_bump: LIBC,
        new: "fnv@=1.0.7",
    },
    Project {
        name: "workspace-20",
        about: "a generated workspace of 20 members on the same dependencies, axum and reqwest: every library has \
                handlers with their own types, the program needs them all",
        source: Source::Generated(20),
        package: "program",
        bin: "program",
        packages: &["musl-tools"],
        leaf: "crates/program/src/main.rs",
        shared: Some("crates/part-00/src/lib.rs"),
        version: "Cargo.toml",
        leaf_bump: TOWER_HTTP,
        wide_bump: LIBC,
        new: "fnv@=1.0.7",
    },
    Project {
        name: "procs",
        about: "`procs` 0.14.12 as its authors published it: a terminal program with a build script",
        source: Source::Published {
            version: "0.14.12",
            sha256: "e2d1297d59b20d9bd1c6d9f98c682f8e779097465d6a2055482d73d8f4d17260",
        },
        package: "procs",
        bin: "procs",
        packages: &["musl-tools"],
        leaf: "src/main.rs",
        shared: None,
        version: "Cargo.toml",
        leaf_bump: Bump {
            package: "console",
            from: "0.16.3",
            to: "0.16.4",
        },
        wide_bump: Bump {
            package: "libc",
            from: "0.2.186",
            to: "0.2.187",
        },
        new: "static_assertions@=1.1.0",
    },
];

const TOWER_HTTP: Bump = Bump {
    package: "tower-http@0.7",
    from: "0.7.0",
    to: "0.7.1",
};

const LIBC: Bump = Bump {
    package: "libc",
    from: "0.2.190",
    to: "0.2.191",
};

/// What docker/init writes beside its Dockerfile, in short: no contender has to send or copy what is not a source.
const IGNORED: &str =
    "**/.git\n**/target\n**/Dockerfile*\n**/.dockerignore\nRust.yaml\nLICENSE*\nREADME.md\n";

impl Project {
    /// Writes the project as it is before any edit.
    pub(super) fn write(&self, checkout: &Path, dir: &Path) -> Result<()> {
        match self.source {
            Source::Example(path) => copy(&checkout.join(path), dir)?,
            Source::Generated(members) => generated::write(checkout, dir, members)?,
            Source::Published { version, sha256 } => {
                let unpacked = dir.with_extension("published");
                let _ = fs::remove_dir_all(&unpacked);
                let found = corpus::fetch(self.package, version, sha256, &unpacked);
                copy(&found.map_err(|error| anyhow!(error))?, dir)?;
                fs::remove_dir_all(&unpacked)?;
            }
        }
        for file in ["Dockerfile", "Rust.yaml", "expect.toml"] {
            let _ = fs::remove_file(dir.join(file));
        }
        fs::write(dir.join(".dockerignore"), IGNORED)?;
        if !dir.join("README.md").exists() {
            fs::write(dir.join("README.md"), "# A project\n")?;
        }
        self.wide_bump.apply(dir, self.wide_bump.from)?;
        self.leaf_bump.apply(dir, self.leaf_bump.from)
    }

    /// Whether it has members beside the package that is built.
    pub(super) fn is_workspace(&self) -> bool {
        self.shared.is_some()
    }
}

impl Bump {
    /// Has cargo lock a version.
    pub(super) fn apply(&self, dir: &Path, version: &str) -> Result<()> {
        let mut cargo = Command::new("cargo");
        cargo.args(["update", "--package", self.package, "--precise", version]);
        sh::quiet(cargo.current_dir(dir))
    }
}

/// A package of the project itself.
#[derive(Debug)]
pub(super) struct Member {
    /// Its folder in the project; empty for the project's own.
    pub(super) dir: String,
    /// The source files that cargo starts from, in that folder, and whether each is a program.
    pub(super) roots: Vec<(String, bool)>,
}

/// The members of a project, by cargo.
pub(super) fn members(dir: &Path) -> Result<Vec<Member>> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
    let text = sh::output(cargo.current_dir(dir))?;
    let metadata: Metadata = serde_json::from_str(&text).context("cargo metadata")?;
    let base = dir.canonicalize()?;
    let mut members = Vec::new();
    for package in metadata.packages {
        let own = package.manifest_path.parent().unwrap_or(&base);
        let mut roots = Vec::new();
        for target in &package.targets {
            let program = match target.kind.first().map(String::as_str) {
                Some("bin" | "custom-build") => true,
                Some("lib" | "rlib" | "proc-macro" | "cdylib" | "staticlib" | "dylib") => false,
                _ => continue,
            };
            roots.push((
                target.src_path.strip_prefix(own)?.display().to_string(),
                program,
            ));
        }
        members.push(Member {
            dir: own.strip_prefix(&base)?.display().to_string(),
            roots,
        });
    }
    members.sort_by(|a, b| a.dir.cmp(&b.dir));
    Ok(members)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}
