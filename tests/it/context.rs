//! Contexts of every kind against a scripted engine.

use crate::support::bridge::{Bridge, refusal};
use buildkit_llb::{self as llb, Meta};
use buildkit_proto::errdefs::{self, Detail};
use buildkit_proto::pb::{self, Definition};
use buildkit_proto::{Message as _, caps, gateway as msg};
use rust_frontend::context::{Context, Named};
use rust_frontend::gateway::{Environment, Failure, Gateway};
use rust_frontend::options::Options;
use rust_frontend::platform::Platform;

/// An engine, what was asked of it, and the context that came out.
async fn load(bridge: &Bridge, options: &[(&str, &str)]) -> Result<(Gateway, Context), Failure> {
    let pairs = options.iter().map(|(k, v)| ((*k).into(), (*v).into()));
    let environment = Environment {
        options: pairs.collect(),
        session_id: "s1".into(),
        ..Default::default()
    };
    let options = Options::read(&environment.options)?;
    let gateway = bridge.connect_with(environment).await?;
    let context = Context::load(&gateway, &options).await?;
    Ok((gateway, context))
}

/// The sources of a graph: identifier and attributes, one a line, each with its name in progress.
fn shown(definition: &Definition) -> String {
    assert_eq!(llb::verify(definition), []);
    let mut lines = Vec::new();
    for bytes in &definition.def {
        let name = definition.metadata.get(llb::Digest::of(bytes).as_str());
        let name = name.and_then(|meta| meta.description.get("llb.customname"));
        match pb::Op::decode(bytes.as_slice()).unwrap().op {
            Some(pb::op::Op::Source(source)) => {
                let attrs: Vec<String> = source
                    .attrs
                    .iter()
                    .map(|(k, v)| format!("{k}={v}"))
                    .collect();
                lines.push(format!(
                    "{} | {} | {}",
                    name.unwrap(),
                    source.identifier,
                    attrs.join(" ")
                ));
            }
            Some(pb::op::Op::File(_)) => lines.push(name.unwrap().clone()),
            _ => {}
        }
    }
    lines.join("\n")
}

/// The graphs that the engine was given so far.
fn solved(bridge: &Bridge) -> Vec<String> {
    let calls = bridge.calls::<msg::SolveRequest>("Solve");
    let graphs = calls.iter().map(|call| call.definition.as_ref().unwrap());
    graphs.map(shown).collect()
}

fn graph(state: &llb::State) -> String {
    shown(&llb::marshal(state, &llb::MarshalOptions::default()).unwrap())
}

const DEFINITION: &str = "[internal] load build definition from Rust.yaml | local://dockerfile | \
    local.differ=none local.followpaths=[\"Rust.yaml\",\"Rust.yaml.dockerignore\"] \
    local.session=s1 local.sharedkeyhint=dockerfile";
const IGNORE: &str = "[internal] load .dockerignore | local://context | local.differ=none \
    local.followpaths=[\".dockerignore\"] local.session=s1 \
    local.sharedkeyhint=context-.dockerignore";

#[tokio::test]
async fn a_local_context() {
    let bridge = Bridge::new()
        .file_of("local://dockerfile", "Rust.yaml", "a: 1")
        .file_of("local://context", ".dockerignore", "/target\n!x");
    let (_, context) = load(&bridge, &[]).await.unwrap();
    assert_eq!(context.definition.text(), "a: 1");
    assert_eq!(context.ignored, ["target", "!x"]);
    assert!(context.vertex.starts_with("sha256:"));
    assert_eq!(solved(&bridge), [DEFINITION, IGNORE]);
    assert_eq!(
        graph(&context.state(&[], &context.ignored)),
        "[internal] load build context | local://context | local.excludepatterns=[\"target\",\"!x\"] \
         local.session=s1 local.sharedkeyhint=context"
    );
    // What an upload leaves out beside that must not be taken away from another.
    let more = |name: &str| {
        let exclude = [context.ignored.clone(), vec![name.into()]].concat();
        let graph = graph(&context.state(&[], &exclude));
        graph.split("sharedkeyhint=").nth(1).unwrap().to_owned()
    };
    assert!(more("a").starts_with("context-"));
    assert_ne!(more("a"), more("b"));
    assert!(graph(&context.tree_state()).contains("local.metadatatransfer=true"));
}

#[tokio::test]
async fn the_definitions_own_ignore_file_wins_and_an_empty_one_counts_as_none() {
    for (own, ignored) in [("own", "own"), ("", "shared")] {
        let bridge = Bridge::new()
            .file_of("local://dockerfile", "Rust.yaml", "a: 1")
            .file_of("local://dockerfile", "Rust.yaml.dockerignore", own)
            .file_of("local://context", ".dockerignore", "shared");
        let (_, context) = load(&bridge, &[]).await.unwrap();
        assert_eq!(context.ignored, [ignored]);
    }
}

