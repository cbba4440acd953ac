//! Cases of the cycle about what packages and workspaces look like; a number is that of the checklist of
//! dependency-only builds.

use super::*;

/// 2, 3: programs that are found, as files and as directories, and declared ones; one has the package's name, and one
/// is not wanted.
#[test]
fn programs_found_and_declared() {
    check(
        "one",
        "a\ndeclared\ndir and more\nmy-app one\nnamed\nz",
        r#"
//- /Cargo.toml of my-app
[[bin]]
name = "named"
path = "src/bin/other.rs"
[[bin]]
name = "declared"
[dependencies]
one = "1"
//- /src/main.rs
fn main() { println!("my-app {}", one::one()); }
//- /src/bin/z.rs
fn main() { println!("z"); }
//- /src/bin/a.rs
fn main() { println!("a"); }
//- /src/bin/other.rs
fn main() { println!("named"); }
//- /src/bin/declared.rs
fn main() { println!("declared"); }
//- /src/bin/dir/main.rs
mod more;
fn main() { println!("dir and {}", more::MORE); }
//- /src/bin/dir/more.rs
pub const MORE: &str = "more";
//- /src/bin/unwanted.rs
compile_error!("it is not wanted");
"#,
        "build: { bin: [z, my-app, dir, declared, named, a], profile: dev }",
    );
}

/// 8: discovery switched off: what lies where Cargo would look is not compiled, neither for the program nor for tests.
#[test]
fn nothing_is_discovered() {
    const FILES: &str = r#"
//- /Cargo.toml of quiet
autolib = false
autobins = false
autotests = false
autoexamples = false
autobenches = false
[[bin]]
name = "kept"
path = "src/bin/kept.rs"
[[test]]
name = "kept-test"
path = "tests/kept.rs"
[dependencies]
one = "1"
[dev-dependencies]
two = "2"
//- /src/lib.rs
compile_error!("no library");
//- /src/main.rs
compile_error!("no program");
//- /src/bin/kept.rs
fn main() { println!("kept {}", one::one()); }
//- /src/bin/lost.rs
compile_error!("no program");
//- /tests/kept.rs
#[test]
fn runs() { assert_eq!((one::one(), two::two()), ("one", "two")); }
//- /tests/lost.rs
compile_error!("no test");
//- /examples/lost.rs
compile_error!("no example");
//- /benches/lost.rs
compile_error!("no benchmark");
"#;
    check("one", "kept one", FILES, DEV);
    let tests = test_cycle(FILES);
    assert_eq!(tests.recompiled, [""; 0]);
    assert!(
        tests.output.contains("test runs ... ok"),
        "{}",
        tests.output
    );
}

/// 6: a library of two kinds that a linker makes something of: the program takes the one that is linked statically.
#[test]
fn dynamic_library() {
    check(
        "one",
        "shared one",
        r#"
//- /Cargo.toml of app
[workspace]
[dependencies]
shared = { path = "shared" }
//- /src/main.rs
fn main() { println!("shared {}", shared::text()); }
//- /shared/Cargo.toml of shared
[lib]
crate-type = ["dylib", "rlib"]
[dependencies]
one = "1"
//- /shared/src/lib.rs
pub fn text() -> &'static str { one::one() }
"#,
        "build: { package: app, profile: dev }",
    );
}

