//! An engine's process: dockerd in the engine's own Debian.
//!
//! It runs in a mount namespace of its own: what it mounts, and what is mounted for it, is seen by
//! nobody else and gone when it ends, however it ends. Nothing on the machine has to be unmounted,
//! and nothing can be deleted through a forgotten mount.

use std::convert::Infallible;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{EngineName, ImageStore, State, network};
use crate::sh;

/// Where programs of the engine's Debian are.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Top-level folders that the engine's Debian has of its own; all others of the machine are shown
/// to it, for `docker run --volume`.
const OWN: [&str; 20] = [
    "bin",
    "boot",
    "dev",
    "etc",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "lost+found",
    "media",
    "mnt",
    "opt",
    "proc",
    "run",
    "sbin",
    "srv",
    "sys",
    "tmp",
    "usr",
    "var",
];

/// Whether an engine of ours runs.
pub(crate) fn is_running(state: &State, engine: EngineName) -> bool {
    pid(state, engine).is_some()
}

/// The process of an engine, found by the data folder in its arguments: a file with a number in it
/// may be older than the process of that number.
pub(crate) fn pid(state: &State, engine: EngineName) -> Option<u32> {
    let data = state.data(engine);
    find_process(|line| serves(line, |word| word == data.as_os_str().as_encoded_bytes()))
}

/// An engine that another folder's `up` started.
fn of_another_folder(state: &State, engine: EngineName) -> Option<u32> {
    let own = settings(state, engine);
    let suffix = format!("/run/{engine}.json");
    find_process(|line| {
        serves(line, |word| {
            word.ends_with(suffix.as_bytes()) && word != own.as_os_str().as_encoded_bytes()
        })
    })
}

/// A process by its command line: words that end in a zero byte each.
pub(crate) fn find_process(is_it: impl Fn(&[u8]) -> bool) -> Option<u32> {
    fs::read_dir("/proc").ok()?.find_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        is_it(&fs::read(format!("/proc/{pid}/cmdline")).ok()?).then_some(pid)
    })
}

/// How often an engine is started before its end is taken for good. dockerd gives the containerd that it starts
/// 15 s (`startupTimeout` in moby's `libcontainerd/supervisor/remote_daemon.go`), which a disk that has just been
/// attached may need for reading the program alone; the next start finds it in memory.
const STARTS: usize = 3;

/// Starts an engine, one that outlives this command and its terminal, and waits until it answers.
pub(crate) fn start(state: &State, engine: EngineName) -> Result<()> {
    if let Some(pid) = of_another_folder(state, engine) {
        bail!("a {engine} engine of another folder runs (process {pid}), with the same network");
    }
    let log = state.log(&format!("dockerd-{engine}"));
    for _ in 0..STARTS {
        eprintln!("engine: starting the {engine} engine");
        if answers(state, engine, &log)? {
            return Ok(());
        }
    }
    bail!(
        "the engine ended {STARTS} times at its start (all it said: {})\n{}",
        log.display(),
        reasons(&sh::said(&log))
    );
}

/// Starts an engine once; whether it answers, or has ended.
fn answers(state: &State, engine: EngineName, log: &Path) -> Result<bool> {
    let file = fs::File::create(log)?;
    let mut command = Command::new("setsid");
    command
        .args(["unshare", "--mount", "--propagation", "slave"])
        .arg(std::env::current_exe()?)
        .args(["engine", "enter", "--flavour", engine.word()])
        .env(super::state::VARIABLE, state.dir())
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .current_dir("/");
    let mut child = command.spawn().context("cannot start the engine")?;
    let docker = state.wrapper(engine);
    let answers = sh::wait(Duration::from_secs(90), || {
        if sh::succeeds(Command::new(&docker).args(["version", "--format", "{{.Server.Os}}"])) {
            return Ok(Some(true));
        }
        Ok(child.try_wait()?.map(|_| false))
    })?;
    if let Some(answers) = answers {
        return Ok(answers);
    }
    stop(state, engine)?;
    bail!(
        "the engine did not answer within 90 s: see {}",
        log.display()
    )
}

/// What a log says about an end: errors, warnings and dockerd's last words.
fn reasons(log: &str) -> String {
    let told = |line: &&str| {
        !["level=info", "level=debug"]
            .iter()
            .any(|word| line.contains(word))
    };
    let lines: Vec<&str> = log.lines().filter(told).collect();
    sh::tail(&lines.join("\n"))
}

/// Stops an engine of ours; says whether there was one.
pub(crate) fn stop(state: &State, engine: EngineName) -> Result<bool> {
    let Some(pid) = pid(state, engine) else {
        // One that was killed leaves its network, which may be another folder's by now.
        if network::is_up(engine) && of_another_folder(state, engine).is_none() {
            network::down(&state.root(), engine);
        }
        return Ok(false);
    };
    // The process itself, never its group: containers are dockerd's to stop.
    sh::quiet(Command::new("kill").arg(pid.to_string()))?;
    sh::wait(Duration::from_secs(60), || {
        Ok((self::pid(state, engine) != Some(pid)).then_some(()))
    })?
    .with_context(|| format!("the {engine} engine (process {pid}) does not stop"))?;
    network::down(&state.root(), engine);
    Ok(true)
}

/// Makes `$0` the root of the mount namespace, then becomes the program that follows. `chroot` would keep the
/// machine's root for the namespace, and `docker exec` would land there. The machine's root stays mounted at
/// `.machine`, for dockerd only.
const ENTER: &str = r#"
set -e
cd "$0"
mkdir -p .machine
pivot_root . .machine
exec chroot . "$@"
"#;

