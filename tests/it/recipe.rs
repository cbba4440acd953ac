//! What changes the recipe and what does not. A number is that of the checklist of dependency-only builds.

use crate::support::cargo::Sandbox;
use crate::support::fixture::{self, Files, files};
use rust_frontend::project::{self, Selection};
use rust_frontend::recipe::{RecipeFor, recipe};
use rust_frontend::source::{Entry, EntryKind, SourceTree, join};
use std::fs;

/// A workspace with something of everything; the lock is as Cargo writes it.
const PROJECT: &str = include_str!("recipe_project.txt");

const SPEC: &str = "build: { package: app }\n";

fn recipe_of(files: &Files) -> String {
    fixture::text(&fixture::make_recipe(files, SPEC, RecipeFor::Build))
}

fn test_recipe_of(files: &Files) -> String {
    fixture::text(&fixture::make_recipe(files, SPEC, RecipeFor::Test))
}

/// The project after replacing text in a file; the text has to be there.
fn edited(edits: &[(&str, &str, &str)]) -> Files {
    let mut files = files(PROJECT);
    for (path, from, to) in edits {
        let text = files.entry((*path).to_owned()).or_default();
        assert!(text.contains(from), "no {from:?} in {path}");
        *text = text.replace(from, to);
    }
    files
}

/// The recipe is the same after the edits.
fn unchanged(edits: &[(&str, &str, &str)]) {
    let (old, new) = (recipe_of(&files(PROJECT)), recipe_of(&edited(edits)));
    assert_same_text(&old, &new, &format!("{edits:?}"));
}

/// The recipe is another one after the edits.
fn changed(edits: &[(&str, &str, &str)]) {
    assert_ne!(
        recipe_of(&files(PROJECT)),
        recipe_of(&edited(edits)),
        "{edits:?}"
    );
}

fn assert_same_text(old: &str, new: &str, what: &str) {
    let lines = old.lines().zip(new.lines()).find(|(old, new)| old != new);
    assert!(old == new, "{what}\nfirst difference: {lines:?}");
}

/// The whole skeleton, to be looked at.
#[test]
fn skeleton() {
    insta::assert_snapshot!(recipe_of(&files(PROJECT)));
}

/// The skeleton for tests has dev-dependencies and all targets.
#[test]
fn skeleton_for_tests() {
    insta::assert_snapshot!(test_recipe_of(&files(PROJECT)));
}

/// A lock has the crates of all systems.
#[test]
fn c_is_compiled_by_what_is_for_linux() {
    let source = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let fixture = |user: &str| {
        let entry = |name: &str, rest: &str| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n{rest}")
        };
        let manifest = "[package]\nname = \"app\"\nversion = \"1.0.0\"\n[dependencies]\n";
        let lock = [
            entry("app", &format!("dependencies = [\"{user}\"]\n")),
            entry("cc", source),
            entry(user, &format!("{source}dependencies = [\"cc\"]\n")),
        ];
        let lock = lock.concat();
        format!(
            "//- /Cargo.toml\n{manifest}{user} = \"1\"\n//- /src/main.rs\n//- /Cargo.lock\n{lock}"
        )
    };
    for (user, compiles) in [("iana-time-zone-haiku", false), ("ring", true)] {
        let recipe = fixture::make_recipe(&files(&fixture(user)), SPEC, RecipeFor::Build);
        assert_eq!(recipe.compiles_c, compiles, "{user}");
    }
}

