//! What a base image has for a dynamically linked executable.

use crate::diagnostic::Diagnostic;
use crate::image_ref;
use crate::spec::ImageBase;

/// A runtime base, as far as its name says what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// As users name it.
    pub name: String,
    libc: Libc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Libc {
    /// No dynamic loader at all.
    None,
    Musl,
    /// This version.
    Glibc(u32, u32),
    Unknown,
}

/// glibc of distributions, by what their tags begin with (packages.debian.org, packages.ubuntu.com).
const GLIBC: [(&str, &[&str], (u32, u32)); 8] = [
    ("debian", &["bullseye", "11"], (2, 31)),
    ("debian", &["bookworm", "12"], (2, 36)),
    ("debian", &["trixie", "13"], (2, 41)),
    ("ubuntu", &["focal", "20.04"], (2, 31)),
    ("ubuntu", &["jammy", "22.04"], (2, 35)),
    ("ubuntu", &["noble", "24.04"], (2, 39)),
    ("ubuntu", &["plucky", "25.04"], (2, 41)),
    ("ubuntu", &["questing", "25.10"], (2, 42)),
];

impl Runtime {
    /// What `base` is known to have.
    pub fn of(base: &ImageBase) -> Self {
        match base {
            ImageBase::Scratch => Self {
                name: "scratch".into(),
                libc: Libc::None,
            },
            ImageBase::Reference(reference) => Self {
                name: reference.clone(),
                libc: libc(reference),
            },
        }
    }

    /// Whether it is known which versions of symbols it has.
    pub fn has_version(&self) -> bool {
        matches!(self.libc, Libc::Glibc(..))
    }

    /// The error for an executable that wants a loader which is not there.
    pub(super) fn lacks(&self, name: &str, interpreter: &str) -> Option<Diagnostic> {
        let base = &self.name;
        let musl = interpreter.contains("ld-musl");
        let (message, help) = match self.libc {
            Libc::None => (
                format!(
                    "`{name}` is linked dynamically, but `{base}` has no dynamic loader for it"
                ),
                "use `target: musl`, or a base with glibc such as `debian` or `distroless`",
            ),
            Libc::Musl if !musl => (
                format!("`{name}` is linked with glibc, but `{base}` has musl"),
                "use `target: musl`, or a base with glibc such as `debian` or `distroless`",
            ),
            Libc::Glibc(..) if musl => (
                format!("`{name}` is linked with musl dynamically, but `{base}` has glibc"),
                "remove `-C target-feature=-crt-static`, or use `base: alpine`",
            ),
            _ => return None,
        };
        Some(Diagnostic::error("dynamic-executable", message).help(help))
    }

    /// The error for an executable that needs the symbols of glibc `needed`.
    pub fn too_old(&self, name: &str, needed: (u32, u32)) -> Option<Diagnostic> {
        let Libc::Glibc(major, minor) = self.libc else {
            return None;
        };
        if needed <= (major, minor) {
            return None;
        }
        let base = &self.name;
        let message = format!(
            "`{name}` needs glibc {}.{}, but `{base}` has glibc {major}.{minor}",
            needed.0, needed.1
        );
        let help = "use a newer base, an older build image such as `base: rust:1-bookworm` under `build:`, \
                    or `target: musl`";
        Some(Diagnostic::error("glibc-too-old", message).help(help))
    }
}

fn libc(reference: &str) -> Libc {
    let name = reference.split('@').next().unwrap_or_default();
    let path = name.rsplit('/').next().unwrap_or_default();
    let (image, tag) = path.split_once(':').unwrap_or((path, ""));
    if name.starts_with("gcr.io/distroless/") {
        if image.starts_with("static") {
            return Libc::None;
        }
        let version = image.rsplit_once("-debian").map(|(_, version)| version);
        return version.map_or(Libc::Unknown, |version| glibc("debian", version));
    }
    let official = image_ref::official(name).is_some();
    if (official && image == "alpine") || tag.split('-').any(|word| word.starts_with("alpine")) {
        return Libc::Musl;
    }
    if official {
        glibc(image, tag)
    } else {
        Libc::Unknown
    }
}

fn glibc(image: &str, tag: &str) -> Libc {
    let is = |begin: &&str| {
        let rest = tag.strip_prefix(*begin);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let found = GLIBC
        .iter()
        .find(|(name, begins, _)| *name == image && begins.iter().any(is));
    found.map_or(Libc::Unknown, |(.., (major, minor))| {
        Libc::Glibc(*major, *minor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_known_by_their_names() {
        for (name, want) in [
            ("alpine", Libc::Musl),
            ("docker.io/library/alpine:3.22", Libc::Musl),
            ("nginx:1-alpine3.22", Libc::Musl),
            ("example.com/team/alpine-tools", Libc::Unknown),
            ("debian:trixie-slim", Libc::Glibc(2, 41)),
            ("debian:12.4", Libc::Glibc(2, 36)),
            ("debian:1", Libc::Unknown),
            ("debian", Libc::Unknown),
            ("ubuntu:22.04@sha256:00", Libc::Glibc(2, 35)),
            ("example.com/debian:bookworm", Libc::Unknown),
            ("gcr.io/distroless/static-debian13", Libc::None),
            ("gcr.io/distroless/cc-debian12:nonroot", Libc::Glibc(2, 36)),
            ("gcr.io/distroless/cc", Libc::Unknown),
        ] {
            assert_eq!(libc(name), want, "{name}");
        }
    }

    #[test]
    fn a_newer_glibc_than_the_base_has_is_an_error() {
        let base = Runtime::of(&ImageBase::Reference("debian:bookworm".into()));
        assert_eq!(base.too_old("app", (2, 36)), None);
        let found = base.too_old("app", (2, 39)).map(|found| found.message);
        let want = "`app` needs glibc 2.39, but `debian:bookworm` has glibc 2.36";
        assert_eq!(found.as_deref(), Some(want));
    }
}
