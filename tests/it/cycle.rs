//! The whole cycle with the real Cargo: the skeleton compiles, its stubs go, the real sources compile to the right
//! program, and no external crate is compiled twice. In between, times lose what is less than a second.

mod cases;
mod odd;
mod origins;
mod shapes;

use crate::support::cargo::{Built, Layout, Sandbox, host, run};
use crate::support::fixture::{self, Files, files};
use crate::support::keys::{self, PlanOptions};
use crate::support::sources;
use rust_frontend::plan::Role;
use rust_frontend::project::{Project, Selection};
use rust_frontend::recipe::{Recipe, RecipeFor, recipe};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// External crates that are compiled in the dependency step.
pub(crate) struct Cycle {
    pub(crate) externals: BTreeSet<String>,
    /// Everything external that the compile step had to compile.
    pub(crate) recompiled: Vec<String>,
    /// What all programs print, in the order of their names.
    output: String,
}

impl Cycle {
    /// Compares which external crates were compiled, each once, and what was printed.
    fn check(&self, externals: &str, output: &str) {
        let names: Vec<&str> = self.externals.iter().map(String::as_str).collect();
        assert_eq!(self.recompiled, [""; 0]);
        assert_eq!(
            (names.join(" ").as_str(), self.output.trim()),
            (externals, output)
        );
    }
}

/// Runs the cycle for a project and its spec.
fn cycle(fixture: &str, spec: &str) -> Cycle {
    cycle_at("", "", fixture, spec)
}

fn cycle_at(dir: &str, root: &str, fixture: &str, spec: &str) -> Cycle {
    run_cycle(dir, root, fixture, spec, RecipeFor::Build)
}

/// The cycle of the tests of a package.
fn test_cycle(fixture: &str) -> Cycle {
    run_cycle("", "", fixture, DEV, RecipeFor::Test)
}

/// In both ways in which Cargo keeps units.
fn run_cycle(dir: &str, root: &str, fixture: &str, spec: &str, mode: RecipeFor) -> Cycle {
    let run = |layout| cycle_in(Sandbox::with(layout), dir, root, fixture, spec, mode);
    let (old, new) = (run(Layout::Old), run(Layout::New));
    assert_eq!(new.externals, old.externals);
    assert_eq!(new.recompiled, old.recompiled);
    // Tests print how long they took.
    if mode == RecipeFor::Build {
        assert_eq!(new.output, old.output);
    }
    old
}

fn cycle_in(
    sandbox: Sandbox,
    dir: &str,
    root: &str,
    fixture: &str,
    spec: &str,
    mode: RecipeFor,
) -> Cycle {
    cycle_of(sandbox, dir, root, &files(fixture), spec, mode)
}

pub(crate) fn cycle_of(
    mut sandbox: Sandbox,
    dir: &str,
    root: &str,
    files: &Files,
    spec: &str,
    mode: RecipeFor,
) -> Cycle {
    let (files, project, selection, recipe) = prepare(&sandbox, dir, root, files, spec, mode);
    let args = arguments(&sandbox, &project, &selection, mode);
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    let options = PlanOptions {
        dir,
        ..PlanOptions::default()
    };
    let plan = keys::plan_with(&files, spec, options);

    sandbox.replace(&skeleton(&recipe, &files));
    sandbox.variables = sources::profile_variables(&plan, Role::Dependencies);
    let deps = sandbox
        .build(dir, &args)
        .unwrap_or_else(|error| panic!("dependency step:\n{error}\n{}", fixture::text(&recipe)));
    sandbox.round_times();
    sandbox.remove_stubs(&recipe);
    sandbox.variables = sources::profile_variables(&plan, Role::Compile);
    match mode {
        // What a build compiles: the real sources under generated manifests.
        RecipeFor::Build => sandbox.replace(&sources::compiled(&plan, &files)),
        RecipeFor::Test => {
            sandbox.replace(&files);
            args.push("--locked");
        }
    }
    let built = sandbox
        .build(dir, &args)
        .unwrap_or_else(|error| panic!("compile step:\n{error}\n{}", fixture::text(&recipe)));
    let names = |built: &[Built], filter: &dyn Fn(&Built) -> bool| -> Vec<String> {
        let list = built.iter().filter(|one| filter(one));
        list.map(|one| one.name.clone()).collect()
    };
    let programs = built.iter().filter_map(|one| one.executable.as_deref());
    let mut programs: Vec<&Path> = programs.collect();
    programs.sort_by_key(|program| program.file_name());
    let externals = names(&deps, &|one| !one.is_local);
    // Some crates are compiled for both machines.
    let mut compiled: BTreeSet<&String> = externals.iter().collect();
    compiled.retain(|name| *name != "build-script-build");
    assert!(recipe.external_packages >= compiled.len(), "{externals:?}");
    Cycle {
        recompiled: names(&built, &|one| !one.is_local && !one.fresh),
        output: match mode {
            RecipeFor::Build => programs.into_iter().map(run).collect(),
            RecipeFor::Test => {
                args[0] = "test";
                args.push("--offline");
                let tests = sandbox.cargo(dir, &args);
                tests.unwrap_or_else(|error| panic!("{error}"))
            }
        },
        externals: externals.into_iter().collect(),
    }
}

