//! The stages of a Dockerfile that are an image.

use super::accounts;
use super::build::{Compile, NO_QUESTIONS, deduplicated, join};
use super::command::{self, changes_packages, is_preparation, is_relative, needs_network};
use super::dockerfile::{Instruction, args, is_compound, words};
use super::draft::{Block, mapping, scalar};
use super::installed::{self, Place};
use super::migrate::{Reader, pairs};
use super::packages::{removed, virtual_name};
use super::program::Program;
use super::variables::{Scope, named};
use crate::image::DEFAULT_PATH;
use crate::image_ref;
use std::collections::BTreeMap;

/// The user that images have by default.
pub(super) const USER: &str = "65532";
pub(super) const NO_ENTRY: &str = "a user by number needs no entry";
const PATH: &str = "PATH: the usual one stands for that of the base image, which may have another";
pub(super) const CA: &str = "CA roots are in the image";

/// What is said of a program that the old image has copied.
pub(super) fn by_itself(bin: &str) -> String {
    format!(
        "the program gets into the image by itself, as {}",
        installed::now(bin)
    )
}

/// An image being read.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    /// The line of its stage.
    pub line: usize,
    /// Its `image:` block.
    pub block: Block,
    /// The binaries that are copied into it.
    pub bins: Vec<String>,
    /// The lines that copy them.
    pub copied_at: BTreeMap<String, usize>,
    /// The files of the context that are copied into it: by which line, and where to.
    pub copied: Vec<(usize, String, String)>,
    /// Its working directories and volumes.
    owned: Vec<String>,
    /// Whether its base may have glibc.
    pub glibc: bool,
    base: String,
    /// Whether the compiler was in it: then nothing of it is left but the program.
    pub was_builder: bool,
    /// Whether the Dockerfile says whom it runs as.
    has_user: bool,
    /// The home directory that its user had, by the line that names the user.
    home: Option<(usize, String)>,
    pub workdir: String,
    packages: Vec<String>,
    /// Packages by the name that they are installed under to be removed again.
    virtuals: BTreeMap<String, Vec<String>>,
    env: Vec<(String, String)>,
    labels: Vec<(String, String)>,
    pub files: Vec<(String, String)>,
    expose: Vec<String>,
    volumes: Vec<String>,
    /// YAML of commands.
    run: Vec<String>,
    pub program: Program,
}

impl Image {
    /// Whether commands can run in it.
    pub(super) fn has_shell(&self) -> bool {
        self.base != "scratch" && !self.base.contains("distroless")
    }

    /// How its spec names root: an empty base knows no names.
    fn root(&self) -> &'static str {
        match self.base.as_str() {
            "scratch" => "0",
            _ => "root",
        }
    }

    /// Whether its base is one of the usual ones.
    fn is_usual(&self) -> bool {
        let known = ["", "scratch", "alpine", "debian", "ubuntu", "busybox"];
        let official = image_ref::official(&self.base).map(|(name, _)| name);
        self.base.contains("distroless") || official.is_some_and(|name| known.contains(&name))
    }

    /// Where its commands run.
    pub(super) fn place(&self) -> Place<'_> {
        let paths = self.env.iter().rev();
        let mut paths = paths.filter(|(name, _)| name == "PATH");
        Place {
            workdir: &self.workdir,
            path: paths.next().map_or(DEFAULT_PATH, |(_, path)| path),
        }
    }

    /// Notes a binary that is copied to `to`, or as `file` into that directory.
    pub(super) fn install(&mut self, to: &str, file: &str, bin: &str) {
        let mut installed = std::mem::take(&mut self.program.installed);
        installed.add(to, file, bin, self.place());
        self.program.installed = installed;
    }

    /// Drops packages for which the spec has a key.
    pub(super) fn drop_packages(&mut self, names: &[&str]) {
        self.packages
            .retain(|package| !names.contains(&package.as_str()));
    }
}

