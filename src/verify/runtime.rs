//! What a base image has for a dynamically linked executable.

use crate::diagnostic::Diagnostic;
use crate::distribution::Release;
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

    /// One of which nothing is known.
    pub fn unknown() -> Self {
        Self {
            name: String::new(),
            libc: Libc::Unknown,
        }
    }

    /// Whether it is known which versions of symbols it has.
    pub fn has_version(&self) -> bool {
        matches!(self.libc, Libc::Glibc(..))
    }

    /// Whether it has a library, as far as that is known without a look: those of glibc, and in Debian that of GCC.
    pub fn has_library(&self, library: &str) -> bool {
        const GLIBC: [&str; 9] = [
            "ld64",
            "libc",
            "libdl",
            "libm",
            "libpthread",
            "libresolv",
            "librt",
            "libutil",
            "libanl",
        ];
        let name = library.split('.').next().unwrap_or_default();
        let debian = self.has_version() && !self.name.contains("distroless");
        GLIBC.contains(&name) || name.starts_with("ld-") || (debian && name == "libgcc_s")
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

/// Directories that the dynamic loader looks into (ld.so(8)), of which Debian has those with the machine's name.
pub fn library_dirs(triple: &str) -> Vec<String> {
    let machine = match triple.split('-').next().unwrap_or_default() {
        "arm" | "armv5te" | "armv7" => {
            let abi = triple.rsplit('-').next().unwrap_or_default();
            format!("arm-linux-{}", abi.replace("musl", "gnu"))
        }
        "i586" | "i686" => "i386-linux-gnu".to_owned(),
        "riscv64gc" => "riscv64-linux-gnu".to_owned(),
        machine => format!("{machine}-linux-gnu"),
    };
    let dirs = ["/lib", "/usr/lib", "/usr/local/lib"];
    let own = dirs.iter().map(|dir| format!("{dir}/{machine}"));
    let all = own.chain(["/lib64".into(), "/usr/lib64".into()]);
    all.chain(dirs.map(str::to_owned)).collect()
}

/// The warning for an executable that needs a library which none of [`library_dirs`] has.
pub fn missing_library(name: &str, library: &str) -> Diagnostic {
    const PACKAGES: [(&str, &str); 8] = [
        ("libcrypto.so.3", "libssl3t64"),
        ("libcurl.so.4", "libcurl4t64"),
        ("libgcc_s.so.1", "libgcc-s1"),
        ("libmariadb.so.3", "libmariadb3"),
        ("libpq.so.5", "libpq5"),
        ("libsqlite3.so.0", "libsqlite3-0"),
        ("libssl.so.3", "libssl3t64"),
        ("libstdc++.so.6", "libstdc++6"),
    ];
    let message = format!("`{name}` needs `{library}`, which the image does not have");
    let mut known = PACKAGES.iter().filter(|(known, _)| *known == library);
    let help = match known.next() {
        Some((_, package)) => format!(
            "write `packages: [{package}]` under `image:`, as Debian 13 calls it; other bases have other names"
        ),
        None => {
            "install its package with `packages` under `image:`, or copy it with `files`".to_owned()
        }
    };
    Diagnostic::warning("missing-shared-library", message).help(help)
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
    let is_alpine = image == "alpine" || tag.split('-').any(|word| word.starts_with("alpine"));
    match official {
        true if is_alpine => Libc::Musl,
        true => glibc(image, tag),
        false => Libc::Unknown,
    }
}

fn glibc(image: &str, tag: &str) -> Libc {
    let release = Release::tagged(image, tag);
    release.map_or(Libc::Unknown, |release| {
        let (major, minor) = release.glibc;
        Libc::Glibc(major, minor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_of_glibc_are_there() {
        let of = |base: &str| Runtime::of(&ImageBase::Reference(base.into()));
        let debian = of("debian:trixie-slim");
        for library in ["libc.so.6", "ld-linux-x86-64.so.2", "libgcc_s.so.1"] {
            assert!(debian.has_library(library), "{library}");
        }
        assert!(!debian.has_library("libpq.so.5"));
        assert!(!of("gcr.io/distroless/base-debian12").has_library("libgcc_s.so.1"));
        for (triple, dir) in [
            ("aarch64-unknown-linux-gnu", "/usr/lib/aarch64-linux-gnu"),
            (
                "armv7-unknown-linux-gnueabihf",
                "/usr/lib/arm-linux-gnueabihf",
            ),
            (
                "armv5te-unknown-linux-gnueabi",
                "/usr/lib/arm-linux-gnueabi",
            ),
        ] {
            assert!(library_dirs(triple).contains(&dir.into()), "{triple}");
        }
    }

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
