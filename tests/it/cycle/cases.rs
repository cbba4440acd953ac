//! The cases of the cycle; a number is that of the checklist of dependency-only builds.

use super::*;

/// 1, 34, 104: a single binary whose real version is that of the mask.
#[test]
fn single_binary() {
    check(
        "one",
        "real one",
        r#"
//- /Cargo.toml
[package]
name = "app"
version = "0.0.0"
edition = "2021"
[dependencies]
one = "1"
//- /src/main.rs
fn main() { println!("real {}", one::one()); }
"#,
        DEV,
    );
}

/// 5, 7, 13, 24, 61, 62, 72, 104: library, binary, procedural macro, build scripts with `links`, all local, and
/// external crates for each.
#[test]
fn every_kind() {
    check(
        "build-script-build helper maker one two",
        "made two one linked-value generated",
        r#"
//- /Cargo.toml
[workspace]
members = ["crates/*"]
resolver = "2"
//- /crates/my-app/Cargo.toml
[package]
name = "my-app"
version = "1.2.3"
edition = "2021"
[dependencies]
my-macros = { path = "../my-macros", version = "0.3" }
my-lib = { path = "../my-lib", version = "=2.0.1" }
//- /crates/my-app/src/main.rs
fn main() { println!("{} {} {}", my_macros::local!(), my_lib::text(), env!("GENERATED")); }
//- /crates/my-app/build.rs
fn main() {
    println!("cargo:rustc-env=GENERATED={} generated", std::env::var("DEP_ZED_VALUE").unwrap());
}
//- /crates/my-macros/Cargo.toml
[package]
name = "my-macros"
version = "0.3.9"
edition = "2021"
[lib]
proc-macro = true
[dependencies]
maker = "1"
//- /crates/my-macros/src/lib.rs
#[proc_macro]
pub fn local(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    format!("{:?}", maker::made!()).parse().unwrap()
}
//- /crates/my-lib/Cargo.toml
[package]
name = "my-lib"
version = "2.0.1"
edition = "2021"
links = "zed"
build = "script/build.rs"
[lib]
name = "my_lib"
path = "code/lib.rs"
crate-type = ["rlib", "cdylib"]
[dependencies]
two = "2"
one = "1"
[build-dependencies]
helper = "0.3"
//- /crates/my-lib/code/lib.rs
pub fn text() -> String { format!("{} {}", two::two(), one::one()) }
//- /crates/my-lib/script/build.rs
fn main() { helper::help(); println!("cargo:value=linked-value"); }
"#,
        DEV,
    );
}

/// 17, 38, 56, 58: members that are not wanted, and the features they switch on, do not take part.
#[test]
fn only_the_closure() {
    check(
        "one",
        "one",
        r#"
//- /Cargo.toml
[workspace]
members = ["a", "b"]
resolver = "2"
//- /a/Cargo.toml of a
[dependencies]
one = "1"
//- /a/src/main.rs
fn main() { println!("{}", one::one()); }
//- /b/Cargo.toml of b
[dependencies]
one = { version = "1", features = ["extra", "more"] }
[dev-dependencies]
tester = "0.5"
//- /b/src/main.rs
fn main() {}
"#,
        "build: { package: a, profile: dev }",
    );
}

/// 52: the resolver 1 unifies features of dev-dependencies with those of the build.
#[test]
fn resolver_one() {
    check(
        "one",
        "one+extra",
        r#"
//- /Cargo.toml
[package]
name = "app"
version = "0.1.0"
edition = "2018"
[dependencies]
one = "1"
[dev-dependencies]
tester = "0.5"
//- /src/main.rs
fn main() { println!("{}", one::one()); }
"#,
        DEV,
    );
}

/// 52: with the resolver 2 it does not.
#[test]
fn resolver_two() {
    check(
        "one",
        "one",
        r#"
//- /Cargo.toml of app
[dependencies]
one = "1"
[dev-dependencies]
tester = "0.5"
//- /src/main.rs
fn main() { println!("{}", one::one()); }
"#,
        DEV,
    );
}

