//! The cache in a registry: what one builder leaves and another, fresh one starts with.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::engine::{Engine, State, registry};
use crate::image;

/// A repository for the cache of one contender.
#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    address: String,
    name: String,
    /// The tag of a cache of the base images alone, which is another one for other images.
    base: String,
}

impl Cache {
    /// Sees to the registry. Names of project and contender may have spaces and capitals; `images` are the base images
    /// that the engine has.
    pub(crate) fn new(
        state: &State,
        engine: &Engine,
        [project, contender]: [&str; 2],
        images: &[&str],
    ) -> Result<Self> {
        let address = match registry::running(state) {
            Some((_, address)) => address,
            None => registry::up(state, registry::PORT)?,
        };
        let name = format!("bench/{project}/{contender}").to_lowercase();
        let mut base = "base".to_owned();
        for image in images {
            let id = image::id(engine, image)?;
            base += &format!("-{:.12}", id.trim_start_matches("sha256:"));
        }
        Ok(Self {
            root: state.dir().join("registry/docker/registry/v2"),
            address,
            name: name.replace([' ', '.', ','], "-"),
            base,
        })
    }

    /// Options of a build that exports it.
    pub(crate) fn export(&self) -> [String; 2] {
        self.export_as(CACHE)
    }

    /// Options of a build of the base images alone, which are in every cache and whose bytes and time are nobody's.
    pub(crate) fn export_base(&self) -> [String; 2] {
        self.export_as(&self.base)
    }

    fn export_as(&self, tag: &str) -> [String; 2] {
        let reference = self.reference(tag);
        ["--cache-to".into(), format!("{reference},mode=max")]
    }

    /// Options of a build that imports it.
    pub(crate) fn import(&self) -> [String; 2] {
        ["--cache-from".into(), self.reference(CACHE)]
    }

    fn reference(&self, tag: &str) -> String {
        format!("type=registry,ref={}/{}:{tag}", self.address, self.name)
    }

    /// Whether the registry has the base images.
    pub(crate) fn has_base(&self) -> bool {
        self.blobs(&self.base).is_ok()
    }

    /// Forgets what was exported before, but for the base images, so that the next export sends all of it.
    pub(crate) fn remove(&self) -> Result<()> {
        let base = self.blobs(&self.base)?;
        let dir = self.root.join("repositories").join(&self.name);
        for layer in fs::read_dir(dir.join("_layers/sha256"))? {
            let layer = layer?;
            let digest = format!("sha256:{}", layer.file_name().display());
            if !base.contains_key(&digest) {
                fs::remove_dir_all(layer.path())?;
            }
        }
        let tag = dir.join("_manifests/tags").join(CACHE);
        match tag.exists() {
            true => Ok(fs::remove_dir_all(tag)?),
            false => Ok(()),
        }
    }

    /// The bytes that the registry keeps for it beside those of the base images.
    pub(crate) fn bytes(&self) -> Result<u64> {
        let base = self.blobs(&self.base)?;
        let all = self.blobs(CACHE)?.into_iter();
        let own = all.filter(|(digest, _)| !base.contains_key(digest));
        Ok(own.map(|(_, size)| size).sum())
    }

    /// The blobs that a tag stands for, with their sizes. A layer may be named twice and is kept once.
    fn blobs(&self, tag: &str) -> Result<BTreeMap<String, u64>> {
        let link = format!(
            "repositories/{}/_manifests/tags/{tag}/current/link",
            self.name
        );
        let digest = fs::read_to_string(self.root.join(&link));
        let digest = digest.with_context(|| format!("no {link}"))?;
        let text = fs::read_to_string(blob(&self.root, digest.trim())?)?;
        let manifest: Manifest = serde_json::from_str(&text).context("the manifest of a cache")?;
        let blobs = manifest.layers.into_iter();
        let blobs = blobs.chain(manifest.manifests).chain(manifest.config);
        Ok(blobs.map(|blob| (blob.digest, blob.size)).collect())
    }
}

/// The tag of a cache.
const CACHE: &str = "cache";

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
