//! Names that users read in the progress: `[shop-server 3/7] dependencies (181 crates, release, …)`.

use super::{Op, Plan, Role, Step};

/// Numbers the steps that do work for the user; plumbing is called internal, and a step that several projects share
/// has a name that fits every project.
pub(super) fn number(plan: &mut Plan, label: &str) {
    let total = plan.steps.iter().filter(|step| counts(step)).count();
    let mut at = 0;
    for step in &mut plan.steps {
        step.place = match (counts(step), step.role, &step.op) {
            (true, ..) => {
                at += 1;
                format!("{label} {at}/{total}")
            }
            (_, Role::Crates, Op::Exec(_)) => "crates".to_owned(),
            // Builds of several images share these, and the engine shows the name of whichever came first.
            _ => "internal".to_owned(),
        };
    }
}

/// Names the steps of a plan that is the beginning of another, which has their numbers.
pub(super) fn label(plan: &mut Plan, label: &str) {
    for step in &mut plan.steps {
        let place = if counts(step) { label } else { "internal" };
        step.place = place.to_owned();
    }
}

fn counts(step: &Step) -> bool {
    use Role::{Base, Crates, Skeleton, Sources};
    !matches!(step.role, Base | Crates | Skeleton | Sources)
}

/// `1 crate`, `2 crates`.
pub(super) fn count(n: usize, thing: &str) -> String {
    if n == 1 {
        format!("1 {thing}")
    } else {
        format!("{n} {thing}s")
    }
}
