//! The gateway against a scripted engine.

mod connection;
mod process;
mod reading;
mod resolving;
mod returning;
mod solving;

use buildkit_llb::{self as llb, Meta};
use buildkit_proto::pb::Definition;

/// A graph of one source: a directory of the client.
fn source(name: &str) -> Definition {
    let state = llb::local(name).state(Meta::named("a directory"));
    llb::marshal(&state, &llb::MarshalOptions::default()).unwrap()
}

/// The same graph, which needs a capability.
fn source_with_cap(name: &str, cap: &str) -> Definition {
    let mut definition = source(name);
    let mut all = definition.metadata.values_mut();
    all.next().unwrap().caps.insert(cap.to_owned(), true);
    definition
}
