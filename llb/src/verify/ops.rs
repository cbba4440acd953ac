//! Rules for the inside of operations.

use super::{Check, Rule};
use buildkit_proto::caps;
use buildkit_proto::pb::{self, MountType, file_action, op, user_opt};
use std::collections::BTreeSet;

/// How many outputs an operation has for others.
pub(super) fn outputs(op: &pb::Op) -> i64 {
    match &op.op {
        Some(op::Op::Exec(exec)) => exec
            .mounts
            .iter()
            .filter(|mount| is_output(mount))
            .map(|_| 1)
            .sum(),
        Some(op::Op::Passthrough(passthrough)) => passthrough.outputs.len() as i64,
        Some(_) => 1,
        None => 0,
    }
}

/// Secrets and agents carry a number too, but the engine counts only filesystems.
fn is_output(mount: &pb::Mount) -> bool {
    let filesystem = !matches!(mount.mount_type(), MountType::Secret | MountType::Ssh);
    filesystem && mount.output >= 0
}

/// Which inputs an operation refers to, as it is gone through.
#[derive(Default)]
struct Inputs {
    seen: BTreeSet<i64>,
}

impl Check<'_> {
    pub(super) fn operation(&mut self, op: &pb::Op, digest: &str) {
        let mut inputs = Inputs::default();
        let mut needed = Vec::new();
        match &op.op {
            None => self.expect(Rule::Terminal, false, || {
                "does nothing, but is not last".into()
            }),
            Some(op::Op::Source(source)) => needed.push(self.one_source(source)),
            Some(op::Op::Exec(exec)) => {
                needed.push(caps::EXEC_META_BASE);
                self.exec(exec);
                self.mounts(exec, op, &mut inputs, &mut needed);
            }
            Some(op::Op::File(file)) => {
                needed.push(caps::FILE_BASE);
                self.file(file, op, &mut inputs);
            }
            Some(op::Op::Merge(merge)) => {
                needed.push(caps::MERGE_OP);
                for input in &merge.inputs {
                    self.input(input.input, op, false, &mut inputs);
                }
            }
            Some(op::Op::Diff(diff)) => {
                needed.push(caps::DIFF_OP);
                let sides = [
                    diff.lower.map(|side| side.input),
                    diff.upper.map(|side| side.input),
                ];
                for side in sides {
                    // A side that is not there at all would be read as input 0.
                    self.input(side.unwrap_or(i64::MAX), op, true, &mut inputs);
                }
            }
            Some(op::Op::Build(_) | op::Op::Passthrough(_)) => {
                inputs.seen.extend(0..op.inputs.len() as i64);
            }
        }
        let all = (0..op.inputs.len() as i64).all(|index| inputs.seen.contains(&index));
        self.expect(Rule::InputIndex, all, || {
            "has an input that it does not use".to_owned()
        });
        self.caps(&needed, digest);
        let wants = needs_platform(op);
        self.expect(
            Rule::Platform,
            wants == op.platform.is_some(),
            || match wants {
                true => "has no platform".to_owned(),
                false => "has a platform".to_owned(),
            },
        );
    }

    fn caps(&mut self, needed: &[&str], digest: &str) {
        let Some(metadata) = self.definition.metadata.get(digest) else {
            return;
        };
        for cap in needed.iter().filter(|cap| !cap.is_empty()) {
            let there = metadata.caps.contains_key(*cap);
            self.expect(Rule::Caps, there, || format!("does not name {cap}"));
        }
    }

    /// Checks a reference to an input; scratch only where it may be.
    fn input(&mut self, index: i64, op: &pb::Op, scratch: bool, inputs: &mut Inputs) {
        inputs.seen.insert(index);
        let there = (0..op.inputs.len() as i64).contains(&index) || (scratch && index == -1);
        self.expect(Rule::InputIndex, there, || {
            format!("refers to input {index}")
        });
    }

    /// Checks a source and gives the capability of its kind.
    fn one_source(&mut self, source: &pb::SourceOp) -> &'static str {
        self.texts("attribute", &source.attrs);
        let (scheme, name) = source.identifier.split_once("://").unwrap_or_default();
        self.expect(
            Rule::Identifier,
            !scheme.is_empty() && !name.is_empty(),
            || format!("is a source called `{}`", source.identifier),
        );
        match scheme {
            "docker-image" => caps::SOURCE_IMAGE,
            "local" => caps::SOURCE_LOCAL,
            "git" => caps::SOURCE_GIT,
            "http" | "https" => caps::SOURCE_HTTP,
            "oci-layout" => caps::SOURCE_OCI_LAYOUT,
            "docker-image+blob" | "oci-layout+blob" => caps::SOURCE_IMAGEBLOB,
            _ => "",
        }
    }

    fn exec(&mut self, exec: &pb::ExecOp) {
        let meta = exec.meta.as_ref();
        let command = meta.is_some_and(|meta| !meta.args.is_empty());
        self.expect(Rule::Command, command, || "runs nothing".to_owned());
        let cwd = meta.map_or("", |meta| meta.cwd.as_str());
        self.expect(Rule::Command, cwd.starts_with('/'), || {
            format!("runs in `{cwd}`")
        });
        let root = exec.mounts.iter().find(|mount| mount.dest == "/");
        let sound = root.is_some_and(|root| {
            root.mount_type() == MountType::Bind && (root.readonly || root.output >= 0)
        });
        self.expect(Rule::Root, sound, || "has no sound mount on `/`".to_owned());
    }

    fn mounts(
        &mut self,
        exec: &pb::ExecOp,
        op: &pb::Op,
        inputs: &mut Inputs,
        needed: &mut Vec<&'static str>,
    ) {
        let mut places = BTreeSet::new();
        let mut output = 0;
        for mount in &exec.mounts {
            let dest = &mount.dest;
            let single = dest.starts_with('/') && places.insert(dest);
            self.expect(Rule::Mounts, single, || {
                format!("has `{dest}` twice or relative")
            });
            self.input(mount.input, op, true, inputs);
            if is_output(mount) {
                self.expect(Rule::OutputOrder, mount.output == output, || {
                    format!("has output {} at `{dest}`, not {output}", mount.output)
                });
                output += 1;
            }
            needed.push(self.mount(mount));
        }
    }

    /// Checks one mount and gives the capability of its kind.
    fn mount(&mut self, mount: &pb::Mount) -> &'static str {
        let dest = &mount.dest;
        let scratch = mount.input == -1;
        let (sound, cap) = match mount.mount_type() {
            MountType::Bind if scratch => (true, ""),
            MountType::Bind => (true, caps::EXEC_MOUNT_BIND),
            // An output of a cache is one more result than anybody expects.
            MountType::Cache => (
                mount.cache_opt.is_some() && mount.output < 0,
                caps::EXEC_MOUNT_CACHE,
            ),
            MountType::Tmpfs => (scratch && mount.output < 0, caps::EXEC_MOUNT_TMPFS),
            MountType::Secret => (
                scratch && mount.secret_opt.is_some(),
                caps::EXEC_MOUNT_SECRET,
            ),
            MountType::Ssh => (scratch && mount.ssh_opt.is_some(), caps::EXEC_MOUNT_SSH),
        };
        self.expect(Rule::Mounts, sound, || {
            format!("has an unsound mount on `{dest}`")
        });
        let mode = match (&mount.secret_opt, &mount.ssh_opt) {
            (Some(secret), _) => secret.mode,
            (_, Some(agent)) => agent.mode,
            _ => 1,
        };
        self.expect(Rule::Mode, mode != 0, || {
            format!("mounts `{dest}` with mode 0")
        });
        cap
    }

    fn file(&mut self, file: &pb::FileOp, op: &pb::Op, inputs: &mut Inputs) {
        self.expect(Rule::Actions, !file.actions.is_empty(), || {
            "changes nothing".to_owned()
        });
        let count = op.inputs.len() as i64;
        for (action, number) in file.actions.iter().zip(0..) {
            for index in [action.input, action.secondary_input] {
                inputs.seen.insert(index);
                let earlier = (-1..count + number).contains(&index);
                self.expect(Rule::Actions, earlier, || {
                    format!("action {number} uses {index}")
                });
            }
            let last = number + 1 == file.actions.len() as i64;
            let output = if last { 0 } else { -1 };
            self.expect(Rule::OutputOrder, action.output == output, || {
                format!("action {number} is output {}", action.output)
            });
            self.action(action, op, inputs);
        }
    }

    fn action(&mut self, action: &pb::FileAction, op: &pb::Op, inputs: &mut Inputs) {
        let (mode, owner) = match &action.action {
            None => return self.expect(Rule::Actions, false, || "has an empty action".to_owned()),
            Some(file_action::Action::Copy(copy)) => {
                let symbols = !copy.mode_str.is_empty();
                (if symbols { 1 } else { copy.mode }, &copy.owner)
            }
            Some(file_action::Action::Mkfile(file)) => (file.mode, &file.owner),
            Some(file_action::Action::Mkdir(dir)) => (dir.mode, &dir.owner),
            Some(file_action::Action::Symlink(link)) => (1, &link.owner),
            Some(file_action::Action::Rm(_)) => (1, &None),
        };
        self.expect(Rule::Mode, mode != 0, || {
            "makes files with mode 0".to_owned()
        });
        let users = owner
            .iter()
            .flat_map(|owner| [&owner.user, &owner.group])
            .flatten();
        for user in users {
            if let Some(user_opt::User::ByName(named)) = &user.user {
                self.input(named.input, op, false, inputs);
            }
        }
    }
}

fn needs_platform(op: &pb::Op) -> bool {
    match &op.op {
        Some(op::Op::Exec(_)) => true,
        Some(op::Op::Source(source)) => {
            let schemes = ["docker-image://", "oci-layout://"];
            schemes
                .iter()
                .any(|scheme| source.identifier.starts_with(scheme))
        }
        // Build and passthrough are upstream's to decide.
        Some(op::Op::Build(_) | op::Op::Passthrough(_)) => op.platform.is_some(),
        _ => false,
    }
}