/// A lock has what features of local packages may turn on.
#[test]
fn c_is_compiled_by_what_features_turn_on() {
    let entry = |name: &str, rest: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n{rest}")
    };
    let source = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let lock = [
        entry("app", "dependencies = [\"lib\"]\n"),
        entry("cc", source),
        entry("lib", "dependencies = [\"ring\"]\n"),
        entry("ring", &format!("{source}dependencies = [\"cc\"]\n")),
    ];
    let compiles = |app: &str, lib: &str, spec: &str| {
        let package = |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n");
        let text = format!(
            "//- /Cargo.toml\n{}{app}\n//- /src/main.rs\n//- /lib/Cargo.toml\n{}{lib}\n//- /lib/src/lib.rs\n//- /Cargo.lock\n{}",
            package("app"),
            package("lib"),
            lock.concat()
        );
        fixture::make_recipe(&files(&text), spec, RecipeFor::Build).compiles_c
    };
    let needs = "[dependencies]\nlib = { path = \"lib\" }\n";
    let maybe = "[dependencies]\nlib = { path = \"lib\", optional = true }\n";
    let tls = "[dependencies]\nring = { version = \"1\", optional = true }\n[features]\ntls = [\"dep:ring\"]\n";
    let implicit = "[dependencies]\nring = { version = \"1\", optional = true }\n";
    let with = |table: &str, features: &str| format!("{table}[features]\n{features}\n");
    let all = [
        (needs.to_owned(), tls, "{}", false),
        (
            needs.replace(" }", ", features = [\"tls\"] }"),
            tls,
            "{}",
            true,
        ),
        (
            needs.replace(" }", ", features = [\"ring\"] }"),
            implicit,
            "{}",
            true,
        ),
        (with(needs, "default = [\"lib/tls\"]"), tls, "{}", true),
        (
            with(needs, "default = [\"lib/tls\"]"),
            tls,
            "build: { default-features: false }",
            false,
        ),
        (
            with(needs, "more = [\"lib/tls\"]"),
            tls,
            "build: { features: [more] }",
            true,
        ),
        (
            needs.to_owned(),
            tls,
            "build: { features: [lib/tls] }",
            true,
        ),
        (with(maybe, "default = [\"lib?/tls\"]"), tls, "{}", false),
        (
            with(maybe, "default = [\"lib?/tls\", \"lib\"]"),
            tls,
            "{}",
            true,
        ),
        (
            needs.to_owned(),
            "[dependencies]\nring = \"1\"\n",
            "{}",
            true,
        ),
    ];
    let host = "[build-dependencies]\nlib = { path = \"lib\" }\n";
    let always = "[dependencies]\nring = \"1\"\n";
    let all = all.into_iter().chain([
        (host.to_owned(), always, "{}", false),
        (format!("{host}{needs}"), always, "{}", true),
    ]);
    for (app, lib, spec, expected) in all {
        assert_eq!(compiles(&app, lib, spec), expected, "{app}{lib}{spec}");
    }
}

/// 41, 102: comments, order, line ends and what describes a package.
#[test]
fn form_does_not_matter() {
    unchanged(&[("Cargo.toml", "[workspace]", "# a comment\n\n[workspace]")]);
    unchanged(&[(
        "app/Cargo.toml",
        "serde = \"1\"\nlog = \"0.4\"",
        "log='0.4' # why\nserde = \"1\"",
    )]);
    unchanged(&[(
        "app/Cargo.toml",
        "description = \"An app\"",
        "description = \"A better app\"",
    )]);
    unchanged(&[(
        "app/Cargo.toml",
        "description = \"An app\"",
        "keywords = [\"x\"]\ncategories = []\npublish = false\nrust-version = \"1.80\"\nreadme = \"README.md\"",
    )]);
    unchanged(&[(
        "app/Cargo.toml",
        "[features]",
        "[package.metadata.docs.rs]\nall = true\n[badges]\n[features]",
    )]);
    unchanged(&[(
        "Cargo.toml",
        "[workspace]",
        "[workspace.metadata.x]\ny = 1\n[workspace]",
    )]);
    unchanged(&[("Cargo.lock", "# This file", "# That file")]);
    unchanged(&[(
        "app/Cargo.toml",
        "features = [\"derive\", \"rc\"]",
        "features = [\"rc\", \"derive\", \"rc\"]",
    )]);
    unchanged(&[("app/Cargo.toml", "default_features", "default-features")]);
    let mut windows = files(PROJECT);
    for text in windows.values_mut() {
        *text = text.replace('\n', "\r\n");
    }
    assert_same_text(&recipe_of(&files(PROJECT)), &recipe_of(&windows), "CRLF");
}

