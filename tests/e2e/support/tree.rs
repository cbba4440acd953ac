//! A folder of the tests' own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::nonce;

/// A folder that is gone when the test has ended.
pub(crate) struct Tree {
    root: PathBuf,
}

impl Tree {
    /// An empty folder, in the target folder: an engine that was started for this checkout sees it.
    pub(crate) fn empty() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(nonce());
        fs::create_dir_all(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
        Self { root }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.root
    }

    /// All regular files below it, with their sizes.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, u64> {
        let mut files = BTreeMap::new();
        walk(&self.root, &mut |path, metadata| {
            let name = path.strip_prefix(&self.root).expect("below the root");
            files.insert(name.to_owned(), metadata.len());
        });
        files
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // What is left behind is in the target folder.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// Calls `visit` for each regular file below `dir`; cargo's target folders are not part of a project.
pub(crate) fn walk(dir: &Path, visit: &mut dyn FnMut(&Path, &fs::Metadata)) {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let metadata = path.symlink_metadata().expect("an existing file");
        if metadata.is_dir() && !path.ends_with("target") {
            walk(&path, visit);
        } else if metadata.is_file() {
            visit(&path, &metadata);
        }
    }
}
