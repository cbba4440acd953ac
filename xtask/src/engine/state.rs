//! The one folder with everything that an engine of ours needs and leaves, and with what other chores keep.
//!
//! ```text
//! lock              held by a command that changes anything here
//! turn              held by a chore that works with images of fixed names, from its start to its end, and by a command
//!                   that would stop the engines under it
//! root/             Debian with dockerd, docker, buildx and a registry
//! data-<flavour>/   what an engine keeps: images, build cache
//! images/           stand-ins for base images, ready to load; parts that are costly to make
//! bin/              docker-<flavour>, docker-host: the docker command line against an engine of ours, or the machine's
//! cli/              the command line's own settings and plugins
//! run/              sockets, process ids, engine settings
//! log/              what the steps and engines said
//! tmp/              work in progress: the next command throws it away
//! registry/         what was pushed
//! bench/            measurements, and the projects that are measured
//! corpus/           how published packages fared
//! demo/             the project of the demonstration
//! pictures/         that of the recorded session, and what was recorded
//! target/           what CI compiled (.ci/run)
//! cargo-deny-<n>/   a tool of the tests
//! ```

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::EngineName;
use crate::sh;

/// The variable that names another folder than the default.
pub(crate) const VARIABLE: &str = "RUST_FRONTEND_CACHE";

/// The folder; see the module.
#[derive(Debug)]
pub(crate) struct State {
    dir: PathBuf,
}

impl State {
    /// The folder of this machine and user: `$RUST_FRONTEND_CACHE`, else `/var/cache/rust-frontend`
    /// for root, else `rust-frontend` in the user's cache folder.
    pub(crate) fn locate() -> Result<Self> {
        Self::at(&match std::env::var_os(VARIABLE) {
            Some(dir) if !dir.is_empty() => std::path::absolute(dir)?,
            _ if is_root() => PathBuf::from("/var/cache/rust-frontend"),
            _ => match (std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME")) {
                (Some(cache), _) if !cache.is_empty() => Path::new(&cache).join("rust-frontend"),
                (_, Some(home)) => Path::new(&home).join(".cache/rust-frontend"),
                _ => bail!("no place for the engine: set {VARIABLE} or HOME"),
            },
        })
    }

    /// A folder, which is made unless it is there; one that is somebody else's is refused and left as it is.
    pub(crate) fn at(dir: &Path) -> Result<Self> {
        claim(dir)?;
        for part in ["bin", "cli", "images", "log", "run", "tmp"] {
            let part = dir.join(part);
            fs::create_dir_all(&part)
                .with_context(|| format!("cannot make {} (or set {VARIABLE})", part.display()))?;
        }
        // A symbolic link on the way would hide from the engine where its data is.
        Ok(Self {
            dir: dir.canonicalize()?,
        })
    }

    /// Holds off every other command that changes something here, until the file is dropped. The
    /// kernel lets go of it when a process dies, however it dies.
    pub(crate) fn lock(&self) -> Result<File> {
        let file = self.hold(LOCKS[0], "another command is at work")?;
        // What an interrupted command left half done.
        for entry in fs::read_dir(self.dir.join("tmp"))? {
            self.remove(&entry?.path())?;
        }
        Ok(file)
    }

    /// Holds off every other chore that works with images of fixed names, until the file is dropped: it would replace
    /// them under the chore that uses them. So would commands that start, empty or stop engines. Commands that only hold
    /// [`Self::lock`] go on.
    ///
    /// Whoever holds it must not ask for it again: chores take it where they begin, and what they call does not.
    pub(crate) fn turn(&self) -> Result<File> {
        self.hold(
            LOCKS[1],
            "another chore, such as tests or a benchmark, uses the same engines and images",
        )
    }

