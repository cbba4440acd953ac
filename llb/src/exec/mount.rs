//! The filesystems of a command.

use crate::encode::Encoder;
use crate::error::Error;
use crate::state::{State, scratch};
use buildkit_proto::caps;
use buildkit_proto::pb::{self, CacheSharingOpt, MountContentCache, MountType};

/// A filesystem at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The place, absolute. Empty only for an ssh agent: then it is chosen.
    pub dest: String,
    /// What is there before the command; scratch for nothing.
    pub source: State,
    /// Path inside the source; empty for all of it.
    pub selector: String,
    /// The command cannot write. On `/`: what it writes is thrown away.
    pub readonly: bool,
    /// What the command leaves there is an output of the vertex. Binds only.
    pub output: bool,
    /// What kind of filesystem.
    pub kind: MountKind,
    /// Whether the cache key holds the content of the source or its origin.
    pub content_cache: MountContentCache,
}

/// Kind of a mount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MountKind {
    /// The source. Written to without being an output, the writes are thrown away.
    #[default]
    Bind,
    /// A directory that outlives builds, on top of the source.
    Cache {
        /// Caches of one id are one cache; empty takes the place. A source makes it another.
        id: String,
        /// What several builds at once do.
        sharing: CacheSharingOpt,
    },
    /// Memory.
    Tmpfs {
        /// Largest size in bytes; 0 for the engine's.
        size: i64,
    },
    /// A secret as a file.
    Secret(Credential),
    /// The socket of an ssh agent.
    Ssh(Credential),
}

/// A secret or agent that the client holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credential {
    /// Id under which the client offers it; empty for an agent is `default`.
    pub id: String,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Mode. Beware of 0, which nobody but root can read.
    pub mode: u32,
    /// Do without when the client does not have it; else the build fails.
    pub optional: bool,
}

impl Mount {
    /// A source at a place: writable, but thrown away. See [`Mount::output`], [`Mount::readonly`].
    pub fn bind(dest: impl Into<String>, source: impl Into<State>) -> Mount {
        Mount {
            dest: dest.into(),
            source: source.into(),
            selector: String::new(),
            readonly: false,
            output: false,
            kind: MountKind::Bind,
            content_cache: MountContentCache::Default,
        }
    }

    /// The root filesystem, whose changes are an output.
    pub fn root(source: impl Into<State>) -> Mount {
        Mount::bind("/", source).output()
    }

    /// A cache, shared by all builds at once.
    pub fn cache(dest: impl Into<String>, id: impl Into<String>) -> Mount {
        let kind = MountKind::Cache {
            id: id.into(),
            sharing: CacheSharingOpt::Shared,
        };
        Mount {
            kind,
            ..Mount::bind(dest, scratch())
        }
    }

    /// Memory, of at most `size` bytes; 0 for the engine's limit.
    pub fn tmpfs(dest: impl Into<String>, size: i64) -> Mount {
        Mount {
            kind: MountKind::Tmpfs { size },
            ..Mount::bind(dest, scratch())
        }
    }

    /// A secret as a file that only its owner, root, can read.
    pub fn secret(dest: impl Into<String>, id: impl Into<String>) -> Mount {
        let secret = Credential {
            id: id.into(),
            mode: 0o400,
            ..Credential::default()
        };
        Mount {
            kind: MountKind::Secret(secret),
            ..Mount::bind(dest, scratch())
        }
    }

    /// An ssh agent that only root can use; `SSH_AUTH_SOCK` names the first one.
    pub fn ssh(id: impl Into<String>) -> Mount {
        let agent = Credential {
            id: id.into(),
            mode: 0o600,
            ..Credential::default()
        };
        Mount {
            kind: MountKind::Ssh(agent),
            ..Mount::bind("", scratch())
        }
    }

    /// With what the command leaves there as an output.
    pub fn output(mut self) -> Mount {
        self.output = true;
        self
    }

    /// Not writable.
    pub fn readonly(mut self) -> Mount {
        self.readonly = true;
        self
    }

    /// Of the source only this path.
    pub fn selector(mut self, path: impl Into<String>) -> Mount {
        self.selector = path.into();
        self
    }

    /// A cache that starts from this source instead of nothing.
    pub fn seed(mut self, source: impl Into<State>) -> Mount {
        self.source = source.into();
        self
    }

