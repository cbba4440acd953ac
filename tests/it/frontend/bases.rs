//! Base images: those that are there, replaced, moved or missing; and secrets that are.

use super::*;

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
    let last = image(&bridge);
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
