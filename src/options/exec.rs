//! How build steps run: hosts, limits, network, proxies.

use super::value::{go_int, go_uint};
use super::{Reader, csv};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Settings of every build step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecOptions {
    /// Entries of `/etc/hosts` (`--add-host`).
    pub extra_hosts: Vec<HostIp>,
    /// Size of `/dev/shm` in bytes; 0 is the engine's own.
    pub shm_size: i64,
    /// Limits of each process.
    pub ulimits: Vec<Ulimit>,
    /// Parent of the control group; empty is the engine's own.
    pub cgroup_parent: String,
    /// The network.
    pub network: NetworkMode,
    /// The host name; empty is the engine's own.
    pub hostname: String,
    /// Limits of the control group.
    pub resources: Resources,
    /// Proxies: in the environment of steps, not in cache keys, images or histories.
    pub proxy: Option<ProxyEnv>,
}

/// A host and its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostIp {
    /// The name, in lower case.
    pub host: String,
    /// The address.
    pub ip: IpAddr,
}

/// A limit of each process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ulimit {
    /// E.g. `nofile`.
    pub name: String,
    /// What it is at first; -1 is unlimited.
    pub soft: i64,
    /// What it may be raised to; -1 is unlimited.
    pub hard: i64,
}

/// The network of build steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkMode {
    /// Their own.
    #[default]
    Sandbox,
    /// The host's; needs the client's consent.
    Host,
    /// None.
    None,
}

/// Limits of the control group; zero and empty mean no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Memory, in bytes.
    pub memory: i64,
    /// Memory and swap, in bytes; -1 is unlimited swap.
    pub memory_swap: i64,
    /// Relative weight.
    pub cpu_shares: u64,
    /// Scheduler period, in microseconds.
    pub cpu_period: u64,
    /// Time in each period, in microseconds.
    pub cpu_quota: i64,
    /// CPUs, e.g. `0-3`.
    pub cpuset_cpus: String,
    /// Memory nodes, in the same form.
    pub cpuset_mems: String,
}

/// Proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyEnv {
    /// `http_proxy`.
    pub http: String,
    /// `https_proxy`.
    pub https: String,
    /// `ftp_proxy`.
    pub ftp: String,
    /// `no_proxy`.
    pub no: String,
    /// `all_proxy`.
    pub all: String,
}

impl ExecOptions {
    pub(super) fn read(reader: &mut Reader<'_>, args: &BTreeMap<String, String>) -> Self {
        let hosts = extra_hosts(reader.text("add-hosts"));
        let hosts = hosts.map_err(|error| format!("failed to parse additional hosts: {error}"));
        let shm = match reader.text("shm-size") {
            "" => Ok(0),
            text => go_int(text).map_err(|error| format!("failed to parse shm size: {error}")),
        };
        let ulimits = ulimits(reader.text("ulimit"));
        let ulimits = ulimits.map_err(|error| format!("failed to parse ulimit: {error}"));
        let network = match reader.text("force-network-mode") {
            "" | "sandbox" => Ok(NetworkMode::Sandbox),
            "host" => Ok(NetworkMode::Host),
            "none" => Ok(NetworkMode::None),
            other => Err(format!("invalid netmode {other}")),
        };
        Self {
            extra_hosts: reader.ok(hosts),
            shm_size: reader.ok(shm),
            ulimits: reader.ok(ulimits),
            cgroup_parent: reader.text("cgroup-parent").to_owned(),
            network: reader.ok(network),
            hostname: match reader.text("build-arg:BUILDKIT_SANDBOX_HOSTNAME") {
                "" => reader.text("hostname").to_owned(),
                name => name.to_owned(),
            },
            resources: Resources::read(reader),
            proxy: ProxyEnv::read(args),
        }
    }
}

fn extra_hosts(text: &str) -> Result<Vec<HostIp>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let host = |field: String| {
        let lower = field.to_lowercase();
        let (host, ip) = lower
            .split_once('=')
            .ok_or_else(|| format!("invalid key-value pair {field}"))?;
        let ip = ip.parse().map_err(|_| format!("failed to parse IP {ip}"))?;
        Ok(HostIp {
            host: host.to_owned(),
            ip,
        })
    };
    csv::fields(text)?.into_iter().map(host).collect()
}

