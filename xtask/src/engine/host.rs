//! An engine that the machine runs already.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::ImageStore;
use crate::sh;

/// A docker command line with buildx, whose engine answers.
#[derive(Debug)]
pub(crate) struct HostEngine {
    /// How the engine keeps images.
    pub(crate) store: ImageStore,
    /// The command line.
    pub(crate) docker: PathBuf,
    /// Which engine, if the caller's environment names one.
    pub(crate) docker_host: Option<OsString>,
}

/// An engine that hangs for so long is as good as none.
const LONGEST: Duration = Duration::from_secs(10);

/// Looks for a running engine that keeps images in a certain way, or in any; an error says why there is none.
pub(crate) fn find(wanted: Option<ImageStore>) -> Result<HostEngine> {
    let docker = sh::which("docker").context("there is no `docker`")?;
    let ask = |words: &[&str]| sh::answer(Command::new(&docker).args(words), LONGEST);
    if ask(&["--version"])?.contains("podman") {
        bail!("`docker` is podman, which has no BuildKit");
    }
    ask(&["buildx", "version"])
        .context("`docker` has no buildx (package docker-buildx-plugin or docker-buildx)")?;
    // `docker info` ends well without an engine, with an empty answer.
    ask(&["version", "--format", "{{.Server.Version}}"])?;
    let store = store(&ask(&["info", "--format", "{{json .DriverStatus}}"])?);
    if let Some(wanted) = wanted.filter(|wanted| *wanted != store) {
        bail!("the one that runs is `{store}`, not `{wanted}`");
    }
    Ok(HostEngine {
        store,
        docker,
        docker_host: std::env::var_os("DOCKER_HOST"),
    })
}

/// How an engine keeps images, by `.DriverStatus` of `docker info`.
fn store(driver_status: &str) -> ImageStore {
    if driver_status.contains("io.containerd.snapshotter") {
        ImageStore::Containerd
    } else {
        ImageStore::Classic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_tells_the_store() {
        let containerd = r#"[["driver-type","io.containerd.snapshotter.v1"]]"#;
        assert_eq!(store(containerd), ImageStore::Containerd);
        assert_eq!(
            store(r#"[["Backing Filesystem","extfs"]]"#),
            ImageStore::Classic
        );
    }
}
