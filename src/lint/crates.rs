//! Crates that need something to build or to run well.

use super::{Found, Input, Rule, is_musl};
use crate::hints;
use crate::spec::{Allocator, ImageSpec};
use std::collections::BTreeSet;

pub(super) const RULES: [Rule; 5] = [
    Rule::new(
        "missing-program",
        "Crates or Cargo's configuration need a program that the build image does not have",
        programs,
    ),
    Rule::new(
        "missing-library",
        "The build image has no such library for musl",
        libraries,
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
    let mut locked = None;
    names.iter().copied().find(|name| {
        let mut named = lock.named(name).iter();
        named.any(|index| {
            let locked = locked.get_or_insert_with(|| input.locked(image));
            locked.contains(index)
        })
    })
}

/// What is to be said of an image by the crates that it is made of.
fn needed<'a>(input: &Input<'a>, image: &ImageSpec) -> hints::Needed<'a> {
    match input.project {
        // Most projects have none of them, and what an image is made of takes time to find.
        Some(project) if hints::knows(&project.lock) => {
            hints::needed(&project.lock, &input.locked(image))
        }
        _ => hints::Needed::new(),
    }
}

fn programs(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        let configs = input.project.map(|project| project.configs.as_slice());
        let tools = hints::tools(image, configs.unwrap_or_default());
        let programs = hints::programs(image, &needed(input, image));
        for message in programs.into_iter().chain(tools) {
            found.sentence(image.build.span, message);
        }
    }
}

fn libraries(input: &Input<'_>, found: &mut Found<'_>) {
    for image in input.spec.images.iter().filter(|image| is_musl(image)) {
        for message in hints::libraries(image, &needed(input, image)) {
            found.sentence(image.build.span, message);
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
        // Alpine's own packages are for musl.
        let alpine = image.build.base.value.contains("alpine");
        if has("openssl-sys") && !has("openssl-src") && !given && !alpine {
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
            let help = "write `openssl = { version = \"0.10\", features = [\"vendored\"] }` into `Cargo.toml`, \
                        use rustls instead, or write `target: gnu`";
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
                "write `build: { ssh: [default] }`, and build with `--ssh default`",
            );
        }
    }
}