/// Every name of a tree, with the directory that it is in.
fn names(tree: &SourceTree, dir: &str) -> Vec<(String, Entry)> {
    let mut found = vec![];
    for entry in tree.list(dir) {
        found.push((dir.to_owned(), entry.clone()));
        if entry.kind == EntryKind::Dir {
            found.extend(names(tree, &join(dir, &entry.name).unwrap()));
        }
    }
    found
}

/// 2: a disk or an engine lists names in any order, and files come as they are asked for.
#[test]
fn the_order_of_files_does_not_matter() {
    let files = files(
        r#"
//- /Cargo.toml
[workspace]
members = ["app", "libs/*"]
resolver = "2"
//- /Cargo.lock
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["left", "right"]
[[package]]
name = "left"
version = "0.1.0"
[[package]]
name = "right"
version = "0.1.0"
//- /app/Cargo.toml of app
default-run = "z"
[dependencies]
right = { path = "../libs/right" }
left = { path = "../libs/left" }
//- /app/src/main.rs
//- /app/src/bin/a.rs
//- /app/src/bin/dir/main.rs
//- /app/src/bin/z.rs
//- /app/tests/one.rs
//- /app/tests/two/main.rs
//- /app/examples/x.rs
//- /app/examples/y.rs
//- /libs/left/Cargo.toml of left
//- /libs/left/src/lib.rs
//- /libs/right/Cargo.toml of right
//- /libs/right/src/lib.rs
"#,
    );
    let sorted = test_recipe_of(&files);
    let mut listed = names(&fixture::tree(&files), "");
    for turn in 0..listed.len() {
        listed.rotate_left(1);
        listed.reverse();
        let mut by_directories = SourceTree::default();
        for (dir, _) in &listed {
            let own = listed.iter().filter(|(other, _)| other == dir);
            by_directories.add_dir(dir, own.map(|(_, entry)| entry.clone()).collect());
        }
        for mut tree in [SourceTree::listed(listed.clone()), by_directories] {
            for (path, text) in files.iter().rev() {
                tree.add_file(path, Some(text.clone()));
            }
            let (project, _) = project::load(&tree, "").unwrap();
            let app = fixture::select(&project, SPEC).unwrap();
            let recipe = recipe(&project, &[&app], RecipeFor::Test).unwrap();
            assert_same_text(&sorted, &fixture::text(&recipe), &format!("turn {turn}"));
        }
    }
}

/// 37: lints.
#[test]
fn lints_do_not_matter() {
    unchanged(&[(
        "Cargo.toml",
        "unsafe_code = \"forbid\"",
        "unsafe_code = \"deny\"\nmissing_docs = \"deny\"",
    )]);
    unchanged(&[("app/Cargo.toml", "[lints]\nworkspace = true\n", "")]);
}

/// 30, 31, 32, 33: versions of local packages and requirements on them.
#[test]
fn own_versions_do_not_matter() {
    unchanged(&[
        ("Cargo.toml", "version = \"1.2.3\"", "version = \"2.0.0\""),
        (
            "Cargo.lock",
            "name = \"app\"\nversion = \"1.2.3\"",
            "name = \"app\"\nversion = \"2.0.0\"",
        ),
        (
            "Cargo.lock",
            "name = \"other\"\nversion = \"1.2.3\"",
            "name = \"other\"\nversion = \"2.0.0\"",
        ),
    ]);
    unchanged(&[
        ("Cargo.toml", "version = \"=0.5.0\"", "version = \"0.6\""),
        (
            "core/Cargo.toml",
            "version = \"0.5.0\"",
            "version = \"0.6.1\"",
        ),
        (
            "Cargo.lock",
            "name = \"core-lib\"\nversion = \"0.5.0\"",
            "name = \"core-lib\"\nversion = \"0.6.1\"",
        ),
    ]);
}

