//! A typed graph builder for BuildKit's LLB.
//!
//! Knows protobuf and nothing of what the graph is for: no files, no network, no async.
//! The words are BuildKit's. A graph is built from plain structs ([`Op`]), each made into a
//! [`Vertex`] together with its [`Meta`]; a [`State`] is one filesystem that a vertex gives, or
//! nothing ([`scratch`]). All three are immutable and cheap to clone. Nothing fails before
//! [`marshal`], which turns a state into a [`Definition`] in bytes equal to the engine's own.
//! [`verify`] then says what an engine would reject or, worse, silently misread, [`missing_caps`]
//! what this engine lacks, and [`dump`] shows the graph to people.
//!
//! ```
//! use buildkit_llb::{self as llb, Exec, Meta, Mount, NetMode, State};
//!
//! let linux = llb::platform("linux", "amd64");
//! let base = llb::image("docker.io/library/alpine:3").state(Meta::named("[base] alpine"));
//! let sources = llb::local("context")
//!     .include(["**/*.rs"])
//!     .state(Meta::named("[internal] load build context"));
//! let build = Exec {
//!     args: vec!["build".into(), "--out".into(), "/out".into()],
//!     network: NetMode::None,
//!     mounts: vec![
//!         Mount::root(base.clone()),
//!         Mount::bind("/src", sources).readonly(),
//!         Mount::bind("/out", llb::scratch()).output(),
//!         Mount::cache("/cache", "build-cache"),
//!     ],
//!     ..Exec::default()
//! }
//! .vertex(Meta::named("[build 1/2] compile"));
//! let image: State = base
//!     .file()
//!     .then(llb::copy(build.output("/out"), "/app", "/usr/bin/app").mode(0o755).timestamp(0))
//!     .state(Meta::named("[build 2/2] copy the program"));
//! let options = llb::MarshalOptions { platform: Some(linux), ..Default::default() };
//! let definition = llb::marshal(&image, &options)?;
//! assert_eq!(llb::verify(&definition), []);
//! # Ok::<(), llb::Error>(())
//! ```

mod digest;
pub mod dump;
mod encode;
mod error;
mod exec;
mod file;
mod input;
mod marshal;
mod merge;
mod meta;
mod op;
mod paths;
mod required;
mod source;
mod source_map;
mod state;
mod verify;

pub use buildkit_proto::capset::{CapSet, Missing};
pub use buildkit_proto::pb::{
    CacheSharingOpt, CdiDevice, Definition, HostIp, LinuxResources, MountContentCache, NetMode,
    OpMetadata, Platform, ProgressGroup, ProxyEnv, SecretEnv, SecurityMode, Ulimit,
};
pub use digest::Digest;
pub use error::Error;
pub use exec::{Credential, Exec, Mount, MountKind};
pub use file::{
    Copy, File, FileAction, Mkdir, Mkfile, Owner, Rm, Symlink, User, copy, mkdir, mkfile, rm,
    symlink,
};
pub use input::{Input, input};
pub use marshal::{MarshalOptions, Marshaller, marshal};
pub use merge::{Diff, Merge, diff, merge};
pub use meta::Meta;
pub use op::Op;
pub use required::{MissingCap, head, missing_caps, required_caps};
pub use source::{
    Differ, Git, Http, Image, Local, OciLayout, ResolveMode, git, http, image, local, oci_layout,
};
pub use source_map::{Position, Range, SourceLocation, SourceMap};
pub use state::{Output, State, Vertex, scratch};
pub use verify::{Rule, Violation, verify};

/// A platform without variant, such as `linux` and `amd64`.
pub fn platform(os: &str, architecture: &str) -> Platform {
    Platform {
        os: os.to_owned(),
        architecture: architecture.to_owned(),
        ..Platform::default()
    }
}
