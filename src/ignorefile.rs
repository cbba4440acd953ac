//! `.dockerignore`: from its text to the patterns that BuildKit matches.
//!
//! As `moby/patternmatcher/ignorefile`. Matching is the engine's task: the patterns go into a local
//! source as they are, `!` re-includes among them.

/// The patterns of an ignore file, in order.
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
    use super::parse;

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
        assert_eq!(parse("../../a/../b"), ["../../b"]);
    }
}
