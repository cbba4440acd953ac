//! What a build reports: BuildKit's `SolveStatus`, one JSON object a line, as `--progress=rawjson` prints it. The
//! end-to-end tests have this file, too.

use std::collections::BTreeMap;
use std::fmt;

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
    /// Whether the engine did it in this build.
    pub(crate) executed: bool,
    /// Whether it works on the results of other steps.
    pub(crate) has_inputs: bool,
    /// Whether it ended with an error.
    pub(crate) failed: bool,
    /// What it printed, both streams.
    pub(crate) log: String,
    /// Warnings that were shown at it, each with its details.
    pub(crate) warnings: Vec<String>,
    /// Bytes that it had from the client.
    pub(crate) transferred: u64,
}

/// Why a report cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Reads the standard error of buildx. Lines that are not JSON are buildx's own words.
pub(crate) fn parse(stderr: &str) -> Result<Vec<Step>, Unreadable> {
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
    pub(crate) fn line(&mut self, line: &str) -> Result<Option<Vec<Step>>, Unreadable> {
        if !line.starts_with('{') {
            return Ok(None);
        }
        let status: SolveStatus = serde_json::from_str(line)
            .map_err(|error| Unreadable(format!("not a SolveStatus: {error}: {line}")))?;
        let mut ended = vec![];
        for vertex in status.vertexes {
            ended.extend(self.vertex(vertex)?);
        }
        for progress in status.statuses {
            let place = self.place(progress.vertex);
            if progress.id.starts_with("transferring") {
                let bytes = &mut self.steps[place].transferred;
                *bytes = (*bytes).max(progress.current);
            }
        }
        for log in status.logs {
            let place = self.place(log.vertex);
            self.logs.entry(place).or_default().extend(data(&log.data)?);
        }
        for warning in status.warnings {
            let place = self.place(warning.vertex);
            let parts = std::iter::once(&warning.short).chain(warning.detail.iter().flatten());
            let parts: Result<Vec<_>, _> = parts.map(|part| data(part)).collect();
            let text = parts?.join(&b'\n');
            let text = String::from_utf8_lossy(&text).into_owned();
            self.steps[place].warnings.push(text);
        }
        Ok(Some(ended.into_iter().map(|at| self.step(at)).collect()))
    }

    /// Takes in what is new of a vertex; returns its place if it has ended with it.
    fn vertex(&mut self, vertex: Vertex) -> Result<Option<usize>, Unreadable> {
        let place = self.place(vertex.digest);
        let step = &mut self.steps[place];
        step.name = vertex.name;
        step.has_inputs = !vertex.inputs.is_empty();
        step.cached |= vertex.cached;
        step.failed |= !vertex.error.is_empty();
        // One that was done is reported as cached when the export asks for it again.
        // One that has an error was given up: its result was found in the cache meanwhile.
        let given_up = !vertex.error.is_empty();
        step.executed |= vertex.completed.is_some() && !vertex.cached && !given_up;
        let (Some(began), Some(end)) = (vertex.started, vertex.completed) else {
            return Ok(None);
        };
        let (began, end) = (seconds(&began)?, seconds(&end)?);
        let is_new = step.time.is_none();
        let (first, last) = step.time.unwrap_or((began, end));
        step.time = Some((first.min(began), last.max(end)));
        Ok(is_new.then_some(place))
    }

    /// The place of a vertex among the steps.
    fn place(&mut self, digest: String) -> usize {
        let next = self.steps.len();
        let place = *self.places.entry(digest).or_insert(next);
        if place == next {
            self.steps.push(Step::default());
        }
        place
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

/// What is written in base64.
fn data(text: &str) -> Result<Vec<u8>, Unreadable> {
    let data = BASE64_STANDARD.decode(text);
    data.map_err(|error| Unreadable(format!("not base64: {error}: {text}")))
}

#[derive(Deserialize)]
struct SolveStatus {
    #[serde(default)]
    vertexes: Vec<Vertex>,
    #[serde(default)]
    statuses: Vec<Progress>,
    #[serde(default)]
    logs: Vec<Log>,
    #[serde(default)]
    warnings: Vec<Warning>,
}

#[derive(Deserialize)]
struct Vertex {
    digest: String,
    #[serde(default)]
    inputs: Vec<String>,
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

#[derive(Deserialize)]
struct Warning {
    vertex: String,
    short: String,
    #[serde(default)]
    detail: Option<Vec<String>>,
}

/// Seconds since 1970 of a time as RFC 3339 writes it, in UTC, as BuildKit does.
fn seconds(time: &str) -> Result<f64, Unreadable> {
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
    parts().ok_or_else(|| Unreadable(format!("not a time: {time}")))
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
    fn steps_have_times_logs_and_warnings() {
        let log = BASE64_STANDARD.encode("   Compiling serde v1.0.0\n   Comp");
        let more = BASE64_STANDARD.encode("iling app v0.1.0 (/src)\n    Finished\n");
        let [short, detail] = ["slow", "try again"].map(|text| BASE64_STANDARD.encode(text));
        let steps = parse(&format!(
            r#"buildx says something
{{"vertexes":[{{"digest":"a","name":"base","started":"2026-11-23T09:26:36Z","completed":"2026-11-23T09:26:36Z","cached":true}}]}}
{{"vertexes":[{{"digest":"b","inputs":["a"],"name":"compile","started":"2026-11-23T09:26:36Z"}}]}}
{{"logs":[{{"vertex":"b","data":"{log}"}},{{"vertex":"b","data":"{more}"}}]}}
{{"vertexes":[{{"digest":"b","inputs":["a"],"name":"compile","started":"2026-11-23T09:26:36Z","completed":"2026-11-23T09:26:38.5Z"}}]}}
{{"vertexes":[{{"digest":"b","inputs":["a"],"name":"compile","completed":"2026-11-23T09:26:39Z","cached":true}}]}}
{{"warnings":[{{"vertex":"b","short":"{short}","detail":["{detail}"]}}]}}"#
        ))
        .unwrap();
        let [base, compile] = steps.as_slice() else {
            panic!("{steps:?}")
        };
        assert_eq!((base.name.as_str(), base.cached), ("base", true));
        assert!(!base.executed && !base.has_inputs);
        // Reported as cached when the export asked for it again.
        assert!(compile.executed && compile.has_inputs && !compile.failed);
        assert_eq!(compile.warnings, ["slow\ntry again"]);
        let (began, ended) = compile.time.unwrap();
        assert_eq!(ended - began, 2.5);
        assert!(
            compile.log.contains("Compiling app v0.1.0"),
            "{}",
            compile.log
        );
    }
}
