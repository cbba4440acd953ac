//! Cargo's commands in a Dockerfile: which flags are settings.

use super::migrate::Reader;

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

impl Reader<'_> {
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
                    .for_each(|one| add(&mut cargo.features, one)),
                "--no-default-features" => cargo.no_default_features = true,
                "--all-features" => self.said.left(
                    line,
                    "--all-features: name the features that the image needs",
                ),
                "--release" | "-r" => profile = Some("release".to_owned()),
                "--profile" => profile = Some(value),
                "--target" if value.is_empty() || value.contains('$') && !known(&value) => {
                    self.said
                        .left(line, format!("--target {value}: write it as `target`"));
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
