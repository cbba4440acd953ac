//! Which files of a project reach the compiler, and which edits of them compile anything.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::support::docker::Docker;
use crate::support::project::{Project, manifest};
use crate::support::{busybox, lock, nonce};

/// Prints what pages the build script finds, whether it sees git's directory, and the page that the program names.
const BUILD: &str = r#"
use std::path::Path;

fn main() {
    let names = std::fs::read_dir(".").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> = names.filter(|name| name.ends_with(".md")).collect();
    pages.sort();
    println!("cargo::rustc-env=PAGES={} {}", pages.join(" "), Path::new(".git").exists());
}
"#;

#[test]
fn files_that_no_source_names_are_no_inputs() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch }\n");
    let help = nonce();
    project
        .write("build.rs", BUILD)
        .write(
            "src/main.rs",
            "fn main() {\n    print!(\"{}: {}\", env!(\"PAGES\"), include_str!(\"../HELP.md\"));\n}\n",
        )
        .write("HELP.md", format!("{help}\n"))
        .write("README.md", nonce());
    let build = || docker.build(&project);
    let (image, _) = build().image("inputs");
    assert_eq!(image.prints(&[]), format!("HELP.md false: {help}\n"));

    std::fs::create_dir(project.join("empty")).expect("can make folders");
    project
        .append("README.md", &nonce())
        .write(".git/HEAD", nonce())
        .write(".github/workflows/ci.yml", nonce())
        .write("docs/more/page.md", nonce())
        .write("Dockerfile", nonce());
    assert_eq!(build().succeed().compiled(), [""; 0]);

    let help = nonce();
    project.write("HELP.md", format!("{help}\n"));
    let (image, report) = build().image("inputs");
    assert_eq!(report.compiled(), ["tiny"]);
    assert_eq!(image.prints(&[]), format!("HELP.md false: {help}\n"));

    // What is found by looking around has to be said.
    project.append("Rust.yaml", "build: { inputs: ['*.md'] }\n");
    let (image, _) = build().image("inputs");
    assert_eq!(
        image.prints(&[]),
        format!("HELP.md README.md false: {help}\n")
    );
    project.append("README.md", &nonce());
    assert_eq!(build().succeed().compiled(), ["tiny"]);
    project.write(".github/workflows/ci.yml", nonce());
    assert_eq!(build().succeed().compiled(), [""; 0]);
}

/// Rust sources of a package that nothing depends on, and the step of a library that reads them.
#[test]
fn sources_of_other_packages_are_inputs() {
    let docker = Docker::take();
    let project = Project::tiny("build: { package: tiny }\nimage: { base: scratch }\n");
    let word = nonce();
    project
        .append(
            "Cargo.toml",
            "[workspace]\nmembers = [\"other\"]\n[dependencies]\nlib = { path = \"lib\" }\n",
        )
        .append(
            "Cargo.lock",
            &[
                lock::dependencies(&["lib"]),
                lock::entry("lib", "0.1.0", &[]),
                lock::entry("other", "0.1.0", &[]),
            ]
            .concat(),
        )
        .write("lib/Cargo.toml", manifest("lib"))
        .write(
            "lib/src/lib.rs",
            "#[path = \"../../other/src/lib.rs\"]\nmod other;\npub use other::WORD;\n",
        )
        .write("other/Cargo.toml", manifest("other"))
        .write(
            "other/src/lib.rs",
            format!("pub const WORD: &str = {word:?};\n"),
        )
        .write(
            "src/main.rs",
            "fn main() {\n    println!(\"{}\", lib::WORD);\n}\n",
        );
    let (image, _) = docker.build(&project).image("elsewhere");
    assert_eq!(image.prints(&[]), format!("{word}\n"));
}

