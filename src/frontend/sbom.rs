//! Lists of what is in an image and in what it was made from (`BUILDKIT_SBOM_SCAN_CONTEXT`,
//! `BUILDKIT_SBOM_SCAN_STAGE`).
//!
//! The engine scans the image itself after the build, and nothing else; a result that comes with its own list it
//! leaves alone. So this module does only what the engine would not. The protocol of scanners is BuildKit's
//! `docs/attestations/sbom-protocol.md`.

use super::Request;
use super::solve::Solved;
use crate::context;
use crate::diagnostic::Diagnostic;
use crate::gateway::{Attestation, Failure, ResolveImage, Resolved, SolveRequest};
use crate::image::ImageConfig;
use crate::options::{Sbom, ScanStages};
use buildkit_llb::{self as llb, Exec, Meta, Mount, State};
use buildkit_proto::caps;
use std::collections::BTreeMap;

/// Where a scanner finds the image.
const CORE: &str = "/run/src/core/sbom";
/// Where it finds the directories with everything else.
const EXTRAS: &str = "/run/src/extras";
/// Where it leaves its lists.
const OUT: &str = "/run/out/";
/// The stage in whose file system everything is compiled.
const DEPS: &str = "deps";

/// The lists of an image, of its build context and of what it was compiled in, if they were asked for.
///
/// # Errors
/// A scanner that cannot be resolved or run, or the engine's answer.
pub(super) async fn scanned(
    request: Request<'_>,
    solved: &Solved,
) -> Result<Vec<Attestation>, Failure> {
    let Request {
        gateway,
        options,
        context,
        ..
    } = request;
    let Some(sbom) = &options.attests.sbom else {
        return Ok(vec![]);
    };
    let mut extras: Vec<(&str, State)> = vec![];
    if options.sbom_scan_context {
        let own = || context.state(&[], &context.ignored);
        // With `target` a scanner would find what earlier builds made.
        extras.push(("context", solved.context.clone().unwrap_or_else(own)));
    }
    let stages = &options.sbom_scan_stage;
    if let Some(compiler) = solved.compiler.clone().filter(|_| scans(stages)) {
        extras.push((DEPS, compiler));
    }
    let keeps = gateway.llb_caps().has(caps::EXPORTER_IMAGE_ATTESTATIONS);
    if extras.is_empty() || !keeps {
        return Ok(vec![]);
    }
    let mut exec = scanner(request, sbom).await?;
    exec.mounts.extend(mounts(solved.image.clone(), extras));
    let name = format!(
        "[{}] generating sbom using {}",
        solved.platform, sbom.generator
    );
    let meta = Meta::named(name)
        .platform(request.build_platform.into())
        .ignore_cache(options.no_cache.applies_to(&solved.stage));
    let lists = exec.vertex(meta).output(OUT);
    let definition = solved
        .anew
        .done_in(context::definition_of(gateway, &lists)?);
    let reference = gateway.solve(SolveRequest::from(definition)).await?;
    Ok(vec![Attestation {
        metadata: BTreeMap::from([
            ("reason".to_owned(), b"sbom".to_vec()),
            ("sbom-core".to_owned(), b"sbom".to_vec()),
        ]),
        reference,
        path: String::new(),
        predicate_type: "https://spdx.dev/Document".to_owned(),
    }])
}

fn scans(stages: &ScanStages) -> bool {
    match stages {
        ScanStages::None => false,
        ScanStages::All => true,
        ScanStages::Some(names) => names.iter().any(|name| name.eq_ignore_ascii_case(DEPS)),
    }
}

fn mounts(image: State, extras: Vec<(&str, State)>) -> Vec<Mount> {
    let extras = extras
        .into_iter()
        .map(|(name, files)| Mount::bind(format!("{EXTRAS}/sbom-{name}"), files).readonly());
    [
        Mount::bind(OUT, llb::scratch()).output(),
        Mount::tmpfs("/tmp", 0),
        Mount::bind(CORE, image).readonly(),
    ]
    .into_iter()
    .chain(extras)
    .collect()
}

/// The scanner's own process, with its file system and without anything to scan.
async fn scanner(request: Request<'_>, sbom: &Sbom) -> Result<Exec, Failure> {
    let generator = &sbom.generator;
    let platform = request.build_platform;
    let wanted = ResolveImage {
        reference: generator.clone(),
        platform: Some(platform.clone()),
        mode: request.options.resolve_mode,
        log_name: format!("[internal] load metadata for {generator}"),
        layout: None,
    };
    let wrong = |what: &str| {
        let message = format!("sbom generator {generator} {what}");
        Failure::from(Diagnostic::error("invalid-generator", message))
    };
    let Resolved::Image(image) = request.gateway.resolve_image(&wanted).await? else {
        return Err(wrong("is not an image"));
    };
    let config = ImageConfig::new(&image.config, platform);
    let args = config.command();
    if args.is_empty() {
        return Err(wrong("has neither an entrypoint nor a command"));
    }
    let mut env = config.environment();
    env.push(("BUILDKIT_SCAN_DESTINATION".to_owned(), OUT.to_owned()));
    env.push(("BUILDKIT_SCAN_SOURCE".to_owned(), CORE.to_owned()));
    env.push(("BUILDKIT_SCAN_SOURCE_EXTRAS".to_owned(), EXTRAS.to_owned()));
    for (name, value) in &sbom.parameters {
        env.push((format!("BUILDKIT_SCAN_{name}"), value.clone()));
    }
    let pinned = context::pinned(&image.reference, image.digest.as_deref());
    let name = Meta::named(format!("[internal] sbom generator {generator}"));
    let root = llb::image(pinned).state(name.platform(platform.into()));
    Ok(Exec {
        args,
        env,
        cwd: config.workdir().to_owned(),
        mounts: vec![Mount::root(root)],
        ..Exec::default()
    })
}
