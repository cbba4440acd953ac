//! The end of a build: once, never empty, never code 0.

use super::source;
use crate::support::bridge::{Bridge, Reply, refusal};
use buildkit_proto::errdefs::{self, Detail};
use buildkit_proto::gateway::{self as msg, result::Result as Kind};
use buildkit_proto::{Status, caps};
use rust_frontend::diagnostic::Diagnostic;
use rust_frontend::gateway::{Attestation, Failure, Gateway, Output, Refs, Warning, serve};
use rust_frontend::source::{SourceFile, Span};
use std::collections::BTreeMap;

/// What the engine gets from a build that ends so.
async fn outcome(
    bridge: &Bridge,
    build: impl AsyncFnOnce(Gateway) -> Result<Output, Failure>,
) -> msg::ReturnRequest {
    let gateway = bridge.connect().await.unwrap();
    let _ = serve(&gateway, build).await;
    bridge.returned()
}

#[tokio::test]
async fn one_platform_or_several() {
    let bridge = Bridge::new();
    let request = outcome(&bridge, async |gateway: Gateway| {
        let reference = gateway.solve(source("context")).await?;
        Ok(Output {
            refs: Refs::Single(reference),
            metadata: BTreeMap::from([("containerimage.config".into(), b"{}".to_vec())]),
            ..Output::default()
        })
    })
    .await;
    let result = request.result.unwrap();
    assert_eq!(result.metadata["containerimage.config"], b"{}");
    assert!(matches!(result.result, Some(Kind::Ref(made)) if made.id == "ref-1"));
    assert_eq!(request.error, None);

    let bridge = Bridge::new().without(caps::gateway::REFERENCE_ATTESTATIONS, "");
    for attests in [false, true] {
        let bridge = if attests {
            Bridge::new()
        } else {
            bridge.clone()
        };
        let request = outcome(&bridge, async |gateway: Gateway| {
            let reference = gateway.solve(source("context")).await?;
            let attestation = Attestation {
                metadata: BTreeMap::new(),
                reference: reference.clone(),
                path: "/".into(),
                predicate_type: "https://spdx.dev/Document".into(),
            };
            Ok(Output {
                refs: Refs::Map(BTreeMap::from([("linux/amd64".into(), reference)])),
                attestations: BTreeMap::from([("linux/amd64".into(), vec![attestation])]),
                ..Output::default()
            })
        })
        .await;
        let result = request.result.unwrap();
        assert_eq!(result.attestations.len(), usize::from(attests));
        assert!(matches!(result.result, Some(Kind::Refs(made)) if made.refs.len() == 1));
    }
}

#[tokio::test]
async fn metadata_alone_still_is_a_result() {
    let request = outcome(&Bridge::new(), async |_| Ok(Output::default())).await;
    assert!(matches!(request.result.unwrap().result, Some(Kind::Ref(made)) if made.id.is_empty()));

    let old = Bridge::new().without(caps::gateway::PROTO_REFARRAY, "");
    let request = outcome(&old, async |_| Ok(Output::default())).await;
    assert!(matches!(
        request.result.unwrap().result,
        Some(Kind::RefDeprecated(_))
    ));
}

#[tokio::test]
async fn a_mistake_is_returned_with_its_lines() {
    let request = outcome(&Bridge::new(), async |_| {
        let file = SourceFile::new("Rust.yaml", "a: 1\nbb: 2\n");
        let wrong = Diagnostic::error("unknown-key", "unknown key `bb`");
        Err(wrong.at(file.at(Span::new(5, 7))).into())
    })
    .await;
    assert_eq!(request.result, None);
    let error = request.error.unwrap();
    assert_eq!(
        (error.code, error.message.as_str()),
        (2, "Rust.yaml:2: unknown key `bb`")
    );
    let details = errdefs::details(&error);
    let [Detail::Source(place)] = details.as_slice() else {
        panic!("{details:?}")
    };
    let info = place.info.as_ref().unwrap();
    assert_eq!(
        (info.language.as_str(), info.data.as_slice()),
        ("YAML", &b"a: 1\nbb: 2\n"[..])
    );
    let [range] = place.ranges.as_slice() else {
        panic!("{place:?}")
    };
    assert_eq!(
        (range.start.line, range.end.line, range.end.character),
        (2, 2, 2)
    );
}

