//! Crates whose build scripts download: no step that compiles has a network.

use super::sets;
use crate::project::Lockfile;
use crate::spec::ImageSpec;
use std::collections::BTreeSet;

/// What a build script downloads.
struct Download {
    crate_name: &'static str,
    /// The first major version that does.
    since: u64,
    /// It downloads where it depends on one of these, if there are any here.
    with: &'static [&'static str],
    /// It does not where one of these is compiled.
    unless: &'static [&'static str],
    what: &'static str,
    /// What to write.
    help: &'static str,
    /// Variables that settle it.
    env: &'static [&'static str],
}

const DOWNLOADS: &[Download] = &[
    Download {
        crate_name: "utoipa-swagger-ui",
        since: 7,
        with: &[],
        unless: &["utoipa-swagger-ui-vendored"],
        what: "Swagger UI",
        help: "turn its feature `vendored` on in `Cargo.toml`",
        env: &["SWAGGER_UI_DOWNLOAD_URL"],
    },
    Download {
        crate_name: "ort-sys",
        since: 0,
        with: &["ureq"],
        unless: &[],
        what: "ONNX Runtime",
        help: "turn the feature `download-binaries` of `ort` off in `Cargo.toml` and `load-dynamic` on, or fetch it in a `run:` with `network: true` and write `env: { ORT_LIB_LOCATION: DIRECTORY }`, both with `target: gnu` under `build:` and `base: debian` under `image:`",
        env: &["ORT_LIB_LOCATION", "ORT_LIB_PATH"],
    },
    Download {
        crate_name: "v8",
        since: 0,
        with: &[],
        unless: &[],
        what: "V8",
        help: "write `target: gnu` and `env: { RUSTY_V8_ARCHIVE: FILE }` under `build:`, fetch that file in a `run:` with `network: true`, and write `base: debian` under `image:`",
        env: &["RUSTY_V8_ARCHIVE", "V8_FROM_SOURCE"],
    },
];

/// The crates of an image whose build scripts would download: indices into the lock, with what is the matter and what
/// to write.
pub(crate) fn downloads(
    image: &ImageSpec,
    lock: &Lockfile,
    compiled: impl FnOnce() -> BTreeSet<usize>,
) -> Vec<(usize, String, &'static str)> {
    let known = |one: &&Download| !lock.named(one.crate_name).is_empty() && !sets(image, one.env);
    let known: Vec<&Download> = DOWNLOADS.iter().filter(known).collect();
    if known.is_empty() {
        return vec![];
    }
    let compiled = compiled();
    let any = |name: &str| lock.named(name).iter().any(|one| compiled.contains(one));
    let mut found = vec![];
    for one in known
        .iter()
        .filter(|one| !one.unless.iter().any(|name| any(name)))
    {
        for index in lock.named(one.crate_name) {
            let package = &lock.packages[*index];
            let major = package.version.split('.').next().unwrap_or_default();
            let is_old = major.parse::<u64>().is_ok_and(|major| major < one.since);
            let needs = |name: &&str| {
                let mut needed = package.dependencies.iter();
                needed.any(|index| lock.packages[*index].name == **name)
            };
            let does = one.with.is_empty() || one.with.iter().any(needs);
            if compiled.contains(index) && !is_old && does {
                let message = format!(
                    "the build script of `{}` downloads {}, and no step that compiles has a network",
                    one.crate_name, one.what
                );
                found.push((*index, message, one.help));
            }
        }
    }
    found
}
