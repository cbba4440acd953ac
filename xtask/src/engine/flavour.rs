//! The two ways in which a Docker engine keeps images, and whose engine it is.

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
    /// As `Containerd`, in an engine that only benchmarks use: they empty its build cache.
    BenchContainerd,
    /// As `Classic`, in an engine that only benchmarks use.
    BenchClassic,
}

impl Flavour {
    /// Both, the default first, then the same for benchmarks.
    pub(crate) const ALL: [Self; 4] = [
        Self::Containerd,
        Self::Classic,
        Self::BenchContainerd,
        Self::BenchClassic,
    ];

    /// The name on the command line and in file names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Classic => "classic",
            Self::BenchContainerd => "bench-containerd",
            Self::BenchClassic => "bench-classic",
        }
    }

    /// Whether images are in the containerd store.
    pub(crate) fn is_containerd(self) -> bool {
        matches!(self, Self::Containerd | Self::BenchContainerd)
    }

    /// Whether the engine is for benchmarks alone: never the machine's own, and in a control group of its own.
    pub(crate) fn is_private(self) -> bool {
        matches!(self, Self::BenchContainerd | Self::BenchClassic)
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
                format!(
                    "no flavour `{name}`: there are `containerd` and `classic`, and each with `bench-` before it"
                )
            })
    }
}
