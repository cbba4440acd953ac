//! What a stage that compiles copies.

use super::dockerfile::Instruction;
use super::migrate::Reader;
use super::variables::Scope;

const BY_ITSELF: &str = "sources reach the compile step by themselves";
pub(super) const OF_IMAGE: &str = "a file of another image: install it with `packages` or `run`";

impl Reader<'_> {
    /// `COPY` and `ADD` of a stage that compiles; `compiles`: which stages do.
    pub(super) fn source(&mut self, one: &Instruction, scope: &Scope, compiles: &[bool]) {
        let line = one.line;
        let left = format!("{} {}", one.word, one.rest);
        if one.heredoc.is_some() {
            return self
                .said
                .left(line, format!("{left}: write the file into the context"));
        }
        let Some(name) = one.flag("from") else {
            let mut words = one.words();
            words.pop();
            let is_remote = |word: &String| word.contains("://") || word.starts_with("git@");
            return match words.iter().any(is_remote) {
                true => self
                    .said
                    .left(line, format!("{left}: download it in a command of `run`")),
                false => self.said.dropped(line, BY_ITSELF),
            };
        };
        let from = scope.plain(name, &self.args);
        let what = match self.stage(&from) {
            Some(at) if compiles[at] => return self.said.dropped(line, BY_ITSELF),
            Some(_) => "a file that another stage makes",
            None if from.contains("cargo-chef") => {
                return self.said.dropped(line, super::build::NO_CHEF);
            }
            None => OF_IMAGE,
        };
        let paths = one.rest.as_str();
        self.said
            .left(line, format!("{} --from={name} {paths}: {what}", one.word));
    }
}
