//! Patterns of include and exclude lists, as BuildKit matches them (`moby/patternmatcher`).

/// The files that a copy with these lists takes, of `paths`.
pub(crate) fn selected(path: &str, include: &[String], exclude: &[String]) -> bool {
    (include.is_empty() || matches(path, include)) && !matches(path, exclude)
}

/// Whether the last pattern that matches the path, or a directory that it is in, takes it.
pub(crate) fn matches(path: &str, patterns: &[String]) -> bool {
    let mut taken = false;
    for pattern in patterns {
        let (sign, pattern) = match pattern.strip_prefix('!') {
            Some(rest) => (false, rest),
            None => (true, pattern.as_str()),
        };
        let pattern: Vec<&str> = pattern.split('/').collect();
        let path: Vec<&str> = path.split('/').collect();
        if (1..=path.len()).any(|n| parts(&path[..n], &pattern)) {
            taken = sign;
        }
    }
    taken
}

fn parts(path: &[&str], pattern: &[&str]) -> bool {
    match (pattern, path) {
        ([], _) => path.is_empty(),
        (["**"], _) => !path.is_empty(),
        (["**", rest @ ..], _) => (0..=path.len()).any(|n| parts(&path[n..], rest)),
        ([one, pattern @ ..], [name, path @ ..]) => {
            name_matches(name.as_bytes(), one.as_bytes()) && parts(path, pattern)
        }
        (_, []) => false,
    }
}

fn name_matches(name: &[u8], pattern: &[u8]) -> bool {
    match (pattern, name) {
        ([], _) => name.is_empty(),
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|n| name_matches(&name[n..], rest)),
        ([b'?', pattern @ ..], [_, name @ ..]) => name_matches(name, pattern),
        ([one, pattern @ ..], [byte, name @ ..]) => one == byte && name_matches(name, pattern),
        (_, []) => false,
    }
}

#[test]
fn patterns_match_as_the_engine_does() {
    let matches = |path: &str, list: &[&str]| {
        let list: Vec<String> = list.iter().map(|one| (*one).to_owned()).collect();
        super::patterns::matches(path, &list)
    };
    assert!(matches("a.rs", &["**/*.rs"]));
    assert!(matches("x/y/a.rs", &["x/**/*.rs"]));
    assert!(matches("x/a.rs", &["x/**/*.rs"]));
    assert!(!matches("y/a.rs", &["x/**/*.rs"]));
    assert!(matches("target/x/y", &["target"]));
    assert!(!matches("x/target/y", &["target"]));
    assert!(!matches("a/b.md", &["**/*.md", "!a"]));
    assert!(matches("a/README", &["a/**"]) && !matches("a", &["a/**"]));
}
