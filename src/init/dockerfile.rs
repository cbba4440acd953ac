//! A Dockerfile as a list of stages: enough of its syntax for what people write by hand.

/// A Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dockerfile {
    /// `ARG`s before the first stage, with their defaults.
    pub args: Vec<(String, Option<String>)>,
    pub stages: Vec<Stage>,
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

    pub(super) fn json(&self) -> Option<Vec<String>> {
        serde_json::from_str(&self.rest).ok()
    }

    /// What a shell runs: the commands of the line or of the heredoc.
    pub(super) fn commands(&self) -> Vec<String> {
        match &self.heredoc {
            Some(text) => commands(text),
            None => commands(&self.rest),
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
                body.push(next.trim());
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
            ("ARG", None) => file.args.extend(args(&instruction.rest)),
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
    let mut depth = 0;
    let mut ticked = false;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '`' => ticked = !ticked,
            _ => {}
        }
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() && depth <= 0 && !ticked => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The commands of a shell text: what `&&`, `;` and line ends stand between. A pipe is one command, and so is
/// a text with control words or brackets.
fn commands(text: &str) -> Vec<String> {
    const CONTROL: [&str; 8] = ["if", "for", "while", "until", "case", "{", "(", "function"];
    let mut commands = vec![String::new()];
    let mut quote = None;
    let mut depth = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let separates = quote.is_none() && depth == 0;
        match c {
            '"' | '\'' | '`' if quote == Some(c) => quote = None,
            '"' | '\'' | '`' if quote.is_none() => quote = Some(c),
            '(' if quote.is_none() => depth += 1,
            ')' if quote.is_none() => depth -= 1,
            '&' if separates && chars.peek() == Some(&'&') => {
                chars.next();
                commands.push(String::new());
                continue;
            }
            ';' | '\n' if separates => {
                commands.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = commands.last_mut() {
            last.push(c);
        }
    }
    let commands: Vec<String> = commands
        .iter()
        .map(|command| command.trim().to_owned())
        .filter(|command| !command.is_empty() && !command.starts_with('#'))
        .collect();
    let first = |command: &String| words(command).first().cloned().unwrap_or_default();
    let is_control = |word: String| CONTROL.contains(&word.as_str()) || word.starts_with('(');
    match commands.iter().map(first).any(is_control) {
        true => vec![text.trim().to_owned()],
        false => commands,
    }
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
        assert_eq!(file.args, [("V".to_owned(), Some("1.95".to_owned()))]);
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
        assert_eq!(b.instructions[0].commands(), ["a", "b"]);
        assert_eq!(b.instructions[1].heredoc.as_deref(), Some("FROM y"));
        assert_eq!(words("a 'b c' \"d\"e"), ["a", "b c", "de"]);
        assert_eq!(words("a $(b c)-d"), ["a", "$(b c)-d"]);
        assert_eq!(words("a=`b c` d"), ["a=`b c`", "d"]);
    }

    #[test]
    fn commands_are_split_as_far_as_that_keeps_their_sense() {
        assert_eq!(
            commands("set -e; a | b || c && d \"x && y\" $(e; f)\ng"),
            ["set -e", "a | b || c", "d \"x && y\" $(e; f)", "g"]
        );
        let control = "if [ a ]; then b; fi && c";
        assert_eq!(commands(control), [control]);
    }
}
