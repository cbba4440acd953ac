//! The users and groups that a Dockerfile makes.

use super::image::USER;
use std::collections::BTreeMap;

/// Users and groups by name, with their number if the Dockerfile says one.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    users: BTreeMap<String, Option<String>>,
    groups: BTreeMap<String, Option<String>>,
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
        let (names, id) = read(command, words.get(1..).unwrap_or_default());
        let name = match names.as_slice() {
            // `adduser USER GROUP` makes neither: both are there.
            [_, _] if command.starts_with("add") => return,
            names if is_user => names.first(),
            names => names.last(),
        };
        let kind = if is_user {
            &mut self.users
        } else {
            &mut self.groups
        };
        if let Some(name) = name {
            let known = kind.entry(name.clone()).or_default();
            *known = id.or(known.take());
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
        let user = number(self.users.get(name), name);
        match group {
            // `user:` is with the group that the user is in, which a number does not tell.
            Some("") if user != name => format!("{user}:{}", number(self.group(name), &user)),
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
        [self.users.get(user), group].contains(&Some(&None))
    }

    /// A group; a user has one of its own name, most often with the same number.
    fn group(&self, name: &str) -> Option<&Option<String>> {
        let own = self.groups.get(name);
        let of_user = self.users.get(name);
        own.filter(|number| number.is_some()).or(of_user).or(own)
    }
}

fn sides(owner: &str) -> (&str, Option<&str>) {
    match owner.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (owner, None),
    }
}

/// The names and the number on a command line.
fn read(command: &str, words: &[String]) -> (Vec<String>, Option<String>) {
    let (short, long) = match command.contains("user") {
        true => ('u', "--uid"),
        false => ('g', "--gid"),
    };
    let mut names = vec![];
    let mut id = None;
    let is_command = |word: &&String| !word.starts_with(['|', '>', '<', '&']) && *word != "2>&1";
    let mut words = words.iter().take_while(is_command);
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) if word.starts_with("--") => (flag, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let (is_id, value) = if flag.starts_with("--") {
            let takes = LONG.contains(&flag);
            let value = value.or_else(|| takes.then(|| words.next().cloned()).flatten());
            (flag == long, value)
        } else if let Some(cluster) = flag.strip_prefix('-') {
            let taking = cluster.find(|letter| letters(command).contains(letter));
            let Some(at) = taking else { continue };
            let value = match &cluster[at + 1..] {
                "" => words.next().cloned(),
                attached => Some(attached.to_owned()),
            };
            (cluster[at..].starts_with(short), value)
        } else {
            names.push(word.clone());
            continue;
        };
        let number = value.filter(|value| is_id && value.parse::<u32>().is_ok());
        id = number.or(id);
    }
    (names, id)
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
