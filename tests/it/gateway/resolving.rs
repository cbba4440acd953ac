//! Images and other sources by name.

use crate::support::bridge::{Bridge, refusal};
use buildkit_proto::{caps, gateway as msg, pb};
use rust_frontend::gateway::{OciStore, ResolveImage, Resolved, ResolvedImage};
use rust_frontend::options::ResolveMode;
use rust_frontend::platform::Platform;
use std::collections::BTreeMap;

const ALPINE: &str = "docker.io/library/alpine:3";

fn alpine() -> ResolveImage {
    ResolveImage {
        reference: ALPINE.into(),
        platform: Some(Platform::linux("arm64")),
        mode: ResolveMode::Pull,
        log_name: "[internal] load metadata for alpine".into(),
        layout: None,
    }
}

fn found(digest: Option<&str>) -> Resolved {
    Resolved::Image(ResolvedImage {
        reference: ALPINE.into(),
        digest: digest.map(str::to_owned),
        config: b"{}".to_vec(),
    })
}

#[tokio::test]
async fn an_image_is_asked_for_once() {
    let bridge = Bridge::new().image(ALPINE, "sha256:1", "{}");
    let gateway = bridge.connect().await.unwrap();
    let request = alpine();
    let (one, two) = tokio::join!(
        gateway.resolve_image(&request),
        gateway.resolve_image(&request)
    );
    assert_eq!(one.unwrap(), found(Some("sha256:1")));
    assert_eq!(two.unwrap(), found(Some("sha256:1")));
    let [sent] = bridge
        .calls::<msg::ResolveSourceMetaRequest>("ResolveSourceMeta")
        .try_into()
        .unwrap();
    assert_eq!(
        sent.source.unwrap().identifier,
        format!("docker-image://{ALPINE}")
    );
    assert_eq!(sent.platform.unwrap().architecture, "arm64");
    assert_eq!(sent.resolve_mode, "pull");
}

#[tokio::test]
async fn an_older_engine_is_asked_the_older_way() {
    let bridge = Bridge::new()
        .without(caps::gateway::SOURCE_METARESOLVER, "")
        .image(ALPINE, "", "{}");
    let gateway = bridge.connect().await.unwrap();
    // Classic dockerd knows images that have no digest.
    assert_eq!(gateway.resolve_image(&alpine()).await.unwrap(), found(None));
    let layout = ResolveImage {
        layout: Some(OciStore {
            session: "s".into(),
            store: "t".into(),
        }),
        ..alpine()
    };
    gateway.resolve_image(&layout).await.unwrap();
    let sent = bridge.calls::<msg::ResolveImageConfigRequest>("ResolveImageConfig");
    assert_eq!((sent[0].resolver_type, sent[1].resolver_type), (0, 1));
    assert_eq!(
        (sent[1].session_id.as_str(), sent[1].store_id.as_str()),
        ("s", "t")
    );
}

#[tokio::test]
async fn a_layout_of_the_client_is_named_in_attributes() {
    let bridge = Bridge::new().image(ALPINE, "sha256:1", "{}");
    let gateway = bridge.connect().await.unwrap();
    let store = OciStore {
        session: "s".into(),
        store: "t".into(),
    };
    let request = ResolveImage {
        layout: Some(store),
        ..alpine()
    };
    gateway.resolve_image(&request).await.unwrap();
    let [sent] = bridge
        .calls::<msg::ResolveSourceMetaRequest>("ResolveSourceMeta")
        .try_into()
        .unwrap();
    let source = sent.source.unwrap();
    assert_eq!(source.identifier, format!("oci-layout://{ALPINE}"));
    assert_eq!(source.attrs["oci.session"], "s");
    assert_eq!(source.attrs["oci.store"], "t");
}

#[tokio::test]
async fn errors_are_remembered_and_policies_obeyed() {
    let bridge = Bridge::new();
    let gateway = bridge.connect().await.unwrap();
    for _ in 0..2 {
        let failure = gateway.resolve_image(&alpine()).await.unwrap_err();
        assert_eq!(failure.to_string(), format!("{ALPINE}: not found"));
    }
    assert_eq!(bridge.methods().len(), 1);

    let bridge = Bridge::new().on("ResolveSourceMeta", |_: msg::ResolveSourceMetaRequest| {
        Ok(msg::ResolveSourceMetaResponse {
            source: Some(pb::SourceOp {
                identifier: "https://mirror/rootfs.tar".into(),
                attrs: BTreeMap::new(),
            }),
            ..Default::default()
        })
    });
    let resolved = bridge
        .connect()
        .await
        .unwrap()
        .resolve_image(&alpine())
        .await
        .unwrap();
    let other = Resolved::Other {
        identifier: "https://mirror/rootfs.tar".into(),
        attrs: BTreeMap::new(),
    };
    assert_eq!(resolved, other);
}

#[tokio::test]
async fn a_repository_tells_its_commit() {
    let bridge = Bridge::new().on(
        "ResolveSourceMeta",
        |request: msg::ResolveSourceMetaRequest| {
            let asked = request.git.ok_or_else(|| refusal("no object wanted"))?;
            assert!(asked.return_object);
            Ok(msg::ResolveSourceMetaResponse {
                source: request.source,
                git: Some(msg::ResolveSourceGitResponse {
                    checksum: "tag".into(),
                    commit_checksum: "commit".into(),
                    commit_object: b"tree".to_vec(),
                    ..Default::default()
                }),
                ..Default::default()
            })
        },
    );
    let gateway = bridge.connect().await.unwrap();
    let source = pb::SourceOp {
        identifier: "git://h/a.git".into(),
        attrs: BTreeMap::new(),
    };
    let meta = gateway.resolve_source(source, "x", true).await.unwrap();
    assert_eq!(meta.git.unwrap().checksum, "commit");
    assert_eq!(
        (meta.identifier.as_str(), meta.image),
        ("git://h/a.git", None)
    );
}
