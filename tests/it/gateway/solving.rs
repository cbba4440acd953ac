//! Graphs in, references and errors out.

use super::{source, source_with_cap};
use crate::support::bridge::{Bridge, Reply};
use buildkit_proto::errdefs::{self, Detail};
use buildkit_proto::gateway as msg;
use buildkit_proto::pb::Definition;
use buildkit_proto::{Any, Status, caps};
use rust_frontend::gateway::{Environment, Failure, SolveRequest};
use rust_frontend::options::CacheImport;
use std::collections::BTreeMap;

#[tokio::test]
async fn a_graph_becomes_a_reference() {
    let bridge = Bridge::new();
    let gateway = bridge.connect().await.unwrap();
    let import = CacheImport {
        kind: "registry".into(),
        attrs: BTreeMap::from([("ref".into(), "x".into())]),
    };
    let request = SolveRequest {
        definition: source("context"),
        cache_imports: vec![import],
        evaluate: true,
    };
    let solved = gateway.solve(request).await.unwrap();
    assert_eq!(solved.id(), "ref-1");
    let [sent] = bridge
        .calls::<msg::SolveRequest>("Solve")
        .try_into()
        .unwrap();
    assert!(sent.allow_result_return && sent.allow_result_array_ref && sent.evaluate);
    assert_eq!(sent.cache_imports[0].attrs["ref"], "x");
    solved.evaluate().await.unwrap();
    assert_eq!(bridge.methods(), ["Solve", "Evaluate"]);
}

#[tokio::test]
async fn an_empty_filesystem_needs_no_further_call() {
    let bridge = Bridge::new();
    let gateway = bridge.connect().await.unwrap();
    let empty = gateway.solve(Definition::default()).await.unwrap();
    assert_eq!(empty.id(), "");
    empty.evaluate().await.unwrap();
    assert_eq!(empty.try_read_file("a", 1).await.unwrap(), None);
    assert_eq!(bridge.methods(), ["Solve"]);
}

#[tokio::test]
async fn an_engine_that_cannot_evaluate_is_made_to_by_a_look() {
    let bridge = Bridge::new()
        .without(caps::gateway::GATEWAY_SOLVE_EVALUATE, "")
        .without(caps::gateway::GATEWAY_EVALUATE, "")
        .without(caps::gateway::IMPORT_CACHES, "");
    let gateway = bridge.connect().await.unwrap();
    let request = SolveRequest {
        definition: source("context"),
        cache_imports: vec![CacheImport::default()],
        evaluate: true,
    };
    gateway
        .solve(request)
        .await
        .unwrap()
        .evaluate()
        .await
        .unwrap();
    assert_eq!(bridge.methods(), ["Solve", "StatFile", "StatFile"]);
    let [sent] = bridge
        .calls::<msg::SolveRequest>("Solve")
        .try_into()
        .unwrap();
    assert!(!sent.evaluate && sent.cache_imports.is_empty());
}

#[tokio::test]
async fn a_graph_that_needs_too_much_is_not_sent() {
    let bridge = Bridge::new().without("mergeop", "only with the containerd store");
    let environment = Environment {
        product: "docker".into(),
        ..Default::default()
    };
    let gateway = bridge.connect_with(environment).await.unwrap();
    let graph = source_with_cap("context", "mergeop");
    let failure = gateway.solve(graph).await.unwrap_err();
    assert!(matches!(failure, Failure::Missing { .. }));
    assert_eq!(
        failure.to_string(),
        "step `a directory` cannot run: the engine lacks merging filesystems (capability `mergeop`, BuildKit 0.10): \
         only with the containerd store: please update docker"
    );
    assert!(bridge.methods().is_empty());
}

/// What a failing step looks like.
fn failed_step() -> Status {
    let mut status = errdefs::status(
        2,
        "process \"/bin/sh\" did not complete successfully: exit code: 1 – ünïcode\nline two",
        &[
            Detail::Vertex(errdefs::Vertex {
                digest: "sha256:ab".into(),
            }),
            Detail::Source(errdefs::Source::default()),
        ],
    );
    status.details.push(Any {
        type_url: "github.com/moby/buildkit/gatewayapi.ExitMessage+json".into(),
        value: br#"{"Code":1}"#.to_vec(),
    });
    status
}

#[tokio::test]
async fn the_engines_error_comes_back_whole() {
    let bridge = Bridge::new().on_raw("Solve", |_| Reply::Error(failed_step()));
    let gateway = bridge.connect().await.unwrap();
    let failure = gateway.solve(source("context")).await.unwrap_err();
    assert_eq!(failure, Failure::Engine(failed_step()));
    let longer = failure.context("failed to plan").to_status();
    assert!(longer.message.starts_with("failed to plan: process"));
    assert_eq!(longer.details, failed_step().details);
}

/// The spec and the step that failed come with an error, in trailers: as long as they are.
#[tokio::test]
async fn the_engines_error_comes_back_whole_however_long_it_is() {
    for kilobytes in [1, 20, 100, 1000] {
        let mut status = failed_step();
        status.details.push(Any {
            type_url: "github.com/moby/buildkit/errdefs.Solve+json".into(),
            value: vec![b'x'; kilobytes << 10],
        });
        status.message = "m".repeat(kilobytes << 7);
        let answer = status.clone();
        let bridge = Bridge::new().on_raw("Solve", move |_| Reply::Error(answer.clone()));
        let gateway = bridge.connect().await.unwrap();
        let failure = gateway.solve(source("context")).await.unwrap_err();
        assert_eq!(failure, Failure::Engine(status), "{kilobytes} KiB");
    }
}

#[tokio::test]
async fn inputs_come_by_name_or_not_at_all() {
    let bridge = Bridge::new().input("context", source("x"));
    let gateway = bridge.connect().await.unwrap();
    let inputs = gateway.inputs().await.unwrap();
    assert_eq!(inputs["context"], source("x"));

    let old = Bridge::new().without(caps::gateway::FRONTEND_INPUTS, "");
    assert!(
        old.connect()
            .await
            .unwrap()
            .inputs()
            .await
            .unwrap()
            .is_empty()
    );
    assert!(old.methods().is_empty());
}