/// Becomes the engine: called in the new mount namespace, returns only when that fails.
pub(crate) fn enter(state: &State, engine: EngineName) -> Result<Infallible> {
    let root = state.root();
    // Unpacking a layer remounts `/`, so `/` has to be a mount point.
    mount(&["--bind"], &root, &root)?;
    for dir in ["/proc", "/sys", "/dev"] {
        mount(&["--rbind"], Path::new(dir), &inside(&root, Path::new(dir)))?;
    }
    mount(&["-t", "tmpfs"], Path::new("tmpfs"), &root.join("run"))?;
    for dir in shown()? {
        show(&root, &dir)?;
    }
    show(&root, state.dir())?;
    // In a container of a build farm these change with each start. The name server of systemd-resolved is one of
    // the machine itself, which no container reaches; it keeps a list of those behind it.
    let resolved = "/run/systemd/resolve/resolv.conf";
    let servers = match Path::new(resolved).exists() {
        true => resolved,
        false => "/etc/resolv.conf",
    };
    for (from, to) in [(servers, "/etc/resolv.conf"), ("/etc/hosts", "/etc/hosts")] {
        fs::copy(from, inside(&root, Path::new(to)))
            .with_context(|| format!("cannot copy {from}"))?;
    }
    network::up(&root, engine)?;

    let settings = settings(state, engine);
    let containerd = engine.store() == ImageStore::Containerd;
    let text = json!({
        "features": {"containerd-snapshotter": containerd},
        "bridge": network::bridge(engine),
        "iptables": false,
        "ip6tables": false,
        "insecure-registries": ["127.0.0.0/8"],
        "cgroup-parent": cgroup(engine),
        // By default a fifth of the disk stays free, which on a full one means that nothing is kept, and tests of
        // what is cached fail. A run of all tests makes less than half of what is kept at most. Layers that an image
        // of the engine uses do not count against these limits, so they are removed by age.
        "builder": {"gc": {
            "enabled": true,
            "policy": [
                {"all": true, "filter": ["unused-for=24h"]},
                {"all": true, "reservedSpace": "10GB", "maxUsedSpace": "20GB", "minFreeSpace": "3GB"},
            ],
        }},
    });
    fs::write(&settings, format!("{text:#}\n"))?;
    fs::create_dir_all(state.data(engine))?;

    let mut command = Command::new("sh");
    command
        .args(["-c", ENTER])
        .arg(&root)
        .arg("/usr/sbin/dockerd");
    command.arg("--config-file").arg(settings);
    command.arg("--data-root").arg(state.data(engine));
    command.arg("--exec-root").arg("/run/docker");
    command.arg("--pidfile").arg("/run/docker.pid");
    command
        .arg("--host")
        .arg(format!("unix://{}", state.socket(engine).display()));
    command
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", "/root")
        .envs(network::proxies())
        .current_dir("/");
    Err(command.exec()).context("cannot enter the engine's Debian")
}

/// The control group above all containers of an engine: what they use is read there.
pub(crate) fn cgroup(engine: EngineName) -> String {
    format!("/rust-frontend-{engine}")
}

fn settings(state: &State, engine: EngineName) -> PathBuf {
    state.run(&format!("{engine}.json"))
}

/// The folders of this machine that hold people's files.
fn shown() -> Result<Vec<PathBuf>> {
    let mut dirs = vec![PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    for entry in fs::read_dir("/")? {
        let entry = entry?;
        let own = OWN.iter().any(|own| entry.file_name() == *own);
        if entry.file_type()?.is_dir() && !own {
            dirs.push(entry.path());
        }
    }
    dirs.sort();
    Ok(dirs)
}

/// Shows one folder of the machine to the engine, under the same path.
fn show(root: &Path, dir: &Path) -> Result<()> {
    let to = inside(root, dir);
    fs::create_dir_all(&to)?;
    // Without what is mounted below: that may be this very root.
    mount(&["--bind"], dir, &to)
}

fn mount(options: &[&str], from: &Path, to: &Path) -> Result<()> {
    sh::quiet(Command::new("mount").args(options).arg(from).arg(to))
}

fn inside(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Whether a command line is dockerd's, with a word that tells which.
fn serves(line: &[u8], tells: impl Fn(&[u8]) -> bool) -> bool {
    let mut words = line.split(|byte| *byte == 0);
    words
        .next()
        .is_some_and(|program| program.ends_with(b"/dockerd"))
        && words.any(tells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_are_what_went_wrong() {
        let log = "time=1 level=info msg=\"loading plugin\"\n\
            time=2 level=warning msg=\"no such bridge\"\n\
            failed to start containerd: timeout waiting for containerd to start\n\
            time=3 level=info msg=\"stopping\"\n";
        assert_eq!(
            reasons(log),
            "time=2 level=warning msg=\"no such bridge\"\n\
            failed to start containerd: timeout waiting for containerd to start"
        );
    }

    #[test]
    fn an_engine_is_known_by_program_and_data() {
        let classic = |word: &[u8]| word == b"/x/data-classic";
        assert!(serves(
            b"/usr/sbin/dockerd\0--data-root\0/x/data-classic\0",
            classic
        ));
        assert!(!serves(
            b"/usr/sbin/dockerd\0--data-root\0/x/data\0",
            classic
        ));
        assert!(!serves(b"/bin/ls\0/x/data-classic\0", classic));
        assert!(!serves(b"", classic));
    }
}
