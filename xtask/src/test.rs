//! Everything that CI checks, in the order of what fails fastest.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::engine::{Engine, EngineName, State, apt, registry, root};
use crate::{image, sh};

/// cargo-deny, the one tool that does not come with the toolchain.
const DENY: (&str, &str) = ("cargo-deny", "0.20.2");

/// Runs all checks; the first that fails ends it. `words` go to the end-to-end tests, as filters.
pub(crate) fn run(checkout: &Path, words: &[String]) -> Result<()> {
    let state = State::locate()?;
    let _turn = state.turn()?;
    // The last steps start engines and a registry of our own, whatever the machine runs.
    root::check_machine().context(
        "the tests start engines of their own; `cargo test --workspace` and `cargo xtask demo` need none of them",
    )?;
    let programs = ["git", "curl", "ssh-agent"];
    apt::install_for(&programs, &["git", "curl", "openssh-client"], &state)?;
    if !words.is_empty() {
        step("tests of these names", || check_words(checkout, words))?;
    }
    let has_advisories = hermetic(&state, checkout)?;
    on_engines(&state, checkout, words)?;
    if !has_advisories {
        println!("{NO_ADVISORIES}");
    }
    Ok(())
}

/// Fails if a word is not part of the name of an end-to-end test: it would choose none, and running none ends well.
fn check_words(checkout: &Path, words: &[String]) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["test", "--test", "e2e", "--", "--list"]);
    let list = sh::output(command.current_dir(checkout))?;
    match unknown(&list, words) {
        None => Ok(()),
        Some(word) => bail!("no end-to-end test has `{word}` in its name"),
    }
}

/// The first of some words that chooses nothing from a list as tests print it: a name with its kind on each line.
fn unknown<'a>(list: &str, words: &'a [String]) -> Option<&'a String> {
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    words
        .iter()
        .find(|word| !names.iter().any(|name| name.contains(word.as_str())))
}

