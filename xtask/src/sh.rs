//! Other programs, run with errors that say which program failed and what it said.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::sleep;
use std::time::{Duration, Instant};

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

/// Runs a command to its end and reads what it prints meanwhile.
pub(crate) fn piped<T>(
    command: &mut Command,
    read: impl FnOnce(&mut ChildStdout) -> io::Result<T>,
) -> Result<T> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", words(command)))?;
    // Closed when it was read, or could not be: the command does not wait for its reader.
    let read = child.stdout.take().map(|mut pipe| read(&mut pipe));
    let status = child.wait()?;
    if !status.success() {
        bail!("{} failed ({status})", words(command));
    }
    Ok(read.context("no pipe")??)
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
    let status = start_logged(log, command)?.wait()?;
    match status.success() {
        true => Ok(()),
        false => bail_with_log(log, command, &format!("failed ({status})")),
    }
}

/// As [`logged`]; a command that takes longer is killed.
pub(crate) fn logged_within(log: &Path, command: &mut Command, longest: Duration) -> Result<()> {
    let mut child = start_logged(log, command)?;
    match wait(longest, || Ok(child.try_wait()?))? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail_with_log(log, command, &format!("failed ({status})")),
        None => {
            child.kill()?;
            child.wait()?;
            let what = format!("did not end within {} s", longest.as_secs());
            bail_with_log(log, command, &what)
        }
    }
}

fn start_logged(log: &Path, command: &mut Command) -> Result<Child> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot start {}", words(command)))
}

fn bail_with_log(log: &Path, command: &Command, what: &str) -> Result<()> {
    bail!(
        "{} {what}\n{}\n(all of it: {})",
        words(command),
        tail(&said(log)),
        log.display()
    )
}

/// What a log says; nothing if there is none. Not all that programs print is UTF-8.
pub(crate) fn said(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
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
pub(crate) fn answer(command: &mut Command, longest: Duration) -> Result<String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", words(command)))?;
    let printed = child.stdout.take().map(text_of);
    let said = child.stderr.take().map(text_of);
    let printed = printed.and_then(|text| text.recv_timeout(longest).ok());
    if printed.is_none() {
        let _ = child.kill();
    }
    let status = child.wait()?;
    let Some(printed) = printed else {
        bail!(
            "{} did not end within {} s",
            words(command),
            longest.as_secs()
        );
    };
    if !status.success() {
        // It has ended, but what it started may hold the pipe.
        let said = said.and_then(|text| text.recv_timeout(Duration::from_secs(1)).ok());
        bail!(
            "{} failed ({status}): {}",
            words(command),
            tail(&said.unwrap_or_default())
        );
    }
    Ok(printed)
}

/// Asks again and again until there is an answer; none if there is none in time.
pub(crate) fn wait<T>(
    longest: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let end = Instant::now() + longest;
    loop {
        let answer = ask()?;
        if answer.is_some() || Instant::now() > end {
            return Ok(answer);
        }
        sleep(Duration::from_millis(100));
    }
}

/// All that comes out of a pipe. Nobody waits for the thread: what a killed command has started may hold the pipe for
/// longer.
fn text_of(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = vec![];
        if pipe.read_to_end(&mut bytes).is_ok() {
            let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
        }
    });
    receiver
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
    use super::*;

    #[test]
    fn an_error_names_the_program_and_its_words() {
        let error = output(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("`sh -c"), "{error}");
        assert!(error.ends_with(": why"), "{error}");
    }

    #[test]
    fn what_is_read_counts_only_if_the_command_ends_well() {
        let count = |script: &str| {
            let mut command = Command::new("sh");
            piped(command.args(["-c", script]), |pipe| {
                io::copy(pipe, &mut io::sink())
            })
        };
        assert_eq!(count("printf four").unwrap(), 4);
        assert!(count("printf four; exit 1").is_err());
    }

    #[test]
    fn an_answer_comes_in_time_or_not_at_all() {
        let ask = |script, time| {
            let answer = answer(Command::new("sh").args(["-c", script]), time);
            answer.map_err(|error| error.to_string())
        };
        let long = Duration::from_secs(60);
        assert_eq!(ask("echo yes", long).as_deref(), Ok("yes\n"));
        let error = ask("echo no >&2; exit 1", long).unwrap_err();
        assert!(error.ends_with(": no"), "{error}");
        // The shell's child goes on and holds the pipe.
        let start = Instant::now();
        let error = ask("sleep 5; echo late", Duration::from_millis(50)).unwrap_err();
        assert!(error.ends_with("did not end within 0 s"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn an_answer_is_waited_for_as_long_as_is_said() {
        let mut asked = 0;
        let answer = wait(Duration::from_secs(60), || {
            asked += 1;
            Ok((asked == 2).then_some("yes"))
        });
        assert_eq!(answer.unwrap(), Some("yes"));
        let none = wait(Duration::ZERO, || Ok(None::<()>));
        assert_eq!(none.unwrap(), None);
        assert!(wait(Duration::ZERO, || -> Result<Option<()>> { bail!("no") }).is_err());
    }

    #[test]
    fn the_error_of_a_logged_command_has_what_it_said() {
        let log = std::env::temp_dir().join(format!("rust-frontend-log-{}", std::process::id()));
        let script = "printf 'not UTF-8: \\377\\n'; exit 3";
        let error = logged(&log, Command::new("sh").args(["-c", script])).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("not UTF-8: \u{fffd}\n(all of it: "),
            "{error}"
        );
        let mut slow = Command::new("sh");
        let slow = slow.args(["-c", "echo begun; exec sleep 60"]);
        let error = logged_within(&log, slow, Duration::from_secs(5)).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("did not end within 5 s\nbegun\n"), "{error}");
        assert!(logged_within(&log, &mut Command::new("true"), Duration::from_secs(60)).is_ok());
        fs::remove_file(&log).unwrap();
        assert_eq!(said(&log), "");
    }

    #[test]
    fn the_tail_is_the_end() {
        let text: String = (0..40).map(|n| format!("{n}\n")).collect();
        assert!(tail(&text).starts_with("25\n"));
        assert!(tail(&text).ends_with("\n39"));
        assert_eq!(tail(""), "");
    }
}
