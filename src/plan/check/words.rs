//! What cargo's commands of a check say of packages, features and targets.

use crate::plan::{Input, Plan};
use crate::spec::{Runner, Spec};
use std::collections::BTreeSet;

/// Options of `test.args` that choose packages and features.
const SCOPE: [&str; 9] = [
    "-p",
    "--package",
    "--exclude",
    "-F",
    "--features",
    "--all-features",
    "--no-default-features",
    "--workspace",
    "--all",
];
/// Options of `test.args` that choose what of the packages is compiled, and how.
const TARGETS: [&str; 12] = [
    "--lib",
    "--bins",
    "--bin",
    "--tests",
    "--test",
    "--examples",
    "--example",
    "--benches",
    "--bench",
    "--all-targets",
    "-r",
    "--release",
];
/// Those that come with a value.
const WITH_VALUE: [&str; 9] = [
    "-p",
    "--package",
    "--exclude",
    "-F",
    "--features",
    "--bin",
    "--test",
    "--example",
    "--bench",
];

/// The words of `test.args`, by what they are about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// Packages and features: for every check.
    pub(super) scope: Vec<String>,
    /// Targets and profile: for compiling and running tests.
    pub(super) targets: Vec<String>,
    /// All others: for running tests.
    pub(super) run: Vec<String>,
    /// The profile whose artefacts tests are made of.
    pub(super) profile: String,
}

impl Words {
    /// The words of a spec; `inputs` are its images.
    pub(super) fn of(spec: &Spec, inputs: &[Input<'_>]) -> Self {
        let args: Vec<&str> = spec
            .test
            .args
            .iter()
            .map(|arg| arg.value.as_str())
            .collect();
        let nextest = spec.test.runner.value == Runner::Nextest;
        let mut words = Self::sorted(&args, nextest);
        words.images(inputs);
        words
    }

    /// Sorts arguments of `cargo test` or `cargo nextest run`.
    fn sorted(args: &[&str], nextest: bool) -> Self {
        let mut words = Self {
            profile: "dev".into(),
            ..Self::default()
        };
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            if *arg == "--" {
                words.run.push("--".into());
                words.run.extend(rest.map(|&word| word.to_owned()));
                break;
            }
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value)),
                _ => (*arg, None),
            };
            let profile = match nextest {
                true => name == "--cargo-profile",
                false => name == "--profile",
            };
            let list = match name {
                _ if SCOPE.contains(&name) => &mut words.scope,
                _ if TARGETS.contains(&name) || profile => &mut words.targets,
                _ => &mut words.run,
            };
            list.push(match arg.strip_prefix("--cargo-profile") {
                Some(rest) if profile => format!("--profile{rest}"),
                _ => (*arg).to_owned(),
            });
            let mut value = value.map(str::to_owned);
            if value.is_none() && (profile || WITH_VALUE.contains(&name)) {
                value = rest.next().map(|&value| value.to_owned());
                list.extend(value.clone());
            }
            match (name, value) {
                ("-r" | "--release", _) => words.profile = "release".into(),
                (_, Some(value)) if profile => words.profile = value,
                _ => {}
            }
        }
        words
    }

    /// Adds the features that images ask for: what is tested is what is shipped.
    fn images(&mut self, inputs: &[Input<'_>]) {
        let project = inputs[0].project;
        let packages = &project.packages;
        let members = project.members().count();
        let mut features = BTreeSet::new();
        let shipped = |input: &&Input<'_>| self.selects(&packages[input.selection.package].name);
        for input in inputs.iter().filter(shipped) {
            let package = &packages[input.selection.package].name;
            // With resolver 1, `package/feature` of the package in Cargo's directory is one of a dependency.
            let is_current =
                project.resolver == "1" && !project.qualifies_features(input.selection.package);
            features.extend(input.selection.features.iter().map(|feature| {
                // A feature with `/` is one of a dependency, or qualified already.
                match members == 1 || is_current || feature.contains('/') {
                    true => feature.clone(),
                    false => format!("{package}/{feature}"),
                }
            }));
        }
        if !features.is_empty() {
            let features: Vec<String> = features.into_iter().collect();
            self.scope.extend(["--features".into(), features.join(",")]);
        }
        let none = "--no-default-features".to_owned();
        if inputs.iter().all(|one| !one.selection.default_features) && !self.scope.contains(&none) {
            self.scope.push(none);
        }
    }

    /// Whether a package is one of those that the words choose. Cargo refuses features of any other.
    fn selects(&self, package: &str) -> bool {
        let is = |spec: &str| {
            // `name@version`, or an address with one of `#name`, `#name@version` and `#version`.
            let name = match spec.split_once('#') {
                Some((address, rest)) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
                    address.rsplit('/').next().unwrap_or(address)
                }
                Some((_, rest)) => rest,
                None => spec,
            };
            let name = name.split('@').next().unwrap_or(name);
            glob::Pattern::new(name).is_ok_and(|name| name.matches(package))
        };
        let mut chosen = None;
        let mut all = false;
        let mut words = self.scope.iter();
        while let Some(word) = words.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value)),
                None if WITH_VALUE.contains(&word.as_str()) => {
                    (word.as_str(), words.next().map(String::as_str))
                }
                None => (word.as_str(), None),
            };
            match (flag, value) {
                ("-p" | "--package", Some(spec)) => {
                    chosen = Some(chosen.unwrap_or_default() || is(spec));
                }
                ("--exclude", Some(spec)) if is(spec) => return false,
                ("--workspace" | "--all", _) => all = true,
                _ => {}
            }
        }
        all || chosen.unwrap_or(true)
    }

    /// The flags of every command of a check.
    pub(super) fn flags(&self, plan: &Plan) -> Vec<String> {
        let mut flags = vec!["--offline".into(), "--target".into(), plan.triple.clone()];
        let chosen = |word: &String| {
            ["-p", "--package", "--workspace", "--all"].contains(&word.as_str())
                || word.starts_with("--package=")
        };
        if !self.scope.iter().any(chosen) {
            flags.push("--workspace".into());
        }
        flags.extend(self.scope.iter().cloned());
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn arguments_are_sorted_by_what_they_are_about() {
        let text =
            "--exclude web --features=a,b --test api -r --no-fail-fast name -- --nocapture --lib";
        let words = Words::sorted(&text.split(' ').collect::<Vec<_>>(), false);
        assert_eq!(words.scope.join(" "), "--exclude web --features=a,b");
        assert_eq!(words.targets.join(" "), "--test api -r");
        assert_eq!(
            words.run.join(" "),
            "--no-fail-fast name -- --nocapture --lib"
        );
        assert_eq!(words.profile, "release");
        assert_eq!(
            ["web", "api"].map(|name| words.selects(name)),
            [false, true]
        );
        for (text, chosen) in [
            ("", [true, true]),
            ("-p api", [false, true]),
            ("--package=w* -p path+file:///x/api#api@0.1.0", [true, true]),
            ("-p path+file:///x/api#0.1.0", [false, true]),
            ("--workspace --exclude api -p other", [true, false]),
        ] {
            let words = Words::sorted(&text.split_whitespace().collect::<Vec<_>>(), false);
            assert_eq!(
                ["web", "api"].map(|name| words.selects(name)),
                chosen,
                "{text}"
            );
        }
        let profiles = ["--profile", "ci", "--cargo-profile=release"];
        assert_eq!(Words::sorted(&profiles[..2], false).profile, "ci");
        let words = Words::sorted(&profiles, true);
        assert_eq!(words.targets, ["--profile=release"]);
        assert_eq!(words.run, ["--profile", "ci"]);
    }
}
