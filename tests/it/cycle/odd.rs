//! Cases of the cycle that are legal and rare; a number is that of the checklist of dependency-only builds.

use super::*;

/// 68: Rust sources that lie elsewhere: in no package, in a member that is not built, in a root package that is
/// not built; a build script reads what is beside its package.
#[test]
fn sources_from_elsewhere() {
    check(
        "one",
        "one shared other deeper top generated message",
        r#"
//- /Cargo.toml of top
[workspace]
members = ["crates/*"]
exclude = ["crates/shared"]
//- /src/lib.rs
//- /gen/top.rs
"top"
//- /proto/message.proto
message
//- /crates/shared/part.rs
pub const SHARED: &str = "shared";
//- /crates/other/Cargo.toml of other
[dependencies]
two = "2"
//- /crates/other/src/lib.rs
mod part;
//- /crates/other/src/part/mod.rs
pub mod deeper;
pub const OTHER: &str = "other";
//- /crates/other/src/part/deeper.rs
pub const DEEPER: &str = "deeper";
//- /crates/app/Cargo.toml of app
[dependencies]
one = "1"
//- /crates/app/build.rs
fn main() {
    let text = std::fs::read_to_string("../../proto/message.proto").unwrap();
    println!("cargo::rerun-if-changed=../../proto");
    println!("cargo::rustc-env=MESSAGE=generated {}", text.trim());
}
//- /crates/app/src/main.rs
include!("../../shared/part.rs");
#[path = "../../other/src/part/mod.rs"]
mod part;
fn main() {
    let top = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../gen/top.rs"));
    println!("{} {SHARED} {} {} {top} {}", one::one(), part::OTHER, part::deeper::DEEPER, env!("MESSAGE"));
}
"#,
        "build: { package: app, profile: dev }",
    );
}

/// 44: a patched crate depends on the program's package, which only its tests reach: with the resolver 1 they count.
#[test]
fn patched_by_a_crate_that_needs_the_program() {
    check(
        "one",
        "one app",
        r#"
//- /Cargo.toml
[workspace]
members = ["app"]
[patch.crates-io]
twin = { path = "twin" }
//- /app/Cargo.toml of app
[dependencies]
one = "1"
[dev-dependencies]
uses-twin = "1"
//- /app/src/lib.rs
pub const APP: &str = "app";
//- /app/src/main.rs
fn main() { println!("{} {}", one::one(), app::APP); }
//- /twin/Cargo.toml
[package]
name = "twin"
version = "1.7.0"
[dependencies]
app = { path = "../app" }
//- /twin/src/lib.rs
"#,
        "build: { package: app, profile: dev }",
    );
}

/// 44: a patch that takes a crate from git.
#[test]
fn patched_by_git() {
    check_with_git(
        "twin uses_twin",
        "twin of git",
        r#"
//- /crate/Cargo.toml
[package]
name = "twin"
version = "1.4.0"
//- /crate/src/lib.rs
pub fn twin() -> &'static str { "twin of git" }
"#,
        r#"
//- /Cargo.toml of app
[dependencies]
uses-twin = "1"
[patch.crates-io]
twin = { git = "GIT" }
//- /src/main.rs
fn main() { println!("{}", uses_twin::uses_twin()); }
"#,
        DEV,
    );
}

/// 44: a fork in the project that is a workspace of its own, excluded from this one.
#[test]
fn patched_by_a_fork_with_its_own_workspace() {
    check(
        "uses_twin",
        "fork 1.8.0 of inner",
        r#"
//- /Cargo.toml
[workspace]
members = ["app"]
exclude = ["forks"]
resolver = "2"
[patch.crates-io]
twin = { path = "forks/twin/main" }
//- /app/Cargo.toml of app
[dependencies]
uses-twin = "1"
//- /app/src/main.rs
fn main() { println!("{}", uses_twin::uses_twin()); }
//- /forks/twin/Cargo.toml
[workspace]
members = ["*"]
[workspace.package]
version = "1.8.0"
[workspace.dependencies]
inner = { path = "inner", default-features = false }
[workspace.lints.rust]
unused = "deny"
//- /forks/twin/main/Cargo.toml
[package]
name = "twin"
version.workspace = true
edition = "2021"
[features]
more = ["inner/more"]
[dependencies]
inner = { workspace = true, features = ["more"] }
[dev-dependencies]
not-there = { path = "../../not-there" }
[lints]
workspace = true
//- /forks/twin/main/src/lib.rs
#![doc = include_str!("../../README.md")]
pub fn twin() -> &'static str { inner::name(concat!("fork ", env!("CARGO_PKG_VERSION"), " of inner")) }
//- /forks/twin/README.md
A file of the fork's workspace, outside of the package.
//- /forks/twin/inner/Cargo.toml
[package]
name = "inner"
version.workspace = true
[features]
default = ["missing"]
missing = []
more = []
//- /forks/twin/inner/src/lib.rs
#[cfg(feature = "missing")]
compile_error!("default features are off");
pub fn name(text: &str) -> &str { text }
"#,
        "build: { package: app, profile: dev }",
    );
}

