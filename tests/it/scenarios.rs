//! Projects and edits as data: which steps of a build an edit does again. `tests/scenarios/*.toml` hold them;
//! a number is that of the checklist of dependency-only builds (`docs/cargo-cases.md`).

use crate::cycle::cycle_of;
use crate::support::cargo::Sandbox;
use crate::support::fixture::{Files, files};
use crate::support::keys;
use rust_frontend::recipe::RecipeFor;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// One file of scenarios.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    scenario: Vec<Scenario>,
}

/// A project and what may happen to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    cases: Vec<u32>,
    /// Whether it takes a nightly toolchain with its sources to build it.
    #[serde(default)]
    unstable: bool,
    /// Its files, each after `//- /path`.
    files: String,
    /// `Rust.yaml`.
    #[serde(default)]
    spec: String,
    /// The steps of its build.
    steps: Vec<String>,
    #[serde(default)]
    edit: Vec<Edit>,
}

/// An edit and the steps that it does again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    what: String,
    #[serde(default)]
    cases: Vec<u32>,
    /// Path, old text, new text.
    #[serde(default)]
    replace: Vec<[String; 3]>,
    /// New files, or new texts of old ones.
    #[serde(default)]
    write: BTreeMap<String, String>,
    #[serde(default)]
    remove: Vec<String>,
    /// Old and new path.
    #[serde(default)]
    rename: Vec<[String; 2]>,
    /// Another `Rust.yaml`.
    spec: Option<String>,
    redone: Vec<String>,
    /// Steps that there are no more.
    #[serde(default)]
    gone: Vec<String>,
}

impl Edit {
    fn apply(&self, files: &Files) -> Files {
        let mut files = files.clone();
        for [path, old, new] in &self.replace {
            let text = files.get_mut(path).unwrap_or_else(|| panic!("{path}"));
            assert!(text.contains(old), "no {old:?} in {path}");
            *text = text.replace(old, new);
        }
        for path in &self.remove {
            assert!(files.remove(path).is_some(), "{path}");
        }
        for [old, new] in &self.rename {
            let text = files.remove(old).unwrap_or_else(|| panic!("{old}"));
            files.insert(new.clone(), text);
        }
        files.extend(self.write.clone());
        files
    }
}

/// The keys of steps by their names.
type Keys = BTreeMap<String, String>;

/// The names of steps.
fn set(names: &[String]) -> BTreeSet<&str> {
    names.iter().map(String::as_str).collect()
}

/// The steps that are new or have another key, and those that there are no more.
fn changed<'k>(old: &'k Keys, new: &'k Keys) -> [BTreeSet<&'k str>; 2] {
    let redone = new
        .iter()
        .filter(|(name, key)| old.get(*name) != Some(*key));
    let gone = old.iter().filter(|(name, _)| !new.contains_key(*name));
    [
        redone.map(|(name, _)| name.as_str()).collect(),
        gone.map(|(name, _)| name.as_str()).collect(),
    ]
}

