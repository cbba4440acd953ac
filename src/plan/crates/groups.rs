//! Which crates are compiled in one step.
//!
//! A step for each would repeat the least, and cost most: starting a container and Cargo takes longer than many a
//! crate. So a crate joins those that need it where that repeats nothing, or little: when it has one owner. Few large
//! groups would not help at all, since every bump would hit one that everything else depends on.

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
/// Engines take graphs of 16 MiB; each group is some 20 KiB of it.
const MOST: usize = 320;

/// Divides nodes into groups, each a set of indices; a group comes after those that it needs.
///
/// Two moves keep the graph of groups free of cycles: a node joins the group of those that need it if they all are in
/// one, and groups that the same groups need join each other. Each only within the budget, which grows until there
/// are few enough groups. What one move decides does not depend on nodes that are no neighbours, so a node more or
/// less moves few others.
pub fn groups(nodes: &[Node]) -> Vec<BTreeSet<usize>> {
    let mut budget = BUDGET;
    loop {
        let found = within(nodes, budget);
        if found.len() <= MOST {
            return found;
        }
        budget *= 2;
    }
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

/// An order in which everything comes after what needs it.
fn owners_first(nodes: &[Node], dependents: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = dependents.iter().map(BTreeSet::len).collect();
    let mut ready: BTreeSet<usize> = (0..nodes.len()).filter(|at| waiting[*at] == 0).collect();
    let mut order = vec![];
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for needed in &nodes[next].dependencies {
            waiting[*needed] -= 1;
            if waiting[*needed] == 0 {
                ready.insert(*needed);
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
    for node in owners_first(nodes, &dependents) {
        let mut owners: BTreeSet<usize> = dependents[node].iter().map(|at| group[*at]).collect();
        if let (Some(owner), None) = (owners.pop_first(), owners.pop_first())
            && weight[owner] + nodes[node].weight <= budget
        {
            weight[owner] += nodes[node].weight;
            group[node] = owner;
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
        if needed_by.is_empty() {
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
            if ends_run(&nodes[own].name) {
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
    let mut of = vec![0; nodes.len()];
    for (index, group) in groups.iter().enumerate() {
        group.iter().for_each(|node| of[*node] = index);
    }
    let needed = |index: usize| -> BTreeSet<usize> {
        let all = groups[index]
            .iter()
            .flat_map(|node| &nodes[*node].dependencies);
        all.map(|node| of[*node])
            .filter(|at| *at != index)
            .collect()
    };
    let graph: Vec<BTreeSet<usize>> = (0..groups.len()).map(needed).collect();
    let name = |index: usize| groups[index].iter().map(|node| &nodes[*node].name).min();
    let mut done: BTreeSet<usize> = BTreeSet::new();
    let mut order = vec![];
    while order.len() < groups.len() {
        let ready = (0..groups.len())
            .filter(|index| !done.contains(index) && graph[*index].is_subset(&done));
        let Some(next) = ready.min_by_key(|index| (name(*index), *index)) else {
            // Unreachable while both moves keep the graph free of cycles, which tests assert.
            break;
        };
        done.insert(next);
        order.push(next);
    }
    order
        .into_iter()
        .map(|index| groups[index].clone())
        .collect()
}