/// Features that are documented by their comments: a macro reads them in the manifest of the package it is called in.
#[test]
fn comments_of_features() {
    check(
        "document_features",
        "2 comments, from lib",
        r#"
//- /Cargo.toml
[workspace]
members = ["app", "lib"]
resolver = "2"
//- /app/Cargo.toml of app
[dependencies]
lib = { path = "../lib" }
document-features = "0.2"
[features]
## One.
one = []
## Two.
two = []
//- /app/src/main.rs
fn main() { println!("{} comments, from {}", document_features::documented!(), lib::name()); }
//- /lib/Cargo.toml of lib
[dependencies]
document-features = "0.2"
[features]
## Three.
three = []
//- /lib/src/lib.rs
pub fn name() -> &'static str { match document_features::documented!() { 1 => "lib", _ => "?" } }
"#,
        "build: { package: app, profile: dev }",
    );
}

/// A package of the registry and its fork, under two names.
#[test]
fn a_package_beside_its_fork() {
    for version in ["1.1.0", "1.8.0"] {
        let fork = format!(
            "//- /Cargo.toml\n[package]\nname = \"twin\"\nversion = \"{version}\"\n//- /src/lib.rs\n\
             pub fn twin() -> &'static str {{ \"twin of git\" }}\n"
        );
        check_with_git(
            "twin",
            "twin of the registry, twin of git",
            &fork,
            r#"
//- /Cargo.toml of app
[dependencies]
twin = "1"
fork = { package = "twin", git = "GIT" }
//- /src/main.rs
fn main() { println!("{}, {}", twin::twin(), fork::twin()); }
"#,
            DEV,
        );
    }
}

/// 35, 37, 52: what is newest: edition 2024, the resolver 3 with `rust-version`, inherited lints.
#[test]
fn edition_2024() {
    check(
        "one",
        "one+extra",
        r#"
//- /Cargo.toml
[workspace]
members = ["app", "lib"]
resolver = "3"
[workspace.package]
edition = "2024"
rust-version = "1.85"
version = "0.3.0"
[workspace.dependencies]
one = { version = "1", default-features = false }
lib = { path = "lib", default-features = false }
[workspace.lints.rust]
missing_docs = "deny"
unsafe_code = { level = "forbid", priority = 1 }
unexpected_cfgs = { level = "deny", check-cfg = ['cfg(own)'] }
//- /app/Cargo.toml
[package]
name = "app"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
[lints]
workspace = true
[dependencies]
lib = { workspace = true, features = ["loud"] }
//- /app/src/main.rs
//! Documented.
fn main() { println!("{}", lib::text()); }
//- /lib/Cargo.toml
[package]
name = "lib"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
[lints]
workspace = true
[features]
default = ["quiet"]
quiet = []
loud = ["one/extra"]
[dependencies]
one.workspace = true
//- /lib/src/lib.rs
//! Documented.
#[cfg(feature = "quiet")]
compile_error!("default features are off");
/// Documented, too.
pub fn text() -> &'static str { if cfg!(own) { "own" } else { one::one() } }
"#,
        "build: { package: app, profile: dev }",
    );
}

/// 39: tables of targets: those that hold here, others, a local crate in one, features of them.
#[test]
fn dependencies_of_targets() {
    check(
        "build-script-build helper one two",
        "one+extra two unix",
        r#"
//- /Cargo.toml of app
[workspace]
members = ["only-unix", "only-windows"]
[features]
default = ["one/extra", "only-windows?/x"]
[target.'cfg(unix)'.dependencies]
one = "1"
only-unix = { path = "only-unix" }
[target.'cfg(all(unix, not(target_os = "none")))'.dependencies]
two = { version = "2", optional = false }
[target.'cfg(windows)'.dependencies]
only-windows = { path = "only-windows", optional = true }
maker = "1"
[target.'cfg(unix)'.build-dependencies]
helper = "0.3"
//- /build.rs
fn main() { helper::help(); }
//- /src/main.rs
fn main() { println!("{} {} {}", one::one(), two::two(), only_unix::NAME); }
//- /only-unix/Cargo.toml of only-unix
//- /only-unix/src/lib.rs
pub const NAME: &str = "unix";
//- /only-windows/Cargo.toml of only-windows
[features]
x = []
//- /only-windows/src/lib.rs
compile_error!("not here");
"#,
        "build: { package: app, profile: dev }",
    );
}

