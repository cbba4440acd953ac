//! A Dockerfile as a list of stages: enough of its syntax for what people write by hand.

use crate::source::file_name;
use std::ops::Range;

/// A Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dockerfile {
    /// `ARG`s before the first stage, with their lines and defaults.
    pub args: Vec<(usize, String, Option<String>)>,
    pub stages: Vec<Stage>,
}

impl Dockerfile {
    /// The instructions of all stages.
    pub(super) fn instructions(&self) -> impl Iterator<Item = &Instruction> {
        self.stages.iter().flat_map(|stage| &stage.instructions)
    }
}

/// A stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stage {
    /// The 1-based line of its `FROM`.
    pub line: usize,
    pub from: String,
    pub name: String,
    pub instructions: Vec<Instruction>,
}

/// An instruction of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Its 1-based line.
    pub line: usize,
    /// In capitals.
    pub word: String,
    /// Flags such as `--from=build`.
    pub flags: Vec<(String, String)>,
    /// The rest, on one line.
    pub rest: String,
    /// The text of its heredoc.
    pub heredoc: Option<String>,
}

impl Instruction {
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        let found = self.flags.iter().find(|(flag, _)| flag == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The values of `--mount` flags, as pairs.
    pub(super) fn mounts(&self) -> Vec<Vec<(&str, &str)>> {
        let mounts = self.flags.iter().filter(|(flag, _)| flag == "mount");
        let pair = |part| str::split_once(part, '=').unwrap_or((part, ""));
        mounts
            .map(|(_, value)| value.split(',').map(pair).collect())
            .collect()
    }

    /// The JSON form's list, or the words.
    pub(super) fn words(&self) -> Vec<String> {
        self.json().unwrap_or_else(|| words(&self.rest))
    }

    /// The rest as one value, without quotes.
    pub(super) fn unquoted(&self) -> String {
        words(&self.rest).join(" ")
    }

    pub(super) fn json(&self) -> Option<Vec<String>> {
        serde_json::from_str(&self.rest).ok()
    }

    /// What a shell runs: the commands of the line or of the heredoc; `None` where no shell reads them.
    pub(super) fn commands(&self) -> Option<Vec<String>> {
        match &self.heredoc {
            Some(text) => is_for_shell(&self.rest, text).then(|| commands(text)),
            None if self.json().is_some() => None,
            None => Some(commands(&self.rest)),
        }
    }
}

/// Reads a Dockerfile.
pub(super) fn parse(text: &str) -> Dockerfile {
    let mut file = Dockerfile::default();
    let mut lines = (1..).zip(text.lines());
    while let Some((line, first)) = lines.next() {
        let mut whole = first.trim().to_owned();
        if whole.is_empty() || whole.starts_with('#') {
            continue;
        }
        while whole.ends_with('\\') {
            whole.pop();
            match lines.next() {
                Some((_, next)) if next.trim_start().starts_with('#') => whole.push('\\'),
                Some((_, next)) => whole = format!("{} {}", whole.trim_end(), next.trim()),
                None => break,
            }
        }
        let heredoc = heredoc(&whole).map(|end| {
            let mut body = vec![];
            for (_, next) in lines.by_ref() {
                if next.trim() == end {
                    break;
                }
                body.push(next);
            }
            body.join("\n")
        });
        let (word, rest) = whole
            .split_once(char::is_whitespace)
            .unwrap_or((&whole, ""));
        let (flags, rest) = flags(rest);
        let instruction = Instruction {
            line,
            word: word.to_ascii_uppercase(),
            flags,
            rest,
            heredoc,
        };
        match (instruction.word.as_str(), file.stages.last_mut()) {
            ("FROM", _) => {
                let parts = words(&instruction.rest);
                file.stages.push(Stage {
                    line,
                    from: parts.first().cloned().unwrap_or_default(),
                    name: parts.get(2).cloned().unwrap_or_default(),
                    instructions: vec![],
                });
            }
            ("ARG", None) => {
                let declared = args(&instruction.rest).into_iter();
                file.args
                    .extend(declared.map(|(name, default)| (line, name, default)));
            }
            (_, Some(stage)) => stage.instructions.push(instruction),
            (_, None) => {}
        }
    }
    file
}

/// The names that an `ARG` declares, with their defaults.
pub(super) fn args(rest: &str) -> Vec<(String, Option<String>)> {
    let declared = words(rest).into_iter();
    let split = declared.map(|word| match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (word, None),
    });
    split.collect()
}

fn heredoc(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("<<")?;
    let word = rest.trim_start_matches('-').split_whitespace().next()?;
    Some(word.trim_matches(['\'', '"']).to_owned())
}

