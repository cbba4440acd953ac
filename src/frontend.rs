//! The whole road on one screen: options and files -> spec -> project -> plan -> LLB -> result.

mod bases;
mod result;
mod solve;

use crate::calls;
use crate::context::{self, Context};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::gateway::{Failure, Gateway, Output, Warning, read_tree};
use crate::lint::{self, Switches};
use crate::options::Options;
use crate::plan::{self, Plan};
use crate::platform::Platform;
use crate::project::{self, Project};
use crate::source::SourceTree;
use crate::spec::{self, Spec};
use crate::stage::Stage;

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
    if let Some(request) = &options.request {
        return calls::answer(&gateway, &options, &context, request).await;
    }
    let build_platform = gateway.build_opts().environment.build_platform();
    let mut made = vec![];
    for platform in options.target_platforms(&build_platform) {
        let loaded = load(&gateway, &options, &context, &platform).await?;
        if made.is_empty() {
            warn(&gateway, &context, &loaded.warnings).await;
            loaded.refuse_warnings()?;
        }
        let plan = plan(&gateway, &options, &context, &loaded, &platform).await?;
        if made.is_empty() {
            warn(&gateway, &context, &plan.warnings).await;
        }
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
    /// What is worth saying about both: of the lint rules, those that are on.
    pub warnings: Diagnostics,
    /// Which rules are on, and whether they stop the build.
    pub switches: Switches,
}

impl Loaded {
    /// An error for warnings where the user wants them to be errors, in the official frontend's words.
    fn refuse_warnings(&self) -> Result<(), Diagnostic> {
        let mut rules: Vec<&str> = self.warnings.iter().map(|warning| warning.code).collect();
        rules.sort_unstable();
        rules.dedup();
        if rules.is_empty() || !self.switches.error() {
            return Ok(());
        }
        let message = format!("lint violation found for rules: {}", rules.join(", "));
        Err(Diagnostic::error("lint-violation", message))
    }
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
    /// What is worth saying nevertheless.
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
    let mut inspected = Inspected::default();
    let build_platform = gateway.build_opts().environment.build_platform();
    let predefined = options.predefined_args(&build_platform, platform);
    let file = &context.definition;
    let (spec, warnings) = match spec::parse_with(file, &options.build_args, &predefined) {
        Ok(parsed) => parsed,
        Err(mistakes) => {
            inspected.errors = mistakes;
            return Ok(inspected);
        }
    };
    let switches = Switches::read(options, file, Some(&spec))?;
    let manifests = context::solve(gateway, &context.tree_state()).await?;
    let read = |tree: &SourceTree| {
        let project = project::load(tree, "");
        let mut warnings = warnings.clone();
        if let Ok((_, notes)) = &project {
            warnings.extend(notes.clone());
        }
        let input = lint::Input {
            spec: &spec,
            project: project.as_ref().ok().map(|(project, _)| project),
            tree,
            names: context.has_names(),
            local: context.is_local(),
            ignored: &context.ignored,
        };
        let warnings = lint::run(&input, &switches, &warnings);
        (project, warnings)
    };
    let ((project, warnings), _) = read_tree(&manifests, SourceTree::default(), read).await?;
    match project {
        Ok((project, _)) => inspected.project = Some(project),
        Err(mistakes) => inspected.errors = mistakes,
    }
    inspected.spec = Some(spec);
    inspected.warnings = warnings;
    inspected.switches = switches;
    Ok(inspected)
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
    let image = &stage.images[0];
    let selection = project.select(spec, image)?;
    let images = bases::resolve(gateway, options, image, platform, build_platform).await?;
    let input = plan::Input {
        spec,
        image,
        project,
        selection: &selection,
        platform,
        build_platform,
        images: &images,
        ignored: &context.ignored,
        labels: &options.labels,
        epoch: None,
        abilities: plan::Abilities {
            merge: gateway.llb_caps().has(buildkit_proto::caps::MERGE_OP),
        },
    };
    Ok(plan::make(stage.kind, &input)?)
}

/// Shows warnings; the engine prints them after the build.
async fn warn(gateway: &Gateway, context: &Context, warnings: &Diagnostics) {
    for diagnostic in warnings.clone().sorted() {
        let vertex = context.vertex.as_str();
        gateway
            .warn(Warning {
                diagnostic: &diagnostic,
                vertex,
                url: &lint::url(diagnostic.code),
            })
            .await;
    }
}
