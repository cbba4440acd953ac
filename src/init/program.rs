//! What an image runs: `ENTRYPOINT`, `CMD` and `HEALTHCHECK` of a Dockerfile.

use super::dockerfile::{Instruction, words};
use super::draft::{list, mapping, scalar};
use super::image::Image;
use super::installed::{self, Installed};
use super::migrate::{Reader, is_assignment};
use super::variables::Scope;
use crate::source::{SourceFile, file_name};

/// Programs that start another one and look after its children.
const INITS: [&str; 3] = ["tini", "tini-static", "dumb-init"];

/// Options of theirs with a value.
const INIT_OPTIONS: [&str; 4] = ["-e", "-p", "-r", "--rewrite"];

/// What an image runs, as far as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub installed: Installed,
    entrypoint: Option<(usize, Vec<String>)>,
    cmd: Option<(usize, Vec<String>)>,
}

impl Reader<'_> {
    /// `ENTRYPOINT` or `CMD`.
    pub(super) fn program(&mut self, one: &Instruction, image: &mut Image) {
        let words = one.json().unwrap_or_else(|| shell_words(&one.rest));
        let said = Some((one.line, words));
        match one.word.as_str() {
            "CMD" => image.program.cmd = said,
            // A new entrypoint does away with the arguments for the one before.
            _ => {
                image.program.entrypoint = said;
                image.program.cmd = None;
            }
        }
    }

    /// The binary of the project that a word names in an image.
    fn bin(&self, word: &str, image: &Image) -> Option<String> {
        let last = file_name(word);
        let installed = &image.program.installed;
        let known = installed.command(word, image.place());
        let known = known.or_else(|| installed.named(last)).map(str::to_owned);
        known.or_else(|| self.is_bin(last).then(|| last.to_owned()))
    }

    /// The words of a command as the spec takes them: programs as they are called now, and variables for the time
    /// that it runs.
    fn words_now(&mut self, words: &[String], image: &Image) -> Vec<String> {
        let place = image.place();
        let installed = &image.program.installed;
        let line = is_shell(words).then_some(2);
        let now = words.iter().enumerate().map(|(at, word)| {
            let now = match at {
                0 => installed.command(word, place).map(str::to_owned),
                at if Some(at) == line => Some(installed.shell(word, place)),
                _ if word.contains('/') => installed.at(word, place).map(installed::now),
                _ => None,
            };
            // Build arguments are not there when the program runs.
            Scope::default().shell(now.as_deref().unwrap_or(word), &mut self.args)
        });
        now.collect()
    }

    /// Settles entrypoint and arguments.
    pub(super) fn finish_program(&mut self, image: &mut Image) {
        let Program {
            entrypoint, cmd, ..
        } = image.program.clone();
        // An init alone starts what CMD says.
        let entrypoint = entrypoint
            .map(|(line, words)| (line, self.without_init(line, words, image)))
            .filter(|(_, words)| !words.is_empty());
        let cmd = cmd.filter(|(_, words)| !words.is_empty());
        match (entrypoint, cmd) {
            (Some((line, words)), cmd) => {
                let bin = self.main(&words, image);
                let mut words = self.words_now(&words, image);
                match bin {
                    Some(bin) if words.len() > 1 => {
                        words[0] = bin;
                        image.block.set_list("entrypoint", &words);
                    }
                    Some(_) => {}
                    None => {
                        self.lost(line, &words, image);
                        image.block.set_list("entrypoint", &words);
                    }
                }
                self.said.taken(line, "image.entrypoint");
                if let Some((line, words)) = cmd {
                    self.arguments(line, &words, image);
                }
            }
            (None, Some((line, words))) => self.command_alone(line, words, image),
            (None, None) => {
                let first = image.bins.first();
                let runs = first.map_or("the first of its own", String::as_str);
                let what = format!("it names no program: the new image runs {runs}");
                self.said.left(image.line, what);
            }
        }
    }

    /// `CMD` where there is no `ENTRYPOINT`.
    fn command_alone(&mut self, line: usize, words: Vec<String>, image: &mut Image) {
        let words = self.without_init(line, words, image);
        if self.main(&words, image).is_some() {
            let words = self.words_now(&words, image);
            image.block.set_list("cmd", &words[1..]);
            self.said.taken(line, "image.entrypoint, in place of CMD");
            return;
        }
        match words.first() {
            Some(first) if first.starts_with('-') => {
                let what = "CMD is for the entrypoint of the base image: the new image runs its own program";
                self.said.left(line, what);
            }
            _ => {
                self.lost(line, &words, image);
                let why = "as before: `docker run IMAGE COMMAND` runs another program";
                image.block.set("entrypoint", "[]".into(), why);
            }
        }
        self.arguments(line, &words, image);
    }

    /// Says that what an image ran was in the build image alone.
    fn lost(&mut self, line: usize, words: &[String], image: &Image) {
        let Some(first) = words.first().filter(|_| image.was_builder) else {
            return;
        };
        if !["sh", "/bin/sh"].contains(&first.as_str()) {
            let what = format!(
                "{first}: not in the new image; copy it under `files:`, or run the program itself"
            );
            self.said.left(line, what);
        }
    }

    fn arguments(&mut self, line: usize, words: &[String], image: &mut Image) {
        let words = self.words_now(words, image);
        image.block.set_list("cmd", &words);
        self.said.taken(line, "image.cmd");
    }

    /// Says which scripts may call programs by paths that no longer exist.
    pub(super) fn scripts(&mut self, image: &Image) {
        let is_script = |file: &str| file.ends_with(".sh") || file.contains("entrypoint");
        let scripts = image.copied.iter().filter(|(_, file, _)| is_script(file));
        for (line, file, _) in scripts {
            // Others may be programs, which are not text.
            let script = file.ends_with(".sh").then(|| self.tree.read(file));
            let script = script.flatten().map(SourceFile::text);
            for (path, bin) in image.program.installed.moved() {
                let now = installed::now(bin);
                let what = match script {
                    None => format!("if {file} calls {path}: that is {now} now"),
                    Some(text) if installed::names(text, path) => {
                        format!("{file} calls {path}, which is {now} now")
                    }
                    Some(_) => continue,
                };
                self.said.left(*line, what);
            }
        }
    }

    /// Makes the binary that words start, if it is one of the project, the first of the image's.
    fn main(&self, words: &[String], image: &mut Image) -> Option<String> {
        let bin = self.bin(words.first()?, image)?;
        image.bins.retain(|known| *known != bin);
        image.bins.insert(0, bin.clone());
        Some(bin)
    }

    /// The words without an init that they begin with.
    fn without_init(&mut self, line: usize, words: Vec<String>, image: &mut Image) -> Vec<String> {
        let first = words.first().map(|word| file_name(word));
        if !first.is_some_and(|first| INITS.contains(&first)) {
            return words;
        }
        image.block.set("init", "true".into(), "");
        image.drop_packages(&INITS);
        self.said.taken(line, "image.init");
        let mut rest = words[1..].iter().peekable();
        while let Some(option) = rest.next_if(|word| word.starts_with('-')) {
            if option == "--" {
                break;
            }
            if INIT_OPTIONS.contains(&option.as_str()) {
                rest.next();
            }
        }
        rest.cloned().collect()
    }

    /// `HEALTHCHECK`.
    pub(super) fn healthcheck(&mut self, one: &Instruction, scope: &Scope, image: &mut Image) {
        let line = one.line;
        if one.rest == "NONE" {
            image.block.set("healthcheck", "none".into(), "");
            return self.said.taken(line, "image.healthcheck");
        }
        let command = one.rest.trim_start_matches("CMD").trim();
        let words: Vec<String> =
            serde_json::from_str(command).unwrap_or_else(|_| shell_words(command));
        if words.first().is_some_and(|word| word == "sh") && !image.has_shell() {
            return self.said.left(line, format!("HEALTHCHECK {}", one.rest));
        }
        let bin = words.first().and_then(|word| self.bin(word, image));
        let mut words = self.words_now(&words, image);
        if let Some(bin) = bin {
            words[0] = bin;
        }
        let mut pairs = vec![("cmd", list(&words))];
        for flag in [
            "interval",
            "timeout",
            "start-period",
            "start-interval",
            "retries",
        ] {
            let value = one
                .flag(flag)
                .map(|value| scope.expand(value, &mut self.args));
            pairs.extend(value.map(|value| match value.contains('$') {
                true => (flag, scalar(&value)),
                false => (flag, value),
            }));
        }
        image.block.set("healthcheck", mapping(&pairs), "");
        self.said.taken(line, "image.healthcheck");
    }
}

/// A command that Docker gives to a shell: its words, if they need none.
fn shell_words(line: &str) -> Vec<String> {
    let plain = words(line.strip_prefix("exec ").unwrap_or(line));
    let assigns = plain.first().is_some_and(|word| is_assignment(word));
    match assigns || line.contains(['$', '&', '|', ';', '<', '>', '*', '`', '(']) {
        true => ["sh", "-c", line].map(str::to_owned).to_vec(),
        false => plain,
    }
}

/// Whether words give a line to a shell.
fn is_shell(words: &[String]) -> bool {
    let [shell, option, _, ..] = words else {
        return false;
    };
    let name = file_name(shell);
    ["sh", "bash", "ash", "dash"].contains(&name)
        && option.starts_with('-')
        && option.ends_with('c')
}
