//! Mistakes in projects, and what images select. A number is that of the checklist of dependency-only builds.

use crate::support::fixture::{self, files, load, load_by_asking, mistakes, select};
use rust_frontend::project;
use rust_frontend::recipe::{RecipeFor, recipe};

/// All that is wrong with a project, one line each.
fn wrong(fixture: &str, expected: &[&str]) {
    let found = mistakes(&files(fixture), "");
    assert_eq!(found, expected, "{found:#?}");
}

const LOCK: &str = "//- /Cargo.lock\nversion = 4\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n";
const APP: &str =
    "//- /Cargo.toml\n[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

#[test]
fn nothing_there() {
    wrong(
        "//- /README.md\n",
        &[
            "missing-manifest: `Cargo.toml` is not in the build context: give its directory as the build context, the last argument of the build, or name it in `directory:`, and check `.dockerignore`",
        ],
    );
}

/// 55, 91: the lock is missing, maybe by an ignore file.
#[test]
fn no_lock() {
    wrong(
        &format!("{APP}//- /src/main.rs\n"),
        &[
            "missing-lock: `Cargo.lock` is not in the build context: commit it, and check that `.gitignore` and `.dockerignore` do not name it; if there is none, `cargo generate-lockfile` writes it; for a member of a workspace, build from its root: `docker buildx build -f MEMBER/Rust.yaml .`",
        ],
    );
}

/// 55: merge markers in the lock.
#[test]
fn lock_with_merge_markers() {
    wrong(
        &format!(
            "{APP}//- /src/main.rs\n//- /Cargo.lock\nversion = 4\n<<<<<<< HEAD\n=======\n>>>>>>> x\n"
        ),
        &[
            "invalid-toml: Cargo.lock:2: not valid TOML: key with no value, expected `=`: resolve the merge conflict in this file",
        ],
    );
}

/// 55: the lock is older than the manifests; all of it is told at once, at the dependencies.
#[test]
fn stale_lock() {
    wrong(
        &format!(
            "{APP}[workspace]\n[dependencies]\nserde = \"1.0.100\"\nlog = {{ version = \"0.4\", optional = true }}\nb = {{ path = \"b\" }}\n[dev-dependencies]\nnew = \"1\"\n//- /src/main.rs\n//- /b/Cargo.toml\n[package]\nname = \"b\"\nversion = \"0.2.0\"\n//- /b/src/lib.rs\n//- /Cargo.lock\nversion = 3\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"serde\", \"log\"]\n[[package]]\nname = \"log\"\nversion = \"0.4.1\"\nsource = \"registry+x\"\n[[package]]\nname = \"serde\"\nversion = \"1.0.99\"\nsource = \"registry+x\"\n[[package]]\nname = \"b\"\nversion = \"0.1.0\"\n"
        ),
        &[
            "stale-lock: Cargo.toml:7: `Cargo.lock` has no `serde` 1.0.100 for `a`: run `cargo update --workspace` and commit `Cargo.lock`",
            "stale-lock: Cargo.toml:9: `Cargo.lock` has no `b` for `a`: run `cargo update --workspace` and commit `Cargo.lock`",
            "stale-lock: Cargo.toml:11: `Cargo.lock` has no `new` 1 for `a`: run `cargo update --workspace` and commit `Cargo.lock`",
            "stale-lock: b/Cargo.toml:2: `Cargo.lock` has `b` 0.1.0, but this manifest has 0.2.0: run `cargo update --workspace` and commit `Cargo.lock`",
        ],
    );
}

