//! What of a plan depends on what.

use super::{Exec, FileAction, MountKind, Op, Output, Plan, Role};
use std::collections::BTreeSet;

impl Op {
    /// The outputs of earlier steps that this one works on, in order; some more than once.
    pub fn inputs(&self) -> Vec<&Output> {
        match self {
            Op::Image { .. } | Op::Context { .. } => vec![],
            Op::Merge(parts) => parts.iter().collect(),
            Op::Exec(exec) => exec
                .mounts
                .iter()
                .filter_map(|mount| mount.kind.output())
                .collect(),
            Op::Files { base, actions } => {
                let copied = actions.iter().filter_map(|action| match action {
                    FileAction::Copy(copy) => Some(&copy.from),
                    FileAction::Need(output) => Some(output),
                    _ => None,
                });
                base.iter().chain(copied).collect()
            }
        }
    }
}

impl MountKind {
    /// The output that is mounted.
    pub fn output(&self) -> Option<&Output> {
        match self {
            MountKind::ReadOnly(from) | MountKind::Scratchpad(from) => Some(from),
            MountKind::Part { of, .. } => Some(of),
            MountKind::Output(from) => from.as_ref(),
            MountKind::Cache { .. } | MountKind::Secret { .. } | MountKind::Ssh { .. } => None,
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
            Role::Crates => "crates",
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

/// The script that a process runs, from a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script<'a> {
    /// The step that writes it.
    pub step: usize,
    /// Where it is mounted.
    pub mount: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its text without the line that names its shell.
    pub text: &'a str,
}

impl Plan {
    /// The script that an exec runs, if its program is the only file that another step writes.
    pub fn script_of<'a>(&'a self, exec: &'a Exec) -> Option<Script<'a>> {
        let program = exec.args.first()?;
        exec.mounts.iter().find_map(|mount| {
            let MountKind::ReadOnly(from) = &mount.kind else {
                return None;
            };
            let path = program.strip_prefix(mount.dest.as_str())?;
            let op = &self.steps[from.step].op;
            let Op::Files {
                base: None,
                actions,
            } = op
            else {
                return None;
            };
            match actions.as_slice() {
                [FileAction::Write { path: at, data, .. }] if at == path => Some(Script {
                    step: from.step,
                    mount: &mount.dest,
                    name: path.trim_start_matches('/'),
                    text: std::str::from_utf8(data)
                        .ok()?
                        .strip_prefix("#!/bin/sh\n")?,
                }),
                _ => None,
            }
        })
    }

    /// The steps that do nothing but write a script.
    pub fn scripts(&self) -> BTreeSet<usize> {
        let execs = self.steps.iter().filter_map(|step| match &step.op {
            Op::Exec(exec) => Some(exec),
            _ => None,
        });
        execs
            .filter_map(|exec| Some(self.script_of(exec)?.step))
            .collect()
    }

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
