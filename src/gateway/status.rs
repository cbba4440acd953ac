//! What went wrong, and its one form on the wire.

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{Location, Position, SourceFile};
use buildkit_proto::Status;
use buildkit_proto::capset::Missing;
use buildkit_proto::errdefs::{self, Detail};
use buildkit_proto::pb;
use std::fmt;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Mistakes in what the user wrote.
    User(Diagnostics),
    /// What the engine answered, with all its details.
    Engine(Status),
    /// The engine is too old or has a feature turned off.
    Missing {
        /// What is not there.
        missing: Missing,
        /// Names of the vertices that need it; may be empty.
        vertices: Vec<String>,
        /// What to update; may be empty.
        product: String,
    },
    /// The client insists on a feature that this frontend does not have.
    FrontendCap(String),
    /// The client asks something that this frontend does not answer.
    Subrequest(String),
    /// The connection to the engine broke, or never was one.
    Connection(String),
    /// A mistake of this program: a panic or a broken promise.
    Internal(String),
}

impl Failure {
    /// Puts `what` failed in front of an engine's message; other kinds speak for themselves.
    #[must_use]
    pub fn context(self, what: impl fmt::Display) -> Self {
        match self {
            Self::Engine(mut status) => {
                status.message = format!("{what}: {}", status.message);
                Self::Engine(status)
            }
            other => other,
        }
    }

    /// Adds the lines that an engine's message is about, if it has none of its own; other kinds know theirs.
    #[must_use]
    pub fn at(self, place: &Location) -> Self {
        match self {
            Self::Engine(mut status) => {
                let placed = |detail: &Detail| matches!(detail, Detail::Source(_));
                if !errdefs::details(&status).iter().any(placed) {
                    let detail = source(&place.file, [place]);
                    status.details.push(detail.encode());
                }
                Self::Engine(status)
            }
            other => other,
        }
    }

    /// Whether the engine said that a path does not exist (or is not a file, or not a directory).
    ///
    /// The protocol has no code for it: the kernel's words are all there is. A step that failed may say them of something
    /// else; its error names the vertex, which that of a mere read does not.
    pub fn is_absent(&self) -> bool {
        const WORDS: [&str; 4] = [
            "no such file or directory",
            "not a directory",
            "is a directory",
            "is not a regular file",
        ];
        let Self::Engine(status) = self else {
            return false;
        };
        let failed = |detail: &Detail| matches!(detail, Detail::Vertex(_));
        if errdefs::details(status).iter().any(failed) {
            return false;
        }
        status.code == tonic::Code::NotFound as i32
            || WORDS.iter().any(|words| status.message.contains(words))
    }

    /// The status to return to the engine. Its code is never 0, which would mean no error.
    ///
    /// Code 2 (unknown) has clients show the message bare. Mistakes carry one place detail, for
    /// the first file that has one: clients draw its lines.
    pub fn to_status(&self) -> Status {
        let unknown = |message| errdefs::status(errdefs::UNKNOWN, message, &[]);
        match self {
            Self::User(diagnostics) => user(diagnostics),
            Self::Engine(status) if status.code == 0 => Status {
                code: errdefs::UNKNOWN,
                ..status.clone()
            },
            Self::Engine(status) => status.clone(),
            Self::Missing {
                missing,
                vertices,
                product,
            } => {
                let mut message = match vertices.first() {
                    Some(vertex) => format!("step `{vertex}` cannot run: {missing}"),
                    None => missing.to_string(),
                };
                if !product.is_empty() {
                    message.push_str(&format!(": please update {product}"));
                }
                unknown(message)
            }
            // The client writes the name of the feature, or of the question, in front.
            Self::FrontendCap(name) => errdefs::status(
                errdefs::UNIMPLEMENTED,
                "this release of the Rust frontend does not have it",
                &[Detail::FrontendCap(errdefs::FrontendCap {
                    name: name.clone(),
                })],
            ),
            Self::Subrequest(name) => errdefs::status(
                errdefs::UNKNOWN,
                "`--call=subrequests.describe` lists what can be asked",
                &[Detail::Subrequest(errdefs::Subrequest {
                    name: name.clone(),
                })],
            ),
            Self::Connection(message) => unknown(message.clone()),
            Self::Internal(message) => unknown(format!(
                "internal error of the Rust frontend: {message}; please report it"
            )),
        }
    }
}

