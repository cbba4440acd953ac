//! What can be said of a spec and its project together, also of those that nothing can be built from.

use crate::diagnostic::Diagnostics;
use crate::lint::{self, Switches};
use crate::plan::Plan;
use crate::project::{self, Project};
use crate::source::SourceTree;
use crate::spec::{ImageSpec, Spec};
use crate::stage::{Kind, Stage};

/// What there is to look at, beside a spec.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The build context, as far as it is known.
    pub tree: &'a SourceTree,
    /// Whether the tree has the names of all files.
    pub names: bool,
    /// Whether the context is a directory of the user's.
    pub local: bool,
    /// Patterns of files that are not sent.
    pub ignored: &'a [String],
}

/// The project of a spec, or its mistakes; and what is worth saying about either: `noted` was found in the spec.
pub fn project(
    spec: &Spec,
    switches: &Switches,
    noted: &Diagnostics,
    seen: Seen<'_>,
) -> (Result<Project, Diagnostics>, Diagnostics) {
    let mut others = noted.clone();
    let project = project::load(seen.tree, &spec.directory.value).map(|(project, notes)| {
        others.extend(notes);
        project
    });
    let input = lint::Input {
        spec,
        project: project.as_ref().ok(),
        tree: seen.tree,
        names: seen.names,
        local: seen.local,
        ignored: seen.ignored,
    };
    let warnings = lint::run(&input, switches, &others);
    (project, warnings)
}

/// What stops builds of the stage `target`, or of every image, each by itself; `plan` plans one for an image.
pub fn unbuildable(
    spec: &Spec,
    target: Option<&str>,
    plan: impl Fn(Kind, &ImageSpec) -> Result<Plan, Diagnostics>,
) -> Diagnostics {
    let stage = match target {
        None => Ok(Stage {
            kind: Kind::Image,
            images: &spec.images,
        }),
        target => Stage::find(spec, target),
    };
    let stage = match stage {
        Ok(stage) => stage,
        Err(mistake) => return mistake.into(),
    };
    let mut wrong = Diagnostics::default();
    for image in stage.images {
        if let Err(mistakes) = plan(stage.kind, image) {
            wrong.extend(mistakes);
        }
    }
    wrong
}

/// The name of a project's image that has none in the spec: that of its package.
pub fn default_name(spec: &Spec, project: &Project) -> String {
    let selection = spec.images.first().map(|image| project.select(spec, image));
    match selection {
        Some(Ok(selection)) => project.packages[selection.package].name.clone(),
        _ => "image".into(),
    }
}
