//! A plan for people: the steps in words, the graph as a picture.

mod graph;
mod svg;
mod text;

pub use graph::{dot, mermaid};
pub use svg::svg;
pub use text::{json, plan};

use crate::plan::{Op, Plan, Role, Step};
use std::collections::BTreeSet;

/// The steps that a picture shows, and its arrows.
///
/// How sources are picked from the build context is left out, and so is an arrow beside a longer way: what is
/// below something has to wait for it in any case.
struct Picture {
    steps: Vec<usize>,
    edges: Vec<(usize, usize)>,
}

fn picture(plan: &Plan) -> Picture {
    let used = is_used(plan);
    let inputs: Vec<BTreeSet<usize>> = plan
        .steps
        .iter()
        .map(|step| step.op.inputs().iter().map(|input| input.step).collect())
        .collect();
    let picks = |at: usize| {
        let step = &plan.steps[at];
        step.role == Role::Sources && !matches!(step.op, Op::Context { .. })
    };
    let is_shown = |at: usize| {
        let mut users = (at + 1..plan.steps.len()).filter(|user| inputs[*user].contains(&at));
        used[at] && !(picks(at) && users.all(picks)) && !is_one_of_many(plan, at)
    };
    let steps: Vec<usize> = (0..plan.steps.len()).filter(|at| is_shown(*at)).collect();
    // The image that a step which picks sources runs in is not itself a source.
    let is_image = |at: usize| matches!(plan.steps[at].op, Op::Image { .. });
    // Inputs come before what is made of them, so one pass sees all that is above a step.
    let mut direct: Vec<BTreeSet<usize>> = vec![];
    let mut above: Vec<BTreeSet<usize>> = vec![];
    for inputs in &inputs {
        let mut near = BTreeSet::new();
        for input in inputs.iter().filter(|input| used[**input]) {
            match steps.binary_search(input) {
                Ok(_) => drop(near.insert(*input)),
                Err(_) => near.extend(direct[*input].iter().filter(|at| !is_image(**at))),
            }
        }
        let far: BTreeSet<usize> = near.iter().flat_map(|at| above[*at].clone()).collect();
        near.retain(|at| !far.contains(at));
        above.push(near.union(&far).copied().collect());
        direct.push(near);
    }
    let arrows = steps
        .iter()
        .flat_map(|to| direct[*to].iter().map(|from| (*from, *to)));
    let edges = arrows.collect();
    Picture { steps, edges }
}

/// The groups of crates by their names, and the step that stands for all of them: the one that puts them together.
fn crates(plan: &Plan) -> Option<(usize, Vec<&str>)> {
    let of_crates = |step: &&Step| step.role == Role::Crates;
    let last = plan.steps.iter().rposition(|step| of_crates(&step))?;
    let groups = plan.steps.iter().filter(of_crates);
    let groups = groups.filter(|step| matches!(step.op, Op::Exec(_)));
    Some((last, groups.map(|step| step.name.as_str()).collect()))
}

/// Whether a step belongs to the groups of crates, which are shown as one.
fn is_one_of_many(plan: &Plan, at: usize) -> bool {
    plan.steps[at].role == Role::Crates && crates(plan).is_some_and(|(last, _)| last != at)
}

/// Whether a step is there for the result, or for nothing that anybody sees.
fn is_used(plan: &Plan) -> Vec<bool> {
    let mut used = vec![false; plan.steps.len()];
    let outputs = plan.result.iter().chain(&plan.reports);
    outputs.for_each(|output| used[output.step] = true);
    // A stage without a result is about its last step.
    if let (None, Some(last)) = (&plan.result, used.last_mut()) {
        *last = true;
    }
    for index in (0..plan.steps.len()).rev() {
        if used[index] {
            let inputs = plan.steps[index].op.inputs();
            inputs.into_iter().for_each(|input| used[input.step] = true);
        }
    }
    // A script belongs to the step that runs it.
    plan.scripts().into_iter().for_each(|at| used[at] = false);
    used
}

/// The longest name that a box has: the name of a step of the spec's is its whole command.
const LONGEST: usize = 64;

/// What a box says, in one line.
fn label(plan: &Plan, index: usize) -> String {
    if plan.steps[index].role == Role::Crates
        && let Some((_, groups)) = crates(plan)
    {
        return format!("{} groups of crates", groups.len());
    }
    let name = &plan.steps[index].name;
    shortened(&name.replace(char::is_control, " "), LONGEST)
}

/// A text that is not longer than so many letters.
fn shortened(text: &str, longest: usize) -> String {
    match text.chars().count() > longest {
        true => text.chars().take(longest - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// What a box looks like.
fn class(plan: &Plan, index: usize) -> &'static str {
    let step = &plan.steps[index];
    match (&step.op, step.role) {
        (Op::Image { .. } | Op::Context { .. }, _) => "source",
        (_, Role::Fetch | Role::Toolchain | Role::Skeleton) => "prepare",
        (_, Role::Crates | Role::Dependencies | Role::StubRemoval) => "dependencies",
        (_, Role::Sources | Role::Local | Role::Compile | Role::Check) => "compile",
        (_, Role::Base | Role::Image) => "image",
    }
}

/// The looks: class, fill, stroke.
const LOOKS: [(&str, &str, &str); 5] = [
    ("source", "#eeeeee", "#888888"),
    ("prepare", "#e3f0fb", "#4a86c0"),
    ("dependencies", "#fdebd3", "#d08a2e"),
    ("compile", "#fbdfdb", "#c4513f"),
    ("image", "#e0f3e2", "#4c9a57"),
];
