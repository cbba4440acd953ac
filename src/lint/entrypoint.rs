//! What the image starts.

use super::{Found, Input, Rule};
use crate::diagnostic::nearest;
use crate::source::file_name;
use crate::spec::{Image, ImageBase};

pub(super) const RULES: [Rule; 2] = [
    Rule::new(
        "ambiguous-entrypoint",
        "The image starts its first binary, which is not the one that `cargo run` starts",
        ambiguous,
    ),
    Rule::new(
        "unknown-entrypoint",
        "The image starts a program that is not in it",
        unknown,
    ),
];

fn ambiguous(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        let Some((project, selection)) = input.selected(image) else {
            continue;
        };
        let (None, [first, _, ..]) = (&image.image.entrypoint, &selection.bins[..]) else {
            continue;
        };
        let default = project.packages[selection.package].default_run.as_ref();
        if let Some(default) =
            default.filter(|default| *default != first && selection.bins.contains(default))
        {
            found.spec(
                image
                    .build
                    .bin
                    .first()
                    .and_then(|bin| bin.span)
                    .or(image.build.span),
                format!("the image starts `{first}`, but `default-run` is `{default}`"),
                format!(
                    "write `image: {{ entrypoint: {default} }}`, or `entrypoint: {first}` if that one is meant"
                ),
            );
        }
    }
}

fn unknown(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        let (Some(entrypoint), Some((_, selection))) =
            (&image.image.entrypoint, input.selected(image))
        else {
            continue;
        };
        let Some(program) = entrypoint.value.first() else {
            continue;
        };
        let name = program.strip_prefix("/usr/local/bin/").unwrap_or(program);
        let bins = &selection.bins;
        let known = bins.iter().map(String::as_str);
        if name.contains('/') || bins.iter().any(|bin| bin == name) || is_copied(&image.image, name)
        {
            continue;
        }
        // Other bases have programs of their own.
        let near = nearest(name, known);
        if near.is_some() || is_bare(&image.image) {
            found.spec(
                entrypoint.span,
                format!("no binary of this image is called `{program}`"),
                match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("write one of `{}`", bins.join("`, `")),
                },
            );
        }
    }
}

fn is_bare(image: &Image) -> bool {
    match &image.base.value {
        ImageBase::Scratch => true,
        ImageBase::Reference(name) => name.contains("distroless/static"),
    }
}

/// Whether `files:` or `packages:` may bring a program.
fn is_copied(image: &Image, name: &str) -> bool {
    let by_files = image.files.iter().any(|file| {
        let to = &file.to.value;
        to.ends_with('/') || file_name(to) == name
    });
    by_files || image.packages.iter().any(|package| package.value == name)
}
