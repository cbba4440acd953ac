//! The last stage of a Dockerfile: the image.

use super::dockerfile::{Instruction, Stage, commands, words};
use super::migrate::{Reader, packages, pairs};
use super::{list, scalar};

impl Reader<'_> {
    pub(super) fn image_base(&mut self, stage: &Stage) {
        let from = stage.from.as_str();
        let short = match from {
            "alpine" | "alpine:latest" => None,
            "scratch" => Some("scratch"),
            from if from.contains("distroless/static") => Some("distroless"),
            from => Some(from),
        };
        if let Some(short) = short {
            self.draft.image.set("base", scalar(short), "");
        }
        // Programs for a base with glibc were mostly compiled for it.
        let glibc =
            from.contains("debian") || from.contains("ubuntu") || from.contains("distroless/cc");
        if glibc && !self.draft.build.has("target") {
            self.draft.build.set(
                "target",
                "gnu".into(),
                "as before; musl makes a static program",
            );
        }
        self.said
            .understood
            .push(format!("FROM {from}: image.base"));
    }

    /// An instruction of the last stage.
    pub(super) fn image(&mut self, at: &Instruction, single: bool) {
        let list_of = |words: Vec<String>| list(&words);
        match at.word.as_str() {
            "RUN" | "COPY" | "ADD" | "ENV" | "WORKDIR" if single => {}
            "COPY" | "ADD" if at.flag("from").is_some() => {
                self.dropped(at, "the program gets into the image by itself");
            }
            "COPY" | "ADD" => {
                let mut words = at.words();
                let to = words.pop().unwrap_or_default();
                let to = if to.starts_with('/') {
                    to
                } else {
                    format!(
                        "{}/{}",
                        self.workdir.trim_end_matches('/'),
                        to.trim_start_matches("./")
                    )
                };
                self.files
                    .extend(words.into_iter().map(|from| (from, to.clone())));
                self.understood(at, "image.files");
            }
            "RUN" => {
                let mut open = vec![];
                for command in commands(&at.rest) {
                    let words = words(&command);
                    let first = words.first().map(String::as_str).unwrap_or_default();
                    match first {
                        "apt-get" | "apt" | "apk" => {
                            let known = |name: &String| name != "ca-certificates";
                            let installed = packages(&words);
                            if !installed.is_empty() {
                                self.understood(at, "image.packages");
                            }
                            self.image_packages
                                .extend(installed.into_iter().filter(known));
                        }
                        "rm" => {}
                        "adduser" | "addgroup" | "useradd" | "groupadd" => {
                            self.dropped(at, "a user by number needs no entry");
                        }
                        _ => open.push(command),
                    }
                }
                if !open.is_empty() {
                    self.run.push(open.join(" && "));
                    self.understood(at, "image.run");
                }
            }
            "ENV" => {
                self.env.extend(pairs(&at.rest));
                self.understood(at, "image.env");
            }
            "LABEL" => {
                self.labels.extend(pairs(&at.rest));
                self.understood(at, "image.labels");
            }
            "EXPOSE" => {
                self.expose.extend(at.words());
                self.understood(at, "image.expose");
            }
            "VOLUME" => {
                self.volumes.extend(at.words());
                self.understood(at, "image.volumes");
            }
            "USER" => {
                let numeric = at.rest.chars().all(|c| c.is_ascii_digit() || c == ':');
                if at.rest == "65532" {
                    self.understood(at, "image.user, by default");
                } else if numeric {
                    self.draft.image.set("user", format!("\"{}\"", at.rest), "");
                    self.understood(at, "image.user");
                } else {
                    self.said.left.push(format!(
                        "line {}: USER {}: by number; the default is 65532",
                        at.line, at.rest
                    ));
                }
            }
            "WORKDIR" => {
                self.workdir.clone_from(&at.rest);
                self.draft.image.set("workdir", scalar(&at.rest), "");
                self.understood(at, "image.workdir");
            }
            "STOPSIGNAL" => self.draft.image.set("stop-signal", scalar(&at.rest), ""),
            "ENTRYPOINT" | "CMD" => self.program(at, list_of),
            "HEALTHCHECK" => self.healthcheck(at),
            _ => self.left(at),
        }
    }

    /// `ENTRYPOINT` or `CMD`: the program alone is the default.
    pub(super) fn program(&mut self, at: &Instruction, list_of: impl Fn(Vec<String>) -> String) {
        let words = at.json().unwrap_or_else(|| words(&at.rest));
        let bins = self
            .project
            .packages
            .iter()
            .flat_map(|package| package.bins());
        let bins: Vec<String> = bins.map(|bin| bin.name.clone()).collect();
        let first = words.first().cloned().unwrap_or_default();
        let program = first.rsplit('/').next().unwrap_or_default().to_owned();
        let is_ours = bins.contains(&program);
        let rest: Vec<String> = words.iter().skip(1).cloned().collect();
        match (at.word.as_str(), is_ours) {
            ("CMD", false) => self.draft.image.set("cmd", list_of(words), ""),
            (_, true) if rest.is_empty() => {
                if bins.len() > 1 && !self.draft.build.has("bin") {
                    self.draft.build.set("bin", list(&[program]), "");
                }
            }
            ("CMD", true) => self.draft.image.set("cmd", list_of(rest), ""),
            (_, true) => {
                let mut words = rest;
                words.insert(0, program);
                self.draft.image.set("entrypoint", list_of(words), "");
            }
            _ => self.draft.image.set("entrypoint", list_of(words), ""),
        }
        let what = if at.word == "CMD" {
            "image.cmd"
        } else {
            "image.entrypoint"
        };
        self.understood(at, what);
    }

    pub(super) fn healthcheck(&mut self, at: &Instruction) {
        let Some(command) = at.rest.strip_prefix("CMD ") else {
            return self.left(at);
        };
        let words = serde_json::from_str(command).unwrap_or_else(|_| words(command));
        let mut pairs = vec![format!("cmd: {}", list::<String>(&words))];
        for flag in [
            "interval",
            "timeout",
            "start-period",
            "start-interval",
            "retries",
        ] {
            if let Some(value) = at.flag(flag) {
                pairs.push(format!("{flag}: {value}"));
            }
        }
        self.draft
            .image
            .set("healthcheck", format!("{{ {} }}", pairs.join(", ")), "");
        self.understood(at, "image.healthcheck");
    }
}
