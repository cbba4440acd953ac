//! The users and groups that a Dockerfile makes.

use super::image::USER;
use std::collections::BTreeMap;

/// Users and groups by name; groups with their number if the Dockerfile says one.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    users: BTreeMap<String, User>,
    groups: BTreeMap<String, Option<String>>,
}

/// What a Dockerfile says of a user.
#[derive(Clone, Debug, Default)]
struct User {
    number: Option<String>,
    /// The name or number of the group that it is in.
    group: Option<String>,
    /// The home directory that is made for it.
    home: Option<String>,
}

/// The commands that make accounts.
pub(super) const COMMANDS: [&str; 4] = ["adduser", "addgroup", "useradd", "groupadd"];

/// Long options with a value, of all commands.
const LONG: [&str; 21] = [
    "--base-dir",
    "--comment",
    "--conf",
    "--expiredate",
    "--firstgid",
    "--firstuid",
    "--gecos",
    "--gid",
    "--groups",
    "--home",
    "--home-dir",
    "--inactive",
    "--ingroup",
    "--key",
    "--lastgid",
    "--lastuid",
    "--password",
    "--shell",
    "--skel",
    "--uid",
    "--users",
];

/// The letters of options with a value.
fn letters(command: &str) -> &'static str {
    match command {
        "adduser" => "hgsGuk",
        "useradd" => "bcdefgGkKpsu",
        "addgroup" => "g",
        _ => "gKpU",
    }
}

impl Accounts {
    /// Notes what a command makes.
    pub(super) fn make(&mut self, words: &[String]) {
        let command = words.first().map_or("", String::as_str);
        let is_user = command.contains("user");
        let line = Line::read(command, words.get(1..).unwrap_or_default());
        let name = match line.names.as_slice() {
            // `adduser USER GROUP` makes neither: both are there.
            [_, _] if command.starts_with("add") => return,
            names if is_user => names.first(),
            names => names.last(),
        };
        let Some(name) = name else { return };
        if is_user {
            let user = self.users.entry(name.clone()).or_default();
            user.number = line.number(&["-u", "--uid"]).or(user.number.take());
            user.group = line.group(command).or(user.group.take());
            user.home = line.home(command, name).or(user.home.take());
        } else {
            let known = self.groups.entry(name.clone()).or_default();
            *known = line.number(&["-g", "--gid"]).or(known.take());
        }
    }

    /// `user[:group]` as the spec takes it: by number where the Dockerfile makes them. One without a number has that
    /// of the spec's default.
    pub(super) fn owner(&self, owner: &str) -> String {
        let number = |found: Option<&Option<String>>, name: &str| match found {
            Some(Some(number)) => number.clone(),
            Some(None) => USER.to_owned(),
            None => name.to_owned(),
        };
        let (name, group) = sides(owner);
        let user = number(self.number(name), name);
        match group {
            // `user:` is with the group that the user is in, which a number does not tell.
            Some("") if user != name => {
                let group = self.users.get(name).and_then(|user| user.group.as_deref());
                let group = group.unwrap_or(name);
                format!("{user}:{}", number(self.group(group), group))
            }
            Some(group) => format!("{user}:{}", number(self.group(group), group)),
            None => user,
        }
    }

    /// Whether the Dockerfile makes a side of `user[:group]`.
    pub(super) fn make_one_of(&self, owner: &str) -> bool {
        let (user, group) = sides(owner);
        let group = group.and_then(|group| self.group(group));
        self.users.contains_key(user) || group.is_some()
    }

    /// Whether a side of `user[:group]` is made without a number of its own.
    pub(super) fn lacks_number(&self, owner: &str) -> bool {
        let (user, group) = sides(owner);
        let group = group.and_then(|group| self.group(group));
        [self.number(user), group].contains(&Some(&None))
    }

    /// The home directory that the Dockerfile makes for the user of `user[:group]`.
    pub(super) fn home(&self, owner: &str) -> Option<&str> {
        let (name, _) = sides(owner);
        self.users.get(name)?.home.as_deref()
    }

