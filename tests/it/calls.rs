//! Questions that clients ask instead of a build: what goes over the wire.

use crate::frontend::{CONFIG, DIGEST, REPORT, elf, execs, graph, solves};
use crate::support::bridge::Bridge;
use buildkit_proto::errdefs::{self, Detail};
use buildkit_proto::gateway::{self as msg, result::Result as Kind};
use rust_frontend::calls::CALLS;
use rust_frontend::frontend;
use rust_frontend::gateway::{Environment, Worker, serve};
use rust_frontend::platform::Platform;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
    description = \"Sells things\"\n";
const LOCK: &str = "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n";

/// An engine with a project.
fn project(spec: &str) -> Bridge {
    Bridge::new()
        .file_of("local://dockerfile", "Rust.yaml", spec)
        .file_of("local://context", "Cargo.toml", MANIFEST)
        .file_of("local://context", "Cargo.lock", LOCK)
        .file_of("local://context", "src/main.rs", "fn main() {}\n")
}

/// An engine with a project that can be built: it knows the images, and every step that compiles succeeds.
fn buildable(spec: &str) -> Bridge {
    let mut bridge = project(spec);
    for source in ["", "local://context"] {
        bridge = bridge
            .file_of(source, "cargo.jsonl", REPORT)
            .file_of(source, "shop", elf(62));
    }
    for name in ["rust:1", "alpine:latest"] {
        bridge = bridge.image(&format!("docker.io/library/{name}"), DIGEST, CONFIG);
    }
    bridge
}

/// What the engine gets for a question. No image is ever looked up, and nothing runs.
async fn ask(bridge: &Bridge, options: &[(&str, &str)]) -> msg::ReturnRequest {
    let pairs = options.iter().map(|(k, v)| ((*k).into(), (*v).into()));
    let environment = Environment {
        options: pairs.collect(),
        session_id: "s1".into(),
        ..Default::default()
    };
    let gateway = bridge.connect_with(environment).await.unwrap();
    let _ = serve(&gateway, frontend::build).await;
    for method in bridge.methods() {
        assert!(!method.starts_with("Resolve"), "{method}");
    }
    for solve in solves(bridge) {
        let processes = execs(graph(&solve)).into_iter().map(|(name, ..)| name);
        assert_eq!(processes.collect::<Vec<_>>(), [""; 0]);
    }
    bridge.returned()
}

/// The metadata of an answer without files.
fn metadata(request: msg::ReturnRequest) -> BTreeMap<String, String> {
    assert_eq!(request.error, None);
    let result = request.result.unwrap();
    assert!(matches!(result.result, Some(Kind::Ref(made)) if made.id.is_empty()));
    let text = |(key, value)| (key, String::from_utf8(value).unwrap());
    result.metadata.into_iter().map(text).collect()
}

/// JSON, text and exit code of a question about a spec.
async fn answer(spec: &str, request: &str) -> (Value, String, Option<String>) {
    let mut metadata = metadata(ask(&project(spec), &[("requestid", request)]).await);
    assert_eq!(metadata["version"], "1.0.0");
    let json = serde_json::from_str(&metadata["result.json"]).unwrap();
    let status = metadata.remove("result.statuscode");
    (json, metadata["result.txt"].clone(), status)
}

#[tokio::test]
async fn describe_lists_every_question() {
    let (json, text, status) = answer("", "frontend.subrequests.describe").await;
    let names = json
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap());
    let names: Vec<&str> = names.collect();
    assert_eq!(names, CALLS.map(|call| call.name));
    assert!(
        json.as_array()
            .unwrap()
            .iter()
            .all(|one| one["type"] == "rpc")
    );
    assert!(text.starts_with("NAME"), "{text}");
    assert!(text.contains("\nlint "), "{text}");
    assert_eq!(status, None);
    // Those that plan look at base images.
    let plans = ["plan", "graph", "explain", "dockerfile"];
    let plans = plans.map(|name| format!("frontend.{name}"));
    for name in names {
        if plans.iter().any(|one| one == name) {
            continue;
        }
        let request = ask(&project(""), &[("requestid", name)]).await;
        assert_eq!(request.error, None, "{name}");
    }
}

#[tokio::test]
async fn init_names_the_frontend_that_it_was_asked_with() {
    let request = ("requestid", "frontend.init");
    for (source, line) in [
        ("", "# syntax=org/rust-frontend:1\n"),
        (
            "registry.example.com/rust:2",
            "# syntax=registry.example.com/rust:2\n",
        ),
    ] {
        let asked = ask(&project(""), &[request, ("source", source)]).await;
        assert_eq!(metadata(asked)["result.txt"], line);
    }
}

