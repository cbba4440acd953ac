//! The real Cargo on projects in a temporary directory, with a tiny registry of its own and no network.
#![expect(
    clippy::disallowed_methods,
    reason = "runs a real program on real files"
)]

use super::fixture::{Files, files};
use super::keys;
use rust_frontend::plan::{Op, Role};
use rust_frontend::recipe::Recipe;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A project that has stubs.
const PROJECT: &str = include_str!("../recipe_project.txt");
/// Crates of the registry.
const REGISTRY: &str = include_str!("registry.txt");

/// A temporary directory with `home` (Cargo's home and the registry), `ws` (the project) and `target`.
pub(crate) struct Sandbox {
    dir: TempDir,
    /// Whether the stable Cargo takes what is unstable.
    nightly: bool,
    layout: Layout,
    /// Variables that the commands which follow have.
    pub(crate) variables: Vec<(String, String)>,
}

/// How Cargo keeps units in the target directory (cargo, src/compiler/layout.rs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As it does by itself.
    Own,
    /// In three places, as before 1.100.
    Old,
    /// Each in one, as since 1.100.
    New,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // What failed is looked at.
        self.dir.disable_cleanup(std::thread::panicking());
    }
}

/// What Cargo did with one crate.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) name: String,
    pub(crate) is_local: bool,
    pub(crate) fresh: bool,
    pub(crate) executable: Option<PathBuf>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let sandbox = Self {
            dir: tempfile::Builder::new()
                .prefix("rust-frontend-it-")
                .tempdir()
                .unwrap(),
            nightly: false,
            layout: Layout::Own,
            variables: vec![],
        };
        let mut registry = files(REGISTRY);
        let crates: Vec<String> = registry.keys().cloned().collect();
        for path in crates {
            if let Some(dir) = path.strip_suffix("/Cargo.toml") {
                let checksum = format!("{dir}/.cargo-checksum.json");
                registry.insert(checksum, r#"{"files":{},"package":null}"#.into());
            }
        }
        write(&sandbox.dir.path().join("home/registry-of-test"), &registry);
        let config = format!(
            "[source.crates-io]\nreplace-with = \"test\"\n[source.test]\ndirectory = {:?}\n",
            sandbox.dir.path().join("home/registry-of-test")
        );
        fs::write(sandbox.dir.path().join("home/config.toml"), config).unwrap();
        sandbox
    }

    /// One whose Cargo takes what is unstable.
    pub(crate) fn nightly() -> Self {
        let mut sandbox = Self::new();
        sandbox.nightly = true;
        sandbox
    }

    /// One whose Cargo keeps units in a certain way.
    pub(crate) fn with(layout: Layout) -> Self {
        let mut sandbox = Self::new();
        sandbox.layout = layout;
        sandbox
    }

    /// Manifests of the registry's crates, each with its directory.
    pub(crate) fn registry(&self) -> Vec<(PathBuf, String)> {
        let home = self.dir.path().join("home/registry-of-test");
        let manifests = files(REGISTRY).into_iter().filter_map(|(path, text)| {
            let dir = home.join(path.strip_suffix("/Cargo.toml")?);
            Some((dir, text))
        });
        manifests.collect()
    }

    /// Puts files in the place of all of a directory beside the project.
    pub(crate) fn beside(&self, files: &Files) -> PathBuf {
        let dir = self.dir.path().join("beside");
        let _ = fs::remove_dir_all(&dir);
        write(&dir, files);
        dir
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.dir.path().join("ws")
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.dir.path().join("target")
    }

    /// Puts files in the place of the whole project, all with one old time.
    pub(crate) fn replace(&self, files: &Files) {
        let _ = fs::remove_dir_all(self.workspace());
        write(&self.workspace(), files);
    }

    /// Runs Cargo in a directory of the project; the error output if it fails.
    pub(crate) fn cargo(&self, dir: &str, args: &[&str]) -> Result<String, String> {
        let mut command = Command::new(env!("CARGO"));
        if self.nightly {
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        match self.layout {
            Layout::Own => {}
            Layout::Old => {
                command.env("__CARGO_TEMPORARY_BUILD_DIR_NEW_LAYOUT_OPT_OUT", "1");
            }
            Layout::New => {
                command.env("RUSTC_BOOTSTRAP", "1");
                command.env("CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT", "true");
            }
        }
        let output = command
            .args(args)
            .current_dir(self.workspace().join(dir))
            .env("CARGO_HOME", self.dir.path().join("home"))
            .env("CARGO_TARGET_DIR", self.target())
            .envs(self.variables.iter().cloned())
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// The files with the lock that Cargo makes for them.
    pub(crate) fn lock(&self, files: &Files, dir: &str, root: &str) -> Files {
        let locked = self.try_lock(files, dir, root);
        locked.unwrap_or_else(|error| panic!("{error}"))
    }

    /// [`lock`](Self::lock) of files that Cargo may not take.
    pub(crate) fn try_lock(&self, files: &Files, dir: &str, root: &str) -> Result<Files, String> {
        let mut files = files.clone();
        self.replace(&files);
        // Repositories of tests are files: there is no network to keep Cargo from.
        self.cargo(dir, &["generate-lockfile"])?;
        if files.values().any(|text| text.contains("file://")) {
            self.cargo(dir, &["fetch"])?;
        }
        let path = Path::new(root).join("Cargo.lock");
        let text = fs::read_to_string(self.workspace().join(&path)).unwrap();
        files.insert(path.to_str().unwrap().to_owned(), text);
        Ok(files)
    }

    /// Makes a git repository with a tag, `v1`, and returns its address and its commit.
    pub(crate) fn git(&self, files: &Files) -> (String, String) {
        let dir = self.dir.path().join("repository");
        write(&dir, files);
        let git = |words: &str| {
            let mut command = Command::new("git");
            printed(command.args(words.split(' ')).current_dir(&dir))
        };
        git("init -q -b main");
        git("add .");
        git("-c user.name=t -c user.email=t@example.org commit -q -m t");
        git("tag v1");
        let commit = String::from_utf8(git("rev-parse HEAD")).unwrap();
        (
            format!("file://{}", dir.display()),
            commit.trim().to_owned(),
        )
    }

    /// Packs a crate as registries do: the archive, as text with a letter for each byte, and its checksum.
    pub(crate) fn pack(&self, name: &str, files: &Files) -> (String, String) {
        let dir = self.dir.path().join("packed");
        write(&dir.join(name), files);
        let mut command = Command::new("tar");
        let archive = printed(command.args(["-czf", "-", name]).current_dir(&dir));
        let digest = Sha256::digest(&archive);
        let checksum = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        (archive.into_iter().map(char::from).collect(), checksum)
    }

    /// Builds and tells what was done with every crate.
    pub(crate) fn build(&self, dir: &str, args: &[&str]) -> Result<Vec<Built>, String> {
        let end = args.iter().position(|word| *word == "--");
        let (own, passed) = args.split_at(end.unwrap_or(args.len()));
        let json = ["--offline", "--message-format", "json-render-diagnostics"];
        let args = [own, &json, passed].concat();
        let output = self.cargo(dir, &args)?;
        let messages = output
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let artifacts = messages.filter(|message| message["reason"] == "compiler-artifact");
        Ok(artifacts
            .map(|message| Built {
                name: message["target"]["name"].as_str().unwrap().to_owned(),
                is_local: message["package_id"].as_str().unwrap().starts_with("path+"),
                fresh: message["fresh"].as_bool().unwrap(),
                executable: message["executable"].as_str().map(PathBuf::from),
            })
            .collect())
    }

    /// Runs a cargo command of a plan, as it is, and tells what was done with every crate.
    pub(crate) fn messages(&self, words: &[String]) -> Vec<Built> {
        let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
        let known = ["--offline", "--message-format", "json-render-diagnostics"];
        args.retain(|word| !known.contains(word));
        self.build("", &args)
            .unwrap_or_else(|error| panic!("{args:?}: {error}"))
    }

    /// Cuts the times in the target directory down to seconds, as a layer on its way through a registry does.
    pub(crate) fn round_times(&self) {
        for path in below(&self.target()) {
            let time = fs::metadata(&path).unwrap().modified().unwrap();
            let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let file = fs::File::open(&path).unwrap();
            let seconds = Duration::from_secs(since.as_secs());
            file.set_modified(SystemTime::UNIX_EPOCH + seconds).unwrap();
        }
    }

    /// Runs a script of a plan on the target directory.
    pub(crate) fn run_script(&self, text: &str, args: &[String]) {
        let text = text.replace("/target/", &format!("{}/", self.target().display()));
        let mut shell = Command::new("sh");
        let ran = shell.args(["-c", &text, "sh"]).args(args).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }

    /// Removes the stubs of a recipe as a plan does, whatever the profile.
    pub(crate) fn remove_stubs(&self, recipe: &Recipe) {
        let plan = keys::plan(&files(PROJECT), "build: { package: app }", None);
        let removal = plan.steps.iter().find_map(|step| match &step.op {
            Op::Exec(exec) if step.role == Role::StubRemoval => plan.script_of(exec),
            _ => None,
        });
        let target = self.target();
        let below = |dir: &Path| {
            let entries = fs::read_dir(dir).into_iter().flatten();
            let dirs = entries.map(|entry| entry.unwrap().path());
            dirs.filter(|path| path.is_dir()).collect::<Vec<_>>()
        };
        let first = below(&target);
        let second = first.iter().flat_map(|dir| below(dir));
        let dirs: Vec<String> = first
            .iter()
            .cloned()
            .chain(second)
            .map(|dir| dir.strip_prefix(&target).unwrap().display().to_string())
            .filter(|dir| !dir.contains(' '))
            .collect();
        let stubs = recipe.stubs.iter().filter(|stub| !stub.shares_name);
        let stubs: Vec<&str> = stubs.map(|stub| stub.name.as_str()).collect();
        self.run_script(removal.unwrap().text, &[dirs.join(" "), stubs.join(" ")]);
    }
}

/// All files and directories below one.
fn below(dir: &Path) -> Vec<PathBuf> {
    let mut all = vec![];
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(below(&path));
        }
        all.push(path);
    }
    all
}

/// What a command prints that must succeed.
fn printed(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// Writes files, all with one time in 2006. Archives are text with a letter for each byte.
fn write(dir: &Path, files: &Files) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_153_704_088);
    fs::create_dir_all(dir).unwrap();
    for (path, text) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let is_archive = path
            .extension()
            .is_some_and(|extension| extension == "crate");
        let data = match is_archive {
            true => text
                .chars()
                .map(|byte| u8::try_from(byte).unwrap())
                .collect(),
            false => text.clone().into_bytes(),
        };
        fs::write(&path, data).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
    }
}

/// Runs a program and returns what it prints.
pub(crate) fn run(program: &Path) -> String {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{program:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The triple of the machine that runs the tests.
pub(crate) fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.unwrap().to_owned()
}
