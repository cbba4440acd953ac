//! Cases of the cycle about where crates and settings come from; a number is that of the checklist of dependency-only
//! builds.

use super::*;

/// 44: a patch in Cargo's configuration, whose paths begin beside `.cargo`.
#[test]
fn patched_by_the_configuration() {
    let cycle = cycle_at(
        "app",
        "app",
        r#"
//- /.cargo/config.toml
[patch.crates-io]
twin = { path = "forks/twin" }
two = { path = "forks/two" }
//- /app/Cargo.toml of app
[dependencies]
uses-twin = "1"
//- /app/src/main.rs
fn main() { println!("{}", uses_twin::uses_twin()); }
//- /forks/twin/Cargo.toml
[package]
name = "twin"
version = "1.9.0"
//- /forks/twin/src/lib.rs
pub fn twin() -> &'static str { "patched by the configuration" }
//- /forks/two/Cargo.toml
[package]
name = "two"
version = "2.9.0"
//- /forks/two/src/lib.rs
"#,
        DEV,
    );
    cycle.check("uses_twin", "patched by the configuration");
}

/// 44: a patch of a repository's crate, by the repository's address.
#[test]
fn patched_by_the_address_of_a_repository() {
    check_with_git(
        "git_a",
        "git a, patched b",
        r#"
//- /a/Cargo.toml of git-a
[dependencies]
git-b = { path = "../b" }
//- /a/src/lib.rs
pub fn a() -> String { format!("git a, {}", git_b::TEXT) }
//- /b/Cargo.toml of git-b
//- /b/src/lib.rs
pub const TEXT: &str = "git b";
"#,
        r#"
//- /Cargo.toml of app
[dependencies]
git-a = { git = "GIT", branch = "main" }
[patch."GIT"]
git-b = { path = "vendor/git-b" }
//- /src/main.rs
fn main() { println!("{}", git_a::a()); }
//- /vendor/git-b/Cargo.toml of git-b
//- /vendor/git-b/src/lib.rs
pub const TEXT: &str = "patched b";
"#,
        DEV,
    );
}

/// 44: `[replace]`, which was there before patches.
#[test]
fn replaced() {
    check(
        "uses_twin",
        "replaced, replaced",
        r#"
//- /Cargo.toml of app
[dependencies]
twin = "1"
uses-twin = "1"
[replace]
"twin:1.2.0" = { path = "vendor/twin" }
//- /src/main.rs
fn main() { println!("{}, {}", twin::twin(), uses_twin::uses_twin()); }
//- /vendor/twin/Cargo.toml
[package]
name = "twin"
version = "1.2.0"
//- /vendor/twin/src/lib.rs
pub fn twin() -> &'static str { "replaced" }
"#,
        DEV,
    );
}

/// 44, 47, 48: a registry besides crates.io, of whose crates one is patched, by its name; a mirror in the place of
/// crates.io. Both have what the sandbox has.
#[test]
fn patched_by_the_name_of_a_registry() {
    check(
        "one twin uses_twin",
        "patched twin, twin of the registry, one",
        r#"
//- /.cargo/config.toml
[registries.own]
index = "sparse+https://own.invalid/index/"
[source.own]
registry = "sparse+https://own.invalid/index/"
replace-with = "test"
[source.crates-io]
replace-with = "mirror"
[source.mirror]
registry = "sparse+https://mirror.invalid/index/"
replace-with = "test"
//- /Cargo.toml of app
[dependencies]
twin = { version = "1", registry = "own" }
one = { version = "1", registry = "own" }
uses-twin = "1"
[patch.own]
twin = { path = "twin" }
//- /src/main.rs
fn main() { println!("{}, {}, {}", twin::twin(), uses_twin::uses_twin(), one::one()); }
//- /twin/Cargo.toml
[package]
name = "twin"
version = "1.9.0"
//- /twin/src/lib.rs
pub fn twin() -> &'static str { "patched twin" }
"#,
        DEV,
    );
}

/// 48: a registry of archives in the project.
#[test]
fn local_registry() {
    let sandbox = Sandbox::new();
    let leaf = r#"
//- /Cargo.toml
[package]
name = "leaf"
version = "1.0.0"
//- /src/lib.rs
pub fn leaf() -> &'static str { "leaf of an archive" }
"#;
    let (archive, checksum) = sandbox.pack("leaf-1.0.0", &files(leaf));
    let fixture = r#"
//- /.cargo/config.toml
[source.crates-io]
replace-with = "archives"
[source.archives]
local-registry = "third party"
//- /third party/index/le/af/leaf
{"name":"leaf","vers":"1.0.0","deps":[],"cksum":"CHECKSUM","features":{},"yanked":false}
//- /Cargo.toml of app
[dependencies]
leaf = "1"
//- /src/main.rs
fn main() { println!("{}", leaf::leaf()); }
"#;
    let mut files = files(&fixture.replace("CHECKSUM", &checksum));
    files.insert("third party/leaf-1.0.0.crate".into(), archive);
    let cycle = cycle_of(sandbox, "", "", &files, DEV, RecipeFor::Build);
    assert_eq!(
        (cycle.recompiled, cycle.output.as_str()),
        (vec![], "leaf of an archive\n")
    );
}

/// 53: the spec's variables change a profile, in both steps; symbols are in files of their own.
#[test]
fn profile_in_variables() {
    check(
        "one",
        "level z, one",
        r#"
//- /Cargo.toml of app
[dependencies]
one = "1"
[profile.release]
debug = "line-tables-only"
split-debuginfo = "unpacked"
//- /build.rs
fn main() { println!("cargo::rustc-env=LEVEL={}", std::env::var("OPT_LEVEL").unwrap()); }
//- /src/main.rs
fn main() { println!("level {}, {}", env!("LEVEL"), one::one()); }
"#,
        "build: { env: { CARGO_PROFILE_RELEASE_LTO: thin, CARGO_PROFILE_RELEASE_OPT_LEVEL: z } }",
    );
}
