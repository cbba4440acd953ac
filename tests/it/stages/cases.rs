//! The cases of the stages.

use super::*;
use crate::support::fixture;
use rust_frontend::stage::{Kind, Stage};

/// Two binaries, a library, a macro, a member for wasm's sake; dev-dependencies that switch on other features.
const SHOP: &str = r#"
//- /Cargo.toml
[workspace]
members = ["crates/*"]
resolver = "2"
//- /crates/server/Cargo.toml
[package]
name = "server"
version = "1.2.3"
edition = "2021"
default-run = "server"
[features]
tls = []
[dependencies]
core-lib = { path = "../core-lib" }
one = "1"
[build-dependencies]
helper = "0.3"
[dev-dependencies]
one = { version = "1", features = ["extra", "more"] }
tester = "0.5"
//- /crates/server/build.rs
fn main() { helper::help(); }
//- /crates/server/src/lib.rs
//! Serves.
/// ```
/// assert_eq!(server::text(), "one+extra");
/// ```
pub fn text() -> &'static str { one::one() }
#[test]
fn unit() { assert_eq!(text(), "one+extra"); }
//- /crates/server/src/main.rs
fn main() { println!("{}", server::text()); }
//- /crates/server/src/bin/admin.rs
fn main() { println!("admin {}", server::text()); }
//- /crates/server/tests/api.rs
#[test]
fn api() { assert_eq!(server::text(), "one+extra"); }
//- /crates/server/examples/show.rs
fn main() { println!("{}", core_lib::text()); }
//- /crates/server/benches/speed.rs
fn main() {}
//- /crates/core-lib/Cargo.toml
[package]
name = "core-lib"
version = "0.4.0"
edition = "2021"
[dependencies]
maker = "1"
[target.'cfg(not(target_family = "wasm"))'.dependencies]
two = "2"
//- /crates/core-lib/src/lib.rs
pub fn text() -> String { format!("{} {}", maker::made!(), two::two()) }
//- /crates/worker/Cargo.toml
[package]
name = "worker"
version = "0.1.0"
edition = "2021"
[dependencies]
core-lib = { path = "../core-lib" }
//- /crates/worker/src/main.rs
fn main() { println!("{}", core_lib::text()); }
//- /crates/twin/Cargo.toml
[package]
name = "second"
version = "0.1.0"
edition = "2021"
[dependencies]
core-lib = { path = "../core-lib" }
//- /crates/twin/src/main.rs
fn main() { println!("{}", core_lib::text()); }
"#;

const SERVER: &str = "build: { package: server, target: HOST }";
const IMAGES: &str = "
build: { target: HOST }
images:
  server: { build: { package: server } }
  admin: { build: { package: server, bin: admin } }
  tls: { build: { package: server, bin: server, features: tls } }
  worker: { build: { package: worker } }
  second: { build: { package: second } }
";

fn locked(fixture: &str) -> Files {
    Sandbox::new().lock(&files(fixture), "", "")
}

#[test]
fn tests_find_their_dependencies_compiled() {
    let ran = run(SHOP, SERVER, "test");
    assert_eq!(
        words(&ran.before),
        "build-script-build helper maker one tester two"
    );
    assert_eq!(ran.again, [""; 0]);
    assert_eq!(
        words(&ran.local),
        "admin api build-script-build core_lib second server show worker"
    );
}

/// 10: a package that has tests and nothing else.
#[test]
fn a_package_of_tests_alone() {
    let ran = run(
        r#"
//- /Cargo.toml
[workspace]
members = ["app", "checks"]
resolver = "2"
//- /app/Cargo.toml of app
[dependencies]
one = "1"
//- /app/src/lib.rs
pub fn text() -> &'static str { one::one() }
//- /app/src/main.rs
fn main() { println!("{}", app::text()); }
//- /checks/Cargo.toml of checks
[dev-dependencies]
app = { path = "../app" }
two = "2"
//- /checks/tests/whole.rs
#[test]
fn whole() { assert_eq!((app::text(), two::two()), ("one", "two")); }
"#,
        "build: { package: app, target: HOST }",
        "test",
    );
    assert_eq!(words(&ran.before), "build-script-build helper one two");
    assert_eq!(ran.again, [""; 0]);
    assert_eq!(words(&ran.local), "app whole");
}

#[test]
fn tests_in_another_profile_do_too() {
    let spec =
        format!("{SERVER}\ntest: {{ args: [--release, --all-features, --exclude, second] }}");
    let ran = run(SHOP, &spec, "test");
    assert_eq!(ran.again, [""; 0]);
    assert!(!ran.local.contains("second"));
}

