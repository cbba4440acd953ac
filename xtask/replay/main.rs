//! What each change of a real `Cargo.lock` would have compiled: all crates in one step, or those groups that it touched.
//!
//! `cargo run --release --example replay -- CLONE [COMMITS [FILE]]` reads the last commits of a clone (by first
//! parents) that change its `Cargo.lock`, and writes docs/replay.md and docs/replay.svg; with a file's name after
//! their number, the history itself goes there, for tests.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a chore: it reads a clone and writes docs"
)]

mod lock;

use lock::{Lock, redone};
use std::fmt::Write as _;
use std::process::Command;
use toml::{Table, Value};

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
    let mut last = Lock::default();
    let mut before = None;
    let mut rows = vec![];
    let mut history = String::new();
    for commit in commits {
        let text = git(&["show", &format!("{commit}:Cargo.lock")])?;
        let Some(lock) = parse(&text) else {
            continue;
        };
        let changes = since(&lock, &last);
        // A change of local packages only is not a change of dependencies.
        if changes.is_empty() {
            continue;
        }
        let _ = write!(history, "commit {commit}\n{changes}");
        let steps = lock.grouped();
        if let Some(before) = &before {
            let (count, share) = redone(before, &steps);
            if count > 0 {
                rows.push((commit.to_owned(), share, count, steps.len()));
            }
        }
        before = Some(steps);
        last = lock;
    }
    if let Some(file) = args.next() {
        std::fs::write(file, history)?;
        return Ok(());
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
        return Err("no commit there changes an external crate in Cargo.lock".into());
    }
    let text = report(name, &rows);
    print!("{text}");
    std::fs::write("docs/replay.md", text)?;
    std::fs::write("docs/replay.svg", plot(name, &rows))?;
    Ok(())
}

/// `None` if it is not a lock, or one of a Cargo before 2020.
fn parse(text: &str) -> Option<Lock> {
    let lock: Table = text.parse().ok()?;
    let packages = lock.get("package")?.as_array()?.iter();
    let package = |package: &Value| {
        let text = |key: &str| package.get(key).and_then(Value::as_str);
        let source = text("source")?;
        // Crates of one version differ by what their repository had then.
        let version = match source.rsplit_once('#') {
            Some((_, revision)) if source.starts_with("git+") => {
                format!("{}#{revision:.8}", text("version")?)
            }
            _ => text("version")?.to_owned(),
        };
        let needs = package.get("dependencies").and_then(Value::as_array);
        let needs = needs.into_iter().flatten().filter_map(Value::as_str);
        let need = |need: &str| need.split(' ').take(2).collect::<Vec<_>>().join(" ");
        Some((
            (text("name")?.to_owned(), version),
            needs.map(need).collect(),
        ))
    };
    Some(Lock(packages.filter_map(package).collect()))
}

/// The lines that turn the previous lock into this one.
fn since(lock: &Lock, before: &Lock) -> String {
    let mut text = String::new();
    for (id @ (name, version), needs) in &before.0 {
        if lock.0.get(id) != Some(needs) {
            let _ = writeln!(text, "- {name} {version}");
        }
    }
    for (id @ (name, version), needs) in &lock.0 {
        if before.0.get(id) != Some(needs) {
            let _ = writeln!(text, "+ {name} {version}: {}", needs.join(", "));
        }
    }
    text
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
         Written by `cargo run --release --example replay -- CLONE`: the last {} commits of `{name}` that change an external \
         crate in its\n`Cargo.lock`. One layer compiles everything on each of them, wherever there is no seed. In groups \
         (`granularity: crates`):\n\n\
         | | |\n|---|---:|\n| compiled, of all CPU time: mean | {:.1} % |\n| median | {:.1} % |\n| groups | {} |\n\
         | groups compiled: mean | {} |\n\n![share of CPU time that each commit compiles](replay.svg)\n\n\
         Weights are those of the frontend; crates that nobody measured have the same weight. A lock has neither features nor the two \
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
