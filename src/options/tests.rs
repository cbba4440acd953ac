use super::*;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).into(), (*v).into()))
        .collect()
}

fn read(pairs: &[(&str, &str)]) -> Options {
    Options::read(&map(pairs)).expect("valid options")
}

/// The mistakes, one a line.
fn wrong(pairs: &[(&str, &str)]) -> String {
    let mistakes = Options::read(&map(pairs)).expect_err("invalid options");
    let lines: Vec<String> = mistakes.into_iter().map(|d| d.to_string()).collect();
    lines.join("\n")
}

#[test]
fn no_options_give_the_defaults_and_unknown_ones_are_left_alone() {
    let options = read(&[]);
    assert_eq!(options.filename, "Rust.yaml");
    assert_eq!(
        (options.platforms.len(), options.multi_platform),
        (0, false)
    );
    assert_eq!(options.no_cache, NoCache::Nothing);
    let build = Platform::linux("amd64");
    assert_eq!(options.target_platforms(&build), [build]);
    assert_eq!(
        read(&[("vcs:source", "x"), ("future", ""), ("target", "")]),
        options
    );
}

#[test]
fn the_commit_is_a_build_argument() {
    let commit = "c8d1f2a5".repeat(5);
    let known = |pairs: &[(&str, &str)]| read(pairs).build_args.remove(VCS_REVISION);
    assert_eq!(known(&[]), None);
    assert_eq!(known(&[("vcs:revision", "")]), None);
    assert_eq!(
        known(&[("vcs:revision", "1f2e-dirty")]).as_deref(),
        Some("1f2e-dirty")
    );
    let given = [("vcs:revision", "1f2e"), ("build-arg:VCS_REVISION", "")];
    assert_eq!(known(&given).as_deref(), Some(""));
    let at = |rest: &str| {
        let url = format!("https://h/a.git{rest}");
        // Of where the client is, and not of what it builds.
        known(&[("context", &url), ("vcs:revision", "1f2e")])
    };
    assert_eq!(at(&format!("#{commit}:sub")).as_ref(), Some(&commit));
    let checked = format!("?ref=main&checksum={commit}");
    assert_eq!(at(&checked).as_ref(), Some(&commit));
    assert_eq!((at("#main"), at("#c8d1f2a"), at("")), (None, None, None));
}

#[test]
fn the_frontends_image_is_known() {
    assert_eq!(read(&[("source", "")]).source, None);
    let options = read(&[("source", "registry.example.com/rust-frontend:1")]);
    let image = options.source.as_deref();
    assert_eq!(image, Some("registry.example.com/rust-frontend:1"));
}

#[test]
fn platforms_and_the_shape_of_the_result() {
    let options = read(&[("platform", "linux/arm64/v8,linux/x86_64")]);
    let names: Vec<String> = options.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["linux/arm64", "linux/amd64"]);
    assert!(options.multi_platform);
    let twice = read(&[("platform", "arm64,linux/arm64/v8")]);
    assert_eq!((twice.platforms.len(), twice.multi_platform), (1, false));
    assert!(read(&[("platform", "arm64"), ("multi-platform", "T")]).multi_platform);
    let arg = ("build-arg:BUILDKIT_MULTI_PLATFORM", "1");
    assert!(read(&[arg, ("multi-platform", "0")]).multi_platform);
    assert_eq!(
        wrong(&[
            ("platform", "linux/amd64,arm64"),
            ("multi-platform", "false")
        ]),
        "conflicting config: returning multiple target platforms is not allowed"
    );
    assert_eq!(
        wrong(&[("multi-platform", "yes")]),
        "invalid boolean value for multi-platform: yes"
    );
    assert_eq!(
        wrong(&[("platform", "linux/")]),
        "failed to parse target platform linux/"
    );
}