fn prepare(
    sandbox: &Sandbox,
    dir: &str,
    root: &str,
    files: &Files,
    spec: &str,
    mode: RecipeFor,
) -> (Files, Project, Selection, Recipe) {
    let files = sandbox.lock(files, dir, root);
    let project = fixture::load(&files, dir);
    let selection = fixture::select(&project, spec).unwrap_or_else(|e| panic!("{e:?}"));
    let recipe = recipe(&project, &[&selection], mode)
        .unwrap_or_else(|found| panic!("{:?}", fixture::lines(found)));
    (files, project, selection, recipe)
}

/// The same words for both steps.
pub(crate) fn arguments(
    sandbox: &Sandbox,
    project: &Project,
    selection: &Selection,
    mode: RecipeFor,
) -> Vec<String> {
    let mut args: Vec<String> = match mode {
        RecipeFor::Build => vec!["build".into()],
        RecipeFor::Test => vec!["build".into(), "--all-targets".into()],
    };
    args.extend([
        "--target".into(),
        host(),
        "--profile".into(),
        selection.profile.clone(),
    ]);
    let context = sandbox.workspace();
    args.extend([
        "-p".into(),
        project.package_spec(selection.package, context.to_str().unwrap()),
    ]);
    if mode == RecipeFor::Build {
        for bin in &selection.bins {
            args.extend(["--bin".into(), bin.clone()]);
        }
    }
    if !selection.features.is_empty() {
        args.extend(["--features".into(), selection.features.join(",")]);
    }
    if !selection.default_features {
        args.push("--no-default-features".into());
    }
    args
}

/// What Cargo says of a skeleton with `--locked`.
fn locked_skeleton(fixture: &str, spec: &str) -> String {
    let sandbox = Sandbox::new();
    let (files, project, selection, recipe) =
        prepare(&sandbox, "", "", &files(fixture), spec, RecipeFor::Build);
    let args = arguments(&sandbox, &project, &selection, RecipeFor::Build);
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.push("--locked");
    sandbox.replace(&skeleton(&recipe, &files));
    sandbox.build("", &args).unwrap_err()
}

/// The recipe's files over the real content that it asks for.
pub(crate) fn skeleton(recipe: &Recipe, files: &Files) -> Files {
    let mut skeleton = Files::new();
    for dir in &recipe.real_dirs {
        let below = files.iter().filter(|(path, _)| {
            path == &dir || path.starts_with(&format!("{dir}/")) || dir.is_empty()
        });
        skeleton.extend(below.map(|(path, text)| (path.clone(), text.clone())));
    }
    let made: BTreeMap<String, String> = recipe
        .files
        .iter()
        .map(|file| {
            (
                file.path.clone(),
                String::from_utf8(file.data.clone()).unwrap(),
            )
        })
        .collect();
    skeleton.extend(made);
    skeleton
}

/// Runs the cycle and compares what it prints and which external crates it compiles, each once.
fn check(externals: &str, output: &str, fixture: &str, spec: &str) {
    cycle(fixture, spec).check(externals, output);
}

/// As [`check`], with a git repository whose address and commit stand for `GIT` and `COMMIT` in the fixture.
fn check_with_git(externals: &str, output: &str, repository: &str, fixture: &str, spec: &str) {
    let sandbox = Sandbox::new();
    let (address, commit) = sandbox.git(&files(repository));
    let fixture = fixture.replace("GIT", &address).replace("COMMIT", &commit);
    cycle_in(sandbox, "", "", &fixture, spec, RecipeFor::Build).check(externals, output);
}

const DEV: &str = "build: { profile: dev }\n";
