//! Asks Cargo what it is going to compile, by a step of the build.

use super::bases::Bases;
use super::surroundings::Around;
use crate::context::{self, Context};
use crate::gateway::{Failure, Gateway, SolveRequest};
use crate::lower;
use crate::options::Options;
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
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    bases: &Bases,
    kind: Kind,
    input: &Input<'_>,
) -> Result<Option<Units>, Failure> {
    let Some(plan) = plan::resolution(kind, input)? else {
        return Ok(None);
    };
    let around = Around::new(context, options, bases, gateway.llb_caps());
    let lowered = around.with(&plan, |around| lower::lower(&plan, around));
    let definition = context::definition_of(gateway, &lowered.state(plan.result.as_ref()))?;
    let request = SolveRequest {
        cache_imports: options.cache_imports.clone(),
        evaluate: true,
        ..SolveRequest::from(definition)
    };
    let solved = gateway.solve(request).await?;
    let graph = solved.read_file(units::GRAPH, MAX).await?;
    let crates = solved.read_file(units::CRATES, MAX).await?;
    Ok(Units::read(&graph, &crates, &input.project.lock))
}