/// 15, 19, 91: members and path dependencies that are not in the context.
#[test]
fn missing_packages() {
    wrong(
        "//- /Cargo.toml\n[workspace]\nmembers = [\"gone\", \"crates/*\", \"../outside\", \"c\"]\n//- /crates/empty/notes.txt\n//- /c/Cargo.toml\n[package]\nname = \"c\"\n[dependencies]\nd = { path = \"d\" }\ne = { path = \"../../e\" }\n//- /c/src/lib.rs\n//- /Cargo.lock\nversion = 4\n[[package]]\nname = \"c\"\nversion = \"0.0.0\"\n",
        &[
            "missing-member: Cargo.toml:2: member `gone` has no `Cargo.toml`: remove it from `workspace.members`, or check `.dockerignore`",
            "missing-member: Cargo.toml:2: `crates/empty` matches this pattern and has no `Cargo.toml`: add it to `workspace.exclude`, or check `.dockerignore`",
            "path-outside-context: Cargo.toml:2: member `../outside` is outside of the build context: build from the directory that holds all members",
            "missing-path-dependency: c/Cargo.toml:4: there is no `c/d/Cargo.toml`: check the path and `.dockerignore`; in a submodule, run `git submodule update --init`",
            "stale-lock: c/Cargo.toml:4: `Cargo.lock` has no `d` for `c`: run `cargo update --workspace` and commit `Cargo.lock`",
            "path-outside-context: c/Cargo.toml:5: dependency `e` is at `../../e`, outside of the build context: add `--build-context e=DIRECTORY`, make a workspace of both in a directory that holds them and build that, or depend on it by `git` or `version`",
        ],
    );
}

/// What configuration and toolchain file name and the context does not have, and what rustup would refuse late.
#[test]
fn configuration_of_what_is_not_there() {
    wrong(
        &format!(
            "{APP}//- /src/main.rs\n{LOCK}//- /rust-toolchain.toml\n[toolchain]\nchannel = 1.90\n//- /.cargo/config.toml\n[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"vendor\"\n[source.unused]\ndirectory = \"gone\"\n[source.there]\ndirectory = \"src\"\n[source.elsewhere]\ndirectory = \"/usr/share/cargo/registry\"\n"
        ),
        &[
            "missing-config: .cargo/config.toml:4: `vendor`, the `directory` of the source `vendored`, is not in the build context: run `cargo vendor`, and check `.gitignore` and `.dockerignore`",
            "invalid-toolchain: rust-toolchain.toml:2: `channel` must be a string: write it in quotes: `channel = \"…\"`",
        ],
    );
}

/// 21: a broken manifest that nothing refers to is nobody's business; one above is Cargo's.
#[test]
fn broken_manifests() {
    let fixture =
        format!("{APP}//- /src/main.rs\n{LOCK}//- /templates/x/Cargo.toml\n{{{{name}}}}\n");
    wrong(&fixture, &[]);
    let inner = fixture.replace("//- /", "//- /in/");
    let broken = files(&format!("{inner}//- /Cargo.toml\n[package\n"));
    assert_eq!(
        mistakes(&broken, "in"),
        ["invalid-toml: Cargo.toml:1: not valid TOML: unclosed table, expected `]`",]
    );
}

#[test]
fn inheritance_from_nothing() {
    wrong(
        "//- /Cargo.toml\n[workspace]\nmembers = [\"a\"]\n//- /a/Cargo.toml\n[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n[dependencies]\nx.workspace = true\n//- /a/src/lib.rs\n//- /Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"0.0.0\"\n",
        &[
            "not-inherited: a/Cargo.toml:3: `workspace.package.version` does not exist: add it to `Cargo.toml`",
            "not-inherited: a/Cargo.toml:4: `workspace.package.edition` does not exist: add it to `Cargo.toml`",
            "not-inherited: a/Cargo.toml:6: `workspace.dependencies.x` does not exist: add it to `Cargo.toml`",
        ],
    );
}

/// 4, 8, 13: targets without files, doubles.
#[test]
fn targets_without_files() {
    wrong(
        &format!(
            "{APP}[lib]\n[[bin]]\nname = \"srever\"\n[[bin]]\nname = \"two\"\n[[test]]\n//- /src/bin/server.rs\n//- /src/bin/two.rs\n//- /src/bin/two/main.rs\n{LOCK}"
        ),
        &[
            "missing-target-file: Cargo.toml:5: no file for library `a`: name it `src/lib.rs`, or set `lib.path`",
            "missing-target-file: Cargo.toml:7: no file for bin `srever`: did you mean `server`, or set `bin.path`",
            "missing-target-file: Cargo.toml:9: bin `two` may be `src/bin/two.rs` or `src/bin/two/main.rs`: name it `src/bin/two.rs` or `src/bin/two/main.rs`, or set `bin.path`",
            "invalid-manifest: Cargo.toml:10: a `[[test]]` section needs a `name`: write `name = \"…\"` in this section",
        ],
    );
}

