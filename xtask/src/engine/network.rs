//! The network of an engine's containers: a bridge of its own, so that several engines can run
//! side by side, and address translation to the outside.
//!
//! Dockerd is told to leave the packet filter alone: two of them rewrite the same chains, and what
//! they leave behind is not theirs to remove. These few rules are.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Flavour;
use crate::sh;

/// The proxies that the caller's environment names, with the names in lower case, which apt reads alone.
pub(crate) fn proxies() -> Vec<(&'static str, String)> {
    let set = |name: &'static str| {
        let upper = name.to_ascii_uppercase();
        let value = std::env::var(name).or_else(|_| std::env::var(upper)).ok()?;
        (!value.is_empty()).then_some((name, value))
    };
    let names = ["http_proxy", "https_proxy", "no_proxy"];
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
pub(crate) fn bridge(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Containerd => "rf-containerd",
        Flavour::Classic => "rf-classic",
        Flavour::Second => "rf-second",
    }
}

fn net(flavour: Flavour) -> (&'static str, &'static str) {
    match flavour {
        Flavour::Containerd => ("10.241.25.1/24", "10.241.25.0/24"),
        Flavour::Classic => ("10.241.26.1/24", "10.241.26.0/24"),
        Flavour::Second => ("10.241.27.1/24", "10.241.27.0/24"),
    }
}

/// Sets the network up; what is there stays. `root` is a system with `ip` and `iptables`.
pub(crate) fn up(root: &Path, flavour: Flavour) -> Result<()> {
    let bridge = bridge(flavour);
    let (address, _) = net(flavour);
    if !is_up(flavour) {
        sh::quiet(inside(root, "ip").args(["link", "add", bridge, "type", "bridge"]))
            .context("cannot make a bridge for the engine's containers")?;
    }
    sh::quiet(inside(root, "ip").args(["addr", "replace", address, "dev", bridge]))?;
    sh::quiet(inside(root, "ip").args(["link", "set", bridge, "up"]))?;
    std::fs::write("/proc/sys/net/ipv4/ip_forward", "1\n")
        .context("cannot let the kernel forward packets")?;
    for rule in rules(flavour) {
        if !sh::succeeds(&mut iptables(root, &rule, "-C")) {
            sh::quiet(&mut iptables(root, &rule, "-I"))
                .context("cannot let the engine's containers reach the network")?;
        }
    }
    Ok(())
}

/// Whether an engine's bridge is there.
pub(crate) fn is_up(flavour: Flavour) -> bool {
    Path::new("/sys/class/net").join(bridge(flavour)).exists()
}

/// Takes the network away; what is gone already is fine.
pub(crate) fn down(root: &Path, flavour: Flavour) {
    for rule in rules(flavour) {
        sh::succeeds(&mut iptables(root, &rule, "-D"));
    }
    sh::succeeds(inside(root, "ip").args(["link", "del", bridge(flavour)]));
}

/// Table, chain and rule of each.
fn rules(flavour: Flavour) -> [(&'static str, &'static str, Vec<&'static str>); 3] {
    let bridge = bridge(flavour);
    let (_, subnet) = net(flavour);
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
