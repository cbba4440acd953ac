//! Whole builds against a scripted engine: what options and capabilities make of graphs and results.

use crate::support::bridge::Bridge;
use buildkit_llb as llb;
use buildkit_proto::capset::CapSet;
use buildkit_proto::gateway::{self as msg, result::Result as Kind};
use buildkit_proto::pb::{self, Definition, NetMode};
use buildkit_proto::{Message as _, caps};
use rust_frontend::frontend;
use rust_frontend::gateway::{Environment, Worker, serve};
use rust_frontend::platform::Platform;
use std::collections::BTreeMap;

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
    [dependencies]\nitoa = \"1\"\n";
const LOCK: &str = "version = 4\n\n[[package]]\nname = \"itoa\"\nversion = \"1.0.15\"\nsource = \
    \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \
    \"4a5f13b858c8d314ee3e8f639011f7ccefe71f97f96e50151fb991f267928e2c\"\n\n[[package]]\nname = \
    \"shop\"\nversion = \"0.1.0\"\ndependencies = [\n \"itoa\",\n]\n";
const REPORT: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///work#shop@0.1.0","target":{"name":"shop","kind":["bin"]},"fresh":false}"#;
const CONFIG: &str = r#"{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/bin"]}}"#;
const DIGEST: &str = "sha256:11112222333344445555666677778888111122223333444455556666777788aa";

/// The head of a static executable of a processor.
fn elf(machine: u8) -> Vec<u8> {
    let mut head = vec![0; 64];
    head[..6].copy_from_slice(b"\x7fELF\x02\x01");
    head[18] = machine;
    head
}

/// An engine with a project; every step that compiles succeeds.
fn project(spec: &str, machine: u8) -> Bridge {
    let mut bridge = Bridge::new().file_of("local://dockerfile", "Rust.yaml", spec);
    for source in ["", "local://context"] {
        bridge = bridge
            .file_of(source, "Rust.yaml", spec)
            .file_of(source, "Cargo.toml", MANIFEST)
            .file_of(source, "Cargo.lock", LOCK)
            .file_of(source, "src/main.rs", "fn main() {}\n")
            .file_of(source, "cargo.jsonl", REPORT)
            .file_of(source, "shop", elf(machine));
    }
    for name in ["rust:1", "alpine:latest", "debian:trixie-slim"] {
        bridge = bridge.image(&format!("docker.io/library/{name}"), DIGEST, CONFIG);
    }
    bridge
}

/// What the engine was given in the end.
async fn build(bridge: &Bridge, options: &[(&str, &str)]) -> msg::ReturnRequest {
    let pairs = options.iter().map(|(k, v)| ((*k).into(), (*v).into()));
    let environment = Environment {
        options: pairs.collect(),
        session_id: "s1".into(),
        product: "Docker".into(),
        workers: vec![Worker {
            platforms: vec![Platform::linux("amd64")],
            ..Worker::default()
        }],
    };
    let gateway = bridge.connect_with(environment).await.unwrap();
    let _ = serve(&gateway, frontend::build).await;
    let [request] = bridge
        .calls::<msg::ReturnRequest>("Return")
        .try_into()
        .unwrap();
    request
}

fn result(request: msg::ReturnRequest) -> (Kind, BTreeMap<String, String>) {
    assert_eq!(request.error, None);
    let result = request.result.unwrap();
    let text = |(key, value)| (key, String::from_utf8(value).unwrap());
    (
        result.result.unwrap(),
        result.metadata.into_iter().map(text).collect(),
    )
}

fn solves(bridge: &Bridge) -> Vec<msg::SolveRequest> {
    bridge.calls::<msg::SolveRequest>("Solve")
}

/// The graph of the image, which has all steps; others are solved at the same time.
fn image(bridge: &Bridge) -> msg::SolveRequest {
    let largest = |solve: &msg::SolveRequest| graph(solve).def.len();
    solves(bridge).into_iter().max_by_key(largest).unwrap()
}

fn graph(solve: &msg::SolveRequest) -> &Definition {
    solve.definition.as_ref().unwrap()
}

