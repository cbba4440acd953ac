//! What the client's options add to every step of a plan.

use super::Request;
use super::bases::Bases;
use crate::context::{Context, resolve_mode};
use crate::lower::LowerOptions;
use crate::options::{ExecOptions, NetworkMode, NoCache, Options, ProxyEnv, Resources};
use crate::plan::{Plan, Role};
use buildkit_llb::{self as llb, CapSet};
use buildkit_proto::{caps, pb};

/// What `lower` needs beside a plan.
pub(super) struct StepOptions<'a> {
    context: &'a Context,
    options: &'a Options,
    bases: &'a Bases,
    exec: llb::Exec,
    shm_size: Option<i64>,
}

impl<'a> StepOptions<'a> {
    pub(super) fn new(request: Request<'a>, bases: &'a Bases) -> Self {
        let Request {
            context, options, ..
        } = request;
        let engine = request.gateway.llb_caps();
        let tmpfs = engine.has(caps::EXEC_MOUNT_TMPFS_SIZE);
        Self {
            context,
            options,
            bases,
            exec: exec(&options.exec, engine),
            shm_size: Some(options.exec.shm_size).filter(|size| tmpfs && *size > 0),
        }
    }

    /// Calls `lower` with all of it.
    pub(super) fn with<T>(&self, plan: &Plan, lower: impl FnOnce(&LowerOptions<'_>) -> T) -> T {
        lower(&LowerOptions {
            spec: &self.context.definition,
            context: &|include, exclude| self.context.state(include, exclude),
            exec: self.exec.clone(),
            shm_size: self.shm_size,
            resolve_mode: resolve_mode(self.options.resolve_mode),
            replaced: &|reference, platform| self.bases.replacement(reference, platform),
            no_cache: &|role| no_cache(&self.options.no_cache, &plan.stage, role),
            cache_namespace: &self.options.cache_namespace,
        })
    }
}

/// Whether a step must be repeated. The image's name means all of its steps, `deps` what the stage of that
/// name does, `binary` what that one does after it.
///
/// There is no point in repeating steps that only lay out files of the plan's own: what they write is in
/// their keys. The engine empties the caches of steps that it repeats, so the fetch never is one of them: its cache is
/// shared by all projects, and the crates in it are checked against Cargo.lock.
fn no_cache(option: &NoCache, stage: &str, role: Role) -> bool {
    match role {
        Role::Base | Role::Fetch | Role::Skeleton | Role::Sources => false,
        Role::Toolchain | Role::Crates | Role::Dependencies | Role::StubRemoval => {
            option.applies_to(stage) || option.applies_to("deps")
        }
        Role::Local | Role::Compile => option.applies_to(stage) || option.applies_to("binary"),
        Role::Image | Role::Check => option.applies_to(stage),
    }
}

/// An exec with the client's options. What an engine is too old for is left out, as by the official frontend: these
/// options are not part of what is built.
fn exec(options: &ExecOptions, engine: &CapSet) -> llb::Exec {
    let hosts = options.extra_hosts.iter().map(|entry| pb::HostIp {
        host: entry.host.clone(),
        ip: entry.ip.to_string(),
    });
    let ulimits = options.ulimits.iter().map(|limit| pb::Ulimit {
        name: limit.name.clone(),
        soft: limit.soft,
        hard: limit.hard,
    });
    llb::Exec {
        extra_hosts: hosts.collect(),
        hostname: options.hostname.clone(),
        ulimits: match engine.has(caps::EXEC_META_ULIMIT) {
            true => ulimits.collect(),
            false => vec![],
        },
        cgroup_parent: match engine.has(caps::EXEC_META_CGROUP_PARENT) {
            true => options.cgroup_parent.clone(),
            false => String::new(),
        },
        network: match options.network {
            NetworkMode::Sandbox => llb::NetMode::Unset,
            NetworkMode::Host => llb::NetMode::Host,
            NetworkMode::None => llb::NetMode::None,
        },
        proxy_env: options
            .proxy
            .as_ref()
            .filter(|_| engine.has(caps::EXEC_META_PROXYENV))
            .map(proxy),
        resources: Some(&options.resources)
            .filter(|_| engine.has(caps::EXEC_META_LINUX_RESOURCES))
            .filter(|limits| !limits.is_empty())
            .map(resources),
        ..llb::Exec::default()
    }
}

fn proxy(proxy: &ProxyEnv) -> pb::ProxyEnv {
    pb::ProxyEnv {
        http_proxy: proxy.http.clone(),
        https_proxy: proxy.https.clone(),
        ftp_proxy: proxy.ftp.clone(),
        no_proxy: proxy.no.clone(),
        all_proxy: proxy.all.clone(),
    }
}

fn resources(limits: &Resources) -> pb::LinuxResources {
    pb::LinuxResources {
        memory: limits.memory,
        memory_swap: limits.memory_swap,
        cpu_shares: limits.cpu_shares,
        cpu_period: limits.cpu_period,
        cpu_quota: limits.cpu_quota,
        cpuset_cpus: limits.cpuset_cpus.clone(),
        cpuset_mems: limits.cpuset_mems.clone(),
    }
}
