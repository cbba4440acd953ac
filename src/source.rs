//! Text that a user wrote, and places in it.
//!
//! Knows no format: a [`SourceFile`] may be YAML, TOML or an ignore file.

mod links;
mod tree;

use links::Links;
pub use tree::{Entry, EntryKind, Needs, SourceTree};

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file of the build context, whole, with the name that its user knows it by.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceFile {
    inner: Arc<Inner>,
}

#[derive(PartialEq, Eq)]
struct Inner {
    name: String,
    text: String,
    /// Byte offset of the start of each line; the first is always 0.
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// A file called `name` (a path relative to the build context, with `/`) that holds `text`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(i, _)| i + 1))
            .collect();
        Self {
            inner: Arc::new(Inner {
                name: name.into(),
                text,
                line_starts,
            }),
        }
    }

    /// The path relative to the build context, with `/`.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// Line (1-based) and character (0-based, in bytes) of a byte offset; an offset past the end is
    /// that of the end.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.inner.text.len());
        let line = self
            .inner
            .line_starts
            .partition_point(|start| *start <= offset);
        Position {
            line,
            character: offset - self.inner.line_starts[line - 1],
        }
    }

    /// The span of a whole line (1-based) without its line end; `None` past the last line.
    pub fn line_span(&self, line: usize) -> Option<Span> {
        let start = *self.inner.line_starts.get(line.checked_sub(1)?)?;
        let end = self
            .inner
            .line_starts
            .get(line)
            .map_or(self.inner.text.len(), |next| next - 1);
        Some(Span::new(start, end.max(start)))
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &str {
        self.inner.text.get(span.range()).unwrap_or_default()
    }

    /// A place in this file.
    pub fn at(&self, span: Span) -> Location {
        Location {
            file: self.clone(),
            span,
        }
    }

    /// [`Self::at`], or the place of what is not written anywhere in it.
    pub fn place(&self, span: Option<Span>) -> Location {
        span.map_or_else(|| self.whole(), |span| self.at(span))
    }

    /// A place for the whole file: its first line.
    pub fn whole(&self) -> Location {
        self.at(self.line_span(1).unwrap_or_default())
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SourceFile({:?}, {} bytes)",
            self.name(),
            self.text().len()
        )
    }
}

/// A byte range in a [`SourceFile`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The same as a range of bytes.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A line (1-based) and a character in it (0-based), as BuildKit's `pb.Position` counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// 1-based.
    pub line: usize,
    /// 0-based, in bytes.
    pub character: usize,
}

/// A span together with the file that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub file: SourceFile,
    /// Where in it.
    pub span: Span,
}

impl Location {
    /// Where it starts.
    pub fn start(&self) -> Position {
        self.file.position(self.span.start)
    }

    /// Where it ends.
    pub fn end(&self) -> Position {
        self.file.position(self.span.end)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.name(), self.start().line)
    }
}

/// A value and the place that it was written at.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// `None` for a default that nobody wrote.
    pub span: Option<Span>,
}

impl<T> Spanned<T> {
    /// A value that stands at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self {
            value,
            span: Some(span),
        }
    }

    /// A default: a value that nobody wrote.
    pub fn unwritten(value: T) -> Self {
        Self { value, span: None }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// Two values are equal wherever they stand.
impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
impl<T: Eq> Eq for Spanned<T> {}

/// Joins two context paths: `dir` may be empty, `path` may hold `.` and `..` components.
///
/// `None` when the result is outside the build context.
pub fn join(dir: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a path is that of a directory or in it; all context paths are in the root, which is empty.
pub fn is_in(path: &str, dir: &str) -> bool {
    let rest = path.strip_prefix(dir);
    dir.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The last component of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The directory that a context path is in; empty for the root.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_from_one() {
        let file = SourceFile::new("a", "one\ntwo\n");
        let at = |offset| (file.position(offset).line, file.position(offset).character);
        assert_eq!(
            [at(0), at(3), at(4), at(7), at(8), at(99)],
            [(1, 0), (1, 3), (2, 0), (2, 3), (3, 0), (3, 0)]
        );
        assert_eq!(file.slice(file.line_span(2).unwrap()), "two");
        assert_eq!(file.line_span(4), None);
    }

    #[test]
    fn joined_paths_stay_in_the_context() {
        assert_eq!(join("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("a", "..").as_deref(), Some(""));
        assert_eq!(join("", "../x"), None);
        assert_eq!(join("a", "/x"), None);
    }

    #[test]
    fn a_directory_is_in_itself_and_not_in_one_that_begins_like_it() {
        for (path, dir) in [
            ("a", "a"),
            ("a/b", "a"),
            ("a", ""),
            ("", ""),
            ("/a/b", "/a"),
        ] {
            assert!(is_in(path, dir), "{path} {dir}");
        }
        for (path, dir) in [("ab", "a"), ("a", "a/b"), ("", "a")] {
            assert!(!is_in(path, dir), "{path} {dir}");
        }
    }
}
