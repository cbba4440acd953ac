//! What became of the lines of a Dockerfile.

/// What is said above the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    taken: Vec<(String, Vec<usize>)>,
    dropped: Vec<(String, Vec<usize>)>,
    left: Vec<(usize, String)>,
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
        let left = (line, what.into());
        if !self.left.contains(&left) {
            self.left.push(left);
        }
    }

    /// The comment.
    pub(super) fn text(&self, file: &str) -> String {
        let mut text = format!("# In place of {file}.\n");
        for (title, groups) in [
            ("Taken over", &self.taken),
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
        left.sort();
        let left = left
            .iter()
            .map(|(line, what)| format!("line {line}: {what}"));
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
    let lines: String = lines.map(|line| format!("#   {line}\n")).collect();
    match lines.is_empty() {
        true => lines,
        false => format!("# {title}:\n{lines}"),
    }
}
