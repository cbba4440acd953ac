//! The whole road on one screen: options and files -> spec -> project -> plan -> LLB -> result.

mod bases;
mod epoch;
mod missing;
mod packages;
mod result;
mod sbom;
mod solve;
mod surroundings;
mod units;

use crate::calls;
use crate::context::Context;
use crate::diagnostic::Diagnostics;
use crate::gateway::{Attestation, Failure, Gateway, Output, Ref, Warning};
use crate::inspect::{self, Seen};
use crate::lint::{self, Switches};
use crate::options::{Epoch, Options};
use crate::plan::{self, Plan};
use crate::platform::Platform;
use crate::project::Project;
use crate::source::SourceTree;
use crate::spec::{self, Spec};
use crate::stage::Stage;
use bases::Bases;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Answers one request of the engine: a build, or a question about one.
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
    let platforms = options.target_platforms(&build_platform);
    if let Some(request) = &options.request {
        let context = packages::placed(&gateway, &options, &context, &platforms[0]).await?;
        return calls::answer(&gateway, &options, &context, request).await;
    }
    let derived = !matches!(options.epoch, None | Some(Epoch::Seconds(_)));
    let multi_platform = options.multi_platform;
    let made = all_platforms(gateway, options, context, platforms).await?;
    Ok(result::output(made, multi_platform, derived))
}

/// Builds for every platform at once: where one waits, for a registry or for its last crate, the others go on.
async fn all_platforms(
    gateway: Gateway,
    options: Options,
    context: Context,
    platforms: Vec<Platform>,
) -> Result<Vec<Made>, Failure> {
    let (options, context) = (Arc::new(options), Arc::new(context));
    let mut running = JoinSet::new();
    for (index, platform) in platforms.into_iter().enumerate() {
        let (gateway, options, context) = (gateway.clone(), options.clone(), context.clone());
        running.spawn(async move {
            // What is worth a warning on one platform is so on all.
            let made = one_platform(&gateway, &options, &context, &platform, index == 0).await;
            (index, made)
        });
    }
    let mut made = vec![];
    while let Some(joined) = running.join_next().await {
        match joined {
            // Leaving early drops the others, which cancels their calls.
            Ok((index, one)) => made.push((index, one?)),
            Err(error) => return Err(Failure::Internal(error.to_string())),
        }
    }
    made.sort_by_key(|(index, _)| *index);
    Ok(made.into_iter().map(|(_, one)| one).collect())
}

/// What was made for one platform.
type Made = (Planned, Ref, Vec<Attestation>);

async fn one_platform(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    platform: &Platform,
    warns: bool,
) -> Result<Made, Failure> {
    let context = &packages::placed(gateway, options, context, platform).await?;
    expect_bases(gateway, options, context, platform);
    let loaded = load(gateway, options, context, platform).await?;
    if warns {
        warn(gateway, context, &loaded.warnings).await;
    }
    loaded.switches.refuse(&loaded.warnings)?;
    let mut planned = decide(gateway, options, context, &loaded, platform).await?;
    if options.multi_platform {
        planned.name_platform();
    }
    let solved = solve::solve(gateway, options, context, &loaded.spec, &planned).await?;
    let lists = sbom::scanned(gateway, options, context, &solved).await?;
    Ok((planned, solved.reference, lists))
}

/// What the user wrote, read and checked.
#[derive(Debug)]
pub struct Loaded {
    /// The spec.
    pub spec: Spec,
    /// The Cargo project.
    pub project: Project,
    /// Warnings about both, of the lint rules that are on.
    pub warnings: Diagnostics,
    /// Which rules are on, and whether they stop the build.
    pub switches: Switches,
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
    let inspected = inspect(gateway, options, context, platform).await?;
    let Inspected {
        spec: Some(spec),
        project: Some(project),
        warnings,
        switches,
        ..
    } = inspected
    else {
        return Err(inspected.errors.into());
    };
    Ok(Loaded {
        spec,
        project,
        warnings,
        switches,
    })
}

/// Everything that can be said of spec and project, also of those that nothing can be built from.
#[derive(Debug, Default)]
pub struct Inspected {
    /// The spec, if it has no mistakes.
    pub spec: Option<Spec>,
    /// The Cargo project, if spec and project have no mistakes.
    pub project: Option<Project>,
    /// The mistakes.
    pub errors: Diagnostics,
    /// Warnings that apply nevertheless.
    pub warnings: Diagnostics,
    /// Which lint rules are on.
    pub switches: Switches,
}

/// Reads spec and manifests as far as it goes. Asks no registry.
///
/// # Errors
/// What the engine answers.
pub async fn inspect(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    platform: &Platform,
) -> Result<Inspected, Failure> {
    match parse(gateway, options, context, platform) {
        Ok((spec, warnings)) => inspect_project(gateway, options, context, spec, warnings).await,
        Err(errors) => Ok(Inspected {
            errors,
            ..Inspected::default()
        }),
    }
}

