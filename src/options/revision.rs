//! The commit that is built, where options tell.

use super::{MainContext, Reader};

/// The build argument that has it, unless one of that name is given.
pub const VCS_REVISION: &str = "VCS_REVISION";

/// The commit of a local context, as buildx says it (`vcs:revision`; docker/buildx `build/git.go`), or that of an
/// address that names it.
pub(super) fn of(reader: &Reader<'_>, context: &MainContext) -> Option<String> {
    match context {
        MainContext::Local => reader.some("vcs:revision"),
        MainContext::Git(git) => [&git.checksum, &git.reference]
            .into_iter()
            .find(|name| is_commit(name))
            .cloned(),
        MainContext::Http(_) => None,
    }
}

/// A full SHA-1 or SHA-256: what is shorter may be a branch, too.
fn is_commit(name: &str) -> bool {
    matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
