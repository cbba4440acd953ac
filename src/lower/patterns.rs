//! The patterns of a copy as the engine matches them fast.
//!
//! The engine holds every file of the context against every pattern, in each build: paths and `path/**` are compared,
//! anything else is a regular expression (moby/patternmatcher, `compile`). A workspace of a thousand members has a
//! thousand patterns `member/**/*.rs` in a copy, which took the engine half of its time where nothing had changed.
//!
//! ```text
//! take member/**/*.rs …           take member …, but neither **, nor …; yet **/*.rs
//! take all but member/**/*.rs …   take all but **/*.rs, and then **/*.rs but not member/** …
//! ```
//! The order matters: once a pattern matched a directory, the engine does not remember which others did. So after
//! `**`, nothing may be left out only because its directory is: hence `path/**`.

use crate::plan::RUST_SOURCES as RUST;

/// What one copy takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patterns {
    pub include: Vec<String>,
    pub exclude: Vec<String>,
}

/// A pattern of ours.
#[derive(Clone, Copy)]
enum Known<'a> {
    /// A file, or a directory with all that is in it.
    Path(&'a str),
    /// The Rust sources below a directory.
    Rust(&'a str),
    /// `!` before a pattern for all Rust sources.
    YetRust,
}

fn is_path(pattern: &str) -> bool {
    !pattern.contains(['*', '?', '[', ']', '\\', '!'])
}

/// The directory whose Rust sources a pattern matches.
fn rust_below(pattern: &str) -> Option<&str> {
    match pattern.strip_suffix(RUST)? {
        "" => Some(""),
        dir => dir.strip_suffix('/').filter(|dir| is_path(dir)),
    }
}

/// `None` for a pattern that somebody else wrote.
fn known(pattern: &str) -> Option<Known<'_>> {
    match pattern.strip_prefix('!') {
        Some(pattern) => rust_below(pattern).map(|_| Known::YetRust),
        None => rust_below(pattern)
            .map(Known::Rust)
            .or_else(|| is_path(pattern).then_some(Known::Path(pattern))),
    }
}

/// All of a list, if they are all known.
fn all_known(patterns: &[String]) -> Option<Vec<Known<'_>>> {
    patterns.iter().map(|pattern| known(pattern)).collect()
}

/// Copies that together take the same files.
pub(super) fn fast(include: &[String], exclude: &[String]) -> Vec<Patterns> {
    let fast = match include {
        [] => all_but(exclude),
        include => only(include, exclude).map(|one| vec![one]),
    };
    fast.unwrap_or_else(|| {
        vec![Patterns {
            include: include.to_vec(),
            exclude: exclude.to_vec(),
        }]
    })
}

/// Nothing but Rust sources, and of these not what the patterns say.
fn rust_but(patterns: &[String]) -> Option<Vec<String>> {
    let mut exclude = vec!["**".to_owned(), format!("!{RUST}")];
    for (text, pattern) in patterns.iter().zip(all_known(patterns)?) {
        match pattern {
            Known::Path(path) => exclude.extend([path.to_owned(), format!("{path}/**")]),
            Known::Rust("") => return None,
            Known::Rust(dir) => exclude.push(format!("{dir}/**")),
            Known::YetRust => exclude.push(text.clone()),
        }
    }
    Some(exclude)
}

/// Where Rust sources below some directories are taken.
fn only(include: &[String], exclude: &[String]) -> Option<Patterns> {
    let dirs: Option<Vec<&str>> = include.iter().map(|pattern| rust_below(pattern)).collect();
    let dirs = dirs?;
    Some(Patterns {
        include: match dirs.contains(&"") {
            true => vec![],
            false => dirs.into_iter().map(str::to_owned).collect(),
        },
        exclude: rust_but(exclude)?,
    })
}

