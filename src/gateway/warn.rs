//! Warnings, which clients show after the build.

use super::{Gateway, status};
use crate::diagnostic::Diagnostic;
use buildkit_proto::caps;
use buildkit_proto::gateway as msg;

/// A warning and where to show it.
#[derive(Clone, Debug)]
pub struct Warning<'a> {
    /// What is wrong.
    pub diagnostic: &'a Diagnostic,
    /// Digest of the vertex to show it at: the one that loaded the file.
    pub vertex: &'a str,
    /// Name of the definition file; a place in another file is said with its name.
    pub definition: &'a str,
    /// Page about the rule; may be empty.
    pub url: &'a str,
}

impl Gateway {
    /// Shows a warning. A failure to show it does not stop the build: errors are dropped, and so is the warning on
    /// engines that cannot show any.
    pub async fn warn(&self, warning: Warning<'_>) {
        if self.caps().has(caps::gateway::GATEWAY_WARNINGS) {
            let _ = self.bridge().warn(message(&warning)).await;
        }
    }
}

/// The form of the official frontend's, `rule: message (line N)`, and the advice: buildx shows what is in `detail` in its
/// debug mode alone (commands/build.go, `printWarnings`).
fn message(warning: &Warning<'_>) -> msg::WarnRequest {
    let diagnostic = warning.diagnostic;
    let location = diagnostic.location.as_ref();
    let mut short = format!("{}: {}", diagnostic.code, diagnostic.message);
    if let Some(location) = location {
        let (file, line) = (location.file.name(), location.start().line);
        short.push_str(&match file == warning.definition {
            true => format!(" (line {line})"),
            false => format!(" ({file}, line {line})"),
        });
    }
    if let Some(help) = &diagnostic.help {
        short.push_str(": ");
        short.push_str(help);
    }
    msg::WarnRequest {
        digest: warning.vertex.to_owned(),
        level: 1,
        short: short.into_bytes(),
        detail: vec![],
        url: warning.url.to_owned(),
        info: location.map(|location| status::source_info(&location.file)),
        ranges: location.map(status::range).into_iter().collect(),
    }
}
