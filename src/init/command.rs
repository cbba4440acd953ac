//! A command of a shell: what stands before its program, and what it needs.

use super::dockerfile::words;
use super::migrate::is_assignment;

/// Programs that fetch something, with those that packages are installed with.
const FETCHERS: [&str; 17] = [
    "add-apt-repository",
    "apk",
    "apt",
    "apt-get",
    "corepack",
    "curl",
    "dnf",
    "gem",
    "git",
    "microdnf",
    "npm",
    "npx",
    "pip",
    "pip3",
    "wget",
    "yarn",
    "yum",
];

/// The assignments before a command, and its words from the program on.
pub(super) fn split(mut words: &[String]) -> (Vec<String>, Vec<String>) {
    let mut assigned = vec![];
    while let Some((first, rest)) = words.split_first() {
        words = match first.as_str() {
            "sudo" | "env" => {
                let options = rest.iter().take_while(|word| word.starts_with('-'));
                &rest[options.count()..]
            }
            word if is_assignment(word) => {
                assigned.push(first.clone());
                rest
            }
            _ => break,
        };
    }
    (assigned, words.to_vec())
}

/// Whether a line for a shell fetches something.
pub(super) fn needs_network(line: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || ";&|()`\"'".contains(c);
    let mut words = line.split(ends);
    let is_fetcher = |word: &str| {
        let name = match word.rsplit_once("/bin/") {
            Some((_, name)) => name,
            None => word,
        };
        FETCHERS.contains(&name)
    };
    ["http://", "https://"]
        .iter()
        .any(|start| line.contains(start))
        || words.any(is_fetcher)
}

/// Whether a command does nothing but prepare the shell for others.
pub(super) fn is_preparation(command: &str) -> bool {
    let words = words(command);
    let first = words.first().map_or("", String::as_str);
    ["cd", "export", "set", "umask"].contains(&first)
        || words.iter().all(|word| is_assignment(word))
}

/// Whether a command may name files from the working directory on.
pub(super) fn is_relative(command: &str) -> bool {
    const OF_FILES: [&str; 8] = ["chmod", "chown", "cp", "ln", "mkdir", "mv", "rm", "touch"];
    const IN_PLACE: [&str; 8] = ["curl", "git", "make", "npm", "tar", "unzip", "wget", "yarn"];
    let words = words(command);
    let first = words.first().map_or("", String::as_str);
    let skipped = if ["chmod", "chown"].contains(&first) {
        2
    } else {
        1
    };
    let mut arguments = words
        .iter()
        .filter(|word| !word.starts_with('-'))
        .skip(skipped);
    let is_path = |word: &str| {
        let is_inside = word.contains('/') && !word.contains("://") && !word.contains('=');
        word.starts_with('.') || is_inside && !word.starts_with(['/', '$', '>', '<'])
    };
    IN_PLACE.contains(&first)
        || words.iter().any(|word| is_path(word))
        || OF_FILES.contains(&first) && arguments.any(|word| !word.starts_with(['/', '$']))
}

/// Whether a command changes where packages come from.
pub(super) fn changes_packages(command: &str) -> bool {
    let words = ["/etc/apt/", "/etc/apk/", "add-apt-repository", "apt-key"];
    words.iter().any(|word| command.contains(word))
}

/// The value of `--profile` on cargo's command line, and its place.
pub(super) fn profile(words: &[String]) -> Option<(usize, &str)> {
    let mut places = words.iter().enumerate();
    places.find_map(|(at, word)| match word.strip_prefix("--profile")? {
        "" => Some((at + 1, words.get(at + 1)?.as_str())),
        rest => Some((at, rest.strip_prefix('=')?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_program_is_not_the_command() {
        for (line, assigned, command) in [
            (
                "A=1 B='2 3' cargo build",
                vec!["A=1", "B=2 3"],
                "cargo build",
            ),
            (
                "sudo -E DEBIAN_FRONTEND=x apt-get update",
                vec!["DEBIAN_FRONTEND=x"],
                "apt-get update",
            ),
            ("env -i A=1 b C=2", vec!["A=1"], "b C=2"),
            ("A=1", vec!["A=1"], ""),
        ] {
            let (before, words) = split(&words(line));
            assert_eq!(before, assigned, "{line}");
            assert_eq!(words.join(" "), command, "{line}");
        }
    }

    #[test]
    fn what_fetches_needs_a_network() {
        for (line, needs) in [
            ("cd /x && wget -O y z", true),
            ("python3 -m pip install x", true),
            ("if a; then apt-get install -y b; fi", true),
            ("/usr/bin/git clone x", true),
            ("install https://example.com/x", true),
            ("mkdir -p /srv/git /opt/wget.d", false),
            ("echo \"$(date)\" > /etc/build.log", false),
        ] {
            assert_eq!(needs_network(line), needs, "{line}");
        }
    }

    #[test]
    fn a_shell_is_prepared_by_settings() {
        for (line, is_all) in [
            ("export A=1 B=2", true),
            ("A=$(b c)", true),
            ("cd /x", true),
            ("A=1 b", false),
        ] {
            assert_eq!(is_preparation(line), is_all, "{line}");
        }
    }

    #[test]
    fn files_are_looked_for_from_the_working_directory_on() {
        for (line, is) in [
            ("chmod a+r -R .", true),
            ("mkdir -p logs", true),
            ("for x in a; do wget -P app/static $x; done", true),
            ("wget https://example.com/x", true),
            ("./install.sh", true),
            ("chown -R app:app /data", false),
            ("ln -s /usr/local/bin/shop /shop", false),
            ("setcap cap_net_bind_service=+ep /shop && ldconfig", false),
            ("echo 1 > /etc/x", false),
        ] {
            assert_eq!(is_relative(line), is, "{line}");
        }
    }

    #[test]
    fn a_profile_is_behind_its_flag() {
        let of = |line: &str| profile(&words(line)).map(|(at, value)| (at, value.to_owned()));
        assert_eq!(of("cargo build --profile ${P}"), Some((3, "${P}".into())));
        assert_eq!(of("cargo build --profile=p"), Some((2, "p".into())));
        assert_eq!(of("cargo build --release"), None);
    }
}
