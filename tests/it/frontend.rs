//! Whole builds against a scripted engine: what options and capabilities make of graphs and results.

use crate::support::bridge::{Bridge, Reply, refusal};
use buildkit_llb as llb;
use buildkit_proto::capset::CapSet;
use buildkit_proto::errdefs::{self, Detail};
use buildkit_proto::gateway::{self as msg, result::Result as Kind};
use buildkit_proto::pb::{self, Definition, NetMode};
use buildkit_proto::{Message as _, caps};
use rust_frontend::frontend;
use rust_frontend::gateway::{Environment, Worker, serve};
use rust_frontend::platform::Platform;
use std::collections::BTreeMap;
use std::time::Duration;

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
        let last = solves(&bridge).pop().unwrap();
        let limits = graph(&last).metadata.values();
        let limits: Vec<i64> = limits
            .filter_map(|metadata| Some(metadata.linux_resources.as_ref()?.memory))
            .collect();
        let steps = if minor < 31 {
            0
        } else {
            execs(graph(&last)).len()
        };
        assert_eq!(limits, vec![1_000_000; steps], "0.{minor}");
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
    let last = solves(&bridge).pop().unwrap();
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
        let last = solves(&bridge).pop().unwrap();
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
async fn caches_have_the_namespace_of_the_client() {
    let bridge = project("image: { base: scratch }\n", 62);
    result(build(&bridge, &[("build-arg:BUILDKIT_CACHE_MOUNT_NS", "team")]).await);
    let last = solves(&bridge).pop().unwrap();
    let all = execs(graph(&last));
    let caches = all.iter().flat_map(|(_, exec, _)| &exec.mounts);
    let caches: Vec<&str> = caches
        .filter_map(|mount| Some(mount.cache_opt.as_ref()?.id.as_str()))
        .collect();
    assert!(!caches.is_empty());
    assert!(
        caches.iter().all(|id| id.starts_with("team/")),
        "{caches:?}"
    );
}

#[tokio::test]
async fn the_platform_is_a_value_of_the_spec() {
    let spec = "image:\n  base: scratch\n  labels: { built: \"${BUILDPLATFORM} ${TARGETARCH} ${TARGETSTAGE}\" }\n";
    for (options, expected) in [
        (vec![], "linux/amd64 amd64 default"),
        (
            vec![("build-arg:TARGETARCH", "mine")],
            "linux/amd64 mine default",
        ),
    ] {
        let (_, metadata) = result(build(&project(spec, 62), &options).await);
        let config: serde_json::Value =
            serde_json::from_str(&metadata["containerimage.config"]).unwrap();
        assert_eq!(config["config"]["Labels"]["built"], expected);
    }
}

#[tokio::test]
async fn one_platform_may_be_a_list() {
    let bridge = project("image: { base: scratch }\n", 62);
    let options = [("build-arg:BUILDKIT_MULTI_PLATFORM", "1")];
    let (kind, metadata) = result(build(&bridge, &options).await);
    assert!(matches!(kind, Kind::Refs(made) if made.refs.contains_key("linux/amd64")));
    assert!(metadata.contains_key("containerimage.config/linux/amd64"));
}

