//! What an operation needs while it is written: its inputs and the capabilities it uses.

use crate::error::Error;
use crate::state::{Output, State};
use buildkit_proto::capset::CapSet;
use buildkit_proto::pb;
use std::collections::BTreeMap;

/// Collects the edges and capabilities of one vertex.
///
/// A feature is written and its capability required in the same function, so that neither is
/// forgotten when the other changes.
pub(crate) struct Encoder<'a> {
    /// Name of the vertex, for messages.
    pub(crate) name: &'a str,
    /// OS the vertex runs on, if known.
    pub(crate) os: &'a str,
    /// What the engine can do, if known.
    pub(crate) engine: Option<&'a CapSet>,
    pub(crate) inputs: Vec<pb::Input>,
    pub(crate) caps: BTreeMap<String, bool>,
    digests: &'a dyn Fn(&Output) -> Option<String>,
    by_edge: BTreeMap<(String, u32), i64>,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(name: &'a str, digests: &'a dyn Fn(&Output) -> Option<String>) -> Self {
        Encoder {
            name,
            os: "",
            engine: None,
            inputs: Vec::new(),
            caps: BTreeMap::new(),
            digests,
            by_edge: BTreeMap::new(),
        }
    }

    /// Index of a state among the inputs, each edge once; -1 for scratch.
    pub(crate) fn input(&mut self, state: &State) -> Result<i64, Error> {
        let Some(edge) = self.edge(state)? else {
            return Ok(-1);
        };
        if let Some(index) = self.by_edge.get(&edge) {
            return Ok(*index);
        }
        self.by_edge.insert(edge.clone(), self.inputs.len() as i64);
        Ok(self.push(edge))
    }

    /// Adds an input of merge or diff; unlike [`Self::input`], an edge that is used twice is written twice, as
    /// upstream does.
    pub(crate) fn own_input(&mut self, state: &State) -> Result<i64, Error> {
        Ok(match self.edge(state)? {
            Some(edge) => self.push(edge),
            None => -1,
        })
    }

    /// Digest and output of what a state is; `None` for scratch.
    fn edge(&self, state: &State) -> Result<Option<(String, u32)>, Error> {
        let Some(output) = state.as_output() else {
            return Ok(None);
        };
        let vertex = output.vertex();
        let missing = || Error::NoSuchOutput {
            vertex: vertex.meta().name.clone(),
        };
        if output.index() >= vertex.op().outputs() {
            return Err(missing());
        }
        Ok(Some((
            (self.digests)(output).ok_or_else(missing)?,
            output.index(),
        )))
    }

    fn push(&mut self, (digest, output): (String, u32)) -> i64 {
        self.inputs.push(pb::Input {
            digest,
            index: i64::from(output),
        });
        self.inputs.len() as i64 - 1
    }

    /// Requires a capability for this vertex.
    pub(crate) fn need(&mut self, cap: &str) {
        self.caps.insert(cap.to_owned(), true);
    }

    /// Name of the vertex, owned, for an error.
    pub(crate) fn vertex(&self) -> String {
        self.name.to_owned()
    }
}
