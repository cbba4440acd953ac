//! Where the main context and the definition file come from.

use super::{GitRef, Reader, prefixed, value};
use std::collections::BTreeMap;

/// Options of the main context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextOptions {
    /// The context as far as options tell; an input of the frontend may still replace a local one.
    pub main: MainContext,
    /// The local directory that must hold the definition file even if the context is elsewhere.
    pub forced_dockerfile: Option<String>,
    /// Directory of a context that is not local to take for the whole.
    pub subdir: Option<String>,
    /// Keep `.git` in a git context.
    pub keep_git_dir: Option<bool>,
    /// Sessions of local directories that are not the build's own.
    pub local_sessions: BTreeMap<String, String>,
}

/// The main context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MainContext {
    /// The client's directory `context`, or the frontend's input of that name.
    #[default]
    Local,
    /// A repository.
    Git(GitRef),
    /// A file or an archive: its first bytes tell.
    Http(String),
}

/// Name of the local directory of the main context.
pub(crate) const CONTEXT: &str = "context";
/// Name of the local directory of the definition file.
pub(crate) const DOCKERFILE: &str = "dockerfile";

impl ContextOptions {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let key = reader.map.get("contextkey").map_or(CONTEXT, String::as_str);
        let text = reader.text(key);
        let git = GitRef::parse(text).transpose();
        let main = match reader.ok(git) {
            Some(git) => MainContext::Git(git),
            None if text.starts_with("http://") || text.starts_with("https://") => {
                MainContext::Http(text.to_owned())
            }
            None => MainContext::Local,
        };
        let subdir = reader.map.get("contextsubdir").cloned();
        Self {
            main,
            forced_dockerfile: reader.map.get("dockerfilekey").cloned(),
            subdir,
            keep_git_dir: value::go_bool(reader.text("build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR")),
            local_sessions: prefixed(reader.map, "local-sessionid:"),
        }
    }

    /// The local directory that holds the definition file if it is not in a remote context.
    pub fn dockerfile_name(&self) -> &str {
        self.forced_dockerfile.as_deref().unwrap_or(DOCKERFILE)
    }

    /// The session of a local directory, where `own` is that of the build.
    pub fn session<'a>(&'a self, local: &str, own: &'a str) -> &'a str {
        self.local_sessions.get(local).map_or(own, String::as_str)
    }
}