/// 5, 8, 56, 57, 59: members that are not built, and targets that are not.
#[test]
fn what_is_not_built_does_not_matter() {
    unchanged(&[(
        "other/Cargo.toml",
        "[dependencies]",
        "[features]\nx = []\n[dependencies]",
    )]);
    unchanged(&[
        ("other/Cargo.toml", "only-other = \"3\"\n", ""),
        ("Cargo.lock", " \"only-other\",\n", ""),
        (
            "Cargo.lock",
            "[[package]]\nname = \"only-other\"\nversion = \"3.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"03\"\n\n",
            "",
        ),
    ]);
    unchanged(&[(
        "Cargo.lock",
        "name = \"only-other\"\nversion = \"3.0.0\"",
        "name = \"only-other\"\nversion = \"3.0.1\"",
    )]);
    unchanged(&[
        (
            "app/Cargo.toml",
            "[dev-dependencies]\ntesting = \"1\"\n",
            "",
        ),
        ("Cargo.lock", " \"testing\",\n", ""),
    ]);
    unchanged(&[(
        "app/Cargo.toml",
        "[dependencies]",
        "[[example]]\nname = \"e\"\npath = \"e.rs\"\n[dependencies]",
    )]);
    let mut more = files(PROJECT);
    for path in [
        "app/src/bin/second.rs",
        "app/tests/t.rs",
        "app/src/util.rs",
        "README.md",
        "x/Cargo.toml",
    ] {
        more.insert(path.to_owned(), "?".into());
    }
    let spec = "build: { package: app, bin: app }\n";
    let new = fixture::text(&fixture::make_recipe(&more, spec, RecipeFor::Build));
    assert_same_text(&recipe_of(&files(PROJECT)), &new, "new files");
    let mut members = edited(&[
        ("Cargo.toml", "members = [", "members = [\"fresh\", "),
        (
            "Cargo.lock",
            "[[package]]\nname = \"log\"",
            "[[package]]\nname = \"fresh\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"log\"",
        ),
    ]);
    members.insert(
        "fresh/Cargo.toml".into(),
        "[package]\nname = \"fresh\"\nversion = \"0.1.0\"\n".into(),
    );
    members.insert("fresh/src/lib.rs".into(), String::new());
    assert_same_text(
        &recipe_of(&files(PROJECT)),
        &recipe_of(&members),
        "new member",
    );
}

/// 53, 73: profiles that are not used, configuration that does not reach rustc.
#[test]
fn unused_settings_do_not_matter() {
    unchanged(&[(
        "Cargo.toml",
        "[profile.dev]\nopt-level = 1",
        "[profile.dev]\nopt-level = 2",
    )]);
    unchanged(&[(
        ".cargo/config.toml",
        "xtask = \"run -p xtask\"",
        "xtask = \"run\"\n[term]\ncolor = \"never\"",
    )]);
    unchanged(&[(
        ".cargo/config.toml",
        "jobs = 4",
        "jobs = 8\ntarget-dir = \"/x\"",
    )]);
    unchanged(&[(
        "Cargo.toml",
        "nobody = { git = \"https://example.org/n\" }\n",
        "",
    )]);
}

/// 40, 41, 42: dependencies of every kind, their features, own features.
#[test]
fn dependencies_matter() {
    let log = |to| changed(&[("app/Cargo.toml", "log = \"0.4\"", to)]);
    log("log = \"0.4.1\"");
    log("log = { version = \"0.4\", features = [\"std\"] }");
    log("log = { version = \"0.4\", default-features = false }");
    log("log = { version = \"0.4\", optional = true }");
    log("log = { version = \"0.4\", future-key = 1 }");
    changed(&[(
        "app/Cargo.toml",
        "features = [\"derive\", \"rc\"]",
        "features = [\"derive\"]",
    )]);
    changed(&[(
        "app/Cargo.toml",
        "fast = [\"log/std\"]",
        "fast = [\"log/std\", \"serde/rc\"]",
    )]);
    changed(&[("app/Cargo.toml", "cfg(unix)", "cfg(windows)")]);
    changed(&[(
        "core/Cargo.toml",
        "[build-dependencies]\nlog = \"0.4\"\n",
        "",
    )]);
    changed(&[(
        "Cargo.toml",
        "serde = { version = \"1\" }",
        "serde = { version = \"1\", features = [\"alloc\"] }",
    )]);
}