#[tokio::test]
async fn pulling_is_for_the_registry_and_the_graph() {
    let bridge = project("", 62);
    result(build(&bridge, &[("image-resolve-mode", "pull")]).await);
    for asked in bridge.calls::<msg::ResolveSourceMetaRequest>("ResolveSourceMeta") {
        assert_eq!(asked.resolve_mode, "pull");
    }
    let last = solves(&bridge).pop().unwrap();
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

const TWO_PLATFORMS: &str = "image: { base: scratch, annotations: { a: b } }\n";

/// Whether a graph is for the second of two platforms.
fn for_arm(solve: &msg::SolveRequest) -> bool {
    let all = execs(graph(solve));
    all.iter()
        .any(|(name, ..)| name.starts_with("[linux/arm64 "))
}

/// An engine that compiles for either of two platforms; with `stuck`, for as long as one likes.
fn two_platforms(stuck: bool) -> Bridge {
    let bridge = project(TWO_PLATFORMS, 0);
    let engine = bridge.clone();
    bridge.on_raw("ReadFile", move |message| {
        let request = msg::ReadFileRequest::decode(message).unwrap();
        let data = match request.file_path.as_str() {
            "Rust.yaml" => TWO_PLATFORMS.into(),
            "Cargo.toml" => MANIFEST.into(),
            "Cargo.lock" => LOCK.into(),
            "cargo.jsonl" if stuck => return Reply::Silence,
            "cargo.jsonl" => match request.range.map_or(0, |range| range.offset) {
                0 => REPORT.into(),
                _ => vec![],
            },
            "/shop" => {
                let number: usize = request.r#ref.trim_start_matches("ref-").parse().unwrap();
                let arm = for_arm(&solves(&engine)[number - 1]);
                elf(if arm { 183 } else { 62 })
            }
            path => {
                return Reply::Error(refusal(&format!("open {path}: no such file or directory")));
            }
        };
        Reply::Message(msg::ReadFileResponse { data }.encode_to_vec())
    })
}

/// While the compiler for one runs, the one for the other is started.
#[tokio::test]
async fn platforms_are_built_at_once() {
    let bridge = two_platforms(true);
    let options = [("platform", "linux/amd64,linux/arm64")];
    let building = build(&bridge, &options);
    let started = async {
        let compiling = |solve: &msg::SolveRequest| solve.evaluate;
        while solves(&bridge).into_iter().filter(compiling).count() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        request = building => panic!("{request:?}"),
        () = started => {}
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("one after the other"),
    }
    let mut compiling = solves(&bridge);
    compiling.retain(|solve| solve.evaluate);
    assert_eq!(compiling.iter().filter(|solve| for_arm(solve)).count(), 1);
}

#[tokio::test]
async fn several_platforms() {
    let bridge = two_platforms(false);
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
    let last = solves(&bridge).into_iter().rfind(for_arm).unwrap();
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
async fn the_history_has_a_line_for_each_layer_and_each_kind_of_setting() {
    let spec = "image:\n  base: scratch\n  ca-certificates: false\n  env: { A: b, C: d }\n  \
        labels: { team: shop }\n  expose: [80, 53/udp]\n  user: 7:8\n  stop-signal: SIGINT\n  \
        healthcheck: none\n  cmd: [--all]\n";
    let (_, metadata) = result(build(&project(spec, 62), &[("label:x", "y")]).await);
    let config: serde_json::Value =
        serde_json::from_str(&metadata["containerimage.config"]).unwrap();
    let lines = config["history"].as_array().unwrap().iter().map(|entry| {
        let line = entry["created_by"].as_str().unwrap();
        let empty = if entry["empty_layer"] == true {
            ""
        } else {
            "layer: "
        };
        format!("{empty}{line}")
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "layer: user",
            "layer: copy shop to /usr/local/bin",
            "ENV A=b C=d",
            "LABEL org.opencontainers.image.title=shop org.opencontainers.image.version=0.1.0 team=shop",
            "EXPOSE 80 53/udp",
            "USER 7:8",
            "STOPSIGNAL SIGINT",
            "HEALTHCHECK NONE",
            "ENTRYPOINT [\"/usr/local/bin/shop\"]",
            "CMD [\"--all\"]",
        ]
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
    let last = solves(&bridge).pop().unwrap();
    let text = graph(&last)
        .def
        .iter()
        .map(|op| String::from_utf8_lossy(op).into_owned());
    let text: String = text.collect();
    assert!(text.contains("library/rust:1@sha256") && text.contains("trixie-slim@sha256"));
    assert!(!text.contains("nobody") && !text.contains("nor/this"));
}

const SCANNER: &str = r#"{"architecture":"amd64","os":"linux","config":{"Env":["A=b"],"Entrypoint":["/scan"],"Cmd":["all"]}}"#;

#[tokio::test]
async fn a_base_that_is_not_there_is_at_its_line() {
    let spec = "image:\n  base: no/such:1\n";
    for (options, message) in [
        (
            vec![],
            "no/such:1: failed to resolve source metadata for docker.io/no/such:1: ",
        ),
        (vec![("context:no/such:1", "docker-image://nor/this:1")], ""),
    ] {
        let error = build(&project(spec, 62), &options).await.error.unwrap();
        assert!(error.message.starts_with(message), "{}", error.message);
        let [Detail::Source(place)] = &errdefs::details(&error)[..] else {
            panic!("{error:?}")
        };
        assert_eq!(place.ranges[0].start.line, 2);
    }
}

#[tokio::test]
async fn a_policy_may_put_something_else_in_the_place_of_a_base() {
    let bridge = project("image: { base: moved }\n", 62).on(
        "ResolveSourceMeta",
        |request: msg::ResolveSourceMetaRequest| {
            let mut source = request.source.unwrap();
            let moved = source.identifier.contains("moved");
            if moved {
                source.identifier = "https://example.org/rootfs".into();
            }
            let image = msg::ResolveSourceImageResponse {
                digest: DIGEST.into(),
                config: CONFIG.into(),
                attestation_chain: None,
            };
            Ok(msg::ResolveSourceMetaResponse {
                source: Some(source),
                image: (!moved).then_some(image),
                ..Default::default()
            })
        },
    );
    result(build(&bridge, &[]).await);
    let last = solves(&bridge).pop().unwrap();
    let names: Vec<String> = sources(graph(&last));
    assert!(
        names.contains(&"https://example.org/rootfs".into()),
        "{names:?}"
    );
}

/// The identifiers of a graph's sources.
fn sources(definition: &Definition) -> Vec<String> {
    let ops = definition.def.iter();
    let ops = ops.map(|bytes| pb::Op::decode(bytes.as_slice()).unwrap().op);
    ops.filter_map(|op| match op {
        Some(pb::op::Op::Source(source)) => Some(source.identifier),
        _ => None,
    })
    .collect()
}

#[tokio::test]
async fn what_the_engine_would_not_scan_is_scanned_with_the_image() {
    let stage = "build-arg:BUILDKIT_SBOM_SCAN_STAGE";
    let context = "build-arg:BUILDKIT_SBOM_SCAN_CONTEXT";
    let sbom = ("attest:sbom", "generator=x/scanner:1,depth=2");
    for (options, extras) in [
        (vec![sbom], vec![]),
        (vec![(stage, "true"), (context, "true")], vec![]),
        (vec![sbom, (stage, "other"), (context, "0")], vec![]),
        (vec![sbom, (stage, "other,DEPS")], vec!["deps"]),
        (vec![sbom, (context, "1")], vec!["context"]),
        (
            vec![sbom, (stage, "true"), (context, "1")],
            vec!["context", "deps"],
        ),
    ] {
        let bridge = project("image: { base: scratch }\n", 62);
        let bridge = bridge.image("docker.io/x/scanner:1", DIGEST, SCANNER);
        let request = build(&bridge, &options).await;
        assert_eq!(request.error, None);
        let lists = request.result.unwrap().attestations;
        if extras.is_empty() {
            assert!(lists.is_empty(), "{options:?}");
            continue;
        }
        let [list] = &lists["linux/amd64"].attestation[..] else {
            panic!("{lists:?}")
        };
        assert_eq!(list.in_toto_predicate_type, "https://spdx.dev/Document");
        assert_eq!(list.metadata["sbom-core"], b"sbom");
        let last = solves(&bridge).pop().unwrap();
        assert_eq!(llb::verify(graph(&last)), []);
        let (name, exec, _) = execs(graph(&last)).pop().unwrap();
        assert_eq!(
            name,
            "[linux/amd64] generating sbom using docker.io/x/scanner:1"
        );
        let meta = exec.meta.unwrap();
        assert_eq!(meta.args, ["/scan", "all"]);
        for pair in [
            "A=b",
            "BUILDKIT_SCAN_depth=2",
            "BUILDKIT_SCAN_DESTINATION=/run/out/",
        ] {
            assert!(meta.env.iter().any(|known| known == pair), "{:?}", meta.env);
        }
        let scanned = exec.mounts.iter().filter_map(|mount| {
            assert!(mount.readonly || !mount.dest.starts_with("/run/src"));
            mount.dest.strip_prefix("/run/src/extras/sbom-")
        });
        assert_eq!(scanned.collect::<Vec<_>>(), extras, "{options:?}");
        assert!(
            exec.mounts
                .iter()
                .any(|mount| mount.dest == "/run/src/core/sbom")
        );
    }
}

#[tokio::test]
async fn a_missing_secret_is_found_in_every_image() {
    let spec = "images:\n  api: {}\n  worker:\n    build:\n      secrets: [licence]\n";
    let bridge = project(spec, 62).on_raw("ReadFile", {
        move |message| {
            let request = msg::ReadFileRequest::decode(message).unwrap();
            let data = match request.file_path.as_str() {
                "Rust.yaml" => spec.into(),
                "Cargo.toml" => MANIFEST.into(),
                "Cargo.lock" => LOCK.into(),
                "cargo.jsonl" => {
                    let words = "failed to load secret licence: secret licence: not found";
                    return Reply::Error(refusal(words));
                }
                path => {
                    let words = format!("open {path}: no such file or directory");
                    return Reply::Error(refusal(&words));
                }
            };
            Reply::Message(msg::ReadFileResponse { data }.encode_to_vec())
        }
    });
    let error = build(&bridge, &[("target", "binary")]).await.error.unwrap();
    assert!(
        error
            .message
            .starts_with("Rust.yaml:5: the build needs the secret `licence`"),
        "{}",
        error.message
    );
}
