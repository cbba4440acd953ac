//! Plans that answer questions, made without asking a registry: nothing is known of base images.

use crate::context::Context;
use crate::diagnostic::Diagnostics;
use crate::options::Options;
use crate::plan::{self, Plan};
use crate::platform::Platform;
use crate::project::Project;
use crate::spec::{ImageSpec, Spec};
use crate::stage::Kind;
use std::collections::BTreeMap;

/// What plans are made of.
pub(super) struct About<'a> {
    pub(super) spec: &'a Spec,
    pub(super) project: &'a Project,
    pub(super) context: &'a Context,
    pub(super) options: &'a Options,
    pub(super) platform: &'a Platform,
    pub(super) build_platform: &'a Platform,
}

impl About<'_> {
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
                build_platform: self.build_platform,
                images: &BTreeMap::new(),
                ignored: &self.context.ignored,
                labels: &self.options.labels,
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