/// 41, 56: entries of the lock that are used.
#[test]
fn the_lock_matters() {
    changed(&[(
        "Cargo.lock",
        "name = \"log\"\nversion = \"0.4.20\"",
        "name = \"log\"\nversion = \"0.4.21\"",
    )]);
    changed(&[("Cargo.lock", "checksum = \"02\"", "checksum = \"99\"")]);
    changed(&[("Cargo.lock", "version = 4", "version = 3")]);
}

/// 6, 7, 52, 53, 61, 73: everything else that reaches rustc.
#[test]
fn the_rest_matters() {
    changed(&[("Cargo.toml", "lto = true", "lto = \"thin\"")]);
    changed(&[("Cargo.toml", "resolver = \"2\"", "resolver = \"3\"")]);
    changed(&[(
        "Cargo.toml",
        "[profile.release]",
        "[profile.release.package.log]\nopt-level = 2\n[profile.release]",
    )]);
    changed(&[(
        ".cargo/config.toml",
        "target-cpu=native",
        "target-cpu=x86-64-v3",
    )]);
    changed(&[(
        ".cargo/config.toml",
        "[alias]",
        "[unheard-of]\nx = 1\n[alias]",
    )]);
    changed(&[(
        "core/Cargo.toml",
        "crate-type = [\"rlib\"]",
        "crate-type = [\"rlib\", \"cdylib\"]",
    )]);
    changed(&[("core/Cargo.toml", "links = \"core\"", "links = \"kern\"")]);
    changed(&[
        ("core/Cargo.toml", "build = \"b.rs\"", "build = false"),
        ("core/Cargo.toml", "links = \"core\"\n", ""),
    ]);
    changed(&[(
        "app/Cargo.toml",
        "edition.workspace = true",
        "edition = \"2018\"",
    )]);
    changed(&[(
        "app/Cargo.toml",
        "description = \"An app\"",
        "forced-target = \"x\"",
    )]);
}

/// 40: in tests, dev-dependencies and test targets matter, too.
#[test]
fn tests_have_more() {
    let old = test_recipe_of(&files(PROJECT));
    let without = edited(&[
        (
            "app/Cargo.toml",
            "[dev-dependencies]\ntesting = \"1\"\n",
            "",
        ),
        ("Cargo.lock", " \"testing\",\n", ""),
    ]);
    assert_ne!(old, test_recipe_of(&without));
    let mut more = files(PROJECT);
    more.insert("app/tests/t.rs".into(), String::new());
    assert_ne!(old, test_recipe_of(&more));
    assert_ne!(
        old,
        test_recipe_of(&edited(&[(
            "Cargo.toml",
            "[profile.dev]\nopt-level = 1",
            ""
        )]))
    );
}

/// A recipe is a project, too: its own recipe is itself.
#[test]
fn the_recipe_of_a_recipe_is_itself() {
    let recipe = fixture::make_recipe(&files(PROJECT), SPEC, RecipeFor::Build);
    let again: Files = recipe
        .files
        .iter()
        .map(|file| {
            (
                file.path.clone(),
                String::from_utf8(file.data.clone()).unwrap(),
            )
        })
        .collect();
    assert_same_text(&fixture::text(&recipe), &recipe_of(&again), "again");
}

