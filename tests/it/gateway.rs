//! The gateway against a scripted engine.

mod connection;
mod process;
mod reading;
mod resolving;
mod returning;
mod solving;

use buildkit_proto::pb::{self, Definition};
use buildkit_proto::{Message as _, canonical};
use std::collections::BTreeMap;

/// A graph of one source.
fn source(identifier: &str) -> Definition {
    let op = pb::Op {
        op: Some(pb::op::Op::Source(pb::SourceOp {
            identifier: identifier.to_owned(),
            attrs: BTreeMap::new(),
        })),
        ..Default::default()
    };
    let bytes = canonical::encode_op(&op);
    let last = pb::Op {
        inputs: vec![pb::Input {
            digest: "sha256:00".into(),
            index: 0,
        }],
        ..Default::default()
    };
    Definition {
        def: vec![bytes, last.encode_to_vec()],
        ..Default::default()
    }
}

/// The same graph, which needs a capability.
fn source_with_cap(identifier: &str, cap: &str) -> Definition {
    let meta = pb::OpMetadata {
        caps: BTreeMap::from([(cap.to_owned(), true)]),
        ..Default::default()
    };
    Definition {
        metadata: BTreeMap::from([("sha256:00".to_owned(), meta)]),
        ..source(identifier)
    }
}
