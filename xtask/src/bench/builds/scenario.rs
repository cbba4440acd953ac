//! What changes between two builds: edits of a project's files, or of what its build is written in.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::project::Project;
use crate::sh;

/// What has changed since the project was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scenario {
    Cold,
    Nothing,
    Readme,
    ManifestComment,
    Leaf,
    Shared,
    Version,
    Add,
    LeafBump,
    WideBump,
    Toolchain,
    Member,
    Image,
}

/// All of them, in the order of the tables.
pub(super) const ALL: [Scenario; 13] = [
    Scenario::Cold,
    Scenario::Nothing,
    Scenario::Readme,
    Scenario::ManifestComment,
    Scenario::Leaf,
    Scenario::Shared,
    Scenario::Version,
    Scenario::Add,
    Scenario::LeafBump,
    Scenario::WideBump,
    Scenario::Toolchain,
    Scenario::Member,
    Scenario::Image,
];

impl Scenario {
    /// The name in tables and on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Nothing => "nothing changed",
            Self::Readme => "comment in README",
            Self::ManifestComment => "comment in Cargo.toml",
            Self::Leaf => "leaf source edit",
            Self::Shared => "shared library edit",
            Self::Version => "version bump",
            Self::Add => "add a dependency",
            Self::LeafBump => "patch bump, leaf",
            Self::WideBump => "patch bump, widely used",
            Self::Toolchain => "toolchain bump",
            Self::Member => "new unrelated member",
            Self::Image => "image only",
        }
    }

    /// Whether it can happen to a project.
    pub(super) fn fits(self, project: &Project) -> bool {
        match self {
            Self::Shared => project.shared.is_some(),
            Self::Member => project.is_workspace(),
            _ => true,
        }
    }

    /// Whether the lock changes and what is compiled with it.
    pub(super) fn is_of_dependencies(self) -> bool {
        matches!(self, Self::Add | Self::LeafBump | Self::WideBump)
    }

    /// Edits a project in a folder.
    pub(super) fn edit(self, project: &Project, dir: &Path) -> Result<()> {
        let append = |file: &str, text: &str| {
            let file = dir.join(file);
            let old =
                fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
            Ok(fs::write(file, old + text)?)
        };
        match self {
            Self::Cold | Self::Nothing | Self::Toolchain | Self::Image => Ok(()),
            Self::Readme => append("README.md", "\nOne more line.\n"),
            Self::ManifestComment => append("Cargo.toml", "\n# One more line.\n"),
            Self::Leaf => append(project.leaf, "\n#[used]\nstatic EDITED: u8 = 1;\n"),
            Self::Shared => append(
                project.shared.unwrap_or_default(),
                "\n/// New.\npub fn edited() -> bool {\n    true\n}\n",
            ),
            Self::Version => {
                bump_version(&dir.join(project.version)).and_then(|()| update_lock(dir))
            }
            Self::Add => add(project, dir),
            Self::LeafBump => project.leaf_bump.apply(dir, project.leaf_bump.to),
            Self::WideBump => project.wide_bump.apply(dir, project.wide_bump.to),
            Self::Member => {
                let own = dir.join("crates/unrelated");
                fs::create_dir_all(own.join("src"))?;
                let manifest = "[package]\nname = \"unrelated\"\nversion.workspace = true\nedition.workspace = true\n";
                fs::write(own.join("Cargo.toml"), manifest)?;
                fs::write(own.join("src/lib.rs"), "//! Needed by nothing.\n")?;
                update_lock(dir)
            }
        }
    }
}

/// Adds a dependency that nothing of the project had, or not much would be compiled.
fn add(project: &Project, dir: &Path) -> Result<()> {
    let (name, _) = project.new.split_once('@').unwrap_or_default();
    let lock = fs::read_to_string(dir.join("Cargo.lock"))?;
    let entry = format!("name = \"{name}\"");
    ensure!(
        !lock.lines().any(|line| line == entry),
        "{} has {name}",
        project.name
    );
    let mut cargo = Command::new("cargo");
    cargo.args(["add", "--quiet", "--package", project.package, project.new]);
    sh::quiet(cargo.current_dir(dir))?;
    update_lock(dir)
}

/// Has cargo lock what a manifest has got; what is locked stays.
pub(super) fn update_lock(dir: &Path) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--format-version=1"]);
    sh::quiet(cargo.current_dir(dir))
}

/// Raises the last number of the first version in a manifest, which is the package's own.
fn bump_version(manifest: &Path) -> Result<()> {
    let text = fs::read_to_string(manifest)?;
    let bumped = text.lines().find_map(|line| {
        let version = line.strip_prefix("version = \"")?.strip_suffix('"')?;
        let (head, last) = version.rsplit_once('.')?;
        let last: u64 = last.parse().ok()?;
        Some(text.replacen(line, &format!("version = \"{head}.{}\"", last + 1), 1))
    });
    let bumped = bumped.with_context(|| format!("no version in {}", manifest.display()))?;
    Ok(fs::write(manifest, bumped)?)
}