#[tokio::test]
async fn an_unknown_question_is_refused_by_its_name() {
    let request = ask(&project(""), &[("requestid", "frontend.x")]).await;
    let status = request.error.unwrap();
    assert!(
        status.message.contains("subrequests.describe"),
        "{status:?}"
    );
    let expected = errdefs::Subrequest {
        name: "frontend.x".into(),
    };
    assert_eq!(errdefs::details(&status), [Detail::Subrequest(expected)]);
}

#[tokio::test]
async fn a_check_without_findings_passes() {
    let (json, text, status) = answer("image: { base: scratch }\n", "frontend.lint").await;
    assert_eq!(json["warnings"], json!([]));
    assert_eq!(json.get("buildError"), None);
    assert_eq!(json["sources"][0]["filename"], "Rust.yaml");
    assert_eq!(
        json["sources"][0]["data"],
        "aW1hZ2U6IHsgYmFzZTogc2NyYXRjaCB9Cg=="
    );
    assert_eq!((text.as_str(), status.as_deref()), ("", Some("0")));
}

#[tokio::test]
async fn a_check_has_findings_with_places() {
    let (json, text, status) = answer("image:\n  user: root\n", "frontend.lint").await;
    let url = "https://github.com/org/rust-frontend/blob/main/docs/lint/root-user.md";
    assert_eq!(
        json["warnings"],
        json!([{
            "ruleName": "root-user",
            "description": "A program that does not run as root cannot change the image that it runs in",
            "url": url,
            "detail": "the program runs as root: remove `user`: the default is 65532, without privileges",
            "location": { "ranges": [{
                "start": { "line": 2, "character": 8 },
                "end": { "line": 2, "character": 12 },
            }] },
        }])
    );
    assert_eq!(status.as_deref(), Some("1"));
    assert_eq!(
        text,
        format!(
            "\nWARNING: root-user - {url}\nthe program runs as root: remove `user`: the default is \
             65532, without privileges\nRust.yaml:2\n--------------------\n   1 |     image:\n   2 | \
             >>>   user: root\n   3 |     \n--------------------\n"
        )
    );
}

#[tokio::test]
async fn what_stops_a_build_is_part_of_a_check() {
    for (spec, message, line) in [
        ("image:\n  bsae: scratch\n", "`image:` has no key `bsae`", 2),
        (
            "build:\n  package: x\nimage: { user: root }\n",
            "no package `x`",
            2,
        ),
        ("# check=nonsense\n", "invalid check option", 1),
        (
            "build:\n  target: aarch64-unknown-linux-musl\n",
            "the image is for linux/amd64, but this target is not: write `target: musl`",
            2,
        ),
        (
            "image: { base: scratch }\nbuild: { target: mips64el-unknown-linux-gnuabi64 }\n",
            "there is no linker for `mips64el-unknown-linux-gnuabi64`",
            2,
        ),
    ] {
        let (json, text, status) = answer(spec, "frontend.lint").await;
        let error = &json["buildError"];
        assert!(
            error["message"].as_str().unwrap().contains(message),
            "{error}"
        );
        assert_eq!(
            error["location"]["ranges"][0]["start"]["line"], line,
            "{error}"
        );
        assert!(text.contains("\nError: Rust.yaml:"), "{text}");
        assert_eq!(status.as_deref(), Some("1"));
    }
    // What is found beside it is said, too.
    let (json, ..) = answer(
        "build:\n  package: x\nimage: { user: root }\n",
        "frontend.lint",
    )
    .await;
    assert_eq!(json["warnings"][0]["ruleName"], "root-user");
    // A place in another file is an index of a file that is there.
    let bridge = Bridge::new()
        .file_of("local://dockerfile", "Rust.yaml", "")
        .file_of("local://context", "Cargo.toml", "[package\n");
    let found = metadata(ask(&bridge, &[("requestid", "frontend.lint")]).await);
    let json: Value = serde_json::from_str(&found["result.json"]).unwrap();
    assert_eq!(json["buildError"]["location"]["sourceIndex"], 1);
    assert_eq!(json["sources"][1]["filename"], "Cargo.toml");
}

#[tokio::test]
async fn a_check_is_of_the_target_if_there_is_one() {
    let spec = "images:\n  a: {}\n  b: { build: { package: x } }\n";
    for (target, errors) in [
        (None, true),
        (Some("a"), false),
        (Some("b"), true),
        (Some("c"), true),
    ] {
        let mut options = vec![("requestid", "frontend.lint")];
        options.extend(target.map(|name| ("target", name)));
        let found = metadata(ask(&project(spec), &options).await);
        let json: Value = serde_json::from_str(&found["result.json"]).unwrap();
        assert_eq!(
            json.get("buildError").is_some(),
            errors,
            "{target:?}: {json}"
        );
    }
}