/// 42, 43: features, optional dependencies, required features, no default features.
#[test]
fn features() {
    check(
        "build-script-build helper one two",
        "one+extra two",
        r#"
//- /Cargo.toml of app
[[bin]]
name = "tool"
path = "src/tool.rs"
required-features = ["full"]
[[bin]]
name = "other"
path = "src/other.rs"
[dependencies]
one = { version = "1", optional = true }
two = { version = "2", optional = true }
app-util = { version = "0.1", optional = true }
[dev-dependencies]
tester = "0.5"
[features]
default = ["dep:app-util"]
full = ["one?/extra", "dep:one", "two", "tester/more"]
//- /src/tool.rs
fn main() { println!("{} {}", one::one(), two::two()); }
//- /src/other.rs
fn main() {}
"#,
        "build: { bin: tool, features: [full], default-features: false, profile: dev }",
    );
}

/// 14: a member is built below a root package, with the resolver 1 and its rule about features.
#[test]
fn member_below_a_root_package() {
    check(
        "one",
        "one+extra",
        r#"
//- /Cargo.toml
[package]
name = "top"
version = "0.1.0"
[workspace]
members = ["tool"]
[dependencies]
two = "2"
//- /src/lib.rs
//- /tool/Cargo.toml of tool
[dependencies]
one = "1"
[features]
extra = ["one/extra"]
//- /tool/src/main.rs
fn main() { println!("{}", one::one()); }
"#,
        "build: { package: tool, features: [extra], profile: dev }",
    );
}

/// 25, 26: a local crate has the name of an external crate that is compiled, too; another is a prefix.
#[test]
fn names_like_those_from_outside() {
    check(
        "app_util twin uses_twin",
        "util, local twin, twin of the registry",
        r#"
//- /Cargo.toml
[workspace]
members = ["app", "twin"]
resolver = "2"
//- /app/Cargo.toml of app
[dependencies]
app-util = "0.1"
twin = { path = "../twin" }
uses-twin = "1"
//- /app/src/main.rs
fn main() { println!("{}, {}, {}", app_util::util(), twin::twin(), uses_twin::uses_twin()); }
//- /twin/Cargo.toml
[package]
name = "twin"
version = "0.0.0"
edition = "2021"
//- /twin/src/lib.rs
pub fn twin() -> &'static str { "local twin" }
"#,
        "build: { package: app, profile: dev }",
    );
}

/// 32, 33, 44: an external crate depends on a patched local crate: that has its real sources from the start.
#[test]
fn patched_for_crates_from_outside() {
    check(
        "uses_twin",
        "patched one 1.9.0",
        r#"
//- /Cargo.toml of app
[dependencies]
uses-twin = "1"
[patch.crates-io]
twin = { path = "vendor/twin" }
[workspace]
[workspace.package]
description = "shared"
//- /src/main.rs
fn main() { println!("{}", uses_twin::uses_twin()); }
//- /vendor/twin/Cargo.toml
[package]
name = "twin"
version = "1.9.0"
edition = "2021"
authors = ["me"]
[dependencies]
inner = { path = "../inner" }
[lints.rust]
unused = "deny"
//- /vendor/twin/src/lib.rs
pub fn twin() -> &'static str { inner::TEXT }
//- /vendor/inner/Cargo.toml
[package]
name = "inner"
version = "0.4.0"
edition = "2021"
//- /vendor/inner/src/lib.rs
pub const TEXT: &str = "patched one 1.9.0";
"#,
        DEV,
    );
}

/// 44: a patched crate that both an external crate and the program use is real from the start, and compiled once.
#[test]
fn patched_for_all() {
    check(
        "uses_twin",
        "patched patched",
        r#"
//- /Cargo.toml of app
[dependencies]
twin = "1"
uses-twin = "1"
[patch.crates-io]
twin = { path = "vendor/twin" }
//- /src/main.rs
fn main() { println!("{} {}", twin::twin(), uses_twin::uses_twin()); }
//- /vendor/twin/Cargo.toml
[package]
name = "twin"
version = "1.9.0"
edition = "2021"
default-run = "more"
//- /vendor/twin/src/lib.rs
pub fn twin() -> &'static str { "patched" }
//- /vendor/twin/src/bin/more.rs
fn main() {}
"#,
        DEV,
    );
}