    fn hold(&self, name: &str, why: &str) -> Result<File> {
        let file = File::create(self.dir.join(name))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                eprintln!("engine: {why}, waiting for it to end");
                file.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock"),
        }
        Ok(file)
    }

    /// Removes a file or folder in here; refuses when something is mounted in it, since what is
    /// mounted is somebody else's.
    pub(crate) fn remove(&self, path: &Path) -> Result<()> {
        anyhow::ensure!(
            path.starts_with(&self.dir),
            "{} is not ours",
            path.display()
        );
        if let Some(point) = mounted_below(path)? {
            bail!("{} is still mounted: `umount` it first", point.display());
        }
        let one = cfg!(target_os = "linux").then_some("--one-file-system");
        sh::quiet(Command::new("rm").arg("-rf").args(one).arg("--").arg(path))
    }

    /// Fails unless about this many gigabytes are free.
    pub(crate) fn needs_gigabytes(&self, needed: u64) -> Result<()> {
        let out = sh::output(
            Command::new("df")
                .args(["--output=avail", "-B1G"])
                .arg(&self.dir),
        )?;
        let free: u64 = out.lines().last().unwrap_or_default().trim().parse()?;
        if free < needed {
            bail!(
                "{free} GB free at {}, {needed} needed: make room or set {VARIABLE}",
                self.dir.display(),
            );
        }
        Ok(())
    }

    /// The folder itself.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The Debian system with the engine in it.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// What an engine keeps.
    pub(crate) fn data(&self, engine: EngineName) -> PathBuf {
        self.dir.join(format!("data-{engine}"))
    }

    /// Where an engine listens.
    pub(crate) fn socket(&self, engine: EngineName) -> PathBuf {
        self.run(&format!("{engine}.sock"))
    }

    /// The docker command line against an engine.
    pub(crate) fn wrapper(&self, engine: EngineName) -> PathBuf {
        self.dir.join("bin").join(format!("docker-{engine}"))
    }

    /// The docker command line against the machine's own engine.
    pub(crate) fn host_wrapper(&self) -> PathBuf {
        self.dir.join("bin/docker-host")
    }

    /// The folder of the docker command line's settings.
    pub(crate) fn cli(&self) -> PathBuf {
        self.dir.join("cli")
    }

    /// A file of the images' folder.
    pub(crate) fn image(&self, name: &str) -> PathBuf {
        self.dir.join("images").join(name)
    }

    /// A file of a running process.
    pub(crate) fn run(&self, name: &str) -> PathBuf {
        self.dir.join("run").join(name)
    }

    /// Where a step writes what it says.
    pub(crate) fn log(&self, step: &str) -> PathBuf {
        self.dir.join("log").join(format!("{step}.log"))
    }

    /// A place for unfinished work; when finished it is renamed to where it belongs.
    pub(crate) fn tmp(&self, name: &str) -> PathBuf {
        self.dir.join("tmp").join(name)
    }
}

/// The files that are held.
pub(crate) const LOCKS: [&str; 2] = ["lock", "turn"];

/// The folders, but for those with more in their names.
const FOLDERS: [&str; 13] = [
    "root", "images", "bin", "cli", "run", "log", "tmp", "registry", "bench", "corpus", "demo",
    "pictures", "target",
];

/// What the root of a disk has, which may be mounted for the folder.
const DISKS_OWN: &str = "lost+found";

/// Makes sure that a folder is ours or may become so, before anything in it is changed: whoever has the lock in it
/// removes what was left there.
fn claim(dir: &Path) -> Result<()> {
    let names = match fs::read_dir(dir) {
        Ok(entries) => entries
            .map(|entry| Ok(entry?.file_name()))
            .collect::<Result<Vec<_>>>()?,
        Err(error) if error.kind() == ErrorKind::NotFound => vec![],
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", dir.display()));
        }
    };
    check_claim(dir, &names)?;
    if names.iter().any(|name| name == LOCKS[0]) {
        return Ok(());
    }
    let made = fs::create_dir_all(dir).and_then(|()| File::create(dir.join(LOCKS[0])));
    made.map(drop)
        .with_context(|| format!("cannot make {} (or set {VARIABLE})", dir.display()))
}

/// Fails if a folder with these names in it is not ours. Names such as `bin` are nothing to know it by, but everything
/// that we make stands beside the locks, except for what `.ci/run` compiles before this program can run.
fn check_claim(dir: &Path, names: &[OsString]) -> Result<()> {
    let names: Vec<&OsString> = names.iter().filter(|name| **name != DISKS_OWN).collect();
    let foreign = names.iter().filter(|name| !is_ours(name));
    let mut foreign: Vec<String> = foreign
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    foreign.sort();
    if !foreign.is_empty() {
        bail!(
            "{} holds what is not ours ({}): move that away, or set {VARIABLE} to another folder",
            dir.display(),
            foreign.join(", ")
        );
    }
    let is_marked = LOCKS
        .iter()
        .any(|lock| names.iter().any(|name| *name == lock));
    if !is_marked && names.iter().any(|name| *name != "target") {
        bail!(
            "{} is neither empty nor known to be ours, since it has no file `{}`: set {VARIABLE} to another folder",
            dir.display(),
            LOCKS[0]
        );
    }
    Ok(())
}

