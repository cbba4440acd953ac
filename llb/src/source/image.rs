//! Images: of a registry, and of a layout that the client serves.

use super::Attrs;
use crate::encode::Encoder;
use crate::error::Error;
use buildkit_proto::{attr, caps, pb};

/// An image of a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Normalized reference, with registry and with tag or digest: `docker.io/library/alpine:3`.
    /// Pin it by digest when that is known, so that planning and building see the same image.
    pub reference: String,
    /// Where the image is looked for.
    pub resolve_mode: ResolveMode,
    /// `internal` or `frontend`: how the cache accounts for it; empty for neither.
    pub record_type: String,
    /// Use only so many layers, from the lowest.
    pub layer_limit: Option<u32>,
    /// Digest the image must have; empty for any. Needs BuildKit 0.25; a digest in the reference
    /// does without.
    pub checksum: String,
}

/// Where an image is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResolveMode {
    /// The engine decides. Not written.
    #[default]
    Unset,
    /// The engine decides, said aloud.
    Default,
    /// In the registry, always.
    Pull,
    /// Locally first.
    Local,
}

/// An image in an OCI layout that the client serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OciLayout {
    /// Any name, and the digest: `name@sha256:…`.
    pub reference: String,
    /// Session of the client.
    pub session_id: String,
    /// Store in that session.
    pub store_id: String,
    /// Use only so many layers, from the lowest.
    pub layer_limit: Option<u32>,
}

/// An image by its normalized reference.
pub fn image(reference: impl Into<String>) -> Image {
    Image {
        reference: reference.into(),
        ..Image::default()
    }
}

/// An image in a layout, by `name@digest`.
pub fn oci_layout(reference: impl Into<String>) -> OciLayout {
    OciLayout {
        reference: reference.into(),
        ..OciLayout::default()
    }
}

impl Image {
    /// Looked for in this way.
    pub fn resolve_mode(mut self, mode: ResolveMode) -> Image {
        self.resolve_mode = mode;
        self
    }

    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<pb::SourceOp, Error> {
        if self.reference.is_empty() {
            return Err(Error::NoIdentifier {
                vertex: to.vertex(),
            });
        }
        to.need(caps::SOURCE_IMAGE);
        let mut attrs = Attrs::new(format!("docker-image://{}", self.reference));
        attrs.text(attr::IMAGE_RESOLVE_MODE, self.resolve_mode.as_str());
        if self.resolve_mode == ResolveMode::Pull {
            // The only mode that a caller relies on for safety, so the only one required.
            to.need(caps::SOURCE_IMAGE_RESOLVEMODE);
        }
        attrs.text(attr::IMAGE_RECORD_TYPE, &self.record_type);
        if attrs.number(attr::IMAGE_LAYER_LIMIT, self.layer_limit) {
            to.need(caps::SOURCE_IMAGE_LAYERLIMIT);
        }
        if attrs.text(attr::IMAGE_CHECKSUM, &self.checksum) {
            to.need(caps::SOURCE_IMAGE_CHECKSUM);
        }
        Ok(attrs.0)
    }
}

impl ResolveMode {
    /// The word on the wire, also of resolve requests; empty if unset.
    pub fn as_str(self) -> &'static str {
        match self {
            ResolveMode::Unset => "",
            ResolveMode::Default => "default",
            ResolveMode::Pull => "pull",
            ResolveMode::Local => "local",
        }
    }
}

impl OciLayout {
    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<pb::SourceOp, Error> {
        if self.reference.is_empty() {
            return Err(Error::NoIdentifier {
                vertex: to.vertex(),
            });
        }
        to.need(caps::SOURCE_OCI_LAYOUT);
        let mut attrs = Attrs::new(format!("oci-layout://{}", self.reference));
        attrs.text(attr::OCI_LAYOUT_SESSION_ID, &self.session_id);
        attrs.text(attr::OCI_LAYOUT_STORE_ID, &self.store_id);
        attrs.number(attr::OCI_LAYOUT_LAYER_LIMIT, self.layer_limit);
        Ok(attrs.0)
    }
}
