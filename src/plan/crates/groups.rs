//! Which crates are compiled in one step.
//!
//! A step for each would repeat the least, and cost most: starting a container and Cargo takes longer than many a
//! crate. So a crate joins one that needs it where that repeats nothing, or little: when all others that need it need
//! that one, too. Few large groups would not help at all, since every bump would hit one that everything else depends on.

use std::collections::{BTreeMap, BTreeSet};

/// Something to be compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What tells it apart, also in another version: joins are made by it, so that a bump moves nothing.
    pub name: String,
    /// What compiling it costs, in milliseconds of one processor.
    pub weight: u64,
    /// What it needs, as indices.
    pub dependencies: BTreeSet<usize>,
}

/// What a group may cost, in milliseconds: starting a step costs about a tenth of it.
pub(super) const BUDGET: u64 = 4_000;
/// A group may exceed the budget, up to twice, by crates that cost no more than starting a step. Not further: other
/// projects, or later changes, may need such a crate elsewhere, and the group would then be a different one.
const LIGHT: u64 = 256;
/// Engines take graphs of 16 MiB; each group is some 20 KiB of it.
pub(super) const MOST: usize = 320;

/// Divides nodes into groups, each a set of indices; a group comes after those that it needs.
///
/// Two moves keep the graph of groups free of cycles: a node joins a group that needs it if all others that need it
/// need that group, directly or not, and groups that the same groups need join each other. Both stay within the
/// budget (twice the budget for light nodes), which grows until there are few enough groups, if that is possible. A
/// move depends only on what needs a node, so one node more or less moves few others.
pub fn groups(nodes: &[Node]) -> Vec<BTreeSet<usize>> {
    let total: u64 = nodes.iter().map(|node| node.weight).sum();
    let mut budget = BUDGET;
    let mut found = within(nodes, budget);
    while found.len() > MOST && budget <= total {
        budget *= 2;
        let joined = within(&quotient(nodes, &found), budget).into_iter();
        let members =
            |group: &BTreeSet<usize>| group.iter().flat_map(|at| found[*at].clone()).collect();
        found = joined.map(|group| members(&group)).collect();
    }
    found
}

/// Groups as nodes.
fn quotient(nodes: &[Node], groups: &[BTreeSet<usize>]) -> Vec<Node> {
    let mut of = vec![0; nodes.len()];
    for (index, group) in groups.iter().enumerate() {
        group.iter().for_each(|node| of[*node] = index);
    }
    let node = |(index, group): (usize, &BTreeSet<usize>)| {
        let members = || group.iter().map(|at| &nodes[*at]);
        let needed = members()
            .flat_map(|node| &node.dependencies)
            .map(|at| of[*at]);
        Node {
            name: members()
                .map(|node| node.name.clone())
                .min()
                .unwrap_or_default(),
            weight: members().map(|node| node.weight).sum(),
            dependencies: needed.filter(|at| *at != index).collect(),
        }
    };
    groups.iter().enumerate().map(node).collect()
}

fn within(nodes: &[Node], budget: u64) -> Vec<BTreeSet<usize>> {
    let owned = owned(nodes, budget);
    let joined = joined(nodes, &owned, budget);
    ordered(nodes, joined)
}

/// What needs each node.
fn dependents(nodes: &[Node]) -> Vec<BTreeSet<usize>> {
    let mut dependents = vec![BTreeSet::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for needed in &node.dependencies {
            dependents[*needed].insert(index);
        }
    }
    dependents
}

/// An order in which everything comes after what needs it, else by name: that of the nodes means nothing.
fn owners_first(nodes: &[Node], dependents: &[BTreeSet<usize>]) -> Vec<usize> {
    let needs = |at: usize| nodes[at].dependencies.iter().copied().collect();
    let mut waiting: Vec<usize> = dependents.iter().map(BTreeSet::len).collect();
    sorted(&mut waiting, |at| nodes[at].name.as_str(), needs)
}