    /// The number of a user that is made here.
    fn number(&self, name: &str) -> Option<&Option<String>> {
        self.users.get(name).map(|user| &user.number)
    }

    /// A group; a user has one of its own name, most often with the same number.
    fn group(&self, name: &str) -> Option<&Option<String>> {
        let own = self.groups.get(name);
        let of_user = self.number(name);
        own.filter(|number| number.is_some()).or(of_user).or(own)
    }
}

fn sides(owner: &str) -> (&str, Option<&str>) {
    match owner.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (owner, None),
    }
}

/// A command line: its names, and its options with their values.
#[derive(Clone, Debug, Default)]
struct Line {
    names: Vec<String>,
    options: Vec<(String, String)>,
}

impl Line {
    fn read(command: &str, words: &[String]) -> Self {
        let mut line = Self::default();
        let is_command =
            |word: &&String| !word.starts_with(['|', '>', '<', '&']) && *word != "2>&1";
        let mut words = words.iter().take_while(is_command);
        while let Some(word) = words.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) if word.starts_with("--") => (flag, Some(value)),
                _ => (word.as_str(), None),
            };
            if flag.starts_with("--") {
                let takes = value.is_none() && LONG.contains(&flag);
                let value = match takes {
                    true => words.next().map(String::as_str),
                    false => value,
                };
                line.option(flag, value);
            } else if let Some(cluster) = flag.strip_prefix('-') {
                let taking = cluster.find(|letter| letters(command).contains(letter));
                for (at, letter) in cluster.char_indices() {
                    let rest = &cluster[at + letter.len_utf8()..];
                    let value = match taking {
                        Some(taking) if taking < at => break,
                        Some(taking) if taking == at && rest.is_empty() => {
                            words.next().map(String::as_str)
                        }
                        Some(taking) if taking == at => Some(rest),
                        _ => None,
                    };
                    line.option(&format!("-{letter}"), value);
                }
            } else {
                line.names.push(word.clone());
            }
        }
        line
    }

    fn option(&mut self, flag: &str, value: Option<&str>) {
        let value = value.unwrap_or_default().to_owned();
        self.options.push((flag.to_owned(), value));
    }

    fn has(&self, flags: &[&str]) -> bool {
        let mut options = self.options.iter();
        options.any(|(flag, _)| flags.contains(&flag.as_str()))
    }

    /// The last value of one of these options.
    fn value(&self, flags: &[&str]) -> Option<String> {
        let mut options = self.options.iter().rev();
        let found =
            options.find(|(flag, value)| flags.contains(&flag.as_str()) && !value.is_empty());
        found.map(|(_, value)| value.clone())
    }

    /// The number that one of these options gives.
    fn number(&self, flags: &[&str]) -> Option<String> {
        let value = self.value(flags);
        value.filter(|value| value.parse::<u32>().is_ok())
    }

    /// The group that a user is put into.
    fn group(&self, command: &str) -> Option<String> {
        match command {
            "useradd" => self.value(&["-g", "--gid"]),
            _ => self.value(&["-G", "--ingroup", "--gid"]),
        }
    }

    /// The home directory that is made, where the command names one or asks for it.
    fn home(&self, command: &str, name: &str) -> Option<String> {
        let named = self.value(&["-d", "-h", "--home", "--home-dir"]);
        let home = if command != "useradd" {
            named.filter(|_| !self.has(&["-H", "--no-create-home"]))
        } else if self.has(&["-m", "--create-home"]) {
            named.or_else(|| Some(format!("/home/{name}")))
        } else {
            None
        };
        home.filter(|home| home.starts_with('/') && home != "/nonexistent")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::dockerfile::words;

    fn made(lines: &[&str]) -> Accounts {
        let mut accounts = Accounts::default();
        lines.iter().for_each(|line| accounts.make(&words(line)));
        accounts
    }

    #[test]
    fn options_with_values_are_no_names() {
        for (line, user) in [
            ("adduser -S appuser -G appgroup", "65532"),
            ("adduser -SDHu 1000 appuser", "1000"),
            ("adduser -D -g '' -h /app -s /bin/sh -u1000 appuser", "1000"),
            (
                "adduser --disabled-password --gecos '' --uid=1000 appuser || true",
                "1000",
            ),
            ("adduser --system --group --uid 1000 appuser", "1000"),
            (
                "adduser --ingroup staff --home /app --shell /bin/sh appuser",
                "65532",
            ),
            ("useradd -ms /bin/bash -u 1000 appuser", "1000"),
            ("useradd -r -g 500 -d /app -c 'a b' appuser", "65532"),
            (
                "useradd --groups a,b --skel /x --uid 1000 appuser 2>&1",
                "1000",
            ),
        ] {
            let accounts = made(&[line]);
            assert_eq!(accounts.owner("appuser"), user, "{line}");
            assert_eq!(accounts.lacks_number("appuser"), user == USER, "{line}");
            assert_eq!(accounts.users.len(), 1, "{line}");
        }
        for line in [
            "addgroup -Sg 70 app",
            "addgroup --gid 70 app",
            "groupadd -rg 70 -K A=1 -U x app",
        ] {
            assert_eq!(made(&[line]).owner("root:app"), "root:70", "{line}");
        }
    }

    #[test]
    fn groups_have_numbers_of_their_own() {
        let accounts = made(&["addgroup -g 1001 app", "adduser -u 1000 -G app app"]);
        assert_eq!(accounts.owner("app:app"), "1000:1001");
        let accounts = made(&["addgroup -S app", "adduser -u 1000 -G app app"]);
        assert_eq!(accounts.owner("app:app"), "1000:1000");
        assert!(!accounts.lacks_number("app:app"));
    }

    #[test]
    fn users_are_in_the_group_that_their_command_names() {
        for (line, owner) in [
            ("useradd -u 7 -g 70 app", "7:70"),
            ("useradd -u 7 -g staff app", "7:71"),
            ("useradd -u 7 --gid=users -G staff app", "7:users"),
            ("adduser -D -u 7 -G staff -g 'a b' app", "7:71"),
            ("adduser --uid 7 --ingroup staff app", "7:71"),
            ("adduser --uid 7 app", "7:7"),
        ] {
            let accounts = made(&["groupadd -g 71 staff", line]);
            assert_eq!(accounts.owner("app:"), owner, "{line}");
        }
    }

    #[test]
    fn homes_are_those_that_are_made() {
        for (line, home) in [
            ("useradd -ms /bin/bash app", Some("/home/app")),
            ("useradd --home /srv --create-home app", Some("/srv")),
            ("useradd -m -d /srv app", Some("/srv")),
            ("useradd -d /srv app", None),
            ("adduser -D -h /srv app", Some("/srv")),
            ("adduser -D -H -h /srv app", None),
            ("adduser --home /nonexistent app", None),
            ("adduser -D app", None),
        ] {
            assert_eq!(made(&[line]).home("app:app"), home, "{line}");
        }
    }

    #[test]
    fn a_colon_alone_is_for_the_group_of_the_user() {
        let accounts = made(&["useradd app", "useradd -u 1000 web", "groupadd -g 70 web"]);
        assert_eq!(accounts.owner("app:"), "65532:65532");
        assert_eq!(accounts.owner("web:"), "1000:70");
        assert_eq!(accounts.owner("www-data:"), "www-data:");
    }

    #[test]
    fn who_joins_a_group_is_there_already() {
        let accounts = made(&["adduser www-data docker"]);
        assert_eq!(accounts.owner("www-data:docker"), "www-data:docker");
        let accounts = made(&["adduser -u 1000 app", "adduser app docker"]);
        assert_eq!(accounts.owner("app:docker"), "1000:docker");
    }
}
