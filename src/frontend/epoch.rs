//! SOURCE_DATE_EPOCH: the time that an image is said to be made at.

use crate::context::Context;
use crate::diagnostic::Diagnostic;
use crate::gateway::{Failure, Gateway};
use crate::options::{Epoch, MainContext, NamedSource, Options};
use crate::platform::Platform;

/// Finds the seconds since 1970; nothing without the option.
///
/// # Errors
/// A context that has no time of its own, and whatever the engine answers about it.
pub(super) async fn seconds(
    gateway: &Gateway,
    options: &Options,
    context: &Context,
    platform: &Platform,
) -> Result<Option<i64>, Failure> {
    let no_time = |what: &str| {
        let message = format!("SOURCE_DATE_EPOCH: {what} has no time of its own");
        Diagnostic::error("no-epoch", message)
            .help("pass seconds since 1970, such as `$(git log -1 --pretty=%ct)`")
    };
    let found = match &options.epoch {
        None => return Ok(None),
        Some(Epoch::Seconds(seconds)) => return Ok(Some(*seconds)),
        Some(Epoch::Context) => match &options.context.main {
            MainContext::Git(git) => context.commit_time(gateway, git).await?,
            MainContext::Http(url) => context.file_time(gateway, url).await?,
            MainContext::Local => return Err(no_time("a directory").into()),
        },
        Some(Epoch::Named(name)) => {
            let named = options.named_contexts.find(name, platform)?;
            match named.map(|named| named.source) {
                Some(NamedSource::Git(git)) => context.commit_time(gateway, &git).await?,
                Some(NamedSource::Http(url)) => context.file_time(gateway, &url).await?,
                _ => return Err(no_time(&format!("the context `{name}`")).into()),
            }
        }
    };
    match found {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(no_time("this context, as far as the engine tells (BuildKit 0.26),").into()),
    }
}
