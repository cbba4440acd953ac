//! What the tests share.

pub(crate) mod bridge;
pub(crate) mod cargo;
pub(crate) mod fixture;
#[path = "../../src/fresh.rs"]
pub(crate) mod fresh;
pub(crate) mod grpc;
pub(crate) mod keys;
pub(crate) mod patterns;
mod script;
pub(crate) mod sources;
pub(crate) mod units;
pub(crate) mod workspaces;
