//! A package as its authors published it. The end-to-end tests have this file, too.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// Has cargo download a package and unpacks it in `dir`; the folder of its sources.
pub(crate) fn fetch(
    name: &str,
    version: &str,
    sha256: &str,
    dir: &Path,
) -> Result<PathBuf, String> {
    let archive = download(name, version, dir)?;
    let bytes = fs::read(&archive).map_err(|error| format!("{}: {error}", archive.display()))?;
    let found: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if found != sha256 {
        return Err(format!(
            "{name} {version} has the SHA-256 {found}, not {sha256}"
        ));
    }
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(dir))?;
    Ok(dir.join(format!("{name}-{version}")))
}

fn download(name: &str, version: &str, dir: &Path) -> Result<PathBuf, String> {
    let manifest = format!(
        "[package]\nname = \"download\"\nedition = \"2024\"\n\n\
         [dependencies]\n{name} = \"={version}\"\n\n\
         [workspace]\n"
    );
    let said = |error: std::io::Error| error.to_string();
    fs::create_dir_all(dir.join("src")).map_err(said)?;
    fs::write(dir.join("Cargo.toml"), manifest).map_err(said)?;
    fs::write(dir.join("src/lib.rs"), "").map_err(said)?;
    run(Command::new("cargo").arg("fetch").current_dir(dir))?;
    cached(&format!("{name}-{version}.crate"))
}

/// A file of cargo's download cache, of whichever registry serves crates.io here.
fn cached(file: &str) -> Result<PathBuf, String> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
        .ok_or("cargo has no home")?;
    let registries =
        fs::read_dir(home.join("registry/cache")).map_err(|error| error.to_string())?;
    registries
        .filter_map(|registry| Some(registry.ok()?.path().join(file)))
        .find(|path| path.exists())
        .ok_or_else(|| format!("cargo has not downloaded {file}"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}
