//! Directories of the client.

use super::Attrs;
use crate::encode::Encoder;
use crate::error::Error;
use buildkit_proto::{attr, caps, pb};

/// A directory of the client. What is not excluded is sent; content alone decides what is cached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// Name under which the client offers it: `context`, `dockerfile` …
    pub name: String,
    /// Session to ask; without one set `unique_id`, and any session of the build answers.
    pub session_id: String,
    /// Stands for the session in the digest where none is named.
    pub unique_id: String,
    /// Send only what matches.
    pub include_patterns: Vec<String>,
    /// Do not send what matches; `!` includes again.
    pub exclude_patterns: Vec<String>,
    /// Send only these paths and what symlinks in them point to.
    pub follow_paths: Vec<String>,
    /// Uploads of one name and hint share a snapshot; give each set of patterns its own.
    pub shared_key_hint: String,
    /// How files are compared with the last upload.
    pub differ: Differ,
    /// Send files without their content, save `metadata_only_exceptions`. BuildKit 0.21.
    pub metadata_only: bool,
    /// Patterns of files that are sent whole nevertheless.
    pub metadata_only_exceptions: Vec<String>,
}

/// How files are compared with the last upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Differ {
    /// By metadata; the engine's default. Not written.
    #[default]
    Unset,
    /// Not at all: send everything. Right for a handful of files.
    None,
    /// By metadata, said aloud.
    Metadata,
}

/// A directory of the client, whole.
pub fn local(name: impl Into<String>) -> Local {
    Local {
        name: name.into(),
        ..Local::default()
    }
}

impl Local {
    /// With more include patterns.
    pub fn include<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Local {
        self.include_patterns
            .extend(patterns.into_iter().map(T::into));
        self
    }

    /// With more exclude patterns.
    pub fn exclude<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Local {
        self.exclude_patterns
            .extend(patterns.into_iter().map(T::into));
        self
    }

    /// With more paths to follow.
    pub fn follow<T: Into<String>>(mut self, paths: impl IntoIterator<Item = T>) -> Local {
        self.follow_paths.extend(paths.into_iter().map(T::into));
        self
    }

    /// Metadata only, except for what matches these patterns.
    pub fn metadata_only<T: Into<String>>(mut self, except: impl IntoIterator<Item = T>) -> Local {
        self.metadata_only = true;
        self.metadata_only_exceptions
            .extend(except.into_iter().map(T::into));
        self
    }

    /// With this hint for sharing uploads.
    pub fn shared_key(mut self, hint: impl Into<String>) -> Local {
        self.shared_key_hint = hint.into();
        self
    }

    /// Of this session.
    pub fn session(mut self, id: impl Into<String>) -> Local {
        self.session_id = id.into();
        self
    }

    /// Of any session; `id` tells uploads apart instead.
    pub fn unique(mut self, id: impl Into<String>) -> Local {
        self.unique_id = id.into();
        self
    }

    /// Compared in this way.
    pub fn differ(mut self, differ: Differ) -> Local {
        self.differ = differ;
        self
    }

    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<pb::SourceOp, Error> {
        if self.name.is_empty() {
            return Err(Error::NoIdentifier {
                vertex: to.vertex(),
            });
        }
        to.need(caps::SOURCE_LOCAL);
        let mut attrs = Attrs::new(format!("local://{}", self.name));
        if attrs.text(attr::LOCAL_SESSION_ID, &self.session_id) {
            to.need(caps::SOURCE_LOCAL_SESSIONID);
        } else if attrs.text(attr::LOCAL_UNIQUE_ID, &self.unique_id) {
            to.need(caps::SOURCE_LOCAL_UNIQUE);
        }
        if attrs.list(attr::INCLUDE_PATTERNS, &self.include_patterns) {
            to.need(caps::SOURCE_LOCAL_INCLUDEPATTERNS);
        }
        if attrs.list(attr::FOLLOW_PATHS, &self.follow_paths) {
            to.need(caps::SOURCE_LOCAL_FOLLOWPATHS);
        }
        if attrs.list(attr::EXCLUDE_PATTERNS, &self.exclude_patterns) {
            to.need(caps::SOURCE_LOCAL_EXCLUDEPATTERNS);
        }
        if attrs.text(attr::SHARED_KEY_HINT, &self.shared_key_hint) {
            to.need(caps::SOURCE_LOCAL_SHAREDKEYHINT);
        }
        // No capability: an engine without it compares by metadata, which is right and slower.
        attrs.text(attr::LOCAL_DIFFER, self.differ.as_str());
        if attrs.flag(attr::METADATA_TRANSFER, self.metadata_only) {
            attrs.list(
                attr::METADATA_TRANSFER_EXCLUDE,
                &self.metadata_only_exceptions,
            );
            to.need(caps::SOURCE_LOCAL_METADATATRANSFER);
        }
        Ok(attrs.0)
    }
}

impl Differ {
    fn as_str(self) -> &'static str {
        match self {
            Differ::Unset => "",
            Differ::None => "none",
            Differ::Metadata => "metadata",
        }
    }
}