/// A package behind a link, a source behind one that leads into another package, a directory of modules and one of
/// templates.
#[test]
fn links_are_followed() {
    let docker = Docker::take();
    let project = Project::tiny("build: { package: tiny }\nimage: { base: scratch }\n");
    let word = nonce();
    std::fs::create_dir(project.join("crates")).expect("can make folders");
    for (link, says) in [
        ("crates/lib", "../real/lib"),
        ("src/part.rs", "../other/src/part.rs"),
        ("src/sub", "../gen/sub"),
        ("templates", "pages"),
    ] {
        symlink(says, project.join(link)).expect("can link");
    }
    project
        .append(
            "Cargo.toml",
            "[workspace]\nmembers = [\"crates/*\", \"other\"]\n[dependencies]\nlib = { path = \"crates/lib\" }\n",
        )
        .append(
            "Cargo.lock",
            &[
                lock::dependencies(&["lib"]),
                lock::entry("lib", "0.1.0", &[]),
                lock::entry("other", "0.1.0", &[]),
            ]
            .concat(),
        )
        .write("real/lib/Cargo.toml", manifest("lib"))
        .write("real/lib/src/lib.rs", format!("pub const WORD: &str = {word:?};\n"))
        .write("other/Cargo.toml", manifest("other"))
        .write("other/src/lib.rs", "mod part;\n")
        .write("other/src/part.rs", "pub const PART: &str = \"part\";\n")
        .write("gen/sub/mod.rs", "pub const SUB: &str = \"sub\";\n")
        .write("pages/page.html", "page")
        .write(
            "src/main.rs",
            "mod part;\nmod sub;\nfn main() {\n    let page = include_str!(\"../templates/page.html\");\n    \
             println!(\"{} {} {} {page}\", lib::WORD, part::PART, sub::SUB);\n}\n",
        );
    let (image, _) = docker.build(&project).image("links");
    assert_eq!(image.prints(&[]), format!("{word} part sub page\n"));
}

/// Two libraries with one directory of sources, of which one is a stub while the other is compiled.
#[test]
fn sources_behind_a_link_are_stubs_in_other_steps() {
    let docker = Docker::take();
    let project = Project::tiny("build: { package: tiny }\nimage: { base: scratch }\n");
    let word = nonce();
    project
        .append(
            "Cargo.toml",
            "[workspace]\n[dependencies]\nleft = { path = \"left\" }\nright = { path = \"right\" }\n",
        )
        .append(
            "Cargo.lock",
            &[
                lock::dependencies(&["left", "right"]),
                lock::entry("left", "0.1.0", &[]),
                lock::entry("right", "0.1.0", &[]),
            ]
            .concat(),
        )
        .write("left/Cargo.toml", manifest("left"))
        .write("right/Cargo.toml", manifest("right"))
        .write("shared/src/lib.rs", format!("pub fn word() -> &'static str {{ concat!(env!(\"CARGO_PKG_NAME\"), {word:?}) }}\n"))
        .write("src/main.rs", "fn main() { println!(\"{} {}\", left::word(), right::word()); }\n");
    for name in ["left", "right"] {
        symlink("../shared/src", project.join(name).join("src")).expect("can link");
    }
    let (image, _) = docker.build(&project).image("shared-sources");
    assert_eq!(image.prints(&[]), format!("left{word} right{word}\n"));
}

/// Pages that the program reads when it runs.
#[test]
fn files_that_the_spec_leaves_out_compile_nothing() {
    let docker = Docker::take();
    let project = Project::tiny(
        "build: { inputs: ['!pages'] }\nimage: { base: scratch, files: { pages/: /pages/ } }\n",
    );
    let program =
        "fn main() {\n    print!(\"{}\", std::fs::read_to_string(\"/pages/page\").unwrap());\n}\n";
    project
        .write("src/main.rs", format!("{program}// {}\n", nonce()))
        .write(
            "build.rs",
            "fn main() { assert!(!std::path::Path::new(\"pages\").exists()); }\n",
        );
    let prints_a_new_page = |compiled: &[&str]| {
        let page = nonce();
        project.write("pages/page", &page);
        let (image, report) = docker.build(&project).image("pages");
        assert_eq!(report.compiled(), compiled);
        assert_eq!(image.prints(&[]), page);
    };
    prints_a_new_page(&["tiny"]);
    prints_a_new_page(&[]);
}

/// A build script of a library that asks for a stamp and does not tell cargo that it did.
#[test]
fn stamps_reach_libraries_that_ask_for_them() {
    let docker = Docker::take();
    let project = Project::tiny(
        "args: { REVISION: none }\nbuild: { stamp: { REVISION: '${REVISION}' } }\nimage: { base: scratch }\n",
    )
    .with_library();
    project
        .write("lib/src/lib.rs", "pub const WORD: &str = env!(\"WORD\");\n")
        .write(
            "lib/build.rs",
            "fn main() {\n    let word = std::env::var(\"REVISION\").unwrap_or(\"unknown\".into());\n    \
             println!(\"cargo::rustc-env=WORD={word}\");\n}\n",
        )
        .write("src/main.rs", "fn main() {\n    println!(\"{}\", lib::WORD);\n}\n");
    let prints_what_is_given = || {
        for word in [nonce(), nonce()] {
            let build = docker.build(&project).arg("REVISION", &word);
            let (image, _) = build.image("stamps");
            assert_eq!(image.prints(&[]), format!("{word}\n"));
        }
    };
    prints_what_is_given();
    let [packages, run, path] = busybox::lines();
    let build =
        format!("build:\n  {packages}\n  env: {{ {path} }}\n  run:\n    {run}\n  stamp: {{ ");
    project.replace("Rust.yaml", "build: { stamp: { ", &build);
    project.replace("Rust.yaml", "'${REVISION}' } }", "'${REVISION}' }");
    prints_what_is_given();
}

