//! Which steps a change repeats, and why: two plans compared, key by key.
//!
//! A saved plan is `plan --format json`. Of every step it has the parts of the cache key that the plan knows,
//! by name; what is in the build context is not known to a plan.

use crate::eject::words::shell;
use crate::plan::{FileAction, MountKind, Op, Plan, Role, Step, plain_name};
use crate::show;
use crate::source::SourceFile;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The most lines of a changed file that are shown.
const LINES: usize = 6;

/// Name and value of each part of a step's own key.
type Parts = BTreeMap<String, String>;

/// A step of either plan.
struct Keyed {
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

/// What repeats what, without anything to compare with.
pub fn alone(plan: &Plan) -> String {
    let steps = keyed(plan);
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        let own = step.parts.keys().map(String::as_str).collect::<Vec<_>>();
        if own.is_empty() && !step.context {
            continue;
        }
        let after = followers(&steps, index);
        let changed = match (step.context, own.as_slice()) {
            (true, _) => "any file of it".to_owned(),
            (_, own) if own.len() > 8 => format!("{}, … ({})", own[..8].join(", "), own.len()),
            (_, own) => own.join(", "),
        };
        text.push_str(&format!("{}\n  when  {changed}\n", step.name));
        if !after.is_empty() {
            text.push_str(&format!("  then  {}\n", after.join(", ")));
        }
    }
    text + "\nTo compare with a plan of before: rust-frontend plan --format json > plan.json, and later\n\
            rust-frontend explain --against plan.json\n\
            or with docker: --call=plan,format=json > previous/plan.json, and later\n\
            --call=explain --build-context previous=previous\n"
}

/// What repeats since `old` was saved: a plan, or a list of plans of which one is of the same stage and platform.
///
/// # Errors
/// When `old` is no saved plan, or has none of that stage.
pub fn against(plan: &Plan, old: &str) -> Result<String, String> {
    let wrong = "this is no plan that `plan --format json` or `--call=plan,format=json` wrote";
    let old: Value = serde_json::from_str(old).map_err(|error| format!("{wrong}: {error}"))?;
    let platform = plan.platform.to_string();
    let same = |old: &&Value| old["stage"] == plan.stage && old["platform"] == platform;
    let old = match &old {
        Value::Array(plans) => plans.iter().find(same).ok_or_else(|| {
            let stage = &plan.stage;
            format!("there is no plan of the stage `{stage}` on {platform} in it")
        })?,
        one => one,
    };
    let old = read(&old["keys"]).ok_or(wrong)?;
    let new = keyed(plan);
    let mut changed: Vec<bool> = vec![];
    let mut text = String::new();
    for step in &new {
        let before = old.iter().find(|before| before.id == step.id);
        let mut why = match before {
            None => vec!["it is new".to_owned()],
            Some(before) => differences(&before.parts, &step.parts),
        };
        if let Some(before) = before {
            let ids = |steps: &[Keyed], inputs: &[usize]| -> Vec<String> {
                let known = inputs.iter().filter_map(|at| steps.get(*at));
                known.map(|step| step.id.clone()).collect()
            };
            if why.is_empty() && ids(&old, &before.inputs) != ids(&new, &step.inputs) {
                why.push("it is made of other steps".into());
            }
        }
        let inputs = step
            .inputs
            .iter()
            .filter(|at| changed.get(**at) == Some(&true));
        let mut causes: Vec<&str> = inputs.map(|at| new[*at].name.as_str()).collect();
        causes.dedup();
        if why.is_empty() && !causes.is_empty() {
            why.push(format!("because of `{}`", causes.join("`, `")));
        }
        changed.push(!why.is_empty());
        match why.as_slice() {
            [] if step.context => {
                text.push_str(&format!(
                    "?       {}: a plan does not know its files\n",
                    step.name
                ));
            }
            [] => text.push_str(&format!("cached  {}\n", step.name)),
            why => {
                text.push_str(&format!("repeat  {}\n", step.name));
                why.iter()
                    .for_each(|line| text.push_str(&format!("          {line}\n")));
            }
        }
    }
    for gone in old
        .iter()
        .filter(|old| !new.iter().any(|new| new.id == old.id))
    {
        text.push_str(&format!("gone    {}\n", gone.name));
    }
    Ok(text)
}

fn followers(steps: &[Keyed], of: usize) -> Vec<String> {
    let mut reached = vec![false; steps.len()];
    reached[of] = true;
    let mut names: Vec<String> = vec![];
    for (index, step) in steps.iter().enumerate().skip(of + 1) {
        if step.inputs.iter().any(|input| reached[*input]) {
            reached[index] = true;
            names.push(step.name.clone());
        }
    }
    names
}

fn keyed(plan: &Plan) -> Vec<Keyed> {
    let mut counts: BTreeMap<Role, usize> = BTreeMap::new();
    let steps = plan.steps.iter().map(|step| {
        let count = counts.entry(step.role).or_insert(0);
        *count += 1;
        Keyed {
            id: format!("{} {count}", step.role.word()),
            name: plain_name(&step.name).to_owned(),
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
        Op::Merge(_) | Op::Diff { .. } => {}
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
                    FileAction::Remove { pattern } => list.push_str(&format!("remove {pattern}\n")),
                    FileAction::MakeDir { path, .. } => list.push_str(&format!("make {path}\n")),
                    FileAction::Copy(copy) => list.push_str(&format!(
                        "copy {} to {}, mode {:?}, owner {:?}, only {:?}, not {:?}\n",
                        copy.src, copy.dest, copy.mode, copy.owner, copy.include, copy.exclude
                    )),
                }
            }
            if !list.is_empty() {
                parts.insert("changes".into(), list);
            }
        }
    }
    parts
}

fn differences(old: &Parts, new: &Parts) -> Vec<String> {
    let mut lines = vec![];
    for (name, value) in new {
        match old.get(name) {
            Some(before) if before == value => {}
            Some(before) => {
                let short = |text: &str| !text.contains('\n') && text.len() <= 100;
                if short(before) && short(value) {
                    lines.push(format!("{name}: `{before}` is now `{value}`"));
                } else {
                    lines.push(format!("{name} changed:"));
                    lines.extend(by_lines(before, value));
                }
            }
            None => lines.push(format!("{name} is new")),
        }
    }
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    lines.extend(gone.map(|name| format!("{name} is gone")));
    lines
}

/// Lines that one has and the other has not.
fn by_lines(old: &str, new: &str) -> Vec<String> {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let removed = before
        .iter()
        .filter(|line| !after.contains(line))
        .map(|line| format!("  - {line}"));
    let added = after
        .iter()
        .filter(|line| !before.contains(line))
        .map(|line| format!("  + {line}"));
    let all: Vec<String> = removed.chain(added).collect();
    let more = all.len().saturating_sub(LINES);
    let mut shown: Vec<String> = all.into_iter().take(LINES).collect();
    if more > 0 {
        shown.push(format!("  … and {more} more lines"));
    }
    shown
}
