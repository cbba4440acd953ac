//! What a Dockerfile copies into an image.

use super::build::join;
use super::dockerfile::{Instruction, words};
use super::draft::{mapping, scalar};
use super::image::{Image, NO_ENTRY, by_itself};
use super::migrate::Reader;
use super::variables::Scope;

impl Reader<'_> {
    /// `COPY` and `ADD`.
    pub(super) fn copy(&mut self, one: &Instruction, scope: &Scope, image: &mut Image) {
        let line = one.line;
        let mut paths = match one.json() {
            Some(paths) => paths,
            None => words(&one.rest),
        };
        for path in &mut paths {
            *path = scope.plain(path, &self.args);
        }
        let to = paths.pop().unwrap_or_default();
        let folder = to.ends_with('/') || to.ends_with('.') || paths.len() > 1;
        let mut to = join(&image.workdir, &to);
        if !to.starts_with('/') {
            to.insert(0, '/');
        }
        if folder && !to.ends_with('/') {
            to.push('/');
        }
        if one.heredoc.is_some() {
            return self.said.left(line, format!("a file in the Dockerfile: write it into the context, then `files:` has it ({to})"));
        }
        for path in &paths {
            let from = match one.flag("from") {
                Some(name) => match self.copied_over(line, name, scope, path, &to, image) {
                    Some(from) => from,
                    None => continue,
                },
                None => path
                    .trim_start_matches("./")
                    .trim_start_matches('/')
                    .to_owned(),
            };
            let remote = from.contains("://") || from.starts_with("git@");
            let everything = from.is_empty() || from == ".";
            let archive = one.word == "ADD" && (from.contains(".tar") || from.ends_with(".tgz"));
            if remote || everything || archive {
                let what = if everything {
                    "name what the program reads under `files:`"
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
                let owner = scope.expand(owner, &mut self.args);
                pairs.push(("owner", scalar(&self.accounts.owner(&owner))));
            }
            let value = match pairs.as_slice() {
                [(_, to)] => to.clone(),
                pairs => mapping(pairs),
            };
            image.files.push((key, value));
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
        line: usize,
        name: &str,
        scope: &Scope,
        path: &str,
        to: &str,
        image: &mut Image,
    ) -> Option<String> {
        let stage = self.stage(&scope.plain(name, &self.args));
        let last = path
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let workdir = stage.and_then(|at| self.workdirs.get(&at)).cloned();
        let known = stage.and_then(|at| {
            let of_chain = self.chain(at).into_iter();
            let mut keys = of_chain.map(|at| (at, path.to_owned()));
            keys.find_map(|key| self.programs.get(&key).cloned())
        });
        let program = known.or_else(|| self.is_bin(last).then(|| last.to_owned()));
        if let (Some(program), true) = (program, workdir.is_some() || stage.is_some()) {
            self.said.dropped(line, &by_itself(&program));
            image.install(to, last, &program);
            if !image.bins.contains(&program) {
                image.bins.push(program);
            }
        } else if ["/etc/passwd", "/etc/group"].contains(&path) {
            self.said.dropped(line, NO_ENTRY);
        } else if path.starts_with("/etc/ssl") || path.ends_with("ca-certificates.crt") {
            self.roots(line, image);
        } else if path.starts_with("/usr/share/zoneinfo") {
            image.block.set("timezones", "true".into(), "");
            self.said.taken(line, "image.timezones");
        } else {
            let inside = workdir.and_then(|dir| {
                let rest = path.strip_prefix(&dir)?.trim_start_matches('/');
                let first = rest.split('/').next()?;
                self.tree.has("", first).then(|| rest.to_owned())
            });
            if inside.is_none() {
                let what = format!("COPY --from={name} {path}: a file that another stage makes");
                self.said.left(line, what);
            }
            return inside;
        }
        None
    }
}