/// 15, 16, 20, 27, 36, 60: members by patterns and beside the root, in directories of all names, below the context; shared
/// dependencies that nobody has; a package that names files which are nowhere or not in its skeleton.
#[test]
fn members_in_odd_places() {
    let cycle = cycle_at(
        "back end/api",
        "back end",
        r#"
//- /back end/Cargo.toml
[workspace]
members = ["api", "crates/*", "nested/*/lib", "ünï/ein ordner/*", "r[aeo]?t", "../beside"]
exclude = ["crates/not"]
resolver = "2"
[workspace.dependencies]
one = "1"
two = { version = "2", default-features = false }
renamed = { package = "maker", version = "1" }
nowhere = { path = "nowhere" }
//- /back end/api/Cargo.toml of api
readme = "GONE.md"
license-file = "GONE"
include = ["/src", "/gen"]
build = "gen/make.rs"
[dependencies]
one.workspace = true
a = { path = "../crates/a" }
nested = { path = "../nested/one/lib" }
deep = { path = "../ünï/ein ordner/größe 1" }
root = { path = "../root" }
beside = { path = "../../beside" }
[build-dependencies]
helper = "0.3"
//- /back end/api/gen/make.rs
fn main() {
    helper::help();
    println!("cargo::rustc-env=MADE={}", std::env::var("CARGO_PKG_README").unwrap());
}
//- /back end/api/src/main.rs
fn main() { println!("{} {} {} {} {} {} {}", one::one(), a::A, nested::A, deep::A, root::A, beside::A, env!("MADE")); }
//- /back end/crates/README.md
//- /back end/crates/a/Cargo.toml of a
//- /back end/crates/a/src/lib.rs
pub const A: &str = "a";
//- /back end/crates/unused/Cargo.toml of unused
[dependencies]
two.workspace = true
//- /back end/crates/unused/src/lib.rs
compile_error!("nobody needs it");
//- /back end/crates/not/Cargo.toml of not
//- /back end/crates/not/src/lib.rs
compile_error!("it is no member");
//- /back end/crates-unused/z/Cargo.toml
[package
//- /back end/nested/one/lib/Cargo.toml of nested
//- /back end/nested/one/lib/src/lib.rs
pub const A: &str = "nested";
//- /back end/ünï/ein ordner/größe 1/Cargo.toml of deep
//- /back end/ünï/ein ordner/größe 1/src/lib.rs
pub const A: &str = include_str!("../../../grüße.txt").trim_ascii();
//- /back end/ünï/grüße.txt
grüße
//- /back end/root/Cargo.toml of root
//- /back end/root/src/lib.rs
pub const A: &str = "root";
//- /beside/Cargo.toml of beside
workspace = "../back end"
//- /beside/src/lib.rs
pub const A: &str = "beside";
"#,
        DEV,
    );
    cycle.check("helper one", "one a nested grüße root beside GONE.md");
}

/// 59: a package that is only there to give all others the same features, as `cargo hakari` writes it.
#[test]
fn workspace_hack() {
    check(
        "build-script-build helper one two",
        "one+extra and one+extra",
        &r#"
//- /Cargo.toml
[workspace]
members = ["app", "lib", "workspace-hack"]
resolver = "2"
//- /app/Cargo.toml of app
[dependencies]
lib = { path = "../lib" }
one = "1"
workspace-hack = { version = "0.1", path = "../workspace-hack" }
//- /app/src/main.rs
fn main() { println!("{} and {}", one::one(), lib::text()); }
//- /lib/Cargo.toml of lib
[dependencies]
one = "1"
workspace-hack = { version = "0.1", path = "../workspace-hack" }
//- /lib/src/lib.rs
pub fn text() -> &'static str { one::one() }
//- /workspace-hack/Cargo.toml of workspace-hack
publish = false
### BEGIN HAKARI SECTION
[dependencies]
one = { version = "1", features = ["extra"] }
[target.HOST.dependencies]
two = { version = "2", default-features = false }
[build-dependencies]
one = { version = "1", features = ["extra"] }
### END HAKARI SECTION
//- /workspace-hack/build.rs
fn main() {}
//- /workspace-hack/src/lib.rs
"#
        .replace("HOST", &host()),
        "build: { package: app, profile: dev }",
    );
}

/// Stubs where there is no operating system: the compiler is told so, of a target that has one. The program then has no
/// `main` that the C library finds.
#[test]
fn stubs_without_std() {
    check(
        "one",
        "bare linked one",
        r#"
//- /.cargo/config.toml
[build]
rustflags = [
    "--cfg=target_os=\"none\"",
    "-Aexplicit_builtin_cfgs_in_flags",
    "-Clink-arg=-Wl,--unresolved-symbols=ignore-all",
]
//- /Cargo.toml of app
[workspace]
[dependencies]
bare = { path = "bare" }
linked = { path = "linked" }
[profile.dev]
panic = "abort"
//- /src/main.rs
fn main() { println!("{} {}", bare::TEXT, linked::text()); }
//- /bare/Cargo.toml of bare
//- /bare/src/lib.rs
#![no_std]
pub const TEXT: &str = "bare";
//- /linked/Cargo.toml of linked
[lib]
crate-type = ["cdylib", "rlib", "staticlib"]
[dependencies]
one = "1"
//- /linked/src/lib.rs
pub fn text() -> String { format!("linked {}", one::one()) }
"#,
        "build: { package: app, profile: dev }",
    );
}