/// 73: the environment of the configuration, relative paths in it, and a file that it includes.
#[test]
fn environment_of_the_configuration() {
    check(
        "one",
        "value of the data, one",
        r#"
//- /.cargo/config.toml
[env]
KIND = { value = "value", force = true }
DATA = { value = "data", relative = true }
[net]
retry = 1
[term]
color = "never"
//- /data/text
of the data
//- /Cargo.toml of app
[dependencies]
one = "1"
//- /build.rs
fn main() {
    let text = std::fs::read_to_string(std::env::var("DATA").unwrap() + "/text").unwrap();
    println!("cargo::rustc-env=TEXT={} {}", std::env::var("KIND").unwrap(), text.trim());
}
//- /src/main.rs
fn main() { println!("{}, {}", env!("TEXT"), one::one()); }
"#,
        DEV,
    );
}

/// 49: a configuration that takes the place of a build script of a local and of a foreign package.
#[test]
fn overridden_build_script() {
    check(
        "build-script-build helper two",
        "from the configuration two",
        &r#"
//- /.cargo/config.toml
[target.HOST.zed]
rustc-env = { ZED = "from the configuration" }
//- /Cargo.toml of app
links = "zed"
[dependencies]
two = "2"
//- /build.rs
fn main() { panic!("the configuration has its results"); }
//- /src/main.rs
fn main() { println!("{} {}", env!("ZED"), two::two()); }
"#
        .replace("HOST", &host()),
        DEV,
    );
}

/// 40: packages that need each other, one of them in its tests alone.
#[test]
fn cycle_of_dev_dependencies() {
    const FILES: &str = r#"
//- /Cargo.toml
[workspace]
members = ["app", "base", "testing"]
resolver = "2"
//- /app/Cargo.toml of app
[dependencies]
base = { path = "../base" }
//- /app/src/main.rs
fn main() { println!("{}", base::text()); }
#[test]
fn text() { assert_eq!(base::text(), "one"); }
//- /base/Cargo.toml of base
[dependencies]
one = "1"
[dev-dependencies]
testing = { path = "../testing" }
//- /base/src/lib.rs
pub fn text() -> &'static str { one::one() }
#[test]
fn helped() { testing::check(); }
//- /testing/Cargo.toml of testing
[dependencies]
base = { path = "../base" }
two = "2"
//- /testing/src/lib.rs
pub fn check() { assert_eq!((base::text(), two::two()), ("one", "two")); }
"#;
    check("one", "one", FILES, "build: { package: app, profile: dev }");
}

/// 18, 25: two local packages of one name, told apart by their versions, one of them renamed.
#[test]
fn two_local_packages_of_one_name() {
    check(
        "one",
        "new old one",
        r#"
//- /Cargo.toml
[workspace]
members = ["app"]
exclude = ["old", "new"]
resolver = "2"
//- /app/Cargo.toml of app
[dependencies]
util = { path = "../new" }
old = { package = "util", path = "../old" }
//- /app/src/main.rs
fn main() { println!("{} {}", util::TEXT, old::text()); }
//- /new/Cargo.toml
[package]
name = "util"
version = "2.0.0"
//- /new/src/lib.rs
pub const TEXT: &'static str = "new";
//- /old/Cargo.toml
[package]
name = "util"
version = "1.0.0"
edition = "2021"
[dependencies]
one = "1"
//- /old/src/lib.rs
pub fn text() -> String { format!("old {}", one::one()) }
"#,
        "build: { package: app, profile: dev }",
    );
}

