//! What a hand-written Dockerfile asks for, as a spec: stub or cargo-chef recipes and what goes into the image.

use super::dockerfile::{Instruction, Stage, commands, parse, words};
use super::{Draft, list, map, scalar};
use crate::project::Project;
use crate::source::SourceFile;

/// What became of the lines of a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Migrated {
    pub understood: Vec<String>,
    pub dropped: Vec<String>,
    pub left: Vec<String>,
}

struct Reader<'a> {
    project: &'a Project,
    draft: &'a mut Draft,
    said: Migrated,
    packages: Vec<String>,
    image_packages: Vec<String>,
    build_env: Vec<(String, String)>,
    env: Vec<(String, String)>,
    labels: Vec<(String, String)>,
    files: Vec<(String, String)>,
    expose: Vec<String>,
    volumes: Vec<String>,
    run: Vec<String>,
    workdir: String,
}

/// Reads a Dockerfile into a draft.
pub(super) fn migrate(project: &Project, file: &SourceFile, draft: &mut Draft) -> Migrated {
    let stages = parse(file.text());
    let mut reader = Reader {
        project,
        draft,
        said: Migrated::default(),
        packages: vec![],
        image_packages: vec![],
        build_env: vec![],
        env: vec![],
        labels: vec![],
        files: vec![],
        expose: vec![],
        volumes: vec![],
        run: vec![],
        workdir: String::new(),
    };
    let Some((last, builders)) = stages.split_last() else {
        reader.said.left.push("there is no FROM in it".into());
        return reader.said;
    };
    let by_name = |name: &str| {
        stages
            .iter()
            .find(|stage| stage.name.eq_ignore_ascii_case(name))
    };
    for stage in builders {
        if by_name(&stage.from).is_none() {
            reader.build_base(stage);
        }
        for instruction in &stage.instructions {
            reader.build(instruction);
        }
    }
    if builders.is_empty() {
        reader.said.left.push(
            "one stage: what compiles is in the image; the new image has the program alone".into(),
        );
        last.instructions.iter().for_each(|one| reader.build(one));
    } else {
        reader.image_base(last);
    }
    last.instructions
        .iter()
        .for_each(|one| reader.image(one, builders.is_empty()));
    reader.finish()
}

impl Reader<'_> {
    fn understood(&mut self, instruction: &Instruction, what: &str) {
        self.said
            .understood
            .push(format!("line {}: {what}", instruction.line));
    }

    fn dropped(&mut self, instruction: &Instruction, what: &str) {
        self.said
            .dropped
            .push(format!("line {}: {what}", instruction.line));
    }

    fn left(&mut self, instruction: &Instruction) {
        let text = format!("{} {}", instruction.word, instruction.rest);
        let text: String = text.chars().take(90).collect();
        self.said
            .left
            .push(format!("line {}: {text}", instruction.line));
    }

    fn build_base(&mut self, stage: &Stage) {
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
    fn build(&mut self, instruction: &Instruction) {
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
    fn build_command(&mut self, at: &Instruction, command: &str) -> bool {
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

    fn target(&mut self, triple: &str) {
        let simple = match triple {
            "" => return,
            triple if triple.ends_with("-linux-musl") => return,
            triple if triple.ends_with("-linux-gnu") => "gnu",
            triple => triple,
        };
        self.draft.build.set("target", scalar(simple), "");
    }

    /// The flags of a cargo command.
    fn cargo(&mut self, at: &Instruction, words: &[String]) {
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

    fn image_base(&mut self, stage: &Stage) {
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
    fn image(&mut self, at: &Instruction, single: bool) {
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
                if numeric {
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
    fn program(&mut self, at: &Instruction, list_of: impl Fn(Vec<String>) -> String) {
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

    fn healthcheck(&mut self, at: &Instruction) {
        let Some(command) = at.rest.strip_prefix("CMD ") else {
            return self.left(at);
        };
        let words = serde_json::from_str(command).unwrap_or_else(|_| words(command));
        let mut pairs = vec![format!("cmd: {}", list::<String>(&words))];
        for flag in ["interval", "timeout", "start-period", "retries"] {
            if let Some(value) = at.flag(flag) {
                pairs.push(format!("{flag}: {value}"));
            }
        }
        self.draft
            .image
            .set("healthcheck", format!("{{ {} }}", pairs.join(", ")), "");
        self.understood(at, "image.healthcheck");
    }

    fn finish(mut self) -> Migrated {
        for packages in [&mut self.packages, &mut self.image_packages] {
            packages.sort();
            packages.dedup();
        }
        let (build, image) = (&mut self.draft.build, &mut self.draft.image);
        if !self.packages.is_empty() {
            build.set("packages", list(&self.packages), "");
        }
        if !self.build_env.is_empty() {
            build.set("env", map(&self.build_env), "");
        }
        if !self.image_packages.is_empty() {
            image.set("packages", list(&self.image_packages), "");
        }
        for (key, pairs) in [
            ("env", &self.env),
            ("labels", &self.labels),
            ("files", &self.files),
        ] {
            if !pairs.is_empty() {
                image.set(key, map(pairs), "");
            }
        }
        for (key, items) in [
            ("expose", &self.expose),
            ("volumes", &self.volumes),
            ("run", &self.run),
        ] {
            if !items.is_empty() {
                image.set(key, list(items), "");
            }
        }
        self.said.dropped.dedup();
        self.said
    }
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    })
}

/// What `apt-get install` or `apk add` installs.
fn packages(words: &[String]) -> Vec<String> {
    let mut rest = words
        .iter()
        .skip_while(|word| !["install", "add"].contains(&word.as_str()));
    rest.next();
    rest.filter(|word| !word.starts_with('-'))
        .cloned()
        .collect()
}

/// `A=b C="d e"`, or the old form `A b`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let list = words(text);
    match list.first() {
        Some(first) if !first.contains('=') => {
            let (name, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            vec![(name.to_owned(), value.trim().to_owned())]
        }
        _ => list
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}