/// What needs no engine. Returns whether advisories were checked, too.
fn hermetic(state: &State, checkout: &Path) -> Result<bool> {
    let cargo = |args: &[&str]| {
        let mut command = Command::new("cargo");
        command.current_dir(checkout).args(args);
        command
    };
    step("format", || {
        sh::shown(&mut cargo(&["fmt", "--all", "--check"]))
    })?;
    step("clippy", || {
        sh::shown(&mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    // The end-to-end tests are not a default target, so that `cargo test` alone needs no engine.
    step("clippy (end-to-end tests)", || {
        sh::shown(&mut cargo(&[
            "clippy", "--test", "e2e", "--", "-D", "warnings",
        ]))
    })?;
    let program = step("cargo-deny", || deny(state))?;
    let deny = |args: &[&str]| {
        let mut command = Command::new(&program);
        sh::shown(command.current_dir(checkout).args(args))
    };
    step("deny", || deny(&["check", "bans", "licenses", "sources"]))?;
    // No package: a machine whose crates come from a mirror may not reach it.
    let has_advisories = step("advisory database", || deny(&["fetch", "db"])).is_ok();
    match has_advisories {
        true => step("advisories", || deny(&["--offline", "check", "advisories"]))?,
        false => println!("{NO_ADVISORIES}"),
    }
    step("hermetic tests", || {
        sh::shown(&mut cargo(&["test", "--workspace"]))
    })?;
    Ok(has_advisories)
}

const NO_ADVISORIES: &str =
    "== advisories: SKIPPED, since their database cannot be fetched; all else was checked";

fn on_engines(state: &State, checkout: &Path, words: &[String]) -> Result<()> {
    let up = |name: EngineName| step(&format!("engine ({name})"), || Engine::own(state, name));
    let containerd = up(EngineName::Containerd)?;
    step("frontend image", || image::build(&containerd, checkout))?;
    step("registry", || registry::up(state, registry::PORT))?;
    let second = up(EngineName::Second)?;
    step("frontend image for the second engine", || {
        image::copy(&containerd, &second, image::NAME)
    })?;
    let classic = up(EngineName::Classic)?;
    step("frontend image for the classic engine", || {
        image::copy(&containerd, &classic, image::NAME)
    })?;
    let chosen: Vec<String> = match words {
        [] => CLASSIC.map(str::to_owned).to_vec(),
        words => words.to_vec(),
    };
    // Side by side: neither knows what the other builds, and much of their time is waiting.
    let log = state.log("end-to-end-classic");
    std::thread::scope(|scope| {
        let others =
            scope.spawn(|| end_to_end(state, checkout, &classic, &chosen, &[], Some(&log)));
        let result = end_to_end(state, checkout, &containerd, words, &[], None);
        let others = others.join().expect("does not panic");
        both(result, others)
    })?;
    let chosen = |name: &&str| {
        let begins = |word: &String| name.starts_with(word.as_str()) || word.starts_with(*name);
        words.is_empty() || words.iter().any(begins)
    };
    let chosen: Vec<String> = LAYOUT
        .iter()
        .filter(|name| chosen(name))
        .map(|name| (*name).to_owned())
        .collect();
    if chosen.is_empty() {
        return Ok(());
    }
    step(
        "build image with another layout of the target directory",
        || {
            other_layout(&containerd)?;
            // The same one: an imported cache is of its digest.
            image::copy(&containerd, &second, OTHER_LAYOUT)
        },
    )?;
    let variables = [("RUST_FRONTEND_RUST", OTHER_LAYOUT)];
    end_to_end(state, checkout, &containerd, &chosen, &variables, None)
}

/// What went wrong on one side or on both.
fn both(one: Result<()>, other: Result<()>) -> Result<()> {
    match (one, other) {
        (Err(one), Err(other)) => bail!("{one:#}\n{other:#}"),
        (one, other) => one.and(other),
    }
}

/// `rust:1` where Cargo keeps each unit in one directory, as it does by itself since 1.100.
const OTHER_LAYOUT: &str = "rust-frontend-test/rust:new-layout";

/// What depends on the layout of the target directory: artefacts of stubs, local libraries, seeds and groups.
const LAYOUT: [&str; 4] = [
    "caching::a_main_older",
    "libraries::a_bump",
    "local::",
    "seed::what_is_new",
];

fn other_layout(engine: &Engine) -> Result<()> {
    let text = "FROM rust:1\nENV RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT=true\n";
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "printf %s \"$2\" | \"$0\" buildx build --load --tag \"$1\" -",
    ]);
    sh::shown(command.arg(engine.wrapper()).args([OTHER_LAYOUT, text]))
}

/// Tests that compile the dependencies of larger examples once more, by their ejected Dockerfiles: they do not
/// fit into the time of a run on two cores, and run when they are named (`cargo xtask test ejected`).
const LONG: [&str; 4] = [
    "ejected::debian_gnu",
    "ejected::protobuf",
    "ejected::sqlx_offline",
    "ejected::workspace",
];

/// What differs between the engines: the tests that the classic one runs. They build the small examples only.
const CLASSIC: [&str; 15] = [
    "bad_input",
    "caching::an_edit_compiles",
    "caching::new_times",
    "caching::a_fresh_clone",
    "caching::a_new_version",
    "caching::a_main_older",
    "calls",
    "examples::rusty_docker",
    "examples::scratch",
    "failures::a_command_that_fails",
    "inputs",
    "named::directories_take",
    "secrets::a_missing_secret",
    "seed::a_build_without",
    "stages::a_failing_test",
];

/// Runs the end-to-end tests on an engine; what they print is shown at once, or with a `log` when they have ended.
fn end_to_end(
    state: &State,
    checkout: &Path,
    engine: &Engine,
    words: &[String],
    variables: &[(&str, &str)],
    log: Option<&Path>,
) -> Result<()> {
    step(&format!("end-to-end tests ({})", engine.flavour()), || {
        let mut command = Command::new("cargo");
        command.current_dir(checkout);
        // One at a time: a step that another build is about to do is not reported as cached.
        command.args(["test", "--test", "e2e", "--", "--test-threads=1"]);
        command.args(words);
        if words.is_empty() {
            command.args(LONG.iter().flat_map(|name| ["--skip", name]));
        }
        command.env("RUST_FRONTEND_DOCKER", engine.wrapper());
        command.env("RUST_FRONTEND_FLAVOUR", engine.flavour());
        command.env("RUST_FRONTEND_SECOND", state.wrapper(EngineName::Second));
        command.envs(variables.iter().copied());
        let Some(log) = log else {
            return sh::shown(&mut command);
        };
        let result = sh::logged(log, &mut command);
        print!("{}", sh::said(log));
        result
    })
}

/// Runs one step and says how long it took.
fn step<T>(name: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("== {name}");
    let start = Instant::now();
    let result = run();
    let outcome = if result.is_ok() { "ok" } else { "FAILED" };
    println!(
        "== {name}: {outcome} after {:.0} s",
        start.elapsed().as_secs_f64()
    );
    result
}

/// cargo-deny in the cache folder, installed if it is not there in the wanted version.
fn deny(state: &State) -> Result<PathBuf> {
    let (name, version) = DENY;
    let root = state.dir().join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if !program.exists() {
        // Optimizing it would take longer than all of its runs.
        let mut install = Command::new("cargo");
        install
            .args(["install", "--locked", "--debug", "--root"])
            .arg(&root);
        sh::shown(install.args(["--version", version, name]))?;
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use anyhow::anyhow;

    use super::*;

    /// Whether there is an end-to-end test that begins with a filter: a module, or a module and the beginning of a
    /// function or of what a macro makes one of.
    fn chooses(filter: &str) -> bool {
        let tests = crate::checkout().join("tests/e2e");
        let (module, name) = filter.split_once("::").unwrap_or((filter, ""));
        let modules = fs::read_to_string(tests.join("main.rs")).unwrap();
        let text = fs::read_to_string(tests.join(format!("{module}.rs"))).unwrap_or_default();
        let mut lines = text.lines().map(str::trim_start);
        let is_test = |line: &str| {
            let rest = line.strip_prefix("fn ").unwrap_or(line).strip_prefix(name);
            let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let rest = rest.map(|rest| rest.trim_start_matches(is_of_name));
            rest.is_some_and(|rest| rest.starts_with("()") || rest.starts_with(": \""))
        };
        modules.contains(&format!("mod {module};"))
            && text.contains("#[test]")
            && (name.is_empty() || lines.any(is_test))
    }

    #[test]
    fn a_word_chooses_tests_by_a_part_of_their_names() {
        let list = "caching::an_edit: test\ncalls::plan: test\n\n2 tests, 0 benchmarks\n";
        let unknown = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            unknown(list, &words).cloned()
        };
        assert_eq!(unknown(&["caching", "plan"]), None);
        assert_eq!(unknown(&["caching", "cachings"]).unwrap(), "cachings");
        assert_eq!(unknown(&["benchmarks"]).unwrap(), "benchmarks");
    }

    #[test]
    fn no_error_hides_another() {
        let fails = |what: &str| -> Result<()> { Err(anyhow!("{what}")) };
        assert!(both(Ok(()), Ok(())).is_ok());
        assert_eq!(both(Ok(()), fails("b")).unwrap_err().to_string(), "b");
        assert_eq!(
            both(fails("a"), fails("b")).unwrap_err().to_string(),
            "a\nb"
        );
    }

    #[test]
    fn every_filter_chooses_a_test() {
        for filter in CLASSIC.iter().chain(&LAYOUT).chain(&LONG) {
            let module = filter.strip_suffix("::").unwrap_or(filter);
            assert!(chooses(module), "{filter}");
        }
        assert!(!chooses("cachings") && !chooses("caching::an_edit_compile_"));
        assert!(!chooses("ejected::debian_gnus"));
    }
}
