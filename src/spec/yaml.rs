//! YAML text -> a tree in which every key and value knows its place.
//!
//! The only file that names the YAML crate. It uses granit-parser, the event parser beneath
//! serde-saphyr, and not serde-saphyr itself: events give byte-exact spans, the scalar's own text
//! (`1.90` stays `1.90`, serde would hand over a float) and its quotes, and a tree takes any number
//! of mistakes where a deserializer stops at the first. Knows nothing of the spec's keys.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceFile, Span};
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError};
use std::collections::BTreeMap;

/// Longest spec in bytes: far above any real one, far below what would take noticeable time.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// Most nodes of a tree, aliases followed: an alias bomb ends here. Long scalars count several times.
const MAX_NODES: usize = 20_000;
/// Deepest nesting, far above what any key needs.
const MAX_DEPTH: usize = 32;

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
    /// Written without quotes: may be a null, boolean or number. Build-args filled in by `${}` count as
    /// written without quotes, but never as null.
    pub(super) plain: bool,
    /// Build-args were filled in.
    pub(super) filled: bool,
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

/// The tree of a file; `None` when it holds nothing but comments.
///
/// # Errors
/// What is wrong with the file as YAML. Duplicate keys are among it, so that no key of a tree is there
/// twice.
pub(super) fn read(file: &SourceFile) -> Result<Option<Node>, Diagnostics> {
    if file.text().len() > MAX_BYTES {
        return Err(Diagnostic::error(
            "spec-too-large",
            format!("the spec is larger than {} KiB", MAX_BYTES / 1024),
        )
        .help("is this the right file? a spec is usually a few lines long")
        .at(file.at(Span::default()))
        .into());
    }
    Reader {
        file,
        anchors: BTreeMap::new(),
        nodes: 0,
        problems: Diagnostics::default(),
    }
    .document()
}

struct Reader<'a> {
    file: &'a SourceFile,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    problems: Diagnostics,
}

/// A list or mapping whose end has not come yet.
struct Open {
    span: Span,
    anchor: usize,
    nodes_before: usize,
    children: Children,
}

enum Children {
    List(Vec<Node>),
    /// The last key still waits for its value, or there is none.
    Map(Vec<(Key, Node)>, Option<Key>),
}

