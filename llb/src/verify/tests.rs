//! Mutations: each rule is shown to notice what it is for, and a sound graph to pass.

mod mutations;

use super::*;
use crate::{
    CacheSharingOpt, Exec, MarshalOptions, Meta, Mount, Owner, SourceMap, State, marshal, platform,
};
use buildkit_proto::pb::{Op, file_action, op};
use mutations::mutations;

/// A graph in which every rule has something to look at.
///
/// 1 image, 2 local, 3 exec with two outputs, 4 diff, 5 merge, 6 file, 7 the result.
fn sound() -> Definition {
    let map = SourceMap::new("file.yaml", "YAML", "a\nb\nc\n");
    let base = crate::image("docker.io/library/alpine:3").state(Meta::named("image"));
    let local = crate::local("context")
        .session("s")
        .exclude(["x"])
        .state(Meta::named("local"));
    let exec = Exec::new(["true"])
        .mount(Mount::root(&base))
        .mount(Mount::bind("/src", &local).readonly())
        .mount(Mount::bind("/out", crate::scratch()).output())
        .mount(Mount::cache("/cache", "id").sharing(CacheSharingOpt::Locked))
        .mount(Mount::tmpfs("/tmp", 0))
        .mount(Mount::secret("/secret", "id"))
        .mount(Mount::ssh("id"))
        .vertex(Meta::named("exec").location(map.lines(1, 2)));
    let diff = crate::diff(base.clone(), exec.output("/"), Meta::named("diff"));
    let merge = crate::merge([base, diff], Meta::named("merge"));
    let file = merge
        .file()
        .then(crate::mkdir("/a"))
        .then(crate::copy(exec.output("/out"), "/x", "/a/").owner(Owner::parse("user:1")))
        .state(Meta::named("file").location(map.lines(3, 3)));
    marshalled(&file)
}

fn marshalled(state: &State) -> Definition {
    let options = MarshalOptions {
        platform: Some(platform("linux", "amd64")),
        ..Default::default()
    };
    marshal(state, &options).unwrap()
}

/// Changes one operation and lets everything that names its digest follow.
fn edit(definition: &mut Definition, number: usize, change: impl FnOnce(&mut Op)) {
    let mut op = Op::decode(definition.def[number - 1].as_slice()).unwrap();
    change(&mut op);
    replace(definition, number, encode_op(&op));
}

fn replace(definition: &mut Definition, number: usize, bytes: Vec<u8>) {
    let old = String::from(Digest::of(&definition.def[number - 1]));
    let new = String::from(Digest::of(&bytes));
    definition.def[number - 1] = bytes;
    if let Some(metadata) = definition.metadata.remove(&old) {
        definition.metadata.insert(new.clone(), metadata);
    }
    if let Some(source) = &mut definition.source
        && let Some(places) = source.locations.remove(&old)
    {
        source.locations.insert(new.clone(), places);
    }
    for user in number + 1..=definition.def.len() {
        let mut op = Op::decode(definition.def[user - 1].as_slice()).unwrap();
        if op.inputs.iter().any(|input| input.digest == old) {
            for input in op.inputs.iter_mut().filter(|input| input.digest == old) {
                input.digest = new.clone();
            }
            replace(definition, user, encode_op(&op));
        }
    }
}

fn exec(op: &mut Op) -> &mut pb::ExecOp {
    let Some(op::Op::Exec(exec)) = &mut op.op else {
        panic!("not an exec")
    };
    exec
}

fn file(op: &mut Op) -> &mut pb::FileOp {
    let Some(op::Op::File(file)) = &mut op.op else {
        panic!("not a file operation")
    };
    file
}

fn copy(op: &mut Op) -> &mut pb::FileActionCopy {
    let action = file(op).actions[1].action.as_mut();
    let Some(file_action::Action::Copy(copy)) = action else {
        panic!("not a copy")
    };
    copy
}

fn source(op: &mut Op) -> &mut pb::SourceOp {
    let Some(op::Op::Source(source)) = &mut op.op else {
        panic!("not a source")
    };
    source
}

fn metadata(definition: &mut Definition, number: usize) -> &mut pb::OpMetadata {
    let digest = Digest::of(&definition.def[number - 1]);
    definition.metadata.get_mut(digest.as_str()).unwrap()
}

fn location(definition: &mut Definition) -> &mut pb::Location {
    let source = definition.source.as_mut().unwrap();
    &mut source.locations.values_mut().next().unwrap().locations[0]
}

#[test]
fn a_sound_definition_passes() {
    assert_eq!(verify(&sound()), []);
    assert_eq!(verify(&Definition::default()), []);
}

#[test]
fn every_mutation_is_noticed() {
    for (index, (rule, mutate)) in mutations().into_iter().enumerate() {
        let mut definition = sound();
        mutate(&mut definition);
        let found = verify(&definition);
        assert!(
            found.iter().any(|violation| violation.rule == rule),
            "mutation {index}: {rule:?} is not in {found:#?}"
        );
    }
}

/// All rules; a new one does not compile until it is here, and fails until it has a mutation.
macro_rules! all_rules {
    ($($rule:ident)*) => {{
        let _known = |rule: Rule| match rule {
            $(Rule::$rule => (),)*
        };
        vec![$(Rule::$rule),*]
    }};
}

#[test]
fn every_rule_has_a_mutation() {
    let mutated: BTreeSet<Rule> = mutations().into_iter().map(|(rule, _)| rule).collect();
    let all = all_rules! {
        Decodable Canonical Distinct Terminal Used InputsFirst OutputExists InputIndex OutputOrder
        Metadata Caps Name Platform Command Root Mounts Actions Mode Identifier NoEmptyText
        SourceIndex Ranges Size
    };
    assert_eq!(mutated.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn a_violation_reads_well() {
    let mut definition = sound();
    metadata(&mut definition, 2).description.clear();
    let found: Vec<String> = verify(&definition)
        .iter()
        .map(Violation::to_string)
        .collect();
    assert_eq!(found, ["Name: #2 has no name"]);
}
