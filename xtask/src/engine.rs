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

use anyhow::{Context as _, Result, bail};

use crate::sh;
pub(crate) use flavour::{EngineName, ImageStore};
pub(crate) use state::State;
use versions::Versions;

/// An engine that answers.
#[derive(Debug)]
pub(crate) struct Engine {
    /// How it keeps images.
    pub(crate) store: ImageStore,
    wrapper: PathBuf,
    whose: Whose,
}

/// Whose an engine is.
#[derive(Debug)]
enum Whose {
    Ours(EngineName),
    /// The machine's, with its `docker`.
    Hosts(PathBuf),
}

impl Engine {
    /// Finds the engine that the machine runs, if it is of a flavour that is wanted, else starts one of ours, by default
    /// a containerd one; then sees to the base images.
    pub(crate) fn up(state: &State, flavour: Option<EngineName>) -> Result<Self> {
        let _lock = state.lock()?;
        let wanted = flavour.unwrap_or_default();
        let found = match wanted {
            EngineName::Second => None,
            _ => Some(host::find(flavour.map(EngineName::store))),
        };
        let engine = match found {
            Some(Ok(found)) => {
                wrapper::write_for_host(state, &found)?;
                Self::of_host(state, found)
            }
            Some(Err(why)) => Self::start(state, wanted)
                .with_context(|| format!("no Docker engine of this machine will do ({why:#})"))?,
            None => Self::start(state, wanted)?,
        };
        engine.ready(state)
    }

    /// Starts an engine of ours, whatever the machine runs; then sees to the base images.
    pub(crate) fn own(state: &State, name: EngineName) -> Result<Self> {
        let _lock = state.lock()?;
        Self::start(state, name)?.ready(state)
    }

    fn ready(self, state: &State) -> Result<Self> {
        for old in self.versions()?.too_old() {
            eprintln!("engine: warning: {old}");
        }
        images::ensure(state, &self)?;
        if self.name() == Some(EngineName::Second) {
            sh::quiet(&mut self.docker(["buildx", "prune", "--all", "--force"]))?;
        }
        Ok(self)
    }

    /// Our engine of a name, if `up` has made it known and it answers.
    pub(crate) fn find(state: &State, name: EngineName) -> Result<Self> {
        let engine = Self {
            store: name.store(),
            wrapper: state.wrapper(name),
            whose: Whose::Ours(name),
        };
        if !engine.answers() {
            bail!("no {name} engine answers: `cargo xtask engine up --flavour {name}`");
        }
        Ok(engine)
    }

    /// The machine's engine, if it answers and `up` has found it before.
    pub(crate) fn hosts(state: &State) -> Option<Self> {
        let is_known = state.host_wrapper().exists();
        let found = is_known.then(|| host::find(None).ok())??;
        Some(Self::of_host(state, found))
    }

    fn of_host(state: &State, found: host::HostEngine) -> Self {
        Self {
            store: found.store,
            wrapper: state.host_wrapper(),
            whose: Whose::Hosts(found.docker),
        }
    }

    /// Whether it is the machine's and not ours.
    pub(crate) fn is_hosts(&self) -> bool {
        self.name().is_none()
    }

    /// Which of ours it is; none if it is the machine's.
    pub(crate) fn name(&self) -> Option<EngineName> {
        match self.whose {
            Whose::Ours(name) => Some(name),
            Whose::Hosts(_) => None,
        }
    }

    /// The word that `--flavour` has for it.
    pub(crate) fn flavour(&self) -> &'static str {
        self.name()
            .map_or_else(|| self.store.word(), EngineName::word)
    }

    /// What to know for going on by hand.
    pub(crate) fn hint(&self, image: &str) -> Option<String> {
        let Whose::Hosts(docker) = &self.whose else {
            return Some(format!(
                "`docker` of this engine is {}",
                self.wrapper.display()
            ));
        };
        let asked = |words: &[&str]| sh::output(Command::new(docker).args(words)).ok();
        let builder = asked(&["buildx", "inspect"])?;
        let driver = builder
            .lines()
            .find_map(|line| line.strip_prefix("Driver:"))?;
        let context = asked(&["context", "show"])?;
        (driver.trim() != "docker").then(|| {
            format!(
                "your builder, of the driver {}, does not see the images of the engine: build with `--builder {context}`, or \
                 push {image} to a registry",
                driver.trim()
            )
        })
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

    fn start(state: &State, wanted: EngineName) -> Result<Self> {
        root::install(state)?;
        wrapper::write_for_own(state, wanted)?;
        if !daemon::is_running(state, wanted) {
            daemon::start(state, wanted)?;
        }
        Self::find(state, wanted)
    }

    fn answers(&self) -> bool {
        self.wrapper.exists()
            && sh::succeeds(&mut self.docker(["version", "--format", "{{.Server.Version}}"]))
    }
}
