//! Places and files in the shape that Go's `encoding/json` gives BuildKit's `pb.Location` and
//! `pb.SourceInfo`: zero members are left out.

use crate::gateway::language;
use crate::source::{Location, Position, SourceFile, Span};
use buildkit_proto::errdefs::base64_text;
use serde_json::{Value, json};

/// The files of an answer; the first is the spec.
#[derive(Debug)]
pub(super) struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Begins with the spec.
    pub(super) fn new(spec: &SourceFile) -> Self {
        Self {
            files: vec![spec.clone()],
        }
    }

    /// A place, whose file is added if need be. Without a place: a negative index, for which clients show no lines.
    pub(super) fn location(&mut self, place: Option<&Location>) -> Value {
        let Some(place) = place else {
            return json!({ "sourceIndex": -1 });
        };
        let same = |file: &SourceFile| file.name() == place.file.name();
        let index = self.files.iter().position(same).unwrap_or_else(|| {
            self.files.push(place.file.clone());
            self.files.len() - 1
        });
        let range = json!({ "start": position(place.start()), "end": position(place.end()) });
        match index {
            0 => json!({ "ranges": [range] }),
            index => json!({ "sourceIndex": index, "ranges": [range] }),
        }
    }

    /// A place in the spec.
    pub(super) fn span(&mut self, span: Option<Span>) -> Value {
        let place = self.files[0].place(span);
        self.location(Some(&place))
    }

    /// The files as `pb.SourceInfo`.
    pub(super) fn infos(&self) -> Value {
        let info = |file: &SourceFile| {
            json!({
                "filename": file.name(),
                "data": base64_text::encode(file.text().as_bytes()),
                "language": language(file),
            })
        };
        self.files.iter().map(info).collect()
    }

    /// The content of the files alone.
    pub(super) fn contents(&self) -> Value {
        let text = |file: &SourceFile| Value::from(base64_text::encode(file.text().as_bytes()));
        self.files.iter().map(text).collect()
    }
}

fn position(at: Position) -> Value {
    match at.character {
        0 => json!({ "line": at.line }),
        character => json!({ "line": at.line, "character": character }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_members_are_left_out() {
        let spec = SourceFile::new("Rust.yaml", "a\n bc\n");
        let mut sources = Sources::new(&spec);
        assert_eq!(
            sources.span(Some(Span::new(3, 5))).to_string(),
            r#"{"ranges":[{"end":{"character":3,"line":2},"start":{"character":1,"line":2}}]}"#
        );
        let other = SourceFile::new("Cargo.toml", "x");
        let place = other.at(Span::new(0, 1));
        let location = sources.location(Some(&place));
        assert_eq!(location["sourceIndex"], 1);
        assert_eq!(location["ranges"][0]["start"].to_string(), r#"{"line":1}"#);
        assert_eq!(sources.location(None)["sourceIndex"], -1);
        assert_eq!(sources.infos()[1]["language"], "TOML");
    }
}
