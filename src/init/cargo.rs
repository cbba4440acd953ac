//! Cargo's commands in a Dockerfile: which flags are settings.

use super::migrate::Reader;
use super::variables::Scope;

/// The flags of cargo's commands.
#[derive(Clone, Debug, Default)]
pub(super) struct Cargo {
    pub packages: Vec<String>,
    pub bins: Vec<String>,
    pub features: Vec<String>,
    pub no_default_features: bool,
    pub profile: Option<String>,
    pub target: Option<String>,
    pub toolchain: Option<String>,
    pub strip: bool,
}

/// Options of `cargo install` with a value.
const INSTALL_TAKES: [&str; 20] = [
    "--bin",
    "--branch",
    "--config",
    "--example",
    "--features",
    "--git",
    "--index",
    "--jobs",
    "--profile",
    "--registry",
    "--rev",
    "--root",
    "--tag",
    "--target",
    "--target-dir",
    "--vers",
    "--version",
    "-F",
    "-Z",
    "-j",
];

/// The tools that a `cargo install` names.
pub(super) fn installed(words: &[String]) -> Vec<&str> {
    let is_argument = |word: &&String| !word.starts_with(['|', '>', '&']);
    let mut rest = words.iter().skip(2).take_while(is_argument);
    let mut tools = vec![];
    while let Some(word) = rest.next() {
        if INSTALL_TAKES.contains(&word.as_str()) {
            rest.next();
        } else if !word.starts_with('-') {
            tools.push(word.as_str());
        }
    }
    tools
}

/// Options of rustup with a value.
const RUSTUP_TAKES: [&str; 6] = ["--component", "--path", "--profile", "--target", "-c", "-t"];

/// The toolchain that a command of rustup chooses: its first argument.
pub(super) fn chosen_toolchain(words: &[String]) -> Option<&String> {
    let arguments = match words.get(1).map(String::as_str) {
        Some("default") => words.get(2..)?,
        Some("toolchain") if words.get(2)? == "install" => words.get(3..)?,
        Some("override") if words.get(2)? == "set" => words.get(3..)?,
        _ => return None,
    };
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if RUSTUP_TAKES.contains(&word.as_str()) {
            rest.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}

impl Reader<'_> {
    /// Takes out of a command what calls cargo, and which cargo.
    pub(super) fn without_wrappers(
        &mut self,
        line: usize,
        words: &mut Vec<String>,
        scope: &Scope,
        cargo: &mut Cargo,
    ) {
        let starts = |words: &[String], first: &str, second: &str| {
            let mut start = words.iter().map(String::as_str);
            (start.next(), start.next()) == (Some(first), Some(second))
        };
        if starts(words, "mold", "-run") || starts(words, "mold", "--run") {
            words.drain(..2);
            self.said.dropped(line, "mold only links faster");
        }
        if let Some(first) = words
            .first_mut()
            .filter(|first| first.as_str() == "xx-cargo")
        {
            "cargo".clone_into(first);
        }
        let first = words.first().map_or("", String::as_str);
        let is_cargo = ["cargo", "rustc", "rustup"].contains(&first);
        if is_cargo && words.get(1).is_some_and(|word| word.starts_with('+')) {
            let chosen = words.remove(1).split_off(1);
            cargo.toolchain = Some(scope.plain(&chosen, &self.args));
        }
        if starts(words, "cargo", "auditable") {
            words.remove(1);
            let what = "cargo auditable: the new program has no list of its crates in it";
            self.said.left(line, what);
        }
    }

    /// The flags of a cargo command.
    pub(super) fn cargo(&mut self, line: usize, words: &[String], cargo: &mut Cargo) {
        const TAKES: [&str; 9] = [
            "-p",
            "--package",
            "--bin",
            "--features",
            "-F",
            "--profile",
            "--target",
            "--path",
            "--root",
        ];
        let mut profile = None;
        let mut features = vec![];
        let mut rest = words.iter().skip(2);
        while let Some(word) = rest.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let value = match value {
                None if TAKES.contains(&flag) => rest.next().cloned().unwrap_or_default(),
                value => value.unwrap_or_default(),
            };
            let add = |list: &mut Vec<String>, one: &str| {
                if !list.iter().any(|known| known == one) {
                    list.push(one.to_owned());
                }
            };
            match flag {
                "-p" | "--package" => add(&mut cargo.packages, &value),
                "--bin" => add(&mut cargo.bins, &value),
                "-F" | "--features" => value
                    .split([',', ' '])
                    .filter(|one| !one.is_empty())
                    .for_each(|one| add(&mut features, one)),
                "--no-default-features" => cargo.no_default_features = true,
                "--all-features" => self.said.left(
                    line,
                    "--all-features: name the features that the image needs",
                ),
                "--release" | "-r" => profile = Some("release".to_owned()),
                "--profile" if value.is_empty() => {
                    profile = Some("release".to_owned());
                    self.said.left(line, "--profile: write it as `profile`");
                }
                "--profile" => profile = Some(value),
                "--target" if value.is_empty() || value.contains('$') && !known(&value) => {
                    self.said.left(line, "--target: write it as `target`");
                }
                "--target" => cargo.target = Some(value),
                "--path" if value != "." => {
                    let dir = value.trim_start_matches("./").trim_end_matches('/');
                    let packages = self.project.packages.iter();
                    let mut packages = packages.filter(|package| package.dir == dir);
                    if let Some(package) = packages.next() {
                        add(&mut cargo.packages, &package.name);
                    }
                }
                "--manifest-path" | "--config" | "-Z" => {
                    self.said.left(line, format!("cargo build {flag}"));
                }
                _ => {}
            }
        }
        let is_new = |one: &String| !cargo.features.contains(one);
        if !cargo.features.is_empty() && features.iter().any(is_new) {
            let what = "features of several commands: all of them are taken";
            self.said.left(line, what);
        }
        features.retain(is_new);
        cargo.features.extend(features);
        let installs = words.get(1).is_some_and(|word| word == "install");
        let usual = if installs { "release" } else { "dev" };
        cargo.profile = Some(profile.unwrap_or_else(|| usual.to_owned()));
    }
}

/// Whether the end of a target tells what it is.
fn known(triple: &str) -> bool {
    ["-linux-musl", "-linux-gnu"]
        .iter()
        .any(|end| triple.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::dockerfile::words;

    #[test]
    fn a_toolchain_is_the_first_argument() {
        for (line, toolchain) in [
            ("rustup default 1.90", Some("1.90")),
            ("rustup toolchain install", None),
            (
                "rustup toolchain install --profile minimal -c clippy --no-self-update 1.90",
                Some("1.90"),
            ),
            (
                "rustup toolchain install --profile=minimal nightly",
                Some("nightly"),
            ),
            ("rustup override set --path /src stable", Some("stable")),
            ("rustup target add wasm32-unknown-unknown", None),
            ("rustup default", None),
        ] {
            let words = words(line);
            let chosen = chosen_toolchain(&words).map(String::as_str);
            assert_eq!(chosen, toolchain, "{line}");
        }
    }
}
