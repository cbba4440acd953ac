//! Named contexts: `--build-context`, and what bake links.

use super::prefixed;
use super::{GitRef, context::CONTEXT};
use crate::diagnostic::Diagnostic;
use crate::image_ref::ImageRef;
use crate::platform::Platform;
use buildkit_proto::errdefs::base64_text;
use std::collections::BTreeMap;

/// All named contexts, as they came: mistakes in those that nobody uses stay unnoticed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedContexts {
    /// By name, or `name::platform`.
    contexts: BTreeMap<String, String>,
    shared_keys: BTreeMap<String, String>,
    metadata: BTreeMap<String, String>,
}

/// A named context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedContext {
    /// Its name, with `::platform` if it is for one; shown in progress lines.
    pub key: String,
    /// The name alone.
    pub name: String,
    /// Where it is.
    pub source: NamedSource,
}

/// Where a named context is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedSource {
    /// Nowhere: an empty filesystem.
    Scratch,
    /// An image, by its reference as it was written.
    Image(String),
    /// An image in an OCI layout of the client.
    OciLayout {
        /// Name of the layout in the session.
        store: String,
        /// Digest of the image.
        digest: String,
    },
    /// A repository.
    Git(GitRef),
    /// A file.
    Http(String),
    /// A directory of the client.
    Local {
        /// Its name in the session.
        name: String,
        /// What tells its uploads from others of that name.
        shared_key: String,
    },
    /// An input of the frontend.
    Input {
        /// Its name.
        name: String,
        /// Image config that belongs to it, JSON.
        config: Option<Vec<u8>>,
    },
}

impl NamedContexts {
    pub(super) fn read(map: &BTreeMap<String, String>) -> Self {
        Self {
            contexts: prefixed(map, "context:"),
            shared_keys: prefixed(map, "sharedkey:localdir:"),
            metadata: prefixed(map, "input-metadata:"),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.contexts.is_empty()
    }

    /// Whether there is one of that name, for any platform.
    pub fn contains(&self, name: &str) -> bool {
        let bare = |key: &String| key.split("::").next() == Some(name);
        self.contexts.keys().any(bare)
    }

    /// The context that replaces `name` on `platform`: one for just that platform goes first. The
    /// name may be that of an image in any form; the main context has no replacement.
    ///
    /// # Errors
    /// What the official frontend says to a context that it cannot read.
    pub fn find(
        &self,
        name: &str,
        platform: &Platform,
    ) -> Result<Option<NamedContext>, Diagnostic> {
        let wrong = |message: String| Diagnostic::error("invalid-context", message);
        if name == "scratch" || name == CONTEXT {
            return Ok(None);
        }
        let image: ImageRef = name
            .parse()
            .map_err(|why| wrong(format!("invalid context name {name}: {why}")))?;
        let name = image.familiar();
        let name = name.strip_suffix(":latest").unwrap_or(&name).to_owned();
        let keys = [format!("{name}::{platform}"), name.clone()];
        let found = keys.into_iter().find_map(|key| {
            let value = self.contexts.get(&key)?;
            Some((key, value))
        });
        let Some((key, value)) = found else {
            return Ok(None);
        };
        let source = self.source(&key, value).map_err(wrong)?;
        Ok(Some(NamedContext { key, name, source }))
    }

    /// What `value` of the context `key` means. Also for a value that a policy of the engine put in
    /// its place.
    ///
    /// # Errors
    /// As [`NamedContexts::find`].
    pub fn source(&self, key: &str, value: &str) -> Result<NamedSource, String> {
        let (scheme, rest) = value
            .split_once(':')
            .ok_or_else(|| format!("invalid context specifier {value} for {key}"))?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let git = || GitRef::parse(value);
        Ok(match scheme {
            "docker-image" if path == "scratch" => NamedSource::Scratch,
            "docker-image" => NamedSource::Image(path.to_owned()),
            "oci-layout" => oci_layout(path)?,
            "git" => match git() {
                Some(git) => NamedSource::Git(git?),
                None => return Err(format!("invalid git context {value}")),
            },
            scheme if scheme.starts_with("git@") => match git() {
                Some(git) => NamedSource::Git(git?),
                None => return Err(format!("invalid git context {value}")),
            },
            "http" | "https" => match git() {
                Some(git) => NamedSource::Git(git?),
                None => NamedSource::Http(value.to_owned()),
            },
            "local" => NamedSource::Local {
                name: rest.to_owned(),
                shared_key: self.shared_keys.get(key).cloned().unwrap_or_default(),
            },
            "input" => NamedSource::Input {
                name: rest.to_owned(),
                config: self.config(rest)?,
            },
            other => return Err(format!("unsupported context source {other} for {key}")),
        })
    }

    /// The image config of an input, from `input-metadata:`.
    fn config(&self, input: &str) -> Result<Option<Vec<u8>>, String> {
        let Some(json) = self.metadata.get(input) else {
            return Ok(None);
        };
        let wrong = || format!("failed to parse input metadata {json}");
        let map: BTreeMap<String, String> = serde_json::from_str(json).map_err(|_| wrong())?;
        match map.get("containerimage.config") {
            Some(text) => base64_text::decode(text).ok_or_else(wrong).map(Some),
            None => Ok(None),
        }
    }
}

fn oci_layout(text: &str) -> Result<NamedSource, String> {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, digest),
        None => (text, ""),
    };
    // A tag may stand between the two; the store is the name alone.
    let store = match name.rsplit_once(':') {
        Some((store, tag)) if !tag.contains('/') => store,
        _ => name,
    };
    if store.is_empty() {
        return Err(format!("oci-layout reference {text:?} has no name"));
    }
    if !digest.contains(':') {
        return Err(format!("oci-layout reference {text:?} has no digest"));
    }
    Ok(NamedSource::OciLayout {
        store: store.to_owned(),
        digest: digest.to_owned(),
    })
}
