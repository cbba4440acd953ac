//! What the tests of features share.

use buildkit_llb::{self as llb, CapSet, Definition, MarshalOptions, Meta, State};
use buildkit_llb::{dump, marshal, required_caps, verify};

pub(crate) fn named() -> Meta {
    Meta::named("x")
}

pub(crate) fn base() -> State {
    llb::image("base").state(Meta::named("base"))
}

pub(crate) fn definition(state: &State, engine: Option<CapSet>) -> Definition {
    let platform = Some(llb::platform("linux", "amd64"));
    let options = MarshalOptions {
        platform,
        caps: engine,
        ..Default::default()
    };
    let definition = marshal(state, &options).expect("the graph is complete");
    assert_eq!(verify(&definition), []);
    definition
}

/// Checks the line of the last vertex and the capabilities that `x` needs.
#[track_caller]
pub(crate) fn check(state: State, line: &str, needed: &[&str]) {
    let definition = definition(&state, None);
    let text = dump::text(&definition);
    let mut lines = text.lines().rev().skip(1);
    let (_, last) = lines
        .next()
        .and_then(|line| line.split_once(" x: "))
        .expect("x is last");
    assert_eq!(last, line);
    let required = required_caps(&definition).into_iter();
    let required = required
        .filter(|(_, names)| names.contains(&"x"))
        .map(|(cap, _)| cap);
    assert_eq!(required.collect::<Vec<_>>(), needed, "{line}");
}
