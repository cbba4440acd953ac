//! A plan for people: the steps in words, the graph as a picture.

mod graph;
mod svg;
mod text;

pub use graph::{dot, mermaid};
pub use svg::svg;
pub use text::{json, plan};

use crate::plan::{Op, Plan, plain_name};

/// The steps that matter to a reader, each with those that it is made of: sources of the engine's own making
/// are left out where they stand for themselves.
fn edges(plan: &Plan) -> Vec<(usize, usize)> {
    let mut edges = vec![];
    for (index, step) in plan.steps.iter().enumerate() {
        for input in step.op.inputs() {
            if !edges.contains(&(input.step, index)) {
                edges.push((input.step, index));
            }
        }
    }
    edges
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
    // A script belongs to the step that it is.
    plan.scripts().into_iter().for_each(|at| used[at] = false);
    used
}

/// What a box says.
fn label(plan: &Plan, index: usize) -> String {
    plain_name(&plan.steps[index].name).to_owned()
}

/// What a box looks like.
fn class(plan: &Plan, index: usize) -> &'static str {
    use crate::plan::Role;
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
