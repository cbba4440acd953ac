//! docs/benchmarks.md and docs/benchmarks.json.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::store::{Record, Store};
use super::{frontend, planning};

/// Writes both files of what was measured so far.
pub(crate) fn write(checkout: &Path, store: &Store) -> Result<()> {
    let records: Vec<&Record> = store.records().collect();
    fs::write(checkout.join("docs/benchmarks.md"), text(&records))?;
    let json = serde_json::to_string_pretty(&records)?;
    fs::write(checkout.join("docs/benchmarks.json"), format!("{json}\n"))?;
    Ok(())
}

const INTRODUCTION: &str = "\
# Benchmarks

Written by `cargo xtask bench`: on one engine with one builder, contenders in turns, medians with the least and the most in
brackets. Ratios say more than seconds, which are those of one machine. *Load* is the machine's load average before the
measurements, *others* how many processors other programs used meanwhile: where they are not near 0, the figures are too high.
All measurements: [benchmarks.json](benchmarks.json).

Whole builds beside cargo-chef and hand-written Dockerfiles are not measured yet.

";

fn text(records: &[&Record]) -> String {
    let mut text = INTRODUCTION.to_owned();
    text += "## A build with nothing to do\n\n\
        The smallest example, built once before; wall time of `docker buildx build`. The minimal frontend returns one file and \
        runs in a container as ours does; what it takes more than the built-in one is the price of any external frontend.\n\n";
    let of = |part: &str| {
        records
            .iter()
            .copied()
            .filter(|record| record.key.part == part)
            .collect::<Vec<_>>()
    };
    table(
        &mut text,
        &of(frontend::PART),
        "minimal, one file",
        &[
            "seconds",
            "start to first solve",
            "first solve to last step",
        ],
    );
    text += "\n## Planning\n\n\
        Nothing has changed, so the frontend is all that runs. CPU time is that of the frontend's container and of its start; \
        the minimal frontend's is the least there is. The goal for 1,000 members is less than 0.3 s and 64 MiB.\n\n";
    table(
        &mut text,
        &of(planning::PART),
        "minimal",
        &[
            "seconds",
            "cpu of steps",
            "memory of steps, bytes",
            "transferred, bytes",
            "transferred at first, bytes",
        ],
    );
    text
}

/// A row for each scenario and contender, with the ratio of the first column to the `base` contender's.
fn table(text: &mut String, records: &[&Record], base: &str, columns: &[&str]) {
    let mut rows: BTreeMap<(usize, &str, &str), Vec<&Record>> = BTreeMap::new();
    for record in records {
        let key = &record.key;
        // `100 files` before `1000 files`.
        let number = key
            .scenario
            .split(' ')
            .next()
            .and_then(|word| word.parse().ok());
        let row = (
            number.unwrap_or_default(),
            key.scenario.as_str(),
            key.contender.as_str(),
        );
        rows.entry(row).or_default().push(record);
    }
    if rows.is_empty() {
        text.push_str("Not measured yet.\n");
        return;
    }
    let _ = writeln!(
        text,
        "| | | rounds | ratio | {} | load | others |",
        columns.join(" | ")
    );
    let _ = writeln!(
        text,
        "|---|---|---:|---:|{}---:|---:|",
        "---:|".repeat(columns.len())
    );
    for ((number, scenario, contender), of) in &rows {
        let all = |column: &str| {
            of.iter()
                .filter_map(|record| record.values.get(column).copied())
                .collect::<Vec<_>>()
        };
        let first = columns.first().copied().unwrap_or_default();
        let other = rows.get(&(*number, *scenario, base)).map(|of| {
            of.iter()
                .filter_map(|record| record.values.get(first).copied())
                .collect::<Vec<_>>()
        });
        let ratio = match (median(&all(first)), other.and_then(|other| median(&other))) {
            (Some(own), Some(other)) if other > 0.0 => format!("{:.2}", own / other),
            _ => "–".to_owned(),
        };
        let cells: Vec<String> = columns
            .iter()
            .map(|column| cell(column, &all(column)))
            .collect();
        let mean = |value: fn(&Record) -> f64| {
            of.iter().map(|record| value(record)).sum::<f64>() / of.len() as f64
        };
        let _ = writeln!(
            text,
            "| {scenario} | {contender} | {} | {ratio} | {} | {:.1} | {:.1} |",
            of.len(),
            cells.join(" | "),
            mean(|record| record.load),
            mean(|record| record.others),
        );
    }
}

/// Median, least and most; bytes in MB.
fn cell(column: &str, values: &[f64]) -> String {
    let bytes = column.ends_with("bytes");
    let show = |value: f64| match bytes {
        true => format!("{:.2} MB", value / 1e6),
        false => format!("{value:.2}"),
    };
    let Some(median) = median(values) else {
        return "–".to_owned();
    };
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    let most = values.iter().copied().fold(f64::MIN, f64::max);
    format!("{} ({}–{})", show(median), show(least), show(most))
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        len if len % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::store::Key;

    fn record(contender: &str, round: usize, seconds: f64) -> Record {
        Record {
            key: Key {
                part: "x".into(),
                scenario: "20 members".into(),
                contender: contender.into(),
                round,
                ..Key::default()
            },
            values: BTreeMap::from([("seconds".to_owned(), seconds)]),
            ..Record::default()
        }
    }

    #[test]
    fn ratios_are_those_of_medians() {
        let records = [
            record("ours", 1, 3.0),
            record("ours", 2, 9.0),
            record("ours", 3, 4.0),
            record("base", 1, 1.0),
            record("base", 2, 3.0),
        ];
        let mut text = String::new();
        table(
            &mut text,
            &records.each_ref(),
            "base",
            &["seconds", "memory, bytes"],
        );
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| 20 members | base | 2 | 1.00 | 2.00 (1.00–3.00) | – | 0.0 | 0.0 |",
                "| 20 members | ours | 3 | 2.00 | 4.00 (3.00–9.00) | – | 0.0 | 0.0 |",
            ]
        );
    }
}
