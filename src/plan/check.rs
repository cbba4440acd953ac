//! Tests, lints and documentation: stages about all members of the workspace.
//!
//! They are compiled by the build settings of the spec's first image, for the machine that builds: what is
//! tested has to run there. Each has a dependency step of its own, since tests, checks and documentation use
//! other artefacts than a release build, and dev-dependencies may switch on other features.

mod place;
mod words;

use super::dependencies::{self, Crates};
use super::toolchain::{self, Toolchain};
use super::{
    Exec, Input, Mount, MountKind, OUT_DIR, Op, Output, Plan, REPORT_DIR, RUST_SOURCES, Role,
    TARGET_DIR, compile, cross, names, secrets, seed, sources, stubs, unread,
};
use crate::diagnostic::Diagnostics;
use crate::project::{DependencyKind, Selection};
use crate::recipe::{self, Recipe, RecipeFor};
use crate::source::{Span, Spanned};
use crate::spec::Runner;
use crate::stage::Kind;
use place::{runnable, span};
use std::collections::BTreeSet;
use words::Words;

/// Sees to it that cargo has a command. Arguments: the command, and the component of rustup that has it, or
/// nothing. The bytes are part of cache keys.
const COMMAND: &str = "\
#!/bin/sh
set -eu
if cargo \"$1\" --version >/dev/null 2>&1; then exit; fi
if [ -n \"${2-}\" ] && command -v rustup >/dev/null; then exec rustup component add \"$2\"; fi
echo \"the build image has no cargo-$1: name one that has it in 'build.base', or install it in 'build.run'\" >&2
exit 1
";

/// Runs a command, shows what it prints and keeps it. Arguments: the file to keep it in, whether a failure fails the
/// step, the command. The bytes are part of cache keys.
const KEEP: &str = "\
#!/bin/sh
set -eu
file=$1 fails=$2
shift 2
{ \"$@\" 2>&1 || echo $? >/exit-code; } | tee \"/out/$file\"
for report in /target/nextest/*/junit.xml; do
  if [ -e \"$report\" ]; then cp \"$report\" /out/junit.xml; fi
done
if [ -e /exit-code ] && [ \"$fails\" = fails ]; then exit \"$(cat /exit-code)\"; fi
";

/// Runs clippy, shows its findings and keeps them, and cargo's messages. Arguments: cargo's. The bytes are
/// part of cache keys.
const CLIPPY: &str = "\
#!/bin/sh
set -eu
{ cargo clippy \"$@\" 2>&1 >/report/cargo.jsonl || echo $? >/exit-code; } | tee /out/clippy.txt
if [ -e /exit-code ]; then exit \"$(cat /exit-code)\"; fi
";

/// Writes the documentation. Arguments: where cargo leaves it, the crate to begin with, cargo's arguments. The
/// bytes are part of cache keys.
const DOC: &str = "\
#!/bin/sh
set -eu
docs=$1 first=$2
shift 2
cargo doc \"$@\" --message-format json-render-diagnostics >/report/cargo.jsonl
cp -R \"$docs/.\" /out/
rm -f /out/.lock
if [ ! -e /out/index.html ]; then
  echo \"<!doctype html><meta http-equiv=\\\"refresh\\\" content=\\\"0; url=$first/index.html\\\">\" >/out/index.html
fi
";

/// Where nextest is told to write a report that other tools read.
const NEXTEST: &str = "[profile.default.junit]\npath = \"junit.xml\"\n";

/// What rustfmt looks at: an edit of anything else does not run it again.
const FORMATTED: [&str; 6] = [
    RUST_SOURCES,
    "**/Cargo.toml",
    "**/rustfmt.toml",
    "**/.rustfmt.toml",
    "**/rust-toolchain",
    "**/rust-toolchain.toml",
];

/// What the stages of this module have in common.
struct Check<'a> {
    input: &'a Input<'a>,
    toolchain: Toolchain,
    words: &'a Words,
    /// The package of the first image.
    package: usize,
    span: Option<Span>,
}

