//! What the user wrote: sources, and the compilation of the wanted binaries.

use super::dependencies::{self, Crates};
use super::local::{self, Compiled};
use super::toolchain::Toolchain;
use super::{
    Executable, Input, Mount, MountKind, OUT_DIR, Op, Output, Plan, REPORT_DIR, Role, SYMBOLS_DIR,
    sources,
};
use crate::recipe::Recipe;

/// Runs cargo and keeps its messages, and after them why it compiled again what it did; [`COPY`] or [`SPLIT`]
/// follow. Cargo says the reasons only with all commands, which nobody wants to read.
///
/// Arguments: the executables (one word each, in one argument), where they are, then cargo's own. What the steps
/// of local libraries left comes first; directories get the sources' time, because build scripts may watch them. An
/// imported cache may bring a library that was compiled with other bytes of a crate than those that are there: rustc
/// refuses it, and all of them are compiled again.
/// The bytes are part of cache keys.
pub(super) const BUILD: &str = "\
#!/bin/sh
set -eu
bins=$1 built=$2
shift 2
for crate in /local/*/; do
  [ ! -d \"$crate\" ] || cp -af \"$crate.\" /target/
done
find /work -type d -exec touch -d @1153704088 {} +
# BusyBox has no such flag.
unbuffered=-u
echo | sed -u p >/dev/null 2>&1 || unbuffered=
compile() {
  rm -f /tmp/failed
  { cargo \"$@\" --verbose --message-format json-render-diagnostics 2>&1 >/report/cargo.jsonl ||
    echo $? >/tmp/failed; } | sed $unbuffered -e '/^ *Dirty /w /tmp/dirty' -e '/^ *\\(Dirty\\|Fresh\\|Running\\) /d' \
    -e '/E046[03].* which .* depends on/w /tmp/mixed' \
    -e '/^Caused by:$/{N;/(exit status: [0-9]*)$/d;}'
}
compile \"$@\"
if [ -s /tmp/mixed ]; then
  echo \"libraries of an imported cache were compiled with other artefacts than those that are there: compiling them again\"
  hex=[0-9a-f][0-9a-f][0-9a-f][0-9a-f]
  hex=$hex$hex$hex$hex
  find /local \\( -path '*/.fingerprint/*' -o -path \"*/build/*/$hex/fingerprint\" \\) -prune | sed 's,^/local/[^/]*,/target,' | tr '\\n' '\\0' | xargs -0 rm -rf
  compile \"$@\"
fi
cat /tmp/dirty >>/report/cargo.jsonl
[ ! -e /tmp/failed ] || exit \"$(cat /tmp/failed)\"
";

/// Copies the executables: cargo itself cannot put them into a place of their own on the stable channel.
const COPY: &str = "\
for bin in $bins; do cp \"$built/$bin\" \"/out/$bin\"; done
";

/// Copies the executables, with their debug symbols apart from them.
///
/// rustc's own objcopy knows every architecture, the system's usually only its own.
const SPLIT: &str = "\
rust=$(rustc --print sysroot)
set -- \"$rust\"/lib/rustlib/*/bin/rust-objcopy
objcopy=$1
[ -x \"$objcopy\" ] || objcopy=objcopy
export LD_LIBRARY_PATH=\"$rust/lib\"
cd /symbols
for bin in $bins; do
  \"$objcopy\" --only-keep-debug \"$built/$bin\" \"$bin.debug\"
  \"$objcopy\" --strip-all --add-gnu-debuglink=\"$bin.debug\" \"$built/$bin\" \"/out/$bin\"
done
";

/// What a step that compiles is told.
pub(crate) struct Told<'a> {
    /// The executables, separated by blanks.
    pub(crate) bins: &'a str,
    /// The directory that cargo leaves them in.
    pub(crate) built: &'a str,
    /// Cargo's own arguments.
    pub(crate) cargo: &'a [String],
    /// How the executables are taken apart from their symbols, if they are, in terms of `$bins` and `$built`.
    pub(crate) split: Option<&'static str>,
}

/// Reads the arguments of a script that compiles, whose text is without the line that names the shell; `None` for any
/// other script.
pub(crate) fn told<'a>(script: &str, args: &'a [String]) -> Option<Told<'a>> {
    let build = BUILD.strip_prefix("#!/bin/sh\n")?;
    let copy = script.strip_prefix(build);
    let copy = copy.filter(|copy| [COPY, SPLIT].contains(copy))?;
    let [bins, built, cargo @ ..] = args else {
        return None;
    };
    Some(Told {
        bins,
        built,
        cargo,
        split: (copy == SPLIT).then_some(SPLIT),
    })
}

/// Adds the real project: what is compiled, under the recipe's manifests.
pub(super) fn sources(plan: &mut Plan, input: &Input<'_>, real: &Recipe) -> Output {
    // Other members of the workspace are not part of this build, nor is what only they need.
    sources::over(plan, input, real, "sources")
}

/// Adds the step that compiles the wanted binaries.
pub(super) fn compile(
    plan: &mut Plan,
    input: &Input<'_>,
    toolchain: &Toolchain,
    crates: &Crates,
    sources: &Output,
    target: Option<Output>,
    local: &[Compiled],
) {
    let profile = dependencies::profile_dir(&input.selection.profile);
    let bins = &input.selection.bins;
    let symbols = input.image.build.debug_symbols.value;
    let copy = if symbols { SPLIT } else { COPY };
    let (script, path) = plan.script("compile", &format!("{BUILD}{copy}"));
    let mut args = vec![path, bins.join(" ")];
    args.push(format!("{}/{}/{profile}", super::TARGET_DIR, plan.triple));
    args.extend(["build".into()]);
    args.extend(dependencies::build_flags(plan, input));
    let target = MountKind::over(target);
    let mut exec = dependencies::cargo(input, toolchain, crates, Some(sources), target, args);
    exec.mounts.push(script);
    exec.mounts.extend(local::mounts(local));
    let outputs = [OUT_DIR, REPORT_DIR].into_iter();
    for dest in outputs.chain(symbols.then_some(SYMBOLS_DIR)) {
        exec.mounts.push(Mount::new(dest, MountKind::Output(None)));
    }
    for variable in &input.image.build.stamp {
        exec.env
            .push((variable.name.value.clone(), variable.value.value.clone()));
    }
    let package = &input.project.packages[input.selection.package];
    let name = format!("compile {} {}", package.name, package.version);
    let step = plan.push(Role::Compile, name, Op::Exec(exec), input.image.build.span);
    let report = Output::at(step, REPORT_DIR);
    if plan.reports.contains(&report) {
        return;
    }
    plan.reports.push(report);
    plan.symbols = symbols.then(|| Output::at(step, SYMBOLS_DIR));
    let triple = plan.triple.clone();
    plan.executables.extend(bins.iter().map(|bin| Executable {
        name: bin.clone(),
        triple: triple.clone(),
        output: Output::at(step, OUT_DIR),
        path: format!("/{bin}"),
        installed: format!("/usr/local/bin/{bin}"),
    }));
}
