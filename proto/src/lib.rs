//! BuildKit's wire types.
//!
//! The generated types are those of the maintained `bollard-buildkit-proto`; nothing else in this
//! workspace names that crate, so that only this package changes when the source of the types does.

pub use bollard_buildkit_proto::moby::buildkit::v1::apicaps;
pub use bollard_buildkit_proto::moby::buildkit::v1::frontend as gateway;
pub use bollard_buildkit_proto::pb;
