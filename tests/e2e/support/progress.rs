//! What a build reports: BuildKit's `SolveStatus`, one JSON object a line, as `--progress=rawjson`
//! prints it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// Part of the name of the step that compiles what others wrote.
pub(crate) const DEPENDENCIES: &str = "] dependencies (";

/// The steps of a build that ended.
#[derive(Debug)]
pub(crate) struct BuildReport {
    steps: Vec<Step>,
    /// Warnings that were shown, each with its details.
    pub(crate) warnings: Vec<String>,
}

/// One vertex of the build graph.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Step {
    pub(crate) name: String,
    /// Whether the engine took it from its cache.
    pub(crate) cached: bool,
    /// Whether the engine did it in this build.
    pub(crate) executed: bool,
    /// Whether it works on the results of other steps.
    has_inputs: bool,
    /// What it printed, both streams.
    pub(crate) log: String,
}

impl BuildReport {
    /// Reads the stderr of buildx. Lines that are not JSON are buildx's own words.
    pub(crate) fn parse(stderr: &str) -> Self {
        let mut digests = BTreeMap::new();
        let mut steps: Vec<Step> = Vec::new();
        let mut warnings = Vec::new();
        let mut logs: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        for line in stderr.lines().filter(|line| line.starts_with('{')) {
            let status: SolveStatus = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("not a SolveStatus: {error}: {line}"));
            for vertex in status.vertexes {
                let index = *digests.entry(vertex.digest).or_insert(steps.len());
                if index == steps.len() {
                    steps.push(Step::default());
                }
                let step = &mut steps[index];
                step.name = vertex.name;
                step.has_inputs = !vertex.inputs.is_empty();
                step.cached |= vertex.cached;
                // One that was done is reported as cached when the export asks for it again.
                // One that has an error was given up: its result was found in the cache meanwhile.
                let given_up = !vertex.error.is_empty();
                step.executed |= vertex.completed.is_some() && !vertex.cached && !given_up;
            }
            for VertexWarning { short, detail } in status.warnings {
                let parts = std::iter::once(short).chain(detail.unwrap_or_default());
                let parts = parts.map(|part| BASE64_STANDARD.decode(part).expect("base64"));
                let parts = parts.map(|part| String::from_utf8_lossy(&part).into_owned());
                warnings.push(parts.collect::<Vec<_>>().join("\n"));
            }
            for log in status.logs {
                let index = digests[&log.vertex];
                let data = BASE64_STANDARD.decode(log.data).expect("logs are base64");
                logs.entry(index).or_default().extend(data);
            }
        }
        for (index, log) in logs {
            steps[index].log = String::from_utf8_lossy(&log).into_owned();
        }
        Self { steps, warnings }
    }

    /// All steps.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter()
    }

    /// The only step whose name contains `words`.
    pub(crate) fn step(&self, words: &str) -> &Step {
        let found: Vec<_> = self
            .steps
            .iter()
            .filter(|step| step.name.contains(words))
            .collect();
        match found[..] {
            [step] => step,
            _ => panic!("{} steps are called `{words}`:\n{self}", found.len()),
        }
    }

    /// Whether the only step whose name contains `words` came from the cache.
    pub(crate) fn is_cached(&self, words: &str) -> bool {
        let step = self.step(words);
        step.cached && !step.executed
    }

    /// What all steps printed.
    pub(crate) fn log(&self) -> String {
        self.steps.iter().map(|step| step.log.as_str()).collect()
    }

    /// The steps that were done and work on others: no transfer of files, no look at a registry, no export.
    pub(crate) fn executed(&self) -> Vec<&str> {
        self.steps
            .iter()
            .filter(|step| step.executed && step.has_inputs)
            .map(|step| step.name.as_str())
            .collect()
    }

    /// The crates that were compiled, in all steps.
    pub(crate) fn compiled(&self) -> Vec<&str> {
        let mut crates: Vec<_> = self.steps.iter().flat_map(Step::compiled).collect();
        crates.sort_unstable();
        crates.dedup();
        crates
    }

    /// The crates of one version that were compiled, as often as they were: stubs have another than what they stand for.
    pub(crate) fn compiled_as(&self, version: &str) -> Vec<String> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| {
            let rest = line.trim_start().strip_prefix("Compiling ")?;
            let (name, rest) = rest.split_once(' ')?;
            let (found, _) = rest.split_once(' ')?;
            (found == version).then(|| name.to_owned())
        });
        let mut crates: Vec<String> = lines.collect();
        crates.sort();
        crates
    }
}

impl Step {
    /// The crates that cargo compiled in it.
    pub(crate) fn compiled(&self) -> Vec<&str> {
        self.log
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("Compiling "))
            .filter_map(|rest| rest.split(' ').next())
            .collect()
    }
}

impl std::fmt::Display for BuildReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for step in &self.steps {
            let state = match (step.executed, step.cached) {
                (true, _) => "done",
                (false, true) => "CACHED",
                (false, false) => "-",
            };
            writeln!(f, "{state:6} {}", step.name)?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct SolveStatus {
    #[serde(default)]
    vertexes: Vec<Vertex>,
    #[serde(default)]
    logs: Vec<Log>,
    #[serde(default)]
    warnings: Vec<VertexWarning>,
}

#[derive(Deserialize)]
struct Vertex {
    digest: String,
    #[serde(default)]
    inputs: Vec<String>,
    #[serde(default)]
    name: String,
    completed: Option<String>,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct VertexWarning {
    short: String,
    #[serde(default)]
    detail: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Log {
    vertex: String,
    data: String,
}

#[test]
fn a_report_is_put_together_from_its_lines() {
    let compiling = BASE64_STANDARD.encode("   Compiling serde v1.0.0\n   Comp");
    let more = BASE64_STANDARD.encode("iling app v0.1.0 (/src)\n    Finished `release`\n");
    let report = BuildReport::parse(&format!(
        r#"{{"vertexes":[{{"digest":"sha256:a","name":"[internal] load Rust.yaml","completed":"t"}}]}}
{{"vertexes":[{{"digest":"sha256:b","inputs":["sha256:a"],"name":"toolchain"}},{{"digest":"sha256:c","inputs":["sha256:b"],"name":"compile"}}]}}
{{"vertexes":[{{"digest":"sha256:b","inputs":["sha256:a"],"name":"toolchain","completed":"t","cached":true}}]}}
{{"logs":[{{"vertex":"sha256:c","stream":2,"data":"{compiling}","timestamp":"t"}}]}}
{{"logs":[{{"vertex":"sha256:c","stream":2,"data":"{more}","timestamp":"t"}}]}}
{{"vertexes":[{{"digest":"sha256:c","inputs":["sha256:b"],"name":"compile","completed":"t"}}]}}
{{"vertexes":[{{"digest":"sha256:c","inputs":["sha256:b"],"name":"compile","completed":"t","cached":true}}]}}
buildx says something
"#
    ));
    assert_eq!(report.executed(), ["compile"]);
    assert_eq!(report.compiled(), ["app", "serde"]);
    assert!(report.is_cached("tool"));
    assert!(!report.is_cached("compile"));
    assert_eq!(
        report.to_string(),
        "done   [internal] load Rust.yaml\nCACHED toolchain\ndone   compile\n"
    );
}
