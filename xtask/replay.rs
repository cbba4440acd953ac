//! What each change of a real `Cargo.lock` would have compiled: all crates in one step, or those groups that it touched.
//!
//! `cargo run --release --example replay -- CLONE [COMMITS]` reads the last commits of a clone (by first parents) that
//! change its `Cargo.lock`, and writes docs/replay.md and docs/replay.svg. A lock has neither features nor which crates are
//! for the build machine, and sizes of sources are not in it: crates that were not measured count the same.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a chore: it reads a clone and writes docs"
)]

use rust_frontend::plan::{Node, groups, weight};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;
use toml::{Table, Value};

/// Sources of a crate that nobody measured, in bytes.
const USUAL: u64 = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let clone = args
        .next()
        .ok_or("name a clone of a repository with a Cargo.lock")?;
    let most: usize = args.next().map_or(Ok(100), |text| text.parse())?;
    let git = |words: &[&str]| -> Result<String, Box<dyn std::error::Error>> {
        let out = Command::new("git")
            .args(["-C", &clone])
            .args(words)
            .output()?;
        if !out.status.success() {
            return Err(String::from_utf8_lossy(&out.stderr).into());
        }
        Ok(String::from_utf8(out.stdout)?)
    };
    let log = git(&["log", "--first-parent", "--format=%h", "--", "Cargo.lock"])?;
    let mut commits: Vec<&str> = log.lines().take(most + 1).collect();
    commits.reverse();
    let mut before: Option<BTreeSet<String>> = None;
    let mut rows = vec![];
    for commit in commits {
        let lock = git(&["show", &format!("{commit}:Cargo.lock")])?;
        let Some(steps) = steps(&lock) else { continue };
        if let Some(before) = &before {
            let total: u64 = steps.values().sum();
            let redone = steps.iter().filter(|(key, _)| !before.contains(*key));
            let redone: Vec<u64> = redone.map(|(_, weight)| *weight).collect();
            // A change of local packages alone is none of a dependency.
            if !redone.is_empty() {
                let share = redone.iter().sum::<u64>() as f64 / total as f64;
                rows.push((commit.to_owned(), share, redone.len(), steps.len()));
            }
        }
        before = Some(steps.into_keys().collect());
    }
    let name = clone
        .trim_end_matches('/')
        .trim_end_matches("/repo")
        .rsplit('/')
        .next();
    let name = name
        .unwrap_or_default()
        .rsplit('+')
        .next()
        .unwrap_or_default();
    if rows.is_empty() {
        return Err("no commit there changes a crate from outside in Cargo.lock".into());
    }
    let text = report(name, &rows);
    print!("{text}");
    std::fs::write("docs/replay.md", text)?;
    std::fs::write("docs/replay.svg", plot(name, &rows))?;
    Ok(())
}

/// The groups of a lock: what their key is made of, and what they cost.
fn steps(lock: &str) -> Option<BTreeMap<String, u64>> {
    let lock: Table = lock.parse().ok()?;
    let packages: Vec<&Table> = lock
        .get("package")?
        .as_array()?
        .iter()
        .filter_map(Value::as_table)
        .collect();
    let text = |package: &Table, key: &str| {
        package
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let external: Vec<&&Table> = packages
        .iter()
        .filter(|package| package.contains_key("source"))
        .collect();
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, package) in external.iter().enumerate() {
        by_name
            .entry(text(package, "name"))
            .or_default()
            .push(index);
    }
    let nodes: Vec<Node> = external
        .iter()
        .map(|package| {
            let name = text(package, "name");
            let needs = package
                .get("dependencies")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let needs = needs.filter_map(Value::as_str).filter_map(|need| {
                let mut words = need.split(' ');
                let (name, version) = (words.next()?, words.next());
                let fits = |at: &&usize| {
                    version.is_none_or(|version| text(external[**at], "version") == version)
                };
                by_name.get(name)?.iter().find(fits).copied()
            });
            let twins = by_name[&name].len() > 1;
            Node {
                weight: weight(&name, USUAL),
                dependencies: needs.collect(),
                name: if twins {
                    format!("{name} {}", text(package, "version"))
                } else {
                    name
                },
            }
        })
        .collect();
    let mut of = BTreeMap::new();
    let mut keys: Vec<String> = vec![];
    let mut steps = BTreeMap::new();
    for (number, group) in groups(&nodes).into_iter().enumerate() {
        of.extend(group.iter().map(|at| (*at, number)));
        let mut key: BTreeSet<String> = group
            .iter()
            .map(|at| {
                format!(
                    "{} {} {}",
                    nodes[*at].name,
                    text(external[*at], "version"),
                    text(external[*at], "source")
                )
            })
            .collect();
        let needs = group
            .iter()
            .flat_map(|at| &nodes[*at].dependencies)
            .map(|at| of[at]);
        key.extend(needs.filter(|at| *at != number).map(|at| keys[at].clone()));
        let key = format!("{:?}", key);
        let hash = key.bytes().fold(
            (0xcbf2_9ce4_8422_2325_u64, 0x9e37_79b9_u64),
            |(a, b), byte| {
                (
                    (a ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3),
                    b.rotate_left(5) ^ u64::from(byte).wrapping_mul(a | 1),
                )
            },
        );
        keys.push(format!("{:x}{:x}", hash.0, hash.1));
        steps.insert(
            keys[number].clone(),
            group.iter().map(|at| nodes[*at].weight).sum(),
        );
    }
    Some(steps)
}

