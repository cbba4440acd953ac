//! Graphs as wholes: what becomes of shape, metadata, locations and spliced definitions.

use buildkit_llb::{self as llb, Exec, MarshalOptions, Meta, Mount, SourceMap, State};
use buildkit_llb::{Definition, Digest, dump, marshal, verify};
use std::time::Duration;

fn options() -> MarshalOptions {
    MarshalOptions {
        platform: Some(llb::platform("linux", "amd64")),
        ..Default::default()
    }
}

/// Marshals, and insists that the result is sound.
#[track_caller]
fn sound(state: &State) -> Definition {
    let definition = marshal(state, &options()).expect("the graph is complete");
    assert_eq!(verify(&definition), []);
    definition
}

fn base() -> State {
    llb::image("docker.io/library/alpine:3").state(Meta::named("base"))
}

fn step(name: &str, root: &State) -> Exec {
    Exec::new([name]).mount(Mount::root(root))
}

fn touch(root: &State, name: &str) -> State {
    root.file()
        .then(llb::mkfile(format!("/{name}"), ""))
        .state(Meta::named(name))
}

#[test]
fn a_chain_of_twenty_thousand_needs_no_stack() {
    let work = || {
        let deep = (0..20_000).fold(base(), |state, n| touch(&state, &n.to_string()));
        let definition = marshal(&deep, &options()).expect("the graph is complete");
        assert_eq!(definition.def.len(), 20_002);
        drop(deep);
        // A definition is not taken apart vertex by vertex, but put in order.
        let spliced = llb::input(&definition, "").expect("it was just made");
        assert_eq!(
            marshal(&spliced, &options()).map(|again| again.def),
            Ok(definition.def)
        );
    };
    let thread = std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(work);
    thread
        .expect("a thread starts")
        .join()
        .expect("the stack is enough");
}

#[test]
fn what_states_share_does_not_change_their_definitions() {
    let exec = step("sh", &base()).mount(Mount::bind("/out", llb::scratch()));
    let exec = exec.vertex(Meta::named("step"));
    let states = [
        touch(&exec.state(), "a"),
        exec.output("/out"),
        touch(&exec.output("/out"), "a"),
    ];
    let mut all = llb::Marshaller::new(options());
    for state in states.iter().chain(&states) {
        assert_eq!(all.marshal(state), marshal(state, &options()));
    }
    // Its vertices are gone before the next ones are made, which may take their places.
    for name in ["a", "b", "c"] {
        let own = touch(&base(), name);
        assert_eq!(all.marshal(&own), marshal(&own, &options()));
    }
}

#[test]
fn shared_states_are_written_once() {
    // Two to the thousandth paths lead from the last vertex to the first.
    let mut state = base();
    for level in 0..1_000 {
        let exec = step(&level.to_string(), &state).mount(Mount::bind("/again", &state).readonly());
        state = exec.state(Meta::named("level"));
    }
    let started = thread_time();
    assert_eq!(sound(&state).def.len(), 1_002);
    assert!(thread_time() - started < Duration::from_secs(20));
}

#[expect(clippy::disallowed_methods, reason = "a test of time")]
fn thread_time() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn equal_vertices_are_one_and_their_metadata_is_joined() {
    let map = SourceMap::new("f", "YAML", "1\n2\n");
    let one = touch(&base(), "x")
        .file()
        .then(llb::rm("/a"))
        .state(Meta::named("one"));
    let other = base().file().then(llb::mkfile("/x", "")).state(
        Meta::named("other")
            .location(map.lines(2, 2))
            .describe("key", "value")
            .ignore_cache(true),
    );
    let both = llb::merge([one, other], Meta::named("both"));
    let definition = sound(&both);
    assert_eq!(
        dump::text(&definition),
        "#1 base: image (linux/amd64) docker.io/library/alpine:3\n\
         #2 other: file on #1: mkfile /x (0 bytes e3b0c442) mode=0644 no-cache key=\"value\" @f:2\n\
         #3 one: file on #2: rm /a\n\
         #4 both: merge #3 #2\n\
         => #4\n"
    );
    assert_eq!(definition, sound(&both), "marshalling is a function");
}

#[test]
fn states_compare_by_content() {
    assert_eq!(touch(&base(), "x"), touch(&base(), "x"));
    assert_ne!(touch(&base(), "x"), touch(&base(), "y"));
    assert_eq!(llb::scratch(), State::default());
    assert_eq!(
        format!("{:?}", touch(&base(), "x")),
        r#"State { output: Some(file "x"[0]) }"#
    );
}

