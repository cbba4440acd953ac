//! The one encoding of an operation that gives the digest the engine computes.
//!
//! The engine decodes every operation, encodes it again with Go's deterministic encoder and takes
//! the digest of that (`solver/llbsolver/vertex.go`). Source locations, warnings and provenance
//! are found by that digest, so other bytes for the same message lose them silently. Go differs
//! from prost in two points: a `oneof` comes after all ordinary fields
//! (`internal/impl/codec_message.go` of `google.golang.org/protobuf`), and a map entry always has
//! key and value, even when they are empty.

use crate::pb::{self, Op, SourceOp, op};
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, message, string};

const TAG_INPUTS: u32 = 1;
const TAG_SOURCE: u32 = 3;
const TAG_BUILD: u32 = 5;
const TAG_PLATFORM: u32 = 10;
const TAG_CONSTRAINTS: u32 = 11;

/// The canonical bytes of an operation.
///
/// Equal to Go's deterministic encoding for every operation. Operations received from an engine
/// (frontend inputs) must be kept as bytes and not pass through here: their unknown fields would
/// be lost.
pub fn encode_op(operation: &Op) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(operation.encoded_len());
    message::encode_repeated(TAG_INPUTS, &operation.inputs, &mut bytes);
    if let Some(platform) = &operation.platform {
        message::encode(TAG_PLATFORM, platform, &mut bytes);
    }
    if let Some(constraints) = &operation.constraints {
        message::encode(TAG_CONSTRAINTS, constraints, &mut bytes);
    }
    match &operation.op {
        Some(op::Op::Source(source)) => put_bytes(TAG_SOURCE, &encode_source(source), &mut bytes),
        Some(op::Op::Build(build)) => put_bytes(TAG_BUILD, &encode_build(build), &mut bytes),
        Some(other) => other.encode(&mut bytes),
        None => {}
    }
    bytes
}

fn encode_source(source: &SourceOp) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(source.encoded_len());
    if !source.identifier.is_empty() {
        string::encode(1, &source.identifier, &mut bytes);
    }
    put_map(2, &source.attrs, &mut bytes);
    bytes
}

fn encode_build(build: &pb::BuildOp) -> Vec<u8> {
    let head = pb::BuildOp {
        builder: build.builder,
        ..Default::default()
    };
    let mut bytes = head.encode_to_vec();
    for (name, input) in &build.inputs {
        let mut entry = Vec::new();
        string::encode(1, name, &mut entry);
        message::encode(2, input, &mut entry);
        put_bytes(2, &entry, &mut bytes);
    }
    if let Some(definition) = &build.def {
        message::encode(3, definition, &mut bytes);
    }
    put_map(4, &build.attrs, &mut bytes);
    bytes
}

fn put_map(tag: u32, map: &std::collections::BTreeMap<String, String>, bytes: &mut Vec<u8>) {
    for (key, value) in map {
        let mut entry = Vec::with_capacity(key.len() + value.len() + 8);
        string::encode(1, key, &mut entry);
        string::encode(2, value, &mut entry);
        put_bytes(tag, &entry, bytes);
    }
}

fn put_bytes(tag: u32, content: &[u8], bytes: &mut Vec<u8>) {
    bytes.reserve(encoded_len_varint(content.len() as u64) + content.len() + 1);
    encode_key(tag, WireType::LengthDelimited, bytes);
    encode_varint(content.len() as u64, bytes);
    bytes.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb::{ExecOp, Platform, WorkerConstraints};

    #[test]
    fn the_oneof_comes_after_platform_and_constraints() {
        let operation = Op {
            platform: Some(Platform {
                os: "l".into(),
                ..Default::default()
            }),
            constraints: Some(WorkerConstraints::default()),
            op: Some(op::Op::Exec(ExecOp::default())),
            ..Default::default()
        };
        assert_eq!(
            encode_op(&operation),
            [0x52, 3, 0x12, 1, b'l', 0x5a, 0, 0x12, 0]
        );
        assert_eq!(Op::decode(&*encode_op(&operation)), Ok(operation));
    }

    #[test]
    fn an_empty_map_value_is_written() {
        let mut source = SourceOp {
            identifier: "a".into(),
            ..Default::default()
        };
        source.attrs.insert("k".into(), String::new());
        let operation = Op {
            op: Some(op::Op::Source(source)),
            ..Default::default()
        };
        let bytes = encode_op(&operation);
        assert_eq!(
            bytes,
            [0x1a, 10, 0x0a, 1, b'a', 0x12, 5, 0x0a, 1, b'k', 0x12, 0]
        );
        assert_eq!(Op::decode(&*bytes), Ok(operation));
    }

    #[test]
    fn a_build_operation_survives_the_round_trip() {
        let mut build = pb::BuildOp {
            builder: -1,
            ..Default::default()
        };
        build.inputs.insert(
            "buildkit.llb.definition".into(),
            pb::BuildInput { input: 0 },
        );
        build.attrs.insert("llbbuild.filename".into(), "x".into());
        let operation = Op {
            op: Some(op::Op::Build(build)),
            ..Default::default()
        };
        assert_eq!(Op::decode(&*encode_op(&operation)), Ok(operation));
    }
}
