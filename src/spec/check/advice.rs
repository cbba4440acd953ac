//! The words of the check's messages: what was found, what to write instead.

use crate::spec::keys::ROOT;
use crate::spec::table::{Block, Key, Map, Shape};
use crate::spec::yaml::{self, Data, Node, ScalarType};

/// What to write instead of a value of a wrong type, with the value itself where it can be kept.
pub(super) fn instead(node: &Node, shape: &'static Shape, key: Option<&str>) -> String {
    let key = key.unwrap_or("build");
    match (&node.data, &shape.map) {
        (Data::List(items), _) if shape.list.is_none() && shape.scalar.is_some() => {
            match items.first().map(|item| &item.data) {
                Some(Data::Scalar(scalar)) if items.len() == 1 => {
                    format!("write `{key}: {}`", shorten(&scalar.text))
                }
                _ => "write a single value".into(),
            }
        }
        (Data::Map(entries), _) if shape.list.is_some() => {
            let names: Vec<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
            format!("write a list: `{key}: [{}]`", shorten(&names.join(", ")))
        }
        (_, Some(Map::Block(block))) => {
            let first = block
                .keys
                .iter()
                .find(|key| key.required)
                .or(block.keys.first());
            let (name, example) = first.map_or(("x", "y"), |key: &Key| (key.name, key.example));
            match key {
                _ if block.keys.iter().any(|key| key.name == "syntax") => {
                    "write `build:` and `image:` blocks, or nothing at all; is this the right file?"
                        .into()
                }
                _ => format!("write `{key}: {{ {name}: {example} }}`"),
            }
        }
        (data, Some(Map::Open { .. })) => {
            let first = match data {
                Data::List(items) => items.first().map(|item| &item.data),
                _ => None,
            };
            let (name, value) = match first {
                Some(Data::Scalar(first)) => {
                    first.text.split_once('=').unwrap_or((&first.text, "value"))
                }
                _ => ("name", "value"),
            };
            format!("write `{key}: {{ {}: {} }}`", shorten(name), shorten(value))
        }
        _ => "write a single value".into(),
    }
}

pub(super) fn describe(scalar: &yaml::Scalar) -> String {
    let text = shorten(&scalar.text);
    match scalar.kind() {
        ScalarType::Null => "nothing".into(),
        ScalarType::Bool(_) => format!("the boolean `{text}`"),
        ScalarType::Number => format!("the number `{text}`"),
        ScalarType::Text => format!("the text `{text}`"),
    }
}

/// The first line of a text, if it is not too long.
pub(super) fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 60 && line.len() == text.trim_end().len() {
        return line
            .escape_debug()
            .to_string()
            .replace("\\\"", "\"")
            .replace("\\'", "'");
    }
    let start: String = line.chars().take(57).collect();
    format!("{}...", start.escape_debug())
}

/// The block that a key without a place here belongs to.
pub(super) fn home_of(name: &str, wrong: &Block) -> Option<String> {
    let Some(Map::Block(root)) = &ROOT.map else {
        return None;
    };
    let blocks = root.keys.iter().filter_map(|key| match &key.shape.map {
        Some(Map::Block(block)) => Some(*block),
        _ => None,
    });
    let homes: Vec<&str> = blocks
        .filter(|block| block.name != wrong.name && block.key(name).is_some())
        .map(|block| block.name)
        .collect();
    let top = (root.key(name).is_some() && wrong.name != root.name)
        .then_some("the top level of the file");
    match (top, homes.as_slice()) {
        (Some(top), [home]) => Some(format!("{top} or {home}")),
        (Some(top), _) => Some(top.to_owned()),
        (None, [home]) => Some((*home).to_owned()),
        // `base`, `env`, `packages` and `run` are in both.
        (None, ["`build:`", "`image:`"]) => {
            Some("`build:` (to compile) or `image:` (to run)".to_owned())
        }
        (None, _) => None,
    }
}

/// What people know from Compose and bake files, and is said when a build is started.
pub(super) fn option_of_buildx(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "platform" | "platforms" => "--platform",
        "tag" | "tags" => "--tag",
        "context" | "dockerfile" => "-f Rust.yaml CONTEXT",
        "cache_from" | "cache-from" => "--cache-from",
        "cache_to" | "cache-to" => "--cache-to",
        "no_cache" | "no-cache" => "--no-cache",
        "output" | "outputs" => "--output",
        "network" => "--network",
        "pull" => "--pull",
        _ => return None,
    })
}

/// Our word for one that people know from elsewhere.
pub(super) fn other_word(name: &str, block: &Block) -> Option<&'static str> {
    let is_check = block.key("interval").is_some();
    Some(match name.to_lowercase().as_str() {
        "test" if is_check => "cmd",
        "from" | "runtime" => "base",
        "command" => "cmd",
        "copy" | "add" | "assets" => "files",
        "environment" => "env",
        "ports" | "port" => "expose",
        "label" => "labels",
        "working_dir" | "cwd" => "workdir",
        "volume" => "volumes",
        "stopsignal" | "stop_signal" => "stop-signal",
        "binary" | "binaries" => "bin",
        "crate" => "package",
        "triple" => "target",
        "rust" | "channel" | "rust-version" => "toolchain",
        "apt" | "apk" | "system" | "dependencies" => "packages",
        "tests" => "test",
        "lints" => "lint",
        "no-default-features" => "default-features: false",
        _ => return None,
    })
}

pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn alternatives<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