#[test]
fn outputs_are_numbered_in_the_order_of_their_places() {
    let exec = step("run", &base())
        .mount(Mount::bind("/z", llb::scratch()).output())
        .mount(Mount::bind("/a", llb::scratch()).output())
        .mount(Mount::bind("/b", base()).readonly().output())
        .mount(Mount::secret("/0", "s"))
        .mount(Mount::tmpfs("/c", 1 << 20).output());
    assert_eq!(
        ["/", "/a", "/z", "/b", "/0", "/c"].map(|dest| exec.output_index(dest)),
        [Some(0), Some(1), Some(2), None, None, None],
        "what cannot be an output is none"
    );
    let run = exec.vertex(Meta::named("run"));
    let out = run
        .output("/")
        .file()
        .then(llb::copy(run.output("/z"), "/", "/"))
        .state(Meta::named("copy"));
    assert_eq!(
        dump::text(&sound(&out)).lines().skip(1).collect::<Vec<_>>(),
        [
            "#2 run: exec (linux/amd64) `run` /=#1,out0 /a=scratch,out1 /b=#1,ro /c=tmpfs:1048576 \
             /z=scratch,out2 /0=secret:s",
            "#3 copy: file on #2: copy #2>2:/ to /",
            "=> #3",
        ]
    );
}

#[test]
fn locations_share_files() {
    let (one, same, other) = (
        SourceMap::new("one", "YAML", "a"),
        SourceMap::new("one", "YAML", "a"),
        SourceMap::new("two", "TOML", "b"),
    );
    let first = base()
        .file()
        .then(llb::mkdir("/1"))
        .state(Meta::named("1").location(one.lines(1, 1)));
    let places = [same.lines(2, 3), other.location([])];
    let second = first
        .file()
        .then(llb::mkdir("/2"))
        .state(Meta::named("2").locations(places));
    let last = Meta::named("3")
        .location(other.lines(4, 4))
        .location(same.lines(5, 5));
    let definition = sound(&second.file().then(llb::mkdir("/3")).state(last));
    let source = definition.source.clone().expect("it has files");
    assert_eq!(
        source
            .infos
            .iter()
            .map(|info| info.filename.as_str())
            .collect::<Vec<_>>(),
        ["one", "two"]
    );
    let lines: Vec<String> = dump::text(&definition).lines().map(str::to_owned).collect();
    assert!(
        lines[1].ends_with("@one:1") && lines[2].ends_with(" @one:2-3"),
        "{lines:#?}"
    );
    assert!(lines[3].ends_with(" @two:4 @one:5"), "{lines:#?}");
}

#[test]
fn metadata_is_written_whole_and_its_capabilities_asked_for_at_the_end() {
    let meta = Meta::named("step")
        .group("g", "Group", true)
        .export_cache(false)
        .ignore_cache(true);
    let resources = llb::LinuxResources {
        memory: 1 << 30,
        ..Default::default()
    };
    let exec = Exec {
        resources: Some(resources.clone()),
        ..step("run", &base())
    };
    let definition = sound(&exec.state(meta.constraint("label==x")));
    let at = |index: usize| &definition.metadata[Digest::of(&definition.def[index]).as_str()];
    assert_eq!(at(1).linux_resources, Some(resources));
    assert_eq!(at(1).export_cache.map(|export| export.value), Some(false));
    assert_eq!(
        at(1).progress_group.as_ref().map(|group| group.weak),
        Some(true)
    );
    assert_eq!(
        at(2).caps.keys().collect::<Vec<_>>(),
        [
            "constraints",
            "meta.description",
            "meta.exportcache",
            "meta.ignorecache",
            "platform"
        ]
    );
    assert!(String::from_utf8_lossy(&definition.def[1]).contains("label==x"));
}

#[test]
fn a_spliced_definition_becomes_part_of_the_graph() {
    let map = SourceMap::new("theirs", "Dockerfile", "FROM x");
    let theirs = step("theirs", &base())
        .mount(Mount::bind("/out", llb::scratch()).output())
        .vertex(Meta::named("theirs").location(map.lines(1, 1)));
    let mut definition = sound(&theirs.output("/out"));
    definition.def.swap(0, 1);
    let input = llb::input(&definition, "input").expect("order does not matter");
    let ours = SourceMap::new("ours", "YAML", "x");
    let last = touch(&base(), "x").file().then(llb::copy(&input, "/", "/"));
    let joined = sound(&last.state(Meta::named("copy").location(ours.lines(7, 7))));
    assert_eq!(
        dump::text(&joined),
        "#1 base: image (linux/amd64) docker.io/library/alpine:3\n\
         #2 x: file on #1: mkfile /x (0 bytes e3b0c442) mode=0644\n\
         #3 theirs: exec (linux/amd64) `theirs` /=#1,out0 /out=scratch,out1 @theirs:1\n\
         #4 copy: file on #2: copy #3>1:/ to / @ours:7\n\
         => #4\n"
    );
    assert_eq!(llb::input(&Definition::default(), ""), Ok(llb::scratch()));
}

