//! The engine's end of the pipeline: a client of the `LLBBridge` service.
//!
//! BuildKit starts this program with a gRPC connection on standard input and output; the daemon is
//! the server, we are the client. This module speaks that protocol in values of its own and knows
//! nothing of YAML, Cargo or plans. What it gives:
//!
//! - [`run`]: the whole life of a frontend process, from the first byte to the exit code;
//! - [`Gateway`]: the calls (solve, read, resolve, warn, return);
//! - [`Ref`]: a solved graph and the files in it;
//! - [`read_tree`]: runs planning until it has all the files that it asked for;
//! - [`Failure`]: everything that can go wrong, and the one way to turn it into a status.
//!
//! Nothing here may print: standard output carries HTTP/2.

mod connect;
mod env;
mod listing;
mod read;
mod resolve;
mod result;
mod serve;
mod solve;
mod status;
mod tree;
mod warn;

pub use connect::Stdio;
pub use env::{Environment, Worker};
pub use listing::listed;
pub use read::{DirEntry, MAX_TEXT};
pub use resolve::{GitCommit, OciStore, ResolveImage, Resolved, ResolvedImage, SourceMeta};
pub use result::{Attestation, Output, Refs};
pub(crate) use serve::STACK;
pub use serve::{run, serve};
pub use solve::{Ref, SolveRequest};
pub use status::Failure;
pub(crate) use status::language;
pub use tree::{read_tree, text};
pub use warn::Warning;

use buildkit_proto::bridge::LlbBridgeClient;
use buildkit_proto::capset::{CapSet, Missing};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What the engine says about itself and about the build.
#[derive(Clone, Debug, Default)]
pub struct BuildOpts {
    /// What came by environment: options, session, workers.
    pub environment: Environment,
    /// What the gateway's calls can do.
    pub caps: CapSet,
    /// What graphs may use.
    pub llb_caps: CapSet,
}

/// A connection to the engine. Clones share it; calls may run at the same time.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    bridge: LlbBridgeClient,
    opts: BuildOpts,
    resolved: resolve::Memo,
    /// Set by the first attempt to return: the engine refuses a second one.
    returned: AtomicBool,
}

impl Gateway {
    /// What the engine said when the connection was made.
    pub fn build_opts(&self) -> &BuildOpts {
        &self.inner.opts
    }

    /// What the gateway's calls can do.
    pub fn caps(&self) -> &CapSet {
        &self.inner.opts.caps
    }

    /// What graphs may use.
    pub fn llb_caps(&self) -> &CapSet {
        &self.inner.opts.llb_caps
    }

    /// The client's session; local directories and OCI layouts belong to it.
    pub fn session_id(&self) -> &str {
        &self.inner.opts.environment.session_id
    }

    /// A client for one call; it shares the connection.
    fn bridge(&self) -> LlbBridgeClient {
        self.inner.bridge.clone()
    }

    /// Nothing if the gateway has the capability, else a failure that says what to update.
    fn require(&self, id: &str) -> Result<(), Failure> {
        let missing = self.inner.opts.caps.require(id);
        missing.map_err(|missing| self.missing(missing, vec![]))
    }

    fn missing(&self, missing: Missing, vertices: Vec<String>) -> Failure {
        Failure::Missing {
            missing,
            vertices,
            product: self.inner.opts.environment.product.clone(),
        }
    }
}

/// Shows the session only: the rest is a connection.
impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gateway(session {:?})", self.session_id())
    }
}
