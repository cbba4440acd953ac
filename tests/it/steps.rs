//! What the steps of one build have in common, so that cargo takes in each what the one before left.

use crate::support::fixture::files;
use crate::support::keys;
use rust_frontend::plan::{Exec, FileAction, Mount, MountKind, Op, Plan, Role, WORK_DIR};
use std::collections::BTreeSet;

/// A program with two libraries of its own, a crate of a registry and one of a repository.
const PROJECT: &str = r#"
//- /Cargo.toml
[workspace]
members = ["app", "left", "right"]
resolver = "2"
[profile.small]
inherits = "release"
//- /Cargo.lock
version = 4
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["left", "right"]
[[package]]
name = "from-git"
version = "0.1.0"
source = "git+https://example.org/from-git?branch=main#0123456789abcdef0123456789abcdef01234567"
[[package]]
name = "left"
version = "0.1.0"
dependencies = ["from-git"]
[[package]]
name = "one"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"
[[package]]
name = "right"
version = "0.1.0"
dependencies = ["one"]
//- /.cargo/config.toml
[build]
rustc-wrapper = "sccache"
//- /app/Cargo.toml of app
[dependencies]
left = { path = "../left" }
right = { path = "../right" }
//- /app/src/main.rs
//- /left/Cargo.toml of left
[dependencies]
from-git = { git = "https://example.org/from-git", branch = "main" }
//- /left/src/lib.rs
//- /right/Cargo.toml of right
[features]
fast = []
[dependencies]
one = "1"
//- /right/src/lib.rs
"#;

fn plan(spec: &str) -> Plan {
    keys::plan(&files(PROJECT), spec, None)
}

/// The steps that compile, in order.
fn compiling(plan: &Plan) -> Vec<&Exec> {
    let roles = [Role::Dependencies, Role::Local, Role::Compile];
    let steps = plan.steps.iter().filter(|step| roles.contains(&step.role));
    let execs = steps.filter_map(|step| match &step.op {
        Op::Exec(exec) => Some(exec),
        _ => None,
    });
    execs.collect()
}

/// 67: what cargo keeps of registries and repositories is the layer of the step that fetches, and never in a cache that
/// may be emptied; no later step can change it.
#[test]
fn sources_of_crates_are_in_a_layer() {
    let plan = plan("");
    let fetch = plan
        .steps
        .iter()
        .position(|step| step.role == Role::Fetch)
        .unwrap();
    let mut seen = 0;
    for exec in compiling(&plan) {
        for dir in ["/usr/local/cargo/registry", "/usr/local/cargo/git"] {
            let mount = exec.mounts.iter().find(|mount| mount.dest == dir).unwrap();
            let MountKind::Scratchpad(from) = &mount.kind else {
                panic!("{mount:?}");
            };
            assert_eq!((from.step, from.mount.as_str()), (fetch, dir));
            seen += 1;
        }
    }
    assert_eq!(seen, 8, "four steps");
}

/// Cargo loads the repository of a patch that nothing uses.
#[test]
fn an_unused_patch_has_its_repository() {
    let unused = PROJECT
        .replace(
            "[profile.small]",
            "[patch.crates-io]\none = { git = \"https://example.org/one\" }\n[profile.small]",
        )
        .replace("dependencies = [\"from-git\"]\n", "")
        .replace("from-git = { git = \"https://example.org/from-git\", branch = \"main\" }\n", "")
        .replace(
            "[[package]]\nname = \"from-git\"\nversion = \"0.1.0\"\nsource = \"git+https://example.org/from-git?branch=main#0123456789abcdef0123456789abcdef01234567\"\n",
            "",
        );
    let patch = "\n[[patch.unused]]\nname = \"one\"\nversion = \"2.0.0\"\n\
                 source = \"git+https://example.org/one#0123456789abcdef0123456789abcdef01234567\"\n";
    for (patch, expected) in [("", false), (patch, true)] {
        let project = unused.replace(
            "//- /.cargo/config.toml",
            &format!("{patch}//- /.cargo/config.toml"),
        );
        let plan = keys::plan(&files(&project), "", None);
        for exec in compiling(&plan) {
            let has = |mount: &Mount| mount.dest == "/usr/local/cargo/git";
            assert_eq!(exec.mounts.iter().any(has), expected, "{patch}");
        }
    }
}

