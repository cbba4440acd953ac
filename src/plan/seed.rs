//! The seed of a dependency step: what the last such step on this builder compiled, kept in a cache mount.
//!
//! The step is the same without it: cargo takes what is fresh and compiles the rest, and what comes out holds the
//! units of this build and no others. So the seed changes how long the step takes, never its result.
//!
//! - A seed is one archive, named by the hash of its bytes and put into place by a rename: one that is half written,
//!   damaged or taken away while it is read is not used.
//! - It has external units only, which cargo's own messages name. Stubs, patched crates of the project and what
//!   depends on them are compiled each time.
//! - It is used only if the files (names, sizes, times) of the build environment are the same, and if no crate has
//!   another checksum in the lock for the same version: cargo would notice neither.
//! - All its files get one time, older than what is compiled now. Whatever depends on something that is compiled
//!   again is compiled again, too, even if the machine's clock was set back in between.
//! - A build script that runs again although its unit was in the seed runs once more in an empty directory.
//! - Builds at the same time do not wait for each other; the last one to end leaves the seed of the next.

use super::{Exec, Input, Mount, MountKind, Plan, WORK_DIR, stubs};
use crate::recipe::Recipe;
use crate::source::join;
use sha2::{Digest, Sha256};

/// Where the cache is mounted.
const SEED: &str = "/seed";

/// Runs cargo over the seed and leaves a new one. Arguments: the name of this command's seeds, the directories of
/// the target directory, the lock, then cargo's. The bytes are part of cache keys.
///
/// `fits` takes a seed in, `again` are build scripts that ran although they were in it, `live` is what belongs to
/// this build. If there is no seed of the same command, that of a similar one is taken; three are kept.
const SCRIPT: &str = include_str!("seed.sh");

/// Flags that may differ between two commands whose seeds can serve each other; `true` if a value follows the flag.
const SIMILAR: [(&str, bool); 3] = [
    ("--bin", true),
    ("--features", true),
    ("--no-default-features", false),
];

/// Makes a step that compiles external crates start from the seed, unless there is a reason not to.
pub(super) fn sown(plan: &mut Plan, input: &Input<'_>, recipe: &Recipe, mut exec: Exec) -> Exec {
    if !input.abilities.seed || !input.image.build.seed.value || recipe.external_packages == 0 {
        return exec;
    }
    if let Some(reason) = unsafe_for(input, &exec) {
        plan.note(Some(format!(
            "after a change of dependencies, all of them are compiled: {reason}"
        )));
        return exec;
    }
    let (id, slot) = names(recipe, &exec);
    let lock = join(&input.project.root, "Cargo.lock").unwrap_or_default();
    let (script, path) = plan.script("seed", SCRIPT);
    // The script calls cargo itself.
    let cargo = exec.args.split_off(1);
    exec.args = vec![
        path,
        slot,
        stubs::dirs(plan, &input.selection.profile),
        format!("{WORK_DIR}/{lock}"),
    ];
    exec.args.extend(cargo);
    let cache = MountKind::Cache { id, locked: false };
    exec.mounts.extend([script, Mount::new(SEED, cache)]);
    exec
}

/// Why cargo could take something of a seed for fresh that is not, or why what a step makes must not be kept.
fn unsafe_for(input: &Input<'_>, exec: &Exec) -> Option<&'static str> {
    let secret = |mount: &Mount| matches!(mount.kind, MountKind::Secret { .. });
    if !exec.secret_env.is_empty() || exec.mounts.iter().any(secret) {
        return Some("what is compiled with secrets is not kept for other builds");
    }
    let configs = &input.project.configs;
    let local = configs.iter().any(|config| !config.paths.is_empty());
    local
        .then_some("cargo's configuration names files of the project, which cargo does not compare")
}

/// The cache's id and the seed's name in it. Both are made of what is in the step's key anyway.
fn names(recipe: &Recipe, exec: &Exec) -> (String, String) {
    let mut alike: Vec<&str> = vec![];
    let mut args = exec.args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        match SIMILAR.iter().find(|(flag, _)| *flag == arg) {
            Some((_, true)) => drop(args.next()),
            Some((_, false)) => {}
            None => alike.push(arg),
        }
    }
    for (name, value) in &exec.env {
        alike.extend([name.as_str(), value.as_str()]);
    }
    alike.extend(recipe.configs.iter().map(|(_, text)| text.as_str()));
    let id = format!("rust-frontend/seed-{}", short_hash(alike));
    (id, short_hash(exec.args.iter().map(String::as_str)))
}

/// 16 hex digits.
pub(super) fn short_hash<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word);
        hash.update([0]);
    }
    let digits = hash.finalize().into_iter().take(8);
    digits.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::TARGET_DIR;

    #[test]
    fn the_script_holds_the_constants_that_it_repeats() {
        for path in [SEED, TARGET_DIR] {
            assert!(SCRIPT.contains(path), "{path}");
        }
    }
}
