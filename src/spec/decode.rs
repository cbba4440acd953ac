//! A checked tree -> the typed spec. Defaults are filled in here, from the tables' words.
//!
//! Reads only what `check` let pass; anything else is treated as not written.

use super::formats::{duration, signal};
use super::keys::ROOT;
use super::merge::lay_over;
use super::view::View;
use super::yaml::{Data, Key, Node};
use super::{
    Allocator, Arg, Build, BuildTarget, FileCopy, Granularity, Healthcheck, Image, ImageBase,
    ImageSpec, RunStep, Runner, Secret, SecretStep, Spec, Test,
};
use crate::platform::Libc;
use crate::source::{SourceFile, Spanned, join};

/// The typed spec of a document.
pub(super) fn spec(file: &SourceFile, root: Option<&Node>, args: Vec<Arg>) -> Spec {
    let root = View::new(root, &ROOT);
    let (build, image) = (root.node("build"), root.node("image"));
    let images: Vec<ImageSpec> = match root.view("images").entries() {
        images if images.is_empty() => vec![image_spec(None, root.clone())],
        images => images
            .iter()
            .filter(|(key, _)| !key.name.starts_with("x-"))
            .map(|(key, own)| {
                let own = View::new(Some(own), root.shape_of_entries("images"));
                let laid = [("build", build), ("image", image)].map(|(name, common)| {
                    (name, lay_over(common, own.node(name), own.shape(name)))
                });
                let name = Spanned::new(key.name.clone(), key.span);
                image_spec(Some(name), own.with(laid))
            })
            .collect(),
    };
    let (test, lint) = (root.view("test"), root.view("lint"));
    Spec {
        file: file.clone(),
        args,
        directory: directory(&root),
        images,
        test: Test {
            runner: test.choice("runner", Runner::Cargo, |word| match word {
                "nextest" => Runner::Nextest,
                _ => Runner::Cargo,
            }),
            clippy_deny: test.choice("clippy", true, |word| word == "deny"),
            fmt_check: test.choice("fmt", true, |word| word == "check"),
            args: test.texts("args"),
        },
        lint_skip: lint.texts("skip"),
        lint_error: lint.bool("error", false).value,
    }
}

fn directory(root: &View<'_>) -> Spanned<String> {
    let mut written = root.text_or("directory", "");
    // Its form was checked: it does not leave the context.
    written.value = join("", &written.value).unwrap_or_default();
    written
}

fn image_spec(name: Option<Spanned<String>>, blocks: View<'_>) -> ImageSpec {
    let build = build(blocks.view("build"));
    let image = image(blocks.view("image"), &build.target);
    ImageSpec { name, build, image }
}

/// What of a profile a spec may change.
const PROFILE_SETTINGS: [&str; 5] = ["opt-level", "lto", "codegen-units", "panic", "strip"];

fn build(build: View<'_>) -> Build {
    let profile = build.view("profile");
    Build {
        span: build.written().map(|node| node.span),
        package: build.text("package"),
        bin: build.texts("bin"),
        features: build.texts("features"),
        default_features: build.bool("default-features", true),
        profile: profile
            .scalar()
            .unwrap_or_else(|| profile.text_or("name", "release")),
        profile_settings: PROFILE_SETTINGS
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), profile.text(key)?)))
            .collect(),
        target: build.choice("target", BuildTarget::Musl, |word| match word {
            "musl" => BuildTarget::Musl,
            "gnu" => BuildTarget::Gnu,
            triple => BuildTarget::Triple(triple.into()),
        }),
        toolchain: build.text("toolchain"),
        base: build.text_or("base", "rust:1"),
        packages: build.texts("packages"),
        env: build.pairs("env"),
        stamp: build.pairs("stamp"),
        rustflags: flags(&build),
        inputs: build.texts("inputs"),
        secrets: build
            .each("secrets")
            .into_iter()
            .filter_map(secret)
            .collect(),
        ssh: build.texts("ssh"),
        run: build.each("run").into_iter().filter_map(run).collect(),
        debug_symbols: build.bool("debug-symbols", false),
        allocator: build.choice("allocator", Allocator::Default, |word| match word {
            "mimalloc" => Allocator::Mimalloc,
            _ => Allocator::Default,
        }),
        seed: build.bool("seed", true),
        granularity: build.choice("granularity", Granularity::Auto, |word| match word {
            "layer" => Granularity::Layer,
            "crates" => Granularity::Crates,
            _ => Granularity::Auto,
        }),
    }
}

fn image(image: View<'_>, target: &BuildTarget) -> Image {
    let written = image.text_or("base", "alpine");
    let base = Spanned {
        value: base(&written.value, target),
        span: written.span,
    };
    let is_short = matches!(&base.value, ImageBase::Reference(text) if *text != written.value);
    Image {
        span: image.written().map(|node| node.span),
        base,
        base_name: Some(written.value).filter(|_| is_short),
        packages: image.texts("packages"),
        files: files(&image),
        user: image.text_or("user", "65532"),
        env: image.pairs("env"),
        entrypoint: image.command("entrypoint"),
        cmd: image.command("cmd"),
        expose: image.texts("expose"),
        labels: image.pairs("labels"),
        annotations: image.pairs("annotations"),
        workdir: image.text("workdir"),
        volumes: image.texts("volumes"),
        stop_signal: image
            .text("stop-signal")
            .map(|Spanned { value, span }| Spanned {
                value: signal(&value).unwrap_or(value),
                span,
            }),
        healthcheck: healthcheck(&image),
        init: image.bool("init", false),
        ca_certificates: image.bool("ca-certificates", true),
        timezones: image.bool("timezones", false),
        run: image.each("run").into_iter().filter_map(run).collect(),
    }
}

