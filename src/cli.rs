//! The program on the host: what calls answer during a build, without an engine.
//!
//! The only modules that touch the disk. Base images are not looked up here: their digests are unknown, and
//! their settings are taken to be those of the official images.

mod args;
mod commands;
mod complete;
mod disk;
mod help;
mod host;
mod syntax;

use crate::diagnostic::{Diagnostics, Severity, snippet};
use crate::gateway::STACK;
use args::Parsed;
use std::io::{IsTerminal, Write};
use std::panic::resume_unwind;

/// What went wrong, as an exit code and words.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Mistakes of the project: 1.
    Found(Diagnostics),
    /// The disk: 1.
    Io(String),
    /// Wrong arguments: 2.
    Usage(String),
}

impl From<Diagnostics> for Trouble {
    fn from(found: Diagnostics) -> Self {
        Self::Found(found)
    }
}

/// Whether this process was started by a person: with arguments, or without an engine around it.
#[expect(clippy::disallowed_methods, reason = "the process asks who started it")]
pub fn is_wanted() -> bool {
    const ENGINE: [&str; 3] = [
        "BUILDKIT_SESSION_ID",
        "BUILDKIT_WORKERS",
        "BUILDKIT_FRONTEND_OPT_",
    ];
    let engine = |(name, _): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.to_string_lossy();
        ENGINE.iter().any(|known| name.starts_with(known))
    };
    std::env::args_os().len() > 1 || !std::env::vars_os().any(engine)
}

/// Runs the command that the arguments say and returns the exit code: 0 fine, 1 something was found, 2 wrong
/// usage.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line reads its words and the colour that is wanted"
)]
pub fn run() -> i32 {
    let mut out = std::io::stdout();
    let mut err = std::io::stderr();
    let colour = err.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    // The system's own stack is too small for what may nest in the files of a project.
    let thread = std::thread::Builder::new().stack_size(STACK);
    let (code, stdout, stderr) = match thread.spawn(move || answer(words, colour)) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        Err(error) => (1, String::new(), line("error", &error.to_string(), colour)),
    };
    // A reader that went away (`| head`) is not an error.
    let _ = out.write_all(stdout.as_bytes()).and_then(|()| out.flush());
    let _ = err.write_all(stderr.as_bytes());
    code
}

/// The exit code, what goes to standard output, and what to standard error.
fn answer(
    words: impl IntoIterator<Item = std::ffi::OsString>,
    colour: bool,
) -> (i32, String, String) {
    let args = match args::parse(words) {
        Ok(Parsed::Run(args)) => args,
        Ok(Parsed::Help(None)) => return (0, help::general(), String::new()),
        Ok(Parsed::Help(Some(command))) => return (0, help::of(command), String::new()),
        Ok(Parsed::Version) => {
            let version = format!("rust-frontend {}\n", env!("CARGO_PKG_VERSION"));
            return (0, version, String::new());
        }
        // No arguments: without an engine, there is nothing to build.
        Ok(Parsed::Nothing) => return (2, String::new(), help::general()),
        Err(message) => return (2, String::new(), usage(&message, colour)),
    };
    match commands::run(&args) {
        Ok(done) => {
            let shown = shown(&done.warnings, colour);
            (done.code, done.text, shown)
        }
        Err(Trouble::Found(found)) => (1, String::new(), shown(&found, colour)),
        Err(Trouble::Io(message)) => (1, String::new(), line("error", &message, colour)),
        Err(Trouble::Usage(message)) => (2, String::new(), usage(&message, colour)),
    }
}

fn usage(message: &str, colour: bool) -> String {
    line("error", message, colour) + "help: `rust-frontend --help` lists commands and options\n"
}

fn line(word: &str, message: &str, colour: bool) -> String {
    format!("{}: {message}\n", painted(word, "1;31", colour))
}

fn painted(text: &str, code: &str, colour: bool) -> String {
    match colour {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}

/// Diagnostics with the lines that they are about.
fn shown(found: &Diagnostics, colour: bool) -> String {
    let mut texts = vec![];
    for diagnostic in found.clone().sorted() {
        let text = snippet::render(&diagnostic);
        let (word, code) = match diagnostic.severity {
            Severity::Error => ("error", "1;31"),
            Severity::Warning => ("warning", "1;33"),
        };
        let head = format!("{word}[{}]", diagnostic.code);
        texts.push(text.replacen(&head, &painted(&head, code, colour), 1));
    }
    texts.join("\n")
}
