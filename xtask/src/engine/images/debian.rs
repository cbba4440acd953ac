//! The stand-in for `debian:trixie-slim`, and the Debian under `rust:1`.

use std::path::Path;

use anyhow::Result;

use super::archive::{self, Image};
use crate::engine::{State, root};

/// The suite of the real images.
pub(super) const SUITE: &str = "trixie";

/// The search path of every image here.
pub(super) const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) fn make(state: &State, key: &str, archive: &Path) -> Result<()> {
    state.needs_gigabytes(2)?;
    let dir = state.tmp("debian");
    // The real one trusts no certificate authority. This one has to: builds install packages in it,
    // through a network that may inspect TLS.
    root::debootstrap(state, "minbase", SUITE, "ca-certificates", &dir)?;
    slim(state, &dir)?;
    let image = Image {
        name: "debian:trixie-slim",
        key,
        env: vec![PATH.to_owned()],
        cmd: &["bash"],
    };
    archive::pack(state, &image, &dir, archive)
}

/// Removes what no build needs and what differs from run to run.
pub(super) fn slim(state: &State, dir: &Path) -> Result<()> {
    for part in [
        "usr/share/doc",
        "usr/share/man",
        "usr/share/locale",
        "var/log",
        "var/cache",
    ] {
        let part = dir.join(part);
        state.remove(&part)?;
        std::fs::create_dir_all(&part)?;
    }
    // apt wants its cache folder.
    std::fs::create_dir_all(dir.join("var/cache/apt/archives/partial"))?;
    for file in ["etc/hostname", "etc/resolv.conf", "etc/machine-id"] {
        state.remove(&dir.join(file))?;
    }
    Ok(())
}