/// Indices so that each comes when as many others as it waits for have gone, else by name; `then` tells which wait for
/// an index.
fn sorted<'n>(
    waiting: &mut [usize],
    name: impl Fn(usize) -> &'n str,
    then: impl Fn(usize) -> Vec<usize>,
) -> Vec<usize> {
    let ready = (0..waiting.len()).filter(|at| waiting[*at] == 0);
    let mut ready: BTreeSet<(&str, usize)> = ready.map(|at| (name(at), at)).collect();
    let mut order = vec![];
    while let Some((_, next)) = ready.pop_first() {
        order.push(next);
        for after in then(next) {
            waiting[after] -= 1;
            if waiting[after] == 0 {
                ready.insert((name(after), after));
            }
        }
    }
    order
}

/// The first move. For each node, the node that its group is named by.
fn owned(nodes: &[Node], budget: u64) -> Vec<usize> {
    let dependents = dependents(nodes);
    let mut group: Vec<usize> = (0..nodes.len()).collect();
    let mut weight: Vec<u64> = nodes.iter().map(|node| node.weight).collect();
    // The groups that need each group, directly or not.
    let mut above: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); nodes.len()];
    let limit = |weight: u64| if weight <= LIGHT { 2 * budget } else { budget };
    for node in owners_first(nodes, &dependents) {
        let owners: BTreeSet<usize> = dependents[node].iter().map(|at| group[*at]).collect();
        let fits = |owner: &&usize| {
            let mut others = owners.iter().filter(|other| other != owner);
            weight[**owner] + nodes[node].weight <= limit(nodes[node].weight)
                && others.all(|other| above[**owner].contains(other))
        };
        if let Some(owner) = owners.iter().find(fits) {
            weight[*owner] += nodes[node].weight;
            group[node] = *owner;
        } else {
            for owner in &owners {
                let further = above[*owner].clone();
                above[node].extend(further);
            }
            above[node].extend(owners);
        }
    }
    group
}

/// The second move.
fn joined(nodes: &[Node], group: &[usize], budget: u64) -> Vec<BTreeSet<usize>> {
    let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut needed_by: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (node, own) in group.iter().enumerate() {
        members.entry(*own).or_default().insert(node);
        needed_by.entry(*own).or_default();
        for needed in &nodes[node].dependencies {
            if group[*needed] != *own {
                needed_by.entry(group[*needed]).or_default().insert(*own);
            }
        }
    }
    let mut alike: BTreeMap<BTreeSet<usize>, Vec<usize>> = BTreeMap::new();
    for (own, needed_by) in needed_by {
        alike.entry(needed_by).or_default().push(own);
    }
    let mut found = vec![];
    for (needed_by, mut groups) in alike {
        let many = budget > BUDGET;
        if needed_by.is_empty() && !many {
            // What the project alone needs is what it changes most.
            found.extend(groups.iter().map(|own| members[own].clone()));
            continue;
        }
        groups.sort_by(|a, b| nodes[*a].name.cmp(&nodes[*b].name));
        let mut open = BTreeSet::new();
        let mut weight = 0;
        for own in groups {
            let more: u64 = members[&own].iter().map(|node| nodes[*node].weight).sum();
            if weight + more > budget && !open.is_empty() {
                found.push(std::mem::take(&mut open));
                weight = 0;
            }
            weight += more;
            open.extend(&members[&own]);
            // Where a run ends is decided by names, so that one crate more does not move all after it.
            if !many && ends_run(&nodes[own].name) {
                found.push(std::mem::take(&mut open));
                weight = 0;
            }
        }
        if !open.is_empty() {
            found.push(open);
        }
    }
    found
}

