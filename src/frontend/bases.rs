//! Base images: their digests, so that planning and building mean the same one, and their configs. A named
//! context of such a name takes the image's place.

use super::Request;
use crate::context;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::gateway::{Failure, Gateway, ResolveImage, Resolved};
use crate::image;
use crate::image_ref::{ImageRef, InvalidImageRef};
use crate::options::{NamedContext, Options};
use crate::plan::{ImageInfo, Images};
use crate::platform::Platform;
use crate::source::Span;
use crate::spec::{ImageBase, ImageSpec};
use crate::stage::Kind;
use buildkit_llb::State;
use std::collections::BTreeMap;

/// What an image of the spec is built in and on.
#[derive(Clone, Debug, Default)]
pub(super) struct Bases {
    /// What planning knows of them.
    pub images: Images,
    /// Warnings of those that are for other platforms.
    pub foreign: Diagnostics,
    /// The named contexts among them, by the reference that the plan gives, and by platform.
    replaced: BTreeMap<(String, Platform), State>,
}

impl Bases {
    /// Adds those of another image.
    pub(super) fn extend(&mut self, other: Self) {
        self.images.extend(other.images);
        self.foreign.extend(other.foreign);
        self.replaced.extend(other.replaced);
    }

    /// The named context that takes the place of an image.
    pub(super) fn replacement(&self, reference: &str, platform: &Platform) -> Option<State> {
        let key = (reference.to_owned(), platform.clone());
        self.replaced.get(&key).cloned()
    }
}

/// An image that an image of the spec is built in or on.
struct Wanted<'a> {
    /// Its reference.
    reference: &'a str,
    /// The short name that the spec gives it, if it does.
    short: Option<&'a str>,
    /// Where the spec names it; `None` for a default.
    span: Option<Span>,
    platform: &'a Platform,
}

impl Wanted<'_> {
    /// The named context that takes its place: one of the name in the spec goes before one of the reference.
    fn named(&self, options: &Options) -> Result<Option<NamedContext>, Diagnostic> {
        for name in self.short.into_iter().chain([self.reference]) {
            let found = options.named_contexts.find(name, self.platform)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// The images that a stage of an image of the spec is built in and on.
fn wanted<'a>(
    kind: Kind,
    image: &'a ImageSpec,
    platform: &'a Platform,
    build_platform: &'a Platform,
) -> impl Iterator<Item = Wanted<'a>> {
    let runs = matches!(kind, Kind::Image | Kind::Debug);
    let base = &image.image.base;
    let runtime = match &base.value {
        ImageBase::Reference(reference) if runs => Some(Wanted {
            reference,
            short: image.image.base_name.as_deref(),
            span: base.span,
            platform,
        }),
        _ => None,
    };
    let build = Wanted {
        reference: &image.build.base.value,
        short: None,
        span: image.build.base.span,
        platform: build_platform,
    };
    std::iter::once(build).chain(runtime)
}

/// Resolves the images that a stage of an image of the spec is built in and on.
pub(super) async fn resolve(
    request: Request<'_>,
    (kind, image): (Kind, &ImageSpec),
    platform: &Platform,
) -> Result<Bases, Failure> {
    let Request {
        gateway,
        options,
        context,
        build_platform,
    } = request;
    let mut bases = Bases::default();
    for wanted in wanted(kind, image, platform, build_platform) {
        let Wanted {
            reference: written,
            span,
            platform,
            ..
        } = wanted;
        let key = (written.to_owned(), platform.clone());
        // A default base has no line of its own.
        let place = context.definition.place(span);
        let placed = |failure: Failure| failure.at(&place);
        let named = match wanted.named(options)? {
            Some(named) => named,
            None => {
                let found = look_up(gateway, options, written, platform).await;
                match found.map_err(placed)? {
                    Found::Image(info) => {
                        if let Some(foreign) = foreign(written, &info.config, platform) {
                            bases.foreign.push(foreign.at(place));
                        }
                        bases.images.insert(key, info);
                        continue;
                    }
                    Found::Elsewhere(named) => named,
                }
            }
        };
        let named = context.named(gateway, options, &named, platform, &[]).await;
        let named = named.map_err(placed)?;
        let reference = named.reference.unwrap_or_else(|| written.to_owned());
        let replaced = (reference.clone(), platform.clone());
        bases.replaced.insert(replaced, named.state);
        let config = named.config.unwrap_or_default();
        bases.images.insert(key, ImageInfo { reference, config });
    }
    Ok(bases)
}

/// A warning of an image that is not for the platform that it is wanted for. Of an image for several, the engine takes
/// the one that fits; of an image for one, that one.
fn foreign(written: &str, config: &[u8], platform: &Platform) -> Option<Diagnostic> {
    let made = image::platform(config)?;
    if made.os == platform.os && made.architecture == platform.architecture {
        return None;
    }
    let message = format!("`{written}` is an image for {made}, not for {platform}");
    let help = format!("use an image that is available for {platform}");
    Some(Diagnostic::warning("base-platform", message).help(help))
}

/// What stands behind a reference.
enum Found {
    Image(ImageInfo),
    /// A policy of the engine put something else in its place.
    Elsewhere(NamedContext),
}

/// Has the engine look up what [`resolve`] will ask for, so that the answers are there when the project is read.
/// What is wrong is said then.
pub(super) fn expect(request: Request<'_>, (kind, image): (Kind, &ImageSpec), platform: &Platform) {
    for wanted in wanted(kind, image, platform, request.build_platform) {
        let name = wanted.reference.parse::<ImageRef>();
        if let (Ok(None), Ok(name)) = (wanted.named(request.options), name) {
            let gateway = request.gateway.clone();
            let image = resolution(request.options, &name, wanted.platform);
            tokio::spawn(async move { gateway.resolve_image(&image).await });
        }
    }
}

fn resolution(options: &Options, name: &ImageRef, platform: &Platform) -> ResolveImage {
    ResolveImage {
        reference: name.to_string(),
        platform: Some(platform.clone()),
        mode: options.resolve_mode,
        log_name: format!("[internal] load metadata for {name}"),
        layout: None,
    }
}

async fn look_up(
    gateway: &Gateway,
    options: &Options,
    written: &str,
    platform: &Platform,
) -> Result<Found, Failure> {
    let invalid = |error: InvalidImageRef| Failure::Internal(error.to_string());
    let name: ImageRef = written.parse().map_err(invalid)?;
    let image = resolution(options, &name, platform);
    let resolved = gateway.resolve_image(&image).await.map_err(|failure| {
        // As the official frontend.
        failure.context(format!(
            "{written}: failed to resolve source metadata for {name}"
        ))
    })?;
    Ok(match resolved {
        Resolved::Image(image) => Found::Image(ImageInfo {
            // A policy may have changed the name; a classic dockerd has no digest for an image that it never pulled.
            reference: context::pinned(&image.reference, image.digest.as_deref()),
            config: image.config,
        }),
        Resolved::Other { identifier, .. } => {
            let source = options.named_contexts.source(written, &identifier);
            Found::Elsewhere(NamedContext {
                key: written.to_owned(),
                name: name.familiar(),
                source: source.map_err(|why| Diagnostic::error("invalid-context", why))?,
            })
        }
    })
}