fn user(diagnostics: &Diagnostics) -> Status {
    let mut errors = diagnostics.clone().sorted();
    errors.retain(|diagnostic| diagnostic.severity == Severity::Error);
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let message = match lines.as_slice() {
        [] => "the build was stopped without a reason".to_owned(),
        [line] => line.clone(),
        lines => format!("{} errors\n{}", lines.len(), lines.join("\n")),
    };
    let places = || errors.iter().filter_map(|error| error.location.as_ref());
    // The lines of the first file that has any.
    let details: Vec<Detail> = match places().next() {
        Some(first) => {
            let here = |place: &&Location| place.file.name() == first.file.name();
            vec![source(&first.file, places().filter(here))]
        }
        None => vec![],
    };
    errdefs::status(errdefs::UNKNOWN, message, &details)
}

/// Lines of a file.
fn source<'a>(file: &SourceFile, places: impl IntoIterator<Item = &'a Location>) -> Detail {
    let ranges = places.into_iter().map(|place| (&range(place)).into());
    Detail::Source(errdefs::Source {
        info: Some((&source_info(file)).into()),
        ranges: ranges.collect(),
    })
}

/// A file as the engine's clients show it.
pub(crate) fn source_info(file: &SourceFile) -> pb::SourceInfo {
    pb::SourceInfo {
        filename: file.name().to_owned(),
        data: file.text().as_bytes().to_vec(),
        definition: None,
        language: language(file).to_owned(),
    }
}

/// A place in one.
pub(crate) fn range(place: &Location) -> pb::Range {
    let position = |at: Position| pb::Position {
        line: i32::try_from(at.line).unwrap_or(i32::MAX),
        character: i32::try_from(at.character).unwrap_or(i32::MAX),
    };
    pb::Range {
        start: Some(position(place.start())),
        end: Some(position(place.end())),
    }
}

/// The language of a file by its name, in linguist's words; empty for others.
pub(crate) fn language(file: &SourceFile) -> &'static str {
    match file.name().rsplit_once('.').map(|(_, ext)| ext) {
        Some("yaml" | "yml") => "YAML",
        Some("toml" | "lock") => "TOML",
        Some("dockerignore") => "Ignore List",
        _ => "",
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_status().message)
    }
}

impl std::error::Error for Failure {}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::User(diagnostics)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::User(diagnostic.into())
    }
}

/// Graphs that no engine could load are mistakes of the program.
impl From<buildkit_llb::Error> for Failure {
    fn from(error: buildkit_llb::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

/// An answer of the engine, or the end of the connection.
impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        // A status that was made on our side, for want of an answer, has a cause or says so.
        let ours = std::error::Error::source(&status).is_some();
        let gone = status.code() == tonic::Code::Unavailable && status.details().is_empty();
        if ours || gone {
            return Self::Connection(format!("lost the engine: {}", status.message()));
        }
        Self::Engine(errdefs::from_rpc(&status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn mistakes_become_one_place_detail_and_one_line_each() {
        let yaml = SourceFile::new("Rust.yaml", "a: 1\nb: 2\n");
        let toml = SourceFile::new("Cargo.toml", "x\n");
        let mut all = Diagnostics::default();
        all.push(Diagnostic::warning("w", "only a warning").at(yaml.at(Span::new(0, 1))));
        all.push(Diagnostic::error("b", "no `b`").at(yaml.at(Span::new(5, 6))));
        all.push(Diagnostic::error("a", "no `a`").at(yaml.at(Span::new(0, 1))));
        all.push(Diagnostic::error("x", "no `x`").at(toml.at(Span::new(0, 1))));
        let status = Failure::User(all).to_status();
        assert_eq!(status.code, 2);
        assert_eq!(
            status.message,
            "3 errors\nCargo.toml:1: no `x`\nRust.yaml:1: no `a`\nRust.yaml:2: no `b`"
        );
        let details = errdefs::details(&status);
        let [Detail::Source(source)] = details.as_slice() else {
            panic!("{details:?}")
        };
        let info = source.info.as_ref().expect("info");
        assert_eq!(
            (info.filename.as_str(), info.language.as_str()),
            ("Cargo.toml", "TOML")
        );
        assert_eq!(source.ranges.len(), 1);
    }

    #[test]
    fn no_failure_has_code_zero_or_an_empty_message() {
        let missing = buildkit_proto::capset::CapSet::default()
            .require("x")
            .unwrap_err();
        for failure in [
            Failure::User(Diagnostics::default()),
            Failure::Engine(Status {
                message: "m".into(),
                ..Status::default()
            }),
            Failure::Missing {
                missing,
                vertices: vec![],
                product: "Docker".into(),
            },
            Failure::FrontendCap("c".into()),
            Failure::Subrequest("frontend.x".into()),
            Failure::Connection("c".into()),
            Failure::Internal("i".into()),
        ] {
            let status = failure.to_status();
            assert!(
                status.code != 0 && !status.message.is_empty(),
                "{failure:?}"
            );
        }
    }
}
