//! The ways out: a plan as a Dockerfile, a spec as a bake file.
//!
//! A Dockerfile is made from the steps of plans alone, whatever they are: each kind of operation has one
//! form. It says at its top where it cannot do what the graph does.

mod bake;
mod config;
mod dockerfile;
mod exec;
mod files;
mod header;
mod stage;
#[cfg(test)]
mod tests;
pub(crate) mod words;

pub use bake::bake;

use crate::plan::{Plan, Role};
use dockerfile::Writer;
use stage::{Base, Stage, mark};
use std::collections::{BTreeMap, BTreeSet};

/// What a Dockerfile needs to know besides the plans.
#[derive(Clone, Copy, Debug)]
pub struct DockerfileOptions<'a> {
    /// Name of the spec.
    pub spec: &'a str,
    /// Patterns of the ignore file: the Dockerfile's frontend applies them itself.
    pub ignored: &'a [String],
    /// Number of packages in the project's lock.
    pub locked: usize,
}

/// One Dockerfile for all `plans`; equal stages are written once, the last plan is the default target.
pub fn dockerfile(plans: &[Plan], options: &DockerfileOptions<'_>) -> String {
    let mut file = File::default();
    for plan in plans {
        file.taken.insert(words::stage_name(&plan.stage));
    }
    let mut facts = BTreeSet::new();
    for plan in plans {
        let mut writer = Writer::new(plan, options);
        writer.steps();
        facts.append(&mut writer.facts);
        file.add(&words::stage_name(&plan.stage), &writer.stages, writer.last);
    }
    header::header(plans, options, &facts) + &file.stages.join("\n")
}

/// Stages with names.
#[derive(Default)]
struct File {
    names: Vec<String>,
    taken: BTreeSet<String>,
    /// What follows the name of each, to find equal ones.
    keys: Vec<(String, String)>,
    stages: Vec<String>,
}

impl File {
    /// Adds the stages of one plan, all but those that are there already.
    fn add(&mut self, name: &str, stages: &[Stage], last: usize) {
        let mut settled: BTreeMap<usize, String> = BTreeMap::new();
        for index in in_order(stages, last) {
            let stage = &stages[index];
            let resolve = |text: &str| {
                let mut text = text.to_owned();
                for (index, name) in &settled {
                    text = text.replace(&mark(*index), name);
                }
                text
            };
            let from = match &stage.from {
                Base::Scratch => "FROM scratch".to_owned(),
                Base::Image(reference, None) => format!("FROM {reference}"),
                Base::Image(reference, Some(platform)) => {
                    format!("FROM --platform={platform} {reference}")
                }
                Base::Stage(at) => format!("FROM {}", settled[at]),
            };
            let key = (from, resolve(&stage.body));
            let known = self.keys.iter().position(|known| *known == key);
            if let (Some(at), true) = (known, index != last) {
                settled.insert(index, self.names[at].clone());
                continue;
            }
            let name = match index == last {
                true => name.to_owned(),
                false => self.free(stage_word(stage), name),
            };
            self.stages.push(format!("{} AS {name}\n{}", key.0, key.1));
            self.keys.push(key);
            self.names.push(name.clone());
            settled.insert(index, name);
        }
    }

    /// A name that no stage has: the word, else with the plan's name, else with a number.
    fn free(&mut self, word: &str, plan: &str) -> String {
        let numbered = (2..).map(|n| format!("{word}-{n}"));
        let mut names = [word.to_owned(), format!("{word}-{plan}")]
            .into_iter()
            .chain(numbered);
        let free = names.find(|name| !self.taken.contains(name));
        let free = free.unwrap_or_default();
        self.taken.insert(free.clone());
        free
    }
}

/// The stages that the last one needs, each after those that it mentions, else in the plan's order.
fn in_order(stages: &[Stage], last: usize) -> Vec<usize> {
    fn visit(at: usize, stages: &[Stage], order: &mut Vec<usize>) {
        if !order.contains(&at) {
            let mentions = stages[at].mentions();
            mentions
                .into_iter()
                .for_each(|one| visit(one, stages, order));
            order.push(at);
        }
    }
    let mut needed = vec![];
    if last < stages.len() {
        visit(last, stages, &mut needed);
    }
    let mut order = vec![];
    needed.sort_unstable();
    for at in needed {
        visit(at, stages, &mut order);
    }
    // A stage that others do not mention would be the default target if it came last.
    order.retain(|at| *at != last);
    order.push(last);
    order
}

fn stage_word(stage: &Stage) -> &'static str {
    match (&stage.from, stage.role) {
        (Base::Image(_, Some(_)), Role::Base) => "build-image",
        (Base::Scratch, Role::Base) => "empty",
        (_, role) => role.word(),
    }
}
