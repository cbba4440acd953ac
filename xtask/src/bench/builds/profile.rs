//! Where the time of our builds goes, by what their steps do.

use std::collections::BTreeMap;

use crate::progress::Step;

/// Kinds of steps and words in the names of their steps.
const KINDS: [(&str, &[&str]); 7] = [
    ("context", &["[internal] load "]),
    ("toolchain", &["] packages ", "] toolchain "]),
    ("fetch", &["] fetch "]),
    ("groups", &["[crates] ", "] units of "]),
    (
        "dependencies",
        &["] dependencies (", "] stubs (", "] stub removal"],
    ),
    (
        "compile",
        &["] local crate", "] compile ", "inputs of the build"],
    ),
    ("image", &["exporting "]),
];

/// What belongs to none of them: frontend and engine at the beginning, between steps and at the end.
const REST: &str = "the rest";

/// The names of all kinds, in the order of a build.
pub(crate) fn kinds() -> Vec<&'static str> {
    KINDS.iter().map(|(kind, _)| *kind).chain([REST]).collect()
}

/// The name of the value that says how long a build was busy with a kind of steps.
pub(crate) fn value(kind: &str) -> String {
    format!("in {kind}")
}

/// For each kind the seconds in which at least one of its steps ran; kinds may run at the same time.
pub(super) fn of(steps: &[Step], seconds: f64) -> BTreeMap<String, f64> {
    let mut times = BTreeMap::new();
    let mut busy = Vec::new();
    for (kind, words) in KINDS {
        let its = steps
            .iter()
            .filter(|step| words.iter().any(|word| step.name.contains(word)));
        let its: Vec<(f64, f64)> = its.filter_map(|step| step.time).collect();
        times.insert(value(kind), covered(its.clone()));
        busy.extend(its);
    }
    times.insert(value(REST), (seconds - covered(busy)).max(0.0));
    times
}

/// The seconds that are in at least one of the spans.
fn covered(mut spans: Vec<(f64, f64)>) -> f64 {
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut until = f64::MIN;
    let mut sum = 0.0;
    for (began, ended) in spans {
        sum += (ended - began.max(until)).max(0.0);
        until = until.max(ended);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_at_once_counts_once() {
        let step = |name: &str, began: f64, ended: f64| Step {
            name: name.to_owned(),
            time: Some((began, ended)),
            ..Step::default()
        };
        let steps = [
            step("[crates] syn 2.0.0", 1.0, 3.0),
            step("[crates] libc 0.2.0", 2.0, 5.0),
            step("[app 4/5] local crates model, other", 4.0, 6.0),
            step("[app 3/5] fetch 9 crates", 0.0, 0.5),
        ];
        let times = of(&steps, 7.0);
        let of = |kind| times[&value(kind)];
        assert_eq!(
            [
                of("groups"),
                of("compile"),
                of("fetch"),
                of("image"),
                of(REST)
            ],
            [4.0, 2.0, 0.5, 0.0, 1.5]
        );
    }
}
