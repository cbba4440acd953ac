//! Rust's standard library for a musl target, built from Debian's copy of its source: what rustup's
//! component `rust-std` holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::engine::{State, apt};
use crate::sh;

/// Where Debian has the source of a recent Rust, the nearest to a release first.
const SUITES: [&str; 4] = ["trixie", "trixie-backports", "forky", "sid"];

/// Debian's `libunwind.a` is hardened with functions of glibc that musl lacks.
const SHIM: &str = "\
#include <stdarg.h>
#include <stdio.h>

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int written = vfprintf(file, format, args);
    va_end(args);
    return written;
}

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int written = vsnprintf(to, size, format, args);
    va_end(args);
    return written;
}
";

/// Raised when what is built changes: older libraries are then rebuilt.
pub(super) const REVISION: u32 = 2;

/// What C code calls for an operation that the machine's instructions lack. Rust's own build compiles these from
/// LLVM's source, which Debian's copy of Rust's does not have; gcc's are the same functions.
const BUILTINS: [&str; 7] = [
    "_ffsdi2.o",
    "_paritysi2.o",
    "_paritydi2.o",
    "_popcount_tab.o",
    "_popcountsi2.o",
    "_popcountdi2.o",
    "_bswapdi2.o",
];

/// Builds the library of a Rust version into a new folder: libraries, and in `self-contained/` what
/// a static program is linked with.
pub(super) fn build_std(state: &State, version: &str, target: &str) -> Result<PathBuf> {
    state.needs_gigabytes(6)?;
    let libunwind = apt::newest("libunwind-", "-dev", state)?;
    apt::install(
        &["gcc", "libc6-dev", "xz-utils", "musl-tools", &libunwind],
        state,
    )?;
    let work = state.tmp("std");
    fs::create_dir_all(work.join("deb"))?;

    let deb = apt::download("rust-src", Some(version), &SUITES, state, &work.join("deb"))?;
    sh::quiet(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(deb)
            .arg(work.join("src")),
    )?;
    let library = source(&work.join("src/usr/src"))?;
    let mut cargo = sh::tied("cargo");
    cargo
        .args(["build", "--release", "--target", target])
        .arg("--manifest-path")
        .arg(library.join("sysroot/Cargo.toml"))
        .args([
            "--package",
            "sysroot",
            "--features",
            "panic-unwind backtrace llvm-libunwind",
        ])
        .current_dir(&library)
        .env("CARGO_TARGET_DIR", work.join("target"))
        // As the real build does: only std may use what is unstable, and users may ask for LTO.
        .env("RUSTC_BOOTSTRAP", "1")
        .env(
            "RUSTFLAGS",
            "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes",
        )
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET");
    sh::logged(&state.log("musl-std"), &mut cargo)?;

    let out = work.join("lib");
    let own = out.join("self-contained");
    fs::create_dir_all(&own)?;
    copy_libraries(&work.join("target").join(target).join("release/deps"), &out)?;
    let arch = std::env::consts::ARCH;
    let musl = PathBuf::from(format!("/usr/lib/{arch}-linux-musl"));
    for file in ["crt1.o", "rcrt1.o", "Scrt1.o", "crti.o", "crtn.o", "libc.a"] {
        copy_into(&musl.join(file), &own)?;
    }
    let gcc = sh::output(Command::new("gcc").arg("-print-file-name=crtbegin.o"))?;
    let gcc = Path::new(&gcc).parent().context("gcc has no crtbegin.o")?;
    for file in ["crtbegin.o", "crtbeginS.o", "crtend.o", "crtendS.o"] {
        copy_into(&gcc.join(file), &own)?;
    }
    add_builtins(&gcc.join("libgcc.a"), &work, &own.join("libc.a"))?;
    add_unwinder(&libunwind, &work, &own)?;
    Ok(out)
}

/// The folder `library` of the unpacked source.
fn source(dir: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(dir)? {
        let library = entry?.path().join("library");
        // `rustc-1.95.0` is the folder, other names are links to it.
        if library.join("sysroot/Cargo.toml").exists() {
            return Ok(library.canonicalize()?);
        }
    }
    bail!("Debian's rust-src has no library/sysroot")
}

fn copy_libraries(from: &Path, to: &Path) -> Result<()> {
    let mut any = false;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // `sysroot` only exists to name the others.
        if name.ends_with(".rlib") && !name.starts_with("libsysroot-") {
            copy_into(&path, to)?;
            any = true;
        }
    }
    ensure!(any, "cargo built no library in {}", from.display());
    Ok(())
}

fn add_builtins(libgcc: &Path, work: &Path, to: &Path) -> Result<()> {
    let objects = work.join("builtins");
    fs::create_dir_all(&objects)?;
    let mut extract = Command::new("ar");
    extract.current_dir(&objects).arg("x").arg(libgcc);
    sh::quiet(extract.args(BUILTINS))?;
    let mut add = Command::new("ar");
    add.current_dir(&objects).arg("r").arg(to);
    sh::quiet(add.args(BUILTINS))
}

fn add_unwinder(package: &str, work: &Path, to: &Path) -> Result<()> {
    let version = package
        .trim_start_matches("libunwind-")
        .trim_end_matches("-dev");
    let unwinder = to.join("libunwind.a");
    fs::copy(
        format!("/usr/lib/llvm-{version}/lib/libunwind.a"),
        &unwinder,
    )
    .with_context(|| format!("{package} has no libunwind.a"))?;
    let (source, object) = (work.join("shim.c"), work.join("shim.o"));
    fs::write(&source, SHIM)?;
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-U_FORTIFY_SOURCE", "-c", "-o"])
        .arg(&object)
        .arg(&source);
    sh::quiet(&mut gcc)?;
    sh::quiet(
        Command::new("ar")
            .arg("r")
            .arg(&unwinder)
            .arg(&object)
            .stderr(Stdio::null()),
    )
}

fn copy_into(file: &Path, dir: &Path) -> Result<()> {
    let name = file.file_name().context("a file has a name")?;
    fs::copy(file, dir.join(name)).with_context(|| format!("no {}", file.display()))?;
    Ok(())
}
