//! What `apt-get install` and `apk add` of a Dockerfile install.

use super::migrate::Reader;
use super::variables::Scope;

/// Options with a value.
const TAKING: [&str; 8] = [
    "-c",
    "-o",
    "-t",
    "-X",
    "--option",
    "--repository",
    "--target-release",
    "--virtual",
];

/// What is done without being asked for, or leaves no trace.
const NEEDLESS: [&str; 5] = ["autoclean", "autoremove", "cache", "clean", "update"];

impl Reader<'_> {
    /// The packages that a command installs, as the spec takes them; what it does not take is said.
    pub(super) fn packages(&mut self, line: usize, words: &[String], scope: &Scope) -> Vec<String> {
        let (command, verb, arguments) = parts(words);
        match verb {
            "install" | "add" => self.installed(line, command, arguments, scope),
            "" => vec![],
            verb if NEEDLESS.contains(&verb) => vec![],
            _ => {
                let text = words.join(" ");
                let what = format!("{text}: packages are only installed; write it under `run`");
                self.said.left(line, what);
                vec![]
            }
        }
    }

    fn installed(
        &mut self,
        line: usize,
        command: &str,
        arguments: &[String],
        scope: &Scope,
    ) -> Vec<String> {
        let mut rest = arguments.iter().take_while(|word| !ends_command(word));
        let mut packages = vec![];
        while let Some(written) = rest.next() {
            if written.starts_with('-') {
                let flag = written.split('=').next().unwrap_or_default();
                if chooses_source(command, flag) {
                    let what = format!("{flag}: packages come from the image's own repositories");
                    self.said.left(line, what);
                }
                if TAKING.contains(&written.as_str()) {
                    rest.next();
                }
                continue;
            }
            if scope.plain(written, &self.args).is_empty() {
                let what = format!("{command} … {written}: name the packages that it stands for");
                self.said.left(line, what);
                continue;
            }
            let word = scope.expand(written, &mut self.args);
            match package(&word) {
                Some(name) => {
                    if name != word {
                        let what = format!(
                            "{word}: taken without its version: the spec takes whole versions only"
                        );
                        self.said.left(line, what);
                    }
                    packages.push(name.to_owned());
                }
                None => {
                    let what = format!("{command} … {word}: not the name of a package");
                    self.said.left(line, what);
                }
            }
        }
        packages
    }
}

/// The packages that a command removes by name.
pub(super) fn removed(words: &[String]) -> Vec<&str> {
    let (_, verb, arguments) = parts(words);
    let names = arguments.iter().take_while(|word| !ends_command(word));
    match ["del", "purge", "remove"].contains(&verb) {
        true => names
            .map(String::as_str)
            .filter(|word| !word.starts_with('-'))
            .collect(),
        false => vec![],
    }
}

/// The name of virtual packages that `apk add` puts those of its line into.
pub(super) fn virtual_name(words: &[String]) -> Option<&str> {
    let mut places = words.iter().enumerate();
    places.find_map(|(at, word)| match word.strip_prefix("--virtual") {
        Some("") => words.get(at + 1).map(String::as_str),
        Some(rest) => rest.strip_prefix('='),
        None if word == "-t" && words.first().is_some_and(|first| first == "apk") => {
            words.get(at + 1).map(String::as_str)
        }
        None => None,
    })
}

/// A command line of a package manager: its name, what is to be done, and with what.
fn parts(words: &[String]) -> (&str, &str, &[String]) {
    let command = words.first().map_or("", String::as_str);
    let is_verb = |word: &String| ["install", "add"].contains(&word.as_str());
    let at = words.iter().position(is_verb).unwrap_or_else(|| {
        let mut at = 1;
        while let Some(option) = words.get(at).filter(|word| word.starts_with('-')) {
            at += if TAKING.contains(&option.as_str()) {
                2
            } else {
                1
            };
        }
        at
    });
    let verb = words.get(at).map_or("", String::as_str);
    (command, verb, words.get(at + 1..).unwrap_or_default())
}

/// Whether a word ends the arguments.
fn ends_command(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.starts_with(['|', '>', '<', '&'])
}

fn chooses_source(command: &str, flag: &str) -> bool {
    match command {
        "apk" => ["-X", "--repository"].contains(&flag),
        _ => ["-t", "--target-release"].contains(&flag),
    }
}

/// The name of a package, with its version if that is a whole one.
fn package(word: &str) -> Option<&str> {
    let name = match word.split_once('=') {
        Some((name, version)) if version.contains('*') => name.trim_end_matches(['~', '<', '>']),
        _ => word,
    };
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '$');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "+._:@=~<>-${}".contains(c);
    (begins && !name.contains("$(") && name.chars().all(is_plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_stands_behind_the_options_of_the_manager() {
        let words = |line: &str| crate::init::dockerfile::words(line);
        for (line, verb, gone, group) in [
            (
                "apt-get -q -o Dpkg::Use-Pty=0 install -y a",
                "install",
                vec![],
                None,
            ),
            (
                "apt-get purge -y --auto-remove a b > /dev/null",
                "purge",
                vec!["a", "b"],
                None,
            ),
            ("apk --no-cache del .x", "del", vec![".x"], None),
            ("apk add --virtual .x a", "add", vec![], Some(".x")),
            ("apk add -t .x a", "add", vec![], Some(".x")),
            ("apk add --virtual=.x a", "add", vec![], Some(".x")),
            ("apt-get install -t sid a", "install", vec![], None),
            ("apt-get $FLAGS install a", "install", vec![], None),
            ("apt-get -o A=1 upgrade", "upgrade", vec![], None),
            ("apt-get", "", vec![], None),
        ] {
            let words = words(line);
            assert_eq!(parts(&words).1, verb, "{line}");
            assert_eq!(removed(&words), gone, "{line}");
            assert_eq!(virtual_name(&words), group, "{line}");
        }
    }

    #[test]
    fn packages_are_names_with_whole_versions() {
        for (word, name) in [
            ("g++", Some("g++")),
            ("libssl-dev=3.0.1-1", Some("libssl-dev=3.0.1-1")),
            ("build-essential=12.*", Some("build-essential")),
            ("curl~=8.*", Some("curl")),
            ("postgresql-${V}", Some("postgresql-${V}")),
            ("./x.deb", None),
            ("x/bookworm-backports", None),
            ("$(if a; then echo b; fi)", None),
            ("`a`", None),
        ] {
            assert_eq!(package(word), name, "{word}");
        }
    }
}
