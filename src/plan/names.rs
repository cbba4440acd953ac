//! Names that users read in the progress: `[shop-server 3/7] dependencies (181 crates, release, …)`.

use super::{Plan, Role};

/// Numbers the steps that do work for the user; plumbing is called internal.
pub(super) fn number(plan: &mut Plan, label: &str) {
    let counts = |role: Role| !matches!(role, Role::Base | Role::Sources | Role::Skeleton);
    let total = plan.steps.iter().filter(|step| counts(step.role)).count();
    let mut at = 0;
    for step in &mut plan.steps {
        step.name = if counts(step.role) {
            at += 1;
            format!("[{label} {at}/{total}] {}", step.name)
        } else {
            // Builds of several images share these, and the engine shows the name of whichever came first.
            format!("[internal] {}", step.name)
        };
    }
}

/// `1 crate`, `2 crates`.
pub(super) fn count(n: usize, thing: &str) -> String {
    if n == 1 {
        format!("1 {thing}")
    } else {
        format!("{n} {thing}s")
    }
}
