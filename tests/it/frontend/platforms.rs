//! One platform, several, and those that nothing compiles for.

use super::*;

#[tokio::test]
async fn one_platform_may_be_a_list() {
    let bridge = project("image: { base: scratch }\n", 62);
    let options = [("build-arg:BUILDKIT_MULTI_PLATFORM", "1")];
    let (kind, metadata) = result(build(&bridge, &options).await);
    assert!(matches!(kind, Kind::Refs(made) if made.refs.contains_key("linux/amd64")));
    assert!(metadata.contains_key("containerimage.config/linux/amd64"));
}

const TWO_PLATFORMS: &str = "image: { base: scratch, annotations: { a: b } }\n";

/// Whether a graph is for the second of two platforms.
fn for_arm(solve: &msg::SolveRequest) -> bool {
    let all = execs(graph(solve));
    all.iter()
        .any(|(name, ..)| name.starts_with("[linux/arm64 "))
}

/// An engine that compiles for either of two platforms; with `stuck`, for as long as one likes.
fn two_platforms(stuck: bool) -> Bridge {
    let bridge = project(TWO_PLATFORMS, 0);
    let engine = bridge.clone();
    bridge.on_raw("ReadFile", move |message| {
        let request = msg::ReadFileRequest::decode(message).unwrap();
        let data = match request.file_path.as_str() {
            "Rust.yaml" => TWO_PLATFORMS.into(),
            "Cargo.toml" => MANIFEST.into(),
            "Cargo.lock" => LOCK.into(),
            "cargo.jsonl" if stuck => return Reply::Silence,
            "cargo.jsonl" => match request.range.map_or(0, |range| range.offset) {
                0 => REPORT.into(),
                _ => vec![],
            },
            "/shop" => {
                let number: usize = request.r#ref.trim_start_matches("ref-").parse().unwrap();
                let arm = for_arm(&solves(&engine)[number - 1]);
                elf(if arm { 183 } else { 62 })
            }
            path => {
                return Reply::Error(refusal(&format!("open {path}: no such file or directory")));
            }
        };
        Reply::Message(msg::ReadFileResponse { data }.encode_to_vec())
    })
}

/// While the compiler for one runs, the one for the other is started.
#[tokio::test]
async fn platforms_are_built_at_once() {
    let bridge = two_platforms(true);
    let options = [("platform", "linux/amd64,linux/arm64")];
    let building = build(&bridge, &options);
    let started = async {
        let compiles = |arm: bool| {
            let mut all = solves(&bridge).into_iter();
            all.any(|solve| solve.evaluate && for_arm(&solve) == arm)
        };
        while !(compiles(false) && compiles(true)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        request = building => panic!("{request:?}"),
        () = started => {}
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("one after the other"),
    }
}

#[tokio::test]
async fn several_platforms() {
    let bridge = two_platforms(false);
    let (kind, metadata) = result(build(&bridge, &[("platform", "linux/amd64,linux/arm64")]).await);
    let Kind::Refs(refs) = kind else {
        panic!("{kind:?}")
    };
    assert_eq!(refs.refs.len(), 2);
    let keys: Vec<&str> = metadata.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "annotation-manifest[linux/amd64].a",
            "annotation-manifest[linux/arm64].a",
            "containerimage.config/linux/amd64",
            "containerimage.config/linux/arm64",
            "refs.platforms"
        ]
    );
    assert_eq!(
        metadata["refs.platforms"],
        r#"{"Platforms":[{"ID":"linux/amd64","Platform":{"architecture":"amd64","os":"linux"}},{"ID":"linux/arm64","Platform":{"architecture":"arm64","os":"linux"}}]}"#
    );
    let last = solves(&bridge).into_iter().rfind(for_arm).unwrap();
    for (name, exec, _) in execs(graph(&last)) {
        if name.starts_with("[linux/arm64 internal]") {
            continue;
        }
        assert!(name.starts_with("[linux/arm64 shop "), "{name}");
        let env = exec.meta.unwrap().env;
        let linker = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld".to_owned();
        assert_eq!(env.contains(&linker), !name.contains("toolchain"), "{name}");
    }
}

#[tokio::test]
async fn a_base_of_another_platform_is_a_warning() {
    let bridge = project("image:\n  base: alpine\n", 183);
    result(build(&bridge, &[("platform", "linux/arm64")]).await);
    let warnings = bridge.calls::<msg::WarnRequest>("Warn");
    let [warning] = &warnings[..] else {
        panic!("{warnings:?}");
    };
    assert_eq!(
        String::from_utf8_lossy(&warning.short),
        "base-platform: `alpine` is an image for linux/amd64, not for linux/arm64 (line 2): \
         use an image that is available for linux/arm64"
    );
    assert!(warning.url.ends_with("/base-platform.md"), "{warning:?}");
}

#[tokio::test]
async fn a_foreign_platform_that_nothing_links_for() {
    let bridge = project("build: { target: gnu }\n", 62);
    let error = build(&bridge, &[("platform", "linux/arm64")])
        .await
        .error
        .unwrap();
    assert_eq!(
        error.message,
        "Rust.yaml:1: there is no linker for `aarch64-unknown-linux-gnu` on linux/amd64: use \
         `target: musl`, build on a builder that has a node of that platform (`docker buildx create \
         --append`), or write `packages: [gcc-aarch64-linux-gnu, libc6-dev-arm64-cross]` and `env: { \
         CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: aarch64-linux-gnu-gcc }` under `build:`"
    );
}

#[tokio::test]
async fn an_allocator_for_a_foreign_platform() {
    let bridge = project("build:\n  allocator: mimalloc\n", 183);
    let error = build(&bridge, &[("platform", "linux/arm64")])
        .await
        .error
        .unwrap();
    assert_eq!(
        error.message,
        "Rust.yaml:2: `allocator: mimalloc` compiles C, and there is no C compiler for \
         `aarch64-unknown-linux-musl` on linux/amd64: build on a builder that has a node of that platform (`docker \
         buildx create --append`), or remove it"
    );
}

#[tokio::test]
async fn a_linker_that_the_configuration_names_by_a_condition() {
    let config = "[target.'cfg(all(target_arch = \"aarch64\", target_env = \"gnu\"))']\nlinker = \"aarch64-linux-gnu-gcc\"\n";
    let spec = "build: { target: gnu }\nimage: { base: scratch }\n";
    let bridge = project(spec, 183).file_of("local://context", ".cargo/config.toml", config);
    result(build(&bridge, &[("platform", "linux/arm64")]).await);
}

/// What takes programs out of packages for another platform has the build image's own programs.
#[tokio::test]
async fn packages_for_a_foreign_platform_need_no_emulator() {
    let spec = "image: { base: scratch, init: true, timezones: true, run: [[/x]] }\n";
    let bridge = project(spec, 183);
    result(build(&bridge, &[("platform", "linux/arm64")]).await);
    let all = image(&bridge);
    let mut seen = vec![];
    for bytes in &graph(&all).def {
        let op = pb::Op::decode(bytes.as_slice()).unwrap();
        if !matches!(op.op, Some(pb::op::Op::Exec(_))) {
            continue;
        }
        let meta = &graph(&all).metadata[llb::Digest::of(bytes).as_str()];
        let name = &meta.description["llb.customname"];
        let platform = op.platform.unwrap().architecture;
        let own = name.contains("run ");
        assert_eq!(platform, if own { "arm64" } else { "amd64" }, "{name}");
        seen.push(name.clone());
    }
    for part in ["tini from packages", "zoneinfo from packages"] {
        assert!(seen.iter().any(|name| name.contains(part)), "{seen:?}");
    }
}
