//! Stub sources, and what has to be removed before the real ones are compiled.

use super::{RecipeFor, Role, Scope};
use crate::project::{Target, TargetKind};
use crate::source::{file_name, join};

/// A local package with stub sources.
///
/// Cargo compares times, not contents: before real sources take the stubs' place, its fingerprints must go. That alone
/// makes Cargo compile it again and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StubPackage {
    /// Index of the package in the project.
    pub package: usize,
    /// Package name, as in `build/<name>/<16 hex digits>`, and before Cargo 1.100 in
    /// `.fingerprint/<name>-<16 hex digits>`.
    pub name: String,
    /// Whether a registry or git package of this name is compiled, too. The two cannot be told apart by name;
    /// the version in the skeleton then differs from the real one, which makes Cargo compile it again.
    pub shares_name: bool,
    /// Its targets in the skeleton.
    pub targets: Vec<StubTarget>,
}

/// A target with a stub source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StubTarget {
    /// What it is.
    pub kind: TargetKind,
    /// Its name; for a binary that of the executable.
    pub name: String,
    /// Crate types.
    pub crate_types: Vec<String>,
    /// Context path of the stub.
    pub path: String,
}

impl StubPackage {
    /// Names of the executables that the stub build leaves in `target/<triple>/<profile>`.
    pub fn executables(&self) -> impl Iterator<Item = &str> {
        self.targets
            .iter()
            .filter(|target| target.kind == TargetKind::Bin)
            .map(|target| target.name.as_str())
    }
}

impl Scope<'_> {
    /// The targets of a package that the skeleton has.
    pub(super) fn targets(&self, index: usize, role: Role) -> Vec<Target> {
        let package = &self.project.packages[index];
        let wanted: Vec<&String> = self
            .selections
            .iter()
            .filter(|selection| selection.package == index)
            .flat_map(|selection| &selection.bins)
            .collect();
        let with_bins = self.recipes.artifacts.contains(package.name.as_str());
        let keep = |target: &&Target| match (target.kind, role) {
            (_, Role::Hollow) | (TargetKind::Lib, Role::Program) => false,
            (TargetKind::Lib | TargetKind::BuildScript, _) => true,
            (TargetKind::Bin, _) if with_bins => true,
            (_, Role::Own) if self.mode == RecipeFor::Test => true,
            (TargetKind::Bin, Role::Real | Role::Own) => wanted.contains(&&target.name),
            (_, Role::Needed | Role::Real | Role::Own) => false,
            (TargetKind::Bin, _) if self.mode == RecipeFor::Build => wanted.contains(&&target.name),
            (_, Role::Selected | Role::Program) => self.mode == RecipeFor::Test,
        };
        let mut targets: Vec<Target> = package.targets.iter().filter(keep).cloned().collect();
        if targets
            .iter()
            .all(|target| target.kind == TargetKind::BuildScript)
        {
            // Cargo takes no package without a target.
            targets.push(Target {
                kind: TargetKind::Bin,
                name: package.name.clone(),
                path: package.path("src/main.rs").unwrap_or_default(),
                crate_types: vec!["bin".into()],
                harness: true,
                required_features: Vec::new(),
                table: toml::Table::new(),
            });
        }
        targets
    }

    /// Where the source of a target is in the recipe: a stub has a place of its own, since a package that is real may
    /// have or read the file whose place it takes.
    pub(super) fn source(&self, index: usize, role: Role, target: &Target) -> String {
        let dir = &self.project.packages[index].dir;
        let kind = match target.kind {
            _ if role.is_real() => return target.path.clone(),
            TargetKind::Lib => "lib",
            TargetKind::Bin => "bin",
            TargetKind::Example => "example",
            TargetKind::Test => "test",
            TargetKind::Bench => "bench",
            TargetKind::BuildScript => {
                // Cargo names a script after its file.
                let path = format!("{STUBS}/{}", file_name(&target.path));
                return join(dir, &path).unwrap_or_default();
            }
        };
        join(dir, &format!("{STUBS}/{kind}/{}.rs", target.name)).unwrap_or_default()
    }

    pub(super) fn stub(&self, index: usize, role: Role, targets: &[Target]) -> StubPackage {
        let package = &self.project.packages[index];
        StubPackage {
            package: index,
            name: package.name.clone(),
            shares_name: self.shares_name(index),
            targets: targets
                .iter()
                .map(|target| StubTarget {
                    kind: target.kind,
                    name: target.name.clone(),
                    crate_types: target.crate_types.clone(),
                    path: self.source(index, role, target),
                })
                .collect(),
        }
    }
}

/// The directory of a package's stubs, in that of the package.
pub const STUBS: &str = ".rust-frontend";

impl StubTarget {
    /// The stub.
    pub(super) fn text(&self) -> String {
        match self.kind {
            TargetKind::Lib => library(&self.crate_types),
            _ => PROGRAM.to_owned(),
        }
    }
}

// Documented and without anything unused, so that `RUSTFLAGS="-D warnings"` does not stop it.
const PROGRAM: &str = "\
//! Stands in for the real source while dependencies are compiled.
#![cfg_attr(target_os = \"none\", no_std, no_main)]
#![allow(unused_crate_dependencies)]

#[cfg(target_os = \"none\")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Does nothing.
pub fn main() {}
";

const LIBRARY: &str = "\
//! Stands in for the real source while dependencies are compiled.
#![cfg_attr(target_os = \"none\", no_std)]
#![allow(unused_crate_dependencies)]
";

/// A library that ends in a linker needs a panic handler where there is no std.
fn library(crate_types: &[String]) -> String {
    let linked = |one: &String| matches!(one.as_str(), "cdylib" | "staticlib");
    let mut text = LIBRARY.to_owned();
    if crate_types.iter().any(linked) {
        text.push_str(
            "\n#[cfg(target_os = \"none\")]\n#[panic_handler]\nfn panic(_: &core::panic::PanicInfo<'_>) -> ! {\n    \
             loop {}\n}\n",
        );
    }
    text
}