/// A secret in a place of the build's own would hide it.
#[test]
fn secrets_are_beside_what_steps_mount() {
    let refused = |target: &str| {
        let spec = format!("build: {{ secrets: [{{ id: a, target: {target}, step: compile }}] }}");
        keys::refused(&files(PROJECT), &spec)
    };
    for place in ["/", "/work", "/target/", "/usr/local/cargo/registry"] {
        let said = format!("the build has files of its own at `{place}`");
        assert!(refused(place)[0].contains(&said), "{:?}", refused(place));
    }
    plan("build: { secrets: [{ id: a, target: /work/a, step: compile }] }");
}

/// 78, 82, 85: the same variables but for stamps, the same directory, the same wrapper of the compiler.
#[test]
fn variables_and_directory_are_the_same() {
    let plan =
        plan("build: { env: { RUSTC_WORKSPACE_WRAPPER: /w, A: b }, stamp: { REVISION: r } }");
    let execs = compiling(&plan);
    let variables =
        |exec: &Exec| -> BTreeSet<(String, String)> { exec.env.iter().cloned().collect() };
    let [first, others @ ..] = &execs[..] else {
        panic!("{execs:?}");
    };
    let expected = variables(first);
    for name in ["RUSTC_WORKSPACE_WRAPPER", "A", "CARGO_TARGET_DIR"] {
        assert!(expected.iter().any(|(known, _)| known == name), "{name}");
    }
    for exec in others {
        let mut found = variables(exec);
        found.retain(|(name, _)| name != "REVISION");
        assert_eq!(found, expected);
        assert_eq!(exec.cwd, first.cwd);
        let work = exec.mounts.iter().find(|mount| mount.dest == WORK_DIR);
        assert!(matches!(work.unwrap().kind, MountKind::Scratchpad(_)));
    }
    let stamped = execs
        .iter()
        .filter(|exec| variables(exec).len() > expected.len());
    assert_eq!(stamped.count(), 1, "the last");
    let wrapped = plan.steps.iter().filter(|step| match &step.op {
        Op::Files { actions, .. } => actions.iter().any(|action| match action {
            FileAction::Write { path, data, .. } => {
                path == "/.cargo/config.toml" && String::from_utf8_lossy(data).contains("sccache")
            }
            _ => false,
        }),
        _ => false,
    });
    // The skeleton, and what each of the others compiles.
    assert_eq!(wrapped.count(), execs.len());
}

/// The words of a cargo command.
fn words(exec: &Exec) -> Vec<String> {
    let words = exec.args.iter().skip_while(|word| *word != "build");
    words.cloned().collect()
}

/// 58, 79, 81: the same command, without `--locked`, for one target that is always named.
#[test]
fn commands_are_the_same() {
    let plan = plan("build: { features: [right/fast] }");
    let [dependencies, left, right, compile] = &compiling(&plan)[..] else {
        panic!("four steps");
    };
    let command = words(compile);
    assert_eq!(words(dependencies), command);
    // A library that is compiled for the program alone is named beside it.
    let named = |name: &str| {
        let at = command.iter().position(|word| word == "--bin").unwrap();
        let mut named = command.clone();
        let library = ["--package", name, "--lib"].map(str::to_owned);
        named.splice(at..at + 2, library);
        named
    };
    assert_eq!(words(left), named("left"));
    // Where a feature of the command would be a feature of the library, it is not.
    assert_eq!(words(right), command);
    let targets: Vec<&[String]> = command
        .windows(2)
        .filter(|pair| pair[0] == "--target")
        .collect();
    assert_eq!(targets.len(), 1);
    assert_eq!(targets[0][1], plan.triple);
    assert!(
        !command.iter().any(|word| word == "--locked"),
        "{command:?}"
    );
}

