//! Messages that have grown since the pinned protocol, and those that contain them.
//!
//! Tags and meaning: `solver/pb/ops.proto` and `frontend/gateway/pb/gateway.proto` of BuildKit
//! 0.32. An engine that does not know a field skips it; the capabilities
//! [`crate::caps::EXEC_META_LINUX_RESOURCES`] and [`crate::caps::PASSTHROUGH_OP`] say which do.

use crate::gateway::CacheOptionsEntry;
use crate::sourcepolicy::Policy;
use bollard_buildkit_proto::pb::{
    ExportCache, Input, Platform, ProgressGroup, Source, WorkerConstraints,
};
use std::collections::BTreeMap;

/// One vertex of the graph.
///
/// Its digest is taken over [`crate::canonical::encode_op`], not over prost's own encoding.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Op {
    /// Edges to the operations whose results this one uses.
    #[prost(message, repeated, tag = "1")]
    pub inputs: Vec<Input>,
    /// Platform it runs on; set for exec, image and oci-layout only.
    #[prost(message, optional, tag = "10")]
    pub platform: Option<Platform>,
    /// Worker filters; present though empty in everything that Go's client writes.
    #[prost(message, optional, tag = "11")]
    pub constraints: Option<WorkerConstraints>,
    /// What is done; absent in the last operation of a definition, which only names the result.
    #[prost(oneof = "op::Op", tags = "2, 3, 4, 5, 6, 7, 8")]
    pub op: Option<op::Op>,
}

/// The kinds of [`Op`].
pub mod op {
    use bollard_buildkit_proto::pb;

    /// What an operation does.
    #[expect(
        clippy::large_enum_variant,
        reason = "the shape of the generated types"
    )]
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Op {
        /// Runs a command.
        #[prost(message, tag = "2")]
        Exec(pb::ExecOp),
        /// Brings files in from outside.
        #[prost(message, tag = "3")]
        Source(pb::SourceOp),
        /// Changes files without running anything.
        #[prost(message, tag = "4")]
        File(pb::FileOp),
        /// Builds a definition read from an input; experimental upstream.
        #[prost(message, tag = "5")]
        Build(pb::BuildOp),
        /// Stacks its inputs.
        #[prost(message, tag = "6")]
        Merge(pb::MergeOp),
        /// Takes what one input has over another.
        #[prost(message, tag = "7")]
        Diff(pb::DiffOp),
        /// Hands its inputs on; BuildKit 0.31.
        #[prost(message, tag = "8")]
        Passthrough(super::PassthroughOp),
    }
}

/// Hands inputs on unchanged, adding an order between them (BuildKit 0.31).
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PassthroughOp {
    /// Identity of the operation.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Indices of the inputs that become outputs.
    #[prost(int64, repeated, tag = "2")]
    pub outputs: Vec<i64>,
}

/// What is known of a vertex beside its operation; not part of the digest.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OpMetadata {
    /// Do not look for a cached result. On an exec it also empties its cache mounts.
    #[prost(bool, tag = "1")]
    pub ignore_cache: bool,
    /// Free texts; `llb.customname` is the name that users see.
    #[prost(btree_map = "string, string", tag = "2")]
    pub description: BTreeMap<String, String>,
    /// Whether the result goes into exported caches; absent is the engine's own choice.
    #[prost(message, optional, tag = "4")]
    pub export_cache: Option<ExportCache>,
    /// Capabilities that the engine must have.
    #[prost(btree_map = "string, bool", tag = "5")]
    pub caps: BTreeMap<String, bool>,
    /// Group under whose line the vertex is shown.
    #[prost(message, optional, tag = "6")]
    pub progress_group: Option<ProgressGroup>,
    /// Limits of an exec (BuildKit 0.31).
    #[prost(message, optional, tag = "7")]
    pub linux_resources: Option<LinuxResources>,
}

/// Limits of an exec. Zero and empty mean no limit.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LinuxResources {
    /// Memory, in bytes.
    #[prost(int64, tag = "1")]
    pub memory: i64,
    /// Memory and swap together, in bytes; -1 is unlimited swap.
    #[prost(int64, tag = "2")]
    pub memory_swap: i64,
    /// Relative weight of the CPU share.
    #[prost(uint64, tag = "3")]
    pub cpu_shares: u64,
    /// Scheduler period, in microseconds.
    #[prost(uint64, tag = "4")]
    pub cpu_period: u64,
    /// CPU time in each period, in microseconds.
    #[prost(int64, tag = "5")]
    pub cpu_quota: i64,
    /// CPUs that may be used, as a list such as `0-3,6`.
    #[prost(string, tag = "6")]
    pub cpuset_cpus: String,
    /// Memory nodes that may be used, in the same form.
    #[prost(string, tag = "7")]
    pub cpuset_mems: String,
}

/// A graph: operations, what is known of each, and where each was written.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Definition {
    /// Encoded [`Op`]s, inputs before users; the last one only names the result.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub def: Vec<Vec<u8>>,
    /// By the digest of the operation, `sha256:` and hex.
    #[prost(btree_map = "string, message", tag = "2")]
    pub metadata: BTreeMap<String, OpMetadata>,
    /// Files and ranges for error messages.
    #[prost(message, optional, tag = "3")]
    pub source: Option<Source>,
}

/// Request of `LLBBridge.Solve`. Set both `allow` flags; a definition excludes a frontend.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SolveRequest {
    /// The graph; one without operations is an empty filesystem.
    #[prost(message, optional, tag = "1")]
    pub definition: Option<Definition>,
    /// Another frontend to run instead.
    #[prost(string, tag = "2")]
    pub frontend: String,
    /// Options of that frontend.
    #[prost(btree_map = "string, string", tag = "3")]
    pub frontend_opt: BTreeMap<String, String>,
    /// The caller understands a result that is more than one reference.
    #[prost(bool, tag = "5")]
    pub allow_result_return: bool,
    /// The caller understands references as messages.
    #[prost(bool, tag = "6")]
    pub allow_result_array_ref: bool,
    /// Old way to return a result; unused.
    #[prost(bool, tag = "10")]
    pub r#final: bool,
    /// Old way to pass exporter attributes; unused.
    #[prost(bytes = "vec", tag = "11")]
    pub exporter_attr: Vec<u8>,
    /// Caches to import.
    #[prost(message, repeated, tag = "12")]
    pub cache_imports: Vec<CacheOptionsEntry>,
    /// Inputs of that other frontend.
    #[prost(btree_map = "string, message", tag = "13")]
    pub frontend_inputs: BTreeMap<String, Definition>,
    /// Build before answering; without it the result is lazy.
    #[prost(bool, tag = "14")]
    pub evaluate: bool,
    /// Policies applied to the sources of this graph.
    #[prost(message, repeated, tag = "15")]
    pub source_policies: Vec<Policy>,
}

/// Answer of `LLBBridge.Inputs`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct InputsResponse {
    /// Graphs that the client passed, by name.
    #[prost(btree_map = "string, message", tag = "1")]
    pub definitions: BTreeMap<String, Definition>,
}
