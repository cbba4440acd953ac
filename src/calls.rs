//! Questions that clients ask instead of a build (`docker buildx build --call=…`, `--check`).
//!
//! An answer is metadata of a result without files. The shapes are those of BuildKit's
//! `frontend/subrequests`, so that buildx renders the standard ones itself; it prints the text or the JSON
//! of all others as they are. None of the standard ones builds anything or asks a registry.

mod about;
mod check;
mod describe;
mod outline;
mod targets;
mod ways;
mod wire;

use crate::context::Context;
use crate::gateway::{Failure, Gateway, Output};
use crate::options::Options;
use serde_json::Value;

/// A question that this frontend answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name on the wire; `--call` takes it without `frontend.`.
    pub name: &'static str,
    /// Version of the answer's shape.
    pub version: &'static str,
    /// What it answers, in a few words.
    pub description: &'static str,
}

/// The standard version of the standard answers.
const V1: &str = "1.0.0";

/// Everything that is answered, in the order of [`describe`].
pub const CALLS: [Call; 11] = [
    Call {
        name: "frontend.subrequests.describe",
        version: V1,
        description: "List available subrequest types",
    },
    Call {
        name: "frontend.lint",
        version: V1,
        description: "Check the spec and the project for mistakes (--check)",
    },
    Call {
        name: "frontend.outline",
        version: V1,
        description: "List all parameters current build target supports",
    },
    Call {
        name: "frontend.targets",
        version: V1,
        description: "List all targets current build supports",
    },
    Call {
        name: "frontend.plan",
        version: V1,
        description: "Show the steps of a build in words, with their cache keys",
    },
    Call {
        name: "frontend.graph",
        version: V1,
        description: "Draw the steps as a Mermaid graph; as JSON also Graphviz and SVG",
    },
    Call {
        name: "frontend.explain",
        version: V1,
        description: "Say which steps a change repeats",
    },
    Call {
        name: "frontend.dockerfile",
        version: V1,
        description: "Write an equivalent Dockerfile",
    },
    Call {
        name: "frontend.bake",
        version: V1,
        description: "Write a bake file for all images",
    },
    Call {
        name: "frontend.schema",
        version: V1,
        description: "Print the JSON schema of the spec",
    },
    Call {
        name: "frontend.init",
        version: V1,
        description: "Write a spec for this project, or one that replaces the Dockerfile given",
    },
];

/// An answer, before it is metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// For programs: `result.json`.
    pub json: Value,
    /// For people: `result.txt`.
    pub text: String,
    /// The client's exit code, for questions whose answer may be that something is wrong.
    pub status: Option<u8>,
}

/// Answers a question.
///
/// # Errors
/// [`Failure::Subrequest`] for an unknown one; else whatever reading the context or the project gives.
pub async fn answer(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    request: &str,
) -> Result<Output, Failure> {
    let call = CALLS.iter().find(|call| call.name == request);
    let call = call.ok_or_else(|| Failure::Subrequest(request.to_owned()))?;
    let answer = match call.name {
        "frontend.subrequests.describe" => describe::answer(),
        "frontend.lint" => check::answer(gateway, options, context).await?,
        "frontend.outline" => outline::answer(gateway, options, context).await?,
        "frontend.targets" => targets::answer(gateway, options, context).await?,
        "frontend.plan" => ways::plan(gateway, options, context).await?,
        "frontend.graph" => ways::graph(gateway, options, context).await?,
        "frontend.explain" => ways::explained(gateway, options, context).await?,
        "frontend.dockerfile" => ways::dockerfile(gateway, options, context).await?,
        "frontend.bake" => ways::bake(gateway, options, context).await?,
        "frontend.schema" => ways::schema(),
        "frontend.init" => ways::begin(gateway, options, context).await?,
        _ => return Err(Failure::Subrequest(request.to_owned())),
    };
    Ok(answer.output(call.version))
}

impl Answer {
    /// The result of a build that carries this answer and nothing else.
    fn output(self, version: &str) -> Output {
        let mut output = Output::default();
        let mut set = |key: &str, value: String| {
            output.metadata.insert(key.to_owned(), value.into_bytes());
        };
        set("result.json", format!("{:#}", self.json));
        set("result.txt", self.text);
        set("version", version.to_owned());
        if let Some(status) = self.status {
            set("result.statuscode", status.to_string());
        }
        output
    }
}

/// Rows in columns as wide as their widest cell. The caller writes the first row in capitals.
///
/// As Go's `text/tabwriter` with two spaces between columns; the last column is not padded.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = vec![];
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(at) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
