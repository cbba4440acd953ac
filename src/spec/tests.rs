//! From text to typed values.

use super::*;

fn parse_args(text: &str, args: &[(&str, &str)]) -> Result<(Spec, Diagnostics), Diagnostics> {
    let args = args
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    parse(&SourceFile::new("Rust.yaml", text), &args)
}

fn good(text: &str) -> Spec {
    match parse_args(text, &[]) {
        Ok((spec, warnings)) => {
            assert!(warnings.is_empty(), "{warnings:?}");
            spec
        }
        Err(found) => panic!("{:#?}", found.sorted()),
    }
}

fn texts(list: &[Spanned<String>]) -> Vec<&str> {
    list.iter().map(|item| item.as_str()).collect()
}

fn pairs(list: &[EnvVar]) -> Vec<String> {
    list.iter()
        .map(|var| format!("{}={}", *var.name, *var.value))
        .collect()
}

#[test]
fn the_syntax_line_alone_is_a_spec() {
    for text in [
        "",
        "# syntax=rust-frontend:1\n",
        "{}",
        "~",
        "{syntax: 'rust-frontend:1'}",
        "x-a: [b]",
        "build:\nimage:\n",
    ] {
        let spec = good(text);
        let [image] = spec.images.as_slice() else {
            panic!("{text}")
        };
        assert_eq!(image.name, None);
        assert_eq!(*image.build.target, BuildTarget::Musl);
        assert_eq!(*image.image.base, ImageBase::Reference("alpine".into()));
        assert_eq!(image.image.user.value, "65532");
        assert_eq!(image.image.user.span, None);
    }
}

/// Cargo reads them from variables, where quotes do not count.
#[test]
fn settings_of_a_profile_may_be_booleans() {
    let spec = good("build: { profile: { lto: true, strip: \"false\" } }");
    let settings = spec.images[0].build.profile_settings.iter();
    let settings: Vec<String> = settings
        .map(|(key, value)| format!("{key}={}", **value))
        .collect();
    assert_eq!(settings, ["lto=true", "strip=false"]);
}

#[test]
fn labels_that_begin_as_ignored_keys_do_are_labels() {
    let text = "args: { REV: one }\nx-any: '${UNKNOWN}'\nimage: { labels: { x-rev: '${REV}' }, x-more: '${UNKNOWN}' }\n";
    assert_eq!(pairs(&good(text).images[0].image.labels), ["x-rev=one"]);
}

#[test]
fn numbers_keep_their_text() {
    let spec = good(
        "build: { toolchain: 1.90 }\nimage: { user: 0123, env: { A: 1e3, B: 0x1F, C: true }, expose: [8080, 53/udp], files: { a: { to: /a, mode: 0644 } } }\n",
    );
    let ImageSpec { build, image, .. } = &spec.images[0];
    assert_eq!(build.toolchain.as_ref().unwrap().value, "1.90");
    assert_eq!(image.user.value, "0123");
    assert_eq!(pairs(&image.env), ["A=1e3", "B=0x1F", "C=true"]);
    assert_eq!(texts(&image.expose), ["8080", "53/udp"]);
    assert_eq!(image.files[0].mode, Some(0o644));
}

#[test]
fn short_and_long_forms_mean_the_same() {
    for (short, long) in [
        ("build: { bin: a }", "build: { bin: [a] }"),
        ("build: { features: a }", "build: { features: [a] }"),
        ("build: { secrets: a }", "build: { secrets: [{ id: a }] }"),
        ("build: { run: a b }", "build: { run: [{ cmd: a b }] }"),
        ("build: { env: [A=1] }", "build: { env: { A: 1 } }"),
        (
            "build: { rustflags: -C opt-level=2 }",
            "build: { rustflags: [-C, opt-level=2] }",
        ),
        ("image: { expose: 80 }", "image: { expose: [80] }"),
        ("image: { entrypoint: a }", "image: { entrypoint: [a] }"),
        (
            "image: { files: { a: /b } }",
            "image: { files: { a: { to: /b } } }",
        ),
        (
            "image: { healthcheck: [a, b] }",
            "image: { healthcheck: { cmd: [a, b] } }",
        ),
        ("image: { healthcheck: none }", "image: { healthcheck: [] }"),
        (
            "image: { stop-signal: INT }",
            "image: { stop-signal: SIGINT }",
        ),
    ] {
        let images = |text: &str| {
            let mut images = good(text).images;
            (images[0].build.span, images[0].image.span) = (None, None);
            images
        };
        assert_eq!(images(short), images(long), "{short}");
    }
}

#[test]
fn an_image_lies_over_the_common_blocks() {
    let spec = good(
        "build: { package: shop, features: [a, b], env: [A=1, B=2] }\n\
         image: { user: 0, base: scratch, labels: { team: x } }\n\
         images:\n  api:\n  worker:\n    build: { features: c, env: { B: 3, C: 4 } }\n    image: { user: , labels: { team: } }\n",
    );
    let [api, worker] = spec.images.as_slice() else {
        panic!()
    };
    assert_eq!(texts(&api.build.features), ["a", "b"]);
    assert_eq!(api.image.user.value, "0");
    assert_eq!(texts(&worker.build.features), ["c"]);
    assert_eq!(pairs(&worker.build.env), ["A=1", "B=3", "C=4"]);
    assert_eq!(worker.build.package.as_ref().unwrap().value, "shop");
    assert_eq!(worker.image.user.value, "65532");
    assert_eq!(worker.image.labels, []);
    assert_eq!(*worker.image.base, ImageBase::Scratch);
}

