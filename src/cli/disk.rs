//! The project on the disk.

#![expect(
    clippy::disallowed_methods,
    reason = "the command line is the part that touches the disk"
)]

use super::Trouble;
use crate::ignorefile;
use crate::source::{Entry, EntryKind, SourceFile, SourceTree, join};
use std::fs;
use std::path::Path;

/// Calls `plan` with what is known of the files below `dir`, but for those that patterns leave out, until it asks for
/// nothing more.
pub(super) fn read_tree<T>(
    dir: &Path,
    ignored: &[String],
    mut plan: impl FnMut(&SourceTree) -> T,
) -> Result<(T, SourceTree), Trouble> {
    let mut tree = SourceTree::default();
    loop {
        let made = plan(&tree);
        let needs = tree.take_needs();
        if needs.is_empty() {
            return Ok((made, tree));
        }
        for path in needs.files {
            let is_there = !ignorefile::is_ignored(ignored, &path);
            let text = match is_there && is_below(dir, &path) {
                true => read(&dir.join(&path))?,
                false => None,
            };
            tree.add_file(path, text);
        }
        for path in needs.dirs {
            let mut entries = list(&dir.join(&path));
            // What is in a directory may be re-included.
            let keeps = ignored.iter().any(|pattern| pattern.starts_with('!'));
            entries.retain(|entry| {
                let below = join(&path, &entry.name).unwrap_or_default();
                (keeps && entry.kind == EntryKind::Dir) || !ignorefile::is_ignored(ignored, &below)
            });
            tree.add_dir(path, entries);
        }
    }
}

/// Whether a path of the project is a file in it: no link out of it and no device, as in a build context.
fn is_below(dir: &Path, path: &str) -> bool {
    let (Ok(dir), Ok(path)) = (fs::canonicalize(dir), fs::canonicalize(dir.join(path))) else {
        return false;
    };
    path.starts_with(dir) && path.is_file()
}

fn list(dir: &Path) -> Vec<Entry> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let entry = |entry: fs::DirEntry| {
        let kind = entry.file_type().ok()?;
        let kind = match kind {
            kind if kind.is_dir() => EntryKind::Dir,
            kind if kind.is_symlink() => EntryKind::Symlink,
            _ => EntryKind::File,
        };
        let name = entry.file_name().into_string().ok()?;
        Some(Entry { name, kind })
    };
    entries.filter_map(entry).collect()
}

/// A text file; `None` if there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>, Trouble> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) => match error.kind() {
            std::io::ErrorKind::NotFound
            | std::io::ErrorKind::IsADirectory
            | std::io::ErrorKind::NotADirectory => Ok(None),
            _ => Err(Trouble::Io(format!("{}: {error}", path.display()))),
        },
    }
}

/// The spec: the file that was named, else `Rust.yaml`, else what the syntax line alone would be.
pub(super) fn spec(dir: &Path, file: Option<&Path>) -> Result<SourceFile, Trouble> {
    match file {
        Some(path) => named(dir, path),
        None => {
            let text = read(&dir.join("Rust.yaml"))?;
            Ok(SourceFile::new("Rust.yaml", text.unwrap_or_default()))
        }
    }
}

/// The Dockerfile that a spec replaces: the file that was named, else `Dockerfile` if there is one.
pub(super) fn dockerfile(dir: &Path, file: Option<&Path>) -> Result<Option<SourceFile>, Trouble> {
    match file {
        Some(path) => named(dir, path).map(Some),
        None => {
            let text = read(&dir.join("Dockerfile"))?;
            Ok(text.map(|text| SourceFile::new("Dockerfile", text)))
        }
    }
}

/// A file that must be there.
fn named(dir: &Path, path: &Path) -> Result<SourceFile, Trouble> {
    let missing = || Trouble::Io(format!("{}: no such file", path.display()));
    let text = read(path)?.ok_or_else(missing)?;
    let shown = path.strip_prefix(dir).unwrap_or(path);
    Ok(SourceFile::new(shown.to_string_lossy(), text))
}

/// The patterns of the ignore file: the spec's own, else the context's.
pub(super) fn ignored(dir: &Path, spec: &str) -> Result<Vec<String>, Trouble> {
    for name in [format!("{spec}.dockerignore"), ".dockerignore".to_owned()] {
        if let Some(text) = read(&dir.join(&name))?.filter(|text| !text.is_empty()) {
            return Ok(ignorefile::read(&SourceFile::new(name, text))?);
        }
    }
    Ok(vec![])
}

/// Writes a file that is not there yet.
pub(super) fn create(path: &Path, text: &str) -> Result<(), Trouble> {
    if path.exists() {
        return Err(Trouble::Io(format!("{} exists already", path.display())));
    }
    fs::write(path, text).map_err(|error| Trouble::Io(format!("{}: {error}", path.display())))
}
