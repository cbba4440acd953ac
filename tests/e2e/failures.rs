//! What goes wrong around a build: it is said in the words of who knows, and nothing of it stays in a cache.

use std::thread;

use crate::support::docker::Docker;
use crate::support::lock::{self, ITOA, YANKED};
use crate::support::nonce;
use crate::support::progress::DEPENDENCIES;
use crate::support::project::Project;

/// A program that needs one crate, in an environment that no engine has seen.
fn with(locked: [&str; 3]) -> Project {
    let spec = format!(
        "build: {{ env: {{ NONCE: \"{}\" }} }}\nimage: {{ base: scratch }}\n",
        nonce()
    );
    let project = Project::tiny(&spec);
    let [name, version, _] = locked;
    project
        .append(
            "Cargo.toml",
            &format!("[dependencies]\n{name} = \"={version}\"\n"),
        )
        .append(
            "Cargo.lock",
            &(lock::dependencies(&[name]) + &lock::external(locked)),
        );
    project
}

/// A program that needs one crate, which stands beside it and whose build script is what is given.
fn vendored(spec: &str, name: &str, build: &str) -> Project {
    let project = Project::tiny(spec);
    let dir = format!("vendor/{name}");
    let source = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let package = format!("name = \"{name}\"\nversion = \"1.0.0\"\n");
    let checksum = "{\"files\":{},\"package\":null}";
    let script = format!("fn main() {{\n    {build}\n}}\n");
    project
        .append("Cargo.toml", &format!("[dependencies]\n{name} = \"1\"\n"))
        .append(
            "Cargo.lock",
            &(lock::dependencies(&[name]) + &lock::entry(name, "1.0.0", &[]) + source),
        )
        .write(
            ".cargo/config.toml",
            "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"vendor\"\n",
        )
        .write(&format!("{dir}/.cargo-checksum.json"), checksum)
        .write(&format!("{dir}/Cargo.toml"), format!("[package]\n{package}"))
        .write(&format!("{dir}/src/lib.rs"), "")
        .write(&format!("{dir}/build.rs"), &script);
    project
}

/// The crate has the name of one that calls `nasm`, so this is what is said before its build script finds none.
#[test]
fn a_program_that_is_missing_is_named_with_the_line_to_write() {
    let docker = Docker::take();
    let line = "missing-program: `nasm-rs` needs `nasm`, which the build image does not have: \
                write `packages: [nasm]` under `build:`";
    let spec = format!("build: {{ env: {{ NONCE: \"{}\" }} }}\n", nonce());
    let project = vendored(&spec, "nasm-rs", "panic!(\"no nasm\");");
    let printed = docker.build(&project).fail();
    assert!(printed.contains("no nasm"), "{printed}");
    assert!(printed.contains(line), "{printed}");

    let checked = docker.build(&project).call("check");
    assert_eq!(checked.exit, Some(1), "{checked}");
    let heading = "missing-program - https://github.com/org/rust-frontend/blob/main/docs/lint/missing-program.md";
    assert!(checked.stdout.contains(heading), "{checked}");

    project.append("Rust.yaml", "lint: { skip: [missing-program] }\n");
    let printed = docker.build(&project).fail();
    assert!(!printed.contains("needs `nasm`"), "{printed}");
}

/// All of them fetch into the same cache.
#[test]
fn builds_at_once_and_killed_ones_leave_caches_whole() {
    let docker = Docker::take();
    let killed = with(YANKED);
    docker.build(&killed).kill_at("] fetch ");
    let projects = [killed, with(ITOA), with(YANKED)];
    thread::scope(|scope| {
        let builds = projects.each_ref().map(|project| {
            let docker = &docker;
            scope.spawn(move || docker.build(project).succeed())
        });
        let reports = builds.map(|build| build.join().expect("a build that succeeds"));
        // How far the killed one came depends on the machine.
        for report in &reports[1..] {
            assert_eq!(report.compiled().len(), 2, "{report}");
        }
    });
}

#[test]
fn what_a_registry_refuses_is_said_in_its_words() {
    let docker = Docker::take();
    let wrong = "0".repeat(64);
    let project = with([ITOA[0], ITOA[1], &wrong]);
    let printed = docker.build(&project).fail();
    assert!(
        printed.contains("checksum for `itoa v1.0.15` changed between lock files"),
        "{printed}"
    );
    let failed = "process \"/rust-frontend/fetch ";
    assert!(printed.contains(failed), "{printed}");
    project.replace("Cargo.lock", &wrong, ITOA[2]);
    docker.build(&project).succeed();

    project.write(
        ".cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"down\"\n[source.down]\nregistry = \"sparse+http://127.0.0.1:9/\"\n\
         [net]\nretry = 0\n",
    );
    let printed = docker.build(&project).fail();
    assert!(printed.contains("127.0.0.1"), "{printed}");
    assert!(
        printed.contains("Couldn't connect to server")
            || printed.contains("Could not connect to server"),
        "{printed}"
    );
    assert!(printed.contains(failed), "{printed}");
}

