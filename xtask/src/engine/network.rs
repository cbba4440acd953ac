//! The network of an engine's containers: a bridge of its own, so that several engines can run
//! side by side, and address translation to the outside.
//!
//! Dockerd is told to leave the packet filter alone: two of them rewrite the same chains, and what
//! they leave behind is not theirs to remove. These few rules are.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::EngineName;
use crate::sh;

/// The proxies that the caller's environment names, with the names in lower case, which apt reads alone.
pub(crate) fn proxies() -> Vec<(&'static str, String)> {
    let set = |name: &'static str| {
        let upper = name.to_ascii_uppercase();
        let value = std::env::var(name).or_else(|_| std::env::var(upper)).ok()?;
        (!value.is_empty()).then_some((name, value))
    };
    let names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];
    names.into_iter().filter_map(set).collect()
}

/// Options of a build that hand them in: an engine that is not ours may not know them.
pub(crate) fn proxy_args() -> Vec<String> {
    let given = proxies().into_iter();
    given
        .flat_map(|(name, value)| ["--build-arg".to_owned(), format!("{name}={value}")])
        .collect()
}

/// The name of an engine's bridge; the kernel takes up to 15 characters.
pub(crate) fn bridge(engine: EngineName) -> &'static str {
    match engine {
        EngineName::Containerd => "rf-containerd",
        EngineName::Classic => "rf-classic",
        EngineName::Second => "rf-second",
    }
}

fn net(engine: EngineName) -> (&'static str, &'static str) {
    match engine {
        EngineName::Containerd => ("10.241.25.1/24", "10.241.25.0/24"),
        EngineName::Classic => ("10.241.26.1/24", "10.241.26.0/24"),
        EngineName::Second => ("10.241.27.1/24", "10.241.27.0/24"),
    }
}

/// Sets the network up; what is there stays. `root` is a system with `ip` and `iptables`.
pub(crate) fn up(root: &Path, engine: EngineName) -> Result<()> {
    let bridge = bridge(engine);
    let (address, _) = net(engine);
    if !is_up(engine) {
        sh::quiet(inside(root, "ip").args(["link", "add", bridge, "type", "bridge"]))
            .context("cannot make a bridge for the engine's containers")?;
    }
    sh::quiet(inside(root, "ip").args(["addr", "replace", address, "dev", bridge]))?;
    sh::quiet(inside(root, "ip").args(["link", "set", bridge, "up"]))?;
    std::fs::write("/proc/sys/net/ipv4/ip_forward", "1\n")
        .context("cannot let the kernel forward packets")?;
    for rule in rules(engine) {
        if !sh::succeeds(&mut iptables(root, &rule, "-C")) {
            sh::quiet(&mut iptables(root, &rule, "-I"))
                .context("cannot let the engine's containers reach the network")?;
        }
    }
    Ok(())
}

/// Whether an engine's bridge is there.
pub(crate) fn is_up(engine: EngineName) -> bool {
    Path::new("/sys/class/net").join(bridge(engine)).exists()
}

/// Takes the network away; what is gone already is fine.
pub(crate) fn down(root: &Path, engine: EngineName) {
    for rule in rules(engine) {
        sh::succeeds(&mut iptables(root, &rule, "-D"));
    }
    sh::succeeds(inside(root, "ip").args(["link", "del", bridge(engine)]));
}

/// Table, chain and rule of each.
fn rules(engine: EngineName) -> [(&'static str, &'static str, Vec<&'static str>); 3] {
    let bridge = bridge(engine);
    let (_, subnet) = net(engine);
    [
        (
            "nat",
            "POSTROUTING",
            vec!["-s", subnet, "!", "-o", bridge, "-j", "MASQUERADE"],
        ),
        // The machine may forward nothing unless told to.
        ("filter", "FORWARD", vec!["-i", bridge, "-j", "ACCEPT"]),
        ("filter", "FORWARD", vec!["-o", bridge, "-j", "ACCEPT"]),
    ]
}

fn iptables(root: &Path, (table, chain, rule): &(&str, &str, Vec<&str>), verb: &str) -> Command {
    let mut command = inside(root, "iptables");
    command.args(["-w", "-t", table, verb, chain]).args(rule);
    command
}

fn inside(root: &Path, program: &str) -> Command {
    let mut command = Command::new("chroot");
    command
        .arg(root)
        .arg(program)
        .env("PATH", super::daemon::PATH);
    command
}
