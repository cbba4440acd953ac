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

/// The references of a build's base images, and those that were asked for.
async fn bases(spec: &str, options: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let machine = match options.contains(&("platform", "linux/arm64")) {
        true => 183,
        false => 62,
    };
    let bridge = project(spec, machine);
    result(build(&bridge, options).await);
    let name = |identifier: String| {
        let name = identifier.strip_prefix("docker-image://docker.io/library/")?;
        Some(name.split('@').next()?.to_owned())
    };
    let asked = bridge.calls::<msg::ResolveSourceMetaRequest>("ResolveSourceMeta");
    let asked = asked
        .into_iter()
        .map(|call| call.source.unwrap().identifier);
    let mut asked: Vec<_> = asked.filter_map(name).collect();
    let mut used: Vec<_> = sources(graph(&image(&bridge)))
        .into_iter()
        .filter_map(name)
        .collect();
    used.sort();
    asked.sort();
    asked.dedup();
    (used, asked)
}

#[tokio::test]
async fn a_named_context_may_have_the_short_name_of_a_base() {
    let expanded = ("context:debian:trixie-slim", "docker-image://rust:1");
    let alpine = "docker-image://alpine";
    for (base, options) in [
        ("debian", vec![("context:debian", alpine)]),
        ("debian", vec![("context:debian", alpine), expanded]),
        (
            "debian",
            vec![("context:debian::linux/amd64", alpine), expanded],
        ),
        ("debian", vec![("context:debian:trixie-slim", alpine)]),
        ("distroless", vec![("context:distroless", alpine)]),
        ("alpine:latest", vec![("context:alpine", alpine)]),
    ] {
        let spec = format!("image: {{ base: \"{base}\" }}\n");
        let both = ["alpine:latest", "rust:1"].map(str::to_owned).to_vec();
        assert_eq!(
            bases(&spec, &options).await,
            (both.clone(), both),
            "{options:?}"
        );
    }
    // The reference is not the short name.
    let spec = "image: { base: \"debian:trixie-slim\" }\n";
    let (used, _) = bases(spec, &[("context:debian", alpine)]).await;
    assert_eq!(used, ["debian:trixie-slim", "rust:1"]);
}

#[tokio::test]
async fn one_name_may_be_two_images_on_two_platforms() {
    let spec = "build: { base: \"both:1\" }\nimage: { base: \"both:1\" }\n";
    let options = [
        ("platform", "linux/arm64"),
        ("context:both:1::linux/amd64", "docker-image://rust:1"),
        ("context:both:1::linux/arm64", "docker-image://alpine"),
    ];
    let (used, _) = bases(spec, &options).await;
    assert_eq!(used, ["alpine:latest", "rust:1"]);
}

#[tokio::test]
async fn stages_without_a_runtime_image_need_no_base() {
    let spec = "build: { debug-symbols: true }\nimage: { base: no/such }\n";
    for target in ["symbols", "binary", "deps", "test", "clippy", "fmt", "doc"] {
        let (used, asked) = bases(spec, &[("target", target)]).await;
        assert_eq!(
            (used, asked),
            (vec!["rust:1".into()], vec!["rust:1".into()]),
            "{target}"
        );
    }
    for target in ["", "debug"] {
        let options = [("target", target)];
        let error = build(&project(spec, 62), &options).await.error.unwrap();
        assert!(error.message.starts_with("no/such: "), "{}", error.message);
    }
}

#[tokio::test]
async fn a_base_that_is_not_there_is_at_its_line() {
    let spec = "image:\n  base: no/such:1\n";
    for (options, message) in [
        (
            vec![],
            "no/such:1: failed to resolve source metadata for docker.io/no/such:1: ",
        ),
        (
            vec![("context:no/such:1", "docker-image://nor/this:1")],
            "docker.io/nor/this:1: not found",
        ),
    ] {
        let error = build(&project(spec, 62), &options).await.error.unwrap();
        assert!(error.message.starts_with(message), "{}", error.message);
        let [Detail::Source(place)] = &errdefs::details(&error)[..] else {
            panic!("{error:?}")
        };
        assert_eq!(place.ranges[0].start.line, 2);
    }
}

