//! What the tests share.

pub(crate) mod bridge;
pub(crate) mod grpc;
mod script;
