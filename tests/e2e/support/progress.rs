//! What a build reports, as `--progress=rawjson` prints it.

#[path = "../../../xtask/src/progress.rs"]
mod status;

use status::Step;

/// Part of the name of the step that compiles what others wrote.
pub(crate) const DEPENDENCIES: &str = "] dependencies (";

/// The steps of a build that ended.
#[derive(Debug)]
pub(crate) struct BuildReport {
    steps: Vec<Step>,
    /// Warnings that were shown, each with its details.
    pub(crate) warnings: Vec<String>,
}

impl BuildReport {
    /// Reads the stderr of buildx.
    pub(crate) fn parse(stderr: &str) -> Self {
        let steps = status::parse(stderr).unwrap_or_else(|error| panic!("{error}"));
        let warnings = steps.iter().flat_map(|step| step.warnings.clone());
        Self {
            warnings: warnings.collect(),
            steps,
        }
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

#[test]
fn a_report_says_what_was_done() {
    let step = |name: &str, cached, executed, log: &str| Step {
        name: name.to_owned(),
        cached,
        executed,
        has_inputs: !name.starts_with("[internal]"),
        log: log.to_owned(),
        ..Step::default()
    };
    let log = "   Compiling serde v1.0.0\n   Compiling app v0.1.0 (/src)\n    Finished `release`\n";
    let report = BuildReport {
        steps: vec![
            step("[internal] load Rust.yaml", false, true, ""),
            step("toolchain", true, false, ""),
            step("compile", true, true, log),
        ],
        warnings: vec![],
    };
    assert_eq!(report.executed(), ["compile"]);
    assert_eq!(report.compiled(), ["app", "serde"]);
    assert!(report.is_cached("tool"));
    assert!(!report.is_cached("compile"));
    assert_eq!(
        report.to_string(),
        "done   [internal] load Rust.yaml\nCACHED toolchain\ndone   compile\n"
    );
}