type Row = (String, f64, usize, usize);

fn report(name: &str, rows: &[Row]) -> String {
    let mut shares: Vec<f64> = rows.iter().map(|row| row.1).collect();
    shares.sort_by(f64::total_cmp);
    let mean = shares.iter().sum::<f64>() / shares.len().max(1) as f64;
    let median = shares.get(shares.len() / 2).copied().unwrap_or_default();
    let steps = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>() / rows.len().max(1);
    let mut text = format!(
        "# A history of dependencies, replayed\n\n\
         Written by `cargo run --release --example replay -- CLONE`: the last {} commits of `{name}` that change a crate from \
         outside in its\n`Cargo.lock`. One layer compiles everything on each of them, wherever there is no seed. In groups \
         (`granularity: crates`):\n\n\
         | | |\n|---|---:|\n| compiled, of all CPU time: mean | {:.1} % |\n| median | {:.1} % |\n| groups | {} |\n\
         | groups compiled: mean | {} |\n\n![share of CPU time that each commit compiles](replay.svg)\n\n\
         Weights are those of the frontend; crates that nobody measured count the same. A lock has neither features nor the two \
         sides of a crate that\nis compiled for the build machine, too.\n",
        rows.len(),
        mean * 100.0,
        median * 100.0,
        steps(|row| row.3),
        steps(|row| row.2)
    );
    text.push_str("\n| commit | compiled | groups |\n|---|---:|---:|\n");
    for (commit, share, redone, of) in rows {
        let _ = writeln!(
            text,
            "| {commit} | {:.1} % | {redone} of {of} |",
            share * 100.0
        );
    }
    text
}

/// A bar for each commit, under the line of one layer.
fn plot(name: &str, rows: &[Row]) -> String {
    let (left, top, high, step) = (46.0, 40.0, 200.0, 7.0);
    let wide = left + rows.len() as f64 * step + 20.0;
    let mut body = String::new();
    for (at, (commit, share, redone, of)) in rows.iter().enumerate() {
        let length = (share * high).max(0.5);
        let _ = writeln!(
            body,
            "<rect x=\"{:.0}\" y=\"{:.1}\" width=\"5\" height=\"{length:.1}\" fill=\"#0072b2\"><title>{commit}: {redone} of {of} groups, {:.1} %</title></rect>",
            left + at as f64 * step,
            top + high - length,
            share * 100.0
        );
    }
    for percent in [0, 50, 100] {
        let y = top + high - f64::from(percent) / 100.0 * high;
        let _ = writeln!(
            body,
            "<line x1=\"{left}\" x2=\"{wide}\" y1=\"{y}\" y2=\"{y}\" stroke=\"#999\" stroke-dasharray=\"2 3\"/><text x=\"4\" y=\"{:.0}\">{percent} %</text>",
            y + 4.0
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide:.0}\" height=\"270\" viewBox=\"0 0 {wide:.0} 270\"><style>text{{font:12px sans-serif;fill:#222}}@media(prefers-color-scheme:dark){{text{{fill:#ddd}}}}</style>\n\
         <text x=\"{left}\" y=\"18\">{name}: CPU time that {} changes of Cargo.lock compile in groups; in one layer each compiles 100 %</text>\n{body}</svg>\n",
        rows.len()
    )
}
