//! What is wrong with a definition.
//!
//! Checks the bytes and not the graph they were made from, so that it also finds mistakes of
//! [`crate::marshal`]. An engine refuses some of these, mostly in words that do not help; the
//! others it takes, and loses names, error locations or files without saying so.

mod ops;

use crate::digest::Digest;
use buildkit_proto::Message as _;
use buildkit_proto::canonical::encode_op;
use buildkit_proto::pb::{self, Definition};
use buildkit_proto::{attr, bridge};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a definition must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// Every operation can be decoded.
    Decodable,
    /// Its bytes are the engine's own encoding; otherwise the engine computes another digest.
    Canonical,
    /// No operation appears twice.
    Distinct,
    /// The last operation does nothing and has one input, the result; only the last.
    Terminal,
    /// Every operation is needed for the result.
    Used,
    /// Inputs are there, and before what uses them.
    InputsFirst,
    /// An input is an output that the other operation has.
    OutputExists,
    /// References inside an operation are to inputs that it has, and every input is used.
    InputIndex,
    /// Outputs are numbered 0, 1, 2 … in order.
    OutputOrder,
    /// Every operation has metadata, and all metadata has an operation.
    Metadata,
    /// The metadata names the capabilities of the operation.
    Caps,
    /// Every operation but the last has a name for users.
    Name,
    /// Exec, image and layout have a platform, the others none.
    Platform,
    /// An exec has arguments and an absolute working directory.
    Command,
    /// An exec has a bind on `/` that is read-only or an output.
    Root,
    /// Mounts are at different, absolute places, and have what their kind needs.
    Mounts,
    /// A file operation has actions, and each uses only earlier ones.
    Actions,
    /// No mode is zero, which is protobuf's default and makes files that nobody can read.
    Mode,
    /// A source has a scheme and a name.
    Identifier,
    /// No key and no value of an attribute or description is empty.
    NoEmptyText,
    /// Locations are of operations and files that are there.
    SourceIndex,
    /// Ranges have both ends, in order, and lines from 1.
    Ranges,
    /// The whole is smaller than the largest message, 16 MiB.
    Size,
}

/// A rule that a definition breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// Number of the operation, from 1 as in [`crate::dump`]; `None` for the whole.
    pub vertex: Option<usize>,
    /// What exactly.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.vertex {
            Some(number) => write!(f, "{:?}: #{number} {}", self.rule, self.detail),
            None => write!(f, "{:?}: {}", self.rule, self.detail),
        }
    }
}

/// All that is wrong with a definition, in its order. Scratch, which has no operations, is right.
pub fn verify(definition: &Definition) -> Vec<Violation> {
    let mut check = Check {
        definition,
        found: Vec::new(),
        number: None,
    };
    if !definition.def.is_empty() {
        check.operations();
    }
    check.size(definition.encoded_len());
    check.found
}

struct Check<'a> {
    definition: &'a Definition,
    found: Vec<Violation>,
    /// Number of the operation under scrutiny.
    number: Option<usize>,
}

