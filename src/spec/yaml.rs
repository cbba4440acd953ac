//! YAML text -> a tree in which every key and value knows its place.
//!
//! Only this module's files name the YAML crate. It is granit-parser, the event parser beneath
//! serde-saphyr, and not serde-saphyr itself: events give byte-exact spans, the scalar's own text
//! (`1.90` stays `1.90`, serde would hand over a float) and its quotes, and a tree takes any number
//! of mistakes where a deserializer stops at the first. Knows nothing of the spec's keys.

mod reader;
mod syntax;

use crate::source::Span;

pub(crate) use reader::{MAX_BYTES, too_large};
pub(super) use reader::{read, twice};

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) data: Data,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar {
    /// As written, quotes and escapes undone.
    pub(super) text: String,
    /// Written without quotes: may be a null, boolean or number. Build-args filled in by `${}` are taken as written
    /// without quotes, but never as null.
    pub(super) plain: bool,
    /// Build-args were filled in.
    pub(super) filled: bool,
    /// A build-arg could not be filled in, which was reported: no value is known.
    pub(super) unknown: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) span: Span,
}

/// What a scalar is by YAML 1.2's core schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarType {
    Null,
    Bool(bool),
    Number,
    Text,
}

impl Scalar {
    pub(super) fn kind(&self) -> ScalarType {
        if !self.plain {
            return ScalarType::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" if !self.filled => ScalarType::Null,
            "true" | "True" | "TRUE" => ScalarType::Bool(true),
            "false" | "False" | "FALSE" => ScalarType::Bool(false),
            text if is_number(text) => ScalarType::Number,
            _ => ScalarType::Text,
        }
    }
}

fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(octal) = text.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|b| (b'0'..=b'7').contains(&b));
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if [".inf", ".Inf", ".INF"].contains(&unsigned) || [".nan", ".NaN", ".NAN"].contains(&text) {
        return true;
    }
    let (mantissa, exponent) = unsigned
        .split_once(['e', 'E'])
        .map_or((unsigned, None), |(mantissa, exponent)| {
            (mantissa, Some(exponent))
        });
    let exponent_fits = exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)));
    let mantissa_fits = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    exponent_fits && mantissa_fits
}

impl Node {
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar(scalar) if scalar.kind() == ScalarType::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    #[test]
    fn scalars_are_typed_by_yaml_1_2() {
        let kind = |text: &str| {
            Scalar {
                text: text.into(),
                plain: true,
                filled: false,
                unknown: false,
            }
            .kind()
        };
        for text in [
            "1", "-1", "+1.5", "1.", ".5", "1e3", "1.90", "0o17", "0xfF", "-.inf", ".nan",
        ] {
            assert_eq!(kind(text), ScalarType::Number, "{text}");
        }
        for text in [
            "yes", "on", "1_000", "1:30", "1.2.3", "0o8", "0x", "e3", "-", ".", "tRUE", "-.nan",
        ] {
            assert_eq!(kind(text), ScalarType::Text, "{text}");
        }
        assert_eq!(kind("TRUE"), ScalarType::Bool(true));
        assert_eq!(kind("~"), ScalarType::Null);
    }

    #[test]
    fn spans_are_those_of_the_text() {
        let file = SourceFile::new(
            "Rust.yaml",
            "\u{feff}é: [a, 'b c']\r\nm:\r\n  k: |\r\n    x\r\n\r\nn:\r\n",
        );
        let (
            Some(Node {
                data: Data::Map(entries),
                ..
            }),
            _,
        ) = read(&file).unwrap()
        else {
            panic!()
        };
        let shown: Vec<_> = entries
            .iter()
            .map(|(key, value)| (file.slice(key.span), file.slice(value.span)))
            .collect();
        assert_eq!(
            shown,
            [("é", "[a, 'b c']"), ("m", "k: |\r\n    x"), ("n", "")]
        );
    }

    #[test]
    fn an_alias_bomb_ends_early() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let before = format!("*a{}, ", i - 1).repeat(9);
            text += &format!("a{i}: &a{i} [{before}]\n");
        }
        let problems = read(&SourceFile::new("Rust.yaml", text))
            .unwrap_err()
            .sorted();
        assert_eq!(problems[0].code, "yaml-limit");
    }

    #[test]
    fn a_huge_file_is_not_read() {
        let text = "# \n".repeat(1 << 19);
        let problems = read(&SourceFile::new("Rust.yaml", text))
            .unwrap_err()
            .sorted();
        assert_eq!(problems[0].code, "spec-too-large");
    }

    #[test]
    fn merge_keys_lay_a_mapping_under_another() {
        let file = SourceFile::new("Rust.yaml", "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n");
        let (
            Some(Node {
                data: Data::Map(entries),
                ..
            }),
            _,
        ) = read(&file).unwrap()
        else {
            panic!()
        };
        let Data::Map(merged) = &entries[1].1.data else {
            panic!()
        };
        let shown: Vec<_> = merged
            .iter()
            .map(|(k, v)| (k.name.as_str(), file.slice(v.span)))
            .collect();
        assert_eq!(shown, [("y", "3"), ("x", "1")]);
    }
}
