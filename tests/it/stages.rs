//! Stages as plans, and what real Cargo does when it runs their steps.

mod cases;

use crate::support::cargo::{Sandbox, host};
use crate::support::fixture::{Files, files};
use crate::support::keys::{self, PlanOptions};
use buildkit_llb as llb;
use rust_frontend::lower::{self, LowerOptions};
use rust_frontend::plan::{self, FileAction, Op, Plan, Role};
use rust_frontend::source::SourceFile;
use std::collections::BTreeSet;

/// The plan of a stage.
fn plan(files: &Files, spec: &str, target: &str) -> Plan {
    plan_on(files, spec, target, "linux/amd64")
}

/// Without seeds: what cargo does is seen better without the script around it.
fn plan_on(files: &Files, spec: &str, target: &str, platform: &str) -> Plan {
    let options = PlanOptions {
        target: Some(target),
        platform,
        seed: false,
        ..PlanOptions::default()
    };
    keys::plan_with(files, spec, options)
}

/// The commands of the steps that run cargo, with what they are for.
fn commands(plan: &Plan) -> Vec<String> {
    let runs_cargo =
        |role| role > Role::Fetch && ![Role::Sources, Role::StubRemoval].contains(&role);
    let steps = plan.steps.iter().filter(|step| runs_cargo(step.role));
    steps
        .filter_map(|step| match &step.op {
            Op::Exec(exec) => Some(format!("{:?}: {}", step.role, exec.args.join(" "))),
            _ => None,
        })
        .collect()
}

/// The digests of the steps of a role.
fn digests(plan: &Plan, role: Role) -> Vec<String> {
    let file = SourceFile::new("Rust.yaml", "");
    let around = LowerOptions {
        spec: &file,
        context: &|_, _| llb::scratch(),
        exec: llb::Exec::default(),
        resolve_mode: llb::ResolveMode::Default,
        replaced: &|_, _| None,
        shm_size: None,
        no_cache: &|_| false,
        cache_namespace: "",
    };
    let lowered = lower::lower(plan, &around);
    let steps = (0..plan.steps.len()).filter(|step| plan.steps[*step].role == role);
    steps
        .map(|step| {
            let mount = match &plan.steps[step].op {
                Op::Exec(exec) => exec
                    .mounts
                    .iter()
                    .find(|mount| matches!(mount.kind, plan::MountKind::Output(_)))
                    .map_or("/".into(), |mount| mount.dest.clone()),
                _ => "/".into(),
            };
            let state = lowered.state(Some(&plan::Output { step, mount }));
            let definition = llb::marshal(&state, &llb::MarshalOptions::default()).unwrap();
            format!("{:?}", llb::head(&definition).unwrap())
        })
        .collect()
}

/// What cargo compiled of external crates when it ran the steps of a plan: first before, then again with the
/// local packages.
struct Ran {
    before: BTreeSet<String>,
    again: Vec<String>,
    local: BTreeSet<String>,
}

/// Locks a fixture, plans a stage and runs its cargo commands for real.
fn run(fixture: &str, spec: &str, target: &str) -> Ran {
    let sandbox = Sandbox::new();
    let files = sandbox.lock(&files(fixture), "", "");
    let spec = spec.replace("HOST", &host());
    run_in(&sandbox, &files, &plan(&files, &spec, target))
}

fn run_in(sandbox: &Sandbox, files: &Files, plan: &Plan) -> Ran {
    let mut before = BTreeSet::new();
    let mut ran = None;
    let mut skeletons = 0;
    for step in &plan.steps {
        match (&step.op, step.role) {
            (Op::Files { actions, .. }, Role::Skeleton) => {
                let mut all = match skeletons {
                    0 => Files::new(),
                    _ => files.clone(),
                };
                skeletons += 1;
                for action in actions {
                    if let FileAction::Write { path, data, .. } = action {
                        let text = String::from_utf8(data.clone()).unwrap();
                        all.insert(path.trim_start_matches('/').into(), text);
                    }
                }
                sandbox.replace(&all);
            }
            (Op::Exec(exec), Role::StubRemoval) => {
                let script = plan.script_of(exec).unwrap();
                sandbox.run_script(script.text, &exec.args[1..]);
            }
            (Op::Exec(exec), Role::Dependencies) => {
                let built = sandbox.messages(&exec.args[1..]);
                let names = built.into_iter().filter(|one| !one.is_local);
                before.extend(names.map(|one| one.name));
            }
            (Op::Exec(exec), Role::Compile | Role::Check) if ran.is_none() => {
                let words = match exec.args[0].as_str() {
                    "/rust-frontend/compile" => exec.args[3..].to_vec(),
                    "/rust-frontend/clippy" => [&["clippy".into()], &exec.args[1..]].concat(),
                    "/rust-frontend/doc" => [&["doc".into()], &exec.args[3..]].concat(),
                    other => panic!("{other}"),
                };
                let built = sandbox.messages(&words);
                ran = Some(Ran {
                    before: BTreeSet::new(),
                    again: built
                        .iter()
                        .filter(|one| !one.is_local && !one.fresh)
                        .map(|one| one.name.clone())
                        .collect(),
                    local: built
                        .iter()
                        .filter(|one| one.is_local && !one.fresh)
                        .map(|one| one.name.clone())
                        .collect(),
                });
            }
            _ => {}
        }
    }
    Ran {
        before,
        ..ran.unwrap()
    }
}

fn words(list: &BTreeSet<String>) -> String {
    list.iter().cloned().collect::<Vec<_>>().join(" ")
}
