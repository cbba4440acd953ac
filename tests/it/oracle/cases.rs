//! The cases of the oracle; a number is that of the checklist of dependency-only builds.

use super::*;

/// 1: a single package with an explicit binary.
#[test]
fn explicit_bin() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[[bin]]
name = "app"
path = "src/main.rs"
//- /src/main.rs
"#,
    );
}

/// 2, 3: discovered binaries, directory binaries, a mix with declared ones.
#[test]
fn discovered_bins() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[package]
name = "my-app"
version = "0.1.0"
edition = "2021"
default-run = "z"
[[bin]]
name = "named"
path = "src/bin/other.rs"
required-features = ["f"]
[[bin]]
name = "declared"
[features]
f = []
//- /src/main.rs
//- /src/lib.rs
//- /src/bin/z.rs
//- /src/bin/a.rs
//- /src/bin/other.rs
//- /src/bin/declared.rs
//- /src/bin/dir/main.rs
//- /src/bin/dir/more.rs
//- /src/bin/nothing/more.rs
//- /src/bin/.hidden.rs
//- /src/bin/notes.txt
"#,
    );
}

/// 4, 5, 6: paths outside of src, library with a name and path, crate types.
#[test]
fn custom_paths() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[package]
name = "shapes"
version = "0.1.0"
edition = "2018"
[workspace]
members = ["dynamic"]
[lib]
name = "shapes_core"
path = "./code/../code/core.rs"
crate-type = ["cdylib", "rlib", "staticlib"]
[[bin]]
name = "tool"
path = "tools/tool.rs"
//- /code/core.rs
//- /tools/tool.rs
//- /src/main.rs
//- /dynamic/Cargo.toml of dynamic
[lib]
crate-type = ["dylib", "rlib"]
//- /dynamic/src/lib.rs
"#,
    );
}

/// 7: all spellings of a procedural macro.
#[test]
fn proc_macros() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[workspace]
members = ["a", "b", "c", "d"]
//- /d/Cargo.toml
[package]
name = "d"
version = "0.1.0"
[lib]
proc-macro = true
crate-type = ["rlib"]
//- /d/src/lib.rs
//- /a/Cargo.toml
[package]
name = "a"
version = "0.1.0"
[lib]
proc-macro = true
//- /a/src/lib.rs
//- /b/Cargo.toml
[package]
name = "b"
version = "0.1.0"
[lib]
proc_macro = true
//- /b/src/lib.rs
//- /c/Cargo.toml
[package]
name = "c"
version = "0.1.0"
[lib]
crate-type = ["proc-macro"]
//- /c/src/lib.rs
"#,
    );
}

/// 8: discovery switched off.
#[test]
fn no_discovery() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[package]
name = "quiet"
version = "0.1.0"
edition = "2024"
autolib = false
autobins = false
autotests = false
autoexamples = false
autobenches = false
[[bin]]
name = "kept"
path = "src/bin/kept.rs"
[[test]]
name = "t"
path = "tests/t.rs"
//- /src/lib.rs
//- /src/main.rs
//- /src/bin/kept.rs
//- /src/bin/lost.rs
//- /tests/t.rs
//- /tests/u.rs
//- /examples/e.rs
//- /benches/b.rs
"#,
    );
}

/// 9, 10, 11, 12: tests, benches, examples, directories of them, two targets with one file.
#[test]
fn tests_benches_examples() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[package]
name = "all"
version = "0.1.0"
edition = "2021"
[[test]]
name = "plain"
harness = false
[[bench]]
name = "speed"
harness = false
path = "benches/deep/speed.rs"
[[example]]
name = "plugin"
crate-type = ["cdylib", "staticlib"]
required-features = ["x"]
[[example]]
name = "twice"
path = "examples/plugin.rs"
[features]
x = []
//- /src/lib.rs
//- /tests/plain.rs
//- /tests/auto.rs
//- /tests/dir/main.rs
//- /tests/common/mod.rs
//- /benches/deep/speed.rs
//- /benches/other.rs
//- /examples/plugin.rs
//- /examples/auto.rs
//- /examples/big/main.rs
"#,
    );
}

/// 2: what the edition 2015 does with declared targets, and old places of files.
#[test]
fn edition_2015() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[workspace]
members = ["declared", "legacy-bin", "legacy_lib", "bench"]
//- /declared/Cargo.toml
[package]
name = "declared"
version = "0.1.0"
[[bin]]
name = "one"
//- /declared/src/lib.rs
//- /declared/src/bin/one.rs
//- /declared/src/bin/two.rs
//- /legacy-bin/Cargo.toml
[package]
name = "legacy-bin"
version = "0.1.0"
[[bin]]
name = "odd"
[[bin]]
name = "main-ish"
//- /legacy-bin/src/odd.rs
//- /legacy-bin/src/bin/main.rs
//- /legacy_lib/Cargo.toml
[package]
name = "legacy_lib"
version = "0.1.0"
[lib]
//- /legacy_lib/src/legacy_lib.rs
//- /bench/Cargo.toml
[package]
name = "bench"
version = "0.1.0"
[[bench]]
name = "bench"
//- /bench/src/lib.rs
//- /bench/src/bench.rs
"#,
    );
}