/// Of packages that are not members, Cargo looks neither at tests, examples and benches nor at dev-dependencies.
#[test]
fn packages_that_are_no_members() {
    let package = "[package]\nname = \"b\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let rest = "[[bench]]\nname = \"speed\"\n[[test]]\nname = \"all\"\n[[example]]\nname = \"one\"\n[dev-dependencies]\nc = { path = \"../../c\" }\n";
    let lock = LOCK.to_owned()
        + "dependencies = [\"b\"]\n[[package]]\nname = \"b\"\nversion = \"0.1.0\"\n";
    let fixture = |bin: &str, root: &str| {
        format!(
            "{APP}[dependencies]\nb = {{ path = \"b\" }}\n{root}//- /src/main.rs\n//- /b/Cargo.toml\n{package}{rest}{bin}//- /b/src/lib.rs\n{lock}"
        )
    };
    let excluded = "[workspace]\nexclude = [\"b\"]\n";
    wrong(&fixture("", excluded), &[]);
    let bin = "[[bin]]\nname = \"gone\"\n";
    wrong(
        &fixture(bin, excluded),
        &[
            "missing-target-file: b/Cargo.toml:14: no file for bin `gone`: name it `src/bin/gone.rs` or `src/bin/gone/main.rs`, or set `bin.path`",
        ],
    );
    wrong(
        &fixture("", "[workspace]\n"),
        &[
            "missing-target-file: b/Cargo.toml:6: no file for bench `speed`: name it `benches/speed.rs` or `benches/speed/main.rs`, or set `bench.path`",
            "missing-target-file: b/Cargo.toml:8: no file for test `all`: name it `tests/all.rs` or `tests/all/main.rs`, or set `test.path`",
            "missing-target-file: b/Cargo.toml:10: no file for example `one`: name it `examples/one.rs` or `examples/one/main.rs`, or set `example.path`",
            "path-outside-context: b/Cargo.toml:12: dependency `c` is at `../../c`, outside of the build context: add `--build-context c=DIRECTORY`, make a workspace of both in a directory that holds them and build that, or depend on it by `git` or `version`",
        ],
    );
}

/// The resolver 1 takes features for those of the package in whose directory Cargo runs.
#[test]
fn features_of_the_command_line() {
    let package = |name: &str| {
        let package = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
        format!("//- /{name}/Cargo.toml\n{package}//- /{name}/src/main.rs\n")
    };
    let entry = |name: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
    let rest = package("b") + &package("c") + "//- /Cargo.lock\n" + &entry("b") + &entry("c");
    let members = "[workspace]\nmembers = [\"b\", \"c\"]\n";
    let root = "[package]\nname = \"a\"\nversion = \"0.1.0\"\n//- /src/main.rs\n";
    let qualified = |root: &str, lock: &str, dir: &str| {
        let rest = rest.replace("lock\n", &format!("lock\n{lock}"));
        let fixture = format!("//- /Cargo.toml\n{members}{root}{rest}");
        let project = load(&files(&fixture), dir);
        ["b", "c"].map(|dir| project.qualifies_features(project.package_at(dir).unwrap()))
    };
    let own = entry("a");
    assert_eq!(qualified("", "", ""), [false, false]);
    assert_eq!(qualified("", "", "b"), [false, true]);
    assert_eq!(qualified(root, &own, ""), [true, true]);
    assert_eq!(qualified(root, &own, "b"), [false, true]);
}

/// A package that a workspace above neither lists nor excludes.
#[test]
fn not_a_member() {
    let fixture = format!("{APP}//- /src/main.rs\n{LOCK}").replace("//- /", "//- /in/");
    let fixture = files(&format!(
        "{fixture}//- /Cargo.toml\n[workspace]\nmembers = []\n//- /Cargo.lock\n"
    ));
    assert_eq!(
        mistakes(&fixture, "in"),
        [
            "not-a-member: in/Cargo.toml:1: this package is not a member of the workspace of `Cargo.toml`: add it to `workspace.members` or `workspace.exclude` there",
        ]
    );
}

