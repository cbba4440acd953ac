//! What a definition is the graph of, and what it asks of an engine.

use crate::digest::Digest;
use buildkit_proto::Message as _;
use buildkit_proto::attr;
use buildkit_proto::capset::{CapSet, Missing};
use buildkit_proto::pb::{self, Definition};
use std::collections::{BTreeMap, BTreeSet};

/// A capability that a definition needs and an engine lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingCap {
    /// What is missing, and why.
    pub missing: Missing,
    /// Names of the vertices that need it, in the order of the definition.
    pub vertices: Vec<String>,
}

/// The digest of the vertex whose output is the result; `None` for scratch. Warnings are attached
/// to a vertex by its digest.
pub fn head(definition: &Definition) -> Option<Digest> {
    let terminal = pb::Op::decode(definition.def.last()?.as_slice()).ok()?;
    Some(Digest::from_wire(&terminal.inputs.first()?.digest))
}

/// The capabilities that a definition needs, each with the names of the vertices that need it, in
/// the order of the definition. The last operation has no name and is not among them.
pub fn required_caps(definition: &Definition) -> BTreeMap<&str, Vec<&str>> {
    let mut required: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for bytes in &definition.def {
        let Some(metadata) = definition.metadata.get(Digest::of(bytes).as_str()) else {
            continue;
        };
        let name = metadata.description.get(attr::CUSTOM_NAME);
        for cap in metadata.caps.keys() {
            required
                .entry(cap)
                .or_default()
                .extend(name.map(String::as_str));
        }
    }
    required
}

/// What the definition needs and the engine lacks; the engine would refuse the whole definition
/// at the first of them, without saying what it was for.
pub fn missing_caps(definition: &Definition, engine: &CapSet) -> Vec<MissingCap> {
    // To say which vertices need a capability takes their digests; mostly none is missing.
    let asked = definition
        .metadata
        .values()
        .flat_map(|metadata| metadata.caps.keys());
    let asked: BTreeSet<&String> = asked.collect();
    if asked.iter().all(|cap| engine.require(cap).is_ok()) {
        return vec![];
    }
    let required = required_caps(definition).into_iter();
    let missing = required.filter_map(|(cap, vertices)| {
        let missing = engine.require(cap).err()?;
        Some(MissingCap {
            missing,
            vertices: vertices.into_iter().map(str::to_owned).collect(),
        })
    });
    missing.collect()
}
