//! Where the output of a shell command goes.

use super::dockerfile::words;

/// The files and commands that get what a command prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outputs {
    pub files: Vec<String>,
    /// The commands behind pipes.
    pub pipes: Vec<String>,
}

impl Outputs {
    /// Reads them from a command; what is quoted or in brackets is text.
    pub(super) fn of(command: &str) -> Self {
        let mut outputs = Self::default();
        let mut quote = None;
        let mut depth = 0_i32;
        let mut chars = command.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match (quote, c) {
                (Some(end), c) if c == end => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'' | '`') => quote = Some(c),
                (None, '(') => depth += 1,
                // A pattern of `case` ends so, too.
                (None, ')') => depth = (depth - 1).max(0),
                (None, '\\') => drop(chars.next()),
                (None, '>') if depth == 0 => {
                    while chars.next_if(|(_, next)| ">|".contains(*next)).is_some() {}
                    // `2>&1` is not a file.
                    if chars.next_if(|(_, next)| *next == '&').is_none() {
                        let from = chars.peek().map_or(command.len(), |(next, _)| *next);
                        outputs.files.extend(first_word(&command[from..]));
                    }
                }
                (None, '|') if depth == 0 && chars.next_if(|(_, next)| *next == '|').is_none() => {
                    outputs.pipes.push(command[at + 1..].trim().to_owned());
                }
                _ => {}
            }
        }
        outputs
    }

    /// Whether all of it is stubs, or is thrown away.
    pub(super) fn are_stubs(&self) -> bool {
        let is_stub = |file: &String| {
            let thrown = ["/dev/", "/tmp/"].iter().any(|dir| file.starts_with(dir));
            thrown || file.ends_with(".rs")
        };
        let touches = |command: &String| {
            let words = words(command);
            let is = |name: &str| words.iter().any(|word| word == name);
            words.first().is_some_and(|word| word == "xargs") && (is("touch") || is("rm"))
        };
        self.files.iter().all(is_stub) && self.pipes.iter().all(touches)
    }
}

fn first_word(text: &str) -> Option<String> {
    let ends = |c: char| ";|&<>".contains(c);
    let word = words(text).into_iter().next()?;
    word.split(ends).next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_goes_to_files_and_commands() {
        let outputs =
            Outputs::of("echo 'a > b' \"c | d\" >> \"x y\".rs 2>&1 2>/dev/null || a | b >|c;");
        assert_eq!(outputs.files, ["x y.rs", "/dev/null", "c"]);
        assert_eq!(outputs.pipes, ["b >|c;"]);
    }

    #[test]
    fn stubs_are_sources_and_what_is_thrown_away() {
        for (command, stubs) in [
            ("mkdir -p src", true),
            ("echo 'fn main() { a() -> b }' >src/main.rs", true),
            ("find . -name '*.rs' | xargs touch", true),
            ("ls 2>/dev/null || true", true),
            ("echo 1 >&2", true),
            ("echo '[net]' > $CARGO_HOME/config.toml", false),
            ("printf x|tee version.txt", false),
            ("case $A in a) echo 1 > version.txt;; esac", false),
        ] {
            assert_eq!(Outputs::of(command).are_stubs(), stubs, "{command}");
        }
    }
}
