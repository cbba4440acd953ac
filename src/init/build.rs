//! The stages of a Dockerfile that compile: what of them is a setting, what the frontend does by itself.

use super::accounts;
use super::cargo::Cargo;
use super::dockerfile::{Instruction, args, words};
use super::draft::{mapping, scalar};
use super::migrate::{Reader, is_assignment, packages, pairs};
use super::shell::Outputs;
use super::variables::{Scope, is_predefined};

/// What stages that compile ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct Compile {
    pub base: Option<String>,
    pub packages: Vec<String>,
    pub env: Vec<(String, String)>,
    pub stamp: Vec<(String, String)>,
    pub rustflags: Vec<String>,
    pub secrets: Vec<String>,
    pub ssh: bool,
    pub run: Vec<String>,
    pub cargo: Cargo,
}

pub(super) const NO_CHEF: &str = "dependencies are a layer without cargo-chef";

/// Variables of cargo and rustup themselves.
const OF_CARGO: [&str; 7] = [
    "CARGO_HOME",
    "CARGO_INCREMENTAL",
    "CARGO_TARGET_DIR",
    "PATH",
    "RUSTUP_HOME",
    "RUSTC_WRAPPER",
    "USER",
];

impl Reader<'_> {
    /// A stage that compiles.
    pub(super) fn compile(
        &mut self,
        at: usize,
        compiles: &[bool],
        scope: &mut Scope,
        compile: &mut Compile,
    ) {
        let stage = self.file.stages[at].clone();
        if self.stage(&stage.from).is_none() {
            self.build_base(stage.line, &stage.from, compile);
        }
        for one in &stage.instructions {
            match one.word.as_str() {
                "ARG" => self.argument(one, scope, compile),
                "ENV" => {
                    for (name, value) in pairs(&one.rest) {
                        self.variable(one.line, name, &value, scope, compile);
                    }
                }
                "RUN" => self.build_run(at, one, scope, compile),
                "COPY" | "ADD" => self.source(one, scope, compiles),
                "WORKDIR" => {
                    let dir = scope.plain(&one.rest, &self.args);
                    let under = self.workdirs.get(&at).map_or("/", String::as_str);
                    self.workdirs.insert(at, join(under, &dir));
                    self.said
                        .dropped(one.line, "where it compiles does not matter");
                }
                "USER" => self.said.dropped(one.line, "who compiles does not matter"),
                "SHELL" => self.said.left(one.line, format!("SHELL {}", one.rest)),
                _ => {}
            }
        }
    }

    fn build_base(&mut self, line: usize, from: &str, compile: &mut Compile) {
        // A base is named by global arguments alone.
        let mut globals = Scope::default();
        self.file
            .args
            .iter()
            .for_each(|(name, _)| globals.arg(name));
        let mut base = globals.expand(from, &mut self.args);
        if from.contains("cargo-chef") {
            let tag = base.split_once("rust-").map_or("1", |(_, tag)| tag);
            base = format!("rust:{tag}");
            self.said.dropped(line, NO_CHEF);
        }
        let usual = ["rust", "rust:latest", "rust:1"].contains(&base.as_str());
        match &compile.base {
            None => {
                self.said.taken(line, "build.base");
                compile.base = (!usual).then_some(base);
            }
            Some(known) if *known != base => {
                self.said
                    .left(line, format!("FROM {from}: a second build image"));
            }
            Some(_) => {}
        }
    }

    fn argument(&mut self, one: &Instruction, scope: &mut Scope, compile: &mut Compile) {
        for (name, default) in args(&one.rest) {
            let default = default.map(|text| scope.plain(&text, &self.args));
            self.args.declare(&name, default);
            scope.arg(&name);
            // One that no line names is for the programs that run, which see it as a variable.
            if !self.args.is_named(&name) && !is_predefined(&name) {
                let value = self.args.take(&name);
                compile.stamp.push((name, value));
                self.said.taken(one.line, "build.stamp");
            }
        }
    }

    /// A variable of compile steps.
    fn variable(
        &mut self,
        line: usize,
        name: String,
        value: &str,
        scope: &mut Scope,
        compile: &mut Compile,
    ) {
        let plain = scope.plain(value, &self.args);
        // `ENV REVISION=$REVISION` names itself alone.
        let hands_on = value.trim_matches(['$', '{', '}']) == name && scope.has_arg(value);
        if OF_CARGO.contains(&name.as_str()) {
            self.said
                .dropped(line, "where cargo keeps things does not matter");
        } else if name == "RUSTFLAGS" {
            compile.rustflags = words(&plain);
            self.said.taken(line, "build.rustflags");
        } else if name == "CARGO_BUILD_TARGET" {
            compile.cargo.target = Some(plain.clone());
            self.said.taken(line, "build.target");
        } else if self.args.is_named(&name) && !hands_on {
            self.said.dropped(line, "variables of the Dockerfile's own");
        } else if value.contains('$') && plain != value {
            // What comes from outside changes often: the last compile alone sees it.
            let value = scope.expand(value, &mut self.args);
            compile.stamp.push((name.clone(), value));
            self.said.taken(line, "build.stamp");
        } else {
            compile.env.push((name.clone(), plain.clone()));
            self.said.taken(line, "build.env");
        }
        scope.env(&name, plain);
    }

    fn build_run(
        &mut self,
        at: usize,
        one: &Instruction,
        scope: &mut Scope,
        compile: &mut Compile,
    ) {
        for mount in one.mounts() {
            let get = |name: &str| mount.iter().find(|(key, _)| *key == name).map(|(_, v)| *v);
            match get("type") {
                Some("ssh") => {
                    compile.ssh = true;
                    self.said.taken(one.line, "build.ssh");
                }
                Some("secret") => {
                    let mut pairs = vec![("id", scalar(get("id").unwrap_or_default()))];
                    for key in ["target", "env"] {
                        pairs.extend(get(key).map(|value| (key, scalar(value))));
                    }
                    // Registry and git credentials are for the step that fetches.
                    let words = format!("{:?}", get("target").or(get("env")));
                    let fetch = ["CARGO_", ".cargo", "credentials", "netrc", "git"];
                    if fetch.iter().any(|word| words.contains(word)) {
                        pairs.push(("step", "fetch".into()));
                    }
                    let secret = mapping(&pairs);
                    if !compile.secrets.contains(&secret) {
                        compile.secrets.push(secret);
                    }
                    self.said.taken(one.line, "build.secrets");
                }
                _ => {}
            }
        }
        let commands = match one.json() {
            Some(words) => vec![words.join(" ")],
            None => one.commands(),
        };
        for command in commands {
            if !self.build_command(at, one.line, &command, scope, compile) {
                let shown: String = command.chars().take(90).collect();
                let more = if shown.len() < command.len() {
                    " …"
                } else {
                    ""
                };
                self.said
                    .left(one.line, format!("RUN {}{more}", shown.replace('\n', "; ")));
            }
        }
    }

    /// A variable that a shell sets.
    fn assignment(&mut self, line: usize, word: &str, scope: &mut Scope, compile: &mut Compile) {
        let (name, value) = word.split_once('=').unwrap_or_default();
        let is_said = value.contains("$(") || value.contains('`');
        if is_said && !OF_CARGO.contains(&name) {
            let what = format!(
                "{name}=…: what a command says; hand it in as a build argument of `args:` or, if it is secret, as \
                 `secrets: [{{ id: …, env: {name} }}]`"
            );
            return self.said.left(line, what);
        }
        self.variable(line, name.to_owned(), value, scope, compile);
    }

    /// Whether a command of a stage that compiles is understood.
    fn build_command(
        &mut self,
        at: usize,
        line: usize,
        command: &str,
        scope: &mut Scope,
        compile: &mut Compile,
    ) -> bool {
        let mut words: Vec<String> = words(command);
        let assigned = words.iter().take_while(|word| is_assignment(word)).count();
        for word in words.drain(..assigned) {
            self.assignment(line, &word, scope, compile);
        }
        if words.first().is_some_and(|word| word == "export") {
            for word in words.drain(..).filter(|word| is_assignment(word)) {
                self.assignment(line, &word, scope, compile);
            }
        }
        for word in &mut words {
            *word = scope.plain(word, &self.args);
        }
        if words.get(1).is_some_and(|word| word.starts_with('+')) {
            compile.cargo.toolchain = Some(words.remove(1).split_off(1));
        }
        let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
        match (word(0), word(1)) {
            ("", _) => {}
            ("apt-get" | "apt" | "apk", _) => {
                let installed = packages(&words);
                if !installed.is_empty() {
                    self.said.taken(line, "build.packages");
                }
                compile.packages.extend(installed);
            }
            ("cargo", "build" | "b" | "rustc" | "zigbuild") => {
                if scope.has_arg(command) {
                    let what = "build arguments of cargo's command: their defaults are taken";
                    self.said.left(line, what);
                }
                self.cargo(line, &words, &mut compile.cargo);
                self.said.taken(line, "cargo build");
            }
            ("cargo", "install") if words.iter().any(|word| word == "--path") => {
                self.cargo(line, &words, &mut compile.cargo);
                compile.cargo.profile.get_or_insert("release".into());
                self.said.taken(line, "cargo build");
            }
            ("cargo", "install" | "binstall") if command.contains("cargo-chef") => {
                self.said.dropped(line, NO_CHEF);
            }
            ("cargo", "install" | "binstall") => {
                compile.run.push(mapping(&[
                    ("cmd", scalar(&scope.shell(command, &mut self.args))),
                    ("network", "true".into()),
                ]));
                self.said.taken(line, "build.run");
            }
            ("cargo", "chef") => {
                self.said.dropped(line, NO_CHEF);
            }
            ("cargo", "fetch" | "new" | "init" | "update" | "vendor" | "generate-lockfile") => {
                self.said
                    .dropped(line, "crates are fetched in a step of their own");
            }
            ("cargo", "test" | "nextest" | "clippy" | "fmt" | "doc" | "check") => {
                self.said.dropped(
                    line,
                    "tests and lints are stages: --target test, clippy, fmt, doc",
                );
            }
            ("rustup", _) => {
                let chosen = match (word(1), word(2)) {
                    ("default", _) => Some(word(2)),
                    ("toolchain", "install") | ("override", "set") => Some(word(3)),
                    _ => None,
                };
                compile.cargo.toolchain =
                    chosen.map(str::to_owned).or(compile.cargo.toolchain.take());
                match chosen {
                    Some(_) => self.said.taken(line, "build.toolchain"),
                    None => self
                        .said
                        .dropped(line, "the toolchain step adds targets and components"),
                }
            }
            (command, _) if accounts::COMMANDS.contains(&command) => {
                self.accounts.make(&words);
                self.said.dropped(line, super::image::NO_ENTRY);
            }
            ("cp" | "mv" | "install", _) => {
                self.copied(at, &words);
                self.said.dropped(line, "stubs and copies of the program");
            }
            ("strip", _) => {
                compile.cargo.strip = true;
                self.said.taken(line, "build.profile");
            }
            ("update-ca-certificates", _) => self.said.dropped(line, super::image::CA),
            ("mkdir" | "echo" | "printf" | "touch" | "rm" | "find" | "chmod" | "ls", _) => {
                if !Outputs::of(&scope.plain(command, &self.args)).are_stubs() {
                    return false;
                }
                self.said.dropped(line, "stubs and copies of the program");
            }
            ("cd" | "set" | "true" | ":", _) => {}
            _ => return false,
        }
        true
    }

    /// Notes a program that is copied to another place.
    fn copied(&mut self, at: usize, words: &[String]) {
        let paths: Vec<&String> = words
            .iter()
            .skip(1)
            .filter(|w| !w.starts_with('-'))
            .collect();
        let under = self
            .workdirs
            .get(&at)
            .cloned()
            .unwrap_or_else(|| "/".into());
        if let [from, to] = paths.as_slice() {
            let name = from.rsplit('/').next().unwrap_or_default().to_owned();
            if self.is_bin(&name) {
                let to = join(&under, to);
                self.programs.insert(
                    (at, format!("{}/{name}", to.trim_end_matches('/'))),
                    name.clone(),
                );
                self.programs.insert((at, to), name);
            }
        }
    }
}

/// The last value of each name.
pub(super) fn deduplicated(pairs: &[(String, String)]) -> Vec<(String, String)> {
    let mut last: Vec<(String, String)> = vec![];
    for (name, value) in pairs {
        match last.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1.clone_from(value),
            None => last.push((name.clone(), value.clone())),
        }
    }
    last
}

/// A path of a Dockerfile, from the root.
pub(super) fn join(dir: &str, path: &str) -> String {
    let relative = path.trim_start_matches("./");
    match (path.starts_with('/'), relative) {
        (true, _) => path.to_owned(),
        (false, "" | ".") => dir.to_owned(),
        (false, relative) => format!("{}/{relative}", dir.trim_end_matches('/')),
    }
}
