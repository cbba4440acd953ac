//! Files over HTTP.

use super::Attrs;
use crate::encode::Encoder;
use crate::error::Error;
use buildkit_proto::{attr, caps, pb};

/// A file over HTTP, alone in the root of a filesystem. Archives are not unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Http {
    /// Address, `http://` or `https://`.
    pub url: String,
    /// Name of the file. Without one it depends on the response, so always set it.
    pub filename: String,
    /// Digest the file must have, `sha256:…`; empty for any.
    pub checksum: String,
    /// Mode of the file; `None` for 0600.
    pub perm: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Secret that holds an `Authorization` header; empty for none.
    pub auth_header_secret: String,
    /// The `Accept` header; empty for none.
    pub accept: String,
    /// The `User-Agent` header; empty for the engine's.
    pub user_agent: String,
}

/// A file over HTTP under a name.
pub fn http(url: impl Into<String>, filename: impl Into<String>) -> Http {
    Http {
        url: url.into(),
        filename: filename.into(),
        ..Http::default()
    }
}

impl Http {
    /// With this digest, `sha256:…`.
    pub fn checksum(mut self, digest: impl Into<String>) -> Http {
        self.checksum = digest.into();
        self
    }

    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<pb::SourceOp, Error> {
        if self.url.is_empty() {
            return Err(Error::NoIdentifier {
                vertex: to.vertex(),
            });
        }
        to.need(caps::SOURCE_HTTP);
        let mut attrs = Attrs::new(self.url.clone());
        if attrs.text(attr::HTTP_CHECKSUM, &self.checksum) {
            to.need(caps::SOURCE_HTTP_CHECKSUM);
        }
        attrs.text(attr::HTTP_FILENAME, &self.filename);
        let perm = self
            .perm
            .map(|perm| format!("0{perm:o}"))
            .unwrap_or_default();
        if attrs.text(attr::HTTP_PERM, &perm) {
            to.need(caps::SOURCE_HTTP_PERM);
        }
        let (uid, gid) = (
            attrs.number(attr::HTTP_UID, self.uid),
            attrs.number(attr::HTTP_GID, self.gid),
        );
        if uid || gid {
            to.need(caps::SOURCE_HTTP_UIDGID);
        }
        if attrs.text(attr::HTTP_AUTH_HEADER_SECRET, &self.auth_header_secret) {
            to.need(caps::SOURCE_HTTP_AUTH);
        }
        let accept = attrs.text(attr::HTTP_HEADER_ACCEPT, &self.accept);
        if attrs.text(attr::HTTP_HEADER_USER_AGENT, &self.user_agent) || accept {
            to.need(caps::SOURCE_HTTP_HEADER);
        }
        Ok(attrs.0)
    }
}
