//! Local libraries, each compiled in a step of its own: an edit compiles a package and what depends on it.
//!
//! A step compiles one package, a few (see [`partition`]), or one level of the graph. It has the real sources of
//! these packages and of all that they need; everything else is stubs. It starts from the compiled dependencies and
//! what the steps of its local dependencies left, runs the same cargo command as every other step (or one for its own
//! packages, see [`named`]), and leaves the artefacts of its own packages only. So its key is made of its own and its
//! dependencies' sources, and steps that do not need each other run side by side and stay cached side by side. Where
//! crates are compiled in groups, it starts from those that it needs ([`Groups::local`]), and nothing else of the
//! project is in its key.
//!
//! Such a step is an accelerator. Where a package turns out to read the Rust sources of one that it does not depend
//! on (and finds none, or stubs), its step says so and leaves it to the compile step, which has all files; a mistake
//! in any other sources fails at once. A package whose sources name a stamp is left to the compile step, too: only
//! that step knows stamps, and cargo would not run a build script again that read one without saying so.

mod named;
mod partition;

use super::crates::{Apart, Groups};
use super::dependencies::{self, Crates, Stubbed};
use super::stubs::{self, FORGET};
use super::{Exec, Input, Mount, MountKind, Op, Output, Plan, Role, names, secrets, seed, sources};
use crate::diagnostic::Diagnostics;
use crate::project::{Project, TargetKind};
use crate::recipe::{Recipe, Recipes, StubPackage};
use named::Named;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The first level of each group of levels, where there are more than [`partition::MOST`]. Fixed, so that a new member
/// moves no other from group to group.
const LEVELS: [usize; 5] = [0, 1, 2, 3, 5];
/// How many of these steps of one build run at a time: engines start every step that is ready, however little memory
/// there is.
const AT_A_TIME: usize = 4;
/// How many turns (cache mounts that steps lock) there are for all projects on an engine.
const TURNS: usize = 16;
/// Where earlier steps' artefacts are mounted.
const EARLIER: &str = "/local";
/// Where a step leaves its own.
const OWN: &str = "/own";

/// Compiles some local packages; follows [`FORGET`]. The bytes are part of cache keys.
///
/// Arguments: the own packages, their crates, the names of variables that only the compile step has, then cargo's.
/// Directories get the sources' time, because build scripts may watch them.
const LOCAL: &str = r#"own=$1 crates=$2 stamps=$3
shift 3
left() {
  echo "left to the compile step: $1"
  : >/own/.left
  exit 0
}
for mark in /local/*/.left; do
  [ ! -e "$mark" ] || left "it needs one that was"
done
for name in $stamps; do
  ! find /work -type f -name '*.rs' -exec grep -lwF -e "$name" {} + | grep -q . || left "it reads $name"
done
# Of these the step has others than the project.
! find /work -type f -name '*.rs' ! -path '*/tests/*' ! -path '*/benches/*' ! -path '*/examples/*' \
  -exec grep -lE '"[^"]*Cargo\.(toml|lock)|(^|[^[:alnum:]_])(built|cargo_metadata|shadow_rs|vergen)::|MetadataCommand|"(metadata|pkgid)"' {} + |
  grep -q . || left "it reads manifests or the lock"
# Paths that lead to sources of packages that are stubs in this step, or not in it.
elsewhere() {
  find /work -name build.rs -type f ! -path '*/.rust-frontend/*' -exec grep -oE '"[^"]*\.\./[^"]*"' /dev/null {} + |
    while IFS= read -r found; do
      path=${found#*:\"} path=${path%\"} path=${path##*=}
      case $path in
        *.git*) continue ;;
        *[{*]*) path=${path%%[{*]*} path=${path%/*} ;;
      esac
      path=${found%/build.rs:*}/$path
      [ ! -f "$path" ] || continue
      [ -d "$path" ] || { echo "$path" && continue; }
      path=$(cd "$path" && pwd) package=$path
      until [ -z "$package" ] || [ -e "$package/Cargo.toml" ]; do package=${package%/*}; done
      [ -d "$package/.rust-frontend" ] || continue
      case $path in "$package" | "$package/src"*) echo "$path" ;; esac
    done | grep -q .
}
! elsewhere || left "its build script may read sources of packages that it does not need"
earlier=
for crate in /local/*/; do
  [ ! -d "$crate" ] || earlier="$earlier $crate."
