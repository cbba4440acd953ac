//! Other programs, run with errors that say which program failed and what it said.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Runs a command to its end and returns what it printed, without the last newline.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let out = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", words(command)))?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        bail!(
            "{} failed ({}): {}",
            words(command),
            out.status,
            tail(&said)
        );
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim_end().to_owned())
}

/// Runs a command to its end for its effect, quietly.
pub(crate) fn quiet(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs a command to its end and shows what it prints.
pub(crate) fn shown(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {}", words(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", words(command));
    }
    Ok(())
}

/// Runs a command that may take long: what it prints goes to `log`, whose end is part of the error.
pub(crate) fn logged(log: &Path, command: &mut Command) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("cannot start {}", words(command)))?;
    if !status.success() {
        let said = fs::read_to_string(log).unwrap_or_default();
        bail!(
            "{} failed ({status})\n{}\n(all of it: {})",
            words(command),
            tail(&said),
            log.display()
        );
    }
    Ok(())
}

/// A command that is killed when this process ends, even when it is killed itself: it would else go
/// on writing where the next one cleans up. Not for what must not stop halfway, such as apt.
pub(crate) fn tied(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", program]);
    command
}

/// Whether a command ends well; what it prints is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What a command prints that ends well in time; one that takes longer is killed.
pub(crate) fn answer(command: &mut Command, longest: Duration) -> Option<String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut pipe = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    // Not waited for: what a killed command has started may hold the pipe for longer.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = pipe.read_to_string(&mut text).map(|_| text);
        let _ = sender.send(read);
    });
    let read = receiver.recv_timeout(longest);
    if read.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().ok()?;
    let text = read.ok()?.ok()?;
    status.success().then_some(text)
}

/// Where `PATH` has a program.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// The last lines of a program's output: the cause is nearly always there.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let mut words = format!("`{}", name.display());
    for arg in command.get_args().take(4) {
        words.push(' ');
        words.push_str(&arg.to_string_lossy());
    }
    if command.get_args().len() > 4 {
        words.push_str(" …");
    }
    words.push('`');
    words
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn an_error_names_the_program_and_its_words() {
        let error = output(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("`sh -c"), "{error}");
        assert!(error.ends_with(": why"), "{error}");
    }

    #[test]
    fn an_answer_comes_in_time_or_not_at_all() {
        let ask = |script, time| answer(Command::new("sh").args(["-c", script]), time);
        let long = Duration::from_secs(60);
        assert_eq!(ask("echo yes", long).as_deref(), Some("yes\n"));
        assert_eq!(ask("echo no; exit 1", long), None);
        // The shell's child goes on and holds the pipe.
        let start = Instant::now();
        assert_eq!(ask("sleep 5; echo late", Duration::from_millis(50)), None);
        assert!(start.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn the_tail_is_the_end() {
        let text: String = (0..40).map(|n| format!("{n}\n")).collect();
        assert!(tail(&text).starts_with("25\n"));
        assert!(tail(&text).ends_with("\n39"));
        assert_eq!(tail(""), "");
    }
}
