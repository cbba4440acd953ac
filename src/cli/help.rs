//! `--help`.

use super::args::{COMMANDS, Command, OPTIONS};

const ABOUT: &str = "\
A BuildKit frontend for Cargo projects. Docker runs it because the first line of Rust.yaml names it; on the host, it
shows what a build would do, turns a Dockerfile into a spec, and a spec into a Dockerfile.
";

/// Help on everything.
pub(super) fn general() -> String {
    let mut text = format!("{ABOUT}\nUsage: rust-frontend COMMAND [OPTIONS] [DIR]\n\nCommands:\n");
    for (name, _, about) in COMMANDS {
        text.push_str(&format!("  {name:12} {about}\n"));
    }
    text + "\n" + &options()
}

/// Help on a command.
pub(super) fn of(command: Command) -> String {
    let found = COMMANDS.iter().find(|(_, known, _)| *known == command);
    let (name, _, about) = found.unwrap_or(&COMMANDS[0]);
    let mut about = (*about).to_owned();
    if let Some(first) = about.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let argument = match command {
        Command::Completions => "bash|zsh|fish",
        _ => "[OPTIONS] [DIR]",
    };
    format!(
        "{about}.\n\nUsage: rust-frontend {name} {argument}\n\n{}",
        options()
    )
}

fn options() -> String {
    let mut text = String::from("Options:\n");
    for (name, short, value, about) in OPTIONS {
        let short = short.map_or("    ".to_owned(), |short| format!("-{short}, "));
        let long = format!("--{name} {value}");
        text.push_str(&format!("  {short}{long:24} {about}\n"));
    }
    for (short, long, about) in [
        (
            "    ",
            "--write",
            "init: write the file, which must not be there yet",
        ),
        ("-h, ", "--help", "this text"),
        ("-V, ", "--version", "the version"),
    ] {
        text.push_str(&format!("  {short}{long:24} {about}\n"));
    }
    text + "\nExit code: 0 fine, 1 something is wrong with the project, 2 wrong usage.\n"
}