impl Reader<'_> {
    fn document(mut self) -> Result<Option<Node>, Diagnostics> {
        let mut options = granit_parser::Options::default();
        options.set_emit_comments(false);
        options.flow_nesting_limit = MAX_DEPTH;
        options.block_nesting_limit = MAX_DEPTH;
        let mut stack: Vec<Open> = Vec::new();
        let mut root = None;
        for event in Parser::new_from_str_with_options(self.file.text(), options) {
            let (event, span) = match event {
                Ok((event, span)) => (event, self.span(span.byte_range())),
                Err(error) => {
                    self.syntax_error(&error);
                    return Err(self.problems);
                }
            };
            let node = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let tagged_text = self.tag(tag.as_deref(), span);
                    let size = 1 + text.len() / 64;
                    let node = Node {
                        span,
                        data: Data::Scalar(Scalar {
                            text: text.into_owned(),
                            plain: style == ScalarStyle::Plain && !tagged_text,
                            filled: false,
                        }),
                    };
                    self.nodes += size;
                    self.define(anchor, &node, size);
                    node
                }
                Event::SequenceStart(_, anchor, tag) | Event::MappingStart(_, anchor, tag)
                    if stack.len() >= MAX_DEPTH =>
                {
                    let _ = (anchor, tag);
                    self.error("yaml-limit", span, "the spec is nested too deeply");
                    return Err(self.problems);
                }
                Event::SequenceStart(_, anchor, tag) => {
                    self.tag(tag.as_deref(), span);
                    stack.push(self.open(span, anchor, Children::List(Vec::new())));
                    continue;
                }
                Event::MappingStart(_, anchor, tag) => {
                    self.tag(tag.as_deref(), span);
                    stack.push(self.open(span, anchor, Children::Map(Vec::new(), None)));
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let open = stack.pop().expect("the parser pairs starts and ends");
                    self.close(open, span)
                }
                Event::Alias(id) => match self.anchors.get(&id) {
                    Some((node, size)) => {
                        self.nodes += size;
                        node.clone()
                    }
                    None => {
                        self.error("yaml-alias", span, "an alias stands inside its own anchor");
                        return Err(self.problems);
                    }
                },
                Event::DocumentStart(..) if root.is_some() => {
                    self.error("yaml-documents", span, "the spec holds a second document");
                    return Err(self.problems);
                }
                _ => continue,
            };
            if self.nodes > MAX_NODES {
                self.error(
                    "yaml-limit",
                    span,
                    "the spec's aliases stand for too many values",
                );
                return Err(self.problems);
            }
            match stack.last_mut() {
                Some(parent) => self.add(parent, node),
                None => root = Some(node),
            }
        }
        if self.problems.is_empty() {
            Ok(root)
        } else {
            Err(self.problems)
        }
    }

    fn open(&mut self, span: Span, anchor: usize, children: Children) -> Open {
        let nodes_before = self.nodes;
        self.nodes += 1;
        Open {
            span,
            anchor,
            nodes_before,
            children,
        }
    }

    fn close(&mut self, open: Open, end: Span) -> Node {
        let mut span = open.span;
        let last = match &open.children {
            Children::List(items) => items.last().map(|item| item.span.end),
            Children::Map(entries, _) => entries
                .last()
                .map(|(key, value)| value.span.end.max(key.span.end)),
        };
        // A flow collection ends with its bracket, a block one with its last value. An alias' value
        // stands elsewhere and may end earlier.
        span.end = if end.start == end.end {
            last.unwrap_or(span.end)
        } else {
            end.end
        };
        span.end = span.end.max(span.start);
        let data = match open.children {
            Children::List(items) => Data::List(items),
            Children::Map(entries, _) => Data::Map(self.merge_keys(entries)),
        };
        let node = Node { span, data };
        self.define(open.anchor, &node, self.nodes - open.nodes_before);
        node
    }

    fn define(&mut self, anchor: usize, node: &Node, size: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
    }

    fn add(&mut self, parent: &mut Open, node: Node) {
        match &mut parent.children {
            Children::List(items) => items.push(node),
            Children::Map(entries, waiting) => match waiting.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let name = match node.data {
                        Data::Scalar(scalar) => scalar.text,
                        _ => {
                            self.error("yaml-key", node.span, "a key is a list or a mapping");
                            String::new()
                        }
                    };
                    let first = entries
                        .iter()
                        .find(|(key, _)| key.name == name && name != "<<");
                    if let Some((key, _)) = first {
                        let line = self.file.position(key.span.start).line;
                        self.problems.push(
                            Diagnostic::error("duplicate-key", format!("`{name}` is there twice"))
                                .help(format!("it is also on line {line}: keep one of them"))
                                .at(self.file.at(node.span)),
                        );
                    }
                    *waiting = Some(Key {
                        name,
                        span: node.span,
                    });
                }
            },
        }
    }

    /// Resolves `<<: *anchor` and `<<: [*a, *b]`: a mapping's own keys win, then earlier ones.
    fn merge_keys(&mut self, entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
        if !entries.iter().any(|(key, _)| key.name == "<<") {
            return entries;
        }
        let (merges, mut own): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(key, _)| key.name == "<<");
        for (key, value) in merges {
            let sources = match value.data {
                Data::List(items) => items,
                _ => vec![value],
            };
            for source in sources {
                let Data::Map(more) = source.data else {
                    self.error("yaml-merge", key.span, "`<<` takes an alias of a mapping");
                    continue;
                };
                for entry in more {
                    if !own.iter().any(|(key, _)| key.name == entry.0.name) {
                        own.push(entry);
                    }
                }
            }
        }
        own
    }

    /// Whether a tag makes a scalar text whatever it looks like.
    fn tag(&mut self, tag: Option<&granit_parser::Tag>, span: Span) -> bool {
        match tag {
            None => false,
            Some(tag) if tag.is_yaml_core_schema() => tag.is_yaml_core_schema_tag("str"),
            Some(tag) => {
                self.problems.push(
                    Diagnostic::error(
                        "yaml-tag",
                        format!("the tag `{}` means nothing here", tag.original()),
                    )
                    .help("leave it out")
                    .at(self.file.at(span)),
                );
                true
            }
        }
    }

    /// Spans end where the text ends: block scalars' reach over the line end.
    fn span(&self, range: Option<std::ops::Range<usize>>) -> Span {
        let range = range.expect("a parser over a string knows byte offsets");
        let text = self.file.text().get(range.clone()).unwrap_or_default();
        Span::new(range.start, range.start + text.trim_end().len())
    }

    fn error(&mut self, code: &'static str, span: Span, message: &str) {
        let help = match code {
            "yaml-documents" => "remove `---` and what follows: one file is one spec",
            "yaml-key" => "write a name before the colon",
            "yaml-alias" => "move the alias out of the value that it stands for",
            "yaml-merge" => "write `<<: *name` where `&name` marks a mapping",
            _ => "is this the right file? a spec is usually a few lines long",
        };
        let diagnostic = Diagnostic::error(code, message).help(help);
        self.problems.push(diagnostic.at(self.file.at(span)));
    }

    fn syntax_error(&mut self, error: &ScanError) {
        let text = self.file.text();
        let offset = error
            .marker()
            .byte_offset()
            .unwrap_or_default()
            .min(text.len());
        // An error at the end of the file belongs to its last text.
        let start = if offset == text.len() {
            text.trim_end().len().saturating_sub(1)
        } else {
            offset
        };
        let start = text.floor_char_boundary(start);
        let end = text[start..]
            .chars()
            .next()
            .map_or(start, |c| start + c.len_utf8());
        let (message, mut help) = explain(error.kind());
        if text[..end].ends_with("${") {
            help = "put a value with `${NAME}` in quotes";
        }
        self.problems.push(
            Diagnostic::error("yaml-syntax", message)
                .help(help)
                .at(self.file.at(Span::new(start, end))),
        );
    }
}