/// As docker's go-units.
fn ulimits(text: &str) -> Result<Vec<Ulimit>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let fields = csv::fields(text)?;
    fields.iter().map(|field| ulimit(field)).collect()
}

const ULIMITS: [&str; 15] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

fn ulimit(text: &str) -> Result<Ulimit, String> {
    let (name, limits) = text
        .split_once('=')
        .ok_or_else(|| format!("invalid ulimit argument: {text}"))?;
    if !ULIMITS.contains(&name) {
        return Err(format!("invalid ulimit type: {name}"));
    }
    let parts: Vec<&str> = limits.split(':').collect();
    let (soft, hard) = match parts.as_slice() {
        [soft] => (go_int(soft)?, go_int(soft)?),
        [soft, hard] => {
            let hard = go_int(hard)?;
            (go_int(soft)?, hard)
        }
        _ => {
            return Err(format!(
                "too many limit value arguments - {limits}, can only have up to two, `soft[:hard]`"
            ));
        }
    };
    const ORDER: &str = "ulimit soft limit must be less than or equal to hard limit";
    match (soft, hard) {
        (_, -1) => {}
        (-1, _) => return Err(format!("{ORDER}: soft: -1 (unlimited), hard: {hard}")),
        _ if soft > hard => return Err(format!("{ORDER}: {soft} > {hard}")),
        _ => {}
    }
    Ok(Ulimit {
        name: name.to_owned(),
        soft,
        hard,
    })
}

impl Resources {
    /// Whether there is no limit.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        let signed = |text: &str| match go_int(text)? {
            number if number <= 0 => Err("must be > 0".to_owned()),
            number => Ok(number),
        };
        let unsigned = |text: &str| match go_uint(text)? {
            0 => Err("must be > 0".to_owned()),
            number => Ok(number),
        };
        let swap = |text: &str| match go_int(text)? {
            number if number < -1 || number == 0 => Err("must be -1 (unlimited) or > 0".to_owned()),
            number => Ok(number),
        };
        Self {
            memory: resource(reader, "memory", signed),
            memory_swap: resource(reader, "memswap", swap),
            cpu_shares: resource(reader, "cpushares", unsigned),
            cpu_period: resource(reader, "cpuperiod", unsigned),
            cpu_quota: resource(reader, "cpuquota", signed),
            cpuset_cpus: resource(reader, "cpusetcpus", cpuset),
            cpuset_mems: resource(reader, "cpusetmems", cpuset),
        }
    }
}

fn resource<T: Default>(
    reader: &mut Reader<'_>,
    key: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> T {
    let text = reader.text(key);
    if text.is_empty() {
        return T::default();
    }
    let result = parse(text);
    reader.ok(result.map_err(|error| {
        format!("failed to parse resource limits: invalid {key} value: {text}: {error}")
    }))
}

/// A list such as `0-3,6`; BuildKit's own bound on the numbers.
fn cpuset(text: &str) -> Result<String, String> {
    const MAX: u32 = 8192;
    let parts = text.split(',').map(str::trim);
    for part in parts.filter(|part| !part.is_empty()) {
        let number = |text: &str| text.trim().parse::<u32>().ok();
        match part.split_once('-') {
            None => match number(part) {
                Some(n) if n <= MAX => {}
                Some(_) => return Err(format!("cpuset element {part:?} exceeds maximum {MAX}")),
                None => return Err(format!("invalid cpuset element {part:?}")),
            },
            Some((low, high)) => match (number(low), number(high)) {
                (Some(low), Some(high)) if low <= high && high <= MAX => {}
                (Some(low), Some(high)) if low <= high => {
                    return Err(format!("cpuset range {part:?} exceeds maximum {MAX}"));
                }
                _ => return Err(format!("invalid cpuset range {part:?}")),
            },
        }
    }
    Ok(text.to_owned())
}

impl ProxyEnv {
    fn read(args: &BTreeMap<String, String>) -> Option<Self> {
        let mut proxy = Self::default();
        let mut found = false;
        for (name, value) in args {
            let field = match name.to_ascii_lowercase().as_str() {
                "http_proxy" => &mut proxy.http,
                "https_proxy" => &mut proxy.https,
                "ftp_proxy" => &mut proxy.ftp,
                "no_proxy" => &mut proxy.no,
                "all_proxy" => &mut proxy.all,
                _ => continue,
            };
            field.clone_from(value);
            found = true;
        }
        found.then_some(proxy)
    }
}
