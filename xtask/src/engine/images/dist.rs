//! A rustup distribution server made of files: one component, and a channel manifest that asks for
//! exactly that one. With it `rustup target add` does all that it does with the real server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::archive;
use crate::engine::State;
use crate::sh;

/// Packs the libraries in `std` as the component `rust-std` of a target.
pub(super) fn pack_std(
    state: &State,
    std: &Path,
    version: &str,
    target: &str,
    archive: &Path,
) -> Result<()> {
    let name = std_name(version, target);
    let component = format!("rust-std-{target}");
    let top = state.tmp("component");
    let inner = top.join(&name).join(&component);
    let libraries = Path::new("lib/rustlib").join(target).join("lib");
    fs::create_dir_all(inner.join(&libraries))?;
    let mut copy = Command::new("cp");
    sh::quiet(
        copy.arg("--archive")
            .arg(std.join("."))
            .arg(inner.join(&libraries)),
    )?;
    let mut listing = String::new();
    for file in files(&inner.join(&libraries))? {
        let file = file.strip_prefix(&inner)?;
        listing += &format!("file:{}\n", file.display());
    }
    fs::write(inner.join("manifest.in"), listing)?;
    fs::write(top.join(&name).join("components"), format!("{component}\n"))?;
    fs::write(top.join(&name).join("rust-installer-version"), "3\n")?;
    fs::write(top.join(&name).join("version"), version)?;
    let mut tar = archive::tar(archive);
    tar.args(["--use-compress-program", "xz -1 -T0"])
        .arg("--directory")
        .arg(&top)
        .arg(&name);
    sh::quiet(&mut tar)?;
    state.remove(&top)
}

/// Lays a component out under `root` and makes the toolchain's own channel manifest ask for it.
/// Returns the server's address for `RUSTUP_DIST_SERVER`.
pub(super) fn serve(
    root: &Path,
    toolchain: &Path,
    component: &Path,
    version: &str,
    target: &str,
) -> Result<String> {
    let manifest = toolchain.join("lib/rustlib/multirust-channel-manifest.toml");
    let text = fs::read_to_string(&manifest)
        .with_context(|| format!("rustup did not install {}", toolchain.display()))?;
    let date = date(&text).context("the channel manifest has no date")?;
    let server = "opt/rustup-dist";
    let dir = root.join(server).join("dist").join(date);
    fs::create_dir_all(&dir)?;
    fs::copy(
        component,
        dir.join(format!("{}.tar.xz", std_name(version, target))),
    )?;
    let patched = with_std_hash(&text, target, &archive::sha256(component)?)
        .with_context(|| format!("the channel manifest has no rust-std for {target}"))?;
    fs::write(manifest, patched)?;
    Ok(format!("file:///{server}"))
}

fn std_name(version: &str, target: &str) -> String {
    format!("rust-std-{version}-{target}")
}

/// The files below a folder, sorted.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// The day of a channel manifest, which is a folder name on the server.
fn date(manifest: &str) -> Option<&str> {
    let line = manifest
        .lines()
        .find_map(|line| line.strip_prefix("date = "))?;
    Some(line.trim_matches('"'))
}

/// A channel manifest in which the std of one target has another hash. The manifest is rustup's own
/// output, one key a line: no need to understand the rest of its two megabytes.
fn with_std_hash(manifest: &str, target: &str, hash: &str) -> Option<String> {
    let section = format!("[pkg.rust-std.target.{target}]");
    let mut patched = String::with_capacity(manifest.len());
    let (mut inside, mut done) = (false, false);
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == section;
        }
        if inside && line.starts_with("xz_hash = ") {
            patched += &format!("xz_hash = \"{hash}\"");
            done = true;
        } else if inside && line.starts_with("hash = ") {
            // There is no such file: asking for it has to fail.
            patched += &format!("hash = \"{}\"", "0".repeat(64));
        } else {
            patched += line;
        }
        patched.push('\n');
    }
    done.then_some(patched)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "manifest-version = \"2\"\n\
        date = \"2026-04-16\"\n\
        \n\
        [pkg.rust-std.target.one]\n\
        available = true\n\
        hash = \"aa\"\n\
        xz_hash = \"bb\"\n\
        \n\
        [pkg.rust-std.target.two]\n\
        hash = \"cc\"\n\
        xz_hash = \"dd\"\n";

    #[test]
    fn the_date_is_the_manifests() {
        assert_eq!(date(MANIFEST), Some("2026-04-16"));
        assert_eq!(date("x = 1\n"), None);
    }

    #[test]
    fn only_the_targets_hashes_change() {
        let patched = with_std_hash(MANIFEST, "one", "ee").unwrap();
        let zeros = "0".repeat(64);
        let wanted = MANIFEST
            .replace("\"aa\"", &format!("\"{zeros}\""))
            .replace("bb", "ee");
        assert_eq!(patched, wanted);
        assert_eq!(with_std_hash(MANIFEST, "three", "ee"), None);
    }
}