const BINS: &str = "\
//- /Cargo.toml
[workspace]
members = [\"api\", \"worker\", \"lib\"]
[profile.small]
inherits = \"release\"
//- /api/Cargo.toml
[package]
name = \"shop-api\"
[features]
postgres = []
otel = []
//- /api/src/main.rs
//- /worker/Cargo.toml
[package]
name = \"shop-worker\"
edition = \"2021\"
[[bin]]
name = \"admin\"
required-features = [\"danger\", \"dependency/feature\"]
[features]
danger = []
//- /worker/src/main.rs
//- /worker/src/bin/admin.rs
//- /worker/src/bin/cron.rs
//- /lib/Cargo.toml
[package]
name = \"shop\"
[profile.tiny]
inherits = \"release\"
//- /lib/src/lib.rs
//- /Cargo.lock
version = 4
[[package]]
name = \"shop\"
version = \"0.0.0\"
[[package]]
name = \"shop-api\"
version = \"0.0.0\"
[[package]]
name = \"shop-worker\"
version = \"0.0.0\"
";

/// What a spec selects, or what is wrong with it.
fn selects(fixture: &str, spec: &str) -> Vec<String> {
    let project = load(&files(fixture), "");
    match select(&project, spec) {
        Ok(selection) => {
            let package = &project.packages[selection.package].name;
            let bins = selection.bins.join(",");
            let features = selection.features.join(",");
            vec![format!(
                "{package} [{bins}] [{features}] {}",
                selection.profile
            )]
        }
        Err(lines) => lines,
    }
}

/// Settings of a build, and what they select of [`BINS`] or what is wrong with them.
const SELECTIONS: [(&str, &str); 16] = [
    (
        "build: { package: shop-api }",
        "shop-api [shop-api] [] release",
    ),
    ("build: { bin: cron }", "shop-worker [cron] [] release"),
    (
        "build: { bin: [cron, shop-worker, cron] }",
        "shop-worker [cron,shop-worker] [] release",
    ),
    (
        "build: { package: shop-worker, bin: admin, features: [danger], profile: small }",
        "shop-worker [admin] [danger] small",
    ),
    (
        "build: { package: shop-api, features: [postgres, otel, shop-api/otel] }",
        "shop-api [shop-api] [otel,postgres] release",
    ),
    (
        "build: { package: shop }",
        "no-binary: Rust.yaml:1: package `shop` has no binary: add `src/main.rs`, or name another `build.package`",
    ),
    (
        "build: { package: shop-aip }",
        "unknown-package: Rust.yaml:1: no package `shop-aip`: did you mean `shop-api`?",
    ),
    (
        "build: { package: nonsense }",
        "unknown-package: Rust.yaml:1: no package `nonsense`: packages: `shop-api`, `shop`, `shop-worker`",
    ),
    (
        "build: { bin: corn }",
        "unknown-bin: Rust.yaml:1: no binary `corn`: did you mean `cron`?",
    ),
    (
        "build: { package: shop-worker, bin: shop-api }",
        "unknown-bin: Rust.yaml:1: package `shop-worker` has no binary `shop-api`: binaries: `admin`, `cron`, `shop-worker`",
    ),
    (
        "build: { package: shop-worker, bin: admin }",
        "required-features: Rust.yaml:1: binary `admin` needs features that are off: danger: write `build: { features: [danger] }`",
    ),
    (
        "build: { package: shop-api, features: [postgress] }",
        "unknown-feature: Rust.yaml:1: package `shop-api` has no feature `postgress`: did you mean `postgres`?",
    ),
    (
        "build: { package: shop-api, profile: smal }",
        "unknown-profile: Rust.yaml:1: no profile `smal`: did you mean `small`?",
    ),
    (
        "build: { package: shop-api, profile: tiny }",
        "unknown-profile: Rust.yaml:1: no profile `tiny`: move `[profile.tiny]` from `lib/Cargo.toml` into the workspace's own `Cargo.toml`: Cargo ignores profiles of members",
    ),
    (
        "build: { package: shop-worker }",
        "several-binaries: Rust.yaml:1: package `shop-worker` has several binaries: write one of `build: { bin: admin }`, `build: { bin: cron }`, `build: { bin: shop-worker }`, or set `default-run` in `worker/Cargo.toml`",
    ),
    (
        "# nothing",
        "several-binaries: Rust.yaml:1: several packages have a binary: write one of `build: { package: shop-api }`, `build: { package: shop-worker, bin: admin }`, `build: { package: shop-worker, bin: cron }`, `build: { package: shop-worker, bin: shop-worker }`",
    ),
];

#[test]
fn selection() {
    for (spec, expected) in SELECTIONS {
        let found = selects(BINS, &format!("{spec}\n"));
        assert_eq!(found, [expected], "{spec}");
    }
}

#[test]
fn a_default_that_is_no_binary() {
    let odd = format!(
        "{APP}default-run = \"mian\"\n[[bin]]\nname = \"main\"\npath = \"src/main.rs\"\n//- /src/main.rs\n{LOCK}"
    );
    assert_eq!(
        selects(&odd, "{}\n"),
        [
            "unknown-bin: Cargo.toml:2: `default-run` of package `a` is not one of its binaries: `mian`: did you mean `main`?"
        ]
    );
}

/// In a variable of the environment, their names read as that of another profile and a key of it.
#[test]
fn profiles_with_names_like_settings() {
    let more = "[profile.release-lto]\ninherits = \"release\"\n[profile.small-strip-more]\ninherits = \"small\"\n";
    let named = format!(
        "{BINS}//- /Cargo.toml\n[workspace]\nmembers = [\"api\", \"worker\", \"lib\"]\n{more}[profile.small]\ninherits = \"release\"\n"
    );
    for (settings, profile, taken) in [
        (
            "profile: { name: release-lto, opt-level: s }",
            "release-lto",
            "`lto` of `release`",
        ),
        (
            "profile: small-strip-more, debug-symbols: true",
            "small-strip-more",
            "`strip` of `small`",
        ),
    ] {
        let expected = format!(
            "ambiguous-profile: Rust.yaml:1: settings of the profile `{profile}` cannot be given here: Cargo takes them for {taken}: write them into `Cargo.toml`, or give the profile another name"
        );
        let found = selects(
            &named,
            &format!("build: {{ package: shop-api, {settings} }}\n"),
        );
        assert_eq!(found, [expected]);
    }
    assert_eq!(
        selects(
            &named,
            "build: { package: shop-api, profile: release-lto }\n"
        ),
        ["shop-api [shop-api] [] release-lto"]
    );
}

#[test]
fn binaries_of_several_packages() {
    assert_eq!(
        selects(BINS, "build: { bin: [cron, shop-api] }\n"),
        [
            "unknown-bin: Rust.yaml:1: no package has `cron` and the other binaries: the binaries of one image come from one package: make several `images`",
            "unknown-bin: Rust.yaml:1: no package has `shop-api` and the other binaries: the binaries of one image come from one package: make several `images`",
        ]
    );
}

/// The only package with a binary, its only one or its default.
#[test]
fn nothing_to_choose() {
    let one = BINS.replace("[\"api\", \"worker\", \"lib\"]", "[\"api\", \"lib\"]");
    assert_eq!(
        selects(&one, "# nothing\n"),
        ["shop-api [shop-api] [] release"]
    );
    let default = BINS.replace(
        "name = \"shop-worker\"\nedition",
        "name = \"shop-worker\"\ndefault-run = \"cron\"\nedition",
    );
    assert_eq!(
        selects(&default, "build: { package: shop-worker }\n"),
        ["shop-worker [cron] [] release"]
    );
    let members = BINS.replace(
        "[profile.small]",
        "default-members = [\"api\"]\n[profile.small]",
    );
    assert_eq!(
        selects(&members, "# nothing\n"),
        ["shop-api [shop-api] [] release"]
    );
}

/// 74: toolchain files of both kinds, the nearest one above, the older name first; channels as they are written.
#[test]
fn toolchain_files() {
    let toolchain = |files_above: &str| {
        let fixture = format!("{APP}//- /src/main.rs\n{LOCK}").replace("//- /", "//- /in/");
        let project = load(&files(&format!("{fixture}{files_above}")), "in");
        let toolchain = project.toolchain.unwrap();
        (
            toolchain.file.name().to_owned(),
            toolchain.channel.unwrap().value,
            toolchain.components,
        )
    };
    assert_eq!(toolchain("//- /rust-toolchain\n1.92\n").1, "1.92");
    assert_eq!(
        toolchain(
            "//- /in/rust-toolchain.toml\n[toolchain]\nchannel = \"nightly-2026-10-01\"\ncomponents = [\"rust-src\"]\n//- /rust-toolchain\n1.92\n"
        ),
        (
            "in/rust-toolchain.toml".into(),
            "nightly-2026-10-01".into(),
            vec!["rust-src".to_owned()]
        )
    );
    assert_eq!(toolchain("//- /in/rust-toolchain.toml\n[toolchain]\nchannel = \"a\"\n//- /in/rust-toolchain\n[toolchain]\nchannel = \"b\"\n").1, "b");
    let table = "[toolchain]\nchannel = \"1.92.0\"\nprofile = \"complete\"\n";
    let below = "//- /in/member/rust-toolchain\n1.80\n";
    let both = format!("//- /rust-toolchain.toml\n{table}{below}");
    assert_eq!(toolchain(&both).1, "1.92.0");
}

/// 74: what a toolchain file finds in a directory is in no image.
#[test]
fn toolchain_in_a_directory() {
    let file = "//- /rust-toolchain.toml\n[toolchain]\npath = \"/opt/rust\"\n";
    let fixture = format!("{APP}//- /src/main.rs\n{LOCK}{file}");
    assert_eq!(
        selects(&fixture, "# nothing\n"),
        [
            "toolchain-path: rust-toolchain.toml:2: the toolchain in `/opt/rust` is not in the build image: set `build.toolchain`, or a `channel` here"
        ]
    );
    let named = "build: { toolchain: 1.92 }\n";
    assert_eq!(selects(&fixture, named), ["a [a] [] release"]);
}

/// 22, 44, 48, 73: configuration files: order, both names, includes, paths in them.
#[test]
fn config_files() {
    let fixture = format!("{APP}//- /src/main.rs\n{LOCK}").replace("//- /", "//- /in/");
    let project = load(
        &files(&format!(
            "{fixture}\
//- /.cargo/config.toml
include = [\"more.toml\", {{ path = \"gone.toml\", optional = true }}, {{ path = \"../../out.toml\", optional = true }}]
[source.vendored-sources]
directory = \"vendor\"
[target.x86_64-unknown-linux-gnu]
linker = \"tools/link.sh\"
runner = \"qemu\"
rustflags = [\"-C\", \"link-arg=-Wl,--version-script=tools/symbols.map\", \"-Clink-arg=-Ttools/x.ld\", \"-Ctarget-cpu=native\"]
[http]
cainfo = \"certs/ca.pem\"
//- /certs/ca.pem
//- /.cargo/more.toml
[build]
target = \"my.json\"
//- /my.json
//- /tools/link.sh
//- /tools/symbols.map
//- /tools/x.ld
//- /native
//- /vendor/x/Cargo.toml
//- /in/.cargo/config
[build]
jobs = 1
//- /in/.cargo/config.toml
not even TOML
"
        )),
        "in",
    );
    let names: Vec<&str> = project
        .configs
        .iter()
        .map(|config| config.file.name())
        .collect();
    assert_eq!(
        names,
        ["in/.cargo/config", ".cargo/config.toml", ".cargo/more.toml"]
    );
    assert_eq!(
        project.configs[1].paths,
        ["tools/link.sh", "tools/symbols.map", "tools/x.ld", "vendor"]
    );
    assert_eq!(project.configs[1].network_paths, ["certs/ca.pem"]);
    assert_eq!(project.configs[2].paths, ["my.json"]);
}

/// One configuration file that is a link to the other is no mistake: Cargo recommends it.
#[test]
fn a_configuration_file_that_is_a_link() {
    let config = "//- /.cargo/config.toml\n[build]\njobs = 1\n";
    let all = files(&format!("{APP}//- /src/main.rs\n{config}{LOCK}"));
    let tree = fixture::with_link(&all, ".cargo/config", "config.toml");
    let (project, notes) = rust_frontend::project::load(&tree, "").unwrap();
    assert_eq!(project.configs.len(), 1);
    assert!(notes.is_empty(), "{notes:?}");
}

/// One that is a link to a file elsewhere is where Cargo looks for it.
#[test]
fn a_configuration_file_that_lies_elsewhere() {
    let config = "//- /tools/cargo.toml\n[patch.crates-io]\nb = { path = \"b\" }\n[build]\nrustc-wrapper = \"wrap/it.sh\"\n//- /wrap/it.sh\n";
    let all = files(&format!("{APP}//- /src/main.rs\n{config}{LOCK}"));
    let tree = fixture::with_link(&all, ".cargo/config.toml", "../tools/cargo.toml");
    let (project, _) = rust_frontend::project::load(&tree, "").unwrap();
    assert_eq!(project.configs[0].paths, ["wrap/it.sh"]);
    let selection = select(&project, "").unwrap();
    let recipe = recipe(&project, &[&selection], RecipeFor::Build).unwrap();
    let paths: Vec<&str> = recipe.files.iter().map(|file| file.path.as_str()).collect();
    assert!(paths.contains(&".cargo/config.toml"), "{paths:?}");
}

/// The lock may be where the configuration says.
#[test]
fn a_lock_in_another_place() {
    let config = "//- /.cargo/config.toml\n[resolver]\nlockfile-path = \"locks/Cargo.lock\"\n";
    let elsewhere = LOCK.replace("/Cargo.lock", "/locks/Cargo.lock");
    let project = load(
        &files(&format!("{APP}//- /src/main.rs\n{config}{elsewhere}")),
        "",
    );
    assert_eq!(project.lock.packages.len(), 1);
    let selection = select(&project, "").unwrap();
    let recipe = recipe(&project, &[&selection], RecipeFor::Build).unwrap();
    let paths: Vec<&str> = recipe.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [".rust-frontend/bin/a.rs", "Cargo.lock", "Cargo.toml"]
    );
    wrong(
        &format!("{APP}//- /src/main.rs\n{config}{LOCK}"),
        &[
            "missing-lock: `locks/Cargo.lock` is not in the build context: commit it, and check that `.gitignore` and `.dockerignore` do not name it; if there is none, `cargo generate-lockfile` writes it; for a member of a workspace, build from its root: `docker buildx build -f MEMBER/Rust.yaml .`",
        ],
    );
}

/// 28: a link to a member's directory is a member.
#[test]
fn linked_member() {
    let all = files(
        "//- /Cargo.toml\n[workspace]\nmembers = [\"crates/*\"]\n//- /real/a/Cargo.toml\n[package]\nname = \"a\"\n//- /real/a/src/main.rs\n//- /Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"0.0.0\"\n",
    );
    let mut tree = fixture::with_link(&all, "crates/a", "../real/a");
    let result = project::load(&tree, "");
    tree.close();
    let (project, _) = result.unwrap();
    // Copies from the context follow no links.
    assert_eq!(project.packages[0].dir, "real/a");
    assert_eq!(project.packages[0].targets[0].path, "real/a/src/main.rs");
}

/// 28: a link to a manifest stands for what it leads to, in its own directory.
#[test]
fn linked_manifest() {
    let all = files(
        "//- /Cargo.toml\n[workspace]\nmembers = [\"a\"]\n//- /manifests/a.toml\n[package]\nname = \"a\"\n//- /a/src/main.rs\n//- /Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"0.0.0\"\n",
    );
    let mut tree = fixture::with_link(&all, "a/Cargo.toml", "../manifests/a.toml");
    let result = project::load(&tree, "");
    tree.close();
    let (project, _) = result.unwrap();
    assert_eq!(project.packages[0].dir, "a");
    assert_eq!(project.packages[0].targets[0].path, "a/src/main.rs");
    let selection = select(&project, "").unwrap();
    let recipe = recipe(&project, &[&selection], RecipeFor::Build).unwrap();
    let paths: Vec<&str> = recipe.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "Cargo.lock",
            "Cargo.toml",
            "a/.rust-frontend/bin/a.rs",
            "a/Cargo.toml"
        ]
    );
}

/// 55: locks of all versions say the same.
#[test]
fn lock_versions() {
    let locks = [
        "[root]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\n \"x 1.0.0 (registry+r)\",\n]\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"registry+r\"\n[metadata]\n\"checksum x 1.0.0 (registry+r)\" = \"00\"\n",
        "[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\n \"x\",\n]\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"registry+r\"\nchecksum = \"00\"\n",
        "version = 3\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"x 1.0.0\"]\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"registry+r\"\n[[package]]\nname = \"x\"\nversion = \"2.0.0\"\nsource = \"git+https://e.org/x?branch=main#0123\"\ndependencies = [\"x 1.0.0 (registry+r)\"]\n",
    ];
    for lock in locks {
        let project = load(
            &files(&format!(
                "{APP}[dependencies]\nx = \"1\"\n//- /src/main.rs\n//- /Cargo.lock\n{lock}"
            )),
            "",
        );
        let own = project.locked(0).unwrap();
        let names: Vec<String> = project.lock.packages[own]
            .dependencies
            .iter()
            .map(|index| {
                format!(
                    "{}@{}",
                    project.lock.packages[*index].name, project.lock.packages[*index].version
                )
            })
            .collect();
        assert_eq!(names, ["x@1.0.0"], "{lock}");
    }
}

/// 27: hundreds of members are read in a few rounds.
#[test]
fn many_members() {
    let mut fixture = String::from("//- /Cargo.toml\n[workspace]\nmembers = [\"crates/*\"]\n");
    let mut lock = String::from("//- /Cargo.lock\nversion = 4\n");
    for index in 0..300 {
        let next = match index {
            0 => String::new(),
            _ => format!(
                "[dependencies]\nc{0} = {{ path = \"../c{0}\" }}\n",
                index - 1
            ),
        };
        fixture.push_str(&format!("//- /crates/c{index}/Cargo.toml\n[package]\nname = \"c{index}\"\n{next}//- /crates/c{index}/src/lib.rs\n"));
        let dependency = match index {
            0 => String::new(),
            _ => format!("dependencies = [\"c{}\"]\n", index - 1),
        };
        lock.push_str(&format!(
            "[[package]]\nname = \"c{index}\"\nversion = \"0.0.0\"\n{dependency}"
        ));
    }
    let (result, rounds) = load_by_asking(&files(&(fixture + &lock)), "");
    let (project, _) = result.unwrap();
    assert_eq!(project.packages.len(), 300);
    assert!(rounds <= 5, "{rounds} rounds");
    assert_eq!(
        project
            .closure(project.package_at("crates/c299").unwrap(), false)
            .len(),
        300
    );
}

/// Nothing that a file may say makes it panic.
#[test]
fn odd_manifests() {
    for text in [
        "package = 1",
        "[package]\nname = 1",
        "[workspace]\nmembers = 3",
        "[[package]]",
        "workspace = true",
        "[package]\nname = \"a\"\n[lib]\npath = 3\n[[bin]]\nname = \"\"\npath = \"../../x\"\n[features]\nx = 1",
        "[workspace]\nmembers = [\"[\", \"**\", 5]",
        "[package]\nname = \"a\"\nworkspace = \"..\"",
        "[package]\nname = \"a\"\n[dependencies]\nx = 5\ny = { path = 3 }\nz = { workspace = true }\n[patch]\nx = 1",
        "[package]\nname = \"a\"\nbuild = 3\nedition = \"x\"\nversion = []\n[target]\nx = 1",
        "\u{feff}[workspace]",
        "[profile]\nrelease = 1\n[workspace]\n[replace]\nx = 1\n",
    ] {
        for lock in [
            "",
            "package = 1",
            "[[package]]",
            "version = \"x\"",
            "[[package]]\nname = \"a\"\nversion = \"0.0.0\"\ndependencies = [1, \"\", \"a b c d\"]\n",
        ] {
            let fixture =
                format!("//- /Cargo.toml\n{text}\n//- /Cargo.lock\n{lock}\n//- /src/main.rs\n");
            let _ = mistakes(&files(&fixture), "");
        }
    }
}
