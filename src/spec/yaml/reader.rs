//! Events -> tree, within budgets.

use super::{Data, Key, Node, Scalar, syntax};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceFile, Span};
use granit_parser::{Event, Parser, ScalarStyle};
use std::collections::{BTreeMap, BTreeSet};

/// Longest spec in bytes: far above any real one, far below what would take noticeable time, and small enough to
/// travel in the trailer of a gRPC reply when an error points into it.
pub(crate) const MAX_BYTES: usize = 256 << 10;
/// Most nodes of a tree, aliases followed: an alias bomb ends here. Long scalars are several nodes.
const MAX_NODES: usize = 20_000;
/// Deepest nesting, far above what any key needs.
const MAX_DEPTH: usize = 32;

/// What is said of a spec that is too large to be one. It shows the beginning alone: the file would have to fit
/// into the trailer of a gRPC reply.
pub(crate) fn too_large(file: &SourceFile) -> Diagnostic {
    let head: Vec<&str> = file.text().lines().take(4).collect();
    let head = SourceFile::new(file.name(), head.join("\n"));
    let message = format!("the spec is larger than {} KiB", MAX_BYTES / 1024);
    Diagnostic::error("spec-too-large", message)
        .help("is this the right file? a spec is usually a few lines long")
        .at(head.at(Span::default()))
}

/// The error for a name that appears again after `first`.
pub(in crate::spec) fn twice(file: &SourceFile, name: &str, span: Span, first: Span) -> Diagnostic {
    let line = file.position(first.start).line;
    Diagnostic::error("duplicate-key", format!("`{name}` appears twice"))
        .help(format!("it is also on line {line}: keep one of them"))
        .at(file.at(span))
}

/// The tree of a file; `None` when it holds nothing but comments.
///
/// # Errors
/// What makes reading on pointless. Other mistakes (a key that appears twice, a tag) come with the tree.
pub(in crate::spec) fn read(file: &SourceFile) -> Result<(Option<Node>, Diagnostics), Diagnostics> {
    if file.text().len() > MAX_BYTES {
        return Err(too_large(file).into());
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
    Map(Vec<(Key, Node)>, Names),
}

/// The keys of a mapping that is being read.
#[derive(Default)]
struct Names {
    seen: BTreeMap<String, Span>,
    /// The key whose value comes next.
    waiting: Option<Key>,
}

/// The key whose value, an alias, is laid under a mapping.
const MERGE: &str = "<<";

impl Reader<'_> {
    fn document(mut self) -> Result<(Option<Node>, Diagnostics), Diagnostics> {
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
                    let open = stack
                        .iter()
                        .rev()
                        .map(|open| open.span)
                        .find(|span| ["[", "{"].contains(&self.file.slice(*span)));
                    self.problems.push(syntax::explain(self.file, &error, open));
                    return Err(self.problems);
                }
            };
            let node = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let is_pattern = text.is_empty() && self.pattern(tag.as_deref(), span);
                    let tagged_text = !is_pattern && self.tag(tag.as_deref(), span);
                    let size = 1 + text.len() / 64;
                    let node = Node {
                        span,
                        data: Data::Scalar(Scalar {
                            text: text.into_owned(),
                            plain: style == ScalarStyle::Plain && !tagged_text,
                            filled: false,
                            unknown: is_pattern,
                        }),
                    };
                    self.nodes += size;
                    self.define(anchor, &node, size);
                    node
                }
                Event::SequenceStart(..) | Event::MappingStart(..) if stack.len() >= MAX_DEPTH => {
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
                    stack.push(self.open(
                        span,
                        anchor,
                        Children::Map(Vec::new(), Names::default()),
                    ));
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
                        self.error("yaml-alias", span, "an alias is inside its own anchor");
                        return Err(self.problems);
                    }
                },
                Event::DocumentStart(..) if root.is_some() => {
                    self.error("yaml-documents", span, "the file has a second document");
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
        Ok((root, self.problems))
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
            Children::Map(entries, names) => match names.waiting.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let name = match node.data {
                        Data::Scalar(scalar) => scalar.text,
                        _ => {
                            self.error("yaml-key", node.span, "a key is a list or a mapping");
                            format!("x-{}", node.span.start)
                        }
                    };
                    let first = names.seen.insert(name.clone(), node.span);
                    if let Some(first) = first.filter(|_| name != MERGE) {
                        let mistake = twice(self.file, &name, node.span, first);
                        self.problems.push(mistake);
                        names.seen.insert(name.clone(), first);
                    }
                    names.waiting = Some(Key {
                        name,
                        span: node.span,
                    });
                }
            },
        }
    }

    /// Resolves `<<: *anchor` and `<<: [*a, *b]`: a mapping's own keys win, then earlier ones.
    fn merge_keys(&mut self, entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
        if !entries.iter().any(|(key, _)| key.name == MERGE) {
            return entries;
        }
        let (merges, mut own): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(key, _)| key.name == MERGE);
        let mut names: BTreeSet<String> = own.iter().map(|(key, _)| key.name.clone()).collect();
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
                own.extend(
                    more.into_iter()
                        .filter(|(key, _)| names.insert(key.name.clone())),
                );
            }
        }
        own
    }

    /// Whether a tag stands where a value begins with `!`, such as a pattern; that is an error.
    fn pattern(&mut self, tag: Option<&granit_parser::Tag>, span: Span) -> bool {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else {
            return false;
        };
        let written = tag.original();
        let message = format!("`{written}` is a YAML tag, not a value");
        let help = format!("put it in quotes: `'{written}'`");
        let error = Diagnostic::error("yaml-tag", message).help(help);
        self.problems.push(error.at(self.file.at(span)));
        true
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
}
