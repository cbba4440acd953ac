//! The engine's own Debian: dockerd, docker, buildx, compose and a registry in a folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{State, apt, network, state};
use crate::sh;

/// The suite that the engine is taken from: the first with BuildKit 0.25 and buildx 0.29.
const SUITE: &str = "forky";

/// The variable that names another suite.
const SUITE_VARIABLE: &str = "RUST_FRONTEND_ENGINE_SUITE";

const PACKAGES: &str = "docker.io,docker-cli,docker-buildx,docker-compose,docker-registry,iptables,\
                        iproute2,ca-certificates,git,xz-utils,procps";

/// Installs packages in the engine's system, whose package lists are as old as it is. Arguments: an option of apt's for
/// the update, the packages.
const ADD: &str = "apt-get -q -o \"$1\" update
shift
apt-get -q install --yes --no-install-recommends \"$@\"";

/// Where a machine keeps the certificate authorities that its owner added, as a company whose
/// network inspects TLS does.
const LOCAL_CERTIFICATES: &str = "/usr/local/share/ca-certificates";

/// Where the package `debian-archive-keyring` has the keys of Debian's archives.
const DEBIANS_KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Makes the engine's system unless it is there.
pub(crate) fn install(state: &State) -> Result<()> {
    check_machine()?;
    let root = state.root();
    if root.join("usr/sbin/dockerd").exists() {
        return complete(state, &root);
    }
    let suite = std::env::var(SUITE_VARIABLE).unwrap_or_else(|_| SUITE.to_owned());
    eprintln!(
        "engine: installing Docker of Debian {suite} into {}",
        root.display()
    );
    state.needs_gigabytes(12)?;
    let tmp = state.tmp("root");
    debootstrap(state, "apt", &suite, PACKAGES, &tmp).with_context(|| {
        format!("cannot install Debian {suite} (another suite: {SUITE_VARIABLE})")
    })?;
    if !tmp.join("usr/sbin/dockerd").exists() {
        bail!("Debian {suite} has no dockerd in its package docker.io");
    }
    state.remove(&root)?;
    fs::rename(tmp, root)?;
    Ok(())
}

/// Adds what came to the list of packages after the system was made.
fn complete(state: &State, root: &Path) -> Result<()> {
    let installed = |package: &&str| {
        let list = format!("var/lib/dpkg/info/{package}.list");
        root.join(list).exists()
    };
    let missing: Vec<&str> = PACKAGES
        .split(',')
        .filter(|package| !installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("engine: adding {}", missing.join(", "));
    let mut command = Command::new("chroot");
    command
        .arg(root)
        .args(["sh", "-ec", ADD, "sh", apt::ANY_DATE])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive");
    sh::logged(&state.log("engine-packages"), &mut command)
        .with_context(|| format!("cannot install {}", missing.join(", ")))
}

/// Makes a Debian system in a folder, one that trusts what this machine trusts.
pub(crate) fn debootstrap(
    state: &State,
    variant: &str,
    suite: &str,
    packages: &str,
    dir: &Path,
) -> Result<()> {
    apt::install_for(&["mmdebstrap"], &["mmdebstrap"], state)?;
    let mirror = apt::mirror(state)?;
    // Mounts and processes of its own: an interrupted mmdebstrap leaves none on the machine.
    let mut command = sh::tied("unshare");
    command
        .envs(network::proxies())
        .args([
            "--mount",
            "--propagation",
            "slave",
            "--pid",
            "--fork",
            "--kill-child",
        ])
        .args(["--mount-proc", "mmdebstrap", "--quiet"])
        .arg(format!("--variant={variant}"))
        .arg(format!("--include={packages}"))
        .arg(format!("--aptopt={}", apt::setting(apt::ANY_DATE)))
        .args(["--mode=root", "--format=directory"]);
    if mirror.is_none() {
        // Another distribution's apt does not know Debian's keys.
        apt::install(&["debian-archive-keyring"], state)?;
        command.arg(format!("--keyring={DEBIANS_KEYS}"));
    }
    for certificate in local_certificates() {
        command.arg(format!(
            "--customize-hook=copy-in {certificate} {LOCAL_CERTIFICATES}"
        ));
    }
    command
        .arg("--customize-hook=chroot \"$1\" update-ca-certificates")
        .arg(suite)
        .arg(dir)
        // Without one, mmdebstrap knows Debian's own.
        .args(mirror);
    sh::logged(
        &state.log(&format!("debian-{suite}-{variant}")),
        &mut command,
    )
}

/// The certificate authorities that the machine's owner added, sorted.
pub(crate) fn local_certificates() -> Vec<String> {
    let Ok(entries) = fs::read_dir(LOCAL_CERTIFICATES) else {
        return Vec::new();
    };
    let mut paths: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.path().to_str().map(str::to_owned))
        .filter(|path| path.ends_with(".crt"))
        .collect();
    paths.sort();
    paths
}

/// Says what the machine lacks before anything is done.
pub(crate) fn check_machine() -> Result<()> {
    if cfg!(not(target_os = "linux")) {
        bail!(
            "an engine can be started on Linux alone: start Docker Desktop, or whatever has Docker here"
        );
    }
    if sh::which("apt-get").is_none() {
        bail!("without apt none can be installed here: install Docker with buildx");
    }
    if !state::is_root() {
        bail!("only root can start one here: install Docker with buildx, or ask as root");
    }
    let mounts = ["--mount", "--propagation", "slave", "true"];
    if !sh::succeeds(Command::new("unshare").args(mounts)) {
        bail!("this container may not mount, which starting one needs: run it with `--privileged`");
    }
    let known = || {
        fs::read_to_string("/proc/filesystems")
            .unwrap_or_default()
            .contains("\toverlay\n")
    };
    if !known() {
        // A kernel may have it as a module that nobody has asked for yet.
        sh::succeeds(Command::new("modprobe").arg("overlay"));
        if !known() {
            bail!("the kernel has no overlayfs, which a Docker engine keeps images with");
        }
    }
    Ok(())
}
