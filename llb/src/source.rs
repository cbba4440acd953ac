//! Sources: where files come from.
//!
//! Upstream: `client/llb/source.go`. An attribute with an empty value is never written: the
//! engine ignores most of them, and encoders disagree on their bytes.

mod git;
mod http;
mod image;
mod local;

pub use git::{Git, git};
pub use http::{Http, http};
pub use image::{Image, OciLayout, ResolveMode, image, oci_layout};
pub use local::{Differ, Local, local};

use buildkit_proto::pb;

/// A source operation while it is written.
struct Attrs(pb::SourceOp);

impl Attrs {
    fn new(identifier: String) -> Attrs {
        Attrs(pb::SourceOp {
            identifier,
            attrs: Default::default(),
        })
    }

    /// Writes a text, unless empty; says whether it was written.
    fn text(&mut self, key: &str, value: &str) -> bool {
        if !value.is_empty() {
            self.0.attrs.insert(key.to_owned(), value.to_owned());
        }
        !value.is_empty()
    }

    /// Writes `true`, if it is; says whether it was written.
    fn flag(&mut self, key: &str, value: bool) -> bool {
        self.text(key, if value { "true" } else { "" })
    }

    /// Writes a number, if there is one; says whether it was written.
    fn number(&mut self, key: &str, value: Option<u32>) -> bool {
        self.text(
            key,
            &value.map(|value| value.to_string()).unwrap_or_default(),
        )
    }

    /// Writes a list as JSON, unless empty; says whether it was written.
    fn list(&mut self, key: &str, values: &[String]) -> bool {
        let json = match values.is_empty() {
            true => String::new(),
            false => json_list(values),
        };
        self.text(key, &json)
    }
}

/// A JSON array of strings, escaped as Go's `encoding/json` does: also `<`, `>`, `&` and the two
/// line separators, so that equal lists have equal digests whoever wrote them.
fn json_list(values: &[String]) -> String {
    let mut json = String::from("[");
    for (index, value) in values.iter().enumerate() {
        json.push_str(if index == 0 { "\"" } else { ",\"" });
        for letter in value.chars() {
            match letter {
                '"' => json.push_str("\\\""),
                '\\' => json.push_str("\\\\"),
                '\n' => json.push_str("\\n"),
                '\r' => json.push_str("\\r"),
                '\t' => json.push_str("\\t"),
                '\u{8}' => json.push_str("\\b"),
                '\u{c}' => json.push_str("\\f"),
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                    json.push_str(&format!("\\u{:04x}", u32::from(letter)));
                }
                letter => json.push(letter),
            }
        }
        json.push('"');
    }
    json.push(']');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_escaped_as_go_does() {
        let list =
            |values: &[&str]| json_list(&values.iter().map(|v| v.to_string()).collect::<Vec<_>>());
        assert_eq!(list(&["a", "!b/**"]), r#"["a","!b/**"]"#);
        assert_eq!(
            list(&["\"\\\n\u{1}<&>\u{2028}é"]),
            r#"["\"\\\n\u0001\u003c\u0026\u003e\u2028é"]"#
        );
    }
}