/// 44: a patched crate that only local crates use has a stub like any other.
#[test]
fn patched_for_local_crates() {
    check(
        "one",
        "patched twin one 1.9.0",
        r#"
//- /Cargo.toml of app
[dependencies]
twin = "1.1"
one = "1"
[patch.crates-io]
twin = { path = "vendor/twin" }
two = { path = "vendor/two" }
//- /src/main.rs
fn main() { println!("{} {} {}", twin::twin(), one::one(), twin::VERSION); }
//- /vendor/twin/Cargo.toml
[package]
name = "twin"
version = "1.9.0"
edition = "2021"
//- /vendor/twin/src/lib.rs
pub fn twin() -> &'static str { "patched twin" }
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
//- /vendor/two/Cargo.toml
[package]
name = "two"
version = "2.9.0"
//- /vendor/two/src/lib.rs
"#,
        DEV,
    );
}

/// 53, 69: a custom profile with LTO and overrides; the real version is in the program.
#[test]
fn profiles() {
    check(
        "build-script-build helper one two",
        "4.5.6 two",
        r#"
//- /Cargo.toml
[package]
name = "app"
version = "4.5.6"
edition = "2021"
[dependencies]
one = "1"
two = "2"
[profile.release]
lto = "thin"
[profile.small]
inherits = "release"
opt-level = "z"
panic = "abort"
strip = true
[profile.small.package.one]
opt-level = 1
[profile.small.package."app@4.5.6"]
opt-level = 0
[profile.small.build-override]
opt-level = 1
//- /src/main.rs
fn main() { println!("{} {}", env!("CARGO_PKG_VERSION"), two::two()); }
"#,
        "build: { profile: small }",
    );
}

/// 18, 19, 23: path dependencies that are not members: excluded ones and ones of another workspace.
#[test]
fn local_packages_that_are_no_members() {
    let cycle = cycle_at(
        "app",
        "app",
        r#"
//- /app/Cargo.toml of app
[workspace]
exclude = ["out"]
[dependencies]
shared = { path = "../libs/shared" }
out = { path = "out" }
//- /app/src/main.rs
fn main() { println!("{} {}", shared::TEXT, out::TEXT); }
//- /app/out/Cargo.toml
[package]
name = "out"
version = "0.1.0"
[dependencies]
gone = { path = "../gone", optional = true }
[dev-dependencies]
nowhere = "1"
//- /app/out/src/lib.rs
pub const TEXT: &'static str = "out";
//- /libs/Cargo.toml
[workspace]
members = ["shared"]
[workspace.package]
version = "3.0.0"
[workspace.dependencies]
one = { version = "1" }
//- /libs/shared/Cargo.toml
[package]
name = "shared"
version.workspace = true
[dependencies]
one.workspace = true
//- /libs/shared/src/lib.rs
pub const TEXT: &'static str = "shared";
"#,
        "build: { package: app, profile: dev }",
    );
    assert_eq!(cycle.recompiled, [""; 0]);
    assert_eq!(cycle.output, "shared out\n");
}

/// 37, 38, 73: lints and configuration with flags that stubs have to stand.
#[test]
fn strict_flags() {
    check(
        "one",
        "one",
        r#"
//- /.cargo/config.toml
[build]
rustflags = ["-Dwarnings", "-Dmissing-docs", "-Funsafe-code", "-Dunused-crate-dependencies"]
target-dir = "elsewhere"
[alias]
x = "run"
//- /Cargo.toml of app
[dependencies]
one = "1"
[lints.rust]
missing_docs = "forbid"
[lints.clippy]
pedantic = "deny"
//- /src/main.rs
//! Documented.
fn main() { println!("{}", one::one()); }
"#,
        DEV,
    );
}

