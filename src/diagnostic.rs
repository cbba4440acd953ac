//! What is wrong with a user's input, or may be, and where.

pub mod snippet;

use crate::source::Location;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing can be built.
    Error,
    /// It builds, but probably not what its user wants.
    Warning,
}

/// One mistake: what is wrong, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable and in kebab-case, e.g. `unknown-key`: users switch lints off by it, docs have a page of it.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Lower-case start, no final period, names in backticks.
    pub message: String,
    /// What to do about it; same form as the message.
    pub help: Option<String>,
    /// Where; `None` when it is not in a file (a missing file, an option).
    pub location: Option<Location>,
}

impl Diagnostic {
    /// An error with a stable `code`.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            help: None,
            location: None,
        }
    }

    /// A warning with a stable `code`.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// Sets the place, if there is one.
    #[must_use]
    pub fn at(mut self, location: impl Into<Option<Location>>) -> Self {
        self.location = location.into();
        self
    }

    /// Sets the advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// `Rust.yaml:3: message (help)`, on one line.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, ": {help}"),
            None => Ok(()),
        }
    }
}

/// All that was found, gathered: no stage stops at the first mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(list: I) -> Self {
        Self {
            list: list.into_iter().collect(),
        }
    }
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds all of another.
    pub fn extend(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }

    /// Each, in the order that they were found in.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Whether anything stops the build.
    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// In the order of their places: first those without one, then by file and offset.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by(|a, b| key(a).cmp(&key(b)));
        self.list.dedup();
        self.list
    }

    /// `Ok(value)` with the warnings when there is no error, else all as the error.
    ///
    /// # Errors
    /// The diagnostics themselves, when one of them is an error.
    pub fn into_result<T>(self, value: T) -> Result<(T, Diagnostics), Diagnostics> {
        if self.has_errors() {
            Err(self)
        } else {
            Ok((value, self))
        }
    }
}

fn key(diagnostic: &Diagnostic) -> Option<(&str, usize, &'static str)> {
    let location = diagnostic.location.as_ref()?;
    Some((location.file.name(), location.span.start, diagnostic.code))
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            list: vec![diagnostic],
        }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// The known name nearest to a misspelt one, if it is near enough to be meant.
///
/// The bound (a third of the length, at least one edit) is tighter than docker/dockerfile's fixed two edits for short
/// names, where two edits turn any name into any other.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let limit = (length / 3).max(1);
    known
        .into_iter()
        .filter(|candidate| {
            length <= LONGEST_WORD && candidate.chars().count().abs_diff(length) <= limit
        })
        .map(|candidate| {
            (
                distance(&name.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// No suggestion for longer words: comparing takes the square of the length, and nobody misspells one.
const LONGEST_WORD: usize = 64;

/// Edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceFile, Span};

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["entrypoint", "env", "expose", "user", "base"];
        assert_eq!(nearest("entry-point", known), Some("entrypoint"));
        assert_eq!(nearest("exopse", known), Some("expose"));
        assert_eq!(nearest("Env", known), Some("env"));
        assert_eq!(nearest("volume", known), None);
        assert_eq!(nearest("bse", known), Some("base"));
    }

    #[test]
    fn diagnostics_come_in_the_order_of_the_file() {
        let file = SourceFile::new("Rust.yaml", "a\nb\n");
        let mut all = Diagnostics::default();
        all.push(Diagnostic::error("second", "b").at(file.at(Span::new(2, 3))));
        all.push(
            Diagnostic::warning("first", "a")
                .at(file.at(Span::new(0, 1)))
                .help("write c"),
        );
        assert!(all.has_errors());
        let lines: Vec<String> = all.sorted().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["Rust.yaml:1: a: write c", "Rust.yaml:2: b"]);
    }
}
