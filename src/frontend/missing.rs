//! What the client did not pass: secrets and agents, in words that name the flag.

use crate::diagnostic::Diagnostic;
use crate::gateway::Failure;
use crate::plan::{Mount, MountKind, Op, Plan};
use crate::source::SourceFile;
use crate::source::Span;
use crate::spec::ImageSpec;
use buildkit_proto::errdefs::{self, Detail};

/// Adds to a failure that comes from a missing secret or agent what to pass. The engine has words for it, but no code
/// (`session/secrets/secrets.go`, `session/sshforward/ssh.go`).
pub(super) fn explained(failure: Failure, file: &SourceFile, images: &[ImageSpec]) -> Failure {
    let Failure::Engine(status) = &failure else {
        return failure;
    };
    let mut images = images.iter();
    let Some((diagnostic, span)) = images.find_map(|image| explain(&status.message, image)) else {
        return failure;
    };
    let diagnostic = diagnostic.at(span.map(|span| file.at(span)));
    let mut ours = Failure::from(diagnostic).to_status();
    // The engine's place is the whole block, ours is the line.
    let placed = span.is_some();
    let theirs = errdefs::details(status).into_iter().zip(&status.details);
    let kept = theirs.filter(|(detail, _)| !(placed && matches!(detail, Detail::Source(_))));
    ours.details.extend(kept.map(|(_, raw)| raw.clone()));
    Failure::Engine(ours)
}

/// Whether a plan needs something that the client may not pass.
pub(super) fn may_be(plan: &Plan) -> bool {
    let needs = |mount: &Mount| {
        matches!(
            mount.kind,
            MountKind::Secret { required: true, .. } | MountKind::Ssh { .. }
        )
    };
    plan.steps.iter().any(|step| match &step.op {
        Op::Exec(exec) => {
            exec.secret_env.iter().any(|(.., required)| *required) || exec.mounts.iter().any(needs)
        }
        _ => false,
    })
}

fn explain(words: &str, image: &ImageSpec) -> Option<(Diagnostic, Option<Span>)> {
    let build = &image.build;
    if words.contains("not found") || words.contains("no secret") {
        let secret = build.secrets.iter().find(|secret| {
            words.contains(&format!("secret {}: not found", secret.id.value))
                || words.contains(&format!("failed to load secret {}", secret.id.value))
        });
        if let Some(secret) = secret {
            let id = &secret.id.value;
            let message = format!("the build needs the secret `{id}`, and it was not passed");
            let help = format!(
                "add `--secret id={id},src=FILE` or `--secret id={id},env=VARIABLE`, or write \
                 `required: false`"
            );
            let diagnostic = Diagnostic::error("missing-secret", message).help(help);
            return Some((diagnostic, secret.id.span));
        }
    }
    let agent = build.ssh.iter().find(|id| {
        words.contains(&format!("unset ssh forward key {}", id.value))
            || words.contains("no SSH key") && words.contains(&id.value)
    })?;
    let id = &agent.value;
    let message = format!("the build needs the ssh agent `{id}`, and it was not passed");
    let help = match id.as_str() {
        "default" => "add `--ssh default`, with an agent that `SSH_AUTH_SOCK` names".to_owned(),
        id => format!("add `--ssh {id}=SOCKET` or `--ssh {id}=KEY`"),
    };
    Some((
        Diagnostic::error("missing-agent", message).help(help),
        agent.span,
    ))
}
