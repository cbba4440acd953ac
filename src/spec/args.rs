//! Build arguments: declared under `args:`, given by `--build-arg`, filled into `${NAME}`.

use super::Arg;
use super::keys::ROOT;
use super::table::{Map, Shape};
use super::yaml::{Data, Node, ScalarType};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::options::{PLATFORM_ARGS, VCS_REVISION};
use crate::source::{SourceFile, Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};

/// Names that mean something to every build without being declared: they are never taken for a
/// misspelling.
const KNOWN: [&str; 13] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
    "SOURCE_DATE_EPOCH",
    "TARGETSTAGE",
    VCS_REVISION,
];

/// Most bytes that all `${}` of a spec may stand for.
const MAX_FILLED: usize = 1 << 20;

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || PLATFORM_ARGS.contains(&name) || name.starts_with("BUILDKIT_")
}

/// Declares the arguments of a document and fills them in.
///
/// A wrong `args:` block declares what of it is right: the check of the document says what is not.
pub(super) fn fill(
    file: &SourceFile,
    root: &mut Node,
    given: &BTreeMap<String, String>,
    predefined: &BTreeMap<String, String>,
) -> (Vec<Arg>, Diagnostics) {
    let mut filler = Filler {
        file,
        args: Vec::new(),
        predefined,
        given,
        missing: BTreeSet::new(),
        problems: 0,
        filled: 0,
        found: Diagnostics::default(),
    };
    if let Data::Map(entries) = &mut root.data {
        let declared = entries
            .iter()
            .find(|(key, _)| key.name == "args")
            .map(|(_, node)| node);
        filler.args = declare(declared, given);
        for (key, node) in entries.iter_mut() {
            if key.name != "args" && key.name != "syntax" && !key.name.starts_with("x-") {
                filler.node(node, of_key(&ROOT, &key.name));
            }
        }
    }
    let Filler {
        args, mut found, ..
    } = filler;
    for name in given.keys().filter(|name| !is_known(name)) {
        let declared = || args.iter().map(|arg| arg.name.as_str());
        if declared().any(|known| known == name) {
            continue;
        }
        if let Some(near) = nearest(name, declared()) {
            let arg = args.iter().find(|arg| arg.name.as_str() == near);
            let span = arg.and_then(|arg| arg.name.span).unwrap_or_default();
            found.push(
                Diagnostic::warning(
                    "unknown-build-arg",
                    format!("`--build-arg {name}` is not used: the spec does not declare it"),
                )
                .help(format!("did you mean `{near}`?"))
                .at(file.at(span)),
            );
        }
    }
    (args, found)
}

fn declare(block: Option<&Node>, given: &BTreeMap<String, String>) -> Vec<Arg> {
    let Some(Node {
        data: Data::Map(entries),
        ..
    }) = block
    else {
        return Vec::new();
    };
    entries
        .iter()
        .filter(|(key, _)| !key.name.starts_with("x-"))
        .map(|(key, value)| {
            let default = match &value.data {
                Data::Scalar(scalar) if scalar.kind() != ScalarType::Null => {
                    Some(scalar.text.clone())
                }
                _ => None,
            };
            Arg {
                name: Spanned::new(key.name.clone(), key.span),
                value: given.get(&key.name).cloned().or_else(|| default.clone()),
                default,
            }
        })
        .collect()
}

/// The shape of what a mapping has at a key.
fn of_key(shape: &'static Shape, key: &str) -> Option<&'static Shape> {
    match &shape.map {
        Some(Map::Block(block)) => Some(block.key(key)?.shape),
        Some(Map::Open { value, .. }) => Some(value),
        None => None,
    }
}

struct Filler<'a> {
    file: &'a SourceFile,
    args: Vec<Arg>,
    given: &'a BTreeMap<String, String>,
    predefined: &'a BTreeMap<String, String>,
    /// Arguments whose lack was reported.
    missing: BTreeSet<String>,
    /// References that could not be filled in.
    problems: usize,
    /// Bytes that were filled in.
    filled: usize,
    found: Diagnostics,
}

