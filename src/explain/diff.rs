//! How a step's own key differs from the earlier one, in terms of what users edit.

use super::Keyed;
use std::collections::{BTreeMap, BTreeSet};

/// The most lines of one change that are shown.
const LINES: usize = 12;

/// What changed and how, for each part of a step's key that did. A step's changes of files follow from its inputs, so
/// they are reported only if the inputs are the same.
pub(super) fn parts(old: &Keyed, step: &Keyed, same_inputs: bool) -> Vec<(String, Vec<String>)> {
    let names: BTreeSet<&String> = old.parts.keys().chain(step.parts.keys()).collect();
    let changed = names
        .into_iter()
        .filter(|name| old.parts.get(*name) != step.parts.get(*name))
        .filter(|name| same_inputs || *name != "changes");
    let part = |name: &String| {
        let (before, after) = (old.parts.get(name), step.parts.get(name));
        let (before, after) = (before.map(String::as_str), after.map(String::as_str));
        let one = |of: String, how: Vec<String>| vec![(of, how)];
        let texts = (before.unwrap_or_default(), after.unwrap_or_default());
        match name.split_once(' ').unwrap_or((name, "")) {
            ("file", _) if step.name.starts_with("script ") => {
                one(step.name.clone(), vec!["is different".into()])
            }
            ("file", path) => {
                let path = path.trim_start_matches('/');
                match path.rsplit('/').next() {
                    Some("Cargo.lock") => one(path.to_owned(), lock(texts.0, texts.1)),
                    _ => one(path.to_owned(), settings(texts.0, texts.1)),
                }
            }
            ("variable", variable) if is_rustflags(variable) => {
                one("rustflags".into(), value(before, after))
            }
            ("variable", "RUSTUP_TOOLCHAIN") => one("toolchain".into(), value(before, after)),
            ("variable", variable) => one(format!("variable {variable}"), value(before, after)),
            // The names of these steps say everything that their commands do.
            ("command", _) if old.name != step.name && !texts.1.contains(" --offline") => {
                let of = step.name.split(' ').next().unwrap_or_default();
                one(of.into(), value(Some(&old.name), Some(&step.name)))
            }
            ("command", _) => command(&step.name, texts.0, texts.1),
            ("patterns", _) => one(
                format!("what `{}` takes", step.name),
                lines(texts.0, texts.1),
            ),
            ("changes", _) => one(step.name.clone(), lines(texts.0, texts.1)),
            ("image" | "platform", _) => one(step.name.clone(), value(before, after)),
            _ => one(format!("{name} of `{}`", step.name), value(before, after)),
        }
    };
    changed.flat_map(part).collect()
}

/// As many lines as are worth reading.
pub(super) fn shown(lines: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = lines.iter().take(LINES).cloned().collect();
    if let Some(more) = lines.len().checked_sub(LINES).filter(|more| *more > 0) {
        shown.push(format!("… and {more} more"));
    }
    shown
}

/// Whether a variable holds the spec's compiler flags.
fn is_rustflags(variable: &str) -> bool {
    variable.starts_with("CARGO_") && variable.ends_with("_RUSTFLAGS")
}

fn value(before: Option<&str>, after: Option<&str>) -> Vec<String> {
    let quoted = |value: &str| format!("`{}`", value.replace('\u{1f}', " "));
    vec![match (before, after) {
        (Some(before), Some(after)) => format!("{} is now {}", quoted(before), quoted(after)),
        (None, Some(after)) => format!("{} is new", quoted(after)),
        (Some(before), None) => format!("{} is gone", quoted(before)),
        // An option without a value.
        (None, None) => "is new or gone".into(),
    }]
}

/// Names and versions of a lock, which this program wrote: a line for each key.
fn locked(text: &str) -> BTreeMap<&str, BTreeMap<&str, &str>> {
    let mut packages: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for entry in text.split("[[package]]\n").skip(1) {
        let of = |key: &str| {
            let mut lines = entry.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
        };
        if let (Some(name), Some(version)) = (of("name"), of("version")) {
            let versions = packages.entry(name.trim_matches('"')).or_default();
            versions.insert(version.trim_matches('"'), entry);
        }
    }
    packages
}

fn lock(before: &str, after: &str) -> Vec<String> {
    let (old, new) = (locked(before), locked(after));
    let none = BTreeMap::new();
    let names: BTreeSet<&&str> = old.keys().chain(new.keys()).collect();
    let mut lines = vec![];
    for name in names {
        let (old, new) = (
            old.get(*name).unwrap_or(&none),
            new.get(*name).unwrap_or(&none),
        );
        let only = |of: &BTreeMap<&str, &str>, other: &BTreeMap<&str, &str>| -> Vec<String> {
            let versions = of.keys().filter(|version| !other.contains_key(*version));
            versions.map(|version| (*version).to_owned()).collect()
        };
        match (only(old, new).join(", "), only(new, old).join(", ")) {
            (gone, news) if gone.is_empty() && news.is_empty() => {
                if old != new {
                    lines.push(format!("{name}: its source or what it depends on"));
                }
            }
            (gone, news) if gone.is_empty() => lines.push(format!("{name} {news} is new")),
            (gone, news) if news.is_empty() => lines.push(format!("{name} {gone} is gone")),
            (gone, news) => lines.push(format!("{name} {gone} is now {news}")),
        }
    }
    match lines.is_empty() {
        true => vec!["its form".into()],
        false => lines,
    }
}

