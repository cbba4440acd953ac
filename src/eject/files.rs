//! Changes of files as `COPY`.

use super::dockerfile::{Fact, Place, Writer};
use super::exec::delimiter;
use super::stage::{Stage, mark};
use super::words;
use crate::plan::{Copy, FileAction, Role};

impl Writer<'_> {
    /// Writes changes below `root`; `link`: as layers that do not look at what is below them.
    pub(super) fn actions(
        &mut self,
        stage: &mut Stage,
        actions: &[FileAction],
        root: &str,
        link: bool,
    ) {
        let mut at = 0;
        while let Some(action) = actions.get(at) {
            let rest = &actions[at + 1..];
            match action {
                FileAction::MakeDir { path, mode, owner } => {
                    let plain = *mode == 0o755 && owner.is_none();
                    if !(plain && rest.iter().any(|later| is_below(later, path))) {
                        let empty = mark(self.empty());
                        let flags = flags(link, Some(*mode), owner.as_deref());
                        let dir = path.trim_end_matches('/');
                        let dest = below(root, dir);
                        let paths = words::paths(&["/", &format!("{dest}/")]);
                        stage.instruction(&format!("COPY{flags} --from={empty} {paths}"));
                    }
                    at += 1;
                }
                FileAction::Write { .. } => at += self.write(stage, &actions[at..], root, link),
                FileAction::Copy(copy) => {
                    self.copy(stage, copy, root, link);
                    at += 1;
                }
                // Nobody reads cargo's messages here.
                FileAction::Need(_) => at += 1,
            }
        }
    }

    /// Writes all files of one directory that follow each other; returns their number.
    fn write(
        &mut self,
        stage: &mut Stage,
        actions: &[FileAction],
        root: &str,
        link: bool,
    ) -> usize {
        let mut group: Vec<(&str, String)> = vec![];
        let mut common = None;
        for action in actions {
            let FileAction::Write { path, data, mode } = action else {
                break;
            };
            let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
            if *common.get_or_insert((dir, *mode)) != (dir, *mode) {
                break;
            }
            group.push((name, String::from_utf8_lossy(data).into_owned()));
        }
        let Some((dir, mode)) = common else { return 1 };
        let mode = (mode != 0o644).then_some(mode);
        let flags = flags(link, mode, None);
        if stage.role == Role::Skeleton {
            self.facts.insert(Fact::Skeleton);
        }
        // The name of a heredoc is the name of the file where several go into one directory.
        let named = |(name, text): &(&str, String)| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            name.chars().all(plain) && !text.lines().any(|line| line == *name)
        };
        if group.len() > 1 && group.iter().all(named) {
            let mut text = format!("COPY{flags}");
            for (name, _) in &group {
                text.push_str(&format!(" <<'{name}'"));
            }
            let dir = below(root, dir);
            text.push_str(&format!(" {}/\n", dir.trim_end_matches('/')));
            for (name, data) in &group {
                text.push_str(&format!("{}{name}\n", ended(data)));
            }
            stage.instruction(text.trim_end());
        } else {
            for (name, data) in &group {
                let end = delimiter("EOF", |end| data.lines().any(|line| line == end));
                let dest = below(root, &format!("{dir}/{name}"));
                stage.instruction(&format!(
                    "COPY{flags} <<'{end}' {dest}\n{}{end}",
                    ended(data)
                ));
            }
        }
        group.len()
    }

    fn copy(&mut self, stage: &mut Stage, copy: &Copy, root: &str, link: bool) {
        if stage.role == Role::Image && copy.time.is_some() {
            self.facts.insert(Fact::ImageTimes);
        }
        let by_number = |owner: &str| owner.chars().all(|c| c.is_ascii_digit() || c == ':');
        let link = link && copy.owner.as_deref().is_none_or(by_number);
        let mut flags = flags(link, copy.mode, copy.owner.as_deref());
        let by_pattern = copy.include.iter().any(|path| has_pattern(path));
        let mut exclude = match by_pattern {
            true => all_but(copy, self.options.spec),
            false => copy.exclude.clone(),
        };
        let dest = below(root, &copy.dest);
        let place = self.place(&copy.from);
        let sources = match &place {
            Place::Stage(at, path) => {
                flags.push_str(&format!(" --from={}", mark(*at)));
                vec![below(path, &copy.src)]
            }
            Place::Context(theirs) => {
                if copy.src == "/" && !by_pattern {
                    exclude.extend(theirs.iter().filter(|p| !copy.exclude.contains(p)).cloned());
                }
                let src = copy.src.trim_start_matches('/');
                vec![if src.is_empty() {
                    ".".into()
                } else {
                    src.to_owned()
                }]
            }
            Place::Inline => vec![],
        };
        flags.push_str(&self.exclude(&exclude, by_pattern));
        for source in sources {
            for (source, dest) in included(copy, &source, &dest) {
                let paths = words::paths(&[&source, &dest]);
                stage.instruction(&format!("COPY{flags} {paths}"));
            }
        }
    }
}

fn has_pattern(path: &str) -> bool {
    path.trim_end_matches("/**").contains(['*', '?', '[', '!'])
}

/// What a copy includes by patterns, as patterns of exclusion, of which the last match decides: everything but that.
fn all_but(copy: &Copy, spec: &str) -> Vec<String> {
    let mut patterns = vec!["**".to_owned()];
    patterns.extend(copy.include.iter().map(|path| format!("!{path}")));
    let excluded = copy.exclude.iter().filter(|path| *path != spec);
    patterns.extend(excluded.map(|path| match has_pattern(path) {
        true => path.clone(),
        // The engine still walks the directory, for paths that are included in it.
        false => format!("{path}/**"),
    }));
    patterns
}

/// Pairs of source and destination: one, or one for each included path.
fn included(copy: &Copy, source: &str, dest: &str) -> Vec<(String, String)> {
    let all = vec![(source.to_owned(), dest.to_owned())];
    if copy.include.is_empty() || copy.include.iter().any(|path| has_pattern(path)) {
        return all;
    }
    let pair = |path: &String| {
        let path = path.trim_end_matches("/**").trim_start_matches('/');
        let source = match source {
            "." => path.to_owned(),
            source => below(source, path),
        };
        (source, below(dest, path))
    };
    copy.include.iter().map(pair).collect()
}

fn flags(link: bool, mode: Option<u32>, owner: Option<&str>) -> String {
    let mut flags = String::new();
    if link {
        flags.push_str(" --link");
    }
    if let Some(mode) = mode {
        flags.push_str(&format!(" --chmod={mode:o}"));
    }
    if let Some(owner) = owner {
        flags.push_str(&format!(" --chown={owner}"));
    }
    flags
}

/// Whether an action makes the directory by itself, because what it makes is in it.
fn is_below(action: &FileAction, dir: &str) -> bool {
    let path = match action {
        FileAction::Write { path, .. } | FileAction::MakeDir { path, .. } => path,
        FileAction::Copy(copy) => &copy.dest,
        FileAction::Need(_) => return false,
    };
    path.strip_prefix(dir.trim_end_matches('/'))
        .is_some_and(|rest| rest.starts_with('/'))
}

/// A path inside a directory.
fn below(root: &str, path: &str) -> String {
    let path = path.trim_start_matches('/');
    match root.trim_end_matches('/') {
        root if path.is_empty() => format!("{root}/"),
        root => format!("{root}/{path}"),
    }
}

/// Heredocs end with a line end.
fn ended(text: &str) -> String {
    match text.is_empty() || text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    }
}
