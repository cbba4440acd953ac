//! What a Dockerfile copies into an image.

use super::build::join;
use super::dockerfile::{Instruction, words};
use super::draft::{mapping, scalar};
use super::image::{Image, NO_ENTRY, by_itself};
use super::migrate::Reader;
use super::sources::OF_IMAGE;
use super::variables::Scope;
use crate::source::{self, file_name};

const NAME_FILES: &str = "name what the program reads under `files:`";

impl Reader<'_> {
    /// `COPY` and `ADD`.
    pub(super) fn copy(&mut self, one: &Instruction, scope: &Scope, image: &mut Image) {
        let line = one.line;
        let mut paths = match one.json() {
            Some(paths) => paths,
            None => words(&one.rest),
        };
        let to = scope.plain(&paths.pop().unwrap_or_default(), &self.args);
        let folder = to.ends_with('/') || to.ends_with('.') || paths.len() > 1;
        let mut to = join(&image.workdir, &to);
        if !to.starts_with('/') {
            to.insert(0, '/');
        }
        if folder && !to.ends_with('/') {
            to.push('/');
        }
        if one.heredoc.is_some() {
            return self.said.left(line, format!("a file in the Dockerfile: write it into the context, and name it under `files:` ({to})"));
        }
        for written in &paths {
            let path = scope.plain(written, &self.args);
            let from = match one.flag("from") {
                Some(_) => match self.copied_over(one, scope, written, &to, image) {
                    Some(from) => from,
                    None => continue,
                },
                None => path
                    .trim_start_matches("./")
                    .trim_start_matches('/')
                    .to_owned(),
            };
            if let Some(program) = self.built_before(&from, &to) {
                self.placed(line, &to, file_name(&from), program, image);
                continue;
            }
            let remote = from.contains("://") || from.starts_with("git@");
            let everything = from.is_empty() || from == ".";
            let archive = one.word == "ADD" && (from.contains(".tar") || from.ends_with(".tgz"));
            if remote || everything || archive {
                let what = if everything {
                    NAME_FILES
                } else {
                    "not a plain file"
                };
                self.said
                    .left(line, format!("{} {}: {what}", one.word, one.rest));
                continue;
            }
            let key = scalar(&from);
            if image.files.iter().any(|(known, _)| *known == key) {
                self.said.left(
                    line,
                    format!("{from} is copied twice: one path has one place"),
                );
                continue;
            }
            let mut pairs = vec![("to", scalar(&to))];
            if let Some(mode) = one.flag("chmod") {
                let mode = scope.expand(mode, &mut self.args);
                pairs.extend(self.mode(line, mode).map(|mode| ("mode", mode)));
            }
            if let Some(owner) = one.flag("chown") {
                let owner = self.named_user(owner, scope);
                pairs.push(("owner", scalar(&self.accounts.owner(&owner))));
            }
            let value = match pairs.as_slice() {
                [(_, to)] => to.clone(),
                pairs => mapping(pairs),
            };
            image.files.push((key, value));
            image.copied.push((line, from, to.clone()));
            self.said.taken(line, "image.files");
        }
    }

    /// Permission bits, if they are plain to see.
    fn mode(&mut self, line: usize, mode: String) -> Option<String> {
        if ["+x", "a+x"].contains(&mode.as_str()) {
            return Some(scalar("0755"));
        }
        let is_octal = mode.bytes().all(|b| b.is_ascii_digit());
        if !is_octal && !mode.contains('$') {
            let what = format!("--chmod={mode}: write it in digits, as `mode` under `files:`");
            self.said.left(line, what);
            return None;
        }
        Some(scalar(&mode))
    }

    /// What is copied from another stage: a program, something that every image has, or a file of the context,
    /// whose path it returns.
    fn copied_over(
        &mut self,
        one: &Instruction,
        scope: &Scope,
        written: &str,
        to: &str,
        image: &mut Image,
    ) -> Option<String> {
        let line = one.line;
        let name = one.flag("from").unwrap_or_default();
        let path = &*scope.plain(written, &self.args);
        let stage = self.stage(&scope.plain(name, &self.args));
        let last = file_name(path.trim_end_matches('/'));
        let workdir = stage.and_then(|at| self.workdirs.get(&at)).cloned();
        let known = stage.and_then(|at| {
            let of_chain = self.chain(at).into_iter();
            let mut keys = of_chain.map(|at| (at, path.to_owned()));
            keys.find_map(|key| self.programs.get(&key).cloned())
        });
        let program = known.or_else(|| self.is_bin(last).then(|| last.to_owned()));
        if let (Some(program), Some(_)) = (program, stage) {
            self.placed(line, to, last, program, image);
        } else if ["/etc/passwd", "/etc/group"].contains(&path) {
            self.said.dropped(line, NO_ENTRY);
        } else if path.starts_with("/etc/ssl") || path.ends_with("ca-certificates.crt") {
            self.roots(line, image);
        } else if path.starts_with("/usr/share/zoneinfo") {
            image.block.set("timezones", "true".into(), "");
            self.said.taken(line, "image.timezones");
        } else {
            let is_tree = |dir: &String| path.trim_end_matches('/') == dir.trim_end_matches('/');
            let is_all = workdir.as_ref().is_some_and(is_tree);
            let inside = workdir.and_then(|dir| below(&dir, path));
            let why = match (&inside, stage) {
                _ if is_all => NAME_FILES.to_owned(),
                (Some(inside), _) if self.may_have(inside) => return Some(inside.clone()),
                (Some(_), _) => format!("made by a step of the {name} stage"),
                (None, Some(_)) => "a file that another stage makes".to_owned(),
                (None, None) => OF_IMAGE.to_owned(),
            };
            let what = format!("COPY --from={name} {written}: {why}");
            self.said.left(line, what);
        }
        None
    }

    /// A program that gets into an image: as `file` where `to` is a directory.
    fn placed(&mut self, line: usize, to: &str, file: &str, program: String, image: &mut Image) {
        self.said.dropped(line, &by_itself(&program));
        image.install(to, file, &program);
        image.copied_at.insert(program.clone(), line);
        if !image.bins.contains(&program) {
            image.bins.push(program);
        }
    }

    /// The program that a file of the context is, where nothing in the Dockerfile compiles.
    fn built_before(&self, from: &str, to: &str) -> Option<String> {
        let compiles = (0..self.file.stages.len()).any(|at| self.has_compiler(at));
        let is_directory = from.ends_with('/') || !self.tree.list(from).is_empty();
        let name = match to.ends_with('/') {
            true => file_name(from),
            false => file_name(to),
        };
        let is_program = !compiles && !is_directory && self.is_bin(name);
        is_program.then(|| name.to_owned())
    }

    /// Whether the context has a path, as far as its directories were looked into.
    fn may_have(&self, path: &str) -> bool {
        let mut dir = String::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let is_known = !self.tree.list(&dir).is_empty();
            if !is_known || name.contains(['*', '?', '[']) {
                return true;
            }
            if !self.tree.has(&dir, name) {
                return false;
            }
            dir = source::join(&dir, name).unwrap_or_default();
        }
        true
    }
}

/// The part of a path that is below a directory.
fn below(dir: &str, path: &str) -> Option<String> {
    let rest = path.strip_prefix(dir.trim_end_matches('/'))?;
    let rest = rest.strip_prefix('/')?.trim_start_matches('/');
    (!rest.is_empty()).then(|| rest.to_owned())
}
