//! What a build reports: BuildKit's `SolveStatus`, one JSON object a line, as `--progress=rawjson` prints it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// One vertex of a build.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Step {
    /// Its name.
    pub(crate) name: String,
    /// When it began and ended, in seconds since 1970; nothing for one that did neither.
    pub(crate) time: Option<(f64, f64)>,
    /// Whether the engine had its result.
    pub(crate) cached: bool,
    /// Whether it ended with an error.
    pub(crate) failed: bool,
    /// What it printed, both streams.
    pub(crate) log: String,
    /// Bytes that it had from the client.
    pub(crate) transferred: u64,
}

/// Reads the standard error of buildx. Lines that are not JSON are buildx's own words.
pub(crate) fn parse(stderr: &str) -> Result<Vec<Step>> {
    let mut reader = Reader::default();
    for line in stderr.lines() {
        reader.line(line)?;
    }
    Ok(reader.finish())
}

/// A build that is being read, line by line.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    places: BTreeMap<String, usize>,
    steps: Vec<Step>,
    logs: BTreeMap<usize, Vec<u8>>,
}

impl Reader {
    /// Takes in one line; returns the steps that have ended with it, or `None` if the line is not JSON.
    pub(crate) fn line(&mut self, line: &str) -> Result<Option<Vec<Step>>> {
        if !line.starts_with('{') {
            return Ok(None);
        }
        let status: SolveStatus =
            serde_json::from_str(line).with_context(|| format!("not a SolveStatus: {line}"))?;
        let mut ended = vec![];
        for vertex in status.vertexes {
            let next = self.steps.len();
            let place = *self.places.entry(vertex.digest).or_insert(next);
            if place == next {
                self.steps.push(Step::default());
            }
            let step = &mut self.steps[place];
            step.name = vertex.name;
            step.cached |= vertex.cached;
            step.failed |= !vertex.error.is_empty();
            if let (Some(began), Some(end)) = (vertex.started, vertex.completed) {
                let (began, end) = (seconds(&began)?, seconds(&end)?);
                if step.time.is_none() {
                    ended.push(place);
                }
                let (first, last) = step.time.unwrap_or((began, end));
                step.time = Some((first.min(began), last.max(end)));
            }
        }
        for progress in status.statuses {
            if let Some(place) = self.places.get(&progress.vertex)
                && progress.id.starts_with("transferring")
            {
                let bytes = &mut self.steps[*place].transferred;
                *bytes = (*bytes).max(progress.current);
            }
        }
        for log in status.logs {
            if let Some(place) = self.places.get(&log.vertex) {
                let data = BASE64_STANDARD.decode(log.data)?;
                self.logs.entry(*place).or_default().extend(data);
            }
        }
        Ok(Some(ended.into_iter().map(|at| self.step(at)).collect()))
    }

    /// All steps, in the order in which they were named.
    pub(crate) fn finish(self) -> Vec<Step> {
        (0..self.steps.len()).map(|at| self.step(at)).collect()
    }

    fn step(&self, at: usize) -> Step {
        let log = self.logs.get(&at).map(|log| String::from_utf8_lossy(log));
        Step {
            log: log.unwrap_or_default().into_owned(),
            ..self.steps[at].clone()
        }
    }
}

#[derive(Deserialize)]
struct SolveStatus {
    #[serde(default)]
    vertexes: Vec<Vertex>,
    #[serde(default)]
    statuses: Vec<Progress>,
    #[serde(default)]
    logs: Vec<Log>,
}

#[derive(Deserialize)]
struct Vertex {
    digest: String,
    #[serde(default)]
    name: String,
    started: Option<String>,
    completed: Option<String>,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Progress {
    id: String,
    vertex: String,
    #[serde(default)]
    current: u64,
}

#[derive(Deserialize)]
struct Log {
    vertex: String,
    data: String,
}

/// Seconds since 1970 of a time as RFC 3339 writes it, in UTC, as BuildKit does.
fn seconds(time: &str) -> Result<f64> {
    let parts = || -> Option<f64> {
        let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
        let mut date = date.split('-').map(str::parse::<i64>);
        let mut next = || date.next()?.ok();
        let (year, month, day) = (next()?, next()?, next()?);
        let mut clock = clock.split(':').map(str::parse::<f64>);
        let mut next = || clock.next()?.ok();
        let (hours, minutes, seconds) = (next()?, next()?, next()?);
        // Days by the civil calendar, years counted from March: the leap day is a year's last.
        let (year, month) = match month {
            1 | 2 => (year - 1, month + 9),
            _ => (year, month - 3),
        };
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
        let since_1970 = days - 1 - 719_468;
        Some(since_1970 as f64 * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds)
    };
    parts().with_context(|| format!("not a time: {time}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_since_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00Z").unwrap(), 0.0);
        assert_eq!(seconds("2000-02-29T12:00:00.5Z").unwrap(), 951_825_600.5);
        assert_eq!(seconds("2026-11-23T09:26:36Z").unwrap(), 1_795_425_996.0);
        assert!(seconds("soon").is_err());
    }

    #[test]
    fn steps_have_times_and_logs() {
        let log = BASE64_STANDARD.encode("   Compiling serde v1.0.0\n   Comp");
        let more = BASE64_STANDARD.encode("iling app v0.1.0 (/src)\n    Finished\n");
        let steps = parse(&format!(
            r#"buildx says something
{{"vertexes":[{{"digest":"a","name":"base","started":"2026-11-23T09:26:36Z","completed":"2026-11-23T09:26:36Z","cached":true}}]}}
{{"vertexes":[{{"digest":"b","name":"compile","started":"2026-11-23T09:26:36Z"}}]}}
{{"logs":[{{"vertex":"b","data":"{log}"}},{{"vertex":"b","data":"{more}"}}]}}
{{"vertexes":[{{"digest":"b","name":"compile","started":"2026-11-23T09:26:36Z","completed":"2026-11-23T09:26:38.5Z"}}]}}"#
        ))
        .unwrap();
        let [base, compile] = steps.as_slice() else {
            panic!("{steps:?}")
        };
        assert_eq!((base.name.as_str(), base.cached), ("base", true));
        assert!(!compile.cached && !compile.failed);
        let (began, ended) = compile.time.unwrap();
        assert_eq!(ended - began, 2.5);
        assert!(
            compile.log.contains("Compiling app v0.1.0"),
            "{}",
            compile.log
        );
    }
}
