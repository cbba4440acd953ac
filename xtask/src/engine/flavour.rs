//! The ways in which a Docker engine keeps images, and the engines of this machine that are named by them.

use std::fmt;
use std::str::FromStr;

/// How an engine keeps images: it decides what a build can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// The containerd store, Docker's default since 29: merges layers, holds several platforms and
    /// attestations in one image, exports caches.
    #[default]
    Containerd,
    /// The overlay2 graph driver, Docker's default until 28: none of that.
    Classic,
    /// Another engine with the containerd store: it has the base images and has built nothing, for what one
    /// builder leaves to another.
    Second,
}

impl Flavour {
    /// All of them, the default first.
    pub(crate) const ALL: [Self; 3] = [Self::Containerd, Self::Classic, Self::Second];

    /// The name on the command line and in file names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Classic => "classic",
            Self::Second => "second",
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Flavour {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|flavour| flavour.name() == name)
            .ok_or_else(|| {
                format!("no flavour `{name}`: there are `containerd`, `classic` and `second`")
            })
    }
}
