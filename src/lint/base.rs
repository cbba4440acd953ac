//! Base images: which, and what they have.

use super::{Found, Input, Rule, is_gnu};
use crate::distribution::Release;
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
        "A base image without a digest may be a different one tomorrow",
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
            let version = match familiar {
                "debian" | "ubuntu" => Release::newest(familiar).map(|newest| newest.number),
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
                format!(
                    "append the `@sha256:…` that `docker buildx imagetools inspect {text}` prints"
                ),
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
        let (Some(linked), Some(there)) = (Release::of_image(build), Release::of_image(base))
        else {
            continue;
        };
        if linked.glibc > there.glibc {
            found.spec(
                image.image.base.span.or(image.build.base.span),
                format!(
                    "`{base}` has glibc {}.{}, and the program is linked with the {}.{} of `{build}`",
                    there.glibc.0, there.glibc.1, linked.glibc.0, linked.glibc.1
                ),
                match there.distribution {
                    "debian" => format!(
                        "write `build: {{ base: \"rust:1-{}\" }}`, or a newer base",
                        there.codename
                    ),
                    _ => {
                        "write an older build image, like `rust:1-bullseye`, or a newer base".into()
                    }
                },
            );
        }
    }
}

fn repository(reference: &str) -> String {
    let name = reference.parse::<ImageRef>();
    name.map(|name| name.path).unwrap_or_default()
}
