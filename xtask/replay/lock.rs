//! What a `Cargo.lock` says of external crates, and which steps compile them.
//!
//! A lock has neither features nor which crates are for the build machine, and sizes of sources are not in it: crates
//! that were not measured have the same weight.

use rust_frontend::plan::{Node, groups, weight};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Sources of a crate that nobody measured, in bytes.
const USUAL: u64 = 200_000;

/// External crates by name and version, and what each needs: names, with a version where there are several.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lock(pub(crate) BTreeMap<(String, String), Vec<String>>);

/// What a step's key stands for: its crates in their versions, and the keys of those that it needs.
pub(crate) type Key = u64;

impl Lock {
    /// What the frontend divides into groups, in the order of names and versions.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        let mut by_name: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for (index, (name, version)) in self.0.keys().enumerate() {
            by_name.entry(name).or_default().push((index, version));
        }
        let found = |need: &String| {
            let (name, version) = need.split_once(' ').unwrap_or((need, ""));
            let twins = by_name.get(name)?.iter();
            let mut fits = twins.filter(|(_, other)| {
                let other = other.split('#').next();
                version.is_empty() || other == Some(version)
            });
            fits.next().map(|(index, _)| *index)
        };
        let packages = self.0.iter();
        packages
            .map(|((name, version), needs)| Node {
                weight: weight(name, USUAL),
                dependencies: needs.iter().filter_map(found).collect(),
                name: if by_name[name.as_str()].len() > 1 {
                    format!("{name} {version}")
                } else {
                    name.clone()
                },
            })
            .collect()
    }

    /// What is compiled in each step, and what that costs in milliseconds; the indices of each are those of a group.
    pub(crate) fn steps(&self, divided: &[BTreeSet<usize>]) -> BTreeMap<Key, u64> {
        let nodes = self.nodes();
        let ids: Vec<&(String, String)> = self.0.keys().collect();
        let mut of = BTreeMap::new();
        let mut keys: Vec<Key> = vec![];
        let mut steps = BTreeMap::new();
        for (number, group) in divided.iter().enumerate() {
            of.extend(group.iter().map(|at| (*at, number)));
            let needs = group.iter().flat_map(|at| &nodes[*at].dependencies);
            let below: BTreeSet<usize> = needs.map(|at| of[at]).collect();
            let below = below.into_iter().filter(|at| *at != number);
            let mut hasher = DefaultHasher::new();
            for at in group {
                ids[*at].hash(&mut hasher);
            }
            below
                .map(|at| keys[at])
                .collect::<BTreeSet<Key>>()
                .hash(&mut hasher);
            keys.push(hasher.finish());
            let cost = group.iter().map(|at| nodes[*at].weight).sum();
            steps.insert(keys[number], cost);
        }
        steps
    }

    /// The steps as the frontend divides them.
    pub(crate) fn grouped(&self) -> BTreeMap<Key, u64> {
        self.steps(&groups(&self.nodes()))
    }
}

/// What is not among the steps before: their number, and which share of the cost of all they are.
pub(crate) fn redone(before: &BTreeMap<Key, u64>, steps: &BTreeMap<Key, u64>) -> (usize, f64) {
    let new = || steps.iter().filter(|(key, _)| !before.contains_key(*key));
    let cost: u64 = new().map(|(_, cost)| cost).sum();
    (
        new().count(),
        cost as f64 / steps.values().sum::<u64>().max(1) as f64,
    )
}
