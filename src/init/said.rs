//! What became of the lines of a Dockerfile.

/// What is said above the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    taken: Vec<(String, Vec<usize>)>,
    dropped: Vec<(String, Vec<usize>)>,
    left: Vec<(Option<usize>, String)>,
}

impl Said {
    /// A line that a key of the spec has now.
    pub(super) fn taken(&mut self, line: usize, key: &str) {
        add(&mut self.taken, line, key);
    }

    /// A line that is not needed, and why.
    pub(super) fn dropped(&mut self, line: usize, why: &str) {
        add(&mut self.dropped, line, why);
    }

    /// A line that a person has to look at.
    pub(super) fn left(&mut self, line: usize, what: impl Into<String>) {
        self.leave(Some(line), what.into());
    }

    /// A mistake of the spec.
    pub(super) fn invalid(&mut self, mistake: String) {
        self.leave(None, mistake);
    }

    fn leave(&mut self, line: Option<usize>, what: String) {
        let left = (line, what);
        if !self.left.contains(&left) {
            self.left.push(left);
        }
    }

    /// The comment.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (title, groups) in [
            ("Carried over", &self.taken),
            ("Not needed any more", &self.dropped),
        ] {
            let mut groups = groups.clone();
            groups.sort_by_key(|(_, lines)| lines.first().copied());
            text.push_str(&section(
                title,
                groups.iter().map(|(what, lines)| {
                    let numbers: Vec<String> = lines.iter().map(ToString::to_string).collect();
                    let word = if lines.len() == 1 { "line" } else { "lines" };
                    format!("{what}: {word} {}", numbers.join(", "))
                }),
            ));
        }
        let mut left = self.left.clone();
        left.sort_by_key(|(line, _)| line.unwrap_or(usize::MAX));
        let left = left.iter().map(|(line, what)| match line {
            Some(line) => format!("line {line}: {what}"),
            None => format!("a mistake in this file: {what}"),
        });
        text + &section("Left for you to look at", left)
    }
}

fn add(groups: &mut Vec<(String, Vec<usize>)>, line: usize, what: &str) {
    match groups.iter_mut().find(|(known, _)| known == what) {
        Some((_, lines)) if lines.contains(&line) => {}
        Some((_, lines)) => lines.push(line),
        None => groups.push((what.to_owned(), vec![line])),
    }
}

fn section(title: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines
        .map(|line| format!("#   {}\n", line.replace('\n', "; ")))
        .collect();
    match lines.is_empty() {
        true => lines,
        false => format!("# {title}:\n{lines}"),
    }
}
