//! What is said of images: histories, times, lists of what is in them.

use super::*;

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
    let spec = "image: { base: scratch, labels: { made: \"${SOURCE_DATE_EPOCH}\" } }\n";
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
        assert_eq!(config["config"]["Labels"]["made"], "1700000000");
        let told = metadata.get("source.date.epoch").map(String::as_str);
        assert_eq!(told, derived.then_some("1700000000"), "{options:?}");
    }
}

/// As with the official frontend.
#[tokio::test]
async fn what_has_no_time_of_its_own_leaves_the_epoch_unset() {
    let untold = ("context", "https://example.org/shop.git");
    for (epoch, context) in [
        ("context", ("target", "")),
        ("code", ("context:code", "local:code")),
        ("code", ("context:code", "docker-image://rust:1")),
        ("context", untold),
    ] {
        let bridge = project("image: { base: scratch }\n", 62);
        let bridge = match context == untold {
            // Before BuildKit 0.26.
            true => bridge.on(
                "ResolveSourceMeta",
                |request: msg::ResolveSourceMetaRequest| {
                    Ok(msg::ResolveSourceMetaResponse {
                        source: request.source,
                        image: Some(msg::ResolveSourceImageResponse {
                            digest: DIGEST.into(),
                            config: CONFIG.into(),
                            attestation_chain: None,
                        }),
                        ..Default::default()
                    })
                },
            ),
            false => bridge,
        };
        let options = [("build-arg:SOURCE_DATE_EPOCH", epoch), context];
        let (_, metadata) = result(build(&bridge, &options).await);
        assert_eq!(metadata.get("source.date.epoch"), None, "{context:?}");
        let config: serde_json::Value =
            serde_json::from_str(&metadata["containerimage.config"]).unwrap();
        let history = config["history"].as_array().unwrap();
        assert!(
            history.iter().all(|entry| entry.get("created").is_none()),
            "{history:?}"
        );
    }
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
            "layer: /tmp, user",
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

const SCANNER: &str = r#"{"architecture":"amd64","os":"linux","config":{"Env":["A=b"],"Entrypoint":["/scan"],"Cmd":["all"]}}"#;

/// What a graph has of the build context.
fn contexts(definition: &Definition) -> Vec<BTreeMap<String, String>> {
    let ops = definition.def.iter();
    let ops = ops.map(|bytes| pb::Op::decode(bytes.as_slice()).unwrap().op);
    ops.filter_map(|op| match op {
        Some(pb::op::Op::Source(source)) if source.identifier == "local://context" => {
            Some(source.attrs)
        }
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
        let last = image(&bridge);
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
        // The build context is sent once, as it is compiled.
        assert_eq!(contexts(graph(&last)).len(), 1, "{options:?}");
        assert!(
            exec.mounts
                .iter()
                .any(|mount| mount.dest == "/run/src/core/sbom")
        );
    }
}
