//! Taking everything away again.

use std::fs;

use anyhow::Result;

use super::{Flavour, State, daemon, registry};

/// Stops what runs, then removes the whole folder.
pub(crate) fn purge(state: &State) -> Result<()> {
    let _lock = state.lock()?;
    for flavour in Flavour::ALL {
        daemon::stop(state, flavour)?;
    }
    registry::down(state)?;
    // The lock stays: whoever waits for it would else hold a file that no one else sees.
    for entry in fs::read_dir(state.dir())? {
        let entry = entry?;
        if entry.file_name() != "lock" {
            state.remove(&entry.path())?;
        }
    }
    Ok(())
}
