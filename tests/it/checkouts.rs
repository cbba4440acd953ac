//! Other people's projects, by Cargo's own account: their packages as Cargo sees them, and for each program the same
//! external crates over the skeleton and in the compile step as in the project. Not a test of every day: it wants
//! checkouts, their crates and a network.
//!
//! `RUST_FRONTEND_PROJECTS=a:b cargo test --test it checkouts -- --ignored --nocapture` prints a table.
#![expect(clippy::disallowed_methods, reason = "reads real projects")]

use crate::oracle;
use crate::support::fixture;
use crate::support::units;
use rust_frontend::project::{self, Project, Selection};
use rust_frontend::recipe::{Recipe, RecipeFor, over, recipe};
use rust_frontend::source::{Entry, EntryKind, SourceTree};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A checkout and a directory to work in.
struct Checkout {
    root: PathBuf,
    work: PathBuf,
}

impl Checkout {
    /// The names of all files, and the texts that planning may read.
    fn tree(&self) -> SourceTree {
        let mut tree = SourceTree::default();
        self.add("", &mut tree);
        tree
    }

    fn add(&self, dir: &str, tree: &mut SourceTree) {
        let mut entries = vec![];
        for entry in fs::read_dir(self.root.join(dir)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().to_str().unwrap().to_owned();
            let path = format!("{dir}/{name}").trim_start_matches('/').to_owned();
            let kind = entry.file_type().unwrap();
            let kind = if kind.is_symlink() {
                tree.add_link(
                    &path,
                    fs::read_link(entry.path()).unwrap().to_str().unwrap(),
                );
                EntryKind::Symlink
            } else if kind.is_dir() {
                if name != ".git" {
                    self.add(&path, tree);
                }
                EntryKind::Dir
            } else {
                let read = ["config", "rust-toolchain", "Cargo.lock"].contains(&&*name);
                if read || name.ends_with(".toml") {
                    tree.add_file(path, fs::read_to_string(entry.path()).ok());
                }
                EntryKind::File
            };
            entries.push(Entry { name, kind });
        }
        tree.add_dir(dir, entries);
    }

    fn cargo(&self, dir: &Path, args: &[&str]) -> Result<String, String> {
        let output = Command::new(env!("CARGO"))
            .args(args)
            .current_dir(dir)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTUP_TOOLCHAIN", "stable")
            .env("CARGO_TARGET_DIR", self.work.join("target"))
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// The external crates that Cargo would compile for a program.
    fn external(
        &self,
        dir: &Path,
        project: &Project,
        selection: &Selection,
    ) -> Result<BTreeSet<String>, String> {
        let package = project.package_spec(selection.package, dir.to_str().unwrap());
        let mut args = vec!["build", "--unit-graph", "-Zunstable-options"];
        args.extend(["--ignore-rust-version", "--profile", "release"]);
        args.extend(["--target", "x86_64-unknown-linux-musl"]);
        args.extend(["-p", &package, "--bin", &selection.bins[0]]);
        let graph = self.cargo(&dir.join(&project.dir), &args)?;
        Ok(units::external(&graph))
    }

    /// Writes what a step sees: a recipe's files over the real ones that it names.
    fn write(&self, recipe: &Recipe) -> PathBuf {
        let to = self.work.join("step");
        let _ = fs::remove_dir_all(&to);
        for dir in &recipe.real_dirs {
            let to = to.join(dir);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            let from = self
                .root
                .join(dir)
                .join(if dir.is_empty() { "." } else { "" });
            let copied = Command::new("cp").arg("-rT").arg(from).arg(to).status();
            assert!(copied.unwrap().success(), "{dir}");
        }
        for file in &recipe.files {
            let path = to.join(&file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &file.data).unwrap();
        }
        to
    }

    /// Compares one program; the number of external crates.
    fn program(&self, project: &Project, selection: &Selection) -> Result<usize, String> {
        let wanted = self.external(&self.root, project, selection)?;
        let own = (0..project.packages.len()).collect();
        let steps = [
            recipe(project, &[selection], RecipeFor::Build),
            over(project, &[selection], RecipeFor::Build, &own),
        ];
        for step in steps {
            let step = step.map_err(|found| fixture::lines(found).join("\n"))?;
            let found = self.external(&self.write(&step), project, selection)?;
            if found != wanted {
                let missing = wanted.difference(&found).collect::<Vec<_>>();
                let more = found.difference(&wanted).collect::<Vec<_>>();
                return Err(format!("missing: {missing:#?}\nmore: {more:#?}"));
            }
        }
        Ok(wanted.len())
    }
}

#[test]
#[ignore = "wants checkouts of other projects"]
fn other_projects_are_what_cargo_says() {
    let asked = std::env::var("RUST_FRONTEND_PROJECTS").expect("directories of projects");
    let work = tempfile::tempdir().unwrap();
    println!(
        "| project | packages | programs | external crates, all programs |\n|---|---:|---:|---:|"
    );
    for root in asked.split(':') {
        let root = PathBuf::from(root).canonicalize().unwrap();
        let checkout = Checkout {
            root,
            work: work.path().to_owned(),
        };
        let mut tree = checkout.tree();
        // Links are known only after a first look.
        let _ = project::load(&tree, "");
        tree.close();
        let project = project::load(&tree, "").map_err(fixture::lines);
        let (project, _) = project.unwrap_or_else(|lines| panic!("{}", lines.join("\n")));
        let args = ["metadata", "--no-deps", "--format-version", "1"];
        let metadata = checkout.cargo(&checkout.root, &args).unwrap();
        let base = format!("{}/", checkout.root.display());
        let metadata = serde_json::from_str(&metadata).unwrap();
        let (ours, cargos) = (oracle::ours(&project), oracle::normalised(&metadata, &base));
        assert!(ours == cargos, "{base}:\n{ours:#}\nCargo's:\n{cargos:#}");
        let (mut programs, mut crates) = (0, 0);
        for package in project.packages.iter().filter(|package| package.is_member) {
            for bin in package
                .bins()
                .filter(|bin| bin.required_features.is_empty())
            {
                let spec = format!(
                    "build: {{ package: {}, bin: {} }}\n",
                    package.name, bin.name
                );
                let selection = fixture::select(&project, &spec);
                let selection = selection.unwrap_or_else(|lines| panic!("{}", lines.join("\n")));
                let same = checkout.program(&project, &selection);
                crates += same.unwrap_or_else(|error| panic!("{base} {spec}: {error}"));
                programs += 1;
            }
        }
        let name = checkout.root.file_name().unwrap().to_str().unwrap();
        let members = project.packages.iter().filter(|package| package.is_member);
        println!("| {name} | {} | {programs} | {crates} |", members.count());
    }
}
