//! Cargo's own account of what it would compile.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The external crates in an output of `cargo build --unit-graph`: each with all that decides
/// whether an artefact of it serves: its features, profile and platform, and the same of what it depends on.
pub(crate) fn external(graph: &str) -> BTreeSet<String> {
    let units = described(graph, |package| package.starts_with("path+"));
    units.into_iter().map(|(_, text)| text).collect()
}

/// The libraries and procedural macros of some packages, each with all that decides whether an artefact of it serves.
pub(crate) fn libraries(graph: &str, packages: &[&str]) -> BTreeSet<String> {
    let units = described(graph, |_| false).into_iter();
    let wanted = units.filter(|(unit, _)| {
        let (place, name) = unit["pkg_id"].as_str().unwrap().rsplit_once('#').unwrap();
        let name = match name.split_once('@') {
            Some((name, _)) => name,
            None => place.rsplit_once('/').unwrap().1,
        };
        let kind = &unit["target"]["kind"][0];
        let is_library = ["lib", "rlib", "proc-macro"].iter().any(|one| kind == one);
        is_library && packages.contains(&name)
    });
    wanted.map(|(_, text)| text).collect()
}

/// All units but those of packages that are compiled again, which count by name and features.
fn described(graph: &str, is_short: fn(&str) -> bool) -> Vec<(Value, String)> {
    let graph: Value = serde_json::from_str(graph).unwrap();
    let units = graph["units"].as_array().unwrap();
    let mut known = BTreeMap::new();
    let mut all = vec![];
    for (index, unit) in units.iter().enumerate() {
        let text = describe(units, index, is_short, &mut known);
        if !is_short(unit["pkg_id"].as_str().unwrap()) {
            all.push((unit.clone(), text));
        }
    }
    all
}

fn describe(
    units: &[Value],
    index: usize,
    is_short: fn(&str) -> bool,
    known: &mut BTreeMap<usize, String>,
) -> String {
    if let Some(text) = known.get(&index) {
        return text.clone();
    }
    let unit = &units[index];
    let package = unit["pkg_id"].as_str().unwrap();
    let text = match is_short(package) {
        // Where it is differs between checkouts.
        true => format!("path+ {} {}", unit["target"]["name"], unit["features"]),
        false => {
            let needs = unit["dependencies"].as_array().unwrap().iter().map(|one| {
                let needed = usize::try_from(one["index"].as_u64().unwrap()).unwrap();
                let needed = describe(units, needed, is_short, known);
                format!("{} {needed}", one["extern_crate_name"])
            });
            let needs: BTreeSet<String> = needs.collect();
            let mut hasher = DefaultHasher::new();
            needs.hash(&mut hasher);
            let parts = ["features", "platform", "mode", "profile"].map(|key| &unit[key]);
            let target = &unit["target"]["name"];
            format!("{package} {target} {parts:?} on {:x}", hasher.finish())
        }
    };
    known.insert(index, text.clone());
    text
}
