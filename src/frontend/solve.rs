//! Hands a plan to the engine and checks what came out.

use crate::context::{self, Context};
use crate::diagnostic::{Diagnostics, Severity};
use crate::gateway::{Failure, Gateway, Ref};
use crate::lower::{self, Surroundings};
use crate::options::{Options, ResolveMode};
use crate::plan::Plan;
use crate::verify;
use buildkit_llb as llb;

/// Cargo's messages are one line of JSON for each crate: far more than any project has, in bytes.
const MAX_REPORT: u64 = 256 << 20;

/// Solves the graph of a plan: compiles, so that what was compiled can be checked, and leaves the image to
/// the engine.
pub(super) async fn solve(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    plan: &Plan,
) -> Result<Ref, Failure> {
    let around = Surroundings {
        spec: &context.definition,
        context: &|include, exclude| context.state(include, exclude),
        exec: llb::Exec::default(),
        resolve_mode: match options.resolve_mode {
            ResolveMode::Default => llb::ResolveMode::Default,
            ResolveMode::Pull => llb::ResolveMode::Pull,
            ResolveMode::Local => llb::ResolveMode::Local,
        },
        replaced: &|_| None,
        no_cache: options.no_cache.applies_to(&plan.stage),
        cache_namespace: &options.cache_namespace,
    };
    let lowered = lower::lower(plan, &around);
    let mut found = Diagnostics::default();
    for output in &plan.reports {
        let report = context::solve(gateway, &lowered.state(Some(output))).await?;
        let messages = report.read_file("cargo.jsonl", MAX_REPORT).await?;
        let made = plan.executables.iter();
        let made = made.filter(|executable| executable.output.step == output.step);
        let bins: Vec<String> = made.map(|executable| executable.name.clone()).collect();
        found.extend(verify::report(&String::from_utf8_lossy(&messages), &bins));
    }
    if !plan.reports.is_empty() {
        found.extend(executables(gateway, plan, &lowered).await?);
        let (errors, warnings): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|diagnostic| diagnostic.severity == Severity::Error);
        let gathered = |list: Vec<_>| {
            list.into_iter()
                .fold(Diagnostics::default(), |mut all, one| {
                    all.push(one);
                    all
                })
        };
        if !errors.is_empty() {
            return Err(gathered(errors).into());
        }
        super::warn(gateway, context, &gathered(warnings)).await;
    }
    context::solve(gateway, &lowered.state(plan.result.as_ref())).await
}

/// Looks at the heads of the executables.
async fn executables(
    gateway: &Gateway,
    plan: &Plan,
    lowered: &lower::Lowered,
) -> Result<Diagnostics, Failure> {
    let mut found = Diagnostics::default();
    for executable in &plan.executables {
        let reference = context::solve(gateway, &lowered.state(Some(&executable.output))).await?;
        let head = reference
            .read_range(&executable.path, 0, verify::HEAD)
            .await?;
        let base = plan.static_base.as_deref();
        if let Some(wrong) = verify::executable(&executable.name, &head, &plan.triple, base) {
            found.push(wrong);
        }
    }
    Ok(found)
}
