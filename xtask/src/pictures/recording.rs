//! Commands as they look at a terminal, with the times at which they wrote.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::film::{self, Film, SIZE};
use crate::engine::Engine;
use crate::sh;

/// How much faster than it was a command's output is played.
const FASTER: f64 = 2.0;
/// How often a screen is taken, in seconds as they were.
const SAMPLE: f64 = 0.4;
/// How long a line is shown before it is run, and what it wrote afterwards.
const PAUSE: f64 = 1.5;
const PROMPT: &str = "\x1b[32m$\x1b[0m ";

/// A terminal in a project's folder, where `docker` is an engine's.
pub(super) struct Terminal {
    screen: vt100::Parser,
    project: PathBuf,
    programs: PathBuf,
    output: PathBuf,
    timing: PathBuf,
}

impl Terminal {
    /// What it records is in `dir` meanwhile.
    pub(super) fn new(engine: &Engine, project: &Path, dir: &Path) -> Result<Self> {
        let programs = dir.join("programs");
        fs::create_dir_all(&programs)?;
        let docker = programs.join("docker");
        let _ = fs::remove_file(&docker);
        symlink(engine.wrapper(), docker)?;
        Ok(Self {
            screen: film::terminal(),
            project: project.to_owned(),
            programs,
            output: dir.join("typescript"),
            timing: dir.join("timing"),
        })
    }

    /// Runs a line and adds what is seen of it to a film.
    pub(super) fn run(&mut self, line: &str, film: &mut Film) -> Result<()> {
        self.screen.process(PROMPT.as_bytes());
        film.add(0.4, self.screen.screen());
        for word in line.split_inclusive(' ') {
            self.screen.process(word.as_bytes());
            film.add(0.12, self.screen.screen());
        }
        film.hold(PAUSE);
        self.screen.process(b"\r\n");

        let (rows, columns) = SIZE;
        let path = std::env::var("PATH").unwrap_or_default();
        let script = format!("stty rows {rows} cols {columns}; {line}");
        sh::quiet(
            Command::new("script")
                .args(["--quiet", "--return", "--command", &script])
                .arg("--log-out")
                .arg(&self.output)
                .arg("--log-timing")
                .arg(&self.timing)
                .current_dir(&self.project)
                .env("PATH", format!("{}:{path}", self.programs.display()))
                .env("TERM", "xterm-256color"),
        )?;
        let output = fs::read(&self.output)?;
        let timing = fs::read_to_string(&self.timing)?;
        let (mut at, mut passed) = (body(&output), 0.0);
        for (delay, bytes) in chunks(&timing)? {
            passed += delay;
            // What is on the screen now has been there since the last change.
            if passed >= SAMPLE {
                film.add(passed / FASTER, self.screen.screen());
                passed = 0.0;
            }
            let chunk = output.get(at..at + bytes).context("a chunk is missing")?;
            self.screen.process(chunk);
            at += bytes;
        }
        film.add(PAUSE, self.screen.screen());
        Ok(())
    }
}

/// Where a typescript begins: behind the line that `script` writes itself.
fn body(output: &[u8]) -> usize {
    let first = output.iter().position(|byte| *byte == b'\n');
    match output.starts_with(b"Script started") {
        true => first.map_or(0, |end| end + 1),
        false => 0,
    }
}

/// The seconds before each chunk of a typescript, and its length.
fn chunks(timing: &str) -> Result<Vec<(f64, usize)>> {
    let chunk = |line: &str| -> Option<(f64, usize)> {
        let (delay, bytes) = line.split_once(' ')?;
        Some((delay.parse().ok()?, bytes.parse().ok()?))
    };
    let lines = timing.lines();
    lines
        .map(|line| chunk(line).with_context(|| format!("not a time: {line}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typescript_is_read_as_script_writes_it() {
        let output = b"Script started on x\nabc";
        assert_eq!(&output[body(output)..], b"abc");
        assert_eq!(body(b"abc"), 0);
        assert_eq!(chunks("0.5 2\n1.25 1\n").unwrap(), [(0.5, 2), (1.25, 1)]);
        assert!(chunks("soon").is_err());
    }
}
