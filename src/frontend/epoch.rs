//! SOURCE_DATE_EPOCH: the time that an image is said to be made at.

use crate::context::Context;
use crate::gateway::{Failure, Gateway};
use crate::options::{Epoch, MainContext, NamedSource, Options};
use crate::platform::Platform;

/// Puts seconds since 1970 in the place of what the client names instead, a context, also for the spec; nothing where
/// that has no time of its own. Returns what it found.
///
/// # Errors
/// A named context that makes no sense, and whatever the engine answers about it.
pub(super) async fn settle(
    gateway: &Gateway,
    options: &mut Options,
    context: &Context,
    build_platform: &Platform,
) -> Result<Option<i64>, Failure> {
    let seconds = match &options.epoch {
        None | Some(Epoch::Seconds(_)) => return Ok(None),
        Some(Epoch::Context) => match &options.context.main {
            MainContext::Git(git) => context.commit_time(gateway, git).await?,
            MainContext::Http(url) => context.file_time(gateway, url).await?,
            MainContext::Local => None,
        },
        Some(Epoch::Named(name)) => {
            let platforms = options.target_platforms(build_platform);
            let named = options.named_contexts.find(name, &platforms[0])?;
            match named.map(|named| named.source) {
                Some(NamedSource::Git(git)) => context.commit_time(gateway, &git).await?,
                Some(NamedSource::Http(url)) => context.file_time(gateway, &url).await?,
                _ => None,
            }
        }
    };
    options.set_epoch(seconds);
    Ok(seconds)
}