#[tokio::test]
async fn an_engine_error_is_handed_back_and_never_with_code_zero() {
    let status = errdefs::status(8, "m", &[Detail::Vertex(errdefs::Vertex::default())]);
    let given = status.clone();
    let request = outcome(&Bridge::new(), async |_| Err(Failure::Engine(given))).await;
    assert_eq!(request.error, Some(status));

    let request = outcome(&Bridge::new(), async |_| {
        Err(Failure::Engine(Status::default()))
    })
    .await;
    assert_eq!(request.error.unwrap().code, 2);
}

#[tokio::test]
async fn unsupported_questions_are_typed() {
    let ask = async |_| Err(Failure::Subrequest("frontend.x".into()));
    let error = outcome(&Bridge::new(), ask).await.error.unwrap();
    assert!(error.message.contains("subrequests.describe"));
    assert!(
        matches!(&errdefs::details(&error)[..], [Detail::Subrequest(s)] if s.name == "frontend.x")
    );

    let ask = async |_| Err(Failure::FrontendCap("y".into()));
    let error = outcome(&Bridge::new(), ask).await.error.unwrap();
    assert_eq!(error.code, 12);
    assert!(matches!(&errdefs::details(&error)[..], [Detail::FrontendCap(c)] if c.name == "y"));
}

#[tokio::test]
async fn nothing_is_returned_twice_even_if_the_engine_refused() {
    let bridge = Bridge::new().on_raw("Return", |_| Reply::Error(refusal("bad ref")));
    let gateway = bridge.connect().await.unwrap();
    let failure = serve(&gateway, async |_| Ok(Output::default()))
        .await
        .unwrap_err();
    assert_eq!(failure.to_string(), "bad ref");
    let again = gateway.return_error(&failure).await.unwrap_err();
    assert!(matches!(again, Failure::Internal(_)));
    bridge.returned();
}

#[tokio::test]
async fn warnings_are_shown_if_they_can_be() {
    let file = SourceFile::new("Rust.yaml", "a: 1\n");
    let diagnostic = Diagnostic::warning("unpinned-base", "the base has no digest")
        .at(file.at(Span::new(0, 1)))
        .help("pin it");
    let warning = Warning {
        diagnostic: &diagnostic,
        vertex: "sha256:ab",
        definition: "Rust.yaml",
        url: "https://x/y",
    };
    let bridge = Bridge::new().on_raw("Warn", |_| Reply::Error(refusal("no")));
    bridge.connect().await.unwrap().warn(warning.clone()).await;
    let [sent] = bridge.calls::<msg::WarnRequest>("Warn").try_into().unwrap();
    let text = String::from_utf8(sent.short).unwrap();
    assert_eq!(
        text,
        "unpinned-base: the base has no digest (line 1): pin it"
    );
    assert_eq!(
        (sent.level, sent.digest.as_str(), sent.detail.len()),
        (1, "sha256:ab", 0)
    );
    let elsewhere = Warning {
        definition: "deploy/Rust.yaml",
        ..warning.clone()
    };
    bridge.connect().await.unwrap().warn(elsewhere).await;
    let short = bridge
        .calls::<msg::WarnRequest>("Warn")
        .pop()
        .unwrap()
        .short;
    assert!(short.ends_with(b" (Rust.yaml, line 1): pin it"));
    assert!(sent.ranges[0].start.is_some() && sent.ranges[0].end.is_some());

    let old = Bridge::new().without(caps::gateway::GATEWAY_WARNINGS, "");
    old.connect().await.unwrap().warn(warning).await;
    assert!(old.methods().is_empty());
}
