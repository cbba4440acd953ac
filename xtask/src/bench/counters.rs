//! What the machine counts: CPU time and memory of an engine's containers, CPU time of its processes, load.

use std::fs;
use std::path::{Path, PathBuf};

use crate::engine::{Flavour, State, daemon};

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
    pub(crate) fn of(state: &State, flavour: Flavour) -> Self {
        let steps = [
            ("cpuacct", "cpuacct.usage", 1e9),
            ("", "cpu.stat", 1e6),
            ("unified", "cpu.stat", 1e6),
        ];
        let steps = steps.iter().find_map(|(controller, file, unit)| {
            let text = fs::read_to_string(group(controller, flavour)?.join(file)).ok()?;
            Some(number(&text, "usage_usec")? / unit)
        });
        let engine = daemon::pid(state, flavour).map_or(0.0, |pid| {
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

/// The most memory that containers of a private engine had at once since [`forget_memory`] beside what they had then,
/// in bytes: files that the kernel keeps of earlier ones count as theirs. Nothing where the kernel does not tell.
pub(crate) fn most_memory(flavour: Flavour, before: Option<f64>) -> Option<f64> {
    let text = fs::read_to_string(memory(flavour)?.0).ok()?;
    Some((number(&text, "")? - before?).max(0.0))
}

/// Starts counting anew, and returns what they have; nothing where the kernel counts from the group's beginning.
pub(crate) fn forget_memory(flavour: Flavour) -> Option<f64> {
    let (most, now) = memory(flavour)?;
    fs::write(most, "0").ok()?;
    number(&fs::read_to_string(now).ok()?, "")
}

/// The files that tell the most and the current memory of a group.
fn memory(flavour: Flavour) -> Option<(PathBuf, PathBuf)> {
    let files = |controller, most, now| {
        let dir = group(controller, flavour)?;
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
fn group(controller: &str, flavour: Flavour) -> Option<PathBuf> {
    let dir = Path::new("/sys/fs/cgroup").join(controller);
    let dir = dir.join(daemon::cgroup(flavour).trim_start_matches('/'));
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
