//! Files of the repository that tests make or compare with. The integration tests have this file, too.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read and rewrite files of the repository"
)]

use std::fs;
use std::path::Path;

/// Compares a file of the repository with what it ought to be: `UPDATE=1 cargo test` rewrites it.
#[track_caller]
pub(crate) fn check(path: impl AsRef<Path>, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, fresh).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == fresh,
        "{} is stale: UPDATE=1 cargo test rewrites it\n{fresh}",
        path.display()
    );
}
