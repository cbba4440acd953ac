//! Git repositories.

use super::Attrs;
use crate::encode::Encoder;
use crate::error::Error;
use crate::paths;
use buildkit_proto::{attr, caps, pb};

/// A checkout of a git repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Git {
    /// Address: with a scheme, scp-like (`git@host:path`), or host and path, which means https.
    pub url: String,
    /// Branch, tag, ref or commit; empty for the default branch.
    pub reference: String,
    /// Only this directory; empty for all.
    pub subdir: String,
    /// Keep `.git`.
    pub keep_git_dir: bool,
    /// Secret that holds a token. Empty for none; [`git`] sets the usual name.
    pub auth_token_secret: String,
    /// Secret that holds an `Authorization` header. Empty for none; [`git`] sets the usual name.
    pub auth_header_secret: String,
    /// Lines of a `known_hosts` file; ssh only.
    pub known_ssh_hosts: String,
    /// Id of the ssh agent; empty for `default`; ssh only.
    pub mount_ssh_sock: String,
    /// Commit that the reference must have, whole or abbreviated; empty for any.
    pub checksum: String,
    /// Leave submodules out.
    pub skip_submodules: bool,
    /// `commit` takes file times from the commit; empty leaves those of the checkout.
    pub mtime: String,
    /// Fetch `checksum` itself, which no ref need name.
    pub fetch_by_commit: bool,
}

/// A repository at a reference, with the secrets that clients offer by convention. A secret that the client does not
/// have is not an error.
pub fn git(url: impl Into<String>, reference: impl Into<String>) -> Git {
    Git {
        url: url.into(),
        reference: reference.into(),
        auth_token_secret: "GIT_AUTH_TOKEN".to_owned(),
        auth_header_secret: "GIT_AUTH_HEADER".to_owned(),
        ..Git::default()
    }
}

impl Git {
    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<pb::SourceOp, Error> {
        if self.url.is_empty() {
            return Err(Error::NoIdentifier {
                vertex: to.vertex(),
            });
        }
        to.need(caps::SOURCE_GIT);
        let remote = Remote::parse(&self.url);
        let subdir = paths::clean(&self.subdir).split_off(1);
        // The identifier has no scheme, so that https and ssh share a cache.
        let mut identifier = format!("git://{}{}", remote.host, paths::clean(&remote.path));
        if !self.reference.is_empty() || !subdir.is_empty() {
            identifier.push('#');
            identifier.push_str(&self.reference);
        }
        if !subdir.is_empty() {
            identifier.push(':');
            identifier.push_str(&subdir);
            to.need(caps::SOURCE_GIT_SUBDIR);
        }
        let mut attrs = Attrs::new(identifier);
        if attrs.flag(attr::KEEP_GIT_DIR, self.keep_git_dir) {
            to.need(caps::SOURCE_GIT_KEEPGITDIR);
        }
        if attrs.text(attr::FULL_REMOTE_URL, &remote.url) {
            to.need(caps::SOURCE_GIT_FULLURL);
        }
        // No capability: an engine without it goes on unauthenticated, which may be enough.
        attrs.text(attr::AUTH_TOKEN_SECRET, &self.auth_token_secret);
        attrs.text(attr::AUTH_HEADER_SECRET, &self.auth_header_secret);
        if remote.ssh {
            attrs.text(attr::KNOWN_SSH_HOSTS, &self.known_ssh_hosts);
            to.need(caps::SOURCE_GIT_KNOWNSSHHOSTS);
            let agent = match self.mount_ssh_sock.as_str() {
                "" => "default",
                id => id,
            };
            attrs.text(attr::MOUNT_SSH_SOCK, agent);
            to.need(caps::SOURCE_GIT_MOUNTSSHSOCK);
        }
        if attrs.text(attr::GIT_CHECKSUM, &self.checksum) {
            to.need(caps::SOURCE_GIT_CHECKSUM);
        }
        if attrs.flag(attr::GIT_SKIP_SUBMODULES, self.skip_submodules) {
            to.need(caps::SOURCE_GIT_SKIPSUBMODULES);
        }
        if attrs.text(attr::GIT_MTIME, &self.mtime) {
            to.need(caps::SOURCE_GIT_MTIME);
        }
        if attrs.flag(attr::GIT_FETCH_BY_COMMIT, self.fetch_by_commit) {
            to.need(caps::SOURCE_GIT_FETCHBYCOMMIT);
        }
        Ok(attrs.0)
    }
}

/// The parts of an address that a source is made of.
#[derive(Debug, PartialEq)]
struct Remote {
    host: String,
    path: String,
    url: String,
    ssh: bool,
}

impl Remote {
    /// Takes an address apart. Query and fragment are not part of an address and are dropped.
    fn parse(url: &str) -> Remote {
        let address = url.split(['?', '#']).next().unwrap_or(url);
        let Some((scheme, rest)) = address.split_once("://") else {
            return Remote::scp(address)
                .unwrap_or_else(|| Remote::parse(&format!("https://{url}")));
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        Remote {
            host: host.to_owned(),
            path: path.to_owned(),
            url: address.to_owned(),
            ssh: scheme.eq_ignore_ascii_case("ssh"),
        }
    }

    /// `user@host:path`.
    fn scp(address: &str) -> Option<Remote> {
        let (authority, path) = address.split_once(':')?;
        let (user, host) = authority.split_once('@')?;
        if user.is_empty() || host.is_empty() || host.contains('/') {
            return None;
        }
        Some(Remote {
            host: host.to_owned(),
            path: path.to_owned(),
            url: address.to_owned(),
            ssh: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_apart() {
        for (url, host, path, remote, ssh) in [
            (
                "https://h/o/r.git",
                "h",
                "/o/r.git",
                "https://h/o/r.git",
                false,
            ),
            (
                "https://u:p@h:8443/r#main:x",
                "h:8443",
                "/r",
                "https://u:p@h:8443/r",
                false,
            ),
            ("ssh://git@h/r", "h", "/r", "ssh://git@h/r", true),
            ("git@h:o/r.git", "h", "o/r.git", "git@h:o/r.git", true),
            ("git://h/r?ref=x", "h", "/r", "git://h/r", false),
            ("h/o/r.git", "h", "/o/r.git", "https://h/o/r.git", false),
            ("https://h", "h", "", "https://h", false),
        ] {
            let expected = Remote {
                host: host.into(),
                path: path.into(),
                url: remote.into(),
                ssh,
            };
            assert_eq!(Remote::parse(url), expected);
        }
    }
}