#[test]
fn clippy_finds_its_dependencies_checked() {
    let ran = run(SHOP, SERVER, "clippy");
    assert_eq!(
        words(&ran.before),
        "build-script-build helper maker one tester two"
    );
    assert_eq!(ran.again, [""; 0]);
    assert!(ran.local.contains("speed"), "{:?}", ran.local);
}

#[test]
fn documentation_finds_its_dependencies_checked() {
    let ran = run(SHOP, SERVER, "doc");
    assert_eq!(
        words(&ran.before),
        "build-script-build helper maker one two"
    );
    assert_eq!(ran.again, [""; 0]);
}

/// Without dev-dependencies both mean the same by "dependencies".
#[test]
fn documentation_shares_clippys_dependencies_where_it_can() {
    let without_dev = SHOP.replace("[dev-dependencies]\none = { version = \"1\", features = [\"extra\", \"more\"] }\ntester = \"0.5\"\n", "");
    let files = locked(&without_dev);
    let spec = SERVER.replace("HOST", "musl");
    let of = |target| digests(&plan(&files, &spec, target), Role::Dependencies);
    assert_eq!(of("doc"), of("clippy"));
    assert_ne!(of("doc"), of("test"));
    let ran = run(&without_dev, SERVER, "doc");
    assert_eq!(ran.again, [""; 0]);
    let with_dev = locked(SHOP);
    let of = |target| digests(&plan(&with_dev, &spec, target), Role::Dependencies);
    assert_ne!(of("doc"), of("clippy"));
}

#[test]
fn images_that_share_their_dependencies_find_them_compiled() {
    for image in ["server", "admin", "worker", "second", "tls"] {
        let ran = run(SHOP, IMAGES, image);
        assert_eq!(ran.again, [""; 0], "{image}");
    }
}

#[test]
fn images_share_their_dependencies_when_features_agree() {
    let files = locked(SHOP);
    let spec = IMAGES.replace("HOST", "musl");
    let of = |target, role| digests(&plan(&files, &spec, target), role);
    for role in [Role::Skeleton, Role::Fetch, Role::Dependencies] {
        let first = |target| of(target, role)[0].clone();
        assert_eq!(first("server"), first("admin"), "{role:?}");
        assert_eq!(first("worker"), first("second"), "{role:?}");
        assert_ne!(first("server"), first("worker"), "{role:?}");
    }
    assert_ne!(
        of("server", Role::Dependencies),
        of("tls", Role::Dependencies)
    );
    assert_eq!(of("server", Role::Fetch), of("tls", Role::Fetch));
    for image in ["admin", "tls", "worker", "second"] {
        assert_eq!(of("server", Role::Toolchain), of(image, Role::Toolchain));
    }
    assert_eq!(
        plan(&files, &spec, "server").notes,
        [
            "4 external crates are compiled in one step: fewer than 40 are compiled faster together",
            "`server` shares the dependency step of `admin`; \
          `server` and `second` compile their dependencies apart: `helper 0.3.1` may have different features \
          in each of them; \
          `server` and `tls` compile their dependencies apart: they ask for different features of one package; \
          `server` and `worker` compile their dependencies apart: `helper 0.3.1` may have different features \
          in each of them"
        ]
    );
}

/// A feature of one image's package that reaches a common dependency keeps the images apart.
#[test]
fn features_never_leak_between_images() {
    let leaky = SHOP.replace(
        "name = \"second\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n",
        "name = \"second\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n\
         two = { version = \"2\", default-features = false }\n",
    );
    let files = locked(&leaky);
    let spec = IMAGES.replace("HOST", "musl");
    let of = |target| digests(&plan(&files, &spec, target), Role::Dependencies);
    assert_ne!(of("worker"), of("second"));
}

/// With resolver 1, what is qualified by the name of the package in Cargo's directory is a feature of a dependency.
#[test]
fn features_of_the_root_package_with_the_first_resolver() {
    for (resolver, wanted) in [("1", "--features tls"), ("2", "--features top/tls")] {
        let project = format!(
            "//- /Cargo.toml of top\n[features]\ntls = []\n[workspace]\nmembers = [\"more\"]\nresolver = \"{resolver}\"\n\
             //- /src/main.rs\n//- /more/Cargo.toml of more\n//- /more/src/lib.rs\n"
        );
        let spec = "build: { package: top, features: tls }\n";
        let commands = commands(&plan(&locked(&project), spec, "test"));
        let found = commands.iter().any(|command| command.ends_with(wanted));
        assert!(found, "{commands:?}");
    }
}

