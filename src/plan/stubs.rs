//! The removal of what stubs left in a target directory, so that cargo compiles the real packages.

use super::toolchain::Toolchain;
use super::{Exec, Input, Mount, MountKind, Op, Output, Plan, Role, TARGET_DIR, dependencies};
use crate::recipe::{Recipe, StubPackage};
use std::collections::BTreeSet;

/// Removes the fingerprints of packages: Cargo takes an artefact without its fingerprint as never built. Other
/// scripts go on from here; the bytes are part of cache keys.
///
/// Arguments: the directories of the target directory, then the packages, as words of one argument each. One process
/// for all of them: an engine would mount all layers below for each change of a file step. Since Cargo 1.100 a package
/// has one directory for all of it; before, its fingerprints were in one that ends with sixteen hex digits (cargo,
/// src/compiler/layout.rs).
pub(super) const FORGET: &str = "\
#!/bin/sh
set -eu
dirs=$1 stubs=$2
shift 2
hex=[0-9a-f][0-9a-f][0-9a-f][0-9a-f]
hex=$hex$hex$hex$hex
for dir in $dirs; do
  stale=
  for stub in $stubs; do
    stale=\"$stale /target/$dir/.fingerprint/$stub-$hex /target/$dir/build/$stub\"
  done
  rm -rf $stale
done
";

/// Follows [`FORGET`]. Arguments: the executables.
const PROGRAMS: &str = "\
for dir in $dirs; do
  for program in \"$@\"; do rm -f \"/target/$dir/$program\"; done
done
";

/// The first arguments of a script that begins with [`FORGET`].
///
/// The fingerprints of a stub that shares its name with an external crate cannot be told from that crate's.
pub(super) fn forget<'a>(
    plan: &Plan,
    profile: &str,
    stubs: impl IntoIterator<Item = &'a StubPackage>,
) -> [String; 2] {
    let stubs = stubs.into_iter().filter(|stub| !stub.shares_name);
    let names: Vec<&str> = stubs.map(|stub| stub.name.as_str()).collect();
    [dirs(plan, profile), names.join(" ")]
}

/// The directories of a profile's artefacts in the target directory, as words: for the target and for what runs while
/// compiling.
pub(super) fn dirs(plan: &Plan, profile: &str) -> String {
    let profile = dependencies::profile_dir(profile);
    format!("{}/{profile} {profile}", plan.triple)
}

/// Adds the step that takes everything that the stubs left out of a target directory.
pub(super) fn removal(
    plan: &mut Plan,
    input: &Input<'_>,
    toolchain: &Toolchain,
    recipe: &Recipe,
    target: Output,
) -> Output {
    if recipe.stubs.is_empty() {
        return target;
    }
    let (script, path) = plan.script("forget", &[FORGET, PROGRAMS].concat());
    let mut args = vec![path];
    args.extend(forget(plan, &input.selection.profile, &recipe.stubs));
    let programs = recipe.stubs.iter().flat_map(StubPackage::executables);
    let programs: BTreeSet<&str> = programs.collect();
    args.extend(programs.into_iter().map(str::to_owned));
    let exec = Exec {
        args,
        env: toolchain.env.clone(),
        cwd: "/".into(),
        mounts: vec![
            Mount::new("/", MountKind::Output(Some(toolchain.root.clone()))),
            Mount::new(TARGET_DIR, MountKind::Output(Some(target))),
            script,
        ],
        ..Exec::default()
    };
    let name = "stub removal".into();
    let step = plan.push(Role::StubRemoval, name, Op::Exec(exec), None);
    Output::at(step, TARGET_DIR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_hold_the_constant_that_they_repeat() {
        for script in [FORGET, PROGRAMS] {
            assert!(script.contains(&format!("{TARGET_DIR}/$dir/")));
        }
    }
}