#[test]
fn every_mistake_is_found_in_the_official_words() {
    let found = wrong(&[
        ("image-resolve-mode", "never"),
        ("add-hosts", "a"),
        ("shm-size", "64m"),
        ("ulimit", "nofile=2:1"),
        ("force-network-mode", "bridge"),
        ("cache-imports", "{"),
        ("attest:foo", ""),
        ("memory", "0"),
        ("cpusetcpus", "3-1"),
        ("build-arg:SOURCE_DATE_EPOCH", "now"),
        ("build-arg:BUILDKIT_DOCKERFILE_CHECK", "skip"),
        ("context", "https://x/y.git?foo=1"),
    ]);
    let want = [
        "invalid image-resolve-mode: never",
        "failed to parse additional hosts: invalid key-value pair a",
        "failed to parse shm size: strconv.ParseInt: parsing \"64m\": invalid syntax",
        "failed to parse ulimit: ulimit soft limit must be less than or equal to hard limit: 2 > 1",
        "invalid netmode bridge",
        "failed to parse resource limits: invalid memory value: 0: must be > 0",
        "failed to parse resource limits: invalid cpusetcpus value: 3-1: invalid cpuset range \"3-1\"",
        "failed to unmarshal cache-imports (\"{\"): invalid type: map, expected a sequence at line 1 column 0",
        "unknown attestation type \"foo\"",
        "unexpected query \"foo\"",
        "invalid SOURCE_DATE_EPOCH: now",
        "failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK: invalid check option \"skip\"",
    ];
    assert_eq!(found, want.join("\n"));
}

#[test]
fn times_of_the_epoch_fit_into_a_config() {
    const KEY: &str = "build-arg:SOURCE_DATE_EPOCH";
    for text in ["0", "253402300799"] {
        assert_eq!(read(&[(KEY, text)]).epoch_seconds(), text.parse().ok());
    }
    for text in ["1700000000000", "-1"] {
        let begin = format!("invalid SOURCE_DATE_EPOCH: {text}: seconds since 1970");
        assert!(wrong(&[(KEY, text)]).starts_with(&begin), "{text}");
    }
}

#[test]
fn steps_get_hosts_limits_network_and_proxies() {
    let exec = read(&[
        ("add-hosts", "Host.A=1.2.3.4,\"b=::1\""),
        ("shm-size", "67108864"),
        ("ulimit", "nofile=1024:-1,core=0"),
        ("cgroup-parent", "/c"),
        ("force-network-mode", "host"),
        ("hostname", "h"),
        ("build-arg:BUILDKIT_SANDBOX_HOSTNAME", "sandbox"),
        ("memswap", "-1"),
        ("cpusetmems", "0-1,3"),
        ("build-arg:HTTPS_Proxy", "https://p"),
        ("build-arg:no_proxy", ""),
    ])
    .exec;
    let hosts: Vec<String> = exec
        .extra_hosts
        .iter()
        .map(|h| format!("{} {}", h.host, h.ip))
        .collect();
    assert_eq!(hosts, ["host.a 1.2.3.4", "b ::1"]);
    assert_eq!(exec.shm_size, 64 << 20);
    assert_eq!((exec.ulimits[0].soft, exec.ulimits[0].hard), (1024, -1));
    assert_eq!((exec.ulimits[1].soft, exec.ulimits[1].hard), (0, 0));
    assert_eq!(
        (exec.network, exec.hostname.as_str()),
        (NetworkMode::Host, "sandbox")
    );
    assert_eq!(
        (
            exec.resources.memory_swap,
            exec.resources.cpuset_mems.as_str()
        ),
        (-1, "0-1,3")
    );
    assert_eq!(
        exec.proxy.map(|proxy| proxy.https).as_deref(),
        Some("https://p")
    );
    assert_eq!(read(&[]).exec.proxy, None);
    assert!(read(&[]).exec.resources.is_empty());
}

#[test]
fn caches_come_from_the_new_option_and_the_old() {
    let json = r#"[{"Type":"registry","Attrs":{"ref":"a"}},{"Type":"gha"}]"#;
    let imports = read(&[("cache-imports", json), ("cache-from", "b,c")]).cache_imports;
    let shown: Vec<_> = imports
        .iter()
        .map(|i| (i.kind.as_str(), i.attrs.get("ref").map(String::as_str)))
        .collect();
    let want = [
        ("registry", Some("a")),
        ("gha", None),
        ("registry", Some("b")),
        ("registry", Some("c")),
    ];
    assert_eq!(shown, want);
}

