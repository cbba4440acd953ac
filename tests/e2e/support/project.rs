//! A Cargo project that a test may change.

use std::fs::{self, File};
use std::ops::Deref;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::tree::{Tree, walk};
use super::{example, lock, nonce};

/// A copy of a project.
pub(crate) struct Project {
    tree: Tree,
}

/// The manifest of a package without dependencies.
pub(crate) fn manifest(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n")
}

impl Project {
    /// A project without files.
    pub(crate) fn empty() -> Self {
        Self {
            tree: Tree::empty(),
        }
    }

    /// A copy of one of `examples/`.
    pub(crate) fn example(name: &str) -> Self {
        Self::copy(&example(name))
    }

    /// A copy of one of `examples/` whose sources no engine has seen. What an engine has built before it may have
    /// kept in part: the program, but not the dependencies that an edit needs next.
    pub(crate) fn unseen(name: &str) -> Self {
        let project = Self::example(name);
        let comment = format!("\n// {}\n", nonce());
        walk(&project, &mut |path, _| {
            if path.extension().is_some_and(|extension| extension == "rs") {
                let path = path.to_str().expect("text");
                project.append(path, &comment);
            }
        });
        project
    }

    /// A program without dependencies on an empty image; its name is `tiny`, and no engine has seen it.
    pub(crate) fn tiny(spec: &str) -> Self {
        let project = Self::empty();
        project
            .write("Cargo.toml", manifest("tiny"))
            .write(
                "Cargo.lock",
                format!("version = 4\n{}", lock::entry("tiny", "0.1.0", &[])),
            )
            .write(
                "src/main.rs",
                format!("fn main() {{ println!(\"tiny {}\"); }}\n", nonce()),
            )
            .write(".dockerignore", "target\n")
            .write("Rust.yaml", format!("# syntax=org/rust-frontend:1\n{spec}"));
        project
    }

    /// Gives [`Self::tiny`] a library of its own that it depends on, `lib`, without sources yet.
    pub(crate) fn with_library(self) -> Self {
        self.append("Cargo.toml", "[dependencies]\nlib = { path = \"lib\" }\n")
            .append(
                "Cargo.lock",
                &(lock::dependencies(&["lib"]) + &lock::entry("lib", "0.1.0", &[])),
            )
            .write("lib/Cargo.toml", manifest("lib"));
        self
    }

    /// A copy of a folder. All its files are new, as in a fresh clone.
    pub(crate) fn copy(from: &Path) -> Self {
        let project = Self::empty();
        walk(from, &mut |path, _| {
            let to = project.join(path.strip_prefix(from).expect("below the folder"));
            fs::create_dir_all(to.parent().expect("in a folder")).expect("can make folders");
            fs::copy(path, to).expect("can copy");
        });
        project
    }

    /// Writes a file, and makes the folders that it is in.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let file = self.join(path);
        fs::create_dir_all(file.parent().expect("in a folder"))
            .and_then(|()| fs::write(&file, text))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        self
    }

    /// Adds lines at the end of a file.
    pub(crate) fn append(&self, path: &str, text: &str) -> &Self {
        let old = self.read(path);
        self.write(path, old + text)
    }

    /// Replaces the only occurrence of `old` in a file.
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) -> &Self {
        let text = self.read(path);
        assert_eq!(text.matches(old).count(), 1, "`{old}` in {path}:\n{text}");
        self.write(path, text.replace(old, new))
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: &str) -> &Self {
        fs::remove_file(self.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        self
    }

    /// Gives all files the modification time of the first day of `year`, nearly.
    pub(crate) fn touch(&self, year: u64) -> &Self {
        let days = (year - 1970) * 1461 / 4;
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(days * 24 * 60 * 60);
        walk(self, &mut |path, _| {
            let file = File::options().append(true).open(path).expect("can open");
            file.set_modified(time).expect("can set times");
        });
        self
    }

    /// Whether a crate of this name comes from a registry or a git repository, by the project's lock.
    pub(crate) fn is_external(&self, name: &str) -> bool {
        let lock = self.read("Cargo.lock");
        let mut packages = lock.split("[[package]]");
        let name = format!("name = \"{name}\"\n");
        packages.any(|package| package.contains(&name) && package.contains("\nsource = "))
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl AsRef<Path> for Project {
    fn as_ref(&self) -> &Path {
        self.tree.path()
    }
}

impl Deref for Project {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.tree.path()
    }
}
