//! The stages of a Dockerfile that compile: what of them is a setting, what the frontend does by itself.

use super::dockerfile::{Instruction, Stage, commands, words};
use super::migrate::{Reader, is_assignment, packages, pairs};
use super::{list, scalar};

impl Reader<'_> {
    pub(super) fn build_base(&mut self, stage: &Stage) {
        let from = stage.from.as_str();
        let chef = from.contains("cargo-chef");
        if chef {
            self.said.dropped.push(format!(
                "FROM {from}: dependencies are a layer without cargo-chef"
            ));
        } else if from != "rust:1" && from.contains("rust") && !from.contains("alpine") {
            self.draft.build.set("base", scalar(from), "");
            self.said
                .understood
                .push(format!("FROM {from}: build.base"));
        } else if from.contains("alpine") && from.contains("rust") {
            self.said
                .dropped
                .push(format!("FROM {from}: rust:1 compiles for musl, too"));
        } else if !from.contains("rust") {
            self.said
                .left
                .push(format!("FROM {from}: what is this stage for?"));
        }
    }

    /// An instruction of a stage that compiles.
    pub(super) fn build(&mut self, instruction: &Instruction) {
        match instruction.word.as_str() {
            "RUN" => {
                let mut open = false;
                for command in commands(&instruction.rest) {
                    open |= !self.build_command(instruction, &command);
                }
                if open {
                    self.left(instruction);
                }
            }
            "ENV" => {
                let pairs = pairs(&instruction.rest);
                let cargo = |name: &str| {
                    ["CARGO_HOME", "CARGO_TARGET_DIR", "PATH", "RUSTUP_HOME"].contains(&name)
                };
                self.build_env
                    .extend(pairs.into_iter().filter(|(name, _)| !cargo(name)));
                self.understood(instruction, "build.env");
            }
            "COPY" | "ADD" => {
                self.dropped(instruction, "sources reach the compile step by themselves")
            }
            "WORKDIR" | "USER" => self.dropped(instruction, "where it compiles is no matter"),
            "ARG" | "SHELL" => self.left(instruction),
            _ => {}
        }
    }

    /// Whether a command of a stage that compiles is understood.
    pub(super) fn build_command(&mut self, at: &Instruction, command: &str) -> bool {
        let mut words = words(command);
        // Variables before a command are the command's environment.
        let assigned = words.iter().take_while(|word| is_assignment(word)).count();
        for word in words.drain(..assigned) {
            if let Some((name, value)) = word.split_once('=')
                && name != "USER"
            {
                self.build_env.push((name.to_owned(), value.to_owned()));
            }
        }
        let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
        match (word(0), word(1)) {
            ("", _) => true,
            ("apt-get" | "apt" | "apk", _) => {
                let installed = packages(&words);
                if !installed.is_empty() {
                    self.understood(at, "build.packages");
                }
                let named = installed.into_iter().map(|package| match package.as_str() {
                    "musl-dev" | "build-base" | "gcc" => "musl-tools".to_owned(),
                    "protobuf" | "protoc" | "protobuf-dev" => "protobuf-compiler".to_owned(),
                    _ => package,
                });
                self.packages.extend(named);
                true
            }
            ("cargo", "build" | "rustc" | "zigbuild") => {
                self.cargo(at, &words);
                true
            }
            ("cargo", "chef") => {
                self.dropped(
                    at,
                    "cargo chef: the dependency-only project is made by the frontend",
                );
                if word(2) == "cook" {
                    self.cargo(at, &words);
                }
                true
            }
            ("cargo", "install") => true,
            ("cargo", "fetch" | "new" | "init" | "update" | "vendor") | ("rustup", _) => {
                self.dropped(at, &format!("{} {}", word(0), word(1)));
                if word(1) == "target" {
                    self.target(word(3));
                }
                true
            }
            (
                "mkdir" | "echo" | "printf" | "touch" | "rm" | "cd" | "set" | "mv" | "cp" | "strip"
                | "true" | "find",
                _,
            ) => {
                let what = if word(0) == "strip" {
                    "profile with `strip = true`"
                } else {
                    "stub"
                };
                let line = format!("line {}: {} ({what})", at.line, word(0));
                if !self.said.dropped.contains(&line) {
                    self.said.dropped.push(line);
                }
                true
            }
            _ => false,
        }
    }

    pub(super) fn target(&mut self, triple: &str) {
        let simple = match triple {
            "" => return,
            triple if triple.ends_with("-linux-musl") => return,
            triple if triple.ends_with("-linux-gnu") => "gnu",
            triple => triple,
        };
        self.draft.build.set("target", scalar(simple), "");
    }

    /// The flags of a cargo command.
    pub(super) fn cargo(&mut self, at: &Instruction, words: &[String]) {
        let mut bins = vec![];
        let mut features = vec![];
        let mut taken = vec![];
        let mut rest = words.iter().skip(2);
        while let Some(word) = rest.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let takes = [
                "-p",
                "--package",
                "--bin",
                "--features",
                "-F",
                "--profile",
                "--target",
            ];
            let value = match value {
                None if takes.contains(&flag) => rest.next().cloned().unwrap_or_default(),
                value => value.unwrap_or_default(),
            };
            match flag {
                "-p" | "--package" => {
                    if self
                        .project
                        .packages
                        .iter()
                        .filter(|package| package.is_member)
                        .count()
                        > 1
                    {
                        self.draft.build.set("package", scalar(&value), "");
                    }
                }
                "--bin" => bins.push(value),
                "-F" | "--features" => {
                    let list = value.split([',', ' ']).filter(|one| !one.is_empty());
                    features.extend(list.map(str::to_owned));
                }
                "--no-default-features" => {
                    self.draft.build.set("default-features", "false".into(), "");
                }
                "--all-features" => self
                    .said
                    .left
                    .push(format!("line {}: --all-features: name them", at.line)),
                "--profile" if value != "release" => {
                    self.draft.build.set("profile", scalar(&value), "");
                }
                "--target" => self.target(&value),
                _ => continue,
            }
            taken.push(flag.trim_start_matches('-').to_owned());
        }
        if !features.is_empty() {
            self.draft.build.set("features", list(&features), "");
        }
        if !bins.is_empty() {
            self.draft.build.set("bin", list(&bins), "");
        }
        let what = if taken.is_empty() {
            String::new()
        } else {
            format!(": {}", taken.join(", "))
        };
        self.understood(at, &format!("cargo build{what}"));
    }
}
