//! The engine under test.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::build::Build;

/// The variable that names the docker command line of the engine to test on.
pub(crate) const COMMAND: &str = "RUST_FRONTEND_DOCKER";

/// The variable that names the docker command line of another engine, which has built nothing.
const SECOND: &str = "RUST_FRONTEND_SECOND";

/// The registry that `cargo xtask engine registry up` runs.
pub(crate) const REGISTRY: &str = "127.0.0.1:5050";

/// Held by the test whose turn it is.
static TURN: Mutex<()> = Mutex::new(());

/// A docker command line, for one test at a time.
pub(crate) struct Docker {
    command: PathBuf,
    /// Whoever has an engine has all of them.
    _turn: Option<MutexGuard<'static, ()>>,
}

impl Docker {
    /// Waits until no other test uses the engine.
    pub(crate) fn take() -> Self {
        let Some(command) = env::var_os(COMMAND) else {
            panic!("{COMMAND} is not set: run `cargo xtask test`, which starts an engine");
        };
        Self {
            command: command.into(),
            _turn: Some(TURN.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// The other engine.
    pub(crate) fn second(&self) -> Self {
        let Some(command) = env::var_os(SECOND) else {
            panic!("{SECOND} is not set: run `cargo xtask test`, which starts a second engine");
        };
        Self {
            command: command.into(),
            _turn: None,
        }
    }

    /// Has the engine forget what it built.
    ///
    /// One that has built for long describes a cache that it exports by all ways in which it came to each step, and
    /// engines import none whose description is larger than 1 MiB (BuildKit, cache/remotecache/import.go).
    pub(crate) fn prune(&self) {
        let emptied = self.run(["buildx", "prune", "--all", "--force"]);
        assert_eq!(emptied.exit, Some(0), "{emptied}");
    }

    /// Whether the engine keeps images in the containerd store; the classic one takes no layouts, pushes no more
    /// than images and exports no caches.
    #[expect(clippy::print_stderr, reason = "a test that does nothing says so")]
    pub(crate) fn has_store(&self) -> bool {
        let status = self.output(["info", "--format", "{{json .DriverStatus}}"]);
        let has = status.contains("io.containerd.snapshotter");
        if let Ok(flavour) = std::env::var("RUST_FRONTEND_FLAVOUR") {
            assert_eq!(has, flavour != "classic", "{flavour}: {status}");
        }
        if !has {
            eprintln!("skipped: this engine has no containerd image store");
        }
        has
    }

    /// A build of a folder by its `Rust.yaml`.
    pub(crate) fn build(&self, context: impl AsRef<Path>) -> Build<'_> {
        Build::new(self, context.as_ref())
    }

    /// A docker command, not yet run.
    pub(crate) fn command<I, S>(&self, args: I) -> Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = Command::new(&self.command);
        command.args(args);
        command
    }

    /// Runs a docker command to its end, whatever that is.
    pub(crate) fn run<I, S>(&self, args: I) -> Outcome
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        Outcome::of(&mut self.command(args))
    }

    /// What a docker command that must succeed prints.
    pub(crate) fn output<I, S>(&self, args: I) -> String
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = self.command(args);
        let outcome = Outcome::of(&mut command);
        assert_eq!(outcome.exit, Some(0), "{command:?} failed:\n{outcome}");
        outcome.stdout
    }
}

/// How a command ended.
pub(crate) struct Outcome {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Runs `command` to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command
            .output()
            .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        Self {
            exit: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit: {:?}\n--- stdout\n{}--- stderr\n{}",
            self.exit, self.stdout, self.stderr
        )
    }
}
