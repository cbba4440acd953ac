//! The command line.

use crate::diagnostic::nearest;
use crate::image_ref::ImageRef;
use crate::platform::Platform;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Plan,
    Graph,
    Dockerfile,
    Bake,
    Schema,
    Init,
    Check,
    Explain,
    Completions,
}

/// All commands: name, value, what they do.
pub(super) const COMMANDS: [(&str, Command, &str); 9] = [
    ("plan", Command::Plan, "show the steps of a build in words"),
    (
        "graph",
        Command::Graph,
        "draw the steps: Mermaid, Graphviz or SVG",
    ),
    (
        "dockerfile",
        Command::Dockerfile,
        "write an equivalent Dockerfile",
    ),
    ("bake", Command::Bake, "write a bake file for all images"),
    (
        "schema",
        Command::Schema,
        "print the JSON schema of the spec",
    ),
    (
        "init",
        Command::Init,
        "write a spec for this project, or one that replaces a Dockerfile",
    ),
    (
        "check",
        Command::Check,
        "look for mistakes in spec and manifests",
    ),
    (
        "explain",
        Command::Explain,
        "say which steps a change repeats, and why",
    ),
    (
        "completions",
        Command::Completions,
        "print completions for bash, zsh or fish",
    ),
];

/// Options with a value: name, short form, what it is called, what it does.
pub(super) const OPTIONS: [(&str, Option<char>, &str, &str); 8] = [
    (
        "file",
        Some('f'),
        "FILE",
        "the spec; by default DIR/Rust.yaml",
    ),
    (
        "target",
        Some('t'),
        "STAGE",
        "an image of the spec, or another stage",
    ),
    (
        "platform",
        None,
        "OS/ARCH",
        "what the image runs on; comma-separated or repeated",
    ),
    (
        "build-arg",
        None,
        "NAME=VALUE",
        "a build argument of the spec; repeated",
    ),
    (
        "format",
        None,
        "FORMAT",
        "plan: text, json; graph: mermaid, dot, svg",
    ),
    (
        "against",
        None,
        "FILE",
        "explain: a plan that `plan --format json` wrote",
    ),
    (
        "from",
        None,
        "FILE",
        "init: the Dockerfile to replace; by default DIR/Dockerfile, if there is one",
    ),
    (
        "syntax",
        None,
        "IMAGE",
        "init: the frontend's image for the first line",
    ),
];

/// What is to be run.
#[derive(Clone, Debug)]
pub(super) struct Args {
    pub command: Command,
    /// The project; for completions the shell.
    pub dir: PathBuf,
    pub file: Option<PathBuf>,
    pub target: Option<String>,
    pub platforms: Vec<Platform>,
    pub build_args: BTreeMap<String, String>,
    pub format: Option<String>,
    pub against: Option<PathBuf>,
    /// `init`: the Dockerfile to replace.
    pub from: Option<PathBuf>,
    /// `init`: the frontend's image.
    pub syntax: Option<String>,
    /// `init`: write the file instead of printing it.
    pub write: bool,
}

/// A command line.
#[derive(Debug)]
pub(super) enum Parsed {
    Run(Box<Args>),
    Help(Option<Command>),
    Version,
    Nothing,
}

/// Reads the command line.
pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Parsed, String> {
    use lexopt::prelude::*;
    let mut parser = lexopt::Parser::from_args(words);
    let mut command = None;
    let mut dir = None;
    let mut args = Args {
        command: Command::Plan,
        dir: PathBuf::from("."),
        file: None,
        target: None,
        platforms: vec![],
        build_args: BTreeMap::new(),
        format: None,
        against: None,
        from: None,
        syntax: None,
        write: false,
    };
    let plain = |error: lexopt::Error| error.to_string();
    let mut empty = true;
    while let Some(word) = parser.next().map_err(plain)? {
        empty = false;
        match word {
            Short('h') | Long("help") => return Ok(Parsed::Help(command)),
            Short('V') | Long("version") => return Ok(Parsed::Version),
            Short('f') | Long("file") => args.file = Some(parser.value().map_err(plain)?.into()),
            Short('t') | Long("target") => {
                args.target = Some(parser.value().and_then(|v| v.string()).map_err(plain)?);
            }
            Long("platform") => {
                let list = parser.value().and_then(|v| v.string()).map_err(plain)?;
                for one in list.split(',').filter(|one| !one.is_empty()) {
                    let platform = one.parse();
                    args.platforms.push(platform.map_err(|_| {
                        format!("`{one}` is not a platform: write e.g. `linux/amd64`")
                    })?);
                }
            }
            Long("build-arg") => {
                let pair = parser.value().and_then(|v| v.string()).map_err(plain)?;
                let (name, value) = pair
                    .split_once('=')
                    .ok_or_else(|| format!("`--build-arg {pair}` has no `=VALUE`"))?;
                args.build_args.insert(name.into(), value.into());
            }
            Long("format") => {
                args.format = Some(parser.value().and_then(|v| v.string()).map_err(plain)?);
            }
            Long("against") => args.against = Some(parser.value().map_err(plain)?.into()),
            Long("from") => args.from = Some(parser.value().map_err(plain)?.into()),
            Long("syntax") => {
                let image = parser.value().and_then(|v| v.string()).map_err(plain)?;
                if image.parse::<ImageRef>().is_err() {
                    return Err(format!(
                        "`{image}` is not an image reference: write e.g. `org/rust-frontend:1`"
                    ));
                }
                args.syntax = Some(image);
            }
            Long("write") => args.write = true,
            Value(word) if command.is_none() => {
                let word = word.string().map_err(plain)?;
                if word == "help" {
                    return Ok(Parsed::Help(None));
                }
                command = Some(find(&word)?);
            }
            Value(word) if dir.is_none() => dir = Some(PathBuf::from(word)),
            Value(word) => {
                return Err(format!(
                    "one directory is enough: `{}`",
                    word.to_string_lossy()
                ));
            }
            other => return Err(unknown_option(other)),
        }
    }
    if empty {
        return Ok(Parsed::Nothing);
    }
    args.command = command.ok_or("name a command, e.g. `plan`")?;
    if let Some(dir) = dir {
        args.dir = dir;
    }
    Ok(Parsed::Run(Box::new(args)))
}

fn find(word: &str) -> Result<Command, String> {
    let known = COMMANDS.iter().find(|(name, ..)| *name == word);
    known.map(|(_, command, _)| *command).ok_or_else(|| {
        let near = nearest(word, COMMANDS.iter().map(|(name, ..)| *name));
        let hint = near.map(|near| format!(": did you mean `{near}`?"));
        format!("`{word}` is not a command{}", hint.unwrap_or_default())
    })
}

fn unknown_option(word: lexopt::Arg<'_>) -> String {
    let lexopt::Arg::Long(name) = word else {
        return word.unexpected().to_string();
    };
    let known = OPTIONS.iter().map(|(name, ..)| *name);
    let near = nearest(name, known.chain(["help", "version", "write"]));
    let hint = near.map(|near| format!(": did you mean `--{near}`?"));
    format!("`--{name}` is not an option{}", hint.unwrap_or_default())
}