#[tokio::test]
async fn other_directories_sessions_and_older_engines() {
    let bridge = Bridge::new()
        .file("app.yaml", "a: 1")
        .without(caps::SOURCE_LOCAL_METADATATRANSFER, "");
    let options = [
        ("filename", "app.yaml"),
        ("dockerfilekey", "df"),
        ("local-sessionid:df", "s2"),
        ("local-sessionid:context", "s3"),
    ];
    let (gateway, context) = load(&bridge, &options).await.unwrap();
    let graphs = solved(&bridge);
    assert!(
        graphs[0].contains("local://df") && graphs[0].contains("session=s2"),
        "{graphs:?}"
    );
    assert!(graphs[1].contains("local://context") && graphs[1].contains("session=s3"));
    let tree = graph(&context.tree_state());
    assert!(!tree.contains("metadatatransfer"), "{tree}");
    rust_frontend::context::solve(&gateway, &context.tree_state())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_missing_definition_is_a_mistake_of_the_user() {
    let failure = load(&Bridge::new(), &[]).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "there is no `Rust.yaml` in the build context: name the definition file with `-f`"
    );
    let bridge = Bridge::new().file("Rust.yaml", b"a: \xff\n".to_vec());
    let failure = load(&bridge, &[]).await.unwrap_err();
    assert!(
        failure
            .to_string()
            .starts_with("Rust.yaml:1: `Rust.yaml` is not UTF-8 text")
    );
    let bridge = Bridge::new().on("Solve", |_: msg::SolveRequest| {
        Err::<msg::SolveResponse, _>(refusal("no session"))
    });
    assert_eq!(
        load(&bridge, &[]).await.unwrap_err().to_string(),
        "no session"
    );
}

/// The client has no such directory, or the repository none of that name.
#[tokio::test]
async fn a_context_that_cannot_be_loaded_is_no_missing_definition() {
    let from_step = Detail::Vertex(errdefs::Vertex {
        digest: "sha256:1".into(),
    });
    for (code, message) in [
        (5, "no access allowed to dir \"dockerfile\""),
        (
            2,
            "failed to open subdir nope: openat nope: no such file or directory",
        ),
    ] {
        for details in [vec![], vec![from_step.clone()]] {
            let status = errdefs::status(code, message, &details);
            let read = status.clone();
            let bridge = Bridge::new().on("ReadFile", move |_: msg::ReadFileRequest| {
                Err::<msg::ReadFileResponse, _>(read.clone())
            });
            let git = ("context", "https://example.org/shop.git#main:nope");
            let failure = load(&bridge, &[git]).await.unwrap_err();
            match details.is_empty() {
                true => assert!(failure.to_string().starts_with("there is no `Rust.yaml`")),
                false => assert_eq!(failure, Failure::Engine(status)),
            }
        }
    }
}

#[tokio::test]
async fn a_repository_holds_definition_and_context_and_no_ignore_file_counts() {
    let bridge = Bridge::new()
        .file("Rust.yaml", "a: 1")
        .file(".dockerignore", "x");
    let options = [
        ("context", "https://h/a/b.git#v1:sub"),
        ("contextsubdir", "deep"),
        ("build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR", "1"),
        ("build-arg:SOURCE_DATE_EPOCH", "7"),
    ];
    let (_, context) = load(&bridge, &options).await.unwrap();
    let git = "[internal] load git source https://h/a/b.git#v1:sub | git://h/a/b.git#v1:sub | \
        git.authheadersecret=GIT_AUTH_HEADER git.authtokensecret=GIT_AUTH_TOKEN \
        git.fullurl=https://h/a/b.git git.keepgitdir=true git.mtime=commit";
    assert_eq!(solved(&bridge), [git]);
    assert!(context.ignored.is_empty());
    let narrow = format!("{git}\n[internal] load deep of the build context");
    assert_eq!(graph(&context.state(&[], &[])), narrow);
    // The copies that follow take what they want of it, links followed.
    assert_eq!(graph(&context.state(&["src".into()], &[])), narrow);
    assert_eq!(
        graph(&context.state(&[], &["target".into()])),
        format!("{narrow}\n[internal] load build context")
    );
}

#[tokio::test]
async fn a_url_is_an_archive_or_the_definition() {
    let url = "http://buildkit-session/x";
    let http = format!("[internal] load remote build context | {url} | http.filename=context");
    let bridge = Bridge::new()
        .file("context", b"\x1f\x8b\x08rest".to_vec())
        .file("Rust.yaml", "a: 1");
    let (_, context) = load(&bridge, &[("context", url)]).await.unwrap();
    assert_eq!(context.definition.name(), "Rust.yaml");
    let unpacked = format!("{http}\n[internal] unpack remote build context");
    assert_eq!(solved(&bridge), [http.clone(), unpacked]);

    let bridge = Bridge::new().file("context", "a: 2");
    let (_, context) = load(&bridge, &[("context", url)]).await.unwrap();
    assert_eq!(
        (context.definition.name(), context.definition.text()),
        ("context", "a: 2")
    );
    assert_eq!(graph(&context.tree_state()), http);
}

/// What another build made.
fn made(name: &str) -> Definition {
    let state = llb::local(name).session("s").state(Meta::named(name));
    llb::marshal(&state, &llb::MarshalOptions::default()).unwrap()
}

