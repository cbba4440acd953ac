//! Projects as Cargo sees them: the same packages, targets, paths, features and dependencies as `cargo metadata`.

mod cases;

use crate::support::cargo::Sandbox;
use crate::support::fixture::{self, Files, files};
use rust_frontend::project::{DependencyKind, DependencySource, Package, Project, TargetKind};
use serde_json::{Value, json};

/// Compares what we read of a fixture with `cargo metadata`. Its sources may be empty: Cargo looks at names only.
fn check(dir: &str, root: &str, fixture: &str) {
    let sandbox = Sandbox::new();
    let files = sandbox.lock(&files(fixture), dir, root);
    let expected = sandbox
        .cargo(
            dir,
            &[
                "metadata",
                "--no-deps",
                "--offline",
                "--format-version",
                "1",
            ],
        )
        .unwrap_or_else(|error| panic!("{error}"));
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let project = fixture::load(&files, dir);
    let base = format!("{}/", sandbox.workspace().display());
    let wanted = normalised(&expected, &base);
    assert_eq!(ours(&project), wanted, "{fixture}");
    same_when_asked(&files, dir, &project);
}

/// Asking step by step gives the same project, in few rounds.
fn same_when_asked(files: &Files, dir: &str, project: &Project) {
    let (asked, rounds) = fixture::load_by_asking(files, dir);
    assert_eq!(&asked.unwrap().0, project);
    assert!(rounds <= 8, "{rounds} rounds");
}

pub(crate) fn normalised(metadata: &Value, base: &str) -> Value {
    let path = |value: &Value| {
        let text = value.as_str().unwrap();
        plain(text.strip_prefix(base).unwrap_or(""))
    };
    let mut packages: Vec<Value> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let targets = package["targets"].as_array().unwrap().iter();
            let mut targets: Vec<Value> = targets
                .map(|target| {
                    json!({
                        "name": target["name"],
                        "kind": target["kind"],
                        "crate_types": target["crate_types"],
                        "path": path(&target["src_path"]),
                        "required": target.get("required-features").unwrap_or(&json!([])),
                    })
                })
                .collect();
            targets.sort_by_key(Value::to_string);
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let mut dependencies: Vec<Value> = dependencies
                .map(|one| {
                    json!({
                        "name": one["name"],
                        // One that says its own name is renamed for Cargo alone.
                        "rename": Some(&one["rename"]).filter(|rename| **rename != one["name"]),
                        "kind": one["kind"],
                        "optional": one["optional"],
                        "defaults": one["uses_default_features"],
                        "features": sorted(&one["features"]),
                        "target": one["target"].as_str().map(without_blanks),
                        "path": one.get("path").map(&path),
                    })
                })
                .collect();
            dependencies.sort_by_key(Value::to_string);
            json!({
                "name": package["name"],
                "version": package["version"],
                "manifest": path(&package["manifest_path"]),
                "edition": package["edition"],
                "features": package["features"],
                "links": package["links"],
                "default_run": package["default_run"],
                "description": package["description"],
                "license": package["license"],
                "authors": package["authors"],
                "rust_version": package["rust_version"],
                "targets": targets,
                "dependencies": dependencies,
            })
        })
        .collect();
    packages.sort_by_key(|package| package["manifest"].as_str().unwrap().to_owned());
    json!({
        "packages": packages,
        "default_members": default_members(metadata),
        "root": path(&json!(format!("{}/", metadata["workspace_root"].as_str().unwrap()))).trim_end_matches('/'),
    })
}

/// The names of the default members, which are among the packages.
fn default_members(metadata: &Value) -> Value {
    let packages = metadata["packages"].as_array().unwrap();
    let ids = metadata["workspace_default_members"].as_array().unwrap();
    let names = ids.iter().map(|id| {
        let package = packages.iter().find(|package| package["id"] == *id);
        package.unwrap()["name"].clone()
    });
    sorted(&names.collect())
}

/// A path without `..`, which Cargo keeps as it is written.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            ".." if !parts.is_empty() => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Cargo writes `cfg(…)` in its own form.
fn without_blanks(text: &str) -> String {
    text.replace(' ', "")
}

fn sorted(list: &Value) -> Value {
    let mut list: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap().to_owned())
        .collect();
    list.sort();
    json!(list)
}

pub(crate) fn ours(project: &Project) -> Value {
    let members = project.packages.iter().filter(|package| package.is_member);
    let mut packages: Vec<Value> = members.map(one_of_ours).collect();
    packages.sort_by_key(|package| package["manifest"].as_str().unwrap().to_owned());
    let default_members = project.default_members.iter();
    let default_members = default_members.map(|index| json!(project.packages[*index].name));
    json!({
        "packages": packages,
        "default_members": sorted(&default_members.collect()),
        "root": project.root,
    })
}

fn targets(package: &Package) -> Vec<Value> {
    let mut targets: Vec<Value> = package
        .targets
        .iter()
        .map(|target| {
            let kind = match target.kind {
                TargetKind::Lib => json!(target.crate_types),
                TargetKind::Bin => json!(["bin"]),
                TargetKind::Example => json!(["example"]),
                TargetKind::Test => json!(["test"]),
                TargetKind::Bench => json!(["bench"]),
                TargetKind::BuildScript => json!(["custom-build"]),
            };
            json!({
                "name": target.name,
                "kind": kind,
                "crate_types": target.crate_types,
                "path": target.path,
                "required": target.required_features,
            })
        })
        .collect();
    targets.sort_by_key(Value::to_string);
    targets
}

fn dependencies(package: &Package) -> Vec<Value> {
    let mut dependencies: Vec<Value> = package
        .dependencies
        .iter()
        .map(|one| {
            let kind = match one.kind {
                DependencyKind::Normal => Value::Null,
                DependencyKind::Dev => json!("dev"),
                DependencyKind::Build => json!("build"),
            };
            let rename = (one.name != one.package).then_some(&one.name);
            let path = match &one.source {
                DependencySource::Path { dir } => Some(dir),
                _ => None,
            };
            json!({
                "name": one.package,
                "rename": rename,
                "kind": kind,
                "optional": one.optional,
                "defaults": one.default_features,
                "features": sorted(&json!(one.features)),
                "target": one.target.as_deref().map(without_blanks),
                "path": path,
            })
        })
        .collect();
    dependencies.sort_by_key(Value::to_string);
    dependencies
}

fn one_of_ours(package: &Package) -> Value {
    // `cargo metadata` lists implicit features with what they stand for.
    let mut features = json!(package.features);
    for name in package.feature_names() {
        if features.get(&name).is_none() {
            features[&name] = json!([format!("dep:{name}")]);
        }
    }
    json!({
        "name": package.name,
        "version": package.version,
        "manifest": package.manifest.name(),
        "edition": package.edition,
        "features": features,
        "links": package.links,
        "default_run": package.default_run,
        "description": package.metadata.description,
        "license": package.metadata.license,
        "authors": package.metadata.authors,
        "rust_version": package.metadata.rust_version,
        "targets": targets(package),
        "dependencies": dependencies(package),
    })
}
