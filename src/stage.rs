//! What `--target` names.

use crate::diagnostic::{Diagnostic, nearest};
use crate::spec::{ImageSpec, Spec};

/// A stage of a spec.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage<'a> {
    /// What it makes.
    pub kind: Kind,
    /// The images that it is about: one for the image itself and its variants (`debug`, `symbols`), all for the
    /// common stages.
    pub images: &'a [ImageSpec],
}

/// What a stage makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An image.
    Image,
    /// An image with tools to look around with.
    Debug,
    /// The debug symbols of an image's executables.
    Symbols,
    /// The executables alone, for `--output`.
    Binary,
    /// The dependency build, to warm caches.
    Deps,
    /// The tests of all members.
    Test,
    /// Clippy on all members.
    Clippy,
    /// Whether all members are formatted.
    Fmt,
    /// The documentation of all members.
    Doc,
}

/// The stages that every spec has, beside its images: name, kind, description.
pub const COMMON: [(&str, Kind, &str); 6] = [
    ("binary", Kind::Binary, "only the executables, for --output"),
    (
        "deps",
        Kind::Deps,
        "the compiled dependencies, to warm caches",
    ),
    ("test", Kind::Test, "the tests; what they print, as files"),
    ("clippy", Kind::Clippy, "clippy's warnings, as a file"),
    ("fmt", Kind::Fmt, "whether the sources are formatted"),
    ("doc", Kind::Doc, "the documentation, as HTML"),
];

/// The variants that every image has: what is added to its name, kind, description. That of an image
/// without a name is the word alone.
const VARIANTS: [(&str, Kind, &str); 2] = [
    ("debug", Kind::Debug, "the image with a shell and its tools"),
    (
        "symbols",
        Kind::Symbols,
        "the debug symbols of its executables, for --output",
    ),
];
impl Kind {
    /// What `--target` calls it; `None` for images, which have names of their own.
    pub fn name(self) -> Option<&'static str> {
        let (name, ..) = COMMON.iter().find(|(_, kind, _)| *kind == self)?;
        Some(name)
    }
}

impl<'a> Stage<'a> {
    /// The stage called `target`, or the default one: the only image.
    ///
    /// # Errors
    /// For an unknown name, with the nearest known one; for no name where there are several images.
    pub fn find(spec: &'a Spec, target: Option<&str>) -> Result<Self, Diagnostic> {
        let names = names(spec);
        let Some(target) = target.filter(|name| !name.is_empty()) else {
            return match spec.images.as_slice() {
                [_] => Ok(Self {
                    kind: Kind::Image,
                    images: &spec.images,
                }),
                _ => {
                    let message = "this spec has several images and `--target` does not say which";
                    let help = format!("add `--target {}`", names.join("` or `--target "));
                    let error = Diagnostic::error("no-target", message).help(help);
                    let first = spec.images.first().and_then(|image| image.name.as_ref());
                    let span = first.and_then(|name| name.span);
                    Err(error.at(span.map(|span| spec.file.at(span))))
                }
            };
        };
        let is = |name: &str| name.eq_ignore_ascii_case(target);
        let named = |image: &ImageSpec| image.name.as_ref().is_some_and(|name| is(&name.value));
        if let Some(at) = spec.images.iter().position(named) {
            return Ok(Self {
                kind: Kind::Image,
                images: &spec.images[at..=at],
            });
        }
        if let Some(variant) = variants(spec).find(|variant| is(&variant.name)) {
            return Ok(Self {
                kind: variant.kind,
                images: std::slice::from_ref(variant.image),
            });
        }
        if let Some((_, kind, _)) = COMMON.iter().find(|(name, ..)| is(name)) {
            return Ok(Self {
                kind: *kind,
                images: &spec.images,
            });
        }
        let message = format!("target stage `{target}` could not be found");
        let common = COMMON.iter().map(|(name, ..)| *name);
        let known: Vec<&str> = names.into_iter().chain(common).collect();
        let variants: Vec<String> = variants(spec).map(|variant| variant.name).collect();
        let all = variants.iter().map(String::as_str);
        let help = match nearest(target, known.iter().copied().chain(all)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.len() == COMMON.len() => format!(
                "leave `--target` out for the image; the stages are `{}`",
                known.join("`, `")
            ),
            None => format!("the stages are `{}`", known.join("`, `")),
        };
        Err(Diagnostic::error("unknown-target", message).help(help))
    }
}

/// A variant of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant<'a> {
    /// What `--target` calls it.
    pub name: String,
    /// What it makes.
    pub kind: Kind,
    /// In a few words.
    pub description: &'static str,
    /// The image that it is of.
    pub image: &'a ImageSpec,
}

/// The variants of a spec's images.
pub fn variants(spec: &Spec) -> impl Iterator<Item = Variant<'_>> {
    spec.images.iter().flat_map(|image| {
        VARIANTS.iter().map(move |(word, kind, description)| {
            let name = match &image.name {
                Some(name) => format!("{}-{word}", name.value),
                None => (*word).to_owned(),
            };
            Variant {
                name,
                kind: *kind,
                description,
                image,
            }
        })
    })
}

/// The names of a spec's images, in the order of the file.
pub fn names(spec: &Spec) -> Vec<&str> {
    spec.images
        .iter()
        .filter_map(|image| Some(image.name.as_ref()?.value.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::is_reserved;

    #[test]
    fn no_image_is_called_like_a_stage() {
        for (name, ..) in COMMON {
            assert!(is_reserved(name), "{name}");
        }
        for (word, ..) in VARIANTS {
            assert!(
                is_reserved(word) && is_reserved(&format!("api-{word}")),
                "{word}"
            );
        }
        assert!(!is_reserved("api"));
    }
}
