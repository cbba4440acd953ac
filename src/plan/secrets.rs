//! Which steps see secrets, and where.

use super::{Exec, Input, Mount, MountKind, Op, Plan};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::SecretStep;

/// Adds the secrets of one kind of step to an exec.
pub(super) fn add(exec: &mut Exec, mounts: &mut Vec<Mount>, input: &Input<'_>, step: SecretStep) {
    let secrets = input.image.build.secrets.iter();
    for secret in secrets.filter(|secret| secret.step == step) {
        let (id, required) = (&secret.id.value, secret.required);
        if let Some(name) = &secret.env {
            exec.secret_env.push((id.clone(), name.clone(), required));
        }
        if let Some(path) = &secret.target {
            let id = id.clone();
            mounts.push(Mount::new(path, MountKind::Secret { id, required }));
        }
    }
}

/// Whether steps that compile have secrets as variables. Cargo writes the values of variables that a build script asks
/// for (`rerun-if-env-changed`) beside its artefacts, so a step whose artefacts are a layer must not have them:
/// [`Exec::without_secret_variables`].
pub(super) fn are_variables(input: &Input<'_>) -> bool {
    let mut secrets = input.image.build.secrets.iter();
    secrets.any(|secret| secret.step == SecretStep::Compile && secret.env.is_some())
}

/// Sees to it that no secret is mounted where a step has a directory of its own.
///
/// # Errors
/// One for each secret that is.
pub(super) fn check(plan: &Plan, input: &Input<'_>) -> Result<(), Diagnostics> {
    let mut found = Diagnostics::default();
    for secret in &input.image.build.secrets {
        let Some(path) = secret.target.as_ref().filter(|path| is_taken(plan, path)) else {
            continue;
        };
        let id = &secret.id.value;
        let message = format!("the build has files of its own at `{path}`");
        let help = format!("mount the secret somewhere else, such as `target: /run/secrets/{id}`");
        let at = input.spec.file.place(secret.id.span);
        found.push(
            Diagnostic::error("duplicate-target", message)
                .help(help)
                .at(at),
        );
    }
    found.into_result(()).map(drop)
}

fn is_taken(plan: &Plan, path: &str) -> bool {
    plan.steps.iter().any(|step| {
        let Op::Exec(exec) = &step.op else {
            return false;
        };
        let mut mounts = exec.mounts.iter();
        mounts.any(|mount| {
            !matches!(mount.kind, MountKind::Secret { .. })
                && mount.dest.trim_end_matches('/') == path.trim_end_matches('/')
        })
    })
}
