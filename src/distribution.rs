//! Releases of the distributions that images are made from, as far as the names of images say.

use crate::image_ref::ImageRef;

/// A release of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// `debian` or `ubuntu`, as the official images are called.
    pub(crate) distribution: &'static str,
    /// What tags call it.
    pub(crate) codename: &'static str,
    /// Its version.
    pub(crate) number: &'static str,
    /// Major and minor version of its glibc (packages.debian.org, packages.ubuntu.com).
    pub(crate) glibc: (u32, u32),
}

const fn of(
    distribution: &'static str,
    codename: &'static str,
    number: &'static str,
    glibc: (u32, u32),
) -> Release {
    Release {
        distribution,
        codename,
        number,
        glibc,
    }
}

const RELEASES: [Release; 9] = [
    of("debian", "buster", "10", (2, 28)),
    of("debian", "bullseye", "11", (2, 31)),
    of("debian", "bookworm", "12", (2, 36)),
    of("debian", "trixie", "13", (2, 41)),
    of("ubuntu", "focal", "20.04", (2, 31)),
    of("ubuntu", "jammy", "22.04", (2, 35)),
    of("ubuntu", "noble", "24.04", (2, 39)),
    of("ubuntu", "plucky", "25.04", (2, 41)),
    of("ubuntu", "questing", "25.10", (2, 42)),
];

impl Release {
    /// The newest that is known of a distribution.
    pub(crate) fn newest(distribution: &str) -> Option<Self> {
        let mut releases = RELEASES.iter();
        releases
            .rfind(|release| release.distribution == distribution)
            .copied()
    }

    /// The release of a distribution that a tag begins with, by its codename or number: `trixie-slim`, `12.5`.
    pub(crate) fn tagged(distribution: &str, tag: &str) -> Option<Self> {
        let begins = |word: &str| {
            let rest = tag.strip_prefix(word);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        let mut releases = RELEASES.iter();
        let is = |release: &&Self| {
            release.distribution == distribution
                && (begins(release.codename) || begins(release.number))
        };
        releases.find(is).copied()
    }

    /// What an image is made from, also where that is no more than likely: anyone's tag with a codename in it.
    pub(crate) fn of_image(reference: &str) -> Option<Self> {
        let name: ImageRef = reference.parse().ok()?;
        let tag = name.tag.as_deref().unwrap_or_default();
        let named = || {
            let mut releases = RELEASES.iter();
            releases
                .find(|release| tag.contains(release.codename))
                .copied()
        };
        match name.path.as_str() {
            "library/rust" => named().or_else(|| of_rust(tag)),
            "library/debian" => named().or_else(|| Self::tagged("debian", tag)),
            "library/ubuntu" => named().or_else(|| Self::tagged("ubuntu", tag)),
            path if path.starts_with("distroless/") => {
                let (_, number) = path.rsplit_once("-debian")?;
                Self::tagged("debian", number)
            }
            _ => named(),
        }
    }
}

/// The official image moved to Debian 13 while 1.89 was current; from 1.90 on every tag is based on it.
fn of_rust(tag: &str) -> Option<Release> {
    let version = tag.split('-').next().unwrap_or_default();
    let minor = version.strip_prefix("1.");
    let new = match minor.and_then(|rest| rest.split('.').next()) {
        Some(minor) => minor.parse().is_ok_and(|minor: u32| minor >= 90),
        None => version == "1" || tag == "latest" || tag == "slim",
    };
    (new && !tag.contains("alpine")).then(|| Release::tagged("debian", "13"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_say_what_they_are_made_from() {
        for (reference, codename) in [
            ("rust:1", Some("trixie")),
            ("rust:1.90-slim", Some("trixie")),
            ("rust:1.85", None),
            ("rust:1-alpine", None),
            ("rust:1.85-bookworm", Some("bookworm")),
            ("debian:12.5-slim", Some("bookworm")),
            ("debian:120", None),
            ("ubuntu:24.04", Some("noble")),
            ("gcr.io/distroless/cc-debian12", Some("bookworm")),
            ("example.org/base:jammy-2", Some("jammy")),
            ("example.org/base:12", None),
        ] {
            let found = Release::of_image(reference).map(|release| release.codename);
            assert_eq!(found, codename, "{reference}");
        }
    }
}
