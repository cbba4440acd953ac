//! Crates in groups: the question to Cargo, and the steps that come of its answer.

use super::*;
use crate::support::fresh;

const SPEC: &str = "build: { granularity: crates }\nimage: { base: scratch }\n";
const PACKAGE: &str = "[package]\nname = \"itoa\"\nversion = \"1.0.15\"\nedition = \"2021\"\n\
    description = \"Fast\"\n[lib]\nname = \"itoa\"\n[features]\nno-panic = [\"dep:no-panic\"]\n\
    [dependencies.no-panic]\nversion = \"0.1\"\noptional = true\n[dev-dependencies.rand]\nversion = \"0.9\"\n\
    [[bench]]\nname = \"bench\"\nharness = false\n";

const DIR: &str = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/itoa-1.0.15";

/// What Cargo tells of a program with a crate.
fn units(name: &str) -> String {
    let unit = |id: &str, kind: &str, path: &str, needs: &str| {
        format!(
            r#"{{"pkg_id":"{id}","target":{{"kind":["{kind}"],"crate_types":["{kind}"],"name":"x","src_path":"{path}"}},"platform":"x86_64-unknown-linux-musl","mode":"build","profile":{{"lto":"false"}},"features":[],"dependencies":[{needs}]}}"#
        )
    };
    let itoa = "registry+https://github.com/rust-lang/crates.io-index#itoa@1.0.15";
    let own = format!("path+file:///work#{name}@0.1.0");
    format!(
        r#"{{"version":1,"units":[{},{}],"roots":[1]}}"#,
        unit(itoa, "lib", &format!("{DIR}/src/lib.rs"), ""),
        unit(
            &own,
            "bin",
            "/work/src/main.rs",
            r#"{"index":0,"extern_crate_name":"itoa"}"#
        ),
    )
}

/// An engine on which Cargo has told what it is going to compile.
fn resolved(spec: &str, name: &str) -> Bridge {
    let crates = format!("4000 {} {DIR}\n{PACKAGE}", PACKAGE.len());
    let mut bridge = project(spec, 62)
        .file_of("", "graph.json", units(name))
        .file_of("", "crates", crates)
        .file_of("", "left", "");
    for source in ["", "local://context"] {
        bridge = bridge
            .file_of(source, "Cargo.toml", MANIFEST.replace("shop", name))
            .file_of(source, "Cargo.lock", LOCK.replace("shop", name))
            .file_of(source, "cargo.jsonl", REPORT.replace("shop", name))
            .file_of(source, name, elf(62));
    }
    bridge
}

/// The only step of a group, and what it is told to build.
fn step(definition: &Definition) -> (pb::ExecOp, String) {
    let steps = execs(definition).into_iter();
    let mut steps = steps.filter(|(name, ..)| name == "[crates] itoa 1.0.15");
    let (_, exec, _) = steps.next().expect("a step");
    assert_eq!(steps.next(), None);
    let files = definition.def.iter().filter_map(|bytes| {
        let Some(pb::op::Op::File(file)) = pb::Op::decode(bytes.as_slice()).unwrap().op else {
            return None;
        };
        file.actions
            .into_iter()
            .find_map(|action| match action.action {
                Some(pb::file_action::Action::Mkfile(file)) if file.data.starts_with(b"===") => {
                    Some(String::from_utf8(file.data).unwrap())
                }
                _ => None,
            })
    });
    let files: Vec<String> = files.collect();
    let [file] = files.try_into().unwrap();
    (exec, file)
}

#[tokio::test]
async fn a_step_of_a_group_knows_nothing_of_the_project() {
    let bridge = resolved(SPEC, "shop");
    result(build(&bridge, &[]).await);
    for solve in &solves(&bridge) {
        assert_eq!(llb::verify(graph(solve)), []);
    }
    let last = image(&bridge);
    let (exec, package) = step(graph(&last));
    assert_eq!(exec.network(), NetMode::None);
    let of = |dest: &str| exec.mounts.iter().find(|mount| mount.dest == dest).unwrap();
    let sources = of("/crates/itoa-1.0.15");
    assert!(sources.readonly);
    assert_eq!(
        sources.selector,
        "/src/index.crates.io-1949cf8c6b5b557f/itoa-1.0.15"
    );
    // The whole registry would be in the key, were it mounted.
    assert!(
        !exec
            .mounts
            .iter()
            .any(|mount| mount.dest.ends_with("/registry"))
    );
    fresh::check("tests/it/frontend/package.txt", &package);

    // Another project, in another place of its context: the same step.
    let other = resolved(SPEC, "depot");
    result(build(&other, &[]).await);
    let last = image(&other);
    let (same, same_package) = step(graph(&last));
    assert_eq!(same.meta, exec.meta);
    assert_eq!(same_package, package);
}

