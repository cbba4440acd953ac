//! A real Docker engine with BuildKit and buildx, and the base images that builds start from.
//!
//! A running engine is used as it is. Where there is none, Debian's packages make one in a folder
//! of its own, and where images cannot be pulled, stand-ins are made of the same packages and the
//! installed Rust toolchain. All state is in one folder ([`State`]), so every checkout on a
//! machine finds the same engine. One file stands for an engine: the wrapper `bin/docker-<flavour>`
//! of that folder, which is the docker command line talking to it.

pub(crate) mod apt;
pub(crate) mod cli;
pub(crate) mod daemon;
pub(crate) mod flavour;
pub(crate) mod host;
pub(crate) mod images;
pub(crate) mod network;
pub(crate) mod purge;
pub(crate) mod registry;
pub(crate) mod root;
pub(crate) mod state;
mod versions;
pub(crate) mod wrapper;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::sh;
pub(crate) use flavour::Flavour;
pub(crate) use state::State;
use versions::Versions;

/// An engine that answers.
#[derive(Debug)]
pub(crate) struct Engine {
    /// How it keeps images.
    pub(crate) flavour: Flavour,
    wrapper: PathBuf,
}

impl Engine {
    /// Finds or starts an engine of a flavour, by default the one that the machine runs already,
    /// else a containerd one; then sees to the base images.
    pub(crate) fn up(state: &State, flavour: Option<Flavour>) -> Result<Self> {
        let _lock = state.lock()?;
        let engine = Self::start(state, flavour)?;
        for old in engine.versions()?.too_old() {
            eprintln!("engine: warning: {old}");
        }
        images::ensure(state, &engine)?;
        if engine.flavour == Flavour::Second {
            sh::quiet(&mut engine.docker(["buildx", "prune", "--all", "--force"]))?;
        }
        Ok(engine)
    }

    /// The engine of a flavour, if `up` has made it known and it answers.
    pub(crate) fn find(state: &State, flavour: Flavour) -> Result<Self> {
        let engine = Self {
            flavour,
            wrapper: state.wrapper(flavour),
        };
        if !engine.answers() {
            bail!("no {flavour} engine answers: `cargo xtask engine up --flavour {flavour}`");
        }
        Ok(engine)
    }

    /// The script that runs the docker command line against this engine.
    pub(crate) fn wrapper(&self) -> &Path {
        &self.wrapper
    }

    /// A docker command against this engine, to be run in the caller's folder.
    pub(crate) fn docker<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = Command::new(&self.wrapper);
        command.args(args);
        command
    }

    /// The versions of engine, BuildKit and buildx.
    pub(crate) fn versions(&self) -> Result<Versions> {
        let engine = sh::output(&mut self.docker(["version", "--format", "{{.Server.Version}}"]))?;
        let buildx = sh::output(&mut self.docker(["buildx", "version"]))?;
        let builder = sh::output(&mut self.docker(["buildx", "inspect"]))?;
        Ok(Versions::of(&engine, &builder, &buildx))
    }

    fn start(state: &State, flavour: Option<Flavour>) -> Result<Self> {
        let wanted = flavour.unwrap_or_default();
        let running = daemon::is_running(state, wanted);
        if !running
            && wanted != Flavour::Second
            && let Some(found) = host::find(flavour)?
        {
            wrapper::write_for_host(state, &found)?;
            return Self::find(state, found.flavour);
        }
        root::install(state)?;
        wrapper::write_for_own(state, wanted)?;
        if !running {
            daemon::start(state, wanted)?;
        }
        Self::find(state, wanted)
    }

    fn answers(&self) -> bool {
        self.wrapper.exists()
            && sh::succeeds(&mut self.docker(["version", "--format", "{{.Server.Version}}"]))
    }
}
