//! Client of `LLBBridge`, the service that an engine offers to a frontend.
//!
//! Written here and not taken from the generated code, which would bring tonic's server with it.
//! Upstream: `frontend/gateway/pb/gateway.proto`. Knows nothing of how the channel came about.

use crate::gateway as msg;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

/// Largest message in either direction, in bytes: 16 MiB on both sides since BuildKit 0.14.
pub const MAX_MESSAGE_SIZE: usize = 16 << 20;

/// A client over one channel. Clones share the channel and may be used at the same time.
#[derive(Clone, Debug)]
pub struct LlbBridgeClient {
    grpc: Grpc<Channel>,
}

macro_rules! calls {
    ($($(#[$doc:meta])* $method:ident = $rpc:literal: $request:ty => $reply:ty;)*) => {
        impl LlbBridgeClient {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// What the engine answers; its typed details are in [`Status::details`].
                pub async fn $method(&mut self, request: $request) -> Result<$reply, Status> {
                    let path = concat!("/moby.buildkit.v1.frontend.LLBBridge/", $rpc);
                    self.call(request, path).await
                }
            )*
        }
    };
}

calls! {
    /// Says what the engine can do and which workers it has. Comes first.
    ping = "Ping": msg::PingRequest => msg::PongResponse;
    /// Loads a graph, or runs another frontend, and answers with references to the result.
    solve = "Solve": msg::SolveRequest => msg::SolveResponse;
    /// Builds a reference.
    evaluate = "Evaluate": msg::EvaluateRequest => msg::EvaluateResponse;
    /// Reads a regular file of a reference, which is built if it was not.
    read_file = "ReadFile": msg::ReadFileRequest => msg::ReadFileResponse;
    /// Lists one directory of a reference.
    read_dir = "ReadDir": msg::ReadDirRequest => msg::ReadDirResponse;
    /// Metadata of one path of a reference.
    stat_file = "StatFile": msg::StatFileRequest => msg::StatFileResponse;
    /// Resolves a source of any kind; policies may change it.
    resolve_source_meta = "ResolveSourceMeta":
        msg::ResolveSourceMetaRequest => msg::ResolveSourceMetaResponse;
    /// Resolves an image; what engines before BuildKit 0.13 have.
    resolve_image_config = "ResolveImageConfig":
        msg::ResolveImageConfigRequest => msg::ResolveImageConfigResponse;
    /// The graphs that the client passed.
    inputs = "Inputs": msg::InputsRequest => msg::InputsResponse;
    /// Shows a warning.
    warn = "Warn": msg::WarnRequest => msg::WarnResponse;
    /// Hands over the result or the error; once, and never empty.
    r#return = "Return": msg::ReturnRequest => msg::ReturnResponse;
}

impl LlbBridgeClient {
    /// A client with the engine's own message limits.
    pub fn new(channel: Channel) -> LlbBridgeClient {
        let grpc = Grpc::new(channel)
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE);
        LlbBridgeClient { grpc }
    }

    async fn call<M, R>(&mut self, request: M, path: &'static str) -> Result<R, Status>
    where
        M: prost::Message + 'static,
        R: prost::Message + Default + 'static,
    {
        let ready = self.grpc.ready().await;
        ready.map_err(|error| Status::unavailable(format!("the engine is gone: {error}")))?;
        let codec = ProstCodec::<M, R>::default();
        let path = PathAndQuery::from_static(path);
        Ok(self
            .grpc
            .unary(Request::new(request), path, codec)
            .await?
            .into_inner())
    }
}
