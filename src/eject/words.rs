//! Words as a shell and as a Dockerfile read them.

/// Whether a shell takes the character as it is, anywhere in a word.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./=:,@%+^".contains(c)
}

/// A word that a shell reads as `text`.
pub(crate) fn shell(text: &str) -> String {
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A value of `ENV` or `LABEL`, as far as its first line end: no instruction can hold one.
pub(super) fn value(text: &str) -> String {
    let text = text.split(['\n', '\r']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@%+=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted + "\""
}

/// A list as instructions take it.
pub(super) fn list(words: &[String]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| serde_json::Value::from(word.as_str()).to_string())
        .collect();
    format!("[{}]", words.join(", "))
}

/// A path in which docker/dockerfile fills in no variable.
pub(super) fn path(text: &str) -> String {
    text.replace('$', "\\$")
}

/// Paths as `COPY` takes them.
pub(super) fn paths(all: &[&str]) -> String {
    let all: Vec<String> = all.iter().map(|text| path(text)).collect();
    match all.iter().any(|text| text.contains(char::is_whitespace)) {
        true => list(&all),
        false => all.join(" "),
    }
}

/// A name for a stage, or a target of bake: lower-case letters, digits, `-`, `_` and `.`.
pub(super) fn stage_name(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() || "-_.".contains(c) => c,
            _ => '-',
        })
        .collect();
    match name.starts_with(|c: char| c.is_ascii_lowercase()) {
        // These two mean something else to `FROM` and `--from`.
        true if name == "scratch" || name == "context" => format!("{name}-image"),
        true => name,
        false => format!("stage-{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_they_must_be() {
        assert_eq!(shell("--target=x86_64"), "--target=x86_64");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell(""), "''");
        assert_eq!(value("a\"$b\\"), r#""a\"\$b\\""#);
        assert_eq!(value("a b\nc"), "\"a b\"");
        assert_eq!(list(&["a\"b".into(), "c".into()]), r#"["a\"b", "c"]"#);
        assert_eq!(stage_name("7 Server"), "stage-7-server");
        assert_eq!(paths(&["a", "/b/$c"]), "a /b/\\$c");
        assert_eq!(paths(&["a b", "/$c"]), r#"["a b", "/\\$c"]"#);
    }
}