/// The engine finds the lines by the digests that it computes itself.
#[test]
fn a_command_that_fails_is_shown_at_its_line() {
    let docker = Docker::take();
    for (block, line) in [
        ("image:\n  base: scratch\nbuild:\n  run:\n    - exit 3\n", 6),
        (
            "image:\n  base: alpine\n  run:\n    - 'true'\n    - exit 3\n",
            6,
        ),
    ] {
        let project = Project::tiny(block);
        let printed = docker.build(&project).fail();
        let marked = printed.lines().filter(|line| line.contains(" | >>> "));
        let expected = format!("   {line} | >>>     - exit 3");
        assert_eq!(marked.collect::<Vec<_>>(), [expected], "{printed}");
        let message = "exit 3\" did not complete successfully: exit code: 3";
        assert!(printed.trim_end().ends_with(message), "{printed}");
    }
}

/// As the kernel does when memory runs out: the compiler of the program is gone in the middle of its work.
#[test]
fn a_killed_compiler_poisons_no_cache() {
    let docker = Docker::take();
    let project = with(ITOA);
    let manifest = "[package]\nname = \"macros\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nproc-macro = true\n";
    project
        .append("Cargo.toml", "macros = { path = \"macros\" }\n\n[workspace]\n")
        .replace("Cargo.lock", "dependencies = [\"itoa\"]", "dependencies = [\"itoa\", \"macros\"]")
        .append("Cargo.lock", &lock::entry("macros", "0.1.0", &[]))
        .write("macros/Cargo.toml", manifest)
        .write(
            "macros/src/lib.rs",
            "#[proc_macro]\npub fn boom(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    \
             let kill = std::process::Command::new(\"sh\").args([\"-c\", \"kill -9 $PPID\"]).status();\n    \
             unreachable!(\"{kill:?}\")\n}\n",
        )
        .write("src/main.rs", "fn main() {\n    macros::boom!();\n}\n");
    let printed = docker.build(&project).fail();
    assert!(printed.contains("signal: 9, SIGKILL"), "{printed}");
    assert!(printed.contains("ERROR: failed to build: "), "{printed}");

    project.replace("src/main.rs", "macros::boom!()", "println!(\"alive\")");
    let (image, report) = docker.build(&project).image("killed");
    assert!(report.is_cached(DEPENDENCIES), "{report}");
    assert_eq!(report.compiled(), ["tiny"]);
    assert_eq!(image.prints(&[]), "alive\n");
}

/// Into the directory of its package and into that of a crate: neither is there in the next build.
#[test]
fn what_a_build_script_writes_beside_sources_goes() {
    let docker = Docker::take();
    let project = with(ITOA);
    project.write(
        "build.rs",
        "fn main() {\n    let home = std::env::var(\"CARGO_HOME\").unwrap() + \"/registry/src\";\n    \
         let index = std::fs::read_dir(home).unwrap().next().unwrap().unwrap().path();\n    \
         for file in [index.join(\"itoa-1.0.15/src/made.rs\"), \"src/made.rs\".into()] {\n        \
         assert!(!file.exists());\n        std::fs::write(file, \"\").unwrap();\n    }\n}\n",
    );
    for _ in 0..2 {
        project.append("build.rs", &format!("// {}\n", nonce()));
        docker.build(&project).succeed();
    }
}

/// A library of the workspace whose script makes a module of it: its step leaves it to the compile step, where the script
/// runs.
#[test]
fn what_a_library_is_made_from_is_there() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch }\n").with_library();
    project
        .write("lib/src/lib.rs", "mod made;\npub use made::WORD;\n")
        .write(
            "src/main.rs",
            "fn main() {\n    println!(\"{}\", lib::WORD);\n}\n",
        );
    let word = nonce();
    let script = format!("pub const WORD: &str = {word:?};");
    project.write(
        "lib/build.rs",
        format!("fn main() {{\n    std::fs::write(\"src/made.rs\", {script:?}).unwrap();\n}}\n"),
    );
    for _ in 0..2 {
        let (image, report) = docker.build(&project).image("made");
        assert_eq!(image.prints(&[]), format!("{word}\n"));
        assert!(report.compiled().contains(&"lib"), "{report}");
        project.append("src/main.rs", "// Another one.\n");
    }
}

/// A build script of an external crate that watches what only the program's own step has.
#[test]
fn a_crate_that_is_compiled_again_is_named_with_the_reason() {
    let docker = Docker::take();
    let spec =
        "args: { WORD: none }\nbuild: { stamp: { WORD: '${WORD}' } }\nimage: { base: scratch }\n";
    let project = vendored(
        spec,
        "leaf",
        "println!(\"cargo:rerun-if-env-changed=WORD\");",
    );
    let report = docker.build(&project).arg("WORD", &nonce()).succeed();
    let words = "leaf 1.0.0 (the env variable WORD changed)";
    let said = |warning: &String| warning.contains("compiled again") && warning.contains(words);
    assert!(
        report.warnings.iter().any(said),
        "{:?}\n{}",
        report.warnings,
        report.log()
    );
    assert!(!report.log().contains("Running"), "{}", report.log());
    let broken = project.write("src/main.rs", "fn main() { nothing() }\n");
    let printed = docker.build(broken).fail();
    assert!(
        printed.contains("cannot find function `nothing`"),
        "{printed}"
    );
    assert!(
        !printed.contains("Caused by") && !printed.contains("--crate-name"),
        "{printed}"
    );
}
