//! Words as a shell and as a Dockerfile read them.

/// Sixteen hexadecimal digits as a pattern: the hash in the names of cargo's artefacts.
const HASH_DIGIT: &str = "[0-9a-f]";

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

/// A pattern that a shell expands as it is; everything but `*`, `?` and `[…]` is quoted where it must be.
pub(super) fn pattern(text: &str) -> String {
    let plain = |c: char| is_plain(c) || "*?[]$".contains(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    let quoted = text.chars().map(|c| match plain(c) && c != '$' {
        true => c.to_string(),
        false => format!("'{c}'"),
    });
    quoted.collect()
}

/// The pattern of a whole hash, if `text` has one: replaced by a shell variable, it can be read.
pub(super) fn shorten_hash(text: &str, variable: &str) -> String {
    text.replace(&HASH_DIGIT.repeat(16), variable)
}

/// The assignment of the variable that [`shorten_hash`] puts in.
pub(super) fn hash_assignment(variable: &str) -> String {
    format!("{variable}='{}'", HASH_DIGIT.repeat(16))
}

/// A value of `ENV` or `LABEL`.
pub(super) fn value(text: &str) -> String {
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
        assert_eq!(pattern("/a b/c-[0-9]*"), "/a' 'b/c-[0-9]*");
        assert_eq!(value("a\"$b\\"), r#""a\"\$b\\""#);
        assert_eq!(list(&["a\"b".into(), "c".into()]), r#"["a\"b", "c"]"#);
        assert_eq!(stage_name("7 Server"), "stage-7-server");
    }

    #[test]
    fn a_hash_is_a_variable() {
        let hash = HASH_DIGIT.repeat(16);
        assert_eq!(shorten_hash(&format!("/a-{hash}.d"), "$h"), "/a-$h.d");
    }
}
