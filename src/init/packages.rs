//! What `apt-get install` and `apk add` of a Dockerfile install.

use super::migrate::Reader;

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

impl Reader<'_> {
    /// The packages on a command line as the spec takes them; what it does not take is said.
    pub(super) fn packages(&mut self, line: usize, words: &[String]) -> Vec<String> {
        let command = words.first().map_or("", String::as_str);
        let is_verb = |word: &&String| ["install", "add"].contains(&word.as_str());
        let mut rest = words.iter().skip_while(|word| !is_verb(word)).skip(1);
        let mut packages = vec![];
        while let Some(word) = rest.next() {
            if ends_command(word) {
                break;
            }
            if word.starts_with('-') {
                let flag = word.split('=').next().unwrap_or_default();
                if chooses_source(command, flag) {
                    let what = format!("{flag}: packages come from the image's own repositories");
                    self.said.left(line, what);
                }
                if TAKING.contains(&word.as_str()) {
                    rest.next();
                }
                continue;
            }
            match package(word) {
                Some(name) => {
                    if name != *word {
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