/// 106, 107: nothing from outside; a local crate as dependency and build dependency.
#[test]
fn nothing_from_outside() {
    check(
        "",
        "both",
        r#"
//- /Cargo.toml of app
[dependencies]
both = { path = "both" }
[build-dependencies]
both = { path = "both" }
//- /src/main.rs
fn main() { println!("{}", both::TEXT); }
//- /build.rs
fn main() { assert_eq!(both::TEXT, "both"); }
//- /both/Cargo.toml
[package]
name = "both"
version = "0.1.0"
//- /both/src/lib.rs
pub const TEXT: &'static str = "both";
"#,
        "build: { package: app, profile: dev }",
    );
}

/// Two versions of one crate.
#[test]
fn two_versions() {
    check(
        "one",
        "one, old one",
        r#"
//- /Cargo.toml of app
[dependencies]
one = "1"
old = { package = "one", version = "0.9" }
//- /src/main.rs
fn main() { println!("{}, {}", one::one(), old::one()); }
"#,
        DEV,
    );
}

/// 12: library and binary with one file; a binary outside of `src`.
#[test]
fn shared_file() {
    check(
        "one",
        "shared one",
        r#"
//- /Cargo.toml of app
[lib]
path = "all.rs"
[[bin]]
name = "app"
path = "all.rs"
[dependencies]
one = "1"
//- /all.rs
pub fn main() { println!("shared {}", one::one()); }
"#,
        DEV,
    );
}

/// 9, 10, 11, 40: tests with the dev-dependencies, with and without harness, benches, examples.
#[test]
fn tests_and_benches() {
    let cycle = test_cycle(
        r#"
//- /Cargo.toml of app
[dependencies]
one = "1"
[dev-dependencies]
tester = "0.5"
two = "2"
[[test]]
name = "own"
harness = false
[[bench]]
name = "speed"
harness = false
[[example]]
name = "plugin"
crate-type = ["cdylib"]
[lib]
name = "applib"
//- /src/lib.rs
pub fn text() -> &'static str { one::one() }
#[test]
fn unit() { assert_eq!(tester::tester(), "one+extra"); }
//- /src/main.rs
fn main() { println!("{}", applib::text()); }
//- /tests/own.rs
fn main() { assert_eq!(two::two(), "two"); }
//- /tests/plain.rs
#[test]
fn plain() { assert_eq!(applib::text(), "one+extra"); }
//- /benches/speed.rs
fn main() {}
//- /examples/plugin.rs
//- /examples/show.rs
fn main() { println!("{}", two::two()); }
"#,
    );
    let names: Vec<&str> = cycle.externals.iter().map(String::as_str).collect();
    assert_eq!(
        names,
        ["build-script-build", "helper", "one", "tester", "two"]
    );
    assert_eq!(cycle.recompiled, [""; 0]);
}

/// 37, 55, 58: with `--locked` a skeleton of less than the workspace does not even resolve: the lock names what
/// other members' features bring. So the skeleton is built without it, and only the real project with it.
#[test]
fn the_skeleton_is_not_locked() {
    let error = locked_skeleton(
        r#"
//- /Cargo.toml
[workspace]
members = ["a", "b"]
resolver = "2"
//- /a/Cargo.toml of a
[dependencies]
one = "1"
//- /a/src/main.rs
fn main() {}
//- /b/Cargo.toml of b
[dependencies]
one = { version = "1", features = ["more"] }
//- /b/src/lib.rs
"#,
        "build: { package: a, profile: dev }",
    );
    assert!(error.contains("--locked"), "{error}");
}

/// 25: the package that is built has the name of an external one, and a real version like the mask.
#[test]
fn own_name_taken() {
    check(
        "twin uses_twin",
        "mine and twin of the registry",
        r#"
//- /Cargo.toml
[package]
name = "twin"
version = "0.0.0"
edition = "2021"
[dependencies]
uses-twin = "1"
//- /src/main.rs
fn main() { println!("mine and {}", uses_twin::uses_twin()); }
"#,
        DEV,
    );
}