/// Whether something in the folder is ours, by its name.
pub(crate) fn is_ours(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let data = || EngineName::ALL.map(|engine| format!("data-{engine}"));
    LOCKS.contains(&name)
        || FOLDERS.contains(&name)
        || name.starts_with("cargo-deny-")
        || data().iter().any(|data| data == name)
}

/// Whether this process may do everything.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

fn mounted_below(path: &Path) -> Result<Option<PathBuf>> {
    if cfg!(not(target_os = "linux")) {
        // Engines of ours run on Linux alone.
        return Ok(None);
    }
    let table = fs::read_to_string("/proc/self/mountinfo").context("cannot list mounts")?;
    Ok(mount_points(&table).find(|point| point.starts_with(path)))
}

/// The mount points of a mountinfo table (proc_pid_mountinfo(5)): the fifth word of each line.
fn mount_points(table: &str) -> impl Iterator<Item = PathBuf> {
    table
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|point| {
            let spelled = [
                ("\\040", " "),
                ("\\011", "\t"),
                ("\\012", "\n"),
                ("\\134", "\\"),
            ];
            let point = spelled
                .iter()
                .fold(point.to_owned(), |at, (code, char)| at.replace(code, char));
            PathBuf::from(point)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_turn_ends_with_its_file_and_leaves_the_lock_to_others() {
        let dir = std::env::temp_dir().join(format!("rust-frontend-turn-{}", std::process::id()));
        let state = State::at(&dir).unwrap();
        let turn = state.turn().unwrap();
        let other = File::create(dir.join(LOCKS[1])).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(state.lock().unwrap());
        drop(turn);
        // A program that another test is starting has the file, too, until it runs.
        let free = sh::wait(Duration::from_secs(20), || Ok(other.try_lock().ok()));
        assert_eq!(free.unwrap(), Some(()));
        fs::remove_dir_all(dir).unwrap();
    }

    /// The error with which a folder with these names in it is refused, if it is.
    fn refused(names: &[&str]) -> Option<String> {
        let names: Vec<OsString> = names.iter().map(OsString::from).collect();
        let checked = check_claim(Path::new("/x"), &names);
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn a_folder_is_ours_if_it_is_empty_or_marked_and_holds_nothing_else() {
        let used = [
            "bench",
            "bin",
            "cargo-deny-0.20.2",
            "cli",
            "data-classic",
            "data-containerd",
            "data-second",
            "images",
            "lock",
            "log",
            "registry",
            "root",
            "run",
            "target",
            "tmp",
            "turn",
        ];
        let ours: [&[&str]; 5] = [&[], &["target"], &["lost+found"], &["lock", "bin"], &used];
        for names in ours {
            assert_eq!(refused(names), None, "{names:?}");
        }
        let error = refused(&["lock", "letters", "tmp", "data-mine"]).unwrap();
        assert!(error.contains("not ours (data-mine, letters)"), "{error}");
        // A home folder may have these.
        let error = refused(&["bin", "tmp"]).unwrap();
        assert!(error.contains("no file `lock`"), "{error}");
    }

    #[test]
    fn a_folder_that_is_refused_stays_as_it_is() {
        let dir = std::env::temp_dir().join(format!("rust-frontend-claim-{}", std::process::id()));
        // One of a run that was killed.
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("tmp")).unwrap();
        fs::write(dir.join("tmp/letter"), "").unwrap();
        assert!(State::at(&dir).is_err());
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        assert!(dir.join("tmp/letter").exists());
        fs::remove_dir_all(&dir).unwrap();
        State::at(&dir).unwrap();
        // Made by the first one, known by the second.
        State::at(&dir).unwrap();
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn mount_points_are_the_fifth_words() {
        let table = "36 35 98:0 / /a/b rw - ext3 /dev/root rw\n\
                     37 35 98:0 /x /with\\040space rw shared:2 - ext3 /dev/root rw\n";
        let points: Vec<_> = mount_points(table).collect();
        assert_eq!(points, [Path::new("/a/b"), Path::new("/with space")]);
    }
}
