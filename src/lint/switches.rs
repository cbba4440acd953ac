//! Which rules are on, and whether they stop a build: as the official linter's `check` option.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::options::{CheckOptions, Options, parse_check};
use crate::source::{Location, SourceFile};
use crate::spec::Spec;

/// What is switched, of all places where it can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    check: CheckOptions,
}

impl Switches {
    /// The client's (`--build-arg BUILDKIT_DOCKERFILE_CHECK=…`), which replace all others; otherwise those of the
    /// line `# check=…` beside the syntax line, and the spec's `lint:`.
    ///
    /// # Errors
    /// A line that is not as the official frontend wants it.
    pub fn read(
        options: &Options,
        file: &SourceFile,
        spec: Option<&Spec>,
    ) -> Result<Self, Diagnostic> {
        if options.build_args.contains_key("BUILDKIT_DOCKERFILE_CHECK") {
            let check = options.check.clone();
            return Ok(Self { check });
        }
        let mut check = match directive(file) {
            None => CheckOptions::default(),
            Some((text, place)) => parse_check(text).map_err(|error| {
                Diagnostic::error("invalid-check", error)
                    .help("write `# check=skip=rule,rule;error=true`")
                    .at(place)
            })?,
        };
        if let Some(spec) = spec {
            check
                .skip
                .extend(spec.lint_skip.iter().map(|code| code.value.clone()));
            check.error |= spec.lint_error;
        }
        Ok(Self { check })
    }

    /// Whether a finding stops the build.
    pub fn error(&self) -> bool {
        self.check.error
    }

    /// An error for findings where the user wants them to be errors.
    ///
    /// # Errors
    /// In the official frontend's words, with their rules.
    pub fn refuse(&self, found: &Diagnostics) -> Result<(), Diagnostic> {
        let found = found.clone().sorted();
        let mut rules: Vec<&str> = found.iter().map(|one| one.code).collect();
        rules.sort_unstable();
        rules.dedup();
        if rules.is_empty() || !self.error() {
            return Ok(());
        }
        let message = format!("lint violation found for rules: {}", rules.join(", "));
        let error = Diagnostic::error("lint-violation", message);
        // The lines of one of them: without any, clients show the syntax line.
        Err(match found.into_iter().find_map(|one| one.location) {
            Some(place) => error.at(place),
            None => error,
        })
    }

    /// The findings of rules that are on, each thing once.
    pub fn kept(&self, found: &Diagnostics) -> Diagnostics {
        let mut kept: Vec<&Diagnostic> = vec![];
        for one in found.iter().filter(|one| self.on(one.code)) {
            if !kept.contains(&one) {
                kept.push(one);
            }
        }
        kept.into_iter().cloned().collect()
    }

    /// Whether a rule is on. `UnpinnedBase` is the same as `unpinned-base`.
    pub fn on(&self, code: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|name| same(name, code));
        let experimental = super::rule(code).is_some_and(|rule| rule.experimental);
        if experimental && !self.check.experimental_all && !named(&self.check.experimental) {
            return false;
        }
        !self.check.skip_all && !named(&self.check.skip)
    }
}

/// Whether two names of a rule mean the same one.
pub(super) fn same(name: &str, code: &str) -> bool {
    let letters = |text: &str| text.replace('-', "").to_ascii_lowercase();
    letters(name) == letters(code)
}

/// The value of `# check=…`: in the block of comments that the file begins with, as in a Dockerfile.
fn directive(file: &SourceFile) -> Option<(&str, Location)> {
    let lines = (1..).map_while(|number| file.line_span(number));
    for span in lines {
        let line = file.slice(span).trim_start_matches('\u{feff}').trim();
        let comment = line.strip_prefix('#')?;
        let Some((key, value)) = comment.split_once('=') else {
            continue;
        };
        if key.trim().eq_ignore_ascii_case("check") {
            return Some((value.trim(), file.at(span)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn read(spec: &str, arg: Option<&str>) -> Result<Switches, String> {
        let file = SourceFile::new("Rust.yaml", spec);
        let arg = arg.map(|text| {
            (
                "build-arg:BUILDKIT_DOCKERFILE_CHECK".to_owned(),
                text.to_owned(),
            )
        });
        let options = Options::read(&arg.into_iter().collect::<BTreeMap<_, _>>()).unwrap();
        let parsed = crate::spec::parse(&file, &BTreeMap::new()).unwrap().0;
        Switches::read(&options, &file, Some(&parsed)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_rule_is_switched_off_in_three_ways() {
        let rules = ["root-user", "unpinned-base", "base-without-digest"];
        let on = |switches: Switches| rules.map(|code| switches.on(code));
        for (spec, arg, expected) in [
            ("", None, [true, true, false]),
            ("lint: { skip: [root-user] }", None, [false, true, false]),
            (
                "# syntax=x\n# check=skip=RootUser,unpinned-base\n",
                None,
                [false, false, false],
            ),
            ("# check = skip=all", None, [false; 3]),
            (
                "# check=skip=root-user;experimental=all",
                None,
                [false, true, true],
            ),
            (
                "# check=skip=root-user",
                Some("skip=unpinned-base"),
                [true, false, false],
            ),
            ("\n# check=skip=all", None, [true, true, false]),
        ] {
            assert_eq!(on(read(spec, arg).unwrap()), expected, "{spec:?} {arg:?}");
        }
    }

    #[test]
    fn findings_stop_a_build_that_says_so() {
        for (spec, arg, expected) in [
            ("", None, false),
            ("lint: { error: true }", None, true),
            ("# check=error=true", None, true),
            ("lint: { error: true }", Some("error=false"), false),
            ("", Some("skip=root-user;error=true"), true),
        ] {
            assert_eq!(
                read(spec, arg).unwrap().error(),
                expected,
                "{spec:?} {arg:?}"
            );
        }
        assert_eq!(
            read("# syntax=x\n# check=root-user", None).unwrap_err(),
            "Rust.yaml:2: invalid check option \"root-user\": write `# check=skip=rule,rule;error=true`"
        );
    }
}
