//! What of a plan depends on what.

use super::{FileAction, MountKind, Op, Output, Plan, Role};

impl Op {
    /// The outputs of earlier steps that this one works on, in order; some more than once.
    pub fn inputs(&self) -> Vec<&Output> {
        match self {
            Op::Image { .. } | Op::Context { .. } => vec![],
            Op::Merge(parts) => parts.iter().collect(),
            Op::Exec(exec) => exec
                .mounts
                .iter()
                .filter_map(|mount| match &mount.kind {
                    MountKind::ReadOnly(from) | MountKind::Scratchpad(from) => Some(from),
                    MountKind::Output(from) => from.as_ref(),
                    MountKind::Cache { .. } | MountKind::Secret { .. } | MountKind::Ssh { .. } => {
                        None
                    }
                })
                .collect(),
            Op::Files { base, actions } => {
                let copied = actions.iter().filter_map(|action| match action {
                    FileAction::Copy(copy) => Some(&copy.from),
                    _ => None,
                });
                base.iter().chain(copied).collect()
            }
        }
    }
}

impl Role {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Base => "base",
            Role::Toolchain => "toolchain",
            Role::Skeleton => "skeleton",
            Role::Fetch => "fetch",
            Role::Dependencies => "dependencies",
            Role::StubRemoval => "stub-removal",
            Role::Sources => "sources",
            Role::Local => "local",
            Role::Compile => "compile",
            Role::Image => "image",
            Role::Check => "check",
        }
    }
}

impl Plan {
    /// How often the steps, and the result, use each step.
    pub fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.steps.len()];
        let inputs = self.steps.iter().flat_map(|step| step.op.inputs());
        for output in inputs.chain(&self.result) {
            uses[output.step] += 1;
        }
        uses
    }
}

/// The name of a step without the number in front, which is the plan's.
pub fn plain_name(name: &str) -> &str {
    match name
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        Some((_, name)) => name,
        None => name,
    }
}
