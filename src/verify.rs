//! What was really built: the executable's format, and cargo's own account of what it compiled.

use crate::diagnostic::{Diagnostic, Diagnostics};
use serde::Deserialize;

/// How much of an executable [`executable`] needs to see, in bytes.
pub const HEAD: u64 = 4096;

/// What the head of an ELF file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elf {
    /// ELF's number of the processor (`e_machine`).
    pub machine: u16,
    /// Whether it names an interpreter, i.e. needs a dynamic loader.
    pub dynamic: bool,
}

/// Reads the head of an ELF file; `None` for anything else (elf(5)).
pub fn elf(head: &[u8]) -> Option<Elf> {
    let class = *head.get(4)?;
    let little = *head.get(5)? == 1;
    if !head.starts_with(b"\x7fELF") || !(class == 1 || class == 2) {
        return None;
    }
    let number = |at: usize, len: usize| -> Option<u64> {
        let bytes = head.get(at..at + len)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if little {
            bytes.iter().rev().fold(0, fold)
        } else {
            bytes.iter().fold(0, fold)
        })
    };
    let wide = class == 2;
    let (offset, entry_size, entries) = if wide {
        (number(32, 8)?, number(54, 2)?, number(56, 2)?)
    } else {
        (number(28, 4)?, number(42, 2)?, number(44, 2)?)
    };
    const PT_INTERP: u64 = 3;
    let mut dynamic = false;
    for entry in 0..entries {
        let at = usize::try_from(offset + entry * entry_size).ok()?;
        dynamic |= number(at, 4)? == PT_INTERP;
    }
    Some(Elf {
        machine: u16::try_from(number(18, 2)?).ok()?,
        dynamic,
    })
}

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
///
/// `static_base` is the name of a base image that has no dynamic loader.
pub fn executable(
    name: &str,
    head: &[u8],
    triple: &str,
    static_base: Option<&str>,
) -> Option<Diagnostic> {
    let Some(elf) = elf(head) else {
        let message = format!("`{name}` is no ELF executable");
        return Some(Diagnostic::error("not-an-executable", message));
    };
    if machine(triple).is_some_and(|machine| machine != elf.machine) {
        let message = format!("`{name}` was not compiled for `{triple}`");
        let help = "look for a `target` or a `linker` in .cargo/config.toml that overrides it";
        return Some(Diagnostic::error("wrong-architecture", message).help(help));
    }
    match static_base {
        Some(base) if elf.dynamic => {
            let message = format!(
                "`{name}` is linked dynamically, but `{base}` has no dynamic loader for it"
            );
            let help = "use `target: musl`, or a base with glibc such as `debian` or `distroless`";
            Some(Diagnostic::error("dynamic-executable", message).help(help))
        }
        _ => None,
    }
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

/// Reads cargo's messages of the compile step (`--message-format json`): warns of external crates that it had
/// to compile again, and is an error for a binary in `bins` that it did not compile, which is a stub.
pub fn report(messages: &str, bins: &[String]) -> Diagnostics {
    let mut found = Diagnostics::default();
    let mut again = vec![];
    let mut compiled = vec![];
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Message>(line) else {
            continue;
        };
        if message.reason != "compiler-artifact" || message.fresh {
            continue;
        }
        let Some(target) = message.target else {
            continue;
        };
        if target.kind.iter().any(|kind| kind == "bin") {
            compiled.push(target.name.clone());
        }
        if ["registry+", "git+", "sparse+"]
            .iter()
            .any(|kind| message.package_id.starts_with(kind))
        {
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
        let help = "a build script that watches files or variables which differ between the steps does that";
        found.push(Diagnostic::warning("recompiled-dependency", message).help(help));
    }
    found
}

/// `name version` of a package id such as `registry+https://…#serde@1.0.0` or `git+https://…/x#0.1.0`.
fn package(id: &str) -> String {
    let Some((source, name)) = id.rsplit_once('#') else {
        return id.to_owned();
    };
    match name.split_once('@') {
        Some((name, version)) => format!("{name} {version}"),
        None => {
            let path = source.split('?').next().unwrap_or(source);
            format!("{} {name}", path.rsplit('/').next().unwrap_or(path))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let code = |head: &[u8], base| executable("app", head, triple, base).map(|d| d.code);
        assert_eq!(code(&head(62, 1), Some("scratch")), None);
        assert_eq!(code(&head(62, 3), None), None);
        assert_eq!(
            code(&head(62, 3), Some("scratch")),
            Some("dynamic-executable")
        );
        assert_eq!(code(&head(183, 1), None), Some("wrong-architecture"));
        assert_eq!(code(b"#!/bin/sh", None), Some("not-an-executable"));
        assert_eq!(code(&head(62, 1)[..70], None), None);
        assert_eq!(code(&head(62, 1)[..60], None), Some("not-an-executable"));
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
                "external crates were compiled again although the dependency step had built them: serde 1.0.1, tool 0.2.0"
            ]
        );
        assert_eq!(
            found(&["app", "other"])[0],
            "`other` was not compiled from its sources"
        );
    }
}
