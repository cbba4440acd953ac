//! What an image runs: `ENTRYPOINT`, `CMD` and `HEALTHCHECK` of a Dockerfile.

use super::build::join;
use super::dockerfile::{Instruction, words};
use super::draft::{list, mapping, scalar};
use super::image::Image;
use super::migrate::Reader;
use super::variables::Scope;
use std::collections::BTreeMap;

/// Programs that start another one and look after its children.
const INITS: [&str; 3] = ["tini", "tini-static", "dumb-init"];

/// What an image runs, as far as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    /// Binaries of the project by the paths that they have in the old image.
    paths: BTreeMap<String, String>,
    entrypoint: Option<(usize, Vec<String>)>,
    cmd: Option<(usize, Vec<String>)>,
}

impl Program {
    /// A binary that the old image has at `to`, or as `file` in that directory.
    pub(super) fn installed(&mut self, to: &str, file: &str, bin: &str) {
        let to = to.trim_end_matches('/');
        self.paths.insert(to.to_owned(), bin.to_owned());
        self.paths.insert(format!("{to}/{file}"), bin.to_owned());
    }
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
        let path = join(&image.workdir, word);
        let last = word.rsplit('/').next().unwrap_or_default();
        let by_name = image.program.paths.iter();
        let mut by_name = by_name.filter(|(path, _)| path.ends_with(&format!("/{last}")));
        let known = image.program.paths.get(&path);
        let known = known.or_else(|| by_name.next().map(|(_, bin)| bin));
        known
            .cloned()
            .or_else(|| self.is_bin(last).then(|| last.to_owned()))
    }

    /// Settles entrypoint and arguments.
    pub(super) fn finish_program(&mut self, image: &mut Image) {
        let Program {
            entrypoint, cmd, ..
        } = image.program.clone();
        let by_cmd = entrypoint.is_none();
        let (entrypoint, cmd) = match (entrypoint, cmd) {
            (None, Some(cmd)) => (Some(cmd), None),
            both => both,
        };
        if let Some((line, mut words)) = entrypoint {
            if let Some(rest) = self.without_init(line, &words, image) {
                words = rest;
            }
            let bin = words.first().and_then(|word| self.bin(word, image));
            let arguments: Vec<String> = words.iter().skip(1).cloned().collect();
            match bin {
                Some(bin) => {
                    self.main(&bin, image);
                    if by_cmd && !arguments.is_empty() {
                        image.block.set_list("cmd", &arguments);
                    } else if !arguments.is_empty() {
                        let words: Vec<String> = [bin].into_iter().chain(arguments).collect();
                        image.block.set_list("entrypoint", &words);
                    }
                }
                None => image.block.set_list("entrypoint", &words),
            }
            let key = if by_cmd {
                "image.entrypoint, in place of CMD"
            } else {
                "image.entrypoint"
            };
            self.said.taken(line, key);
        }
        if let Some((line, words)) = cmd {
            image.block.set_list("cmd", &words);
            self.said.taken(line, "image.cmd");
        }
    }

    /// Makes a binary the first of the image's.
    fn main(&self, bin: &str, image: &mut Image) {
        image.bins.retain(|known| known != bin);
        image.bins.insert(0, bin.to_owned());
    }

    /// What an init starts, if the words begin with one.
    fn without_init(
        &mut self,
        line: usize,
        words: &[String],
        image: &mut Image,
    ) -> Option<Vec<String>> {
        let first = words.first()?.rsplit('/').next()?;
        if !INITS.contains(&first) {
            return None;
        }
        image.block.set("init", "true".into(), "");
        image.drop_packages(&INITS);
        self.said.taken(line, "image.init");
        let rest = words.iter().skip(1);
        let rest = rest.skip_while(|word| word.starts_with('-'));
        Some(rest.cloned().collect())
    }

    /// `HEALTHCHECK`.
    pub(super) fn healthcheck(&mut self, one: &Instruction, scope: &Scope, image: &mut Image) {
        let line = one.line;
        if one.rest == "NONE" {
            image.block.set("healthcheck", "none".into(), "");
            return self.said.taken(line, "image.healthcheck");
        }
        let command = one.rest.trim_start_matches("CMD").trim();
        let mut words = serde_json::from_str(command).unwrap_or_else(|_| shell_words(command));
        if words.first().is_some_and(|word| word == "sh") && !image.has_shell() {
            return self.said.left(line, format!("HEALTHCHECK {}", one.rest));
        }
        if let Some(bin) = words.first().and_then(|word| self.bin(word, image)) {
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
    match line.contains(['$', '&', '|', ';', '<', '>', '*', '`', '(']) {
        true => ["sh", "-c", line].map(str::to_owned).to_vec(),
        false => words(line.strip_prefix("exec ").unwrap_or(line)),
    }
}