/// 14, 15, 16, 17: virtual workspace, patterns, nested ones, look-alikes, exclusion, default members.
#[test]
fn virtual_workspace() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[workspace]
members = ["crates/*", "nested/*/lib", "vendored/x", "ro?t"]
exclude = ["crates/not"]
default-members = ["crates/a", "crates/not"]
resolver = "2"
//- /crates/a/Cargo.toml
[package]
name = "a"
version = "0.1.0"
//- /crates/a/src/main.rs
//- /crates/b/Cargo.toml
[package]
name = "b"
version = "0.1.0"
//- /crates/b/src/lib.rs
//- /crates/README.md
//- /crates/not/Cargo.toml
[package]
name = "not"
version = "0.1.0"
//- /crates/not/src/lib.rs
//- /crates-unused/z/Cargo.toml
[package]
name = "z"
version = "0.1.0"
//- /crates-unused/z/src/lib.rs
//- /nested/one/lib/Cargo.toml
[package]
name = "n1"
version = "0.1.0"
//- /nested/one/lib/src/lib.rs
//- /vendored/x/Cargo.toml
[package]
name = "x"
version = "0.1.0"
//- /vendored/x/src/lib.rs
//- /root/Cargo.toml
[package]
name = "root"
version = "0.1.0"
//- /root/src/lib.rs
//- /templates/broken/Cargo.toml
[package
"#,
    );
}

/// 14, 18: root package with members; path dependencies become members, excluded ones do not.
#[test]
fn root_package_and_path_dependencies() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[package]
name = "top"
version = "0.1.0"
edition = "2021"
[workspace]
members = ["listed"]
exclude = ["out"]
[dependencies]
auto = { path = "auto" }
out = { path = "out" }
[dev-dependencies]
test-help = { path = "support/test-help" }
[target.'cfg(windows)'.build-dependencies]
win = { path = "win", optional = true }
//- /src/main.rs
//- /listed/Cargo.toml
[package]
name = "listed"
version = "0.1.0"
//- /listed/src/lib.rs
//- /auto/Cargo.toml
[package]
name = "auto"
version = "0.1.0"
[dependencies]
deeper = { path = "../deeper" }
//- /auto/src/lib.rs
//- /deeper/Cargo.toml
[package]
name = "deeper"
version = "0.1.0"
//- /deeper/src/lib.rs
//- /out/Cargo.toml
[package]
name = "out"
version = "0.1.0"
[dependencies]
[dev-dependencies]
gone = { path = "../gone" }
//- /out/src/lib.rs
//- /support/test-help/Cargo.toml
[package]
name = "test-help"
version = "0.1.0"
//- /support/test-help/src/lib.rs
//- /win/Cargo.toml
[package]
name = "win"
version = "0.1.0"
//- /win/src/lib.rs
"#,
    );
}

/// 19: a path dependency outside of the root, in another workspace that it inherits from.
#[test]
fn other_workspace() {
    check(
        "app",
        "app",
        r#"
//- /app/Cargo.toml
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
shared = { path = "../libs/shared" }
//- /app/src/main.rs
//- /libs/Cargo.toml
[workspace]
members = ["shared"]
[workspace.package]
version = "3.0.0"
[workspace.dependencies]
inner = { path = "inner" }
//- /libs/shared/Cargo.toml
[package]
name = "shared"
version.workspace = true
[dependencies]
inner.workspace = true
//- /libs/shared/src/lib.rs
//- /libs/inner/Cargo.toml
[package]
name = "inner"
version = "0.1.0"
//- /libs/inner/src/lib.rs
"#,
    );
}

/// 20: the manifest in a subdirectory, the root above it.
#[test]
fn from_a_member() {
    check(
        "backend/api",
        "backend",
        r#"
//- /backend/Cargo.toml
[workspace]
members = ["api", "core"]
[workspace.package]
edition = "2021"
version = "1.2.3"
authors = ["A <a@example.org>", "B"]
description = "does things"
license = "MIT"
rust-version = "1.70"
//- /backend/api/Cargo.toml
[package]
name = "api"
version.workspace = true
edition.workspace = true
authors.workspace = true
description = { workspace = true }
license.workspace = true
rust-version.workspace = true
//- /backend/api/src/main.rs
//- /backend/core/Cargo.toml
[package]
name = "core-lib"
version = "0.1.0"
//- /backend/core/src/lib.rs
//- /Cargo.toml
[workspace]
exclude = ["backend"]
"#,
    );
}

/// 23: a member that points to its workspace, outside of the root's directory.
#[test]
fn pointer_to_the_root() {
    check(
        "ws",
        "ws",
        r#"
//- /ws/Cargo.toml
[workspace]
members = ["../other/member", "in"]
//- /ws/in/Cargo.toml
[package]
name = "inside"
version = "0.1.0"
//- /ws/in/src/lib.rs
//- /other/member/Cargo.toml
[package]
name = "member"
version = "0.1.0"
workspace = "../../ws"
//- /other/member/src/main.rs
"#,
    );
}

