//! Which steps a change repeats, and why: two plans compared, key by key.
//!
//! A saved plan is `plan --format json`. Of every step it has the parts of the cache key that the plan knows,
//! by name; what is in the build context is not known to a plan.

mod compare;
mod diff;

use crate::eject::words::shell;
use crate::plan::{FileAction, MountKind, Op, Plan, Role, Step};
use crate::show;
use crate::source::SourceFile;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub use compare::against;

/// Roles of steps that users do not wait for: they carry files to others.
const PLUMBING: [Role; 4] = [Role::Base, Role::Skeleton, Role::StubRemoval, Role::Sources];

/// Variables that follow from the build image.
const USUAL: [&str; 5] = [
    "CARGO_HOME",
    "CARGO_INCREMENTAL",
    "CARGO_TARGET_DIR",
    "PATH",
    "RUSTUP_HOME",
];

/// Name and value of each part of a step's own key.
type Parts = BTreeMap<String, String>;

/// A step of either plan.
struct Keyed {
    /// What makes it the same step in both plans.
    id: String,
    name: String,
    parts: Parts,
    inputs: Vec<usize>,
    context: bool,
}

/// A plan for a later [`against`].
pub fn saved(plan: &Plan, spec: &SourceFile) -> Value {
    let mut value = show::json(plan, spec);
    let steps: Vec<Value> = keyed(plan)
        .into_iter()
        .map(|step| {
            let parts: Map<String, Value> =
                step.parts.into_iter().map(|(k, v)| (k, json!(v))).collect();
            json!({
                "id": step.id,
                "name": step.name,
                "parts": parts,
                "inputs": step.inputs,
                "context": step.context,
            })
        })
        .collect();
    value["keys"] = json!(steps);
    value
}

/// Which steps a change repeats, without an earlier plan to compare with.
pub fn alone(plan: &Plan) -> String {
    let steps = keyed(plan);
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        let when = match &plan.steps[index].op {
            Op::Context { .. } => "any file of it that a step takes".to_owned(),
            Op::Image { .. } => "another digest".to_owned(),
            Op::Exec(_) => {
                let names = step.parts.keys();
                let names = names.filter_map(|name| name.strip_prefix("variable "));
                let names: Vec<&str> = names.filter(|name| !USUAL.contains(name)).collect();
                match names.as_slice() {
                    [] => "its command".to_owned(),
                    names => format!("its command, or one of {}", names.join(", ")),
                }
            }
            _ => match files(&step.parts).as_slice() {
                // Copies and removals change only with the frontend.
                [] => continue,
                files if files.len() > 6 => {
                    format!("{}, … ({} files)", files[..6].join(", "), files.len())
                }
                files => files.join(", "),
            },
        };
        let after = followers(plan, &steps, index);
        let is_tool =
            plan.scripts().contains(&index) || matches!(plan.steps[index].op, Op::Exec(_));
        if !is_shown(plan, index) && (is_tool || after.is_empty()) {
            continue;
        }
        text.push_str(&format!("{}\n  when  {when}\n", step.name));
        if !after.is_empty() {
            text.push_str(&format!("  then  {}\n", after.join(", ")));
        }
    }
    text + "\nTo compare with an earlier plan: rust-frontend plan --format json > plan.json, and later\n\
            rust-frontend explain --against plan.json\n\
            or with docker: --call=plan,format=json > ../previous/plan.json, and later\n\
            --call=explain --build-context previous=../previous\n"
}

/// Paths of the files that a step writes, as they are in the project; of Rust sources it writes stubs, which do not
/// change with them.
fn files(parts: &Parts) -> Vec<&str> {
    let names = parts.keys();
    let paths = names.filter_map(|name| name.strip_prefix("file /"));
    paths.filter(|path| !path.ends_with(".rs")).collect()
}

/// Whether a step is one that users wait for.
fn is_shown(plan: &Plan, index: usize) -> bool {
    !PLUMBING.contains(&plan.steps[index].role)
}