/// One name in four.
fn ends_run(name: &str) -> bool {
    let sum = name.bytes().fold(0u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    sum % 4 == 0
}

/// The groups so that each comes after those that it needs, else by name.
fn ordered(nodes: &[Node], groups: Vec<BTreeSet<usize>>) -> Vec<BTreeSet<usize>> {
    let quotient = quotient(nodes, &groups);
    let mut waiting: Vec<usize> = quotient
        .iter()
        .map(|node| node.dependencies.len())
        .collect();
    let name = |index: usize| quotient[index].name.as_str();
    let needs = |at: &usize, index: usize| quotient[*at].dependencies.contains(&index);
    let after = |index: usize| (0..groups.len()).filter(|at| needs(at, index)).collect();
    let order = sorted(&mut waiting, name, after);
    order
        .into_iter()
        .map(|index| groups[index].clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Nodes of which each needs only earlier ones.
    fn graph() -> impl Strategy<Value = Vec<Node>> {
        let node = (1..6_000u64, proptest::collection::vec(0..1_000usize, 0..5));
        proptest::collection::vec(node, 1..60).prop_map(|nodes| {
            let nodes = nodes
                .into_iter()
                .enumerate()
                .map(|(index, (weight, needs))| Node {
                    name: format!("crate-{index} target"),
                    weight,
                    dependencies: needs
                        .iter()
                        .filter(|_| index > 0)
                        .map(|need| need % index)
                        .collect(),
                });
            nodes.collect()
        })
    }

    /// The names of each group's members.
    fn named(nodes: &[Node]) -> BTreeSet<BTreeSet<String>> {
        let of = |group: &BTreeSet<usize>| group.iter().map(|at| nodes[*at].name.clone()).collect();
        groups(nodes).iter().map(of).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn each_node_is_in_one_group_after_those_that_it_needs(nodes in graph()) {
            let mut done = BTreeSet::new();
            for group in groups(&nodes) {
                let heavy = || group.iter().map(|at| nodes[*at].weight).filter(|weight| *weight > LIGHT);
                prop_assert!(heavy().count() < 2 || heavy().sum::<u64>() <= BUDGET);
                let weight: u64 = group.iter().map(|at| nodes[*at].weight).sum();
                prop_assert!(group.len() == 1 || weight <= 2 * BUDGET);
                prop_assert!(done.is_disjoint(&group));
                for at in &group {
                    let needs = &nodes[*at].dependencies;
                    prop_assert!(needs.iter().all(|need| done.contains(need) || group.contains(need)));
                }
                done.extend(group);
            }
            prop_assert_eq!(done.len(), nodes.len());
        }

        #[test]
        fn order_and_new_roots_move_nobody(nodes in graph(), weight in 1..6_000u64) {
            // The same nodes in another order.
            let turned: Vec<Node> = nodes.iter().rev().map(|node| Node {
                dependencies: node.dependencies.iter().map(|at| nodes.len() - 1 - at).collect(),
                ..node.clone()
            }).collect();
            prop_assert_eq!(named(&nodes), named(&turned));
            // One more that nothing needs and that needs nothing.
            let mut more = nodes.clone();
            more.push(Node { name: "new target".into(), weight, dependencies: BTreeSet::new() });
            let mut expected = named(&nodes);
            expected.insert(BTreeSet::from(["new target".to_owned()]));
            prop_assert_eq!(named(&more), expected);
        }
    }

    #[test]
    fn what_the_owner_of_all_others_needs_joins_it() {
        let node = |name: &str, needs: &[usize]| Node {
            name: format!("{name} host"),
            weight: 500,
            dependencies: needs.iter().copied().collect(),
        };
        let mut nodes = vec![
            node("unicode-ident", &[]),
            node("proc-macro2", &[0]),
            node("quote", &[0, 1]),
            node("syn", &[0, 1, 2]),
            node("synstructure", &[1, 2, 3]),
        ];
        assert_eq!(groups(&nodes).len(), 1);
        // Who needs quote and no syn leaves syn to itself, and the others with quote.
        nodes.push(node("paste", &[1, 2]));
        let names: BTreeSet<String> = nodes[..3].iter().map(|node| node.name.clone()).collect();
        assert!(named(&nodes).contains(&names), "{:?}", named(&nodes));
        assert_eq!(groups(&nodes).len(), 3);
        // Who needs proc-macro2 alone takes it from quote.
        nodes.push(node("autocfg", &[1]));
        assert!(!named(&nodes).contains(&names), "{:?}", named(&nodes));
    }

    #[test]
    fn there_are_never_more_than_an_engine_takes() {
        let nodes: Vec<Node> = (0..2_000)
            .map(|index| Node {
                name: format!("crate-{index}"),
                weight: 500,
                dependencies: (index > 0).then_some(index / 2).into_iter().collect(),
            })
            .collect();
        assert!(groups(&nodes).len() <= MOST, "{}", groups(&nodes).len());
    }
}
