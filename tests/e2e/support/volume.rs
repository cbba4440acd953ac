//! A volume that outlives containers.

use super::docker::Docker;
use super::nonce;

/// A name for a volume, which the engine makes when it is first mounted and forgets when the test
/// has ended.
pub(crate) struct Volume<'d> {
    docker: &'d Docker,
    name: String,
}

impl<'d> Volume<'d> {
    pub(crate) fn new(docker: &'d Docker) -> Self {
        let name = format!("rust-frontend-e2e-{}", nonce());
        Self { docker, name }
    }

    /// The docker option that mounts it.
    pub(crate) fn mount(&self, path: &str) -> String {
        format!("--volume={}:{path}", self.name)
    }
}

impl Drop for Volume<'_> {
    fn drop(&mut self) {
        self.docker.run(["volume", "rm", "--force", &self.name]);
    }
}