#[test]
fn the_commands_of_each_stage() {
    let files = locked(SHOP);
    let spec = "build: { package: server, features: tls }\ntest: { clippy: warn, fmt: warn, args: [--exclude, worker, --, --nocapture] }";
    let all: Vec<String> = ["test", "clippy", "doc", "fmt"]
        .iter()
        .flat_map(|target| commands(&plan(&files, spec, target)))
        .collect();
    let common = "--offline --target x86_64-unknown-linux-musl --workspace --exclude worker --features server/tls";
    assert_eq!(
        all,
        [
            format!("Dependencies: cargo test --no-run {common}"),
            format!("Compile: /rust-frontend/compile   test --no-run {common}"),
            format!("Check: /rust-frontend/keep test.txt fails cargo test {common} -- --nocapture"),
            format!("Dependencies: cargo check --all-targets {common}"),
            format!(
                "Check: /rust-frontend/clippy --all-targets {common} --message-format json-render-diagnostics"
            ),
            format!("Dependencies: cargo check {common}"),
            format!(
                "Check: /rust-frontend/doc /target/x86_64-unknown-linux-musl/doc server --no-deps {common}"
            ),
            "Check: /rust-frontend/keep fmt.txt passes cargo fmt --all -- --check --color never"
                .to_owned(),
        ]
    );
}

#[test]
fn nextest_runs_what_cargo_compiled() {
    let files = locked(SHOP);
    let spec = "build: { package: server }\ntest: { runner: nextest, args: [--retries, \"2\"] }";
    let plan = plan(&files, spec, "test");
    let common = "--offline --target x86_64-unknown-linux-musl --workspace";
    assert_eq!(
        commands(&plan).last().unwrap(),
        &format!(
            "Check: /rust-frontend/keep test.txt fails cargo nextest run --tool-config-file \
             rust-frontend:/rust-frontend-nextest/nextest.toml {common} --retries 2"
        )
    );
}

/// No step that sees sources or crates has a network.
#[test]
fn only_tools_and_fetching_use_the_network() {
    let files = locked(SHOP);
    for target in ["test", "clippy", "doc", "fmt", "binary", "deps"] {
        let plan = plan(&files, "build: { package: server }", target);
        for step in &plan.steps {
            if let Op::Exec(exec) = &step.op {
                let may = matches!(step.role, Role::Toolchain | Role::Fetch);
                assert!(may || !exec.network, "{target}: {}", step.name);
            }
        }
        assert_eq!(plan.stage, target);
        assert_eq!(plan.config, None);
        assert!(plan.result.is_some(), "{target}");
    }
}

/// What is tested has to run on the machine that builds, whatever it is meant for.
#[test]
fn checks_are_compiled_for_the_machine_that_builds() {
    let files = locked(SHOP);
    let triple = |target: &str, platform: &str| {
        let spec = format!("build: {{ package: server, target: {target} }}");
        plan_on(&files, &spec, "test", platform).triple
    };
    assert_eq!(triple("musl", "linux/amd64"), "x86_64-unknown-linux-musl");
    assert_eq!(triple("musl", "linux/arm64"), "x86_64-unknown-linux-musl");
    assert_eq!(triple("gnu", "linux/arm64"), "x86_64-unknown-linux-gnu");
    assert_eq!(
        triple("aarch64-unknown-linux-musl", "linux/arm64"),
        "x86_64-unknown-linux-musl"
    );
    assert_eq!(
        triple("x86_64-unknown-linux-gnu", "linux/amd64"),
        "x86_64-unknown-linux-gnu"
    );
}

#[test]
fn the_stages_of_one_spec_share_what_is_the_same() {
    let files = locked(SHOP);
    let spec = IMAGES.replace("HOST", "musl");
    let of = |target, role| digests(&plan(&files, &spec, target), role);
    for role in [Role::Skeleton, Role::Fetch] {
        assert_eq!(of("test", role), of("clippy", role), "{role:?}");
        assert_eq!(of("test", role), of("doc", role), "{role:?}");
    }
    for role in [Role::Skeleton, Role::Fetch, Role::Dependencies] {
        let deps = of("deps", role);
        for image in ["server", "admin", "tls", "worker", "second"] {
            assert!(deps.contains(&of(image, role)[0]), "{image} {role:?}");
        }
    }
    assert_eq!(of("deps", Role::Dependencies).len(), 3);
    assert_eq!(of("binary", Role::Dependencies).len(), 3);
    assert_eq!(
        of("test", Role::Toolchain)[0],
        of("server", Role::Toolchain)[0]
    );
}