done
[ -z "$earlier" ] || cp -af $earlier /target/
find /work -type d -exec touch -d @1153704088 {} +
# BusyBox compares seconds.
touch -d @$(($(date +%s) - 1)) /tmp/start
written() { find /work -type f -newer /tmp/start ! -name Cargo.lock | sort; }
before=$(written)
{ cargo "$@" 2>&1 || : >/tmp/failed; } | tee /tmp/log
if [ -e /tmp/failed ]; then
  ! grep -qE '\(os error (5|12|28)\)' /tmp/log || exit 1
  ! grep -q 'E046[03].* which .* depends on' /tmp/log ||
    left "what it needs was compiled with other artefacts than those that are there"
  if grep -qE "No such file|file not found|couldn't read|\(os error 2\)" /tmp/log ||
    find /work -type f -name '*.rs' -exec grep -lE '"[^"]*\.\./[^"]*\.rs"' {} + | grep -q .; then
    left "it reads files that only this step has"
  fi
  exit 1
fi
[ "$(written)" = "$before" ] || left "its build script writes beside its sources"
for dir in $dirs; do
  [ -d "/target/$dir" ] || continue
  for made in $(find "/target/$dir" -maxdepth 1 -type f -name '?*.*' ! -name '.*' ! -name '*.d' ! -name '*.rlib' -newer /tmp/start); do
    crate=${made##*/lib}
    case " $crates " in *" ${crate%%[-.]*} "*) ;; *) left "its build script writes $made" ;; esac
  done
  for package in $own; do
    for unit in "/target/$dir/build/$package"/$hex; do
      [ -d "$unit" ] && find "$unit" -newer /tmp/start | grep -q . || continue
      mkdir -p "/own/$dir/build/$package"
      cp -af "$unit" "/own/$dir/build/$package/"
    done
  done
  # Before Cargo 1.100 a unit was in three places.
  [ -d "/target/$dir/deps" ] || continue
  mkdir -p "/own/$dir/deps" "/own/$dir/.fingerprint" "/own/$dir/build"
  for package in $own; do
    for made in "/target/$dir/.fingerprint/$package"-$hex "/target/$dir/build/$package"-$hex; do
      [ ! -d "$made" ] || cp -af "$made" "/own/${made#/target/}"
    done
  done
  libraries=
  for made in $(find "/target/$dir/deps" -newer /tmp/start -name 'lib*'); do
    crate=${made##*/lib}
    case " $crates " in
      *" ${crate%%[-.]*} "*) libraries="$libraries $made" ;;
    esac
  done
  [ -z "$libraries" ] || cp -af $libraries "/own/$dir/deps/"
done
"#;

/// What the step of some packages left, as a mount of those that need it.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    mount: Mount,
    /// The step's own packages.
    packages: BTreeSet<usize>,
}