#[test]
fn no_cache_is_all_or_some_stages() {
    assert!(read(&[("no-cache", "")]).no_cache.applies_to("any"));
    let some = read(&[("no-cache", "deps,Build")]).no_cache;
    assert!(some.applies_to("build") && !some.applies_to("run"));
}

#[test]
fn attestations_checks_and_scans() {
    let options = read(&[
        ("attest:sbom", "generator=x/y:1,\"a=b,c\",d"),
        ("build-arg:BUILDKIT_ATTEST_PROVENANCE", "mode=max"),
        (
            "build-arg:BUILDKIT_DOCKERFILE_CHECK",
            " skip=a, b ; error=true",
        ),
        ("build-arg:BUILDKIT_SBOM_SCAN_CONTEXT", "true"),
        ("build-arg:BUILDKIT_SBOM_SCAN_STAGE", "deps,build"),
    ]);
    let sbom = options.attests.sbom.expect("sbom");
    assert_eq!(sbom.generator, "docker.io/x/y:1");
    assert_eq!(sbom.parameters.get("a").map(String::as_str), Some("b,c"));
    assert_eq!(sbom.parameters.get("d").map(String::as_str), Some(""));
    assert_eq!(options.attests.provenance.expect("provenance").len(), 1);
    assert_eq!((options.check.skip.len(), options.check.error), (2, true));
    assert!(options.sbom_scan_context);
    assert_eq!(
        options.sbom_scan_stage,
        ScanStages::Some(vec!["deps".into(), "build".into()])
    );
    let plain = read(&[("attest:sbom", "")]).attests.sbom.expect("sbom");
    assert_eq!(
        plain.generator,
        "docker.io/docker/buildkit-syft-scanner:stable-1"
    );
}

#[test]
fn features_that_the_client_insists_on() {
    let caps = "moby.buildkit.frontend.contexts+forward,moby.buildkit.frontend.subrequests";
    assert_eq!(read(&[("frontend.caps", caps)]).unsupported_cap(), None);
    assert_eq!(
        read(&[("frontend.caps", "x.y+forward")]).unsupported_cap(),
        Some("x.y")
    );
}

#[test]
fn predefined_arguments_can_be_overridden() {
    let options = read(&[("target", "web"), ("build-arg:TARGETARCH", "mine")]);
    let args = options.predefined_args(
        &Platform::linux("amd64"),
        &"linux/arm/v6".parse().expect("platform"),
    );
    let get = |name: &str| args[name].as_str();
    assert_eq!(
        (get("BUILDPLATFORM"), get("TARGETPLATFORM")),
        ("linux/amd64", "linux/arm/v6")
    );
    assert_eq!(
        (get("TARGETARCH"), get("TARGETVARIANT"), get("TARGETSTAGE")),
        ("mine", "v6", "web")
    );
    assert_eq!(args.len(), 11);
}

#[test]
fn the_main_context() {
    let main = |pairs: &[(&str, &str)]| read(pairs).context.main;
    assert_eq!(main(&[]), MainContext::Local);
    assert_eq!(main(&[("context", "./dir")]), MainContext::Local);
    assert_eq!(main(&[("context", "ftp://x/y")]), MainContext::Local);
    let tar = "http://buildkit-session/abc";
    assert_eq!(main(&[("context", tar)]), MainContext::Http(tar.into()));
    assert_eq!(
        main(&[("contextkey", "k"), ("k", tar)]),
        MainContext::Http(tar.into())
    );
    let options = read(&[("dockerfilekey", "df"), ("local-sessionid:context", "s2")]).context;
    assert_eq!(options.dockerfile_name(), "df");
    assert_eq!(
        (
            options.session("context", "s1"),
            options.session("df", "s1")
        ),
        ("s2", "s1")
    );
}