/// Two images may have an executable of one name with other features.
#[test]
fn executables_of_several_images_lie_side_by_side() {
    let files = locked(SHOP);
    let plan = plan(&files, &IMAGES.replace("HOST", "musl"), "binary");
    let step = &plan.steps[plan.result.unwrap().step];
    let Op::Files { actions, .. } = &step.op else {
        panic!("{step:?}");
    };
    let copied = actions.iter().filter_map(|action| match action {
        FileAction::Copy(copy) => Some(copy.dest.as_str()),
        _ => None,
    });
    assert_eq!(
        copied.collect::<Vec<_>>(),
        [
            "/server/server",
            "/admin",
            "/tls/server",
            "/worker",
            "/second"
        ]
    );
}

#[test]
fn stages_are_found_by_name() {
    let spec = IMAGES.replace("HOST", "musl");
    let spec = fixture::spec(&spec);
    let kind = |name| Stage::find(&spec, Some(name)).map(|stage| (stage.kind, stage.images.len()));
    assert_eq!(kind("Admin").unwrap(), (Kind::Image, 1));
    assert_eq!(kind("TEST").unwrap(), (Kind::Test, 5));
    assert_eq!(kind("doc").unwrap(), (Kind::Doc, 5));
    let error = kind("clipy").unwrap_err();
    assert_eq!(error.message, "target stage `clipy` could not be found");
    assert_eq!(error.help.as_deref(), Some("did you mean `clippy`?"));
    let help = kind("zzzzzzzzzzzz").unwrap_err().help.unwrap();
    assert!(
        help.ends_with("`binary`, `deps`, `test`, `clippy`, `fmt`, `doc`"),
        "{help}"
    );
}

/// The ids of the caches that dependency steps start from.
fn seeds(plan: &Plan) -> Vec<String> {
    let steps = plan
        .steps
        .iter()
        .filter(|step| step.role == Role::Dependencies);
    let execs = steps.filter_map(|step| match &step.op {
        Op::Exec(exec) => Some(exec),
        _ => None,
    });
    let mounts = execs.flat_map(|exec| &exec.mounts);
    mounts
        .filter_map(|mount| match &mount.kind {
            plan::MountKind::Cache { id, .. } => Some(id.clone()),
            _ => None,
        })
        .collect()
}

/// The plan of a stage whose dependency steps start from seeds.
fn plan_with_seeds(files: &Files, spec: &str, target: &str) -> Plan {
    let options = PlanOptions {
        target: Some(target),
        ..PlanOptions::default()
    };
    keys::plan_with(files, spec, options)
}

#[test]
fn a_seed_changes_nothing_of_the_command() {
    let files = locked(SHOP);
    let spec = "build: { package: server, features: tls }\n";
    for target in ["", "test", "clippy", "doc"] {
        let without = commands(&plan(&files, spec, target));
        let with = commands(&plan_with_seeds(&files, spec, target));
        assert_eq!(with.len(), without.len(), "{with:#?}");
        let dependencies = without
            .iter()
            .filter(|one| one.starts_with("Dependencies: "));
        assert_eq!(dependencies.count(), 1, "{without:#?}");
        for (plain, seeded) in without.iter().zip(&with) {
            match plain.strip_prefix("Dependencies: cargo") {
                Some(args) => {
                    assert!(
                        seeded.starts_with("Dependencies: /rust-frontend/seed "),
                        "{seeded}"
                    );
                    assert!(
                        seeded.ends_with(&format!("/work/Cargo.lock{args}")),
                        "{seeded}"
                    );
                }
                None => assert_eq!(plain, seeded),
            }
        }
        let off = spec.replace("{ ", "{ seed: false, ");
        let off = plan_with_seeds(&files, &off, target);
        assert_eq!(commands(&off), without);
    }
}

#[test]
fn seeds_are_apart_where_units_are() {
    let files = locked(SHOP);
    let of = |build: &str| {
        let spec = format!("build: {{ package: server{build} }}\n");
        seeds(&plan_with_seeds(&files, &spec, ""))
    };
    let base = of("");
    assert_eq!(base.len(), 1);
    assert_eq!(of(", features: tls"), base);
    for other in [
        ", profile: dev",
        ", target: gnu",
        ", rustflags: [-Copt-level=1]",
        ", env: { A: b }",
        ", debug-symbols: true",
    ] {
        assert_ne!(of(other), base, "{other}");
    }
    let secret = |given| format!(", secrets: [{{ id: token, {given}, step: compile }}]");
    assert_eq!(of(&secret("target: /token")), [""; 0]);
    assert_eq!(of(&secret("env: TOKEN")), base, "the step has no variable");
}
