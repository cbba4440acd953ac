//! Asks Cargo what it is going to compile, by a step of the build.

use super::Request;
use super::bases::Bases;
use super::step_options::StepOptions;
use crate::context;
use crate::gateway::{Failure, SolveRequest};
use crate::lower;
use crate::plan::{self, Input};
use crate::stage::Kind;
use crate::units::{self, Units};

/// The largest answer: that of a few thousand crates, in bytes.
const MAX: u64 = 64 << 20;

/// The units of an image's build; `None` where they do not matter, or Cargo did not tell.
///
/// # Errors
/// What the engine answers: that the crates cannot be downloaded, for instance.
pub(super) async fn resolve(
    request: Request<'_>,
    bases: &Bases,
    kind: Kind,
    input: &Input<'_>,
) -> Result<Option<Units>, Failure> {
    let Request {
        gateway, options, ..
    } = request;
    let Some(plan) = plan::resolution(kind, input)? else {
        return Ok(None);
    };
    let steps = StepOptions::new(request, bases);
    let lowered = steps.with(&plan, |options| lower::lower(&plan, options));
    let definition = context::definition_of(gateway, &lowered.state(plan.result.as_ref()))?;
    let wanted = SolveRequest {
        cache_imports: options.cache_imports.clone(),
        evaluate: true,
        ..SolveRequest::from(definition)
    };
    let solved = gateway.solve(wanted).await?;
    let graph = solved.read_file(units::GRAPH, MAX).await?;
    let crates = solved.read_file(units::CRATES, MAX).await?;
    Ok(Units::read(&graph, &crates, &input.project.lock))
}
