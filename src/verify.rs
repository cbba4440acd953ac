//! What was really built: the executable's format, and cargo's own account of what it compiled.

mod elf;
mod runtime;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::units;
use serde::Deserialize;
use std::collections::BTreeSet;

pub use elf::{Dynamic, Elf, Tables, dynamic, elf};
pub use runtime::{Runtime, library_dirs, missing_library};

/// How much of an executable [`executable`] needs to see, in bytes.
pub const HEAD: u64 = 4096;

/// ELF's number of a triple's processor, for those that images exist for.
fn machine(triple: &str) -> Option<u16> {
    Some(match triple.split('-').next()? {
        "x86_64" => 62,
        "aarch64" => 183,
        "arm" | "armv5te" | "armv7" => 40,
        "i586" | "i686" => 3,
        "riscv64gc" => 243,
        "powerpc64le" => 21,
        "s390x" => 22,
        "loongarch64" => 258,
        _ => return None,
    })
}

/// Checks that the executable `name`, whose first [`HEAD`] bytes are `head`, runs where it is meant to.
pub fn executable(name: &str, head: &[u8], triple: &str, runtime: &Runtime) -> Option<Diagnostic> {
    let Some(elf) = elf(head) else {
        let message = format!("`{name}` is not an ELF executable");
        let help = "only programs for Linux can be built: write `target: musl` or `target: gnu`";
        return Some(Diagnostic::error("not-an-executable", message).help(help));
    };
    if machine(triple).is_some_and(|machine| machine != elf.machine) {
        let message = format!("`{name}` was not compiled for `{triple}`");
        let help = "look for a `target` or a `linker` in .cargo/config.toml that overrides it";
        return Some(Diagnostic::error("wrong-architecture", message).help(help));
    }
    runtime.lacks(name, elf.interpreter.as_deref()?)
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    #[serde(default)]
    fresh: bool,
    target: Option<MessageTarget>,
}

#[derive(Deserialize)]
struct MessageTarget {
    name: String,
    kind: Vec<String>,
}

impl Message {
    fn is_external(&self) -> bool {
        let kinds = ["registry+", "git+", "sparse+"];
        kinds.iter().any(|kind| self.package_id.starts_with(kind))
    }
}

/// The messages of what was compiled.
fn made(messages: &str) -> impl Iterator<Item = Message> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok());
    messages.filter(|message| message.reason == "compiler-artifact" && !message.fresh)
}

/// Reads cargo's messages of a dependency step that starts from groups of crates: warns of crates in groups that it had
/// to compile itself. `left` has a line with the reason for each group that was left to it.
pub fn assembly(messages: &str, left: &str, grouped: &BTreeSet<String>) -> Diagnostics {
    let mut found = Diagnostics::default();
    let again = made(messages).filter(Message::is_external);
    let again: BTreeSet<String> = again.map(|message| package(&message.package_id)).collect();
    let again: Vec<&str> = again.intersection(grouped).map(String::as_str).collect();
    if again.is_empty() {
        return found;
    }
    let reasons: BTreeSet<&str> = left.lines().collect();
    let reasons = match reasons.is_empty() {
        true => "cargo did not accept what their steps left".to_owned(),
        false => reasons.into_iter().collect::<Vec<_>>().join("; "),
    };
    let message = format!(
        "{} compiled with the project and not in groups: {} ({reasons})",
        if again.len() == 1 {
            "a crate was"
        } else {
            "crates were"
        },
        again.join(", "),
    );
    let help = "the result is the same, but the next change of a dependency compiles them again; \
                write `granularity: layer` under `build:` to do without groups";
    found.push(Diagnostic::warning("crates-in-one-step", message).help(help));
    found
}