/// Where everything is taken but Rust sources below some directories, and paths.
fn all_but(exclude: &[String]) -> Option<Vec<Patterns>> {
    let (mut paths, mut dirs) = (vec![], vec![]);
    for pattern in all_known(exclude)? {
        match pattern {
            Known::Path(path) => paths.push(path.to_owned()),
            Known::Rust(dir) => dirs.push(dir),
            Known::YetRust => return None,
        }
    }
    if dirs.is_empty() {
        return None;
    }
    let no_rust = [RUST.to_owned()].into_iter().chain(paths).collect();
    let mut copies = vec![Patterns {
        include: vec![],
        exclude: no_rust,
    }];
    if !dirs.contains(&"") {
        copies.push(Patterns {
            include: vec![],
            exclude: rust_but(exclude)?,
        });
    }
    Some(copies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Directories end in `/`; parents come first.
    const TREE: [&str; 24] = [
        ".git/",
        ".git/x.rs",
        "Cargo.toml",
        "Rust.yaml",
        "a/",
        "a/Cargo.toml",
        "a/b/",
        "a/b/Cargo.toml",
        "a/b/c/",
        "a/b/c/x.rs",
        "a/b/c/y.sql",
        "a/b/x.rs",
        "a/d.rs/",
        "a/d.rs/x.txt",
        "a/src/",
        "a/src/x.rs",
        "a/src/y.sql",
        "ab/",
        "ab/x.rs",
        "shared/",
        "shared/x.rs",
        "target/",
        "target/x.rs",
        "x.rs",
    ];

    fn is_match(pattern: &str, path: &str) -> bool {
        let rust = |dir: &str| {
            let rest = path.strip_prefix(dir);
            rest.is_some_and(|rest| rest.ends_with(".rs"))
        };
        match pattern.strip_suffix(RUST) {
            Some(dir) => rust(dir),
            None => match pattern.strip_suffix("**") {
                Some(dir) => path.starts_with(dir),
                None => path == pattern,
            },
        }
    }

    /// As the engine does it for a path of a directory with these matches (`MatchesUsingParentResults`).
    fn matches(patterns: &[String], path: &str, above: Option<&[bool]>) -> (bool, Vec<bool>) {
        let mut matched = false;
        let mut found = vec![false; patterns.len()];
        for (at, text) in patterns.iter().enumerate() {
            let (pattern, yet) = match text.strip_prefix('!') {
                Some(pattern) => (pattern, true),
                None => (text.as_str(), false),
            };
            let mut is = above.is_some_and(|above| above[at]);
            if !is {
                if yet != matched {
                    continue;
                }
                is = is_match(pattern, path);
            }
            found[at] = is;
            if is {
                matched = !yet;
            }
        }
        (matched, found)
    }

    /// The files that a copy takes.
    fn taken(patterns: &Patterns) -> BTreeSet<&'static str> {
        let mut dirs: Vec<(&str, Vec<bool>, Vec<bool>)> = vec![];
        let mut taken = BTreeSet::new();
        for entry in TREE {
            let path = entry.trim_end_matches('/');
            dirs.retain(|(dir, ..)| path.starts_with(dir));
            let (include, exclude) = dirs
                .last()
                .map(|(_, include, exclude)| (include.as_slice(), exclude.as_slice()))
                .unzip();
            let (is, included) = matches(&patterns.include, path, include);
            let (but, excluded) = matches(&patterns.exclude, path, exclude);
            if entry.ends_with('/') {
                dirs.push((entry, included, excluded));
            } else if (patterns.include.is_empty() || is) && !but {
                taken.insert(entry);
            }
        }
        taken
    }

    #[test]
    fn the_same_files_are_taken() {
        let include = [
            vec![],
            vec!["**/*.rs"],
            vec!["a/**/*.rs"],
            vec!["a/**/*.rs", "shared/**/*.rs"],
            vec!["a/b/c/**/*.rs", "a/src/**/*.rs", "ab/**/*.rs"],
        ];
        let paths = [vec![], vec![".git", "Rust.yaml", "target"]];
        let exclude = [
            vec![],
            vec!["**/*.rs"],
            vec!["Cargo.toml", "a/**/*.rs", "a/Cargo.toml"],
            vec!["a/**/*.rs", "a/b/**/*.rs", "a/b/Cargo.toml"],
            vec!["a/b/**/*.rs"],
            vec!["a/b/**/*.rs", "!a/b/c/**/*.rs"],
            vec!["a/src/y.sql", "x.rs"],
        ];
        let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
        for include in include {
            for (paths, more) in paths
                .iter()
                .flat_map(|paths| exclude.iter().map(move |more| (paths, more)))
            {
                let slow = Patterns {
                    include: owned(include.clone()),
                    exclude: owned(paths.iter().chain(more).copied().collect()),
                };
                let fast = fast(&slow.include, &slow.exclude);
                let all: BTreeSet<&str> = fast.iter().flat_map(taken).collect();
                assert_eq!(all, taken(&slow), "{slow:?} {fast:?}");
            }
        }
    }

    #[test]
    fn no_pattern_of_a_member_is_a_regular_expression() {
        let members = ["m/a/**/*.rs", "m/b/**/*.rs", "m/c/Cargo.toml"].map(str::to_owned);
        let expensive = |patterns: &Patterns| {
            let all = patterns.include.iter().chain(&patterns.exclude);
            all.filter(|pattern| pattern.contains("*.")).count()
        };
        for copies in [fast(&[], &members), fast(&members[..2], &[])] {
            assert!(copies.iter().all(|copy| expensive(copy) == 1), "{copies:?}");
        }
    }

    #[test]
    fn patterns_of_others_stay_as_they_are() {
        let patterns = ["docs/*.md".to_owned()];
        let same = |include: &[String], exclude: &[String]| {
            vec![Patterns {
                include: include.to_vec(),
                exclude: exclude.to_vec(),
            }]
        };
        assert_eq!(fast(&patterns, &[]), same(&patterns, &[]));
        assert_eq!(fast(&[], &patterns), same(&[], &patterns));
    }
}
