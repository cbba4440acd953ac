//! An engine that the machine runs already.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::Flavour;
use crate::sh;

/// A docker command line with buildx, whose engine answers.
#[derive(Debug)]
pub(crate) struct HostEngine {
    /// How the engine keeps images.
    pub(crate) flavour: Flavour,
    /// The command line.
    pub(crate) docker: PathBuf,
    /// Which engine, if the caller's environment names one.
    pub(crate) docker_host: Option<OsString>,
}

/// An engine that hangs for so long is as good as none.
const LONGEST: Duration = Duration::from_secs(10);

/// Looks for a running engine of a flavour, or of any.
pub(crate) fn find(wanted: Option<Flavour>) -> Result<Option<HostEngine>> {
    let Some(docker) = sh::which("docker") else {
        return Ok(None);
    };
    let ask = |words: &[&str]| sh::answer(Command::new(&docker).args(words), LONGEST);
    if ask(&["buildx", "version"]).is_none() {
        return Ok(None);
    }
    let Some(status) = ask(&["info", "--format", "{{json .DriverStatus}}"]) else {
        return Ok(None);
    };
    // `docker info` ends well without an engine, with an empty answer.
    if ask(&["version", "--format", "{{.Server.Version}}"]).is_none() {
        return Ok(None);
    }
    let flavour = flavour(&status);
    if wanted.is_some_and(|wanted| wanted != flavour) {
        return Ok(None);
    }
    Ok(Some(HostEngine {
        flavour,
        docker,
        docker_host: std::env::var_os("DOCKER_HOST"),
    }))
}

/// The flavour by `.DriverStatus` of `docker info`.
fn flavour(driver_status: &str) -> Flavour {
    if driver_status.contains("io.containerd.snapshotter") {
        Flavour::Containerd
    } else {
        Flavour::Classic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_tells_the_flavour() {
        let containerd = r#"[["driver-type","io.containerd.snapshotter.v1"]]"#;
        assert_eq!(flavour(containerd), Flavour::Containerd);
        assert_eq!(
            flavour(r#"[["Backing Filesystem","extfs"]]"#),
            Flavour::Classic
        );
    }
}