impl Filler<'_> {
    /// `shape`: what the node is meant to be, where it is anything.
    fn node(&mut self, node: &mut Node, shape: Option<&'static Shape>) {
        match &mut node.data {
            Data::Scalar(scalar) if scalar.text.contains('$') => {
                let problems = self.problems;
                let text = self.text(&scalar.text, node.span);
                scalar.unknown = self.problems > problems;
                scalar.filled = text != scalar.text;
                scalar.plain |= scalar.filled;
                scalar.text = text;
            }
            Data::Scalar(_) => {}
            Data::List(items) => {
                let item = shape.and_then(|shape| shape.list);
                items.iter_mut().for_each(|node| self.node(node, item));
            }
            Data::Map(entries) => {
                for (key, node) in entries {
                    let of_key = shape.and_then(|shape| of_key(shape, &key.name));
                    // A label or file may be called `x-`.
                    let text = of_key.is_some_and(|shape| shape.scalar.is_some());
                    if !key.name.starts_with("x-") || text {
                        self.node(node, of_key);
                    }
                }
            }
        }
    }

    /// A `$` alone is itself: shell lines stay readable.
    fn text(&mut self, text: &str, span: Span) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            if let Some(after) = after.strip_prefix("${") {
                out.push_str("${");
                rest = after;
            } else if let Some(inner) = after.strip_prefix('{') {
                let Some((name, after)) = inner.split_once('}') else {
                    self.wrong(
                        "${",
                        span,
                        "`${` is never closed",
                        "write `${NAME}`, or `$${` for `${`",
                    );
                    return text.to_owned();
                };
                let value = self.value(name, span);
                self.filled += value.len();
                if self.filled > MAX_FILLED {
                    self.wrong(
                        "${",
                        span,
                        "the build-args fill in too much text",
                        "put long text into a file",
                    );
                    return text.to_owned();
                }
                out.push_str(&value);
                rest = after;
            } else {
                out.push('$');
                rest = after;
            }
        }
        out + rest
    }

    fn value(&mut self, name: &str, span: Span) -> String {
        let reference = format!("${{{name}}}");
        if let Some(arg) = self.args.iter().find(|arg| arg.name.as_str() == name) {
            if let Some(value) = &arg.value {
                return value.clone();
            }
            let declared = |other: &&str| self.args.iter().any(|arg| arg.name.as_str() == *other);
            let given = self.given.keys().map(String::as_str);
            let help = match nearest(name, given.filter(|other| !declared(other))) {
                Some(near) => format!("`--build-arg {near}` was given; did you mean `{name}`?"),
                None => format!("give `--build-arg {name}=...`, or write a default under `args`"),
            };
            self.missing(name, span, &reference, help);
            return reference;
        }
        if let Some(value) = self.predefined.get(name) {
            return value.clone();
        }
        if is_known(name) {
            return match self.given.get(name) {
                Some(value) => value.clone(),
                None => {
                    let help = match name {
                        VCS_REVISION => format!(
                            "build a git checkout with buildx, give `--build-arg {name}=...`, or write a default under `args`"
                        ),
                        _ => format!("give `--build-arg {name}=...`"),
                    };
                    self.missing(name, span, &reference, help);
                    reference
                }
            };
        }
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain {
            let help = match name.split_once([':', '-', '+', '?', '#', '%', '/']) {
                Some((name, _)) if !name.is_empty() => format!(
                    "write `${{{name}}}` and its default under `args`; `$${{` stands for `${{`"
                ),
                _ => "write `${NAME}`; `$${` stands for `${`".into(),
            };
            let message = format!("`{reference}` is not a build-arg");
            self.error("undeclared-build-arg", &reference, span, message, help);
            return reference;
        }
        let known = self.args.iter().map(|arg| arg.name.as_str());
        let known = known.chain(self.predefined.keys().map(String::as_str));
        let help = match nearest(name, known) {
            Some(near) => format!("did you mean `${{{near}}}`?"),
            None => format!("add `args: {{ {name}: default }}`; `$${{` stands for `${{`"),
        };
        let message = format!("the build-arg `{name}` is not declared");
        self.error("undeclared-build-arg", &reference, span, message, help);
        reference
    }

    /// Reported once, however often it is asked for.
    fn missing(&mut self, name: &str, span: Span, reference: &str, help: String) {
        self.problems += 1;
        if self.missing.insert(name.to_owned()) {
            let message = format!("the build-arg `{name}` has no value");
            self.error("missing-build-arg", reference, span, message, help);
        }
    }

    fn wrong(&mut self, text: &str, span: Span, message: &str, help: &str) {
        self.error(
            "undeclared-build-arg",
            text,
            span,
            message.into(),
            help.into(),
        );
    }

    /// Points at `text` within the value, if it stands there as it is.
    fn error(&mut self, code: &'static str, text: &str, span: Span, message: String, help: String) {
        self.problems += 1;
        let at = self.file.slice(span).find(text).map_or(span, |start| {
            Span::new(span.start + start, span.start + start + text.len())
        });
        self.found.push(
            Diagnostic::error(code, message)
                .help(help)
                .at(self.file.at(at)),
        );
    }
}