/// Reads cargo's messages of the compile step (`--message-format json`, then the lines `Dirty …` of `--verbose`):
/// warns of external crates that it had to compile again, with cargo's reasons, and reports an error for a binary in
/// `bins` that it did not compile, which is a stub.
pub fn report(messages: &str, bins: &[String]) -> Diagnostics {
    let mut found = Diagnostics::default();
    let mut again = vec![];
    let mut compiled = vec![];
    for message in made(messages) {
        let Some(target) = &message.target else {
            continue;
        };
        if target.kind.iter().any(|kind| kind == "bin") {
            compiled.push(target.name.clone());
        }
        if message.is_external() {
            again.push(package(&message.package_id));
        }
    }
    for bin in bins.iter().filter(|bin| !compiled.contains(bin)) {
        let message = format!("`{bin}` was not compiled from its sources");
        let help = "this is a defect of the frontend: please report it with your manifests";
        found.push(Diagnostic::error("stub-in-image", message).help(help));
    }
    again.sort();
    again.dedup();
    for package in &mut again {
        if let Some(reason) = reason(messages, package) {
            *package = format!("{package} ({reason})");
        }
    }
    if !again.is_empty() {
        let message = format!(
            "{} compiled again although the dependency step had built {}: {}",
            if again.len() == 1 {
                "an external crate was"
            } else {
                "external crates were"
            },
            if again.len() == 1 { "it" } else { "them" },
            again.join(", ")
        );
        let help =
            "the program is right; where a variable changed, write it under `build: { env: … }`";
        found.push(Diagnostic::warning("recompiled-dependency", message).help(help));
    }
    found
}

/// `name version` of a package id.
fn package(id: &str) -> String {
    match units::package(id) {
        Some((_, name, version)) => format!("{name} {version}"),
        None => id.to_owned(),
    }
}

/// Why cargo compiled a package again: `Dirty name v1.0.0 (source): reason`.
fn reason<'a>(messages: &'a str, package: &str) -> Option<&'a str> {
    let (name, version) = package.split_once(' ')?;
    let start = format!("Dirty {name} v{version}");
    messages.lines().find_map(|line| {
        let rest = line.trim_start().strip_prefix(&start)?;
        match rest.strip_prefix(" (") {
            Some(rest) => Some(rest.split_once("): ")?.1),
            None => rest.strip_prefix(": "),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ImageBase;

    /// A 64-bit little-endian ELF head with one program header of a type.
    fn head(machine: u8, kind: u8) -> Vec<u8> {
        let mut head = vec![0; 120];
        head[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (head[18], head[32], head[54], head[56], head[64]) = (machine, 64, 56, 1, kind);
        head
    }

    #[test]
    fn executables_are_checked_against_triple_and_base() {
        let triple = "x86_64-unknown-linux-musl";
        let code = |head: &[u8], base: &str| {
            let base = match base {
                "scratch" => ImageBase::Scratch,
                name => ImageBase::Reference(name.into()),
            };
            executable("app", head, triple, &Runtime::of(&base)).map(|d| d.code)
        };
        assert_eq!(code(&head(62, 1), "scratch"), None);
        assert_eq!(code(&head(62, 3), "debian"), None);
        assert_eq!(code(&head(62, 3), "scratch"), Some("dynamic-executable"));
        assert_eq!(code(&head(62, 3), "alpine:3"), Some("dynamic-executable"));
        assert_eq!(code(&head(183, 1), "debian"), Some("wrong-architecture"));
        assert_eq!(code(b"#!/bin/sh", "debian"), Some("not-an-executable"));
        assert_eq!(code(&head(62, 1)[..70], "debian"), None);
        assert_eq!(
            code(&head(62, 1)[..60], "debian"),
            Some("not-an-executable")
        );
    }

    #[test]
    fn the_report_names_what_was_compiled_again() {
        let line = |id: &str, name: &str, kind: &str, fresh: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","target":{{"name":"{name}","kind":["{kind}"]}},"fresh":{fresh}}}"#
            )
        };
        let registry = "registry+https://example.com/index#serde@1.0.1";
        let git = "git+https://example.com/x/tool?branch=main#0.2.0";
        let local = "path+file:///work#app@0.1.0";
        let messages = [
            line(registry, "serde", "lib", false),
            line(git, "tool", "lib", false),
            line(
                "registry+https://example.com/index#log@0.4.0",
                "log",
                "lib",
                true,
            ),
            line(local, "app", "bin", false),
            line(local, "other", "bin", true),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
            "       Dirty serde v1.0.1: the environment variable X changed".to_owned(),
            "       Dirty tool v0.2.0 (https://example.com/x/tool?branch=main#12): stale"
                .to_owned(),
        ]
        .join("\n");
        let found = |bins: &[&str]| {
            let bins: Vec<String> = bins.iter().map(|bin| (*bin).to_owned()).collect();
            report(&messages, &bins)
                .sorted()
                .iter()
                .map(|d| d.message.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found(&["app"]),
            [
                "external crates were compiled again although the dependency step had built them: serde 1.0.1 (the environment variable X changed), tool 0.2.0 (stale)"
            ]
        );
        assert_eq!(
            found(&["app", "other"])[0],
            "`other` was not compiled from its sources"
        );
    }
}
