//! TOML with places.

use crate::diagnostic::Diagnostic;
use crate::source::{Location, SourceFile, Span};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// A parsed TOML file.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) file: SourceFile,
    pub(super) root: Node,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Flag(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, Entry>),
    /// Numbers and dates.
    Other(toml::Value),
}

/// A key's place and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Span,
    pub(super) node: Node,
}

impl Document {
    /// Parses a whole file.
    pub(super) fn parse(file: &SourceFile) -> Result<Self, Diagnostic> {
        let text = file.text();
        match DeTable::parse(text) {
            Ok(table) => Ok(Self {
                file: file.clone(),
                root: Node {
                    span: span(table.span()),
                    value: convert_table(table.get_ref()),
                },
            }),
            Err(error) => {
                let place = span(error.span().unwrap_or(0..0));
                let mut diagnostic = Diagnostic::error(
                    "invalid-toml",
                    format!("not valid TOML: {}", error.message().trim_end_matches('.')),
                )
                .at(file.at(place));
                if let Some(start) = merge_marker(text) {
                    diagnostic.location = Some(file.at(start));
                    diagnostic = diagnostic.help("resolve the merge conflict in this file");
                }
                Err(diagnostic)
            }
        }
    }

    /// The whole file as a plain table.
    pub(super) fn to_toml(&self) -> toml::Table {
        match self.root.to_toml() {
            toml::Value::Table(table) => table,
            _ => toml::Table::new(),
        }
    }

    /// Something in it, by keys.
    pub(super) fn get(&self, keys: &[&str]) -> Option<&Node> {
        self.root.path(keys)
    }

    /// A place in it.
    pub(super) fn at(&self, span: Span) -> Location {
        self.file.at(span)
    }
}

impl Node {
    pub(super) fn table(&self) -> Option<&BTreeMap<String, Entry>> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Its entries; none if it is not a table.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.table().into_iter().flatten()
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        Some(&self.table()?.get(key)?.node)
    }

    /// The first of several spellings of a key.
    pub(super) fn any(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().find_map(|key| self.get(key))
    }

    pub(super) fn path(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> &[Node] {
        match &self.value {
            Value::List(list) => list,
            _ => &[],
        }
    }

    /// The strings of a list, anything else in it left out.
    pub(super) fn texts(&self) -> Vec<String> {
        self.list()
            .iter()
            .filter_map(|node| node.text().map(str::to_owned))
            .collect()
    }

    pub(super) fn to_toml(&self) -> toml::Value {
        match &self.value {
            Value::Text(text) => toml::Value::String(text.clone()),
            Value::Flag(flag) => toml::Value::Boolean(*flag),
            Value::List(list) => toml::Value::Array(list.iter().map(Node::to_toml).collect()),
            Value::Table(table) => toml::Value::Table(
                table
                    .iter()
                    .map(|(key, entry)| (key.clone(), entry.node.to_toml()))
                    .collect(),
            ),
            Value::Other(value) => value.clone(),
        }
    }

    /// The node as a plain table; empty if it is not a table.
    pub(super) fn to_table(&self) -> toml::Table {
        match self.to_toml() {
            toml::Value::Table(table) => table,
            _ => toml::Table::new(),
        }
    }
}

fn span(range: std::ops::Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

fn convert_table(table: &DeTable<'_>) -> Value {
    Value::Table(
        table
            .iter()
            .map(|(key, value)| {
                let entry = Entry {
                    key: span(key.span()),
                    node: Node {
                        span: span(value.span()),
                        value: convert(value.get_ref()),
                    },
                };
                (key.get_ref().to_string(), entry)
            })
            .collect(),
    )
}

fn convert(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(list) => Value::List(
            list.iter()
                .map(|item| Node {
                    span: span(item.span()),
                    value: convert(item.get_ref()),
                })
                .collect(),
        ),
        DeValue::Table(table) => convert_table(table),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            Value::Other(parsed.map_or_else(
                |_| toml::Value::String(number.to_string()),
                toml::Value::Integer,
            ))
        }
        DeValue::Float(number) => {
            let parsed = number.as_str().parse();
            Value::Other(parsed.map_or_else(
                |_| toml::Value::String(number.to_string()),
                toml::Value::Float,
            ))
        }
        DeValue::Datetime(date) => Value::Other(toml::Value::Datetime(*date)),
    }
}

/// The first conflict marker that git leaves in a file.
fn merge_marker(text: &str) -> Option<Span> {
    let start = if text.starts_with("<<<<<<< ") {
        0
    } else {
        text.find("\n<<<<<<< ")? + 1
    };
    Some(Span::new(start, start + 7))
}

/// The path that leads from one context directory to another (or to a file), `.` for itself.
pub fn relative(from: &str, to: &str) -> String {
    let parts = |path| str::split(path, '/').filter(|part: &&str| !part.is_empty());
    let both = parts(from).zip(parts(to));
    let common = both.take_while(|(a, b)| a == b).count();
    let up = parts(from).skip(common).map(|_| "..");
    let path: Vec<&str> = up.chain(parts(to).skip(common)).collect();
    if path.is_empty() {
        ".".into()
    } else {
        path.join("/")
    }
}
