//! BuildKit's wire types and what the generated ones lack.
//!
//! Knows the wire and nothing of graphs, files or people. The messages are those of the
//! maintained `bollard-buildkit-proto`, pinned to the protocol of BuildKit 0.29; nothing else in
//! this workspace names that crate, so only this package changes when the source of the types
//! does. Added here:
//!
//! - [`pb`]: the same names, with the messages that grew after 0.29 replaced ([`newer`]);
//! - [`canonical`]: the encoding of an operation that gives the engine's own digests;
//! - [`bridge`]: a client of `LLBBridge` over any tonic channel;
//! - [`errdefs`]: error details, which travel as JSON inside `google.rpc.Status`;
//! - [`caps`], [`capset`], [`attr`]: capability and attribute names, and what an engine has.
//!
//! The upstream crate is used without its `grpc` feature, which turns on all of tonic's defaults
//! and with them a server and axum: 64 crates below this one instead of 70.

pub mod attr;
pub mod bridge;
pub mod canonical;
pub mod caps;
pub mod capset;
pub mod errdefs;
pub mod newer;

pub use bollard_buildkit_proto::fsutil::types as fsutil;
pub use bollard_buildkit_proto::google::protobuf::{Any, Timestamp};
pub use bollard_buildkit_proto::google::rpc::Status;
pub use bollard_buildkit_proto::moby::buildkit::v1::{apicaps, sourcepolicy, types};
pub use prost::Message;

/// The operations and their definition (`solver/pb/ops.proto`).
pub mod pb {
    pub use crate::newer::{Definition, LinuxResources, Op, OpMetadata, PassthroughOp, op};
    pub use bollard_buildkit_proto::pb::*;
}

/// The messages of the `LLBBridge` service (`frontend/gateway/pb/gateway.proto`).
///
/// It contains a message called `Result`: name the module at each use, never glob-import it.
pub mod gateway {
    pub use crate::newer::{InputsResponse, SolveRequest};
    pub use bollard_buildkit_proto::moby::buildkit::v1::frontend::*;
}