/// 75: no command and no script has a flag that is unstable or names a toolchain, in any stage. (The question which
/// crates there are, for groups, is asked in a plan of its own, and asks for the format of the answer so.)
#[test]
fn nothing_unstable_is_asked_for() {
    let mut seen = 0;
    for stage in [
        "", "debug", "binary", "deps", "test", "clippy", "fmt", "doc",
    ] {
        let plan = keys::plan(&files(PROJECT), "", Some(stage));
        for step in &plan.steps {
            let Op::Exec(exec) = &step.op else { continue };
            let script = plan.script_of(exec).map_or("", |script| script.text);
            let text = format!("{} {script} {:?}", exec.args.join(" "), exec.env);
            for unstable in [" -Z", "RUSTC_BOOTSTRAP", "cargo +", "rustc +"] {
                assert!(!text.contains(unstable), "{stage}: {text}");
            }
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

/// The libraries that Cargo is told the names of, in the project with some texts in the place of others.
fn named(changes: &[(&str, &str)], spec: &str) -> Vec<String> {
    let mut project = PROJECT.to_owned();
    for (old, new) in changes {
        assert!(project.contains(old), "{old}");
        project = project.replacen(old, new, 1);
    }
    let plan = keys::plan(&files(&project), spec, None);
    let steps = compiling(&plan).into_iter().map(words);
    let libraries = steps.filter(|words| words.iter().any(|word| word == "--lib"));
    let after = |words: Vec<String>| {
        let names = words.windows(2).filter(|pair| pair[0] == "--package");
        let names: Vec<String> = names.map(|pair| pair[1].clone()).collect();
        names.into_iter().filter(|name| name != "app")
    };
    libraries.flat_map(after).collect()
}

const LEFT: &str = "left = { path = \"../left\" }";
const OF_LEFT: &str = "//- /left/Cargo.toml of left\n";
const DEFAULTS: (&str, &str) = (
    OF_LEFT,
    "//- /left/Cargo.toml of left\n[features]\ndefault = [\"a\"]\na = []\n",
);
const WITHOUT_DEFAULTS: (&str, &str) = (
    LEFT,
    "left = { path = \"../left\", default-features = false }",
);

/// Cargo is told the names of libraries that it compiles for the program whatever they are called by.
#[test]
fn libraries_of_the_program_are_named() {
    assert_eq!(named(&[], ""), ["left", "right"]);
    assert_eq!(named(&[DEFAULTS], ""), ["left", "right"]);
    // Being named adds nothing without default features.
    let plain = "build: { default-features: false }";
    let changes = [DEFAULTS, WITHOUT_DEFAULTS];
    assert_eq!(named(&changes, plain), ["left", "right"]);
}

#[test]
fn only_what_is_certain_is_named() {
    for (changes, spec) in [
        // Named, it would have its default features.
        (&[DEFAULTS, WITHOUT_DEFAULTS][..], ""),
        (
            &[(LEFT, "left = { path = \"../left\", optional = true }")],
            "",
        ),
        (
            &[(
                OF_LEFT,
                "//- /left/Cargo.toml of left\n[lib]\nproc-macro = true\n",
            )],
            "",
        ),
        (
            &[(
                OF_LEFT,
                "//- /left/Cargo.toml of left\n[lib]\ncrate-type = [\"cdylib\", \"lib\"]\n",
            )],
            "",
        ),
        // Twice, for the program and for its build script.
        (
            &[(
                "right = {",
                "right = { path = \"../right\" }\n[build-dependencies]\nleft = { path = \"../left\" }\n[dev-dependencies]\nright = {",
            )],
            "",
        ),
        // A feature of both.
        (
            &[
                (
                    OF_LEFT,
                    "//- /left/Cargo.toml of left\n[features]\na = []\n",
                ),
                (
                    "//- /app/Cargo.toml of app\n",
                    "//- /app/Cargo.toml of app\n[features]\na = []\n",
                ),
            ],
            "build: { features: [a] }",
        ),
    ] {
        assert_eq!(named(changes, spec), ["right"], "{changes:?}");
    }
}

#[test]
fn where_features_are_of_a_platform_or_unified_by_other_rules_nothing_is_named() {
    let platform = (
        "[dependencies]\nleft = {",
        "[target.'cfg(unix)'.dependencies]\nleft = {",
    );
    let resolver = ("resolver = \"2\"", "resolver = \"1\"");
    let unification = (
        "[build]\n",
        "[resolver]\nfeature-unification = \"package\"\n[build]\n",
    );
    for change in [platform, resolver, unification] {
        assert_eq!(named(&[change], ""), [""; 0], "{change:?}");
    }
}

/// 54, 105: the fingerprints of stubs go by their names, in the directories that cargo gives to profiles.
#[test]
fn fingerprints_go_where_the_profile_keeps_them() {
    for (profile, dir) in [
        ("release", "release"),
        ("dev", "debug"),
        ("test", "debug"),
        ("bench", "release"),
        ("small", "small"),
    ] {
        let plan = plan(&format!("build: {{ profile: {profile} }}"));
        let removal = plan
            .steps
            .iter()
            .find(|step| step.role == Role::StubRemoval);
        let Op::Exec(exec) = &removal.unwrap().op else {
            panic!("{removal:?}");
        };
        let dirs = format!("{}/{dir} {dir}", plan.triple);
        assert_eq!(
            exec.args[1..],
            [dirs.as_str(), "app left right", "app"],
            "{profile}"
        );
    }
}

/// The compiler flags of the spec, as the variable of steps that compile.
fn rustflags(config: &str, build: &str) -> Vec<String> {
    let project = format!("{PROJECT}//- /.cargo/config.toml\n{config}");
    let plan = keys::plan(&files(&project), &format!("build: {{ {build} }}"), None);
    let mut compile = plan.steps.iter().filter(|step| step.role == Role::Compile);
    let Some(Op::Exec(exec)) = compile.next().map(|step| &step.op) else {
        panic!("{plan:?}")
    };
    let flags = exec
        .env
        .iter()
        .filter(|(name, _)| name.contains("RUSTFLAGS"));
    flags
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

/// Cargo joins what is said of one key in several places, and takes one key of several.
#[test]
fn flags_join_those_of_the_configuration() {
    let flags = "rustflags: [-Ca, -Cb]";
    assert_eq!(rustflags("", ""), [""; 0]);
    assert_eq!(
        rustflags("", flags),
        ["CARGO_ENCODED_RUSTFLAGS=-Ca\u{1f}-Cb"]
    );
    let of_build = "[build]\nrustflags = [\"--cfg\", \"x\"]\n";
    assert_eq!(
        rustflags(of_build, flags),
        ["CARGO_BUILD_RUSTFLAGS=-Ca -Cb"]
    );
    assert_eq!(rustflags(of_build, ""), [""; 0]);
    for target in ["x86_64-unknown-linux-musl", "'cfg(unix)'"] {
        let of_target = format!("{of_build}[target.{target}]\nrustflags = \"--cfg y\"\n");
        let wanted = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS=-Ca -Cb";
        assert_eq!(rustflags(&of_target, flags), [wanted]);
    }
    // Those of another system hide nothing.
    let of_windows = format!("{of_build}[target.'cfg(windows)']\nrustflags = \"--cfg y\"\n");
    assert_eq!(
        rustflags(&of_windows, flags),
        ["CARGO_BUILD_RUSTFLAGS=-Ca -Cb"]
    );
    let of_another = "[target.x86_64-pc-windows-msvc]\nrustflags = \"--cfg y\"\n";
    assert_eq!(
        rustflags(of_another, flags),
        ["CARGO_ENCODED_RUSTFLAGS=-Ca\u{1f}-Cb"]
    );
    let spaced = "rustflags: ['--cfg=a=\"b c\"']";
    assert_eq!(
        rustflags(of_build, spaced),
        ["CARGO_ENCODED_RUSTFLAGS=--cfg\u{1f}x\u{1f}--cfg=a=\"b c\""]
    );
    let hidden = "rustflags: -Ca, env: { RUSTFLAGS: -Cc }";
    assert_eq!(
        rustflags(of_build, hidden),
        ["RUSTFLAGS=-Cc", "CARGO_ENCODED_RUSTFLAGS=-Cc\u{1f}-Ca"]
    );
}

/// The commands that make the toolchain for a toolchain file.
fn rustup(file: &str, build: &str) -> Vec<String> {
    let project = format!("{PROJECT}//- /rust-toolchain.toml\n{file}");
    let plan = keys::plan(&files(&project), &format!("build: {{ {build} }}"), None);
    let steps = plan
        .steps
        .iter()
        .filter(|step| step.role == Role::Toolchain);
    let words = steps.filter_map(|step| match &step.op {
        Op::Exec(exec) => Some(exec.args.join(" ")),
        _ => None,
    });
    words.filter(|words| words.starts_with("rustup")).collect()
}

/// 74: targets for other systems than Linux are those of developers' machines, and so is the profile, whose components a
/// stage that wants one brings itself.
#[test]
fn a_toolchain_file_has_all_that_it_names() {
    let more = "profile = \"complete\"\ntargets = [\"wasm32-unknown-unknown\", \"aarch64-apple-darwin\", \"x86_64-unknown-linux-musl\"]\n\
                components = [\"rust-src\"]\n";
    let file = format!("[toolchain]\nchannel = \"1.90\"\n{more}");
    assert_eq!(
        rustup(&file, ""),
        [
            "rustup toolchain install 1.90 --profile minimal --no-self-update --target \
             x86_64-unknown-linux-musl --target wasm32-unknown-unknown --component rust-src"
        ]
    );
    assert_eq!(
        rustup(&format!("[toolchain]\n{more}"), ""),
        [
            "rustup target add x86_64-unknown-linux-musl wasm32-unknown-unknown",
            "rustup component add rust-src"
        ]
    );
    assert_eq!(
        rustup("[toolchain]\nchannel = \"1.90.0\"\n", ""),
        [
            "rustup toolchain install 1.90.0 --profile minimal --no-self-update --target \
             x86_64-unknown-linux-musl"
        ]
    );
    // The spec's own toolchain takes the file's place.
    assert_eq!(
        rustup(&file, "toolchain: stable"),
        [
            "rustup toolchain install stable --profile minimal --no-self-update --target \
             x86_64-unknown-linux-musl"
        ]
    );
}

/// Certificates of the project are there when crates are fetched, and hinder neither seed nor groups.
#[test]
fn certificates_are_there_for_downloads() {
    let config = "//- /.cargo/config.toml\n[http]\ncainfo = \"certs/ca.pem\"\n//- /certs/ca.pem\n";
    let plan = keys::plan(&files(&format!("{PROJECT}{config}")), "", None);
    let role = |wanted| plan.steps.iter().filter(move |step| step.role == wanted);
    let skeleton = role(Role::Skeleton).next().map(|step| &step.op);
    let Some(Op::Files {
        base: Some(base), ..
    }) = skeleton
    else {
        panic!("{skeleton:?}")
    };
    let Op::Files { actions, .. } = &plan.steps[base.step].op else {
        panic!("{:?}", plan.steps[base.step])
    };
    let [FileAction::Copy(copy)] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(copy.include, ["certs/ca.pem"]);
    assert!(
        plan.notes
            .iter()
            .all(|note| !note.contains("all of them are compiled"))
    );
}
