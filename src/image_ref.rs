//! Image references: `alpine`, `rust:1`, `registry.example.com:5000/team/app:1@sha256:…`.
//!
//! The grammar is that of Docker's reference library (distribution/reference). Knows no registry.

use std::fmt;
use std::str::FromStr;

/// A normalized image reference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageRef {
    /// Registry host with port, e.g. `docker.io`.
    pub domain: String,
    /// Repository, e.g. `library/alpine`.
    pub path: String,
    /// `None` only when there is a digest.
    pub tag: Option<String>,
    /// E.g. `sha256:…`.
    pub digest: Option<String>,
}

/// Why a text is not an image reference: what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidImageRef(&'static str);

impl fmt::Display for InvalidImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidImageRef {}

/// The grammar as an ECMA 262 regular expression, for the spec's schema. It leaves out the length limit
/// and that a name may not look like a digest.
pub(crate) const PATTERN: &str = concat!(
    r"^((localhost|(?=[^/]*[A-Z.:])(([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])",
    r"(\.([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]))*|\[[a-fA-F0-9:]+\]))(:[0-9]+)?/)?",
    r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*",
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?",
    r"(@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$",
);

const HUB: &str = "docker.io";

/// Name and tag of an official image of Docker Hub, however it is written; the tag is empty where there is none.
pub(crate) fn official(reference: &str) -> Option<(&str, &str)> {
    let name = reference.split('@').next().unwrap_or_default();
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let (name, tag) = name.split_once(':').unwrap_or((name, ""));
    (!name.contains('/') && !tag.contains('/')).then_some((name, tag))
}

impl ImageRef {
    /// The reference as people write it: without `docker.io/library/`.
    pub fn familiar(&self) -> String {
        let mut text = match (self.domain.as_str(), self.path.strip_prefix("library/")) {
            (HUB, Some(path)) if !path.contains('/') => path.to_owned(),
            (HUB, _) => self.path.clone(),
            (domain, _) => format!("{domain}/{}", self.path),
        };
        self.push_version(&mut text);
        text
    }

    /// Registry and repository without tag and digest.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The same image with this digest.
    #[must_use]
    pub fn with_digest(self, digest: impl Into<String>) -> Self {
        Self {
            digest: Some(digest.into()),
            ..self
        }
    }

    fn push_version(&self, text: &mut String) {
        for (sign, part) in [(':', &self.tag), ('@', &self.digest)] {
            if let Some(part) = part {
                text.push(sign);
                text.push_str(part);
            }
        }
    }
}

/// The normalized form: `docker.io/library/alpine:latest`.
impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.repository();
        self.push_version(&mut text);
        f.write_str(&text)
    }
}

impl FromStr for ImageRef {
    type Err = InvalidImageRef;

    fn from_str(text: &str) -> Result<Self, InvalidImageRef> {
        let bad = |help| Err(InvalidImageRef(help));
        if text.is_empty() {
            return bad("write `name`, `name:tag` or `registry/name:tag`");
        }
        if text.contains("://") {
            return bad("write it without `https://`");
        }
        if text.len() == 64
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return bad("an image id is not enough: write `name@sha256:...`");
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return bad("write the digest as `sha256:` and 64 hex digits");
        }
        let (domain, rest) = match rest.split_once('/') {
            Some((first, path)) if is_host(first) => (Some(first), path),
            _ => (None, rest),
        };
        if domain.is_some_and(|domain| !is_domain(domain)) {
            return bad("write the registry as a host name, with `:port` if needed");
        }
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (rest, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return bad("write a tag of up to 128 letters, digits, `_`, `.` and `-`");
        }
        if path.chars().any(|c| c.is_ascii_uppercase()) {
            return bad("write the repository's name in lower case");
        }
        if !path.split('/').all(is_component) {
            return bad(
                "write the repository's name with letters and digits, and single `.`, `_`, `-` and `/` between them",
            );
        }
        let (domain, path) = match domain {
            None if !path.contains('/') => (HUB, format!("library/{path}")),
            None => (HUB, path.to_owned()),
            Some("index.docker.io" | HUB) if !path.contains('/') => {
                (HUB, format!("library/{path}"))
            }
            Some("index.docker.io") => (HUB, path.to_owned()),
            Some(domain) => (domain, path.to_owned()),
        };
        if path.len() > 255 {
            return bad("write a repository's name of at most 255 characters");
        }
        let tag = match (tag, digest) {
            (None, None) => Some("latest"),
            (tag, _) => tag,
        };
        Ok(Self {
            domain: domain.into(),
            path,
            tag: tag.map(Into::into),
            digest: digest.map(Into::into),
        })
    }
}