/// What a base's short name stands for. The distributions are those whose glibc is not older than that
/// of the default build image.
fn base(name: &str, target: &BuildTarget) -> ImageBase {
    let gnu = target.libc() == Some(Libc::Gnu);
    ImageBase::Reference(
        match name {
            "scratch" => return ImageBase::Scratch,
            "alpine" => "alpine",
            "debian" => "debian:trixie-slim",
            "distroless" if gnu => "gcr.io/distroless/cc-debian13:nonroot",
            "distroless" => "gcr.io/distroless/static-debian13:nonroot",
            reference => reference,
        }
        .into(),
    )
}

fn flags(build: &View<'_>) -> Vec<Spanned<String>> {
    let flags = build.texts("rustflags");
    match build.node("rustflags").map(|node| &node.data) {
        Some(Data::Scalar(_)) => flags
            .iter()
            .flat_map(|flag| {
                let span = flag.span;
                flag.value.split_whitespace().map(move |word| Spanned {
                    value: word.into(),
                    span,
                })
            })
            .collect(),
        _ => flags,
    }
}

fn secret(item: View<'_>) -> Option<Secret> {
    let id = match item.scalar() {
        Some(id) => id,
        None => item.text("id")?,
    };
    let env = item.text("env").map(|name| name.value);
    let target = match (item.text("target"), &env) {
        (Some(target), _) => Some(target.value),
        (None, Some(_)) => None,
        (None, None) => Some(format!("/run/secrets/{}", id.value)),
    };
    let usual = match is_for_fetching(target.as_deref(), env.as_deref()) {
        true => SecretStep::Fetch,
        false => SecretStep::Compile,
    };
    Some(Secret {
        required: item.bool("required", true).value,
        step: item
            .choice("step", usual, |word| match word {
                "fetch" => SecretStep::Fetch,
                _ => SecretStep::Compile,
            })
            .value,
        target,
        env,
        id,
    })
}

/// Whether cargo or git looks for a secret there when it downloads.
fn is_for_fetching(target: Option<&str>, env: Option<&str>) -> bool {
    const VARIABLES: [&str; 5] = [
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTRIES_",
        "CARGO_REGISTRY_",
        "GIT_",
    ];
    const FILES: [&str; 4] = [
        "/.git-credentials",
        "/.gitconfig",
        "/.netrc",
        "/credentials.toml",
    ];
    let is_known = |name: &str| VARIABLES.iter().any(|start| name.starts_with(start));
    let is_read = |path: &str| FILES.iter().any(|end| path.ends_with(end));
    env.is_some_and(is_known) || target.is_some_and(is_read)
}

fn run(item: View<'_>) -> Option<RunStep> {
    let network = item.bool("network", false).value;
    let cmd = match item.written()?.data {
        Data::Map(_) => item.view("cmd"),
        _ => item,
    };
    let words = cmd.words();
    Some(match cmd.scalar() {
        Some(text) => RunStep {
            args: vec!["sh".into(), "-c".into(), text.value.clone()],
            text,
            network,
        },
        None => {
            let text = Spanned::new(words.join(" "), cmd.written()?.span);
            RunStep {
                args: words,
                text,
                network,
            }
        }
    })
}

fn files(image: &View<'_>) -> Vec<FileCopy> {
    let shape = image.shape_of_entries("files");
    let files = image.view("files").entries();
    let file = |(key, value): &(Key, Node)| {
        let target = View::new(Some(value), shape);
        let to = match target.scalar() {
            Some(to) => to,
            None => target.text("to")?,
        };
        Some(FileCopy {
            from: Spanned::new(key.name.clone(), key.span),
            to,
            mode: target
                .text("mode")
                .and_then(|mode| u32::from_str_radix(&mode, 8).ok()),
            owner: target.text("owner"),
        })
    };
    files.iter().filter_map(file).collect()
}

fn healthcheck(image: &View<'_>) -> Option<Spanned<Healthcheck>> {
    let check = image.view("healthcheck");
    let span = check.written()?.span;
    let cmd = match check.written()?.data {
        Data::Map(_) => check.view("cmd"),
        _ => check.clone(),
    };
    let time = |name| check.text(name).and_then(|text| duration(&text));
    let words = cmd.words();
    let off = cmd.scalar().is_some_and(|word| word.value == "none");
    Some(Spanned::new(
        Healthcheck {
            cmd: if off { Vec::new() } else { words },
            interval: time("interval"),
            timeout: time("timeout"),
            start_period: time("start-period"),
            start_interval: time("start-interval"),
            retries: check.text("retries").and_then(|count| count.parse().ok()),
        },
        span,
    ))
}
