//! Measurements on the disk, one line of JSON each: a run that was stopped goes on where it was.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
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
#[derive(Debug)]
pub(crate) struct Store {
    file: PathBuf,
    records: BTreeMap<Key, Record>,
    occasion: Occasion,
}

impl Store {
    /// Opens the file in the cache folder.
    pub(crate) fn open(state: &State) -> Result<Self> {
        let dir = state.dir().join("bench");
        fs::create_dir_all(&dir)?;
        let file = dir.join(MEASUREMENTS);
        let text = fs::read_to_string(&file).unwrap_or_default();
        let mut records = BTreeMap::new();
        for line in text.lines() {
            // The last line of a run that was killed may be half a line.
            if let Ok(record) = serde_json::from_str::<Record>(line) {
                records.insert(record.key.clone(), record);
            }
        }
        Ok(Self {
            file,
            records,
            occasion: Occasion {
                machine: counters::hardware(),
                day: sh::output(Command::new("date").args(["-u", "+%F"]))?,
            },
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
        let line = format!("{}\n", serde_json::to_string(&record)?);
        file.write_all(line.as_bytes())
            .with_context(|| format!("cannot write {}", self.file.display()))?;
        self.records.insert(record.key.clone(), record);
        Ok(())
    }

    /// The newest measurement of each key, in the order of the keys.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }
}