/// The processes of a graph by their names in the progress.
fn execs(definition: &Definition) -> Vec<(String, pb::ExecOp, bool)> {
    let mut found = vec![];
    for bytes in &definition.def {
        if let Some(pb::op::Op::Exec(exec)) = pb::Op::decode(bytes.as_slice()).unwrap().op {
            let meta = &definition.metadata[llb::Digest::of(bytes).as_str()];
            let name = meta.description["llb.customname"].clone();
            found.push((name, exec, meta.ignore_cache));
        }
    }
    found
}

const SPEC: &str = "\
build:
  packages: [cmake]
  ssh: default
  secrets:
    - { id: token, env: TOKEN, required: false }
    - { id: licence, step: compile }
  run: [echo, { cmd: echo, network: true }]
image:
  base: debian:trixie-slim
  packages: [curl]
  files: { static: /srv }
  workdir: /srv
  volumes: [/data]
  annotations: { team: shop }
  run: [ls]
";

const EXEC_OPTIONS: [(&str, &str); 9] = [
    ("add-hosts", "a=10.0.0.1"),
    ("shm-size", "1048576"),
    ("ulimit", "nofile=10:20"),
    ("cgroup-parent", "slice"),
    ("hostname", "h"),
    ("memory", "1000000"),
    ("force-network-mode", "host"),
    ("build-arg:https_proxy", "http://p"),
    ("no-cache", ""),
];

#[tokio::test]
async fn every_engine_gets_a_graph_that_it_can_build() {
    for minor in [12, 16, 21, 32] {
        let bridge = project(SPEC, 62).release(minor);
        let (_, metadata) = result(build(&bridge, &EXEC_OPTIONS).await);
        assert_eq!(metadata["annotation-manifest.team"], "shop");
        let engine = CapSet::llb_of_release(minor);
        for solve in &solves(&bridge) {
            assert_eq!(llb::verify(graph(solve)), [], "0.{minor}");
            assert_eq!(llb::missing_caps(graph(solve), &engine), [], "0.{minor}");
        }
    }
}

#[tokio::test]
async fn a_missing_capability_is_an_error_before_anything_runs() {
    let bridge = project(SPEC, 62).without(caps::EXEC_SECRETENV, "");
    let message = build(&bridge, &[]).await.error.unwrap().message;
    assert!(message.contains(caps::EXEC_SECRETENV), "{message}");
    assert!(message.contains("BuildKit 0.10"), "{message}");
    assert!(message.ends_with("please update Docker"), "{message}");
    for solve in &solves(&bridge) {
        assert!(execs(graph(solve)).is_empty());
    }
}

#[tokio::test]
async fn options_of_steps_are_in_every_step_and_networks_in_those_that_have_one() {
    let bridge = project(SPEC, 62);
    result(build(&bridge, &EXEC_OPTIONS).await);
    let last = image(&bridge);
    let all = execs(graph(&last));
    let mut networks = vec![];
    for (name, exec, ignored) in &all {
        let meta = exec.meta.as_ref().unwrap();
        assert_eq!(meta.extra_hosts[0].ip, "10.0.0.1", "{name}");
        assert_eq!(meta.ulimit[0].hard, 20, "{name}");
        assert_eq!(
            (meta.cgroup_parent.as_str(), meta.hostname.as_str()),
            ("slice", "h")
        );
        let shm = exec.mounts.iter().find(|mount| mount.dest == "/dev/shm");
        assert_eq!(shm.unwrap().tmpfs_opt.unwrap().size, 1 << 20, "{name}");
        let open = exec.network == NetMode::Host as i32;
        assert_eq!(meta.proxy_env.is_some(), open, "{name}");
        assert!(open || exec.network == NetMode::None as i32, "{name}");
        // The downloads are the caches of all projects; what looks at sources does nothing that could go stale.
        let kept = name.contains("fetch") || name.contains("internal]");
        assert_eq!(*ignored, !kept, "{name}");
        if open {
            networks.push(name.split("] ").nth(1).unwrap());
        }
    }
    networks.sort_unstable();
    assert_eq!(
        networks,
        [
            "fetch 1 crate",
            "packages cmake",
            "packages curl",
            "run echo",
            "toolchain x86_64-unknown-linux-musl",
        ]
    );
}

