//! Runs planning, which does no I/O, until it has all the files that it asked for.

use super::{DirEntry, Failure, MAX_TEXT, Ref};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Entry, EntryKind, Needs, SourceFile, SourceTree, Span};
use tokio::task::JoinSet;

/// Reads in flight; the engine takes 250 streams of one connection.
const CONCURRENT: usize = 64;

/// Runs of planning; each must learn of at least one path, so this is a guard, not a limit.
const ROUNDS: usize = 1000;

/// What was read.
enum Found {
    File(String, Option<Vec<u8>>),
    Dir(String, Vec<DirEntry>),
}

enum Wanted {
    File(String),
    Dir(String),
}

/// Calls `plan` with what is known of the files of `reference`, adds what it asked for, and calls
/// it again until it asks for nothing: then its answer and the files are returned.
///
/// What does not exist is absent for planning; links are followed by the engine, inside the filesystem.
/// `tree` may be empty or already know some files, such as those of [`super::listed`].
///
/// # Errors
/// [`Failure::User`] for files that are not UTF-8 text or too large, all that one round found; else
/// the engine's answer.
pub async fn read_tree<T>(
    reference: &Ref,
    mut tree: SourceTree,
    mut plan: impl FnMut(&SourceTree) -> T,
) -> Result<(T, SourceTree), Failure> {
    for _ in 0..ROUNDS {
        let made = plan(&tree);
        let needs = tree.take_needs();
        if needs.is_empty() {
            return Ok((made, tree));
        }
        let mut wrong = Diagnostics::default();
        for found in fetch(reference, needs).await? {
            match found {
                Found::Dir(path, entries) => add_dir(&mut tree, path, entries),
                Found::File(path, None) => tree.add_file(path, None),
                Found::File(path, Some(data)) => match text(&path, data) {
                    Ok(file) => tree.add_file(path, Some(file.text().to_owned())),
                    Err(mistake) => wrong.push(mistake),
                },
            }
        }
        if wrong.has_errors() {
            return Err(wrong.into());
        }
    }
    Err(Failure::Internal(
        "planning asks for files without end".into(),
    ))
}

fn add_dir(tree: &mut SourceTree, path: String, entries: Vec<DirEntry>) {
    let mut known = Vec::new();
    for entry in entries {
        let Some(kind) = entry.kind() else {
            continue;
        };
        if kind == EntryKind::Symlink
            && let Some(link) = crate::source::join(&path, &entry.name)
        {
            tree.add_link(&link, &entry.linkname);
        }
        let name = entry.name;
        known.push(Entry { name, kind });
    }
    tree.add_dir(path, known);
}

/// All of `needs`, some at a time, in the order of their paths.
async fn fetch(reference: &Ref, needs: Needs) -> Result<Vec<Found>, Failure> {
    let dirs = needs.dirs.into_iter().map(Wanted::Dir);
    let files = needs.files.into_iter().map(Wanted::File);
    let mut wanted = dirs.chain(files).enumerate();
    let mut running = JoinSet::new();
    let mut found = Vec::new();
    loop {
        while running.len() < CONCURRENT
            && let Some((index, want)) = wanted.next()
        {
            let reference = reference.clone();
            running.spawn(async move { (index, read(&reference, want).await) });
        }
        match running.join_next().await {
            // Leaving early drops the others, which cancels their calls.
            Some(Ok((index, made))) => found.push((index, made?)),
            Some(Err(error)) => return Err(Failure::Internal(error.to_string())),
            None => break,
        }
    }
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

async fn read(reference: &Ref, want: Wanted) -> Result<Found, Failure> {
    match want {
        Wanted::File(path) => {
            let data = reference.try_read_file(&path, MAX_TEXT).await?;
            Ok(Found::File(path, data))
        }
        Wanted::Dir(path) => {
            let asked = if path.is_empty() { "." } else { &path };
            let entries = match reference.read_dir(asked, "").await {
                Ok(entries) => entries,
                Err(failure) if failure.is_absent() => Vec::new(),
                Err(failure) => return Err(failure),
            };
            Ok(Found::Dir(path, entries))
        }
    }
}

/// A file of the user's as text.
///
/// # Errors
/// That it is not UTF-8, with its line: replacement characters stand for what cannot be shown.
pub fn text(path: &str, data: Vec<u8>) -> Result<SourceFile, Diagnostic> {
    let error = match String::from_utf8(data) {
        Ok(text) => return Ok(SourceFile::new(path, text)),
        Err(error) => error,
    };
    let offset = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(offset).copied().unwrap_or_default();
    let message = format!("`{path}` is not UTF-8 text: byte {byte:#04x} at offset {offset}");
    let file = SourceFile::new(path, String::from_utf8_lossy(error.as_bytes()));
    let place = file.at(Span::new(offset, offset + '\u{fffd}'.len_utf8()));
    Err(Diagnostic::error("not-utf-8", message)
        .at(place)
        .help("save it as UTF-8"))
}
