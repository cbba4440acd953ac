//! Two plans side by side: what changed, once, and what each step makes of it.

use super::{Keyed, diff, is_shown, keyed, read};
use crate::plan::Plan;
use serde_json::Value;
use std::collections::BTreeSet;

/// What becomes of a step.
enum Fate {
    Cached,
    /// It takes files from the build context, which a plan does not know.
    Files,
    /// It is done again, because of these changes.
    Repeat(BTreeSet<usize>),
}

/// A change: what it is of, and how.
struct Change {
    of: String,
    how: Vec<String>,
}

/// What repeats since `old` was saved: a plan, or a list of plans of which one is of the same stage and platform.
///
/// # Errors
/// When `old` is not a saved plan, or has none of that stage.
pub fn against(plan: &Plan, old: &str) -> Result<String, String> {
    let wrong = "this is not a plan that `plan --format json` or `--call=plan,format=json` wrote";
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
    let mut changes: Vec<Change> = vec![];
    let mut fates: Vec<Fate> = vec![];
    for step in &new {
        let fate = fate(step, &old, &new, &fates, &mut changes);
        fates.push(fate);
    }
    let gone = old
        .iter()
        .filter(|old| !new.iter().any(|new| new.id == old.id));
    for step in gone {
        note(&mut changes, &step.name, vec!["is gone".into()]);
    }
    Ok(text(plan, &new, &fates, &changes))
}

/// What becomes of the next step.
fn fate(
    step: &Keyed,
    old: &[Keyed],
    new: &[Keyed],
    fates: &[Fate],
    changes: &mut Vec<Change>,
) -> Fate {
    let mut causes = BTreeSet::new();
    let mut files = step.context;
    for input in step.inputs.iter().filter_map(|at| fates.get(*at)) {
        match input {
            Fate::Cached => {}
            Fate::Files => files = true,
            Fate::Repeat(more) => causes.extend(more),
        }
    }
    match old.iter().find(|before| before.id == step.id) {
        None => {
            causes.insert(note(changes, &step.name, vec!["is new".into()]));
        }
        Some(before) => {
            for (of, how) in diff::parts(before, step, causes.is_empty()) {
                causes.insert(note(changes, &of, how));
            }
            let ids = |steps: &[Keyed], inputs: &[usize]| -> Vec<String> {
                let known = inputs.iter().filter_map(|at| steps.get(*at));
                known.map(|step| step.id.clone()).collect()
            };
            if causes.is_empty() && ids(old, &before.inputs) != ids(new, &step.inputs) {
                let how = vec!["is made of other steps".into()];
                causes.insert(note(changes, &step.name, how));
            }
        }
    }
    match (causes.is_empty(), files) {
        (false, _) => Fate::Repeat(causes),
        (true, true) => Fate::Files,
        (true, false) => Fate::Cached,
    }
}

/// Adds a change, or more details to one: several steps may have the same file, variable or setting.
fn note(changes: &mut Vec<Change>, of: &str, how: Vec<String>) -> usize {
    let at = changes.iter().position(|change| change.of == of);
    let at = at.unwrap_or_else(|| {
        changes.push(Change {
            of: of.to_owned(),
            how: vec![],
        });
        changes.len() - 1
    });
    for line in how {
        if !changes[at].how.contains(&line) {
            changes[at].how.push(line);
        }
    }
    at
}

fn text(plan: &Plan, steps: &[Keyed], fates: &[Fate], changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        match change.how.as_slice() {
            [one] => text.push_str(&format!("changed {}: {one}\n", change.of)),
            how => {
                text.push_str(&format!("changed {}\n", change.of));
                diff::shown(how)
                    .iter()
                    .for_each(|line| text.push_str(&format!("          {line}\n")));
            }
        }
    }
    if changes.is_empty() {
        text.push_str(
            "Nothing that a plan knows has changed. A plan does not know the files of the build context.\n",
        );
    }
    text.push('\n');
    let mut last = &BTreeSet::new();
    for (index, step) in steps
        .iter()
        .enumerate()
        .filter(|(at, _)| is_shown(plan, *at))
    {
        let name = &step.name;
        text.push_str(&match &fates[index] {
            Fate::Cached => format!("cached  {name}\n"),
            Fate::Files => format!("cached  {name}, unless a file that it takes changed\n"),
            Fate::Repeat(causes) => {
                let names: Vec<&str> = causes.iter().map(|at| &*changes[*at].of).collect();
                let why = match causes == last && causes.len() > 1 {
                    true => "the same".to_owned(),
                    false => names.join(", "),
                };
                last = causes;
                format!("repeat  {name}\n          because of {why}\n")
            }
        });
    }
    text
}
