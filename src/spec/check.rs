//! A tree against the tables: every key known, every value of its shape.
//!
//! What passes here has the right form, so decoding it needs no error of its own.

mod advice;

use super::keys::ROOT;
use super::table::{Block, Format, MOST_BLOCKS, Map, Numbers, Scalar, Shape};
use super::yaml::{self, Data, Key, Node, ScalarType};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::source::{SourceFile, Span};
use advice::{
    alternatives, describe, home_of, instead, list, option_of_buildx, other_word, shorten,
};

/// Checks a whole document.
pub(super) fn document(file: &SourceFile, root: &Node) -> Diagnostics {
    let mut check = Check {
        file,
        found: Diagnostics::default(),
    };
    if !root.is_null() {
        check.node(
            root,
            &ROOT,
            Place {
                key: None,
                span: root.span,
            },
        );
    }
    check.found
}

struct Check<'a> {
    file: &'a SourceFile,
    found: Diagnostics,
}

/// The key that a value belongs to, for messages and for values without a text.
#[derive(Clone, Copy)]
struct Place<'a> {
    key: Option<&'a str>,
    span: Span,
}

impl Check<'_> {
    fn node(&mut self, node: &Node, shape: &'static Shape, place: Place<'_>) {
        let span = if node.span.start == node.span.end {
            place.span
        } else {
            node.span
        };
        match &node.data {
            Data::Scalar(scalar) if scalar.unknown => {}
            Data::Scalar(scalar) => match &shape.scalar {
                Some(kind) => self.scalar(scalar, kind, shape, span, place),
                None => self.wrong_type(node, shape, span, place),
            },
            Data::List(items) => match shape.list {
                Some(item) => {
                    for node in items {
                        let span = node.span;
                        let key = place.key;
                        self.node(node, item, Place { key, span });
                    }
                }
                None => self.wrong_type(node, shape, span, place),
            },
            Data::Map(entries) => match &shape.map {
                Some(Map::Block(block)) => self.block(entries, block, span),
                Some(Map::Open { key, value }) => self.open(entries, key, value),
                None => self.wrong_type(node, shape, span, place),
            },
        }
    }

    fn block(&mut self, entries: &[(Key, Node)], block: &'static Block, span: Span) {
        for (key, value) in entries {
            if key.name.starts_with("x-") {
                continue;
            }
            let Some(known) = block.key(&key.name) else {
                self.unknown_key(key, block);
                continue;
            };
            if let Some(instead) = known.deprecated {
                self.found.push(
                    Diagnostic::warning("deprecated-key", format!("`{}` is deprecated", key.name))
                        .help(instead)
                        .at(self.file.at(key.span)),
                );
            }
            if !value.is_null() {
                self.node(
                    value,
                    known.shape,
                    Place {
                        key: Some(&key.name),
                        span: key.span,
                    },
                );
            }
        }
        for known in block.keys.iter().filter(|key| key.required) {
            let there = entries
                .iter()
                .any(|(key, value)| key.name == known.name && !value.is_null());
            if !there {
                self.found.push(
                    Diagnostic::error(
                        "missing-key",
                        format!("{} needs `{}`", block.name, known.name),
                    )
                    .help(format!("add `{}: {}`", known.name, known.example))
                    .at(self.file.at(span)),
                );
            }
        }
    }

    fn open(&mut self, entries: &[(Key, Node)], format: &'static Format, value: &'static Shape) {
        if let (None, Some((key, _))) = (&value.scalar, entries.get(MOST_BLOCKS)) {
            self.found.push(
                Diagnostic::error(
                    "too-many-images",
                    format!("a spec has at most {MOST_BLOCKS} images"),
                )
                .help("write a second spec")
                .at(self.file.at(key.span)),
            );
            return;
        }
        let is_extension = |(key, _): &(Key, Node)| key.name.starts_with("x-");
        if let (None, Some((key, _)), true) = (
            &value.scalar,
            entries.first(),
            entries.iter().all(is_extension),
        ) {
            self.found.push(
                Diagnostic::error("no-images", "there is no image in `images`")
                    .help("add an image (keys that start with `x-` are not images), or remove `images`")
                    .at(self.file.at(key.span)),
            );
        }
        for (key, node) in entries {
            // A label or file may be called `x-`, an image is not.
            if key.name.starts_with("x-") && value.scalar.is_none() {
                continue;
            }
            if !(format.check)(&key.name) {
                self.invalid(&key.name, format, key.span);
            }
            if !node.is_null() {
                self.node(
                    node,
                    value,
                    Place {
                        key: Some(&key.name),
                        span: key.span,
                    },
                );
            }
        }
    }

    fn unknown_key(&mut self, key: &Key, block: &'static Block) {
        let names = || block.keys.iter().map(|key| key.name);
        let name = key.name.as_str();
        let mut starts = names().filter(|known| name.len() >= 3 && known.starts_with(name));
        let near = nearest(name, names()).or_else(|| starts.next());
        let has = |word: &&str| {
            word.split(':')
                .next()
                .is_some_and(|word| block.key(word).is_some())
        };
        let help = if let Some(word) = other_word(name, block).filter(has) {
            format!("write `{word}`")
        } else if let Some(near) = near {
            format!("did you mean `{near}`?")
        } else if let Some(home) = home_of(name, block) {
            format!("it belongs in {home}")
        } else if name == "network" && block.key("run").is_some() {
            "write `network: true` in a command of `run:`; steps that compile have no network"
                .to_owned()
        } else if let Some(option) = option_of_buildx(name) {
            format!("it is an option of `docker buildx build`: `{option}`")
        } else if let Some((word, home)) =
            other_word(name, block).and_then(|word| Some((word, home_of(word, block)?)))
        {
            format!("write `{word}`, which belongs in {home}")
        } else {
            format!("known keys: {}", list(names()))
        };
        self.found.push(
            Diagnostic::error("unknown-key", format!("{} has no key `{name}`", block.name))
                .help(help)
                .at(self.file.at(key.span)),
        );
    }

    fn scalar(
        &mut self,
        scalar: &yaml::Scalar,
        kind: &'static Scalar,
        shape: &'static Shape,
        span: Span,
        place: Place<'_>,
    ) {
        let text = scalar.text.as_str();
        let found = scalar.kind();
        match kind {
            Scalar::Bool => {
                if !matches!(found, ScalarType::Bool(_)) {
                    let help = match text.to_lowercase().as_str() {
                        "true" if !scalar.plain => "write `true` without quotes",
                        "false" if !scalar.plain => "write `false` without quotes",
                        "yes" | "on" | "y" | "1" | "true" => "write `true`",
                        "no" | "off" | "n" | "0" | "false" => "write `false`",
                        _ => "write `true` or `false`",
                    };
                    self.mismatch(shape.what, &describe(scalar), help.into(), span, place);
                }
            }
            Scalar::Words(words) => {
                if !words.iter().any(|(word, _)| *word == text) {
                    let names = || words.iter().map(|(word, _)| *word);
                    let help = match nearest(text, names()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("write {}", alternatives(names())),
                    };
                    self.found.push(
                        Diagnostic::error(
                            "invalid-value",
                            format!("`{}` is not {}", shorten(text), shape.what),
                        )
                        .help(help)
                        .at(self.file.at(span)),
                    );
                }
            }
            Scalar::Text(format) => {
                // What is filled in has no quotes to tell by.
                let taken = scalar.filled
                    || match (found, format.numbers) {
                        (ScalarType::Text, _) | (_, Numbers::Any) => true,
                        (ScalarType::Number, numbers) => numbers != Numbers::No,
                        _ => false,
                    };
                if found == ScalarType::Null {
                    let help = match self.file.slice(span) {
                        "" => "write a value or leave it out".to_owned(),
                        word => format!(
                            "put `{word}` in quotes if the word is meant, else leave it out"
                        ),
                    };
                    self.mismatch(shape.what, "nothing", help, span, place);
                } else if !taken {
                    let help = match found {
                        ScalarType::Number if (format.check)(text) => {
                            format!("write `\"{text}\"` if that is meant")
                        }
                        _ => (format.help)(text),
                    };
                    self.mismatch(shape.what, &describe(scalar), help, span, place);
                } else if !(format.check)(text) {
                    self.invalid(text, format, span);
                }
            }
        }
    }

    fn invalid(&mut self, text: &str, format: &'static Format, span: Span) {
        self.found.push(
            Diagnostic::error(
                "invalid-value",
                format!("`{}` is not {}", shorten(text), format.what),
            )
            .help((format.help)(text))
            .at(self.file.at(span)),
        );
    }

    fn wrong_type(&mut self, node: &Node, shape: &'static Shape, span: Span, place: Place<'_>) {
        let found = match &node.data {
            Data::Scalar(scalar) => describe(scalar),
            Data::List(_) => "a list".into(),
            Data::Map(_) => "a mapping".into(),
        };
        // The first line of a long list or mapping says enough.
        let line = self.file.position(span.start).line;
        let span = match (&node.data, self.file.line_span(line)) {
            (Data::List(_) | Data::Map(_), Some(line)) => {
                Span::new(span.start, span.end.min(line.end).max(span.start))
            }
            _ => span,
        };
        self.mismatch(
            shape.what,
            &found,
            instead(node, shape, place.key),
            span,
            place,
        );
    }

    fn mismatch(&mut self, want: &str, found: &str, help: String, span: Span, place: Place<'_>) {
        let subject = match place.key {
            Some(key) => format!("`{key}` takes {want}"),
            None => format!("a spec is {want}"),
        };
        self.found.push(
            Diagnostic::error("wrong-type", format!("{subject}, not {found}"))
                .help(help)
                .at(self.file.at(span)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::spec::formats::ANY;
    use crate::spec::table::Key as TableKey;

    static TEXT: Shape = Shape::text(&ANY);
    static OLD: Block = Block {
        name: "`old:`",
        doc: "",
        keys: &[TableKey {
            deprecated: Some("write `new`"),
            ..TableKey::new("older", &TEXT, "", "", "")
        }],
    };
    static ROOT: Shape = Shape::block("a mapping", &OLD);

    #[test]
    fn a_deprecated_key_is_a_warning() {
        let file = SourceFile::new("Rust.yaml", "older: x\n");
        let (root, _) = yaml::read(&file).unwrap();
        let root = root.unwrap();
        let mut check = Check {
            file: &file,
            found: Diagnostics::default(),
        };
        let place = Place {
            key: None,
            span: root.span,
        };
        check.node(&root, &ROOT, place);
        let found = check.found.sorted();
        assert_eq!(found[0].severity, Severity::Warning);
        assert_eq!(
            found[0].to_string(),
            "Rust.yaml:1: `older` is deprecated: write `new`"
        );
    }
}
