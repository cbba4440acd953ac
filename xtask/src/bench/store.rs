//! Measurements on the disk, one line of JSON each: a run that was stopped goes on where it was.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::builder::Run;
use super::counters;
use crate::engine::State;
use crate::sh;

/// The file, in the folder of the benchmarks.
pub(crate) const MEASUREMENTS: &str = "measurements.jsonl";

/// What was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key {
    /// The part of the benchmarks.
    pub(crate) part: String,
    /// Kind of the engine; empty where none takes part.
    pub(crate) engine: String,
    /// What is built, where there are several projects.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) project: String,
    /// What the builder had before, where that differs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) builder: String,
    /// What had changed.
    pub(crate) scenario: String,
    /// By whom it was built.
    pub(crate) contender: String,
    /// Which repetition.
    pub(crate) round: usize,
}

/// One measurement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(flatten)]
    pub(crate) key: Key,
    /// Changes with what the measurement depends on: a SHA-256 of our program, and where whole builds are measured of the
    /// project, the contender's file, the engine and the build image, and of our program for ours alone.
    pub(crate) digest: String,
    /// What was measured, by name; the unit is part of the name unless it is seconds.
    pub(crate) values: BTreeMap<String, f64>,
    /// The load of the last minute before.
    pub(crate) load: f64,
    /// Processors that others used meanwhile, on average.
    pub(crate) others: f64,
    /// On what it was measured, and on which day; both empty in measurements of earlier programs, which did not say.
    #[serde(flatten)]
    pub(crate) occasion: Occasion,
}

impl Record {
    /// What one build took.
    pub(crate) fn of(key: Key, digest: &str, run: Run) -> Self {
        Self {
            key,
            digest: digest.to_owned(),
            values: run.values,
            load: run.load,
            others: run.others,
            occasion: Occasion::default(),
        }
    }
}

/// What measurements have to have in common for their seconds to be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Occasion {
    /// Processors and memory.
    pub(crate) machine: String,
    /// That on which the run began: as in ISO 8601, UTC.
    pub(crate) day: String,
}

impl Occasion {
    /// Whether the measurement says on what and when.
    pub(crate) fn is_known(&self) -> bool {
        !self.machine.is_empty() && !self.day.is_empty()
    }
}

/// All measurements of this machine.
#[derive(Debug, Default)]
pub(crate) struct Measurements {
    file: PathBuf,
    /// Where in the file half a line begins, if one does.
    half: Option<u64>,
    records: BTreeMap<Key, Record>,
    occasion: Occasion,
}

impl Measurements {
    /// Opens the file in the cache folder.
    pub(crate) fn open(state: &State) -> Result<Self> {
        let dir = state.dir().join("bench");
        fs::create_dir_all(&dir)?;
        let occasion = Occasion {
            machine: counters::hardware(),
            day: sh::output(Command::new("date").args(["-u", "+%F"]))?,
        };
        Self::read(dir.join(MEASUREMENTS), occasion)
    }

    /// Reads a file; none is as good as an empty one. Anything else that cannot be read is an error: what it says would
    /// be measured once more.
    fn read(file: PathBuf, occasion: Occasion) -> Result<Self> {
        let text = match fs::read(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => vec![],
            text => text.with_context(|| format!("cannot read {}", file.display()))?,
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n');
        let (whole, half) = text.split_at(whole.map_or(0, |at| at + 1));
        let mut records = BTreeMap::new();
        for (number, line) in (1..).zip(whole.split_inclusive(|byte| *byte == b'\n')) {
            let record: Record = serde_json::from_slice(line.trim_ascii_end())
                .with_context(|| format!("{}, line {number}: no measurement", file.display()))?;
            records.insert(record.key.clone(), record);
        }
        // A run that was killed while it wrote it, or one that is writing it now.
        let half = (!half.is_empty()).then(|| u64::try_from(whole.len()));
        Ok(Self {
            file,
            half: half.transpose()?,
            records,
            occasion,
        })
    }

    /// Whether there is a measurement of the same contender.
    pub(crate) fn has(&self, key: &Key, digest: &str) -> bool {
        let found = self.records.get(key);
        found.is_some_and(|record| record.digest == digest)
    }

    /// Adds a measurement; one with the same key is replaced.
    pub(crate) fn add(&mut self, record: Record) -> Result<()> {
        let record = Record {
            occasion: self.occasion.clone(),
            ..record
        };
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)?;
        if let Some(end) = self.half.take() {
            file.set_len(end)?;
        }
        let line = format!("{}\n", serde_json::to_string(&record)?);
        file.write_all(line.as_bytes())
            .with_context(|| format!("cannot write {}", self.file.display()))?;
        self.records.insert(record.key.clone(), record);
        Ok(())
    }

