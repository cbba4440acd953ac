//! What exporters make of results: digests, annotations, statements, caches.

use std::process::Command;

use serde_json::Value;

use crate::support::docker::{Docker, Outcome, REGISTRY};
use crate::support::nonce;
use crate::support::progress::DEPENDENCIES;
use crate::support::project::Project;
use crate::support::tree::Tree;

/// What the registry has of an image: an index or a manifest, or one that an index names.
fn raw(docker: &Docker, name: &str) -> Value {
    let text = docker.output(["buildx", "imagetools", "inspect", "--raw", name]);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A blob of a repository of the registry.
fn blob(repository: &str, digest: &str) -> Value {
    let url = format!("http://{REGISTRY}/v2/{repository}/blobs/{digest}");
    let outcome = Outcome::of(Command::new("curl").args(["--noproxy", "*", "-sfL", &url]));
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
}

/// The manifest and the config of an image that is made without any cache, with a fixed time.
fn with_epoch(docker: &Docker, project: &Project) -> (Value, Value) {
    // To a file: dockerd unpacks what it keeps, and an image that is unpacked keeps its times.
    let tree = Tree::empty();
    let file = tree.path().join("image.tar");
    let output = format!("type=oci,rewrite-timestamp=true,dest={}", file.display());
    let build = docker.build(project).option("--provenance", "false");
    let build = build
        .arg("SOURCE_DATE_EPOCH", "1700000000")
        .flag("--no-cache");
    build.output(output);
    let json = |member: &str| -> Value {
        let mut tar = Command::new("tar");
        let outcome = Outcome::of(tar.arg("xOf").arg(&file).arg(member));
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|e| panic!("{e}: {outcome}"))
    };
    let blob = |of: &Value| {
        let digest = of["digest"].as_str().expect("a digest");
        json(&format!("blobs/{}", digest.replace(':', "/")))
    };
    let manifest = blob(&json("index.json")["manifests"][0]);
    let config = blob(&manifest["config"]);
    (manifest, config)
}

#[test]
fn an_epoch_makes_equal_images_on_two_engines() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let project = Project::tiny("image:\n  base: alpine\n  workdir: /data\n  user: \"1000\"\n");
    let (manifest, config) = with_epoch(&docker, &project);
    // A clone: other times, another path.
    let other = with_epoch(&docker.second(), &Project::copy(&project));
    assert_eq!(other.0, manifest, "{config}\n{}", other.1);
    assert_eq!(config["created"], "2023-11-14T22:13:20Z");
    let made = config["history"].as_array().expect("a list").iter();
    let made = made.filter(|entry| entry["created"] == "2023-11-14T22:13:20Z");
    assert!(made.count() > 1, "{config}");
}

/// Pushes an image that lists names: a scanner is any that writes statements where it is told to.
fn push_scanner(docker: &Docker, name: &str) {
    let statement = r#"{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{"spdxVersion":"SPDX-2.3","name":"'$(cd $1; echo *)'"}}"#;
    let scan = format!(
        "FROM alpine\nENTRYPOINT [\"/bin/sh\",\"-ec\",\"list() {{ echo '{}' \
         >$BUILDKIT_SCAN_DESTINATION/$2.spdx.json; }}; list $BUILDKIT_SCAN_SOURCE/usr/local/bin core; \
         for extra in ${{BUILDKIT_SCAN_SOURCE_EXTRAS:+$BUILDKIT_SCAN_SOURCE_EXTRAS/*}}; do \
         list $extra ${{extra##*/}}; done\"]\n",
        statement.replace('"', "\\\"")
    );
    let project = Project::empty();
    project.write("Dockerfile", scan);
    let build = docker.build(&project).file("Dockerfile");
    build
        .option("--provenance", "false")
        .output(format!("type=image,name={name},push=true"));
}

/// An image of one platform in the registry: its manifest, and the statements about it.
fn pushed(docker: &Docker, repository: &str) -> (Value, Vec<Value>) {
    let index = raw(docker, &format!("{REGISTRY}/{repository}:1"));
    let at = |place: usize| {
        let digest = index["manifests"][place]["digest"].as_str();
        let digest = digest.expect("a digest");
        raw(docker, &format!("{REGISTRY}/{repository}@{digest}"))
    };
    let statements = at(1)["layers"].as_array().expect("a list").clone();
    (at(0), statements)
}