#[tokio::test]
async fn some_stages_without_a_cache() {
    for (stages, expected) in [
        ("SHOP", vec!["toolchain", "dependencies", "compile"]),
        ("deps", vec!["toolchain", "dependencies"]),
        ("other,binary", vec!["compile"]),
        ("other", vec![]),
    ] {
        let bridge = project("image: { base: scratch }\n", 62);
        result(build(&bridge, &[("no-cache", stages)]).await);
        let last = image(&bridge);
        let all = execs(graph(&last)).into_iter();
        let ignored = all.filter(|(_, _, ignored)| *ignored);
        let words: Vec<String> = ignored
            .map(|(name, ..)| name.split(' ').nth(2).unwrap().to_owned())
            .collect();
        assert_eq!(words, expected, "{stages}");
    }
}

#[tokio::test]
async fn caches_are_imported_by_the_solve_that_compiles_too() {
    let bridge = project("image: { base: scratch }\n", 62);
    let imports = r#"[{"Type":"registry","Attrs":{"ref":"r/cache"}}]"#;
    result(
        build(
            &bridge,
            &[("cache-imports", imports), ("cache-from", "r/old")],
        )
        .await,
    );
    for solve in solves(&bridge) {
        let refs = solve
            .cache_imports
            .iter()
            .map(|one| one.attrs["ref"].as_str());
        let refs: Vec<&str> = refs.collect();
        match execs(graph(&solve)).is_empty() {
            true => assert_eq!(refs, [""; 0]),
            false => assert_eq!(refs, ["r/cache", "r/old"]),
        }
    }
    assert!(
        solves(&bridge)
            .iter()
            .any(|solve| solve.evaluate && !solve.cache_imports.is_empty())
    );
}

#[tokio::test]
async fn pulling_is_for_the_registry_and_the_graph() {
    let bridge = project("", 62);
    result(build(&bridge, &[("image-resolve-mode", "pull")]).await);
    for asked in bridge.calls::<msg::ResolveSourceMetaRequest>("ResolveSourceMeta") {
        assert_eq!(asked.resolve_mode, "pull");
    }
    let last = image(&bridge);
    let mut images = 0;
    for bytes in &graph(&last).def {
        if let Some(pb::op::Op::Source(source)) = pb::Op::decode(bytes.as_slice()).unwrap().op
            && source.identifier.starts_with("docker-image://")
        {
            assert_eq!(source.attrs["image.resolvemode"], "pull");
            images += 1;
        }
    }
    assert_eq!(images, 2);
}

#[tokio::test]
async fn several_platforms() {
    // One head for both: what it was compiled for is another test's.
    let bridge = project("image: { base: scratch, annotations: { a: b } }\n", 0);
    let bridge = bridge.on("ReadFile", move |request: msg::ReadFileRequest| {
        let data = match request.file_path.as_str() {
            "Rust.yaml" => b"image: { base: scratch, annotations: { a: b } }\n".to_vec(),
            "Cargo.toml" => MANIFEST.into(),
            "Cargo.lock" => LOCK.into(),
            "cargo.jsonl" => match request.range.map_or(0, |range| range.offset) {
                0 => REPORT.into(),
                _ => vec![],
            },
            "/shop" => {
                let number: usize = request.r#ref.trim_start_matches("ref-").parse().unwrap();
                // Definition, ignore file, manifests; then report, executable and image of each.
                elf(if number <= 6 { 62 } else { 183 })
            }
            path => {
                return Err(crate::support::bridge::refusal(&format!(
                    "open {path}: no such file or directory"
                )));
            }
        };
        Ok(msg::ReadFileResponse { data })
    });
    let (kind, metadata) = result(build(&bridge, &[("platform", "linux/amd64,linux/arm64")]).await);
    let Kind::Refs(refs) = kind else {
        panic!("{kind:?}")
    };
    assert_eq!(refs.refs.len(), 2);
    let keys: Vec<&str> = metadata.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "annotation-manifest[linux/amd64].a",
            "annotation-manifest[linux/arm64].a",
            "containerimage.config/linux/amd64",
            "containerimage.config/linux/arm64",
            "refs.platforms"
        ]
    );
    assert_eq!(
        metadata["refs.platforms"],
        r#"{"Platforms":[{"ID":"linux/amd64","Platform":{"architecture":"amd64","os":"linux"}},{"ID":"linux/arm64","Platform":{"architecture":"arm64","os":"linux"}}]}"#
    );
    let last = image(&bridge);
    for (name, exec, _) in execs(graph(&last)) {
        if name.starts_with("[linux/arm64 internal]") {
            continue;
        }
        assert!(name.starts_with("[linux/arm64 shop "), "{name}");
        let env = exec.meta.unwrap().env;
        let linker = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld".to_owned();
        assert_eq!(env.contains(&linker), !name.contains("toolchain"), "{name}");
    }
}