/// Whether the part before the first `/` is a registry rather than the start of the name.
fn is_host(first: &str) -> bool {
    first == "localhost"
        || first.contains(['.', ':'])
        || first.chars().any(|c| c.is_ascii_uppercase())
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit())) {
        return false;
    }
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        return !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    }
    host.split('.').all(|part| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// Lower-case letters and digits, with `.`, `_`, `__` or any number of `-` between them.
fn is_component(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text
            .split(alphanumeric)
            .all(|gap| ["", ".", "_", "__"].contains(&gap) || gap.bytes().all(|b| b == b'-'))
}

fn is_tag(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let known_length = match algorithm {
        "sha256" => hex.len() == 64,
        "sha384" => hex.len() == 96,
        "sha512" => hex.len() == 128,
        _ => hex.len() >= 32,
    };
    known_length
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
        && algorithm.split(['-', '_', '+', '.']).all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn references_are_normalized() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        for (text, full, familiar) in [
            ("alpine", "docker.io/library/alpine:latest", "alpine:latest"),
            ("rust:1", "docker.io/library/rust:1", "rust:1"),
            ("org/app", "docker.io/org/app:latest", "org/app:latest"),
            (
                "docker.io/alpine",
                "docker.io/library/alpine:latest",
                "alpine:latest",
            ),
            ("index.docker.io/a/b:c", "docker.io/a/b:c", "a/b:c"),
            (
                "localhost/app",
                "localhost/app:latest",
                "localhost/app:latest",
            ),
            (
                "localhost:5000/app:1",
                "localhost:5000/app:1",
                "localhost:5000/app:1",
            ),
            (
                "[::1]:5000/a/b",
                "[::1]:5000/a/b:latest",
                "[::1]:5000/a/b:latest",
            ),
            ("HOST/app", "HOST/app:latest", "HOST/app:latest"),
        ] {
            let parsed: ImageRef = text.parse().unwrap();
            assert_eq!(
                (parsed.to_string(), parsed.familiar()),
                (full.into(), familiar.into())
            );
            let pinned: ImageRef = format!("{text}@{digest}").parse().unwrap();
            assert_eq!(pinned.digest.as_deref(), Some(digest.as_str()));
            assert_eq!(
                pinned.tag.is_some(),
                parsed.tag.as_deref() != Some("latest")
            );
        }
    }

    #[test]
    fn what_is_no_reference_is_told_what_is() {
        let help = |text: &str| text.parse::<ImageRef>().map_err(|error| error.to_string());
        for (text, want) in [
            ("", "write `name`, `name:tag` or `registry/name:tag`"),
            ("https://a/b", "write it without `https://`"),
            ("App", "write the repository's name in lower case"),
            (
                "app@sha256:12",
                "write the digest as `sha256:` and 64 hex digits",
            ),
            (
                "app:-",
                "write a tag of up to 128 letters, digits, `_`, `.` and `-`",
            ),
            (
                "-.x/app",
                "write the registry as a host name, with `:port` if needed",
            ),
        ] {
            assert_eq!(help(text), Err(want.into()));
        }
        assert!(help(&"0".repeat(64)).is_err());
        assert!(help(&"a".repeat(247)).is_ok() && help(&"a".repeat(300)).is_err());
    }

    proptest! {
        #[test]
        fn both_forms_mean_the_same(
            domain in "(|localhost/|[a-z]{1,5}(\\.[a-z]{2,3}){1,2}(:[1-9][0-9]{0,3})?/|[A-Z]{2}/)",
            path in "[a-z0-9]{1,6}((\\.|_|__|-|--)[a-z0-9]{1,3})?(/[a-z0-9]{1,6}){0,2}",
            tag in "(|:[A-Za-z0-9_][A-Za-z0-9_.-]{0,10})",
            digest in "(|@sha256:[0-9a-f]{64})",
        ) {
            let text = format!("{domain}{path}{tag}{digest}");
            let parsed: ImageRef = text.parse().unwrap();
            prop_assert_eq!(&parsed.to_string().parse::<ImageRef>().unwrap(), &parsed);
            prop_assert_eq!(&parsed.familiar().parse::<ImageRef>().unwrap(), &parsed);
        }

        #[test]
        fn parsing_never_panics(text in "[a-zA-Z0-9:/@._é\\[\\]-]{0,30}") {
            let _ = text.parse::<ImageRef>();
        }
    }
}
