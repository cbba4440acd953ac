//! Plans that answer questions, made without asking a registry: nothing is known of base images.

use crate::diagnostic::Diagnostics;
use crate::frontend::Request;
use crate::plan::{self, Plan};
use crate::platform::Platform;
use crate::project::Project;
use crate::spec::{ImageSpec, Spec};
use crate::stage::Kind;
use std::collections::BTreeMap;

/// What plans are made of.
pub(super) struct Planner<'a> {
    pub(super) spec: &'a Spec,
    pub(super) project: &'a Project,
    pub(super) request: Request<'a>,
    pub(super) platform: &'a Platform,
}

impl Planner<'_> {
    /// The plan of a stage of an image.
    ///
    /// # Errors
    /// Unknown packages, binaries and features, and what [`plan::make`] says.
    pub(super) fn plan(&self, kind: Kind, image: &ImageSpec) -> Result<Plan, Diagnostics> {
        let selection = self.project.select(self.spec, image)?;
        plan::make(
            kind,
            &plan::Input {
                spec: self.spec,
                image,
                project: self.project,
                selection: &selection,
                platform: self.platform,
                build_platform: self.request.build_platform,
                images: &BTreeMap::new(),
                ignored: &self.request.context.ignored,
                labels: &self.request.options.labels,
                epoch: None,
                units: None,
                abilities: plan::Abilities {
                    merge: true,
                    local_steps: true,
                    seed: true,
                    ..plan::Abilities::default()
                },
            },
        )
    }
}
