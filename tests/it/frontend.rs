//! Whole builds against a scripted engine: what options and capabilities make of graphs and results.

mod bases;
mod crates;
mod graphs;
mod platforms;
mod results;

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
pub(crate) const REPORT: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///work#shop@0.1.0","target":{"name":"shop","kind":["bin"]},"fresh":false}"#;
pub(crate) const CONFIG: &str =
    r#"{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/bin"]}}"#;
pub(crate) const DIGEST: &str =
    "sha256:11112222333344445555666677778888111122223333444455556666777788aa";

/// The head of a static executable of a processor.
pub(crate) fn elf(machine: u8) -> Vec<u8> {
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
    bridge.returned()
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

pub(crate) fn solves(bridge: &Bridge) -> Vec<msg::SolveRequest> {
    bridge.calls::<msg::SolveRequest>("Solve")
}

/// The graph of the image, which has all steps; others are solved at the same time.
fn image(bridge: &Bridge) -> msg::SolveRequest {
    let largest = |solve: &msg::SolveRequest| graph(solve).def.len();
    solves(bridge).into_iter().max_by_key(largest).unwrap()
}

pub(crate) fn graph(solve: &msg::SolveRequest) -> &Definition {
    solve.definition.as_ref().unwrap()
}

/// The processes of a graph by their names in the progress.
pub(crate) fn execs(definition: &Definition) -> Vec<(String, pb::ExecOp, bool)> {
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
