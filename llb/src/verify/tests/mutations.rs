//! The ways to spoil the sound graph, each with the rule that must notice.

use super::*;

fn mount(name: &'static str, change: fn(&mut pb::Mount)) -> impl Fn(&mut Definition) {
    move |definition| {
        edit(definition, 3, |op| {
            let mut mounts = exec(op).mounts.iter_mut();
            change(mounts.find(|mount| mount.dest == name).unwrap());
        });
    }
}

pub(super) type Mutation = Box<dyn Fn(&mut Definition)>;

pub(super) fn mutations() -> Vec<(Rule, Mutation)> {
    fn at(number: usize, change: fn(&mut Op)) -> Mutation {
        Box::new(move |definition| edit(definition, number, change))
    }
    fn without(number: usize, cap: &'static str) -> Mutation {
        Box::new(move |definition| {
            metadata(definition, number).caps.remove(cap).unwrap();
        })
    }
    fn all(change: fn(&mut Definition)) -> Mutation {
        Box::new(change)
    }
    vec![
        (Rule::Decodable, all(|d| replace(d, 2, vec![0xff]))),
        (
            Rule::Canonical,
            all(|d| {
                // Prost's own order: the oneof before platform and constraints.
                let bytes = Op::decode(d.def[0].as_slice()).unwrap().encode_to_vec();
                replace(d, 1, bytes);
            }),
        ),
        (Rule::Distinct, all(|d| d.def.insert(1, d.def[0].clone()))),
        (Rule::Terminal, all(|d| drop(d.def.pop()))),
        (
            Rule::Terminal,
            at(7, |op| op.inputs.push(op.inputs[0].clone())),
        ),
        (
            Rule::Terminal,
            at(7, |op| op.constraints = Some(Default::default())),
        ),
        (Rule::Terminal, at(4, |op| op.op = None)),
        (Rule::Used, at(7, |op| op.inputs.clear())),
        (Rule::InputsFirst, all(|d| d.def.swap(0, 2))),
        (
            Rule::InputsFirst,
            at(6, |op| op.inputs[0].digest = "sha256:0".into()),
        ),
        (Rule::OutputExists, at(6, |op| op.inputs[1].index = 2)),
        (Rule::OutputExists, at(7, |op| op.inputs[0].index = -1)),
        (
            Rule::InputIndex,
            Box::new(mount("/src", |mount| mount.input = 2)),
        ),
        (
            Rule::InputIndex,
            Box::new(mount("/src", |mount| mount.input = -1)),
        ),
        (
            Rule::InputIndex,
            at(4, |op| {
                let Some(op::Op::Diff(diff)) = &mut op.op else {
                    panic!()
                };
                diff.lower = None;
            }),
        ),
        (
            Rule::InputIndex,
            at(5, |op| {
                let Some(op::Op::Merge(merge)) = &mut op.op else {
                    panic!()
                };
                merge.inputs[0].input = -1;
            }),
        ),
        (
            Rule::InputIndex,
            at(6, |op| {
                let user = copy(op).owner.as_mut().unwrap().user.as_mut().unwrap();
                let Some(pb::user_opt::User::ByName(named)) = &mut user.user else {
                    panic!()
                };
                named.input = -1;
            }),
        ),
        (
            Rule::OutputOrder,
            Box::new(mount("/out", |mount| mount.output = 2)),
        ),
        (
            Rule::OutputOrder,
            Box::new(mount("/", |mount| mount.output = 1)),
        ),
        (
            Rule::OutputOrder,
            at(6, |op| file(op).actions[0].output = 0),
        ),
        (
            Rule::OutputOrder,
            at(6, |op| file(op).actions[1].output = -1),
        ),
        (
            Rule::Metadata,
            all(|d| {
                let digest = Digest::of(&d.def[6]);
                d.metadata.remove(digest.as_str());
            }),
        ),
        (
            Rule::Metadata,
            all(|d| drop(d.metadata.insert("sha256:0".into(), Default::default()))),
        ),
        (Rule::Caps, all(|d| metadata(d, 7).caps.clear())),
        (
            Rule::Caps,
            all(|d| *metadata(d, 7).caps.get_mut("platform").unwrap() = false),
        ),
        (Rule::Caps, without(1, "source.image")),
        (Rule::Caps, without(2, "source.local")),
        (Rule::Caps, without(3, "exec.meta.base")),
        (Rule::Caps, without(3, "exec.mount.bind")),
        (Rule::Caps, without(3, "exec.mount.cache")),
        (Rule::Caps, without(3, "exec.mount.tmpfs")),
        (Rule::Caps, without(3, "exec.mount.secret")),
        (Rule::Caps, without(3, "exec.mount.ssh")),
        (Rule::Caps, without(4, "diffop")),
        (Rule::Caps, without(5, "mergeop")),
        (Rule::Caps, without(6, "file.base")),
        (Rule::Name, all(|d| metadata(d, 2).description.clear())),
        (Rule::Platform, at(1, |op| op.platform = None)),
        (Rule::Platform, at(3, |op| op.platform = None)),
        (
            Rule::Platform,
            at(2, |op| op.platform = Some(platform("linux", "amd64"))),
        ),
        (
            Rule::Platform,
            at(6, |op| op.platform = Some(platform("linux", "amd64"))),
        ),
        (
            Rule::Command,
            at(3, |op| exec(op).meta.as_mut().unwrap().args.clear()),
        ),
        (
            Rule::Command,
            at(3, |op| exec(op).meta.as_mut().unwrap().cwd.clear()),
        ),
        (Rule::Command, at(3, |op| exec(op).meta = None)),
        (
            Rule::Root,
            Box::new(mount("/", |mount| mount.dest = "/else".into())),
        ),
        (Rule::Root, Box::new(mount("/", |mount| mount.output = -1))),
        (
            Rule::Root,
            Box::new(mount("/", |mount| {
                mount.set_mount_type(pb::MountType::Cache)
            })),
        ),
        (
            Rule::Mounts,
            Box::new(mount("/src", |mount| mount.dest = "/out".into())),
        ),
        (
            Rule::Mounts,
            Box::new(mount("/src", |mount| mount.dest = "src".into())),
        ),
        (
            Rule::Mounts,
            Box::new(mount("/cache", |mount| mount.output = 2)),
        ),
        (
            Rule::Mounts,
            Box::new(mount("/cache", |mount| mount.cache_opt = None)),
        ),
        (
            Rule::Mounts,
            Box::new(mount("/tmp", |mount| mount.input = 0)),
        ),
        (
            Rule::Mounts,
            Box::new(mount("/secret", |mount| mount.secret_opt = None)),
        ),
        (
            Rule::Mounts,
            Box::new(mount("/secret", |mount| mount.input = 0)),
        ),
        (
            Rule::Mounts,
            at(3, |op| exec(op).mounts.last_mut().unwrap().ssh_opt = None),
        ),
        (Rule::Actions, at(6, |op| file(op).actions.clear())),
        (Rule::Actions, at(6, |op| file(op).actions[0].action = None)),
        (Rule::Actions, at(6, |op| file(op).actions[0].input = 2)),
        (Rule::Actions, at(6, |op| file(op).actions[1].input = -2)),
        (Rule::Mode, at(6, |op| copy(op).mode = 0)),
        (
            Rule::Mode,
            Box::new(mount("/secret", |mount| {
                mount.secret_opt.as_mut().unwrap().mode = 0
            })),
        ),
        (
            Rule::Identifier,
            at(1, |op| source(op).identifier = "alpine".into()),
        ),
        (
            Rule::Identifier,
            at(2, |op| source(op).identifier = "local://".into()),
        ),
        (
            Rule::NoEmptyText,
            at(2, |op| {
                drop(source(op).attrs.insert("a".into(), String::new()))
            }),
        ),
        (
            Rule::NoEmptyText,
            all(|d| drop(metadata(d, 2).description.insert("a".into(), String::new()))),
        ),
        (Rule::SourceIndex, all(|d| location(d).source_index = 1)),
        (Rule::SourceIndex, all(|d| location(d).source_index = -1)),
        (
            Rule::SourceIndex,
            all(|d| d.source.as_mut().unwrap().infos.clear()),
        ),
        (
            Rule::SourceIndex,
            all(|d| {
                let source = d.source.as_mut().unwrap();
                source
                    .locations
                    .insert("sha256:0".into(), Default::default());
            }),
        ),
        (Rule::Ranges, all(|d| location(d).ranges[0].end = None)),
        (Rule::Ranges, all(|d| location(d).ranges[0].start = None)),
        (
            Rule::Ranges,
            all(|d| location(d).ranges[0].start = Some(pb::Position::default())),
        ),
        (
            Rule::Ranges,
            all(|d| {
                location(d).ranges[0].end = Some(pb::Position {
                    line: 0,
                    character: 0,
                });
            }),
        ),
        (
            Rule::Size,
            all(|d| d.source.as_mut().unwrap().infos[0].data = vec![b'x'; 16 << 20]),
        ),
    ]
}
