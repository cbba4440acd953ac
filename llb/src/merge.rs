//! Merge and diff: filesystems put together and taken apart without copying.
//!
//! Upstream: `client/llb/{merge,diff}.go`. Classic dockerd has neither; check
//! [`buildkit_proto::caps::MERGE_OP`] before building a graph that needs them.

use crate::encode::Encoder;
use crate::error::Error;
use crate::meta::Meta;
use crate::state::{State, scratch};
use buildkit_proto::{caps, pb};

/// Filesystems stacked, later ones over earlier ones. Use [`merge`], which drops scratch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// What is stacked, lowest first; at least two.
    pub inputs: Vec<State>,
}

/// What `upper` has over `lower`. Use [`diff`], which knows scratch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// What to take away.
    pub lower: State,
    /// What to take it from.
    pub upper: State,
}

/// Filesystems stacked, later ones over earlier ones.
///
/// Scratch adds nothing and is left out; of nothing comes scratch, of one filesystem itself, and
/// only of more a vertex.
pub fn merge(inputs: impl IntoIterator<Item = State>, meta: Meta) -> State {
    let mut inputs: Vec<State> = inputs
        .into_iter()
        .filter(|state| !state.is_scratch())
        .collect();
    match inputs.len() {
        0 => scratch(),
        1 => inputs.remove(0),
        _ => Merge { inputs }.state(meta),
    }
}

/// What `upper` has over `lower`; over scratch it is `upper` itself.
pub fn diff(lower: State, upper: State, meta: Meta) -> State {
    match lower.is_scratch() {
        true => upper,
        false => Diff { lower, upper }.state(meta),
    }
}

impl Merge {
    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<pb::MergeOp, Error> {
        if self.inputs.len() < 2 || self.inputs.iter().any(State::is_scratch) {
            return Err(Error::BadMerge {
                vertex: to.vertex(),
            });
        }
        to.need(caps::MERGE_OP);
        let inputs = self.inputs.iter().map(|state| {
            Ok(pb::MergeInput {
                input: to.own_input(state)?,
            })
        });
        Ok(pb::MergeOp {
            inputs: inputs.collect::<Result<_, _>>()?,
        })
    }
}

impl Diff {
    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<pb::DiffOp, Error> {
        to.need(caps::DIFF_OP);
        let lower = Some(pb::LowerDiffInput {
            input: to.own_input(&self.lower)?,
        });
        let upper = Some(pb::UpperDiffInput {
            input: to.own_input(&self.upper)?,
        });
        Ok(pb::DiffOp { lower, upper })
    }
}
