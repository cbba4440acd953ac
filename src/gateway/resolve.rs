//! What stands behind the name of an image, a repository or a URL.

use super::{Failure, Gateway};
use crate::options::ResolveMode;
use crate::platform::Platform;
use buildkit_proto::gateway as msg;
use buildkit_proto::{attr, caps, pb};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// An image to resolve.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResolveImage {
    /// Normalized name with tag or digest, such as `docker.io/library/alpine:3`.
    pub reference: String,
    /// The platform wanted; `None` is the engine's own.
    pub platform: Option<Platform>,
    /// Whether to look at the registry.
    pub mode: ResolveMode,
    /// Name of the progress line.
    pub log_name: String,
    /// The client's OCI layout that holds it; `None` is a registry.
    pub layout: Option<OciStore>,
}

/// An OCI layout of the client.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct OciStore {
    /// The session that serves it.
    pub session: String,
    /// Its name there.
    pub store: String,
}

/// The answer about an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// An image, as asked for.
    Image(ResolvedImage),
    /// A policy of the engine put another kind of source in its place.
    Other {
        /// With its scheme, such as `https://...`.
        identifier: String,
        /// Attributes of that source.
        attrs: BTreeMap<String, String>,
    },
}

/// An image that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedImage {
    /// The name to use from now on; a policy may have changed it.
    pub reference: String,
    /// `None` for images that a classic dockerd has and no registry knows.
    pub digest: Option<String>,
    /// The image config, JSON.
    pub config: Vec<u8>,
}

/// The answer about an image or a repository; the part of repositories comes with BuildKit 0.26.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMeta {
    /// The source to use from now on, with its scheme.
    pub identifier: String,
    /// Its attributes.
    pub attrs: BTreeMap<String, String>,
    /// Digest and config, if it is an image.
    pub image: Option<ResolvedImage>,
    /// The commit, if it is a repository.
    pub git: Option<GitCommit>,
}

/// A commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitCommit {
    /// Its hash, or that of the tag object that names it.
    pub checksum: String,
    /// The reference that was resolved.
    pub reference: String,
    /// The commit object, if it was asked for.
    pub object: Vec<u8>,
}

/// Answers of this build: each image is asked for once, errors included.
#[derive(Default)]
pub(super) struct Memo {
    map: Mutex<BTreeMap<ResolveImage, Answer>>,
}

type Answer = Arc<OnceCell<Result<Resolved, Failure>>>;

impl Memo {
    fn answer(&self, request: &ResolveImage) -> Answer {
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        map.entry(request.clone()).or_default().clone()
    }
}

const IMAGE: &str = "docker-image://";
const LAYOUT: &str = "oci-layout://";

impl Gateway {
    /// Digest and config of an image. Asking twice, also at the same time, costs one call.
    ///
    /// # Errors
    /// The engine's answer.
    pub async fn resolve_image(&self, request: &ResolveImage) -> Result<Resolved, Failure> {
        let answer = self.inner.resolved.answer(request);
        let result = answer.get_or_init(|| async {
            match self.caps().has(caps::gateway::SOURCE_METARESOLVER) {
                true => self.image_by_meta(request).await,
                false => self.image_by_config(request).await,
            }
        });
        result.await.clone()
    }

    /// What is known of a source of any kind. `with_object` asks for a repository's commit object.
    ///
    /// # Errors
    /// The engine's answer, or that it is too old (BuildKit 0.13).
    pub async fn resolve_source(
        &self,
        source: pb::SourceOp,
        log_name: &str,
        with_object: bool,
    ) -> Result<SourceMeta, Failure> {
        let request = msg::ResolveSourceMetaRequest {
            source: Some(source),
            log_name: log_name.to_owned(),
            git: with_object.then_some(msg::ResolveSourceGitRequest {
                return_object: true,
            }),
            ..Default::default()
        };
        self.source_meta(request).await
    }

    async fn source_meta(
        &self,
        request: msg::ResolveSourceMetaRequest,
    ) -> Result<SourceMeta, Failure> {
        self.require(caps::gateway::SOURCE_METARESOLVER)?;
        let asked = request.source.clone().unwrap_or_default();
        let reply = self.bridge().resolve_source_meta(request).await?;
        let source = reply.source.unwrap_or(asked);
        Ok(SourceMeta {
            image: reply.image.map(|image| ResolvedImage {
                reference: name(&source.identifier).to_owned(),
                digest: some(image.digest),
                config: image.config,
            }),
            git: reply.git.map(|git| GitCommit {
                checksum: match git.commit_checksum.is_empty() {
                    true => git.checksum,
                    false => git.commit_checksum,
                },
                reference: git.r#ref,
                object: git.commit_object,
            }),
            identifier: source.identifier,
            attrs: source.attrs,
        })
    }

    async fn image_by_meta(&self, request: &ResolveImage) -> Result<Resolved, Failure> {
        let mut attrs = BTreeMap::new();
        let scheme = match &request.layout {
            Some(layout) => {
                attrs.insert(
                    attr::OCI_LAYOUT_SESSION_ID.to_owned(),
                    layout.session.clone(),
                );
                attrs.insert(attr::OCI_LAYOUT_STORE_ID.to_owned(), layout.store.clone());
                LAYOUT
            }
            None => IMAGE,
        };
        let meta = self
            .source_meta(msg::ResolveSourceMetaRequest {
                source: Some(pb::SourceOp {
                    identifier: format!("{scheme}{}", request.reference),
                    attrs,
                }),
                platform: request.platform.as_ref().map(Into::into),
                log_name: request.log_name.clone(),
                resolve_mode: request.mode.as_str().to_owned(),
                ..Default::default()
            })
            .await?;
        Ok(match meta.image {
            Some(image) => Resolved::Image(image),
            None => Resolved::Other {
                identifier: meta.identifier,
                attrs: meta.attrs,
            },
        })
    }

    /// The call of engines before BuildKit 0.13.
    async fn image_by_config(&self, request: &ResolveImage) -> Result<Resolved, Failure> {
        let layout = request.layout.clone();
        let resolver_type = i32::from(layout.is_some());
        let layout = layout.unwrap_or_default();
        let message = msg::ResolveImageConfigRequest {
            r#ref: request.reference.clone(),
            platform: request.platform.as_ref().map(Into::into),
            resolve_mode: request.mode.as_str().to_owned(),
            log_name: request.log_name.clone(),
            resolver_type,
            session_id: layout.session,
            store_id: layout.store,
            ..Default::default()
        };
        let reply = self.bridge().resolve_image_config(message).await?;
        let reference = match name(&reply.r#ref) {
            "" => request.reference.clone(),
            name => name.to_owned(),
        };
        Ok(Resolved::Image(ResolvedImage {
            reference,
            digest: some(reply.digest),
            config: reply.config,
        }))
    }
}

/// A reference without the scheme of its source.
fn name(identifier: &str) -> &str {
    let image = identifier.strip_prefix(IMAGE);
    image
        .or_else(|| identifier.strip_prefix(LAYOUT))
        .unwrap_or(identifier)
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
