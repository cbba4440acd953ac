//! SOURCE_DATE_EPOCH: the time that an image is said to be made at.

use super::Request;
use crate::gateway::Failure;
use crate::options::{Epoch, MainContext, NamedSource};
use crate::platform::Platform;

/// Finds the seconds since 1970; nothing without the option, and for what has no time of its own.
///
/// # Errors
/// A named context that makes no sense, and whatever the engine answers about it.
pub(super) async fn seconds(
    request: Request<'_>,
    platform: &Platform,
) -> Result<Option<i64>, Failure> {
    let Request {
        gateway,
        options,
        context,
        ..
    } = request;
    match &options.epoch {
        None => Ok(None),
        Some(Epoch::Seconds(seconds)) => Ok(Some(*seconds)),
        Some(Epoch::Context) => match &options.context.main {
            MainContext::Git(git) => context.commit_time(gateway, git).await,
            MainContext::Http(url) => context.file_time(gateway, url).await,
            MainContext::Local => Ok(None),
        },
        Some(Epoch::Named(name)) => {
            let named = options.named_contexts.find(name, platform)?;
            match named.map(|named| named.source) {
                Some(NamedSource::Git(git)) => context.commit_time(gateway, &git).await,
                Some(NamedSource::Http(url)) => context.file_time(gateway, &url).await,
                _ => Ok(None),
            }
        }
    }
}