/// The names of the steps that users wait for and that depend on a step, directly or not.
fn followers(plan: &Plan, steps: &[Keyed], of: usize) -> Vec<String> {
    let mut reached = vec![false; steps.len()];
    reached[of] = true;
    let mut names: Vec<String> = vec![];
    for (index, step) in steps.iter().enumerate().skip(of + 1) {
        if step.inputs.iter().any(|input| reached[*input]) {
            reached[index] = true;
            if is_shown(plan, index) {
                names.push(step.name.clone());
            }
        }
    }
    names
}

fn keyed(plan: &Plan) -> Vec<Keyed> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let steps = plan.steps.iter().map(|step| {
        let name = &step.name;
        // Where there are many of a role, one more must not shift the others; other names have numbers of crates in
        // them.
        let id = match step.role {
            Role::Base | Role::Sources | Role::Local | Role::Image => {
                format!("{} {name}", step.role.word())
            }
            role => role.word().to_owned(),
        };
        let count = counts.entry(id.clone()).or_insert(0);
        *count += 1;
        Keyed {
            id: format!("{id} {count}"),
            name: name.clone(),
            parts: parts(step),
            inputs: step.op.inputs().iter().map(|input| input.step).collect(),
            context: matches!(step.op, Op::Context { .. }),
        }
    });
    steps.collect()
}

/// A saved plan's steps.
fn read(keys: &Value) -> Option<Vec<Keyed>> {
    let steps = keys.as_array()?.iter().map(|step| {
        let text = |key: &str| step[key].as_str().map(str::to_owned);
        let parts = step["parts"].as_object()?.iter();
        let inputs = step["inputs"].as_array()?.iter();
        Some(Keyed {
            id: text("id")?,
            name: text("name")?,
            parts: parts
                .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            inputs: inputs
                .filter_map(|at| usize::try_from(at.as_u64()?).ok())
                .collect(),
            context: step["context"].as_bool().unwrap_or_default(),
        })
    });
    steps.collect()
}

/// What a step's own key is made of.
fn parts(step: &Step) -> Parts {
    let mut parts = Parts::new();
    match &step.op {
        Op::Image {
            reference,
            platform,
        } => {
            parts.insert("image".into(), reference.clone());
            parts.insert("platform".into(), platform.to_string());
        }
        Op::Context { include, exclude } => {
            parts.insert(
                "patterns".into(),
                [include.join("\n"), exclude.join("\n")].join("\n"),
            );
        }
        Op::Merge(_) => {}
        Op::Exec(exec) => {
            let words: Vec<String> = exec.args.iter().map(|word| shell(word)).collect();
            parts.insert("command".into(), words.join(" "));
            parts.insert("directory".into(), exec.cwd.clone());
            for (name, value) in &exec.env {
                parts.insert(format!("variable {name}"), value.clone());
            }
            for mount in &exec.mounts {
                let kind = match &mount.kind {
                    MountKind::ReadOnly(_) | MountKind::Part { .. } => "read",
                    MountKind::Scratchpad(_) => "scratch",
                    MountKind::Output(_) => "output",
                    MountKind::Cache { .. } | MountKind::Secret { .. } | MountKind::Ssh { .. } => {
                        continue;
                    }
                };
                parts.insert(format!("mount {}", mount.dest), kind.into());
            }
        }
        Op::Files { actions, .. } => {
            let mut list = String::new();
            for action in actions {
                match action {
                    FileAction::Write { path, data, .. } => {
                        let text = String::from_utf8_lossy(data).into_owned();
                        parts.insert(format!("file {path}"), text);
                    }
                    FileAction::MakeDir { path, .. } => list.push_str(&format!("make {path}\n")),
                    FileAction::Copy(copy) => list.push_str(&format!(
                        "copy {} to {}, mode {:?}, owner {:?}, only {:?}, not {:?}\n",
                        copy.src, copy.dest, copy.mode, copy.owner, copy.include, copy.exclude
                    )),
                    FileAction::Need(_) => {}
                }
            }
            if !list.is_empty() {
                parts.insert("changes".into(), list);
            }
        }
    }
    parts
}