#[test]
fn directories_may_have_names_like_patterns() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch }\n");
    let word = nonce();
    project
        .append(
            "Cargo.toml",
            "[dependencies]\nparts = { path = \"crates/[core]\" }\n",
        )
        .append(
            "Cargo.lock",
            &(lock::dependencies(&["parts"]) + &lock::entry("parts", "0.1.0", &[])),
        )
        .write("crates/[core]/Cargo.toml", manifest("parts"))
        .write(
            "crates/[core]/src/lib.rs",
            format!("pub const WORD: &str = \"{word}\";\n"),
        )
        .write(
            "src/main.rs",
            "fn main() { println!(\"{}\", parts::WORD); }\n",
        );
    let (image, _) = docker.build(&project).image("patterns");
    assert_eq!(image.prints(&[]), format!("{word}\n"));
}

/// A repository of several projects: a build sees its own, and what that needs of the others.
#[test]
fn a_project_may_be_below_the_context() {
    let docker = Docker::take();
    let project = Project::empty();
    let spec = "# syntax=org/rust-frontend:1\ndirectory: services/app\nimage: { base: scratch, files: { VERSION: /VERSION } }\n";
    let locked = format!(
        "version = 4\n{}{}",
        lock::entry("app", "0.1.0", &["shared"]),
        lock::entry("shared", "0.1.0", &[])
    );
    let needs = "[dependencies]\nshared = { path = \"../../libs/shared\" }\n";
    let text = "pub const TEXT: &str = include_str!(\"../text.txt\");\n";
    let word = nonce();
    project
        .write("Rust.yaml", spec)
        .write("VERSION", "1\n")
        .write("services/app/Cargo.toml", manifest("app") + needs)
        .write("services/app/Cargo.lock", locked)
        .write(
            "services/app/src/main.rs",
            "fn main() {\n    print!(\"{}\", shared::TEXT);\n}\n",
        )
        .write("libs/Cargo.toml", "[workspace]\nmembers = [\"shared\"]\n")
        .write("libs/shared/Cargo.toml", manifest("shared"))
        .write("libs/shared/src/lib.rs", text)
        .write("libs/shared/text.txt", &word)
        .write("services/other/Cargo.toml", manifest("other"))
        .write("services/other/src/main.rs", "fn main() {}\n");
    let build = || docker.build(&project);
    let (image, report) = build().image("below");
    assert_eq!(report.compiled(), ["app", "shared"]);
    assert_eq!(image.prints(&[]), word);

    project
        .append("services/other/src/main.rs", "// More.\n")
        .write("services/other/page.html", nonce())
        .write("libs/page.html", nonce());
    assert_eq!(build().succeed().compiled(), [""; 0]);
    project.write("libs/shared/text.txt", nonce());
    assert_eq!(build().succeed().compiled(), ["app", "shared"]);

    project.replace("Rust.yaml", "services/app", "services/none");
    let said = build().fail();
    assert!(
        said.contains("`services/none/Cargo.toml` is not in the build context"),
        "{said}"
    );
}

/// A build script that runs a script of the project.
#[test]
fn what_may_be_run_may_be_run_in_the_build() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch }\n");
    let word = nonce();
    project
        .write("gen.sh", format!("#!/bin/sh\necho {word}\n"))
        .write(
            "build.rs",
            "fn main() {\n    let made = std::process::Command::new(\"./gen.sh\").output().unwrap();\n    \
             println!(\"cargo::rustc-env=MADE={}\", String::from_utf8(made.stdout).unwrap().trim());\n}\n",
        )
        .write("src/main.rs", "fn main() { println!(\"{}\", env!(\"MADE\")); }\n");
    std::fs::set_permissions(project.join("gen.sh"), Permissions::from_mode(0o755))
        .expect("can set permissions");
    let (image, _) = docker.build(&project).image("permissions");
    assert_eq!(image.prints(&[]), format!("{word}\n"));
}
