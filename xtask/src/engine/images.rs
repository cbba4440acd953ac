//! The base images that builds start from.
//!
//! An image that the engine has is used, one that can be pulled is pulled. For a network in which
//! nothing can be pulled, a stand-in is made and kept as an archive with a fixed digest, so that it
//! survives the engine's data and is the same in every engine.

mod alpine;
mod archive;
mod debian;
mod dist;
mod musl;
mod rust;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::{Engine, State, root};
use crate::digest;
use crate::sh;

/// Raised when what a stand-in holds changes: older ones are then rebuilt.
const RECIPE: u32 = 2;

/// The label that tells a stand-in from the real image; its value is the stand-in's key.
const LABEL: &str = "rust-frontend.stand-in";

/// A base image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BaseImage {
    /// `alpine`: first, since the smallest shows soonest whether images can be pulled.
    Alpine,
    /// `debian:trixie-slim`.
    Debian,
    /// `rust:1`.
    Rust,
}

/// All of them.
pub(crate) const ALL: [BaseImage; 3] = [BaseImage::Alpine, BaseImage::Debian, BaseImage::Rust];

impl BaseImage {
    /// The full name with its tag.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Alpine => "alpine:latest",
            Self::Debian => "debian:trixie-slim",
            Self::Rust => "rust:1",
        }
    }

    fn make(self, state: &State, key: &str, archive: &std::path::Path) -> Result<()> {
        match self {
            Self::Alpine => alpine::make(state, key, archive),
            Self::Debian => debian::make(state, key, archive),
            Self::Rust => rust::make(state, key, archive),
        }
    }

    /// Changes when a stand-in made now would differ from one made before.
    fn key(self) -> Result<String> {
        let mut facts = format!("{RECIPE}\n{}\n", self.name());
        if self == Self::Rust {
            facts += &rust::facts()?;
        }
        for certificate in root::local_certificates() {
            facts += &std::fs::read_to_string(certificate)?;
        }
        let mut key = digest::hex(&Sha256::digest(&facts));
        key.truncate(12);
        Ok(key)
    }
}

/// Sees to it that an engine has every base image.
pub(crate) fn ensure(state: &State, engine: &Engine) -> Result<()> {
    let mut pullable = true;
    for image in ALL {
        let label = label(engine, image);
        let is_stale = label.as_deref() == Some("") && image == BaseImage::Rust && is_old(engine);
        if label.as_deref() == Some("") && !is_stale {
            continue; // the real one
        }
        if (label.is_none() || is_stale) && pullable {
            match pull(engine, image) {
                Ok(()) => continue,
                // Nothing but the real image has its name in an engine that is not ours.
                Err(error) if engine.is_hosts() || is_stale => return Err(error),
                Err(error) => eprintln!("engine: {error:#}"),
            }
            pullable = false;
        }
        let key = image.key()?;
        if label.as_deref() == Some(&key) {
            continue;
        }
        let archive = stand_in(state, image, &key)
            .with_context(|| format!("cannot make a stand-in for {}", image.name()))?;
        eprintln!(
            "engine: loading the stand-in for {} into {}",
            image.name(),
            engine.flavour()
        );
        sh::quiet(engine.docker(["load", "--quiet", "--input"]).arg(archive))?;
    }
    Ok(())
}

/// Where an engine's image is from, in words.
pub(crate) fn origin(engine: &Engine, image: BaseImage) -> String {
    match label(engine, image) {
        None => "missing: `cargo xtask engine up`".to_owned(),
        Some(key) if key.is_empty() => "pulled".to_owned(),
        Some(key) => format!("stand-in {key}"),
    }
}

/// The stand-in's label of an image: empty on a real image, none if the engine lacks the image.
fn label(engine: &Engine, image: BaseImage) -> Option<String> {
    let format = format!("{{{{with .Config.Labels}}}}{{{{index . \"{LABEL}\"}}}}{{{{end}}}}");
    sh::output(&mut engine.docker(["image", "inspect", "--format", &format, image.name()])).ok()
}

/// Pulls an image; into an engine of ours, where a stand-in can take its place, for as long as a reachable registry may
/// take.
fn pull(engine: &Engine, image: BaseImage) -> Result<()> {
    eprintln!("engine: pulling {}", image.name());
    if engine.is_hosts() {
        return sh::shown(&mut engine.docker(["pull", image.name()]));
    }
    // Only `alpine` is asked of a registry that may not be there; the others come if it did.
    let seconds = if image == ALL[0] { 20 } else { 900 };
    let mut command = engine.docker(["pull", "--quiet", image.name()]);
    sh::answer(&mut command, Duration::from_secs(seconds))
        .map(drop)
        .with_context(|| format!("cannot pull {}", image.name()))
}

/// Whether the build image has an older Rust than this project compiles with.
fn is_old(engine: &Engine) -> bool {
    let format = "{{range .Config.Env}}{{println .}}{{end}}";
    let name = BaseImage::Rust.name();
    let env = sh::output(&mut engine.docker(["image", "inspect", "--format", format, name]));
    let env = env.unwrap_or_default();
    let version = env
        .lines()
        .find_map(|line| line.strip_prefix("RUST_VERSION="));
    let minor = |version: &str| version.split('.').nth(1)?.parse::<u32>().ok();
    let needed = minor(env!("CARGO_PKG_RUST_VERSION"));
    version.is_some_and(|version| minor(version) < needed)
}

/// The archive of a stand-in, made unless it is there.
fn stand_in(state: &State, image: BaseImage, key: &str) -> Result<PathBuf> {
    let stem = image.name().replace(':', "-");
    let archive = state.image(&format!("{stem}-{key}.tar"));
    if archive.exists() {
        return Ok(archive);
    }
    eprintln!("engine: making a stand-in for {}", image.name());
    let tmp = state.tmp(&format!("{stem}.tar"));
    image.make(state, key, &tmp)?;
    for old in std::fs::read_dir(state.image(""))? {
        let old = old?.path();
        let name = old
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with(&format!("{stem}-")) {
            state.remove(&old)?;
        }
    }
    std::fs::rename(tmp, &archive)?;
    Ok(archive)
}
