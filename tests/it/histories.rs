//! Groups of crates over real histories of `Cargo.lock`.
//!
//! Each file in `histories` is what `cargo run --release --example replay -- CLONE 40 FILE` makes of a repository.

#[path = "../../xtask/replay/lock.rs"]
mod lock;

use lock::{Lock, redone};
use rust_frontend::plan::{Node, groups};
use std::collections::BTreeSet;

const HISTORIES: [(&str, &str); 3] = [
    ("bat", include_str!("histories/bat.txt")),
    (
        "linkerd2-proxy",
        include_str!("histories/linkerd2-proxy.txt"),
    ),
    ("ripgrep", include_str!("histories/ripgrep.txt")),
];

/// All locks of a history, by commit.
fn locks(history: &str) -> Vec<(&str, Lock)> {
    let mut locks: Vec<(&str, Lock)> = vec![];
    for line in history.lines() {
        if let Some(commit) = line.strip_prefix("commit ") {
            let last = locks.last().map(|(_, lock)| lock.clone());
            locks.push((commit, last.unwrap_or_default()));
        } else {
            apply(&mut locks.last_mut().unwrap().1, line).unwrap();
        }
    }
    locks
}

/// Changes the lock by one line.
fn apply(lock: &mut Lock, line: &str) -> Option<()> {
    let (sign, rest) = line.split_once(' ')?;
    let (id, needs) = rest.split_once(':').unwrap_or((rest, ""));
    let (name, version) = id.split_once(' ')?;
    let id = (name.to_owned(), version.to_owned());
    if sign == "-" {
        lock.0.remove(&id)?;
    } else {
        let needs = needs
            .split(',')
            .map(str::trim)
            .filter(|need| !need.is_empty());
        lock.0.insert(id, needs.map(str::to_owned).collect());
    }
    Some(())
}

fn named(nodes: &[Node]) -> BTreeSet<BTreeSet<&str>> {
    let of = |group: &BTreeSet<usize>| group.iter().map(|at| nodes[*at].name.as_str()).collect();
    groups(nodes).iter().map(of).collect()
}

#[test]
fn groups_of_each_lock_come_after_what_they_need_and_are_few() {
    for (name, history) in HISTORIES {
        for (commit, lock) in locks(history) {
            let nodes = lock.nodes();
            let divided = groups(&nodes);
            let mut done = BTreeSet::new();
            for group in &divided {
                let needed = group.iter().flat_map(|at| &nodes[*at].dependencies);
                for need in needed {
                    let name = &nodes[*need].name;
                    assert!(
                        group.contains(need) || done.contains(need),
                        "{name} at {commit}"
                    );
                }
                assert!(done.is_disjoint(group), "{name} at {commit}");
                done.extend(group.iter().copied());
            }
            assert_eq!(done.len(), nodes.len(), "{name} at {commit}");
            assert!(
                divided.len() * 3 <= nodes.len() * 2,
                "{} groups of {} crates, {name} at {commit}",
                divided.len(),
                nodes.len()
            );
        }
    }
}

#[test]
fn what_no_crate_needs_anew_moves_none() {
    let mut seen = 0;
    for (name, history) in HISTORIES {
        for pair in locks(history).windows(2) {
            let (before, after) = (pair[0].1.nodes(), pair[1].1.nodes());
            if before == after {
                seen += 1;
                assert_eq!(named(&before), named(&after), "{name} at {}", pair[1].0);
            }
        }
    }
    assert!(seen > 10, "{seen} commits that change versions alone");
}

/// Of what a step for each crate would compile, the least that there can be.
#[test]
fn groups_repeat_little_of_what_a_step_for_each_crate_would_not() {
    for (name, history) in HISTORIES {
        let locks = locks(history);
        let apart = |lock: &Lock| {
            let nodes = lock.nodes();
            lock.steps(&ordered(&nodes))
        };
        let (mut grouped, mut least) = (0.0, 0.0);
        for pair in locks.windows(2) {
            let (before, after) = (&pair[0].1, &pair[1].1);
            grouped += redone(&before.grouped(), &after.grouped()).1;
            least += redone(&apart(before), &apart(after)).1;
        }
        assert!(
            least > 0.0 && grouped < 2.0 * least,
            "{name}: {grouped} of {least}"
        );
    }
}

/// Each node in a group of its own, after those that it needs.
fn ordered(nodes: &[Node]) -> Vec<BTreeSet<usize>> {
    let mut done = BTreeSet::new();
    let mut order = vec![];
    while order.len() < nodes.len() {
        let ready = |at: &usize| !done.contains(at) && nodes[*at].dependencies.is_subset(&done);
        let ready: Vec<usize> = (0..nodes.len()).filter(ready).collect();
        assert!(!ready.is_empty(), "crates that need each other");
        done.extend(&ready);
        order.extend(ready.into_iter().map(|at| BTreeSet::from([at])));
    }
    order
}
