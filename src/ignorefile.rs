//! `.dockerignore`: from its text to the patterns that BuildKit matches.
//!
//! As `moby/patternmatcher/ignorefile`. The patterns go into a local source as they are, `!` re-includes among them:
//! matching is the engine's task, but for commands on the host.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::SourceFile;

/// The patterns of an ignore file, in order.
///
/// # Errors
/// Patterns that the engine would refuse without saying where they are.
pub fn read(file: &SourceFile) -> Result<Vec<String>, Diagnostics> {
    let mut wrong = Diagnostics::default();
    for span in (1..).map_while(|number| file.line_span(number)) {
        let line = pattern(file.slice(span).trim_start_matches('\u{feff}'));
        if let Some(pattern) = line.filter(|pattern| is_malformed(pattern)) {
            let message = format!("`{pattern}` is not a pattern");
            let help = match pattern.as_str() {
                "!" => "write what is not ignored after the `!`",
                _ => "close the `[`, or write `\\[` for the character",
            };
            let error = Diagnostic::error("malformed-pattern", message);
            wrong.push(error.help(help).at(file.at(span)));
        }
    }
    match wrong.has_errors() {
        true => Err(wrong),
        false => Ok(parse(file.text())),
    }
}

/// Whether Go's `filepath.Match` calls it malformed, or there is nothing to re-include.
fn is_malformed(pattern: &str) -> bool {
    let mut letters = pattern.chars().peekable();
    // One letter of a class, which may be escaped.
    let letter = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>| match letters.next() {
        None | Some('-' | ']') => false,
        Some('\\') => letters.next().is_some(),
        Some(_) => true,
    };
    while let Some(next) = letters.next() {
        match next {
            '\\' if letters.next().is_none() => return true,
            '[' => {
                letters.next_if_eq(&'^');
                loop {
                    if !letter(&mut letters)
                        || letters.next_if_eq(&'-').is_some() && !letter(&mut letters)
                    {
                        return true;
                    }
                    if letters.next_if_eq(&']').is_some() {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    pattern == "!"
}

/// The patterns of an ignore file without malformed ones.
pub fn parse(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().filter_map(pattern).collect()
}

/// Whether patterns leave a path out, as `moby/patternmatcher` says of the path or of a directory above it: the last
/// pattern that matches decides.
pub fn is_ignored(patterns: &[String], path: &str) -> bool {
    let ends = path.match_indices('/').map(|(at, _)| at);
    let ends: Vec<usize> = ends.chain([path.len()]).collect();
    let mut ignored = false;
    for pattern in patterns {
        let (keeps, pattern) = match pattern.strip_prefix('!') {
            Some(pattern) => (true, pattern),
            None => (false, pattern.as_str()),
        };
        if keeps == ignored && ends.iter().any(|end| is_match(pattern, &path[..*end])) {
            ignored = !keeps;
        }
    }
    ignored
}

/// A part of a pattern.
enum Token {
    /// `**`: any number of whole directories, also none.
    Dirs,
    /// `**` at the end: the rest.
    Rest,
    /// `*`: letters of one name.
    Name,
    /// `?`, a class, a letter: whether it is the other way round, and ranges.
    One(bool, Vec<(char, char)>),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut letters = pattern.chars().peekable();
    let mut all = vec![];
    while let Some(next) = letters.next() {
        all.push(match next {
            '*' if letters.next_if_eq(&'*').is_some() => {
                letters.next_if_eq(&'/');
                match letters.peek() {
                    None => Token::Rest,
                    Some(_) => Token::Dirs,
                }
            }
            '*' => Token::Name,
            '?' => Token::One(true, vec![('/', '/')]),
            '[' => class(&mut letters),
            '\\' => {
                let letter = letters.next().unwrap_or('\\');
                Token::One(false, vec![(letter, letter)])
            }
            letter => Token::One(false, vec![(letter, letter)]),
        });
    }
    all
}

/// What is behind a `[`, up to its `]`.
fn class(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Token {
    let inverted = letters.next_if_eq(&'^').is_some();
    let mut ranges = vec![];
    let letter = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>| match letters.next() {
        Some('\\') => letters.next(),
        other => other,
    };
    while let Some(first) = letter(letters) {
        let last = match letters.next_if_eq(&'-') {
            Some(_) => letter(letters).unwrap_or(first),
            None => first,
        };
        ranges.push((first, last));
        if letters.next_if_eq(&']').is_some() {
            break;
        }
    }
    Token::One(inverted, ranges)
}

fn is_match(pattern: &str, path: &str) -> bool {
    let path: Vec<char> = path.chars().collect();
    // The places of the path that what came before may end at.
    let mut at: Vec<bool> = vec![false; path.len() + 1];
    at[0] = true;
    for token in tokens(pattern) {
        let mut next = vec![false; path.len() + 1];
        // Whether what is being matched began further ahead.
        let mut is_open = false;
        for place in 0..=path.len() {
            let before = place.checked_sub(1).map(|before| path[before]);
            match &token {
                Token::Rest => next[place] = at[..=place].contains(&true),
                Token::Dirs => {
                    next[place] = at[place] || (is_open && before == Some('/'));
                    is_open |= at[place];
                }
                Token::Name => {
                    is_open = at[place] || (is_open && before != Some('/'));
                    next[place] = is_open;
                }
                Token::One(inverted, ranges) => {
                    let fits = |letter: char| {
                        let in_any = ranges.iter().any(|(a, b)| (*a..=*b).contains(&letter));
                        in_any != *inverted && letter != '/'
                            || ranges[..] == [(letter, letter)] && !inverted
                    };
                    next[place] = place > 0 && at[place - 1] && before.is_some_and(fits);
                }
            }
        }
        at = next;
    }
    at[path.len()]
}

fn pattern(line: &str) -> Option<String> {
    // A comment starts in the first column; a `#` further in belongs to a name.
    if line.starts_with('#') {
        return None;
    }
    let line = line.trim();
    let (sign, path) = match line.strip_prefix('!') {
        Some(path) => ("!", path.trim()),
        None => ("", line),
    };
    match (sign, path) {
        ("", "") => None,
        (sign, "") => Some(sign.to_owned()),
        (sign, path) => Some(format!("{sign}{}", clean(path))),
    }
}

/// Go's `filepath.Clean` on Linux, and without a leading slash.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (parts.is_empty(), rooted) {
        (true, true) => "/".to_owned(),
        (true, false) => ".".to_owned(),
        (false, _) => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_ignored, parse, read};
    use crate::source::SourceFile;

    #[test]
    fn patterns_match_as_the_engines() {
        let ignored = |text: &str, path| is_ignored(&parse(text), path);
        for (text, path) in [
            ("target", "target"),
            ("target", "target/debug/a"),
            ("*.lock", "Cargo.lock"),
            ("**/*.md", "README.md"),
            ("**/*.md", "a/b/c.md"),
            ("a/**", "a/b/c"),
            ("**/target", "x/target/y"),
            ("a?c", "abc"),
            ("[a-c]x", "bx"),
            ("[^a]x", "bx"),
            ("\\*", "*"),
            ("*", "src/main.rs"),
            ("*\n!src", "Cargo.toml"),
            ("!src\n*", "src"),
        ] {
            assert!(ignored(text, path), "{text} {path}");
        }
        for (text, path) in [
            ("target", "a/target"),
            ("*.lock", "a/Cargo.lock"),
            ("a?c", "a/c"),
            ("[^a]x", "ax"),
            ("*\n!src", "src/main.rs"),
            ("a/*/c", "a/b/d/c"),
            ("**/b", "ab"),
            ("", "a"),
        ] {
            assert!(!ignored(text, path), "{text} {path}");
        }
        let stars = "*a".repeat(2000);
        assert!(!ignored(&stars, &"a".repeat(300)));
    }

    #[test]
    fn patterns_are_read_as_docker_does() {
        let text = "\u{feff}# comment\n\n  target/ \r\n!  ./keep//this\n/abs/./x/../y\n #name\n!\n..\n/..\n.\n/\n*/temp*\n!/a";
        assert_eq!(
            parse(text),
            [
                "target",
                "!keep/this",
                "abs/y",
                "#name",
                "!",
                "..",
                "/",
                ".",
                "/",
                "*/temp*",
                "!a"
            ]
        );
        assert!(parse("").is_empty());
        let file = SourceFile::new(".dockerignore", "a\n\nb[\n!\n[a-]\n[]\n\\\n[^a-b\\]]x\n");
        let wrong = read(&file).unwrap_err().sorted();
        let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[0].starts_with(".dockerignore:3: `b[` is not a pattern"));
        assert_eq!(
            read(&SourceFile::new(".dockerignore", "a\n")).unwrap(),
            ["a"]
        );
        assert_eq!(parse("../../a/../b"), ["../../b"]);
    }
}
