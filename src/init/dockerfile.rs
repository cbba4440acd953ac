//! A Dockerfile as a list of stages: enough of its syntax for what people write by hand.

/// A stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stage {
    pub from: String,
    pub name: String,
    pub instructions: Vec<Instruction>,
}

/// An instruction of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Its 1-based line.
    pub line: usize,
    /// In capitals.
    pub word: String,
    /// Flags such as `--from=build`.
    pub flags: Vec<(String, String)>,
    /// The rest, on one line.
    pub rest: String,
}

impl Instruction {
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        let found = self.flags.iter().find(|(flag, _)| flag == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The JSON form's list, or the words.
    pub(super) fn words(&self) -> Vec<String> {
        match self.json() {
            Some(words) => words,
            None => words(&self.rest),
        }
    }

    pub(super) fn json(&self) -> Option<Vec<String>> {
        serde_json::from_str(&self.rest).ok()
    }
}

/// The stages of a Dockerfile; `ARG`s before the first are filled into `FROM` lines.
pub(super) fn parse(text: &str) -> Vec<Stage> {
    let mut stages: Vec<Stage> = vec![];
    let mut args: Vec<(String, String)> = vec![];
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
                Some((_, next)) => whole.push_str(&format!(" {}", next.trim())),
                None => break,
            }
        }
        // The text of a heredoc belongs to its instruction.
        if let Some(end) = heredoc(&whole) {
            for (_, next) in lines.by_ref() {
                if next.trim() == end {
                    break;
                }
                whole.push_str(&format!("; {}", next.trim()));
            }
        }
        let (word, rest) = whole
            .split_once(char::is_whitespace)
            .unwrap_or((&whole, ""));
        let word = word.to_ascii_uppercase();
        let (flags, rest) = flags(rest);
        match (word.as_str(), stages.last_mut()) {
            ("ARG", None) => {
                let (name, value) = rest.split_once('=').unwrap_or((&rest, ""));
                args.push((name.to_owned(), value.trim_matches('"').to_owned()));
            }
            ("FROM", _) => {
                let parts = words(&rest);
                let mut from = parts.first().cloned().unwrap_or_default();
                for (name, value) in &args {
                    from = from.replace(&format!("${{{name}}}"), value);
                    from = from.replace(&format!("${name}"), value);
                }
                let name = parts.get(2).cloned().unwrap_or_default();
                stages.push(Stage {
                    from,
                    name,
                    instructions: vec![],
                });
            }
            (_, Some(stage)) => stage.instructions.push(Instruction {
                line,
                word,
                flags,
                rest,
            }),
            (_, None) => {}
        }
    }
    stages
}

fn heredoc(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("<<")?;
    let word = rest.trim_start_matches('-').split_whitespace().next()?;
    Some(word.trim_matches(['\'', '"']).to_owned())
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

/// Words as a shell splits them.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The commands of a shell line: what `&&`, `;`, `||` and `|` stand between.
pub(super) fn commands(line: &str) -> Vec<String> {
    let separated = line
        .replace("&&", "\n")
        .replace("||", "\n")
        .replace([';', '|'], "\n");
    let commands = separated.lines().map(|command| command.trim().to_owned());
    commands.filter(|command| !command.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_flags_and_heredocs() {
        let stages = parse(
            "# c\nARG V=1.95\nFROM --platform=$BUILDPLATFORM rust:${V} AS b\nRUN --mount=type=cache,target=/x a && \\\n  # c\n  b\n\
             COPY <<EOF /x\nFROM y\nEOF\nfrom scratch\n",
        );
        let [b, last] = stages.as_slice() else {
            panic!("{stages:?}")
        };
        assert_eq!(
            (b.from.as_str(), b.name.as_str(), last.from.as_str()),
            ("rust:1.95", "b", "scratch")
        );
        assert_eq!(
            b.instructions[0].flag("mount"),
            Some("type=cache,target=/x")
        );
        assert_eq!(commands(&b.instructions[0].rest), ["a", "b"]);
        assert_eq!(b.instructions[1].rest, "<<EOF /x; FROM y");
        assert_eq!(words("a 'b c' \"d\"e"), ["a", "b c", "de"]);
    }
}
