//! Questions that clients ask instead of a build (`docker buildx build --call=…`, `--check`).
//!
//! An answer is metadata of a result without files. The shapes are those of BuildKit's
//! `frontend/subrequests`, so that buildx renders the standard ones itself; it prints the text or the JSON
//! of all others as they are. None of the standard ones builds anything or asks a registry.

mod check;
mod describe;
mod export;
mod outline;
mod planner;
mod targets;
mod wire;

use crate::frontend::Request;
use crate::gateway::{Failure, Output};
use serde_json::Value;

/// A question that this frontend answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which.
    question: Question,
    /// Its name on the wire; `--call` takes it without `frontend.`.
    pub name: &'static str,
    /// What it answers, in a few words.
    pub description: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Describe,
    Lint,
    Outline,
    Targets,
    Plan,
    Graph,
    Explain,
    Dockerfile,
    Bake,
    Schema,
    Init,
}

/// The version of all answers' shapes: of standard ones the standard one.
const VERSION: &str = "1.0.0";

const fn call(question: Question, name: &'static str, description: &'static str) -> Call {
    Call {
        question,
        name,
        description,
    }
}

/// Everything that is answered, in the order of [`describe`].
pub const CALLS: [Call; 11] = [
    call(
        Question::Describe,
        "frontend.subrequests.describe",
        "List available subrequest types",
    ),
    call(
        Question::Lint,
        "frontend.lint",
        "Check the spec and the project for mistakes (--check)",
    ),
    call(
        Question::Outline,
        "frontend.outline",
        "List all parameters current build target supports",
    ),
    call(
        Question::Targets,
        "frontend.targets",
        "List all targets current build supports",
    ),
    call(
        Question::Plan,
        "frontend.plan",
        "Show the steps of a build in words, with their cache keys",
    ),
    call(
        Question::Graph,
        "frontend.graph",
        "Draw the steps as a Mermaid graph; as JSON also Graphviz and SVG",
    ),
    call(
        Question::Explain,
        "frontend.explain",
        "Say which steps a change repeats",
    ),
    call(
        Question::Dockerfile,
        "frontend.dockerfile",
        "Write an equivalent Dockerfile",
    ),
    call(
        Question::Bake,
        "frontend.bake",
        "Write a bake file for all images",
    ),
    call(
        Question::Schema,
        "frontend.schema",
        "Print the JSON schema of the spec",
    ),
    call(
        Question::Init,
        "frontend.init",
        "Write a spec for this project, or one that replaces the Dockerfile given",
    ),
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
pub async fn answer(request: Request<'_>, question: &str) -> Result<Output, Failure> {
    let call = CALLS.iter().find(|call| call.name == question);
    let call = call.ok_or_else(|| Failure::Subrequest(question.to_owned()))?;
    let answer = match call.question {
        Question::Describe => describe::answer(),
        Question::Lint => check::answer(request).await?,
        Question::Outline => outline::answer(request).await?,
        Question::Targets => targets::answer(request).await?,
        Question::Plan => export::plan(request).await?,
        Question::Graph => export::graph(request).await?,
        Question::Explain => export::explained(request).await?,
        Question::Dockerfile => export::dockerfile(request).await?,
        Question::Bake => export::bake(request).await?,
        Question::Schema => export::schema(),
        Question::Init => export::begin(request).await?,
    };
    Ok(answer.output())
}

impl Answer {
    /// The result of a build that carries this answer and nothing else.
    fn output(self) -> Output {
        let mut output = Output::default();
        let mut set = |key: &str, value: String| {
            output.metadata.insert(key.to_owned(), value.into_bytes());
        };
        set("result.json", format!("{:#}", self.json));
        set("result.txt", self.text);
        set("version", VERSION.to_owned());
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
