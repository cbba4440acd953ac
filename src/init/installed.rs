//! Where the old image has the project's programs: the new one has all of them in one directory.

use super::build::join;
use super::migrate::is_assignment;
use std::collections::BTreeMap;

/// Binaries of the project by the paths that they have in the old image.
#[derive(Clone, Debug, Default)]
pub(super) struct Installed(BTreeMap<String, String>);

/// What names in the old image are relative to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub workdir: &'a str,
    /// The variable `PATH`.
    pub path: &'a str,
}

impl Place<'_> {
    /// Whether a path is that of a directory.
    fn is_directory(&self, path: &str) -> bool {
        let rest = self.workdir.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            || self.path.split(':').any(|dir| dir == path)
    }
}

/// The path that a binary has in the new image.
pub(super) fn now(bin: &str) -> String {
    format!("/usr/local/bin/{bin}")
}

impl Installed {
    /// A binary that is copied to `to`, or as `file` into that directory.
    pub(super) fn add(&mut self, to: &str, file: &str, bin: &str, place: Place<'_>) {
        let path = to.trim_end_matches('/');
        if path == to && !place.is_directory(path) {
            self.0.insert(path.to_owned(), bin.to_owned());
        }
        self.0.insert(format!("{path}/{file}"), bin.to_owned());
    }

    /// The binary at a path.
    pub(super) fn at(&self, path: &str, place: Place<'_>) -> Option<&str> {
        let path = join(place.workdir, path);
        self.0.get(&path).map(String::as_str)
    }

    /// The binary that a command starts, by its path or as what stands in a directory of `PATH`.
    pub(super) fn command(&self, word: &str, place: Place<'_>) -> Option<&str> {
        if word.contains('/') {
            return self.at(word, place);
        }
        let mut dirs = place.path.split(':');
        dirs.find_map(|dir| self.at(&format!("{dir}/{word}"), place))
    }

    /// The binary whose file has this name, wherever it is.
    pub(super) fn named(&self, file: &str) -> Option<&str> {
        let mut paths = self.0.iter();
        let end = format!("/{file}");
        paths
            .find(|(path, _)| path.ends_with(&end))
            .map(|(_, bin)| bin.as_str())
    }

    /// The programs that are not where they were, by those paths.
    pub(super) fn moved(&self) -> Vec<(&str, &str)> {
        let places = self.0.iter().filter(|(path, bin)| {
            // A copy to a name that may be a directory's is noted as both.
            let is_inside = path
                .rsplit_once('/')
                .is_some_and(|(dir, _)| self.0.contains_key(dir));
            **path != now(bin) && !is_inside
        });
        places
            .map(|(path, bin)| (path.as_str(), bin.as_str()))
            .collect()
    }

    /// A line for a shell, with programs by the names that they have now: commands by their names alone, words of
    /// other commands by their paths.
    pub(super) fn shell(&self, line: &str, place: Place<'_>) -> String {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
        let begins = |c: char| c.is_whitespace() || "\"'`;&|(".contains(c);
        let ends = |c: char| c.is_whitespace() || "\"'`;&|)<>".contains(c);
        let mut out = String::new();
        let mut rest = line;
        while let Some(start) = rest.find(is_word) {
            let (before, after) = rest.split_at(start);
            out.push_str(before);
            let end = after.find(|c| !is_word(c)).unwrap_or(after.len());
            let (word, next) = after.split_at(end);
            rest = next;
            let whole =
                out.chars().next_back().is_none_or(begins) && next.chars().next().is_none_or(ends);
            let bin = match is_command(&out) {
                _ if !whole => None,
                true => self.command(word, place).map(str::to_owned),
                false if word.contains('/') => self.at(word, place).map(now),
                false => None,
            };
            out.push_str(bin.as_deref().unwrap_or(word));
        }
        out + rest
    }
}

/// Whether a script names a path.
pub(super) fn names(script: &str, path: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    script.split(|c| !is_word(c)).any(|word| word == path)
}

/// Whether the word behind a part of a shell line is a command.
fn is_command(before: &str) -> bool {
    const STARTERS: [&str; 6] = ["exec", "--", "then", "do", "else", "!"];
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
    let separators = [';', '&', '|', '(', '{', '`', '\n'];
    let command = before.rsplit(separators).next().unwrap_or_default();
    let mut words = command.split_whitespace();
    let last = words.clone().next_back().unwrap_or_default();
    STARTERS.contains(&last) || words.all(is_assignment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::DEFAULT_PATH;

    #[test]
    fn words_of_a_shell_are_programs_by_exactly_their_paths() {
        let place = Place {
            workdir: "/app",
            path: DEFAULT_PATH,
        };
        let mut installed = Installed::default();
        installed.add("/app/server", "shop", "shop", place);
        installed.add("/usr/bin/run-jobs", "jobs", "jobs", place);
        installed.add("/app", "tool", "tool", place);
        for (line, now) in [
            ("/app/server --port $PORT", "shop --port $PORT"),
            ("cd /app && exec ./server", "cd /app && exec shop"),
            (
                "setcap a=+ep /app/server",
                "setcap a=+ep /usr/local/bin/shop",
            ),
            ("A=1 run-jobs run-jobs", "A=1 jobs run-jobs"),
            (
                "test -x \"/app/server\" || exit 1",
                "test -x \"/usr/local/bin/shop\" || exit 1",
            ),
            (
                "x=$(./tool); echo $x/app/server",
                "x=$(tool); echo $x/app/server",
            ),
            (
                "ls --config=/app/server /app/server.toml",
                "ls --config=/app/server /app/server.toml",
            ),
        ] {
            assert_eq!(installed.shell(line, place), now);
        }
    }

    #[test]
    fn programs_that_moved_are_known_by_their_old_paths() {
        let place = Place {
            workdir: "/",
            path: DEFAULT_PATH,
        };
        let mut installed = Installed::default();
        installed.add("/usr/local/bin/", "jobs", "jobs", place);
        installed.add("/app/server", "shop", "shop", place);
        assert_eq!(installed.moved(), [("/app/server", "shop")]);
        assert!(names(
            "#!/bin/sh\nexec \"/app/server\" \"$@\"\n",
            "/app/server"
        ));
        assert!(!names("cat /app/server.toml", "/app/server"));
    }
}
