//! Debian's packages, by the machine's own apt: its mirror, its proxy, its keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{State, network};
use crate::sh;

/// A frozen mirror stays usable after its release files' last day.
pub(crate) const ANY_DATE: &str = "Acquire::Check-Valid-Until=false";

/// An option as apt's files of settings have it.
pub(crate) fn setting(option: &str) -> String {
    let (name, value) = option.split_once('=').unwrap_or((option, "true"));
    format!("{name} \"{value}\"")
}

/// Puts packages on this machine unless the programs that they are wanted for are there.
pub(crate) fn install_for(programs: &[&str], packages: &[&str], state: &State) -> Result<()> {
    if programs.iter().all(|program| sh::which(program).is_some()) {
        return Ok(());
    }
    install(packages, state)
}

/// Puts packages on this machine.
pub(crate) fn install(packages: &[&str], state: &State) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("engine: installing {}", missing.join(", "));
    let install = || {
        let mut command = apt_get();
        command
            .args(["install", "--yes", "--no-install-recommends"])
            .args(&missing);
        command
    };
    let log = state.log("apt-install");
    if sh::logged(&log, &mut install()).is_ok() {
        return Ok(());
    }
    // No package lists yet, or lists from before the mirror moved on; or an installation that was interrupted.
    update(state)?;
    sh::logged(&log, Command::new("dpkg").args(["--configure", "-a"]))?;
    sh::logged(&log, &mut install())
        .with_context(|| format!("apt cannot install {}", missing.join(", ")))
}

/// The newest package of this machine's suite whose name is `prefix<number>suffix`.
pub(crate) fn newest(prefix: &str, suffix: &str, state: &State) -> Result<String> {
    let look = || -> Result<Option<String>> {
        let names = sh::output(Command::new("apt-cache").args(["pkgnames", prefix]))?;
        Ok(highest_numbered(&names, prefix, suffix).map(str::to_owned))
    };
    if let Some(found) = look()? {
        return Ok(found);
    }
    update(state)?;
    look()?.with_context(|| format!("apt knows no package `{prefix}<number>{suffix}`"))
}

/// The mirror that this machine takes Debian's packages from; none if it is not a Debian.
pub(crate) fn mirror(state: &State) -> Result<Option<String>> {
    let look = || -> Result<Option<String>> {
        let targets = sh::output(Command::new("apt-get").args([
            "indextargets",
            "--format",
            "$(ORIGIN)|$(LABEL)|$(REPO_URI)",
            "Created-By: Packages",
        ]))?;
        Ok(debian_mirror(&targets).map(str::to_owned))
    };
    if let Some(mirror) = look()? {
        return Ok(Some(mirror));
    }
    // Whose archive it is, apt knows only once it has read the package lists.
    update(state)?;
    look()
}

/// Fetches a package from the first of several suites that has it, in any version or in the one
/// named by `upstream`, which is without what Debian adds to it. `dir` has to be the package's own.
pub(crate) fn download(
    package: &str,
    upstream: Option<&str>,
    suites: &[&str],
    state: &State,
    dir: &Path,
) -> Result<PathBuf> {
    // Lists of its own: this machine's are for its own suite.
    let lists = dir.join("apt");
    fs::create_dir_all(lists.join("lists/partial"))?;
    let mirror = mirror(state)?.context("this machine's apt has no mirror of Debian")?;
    let mut found = None;
    for suite in suites {
        fs::write(
            lists.join("sources.list"),
            format!("deb {mirror} {suite} main\n"),
        )?;
        sh::logged(
            &state.log("apt-lists"),
            with_lists("apt-get", &lists).arg("update"),
        )
        .with_context(|| format!("cannot read the package list of {suite}"))?;
        let offers = sh::output(with_lists("apt-cache", &lists).args(["madison", package]))?;
        if let Some(version) = version_of(&offers, upstream) {
            found = Some(version.to_owned());
            break;
        }
    }
    let Some(version) = found else {
        bail!(
            "none of Debian's {} has {package} {}",
            suites.join(", "),
            upstream.unwrap_or_default(),
        );
    };
    let wanted = format!("{package}={version}");
    let mut fetch = with_lists("apt-get", &lists);
    // apt's own user may not write here.
    fetch
        .args(["-o", "APT::Sandbox::User=root", "download", &wanted])
        .current_dir(dir);
    sh::logged(&state.log("apt-download"), &mut fetch)?;
    only_deb(dir)
}

