//! The cache in a registry: what one builder leaves and another, fresh one starts with.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::engine::{State, registry};

/// A repository for the cache of one contender.
#[derive(Debug)]
pub(super) struct Cache {
    root: PathBuf,
    address: String,
    name: String,
}

impl Cache {
    /// Sees to the registry. A name may have spaces and capitals.
    pub(super) fn new(state: &State, project: &str, contender: &str) -> Result<Self> {
        let address = match registry::running(state) {
            Some((_, address)) => address,
            None => registry::up(state, registry::PORT)?,
        };
        let name = format!("bench/{project}/{contender}").to_lowercase();
        Ok(Self {
            root: state.dir().join("registry/docker/registry/v2"),
            address,
            name: name.replace([' ', '.', ','], "-"),
        })
    }

    /// Options of a build that exports it.
    pub(super) fn export(&self) -> [String; 2] {
        [
            "--cache-to".into(),
            format!("{},mode=max", self.reference()),
        ]
    }

    /// Options of a build that imports it.
    pub(super) fn import(&self) -> [String; 2] {
        ["--cache-from".into(), self.reference()]
    }

    fn reference(&self) -> String {
        format!("type=registry,ref={}/{}:cache", self.address, self.name)
    }

    /// Forgets what was exported before, so that the next export sends it all.
    pub(super) fn remove(&self) -> Result<()> {
        let dir = self.root.join("repositories").join(&self.name);
        match dir.exists() {
            true => Ok(fs::remove_dir_all(dir)?),
            false => Ok(()),
        }
    }

    /// The bytes that the registry keeps for it.
    pub(super) fn bytes(&self) -> Result<u64> {
        let link = format!(
            "repositories/{}/_manifests/tags/cache/current/link",
            self.name
        );
        let digest =
            fs::read_to_string(self.root.join(&link)).with_context(|| format!("no {link}"))?;
        let text = fs::read_to_string(blob(&self.root, digest.trim())?)?;
        let manifest: Manifest = serde_json::from_str(&text).context("the manifest of a cache")?;
        // A layer may be named twice and is kept once.
        let blobs: BTreeMap<&str, u64> = manifest
            .layers
            .iter()
            .chain(&manifest.manifests)
            .chain(&manifest.config)
            .map(|blob| (blob.digest.as_str(), blob.size))
            .collect();
        Ok(blobs.values().sum())
    }
}

fn blob(root: &Path, digest: &str) -> Result<PathBuf> {
    let hex = digest.strip_prefix("sha256:").context("a SHA-256")?;
    let first = hex.get(..2).context("a SHA-256")?;
    Ok(root.join("blobs/sha256").join(first).join(hex).join("data"))
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Blob>,
    /// Those of an index, which is how caches were written before they became images.
    #[serde(default)]
    manifests: Vec<Blob>,
    config: Option<Blob>,
}

#[derive(Deserialize)]
struct Blob {
    digest: String,
    size: u64,
}