/// The spec, and warnings about it.
fn parse(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    platform: &Platform,
) -> Result<(Spec, Diagnostics), Diagnostics> {
    let build_platform = gateway.build_opts().environment.build_platform();
    let predefined = options.predefined_args(&build_platform, platform);
    spec::parse_with(&context.definition, &options.build_args, &predefined)
}

/// Has the base images looked up while the project is read.
fn expect_bases(gateway: &Gateway, options: &Options, context: &Context, platform: &Platform) {
    let Ok((spec, _)) = parse(gateway, options, context, platform) else {
        return;
    };
    if let Ok(stage) = Stage::find(&spec, options.target.as_deref()) {
        let build_platform = gateway.build_opts().environment.build_platform();
        for image in stage.images {
            bases::expect(
                gateway,
                options,
                (stage.kind, image),
                platform,
                &build_platform,
            );
        }
    }
}

async fn inspect_project(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    spec: Spec,
    warnings: Diagnostics,
) -> Result<Inspected, Failure> {
    let switches = Switches::read(options, &context.definition, Some(&spec))?;
    let read = |tree: &SourceTree| {
        let seen = Seen {
            tree,
            names: context.has_names(),
            local: context.is_local(),
            ignored: &context.ignored,
        };
        inspect::project(&spec, &switches, &warnings, seen)
    };
    let ((project, warnings), _) = context.read_tree(gateway, read).await?;
    let mut inspected = Inspected::default();
    match project {
        Ok(project) => inspected.project = Some(project),
        Err(mistakes) => inspected.errors = mistakes,
    }
    inspected.spec = Some(spec);
    inspected.warnings = warnings;
    inspected.switches = switches;
    Ok(inspected)
}

/// A plan and what it was made with.
#[derive(Debug)]
struct Planned {
    plan: Plan,
    bases: Bases,
    /// SOURCE_DATE_EPOCH in seconds.
    epoch: Option<i64>,
}

impl Planned {
    /// Says in the progress which platform a step is for.
    fn name_platform(&mut self) {
        let platform = self.plan.platform.to_string();
        for step in &mut self.plan.steps {
            if let Some(rest) = step.name.strip_prefix('[') {
                step.name = format!("[{platform} {rest}");
            }
        }
    }
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
    let planned = decide(gateway, options, context, loaded, platform).await?;
    Ok(planned.plan)
}

async fn decide(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    loaded: &Loaded,
    platform: &Platform,
) -> Result<Planned, Failure> {
    let Loaded { spec, project, .. } = loaded;
    let build_platform = &gateway.build_opts().environment.build_platform();
    let stage = Stage::find(spec, options.target.as_deref())?;
    let mut bases = Bases::default();
    let mut selections = vec![];
    for image in stage.images {
        selections.push(project.select(spec, image)?);
        let image = (stage.kind, image);
        let of_image = bases::resolve(gateway, options, context, image, platform, build_platform);
        bases.extend(of_image.await?);
    }
    let epoch = epoch::seconds(gateway, options, context, platform).await?;
    let mut inputs: Vec<plan::Input<'_>> = stage
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
            images: &bases.images,
            ignored: &context.ignored,
            labels: &options.labels,
            epoch,
            units: None,
            abilities: abilities(gateway, options),
        })
        .collect();
    let mut units = vec![];
    for input in &inputs {
        let resolved = units::resolve(gateway, options, context, &bases, stage.kind, input);
        let explained = |failure| missing::explained(failure, &context.definition, stage.images);
        units.push(resolved.await.map_err(explained)?);
    }
    for (input, units) in inputs.iter_mut().zip(&units) {
        input.units = units.as_ref();
    }
    let plan = plan::make_all(stage.kind, &inputs)?;
    Ok(Planned { plan, bases, epoch })
}

/// What the engine can do, as far as the question wants it.
fn abilities(gateway: &Gateway, options: &Options) -> plan::Abilities {
    use buildkit_proto::caps;
    let has = |cap| gateway.llb_caps().has(cap);
    // A Dockerfile cannot express what these are made of.
    let is_ejected = options.request.as_deref() == Some("frontend.dockerfile");
    let merge = has(caps::MERGE_OP);
    plan::Abilities {
        merge,
        local_steps: !is_ejected,
        seed: !is_ejected,
        crates: !is_ejected
            && merge
            && has(caps::EXEC_META_PROXYENV)
            && has(caps::EXEC_MOUNT_CACHE_CONTENT),
        imports_cache: !options.cache_imports.is_empty(),
    }
}

/// Shows warnings; the engine prints them after the build.
async fn warn(gateway: &Gateway, context: &Context, warnings: &Diagnostics) {
    for diagnostic in warnings.clone().sorted() {
        let vertex = context.vertex.as_str();
        gateway
            .warn(Warning {
                diagnostic: &diagnostic,
                vertex,
                definition: context.definition.name(),
                url: &lint::url(diagnostic.code),
            })
            .await;
    }
}
