//! Commands.
//!
//! Upstream: `client/llb/exec.go`. Mounts are written in the order in which the engine's own
//! client writes them: sorted by place, then secrets, then ssh agents. Outputs are numbered in
//! that order.

mod mount;

pub use mount::{Credential, Mount, MountKind};

use crate::encode::Encoder;
use crate::error::Error;
use buildkit_proto::pb::{self, NetMode, SecurityMode};
use buildkit_proto::{caps, capset::CapSet};

/// What an engine sets as PATH, and what is set here for one that does not.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A command in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// The command and its arguments.
    pub args: Vec<String>,
    /// Environment, in this order. PATH gets a default if it is not here.
    pub env: Vec<(String, String)>,
    /// Working directory, absolute.
    pub cwd: String,
    /// User, and group after a colon, by name or number; empty for root.
    pub user: String,
    /// Proxy settings: variables that are not part of the cache key.
    pub proxy_env: Option<pb::ProxyEnv>,
    /// Entries of `/etc/hosts`.
    pub extra_hosts: Vec<pb::HostIp>,
    /// Host name; empty for the engine's.
    pub hostname: String,
    /// Limits by name, such as `nofile`.
    pub ulimits: Vec<pb::Ulimit>,
    /// Cgroup under which the command runs; empty for the engine's.
    pub cgroup_parent: String,
    /// Exit codes that are a success; empty means 0 alone.
    pub valid_exit_codes: Vec<i32>,
    /// Network: `Unset` is the sandbox's own.
    pub network: NetMode,
    /// Sandbox, or insecure, for which the user must entitle the build.
    pub security: SecurityMode,
    /// Secrets as environment variables. A missing optional one gives an empty variable.
    pub secret_env: Vec<pb::SecretEnv>,
    /// Devices by CDI name.
    pub cdi_devices: Vec<pb::CdiDevice>,
    /// Limits of memory and CPU; not part of the cache key.
    pub resources: Option<pb::LinuxResources>,
    /// Filesystems; one of them on `/`.
    pub mounts: Vec<Mount>,
}

impl Default for Exec {
    fn default() -> Exec {
        Exec {
            args: Vec::new(),
            env: Vec::new(),
            cwd: "/".to_owned(),
            user: String::new(),
            proxy_env: None,
            extra_hosts: Vec::new(),
            hostname: String::new(),
            ulimits: Vec::new(),
            cgroup_parent: String::new(),
            valid_exit_codes: Vec::new(),
            network: NetMode::Unset,
            security: SecurityMode::Sandbox,
            secret_env: Vec::new(),
            cdi_devices: Vec::new(),
            resources: None,
            mounts: Vec::new(),
        }
    }
}

impl Exec {
    /// A command without mounts.
    pub fn new<T: Into<String>>(args: impl IntoIterator<Item = T>) -> Exec {
        Exec {
            args: args.into_iter().map(T::into).collect(),
            ..Exec::default()
        }
    }

    /// With one more mount.
    pub fn mount(mut self, mount: Mount) -> Exec {
        self.mounts.push(mount);
        self
    }

