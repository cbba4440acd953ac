//! Named contexts: what the client puts in the place of an image or a directory.

use super::{Context, definition_of, patterns, sources};
use crate::diagnostic::Diagnostic;
use crate::gateway::{Failure, Gateway, OciStore, ResolveImage, Resolved, SolveRequest};
use crate::image_ref::ImageRef;
use crate::options::{NamedContext, NamedSource, Options, ResolveMode};
use crate::platform::Platform;
use buildkit_llb::{self as llb, Meta, State};

/// How often the policies of the engine may redirect a context.
const DETOURS: usize = 10;

/// A named context that was looked up.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its files.
    pub state: State,
    /// The image config, JSON, if it is an image or comes with one.
    pub config: Option<Vec<u8>>,
    /// The image's name, pinned, if it is one.
    pub reference: Option<String>,
}

impl From<State> for Named {
    fn from(state: State) -> Self {
        Self {
            state,
            config: None,
            reference: None,
        }
    }
}

impl Context {
    /// The files, and the image config if there is one, of a named context. Of a directory of the client, what
    /// matches `exclude` is not sent.
    ///
    /// # Errors
    /// A source that makes no sense, or the engine's answer.
    pub async fn named(
        &self,
        gateway: &Gateway,
        options: &Options,
        context: &NamedContext,
        platform: &Platform,
        exclude: &[&str],
    ) -> Result<Named, Failure> {
        let wrong = |message: String| Diagnostic::error("invalid-context", message);
        let key = &context.key;
        let mut source = context.source.clone();
        for _ in 0..=DETOURS {
            let request = match source {
                NamedSource::Scratch => return Ok(llb::scratch().into()),
                NamedSource::Git(git) => {
                    // Only the main context keeps `.git` by option, or takes the commit's time.
                    let plain = Options::default();
                    return Ok(sources::git(&git, &plain, gateway.llb_caps()).into());
                }
                NamedSource::Http(url) => {
                    let name = Meta::named(format!("[context {key}] {url}"));
                    return Ok(llb::http(&url, super::DOWNLOAD).state(name).into());
                }
                NamedSource::Local { name, shared_key } => {
                    return local(gateway, options, key, (&name, &shared_key), exclude).await;
                }
                NamedSource::Input { name, config } => {
                    let graph = self.inputs(gateway).await?.remove(&name);
                    let graph =
                        graph.ok_or_else(|| wrong(format!("invalid input {name} for {key}")))?;
                    return Ok(Named {
                        config,
                        ..sources::input(&graph, &name)?.into()
                    });
                }
                NamedSource::Image(name) => image(key, &name, options.resolve_mode),
                NamedSource::OciLayout { store, digest } => {
                    let session = gateway.session_id().to_owned();
                    let store = OciStore { session, store };
                    layout(key, &context.name, &digest, store)
                }
            };
            let mut request = request.map_err(wrong)?;
            request.platform = Some(platform.clone());
            match gateway.resolve_image(&request).await? {
                Resolved::Image(found) => {
                    let pinned = pinned(&found.reference, found.digest.as_deref());
                    return Ok(Named {
                        state: image_state(key, &request, &pinned, platform),
                        config: Some(found.config),
                        reference: request.layout.is_none().then_some(pinned),
                    });
                }
                Resolved::Other { identifier, .. } => {
                    let moved = options.named_contexts.source(key, &identifier);
                    source = moved.map_err(wrong)?;
                }
            }
        }
        Err(wrong(format!(
            "context recursion limit exceeded; this may indicate a cycle in the provided source \
             policies: {key}"
        ))
        .into())
    }

    /// The inputs, which a build with a remote main context has not asked for yet.
    async fn inputs(
        &self,
        gateway: &Gateway,
    ) -> Result<std::collections::BTreeMap<String, buildkit_proto::pb::Definition>, Failure> {
        match self.inputs.is_empty() {
            true => gateway.inputs().await,
            false => Ok(self.inputs.clone()),
        }
    }
}

fn image(key: &str, written: &str, mode: ResolveMode) -> Result<ResolveImage, String> {
    let name: ImageRef = written
        .parse()
        .map_err(|why| format!("invalid image {written} for {key}: {why}"))?;
    Ok(ResolveImage {
        reference: name.to_string(),
        mode,
        log_name: format!("[context {key}] load metadata for {written}"),
        ..ResolveImage::default()
    })
}

/// The name is for people; the store and the digest find the image.
fn layout(key: &str, name: &str, digest: &str, store: OciStore) -> Result<ResolveImage, String> {
    let name: ImageRef = format!("{name}@{digest}")
        .parse()
        .map_err(|why| format!("could not parse oci-layout reference {name:?}: {why}"))?;
    Ok(ResolveImage {
        reference: name.to_string(),
        log_name: format!("[context {key}] load metadata for {name}"),
        layout: Some(store),
        ..ResolveImage::default()
    })
}

/// The reference with the digest, where there is one.
pub(crate) fn pinned(reference: &str, digest: Option<&str>) -> String {
    match (reference.parse::<ImageRef>(), digest) {
        (Ok(name), Some(digest)) => name.with_digest(digest).to_string(),
        _ => reference.to_owned(),
    }
}

fn image_state(key: &str, request: &ResolveImage, pinned: &str, platform: &Platform) -> State {
    let on = platform.into();
    match &request.layout {
        Some(store) => llb::OciLayout {
            session_id: store.session.clone(),
            store_id: store.store.clone(),
            // Not the digest of one platform's image: the layout has the index alone.
            ..llb::oci_layout(&request.reference)
        }
        .state(Meta::named(format!("[context {key}] OCI load from client")).platform(on)),
        None => llb::image(pinned)
            .resolve_mode(resolve_mode(request.mode))
            .state(Meta::named(format!("[context {key}] {pinned}")).platform(on)),
    }
}

/// A base image's resolve mode in a graph.
pub(crate) fn resolve_mode(mode: ResolveMode) -> llb::ResolveMode {
    match mode {
        ResolveMode::Default => llb::ResolveMode::Default,
        ResolveMode::Pull => llb::ResolveMode::Pull,
        ResolveMode::Local => llb::ResolveMode::Local,
    }
}

/// A directory of the client, less what its own ignore file says.
async fn local(
    gateway: &Gateway,
    options: &Options,
    key: &str,
    (name, shared_key): (&str, &str),
    exclude: &[&str],
) -> Result<Named, Failure> {
    const IGNORE: &str = ".dockerignore";
    let session = options.context.session(name, gateway.session_id());
    let few = sources::few_files(name, &[IGNORE], session)
        .shared_key(format!("context:{key}-{IGNORE}"))
        .state(Meta::named(format!("[context {key}] load {IGNORE}")));
    let request = SolveRequest {
        evaluate: true,
        ..SolveRequest::from(definition_of(gateway, &few)?)
    };
    let ignored = patterns(&gateway.solve(request).await?, IGNORE).await?;
    let files = llb::local(name)
        .exclude(
            ignored
                .iter()
                .map(String::as_str)
                .chain(exclude.iter().copied()),
        )
        .shared_key(format!("context:{key}-{shared_key}"))
        .session(session)
        .state(Meta::named(format!("[context {key}] load from client")));
    Ok(files.into())
}