#[tokio::test]
async fn a_plan_says_what_is_in_groups_and_why() {
    let bridge = resolved(SPEC, "shop");
    let asked = [
        ("requestid", "frontend.plan"),
        ("frontend.caps", "moby.buildkit.frontend.subrequests"),
    ];
    let request = build(&bridge, &asked).await;
    assert_eq!(request.error, None);
    let metadata = request.result.unwrap().metadata;
    let text = String::from_utf8_lossy(&metadata["result.txt"]).into_owned();
    fresh::check("tests/it/frontend/plan.txt", &text);
    let drawn = build(&resolved(SPEC, "shop"), &[("requestid", "frontend.graph")]).await;
    let metadata = drawn.result.unwrap().metadata;
    let text = String::from_utf8_lossy(&metadata["result.txt"]).into_owned();
    assert_eq!(text.matches("1 groups of crates").count(), 1, "{text}");
}

#[tokio::test]
async fn groups_are_for_engines_that_merge_and_builds_that_want_them() {
    let groups = |bridge: &Bridge| {
        let last = image(bridge);
        let steps = execs(graph(&last));
        steps.iter().any(|(name, ..)| name.starts_with("[crates] "))
    };
    let classic = resolved(SPEC, "shop").without(caps::MERGE_OP, "only with the containerd store");
    result(build(&classic, &[]).await);
    assert!(!groups(&classic));
    let warnings = classic.calls::<msg::WarnRequest>("Warn");
    assert_eq!(
        warnings
            .iter()
            .map(|one| String::from_utf8_lossy(&one.short))
            .collect::<Vec<_>>(),
        [
            "crates-in-one-step: all crates are compiled in one step: the engine cannot merge layers (line 1): \
             without `granularity: crates` this is what the build does anyway"
        ]
    );
    // For few crates there are no groups, whatever is imported.
    let auto = resolved("image: { base: scratch }\n", "shop");
    let imports = r#"[{"Type":"registry","Attrs":{"ref":"example.com/cache"}}]"#;
    result(build(&auto, &[("cache-imports", imports)]).await);
    assert!(!groups(&auto));
    // A Cargo that tells nothing, or something unknown.
    for graph in ["", "{}", r#"{"version":2,"units":[],"roots":[]}"#] {
        let silent = resolved(SPEC, "shop").file_of("", "graph.json", graph);
        result(build(&silent, &[]).await);
        assert!(!groups(&silent), "{graph}");
    }
    // Link-time optimization, whoever asks for it, wants other artefacts for a library of several kinds.
    for (kinds, lto, expected) in [
        ("bin", "fat", true),
        ("lib\",\"cdylib", "false", true),
        ("lib\",\"cdylib", "thin", false),
    ] {
        let told = units("shop")
            .replace("[\"bin\"]", &format!("[\"{kinds}\"]"))
            .replace("\"false\"", &format!("\"{lto}\""));
        let bridge = resolved(SPEC, "shop").file_of("", "graph.json", told);
        result(build(&bridge, &[]).await);
        assert_eq!(groups(&bridge), expected, "{kinds} {lto}");
    }
}

#[tokio::test]
async fn what_was_left_to_the_project_is_a_warning() {
    let again = r#"{"reason":"compiler-artifact","package_id":"registry+https://github.com/rust-lang/crates.io-index#itoa@1.0.15","target":{"name":"itoa","kind":["lib"]},"fresh":false}"#;
    let bridge = resolved(SPEC, "shop")
        .file_of("", "cargo.jsonl", format!("{again}\n{REPORT}"))
        .file_of("", "left", "it was too heavy\n");
    result(build(&bridge, &[]).await);
    let warnings = bridge.calls::<msg::WarnRequest>("Warn");
    let words: Vec<String> = warnings
        .iter()
        .map(|warning| String::from_utf8_lossy(&warning.short).into_owned())
        .collect();
    let wanted = "crates-in-one-step: a crate was compiled with the project and not in groups: itoa 1.0.15 (it was too heavy)";
    assert!(
        words.iter().any(|word| word.starts_with(wanted)),
        "{words:#?}"
    );
}

/// A release that changes one of these recompiles dependencies on every builder: that is a line in CHANGELOG.md.
#[tokio::test]
async fn digests_of_heavy_steps_stay() {
    let bridge = resolved(SPEC, "shop");
    result(build(&bridge, &[]).await);
    let one_layer = project("image: { base: scratch }\n", 62);
    result(build(&one_layer, &[]).await);
    let mut text = String::new();
    for (mode, bridge) in [("crates", &bridge), ("layer", &one_layer)] {
        let last = image(bridge);
        let definition = graph(&last);
        for bytes in &definition.def {
            let Some(pb::op::Op::Exec(_)) = pb::Op::decode(bytes.as_slice()).unwrap().op else {
                continue;
            };
            let digest = llb::Digest::of(bytes);
            let meta = &definition.metadata[digest.as_str()];
            let name = &meta.description["llb.customname"];
            text.push_str(&format!("{mode} {name}\n  {}\n", digest.as_str()));
        }
    }
    fresh::check("tests/it/frontend/digests.txt", &text);
}
