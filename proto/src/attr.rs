//! Attribute keys of source operations and description keys of vertices.
//!
//! Upstream: `solver/pb/attr.go`, `client/llb/source.go`. A misspelt key is ignored by the engine,
//! not refused. Values are text; flags are the word `true`.

/// `git.keepgitdir`: `true` keeps `.git`.
pub const KEEP_GIT_DIR: &str = "git.keepgitdir";
/// `git.fullurl`: Address to fetch from; the identifier has no scheme.
pub const FULL_REMOTE_URL: &str = "git.fullurl";
/// `git.authheadersecret`: Secret that holds an `Authorization` header.
pub const AUTH_HEADER_SECRET: &str = "git.authheadersecret";
/// `git.authtokensecret`: Secret that holds a token.
pub const AUTH_TOKEN_SECRET: &str = "git.authtokensecret";
/// `git.knownsshhosts`: Lines of a `known_hosts` file.
pub const KNOWN_SSH_HOSTS: &str = "git.knownsshhosts";
/// `git.mountsshsock`: Id of the ssh agent.
pub const MOUNT_SSH_SOCK: &str = "git.mountsshsock";
/// `git.checksum`: Commit that the ref must have, whole or abbreviated.
pub const GIT_CHECKSUM: &str = "git.checksum";
/// `git.skipsubmodules`: `true` leaves submodules out.
pub const GIT_SKIP_SUBMODULES: &str = "git.skipsubmodules";
/// `git.mtime`: `commit` takes file times from the commit.
pub const GIT_MTIME: &str = "git.mtime";
/// `git.fetchbycommit`: `true` fetches the checksum itself.
pub const GIT_FETCH_BY_COMMIT: &str = "git.fetchbycommit";
/// `local.session`: Session whose directory is meant.
pub const LOCAL_SESSION_ID: &str = "local.session";
/// `local.unique`: Stands for the session where none is named.
pub const LOCAL_UNIQUE_ID: &str = "local.unique";
/// `local.includepattern`: JSON list of patterns. The name is singular, unlike its siblings.
pub const INCLUDE_PATTERNS: &str = "local.includepattern";
/// `local.followpaths`: JSON list of paths, sent with what symlinks in them point to.
pub const FOLLOW_PATHS: &str = "local.followpaths";
/// `local.excludepatterns`: JSON list of patterns; `!` includes again.
pub const EXCLUDE_PATTERNS: &str = "local.excludepatterns";
/// `local.sharedkeyhint`: Uploads with equal hints share one snapshot.
pub const SHARED_KEY_HINT: &str = "local.sharedkeyhint";
/// `local.metadatatransfer`: `true` sends files without content.
pub const METADATA_TRANSFER: &str = "local.metadatatransfer";
/// `local.metadatatransferexclude`: JSON list of patterns that are sent whole nevertheless.
pub const METADATA_TRANSFER_EXCLUDE: &str = "local.metadatatransferexclude";
/// `local.differ`: `none` or `metadata`: how files are compared with the last upload.
pub const LOCAL_DIFFER: &str = "local.differ";
/// `http.checksum`: Digest the file must have.
pub const HTTP_CHECKSUM: &str = "http.checksum";
/// `http.filename`: Name of the file; without it the response decides.
pub const HTTP_FILENAME: &str = "http.filename";
/// `http.perm`: Mode, octal with a leading zero.
pub const HTTP_PERM: &str = "http.perm";
/// `http.uid`: Owner, decimal.
pub const HTTP_UID: &str = "http.uid";
/// `http.gid`: Group, decimal.
pub const HTTP_GID: &str = "http.gid";
/// `http.authheadersecret`: Secret that holds an `Authorization` header.
pub const HTTP_AUTH_HEADER_SECRET: &str = "http.authheadersecret";
/// `http.header.accept`: The `Accept` header.
pub const HTTP_HEADER_ACCEPT: &str = "http.header.accept";
/// `http.header.user-agent`: The `User-Agent` header.
pub const HTTP_HEADER_USER_AGENT: &str = "http.header.user-agent";
/// `image.resolvemode`: `default`, `pull` or `local`.
pub const IMAGE_RESOLVE_MODE: &str = "image.resolvemode";
/// `image.recordtype`: `internal` or `frontend`: how the cache accounts for it.
pub const IMAGE_RECORD_TYPE: &str = "image.recordtype";
/// `image.layerlimit`: How many layers are used, from the lowest.
pub const IMAGE_LAYER_LIMIT: &str = "image.layerlimit";
/// `image.checksum`: Digest the image must have.
pub const IMAGE_CHECKSUM: &str = "image.checksum";
/// `oci.session`: Session that serves the layout.
pub const OCI_LAYOUT_SESSION_ID: &str = "oci.session";
/// `oci.store`: Store in that session.
pub const OCI_LAYOUT_STORE_ID: &str = "oci.store";
/// `oci.layerlimit`: How many layers are used, from the lowest.
pub const OCI_LAYOUT_LAYER_LIMIT: &str = "oci.layerlimit";
/// Description key: the name that users see.
pub const CUSTOM_NAME: &str = "llb.customname";
