//! Crates that need something to build or to run well.

use super::{Found, Input, Rule, is_musl};
use crate::spec::{Allocator, ImageSpec};

pub(super) const RULES: [Rule; 3] = [
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

/// Names of all crates that an image is made of.
fn names<'a>(input: &Input<'a>, image: &ImageSpec) -> Vec<&'a str> {
    let Some(project) = input.project else {
        return vec![];
    };
    let locked = input.locked(image).into_iter();
    locked
        .map(|index| project.lock.packages[index].name.as_str())
        .collect()
}

fn openssl(input: &Input<'_>, found: &mut Found<'_>) {
    for image in input.spec.images.iter().filter(|image| is_musl(image)) {
        let names = names(input, image);
        let given = image
            .build
            .env
            .iter()
            .any(|var| var.name.value.contains("OPENSSL_"));
        // Alpine's own packages are for musl.
        let alpine = image.build.base.value.contains("alpine");
        if names.contains(&"openssl-sys") && !names.contains(&"openssl-src") && !given && !alpine {
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
        let names = names(input, image);
        let has = |list: &[&'static str]| list.iter().copied().find(|name| names.contains(name));
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
    for image in input
        .spec
        .images
        .iter()
        .filter(|image| image.build.ssh.is_empty())
    {
        for index in input.locked(image) {
            let package = &project.lock.packages[index];
            let source = package.source.as_deref().unwrap_or_default();
            if source.starts_with("git+ssh://") {
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
}