/// 45, 46: git dependencies by a branch, a tag and a commit: two crates of one repository that is a workspace, of which
/// one reads a file of its root.
#[test]
fn git_dependencies() {
    check_with_git(
        "git_a git_b",
        "git b of the commit; git a, git b of the tag",
        r#"
//- /Cargo.toml
[workspace]
members = ["a", "b"]
[workspace.package]
version = "0.7.0"
edition = "2021"
//- /a/Cargo.toml
[package]
name = "git-a"
version.workspace = true
edition.workspace = true
[dependencies]
git-b = { path = "../b" }
//- /a/src/lib.rs
pub fn a() -> String { format!("git a, {}", git_b::TEXT.trim()) }
//- /b/Cargo.toml
[package]
name = "git-b"
version.workspace = true
edition.workspace = true
//- /b/src/lib.rs
pub const TEXT: &str = include_str!("../../text");
//- /text
git b"#,
        r#"
//- /Cargo.toml
[workspace]
members = ["app", "other"]
resolver = "2"
//- /app/Cargo.toml of app
[dependencies]
git-a = { git = "GIT", tag = "v1", version = "0.7" }
git-b = { git = "GIT", rev = "COMMIT" }
//- /app/src/main.rs
fn main() { println!("{} of the commit; {} of the tag", git_b::TEXT.trim(), git_a::a()); }
//- /other/Cargo.toml
[package]
name = "other"
version = "0.1.0"
[dependencies]
git-b = { git = "GIT", branch = "main" }
one = "1"
//- /other/src/lib.rs
"#,
        "build: { package: app, profile: dev }",
    );
}

/// 22, 48: vendored sources in the project: they are real from the start.
#[test]
fn vendored_sources() {
    check(
        "leaf",
        "vendored leaf",
        r#"
//- /.cargo/config.toml
[source.crates-io]
replace-with = "vendored-sources"
[source.vendored-sources]
directory = "third party/vendor"
//- /third party/vendor/leaf/Cargo.toml
[package]
name = "leaf"
version = "1.0.0"
//- /third party/vendor/leaf/.cargo-checksum.json
{"files":{},"package":null}
//- /third party/vendor/leaf/src/lib.rs
pub fn leaf() -> &'static str { "vendored leaf" }
//- /Cargo.toml of app
[dependencies]
leaf = "1"
//- /src/main.rs
fn main() { println!("{}", leaf::leaf()); }
"#,
        DEV,
    );
}

/// 6, 53: fat LTO with a library that is linked in several ways.
#[test]
fn fat_lto() {
    check(
        "one",
        "one",
        r#"
//- /Cargo.toml of app
[lib]
crate-type = ["cdylib", "staticlib", "rlib"]
[dependencies]
one = "1"
[profile.release]
lto = "fat"
//- /src/lib.rs
pub fn text() -> &'static str { one::one() }
//- /src/main.rs
fn main() { println!("{}", app::text()); }
"#,
        "# nothing\n",
    );
}

/// 60: a README and a licence of the workspace are where Cargo says, seen from each package.
#[test]
fn inherited_files() {
    check(
        "",
        "../../README.txt ../../legal/LICENSE 7 8",
        r#"
//- /Cargo.toml
[workspace]
members = ["parts/app"]
resolver = "2"
[workspace.package]
license-file = "legal/LICENSE"
//- /README.txt
Readme
//- /legal/LICENSE
Licence
//- /parts/app/Cargo.toml of app
readme.workspace = true
license-file.workspace = true
//- /parts/app/src/main.rs
fn main() {
    let readme = include_str!(concat!("../", env!("CARGO_PKG_README")));
    let licence = include_str!(concat!("../", env!("CARGO_PKG_LICENSE_FILE")));
    println!("{} {} {} {}", env!("CARGO_PKG_README"), env!("CARGO_PKG_LICENSE_FILE"), readme.len(), licence.len());
}
"#,
        DEV,
    );
}