#[test]
fn a_spliced_vertex_without_metadata_gets_what_an_engine_needs() {
    let mut definition = sound(&touch(&base(), "x"));
    definition.metadata.clear();
    let input = llb::input(&definition, "[context] x").expect("metadata is not needed");
    let joined = marshal(&input, &options()).expect("the graph is complete");
    let rules: Vec<_> = verify(&joined)
        .iter()
        .map(|violation| violation.rule)
        .collect();
    assert_eq!(
        rules,
        [llb::Rule::Caps, llb::Rule::Caps],
        "only its own capabilities are unknown"
    );
    assert!(dump::text(&joined).starts_with("#1 [context] x: image"));
}

#[test]
fn broken_definitions_are_not_spliced() {
    let good = sound(&touch(&base(), "x"));
    let reason = |change: fn(&mut Definition)| {
        let mut definition = good.clone();
        change(&mut definition);
        llb::input(&definition, "")
            .expect_err("it is broken")
            .to_string()
    };
    assert!(reason(|d| drop(d.def.pop())).ends_with("last operation does not name the result"));
    assert!(reason(|d| drop(d.def.remove(0))).contains("it misses sha256:"));
    assert!(reason(|d| d.def = vec![vec![0xff]]).starts_with("the definition cannot be used"));
    assert!(reason(|d| d.def = vec![vec![]]).ends_with("its last operation has 0 inputs"));
}

#[test]
fn the_head_is_the_vertex_of_the_result() {
    let definition = sound(&touch(&base(), "x"));
    assert_eq!(llb::head(&definition), Some(Digest::of(&definition.def[1])));
    assert_eq!(llb::head(&Definition::default()), None);
}

#[test]
fn merge_and_diff_know_scratch() {
    let meta = || Meta::named("x");
    let (scratch, full) = (llb::scratch(), base());
    assert_eq!(llb::merge([], meta()), scratch);
    assert_eq!(
        llb::merge([scratch.clone(), full.clone(), scratch.clone()], meta()),
        full
    );
    assert_eq!(llb::diff(scratch.clone(), full.clone(), meta()), full);
    assert_eq!(sound(&scratch), Definition::default());
    let emptied = sound(&llb::diff(full, scratch, meta()));
    assert!(dump::text(&emptied).contains("#2 x: diff #1..scratch\n"));
}

#[test]
fn graphs_that_no_engine_could_load_are_errors() {
    let named = || Meta::named("x");
    let exec = || step("run", &base());
    let nobody = llb::mkdir("/x").owner(llb::Owner::parse("nobody"));
    for (state, message) in [
        (
            exec().vertex(named()).output("/no"),
            "an output of `x` is used that it does not have",
        ),
        (
            Exec {
                args: vec![],
                ..exec()
            }
            .state(named()),
            "`x` runs a command without arguments",
        ),
        (
            Exec::new(["a"])
                .mount(Mount::bind("/", base()))
                .vertex(named())
                .state(),
            "`x` needs a mount on `/` that is an output or read-only",
        ),
        (
            exec()
                .mount(Mount::tmpfs("/a", 0))
                .mount(Mount::tmpfs("/a", 0))
                .state(named()),
            "`x` has two mounts on `/a`",
        ),
        (
            base().file().state(named()),
            "`x` is a file operation of nothing",
        ),
        (
            llb::scratch().file().then(nobody).state(named()),
            "`x` gives files to `nobody` by name, but starts from scratch",
        ),
        (
            llb::Merge::default().state(named()),
            "`x` merges fewer than two filesystems, or scratch",
        ),
        (
            llb::local("").state(named()),
            "`x` is a source without a name",
        ),
        (
            llb::image("").state(named()),
            "`x` is a source without a name",
        ),
    ] {
        let user = touch(&state, "user");
        let error = marshal(&user, &options()).expect_err(message);
        assert_eq!(error.to_string().replace("`user`", "`x`"), message);
    }
}