/// The statements whose kind begins so.
fn of_kind(repository: &str, statements: &[Value], start: &str) -> Vec<Value> {
    let found = statements.iter().filter(|statement| {
        let kind = statement["annotations"]["in-toto.io/predicate-type"].as_str();
        kind.is_some_and(|kind| kind.starts_with(start))
    });
    let digests = found.map(|statement| statement["digest"].as_str().expect("a digest"));
    digests.map(|digest| blob(repository, digest)).collect()
}

/// The names that the scanner listed, in each directory that it was shown.
fn lists(repository: &str, statements: &[Value]) -> Vec<String> {
    let lists = of_kind(repository, statements, "https://spdx.dev/Document");
    let names = lists.iter().map(|list| list["predicate"]["name"].as_str());
    let mut names: Vec<String> = names.map(|name| name.expect("a name").into()).collect();
    names.sort_unstable();
    names
}

#[test]
fn annotations_and_statements_are_in_the_registry() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let repository = format!("attested-{}", nonce());
    let output = format!("type=image,name={REGISTRY}/{repository}:1,push=true");
    let project = Project::tiny("image:\n  base: scratch\n  annotations: { team: shop }\n");
    let scanner = format!("{REGISTRY}/scanner-{repository}:1");
    push_scanner(&docker, &scanner);
    let build = || {
        docker
            .build(&project)
            .option("--attest", format!("type=sbom,generator={scanner}"))
            .option("--attest", "type=provenance,mode=max")
    };
    build().output(&output);
    let (image, statements) = pushed(&docker, &repository);
    assert_eq!(image["annotations"]["team"], "shop");
    assert_eq!(lists(&repository, &statements), ["tiny"]);
    let provenance = of_kind(&repository, &statements, "https://slsa.dev/provenance/");
    let text = provenance.first().expect("a provenance").to_string();
    assert!(text.contains("pkg:docker/rust@1"), "{text}");
    assert!(text.contains("/rust-frontend/compile"), "{text}");

    let more = build()
        .arg("BUILDKIT_SBOM_SCAN_CONTEXT", "true")
        .arg("BUILDKIT_SBOM_SCAN_STAGE", "deps");
    more.output(&output);
    let lists = lists(&repository, &pushed(&docker, &repository).1);
    let [context, compiler, own] = &lists[..] else {
        panic!("{lists:?}")
    };
    assert!(context.starts_with("Cargo.lock Cargo.toml "), "{context}");
    assert!(
        compiler.starts_with("bin ") && compiler.contains(" usr "),
        "{compiler}"
    );
    assert_eq!(own, "tiny");
}

/// What a machine of a build farm does: it has the base images and a cache in a registry.
#[test]
fn an_imported_cache_spares_compiling() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let word = format!("cached-{}", nonce());
    let project = Project::example("scratch");
    for file in ["Cargo.toml", "Cargo.lock"] {
        project.replace(file, "name = \"scratch\"", &format!("name = \"{word}\""));
    }
    let cache = format!("type=registry,ref={REGISTRY}/{word}:cache");
    let second = docker.second();
    second.prune();
    let export = second
        .build(&project)
        .option("--cache-to", format!("{cache},mode=max"));
    let report = export.succeed();
    assert!(report.compiled().contains(&"rustls-pki-types"), "{report}");

    second.prune();
    let clone = Project::copy(&project);
    let import = || {
        let build = second.build(&clone);
        build.option("--cache-from", &cache)
    };
    let report = import().succeed();
    assert!(report.is_cached(DEPENDENCIES), "{report}");
    // The messages and the executable are read, which fetches them from the cache: no step runs.
    assert_eq!(report.executed(), [""; 0], "{report}");

    // Without the cache it has to compile all of it, so there was nothing else to take it from.
    clone.append("src/main.rs", &format!("\n// {}\n", nonce()));
    let report = import().succeed();
    assert_eq!(report.compiled(), [word.as_str()], "{report}");
    let report = second.build(&clone).flag("--no-cache").succeed();
    assert!(report.compiled().contains(&"rustls-pki-types"), "{report}");
}
