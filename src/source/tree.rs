//! What planning may see of a build context.

use super::{Links, SourceFile, file_name, is_in, parent};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

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
/// by [`read`](Self::read) and [`list`](Self::list); what is not known yet is taken as absent and is
/// noted. Whoever does the I/O takes the notes ([`take_needs`](Self::take_needs)), adds the answers
/// and runs planning again, until no note is left.
#[derive(Clone, Debug, Default)]
pub struct SourceTree {
    files: BTreeMap<String, Option<SourceFile>>,
    dirs: BTreeMap<String, Vec<Entry>>,
    /// Whether `dirs` has every directory there is.
    listed: bool,
    links: Links,
    /// Where the files of each named context are that replaces no directory of the context, by name.
    named: BTreeMap<String, String>,
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

    /// The same tree, where the files of named contexts are in these directories.
    pub fn with_named(mut self, named: BTreeMap<String, String>) -> Self {
        self.named = named;
        self
    }

    /// The directory with the files of a named context that replaces no directory of the context.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(String::as_str)
    }

    /// The directory of [`named`](Self::named) that `dir` is or is in.
    pub fn named_above(&self, dir: &str) -> Option<&str> {
        let mut named = self.named.values();
        named.find(|named| is_in(dir, named)).map(String::as_str)
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

    /// The paths of the links that are known.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        self.links.paths()
    }

    /// Whether a path is known to be a link.
    pub fn is_link(&self, path: &str) -> bool {
        self.links.has(path)
    }

    /// A path without the links in it, as far as they are known. Copies from a build context follow none.
    pub fn real(&self, path: &str) -> String {
        self.links.real(path)
    }

    /// The files that were asked for and not found.
    pub fn absent(&self) -> impl Iterator<Item = &str> {
        let absent = self.files.iter().filter(|(_, file)| file.is_none());
        absent.map(|(path, _)| path.as_str())
    }

    /// Lets a file be asked for once more.
    pub fn forget(&mut self, path: &str) {
        self.files.remove(path);
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