impl Reader<'_> {
    /// The image that a stage is.
    pub(super) fn image(&mut self, output: usize, compile: &Compile) -> Image {
        let mut image = Image {
            line: self.file.stages[output].line,
            owned: self.owned(output),
            ..Image::default()
        };
        let mut scope = Scope::default();
        scope.env("PATH", DEFAULT_PATH.to_owned());
        image.was_builder = self.has_compiler(output);
        if image.was_builder {
            self.said.left(
                image.line,
                "the compiler was in the image: the new one has only the program, on alpine",
            );
            image.env.clone_from(&compile.env);
        }
        for at in self.chain(output) {
            let stage = self.file.stages[at].clone();
            let single = self.has_compiler(at);
            if self.below(at).is_none() && !single {
                self.image_base(stage.line, &stage.from, &mut image);
                self.settled(stage.line);
            }
            for one in &stage.instructions {
                self.image_instruction(one, single, &mut scope, &mut image);
                self.settled(one.line);
            }
        }
        if !image.has_user && !image.base.contains("nonroot") {
            let root = image.root();
            self.said.left(
                image.line,
                format!(
                    "it ran as root, the new image runs as {USER}: list what it writes under `volumes`, or write `user: {root}`"
                ),
            );
        }
        self.home(&mut image);
        self.finish_program(&mut image);
        self.scripts(&image);
        let Image {
            block,
            packages,
            env,
            labels,
            files,
            expose,
            volumes,
            run,
            ..
        } = &mut image;
        packages.sort();
        packages.dedup();
        block.set_list("packages", packages);
        block.set_map("env", &deduplicated(env));
        block.set_map("labels", &deduplicated(labels));
        block.set_list("volumes", volumes);
        if !run.is_empty() {
            block.set("run", format!("[{}]", run.join(", ")), "");
        }
        if !expose.is_empty() {
            block.set("expose", format!("[{}]", expose.join(", ")), "");
        }
        if !files.is_empty() {
            block.set("files", mapping(files), "");
        }
        image
    }

    fn image_base(&mut self, line: usize, from: &str, image: &mut Image) {
        self.args.require(from);
        let globals = self.globals();
        let base = globals.expand(from, &mut self.args);
        match base.as_str() {
            "alpine" | "alpine:latest" => {}
            base if base.contains("distroless/static") => {
                image.block.set("base", "distroless".into(), "");
            }
            base => image.block.set("base", scalar(base), ""),
        }
        image.base = globals.plain(from, &self.args);
        image.glibc = may_have_glibc(&image.base);
        self.said.taken(line, "image.base");
    }

    /// An instruction of a stage that is an image; of one that compiles, too, the settings alone.
    fn image_instruction(
        &mut self,
        one: &Instruction,
        single: bool,
        scope: &mut Scope,
        image: &mut Image,
    ) {
        let line = one.line;
        let mut value = || scope.expand(&one.rest, &mut self.args);
        match one.word.as_str() {
            "WORKDIR" => {
                let dir = scope.plain(&one.unquoted(), &self.args);
                image.workdir = join(&image.workdir, &dir);
                if !single {
                    image.block.set("workdir", scalar(&image.workdir), "");
                    self.said.taken(line, "image.workdir");
                }
            }
            "RUN" | "COPY" | "ADD" | "ENV" | "ARG" | "SHELL" if single => {}
            "ARG" => self.declare(one, scope),
            "ENV" => {
                for (name, value) in pairs(&one.rest) {
                    self.of_base(line, &name, &value, scope, image);
                    let is_argument = scope.hands_on(&name, &value);
                    let value = scope.expand(&value, &mut self.args);
                    // A variable that only passes its build argument on stays that argument.
                    if !is_argument {
                        scope.env(&name, value.clone());
                    }
                    image.env.push((name, value));
                }
                self.said.taken(line, "image.env");
            }
            "LABEL" => {
                let pairs = pairs(&one.rest).into_iter();
                let expanded =
                    pairs.map(|(name, value)| (name, scope.expand(&value, &mut self.args)));
                image.labels.extend(expanded);
                self.said.taken(line, "image.labels");
            }
            "COPY" | "ADD" => self.copy(one, scope, image),
            "RUN" => self.image_run(one, scope, image),
            "EXPOSE" => {
                for port in words(&value()).iter().flat_map(|port| ports(port)) {
                    let port = match port.parse::<u16>() {
                        Ok(_) => port,
                        Err(_) => scalar(&port),
                    };
                    if !image.expose.contains(&port) {
                        image.expose.push(port);
                    }
                }
                self.said.taken(line, "image.expose");
            }
            "VOLUME" => {
                let paths = one.json().unwrap_or_else(|| words(&value()));
                for path in paths {
                    if !image.volumes.contains(&path) {
                        image.volumes.push(path);
                    }
                }
                self.said.taken(line, "image.volumes");
            }
            "USER" => {
                let user = self.named_user(&one.unquoted(), scope);
                self.user(line, &user, image);
            }
            "STOPSIGNAL" => {
                image.block.set("stop-signal", scalar(&value()), "");
                self.said.taken(line, "image.stop-signal");
            }
            "ENTRYPOINT" | "CMD" => self.program(one, image),
            "HEALTHCHECK" => self.healthcheck(one, scope, image),
            _ => self.said.left(line, format!("{} {}", one.word, one.rest)),
        }
    }

    /// Says that a variable adds to what the base image has in it, which a Dockerfile does not tell.
    fn of_base(&mut self, line: usize, name: &str, value: &str, scope: &Scope, image: &Image) {
        let is_first = !image.env.iter().any(|(known, _)| known == name);
        let is = |one: &String| one == name;
        let names_itself = named(value).iter().any(is) && !scope.args_in(value).iter().any(is);
        if !is_first || !names_itself || image.is_usual() {
            return;
        }
        let what = match name {
            "PATH" => PATH.to_owned(),
            name => format!("{name}: what the base image has in it is not known"),
        };
        self.said.left(line, what);
    }

    /// `user[:group]` in a Dockerfile: those that it makes by the names that they have by default.
    pub(super) fn named_user(&mut self, text: &str, scope: &Scope) -> String {
        let plain = scope.plain(text, &self.args);
        match self.accounts.make_one_of(&plain) {
            true => plain,
            false => scope.expand(text, &mut self.args),
        }
    }

    fn user(&mut self, line: usize, value: &str, image: &mut Image) {
        image.has_user = true;
        let home = self.accounts.home(value).map(str::to_owned);
        image.home = home.map(|home| (line, home));
        if self.accounts.lacks_number(value) {
            return self.said.dropped(
                line,
                "a user without a number of its own: 65532, the default, in its place",
            );
        }
        // A number alone is in the group root.
        let with_group = match self.accounts.make_one_of(value) && !value.contains(':') {
            true => format!("{value}:"),
            false => value.to_owned(),
        };
        let user = match self.accounts.owner(&with_group) {
            user if user == "root" => image.root().to_owned(),
            user => user,
        };
        if user != USER && !(user == "nonroot" && image.base.contains("distroless")) {
            image.block.set("user", scalar(&user), "");
        }
        self.said.taken(line, "image.user");
    }

    /// The variable that the entry of the image's user stood for.
    fn home(&mut self, image: &mut Image) {
        let is_set = image.env.iter().any(|(name, _)| name == "HOME");
        let Some((line, home)) = image.home.clone().filter(|_| !is_set) else {
            return;
        };
        if image.owned.contains(&home) {
            image.env.push(("HOME".to_owned(), home));
            return self.said.taken(line, "image.env");
        }
        let what = format!(
            "the user had the home directory {home}: if the program writes there, list it under `volumes`, and write `HOME` under `env`"
        );
        self.said.left(line, what);
    }

    fn image_run(&mut self, one: &Instruction, scope: &mut Scope, image: &mut Image) {
        let line = one.line;
        let Some(commands) = one.commands() else {
            return self.said.left(line, format!("RUN {}", one.rest));
        };
        let mut open: Vec<String> = vec![];
        for command in commands {
            if !self.image_command(line, &command, &open, scope, image) {
                let command = self.kept(&command, scope);
                open.push(image.program.installed.shell(&command, image.place()));
            }
        }
        if open.iter().all(|command| is_preparation(command)) {
            return;
        }
        // Commands of the spec run in `/`.
        let is_elsewhere = !["", "/"].contains(&image.workdir.as_str());
        if is_elsewhere && open.iter().any(|command| is_relative(command)) {
            open.insert(0, format!("cd {}", image.workdir));
        }
        let text = open.join(" && ");
        if !image.has_shell() {
            return self.said.left(line, format!("RUN {text}"));
        }
        image.run.push(match needs_network(&text) {
            true => mapping(&[("cmd", scalar(&text)), ("network", "true".into())]),
            false => scalar(&text),
        });
        self.said.taken(line, "image.run");
    }

    /// Whether the spec needs no such command; `open`: the commands before it on its line that stay.
    fn image_command(
        &mut self,
        line: usize,
        command: &str,
        open: &[String],
        scope: &Scope,
        image: &mut Image,
    ) -> bool {
        if is_compound(command) {
            return false;
        }
        let (assigned, raw) = command::split(&words(command));
        let plain = raw.iter().map(|word| scope.plain(word, &self.args));
        let words: Vec<String> = plain.collect();
        match words.first().map(String::as_str).unwrap_or_default() {
            "" if assigned.is_empty() => {}
            "apt-get" | "apt" | "apk" => {
                // Only behind those commands there are its packages.
                if open
                    .iter()
                    .chain(&image.run)
                    .any(|one| changes_packages(one))
                {
                    return false;
                }
                if !self.removes(line, &words, open, image) {
                    let installed = self.packages(line, &raw, scope);
                    self.installs(line, installed, virtual_name(&words), image);
                }
            }
            "export"
                if words
                    .iter()
                    .skip(1)
                    .all(|word| word.starts_with("DEBIAN_FRONTEND=")) =>
            {
                self.said.dropped(line, NO_QUESTIONS);
            }
            "rm" if command.contains("/var/") => {}
            "set" | "true" | ":" => {}
            "update-ca-certificates" if !copies_roots(&image.files) => {
                self.roots(line, image);
            }
            command if accounts::COMMANDS.contains(&command) => {
                self.accounts.make(&words);
                self.said.dropped(line, NO_ENTRY);
            }
            "chmod" | "chown" if self.is_of_programs(line, &words, image) => {}
            // Working directory and volumes belong to the user.
            "mkdir" | "chown"
                if is_owned(&words, image) && !self.is_about_more(&words, open, scope, image) =>
            {
                self.said
                    .dropped(line, "working directory and volumes belong to the user");
            }
            _ => return false,
        }
        true
    }

    /// Adds packages to an image.
    fn installs(
        &mut self,
        line: usize,
        mut packages: Vec<String>,
        group: Option<&str>,
        image: &mut Image,
    ) {
        if packages.iter().any(|package| package == "ca-certificates") {
            packages.retain(|package| package != "ca-certificates");
            self.roots(line, image);
        }
        if !packages.is_empty() {
            self.said.taken(line, "image.packages");
        }
        if let Some(group) = group {
            image.virtuals.insert(group.to_owned(), packages.clone());
        }
        image.packages.extend(packages);
    }

    /// Whether a command takes away packages that no command which stays has needed.
    fn removes(
        &mut self,
        line: usize,
        words: &[String],
        open: &[String],
        image: &mut Image,
    ) -> bool {
        let names = removed(words).into_iter();
        let gone: Vec<String> = names
            .flat_map(|name| match image.virtuals.get(name) {
                Some(packages) => packages.clone(),
                None => vec![name.to_owned()],
            })
            .collect();
        let is_needed = !image.run.is_empty() || !open.iter().all(|one| is_preparation(one));
        let are_known = gone.iter().all(|package| image.packages.contains(package));
        if gone.is_empty() || is_needed || !are_known {
            return false;
        }
        image.packages.retain(|package| !gone.contains(package));
        self.said
            .dropped(line, "packages that are removed again are not installed");
        true
    }

    /// A command as it stays, with users by their numbers.
    fn kept(&mut self, command: &str, scope: &Scope) -> String {
        let (_, raw) = command::split(&words(command));
        if is_compound(command) || raw.first().is_none_or(|word| word != "chown") {
            return scope.shell(command, &mut self.args);
        }
        let mut words: Vec<String> = raw
            .iter()
            .map(|word| scope.plain(word, &self.args))
            .collect();
        let mut arguments = words.iter_mut().skip(1);
        if let Some(owner) = arguments.find(|word| !word.starts_with('-')) {
            *owner = self.accounts.owner(owner);
        }
        words.join(" ")
    }

    /// What gets CA roots into an image: the spec has to ask for them where the base may have some of its own.
    pub(super) fn roots(&mut self, line: usize, image: &mut Image) {
        if image.is_usual() {
            return self.said.dropped(line, CA);
        }
        image.block.set("ca-certificates", "true".into(), "");
        self.said.taken(line, "image.ca-certificates");
    }

    /// Whether a command is about nothing but programs of the project, whose mode and owner are settled.
    fn is_of_programs(&mut self, line: usize, words: &[String], image: &Image) -> bool {
        let paths = words.iter().skip(1).filter(|word| !word.starts_with('-'));
        let installed = &image.program.installed;
        let bins: Option<Vec<&str>> = paths
            .skip(1)
            .map(|path| installed.at(path, image.place()))
            .collect();
        let bins = bins.unwrap_or_default();
        bins.iter()
            .for_each(|bin| self.said.dropped(line, &by_itself(bin)));
        !bins.is_empty()
    }

    /// Whether `chown` is for what was made in its directories before, too.
    fn is_about_more(
        &self,
        words: &[String],
        open: &[String],
        scope: &Scope,
        image: &Image,
    ) -> bool {
        let flags = words.iter().filter(|word| word.starts_with('-'));
        let mut flags = flags.filter(|flag| *flag == "--recursive" || !flag.starts_with("--"));
        let is_recursive = flags.any(|flag| flag == "--recursive" || flag.contains('R'));
        let commands = open.iter().chain(&image.run);
        // The shell's variables are still in them.
        let commands: Vec<String> = commands
            .map(|command| scope.plain(command, &self.args))
            .collect();
        let is_made = |path: String| {
            let below = format!("{}/", path.trim_end_matches('/'));
            let mut files = image.copied.iter();
            commands.iter().any(|command| command.contains(&below))
                || files.any(|(_, _, to)| to.starts_with(&below))
        };
        is_recursive && paths(words, image).any(is_made)
    }

    /// The working directories and volumes of an image, also those that come last.
    fn owned(&mut self, output: usize) -> Vec<String> {
        let mut scope = Scope::default();
        let mut workdir = String::new();
        let mut owned = vec![];
        for at in self.chain(output) {
            for one in self.file.stages[at].instructions.clone() {
                match one.word.as_str() {
                    "ARG" => self.declare(&one, &mut scope),
                    "ENV" => {
                        for (name, value) in pairs(&one.rest) {
                            let value = scope.plain(&value, &self.args);
                            scope.env(&name, value);
                        }
                    }
                    "WORKDIR" => {
                        workdir = join(&workdir, &scope.plain(&one.unquoted(), &self.args));
                        owned.push(workdir.clone());
                    }
                    "VOLUME" => {
                        let paths = one.words().into_iter();
                        owned.extend(paths.map(|path| scope.plain(&path, &self.args)));
                    }
                    _ => {}
                }
            }
        }
        owned
    }

    /// `ARG` of an image's stage.
    fn declare(&mut self, one: &Instruction, scope: &mut Scope) {
        for (name, default) in args(&one.rest) {
            let default = default.map(|text| scope.plain(&text, &self.args));
            self.args.declare(&name, default);
            scope.arg(&name);
        }
    }
}