fn check(text: &str) {
    let suite: Suite = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    let mut wrong = vec![];
    for scenario in &suite.scenario {
        assert!(!scenario.cases.is_empty());
        let old_files = files(&scenario.files);
        let old = keys::keys(&keys::plan(&old_files, &scenario.spec, None), &old_files);
        let found: BTreeSet<&str> = old.keys().map(String::as_str).collect();
        if set(&scenario.steps) != found {
            wrong.push(format!("{}: has steps {found:?}", scenario.name));
        }
        for edit in &scenario.edit {
            let new_files = edit.apply(&old_files);
            let spec = edit.spec.as_deref().unwrap_or(&scenario.spec);
            let (name, what) = (&scenario.name, &edit.what);
            let same = new_files == old_files && spec == scenario.spec;
            assert_eq!(same, what == "nothing", "{name}: {what}");
            let new = keys::keys(&keys::plan(&new_files, spec, None), &new_files);
            let found = changed(&old, &new);
            let expected = [set(&edit.redone), set(&edit.gone)];
            if found != expected {
                wrong.push(format!(
                    "{name}: {what} {:?}: does again and loses {found:?}, not {expected:?}",
                    edit.cases
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn workspaces() {
    check(include_str!("../scenarios/workspace.toml"));
}

#[test]
fn shapes() {
    check(include_str!("../scenarios/shapes.toml"));
}

#[test]
fn build_inputs() {
    check(include_str!("../scenarios/inputs.toml"));
}

#[test]
fn cargo_chef() {
    check(include_str!("../scenarios/chef.toml"));
}

/// Planned twice, a project has the same keys.
#[test]
fn planned_twice_a_project_has_the_same_keys() {
    let suite: Suite = toml::from_str(include_str!("../scenarios/workspace.toml")).unwrap();
    for scenario in suite.scenario {
        let files = files(&scenario.files);
        let keys = || keys::keys(&keys::plan(&files, &scenario.spec, None), &files);
        assert_eq!(keys(), keys());
    }
}

/// Cargo builds the projects, too: the skeleton, and the sources over it, without compiling what is from outside twice.
#[test]
fn cargo_builds_the_projects() {
    let suites = [
        include_str!("../scenarios/workspace.toml"),
        include_str!("../scenarios/shapes.toml"),
        include_str!("../scenarios/inputs.toml"),
        include_str!("../scenarios/chef.toml"),
    ];
    let suites = suites.map(|text| toml::from_str::<Suite>(text).unwrap());
    let scenarios = suites.into_iter().flat_map(|suite| suite.scenario);
    for scenario in scenarios.filter(|scenario| !scenario.unstable) {
        let (name, files) = (&scenario.name, files(&scenario.files));
        let mode = RecipeFor::Build;
        let cycle = cycle_of(Sandbox::new(), "", "", &files, &scenario.spec, mode);
        let fetches = scenario.steps.iter().any(|step| step == "fetch");
        assert_eq!(fetches, !cycle.externals.is_empty(), "{name}");
        assert_eq!(cycle.recompiled, [""; 0], "{name}");
    }
}

/// 20 libraries: each edit does the package and what depends on it again, and nothing else. The two that nearly all
/// others need share a step.
#[test]
fn twenty_crates() {
    let files = ladder(20);
    let old = keys::keys(&keys::plan(&files, "", None), &files);
    let redone = |package: usize| -> BTreeSet<String> {
        let mut edited = files.clone();
        let source = edited
            .get_mut(&format!("crates/c{package:02}/src/lib.rs"))
            .unwrap();
        source.push_str("// edited\n");
        let new = keys::keys(&keys::plan(&edited, "", None), &edited);
        let [redone, gone] = changed(&old, &new);
        assert_eq!(gone, BTreeSet::new());
        redone.into_iter().map(str::to_owned).collect()
    };
    let step = |package: usize| match package {
        0 | 1 => "c00, c01".to_owned(),
        other => format!("c{other:02}"),
    };
    for package in 0..20 {
        let mut expected = BTreeSet::from(["compile".to_owned(), "image".to_owned()]);
        let dependants = (package..20).filter(|other| depends(*other, package));
        expected.extend(dependants.map(step));
        assert_eq!(redone(package), expected);
    }
}

/// More libraries than there may be steps: their levels are the steps.
#[test]
fn many_crates_share_steps() {
    let files = ladder(60);
    let keys = keys::keys(&keys::plan(&files, "", None), &files);
    let local = keys
        .keys()
        .filter(|name| name.starts_with('c') && *name != "compile");
    assert_eq!(local.count(), 5, "{:?}", keys.keys());
}

/// Whether a library of the ladder needs another, by whatever way: each needs half its number and the first.
fn depends(package: usize, other: usize) -> bool {
    package == other || other == 0 || (package > 0 && depends(package / 2, other))
}

fn ladder(n: usize) -> Files {
    let mut files = Files::new();
    let mut members = String::new();
    let mut lock = "version = 4\n".to_owned();
    let mut all = String::new();
    for package in 0..n {
        let mut needs = String::new();
        let mut locked = BTreeSet::new();
        if package > 0 {
            locked.extend([format!("\"c{:02}\"", package / 2), "\"c00\"".to_owned()]);
            needs = [package / 2, 0]
                .into_iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .map(|one| format!("c{one:02} = {{ path = \"../c{one:02}\" }}\n"))
                .collect();
        }
        let name = format!("c{package:02}");
        members.push_str(&format!("{name} = {{ path = \"crates/{name}\" }}\n"));
        all.push_str(&format!("\"{name}\", "));
        files.insert(
            format!("crates/{name}/Cargo.toml"),
            format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\n{needs}"),
        );
        files.insert(format!("crates/{name}/src/lib.rs"), "//! One.\n".into());
        let locked: Vec<String> = locked.into_iter().collect();
        lock.push_str(&format!(
            "[[package]]\nname = \"{name}\"\nversion = \"0.0.0\"\ndependencies = [{}]\n",
            locked.join(", ")
        ));
    }
    lock.push_str(&format!(
        "[[package]]\nname = \"top\"\nversion = \"0.0.0\"\ndependencies = [{all}]\n"
    ));
    files.insert("Cargo.lock".into(), lock);
    files.insert("src/main.rs".into(), "fn main() {}\n".into());
    let root = format!(
        "[package]\nname = \"top\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{members}"
    );
    files.insert("Cargo.toml".into(), root);
    files
}