#[test]
fn git_addresses() {
    let git = |text: &str| GitRef::parse(text).expect("git").expect("valid");
    let plain = git("https://h/a/b.git#refs/heads/x:sub/../dir");
    assert_eq!(
        (
            plain.remote.as_str(),
            plain.reference.as_str(),
            plain.subdir.as_str()
        ),
        ("https://h/a/b.git", "refs/heads/x", "dir")
    );
    let scp = git("git@h.com:a/b.git#v1");
    assert!(scp.reference == "v1" && scp.remote == "git@h.com:a/b.git");
    assert_eq!(git("github.com/a/b").remote, "github.com/a/b");
    let query = git("https://h/b.git?tag=v1&subdir=x%2Fy&keep-git-dir&submodules=false&commit=abc");
    assert_eq!(
        (query.reference.as_str(), query.subdir.as_str()),
        ("refs/tags/v1", "x/y")
    );
    assert_eq!(
        (query.keep_git_dir, query.submodules),
        (Some(true), Some(false))
    );
    for no in [
        "",
        "dir",
        "./a.git",
        "https://h/archive.tar.gz",
        "ftp://h/b.git",
        "a:b",
    ] {
        assert_eq!(GitRef::parse(no), None, "{no}");
    }
    for (text, error) in [
        ("https://h/b.git?ref=a#b", "ref conflicts: \"b\" vs \"a\""),
        (
            "https://h/b.git?ref=a&ref=b",
            "query \"ref\" has multiple values",
        ),
        ("https://h/b.git?ref", "query \"ref\" has no value"),
        (
            "https://h/b.git?tag=a&branch=b",
            "branch conflicts with tag",
        ),
        (
            "https://h/b.git?mtime=x",
            "invalid mtime value: \"x\" (must be \"checkout\" or \"commit\")",
        ),
        (
            "https://h/b.git?submodules=x",
            "invalid submodules value: \"x\"",
        ),
    ] {
        assert_eq!(GitRef::parse(text), Some(Err(error.into())));
    }
}

#[test]
fn named_contexts_by_name_and_platform() {
    let options = read(&[
        ("context:alpine", "docker-image://alpine:3.20"),
        ("context:base::linux/arm64", "docker-image://scratch"),
        ("context:base", "oci-layout://store:tag@sha256:00"),
        ("context:repo", "git@h:a/b.git"),
        ("context:file", "https://h/x"),
        ("context:dir", "local:dir"),
        ("sharedkey:localdir:dir", "k"),
        ("context:in", "input:x"),
        ("input-metadata:x", r#"{"containerimage.config":"e30="}"#),
        ("context:bad", "nothing"),
        ("context:ssh", "ssh://h/x"),
    ]);
    let contexts = &options.named_contexts;
    let find = |name: &str, arch: &str| {
        contexts
            .find(name, &Platform::linux(arch))
            .map(|c| c.map(|c| c.source))
    };
    let image = NamedSource::Image("alpine:3.20".into());
    for name in ["alpine", "alpine:latest", "docker.io/library/alpine"] {
        assert_eq!(find(name, "amd64"), Ok(Some(image.clone())), "{name}");
    }
    assert_eq!(find("base", "arm64"), Ok(Some(NamedSource::Scratch)));
    let layout = NamedSource::OciLayout {
        store: "store".into(),
        digest: "sha256:00".into(),
    };
    assert_eq!(find("base", "amd64"), Ok(Some(layout)));
    assert!(matches!(
        find("repo", "amd64"),
        Ok(Some(NamedSource::Git(_)))
    ));
    assert!(matches!(
        find("file", "amd64"),
        Ok(Some(NamedSource::Http(_)))
    ));
    let local = NamedSource::Local {
        name: "dir".into(),
        shared_key: "k".into(),
    };
    assert_eq!(find("dir", "amd64"), Ok(Some(local)));
    let input = NamedSource::Input {
        name: "x".into(),
        config: Some(b"{}".to_vec()),
    };
    assert_eq!(find("in", "amd64"), Ok(Some(input)));
    assert_eq!(
        (find("other", "amd64"), find("context", "amd64")),
        (Ok(None), Ok(None))
    );
    let message = |name: &str| find(name, "amd64").expect_err("error").message;
    assert_eq!(message("bad"), "invalid context specifier nothing for bad");
    assert_eq!(message("ssh"), "unsupported context source ssh for ssh");
    assert!(message("UPPER").starts_with("invalid context name UPPER: "));
    assert!(contexts.contains("base") && !contexts.contains("linux/arm64"));
}
