//! What the machine counts: CPU time and memory of an engine's containers, CPU time of its processes, load.

use std::fs;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::engine::{EngineName, State, daemon};

/// CPU time used so far, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Cpu {
    /// By the steps of builds, frontends in containers included.
    pub(crate) steps: f64,
    /// By dockerd and the containerd that it starts.
    pub(crate) engine: f64,
}

impl Cpu {
    /// What a private engine used so far.
    pub(crate) fn of(state: &State, name: EngineName) -> Self {
        let steps = [
            ("cpuacct", "cpuacct.usage", 1e9),
            ("", "cpu.stat", 1e6),
            ("unified", "cpu.stat", 1e6),
        ];
        let steps = steps.iter().find_map(|(controller, file, unit)| {
            let text = fs::read_to_string(group(controller, name)?.join(file)).ok()?;
            Some(number(&text, "usage_usec")? / unit)
        });
        let engine = daemon::pid(state, name).map_or(0.0, |pid| {
            let own = children(pid).into_iter().map(ticks).sum::<f64>();
            (ticks(pid) + own) / 100.0
        });
        Self {
            steps: steps.unwrap_or_default(),
            engine,
        }
    }

    /// What was used since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            steps: self.steps - before.steps,
            engine: self.engine - before.engine,
        }
    }
}

/// The most memory that containers of a private engine have at once, from now on.
#[derive(Debug)]
pub(crate) struct Peak {
    /// Who has reset the counter of cgroup v2 reads it through the same open file; others read the whole life's
    /// (cgroup-v2.rst, `memory.peak`).
    most: fs::File,
    before: f64,
}

impl Peak {
    /// Starts counting; nothing where the kernel does not tell, or counts from the group's beginning.
    pub(crate) fn start(name: EngineName) -> Option<Self> {
        let (most, now) = memory(name)?;
        let mut most = fs::File::options().read(true).write(true).open(most).ok()?;
        most.write_all(b"0").ok()?;
        let before = number(&fs::read_to_string(now).ok()?, "")?;
        Some(Self { most, before })
    }

    /// The bytes beside what they had at the start: files that the kernel keeps of earlier containers are theirs.
    pub(crate) fn bytes(mut self) -> Option<f64> {
        let mut text = String::new();
        self.most.rewind().ok()?;
        self.most.read_to_string(&mut text).ok()?;
        Some((number(&text, "")? - self.before).max(0.0))
    }
}

/// The files that tell the most and the current memory of a group.
fn memory(name: EngineName) -> Option<(PathBuf, PathBuf)> {
    let files = |controller, most, now| {
        let dir = group(controller, name)?;
        Some((dir.join(most), dir.join(now)))
    };
    let old = files(
        "memory",
        "memory.max_usage_in_bytes",
        "memory.usage_in_bytes",
    );
    let new = files("", "memory.peak", "memory.current");
    [old, new]
        .into_iter()
        .flatten()
        .find(|(most, _)| most.exists())
}

/// The group of the steps of builds, below that of all containers.
fn group(controller: &str, name: EngineName) -> Option<PathBuf> {
    let dir = Path::new("/sys/fs/cgroup").join(controller);
    let dir = dir.join(daemon::cgroup(name).trim_start_matches('/'));
    dir.is_dir().then_some(dir)
}

/// The load of the last minute (proc_loadavg(5)): how many processes wanted a processor.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().unwrap_or_default();
    first.parse().unwrap_or_default()
}

/// CPU time that all processes of the machine used so far, in seconds (proc_stat(5)): what is more than ours
/// was somebody else's.
pub(crate) fn machine() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let words: Vec<f64> = first
        .split_whitespace()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    // user, nice, system, idle, iowait, irq, softirq
    let busy = [0, 1, 2, 5, 6].iter().filter_map(|at| words.get(*at));
    busy.sum::<f64>() / 100.0
}

/// The machine in words: how many processors of what kind (proc_cpuinfo(5)), how much memory (proc_meminfo(5)).
pub(crate) fn hardware() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let values = |name: &str| {
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        let own = pairs.filter(|(key, _)| key.trim() == name);
        own.map(|(_, value)| value.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let count = values("processor").len();
    let kind = values("model name").pop();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory
        .split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<f64>().ok());
    let gib = memory.unwrap_or_default() / f64::from(1 << 20);
    let kind = kind.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{count} processors ({kind}), {gib:.0} GiB of memory")
}

fn children(pid: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let mut pids: Vec<u32> = text
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect();
    if pids.is_empty() {
        // A thread other than the first may have started it.
        let tasks = fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten();
        for task in tasks.flatten() {
            let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            pids.extend(
                text.split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
    }
    pids
}

/// User and system time of a process, in hundredths of a second (proc_pid_stat(5)).
fn ticks(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may have spaces.
    let Some((_, rest)) = text.rsplit_once(')') else {
        return 0.0;
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let at = |index: usize| words.get(index).and_then(|word| word.parse::<f64>().ok());
    at(11).unwrap_or_default() + at(12).unwrap_or_default()
}

/// The number behind a word at the start of a line, or the only one.
fn number(text: &str, word: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap_or(text).trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_alone_or_behind_their_word() {
        assert_eq!(number("12\n", "usage_usec"), Some(12.0));
        let text = "usage_usec 34\nuser_usec 5\n";
        assert_eq!(number(text, "usage_usec"), Some(34.0));
        assert_eq!(number("", "x"), None);
    }
}
