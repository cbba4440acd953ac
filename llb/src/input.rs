//! A graph that the engine handed over, as a part of ours.
//!
//! Upstream: `client/llb/definition.go`. The operations are kept as bytes: they may have fields
//! that we do not know, and their digests are of those bytes.

use crate::digest::Digest;
use crate::error::Error;
use crate::meta::Meta;
use crate::state::{State, Vertex, scratch};
use buildkit_proto::Message as _;
use buildkit_proto::pb::{self, Definition};
use std::collections::BTreeMap;
use std::fmt;

/// A definition that was checked and can be spliced into a graph.
#[derive(Clone, PartialEq)]
pub struct Input {
    /// Operations without the last, inputs before users.
    pub(crate) ops: Vec<(Digest, Vec<u8>)>,
    pub(crate) metadata: BTreeMap<String, pb::OpMetadata>,
    pub(crate) source: pb::Source,
    pub(crate) digest: Digest,
    index: u32,
}

// The messages hold no floating point numbers, so equality is total.
impl Eq for Input {}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Input {{ {} operations, {}[{}] }}",
            self.ops.len(),
            self.digest,
            self.index
        )
    }
}

/// The filesystem that a definition describes; an empty definition is scratch.
///
/// # Errors
/// [`Error::BadInput`] for a definition that cannot be read, has no last operation naming the
/// result, or misses operations.
pub fn input(definition: &Definition, name: impl Into<String>) -> Result<State, Error> {
    if definition.def.is_empty() {
        return Ok(scratch());
    }
    Ok(Vertex::new(Input::load(definition)?, Meta::named(name)).state())
}

impl Input {
    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    fn load(definition: &Definition) -> Result<Input, Error> {
        let bad = |reason: String| Error::BadInput { reason };
        let mut ops: BTreeMap<Digest, (Vec<Digest>, &Vec<u8>)> = BTreeMap::new();
        let mut last = None;
        for bytes in &definition.def {
            let op = pb::Op::decode(bytes.as_slice()).map_err(|error| bad(error.to_string()))?;
            let digest = Digest::of(bytes);
            let inputs = op
                .inputs
                .iter()
                .map(|input| Digest::from_wire(&input.digest))
                .collect();
            last = Some((digest.clone(), op));
            ops.insert(digest, (inputs, bytes));
        }
        let Some((terminal, op)) = last else {
            return Err(bad("it is empty".to_owned()));
        };
        let [result] = op.inputs.as_slice() else {
            return Err(bad(format!(
                "its last operation has {} inputs",
                op.inputs.len()
            )));
        };
        if op.op.is_some() {
            return Err(bad("its last operation does not name the result".to_owned()));
        }
        let index = u32::try_from(result.index)
            .map_err(|_| bad(format!("its result is output {}", result.index)))?;
        let digest = Digest::from_wire(&result.digest);
        Ok(Input {
            ops: in_order(&digest, &ops)?,
            metadata: definition
                .metadata
                .iter()
                .filter(|(digest, _)| **digest != terminal.as_str())
                .map(|(digest, metadata)| (digest.clone(), metadata.clone()))
                .collect(),
            source: definition.source.clone().unwrap_or_default(),
            digest,
            index,
        })
    }
}

/// What the result needs, inputs before users. An engine takes any order; our graphs have this.
fn in_order(
    result: &Digest,
    ops: &BTreeMap<Digest, (Vec<Digest>, &Vec<u8>)>,
) -> Result<Vec<(Digest, Vec<u8>)>, Error> {
    let mut ordered = Vec::with_capacity(ops.len());
    // Whether a vertex is finished; one that is begun and met again below itself would be a cycle,
    // which digests make impossible.
    let mut seen: BTreeMap<&Digest, bool> = BTreeMap::new();
    let mut pending = vec![result];
    while let Some(digest) = pending.pop() {
        let Some((inputs, bytes)) = ops.get(digest) else {
            return Err(Error::BadInput {
                reason: format!("it misses {digest}"),
            });
        };
        match seen.get(digest) {
            Some(true) => {}
            Some(false) => {
                seen.insert(digest, true);
                ordered.push((digest.clone(), (*bytes).clone()));
            }
            None => {
                seen.insert(digest, false);
                pending.push(digest);
                pending.extend(
                    inputs
                        .iter()
                        .rev()
                        .filter(|input| !seen.contains_key(input)),
                );
            }
        }
    }
    Ok(ordered)
}
