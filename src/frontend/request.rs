//! What a request of the engine is about.

use crate::context::Context;
use crate::gateway::Gateway;
use crate::options::Options;
use crate::platform::Platform;

/// A request, as everything that answers it needs it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The engine.
    pub gateway: &'a Gateway,
    /// What the client wants.
    pub options: &'a Options,
    /// The build context.
    pub context: &'a Context,
    /// The platform that steps run on.
    pub build_platform: &'a Platform,
}

impl Request<'_> {
    /// The platforms that images are for, in the client's order.
    pub fn platforms(&self) -> Vec<Platform> {
        self.options.target_platforms(self.build_platform)
    }
}
