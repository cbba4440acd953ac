//! Text that a user wrote, and places in it.
//!
//! Knows no format: a [`SourceFile`] may be YAML, TOML or an ignore file.

mod links;

use links::Links;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
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

/// What a name in a directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link (not followed).
    Symlink,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The last component of its path.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What planning may see of a build context: the files and directory listings that it asked for.
///
/// Planning is a pure function of this value and may run before everything it needs is there. It asks
/// by [`read`](Self::read) and [`list`](Self::list); what is not known yet counts as absent and is
/// noted. Whoever does the I/O takes the notes ([`take_needs`](Self::take_needs)), adds the answers
/// and runs planning again, until no note is left.
#[derive(Clone, Debug, Default)]
pub struct SourceTree {
    files: BTreeMap<String, Option<SourceFile>>,
    dirs: BTreeMap<String, Vec<Entry>>,
    /// Whether `dirs` has every directory there is.
    listed: bool,
    links: Links,
    needs: RefCell<Needs>,
}

/// What a run of planning asked for and did not get. Paths are relative to the build context, with
/// `/`; the context's root is the empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Files whose text is wanted.
    pub files: BTreeSet<String>,
    /// Directories whose names are wanted.
    pub dirs: BTreeSet<String>,
}

impl Needs {
    /// Whether planning had everything.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.dirs.is_empty()
    }
}

impl SourceTree {
    /// A tree that knows all of `files` (path, text) and that there is nothing else.
    pub fn complete<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut tree = Self::default();
        let mut dirs: BTreeMap<String, BTreeSet<Entry>> = BTreeMap::new();
        dirs.entry(String::new()).or_default();
        for (path, text) in files {
            tree.add_file(path, Some(text.to_owned()));
            let mut kind = EntryKind::File;
            let mut rest = path;
            loop {
                let (dir, name) = rest.rsplit_once('/').unwrap_or(("", rest));
                dirs.entry(dir.to_owned()).or_default().insert(Entry {
                    name: name.into(),
                    kind,
                });
                if dir.is_empty() {
                    break;
                }
                (rest, kind) = (dir, EntryKind::Dir);
            }
        }
        for (dir, entries) in dirs {
            tree.add_dir(dir, entries.into_iter().collect());
        }
        tree
    }

    /// A tree that knows all names (each with the directory that it is in) and no file's text.
    pub fn listed(names: impl IntoIterator<Item = (String, Entry)>) -> Self {
        let mut tree = Self {
            listed: true,
            ..Self::default()
        };
        for (dir, entry) in names {
            tree.dirs.entry(dir).or_default().push(entry);
        }
        tree.dirs.values_mut().for_each(|entries| entries.sort());
        tree
    }

    /// Adds what another tree knows.
    pub fn extend(&mut self, other: Self) {
        self.files.extend(other.files);
        self.dirs.extend(other.dirs);
        self.links.extend(other.links);
        self.listed |= other.listed;
    }

    /// The file at `path`; `None` when there is none, or when that is not known yet.
    pub fn read(&self, path: &str) -> Option<&SourceFile> {
        let path = &*self.real(path);
        match self.files.get(path) {
            Some(file) => file.as_ref(),
            None if self.listed && !self.has(parent(path), file_name(path)) => None,
            None => {
                self.needs.borrow_mut().files.insert(path.to_owned());
                None
            }
        }
    }

    /// The names in the directory `path`, sorted; empty when there is none, or when that is not known
    /// yet.
    pub fn list(&self, path: &str) -> &[Entry] {
        let path = &*self.real(path);
        match self.dirs.get(path) {
            Some(entries) => entries,
            None if self.listed => &[],
            None => {
                self.needs.borrow_mut().dirs.insert(path.to_owned());
                &[]
            }
        }
    }

    /// Whether `dir` holds something called `name`, by its listing.
    pub fn has(&self, dir: &str, name: &str) -> bool {
        self.entry(dir, name).is_some()
    }

    /// The entry called `name` of `dir`, by its listing.
    pub fn entry(&self, dir: &str, name: &str) -> Option<&Entry> {
        let entries = self.list(dir);
        let at = entries
            .binary_search_by(|entry| entry.name.as_str().cmp(name))
            .ok()?;
        entries.get(at)
    }

    /// Adds what a symbolic link says, by its own path.
    pub fn add_link(&mut self, path: &str, says: &str) {
        self.links.add(path, says);
    }

    /// A path without the links in it, as far as they are known. Copies from a build context follow none.
    pub fn real(&self, path: &str) -> String {
        self.links.real(path)
    }

    /// Takes the notes of what was asked for and not known.
    pub fn take_needs(&self) -> Needs {
        self.needs.take()
    }

    /// Adds a file's text, or that there is no such file.
    pub fn add_file(&mut self, path: impl Into<String>, text: Option<String>) {
        let path = path.into();
        let file = text.map(|text| SourceFile::new(path.clone(), text));
        self.files.insert(path, file);
    }

    /// Adds a directory's names (empty for one that does not exist).
    pub fn add_dir(&mut self, path: impl Into<String>, mut entries: Vec<Entry>) {
        entries.sort();
        self.dirs.insert(path.into(), entries);
    }

    /// Fills in everything planning needs with what this tree knows, taking the rest as absent: for
    /// trees that are [`complete`](Self::complete).
    pub fn close(&mut self) {
        let needs = self.take_needs();
        for path in needs.files {
            self.files.entry(path).or_insert(None);
        }
        for path in needs.dirs {
            self.dirs.entry(path).or_default();
        }
    }
}

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

/// The last component of a context path.
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
    fn an_incomplete_tree_notes_what_it_was_asked_for() {
        let mut tree = SourceTree::default();
        assert!(tree.read("Cargo.toml").is_none());
        assert!(tree.list("src").is_empty());
        let needs = tree.take_needs();
        assert_eq!((needs.files.len(), needs.dirs.len()), (1, 1));
        tree.add_file("Cargo.toml", None);
        tree.add_dir("src", vec![]);
        assert!(tree.read("Cargo.toml").is_none() && tree.list("src").is_empty());
        assert!(tree.take_needs().is_empty());
    }

    #[test]
    fn a_complete_tree_lists_its_directories() {
        let tree = SourceTree::complete([("a/b/c.rs", ""), ("a/d", ""), ("e", "")]);
        let names = |dir| {
            tree.list(dir)
                .iter()
                .map(|e| (e.name.as_str(), e.kind))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(""), [("a", EntryKind::Dir), ("e", EntryKind::File)]);
        assert_eq!(names("a"), [("b", EntryKind::Dir), ("d", EntryKind::File)]);
        assert_eq!(names("a/b"), [("c.rs", EntryKind::File)]);
    }

    #[test]
    fn joined_paths_stay_in_the_context() {
        assert_eq!(join("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("a", "..").as_deref(), Some(""));
        assert_eq!(join("", "../x"), None);
        assert_eq!(join("a", "/x"), None);
    }
}
