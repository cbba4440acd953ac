//! What `--flavour` names: the engines of ours, and with them the ways in which a Docker engine keeps images.

use std::fmt;
use std::str::FromStr;

/// How an engine keeps images: it decides what a build can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageStore {
    /// The containerd store, Docker's default since 29: merges layers, holds several platforms and
    /// attestations in one image, exports caches.
    Containerd,
    /// The overlay2 graph driver, Docker's default until 28: none of that.
    Classic,
}

impl ImageStore {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Classic => "classic",
        }
    }
}

impl fmt::Display for ImageStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// An engine of ours. The first two are called by how they keep images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum EngineName {
    /// The usual one.
    #[default]
    Containerd,
    /// For what the graph drivers cannot do.
    Classic,
    /// Another engine with the containerd store: it has the base images and has built nothing, for what one
    /// builder leaves to another.
    Second,
}

impl EngineName {
    /// All of them, the default first.
    pub(crate) const ALL: [Self; 3] = [Self::Containerd, Self::Classic, Self::Second];

    /// The name on the command line and in file names.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Classic => "classic",
            Self::Second => "second",
        }
    }

    /// How it keeps images.
    pub(crate) fn store(self) -> ImageStore {
        match self {
            Self::Containerd | Self::Second => ImageStore::Containerd,
            Self::Classic => ImageStore::Classic,
        }
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for EngineName {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|name| name.word() == word)
            .ok_or_else(|| {
                format!("no flavour `{word}`: there are `containerd`, `classic` and `second`")
            })
    }
}