fn update(state: &State) -> Result<()> {
    sh::logged(
        &state.log("apt-update"),
        apt_get().args(["-o", ANY_DATE, "update"]),
    )
    .context("apt cannot read its package lists: is there a network?")
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
        .envs(network::proxies())
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn with_lists(program: &str, lists: &Path) -> Command {
    let mut command = Command::new(program);
    command.envs(network::proxies());
    for (option, file) in [
        ("Dir::Etc::SourceList", "sources.list"),
        ("Dir::Etc::SourceParts", "none"),
        ("Dir::State::Lists", "lists"),
        ("Dir::Cache::PkgCache", "pkgcache.bin"),
        ("Dir::Cache::SrcPkgCache", "srcpkgcache.bin"),
    ] {
        command
            .arg("-o")
            .arg(format!("{option}={}", lists.join(file).display()));
    }
    command.args(["-o", ANY_DATE]);
    command
}

fn is_installed(package: &str) -> bool {
    sh::output(Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

fn only_deb(dir: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ext| ext == "deb") {
            return Ok(path);
        }
    }
    bail!("apt fetched nothing into {}", dir.display())
}

/// The mirror of Debian itself among lines `origin|label|uri`; its security archive has a label of
/// its own.
fn debian_mirror(targets: &str) -> Option<&str> {
    targets.lines().find_map(|line| {
        let mut words = line.splitn(3, '|');
        let (origin, label, uri) = (words.next()?, words.next()?, words.next()?);
        (origin == "Debian" && label == "Debian").then(|| uri.trim_end_matches('/'))
    })
}

/// The first version in `apt-cache madison` lines (`package | version | source`) that is `upstream`
/// with whatever Debian appends; the very first without one.
fn version_of<'a>(offers: &'a str, upstream: Option<&str>) -> Option<&'a str> {
    let fits = |version: &str| match upstream {
        None => true,
        Some(upstream) => version
            .strip_prefix(upstream)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', '-', '~'])),
    };
    let mut versions = offers
        .lines()
        .filter_map(|line| line.split('|').nth(1))
        .map(str::trim);
    versions.find(|version| fits(version))
}

fn highest_numbered<'a>(names: &'a str, prefix: &str, suffix: &str) -> Option<&'a str> {
    names
        .lines()
        .filter_map(|name| {
            let number = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
            Some((number.parse::<u32>().ok()?, name))
        })
        .max()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_its_value_in_quotes() {
        let expected = "Acquire::Check-Valid-Until \"false\"";
        assert_eq!(setting(ANY_DATE), expected);
    }

    #[test]
    fn the_mirror_is_debians_main_archive() {
        let targets = "Other|Other|https://example.com/apt\n\
                       Debian|Debian-Security|http://mirror.example/debian-security/\n\
                       Debian|Debian|http://mirror.example/debian/\n";
        assert_eq!(debian_mirror(targets), Some("http://mirror.example/debian"));
        assert_eq!(debian_mirror("Other|Other|https://example.com/apt\n"), None);
    }

    #[test]
    fn a_version_is_found_by_its_upstream_part() {
        let offers = "  rust-src | 1.95.10+dfsg1-1 | http://m sid/main amd64 Packages\n  \
                      rust-src | 1.95.0+dfsg1-1~bpo13+1 | http://m sid/main amd64 Packages\n";
        assert_eq!(
            version_of(offers, Some("1.95.0")),
            Some("1.95.0+dfsg1-1~bpo13+1")
        );
        assert_eq!(version_of(offers, Some("1.95.1")), None);
        assert_eq!(version_of(offers, None), Some("1.95.10+dfsg1-1"));
        assert_eq!(version_of("", None), None);
    }

    #[test]
    fn the_newest_package_has_the_highest_number() {
        let names = "libunwind-9-dev\nlibunwind-14-dev\nlibunwind-14\nlibunwind-dev\n";
        assert_eq!(
            highest_numbered(names, "libunwind-", "-dev"),
            Some("libunwind-14-dev")
        );
        assert_eq!(
            highest_numbered("libunwind-dev", "libunwind-", "-dev"),
            None
        );
    }
}
