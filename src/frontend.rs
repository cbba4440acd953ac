//! The whole road on one screen: options and files -> spec -> project -> plan -> LLB -> result.

mod bases;
mod epoch;
mod missing;
mod packages;
mod request;
mod result;
mod sbom;
mod solve;
mod step_options;
mod units;

use crate::calls;
use crate::context::Context;
use crate::diagnostic::Diagnostics;
use crate::gateway::{Attestation, Failure, Gateway, Output, Ref, Warning};
use crate::inspect::{self, Seen};
use crate::lint::{self, Switches};
use crate::options::Options;
use crate::plan::{self, Plan};
use crate::platform::Platform;
use crate::project::Project;
use crate::source::SourceTree;
use crate::spec::{self, Spec};
use crate::stage::Stage;
use bases::Bases;
pub use request::Request;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Answers one request of the engine: a build, or a question about one.
///
/// # Errors
/// Mistakes of the user with their places, and whatever the engine answers, details and all.
pub async fn build(gateway: Gateway) -> Result<Output, Failure> {
    let mut options = Options::read(&gateway.build_opts().environment.options)?;
    if let Some(cap) = options.unsupported_cap() {
        return Err(Failure::FrontendCap(cap.to_owned()));
    }
    let context = Context::load(&gateway, &options).await?;
    let build_platform = gateway.build_opts().environment.build_platform();
    let derived = epoch::settle(&gateway, &mut options, &context, &build_platform).await?;
    let request = Request {
        gateway: &gateway,
        options: &options,
        context: &context,
        build_platform: &build_platform,
    };
    let platforms = request.platforms();
    if let Some(question) = &options.request {
        let placed = packages::placed(request, &platforms[0]).await?;
        let request = Request {
            context: &placed,
            ..request
        };
        return calls::answer(request, question).await;
    }
    let multi_platform = options.multi_platform;
    let made = all_platforms(gateway, options, context, build_platform, platforms).await?;
    Ok(result::output(made, multi_platform, derived))
}

/// Builds for every platform at once: where one waits, for a registry or for its last crate, the others go on.
async fn all_platforms(
    gateway: Gateway,
    options: Options,
    context: Context,
    build_platform: Platform,
    platforms: Vec<Platform>,
) -> Result<Vec<Made>, Failure> {
    let all = Arc::new((gateway, options, context, build_platform));
    let mut running = JoinSet::new();
    for (index, platform) in platforms.into_iter().enumerate() {
        let all = all.clone();
        running.spawn(async move {
            let (gateway, options, context, build_platform) = &*all;
            let request = Request {
                gateway,
                options,
                context,
                build_platform,
            };
            // What is worth a warning on one platform is so on all.
            let made = one_platform(request, &platform, index == 0).await;
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
    request: Request<'_>,
    platform: &Platform,
    warns: bool,
) -> Result<Made, Failure> {
    let Request {
        gateway, options, ..
    } = request;
    let context = &packages::placed(request, platform).await?;
    let request = Request { context, ..request };
    expect_bases(request, platform);
    let loaded = load(request, platform).await?;
    if warns {
        warn(gateway, context, &loaded.warnings).await;
    }
    loaded.switches.refuse(&loaded.warnings)?;
    let mut planned = decide(request, &loaded, platform).await?;
    let mut found = planned.bases.foreign.clone();
    found.extend(planned.plan.warnings.clone());
    let found = loaded.switches.kept(&found);
    warn(gateway, context, &found).await;
    loaded.switches.refuse(&found)?;
    if options.multi_platform {
        planned.name_platform();
    }
    let solved = solve::solve(request, &loaded.spec, &planned).await?;
    let lists = sbom::scanned(request, &solved).await?;
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
pub async fn load(request: Request<'_>, platform: &Platform) -> Result<Loaded, Failure> {
    let inspected = inspect(request, platform).await?;
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
pub async fn inspect(request: Request<'_>, platform: &Platform) -> Result<Inspected, Failure> {
    match parse(request, platform) {
        Ok((spec, warnings)) => inspect_project(request, spec, warnings).await,
        Err(errors) => Ok(Inspected {
            errors,
            ..Inspected::default()
        }),
    }
}

/// The spec, and warnings about it.
fn parse(request: Request<'_>, platform: &Platform) -> Result<(Spec, Diagnostics), Diagnostics> {
    let Request {
        options, context, ..
    } = request;
    let predefined = options.predefined_args(request.build_platform, platform);
    spec::parse_with(&context.definition, &options.build_args, &predefined)
}

/// Has the base images looked up while the project is read.
fn expect_bases(request: Request<'_>, platform: &Platform) {
    let Ok((spec, _)) = parse(request, platform) else {
        return;
    };
    if let Ok(stage) = Stage::find(&spec, request.options.target.as_deref()) {
        for image in stage.images {
            bases::expect(request, (stage.kind, image), platform);
        }
    }
}

async fn inspect_project(
    request: Request<'_>,
    spec: Spec,
    warnings: Diagnostics,
) -> Result<Inspected, Failure> {
    let Request {
        gateway,
        options,
        context,
        ..
    } = request;
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
}

impl Planned {
    /// Says in the progress which platform a step is for.
    fn name_platform(&mut self) {
        let platform = self.plan.platform.to_string();
        for step in &mut self.plan.steps {
            step.place = format!("{platform} {}", step.place);
        }
    }
}

/// Decides what to do.
///
/// # Errors
/// An unknown stage, package, binary or feature; a base image that cannot be resolved.
pub async fn plan(
    request: Request<'_>,
    loaded: &Loaded,
    platform: &Platform,
) -> Result<Plan, Failure> {
    let planned = decide(request, loaded, platform).await?;
    Ok(planned.plan)
}

async fn decide(
    request: Request<'_>,
    loaded: &Loaded,
    platform: &Platform,
) -> Result<Planned, Failure> {
    let Request {
        gateway,
        options,
        context,
        ..
    } = request;
    let Loaded { spec, project, .. } = loaded;
    let stage = Stage::find(spec, options.target.as_deref())?;
    let mut bases = Bases::default();
    let mut selections = vec![];
    for image in stage.images {
        selections.push(project.select(spec, image)?);
        let image = (stage.kind, image);
        let of_image = bases::resolve(request, image, platform);
        bases.extend(of_image.await?);
    }
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
            build_platform: request.build_platform,
            images: &bases.images,
            ignored: &context.ignored,
            labels: &options.labels,
            epoch: options.epoch_seconds(),
            units: None,
            abilities: abilities(gateway, options),
        })
        .collect();
    let mut units = vec![];
    for input in &inputs {
        let resolved = units::resolve(request, &bases, stage.kind, input);
        let explained = |failure| missing::explained(failure, &context.definition, stage.images);
        units.push(resolved.await.map_err(explained)?);
    }
    for (input, units) in inputs.iter_mut().zip(&units) {
        input.units = units.as_ref();
    }
    let plan = plan::make_all(stage.kind, &inputs)?;
    Ok(Planned { plan, bases })
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