#[tokio::test]
async fn inputs_replace_context_and_definition() {
    let bridge = Bridge::new()
        .input("context", made("elsewhere"))
        .input("dockerfile", made("generated"))
        .file("Rust.yaml", "local")
        .file_of("local://dockerfile", "Rust.yaml", "forced");
    let (_, context) = load(&bridge, &[]).await.unwrap();
    assert_eq!(context.definition.text(), "local");
    let calls = bridge.calls::<msg::SolveRequest>("Solve");
    assert_eq!(calls.len(), 1);
    assert!(!context.is_local());
    assert!(graph(&context.state(&[], &[])).contains("local.session=s"));
    let (_, context) = load(&bridge, &[("dockerfilekey", "dockerfile")])
        .await
        .unwrap();
    assert_eq!(context.definition.text(), "forced");
}

/// The named context `x`, with this value.
async fn named(bridge: &Bridge, value: &str) -> Result<Named, Failure> {
    let pairs = [("context:x", value), ("sharedkey:localdir:x", "k")];
    let (gateway, context) = load(bridge, &pairs).await?;
    let map = &gateway.build_opts().environment.options;
    let options = Options::read(map)?;
    let arm = Platform::linux("arm64");
    let found = options.named_contexts.find("x", &arm)?.unwrap();
    let exclude = ["target"];
    context
        .named(&gateway, &options, &found, &arm, &exclude)
        .await
}

fn engine() -> Bridge {
    Bridge::new().file_of("local://dockerfile", "Rust.yaml", "a: 1")
}

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[tokio::test]
async fn a_named_image_is_pinned() {
    let bridge = engine().image(
        "docker.io/library/alpine:latest",
        DIGEST,
        "{\"os\":\"linux\"}",
    );
    let found = named(&bridge, "docker-image://alpine").await.unwrap();
    let pinned = format!("docker.io/library/alpine:latest@{DIGEST}");
    assert_eq!(found.reference.as_ref(), Some(&pinned));
    assert_eq!(found.config.as_deref(), Some(&b"{\"os\":\"linux\"}"[..]));
    assert!(
        graph(&found.state).starts_with(&format!("[context x] {pinned} | docker-image://{pinned}"))
    );
    let [asked] = bridge
        .calls::<msg::ResolveSourceMetaRequest>("ResolveSourceMeta")
        .try_into()
        .unwrap();
    assert_eq!(asked.log_name, "[context x] load metadata for alpine");
    assert_eq!(asked.platform.unwrap().architecture, "arm64");
    let scratch = named(&engine(), "docker-image://scratch").await.unwrap();
    assert!(scratch.state.is_scratch() && scratch.config.is_none());
}

#[tokio::test]
async fn a_named_layout_directory_file_or_repository() {
    let name = format!("docker.io/library/x@{DIGEST}");
    let bridge = engine().image(&name, DIGEST, "{}");
    let found = named(&bridge, &format!("oci-layout://st0re:tag@{DIGEST}"))
        .await
        .unwrap();
    assert_eq!(
        graph(&found.state),
        format!(
            "[context x] OCI load from client | oci-layout://{name} | oci.session=s1 oci.store=st0re"
        )
    );

    let bridge = engine().file_of("local://dir", ".dockerignore", "secret");
    let found = named(&bridge, "local:dir").await.unwrap();
    assert_eq!(
        graph(&found.state),
        "[context x] load from client | local://dir | local.excludepatterns=[\"secret\",\"target\"] \
         local.session=s1 local.sharedkeyhint=context:x-k"
    );
    let last = bridge.calls::<msg::SolveRequest>("Solve").pop().unwrap();
    assert!(last.evaluate);

    let found = named(&engine(), "https://h/f.txt").await.unwrap();
    assert_eq!(
        graph(&found.state),
        "[context x] https://h/f.txt | https://h/f.txt | http.filename=context"
    );
    let found = named(&engine(), "git@h:a/b.git#v1").await.unwrap();
    assert!(graph(&found.state).contains("git.mountsshsock=default"));

    let bridge = engine().input("linked", made("linked"));
    let found = named(&bridge, "input:linked").await.unwrap();
    assert!(found.config.is_none());
    let failure = named(&engine(), "input:none").await.unwrap_err();
    assert_eq!(failure.to_string(), "invalid input none for x");
}

#[tokio::test]
async fn policies_send_us_elsewhere_but_not_in_circles() {
    let to = |target: &'static str| {
        engine().on(
            "ResolveSourceMeta",
            move |_: msg::ResolveSourceMetaRequest| {
                Ok(msg::ResolveSourceMetaResponse {
                    source: Some(pb::SourceOp {
                        identifier: target.into(),
                        ..Default::default()
                    }),
                    ..Default::default()
                })
            },
        )
    };
    let found = named(&to("https://mirror/x.tar"), "docker-image://alpine")
        .await
        .unwrap();
    assert!(graph(&found.state).contains("https://mirror/x.tar"));
    let failure = named(&to("docker-image://other"), "docker-image://alpine")
        .await
        .unwrap_err();
    assert!(
        failure
            .to_string()
            .starts_with("context recursion limit exceeded")
    );
}