/// The local libraries of a build, in an order in which they can be compiled.
fn groups(project: &Project, closure: &[usize], stubs: &Recipe) -> Vec<BTreeSet<usize>> {
    let stubbed: BTreeSet<usize> = stubs.stubs.iter().map(|stub| stub.package).collect();
    let Some((_, libraries)) = closure.split_last() else {
        return vec![];
    };
    // Packages that are real among the dependencies are compiled with them.
    let libraries: Vec<usize> = libraries
        .iter()
        .copied()
        .filter(|one| stubbed.contains(one))
        .collect();
    if libraries.len() <= partition::MOST {
        let places = |package: &usize| {
            let needed = project.local_dependencies(*package, false);
            let place = |one: &usize| libraries.iter().position(|other| other == one);
            needed.iter().filter_map(place).collect()
        };
        let below: Vec<Vec<usize>> = libraries.iter().map(places).collect();
        let package = |place| libraries[place];
        return partition::steps(&below)
            .into_iter()
            .map(|own| own.into_iter().map(package).collect())
            .collect();
    }
    let mut levels: BTreeMap<usize, usize> = BTreeMap::new();
    let mut groups = vec![BTreeSet::new(); LEVELS.len()];
    for package in libraries {
        let below = project.local_dependencies(package, false);
        let below = below.iter().filter_map(|other| levels.get(other));
        let level = below.max().map_or(0, |level| level + 1);
        levels.insert(package, level);
        let group = LEVELS.partition_point(|first| *first <= level) - 1;
        groups[group].insert(package);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Whether there is more than one such step.
pub(super) fn many(input: &Input<'_>, stubs: &Recipe) -> bool {
    groups(input.project, &input.selection.closure, stubs).len() > 1
}

/// What the steps of local libraries start from.
pub(super) struct Beneath<'a> {
    pub(super) stubbed: &'a Stubbed<'a>,
    /// The target directory with all dependencies.
    pub(super) dependencies: Option<&'a Output>,
    /// The groups that the dependencies are compiled in.
    pub(super) groups: Option<&'a Groups<'a>>,
}

/// Adds the steps that compile the local libraries.
pub(super) fn add(
    plan: &mut Plan,
    input: &Input<'_>,
    recipes: &Recipes<'_>,
    beneath: &Beneath<'_>,
) -> Result<Vec<Compiled>, Diagnostics> {
    let mut done: Vec<Compiled> = vec![];
    if !input.abilities.local_steps || secrets::are_variables(input) {
        return Ok(done);
    }
    let recipe = beneath.stubbed.recipe;
    let packages = groups(input.project, &input.selection.closure, recipe);
    // A level of the graph needs nearly everything.
    let few = packages.iter().map(BTreeSet::len).sum::<usize>() <= partition::MOST;
    let apart = match beneath.groups.filter(|_| few) {
        Some(groups) => groups.local(plan, recipes, &packages),
        None => vec![],
    };
    let mut apart = apart.into_iter();
    let steps = Steps {
        input,
        recipes,
        beneath,
        named: Named::of(input),
    };
    for own in packages {
        let apart = apart.next().flatten();
        let step = steps.step(plan, own, apart.as_ref(), &done)?;
        done.push(step);
    }
    Ok(done)
}

/// What the steps of local libraries are made of.
struct Steps<'s, 'r> {
    input: &'s Input<'s>,
    recipes: &'s Recipes<'r>,
    beneath: &'s Beneath<'s>,
    named: Named<'s>,
}

impl Steps<'_, '_> {
    /// Adds the step of some packages after those that are `done`.
    fn step(
        &self,
        plan: &mut Plan,
        own: BTreeSet<usize>,
        apart: Option<&Apart>,
        done: &[Compiled],
    ) -> Result<Compiled, Diagnostics> {
        let input = self.input;
        let needed = input.project.closure_of_all(&own);
        let label = label(input.project, &own);
        let sources = format!("sources of {label}");
        let mut exec = match apart {
            Some(apart) => self.over_groups(plan, &own, apart, &sources),
            None => self.over_dependencies(plan, &own, &needed, &sources)?,
        };
        let (script, path) = plan.script("local", &[FORGET, LOCAL].concat());
        exec.args.insert(0, path);
        let turn = MountKind::Cache {
            id: format!("rust-frontend/turn-{}", turn(input.project, done.len())),
            locked: true,
        };
        exec.mounts.extend([
            script,
            Mount::new(OWN, MountKind::Output(None)),
            Mount::new("/turn", turn),
        ]);
        if let Some(apart) = apart {
            apart.surround(plan, &mut exec);
        }
        let earlier = done.iter();
        let earlier = earlier.filter(|one| !one.packages.is_disjoint(&needed));
        exec.mounts.extend(earlier.map(|one| one.mount.clone()));
        let step = plan.push(Role::Local, label, Op::Exec(exec), input.image.build.span);
        let place = format!("{EARLIER}/{}", place(input.project, &own));
        Ok(Compiled {
            mount: Mount::new(&place, MountKind::ReadOnly(Output::at(step, OWN))),
            packages: own,
        })
    }

    /// Cargo in a workspace that holds the packages and what they need.
    fn over_groups(
        &self,
        plan: &mut Plan,
        own: &BTreeSet<usize>,
        apart: &Apart,
        sources: &str,
    ) -> Exec {
        let (input, toolchain) = (self.input, self.beneath.stubbed.toolchain);
        let sources = sources::over(plan, input, &apart.files, sources);
        let mut args = arguments(plan, input, &[], own);
        args.extend(apart.flags.iter().cloned());
        let (none, target) = (Crates::default(), apart.target.clone());
        dependencies::cargo(input, toolchain, &none, Some(&sources), target, args)
    }

    /// Cargo in the project, over all of its dependencies.
    fn over_dependencies(
        &self,
        plan: &mut Plan,
        own: &BTreeSet<usize>,
        needed: &BTreeSet<usize>,
        sources: &str,
    ) -> Result<Exec, Diagnostics> {
        let (input, stubbed) = (self.input, self.beneath.stubbed);
        let named = self.named.all(own);
        let files = match named {
            true => self.recipes.libraries(needed)?,
            false => self.recipes.over(needed)?,
        };
        let sources = sources::over(plan, input, &files, sources);
        let stubs = stubbed.recipe.stubs.iter();
        let stubs: Vec<_> = stubs.filter(|one| needed.contains(&one.package)).collect();
        let mut args = arguments(plan, input, &stubs, own);
        args.extend(match named {
            true => dependencies::library_flags(plan, input, own),
            false => dependencies::build_flags(plan, input),
        });
        let target = MountKind::over(self.beneath.dependencies.cloned());
        let (toolchain, crates) = (stubbed.toolchain, stubbed.crates);
        let sources = Some(&sources);
        Ok(dependencies::cargo(
            input, toolchain, crates, sources, target, args,
        ))
    }
}

/// The directory that a step's artefacts are mounted at, which is in the keys of later steps: it stays when other
/// packages come or go.
fn place(project: &Project, own: &BTreeSet<usize>) -> String {
    let first = own.first().map(|package| &project.packages[*package].dir);
    seed::short_hash(first.map(String::as_str))
}

/// The turn that a step waits for. Projects begin with different ones, the images of one with the same: engines older
/// than BuildKit 0.13 have the turn in the step's key.
fn turn(project: &Project, step: usize) -> usize {
    let first = Sha256::digest(&project.packages[0].name)
        .first()
        .copied()
        .map_or(0, usize::from);
    (first + step % AT_A_TIME) % TURNS
}

/// The artefacts of these steps, as mounts of the step that compiles the rest.
pub(super) fn mounts(compiled: &[Compiled]) -> impl Iterator<Item = Mount> {
    compiled.iter().map(|one| one.mount.clone())
}

/// The script's arguments, then cargo's first.
fn arguments(
    plan: &Plan,
    input: &Input<'_>,
    stubs: &[&StubPackage],
    own: &BTreeSet<usize>,
) -> Vec<String> {
    let packages = own.iter().map(|package| &input.project.packages[*package]);
    let libraries = packages.clone().filter_map(|package| package.lib());
    let mut libraries: Vec<String> = libraries
        .filter(|lib| lib.kind == TargetKind::Lib)
        .map(crate::project::Target::crate_name)
        .collect();
    libraries.sort();
    let own: Vec<&str> = packages.map(|package| package.name.as_str()).collect();
    let stamps = input.image.build.stamp.iter();
    let mut stamps: Vec<&str> = stamps
        .map(|variable| variable.name.value.as_str())
        .collect();
    if stamps
        .iter()
        .any(|name| name.starts_with("BUILT_OVERRIDE_"))
    {
        // The crate `built` puts these names together.
        stamps.push("built::");
    }
    let mut args = stubs::forget(plan, &input.selection.profile, stubs.iter().copied()).to_vec();
    args.extend([
        own.join(" "),
        libraries.join(" "),
        stamps.join(" "),
        "build".into(),
    ]);
    args
}

fn label(project: &Project, own: &BTreeSet<usize>) -> String {
    const SHOWN: usize = 4;
    let list: Vec<&str> = own
        .iter()
        .map(|package| project.packages[*package].name.as_str())
        .collect();
    match list.len() {
        1 => format!("local crate {}", list[0]),
        n if n <= SHOWN => format!("local crates {}", list.join(", ")),
        n => format!(
            "local crates {} and {}",
            list[..SHOWN - 1].join(", "),
            names::count(n - SHOWN + 1, "other")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{SOURCE_TIME, TARGET_DIR, WORK_DIR};

    #[test]
    fn scripts_hold_the_constants_that_they_repeat() {
        assert!(LOCAL.contains(&format!("@{SOURCE_TIME}")));
        for path in [EARLIER, OWN, TARGET_DIR, WORK_DIR] {
            assert!(LOCAL.contains(path), "{path}");
        }
    }
}