/// Whether it is a shell that a `RUN` line gives its heredoc to.
fn is_for_shell(line: &str, text: &str) -> bool {
    let shells = ["sh", "bash", "ash", "dash"];
    let end = heredoc(line).unwrap_or_default();
    let mut words = line.split_whitespace().filter(|word| {
        let is_end = word.trim_matches(['\'', '"']) == end;
        !is_end && !word.starts_with(['<', '-'])
    });
    let is_shell = |word: &str| shells.contains(&file_name(word));
    let first = text.lines().next().unwrap_or_default();
    words.all(is_shell) && (!first.starts_with("#!") || first.contains("sh"))
}

fn flags(mut rest: &str) -> (Vec<(String, String)>, String) {
    let mut flags = vec![];
    rest = rest.trim();
    while rest.starts_with("--") {
        let (flag, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        flags.push((name.trim_start_matches('-').to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    (flags, rest.to_owned())
}

/// Words as a shell splits them; what it puts in by itself (`$(…)`, `${…}`) is not split.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut depth = 0_i32;
    let mut braces = 0_i32;
    let mut ticked = false;
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            _ if quote == Some('\'') => {}
            '(' if quote.is_none() || depth > 0 || before == '$' => depth += 1,
            ')' => depth = (depth - 1).max(0),
            '{' if before == '$' => braces += 1,
            '}' => braces = (braces - 1).max(0),
            '`' => ticked = !ticked,
            _ => {}
        }
        before = c;
        let is_open = depth > 0 || braces > 0 || ticked;
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let escapes = |next: &char| match quote {
                    None => *next != '$',
                    Some(_) => ['"', '\\'].contains(next),
                };
                word.get_or_insert_default()
                    .push(chars.next_if(escapes).unwrap_or(c));
            }
            (None, c) if c.is_whitespace() && !is_open => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Words that begin what only a word of their own ends.
const OPENERS: [&str; 7] = ["if", "for", "while", "until", "case", "select", "{"];

/// The words of a shell text that stand where a command begins.
fn heads(text: &str) -> Vec<String> {
    const KEYWORDS: [&str; 10] = [
        "if", "while", "until", "then", "do", "else", "elif", "!", "{", "time",
    ];
    const OPERATORS: [&str; 5] = ["|", "|&", "||", "&&", "&"];
    let mut heads = vec![];
    let mut begins = true;
    for word in words(text) {
        // The patterns of `case` and the names of functions end in a bracket.
        let is_pattern = word.ends_with("()") || word.ends_with(')') && !word.contains('(');
        let is_keyword = begins && KEYWORDS.contains(&word.as_str());
        let next = is_keyword || is_pattern || OPERATORS.contains(&word.as_str());
        if begins {
            heads.push(word);
        }
        begins = next;
    }
    heads
}

/// Whether a command is made of others: by control words or in brackets.
pub(super) fn is_compound(command: &str) -> bool {
    let heads = heads(command);
    let mut heads = heads.iter().map(String::as_str);
    heads.any(|head| head.starts_with('(') || OPENERS.contains(&head))
}

/// How many compounds a part of a shell text begins, less those that it ends.
fn opened(part: &str) -> i32 {
    let of = |head: &String| match head.as_str() {
        "fi" | "done" | "esac" | "}" => -1,
        head => i32::from(OPENERS.contains(&head)),
    };
    heads(part).iter().map(of).sum()
}

/// The commands of a shell text: what `&&`, `;` and line ends stand between. A pipe is one command, and so is all from
/// a control word to its end.
fn commands(text: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    let mut commands = vec![];
    let mut open = 0;
    let mut first = None;
    for part in parts(&text) {
        let command = text[part.clone()].trim();
        if first.is_none() && command.is_empty() {
            continue;
        }
        let start = *first.get_or_insert(part.start);
        open = (open + opened(command)).max(0);
        if open == 0 {
            commands.push(text[start..part.end].trim().to_owned());
            first = None;
        }
    }
    commands.extend(first.map(|start| text[start..].trim().to_owned()));
    commands
}

/// The parts of a shell text that `&&`, `;`, line ends and comments stand between.
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = vec![];
    let mut start = 0;
    let mut quote = None;
    let mut depth = 0_i32;
    let mut before = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let separates = quote.is_none() && depth == 0;
        let mut ends = false;
        match c {
            '\\' if quote != Some('\'') => drop(chars.next()),
            '"' | '\'' | '`' if quote == Some(c) => quote = None,
            '"' | '\'' | '`' if quote.is_none() => quote = Some(c),
            '(' if quote.is_none() => depth += 1,
            // That of a pattern of `case` closes nothing.
            ')' if quote.is_none() => depth = (depth - 1).max(0),
            '#' if quote.is_none() && before.is_whitespace() => {
                while chars.next_if(|(_, next)| *next != '\n').is_some() {}
                ends = separates;
            }
            '&' if separates => ends = chars.next_if(|(_, next)| *next == '&').is_some(),
            ';' | '\n' if separates => ends = true,
            _ => {}
        }
        if ends {
            parts.push(start..at);
            start = chars.peek().map_or(text.len(), |(next, _)| *next);
        }
        before = c;
    }
    parts.push(start..text.len());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_flags_and_heredocs() {
        let file = parse(
            "# c\nARG V=1.95\nFROM --platform=$BUILDPLATFORM rust:${V} AS b\nRUN --mount=type=cache,target=/x a && \\\n  # c\n  b\n\
             COPY <<EOF /x\nFROM y\nEOF\nfrom scratch\n",
        );
        assert_eq!(file.args, [(2, "V".to_owned(), Some("1.95".to_owned()))]);
        let [b, last] = file.stages.as_slice() else {
            panic!("{file:?}")
        };
        assert_eq!(
            (b.from.as_str(), b.name.as_str(), last.from.as_str()),
            ("rust:${V}", "b", "scratch")
        );
        assert_eq!((b.line, last.line), (3, 10));
        assert_eq!(
            b.instructions[0].mounts(),
            [[("type", "cache"), ("target", "/x")]]
        );
        let both = ["a", "b"].map(str::to_owned).to_vec();
        assert_eq!(b.instructions[0].commands(), Some(both));
        assert_eq!(b.instructions[1].heredoc.as_deref(), Some("FROM y"));
        assert_eq!(words("a 'b c' \"d\"e"), ["a", "b c", "de"]);
        assert_eq!(words("a $(b c)-d"), ["a", "$(b c)-d"]);
        assert_eq!(words("a=`b c` d"), ["a=`b c`", "d"]);
        assert_eq!(words("${a:+b c} d) (e"), ["${a:+b c}", "d)", "(e"]);
        assert_eq!(
            words(r#"a\ b "c \"d" \$e '(' f"#),
            ["a b", "c \"d", "\\$e", "(", "f"]
        );
    }

    #[test]
    fn a_heredoc_is_for_a_shell_unless_it_says_otherwise() {
        for (line, is_shell) in [
            ("RUN <<EOF\na\nEOF", true),
            ("RUN bash -e <<'EOF'\na\nEOF", true),
            ("RUN <<EOF\n#!/usr/bin/env bash\na\nEOF", true),
            ("RUN <<EOF\n#!/usr/bin/python3\na\nEOF", false),
            ("RUN python3 <<EOF\na\nEOF", false),
            ("RUN cat <<EOF > /etc/x\na\nEOF", false),
            ("RUN [\"a\", \"b\"]", false),
        ] {
            let file = parse(&format!("FROM a\n{line}\n"));
            let commands = file.stages[0].instructions[0].commands();
            assert_eq!(commands.is_some(), is_shell, "{line}");
        }
    }

    #[test]
    fn commands_are_split_as_far_as_that_keeps_their_sense() {
        assert_eq!(
            commands("set -e; a | b || c && d \"x && y\" $(e; f)\ng"),
            ["set -e", "a | b || c", "d \"x && y\" $(e; f)", "g"]
        );
        for (text, split) in [
            (
                "set -eux; if [ a ]; then b; fi && cargo build",
                vec!["set -eux", "if [ a ]; then b; fi", "cargo build"],
            ),
            (
                "a && for x in b c; do if d; then e; fi; done && f",
                vec!["a", "for x in b c; do if d; then e; fi; done", "f"],
            ),
            (
                "case \"$a\" in b) c ;; *) d; exit 1 ;; esac; e (f && g) && h",
                vec![
                    "case \"$a\" in b) c ;; *) d; exit 1 ;; esac",
                    "e (f && g)",
                    "h",
                ],
            ),
            (
                "a || { b; c; }; (d; e); f",
                vec!["a || { b; c; }", "(d; e)", "f"],
            ),
            ("echo if for {; a", vec!["echo if for {", "a"]),
            (
                "cat a | while read b; do c; done; d",
                vec!["cat a | while read b; do c; done", "d"],
            ),
            (
                "find . -exec a {} \\; && b",
                vec!["find . -exec a {} \\;", "b"],
            ),
            ("a \\\n  b # it's c; d\n# e\nf", vec!["a    b", "f"]),
            ("if a; then b", vec!["if a; then b"]),
        ] {
            assert_eq!(commands(text), split, "{text}");
        }
        for (command, compound) in [
            ("if a; then b; fi", true),
            ("(a && b)", true),
            ("a || { b; }", true),
            ("a() { b; }", true),
            ("echo if (a) {", false),
            ("a $(if b; then c; fi)", false),
        ] {
            assert_eq!(is_compound(command), compound, "{command}");
        }
    }
}