impl Check<'_> {
    /// Records a violation, unless the condition holds.
    fn expect(&mut self, rule: Rule, holds: bool, detail: impl FnOnce() -> String) {
        if !holds {
            self.found.push(Violation {
                rule,
                vertex: self.number,
                detail: detail(),
            });
        }
    }

    fn operations(&mut self) {
        // Outputs by digest, of the operations so far.
        let mut known: BTreeMap<String, i64> = BTreeMap::new();
        let mut used: BTreeSet<String> = BTreeSet::new();
        let last = self.definition.def.len();
        for (number, bytes) in (1..).zip(&self.definition.def) {
            self.number = Some(number);
            let digest = String::from(Digest::of(bytes));
            let op = match pb::Op::decode(bytes.as_slice()) {
                Ok(op) => op,
                Err(error) => {
                    self.expect(Rule::Decodable, false, || error.to_string());
                    continue;
                }
            };
            let canonical = encode_op(&op) == *bytes;
            self.expect(Rule::Canonical, canonical, || {
                "is encoded in another way".to_owned()
            });
            self.edges(&op, &known);
            used.extend(op.inputs.iter().map(|input| input.digest.clone()));
            self.metadata(&digest, number == last);
            match number == last {
                true => self.terminal(&op),
                false => self.operation(&op, &digest),
            }
            let outputs = ops::outputs(&op);
            let new = known.insert(digest, outputs).is_none();
            self.expect(Rule::Distinct, new, || "is there before".to_owned());
        }
        self.used(&used);
        self.number = None;
        for digest in self.definition.metadata.keys() {
            let there = known.contains_key(digest);
            self.expect(Rule::Metadata, there, || {
                format!("of {digest}, which is not there")
            });
        }
        self.source(&known);
    }

    fn edges(&mut self, op: &pb::Op, known: &BTreeMap<String, i64>) {
        for (index, input) in op.inputs.iter().enumerate() {
            let Some(outputs) = known.get(&input.digest) else {
                self.expect(Rule::InputsFirst, false, || {
                    format!("input {index} is not before it")
                });
                continue;
            };
            let there = (0..*outputs).contains(&input.index);
            self.expect(Rule::OutputExists, there, || {
                format!("input {index} is output {} of {outputs}", input.index)
            });
        }
    }

    fn terminal(&mut self, op: &pb::Op) {
        let bare = op.op.is_none() && op.platform.is_none() && op.constraints.is_none();
        let right = bare && op.inputs.len() == 1;
        self.expect(Rule::Terminal, right, || {
            "is last but does not just name the result".into()
        });
    }

    fn used(&mut self, used: &BTreeSet<String>) {
        let last = self.definition.def.len();
        for (number, bytes) in (1..last).zip(&self.definition.def) {
            self.number = Some(number);
            let needed = used.contains(Digest::of(bytes).as_str());
            self.expect(Rule::Used, needed, || {
                "is not needed by any other".to_owned()
            });
        }
    }

    fn metadata(&mut self, digest: &str, last: bool) {
        let Some(metadata) = self.definition.metadata.get(digest) else {
            return self.expect(Rule::Metadata, false, || "has none".to_owned());
        };
        let named = last || metadata.description.contains_key(attr::CUSTOM_NAME);
        self.expect(Rule::Name, named, || "has no name".to_owned());
        self.texts("description", &metadata.description);
        let caps = !metadata.caps.is_empty() && metadata.caps.values().all(|on| *on);
        self.expect(Rule::Caps, caps, || "names no capabilities".to_owned());
    }

    fn texts(&mut self, what: &str, texts: &BTreeMap<String, String>) {
        for (key, value) in texts {
            let full = !key.is_empty() && !value.is_empty();
            self.expect(Rule::NoEmptyText, full, || {
                format!("has {what} `{key}` empty")
            });
        }
    }

    fn source(&mut self, known: &BTreeMap<String, i64>) {
        let Some(source) = &self.definition.source else {
            return;
        };
        for (digest, places) in &source.locations {
            let there = known.contains_key(digest);
            self.expect(Rule::SourceIndex, there, || {
                format!("location of unknown {digest}")
            });
            for location in &places.locations {
                let index = usize::try_from(location.source_index).ok();
                let file = index.is_some_and(|index| index < source.infos.len());
                self.expect(Rule::SourceIndex, file, || {
                    format!("file {} of {}", location.source_index, source.infos.len())
                });
                for range in &location.ranges {
                    let ordered = matches!((range.start, range.end), (Some(start), Some(end))
                        if start.line >= 1 && end.line >= start.line);
                    self.expect(Rule::Ranges, ordered, || format!("{range:?}"));
                }
            }
        }
    }

    fn size(&mut self, bytes: usize) {
        self.number = None;
        self.expect(Rule::Size, bytes < bridge::MAX_MESSAGE_SIZE, || {
            format!("{bytes} bytes")
        });
    }
}

#[cfg(test)]
mod tests;