    /// With one more variable.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Exec {
        self.env.push((name.into(), value.into()));
        self
    }

    /// In this directory.
    pub fn cwd(mut self, cwd: impl Into<String>) -> Exec {
        self.cwd = cwd.into();
        self
    }

    /// The mounts in the order in which they are written.
    pub(crate) fn mounts_in_order(&self) -> Vec<&Mount> {
        let mut mounts: Vec<&Mount> = self.mounts.iter().collect();
        // A stable sort: secrets and ssh agents keep the caller's order, as upstream.
        mounts.sort_by_key(|mount| match mount.kind {
            MountKind::Secret(_) => (1, ""),
            MountKind::Ssh(_) => (2, ""),
            _ => (0, mount.dest.as_str()),
        });
        mounts
    }

    /// Number of the output at `dest`, from 0.
    pub fn output_index(&self, dest: &str) -> Option<u32> {
        let mounts = self.mounts_in_order();
        let outputs = mounts.iter().filter(|mount| mount.is_output());
        outputs
            .zip(0..)
            .find(|(mount, _)| mount.dest == dest)
            .map(|(_, index)| index)
    }

    /// How many outputs there are.
    pub fn outputs(&self) -> u32 {
        self.mounts
            .iter()
            .filter(|mount| mount.is_output())
            .map(|_| 1)
            .sum()
    }

    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<pb::ExecOp, Error> {
        self.check(to)?;
        let (mounts, agent) = self.encode_mounts(to)?;
        to.need(caps::EXEC_META_BASE);
        if self.network != NetMode::Unset {
            to.need(caps::EXEC_META_NETWORK);
        }
        if self.security != SecurityMode::Sandbox {
            to.need(caps::EXEC_META_SECURITY);
        }
        if !self.secret_env.is_empty() {
            to.need(caps::EXEC_MOUNT_SECRET);
            to.need(caps::EXEC_SECRETENV);
        }
        if !self.cdi_devices.is_empty() {
            to.need(caps::EXEC_META_CDI);
        }
        if self.resources.is_some() {
            to.need(caps::EXEC_META_LINUX_RESOURCES);
        }
        Ok(pb::ExecOp {
            meta: Some(self.encode_meta(to, agent)),
            mounts,
            network: self.network.into(),
            security: self.security.into(),
            secretenv: self.secret_env.clone(),
            cdi_devices: self.cdi_devices.clone(),
        })
    }

    /// What the engine would refuse, or would take and then break on.
    fn check(&self, to: &Encoder<'_>) -> Result<(), Error> {
        if self.args.is_empty() {
            return Err(Error::NoArgs {
                vertex: to.vertex(),
            });
        }
        let root = self.mounts.iter().find(|mount| mount.dest == "/");
        // A root that is neither would let the command write into the shared input itself.
        if !root
            .is_some_and(|root| root.kind == MountKind::Bind && (root.is_output() || root.readonly))
        {
            return Err(Error::NoRoot {
                vertex: to.vertex(),
            });
        }
        let mut places: Vec<&str> = self
            .mounts
            .iter()
            .map(|mount| mount.dest.as_str())
            .filter(|d| !d.is_empty())
            .collect();
        places.sort_unstable();
        match places.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Error::SameMount {
                vertex: to.vertex(),
                dest: pair[0].to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn encode_meta(&self, to: &mut Encoder<'_>, agent: Option<String>) -> pb::Meta {
        let has = |name: &str| self.env.iter().any(|(known, _)| known == name);
        let mut env: Vec<String> = self
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if let Some(socket) = agent.filter(|_| !has("SSH_AUTH_SOCK")) {
            env.push(format!("SSH_AUTH_SOCK={socket}"));
        }
        let sets_path = |engine: &CapSet| engine.has(caps::EXEC_META_SETSDEFAULTPATH);
        match to.engine.map(sets_path) {
            Some(true) => to.need(caps::EXEC_META_SETSDEFAULTPATH),
            Some(false) if !has("PATH") && to.os != "windows" => {
                env.push(format!("PATH={DEFAULT_PATH}"));
            }
            Some(false) | None => {}
        }
        if self.proxy_env.is_some() {
            to.need(caps::EXEC_META_PROXYENV);
        }
        if !self.ulimits.is_empty() {
            to.need(caps::EXEC_META_ULIMIT);
        }
        if !self.cgroup_parent.is_empty() {
            to.need(caps::EXEC_META_CGROUP_PARENT);
        }
        if !self.valid_exit_codes.is_empty() {
            to.need(caps::EXEC_VALIDEXITCODE);
        }
        pb::Meta {
            args: self.args.clone(),
            env,
            cwd: self.cwd.clone(),
            user: self.user.clone(),
            proxy_env: self.proxy_env.clone(),
            extra_hosts: self.extra_hosts.clone(),
            hostname: self.hostname.clone(),
            ulimit: self.ulimits.clone(),
            cgroup_parent: self.cgroup_parent.clone(),
            // Else empty mount points are left behind in the layer. Older engines skip the field.
            remove_mount_stubs_recursive: true,
            valid_exit_codes: self.valid_exit_codes.clone(),
        }
    }

    /// The mounts, and the place of the first ssh agent.
    fn encode_mounts(
        &self,
        to: &mut Encoder<'_>,
    ) -> Result<(Vec<pb::Mount>, Option<String>), Error> {
        let (mut outputs, mut agents) = (0, 0);
        let mut first_agent = None;
        let mut encoded = Vec::with_capacity(self.mounts.len());
        for mount in self.mounts_in_order() {
            let output = match mount.is_output() {
                true => {
                    outputs += 1;
                    Some(outputs - 1)
                }
                false => None,
            };
            let mut wire = mount.encode(to, output)?;
            if matches!(mount.kind, MountKind::Ssh(_)) {
                if wire.dest.is_empty() {
                    wire.dest = format!("/run/buildkit/ssh_agent.{agents}");
                }
                agents += 1;
                first_agent.get_or_insert_with(|| wire.dest.clone());
            }
            encoded.push(wire);
        }
        Ok((encoded, first_agent))
    }
}
