//! The whole road on one screen: options and files -> spec -> project -> plan -> LLB -> result.

use crate::context::{self, Context};
use crate::diagnostic::Severity;
use crate::gateway::{Failure, Gateway, Output, Ref, Refs, Warning, read_tree};
use crate::image_ref::ImageRef;
use crate::lower::{self, Surroundings};
use crate::options::{NoCache, Options, ResolveMode};
use crate::plan::{self, Abilities, ImageInfo, Plan};
use crate::platform::Platform;
use crate::source::SourceTree;
use crate::spec::ImageBase;
use crate::stage::Stage;
use crate::{project, spec, verify};
use buildkit_llb as llb;
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
    let mut images = BTreeMap::new();
    for platform in options.target_platforms(&build_platform) {
        let plan = plan(&gateway, &options, &context, &platform, &build_platform).await?;
        let made = solve(&gateway, &options, &context, &plan).await?;
        images.insert(platform, (plan, made));
    }
    Ok(output(images, options.multi_platform))
}

/// Everything that is decided before anything is built.
async fn plan(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    platform: &Platform,
    build_platform: &Platform,
) -> Result<Plan, Failure> {
    let predefined = options.predefined_args(build_platform, platform);
    let (spec, warnings) = spec::parse_with(&context.definition, &options.build_args, &predefined)?;
    let stage = Stage::find(&spec, options.target.as_deref())?;
    let tree = context.tree_state();
    let tree = context::solve(gateway, &tree).await?;
    let load = |tree: &SourceTree| project::load(tree, "");
    let (project, _) = read_tree(&tree, SourceTree::default(), load).await?;
    let (project, notes) = project?;
    let image = &stage.images[0];
    let selection = project.select(&spec, image)?;
    let images = bases(gateway, options, image, platform, build_platform).await?;
    for warning in warnings.into_iter().chain(notes) {
        gateway
            .warn(Warning {
                diagnostic: &warning,
                vertex: &context.vertex,
                url: "",
            })
            .await;
    }
    let input = plan::Input {
        spec: &spec,
        image,
        project: &project,
        selection: &selection,
        platform,
        build_platform,
        images: &images,
        ignored: &context.ignored,
        labels: &options.labels,
        epoch: None,
        abilities: Abilities {
            merge: gateway.llb_caps().has(buildkit_proto::caps::MERGE_OP),
        },
    };
    let name = image.name.as_ref().map(|name| name.value.as_str());
    let name = name
        .unwrap_or(&project.packages[selection.package].name)
        .to_owned();
    Ok(plan::make(&name, &input)?)
}

/// Digests and configs of the base images.
async fn bases(
    gateway: &Gateway,
    options: &Options,
    image: &spec::ImageSpec,
    platform: &Platform,
    build_platform: &Platform,
) -> Result<BTreeMap<String, ImageInfo>, Failure> {
    let mut wanted = vec![(image.build.base.value.clone(), build_platform)];
    if let ImageBase::Reference(reference) = &image.image.base.value {
        wanted.push((reference.clone(), platform));
    }
    let mut found = BTreeMap::new();
    for (written, platform) in wanted {
        let name: ImageRef =
            written
                .parse()
                .map_err(|error: crate::image_ref::InvalidImageRef| {
                    Failure::Internal(error.to_string())
                })?;
        let request = crate::gateway::ResolveImage {
            reference: name.to_string(),
            platform: Some(platform.clone()),
            mode: options.resolve_mode,
            log_name: format!("[internal] load metadata for {name}"),
            layout: None,
        };
        let crate::gateway::Resolved::Image(image) = gateway.resolve_image(&request).await? else {
            return Err(Failure::Internal(format!("{written} is no image")));
        };
        let reference = match &image.digest {
            Some(digest) => name.with_digest(digest).to_string(),
            None => name.to_string(),
        };
        found.insert(
            written,
            ImageInfo {
                reference,
                config: image.config,
            },
        );
    }
    Ok(found)
}

/// Hands the graph to the engine, has it compile, and checks what came out.
async fn solve(
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
        no_cache: options.no_cache.applies_to(&plan.stage)
            || options.no_cache == NoCache::Everything,
        cache_namespace: &options.cache_namespace,
    };
    let lowered = lower::lower(plan, &around);
    if let Some(report) = &plan.report {
        let report = context::solve(gateway, &lowered.state(Some(report))).await?;
        let messages = report.read_file("cargo.jsonl", 256 << 20).await?;
        let bins: Vec<String> = plan.executables.iter().map(|e| e.name.clone()).collect();
        let found = verify::report(&String::from_utf8_lossy(&messages), &bins);
        let (errors, warnings): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|diagnostic| diagnostic.severity == Severity::Error);
        if let Some(error) = errors.into_iter().next() {
            return Err(error.into());
        }
        for warning in warnings {
            gateway
                .warn(Warning {
                    diagnostic: &warning,
                    vertex: &context.vertex,
                    url: "",
                })
                .await;
        }
    }
    context::solve(gateway, &lowered.state(plan.result.as_ref())).await
}

/// The result in the form that exporters want (reference: exporter/containerimage/exptypes).
fn output(images: BTreeMap<Platform, (Plan, Ref)>, map: bool) -> Output {
    let mut output = Output::default();
    let mut platforms = vec![];
    let mut refs = BTreeMap::new();
    for (platform, (plan, made)) in images {
        let id = platform.to_string();
        let suffix = if map { format!("/{id}") } else { String::new() };
        if let Some(config) = &plan.config {
            output
                .metadata
                .insert(format!("containerimage.config{suffix}"), config.to_json());
            if let Some(base) = config.base_json() {
                output
                    .metadata
                    .insert(format!("containerimage.base.config{suffix}"), base);
            }
        }
        let mut described =
            serde_json::json!({ "architecture": platform.architecture, "os": platform.os });
        if !platform.variant.is_empty() {
            described["variant"] = platform.variant.into();
        }
        platforms.push(serde_json::json!({ "ID": id, "Platform": described }));
        refs.insert(id, made);
    }
    let list = serde_json::json!({ "Platforms": platforms });
    output
        .metadata
        .insert("refs.platforms".into(), list.to_string().into_bytes());
    output.refs = match refs.len() {
        1 if !map => refs.into_values().next().map_or(Refs::None, Refs::Single),
        _ => Refs::Map(refs),
    };
    output
}