#[tokio::test]
async fn targets_are_images_and_common_stages() {
    let (json, text, _) = answer("", "frontend.targets").await;
    let first = &json["targets"][0];
    assert_eq!(first["default"], true);
    assert_eq!(first["description"], "shop on alpine: Sells things");
    assert_eq!(first.get("name"), None);
    assert_eq!(first["location"]["ranges"][0]["start"]["line"], 1);
    let names: Vec<&str> = (1..4)
        .filter_map(|at| json["targets"][at]["name"].as_str())
        .collect();
    assert_eq!(names, ["debug", "binary", "deps"]);
    assert_eq!(json["sources"], json!([""]));
    assert!(text.contains("\n(default)  shop on alpine"), "{text}");

    let spec = "build: { debug-symbols: true }\nimages:\n  api: {}\n  worker: { image: { base: scratch } }\n";
    let (json, text, _) = answer(spec, "frontend.targets").await;
    assert_eq!(json["targets"][1]["name"], "worker");
    assert_eq!(json["targets"][1]["base"], "scratch");
    assert_eq!(
        json["targets"][1]["location"]["ranges"][0]["start"]["line"],
        4
    );
    assert_eq!(json["targets"][5]["name"], "worker-symbols");
    assert!(text.contains("\nworker  "), "{text}");
}

#[tokio::test]
async fn the_outline_has_what_a_build_takes() {
    let spec = "args:\n  REVISION: unknown\nbuild:\n  secrets: [npm_token]\n  ssh: [default]\n\
        image: { labels: { revision: \"${REVISION}\" } }\n";
    let options = [
        ("requestid", "frontend.outline"),
        ("build-arg:REVISION", "1f2e3d"),
    ];
    // Only a step that fetches has secrets and agents, and only a project with crates fetches.
    let lock = format!(
        "{LOCK}dependencies = [\"log\"]\n\n[[package]]\nname = \"log\"\nversion = \"0.4.28\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
    );
    let manifest = format!("{MANIFEST}\n[dependencies]\nlog = \"0.4\"\n");
    let bridge = project(spec)
        .file_of("local://context", "Cargo.toml", manifest)
        .file_of("local://context", "Cargo.lock", lock);
    let found = metadata(ask(&bridge, &options).await);
    let json: Value = serde_json::from_str(&found["result.json"]).unwrap();
    assert_eq!(json["description"], "shop on alpine: Sells things");
    assert_eq!(json["args"][0]["name"], "REVISION");
    assert_eq!(json["args"][0]["value"], "1f2e3d");
    assert_eq!(json["args"][0]["location"]["ranges"][0]["start"]["line"], 2);
    assert_eq!(json["secrets"][0]["name"], "npm_token");
    assert_eq!(
        json["secrets"][0]["location"]["ranges"][0]["start"]["line"],
        4
    );
    assert_eq!(json["ssh"][0]["name"], "default");
    assert!(json["cache"][0]["ID"].as_str().unwrap().contains("crates"));
    let text = &found["result.txt"];
    for part in [
        "BUILD ARG  VALUE   DESCRIPTION\nREVISION   1f2e3d\n",
        "SECRET",
        "SSH",
        "CACHE MOUNT",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn a_build_warns_or_fails_as_the_spec_says() {
    let warned = |bridge: &Bridge| {
        let warnings = bridge.calls::<msg::WarnRequest>("Warn");
        let shown = |one: &msg::WarnRequest| {
            assert!(one.url.ends_with("/root-user.md"), "{}", one.url);
            String::from_utf8(one.short.clone()).unwrap()
        };
        warnings.iter().map(shown).collect::<Vec<_>>()
    };
    const FOUND: &str = "root-user: the program runs as root (line 2): remove `user`: the default is 65532, without \
        privileges";
    const REFUSED: &str = "Rust.yaml:2: lint violation found for rules: root-user";
    for (spec, arg, warnings, refused) in [
        ("image:\n  user: root\n", "", 1, false),
        ("image:\n  user: root\n", "error=true", 1, true),
        (
            "image:\n  user: root\n",
            "skip=RootUser;error=true",
            0,
            false,
        ),
        ("image:\n  user: root\nlint: { error: true }\n", "", 1, true),
        (
            "image:\n  user: root\nlint: { skip: [root-user] }\n",
            "",
            0,
            false,
        ),
    ] {
        let bridge = buildable(spec);
        let mut options = vec![];
        if !arg.is_empty() {
            options.push(("build-arg:BUILDKIT_DOCKERFILE_CHECK", arg));
        }
        let pairs = options.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        let environment = Environment {
            options: pairs.collect(),
            workers: vec![Worker {
                platforms: vec![Platform::linux("amd64")],
                ..Worker::default()
            }],
            ..Default::default()
        };
        let gateway = bridge.connect_with(environment).await.unwrap();
        let _ = serve(&gateway, frontend::build).await;
        assert_eq!(warned(&bridge), vec![FOUND; warnings], "{spec} {arg}");
        let error = bridge.returned().error;
        assert_eq!(
            error.map(|error| error.message),
            refused.then(|| REFUSED.to_owned()),
            "{spec} {arg}"
        );
    }
}