/// 61: a build script of several files that passes flags to the linker, beside a library that is linked, too.
#[test]
fn build_script_of_several_files() {
    check(
        "helper",
        "made by parts",
        r#"
//- /Cargo.toml of app
build = "build/main.rs"
default-run = "app"
[lib]
crate-type = ["cdylib", "rlib"]
[[bin]]
name = "app"
path = "src/main.rs"
[[bin]]
name = "extra"
path = "src/extra.rs"
required-features = ["extra"]
[features]
extra = []
[build-dependencies]
helper = "0.3"
//- /build/main.rs
mod parts;
fn main() {
    helper::help();
    println!("cargo::rustc-link-arg-bins=-Wl,-z,now");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,now");
    println!("cargo::rustc-cfg=made");
    println!("cargo::rustc-check-cfg=cfg(made)");
    let out = std::env::var("OUT_DIR").unwrap() + "/made.rs";
    std::fs::write(out, parts::text()).unwrap();
}
//- /build/parts.rs
pub fn text() -> &'static str { "pub const TEXT: &str = \"made by parts\";" }
//- /src/lib.rs
#[cfg(made)]
include!(concat!(env!("OUT_DIR"), "/made.rs"));
//- /src/main.rs
fn main() { println!("{}", app::TEXT); }
//- /src/extra.rs
compile_error!("its feature is off");
"#,
        DEV,
    );
}

/// 50: a program of a local and one of a foreign package as dependencies, which is unstable.
#[test]
fn artifacts() {
    let cycle = cycle_in(
        Sandbox::nightly(),
        "",
        "",
        r#"
//- /.cargo/config.toml
[unstable]
bindeps = true
//- /Cargo.toml
cargo-features = []
[workspace]
members = ["app", "tool"]
resolver = "2"
//- /app/Cargo.toml of app
[dependencies]
one = "1"
[build-dependencies]
tool = { path = "../tool", artifact = "bin" }
//- /app/build.rs
fn main() {
    let tool = std::process::Command::new(std::env::var_os("CARGO_BIN_FILE_TOOL_tool").unwrap()).output().unwrap();
    println!("cargo::rustc-env=SAID={}", String::from_utf8(tool.stdout).unwrap().trim());
}
//- /app/src/main.rs
fn main() { println!("{}, {}", env!("SAID"), one::one()); }
//- /tool/Cargo.toml of tool
[dependencies]
two = "2"
//- /tool/src/main.rs
fn main() { println!("tool says {}", two::two()); }
"#,
        "build: { package: app, profile: dev }",
        RecipeFor::Build,
    );
    assert_eq!(cycle.recompiled, [""; 0]);
    // Both are programs that cargo made.
    assert_eq!(cycle.output, "tool says two, one\ntool says two\n");
}

/// 51: keys that Cargo does not know yet pass through with a warning.
#[test]
fn unknown_keys() {
    check(
        "one",
        "one",
        r#"
//- /Cargo.toml of app
brand-new = { key = 1 }
[dependencies]
one = { version = "1", brand-new = true }
[brand-new]
table = [1]
[profile.dev]
brand-new = 1
//- /src/main.rs
fn main() { println!("{}", one::one()); }
"#,
        DEV,
    );
}

/// 102: line ends of Windows and a mark of the byte order, in all that Cargo reads.
#[test]
fn windows_files() {
    let fixture = r#"
//- /Cargo.toml of app
[dependencies]
one = "1"
//- /.cargo/config.toml
[build]
rustflags = ["--cfg", "windows_files"]
//- /src/main.rs
fn main() { println!("{} {}", one::one(), cfg!(windows_files)); }
"#;
    let sandbox = Sandbox::new();
    let files = files(fixture).into_iter();
    let files = files.map(|(path, text)| (path, format!("\u{feff}{}", text.replace('\n', "\r\n"))));
    let cycle = cycle_of(sandbox, "", "", &files.collect(), DEV, RecipeFor::Build);
    assert_eq!(
        (cycle.recompiled, cycle.output.as_str()),
        (vec![], "one true\n")
    );
}

/// 14, 52: below a root package with the resolver 1, its features and those of its tests count in all that is built
/// from its directory.
#[test]
fn features_of_the_root_package() {
    check(
        "build-script-build helper one two",
        "one+extra",
        r#"
//- /Cargo.toml of top
[workspace]
members = ["tool", "lib"]
resolver = "1"
[features]
default = ["lib/loud"]
[dependencies]
lib = { path = "lib" }
[dev-dependencies]
one = { version = "1", features = ["more"] }
//- /src/lib.rs
compile_error!("it is not built");
//- /lib/Cargo.toml of lib
[features]
loud = ["one/extra"]
[dependencies]
one = "1"
//- /lib/src/lib.rs
//- /tool/Cargo.toml of tool
[dependencies]
one = "1"
//- /tool/src/main.rs
fn main() { println!("{}", one::one()); }
"#,
        "build: { package: tool, profile: dev }",
    );
}
