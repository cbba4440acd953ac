//! Scripts that steps run.

use super::{FileAction, Mount, MountKind, Plan, Role};

impl Plan {
    /// Adds a script and returns the mount that it is run from, and its path there.
    ///
    /// A file of its own rather than an argument of `sh -c`: engines print the arguments of a step that fails.
    pub(super) fn script(&mut self, name: &str, text: &str) -> (Mount, String) {
        self.script_at("/rust-frontend", name, text)
    }

    /// [`Self::script`] in a directory of its own.
    pub(super) fn script_at(&mut self, dir: &str, name: &str, text: &str) -> (Mount, String) {
        let write = FileAction::Write {
            path: format!("/{name}"),
            data: text.into(),
            mode: 0o755,
        };
        let script = self.files(Role::Base, &format!("script {name}"), None, vec![write]);
        let mount = Mount::new(dir, MountKind::ReadOnly(script));
        (mount, format!("{dir}/{name}"))
    }
}
