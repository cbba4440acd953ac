//! Plans made by hand: every form of step has a form in a Dockerfile.

use super::*;
use crate::diagnostic::Diagnostics;
use crate::plan::{Exec, Mount, MountKind, Op, Output, Step};
use crate::platform::Platform;
use crate::spec::ImageBase;
use crate::verify::Runtime;

fn output(step: usize, mount: &str) -> Output {
    let mount = mount.into();
    Output { step, mount }
}

fn step(role: Role, name: &str, op: Op) -> Step {
    Step {
        role,
        place: "x".into(),
        name: name.into(),
        op,
        span: None,
    }
}

fn exec(command: &str, mounts: Vec<(&str, MountKind)>) -> Op {
    let mounts = mounts.into_iter().map(|(dest, kind)| Mount {
        dest: dest.into(),
        kind,
    });
    Op::Exec(Exec {
        args: ["sh", "-c", command].map(str::to_owned).to_vec(),
        env: vec![("PATH".into(), "/bin".into())],
        cwd: "/".into(),
        mounts: mounts.collect(),
        ..Exec::default()
    })
}

/// Two tiers that go on writing what the dependencies left, then a step that only reads it.
fn tiers() -> Plan {
    let root = || ("/", MountKind::Output(Some(output(0, "/"))));
    let goes_on = |step| ("/target", MountKind::Output(Some(output(step, "/target"))));
    let image = Op::Image {
        reference: "docker.io/library/rust:1".into(),
        platform: Platform::linux("amd64"),
    };
    let last = ("/target", MountKind::ReadOnly(output(4, "/target")));
    let none = ("/target", MountKind::Output(None));
    Plan {
        stage: "tiers".into(),
        platform: Platform::linux("amd64"),
        build_platform: Platform::linux("amd64"),
        triple: String::new(),
        steps: vec![
            step(Role::Base, "image", image),
            step(Role::Dependencies, "deps", exec("a", vec![root(), none])),
            step(
                Role::StubRemoval,
                "removal",
                exec("r", vec![root(), goes_on(1)]),
            ),
            step(Role::Local, "one", exec("b", vec![root(), goes_on(2)])),
            step(Role::Local, "two", exec("c", vec![root(), goes_on(3)])),
            step(Role::Compile, "last", exec("d", vec![root(), last])),
        ],
        base_configs: [(
            "docker.io/library/rust:1".to_owned(),
            br#"{"config":{"Env":["PATH=/bin"]}}"#.to_vec(),
        )]
        .into(),
        assemblies: vec![],
        grouped: Default::default(),
        result: Some(output(5, "/")),
        reports: vec![],
        executables: vec![],
        symbols: None,
        runtime: Runtime::of(&ImageBase::Scratch),
        annotations: vec![],
        config: None,
        notes: vec![],
        warnings: Diagnostics::default(),
    }
}

fn body(plan: &Plan) -> String {
    let options = DockerfileOptions {
        spec: "Rust.yaml",
        ignored: &[],
        locked: 0,
    };
    let text = dockerfile(std::slice::from_ref(plan), &options);
    text[text.find("\nFROM").unwrap_or(0)..].to_owned()
}

#[test]
fn tiers_go_on_in_the_same_stages() {
    assert_eq!(
        body(&tiers()),
        "
FROM --platform=$BUILDPLATFORM rust:1 AS build-image

FROM build-image AS dependencies
# deps
RUN --network=none \\
    <<'EOF'
set -e
mkdir -p /target
set +e
a
EOF
# removal
RUN --network=none \\
    r

FROM dependencies AS local
# one
RUN --network=none \\
    b
# two
RUN --network=none \\
    c

FROM build-image AS tiers
# last
RUN --network=none \\
    --mount=type=bind,from=local,source=/target,target=/target \\
    d
"
    );
}

#[test]
fn equal_stages_of_several_plans_are_written_once() {
    let mut other = tiers();
    other.stage = "other".into();
    let options = DockerfileOptions {
        spec: "Rust.yaml",
        ignored: &[],
        locked: 0,
    };
    let text = dockerfile(&[tiers(), other], &options);
    assert_eq!(text.matches("AS local\n").count(), 1, "{text}");
    assert_eq!(text.matches("FROM ").count(), 5, "{text}");
    assert!(
        text.contains("AS tiers\n") && text.contains("AS other\n"),
        "{text}"
    );
}
