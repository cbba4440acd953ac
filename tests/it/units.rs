//! What Cargo would compile from outside of a project: the same crates with the same features, profiles and
//! dependencies over the skeleton and in the compile step as in the project itself, by its own account.
#![expect(
    clippy::disallowed_methods,
    reason = "the number of cases is a variable of the environment"
)]

use crate::support::cargo::Sandbox;
use crate::support::fixture::{self, Files};
use crate::support::workspaces::{Generated, workspace};
use crate::support::{keys, sources, units};
use crate::{cycle, oracle};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rust_frontend::recipe::{RecipeFor, recipe};
use std::collections::BTreeSet;

/// The crates from outside that Cargo would compile with `args` from `files`.
fn external(sandbox: &Sandbox, files: &Files, args: &[String]) -> Result<BTreeSet<String>, String> {
    sandbox.replace(files);
    let mut words: Vec<&str> = args.iter().map(String::as_str).collect();
    words.retain(|word| *word != "--offline");
    words.extend(["--offline", "--unit-graph", "-Zunstable-options"]);
    sandbox
        .cargo("", &words)
        .map(|graph| units::external(&graph))
}

/// Compares all of a project that Cargo takes; `false` if Cargo does not. The error says what differs.
fn same_units(sandbox: &Sandbox, generated: &Generated) -> Result<bool, String> {
    let Generated { files, spec, .. } = generated;
    let Ok(files) = sandbox.try_lock(files, "", "") else {
        return Ok(false);
    };
    let metadata = sandbox.cargo("", &["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let project = fixture::load(&files, "");
    let base = format!("{}/", sandbox.workspace().display());
    let (ours, cargos) = (oracle::ours(&project), oracle::normalised(&metadata, &base));
    if ours != cargos {
        return Err(format!("metadata:\n{ours:#}\nCargo's:\n{cargos:#}"));
    }
    let selection = fixture::select(&project, spec).map_err(|found| found.join("\n"))?;
    for mode in [RecipeFor::Build, RecipeFor::Test] {
        let args = cycle::arguments(sandbox, &project, &selection, mode);
        let Ok(wanted) = external(sandbox, &files, &args) else {
            return Ok(false);
        };
        let recipe = recipe(&project, &[&selection], mode)
            .map_err(|found| fixture::lines(found).join("\n"))?;
        let mut steps = vec![cycle::skeleton(&recipe, &files)];
        if mode == RecipeFor::Build {
            let plan = keys::plan(&files, spec, None);
            steps.push(sources::compiled(&plan, &files));
        }
        for files in steps {
            let found = external(sandbox, &files, &args);
            if found.as_ref() != Ok(&wanted) {
                let skeleton = fixture::text(&recipe);
                return Err(format!("{mode:?}: {found:#?}\nnot {wanted:#?}\n{skeleton}"));
            }
        }
    }
    Ok(true)
}

/// Few, for they run Cargo often; `PROPTEST_CASES` says how many otherwise.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES");
    asked.map_or(12, |cases| cases.parse().expect("a number"))
}

/// Two images compile what each of them would compile alone, in one step or in two; `false` if Cargo does not take
/// one of them.
fn nothing_leaks(sandbox: &Sandbox, generated: &Generated) -> Result<bool, String> {
    let Ok(files) = sandbox.try_lock(&generated.files, "", "") else {
        return Ok(false);
    };
    let [.., other, app] = &generated.programs[..] else {
        return Ok(false);
    };
    let mut alone = vec![];
    let mut images = String::from("images:\n");
    for name in [app, other] {
        let build = format!("build: {{ package: {name}, bin: {name} }}");
        let plan = keys::plan(&files, &build, None);
        let Some((_, words)) = sources::dependencies(&plan, &files) else {
            return Ok(true);
        };
        if words.iter().any(|word| word.starts_with("path+")) {
            // The addresses of packages are those in a container.
            return Ok(false);
        }
        let Ok(units) = external(sandbox, &files, &words) else {
            return Ok(false);
        };
        alone.push((words, units));
        images.push_str(&format!("  {name}: {{ {build} }}\n"));
    }
    for (name, (words, units)) in [app, other].into_iter().zip(&alone) {
        let plan = keys::plan(&files, &images, Some(name));
        let (skeleton, found) = sources::dependencies(&plan, &files).ok_or("no dependencies")?;
        let wanted = match found == *words {
            true => units.clone(),
            false => alone[0].1.union(&alone[1].1).cloned().collect(),
        };
        let units = external(sandbox, &skeleton, &found);
        if units.as_ref() != Ok(&wanted) {
            return Err(format!("{name}, {found:?}: {units:#?}\nnot {wanted:#?}"));
        }
    }
    Ok(true)
}

/// Tries a property on workspaces of all shapes with some programs, as they come.
fn on_generated(programs: usize, property: fn(&Sandbox, &Generated) -> Result<bool, String>) {
    let sandbox = Sandbox::nightly();
    let config = ProptestConfig {
        cases: cases(),
        // Cargo does not take much of what is generated.
        max_global_rejects: 16 * cases().max(64),
        failure_persistence: None,
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    };
    let choices = proptest::collection::vec(any::<u8>(), 0..400);
    let result = TestRunner::new(config).run(&choices, |choices| {
        let generated = workspace(&choices, programs);
        match property(&sandbox, &generated) {
            Ok(true) => Ok(()),
            Ok(false) => Err(TestCaseError::reject("nothing to compare")),
            Err(error) => Err(TestCaseError::fail(format!("{error}\n{generated}"))),
        }
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn steps_compile_what_the_project_needs() {
    on_generated(1, same_units);
}

#[test]
fn images_share_steps_without_leaks() {
    on_generated(2, nothing_leaks);
}
