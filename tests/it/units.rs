//! Which external crates Cargo would compile: the same crates with the same features, profiles and dependencies over
//! the skeleton and in the compile step as in the project itself, by its own account.
#![expect(
    clippy::disallowed_methods,
    reason = "the number of cases is a variable of the environment"
)]

use crate::support::cargo::Sandbox;
use crate::support::fixture::{self, Files};
use crate::support::keys::{self, PlanOptions};
use crate::support::workspaces::{Generated, libraries, workspace};
use crate::support::{sources, units};
use crate::{cycle, oracle};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rust_frontend::plan::{Op, Plan, Role, WORK_DIR};
use rust_frontend::recipe::{RecipeFor, recipe};
use rust_frontend::units::Units;
use std::collections::{BTreeMap, BTreeSet};

/// What Cargo says that it would compile with `args` from `files`.
fn graph(sandbox: &Sandbox, files: &Files, args: &[String]) -> Result<String, String> {
    sandbox.replace(files);
    let mut words: Vec<&str> = args.iter().map(String::as_str).collect();
    words.retain(|word| *word != "--offline");
    words.extend(["--offline", "--unit-graph", "-Zunstable-options"]);
    sandbox.cargo("", &words)
}

/// The external crates that Cargo would compile with `args` from `files`.
fn external(sandbox: &Sandbox, files: &Files, args: &[String]) -> Result<BTreeSet<String>, String> {
    graph(sandbox, files, args).map(|graph| units::external(&graph))
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

/// Where crates are unpacked in a step.
const UNPACKED: &str = "/usr/local/cargo/registry/src/index";

/// What the units' step would say of the skeleton: the graph and the registry's crates, as if they had checksums.
fn resolved(sandbox: &Sandbox, graph: &str, files: &Files) -> Option<Units> {
    let mut graph = graph.replace(&sandbox.workspace().display().to_string(), WORK_DIR);
    let mut crates = String::new();
    for (dir, manifest) in sandbox.registry() {
        let table: toml::Table = manifest.parse().unwrap();
        let part = |key| table["package"][key].as_str().unwrap();
        let unpacked = format!("{UNPACKED}/{}-{}", part("name"), part("version"));
        graph = graph.replace(&format!("{}/", dir.display()), &format!("{unpacked}/"));
        crates.push_str(&format!("100 {} {unpacked}\n{manifest}", manifest.len()));
    }
    let lock = fixture::load(files, "").lock;
    let mut units = Units::read(graph.as_bytes(), crates.as_bytes(), &lock)?;
    for one in &mut units.instances {
        one.checksum = one.registry().map(|_| "0".repeat(64));
    }
    Some(units)
}

/// The plan over groups of crates, by what Cargo says of the skeleton; nothing where Cargo cannot be asked here.
fn over_groups(sandbox: &Sandbox, files: &Files, spec: &str) -> Option<(Plan, Vec<String>)> {
    let layer = keys::plan(files, spec, None);
    let (skeleton, words) = sources::dependencies(&layer, files)?;
    // The addresses of packages are those in a container.
    if words.iter().any(|word| word.starts_with("path+")) {
        return None;
    }
    let stubs = graph(sandbox, &skeleton, &words).ok()?;
    let units = resolved(sandbox, &stubs, files)?;
    let options = PlanOptions {
        units: Some(&units),
        ..PlanOptions::default()
    };
    Some((keys::plan_with(files, spec, options), words))
}

/// Over groups of crates, Cargo makes the very same of a local library as in the project; `false` if there is none that
/// is compiled so.
fn same_libraries(sandbox: &Sandbox, generated: &Generated) -> Result<bool, String> {
    let Ok(files) = sandbox.try_lock(&generated.files, "", "") else {
        return Ok(false);
    };
    let spec = generated
        .spec
        .replacen("build: {", "build: { granularity: crates,", 1);
    let Some((plan, words)) = over_groups(sandbox, &files, &spec) else {
        return Ok(false);
    };
    let layer = keys::plan(&files, &spec, None);
    let project = graph(sandbox, &sources::compiled(&layer, &files), &words)?;
    let steps = sources::apart(&plan, &files);
    for step in &steps {
        let part = |dir: &str| -> Files {
            let start = format!("{dir}/");
            let inside = step.files.iter();
            let inside = inside.filter_map(|(path, text)| Some((path.strip_prefix(&start)?, text)));
            inside
                .map(|(path, text)| (path.to_owned(), text.clone()))
                .collect()
        };
        let beside = sandbox.beside(&part(UNPACKED)).display().to_string();
        let work = sandbox.workspace().display().to_string();
        let replaced = |text: &String| text.replace(UNPACKED, &beside).replace(WORK_DIR, &work);
        let words: Vec<String> = step.words.iter().map(replaced).collect();
        let mut files = part(WORK_DIR);
        files.values_mut().for_each(|text| *text = replaced(text));
        let own: Vec<&str> = step.own.iter().map(String::as_str).collect();
        let found = graph(sandbox, &files, &words).map(|graph| units::libraries(&graph, &own));
        let wanted = units::libraries(&project, &own);
        if found.as_ref() != Ok(&wanted) {
            let text: String = step
                .files
                .iter()
                .map(|(path, text)| format!("//- {path}\n{text}\n"))
                .collect();
            return Err(format!("{words:?}: {found:#?}\nnot {wanted:#?}\n{text}"));
        }
    }
    Ok(!steps.is_empty())
}

/// Tries a property on workspaces as they come.
fn on_generated(
    workspace: fn(&[u8]) -> Generated,
    property: fn(&Sandbox, &Generated) -> Result<bool, String>,
) {
    let sandbox = Sandbox::nightly();
    let config = ProptestConfig {
        cases: cases(),
        // Cargo does not take much of what is generated.
        max_global_rejects: 16 * cases().max(64),
        source_file: Some(file!()),
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    };
    let choices = proptest::collection::vec(any::<u8>(), 0..400);
    let result = TestRunner::new(config).run(&choices, |choices| {
        let generated = workspace(&choices);
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
    on_generated(|choices| workspace(choices, 1), same_units);
}

#[test]
fn images_share_steps_without_leaks() {
    on_generated(|choices| workspace(choices, 2), nothing_leaks);
}

#[test]
fn libraries_over_groups_are_those_of_the_project() {
    on_generated(libraries, same_libraries);
}

/// By itself a build without an imported cache has groups where many local packages would be compiled with each bump.
#[test]
fn many_local_packages_are_over_groups() {
    let why = |libraries: usize| {
        let names = |word: &'static str, count| (0..count).map(move |one| format!("{word}{one}"));
        let mut text = String::from("//- /Cargo.toml of shop\n[workspace]\n[dependencies]\n");
        let mut lock = String::from("version = 4\n");
        let mut libs = String::new();
        for name in names("lib", libraries) {
            text += &format!("{name} = {{ path = \"{name}\" }}\n");
            lock += &format!("[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
            libs += &format!("//- /{name}/Cargo.toml of {name}\n//- /{name}/src/lib.rs\n");
        }
        for name in names("crate", 40) {
            text += &format!("{name} = \"1\"\n");
            lock += &format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nchecksum = \"{}\"\n\
                 source = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
                "0".repeat(64)
            );
        }
        let needs: Vec<String> = names("lib", libraries).chain(names("crate", 40)).collect();
        lock += &format!(
            "[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = {needs:?}\n"
        );
        text += &format!("//- /src/main.rs\n{libs}//- /Cargo.lock\n{lock}");
        let units = Units::default();
        let options = PlanOptions {
            units: Some(&units),
            ..PlanOptions::default()
        };
        keys::plan_with(&fixture::files(&text), "", options)
            .notes
            .join("\n")
    };
    assert!(why(9).contains("no cache is imported"), "{}", why(9));
    assert!(
        why(10).contains("no crate can be compiled apart"),
        "{}",
        why(10)
    );
}

/// A library that comes before all others changes no word of their steps.
#[test]
fn a_new_library_moves_no_other() {
    const SPEC: &str = "build: { package: shop, granularity: crates }";
    let sandbox = Sandbox::nightly();
    let steps_of = |members: &[&str]| -> BTreeMap<String, String> {
        let list = |with: fn(&&str) -> String| -> String { members.iter().map(with).collect() };
        let mut text = format!(
            "//- /Cargo.toml\n[workspace]\nmembers = [\"shop\", {}]\nresolver = \"2\"\n\
             //- /shop/Cargo.toml of shop\n[dependencies]\n{}//- /shop/src/main.rs\nfn main() {{}}\n",
            list(|name| format!("\"{name}\", ")),
            list(|name| format!("{name} = {{ path = \"../{name}\" }}\n")),
        );
        for name in members {
            let needs = match *name {
                "right" => "left = { path = \"../left\" }\n",
                _ => "one = \"1\"\n",
            };
            text += &format!(
                "//- /{name}/Cargo.toml of {name}\n[dependencies]\n{needs}//- /{name}/src/lib.rs\n"
            );
        }
        let files = sandbox.lock(&fixture::files(&text), "", "");
        let (plan, _) = over_groups(&sandbox, &files, SPEC).expect("Cargo says what it compiles");
        let local = plan.steps.iter().filter(|step| step.role == Role::Local);
        let words = local.map(|step| {
            let Op::Exec(exec) = &step.op else {
                panic!("{step:?}");
            };
            let places: Vec<&str> = exec.mounts.iter().map(|one| one.dest.as_str()).collect();
            let words = format!("{:?} {:?} {places:?}", exec.args, exec.env);
            let name = step.name.rsplit(' ').next().unwrap_or_default();
            (name.to_owned(), words)
        });
        words.collect()
    };
    let before = steps_of(&["left", "right"]);
    let mut after = steps_of(&["added", "left", "right"]);
    assert!(after.remove("added").is_some(), "{after:#?}");
    assert!(before["right"].contains("\"/local/"), "{before:#?}");
    assert_eq!(before, after);
}
