//! Planning without an engine.

use super::args::Args;
use super::{Trouble, disk};
use crate::diagnostic::Diagnostics;
use crate::image::DEFAULT_PATH;
use crate::image_ref::ImageRef;
use crate::inspect::{self, Seen};
use crate::lint::Switches;
use crate::options::Options;
use crate::plan::{self, Abilities, ImageInfo, Images, Plan};
use crate::platform::{Platform, normalize};
use crate::project::Project;
use crate::source::SourceTree;
use crate::spec::{self, ImageBase, ImageSpec, Spec};
use crate::stage::{Kind, Stage};
use std::collections::BTreeMap;

/// Spec and project, read and checked.
pub(super) struct Loaded {
    pub spec: Spec,
    pub project: Project,
    pub warnings: Diagnostics,
    pub ignored: Vec<String>,
}

/// A spec without mistakes, and what was found in it and its project.
pub(super) struct Inspected {
    pub spec: Spec,
    pub project: Result<Project, Diagnostics>,
    pub warnings: Diagnostics,
    pub ignored: Vec<String>,
}

/// Reads spec and manifests as far as it goes.
pub(super) fn inspect(args: &Args, platform: &Platform) -> Result<Inspected, Trouble> {
    let file = disk::spec(&args.dir, args.file.as_deref())?;
    let build = native();
    let options = Options::default();
    let predefined = options.predefined_args(&build, platform);
    let (spec, noted) = spec::parse_with(&file, &args.build_args, &predefined)?;
    let switches = Switches::read(&options, &file, Some(&spec)).map_err(Diagnostics::from)?;
    let ignored = disk::ignored(&args.dir, spec.file.name())?;
    let read = |tree: &SourceTree| {
        let seen = Seen {
            tree,
            names: true,
            local: true,
            ignored: &ignored,
        };
        inspect::project(&spec, &switches, &noted, seen)
    };
    let ((project, warnings), _) = disk::read_tree(&args.dir, &ignored, read)?;
    Ok(Inspected {
        spec,
        project,
        warnings,
        ignored,
    })
}

/// Reads spec and manifests.
pub(super) fn load(args: &Args, platform: &Platform) -> Result<Loaded, Trouble> {
    let Inspected {
        spec,
        project,
        warnings,
        ignored,
    } = inspect(args, platform)?;
    Ok(Loaded {
        spec,
        project: project?,
        warnings,
        ignored,
    })
}

/// The platforms that were asked for, or that of this machine.
pub(super) fn platforms(args: &Args) -> Vec<Platform> {
    match args.platforms.as_slice() {
        [] => vec![native()],
        asked => asked.to_vec(),
    }
}

/// The platform that containers run on here.
pub(super) fn native() -> Platform {
    normalize("linux", std::env::consts::ARCH, "")
}

/// What plans are of.
#[derive(Clone, Copy)]
pub(super) enum Which {
    /// The stage that was asked for; without one, the only image.
    Target,
    /// The stage that was asked for; without one, every image.
    Every,
}

/// What the engine of builds can do.
pub(super) const ENGINE: Abilities = Abilities {
    merge: true,
    local_steps: true,
    seed: true,
    crates: true,
    imports_cache: false,
};

/// The plans that a command is about.
pub(super) fn plans(
    args: &Args,
    loaded: &Loaded,
    platform: &Platform,
    which: Which,
    abilities: Abilities,
) -> Result<Vec<Plan>, Trouble> {
    let target = args.target.as_deref();
    let stages: Vec<Stage<'_>> = match (which, target) {
        (Which::Every, None) => loaded.spec.images.chunks(1).map(image).collect(),
        _ => {
            let stage = Stage::find(&loaded.spec, target);
            vec![stage.map_err(|found| Trouble::Found(found.into()))?]
        }
    };
    let plans = stages.into_iter().map(|stage| {
        plan_of(
            stage,
            &loaded.spec,
            &loaded.project,
            &loaded.ignored,
            platform,
            abilities,
        )
    });
    Ok(plans.collect::<Result<_, _>>()?)
}

fn image(images: &[ImageSpec]) -> Stage<'_> {
    Stage {
        kind: Kind::Image,
        images,
    }
}

/// The plan of one stage.
pub(super) fn plan_of(
    stage: Stage<'_>,
    spec: &Spec,
    project: &Project,
    ignored: &[String],
    platform: &Platform,
    abilities: Abilities,
) -> Result<Plan, Diagnostics> {
    let selections = stage.images.iter().map(|image| project.select(spec, image));
    let selections = selections.collect::<Result<Vec<_>, _>>()?;
    let images: Images = stage
        .images
        .iter()
        .flat_map(|image| assumed(image, platform))
        .collect();
    let labels = BTreeMap::new();
    let build_platform = native();
    let input = |(image, selection)| plan::Input {
        spec,
        image,
        project,
        selection,
        platform,
        build_platform: &build_platform,
        images: &images,
        ignored,
        labels: &labels,
        epoch: None,
        units: None,
        abilities,
    };
    let inputs: Vec<_> = stage.images.iter().zip(&selections).map(input).collect();
    plan::make_all(stage.kind, &inputs)
}

/// The base images of an image as they usually are: no digests, and the settings of the official ones.
fn assumed(image: &ImageSpec, platform: &Platform) -> Images {
    let mut infos = Images::new();
    if let ImageBase::Reference(reference) = &image.image.base.value {
        infos.insert((reference.clone(), platform.clone()), info(reference, &[]));
    }
    let cargo = [
        "RUSTUP_HOME=/usr/local/rustup",
        "CARGO_HOME=/usr/local/cargo",
    ];
    let build = &image.build.base.value;
    infos.insert((build.clone(), native()), info(build, &cargo));
    infos
}

fn info(written: &str, cargo: &[&str]) -> ImageInfo {
    let path = match cargo {
        [] => format!("PATH={DEFAULT_PATH}"),
        _ => format!("PATH=/usr/local/cargo/bin:{DEFAULT_PATH}"),
    };
    let mut env = vec![path];
    env.extend(cargo.iter().map(|&pair| pair.to_owned()));
    let user = if written.contains("nonroot") {
        "65532"
    } else {
        ""
    };
    let config = serde_json::json!({ "config": { "Env": env, "User": user, "WorkingDir": "/" } });
    let name = written.parse::<ImageRef>();
    ImageInfo {
        reference: name.map_or_else(|_| written.to_owned(), |name| name.to_string()),
        config: config.to_string().into_bytes(),
    }
}
