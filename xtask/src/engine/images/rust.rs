//! The stand-in for `rust:1`: Debian, a C toolchain, rustup, and the Rust toolchain of this machine,
//! with a musl target that `rustup target add` installs for real.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::archive::{self, Image};
use super::{debian, dist, musl};
use crate::engine::{State, root};
use crate::sh;

/// The part of the real image's packages that builds of Rust projects use. No musl-tools: the real
/// one has none either.
const PACKAGES: &str = "ca-certificates,curl,g++,gcc,git,libc6-dev,libsqlite3-dev,libssl-dev,make,\
                        openssh-client,patch,pkg-config,unzip,wget,xz-utils,zlib1g-dev";

/// The programs that are rustup under another name.
const PROXIES: [&str; 7] = [
    "cargo",
    "cargo-clippy",
    "cargo-fmt",
    "clippy-driver",
    "rustc",
    "rustdoc",
    "rustfmt",
];

pub(super) fn make(state: &State, key: &str, archive: &Path) -> Result<()> {
    let version = toolchain_version()?;
    let host = host_triple()?;
    let target = host.replace("-gnu", "-musl");
    let component = musl_component(state, &version, &target)?;

    state.needs_gigabytes(6)?;
    let dir = state.tmp("rust");
    root::debootstrap(state, "minbase", debian::SUITE, PACKAGES, &dir)?;
    debian::slim(state, &dir)?;
    let cargo_bin = dir.join("usr/local/cargo/bin");
    let rustup_home = dir.join("usr/local/rustup");
    let name = format!("{version}-{host}");
    let toolchain = rustup_home.join("toolchains").join(&name);
    for made in [&cargo_bin, &toolchain, &rustup_home.join("update-hashes")] {
        fs::create_dir_all(made)?;
    }
    install_rustup(&cargo_bin)?;
    copy_toolchain(&toolchain)?;
    fs::write(
        rustup_home.join("settings.toml"),
        format!("version = \"12\"\ndefault_toolchain = \"{name}\"\nprofile = \"minimal\"\n"),
    )?;
    let server = dist::serve(&dir, &toolchain, &component, &version, &target)?;
    // Any user of the image may install crates and targets, as in the real one.
    let mut open = Command::new("chmod");
    sh::quiet(
        open.args(["-R", "a+w"])
            .arg(dir.join("usr/local/cargo"))
            .arg(&rustup_home),
    )?;

    let image = Image {
        name: "rust:1",
        key,
        env: vec![
            debian::PATH.replace("PATH=", "PATH=/usr/local/cargo/bin:"),
            "RUSTUP_HOME=/usr/local/rustup".to_owned(),
            "CARGO_HOME=/usr/local/cargo".to_owned(),
            format!("RUST_VERSION={version}"),
            format!("RUSTUP_DIST_SERVER={server}"),
        ],
        cmd: &["bash"],
    };
    archive::pack(state, &image, &dir, archive)
}

/// Changes when what goes into the stand-in does.
pub(super) fn facts() -> Result<String> {
    Ok(format!("{} {}", toolchain_version()?, musl::REVISION))
}

/// The version of this machine's Rust, such as `1.95.0`.
fn toolchain_version() -> Result<String> {
    let verbose = sh::output(Command::new("rustc").arg("-vV"))?;
    Ok(field(&verbose, "release")
        .context("rustc tells no release")?
        .to_owned())
}

fn host_triple() -> Result<String> {
    let verbose = sh::output(Command::new("rustc").arg("-vV"))?;
    Ok(field(&verbose, "host")
        .context("rustc tells no host")?
        .to_owned())
}

fn field<'a>(verbose: &'a str, name: &str) -> Option<&'a str> {
    verbose
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The packed standard library, kept beside the images: it takes longest to make.
fn musl_component(state: &State, version: &str, target: &str) -> Result<PathBuf> {
    let revision = musl::REVISION;
    let kept = state.image(&format!("rust-std-{version}-{target}-{revision}.tar.xz"));
    if !kept.exists() {
        eprintln!("engine: building the standard library of Rust {version} for {target}");
        let std = musl::build_std(state, version, target)?;
        let tmp = state.tmp("rust-std.tar.xz");
        dist::pack_std(state, &std, version, target, &tmp)?;
        state.remove(&state.tmp("std"))?;
        fs::rename(tmp, &kept)?;
    }
    Ok(kept)
}

fn install_rustup(bin: &Path) -> Result<()> {
    let rustup = sh::which("rustup").context("this machine's Rust is not rustup's")?;
    let to = bin.join("rustup");
    fs::copy(rustup, &to)?;
    fs::set_permissions(&to, fs::Permissions::from_mode(0o755))?;
    for proxy in PROXIES {
        fs::hard_link(&to, bin.join(proxy))?;
    }
    Ok(())
}

/// Copies this machine's toolchain without its documentation, which is half of it.
fn copy_toolchain(to: &Path) -> Result<()> {
    let from = PathBuf::from(sh::output(
        Command::new("rustc").args(["--print", "sysroot"]),
    )?);
    for part in ["bin", "etc", "lib", "libexec"] {
        let part = from.join(part);
        if part.exists() {
            sh::quiet(Command::new("cp").arg("--archive").arg(part).arg(to))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_rustcs_version_is_found_by_name() {
        let verbose = "rustc 1.95.0 (x)\nbinary: rustc\nhost: a-b-c\nrelease: 1.95.0\n";
        assert_eq!(field(verbose, "release"), Some("1.95.0"));
        assert_eq!(field(verbose, "host"), Some("a-b-c"));
        assert_eq!(field(verbose, "LLVM version"), None);
    }
}