#[test]
fn build_args_are_filled_in() {
    let text = "args: { V: 1.90, DF: }\nbuild: { toolchain: '${V}', default-features: '${DF}', env: { A: '$${X} $HOME $$ ${V}-${V}' } }\n";
    let (spec, warnings) = parse_args(
        text,
        &[("DF", "false"), ("HTTP_PROXY", "x"), ("OTHER_NAME", "y")],
    )
    .unwrap();
    assert!(warnings.is_empty());
    let build = &spec.images[0].build;
    assert_eq!(build.toolchain.as_ref().unwrap().value, "1.90");
    assert!(!build.default_features.value);
    assert_eq!(pairs(&build.env), ["A=${X} $HOME $$ 1.90-1.90"]);
    assert_eq!(spec.args[1].value.as_deref(), Some("false"));

    let filled = "args: { B: }\nbuild: { bin: '${B}', stamp: { D: '${SOURCE_DATE_EPOCH}' } }\n";
    let (spec, _) = parse_args(filled, &[("B", "_1"), ("SOURCE_DATE_EPOCH", "7")]).unwrap();
    assert_eq!(texts(&spec.images[0].build.bin), ["_1"]);
    assert_eq!(pairs(&spec.images[0].build.stamp), ["D=7"]);
    let missing = parse_args(filled, &[("B", "1")]).unwrap_err().sorted();
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].code, "missing-build-arg");

    let (_, warnings) = parse_args("args: { VERSION: 1 }", &[("VERSON", "2")]).unwrap();
    assert_eq!(warnings.sorted()[0].code, "unknown-build-arg");
}

#[test]
fn short_base_names_follow_the_target() {
    let base = |text: &str| good(text).images[0].image.base.value.clone();
    let reference = |text: &str| ImageBase::Reference(text.into());
    assert_eq!(
        base("image: { base: distroless }"),
        reference("gcr.io/distroless/static-debian13:nonroot")
    );
    assert_eq!(
        base("build: { target: gnu }\nimage: { base: distroless }"),
        reference("gcr.io/distroless/cc-debian13:nonroot")
    );
    assert_eq!(
        base("image: { base: 'alpine:3.20' }"),
        reference("alpine:3.20")
    );
}

#[test]
fn durations_are_nanoseconds() {
    let spec =
        good("image: { healthcheck: { cmd: a, interval: 1m30s, timeout: 1.5s, retries: 2 } }");
    let check = &spec.images[0].image.healthcheck.as_ref().unwrap().value;
    assert_eq!(check.interval, Some(90_000_000_000));
    assert_eq!(check.timeout, Some(1_500_000_000));
    assert_eq!((check.start_period, check.retries), (None, Some(2)));
}

#[test]
fn values_keep_their_places() {
    let text = "image:\n  env:\n  - A=x\n  user: app\n";
    let spec = good(text);
    let image = &spec.images[0].image;
    let slice = |span: Option<Span>| spec.file.slice(span.unwrap());
    assert_eq!(slice(image.env[0].name.span), "A");
    assert_eq!(slice(image.env[0].value.span), "x");
    assert_eq!(slice(image.user.span), "app");
}

#[test]
fn a_secret_is_a_file_a_variable_or_both() {
    let secrets = |text: &str| {
        let spec = good(&format!("build: {{ secrets: {text} }}"));
        let secrets = spec.images[0].build.secrets.iter();
        let places = secrets.map(|secret| (secret.target.clone(), secret.env.clone()));
        places.collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(secrets("[a]"), [(some("/run/secrets/a"), None)]);
    assert_eq!(
        secrets("[{ id: a, env: ONE }, { id: a, env: TWO }, a]"),
        [
            (None, some("ONE")),
            (None, some("TWO")),
            (some("/run/secrets/a"), None)
        ]
    );
    assert_eq!(
        secrets("[{ id: a, env: ONE, target: /a }]"),
        [(some("/a"), some("ONE"))]
    );
    for (text, message) in [
        (
            "[{ id: a, env: ONE }, { id: b, env: ONE }]",
            "two secrets are in the variable `ONE`",
        ),
        (
            "[a, { id: b, target: /run/secrets/a }]",
            "two secrets are mounted as `/run/secrets/a`",
        ),
    ] {
        let found = parse_args(&format!("build: {{ secrets: {text} }}"), &[]).unwrap_err();
        assert_eq!(found.sorted()[0].message, message);
    }
}

#[test]
fn secrets_go_where_they_are_looked_for() {
    let steps = |secret: &str| {
        let spec = good(&format!("build: {{ secrets: [{secret}] }}"));
        spec.images[0].build.secrets[0].step
    };
    for fetched in [
        "{ id: a, env: CARGO_REGISTRIES_TEAM_TOKEN }",
        "{ id: a, target: /root/.netrc }",
        "{ id: a, target: /usr/local/cargo/credentials.toml }",
        "{ id: a, step: fetch }",
    ] {
        assert_eq!(steps(fetched), SecretStep::Fetch, "{fetched}");
    }
    for compiled in [
        "a",
        "{ id: a, env: TOKEN }",
        "{ id: a, env: CARGO_REGISTRIES_TEAM_TOKEN, step: compile }",
        "{ id: a, target: /root/netrc }",
    ] {
        assert_eq!(steps(compiled), SecretStep::Compile, "{compiled}");
    }
}
