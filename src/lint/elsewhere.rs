//! Rules about names, and those that other parts of the program check while they do their work.

use super::switches::same;
use super::{Found, Input, Rule};
use crate::diagnostic::nearest;

pub(super) const RULES: [Rule; 9] = [
    Rule::new(
        "unused-build-arg",
        "A build-arg that nothing in the spec uses",
        unused,
    ),
    Rule::new("unknown-rule", "A skipped rule does not exist", unknown),
    Rule::new(
        "unknown-build-arg",
        "A build-arg that is passed but not declared",
        nothing,
    ),
    Rule::new("deprecated-key", "A key that will go away", nothing),
    Rule::new(
        "two-configs",
        "Cargo reads one of the two configuration files of a directory",
        nothing,
    ),
    Rule::new(
        "recompiled-dependency",
        "A dependency that was compiled before is compiled once more",
        nothing,
    ),
    Rule::new(
        "crates-in-one-step",
        "Crates are compiled in one step although the spec asks for groups",
        nothing,
    ),
    Rule::new(
        "base-platform",
        "A base image is for another platform",
        nothing,
    ),
    Rule::new(
        "missing-shared-library",
        "A program needs a library that its image does not have",
        nothing,
    ),
];

fn nothing(_: &Input<'_>, _: &mut Found<'_>) {}

fn unused(input: &Input<'_>, found: &mut Found<'_>) {
    let text = input.spec.file.text();
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let used = lines.collect::<Vec<_>>().join("\n");
    for arg in &input.spec.args {
        if !used.contains(&format!("${{{}}}", arg.name.value)) {
            found.spec(
                arg.name.span,
                format!("build-arg `{}` is not used", arg.name.value),
                format!(
                    "remove it, or write `${{{}}}` where its value belongs",
                    arg.name.value
                ),
            );
        }
    }
}

fn unknown(input: &Input<'_>, found: &mut Found<'_>) {
    for code in &input.spec.lint_skip {
        if super::rules().any(|rule| same(&code.value, rule.code)) {
            continue;
        }
        let near = nearest(&code.value, super::rules().map(|rule| rule.code));
        found.spec(
            code.span,
            format!("there is no rule `{}`", code.value),
            match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("see the list in {}/README.md", super::PAGES),
            },
        );
    }
}
