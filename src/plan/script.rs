//! Scripts that steps run.

use super::{FileAction, Mount, MountKind, Op, Output, Plan, Role};

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
        let op = Op::Files {
            base: None,
            actions: vec![write],
        };
        let step = self.push(Role::Base, format!("script {name}"), op, None);
        let output = Output::root(step);
        let mount = Mount {
            dest: dir.into(),
            kind: MountKind::ReadOnly(output),
        };
        (mount, format!("{dir}/{name}"))
    }
}