/// The paths that `mkdir` or `chown` is about.
fn paths<'a>(words: &'a [String], image: &'a Image) -> impl Iterator<Item = String> + 'a {
    let named = words.iter().skip(1).filter(|word| !word.starts_with('-'));
    let owner = usize::from(words.first().is_some_and(|word| word == "chown"));
    named
        .skip(owner)
        .map(move |path| join(&image.workdir, path.trim_end_matches('/')))
}

/// Whether a command is about nothing but the working directory and volumes, also those named later.
fn is_owned(words: &[String], image: &Image) -> bool {
    paths(words, image).all(|path| path == image.workdir || image.owned.contains(&path))
}

/// Whether programs that need glibc may run on a base.
fn may_have_glibc(base: &str) -> bool {
    let without = ["alpine", "musl", "static"];
    let is_busybox = || image_ref::official(base).is_some_and(|one| one == ("busybox", ""));
    base != "scratch" && !without.iter().any(|word| base.contains(word)) && !is_busybox()
}

/// The ports of a range, or the one.
fn ports(text: &str) -> Vec<String> {
    let text = text.trim_end_matches("/tcp");
    let (range, protocol) = text.split_at(text.find('/').unwrap_or(text.len()));
    let ends = range.split_once('-');
    let ends =
        ends.and_then(|(first, last)| Some((first.parse().ok()?, last.parse::<u16>().ok()?)));
    match ends {
        Some((first, last)) => (first..=last)
            .map(|port| format!("{port}{protocol}"))
            .collect(),
        None => vec![text.to_owned()],
    }
}

/// Whether roots of the user's own are among the files.
fn copies_roots(files: &[(String, String)]) -> bool {
    files
        .iter()
        .any(|(_, to)| to.contains("/usr/local/share/ca-certificates"))
}