    /// The newest measurement of each key, in the order of the keys. Later rounds are left out where the first was
    /// measured again since, with another program or recipe.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values().filter(|record| {
            let key = Key {
                round: 1,
                ..record.key.clone()
            };
            let first = self.records.get(&key);
            first.is_none_or(|first| first.digest == record.digest)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of measurements, gone when the test has ended.
    struct Measured(PathBuf);

    impl Measured {
        fn with(name: &str, text: &str) -> Self {
            let name = format!("rust-frontend-bench-{name}-{}", std::process::id());
            let file = std::env::temp_dir().join(name);
            fs::write(&file, text).unwrap();
            Self(file)
        }

        fn read(&self) -> Result<Measurements> {
            Measurements::read(self.0.clone(), Occasion::default())
        }

        fn rounds(&self) -> Vec<usize> {
            let store = self.read().unwrap();
            store.records().map(|record| record.key.round).collect()
        }
    }

    impl Drop for Measured {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn record(round: usize) -> Record {
        Record {
            key: Key {
                round,
                ..Key::default()
            },
            ..Record::default()
        }
    }

    #[test]
    fn no_file_is_an_empty_one() {
        let measured = Measured::with("none", "");
        assert!(measured.rounds().is_empty());
        fs::remove_file(&measured.0).unwrap();
        assert!(measured.rounds().is_empty());
        measured.read().unwrap().add(record(1)).unwrap();
        measured.read().unwrap().add(record(2)).unwrap();
        assert_eq!(measured.rounds(), [1, 2]);
    }

    #[test]
    fn later_rounds_of_another_program_are_left_out() {
        let measured = Measured::with("rounds", "");
        let mut store = measured.read().unwrap();
        for round in 1..=3 {
            store.add(record(round)).unwrap();
        }
        let new = |round| Record {
            digest: "new".into(),
            ..record(round)
        };
        store.add(new(1)).unwrap();
        assert_eq!(measured.rounds(), [1]);
        measured.read().unwrap().add(new(3)).unwrap();
        assert_eq!(measured.rounds(), [1, 3]);
    }

    #[test]
    fn half_a_line_at_the_end_gives_way_to_the_next_measurement() {
        let line = serde_json::to_string(&record(1)).unwrap();
        let measured = Measured::with("half", &format!("{line}\n{}", &line[..20]));
        assert_eq!(measured.rounds(), [1]);
        let mut store = measured.read().unwrap();
        store.add(record(2)).unwrap();
        store.add(record(3)).unwrap();
        assert_eq!(measured.rounds(), [1, 2, 3]);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let line = serde_json::to_string(&record(1)).unwrap();
        let measured = Measured::with("bad", &format!("{line}\n{}\n{line}\n", &line[..20]));
        let error = measured.read().unwrap_err().to_string();
        assert!(error.ends_with(", line 2: no measurement"), "{error}");
        let folder = Measurements::read(std::env::temp_dir(), Occasion::default());
        let error = folder.unwrap_err().to_string();
        assert!(error.starts_with("cannot read "), "{error}");
    }
}