/// Adds the steps of such a stage.
pub(super) fn add(plan: &mut Plan, kind: Kind, inputs: &[Input<'_>]) -> Result<(), Diagnostics> {
    let first = &inputs[0];
    let words = Words::of(first.spec, inputs);
    let mut selections = first.project.select_for_tests(first.selection);
    for selection in &mut selections {
        selection.profile.clone_from(&words.profile);
    }
    // Tests may read what programs read when they run.
    let mut image = first.image.clone();
    let is_input = |pattern: &Spanned<String>| !pattern.value.starts_with(unread::LEFT_OUT);
    image.build.inputs.retain(is_input);
    let input = Input {
        image: &image,
        platform: first.build_platform,
        selection: selections.first().unwrap_or(first.selection),
        ..first.clone()
    };
    let written = toolchain::triple(&input)?;
    plan.triple = runnable(&written, &input);
    if plan.triple != written {
        plan.note(Some(format!(
            "compiled for {} instead of {written}, which does not run on the machine that builds",
            plan.triple
        )));
    }
    let selected: Vec<&Selection> = selections.iter().collect();
    let all: BTreeSet<usize> = selections
        .iter()
        .flat_map(|one| one.closure.iter().copied())
        .collect();
    let stubs = recipe::recipe(input.project, &selected, RecipeFor::Test)?;
    let real = recipe::over(input.project, &selected, RecipeFor::Test, &all)?;
    let linker = cross::linker(&input, &stubs, &plan.triple)?;
    let check = Check {
        toolchain: toolchain::add(plan, &input, &stubs, linker),
        input: &input,
        words: &words,
        package: first.selection.package,
        span: span(&input),
    };
    match kind {
        Kind::Fmt => check.fmt(plan),
        Kind::Clippy => check.clippy(plan, &stubs, &real),
        Kind::Doc => check.doc(plan, &stubs, &real),
        _ => check.test(plan, &stubs, &real),
    }
    if inputs.len() > 1 {
        let name = first.image.name.as_ref().map(|name| name.value.as_str());
        plan.note(Some(format!(
            "compiled with the settings of `{}`, the first image",
            name.unwrap_or_default()
        )));
    }
    Ok(())
}

impl Check<'_> {
    /// Compiles the tests in one step and runs them in the next: one that fails is not compiled again.
    fn test(&self, plan: &mut Plan, stubs: &Recipe, real: &Recipe) {
        let nextest = self.input.spec.test.runner.value == Runner::Nextest;
        let toolchain = match nextest {
            true => self.command(plan, "nextest", ""),
            false => self.toolchain.clone(),
        };
        let mut flags = self.words.flags(plan);
        flags.extend(self.words.targets.iter().cloned());
        let (crates, target) = self.dependencies(plan, stubs, &["test", "--no-run"], &flags);
        let sources = compile::sources(plan, self.input, real);

        // What is compiled with such secrets is not kept.
        let target = match secrets::are_variables(self.input) {
            true => target,
            false => {
                let (script, path) = plan.script("compile", compile::BUILD);
                let mut args = vec![path, String::new(), String::new()];
                args.extend(["test".into(), "--no-run".into()]);
                args.extend(flags.iter().cloned());
                let (sources, kind) = (Some(&sources), MountKind::Output(target));
                let exec =
                    dependencies::cargo(self.input, &toolchain, &crates, sources, kind, args);
                Some(self.compiled(plan, exec, script))
            }
        };

        let (script, path) = plan.script("keep", KEEP);
        let mut mounts = vec![script];
        let mut args = vec![path, "test.txt".into(), "fails".into(), "cargo".into()];
        match nextest {
            true => {
                let (config, path) =
                    plan.script_at("/rust-frontend-nextest", "nextest.toml", NEXTEST);
                mounts.push(config);
                args.extend(["nextest".into(), "run".into()]);
                args.extend(["--tool-config-file".into(), format!("rust-frontend:{path}")]);
            }
            false => args.push("test".into()),
        }
        args.extend(
            flags
                .into_iter()
                .map(|word| match word.strip_prefix("--profile") {
                    // nextest calls a profile of its own so.
                    Some(rest) if nextest => format!("--cargo-profile{rest}"),
                    _ => word,
                }),
        );
        args.extend(self.words.run.iter().cloned());
        let kind = MountKind::over(target);
        let mut exec =
            dependencies::cargo(self.input, &toolchain, &crates, Some(&sources), kind, args);
        exec.mounts.extend(mounts);
        self.stamp(&mut exec.env);
        self.result(plan, "run tests", exec);
    }

    /// Adds the step that compiles the tests; returns its target directory.
    fn compiled(&self, plan: &mut Plan, mut exec: Exec, script: Mount) -> Output {
        exec.mounts.push(script);
        self.stamp(&mut exec.env);
        self.outputs(&mut exec.mounts, &[OUT_DIR, REPORT_DIR]);
        let name = "compile tests".to_owned();
        let step = plan.push(Role::Compile, name, Op::Exec(exec), self.span);
        self.report(plan, step);
        Output::at(step, TARGET_DIR)
    }

    /// Clippy looks at what is local alone; what it needs of the rest are the artefacts of `cargo check`.
    fn clippy(&self, plan: &mut Plan, stubs: &Recipe, real: &Recipe) {
        let toolchain = self.command(plan, "clippy", "clippy");
        let flags = self.words.flags(plan);
        let (crates, target) = self.dependencies(plan, stubs, &["check", "--all-targets"], &flags);
        let sources = compile::sources(plan, self.input, real);
        let (script, path) = plan.script("clippy", CLIPPY);
        let mut args = vec![path, "--all-targets".into()];
        args.extend(flags);
        args.extend(["--message-format".into(), "json-render-diagnostics".into()]);
        if self.input.spec.test.clippy_deny.value {
            args.extend(["--", "-D", "warnings"].map(str::to_owned));
        }
        let kind = MountKind::over(target);
        let exec = dependencies::cargo(self.input, &toolchain, &crates, Some(&sources), kind, args);
        self.reported(plan, "clippy", exec, script);
    }

    /// Documentation needs of dependencies what `cargo check` makes of them: clippy's step, unless
    /// dev-dependencies, which no documentation needs, may have switched features on there.
    fn doc(&self, plan: &mut Plan, stubs: &Recipe, real: &Recipe) {
        let project = self.input.project;
        let members = project.packages.iter().filter(|package| package.is_member);
        let mut dependencies = members.flat_map(|package| &package.dependencies);
        let command: &[&str] = match dependencies.any(|one| one.kind == DependencyKind::Dev) {
            true => &["check"],
            false => &["check", "--all-targets"],
        };
        let flags = self.words.flags(plan);
        let (crates, target) = self.dependencies(plan, stubs, command, &flags);
        let sources = compile::sources(plan, self.input, real);
        let (script, path) = plan.script("doc", DOC);
        let docs = format!("{TARGET_DIR}/{}/doc", plan.triple);
        let mut args = vec![path, docs, self.first_crate(), "--no-deps".into()];
        args.extend(flags);
        let kind = MountKind::over(target);
        let exec = dependencies::cargo(
            self.input,
            &self.toolchain,
            &crates,
            Some(&sources),
            kind,
            args,
        );
        self.reported(plan, "doc", exec, script);
    }

    /// Formatting needs no dependencies, and of the sources only what rustfmt reads.
    fn fmt(&self, plan: &mut Plan) {
        let toolchain = self.command(plan, "fmt", "rustfmt");
        let sources = sources::only(plan, self.input, &FORMATTED, "sources to format");
        let (script, path) = plan.script("keep", KEEP);
        let fails = match self.input.spec.test.fmt_check.value {
            true => "fails",
            false => "passes",
        };
        let words = ["cargo", "fmt", "--all", "--", "--check", "--color", "never"];
        let mut args = vec![path, "fmt.txt".into(), fails.into()];
        args.extend(words.map(str::to_owned));
        let kind = MountKind::Output(None);
        let none = Crates::default();
        let mut exec =
            dependencies::cargo(self.input, &toolchain, &none, Some(&sources), kind, args);
        exec.mounts.push(script);
        self.result(plan, "fmt", exec);
    }

    /// Adds the steps before the local packages; returns the sources of crates and the target directory.
    fn dependencies(
        &self,
        plan: &mut Plan,
        stubs: &Recipe,
        command: &[&str],
        flags: &[String],
    ) -> (Crates, Option<Output>) {
        let (input, toolchain) = (self.input, &self.toolchain);
        let vendored = sources::real_dirs(plan, input, stubs);
        let skeleton = dependencies::skeleton(plan, stubs, vendored, "dependency-only project");
        let crates = dependencies::fetch(plan, input, toolchain, stubs, &skeleton);
        if stubs.external_packages == 0 {
            return (crates, None);
        }
        let words = std::iter::once("cargo").chain(command.iter().copied());
        let args = words.map(str::to_owned).chain(flags.iter().cloned());
        let kind = MountKind::Output(None);
        let args = args.collect();
        let exec = dependencies::cargo(input, toolchain, &crates, Some(&skeleton), kind, args);
        let exec = exec.without_secret_variables();
        let exec = seed::sown(plan, input, stubs, exec);
        let name = format!(
            "dependencies ({}, {}, {})",
            names::count(stubs.external_packages, "crate"),
            command[0],
            plan.triple
        );
        let step = plan.push(Role::Dependencies, name, Op::Exec(exec), self.span);
        let built = Output::at(step, TARGET_DIR);
        let target = stubs::removal(plan, input, toolchain, stubs, built);
        (crates, Some(target))
    }

    /// Adds the step that sees to it that cargo has a command.
    fn command(&self, plan: &mut Plan, command: &str, component: &str) -> Toolchain {
        let (script, path) = plan.script("cargo-command", COMMAND);
        let run = toolchain::Run {
            name: format!("cargo-{command}"),
            args: vec![path, command.into(), component.into()],
            env: &self.toolchain.env,
            network: !component.is_empty(),
            span: self.span,
        };
        let root = toolchain::change(plan, run, self.toolchain.root.clone(), vec![script]);
        Toolchain {
            root,
            ..self.toolchain.clone()
        }
    }

    /// Variables that the local packages may need to compile at all.
    fn stamp(&self, env: &mut Vec<(String, String)>) {
        for image in &self.input.spec.images {
            for variable in &image.build.stamp {
                let name = &variable.name.value;
                if !env.iter().any(|(known, _)| known == name) {
                    env.push((name.clone(), variable.value.value.clone()));
                }
            }
        }
    }

    fn outputs(&self, mounts: &mut Vec<Mount>, dirs: &[&str]) {
        let empty = |dir: &&str| Mount::new(dir, MountKind::Output(None));
        mounts.extend(dirs.iter().map(empty));
    }

    /// Notes that cargo's messages of a step are to be read.
    fn report(&self, plan: &mut Plan, step: usize) {
        plan.reports.push(Output::at(step, REPORT_DIR));
    }

    /// [`Self::result`] of a step whose script keeps cargo's messages.
    fn reported(&self, plan: &mut Plan, name: &str, mut exec: Exec, script: Mount) {
        exec.mounts.push(script);
        self.stamp(&mut exec.env);
        self.outputs(&mut exec.mounts, &[REPORT_DIR]);
        let step = self.result(plan, name, exec);
        self.report(plan, step);
    }

    /// Adds the step whose report is the result of the stage.
    fn result(&self, plan: &mut Plan, name: &str, mut exec: Exec) -> usize {
        self.outputs(&mut exec.mounts, &[OUT_DIR]);
        let step = plan.push(Role::Check, name.into(), Op::Exec(exec), self.span);
        plan.result = Some(Output::at(step, OUT_DIR));
        step
    }

    /// The crate that readers of the documentation see first: the first image's.
    fn first_crate(&self) -> String {
        let package = &self.input.project.packages[self.package];
        let target = package.lib().or_else(|| package.bins().next());
        target.map_or_else(|| package.name.clone(), |target| target.crate_name())
    }
}