/// Keys and values of a manifest or a configuration file, which this program wrote: a line for each key.
fn keys(text: &str) -> BTreeMap<String, &str> {
    let mut keys = BTreeMap::new();
    let mut tables: BTreeMap<&str, usize> = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            let bare = name.trim_matches(['[', ']']);
            // Of arrays of tables all have one name.
            let count = tables.entry(bare).or_insert(0);
            *count += 1;
            table = match (name.starts_with('['), *count) {
                (true, 2..) => format!("{bare}.{count}"),
                _ => bare.to_owned(),
            };
        } else if let Some((key, value)) = line.split_once(" = ") {
            let key = format!("{table}.{key}");
            keys.insert(key.trim_start_matches('.').to_owned(), value);
        }
    }
    keys
}

fn settings(before: &str, after: &str) -> Vec<String> {
    let (old, new) = (keys(before), keys(after));
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = all.into_iter().filter(|key| old.get(*key) != new.get(*key));
    let line = |key: &String| match (old.get(key), new.get(key)) {
        (Some(old), Some(new)) => format!("{key}: {old} is now {new}"),
        (None, Some(new)) => format!("{key} = {new} is new"),
        (Some(old), None) => format!("{key} = {old} is gone"),
        (None, None) => String::new(),
    };
    let lines: Vec<String> = changed.map(line).collect();
    match (lines.is_empty(), before.is_empty(), after.is_empty()) {
        (false, ..) => lines,
        (_, true, _) => vec!["is new".into()],
        (_, _, true) => vec!["is gone".into()],
        _ => vec!["is different".into()],
    }
}

/// Options of a command and what each is given, in the order of their names.
fn options(command: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut options: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for option in command.split(" --").skip(1) {
        let (name, value) = option.split_once(' ').unwrap_or((option, ""));
        options.entry(name).or_default().push(value);
    }
    options
}

/// The options that differ, which other steps may have, too; else the words.
fn command(step: &str, before: &str, after: &str) -> Vec<(String, Vec<String>)> {
    let (old, new) = (options(before), options(after));
    let names: BTreeSet<&&str> = old.keys().chain(new.keys()).collect();
    let differ = names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name));
    let given = |options: &BTreeMap<&str, Vec<&str>>, name: &str| {
        let values = options.get(name)?;
        Some(values.join(", ")).filter(|text| !text.is_empty())
    };
    let line = |name: &&str| {
        let (old, new) = (given(&old, name), given(&new, name));
        let how = value(old.as_deref(), new.as_deref());
        (format!("--{name}"), how)
    };
    let changes: Vec<(String, Vec<String>)> = differ.map(line).collect();
    match changes.is_empty() {
        true => vec![(step.to_owned(), words(before, after))],
        false => changes,
    }
}

/// Words that one has and the other has not.
fn words(before: &str, after: &str) -> Vec<String> {
    let old: Vec<&str> = before.split(' ').collect();
    let new: Vec<&str> = after.split(' ').collect();
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let ends = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = ends.take_while(|(a, b)| a == b).count();
    let middle = |words: &[&str]| words[start..words.len() - end].join(" ");
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    value(some(middle(&old)).as_deref(), some(middle(&new)).as_deref())
}

/// Lines that one has and the other has not.
fn lines(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let gone = old.iter().filter(|line| !new.contains(line));
    let gone = gone.map(|line| format!("`{line}` is gone"));
    let news = new.iter().filter(|line| !old.contains(line));
    let news = news.map(|line| format!("`{line}` is new"));
    gone.chain(news).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_compared_by_package() {
        let entry = |name: &str, version: &str, more: &str| {
            format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{more}")
        };
        let old = entry("a", "1.0.0", "") + &entry("b", "1.0.0", "") + &entry("b", "2.0.0", "");
        let new = entry("a", "1.0.0", "dependencies = [\n \"c\",\n]\n")
            + &entry("b", "2.0.1", "")
            + &entry("c", "0.1.0", "");
        let said = [
            "a: its source or what it depends on",
            "b 1.0.0, 2.0.0 is now 2.0.1",
            "c 0.1.0 is new",
        ];
        assert_eq!(lock(&old, &new), said);
    }

    #[test]
    fn manifests_are_compared_by_key() {
        let old =
            "[package]\nname = \"a\"\n\n[dependencies.b]\nfeatures = [\"x\"]\nversion = \"1\"\n";
        let new = "[package]\nname = \"a\"\n\n[dependencies.b]\nfeatures = [\"x\", \"y\"]\n\n[[bin]]\nname = \"c\"\n\n[[bin]]\nname = \"d\"\n";
        let said = [
            "bin.2.name = \"d\" is new",
            "bin.name = \"c\" is new",
            "dependencies.b.features: [\"x\"] is now [\"x\", \"y\"]",
            "dependencies.b.version = \"1\" is gone",
        ];
        assert_eq!(settings(old, new), said);
        assert_eq!(settings("", "a line"), ["is new"]);
    }

    #[test]
    fn commands_are_compared_by_options() {
        let old = "seed 1a2b x/release cargo build --package a --features x --bin a";
        let said = |new: &str| {
            let changes = command("dependencies", old, new).into_iter();
            let lines = changes.map(|(of, how)| format!("{of}: {}", how.join(", ")));
            lines.collect::<Vec<String>>().join("; ")
        };
        assert_eq!(
            said("seed 3c4d x/release cargo build --package a --features x,y --bin a --bin b"),
            "--bin: `a` is now `a, b`; --features: `x` is now `x,y`"
        );
        assert_eq!(
            said("seed 1a2b x/release cargo build --package a --bin a"),
            "--features: `x` is gone"
        );
        assert_eq!(
            said("seed 3c4d x/release cargo build --package a --features x --bin a"),
            "dependencies: `1a2b` is now `3c4d`"
        );
    }
}