/// 24, 35, 36, 42: inheritance of dependencies, renaming, optional ones, implicit features.
#[test]
fn dependencies() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[workspace]
members = ["a", "my-lib", "modern"]
[workspace.dependencies]
my-lib = { path = "my-lib", version = "0.1" }
one = { version = "1", default-features = false, features = ["extra"] }
alias = { package = "two", version = "2" }
unused = { package = "helper", version = "0.3" }
//- /a/Cargo.toml
[package]
name = "a"
version = "0.1.0"
edition = "2021"
[dependencies]
my-lib = { workspace = true, features = ["f"] }
one = { workspace = true, features = ["more"], default-features = true }
alias = { workspace = true, optional = true }
helper = { version = "0.3", optional = true }
app-util = { version = "0.1", optional = true, default_features = false }
[dev-dependencies]
tester = "0.5"
[build-dependencies]
helper = "0.3"
[target.'cfg(unix)'.dependencies]
uses-twin = "1"
[target.x86_64-pc-windows-msvc.dev-dependencies]
twin = "1"
[features]
default = ["with-util"]
with-util = ["dep:app-util"]
weak = ["helper?/x", "one/extra"]
//- /a/src/main.rs
//- /a/build.rs
//- /my-lib/Cargo.toml
[package]
name = "my-lib"
version = "0.1.0"
[features]
f = []
//- /my-lib/src/lib.rs
//- /modern/Cargo.toml
[package]
name = "modern"
version = "0.1.0"
edition = "2024"
[dependencies]
one = { workspace = true, default-features = false }
//- /modern/src/lib.rs
"#,
    );
}

/// 49, 60, 61: build scripts, `links`, files that are not there.
#[test]
fn build_scripts() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[workspace]
members = ["default", "custom", "off", "on"]
//- /default/Cargo.toml
[package]
name = "default-script"
version = "0.1.0"
links = "z"
readme = "missing.md"
license-file = "missing"
//- /default/src/lib.rs
//- /default/build.rs
//- /custom/Cargo.toml
[package]
name = "custom"
version = "0.1.0"
build = "scripts/make.rs"
//- /custom/src/lib.rs
//- /custom/scripts/make.rs
//- /off/Cargo.toml
[package]
name = "off"
version = "0.1.0"
build = false
//- /off/src/lib.rs
//- /off/build.rs
//- /on/Cargo.toml
[package]
name = "on"
version = "0.1.0"
build = true
//- /on/src/lib.rs
//- /on/build.rs
"#,
    );
}

/// 27: odd names of directories.
#[test]
fn odd_paths() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[workspace]
members = ["with space/*", "ünicode"]
//- /with space/a b/Cargo.toml
[package]
name = "a"
version = "0.1.0"
//- /with space/a b/src/lib.rs
//- /ünicode/Cargo.toml
[package]
name = "u"
version = "0.1.0"
//- /ünicode/src/lib.rs
"#,
    );
}

/// 44: patches with paths, one of them of a package that is not a member.
#[test]
fn patches() {
    check(
        "",
        "",
        r#"
//- /Cargo.toml
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
uses-twin = "1"
[patch.crates-io]
twin = { path = "vendor/twin" }
//- /src/main.rs
//- /vendor/twin/Cargo.toml
[package]
name = "twin"
version = "1.3.0"
//- /vendor/twin/src/lib.rs
"#,
    );
}

/// 4, 12, 16, 17: paths written in every way that means the same, and targets that share what is discovered.
#[test]
fn paths_written_in_odd_ways() {
    check(
        "root",
        "root",
        r#"
//- /root/Cargo.toml
[workspace]
members = [".", "./inner/", "inner/../inner/deep", "../beside", "glob/*/", "glob/?"]
exclude = ["./glob/out/"]
default-members = [".", "./inner"]
resolver = "2"
[package]
name = "root"
version = "0.1.0+meta"
edition = "2018"
[[bin]]
name = "other"
path = "./src/main.rs"
[[bin]]
name = "second"
[[example]]
name = "shown"
path = "src/../demo/shown.rs"
required-features = ["x"]
[features]
x = []
[dependencies]
beside = { path = "./../beside/." , version = "*" }
//- /root/src/main.rs
//- /root/src/bin/second/main.rs
//- /root/src/bin/second/part.rs
//- /root/src/bin/third.rs
//- /root/src/bin/.hidden.rs
//- /root/src/bin/not-rust.txt
//- /root/src/bin/empty/part.rs
//- /root/demo/shown.rs
//- /root/tests/common/mod.rs
//- /root/tests/one.two.rs
//- /root/inner/Cargo.toml of inner
//- /root/inner/src/lib.rs
//- /root/inner/deep/Cargo.toml of deep
//- /root/inner/deep/src/lib.rs
//- /root/glob/a/Cargo.toml of glob-a
//- /root/glob/a/src/lib.rs
//- /root/glob/out/Cargo.toml of out
//- /root/glob/out/src/lib.rs
//- /beside/Cargo.toml
[package]
name = "beside"
version = "0.1.0"
workspace = "../root"
//- /beside/src/lib.rs
"#,
    );
}
