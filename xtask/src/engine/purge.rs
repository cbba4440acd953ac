//! Taking everything away again.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::{EngineName, State, daemon, registry, state};
use crate::bench::MEASUREMENTS;

/// Stops what runs, then removes what is ours in the folder, what was measured only if that is said.
pub(crate) fn purge(state: &State, measurements: bool) -> Result<()> {
    let _turn = state.turn()?;
    let _lock = state.lock()?;
    for engine in EngineName::ALL {
        daemon::stop(state, engine)?;
    }
    registry::down(state)?;
    let ours = ours(state, measurements)?;
    ours.iter().try_for_each(|path| state.remove(path))
}

/// What to remove.
fn ours(state: &State, measurements: bool) -> Result<Vec<PathBuf>> {
    let mut ours = vec![];
    for entry in fs::read_dir(state.dir())? {
        let entry = entry?;
        let name = entry.file_name();
        match name.to_str() {
            _ if !state::is_ours(&name) => {}
            // Whoever waits for one would else hold a file that no one else sees.
            Some(lock) if state::LOCKS.contains(&lock) => {}
            Some("bench") if !measurements => {
                for entry in fs::read_dir(entry.path())? {
                    let entry = entry?;
                    if entry.file_name() != OsStr::new(MEASUREMENTS) {
                        ours.push(entry.path());
                    }
                }
            }
            _ => ours.push(entry.path()),
        }
    }
    Ok(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state folder with something in it, gone when the test has ended.
    struct Folder(State);

    impl Folder {
        fn with(name: &str, files: &[&str]) -> Self {
            let name = format!("rust-frontend-purge-{name}-{}", std::process::id());
            let state = State::at(&std::env::temp_dir().join(name)).unwrap();
            for file in files {
                let file = state.dir().join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, "").unwrap();
            }
            Self(state)
        }

        fn remove(&self, measurements: bool) {
            for path in ours(&self.0, measurements).unwrap() {
                self.0.remove(&path).unwrap();
            }
        }

        fn names(&self, dir: &str) -> Vec<String> {
            let entries = fs::read_dir(self.0.dir().join(dir)).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(self.0.dir());
        }
    }

    const FILES: [&str; 6] = [
        "turn",
        "data-classic/image",
        "cargo-deny-1.2.3/bin/cargo-deny",
        "bench/measurements.jsonl",
        "bench/builds/file",
        "target/1/file",
    ];

    #[test]
    fn what_was_measured_stays_unless_it_is_to_go() {
        let folder = Folder::with("measured", &FILES);
        folder.remove(false);
        assert_eq!(folder.names(""), ["bench", "lock", "turn"]);
        assert_eq!(folder.names("bench"), [MEASUREMENTS]);
        folder.remove(true);
        assert_eq!(folder.names(""), ["lock", "turn"]);
    }

    #[test]
    fn what_has_come_since_and_is_not_ours_stays() {
        let folder = Folder::with("foreign", &FILES);
        for name in ["letters", "data-mine"] {
            fs::create_dir(folder.0.dir().join(name)).unwrap();
        }
        folder.remove(true);
        assert_eq!(folder.names(""), ["data-mine", "letters", "lock", "turn"]);
    }
}
