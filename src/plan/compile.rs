//! What the user wrote: sources, and the compilation of the wanted binaries.

use super::dependencies::{self, Crates};
use super::toolchain::Toolchain;
use super::{
    Copy, Executable, FileAction, Input, Mount, MountKind, OUT_DIR, Op, Output, Plan, REPORT_DIR,
    Role, SOURCE_TIME,
};
use crate::recipe::Recipe;

/// Runs cargo, keeps its messages, and copies the executables.
///
/// Arguments: the executables (one word each, in one argument), where they are, then cargo's own. Cargo
/// itself cannot copy executables to a place of their own on the stable channel. The bytes are part of
/// cache keys.
pub(super) const COMPILE: &str = "\
#!/bin/sh
set -eu
bins=$1 built=$2
shift 2
cargo \"$@\" --message-format json-render-diagnostics >/report/cargo.jsonl
for bin in $bins; do cp \"$built/$bin\" \"/out/$bin\"; done
";

/// Paths of the context that never reach a compile step, because no build reads them there.
fn never(input: &Input<'_>) -> Vec<String> {
    let root = &input.project.root;
    let under = |name: &str| {
        if root.is_empty() {
            name.into()
        } else {
            format!("{root}/{name}")
        }
    };
    let mut list = vec![".git".to_owned(), under("target"), under(".git")];
    list.push(input.spec.file.name().to_owned());
    list.sort();
    list.dedup();
    list
}

/// Adds the real project: the context's files with one old time, under the recipe's real manifests.
pub(super) fn sources(plan: &mut Plan, input: &Input<'_>, real: &Recipe) -> Output {
    let sources = context(plan, input, &[], "sources");
    // Other members of the workspace are no part of this build, nor is what only they need.
    dependencies::skeleton(plan, real, Some(sources), "manifests of what is compiled")
}

/// Adds the context's files with one old time; of them only what matches `include`, if it is not empty.
pub(super) fn context(plan: &mut Plan, input: &Input<'_>, include: &[&str], name: &str) -> Output {
    let mut exclude = input.ignored.to_vec();
    exclude.extend(never(input));
    let op = Op::Context {
        include: vec![],
        exclude: exclude.clone(),
    };
    let context = plan.push(Role::Sources, "load build context".into(), op, None);
    let copy = FileAction::Copy(Box::new(Copy {
        from: Output {
            step: context,
            mount: "/".into(),
        },
        src: "/".into(),
        dest: "/".into(),
        include: include.iter().map(|&pattern| pattern.to_owned()).collect(),
        exclude: never(input),
        mode: None,
        owner: None,
        time: Some(SOURCE_TIME),
    }));
    let op = Op::Files {
        base: None,
        actions: vec![copy],
    };
    let step = plan.push(Role::Sources, name.into(), op, None);
    Output {
        step,
        mount: "/".into(),
    }
}

/// Adds the step that compiles the wanted binaries.
pub(super) fn compile(
    plan: &mut Plan,
    input: &Input<'_>,
    toolchain: &Toolchain,
    crates: &Crates,
    sources: &Output,
    target: Option<Output>,
) {
    let profile = dependencies::profile_dir(&input.selection.profile);
    let bins = &input.selection.bins;
    let (script, path) = plan.script("compile", COMPILE);
    let mut args = vec![path, bins.join(" ")];
    args.push(format!("{}/{}/{profile}", super::TARGET_DIR, plan.triple));
    args.extend(["build".into()]);
    args.extend(dependencies::build_flags(plan, input));
    let target = target.map_or(MountKind::Output(None), MountKind::Scratchpad);
    let mut exec = dependencies::cargo(input, toolchain, crates, sources, target, args);
    exec.mounts.push(script);
    for dest in [OUT_DIR, REPORT_DIR] {
        exec.mounts.push(Mount {
            dest: dest.into(),
            kind: MountKind::Output(None),
        });
    }
    for variable in &input.image.build.stamp {
        exec.env
            .push((variable.name.value.clone(), variable.value.value.clone()));
    }
    let package = &input.project.packages[input.selection.package];
    let name = format!("compile {} {}", package.name, package.version);
    let step = plan.push(Role::Compile, name, Op::Exec(exec), input.image.build.span);
    let report = Output {
        step,
        mount: REPORT_DIR.into(),
    };
    if plan.reports.contains(&report) {
        return;
    }
    plan.reports.push(report);
    plan.executables.extend(bins.iter().map(|bin| Executable {
        name: bin.clone(),
        output: Output {
            step,
            mount: OUT_DIR.into(),
        },
        path: format!("/{bin}"),
        installed: format!("/usr/local/bin/{bin}"),
    }));
}