/// An engine whose policy puts other sources in the place of those that are asked for.
fn with_policy(moves: fn(&str) -> String) -> Bridge {
    project("image: { base: moved }\n", 62).on(
        "ResolveSourceMeta",
        move |request: msg::ResolveSourceMetaRequest| {
            let mut source = request.source.unwrap();
            source.identifier = moves(&source.identifier);
            let image = msg::ResolveSourceImageResponse {
                digest: DIGEST.into(),
                config: CONFIG.into(),
                attestation_chain: None,
            };
            let is_image = source.identifier.starts_with("docker-image://");
            Ok(msg::ResolveSourceMetaResponse {
                source: Some(source),
                image: is_image.then_some(image),
                ..Default::default()
            })
        },
    )
}

#[tokio::test]
async fn a_policy_may_put_something_else_in_the_place_of_a_base() {
    let bridge = with_policy(|identifier| match identifier.contains("moved") {
        true => "https://example.org/rootfs".into(),
        false => identifier.into(),
    });
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

/// As a mirror that answers in the place of a registry without internet.
#[tokio::test]
async fn a_policy_may_name_another_repository() {
    let bridge = with_policy(|name| name.replace("docker.io/library/", "mirror.corp/"));
    result(build(&bridge, &[]).await);
    let names = sources(graph(&image(&bridge)));
    for name in ["moved:latest", "rust:1"] {
        let mirrored = format!("docker-image://mirror.corp/{name}@{DIGEST}");
        assert!(names.contains(&mirrored), "{names:?}");
    }
    assert!(
        !names.iter().any(|name| name.contains("docker.io")),
        "{names:?}"
    );
}

/// Whom the image runs as, and whose its volume is, on a base of some user.
async fn user_on(base_user: &str, spec: &str) -> (String, String) {
    let config = CONFIG.replace("\"Env\"", &format!("\"User\":\"{base_user}\",\"Env\""));
    let spec = format!("image: {{ base: ours, volumes: /data{spec} }}\n");
    let bridge = project(&spec, 62).image("docker.io/library/ours:latest", DIGEST, &config);
    let (_, metadata) = result(build(&bridge, &[]).await);
    let made: serde_json::Value = serde_json::from_str(&metadata["containerimage.config"]).unwrap();
    let user = made["config"]["User"].as_str().unwrap().to_owned();
    let all = image(&bridge);
    let ops = graph(&all).def.iter();
    let ops = ops.map(|bytes| pb::Op::decode(bytes.as_slice()).unwrap().op);
    let files = ops.filter_map(|op| match op {
        Some(pb::op::Op::File(file)) => Some(file.actions),
        _ => None,
    });
    let mut owners = files.flatten().filter_map(|action| match action.action {
        Some(pb::file_action::Action::Mkdir(dir)) if dir.path == "/data" => Some(dir.owner),
        _ => None,
    });
    let owner = owners.next().expect("the volume is made");
    let id = |side: Option<pb::UserOpt>| match side.and_then(|side| side.user) {
        Some(pb::user_opt::User::ById(id)) => id.to_string(),
        Some(pb::user_opt::User::ByName(name)) => name.name,
        None => String::new(),
    };
    let owner = owner.map(|owner| [id(owner.user), id(owner.group)].join(":"));
    (user, owner.unwrap_or_default())
}

#[tokio::test]
async fn a_base_keeps_its_user_unless_that_is_root() {
    let own = ("65532".to_owned(), "65532:65532".to_owned());
    for root in ["", "0", "root", "0:0", "root:root"] {
        assert_eq!(user_on(root, "").await, own, "{root}");
    }
    let kept = |user: &str, owner: &str| (user.to_owned(), owner.to_owned());
    assert_eq!(user_on("1001", "").await, kept("1001", "1001:1001"));
    assert_eq!(user_on("1001:0", "").await, kept("1001:0", "1001:0"));
    assert_eq!(user_on("nginx", "").await.0, "nginx");
    assert_eq!(user_on("1001", ", user: 7").await, kept("7", "7:7"));
    assert_eq!(user_on("1001", ", user: root").await, kept("root", ""));
}
