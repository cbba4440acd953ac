//! Changes of files that run no command.
//!
//! Upstream: `client/llb/fileop.go`. One operation holds a chain of actions; each starts from
//! what the one before left, the first from the base. Only the last result is an output.

mod actions;
mod owner;

pub use actions::{Copy, FileAction, Mkdir, Mkfile, Rm, Symlink, copy, mkdir, mkfile, rm, symlink};
pub use owner::{Owner, User};

use crate::encode::Encoder;
use crate::error::Error;
use crate::state::State;
use buildkit_proto::{caps, pb};

/// A chain of changes on top of a filesystem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// What is changed.
    pub base: State,
    /// The changes, first to last; at least one.
    pub actions: Vec<FileAction>,
}

impl File {
    /// With one more change.
    pub fn then(mut self, action: impl Into<FileAction>) -> File {
        self.actions.push(action.into());
        self
    }

    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<pb::FileOp, Error> {
        if self.actions.is_empty() {
            return Err(Error::NoActions {
                vertex: to.vertex(),
            });
        }
        to.need(caps::FILE_BASE);
        let base = to.input(&self.base)?;
        // Results are counted after the inputs, so all inputs must be known before the first one.
        let mut sources = Vec::with_capacity(self.actions.len());
        for action in &self.actions {
            sources.push(match action {
                FileAction::Copy(copy) => to.input(&copy.source)?,
                _ => -1,
            });
        }
        let inputs = to.inputs.len() as i64;
        let last = self.actions.len() as i64 - 1;
        let mut actions = Vec::with_capacity(self.actions.len());
        for ((action, secondary_input), index) in self.actions.iter().zip(sources).zip(0..) {
            actions.push(pb::FileAction {
                input: if index == 0 { base } else { inputs + index - 1 },
                secondary_input,
                output: if index == last { 0 } else { -1 },
                action: Some(action.encode(to, base)?),
            });
        }
        Ok(pb::FileOp { actions })
    }
}