/// The parser's errors in a user's words.
fn explain(kind: &ErrorKind) -> (String, &'static str) {
    let (message, help) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar => ("a tab is used for indentation", "indent with spaces"),
        ErrorKind::UnknownAnchor => (
            "this alias has no anchor",
            "mark a value above it with `&name`, or put the text in quotes",
        ),
        ErrorKind::UnclosedQuotedScalar => {
            ("this quote is never closed", "close it on the same line")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let close = if *open == '[' { ']' } else { '}' };
            return (
                format!("this `{open}` is never closed"),
                match close {
                    ']' => "close it with `]`",
                    _ => "close it with `}`",
                },
            );
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (
                format!("`{close}` closes what `{open}` opened"),
                "lists stand in `[]`, mappings in `{}`",
            );
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return (
                format!("a value cannot start with `{character}`"),
                "put the value in quotes",
            );
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "there is no place for a key here",
            "indent keys of one mapping alike; put text that holds `: ` in quotes",
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected => (
            "this is neither a key nor part of a value",
            "write `key: value`, and indent keys of one mapping alike",
        ),
        ErrorKind::ExpectedBlockSequenceEntry | ErrorKind::BlockSequenceEntryNotAllowed => (
            "a list and other values are mixed here",
            "start each item of a list with `- `, indented alike",
        ),
        ErrorKind::ExpectedFlowSequenceSeparator => {
            ("a comma or `]` is missing here", "write lists as `[a, b]`")
        }
        ErrorKind::ExpectedFlowMappingSeparator => (
            "a comma or `}` is missing here",
            "write mappings as `{a: 1, b: 2}`",
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "an unknown escape in double quotes",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        ErrorKind::RecursionLimitExceeded => (
            "the spec is nested too deeply",
            "is this the right file? a spec needs a few levels",
        ),
        ErrorKind::InvalidIndentation | ErrorKind::InvalidFlowScalarIndent => (
            "this line is indented too little or too much",
            "indent values of one mapping alike",
        ),
        _ => (
            "this is not valid YAML",
            "put text with special characters in quotes",
        ),
    };
    (message.into(), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_typed_by_yaml_1_2() {
        let kind = |text: &str| {
            Scalar {
                text: text.into(),
                plain: true,
                filled: false,
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
        let Some(Node {
            data: Data::Map(entries),
            ..
        }) = read(&file).unwrap()
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
    fn merge_keys_lay_a_mapping_under_another() {
        let file = SourceFile::new("Rust.yaml", "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n");
        let Some(Node {
            data: Data::Map(entries),
            ..
        }) = read(&file).unwrap()
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
