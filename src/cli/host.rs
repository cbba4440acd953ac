//! Planning without an engine.

use super::args::Args;
use super::{Trouble, disk};
use crate::diagnostic::Diagnostics;
use crate::image::DEFAULT_PATH;
use crate::image_ref::ImageRef;
use crate::lint::{self, Switches};
use crate::options::Options;
use crate::plan::{self, Abilities, ImageInfo, Images, Plan};
use crate::platform::{Platform, normalize};
use crate::project::{self, Project};
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

/// Reads spec and manifests.
pub(super) fn load(args: &Args, platform: &Platform) -> Result<Loaded, Trouble> {
    let file = disk::spec(&args.dir, args.file.as_deref())?;
    let build = native();
    let options = Options::default();
    let predefined = options.predefined_args(&build, platform);
    let (spec, noted) = spec::parse_with(&file, &args.build_args, &predefined)?;
    let switches = Switches::read(&options, &file, Some(&spec)).map_err(Diagnostics::from)?;
    let ignored = disk::ignored(&args.dir, spec.file.name())?;
    let read = |tree: &SourceTree| {
        let (project, notes) = project::load(tree, "")?;
        let mut others = noted.clone();
        others.extend(notes);
        let input = lint::Input {
            spec: &spec,
            project: Some(&project),
            tree,
            names: true,
            local: true,
            ignored: &ignored,
        };
        let warnings = lint::run(&input, &switches, &others);
        Ok::<_, Diagnostics>((project, warnings))
    };
    let (read, _) = disk::read_tree(&args.dir, &ignored, read)?;
    let (project, warnings) = read?;
    Ok(Loaded {
        spec,
        project,
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

/// The plans of one stage: one for each image that it is about if `all`, else the first.
pub(super) fn plans(
    args: &Args,
    loaded: &Loaded,
    platform: &Platform,
    all: bool,
    local_steps: bool,
) -> Result<Vec<Plan>, Trouble> {
    let several = all && args.target.is_none();
    let images: Vec<(Kind, &ImageSpec)> = match several {
        true => loaded
            .spec
            .images
            .iter()
            .map(|image| (Kind::Image, image))
            .collect(),
        false => {
            let stage = Stage::find(&loaded.spec, args.target.as_deref())
                .map_err(|found| Trouble::Found(found.into()))?;
            vec![(stage.kind, &stage.images[0])]
        }
    };
    let mut plans = vec![];
    for (kind, image) in images {
        plans.push(plan_of(kind, image, loaded, platform, local_steps)?);
    }
    Ok(plans)
}

/// The plan of one image.
pub(super) fn plan_of(
    kind: Kind,
    image: &ImageSpec,
    loaded: &Loaded,
    platform: &Platform,
    local_steps: bool,
) -> Result<Plan, Trouble> {
    let Loaded { spec, project, .. } = loaded;
    let selection = project.select(spec, image)?;
    let input = plan::Input {
        spec,
        image,
        project,
        selection: &selection,
        platform,
        build_platform: &native(),
        images: &assumed(image, platform),
        ignored: &loaded.ignored,
        labels: &BTreeMap::new(),
        epoch: None,
        units: None,
        abilities: Abilities {
            merge: true,
            local_steps,
            seed: local_steps,
            crates: local_steps,
            ..Abilities::default()
        },
    };
    Ok(plan::make(kind, &input)?)
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