/// 15: only what ends with sixteen hex digits, or has the package's very name, is removed.
#[test]
#[expect(clippy::disallowed_methods, reason = "runs a script on real files")]
fn fingerprints() {
    let recipe = fixture::make_recipe(&files(PROJECT), SPEC, RecipeFor::Build);
    let app = recipe.stubs.iter().find(|stub| stub.name == "app").unwrap();
    assert_eq!(app.executables().collect::<Vec<_>>(), ["app"]);
    let sandbox = Sandbox::new();
    let made = [
        ".fingerprint/app-0123456789abcdef",
        ".fingerprint/app-0123456789abcdeg",
        ".fingerprint/app-util-0123456789abcdef",
        "build/app",
        "build/app-0123456789abcdef",
        "build/app-util",
    ];
    let release = sandbox.target().join("release");
    for dir in made {
        fs::create_dir_all(release.join(dir)).unwrap();
    }
    sandbox.remove_stubs(&recipe);
    let left: Vec<&str> = made
        .into_iter()
        .filter(|dir| release.join(dir).exists())
        .collect();
    assert_eq!(left, [made[1], made[2], made[4], made[5]]);
}

/// Two images of one spec share a skeleton: the union of what they need, whatever their order.
#[test]
fn several_images() {
    let project = fixture::load(&files(PROJECT), "");
    let app = fixture::select(&project, SPEC).unwrap();
    let other = fixture::select(&project, "build: { package: other, profile: dev }\n").unwrap();
    let union = |selections: &[&Selection]| {
        fixture::text(&recipe(&project, selections, RecipeFor::Build).unwrap())
    };
    assert_eq!(union(&[&app, &other]), union(&[&other, &app]));
    for part in [
        "only-other",
        "/app/.rust-frontend/bin/app.rs",
        "/other/.rust-frontend/bin/other.rs",
        "[profile.dev]",
    ] {
        assert!(union(&[&app, &other]).contains(part), "{part}");
    }
    // The same package twice, as two binaries of it would be.
    assert_eq!(union(&[&app, &app]), union(&[&app]));
}

/// Tests of all members: every one with its own dev-dependencies and all targets.
#[test]
fn tests_of_all_members() {
    let project = fixture::load(&files(PROJECT), "");
    let app = fixture::select(&project, SPEC).unwrap();
    let all = project.select_for_tests(&app);
    let names: Vec<&str> = all
        .iter()
        .map(|one| project.packages[one.package].name.as_str())
        .collect();
    assert_eq!(names, ["app", "core-lib", "other"]);
    let all: Vec<&Selection> = all.iter().collect();
    let text = fixture::text(&recipe(&project, &all, RecipeFor::Test).unwrap());
    for part in ["testing", "only-other", "speed"] {
        assert!(text.contains(part), "{part}");
    }
}

/// 55: a lock of the first version keeps its form, and the checksums of what is left.
#[test]
fn old_lock() {
    let fixture = "\
//- /Cargo.toml
[workspace]
members = [\"a\", \"b\"]
//- /a/Cargo.toml
[package]
name = \"a\"
version = \"0.3.0\"
[dependencies]
x = \"1\"
//- /a/src/main.rs
//- /b/Cargo.toml
[package]
name = \"b\"
version = \"0.3.0\"
[dependencies]
x = \"2\"
//- /b/src/lib.rs
//- /Cargo.lock
[[package]]
name = \"a\"
version = \"0.3.0\"
dependencies = [
 \"x 1.0.0 (registry+r)\",
]
[[package]]
name = \"b\"
version = \"0.3.0\"
dependencies = [
 \"x 2.0.0 (registry+r)\",
]
[[package]]
name = \"x\"
version = \"1.0.0\"
source = \"registry+r\"
[[package]]
name = \"x\"
version = \"2.0.0\"
source = \"registry+r\"
[metadata]
\"checksum x 1.0.0 (registry+r)\" = \"01\"
\"checksum x 2.0.0 (registry+r)\" = \"02\"
";
    let recipe = fixture::make_recipe(&files(fixture), "build: { package: a }\n", RecipeFor::Build);
    let lock = recipe.files.iter().find(|file| file.path == "Cargo.lock");
    let lock = std::str::from_utf8(&lock.unwrap().data).unwrap();
    insta::assert_snapshot!(lock);
}