#[tokio::test]
async fn a_foreign_platform_that_nothing_links_for() {
    let bridge = project("build: { target: gnu }\n", 62);
    let error = build(&bridge, &[("platform", "linux/arm64")])
        .await
        .error
        .unwrap();
    assert_eq!(
        error.message,
        "Rust.yaml:1: there is no linker for `aarch64-unknown-linux-gnu` on linux/amd64: use \
         `target: musl`, or install a cross compiler by `packages:` and name it in `env: { \
         CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: … }` under `build:`"
    );
}

/// An engine that knows of one commit.
fn repository(spec: &str) -> Bridge {
    project(spec, 62).on(
        "ResolveSourceMeta",
        |request: msg::ResolveSourceMetaRequest| {
            let source = request.source.unwrap();
            let is_git = source.identifier.starts_with("git://");
            let image = msg::ResolveSourceImageResponse {
                digest: DIGEST.into(),
                config: CONFIG.into(),
                attestation_chain: None,
            };
            let git = msg::ResolveSourceGitResponse {
                commit_object: b"tree 1\ncommitter A <a@b> 1700000000 +0000\n\nx\n".to_vec(),
                ..Default::default()
            };
            Ok(msg::ResolveSourceMetaResponse {
                source: Some(source),
                image: (!is_git).then_some(image),
                git: is_git.then_some(git),
                ..Default::default()
            })
        },
    )
}

#[tokio::test]
async fn an_epoch_in_numbers_of_a_commit_or_of_a_named_context() {
    let git = "https://example.org/shop.git#main";
    let spec = "image: { base: scratch }\n";
    for (options, derived) in [
        (vec![("build-arg:SOURCE_DATE_EPOCH", "1700000000")], false),
        (
            vec![("build-arg:SOURCE_DATE_EPOCH", "context"), ("context", git)],
            true,
        ),
        (
            vec![
                ("build-arg:SOURCE_DATE_EPOCH", "code"),
                ("context:code", git),
            ],
            true,
        ),
    ] {
        let (_, metadata) = result(build(&repository(spec), &options).await);
        let config: serde_json::Value =
            serde_json::from_str(&metadata["containerimage.config"]).unwrap();
        for entry in config["history"].as_array().unwrap() {
            assert_eq!(entry["created"], "2023-11-14T22:13:20Z");
        }
        let told = metadata.get("source.date.epoch").map(String::as_str);
        assert_eq!(told, derived.then_some("1700000000"), "{options:?}");
    }
    let options = [("build-arg:SOURCE_DATE_EPOCH", "context")];
    let error = build(&project(spec, 62), &options).await.error.unwrap();
    assert_eq!(
        error.message,
        "SOURCE_DATE_EPOCH: a directory has no time of its own: pass seconds since 1970, such as \
         `$(git log -1 --pretty=%ct)`"
    );
}

#[tokio::test]
async fn a_list_of_names_in_a_repository_is_the_users_own_file() {
    let bridge = repository("image: { base: scratch }\n").file(".fsutil-metadata", "nonsense");
    result(build(&bridge, &[("context", "https://example.org/shop.git")]).await);
}

#[tokio::test]
async fn named_contexts_take_the_place_of_base_images() {
    let spec = "build: { base: \"nobody/has:1\" }\nimage: { base: nor/this }\n";
    let bridge = project(spec, 62);
    let options = [
        ("context:nobody/has:1", "docker-image://rust:1"),
        (
            "context:nor/this::linux/amd64",
            "docker-image://debian:trixie-slim",
        ),
    ];
    let (_, metadata) = result(build(&bridge, &options).await);
    assert_eq!(metadata["containerimage.base.config"], {
        let config: serde_json::Value = serde_json::from_str(CONFIG).unwrap();
        config.to_string()
    });
    let last = image(&bridge);
    let text = graph(&last)
        .def
        .iter()
        .map(|op| String::from_utf8_lossy(op).into_owned());
    let text: String = text.collect();
    assert!(text.contains("library/rust:1@sha256") && text.contains("trixie-slim@sha256"));
    assert!(!text.contains("nobody") && !text.contains("nor/this"));
}
