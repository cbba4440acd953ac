//! Cargo's own account of what it would compile.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The crates from outside of the project in an output of `cargo build --unit-graph`: each with all that decides
/// whether an artefact of it serves: its features, profile and platform, and the same of what it depends on.
pub(crate) fn external(graph: &str) -> BTreeSet<String> {
    let graph: Value = serde_json::from_str(graph).unwrap();
    let units = graph["units"].as_array().unwrap();
    let mut known = BTreeMap::new();
    (0..units.len())
        .map(|index| describe(units, index, &mut known))
        .filter(|unit| !unit.starts_with("path+"))
        .collect()
}

fn describe(units: &[Value], index: usize, known: &mut BTreeMap<usize, String>) -> String {
    if let Some(text) = known.get(&index) {
        return text.clone();
    }
    let unit = &units[index];
    let package = unit["pkg_id"].as_str().unwrap();
    let text = match package.starts_with("path+") {
        // What is local is compiled again; where it is differs between checkouts.
        true => format!("path+ {} {}", unit["target"]["name"], unit["features"]),
        false => {
            let needs = unit["dependencies"].as_array().unwrap().iter().map(|one| {
                let needed = usize::try_from(one["index"].as_u64().unwrap()).unwrap();
                let needed = describe(units, needed, known);
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
