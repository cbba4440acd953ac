//! The stages of a Dockerfile that compile: what of them is a setting, what the frontend does by itself.

use super::accounts;
use super::cargo::{Cargo, chosen_toolchain};
use super::command;
use super::dockerfile::{Instruction, args, is_compound, words};
use super::draft::{mapping, scalar};
use super::migrate::{Reader, is_assignment, pairs};
use super::shell::Outputs;
use super::variables::{Scope, is_predefined, named};
use crate::source::file_name;

/// What stages that compile ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct Compile {
    pub base: Option<String>,
    /// Whether that base has musl in place of glibc.
    pub on_musl: bool,
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
const PLAIN_CARGO: &str = "plain cargo compiles";
/// Tools of cargo that the frontend compiles without, and why.
const HELPERS: [(&str, &str); 3] = [
    ("cargo-auditable", PLAIN_CARGO),
    ("cargo-chef", NO_CHEF),
    ("cargo-zigbuild", PLAIN_CARGO),
];
pub(super) const NO_QUESTIONS: &str = "packages are installed without questions";
const WHO: &str = "who compiles does not matter";

/// Variables of cargo and rustup themselves.
const OF_CARGO: [&str; 8] = [
    "CARGO_HOME",
    "CARGO_INCREMENTAL",
    "CARGO_TARGET_DIR",
    "PATH",
    "RUSTUP_HOME",
    "RUSTC_WORKSPACE_WRAPPER",
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
        if self.below(at).is_none() {
            self.build_base(stage.line, &stage.from, compile);
            self.settled(stage.line);
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
                "COPY" | "ADD" => {
                    if one.flag("from").is_none() {
                        self.with_files.insert(at);
                    }
                    self.source(one, scope, compiles);
                }
                "WORKDIR" => {
                    let dir = scope.plain(&one.unquoted(), &self.args);
                    let under = self.workdirs.get(&at).map_or("/", String::as_str);
                    self.workdirs.insert(at, join(under, &dir));
                    self.said
                        .dropped(one.line, "where it compiles does not matter");
                }
                "USER" => self.said.dropped(one.line, WHO),
                "SHELL" => self.said.left(one.line, format!("SHELL {}", one.rest)),
                _ => {}
            }
            self.settled(one.line);
        }
    }

    fn build_base(&mut self, line: usize, from: &str, compile: &mut Compile) {
        let globals = self.globals();
        let plain = globals.plain(from, &self.args);
        // An argument without a default may stand for any image.
        let names_rust = |name: &str| name.to_lowercase().contains("rust");
        let base = if plain.contains("cargo-chef") {
            self.said.dropped(line, NO_CHEF);
            let base = globals.expand(from, &mut self.args);
            let (name, digest) = base.split_once('@').unwrap_or((&base, ""));
            let tag = name.split_once("rust-").map_or("1", |(_, tag)| tag);
            if !digest.is_empty() {
                let what =
                    format!("FROM {from}: the digest is of another image; pin rust:{tag} anew");
                self.said.left(line, what);
            }
            format!("rust:{tag}")
        } else if plain.is_empty() || names_rust(&plain) || names_rust(from) {
            self.args.require(from);
            globals.expand(from, &mut self.args)
        } else {
            let base = match plain.contains("alpine") {
                true => "rust:1-alpine",
                false => "rust:1",
            };
            let what =
                format!("FROM {from}: the build image must have rustup; {base} in its place");
            self.said.left(line, what);
            base.to_owned()
        };
        let usual = ["rust", "rust:latest", "rust:1"].contains(&base.as_str());
        match &compile.base {
            None => {
                self.said.taken(line, "build.base");
                compile.on_musl = ["alpine", "musl"].iter().any(|word| plain.contains(word));
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
            let is_flags = name == "RUSTFLAGS";
            if is_predefined(&name) || self.args.is_named(&name) && !is_flags {
                continue;
            }
            if is_flags || is_setting(&name) {
                self.setting(one.line, name, scope, compile);
            } else {
                // One that no line names is for the programs that run, which see it as a variable.
                let value = self.args.take(&name);
                compile.stamp.push((name, value));
                self.said.taken(one.line, "build.stamp");
            }
        }
    }

    /// A build argument that cargo looks at by itself: the spec has its default.
    fn setting(&mut self, line: usize, name: String, scope: &mut Scope, compile: &mut Compile) {
        let value = self.args.default_of(&name).to_owned();
        if !is_unneeded(&name) {
            let what = match value.is_empty() {
                true => "write the value that builds pass",
                false => "its default is taken; if builds pass another value, write that",
            };
            let key = if name == "RUSTFLAGS" {
                "rustflags"
            } else {
                "env"
            };
            let what = format!("ARG {name}: {what} under `{key}`");
            self.said.left(line, what);
        }
        if !value.is_empty() || is_unneeded(&name) {
            self.variable(line, name, &value, scope, compile);
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
        // `ENV REVISION=$REVISION` names only itself.
        let own = value
            .trim_start_matches(['$', '{'])
            .strip_prefix(name.as_str());
        let is_own = own
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
        let hands_on = is_own && value.starts_with('$') && scope.has_arg(value);
        let is_for_build = self.args.is_named(&name) && (!hands_on || self.is_for_cargo(&name));
        let is_of_cargo = name.starts_with("CARGO_");
        if OF_CARGO.contains(&name.as_str()) {
            self.said
                .dropped(line, "where cargo keeps things does not matter");
        } else if name == "DEBIAN_FRONTEND" {
            self.said.dropped(line, NO_QUESTIONS);
        } else if name == "RUSTFLAGS" && adds_open(value, scope) {
            let what = format!("RUSTFLAGS={value}: write what it stands for under `rustflags`");
            self.said.left(line, what);
        } else if name == "RUSTFLAGS" {
            compile.rustflags = words(&plain);
            if !compile.rustflags.is_empty() {
                self.said.taken(line, "build.rustflags");
            }
            if scope.has_arg(value) {
                let what = "RUSTFLAGS: as they are without build arguments; write other values under `rustflags`";
                self.said.left(line, what);
            }
        } else if name == "CARGO_BUILD_TARGET" {
            compile.cargo.target = Some(plain.clone());
            self.said.taken(line, "build.target");
        } else if is_for_build && !is_of_cargo {
            self.said.dropped(line, "variables of the Dockerfile's own");
        } else {
            let value = scope.expand(value, &mut self.args);
            // What a build passes changes often: only the last compile step sees it.
            let (list, key) = match value.contains("${") && !is_of_cargo {
                true => (&mut compile.stamp, "build.stamp"),
                false => (&mut compile.env, "build.env"),
            };
            list.push((name.clone(), value));
            self.said.taken(line, key);
        }
        // A variable that only passes its build argument on stays that argument.
        if !scope.hands_on(&name, value) {
            scope.env(&name, plain);
        }
    }

    /// Whether cargo's command line names a variable: then it is for that.
    fn is_for_cargo(&self, name: &str) -> bool {
        let runs = self.file.instructions().filter(|one| one.word == "RUN");
        let mut commands = runs.flat_map(|one| one.commands().unwrap_or_default());
        commands.any(|command| {
            let words = words(&command).into_iter();
            let mut of_cargo = words.skip_while(|word| word != "cargo");
            of_cargo.any(|word| named(&word).iter().any(|one| one == name))
        })
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
                    // A Dockerfile is content without one, unless it says otherwise.
                    if !["", "true", "1"].contains(&get("required").unwrap_or("false")) {
                        pairs.push(("required", "false".into()));
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
        let commands = match (one.json(), one.commands()) {
            (Some(words), _) => vec![words.join(" ")],
            (None, Some(commands)) => commands,
            (None, None) => vec![one.rest.clone()],
        };
        let mounted = one
            .mounts()
            .iter()
            .any(|mount| mount.contains(&("type", "bind")));
        let chain = self.chain(at);
        let has_files = mounted || chain.iter().any(|at| self.with_files.contains(at));
        for command in commands {
            if !self.build_command(at, one.line, &command, scope, compile) {
                let what = unread(&command, !has_files);
                self.said.left(one.line, what);
            }
        }
    }

    /// A variable that a shell sets.
    fn assignment(&mut self, line: usize, word: &str, scope: &mut Scope, compile: &mut Compile) {
        let (name, value) = word.split_once('=').unwrap_or_default();
        if is_computed(word) {
            let what = format!(
                "{name}=…: its value comes from a command; pass it as a build argument under `args:` or, if it is secret, as \
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
        if is_compound(command) {
            return false;
        }
        let (mut assigned, mut raw) = command::split(&words(command));
        if raw.first().is_some_and(|word| word == "export") {
            assigned = raw.drain(..).filter(|word| is_assignment(word)).collect();
        } else if raw.is_empty() && assigned.iter().any(|word| is_computed(word)) {
            // Only the shell has such a variable.
            return false;
        }
        self.without_wrappers(line, &mut raw, scope, &mut compile.cargo);
        let words = self.plain_words(&raw, scope);
        // Other commands have their variables for themselves.
        if words.is_empty() || is_compile(&words) {
            for word in &assigned {
                self.assignment(line, word, scope, compile);
            }
        }
        let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
        match (word(0), word(1)) {
            ("", _) => {}
            _ if is_rustup_installer(&words) => self.rustup_installer(line, &words, compile),
            ("cargo" | "rustc" | "rustup", "--version" | "-V" | "-vV") => {}
            ("cargo", "clean" | "version") => {}
            ("apt-get" | "apt" | "apk", _) => {
                let installed = self.packages(line, &raw, scope);
                if !installed.is_empty() {
                    self.said.taken(line, "build.packages");
                }
                compile.packages.extend(installed);
            }
            _ if is_compile(&words) => self.cargo_build(line, &raw, &words, scope, compile),
            ("cargo", "install") => self.tools(line, command, &words, scope, compile),
            ("cargo", "binstall") => return self.are_helpers(line, &words),
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
            ("rustup", _) => self.rustup(line, &raw, scope, compile),
            (command, _) if accounts::COMMANDS.contains(&command) => {
                self.accounts.make(&words);
                self.said.dropped(line, super::image::NO_ENTRY);
            }
            ("cp" | "mv" | "install", _) => {
                if !self.is_of_program(at, &words) {
                    return false;
                }
                self.copied(at, &words);
                self.said.dropped(line, "stubs and copies of the program");
            }
            ("strip", _) => {
                compile.cargo.strip = true;
                self.said.taken(line, "build.profile");
            }
            ("update-ca-certificates", _) => self.said.dropped(line, super::image::CA),
            ("chown" | "chgrp", _) => self.said.dropped(line, WHO),
            ("mkdir" | "echo" | "printf" | "touch" | "rm" | "find" | "chmod" | "ls", _) => {
                if !Outputs::of(&scope.plain(command, &self.args)).are_stubs() {
                    return false;
                }
                self.said.dropped(line, "stubs and copies of the program");
            }
            ("." | "source", file) => return file.ends_with(".cargo/env"),
            ("cd", dir) => self.entered(line, dir),
            ("set" | "true" | ":", _) => {}
            _ => return false,
        }
        true
    }

    /// The words of a command without build arguments; a variable may hold several options.
    fn plain_words(&self, raw: &[String], scope: &Scope) -> Vec<String> {
        let mut words = vec![];
        for word in raw {
            let plain = scope.plain(word, &self.args);
            if word.starts_with('$') && plain.starts_with('-') {
                words.extend(plain.split_whitespace().map(str::to_owned));
            } else if words.is_empty() && plain.is_empty() {
                // Nobody knows which program that is.
                words.push(word.clone());
            } else {
                words.push(plain);
            }
        }
        words
    }

    /// A command of cargo that compiles the project.
    fn cargo_build(
        &mut self,
        line: usize,
        raw: &[String],
        words: &[String],
        scope: &Scope,
        compile: &mut Compile,
    ) {
        let profile = command::profile(raw).filter(|(_, value)| {
            let plain = scope.plain(value, &self.args);
            scope.has_arg(value) && !plain.is_empty()
        });
        if is_open(raw, scope) {
            let what = "what the shell puts into cargo's command is not read";
            self.said.left(line, what);
        }
        let place = profile.map(|(at, _)| at);
        let others = (0..).zip(raw).filter(|(at, _)| Some(*at) != place);
        for name in others.flat_map(|(_, word)| scope.args_in(word)) {
            let value = match self.args.default_of(&name) {
                "" => "nothing",
                value => value,
            };
            let when = match is_predefined(&name) {
                true => "for linux/amd64".to_owned(),
                false => format!("without `--build-arg {name}`"),
            };
            let what = format!("${name} of cargo's command: {value}, as it is {when}");
            self.said.left(line, what);
        }
        self.cargo(line, words, &mut compile.cargo);
        if let Some((_, value)) = profile {
            compile.cargo.profile = Some(scope.expand(value, &mut self.args));
        }
        self.said.taken(line, "cargo build");
    }

    /// `cargo install` of tools: those without cargo-chef.
    fn tools(
        &mut self,
        line: usize,
        command: &str,
        words: &[String],
        scope: &Scope,
        compile: &mut Compile,
    ) {
        let mut command = command.to_owned();
        if self.are_helpers(line, words) {
            return;
        }
        if HELPERS.iter().any(|(tool, _)| command.contains(tool)) {
            let words = command.split_whitespace();
            let words = words.filter(|word| helper(word).is_none());
            command = words.collect::<Vec<_>>().join(" ");
        }
        compile.run.push(mapping(&[
            ("cmd", scalar(&scope.other_shell(&command, &mut self.args))),
            ("network", "true".into()),
        ]));
        self.said.taken(line, "build.run");
    }

    /// Whether the frontend compiles without all tools that a command installs; says so of each.
    fn are_helpers(&mut self, line: usize, words: &[String]) -> bool {
        let tools = super::cargo::installed(words);
        for why in tools.iter().filter_map(|tool| helper(tool)) {
            self.said.dropped(line, why);
        }
        !tools.is_empty() && tools.iter().all(|tool| helper(tool).is_some())
    }

    /// A command of rustup.
    fn rustup(&mut self, line: usize, raw: &[String], scope: &Scope, compile: &mut Compile) {
        match chosen_toolchain(raw) {
            Some(written) if scope.is_open(written) => {
                let what = format!(
                    "rustup … {written}: write it as `toolchain`, unless rust-toolchain.toml says it"
                );
                self.said.left(line, what);
            }
            Some(written) => {
                compile.cargo.toolchain = Some(scope.plain(written, &self.args));
                self.said.taken(line, "build.toolchain");
            }
            None => self
                .said
                .dropped(line, "the toolchain step adds targets and components"),
        }
    }

    /// What puts rustup into an image that has none.
    fn rustup_installer(&mut self, line: usize, words: &[String], compile: &mut Compile) {
        self.said.dropped(line, "rustup is in the build image");
        let chosen = words.iter().enumerate().find_map(|(at, word)| {
            match word.strip_prefix("--default-toolchain")? {
                "" => words.get(at + 1).cloned(),
                rest => rest.strip_prefix('=').map(str::to_owned),
            }
        });
        if let Some(chosen) = chosen.filter(|chosen| !["", "none"].contains(&chosen.as_str())) {
            compile.cargo.toolchain = Some(chosen);
            self.said.taken(line, "build.toolchain");
        }
    }

    /// Says which package commands in a directory are for.
    fn entered(&mut self, line: usize, dir: &str) {
        let inside = dir.trim_start_matches("./").trim_end_matches('/');
        let mut packages = self.project.packages.iter();
        let of_dir = packages.find(|one| one.is_member && !inside.is_empty() && one.dir == inside);
        if let Some(package) = of_dir {
            let what = format!(
                "cd {dir}: write `package: {}` if that is what the image is for",
                package.name
            );
            self.said.left(line, what);
        }
    }

    /// Whether a command copies programs, or what stands in for sources.
    fn is_of_program(&self, at: usize, words: &[String]) -> bool {
        let under = self.workdirs.get(&at).map_or("/", String::as_str);
        let mut paths = words.iter().skip(1).filter(|word| !word.starts_with('-'));
        paths.any(|path| {
            let name = file_name(path);
            self.is_bin(name)
                || name.ends_with(".rs")
                || path.split('/').any(|part| part == "target")
                || self.programs.contains_key(&(at, join(under, path)))
        })
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
            let name = file_name(from).to_owned();
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

/// Whether a command says what the value of an assignment is, and the value matters.
fn is_computed(assignment: &str) -> bool {
    let (name, value) = assignment.split_once('=').unwrap_or_default();
    (value.contains("$(") || value.contains('`')) && !OF_CARGO.contains(&name)
}

/// Whether a variable is one that cargo or the installation of packages looks at by itself.
fn is_setting(name: &str) -> bool {
    is_unneeded(name) || name.starts_with("CARGO_")
}

/// Whether a variable is of no use where the frontend compiles.
fn is_unneeded(name: &str) -> bool {
    OF_CARGO.contains(&name) || name == "DEBIAN_FRONTEND"
}

/// Whether flags of the compiler have something in them that only the shell knows, besides those that are set already.
fn adds_open(flags: &str, scope: &Scope) -> bool {
    let flags = words(flags);
    let mut added = flags
        .iter()
        .filter(|word| word.trim_matches(['$', '{', '}']) != "RUSTFLAGS");
    added.any(|word| scope.is_open(word))
}

/// Whether a command compiles the project.
fn is_compile(words: &[String]) -> bool {
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let installs = || {
        words
            .iter()
            .any(|word| word == "--path" || word.starts_with("--path="))
    };
    match (word(0), word(1)) {
        ("cargo", "build" | "b" | "rustc" | "zigbuild") => true,
        ("cargo", "install") => installs(),
        _ => false,
    }
}

/// Whether cargo's command has something in it that only the shell knows; how many jobs there are does not matter,
/// and of targets it is said apart.
fn is_open(raw: &[String], scope: &Scope) -> bool {
    let apart = |word: &str| ["-j", "--jobs", "--target"].contains(&word);
    let mut before = "";
    raw.iter().any(|word| {
        let flag = word.split('=').next().unwrap_or_default();
        let is_apart = apart(before) || apart(flag) || flag.starts_with("-j");
        before = word;
        !is_apart && scope.is_open(word)
    })
}

/// Why the frontend compiles without a tool, if it does.
fn helper(tool: &str) -> Option<&'static str> {
    let name = tool.split('@').next()?;
    let mut helpers = HELPERS.iter();
    helpers
        .find(|(known, _)| *known == name)
        .map(|(_, why)| *why)
}

/// Whether a command is part of putting rustup into an image.
fn is_rustup_installer(words: &[String]) -> bool {
    let marks = ["rustup-init", "sh.rustup.rs"];
    words
        .iter()
        .any(|word| marks.iter().any(|mark| word.contains(mark)))
}

/// What is said of a command that nobody understood; `early`: it ran before files of the project were there.
fn unread(command: &str, early: bool) -> String {
    let lines: Vec<&str> = command.lines().map(str::trim).collect();
    let line = lines.join("; ");
    let shown: String = line.chars().take(90).collect();
    let more = if shown.len() < line.len() { " …" } else { "" };
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let hint = if is_compound(command) && line.split(|c| !is_word(c)).any(|word| word == "cargo") {
        ": what it tells cargo to do is not read"
    } else if early && command::needs_network(command) {
        ": if it needs none of your files: `run: [{ cmd: …, network: true }]` under `build:`"
    } else {
        ""
    };
    format!("RUN {shown}{more}{hint}")
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
