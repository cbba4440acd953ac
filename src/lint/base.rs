//! Base images: which, and what they have.

use super::{Found, Input, Rule, is_gnu};
use crate::image_ref::ImageRef;
use crate::source::Span;
use crate::spec::{ImageBase, ImageSpec};

pub(super) const RULES: [Rule; 4] = [
    Rule::new(
        "unpinned-base",
        "A base image without a version changes when its publisher likes",
        unpinned,
    ),
    Rule::new(
        "base-without-digest",
        "A base image without a digest may be another one tomorrow",
        without_digest,
    )
    .experimental(),
    Rule::new(
        "dynamic-on-static-base",
        "A program linked with glibc does not start on a base that has none",
        dynamic,
    ),
    Rule::new(
        "glibc-mismatch",
        "A program needs a glibc at least as new as the one it was linked with",
        glibc,
    ),
];

/// Calls `look` with every reference, and whether somebody wrote it in full: what a short name or none stands for is the
/// frontend's choice.
fn each(
    input: &Input<'_>,
    found: &mut Found<'_>,
    look: impl Fn(&mut Found<'_>, &str, ImageRef, Option<Span>, bool),
) {
    for ImageSpec { build, image, .. } in &input.spec.images {
        let runtime = match &image.base.value {
            ImageBase::Reference(text) => Some((text, image.base.span)),
            ImageBase::Scratch => None,
        };
        let short = ["alpine", "debian", "distroless"];
        for (text, span) in runtime
            .into_iter()
            .chain([(&build.base.value, build.base.span)])
        {
            let written = span.map(|span| input.spec.file.slice(span).trim_matches(['"', '\'']));
            let in_full = written.is_some_and(|written| !short.contains(&written));
            if let Ok(name) = text.parse() {
                look(found, text, name, span, in_full);
            }
        }
    }
}

fn unpinned(input: &Input<'_>, found: &mut Found<'_>) {
    each(input, found, |found, text, name, span, in_full| {
        if in_full && name.digest.is_none() && name.tag.as_deref() == Some("latest") {
            let message = match text.ends_with(":latest") {
                true => format!("`{text}` is whatever was pushed last"),
                false => format!("`{text}` means `{text}:latest`, whatever was pushed last"),
            };
            let familiar = name.familiar();
            let familiar = familiar.trim_end_matches(":latest");
            let newest = |distribution| {
                let mut all = RELEASES
                    .iter()
                    .filter(|one| one.distribution == distribution);
                all.next_back().map(|one| one.number)
            };
            let version = match familiar {
                "debian" | "ubuntu" => newest(familiar),
                "alpine" => Some("3"),
                "busybox" | "rust" => Some("1"),
                _ => None,
            };
            let help = match version {
                Some(version) => format!("write a version, as in `{familiar}:{version}`"),
                None => format!("write a version: `{familiar}:VERSION`"),
            };
            found.spec(span, message, help);
        }
    });
}

fn without_digest(input: &Input<'_>, found: &mut Found<'_>) {
    each(input, found, |found, text, name, span, _| {
        if name.digest.is_none() {
            found.spec(
                span,
                format!("`{text}` has no digest"),
                "write it with `@sha256:…`, as `docker buildx imagetools inspect` prints it",
            );
        }
    });
}

fn dynamic(input: &Input<'_>, found: &mut Found<'_>) {
    for image in input.spec.images.iter().filter(|image| is_gnu(image)) {
        let base = &image.image.base;
        let without = match &base.value {
            ImageBase::Scratch => "scratch",
            ImageBase::Reference(name) if name.contains("distroless/static") => name,
            ImageBase::Reference(name) if repository(name) == "library/alpine" => name,
            ImageBase::Reference(_) => continue,
        };
        found.spec(
            base.span.or(image.build.target.span),
            format!("`{without}` has no glibc, which the program is linked with"),
            "write `build: { target: musl }`, or `base: debian` or `base: distroless`",
        );
    }
}

fn glibc(input: &Input<'_>, found: &mut Found<'_>) {
    for image in input.spec.images.iter().filter(|image| is_gnu(image)) {
        let ImageBase::Reference(base) = &image.image.base.value else {
            continue;
        };
        let build = &image.build.base.value;
        let (Some(linked), Some(there)) = (release(build), release(base)) else {
            continue;
        };
        if linked.glibc > there.glibc {
            found.spec(
                image.image.base.span.or(image.build.base.span),
                format!(
                    "`{base}` has glibc 2.{}, and the program is linked with the 2.{} of `{build}`",
                    there.glibc, linked.glibc
                ),
                match there.distribution {
                    "debian" => format!(
                        "write `build: {{ base: \"rust:1-{}\" }}`, or a newer base",
                        there.name
                    ),
                    _ => {
                        "write an older build image, like `rust:1-bullseye`, or a newer base".into()
                    }
                },
            );
        }
    }
}

/// A release of a distribution.
#[derive(Clone, Copy)]
struct Release {
    distribution: &'static str,
    name: &'static str,
    number: &'static str,
    /// Minor version of its glibc 2.
    glibc: u32,
}

const fn of(d: &'static str, name: &'static str, number: &'static str, glibc: u32) -> Release {
    Release {
        distribution: d,
        name,
        number,
        glibc,
    }
}

const RELEASES: [Release; 8] = [
    of("debian", "buster", "10", 28),
    of("debian", "bullseye", "11", 31),
    of("debian", "bookworm", "12", 36),
    of("debian", "trixie", "13", 41),
    of("ubuntu", "focal", "20.04", 31),
    of("ubuntu", "jammy", "22.04", 35),
    of("ubuntu", "noble", "24.04", 39),
    of("ubuntu", "plucky", "25.04", 41),
];

/// What an image is made from, where its name says so.
fn release(reference: &str) -> Option<Release> {
    let name: ImageRef = reference.parse().ok()?;
    let tag = name.tag.as_deref().unwrap_or_default();
    let of_tag = || RELEASES.iter().find(|release| tag.contains(release.name));
    let numbered = |distribution: &str, number: &str| {
        let fits = |release: &&Release| {
            release.distribution == distribution
                && (number == release.number
                    || number
                        .strip_prefix(release.number)
                        .is_some_and(|rest| rest.starts_with(['.', '-'])))
        };
        RELEASES.iter().find(fits)
    };
    let found = match name.path.as_str() {
        "library/rust" => of_tag().or_else(|| {
            // The official image moved to Debian 13 while 1.89 was current; from 1.90 on every tag is based on it.
            let version = tag.split('-').next().unwrap_or_default();
            let minor = version
                .strip_prefix("1.")
                .and_then(|rest| rest.split('.').next());
            let new = match minor {
                Some(minor) => minor.parse().is_ok_and(|minor: u32| minor >= 90),
                None => version == "1" || tag == "latest" || tag == "slim",
            };
            (new && !tag.contains("alpine")).then(|| numbered("debian", "13"))?
        }),
        "library/debian" => of_tag().or_else(|| numbered("debian", tag)),
        "library/ubuntu" => of_tag().or_else(|| numbered("ubuntu", tag)),
        path if path.starts_with("distroless/") => {
            let (_, number) = path.rsplit_once("-debian")?;
            numbered("debian", number)
        }
        _ => of_tag(),
    };
    found.copied()
}

fn repository(reference: &str) -> String {
    let name = reference.parse::<ImageRef>();
    name.map(|name| name.path).unwrap_or_default()
}
