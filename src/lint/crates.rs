//! Crates that need something to build or to run well.

use super::{Found, Input, Rule, is_gnu, is_musl};
use crate::hints;
use crate::spec::{Allocator, ImageSpec};
use std::collections::BTreeSet;

pub(super) const RULES: [Rule; 6] = [
    Rule::new(
        "missing-program",
        "Crates or Cargo's configuration need a program that the build image does not have",
        programs,
    ),
    Rule::new(
        "missing-library",
        "The build image does not have a library that a crate links",
        libraries,
    ),
    Rule::new(
        "download-in-build",
        "A crate downloads while it is compiled, and no step that compiles has a network",
        downloads,
    ),
    Rule::new(
        "openssl-on-musl",
        "The build image has no OpenSSL for musl; the crate can compile its own",
        openssl,
    ),
    Rule::new(
        "musl-allocator",
        "musl's allocator is slow where several threads allocate",
        allocator,
    ),
    Rule::new(
        "ssh-dependency",
        "Cargo fetches a git dependency by ssh, and no step has an ssh agent",
        ssh,
    ),
];

/// The first of these crates that an image is made of.
fn first_of(input: &Input<'_>, image: &ImageSpec, names: &[&'static str]) -> Option<&'static str> {
    let lock = &input.project?.lock;
    // Most projects have none of them, and what an image is made of takes time to find.
    let mut compiled = None;
    names.iter().copied().find(|name| {
        let mut named = lock.named(name).iter();
        named.any(|index| {
            let compiled = compiled.get_or_insert_with(|| input.compiled(image).locked);
            compiled.contains(index)
        })
    })
}

/// What is to be said of an image by the crates that it is made of, or of those of them that its program is.
fn needed<'a>(input: &Input<'a>, image: &ImageSpec, all: bool) -> hints::Needed<'a> {
    match input.project {
        // Most projects have none of them, and what an image is made of takes time to find.
        Some(project) if hints::knows(&project.lock) => {
            let compiled = input.compiled(image);
            let part = if all {
                &compiled.locked
            } else {
                &compiled.for_target
            };
            hints::needed(&project.lock, part)
        }
        _ => hints::Needed::new(),
    }
}

fn programs(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        let configs = input.project.map(|project| project.configs.as_slice());
        let tools = hints::tools(image, configs.unwrap_or_default());
        let programs = hints::programs(image, &needed(input, image, true));
        for message in programs.into_iter().chain(tools) {
            found.sentence(image.build.span, message);
        }
    }
}

fn libraries(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        if is_musl(image) || is_gnu(image) {
            let needed = needed(input, image, false);
            for message in hints::libraries(image, &needed, is_musl(image)) {
                found.sentence(image.build.span, message);
            }
        }
    }
}

fn downloads(input: &Input<'_>, found: &mut Found<'_>) {
    let Some(project) = input.project else { return };
    for image in &input.spec.images {
        let compiled = || input.compiled(image).locked;
        for (index, message, help) in hints::downloads(image, &project.lock, compiled) {
            let place = project.lock.file.at(project.lock.packages[index].span);
            found.at(place, message, help);
        }
    }
}

fn openssl(input: &Input<'_>, found: &mut Found<'_>) {
    for image in input.spec.images.iter().filter(|image| is_musl(image)) {
        let has = |name| first_of(input, image, &[name]).is_some();
        let given = image
            .build
            .env
            .iter()
            .any(|var| var.name.value.contains("OPENSSL_"));
        // Of others it is not known what they have.
        let Some(alpine) = hints::is_alpine(&image.build.base.value) else {
            continue;
        };
        let installed = |package: &str| {
            let mut packages = image.build.packages.iter();
            packages.any(|one| one.value.starts_with(package))
        };
        let given = given || (alpine && installed("openssl-libs-static"));
        if has("openssl-sys") && !has("openssl-src") && !given {
            let locked = input.project.and_then(|project| {
                let package = project
                    .lock
                    .packages
                    .iter()
                    .find(|one| one.name == "openssl-sys")?;
                Some(project.lock.file.at(package.span))
            });
            let message =
                "`openssl-sys` needs an OpenSSL for musl, which the build image does not have";
            let help = match alpine {
                true => {
                    "write `packages: [openssl-dev, openssl-libs-static, pkgconf]` under `build:`"
                }
                false => {
                    "write `openssl = { version = \"0.10\", features = [\"vendored\"] }` into `Cargo.toml`, use rustls instead, or \
                     write `target: gnu` under `build:`, and `base: debian` under `image:`"
                }
            };
            match locked {
                Some(place) => found.at(place, message, help),
                None => found.spec(image.build.span, message, help),
            }
        }
    }
}

fn allocator(input: &Input<'_>, found: &mut Found<'_>) {
    const THREADED: [&str; 10] = [
        "axum",
        "actix-web",
        "poem",
        "rayon",
        "rocket",
        "salvo",
        "tonic",
        "viz",
        "volo",
        "warp",
    ];
    const ALLOCATORS: [&str; 7] = [
        "jemallocator",
        "mimalloc",
        "rpmalloc",
        "snmalloc-rs",
        "tcmalloc",
        "tikv-jemallocator",
        "mimalloc-safe",
    ];
    for image in input.spec.images.iter().filter(|image| is_musl(image)) {
        let has = |list: &[&'static str]| first_of(input, image, list);
        let own = image.build.allocator.value != Allocator::Default;
        if let (Some(threaded), None, false) = (has(&THREADED), has(&ALLOCATORS), own) {
            found.spec(
                image.build.allocator.span.or(image.build.target.span),
                format!("the program uses `{threaded}`, whose threads wait for musl's allocator"),
                "write `allocator: mimalloc` under `build:`, or set a crate such as `mimalloc` as `#[global_allocator]`",
            );
        }
    }
}

fn ssh(input: &Input<'_>, found: &mut Found<'_>) {
    let Some(project) = input.project else { return };
    let by_ssh = |index: &usize| {
        let source = project.lock.packages[*index].source.as_deref();
        source.is_some_and(|source| source.starts_with("git+ssh://"))
    };
    let fetched: BTreeSet<usize> = (0..project.lock.packages.len()).filter(by_ssh).collect();
    let images = input.spec.images.iter();
    for image in images.filter(|image| !fetched.is_empty() && image.build.ssh.is_empty()) {
        for index in input.locked(image).intersection(&fetched) {
            let package = &project.lock.packages[*index];
            found.at(
                project.lock.file.at(package.span),
                format!(
                    "`{}` is fetched by ssh, and no ssh agent is asked for",
                    package.name
                ),
                "write `build: { ssh: [default] }`, build with `--ssh default`, and write the host's keys into `/etc/ssh/ssh_known_hosts` with `run:`",
            );
        }
    }
}