    /// A cache used by several builds in this way. Nothing for other kinds.
    pub fn sharing(mut self, mode: CacheSharingOpt) -> Mount {
        if let MountKind::Cache { sharing, .. } = &mut self.kind {
            *sharing = mode;
        }
        self
    }

    /// A secret or agent that the build can do without. Nothing for other kinds.
    pub fn optional(self, optional: bool) -> Mount {
        self.credential(|credential| credential.optional = optional)
    }

    /// A secret or agent of this owner. Nothing for other kinds.
    pub fn owner(self, uid: u32, gid: u32) -> Mount {
        self.credential(|credential| (credential.uid, credential.gid) = (uid, gid))
    }

    /// A secret or agent of this mode. Nothing for other kinds.
    pub fn mode(self, mode: u32) -> Mount {
        self.credential(|credential| credential.mode = mode)
    }

    /// With this choice of cache key.
    pub fn content_cache(mut self, choice: MountContentCache) -> Mount {
        self.content_cache = choice;
        self
    }

    fn credential(mut self, change: impl FnOnce(&mut Credential)) -> Mount {
        if let MountKind::Secret(credential) | MountKind::Ssh(credential) = &mut self.kind {
            change(credential);
        }
        self
    }

    /// Whether the vertex has an output for it. Only a writable bind can be one: the engine would
    /// count another and so shift all that follow.
    pub(crate) fn is_output(&self) -> bool {
        self.output && !self.readonly && self.kind == MountKind::Bind
    }

    pub(super) fn encode(
        &self,
        to: &mut Encoder<'_>,
        output: Option<i64>,
    ) -> Result<pb::Mount, Error> {
        let mut wire = pb::Mount {
            input: to.input(&self.source)?,
            selector: self.selector.clone(),
            dest: self.dest.clone(),
            output: output.unwrap_or(-1),
            readonly: self.readonly,
            content_cache: self.content_cache.into(),
            ..pb::Mount::default()
        };
        if !self.selector.is_empty() {
            to.need(caps::EXEC_MOUNT_SELECTOR);
        }
        // An engine that cannot choose has no such cache where it could be switched off: `Off` is what it does.
        if self.content_cache == MountContentCache::On {
            to.need(caps::EXEC_MOUNT_CACHE_CONTENT);
        }
        match &self.kind {
            MountKind::Bind => {
                to.need(caps::EXEC_MOUNT_BIND);
                if output.is_none() && !self.readonly {
                    to.need(caps::EXEC_MOUNT_BIND_READWRITE_NOOUTPUT);
                }
            }
            MountKind::Cache { id, sharing } => {
                to.need(caps::EXEC_MOUNT_CACHE);
                to.need(caps::EXEC_MOUNT_CACHE_SHARING);
                wire.mount_type = MountType::Cache.into();
                wire.cache_opt = Some(pb::CacheOpt {
                    id: id.clone(),
                    sharing: (*sharing).into(),
                });
            }
            MountKind::Tmpfs { size } => {
                to.need(caps::EXEC_MOUNT_TMPFS);
                if *size > 0 {
                    to.need(caps::EXEC_MOUNT_TMPFS_SIZE);
                }
                wire.mount_type = MountType::Tmpfs.into();
                wire.tmpfs_opt = Some(pb::TmpfsOpt { size: *size });
            }
            MountKind::Secret(secret) => {
                to.need(caps::EXEC_MOUNT_SECRET);
                wire.mount_type = MountType::Secret.into();
                // As upstream writes it: the engine does not count these as outputs.
                wire.output = 0;
                wire.secret_opt = Some(pb::SecretOpt {
                    id: secret.id.clone(),
                    uid: secret.uid,
                    gid: secret.gid,
                    mode: secret.mode,
                    optional: secret.optional,
                });
            }
            MountKind::Ssh(agent) => {
                to.need(caps::EXEC_MOUNT_SSH);
                wire.mount_type = MountType::Ssh.into();
                wire.output = 0;
                wire.ssh_opt = Some(pb::SshOpt {
                    id: agent.id.clone(),
                    uid: agent.uid,
                    gid: agent.gid,
                    mode: agent.mode,
                    optional: agent.optional,
                });
            }
        }
        Ok(wire)
    }
}
