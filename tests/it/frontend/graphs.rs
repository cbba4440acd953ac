//! What options and capabilities make of graphs.

use super::*;

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
        let last = image(&bridge);
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
        ("SHOP", vec!["toolchain", "dependencies", "stub", "compile"]),
        ("deps", vec!["toolchain", "dependencies", "stub"]),
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

/// The engine empties the caches of repeated steps for each graph that has them.
#[tokio::test]
async fn what_is_done_anew_is_so_once() {
    let scan = [
        ("attest:sbom", "generator=x/scanner:1"),
        ("build-arg:BUILDKIT_SBOM_SCAN_CONTEXT", "1"),
    ];
    let imports = r#"[{"Type":"registry","Attrs":{"ref":"r/cache"}}]"#;
    for more in [vec![], scan.to_vec(), vec![("cache-imports", imports)]] {
        let bridge = project("image: { base: scratch }\n", 62);
        let config = CONFIG.replace("\"Env\"", "\"Cmd\":[\"scan\"],\"Env\"");
        let bridge = bridge.image("docker.io/x/scanner:1", DIGEST, &config);
        let options = [vec![("no-cache", "")], more].concat();
        result(build(&bridge, &options).await);
        let all = solves(&bridge);
        let mut compiling = all.iter().filter(|solve| !execs(graph(solve)).is_empty());
        let first = compiling.next().unwrap();
        assert!(first.evaluate);
        let ignored = |solve| {
            let all = execs(graph(solve)).into_iter();
            let ignored = all.filter(|(_, _, ignored)| *ignored);
            let names: Vec<String> = ignored.map(|(name, ..)| name).collect();
            names
        };
        assert_eq!(ignored(first).len(), 4, "{:?}", ignored(first));
        for (at, later) in compiling.enumerate() {
            let names = ignored(later);
            let scans = |name: &String| name.contains("generating sbom");
            assert!(names.iter().all(scans), "{at}: {names:?}");
        }
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
    let last = image(&bridge);
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
