//! The whole road on one screen: options and files -> spec -> project -> plan -> LLB -> result.

mod bases;
mod result;
mod solve;

use crate::context::{self, Context};
use crate::diagnostic::Diagnostics;
use crate::gateway::{Failure, Gateway, Output, Warning, read_tree};
use crate::options::Options;
use crate::plan::{self, Plan};
use crate::platform::Platform;
use crate::project::{self, Project};
use crate::source::SourceTree;
use crate::spec::{self, Spec};
use crate::stage::Stage;
use std::collections::BTreeMap;

/// Answers one request of the engine: a build.
///
/// # Errors
/// Mistakes of the user with their places, and whatever the engine answers, details and all.
pub async fn build(gateway: Gateway) -> Result<Output, Failure> {
    let options = Options::read(&gateway.build_opts().environment.options)?;
    if let Some(cap) = options.unsupported_cap() {
        return Err(Failure::FrontendCap(cap.to_owned()));
    }
    let context = Context::load(&gateway, &options).await?;
    let build_platform = gateway.build_opts().environment.build_platform();
    let mut made = vec![];
    for platform in options.target_platforms(&build_platform) {
        let loaded = load(&gateway, &options, &context, &platform).await?;
        if made.is_empty() {
            warn(&gateway, &context, &loaded.warnings).await;
        }
        let plan = plan(&gateway, &options, &context, &loaded, &platform).await?;
        let reference = solve::solve(&gateway, &options, &context, &plan).await?;
        made.push((plan, reference));
    }
    Ok(result::output(made, options.multi_platform))
}

/// What the user wrote, read and checked.
#[derive(Debug)]
pub struct Loaded {
    /// The spec.
    pub spec: Spec,
    /// The Cargo project.
    pub project: Project,
    /// What is worth saying about both.
    pub warnings: Diagnostics,
}

/// Reads spec and manifests.
///
/// # Errors
/// All mistakes in the spec, or else all in the manifests.
pub async fn load(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    platform: &Platform,
) -> Result<Loaded, Failure> {
    let build_platform = gateway.build_opts().environment.build_platform();
    let predefined = options.predefined_args(&build_platform, platform);
    let (spec, mut warnings) =
        spec::parse_with(&context.definition, &options.build_args, &predefined)?;
    let manifests = context::solve(gateway, &context.tree_state()).await?;
    let read = |tree: &SourceTree| project::load(tree, "");
    let (project, _) = read_tree(&manifests, SourceTree::default(), read).await?;
    let (project, notes) = project?;
    warnings.extend(notes);
    Ok(Loaded {
        spec,
        project,
        warnings,
    })
}

/// Decides what to do.
///
/// # Errors
/// An unknown stage, package, binary or feature; a base image that cannot be resolved.
pub async fn plan(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    loaded: &Loaded,
    platform: &Platform,
) -> Result<Plan, Failure> {
    let Loaded { spec, project, .. } = loaded;
    let build_platform = &gateway.build_opts().environment.build_platform();
    let stage = Stage::find(spec, options.target.as_deref())?;
    let mut images = BTreeMap::new();
    let mut selections = vec![];
    for image in stage.images {
        selections.push(project.select(spec, image)?);
        let bases = bases::resolve(gateway, options, image, platform, build_platform).await?;
        images.extend(bases);
    }
    let inputs: Vec<plan::Input<'_>> = stage
        .images
        .iter()
        .zip(&selections)
        .map(|(image, selection)| plan::Input {
            spec,
            image,
            project,
            selection,
            platform,
            build_platform,
            images: &images,
            ignored: &context.ignored,
            labels: &options.labels,
            epoch: None,
            abilities: plan::Abilities {
                merge: gateway.llb_caps().has(buildkit_proto::caps::MERGE_OP),
            },
        })
        .collect();
    Ok(plan::make_all(stage.kind, &inputs)?)
}

/// Shows warnings; the engine prints them after the build.
async fn warn(gateway: &Gateway, context: &Context, warnings: &Diagnostics) {
    for diagnostic in warnings.clone().sorted() {
        let vertex = context.vertex.as_str();
        gateway
            .warn(Warning {
                diagnostic: &diagnostic,
                vertex,
                url: "",
            })
            .await;
    }
}
