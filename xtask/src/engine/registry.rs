//! A real image registry on the loopback address, for what only a registry can show: pushing,
//! pulling, caches kept in one.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::{State, daemon, root, wrapper};
use crate::sh;

/// The port, unless another is named.
pub(crate) const PORT: u16 = 5050;

/// The program, in the engine's Debian.
const PROGRAM: &str = "usr/bin/docker-registry";

/// What was pushed is forgotten when a registry starts that has more than this, in KiB.
const MOST: u64 = 2_000_000;

/// Starts the registry unless it runs; returns its address.
pub(crate) fn up(state: &State, port: u16) -> Result<String> {
    let _lock = state.lock()?;
    let address = format!("127.0.0.1:{port}");
    let data = state.dir().join("registry");
    // Each run of the tests pushes a few hundred megabytes that nobody asks for again.
    let is_full = data.exists() && kilobytes(&data)? > MOST;
    if let Some((_, running)) = running(state) {
        if running == address && !is_full {
            return Ok(address);
        }
        if running != address && !running.is_empty() {
            bail!("a registry runs at {running}: `cargo xtask engine registry down` first");
        }
        // The folder was removed under it, or is full.
        down(state)?;
    }
    // One that was just stopped may answer for a moment.
    sh::wait(Duration::from_secs(2), || {
        Ok(TcpStream::connect(&address).is_err().then_some(()))
    })?
    .with_context(|| format!("something else listens at {address}: name another `--port`"))?;
    root::install(state)?;
    if is_full {
        state.remove(&data)?;
    }
    fs::create_dir_all(&data)?;
    let settings = state.run("registry.json");
    // JSON is YAML, which the registry reads.
    let text = serde_json::json!({
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": data}, "delete": {"enabled": true}},
        "http": {"addr": address},
    });
    fs::write(&settings, format!("{text:#}\n"))?;
    let program = wrapper::command(&state.root(), PROGRAM)?;
    let log = fs::File::create(state.log("registry"))?;
    let mut child = Command::new("setsid")
        .args(["sh", "-c", &format!("exec {program} serve \"$1\""), "sh"])
        .arg(&settings)
        .env("OTEL_TRACES_EXPORTER", "none")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .current_dir("/")
        .spawn()
        .context("cannot start the registry")?;
    fs::write(state.run("registry.at"), &address)?;
    // A program that is read from a cold disk takes its time.
    let answers = sh::wait(Duration::from_secs(90), || {
        if TcpStream::connect(&address).is_ok() {
            return Ok(Some(true));
        }
        Ok(child.try_wait()?.map(|_| false))
    })?;
    if answers != Some(true) {
        let said = sh::said(&state.log("registry"));
        bail!("the registry does not start\n{}", sh::tail(&said));
    }
    Ok(address)
}

/// What a folder takes of the disk, in KiB.
fn kilobytes(dir: &Path) -> Result<u64> {
    let said = sh::output(Command::new("du").arg("-sk").arg(dir))?;
    let number = said.split_whitespace().next().unwrap_or_default();
    number.parse().with_context(|| said.clone())
}

/// Stops the registry; says whether there was one. What was pushed stays until it is too much ([`MOST`]).
pub(crate) fn down(state: &State) -> Result<bool> {
    let Some((pid, address)) = running(state) else {
        return Ok(false);
    };
    sh::quiet(Command::new("kill").arg(pid.to_string()))?;
    sh::wait(Duration::from_secs(20), || {
        Ok(running(state).is_none().then_some(()))
    })?
    .with_context(|| format!("the registry at {address} (process {pid}) does not stop"))?;
    Ok(true)
}

/// Process and address of the running registry, known by its program and its settings file.
pub(crate) fn running(state: &State) -> Option<(u32, String)> {
    let settings = state.run("registry.json");
    let program = state.root().join(PROGRAM);
    let pid = daemon::find_process(|line| serves(line, &program, &settings))?;
    Some((
        pid,
        fs::read_to_string(state.run("registry.at")).unwrap_or_default(),
    ))
}

/// Whether a command line is that of the registry with these settings. The program's loader may stand before it.
fn serves(line: &[u8], program: &Path, settings: &Path) -> bool {
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    let [program, settings] = [program, settings].map(|path| path.as_os_str().as_encoded_bytes());
    words
        .windows(3)
        .any(|words| words == [program, b"serve", settings])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_known_by_program_and_settings() {
        let is_it = |line: &str| {
            let line = line.replace(' ', "\0");
            let program = Path::new("/x/root/usr/bin/docker-registry");
            serves(line.as_bytes(), program, Path::new("/x/run/registry.json"))
        };
        let command = "/x/root/usr/bin/docker-registry serve /x/run/registry.json ";
        assert!(is_it(command));
        assert!(is_it(&format!(
            "/x/ld.so --argv0 docker-registry {command}"
        )));
        assert!(!is_it("vim /x/run/registry.json "));
        assert!(!is_it(
            "/usr/bin/docker-registry serve /x/run/registry.json "
        ));
        assert!(!is_it(
            "/x/root/usr/bin/docker-registry serve /y/run/registry.json "
        ));
        assert!(!is_it(""));
    }
}
