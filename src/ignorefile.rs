//! `.dockerignore`: from its text to the patterns that BuildKit matches.
//!
//! As `moby/patternmatcher/ignorefile`. Matching is the engine's task: the patterns go into a local
//! source as they are, `!` re-includes among them.

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
                "!" => "name what is not ignored after the `!`",
                _ => "close the `[`, or write `\\[` for the letter",
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

/// The same, of a text that is right.
pub fn parse(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().filter_map(pattern).collect()
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
    use super::{parse, read};
    use crate::source::SourceFile;

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
