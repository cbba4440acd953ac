//! When contexts that are not the client's directories came to be.

use super::{Context, DOWNLOAD, definition_of, solve, sources};
use crate::gateway::{Failure, Gateway};
use crate::options::{GitRef, Options};
use buildkit_llb::{self as llb, Meta};
use buildkit_proto::Message as _;
use buildkit_proto::pb;

impl Context {
    /// When the commit was made, in seconds since 1970; `None` where the engine does not tell.
    ///
    /// # Errors
    /// The engine's answer.
    pub async fn commit_time(
        &self,
        gateway: &Gateway,
        git: &GitRef,
    ) -> Result<Option<i64>, Failure> {
        let state = sources::git(git, &Options::default(), gateway.llb_caps());
        let definition = definition_of(gateway, &state)?;
        let first = definition.def.first().map(Vec::as_slice);
        let op = pb::Op::decode(first.unwrap_or_default());
        let op = op.map_err(|error| Failure::Internal(error.to_string()))?;
        let Some(pb::op::Op::Source(source)) = op.op else {
            return Ok(None);
        };
        let name = format!("[internal] load metadata for {}", git.written);
        let meta = gateway.resolve_source(source, &name, true).await?;
        Ok(meta.git.and_then(|git| committed(&git.object)))
    }

    /// When the file behind a URL changed, as its server says: seconds since 1970.
    ///
    /// # Errors
    /// The engine's answer.
    pub async fn file_time(&self, gateway: &Gateway, url: &str) -> Result<Option<i64>, Failure> {
        // The same vertex as that of a main context.
        let file =
            llb::http(url, DOWNLOAD).state(Meta::named("[internal] load remote build context"));
        let file = solve(gateway, &file).await?.stat_file(DOWNLOAD).await?;
        // The engine writes the server's time to the file, and 0 for none.
        Ok(Some(file.modified / 1_000_000_000).filter(|seconds| *seconds > 0))
    }
}

/// The time in the `committer` line of a commit object (git, Documentation/gitformat-commit).
fn committed(object: &[u8]) -> Option<i64> {
    let text = String::from_utf8_lossy(object);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("committer "))?;
    line.rsplit(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committers_time_counts() {
        let object =
            b"tree 4b825dc\nauthor A <a@b> 1 +0000\ncommitter A B <a@b> 1700000000 +0100\n\nx\n";
        assert_eq!(committed(object), Some(1_700_000_000));
        assert_eq!(committed(b""), None);
    }
}
