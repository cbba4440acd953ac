//! The features of a package.

use super::Package;
use std::collections::BTreeSet;

/// Names that `--features` takes: an optional dependency is a feature unless some feature says `dep:` of it.
pub(super) fn names(package: &Package) -> BTreeSet<String> {
    let explicit: BTreeSet<&str> = package
        .features
        .values()
        .flatten()
        .filter_map(|value| value.strip_prefix("dep:"))
        .collect();
    let implicit = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.optional && !explicit.contains(dependency.name.as_str()))
        .map(|dependency| dependency.name.clone());
    package.features.keys().cloned().chain(implicit).collect()
}

/// All features of the package that are on when `wanted` are asked for; `name/feature` values are in it as written.
pub(super) fn enabled<'a>(
    package: &Package,
    wanted: impl IntoIterator<Item = &'a str>,
    default: bool,
) -> BTreeSet<String> {
    let mut queue: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
    if default {
        queue.push("default".into());
    }
    let mut on = BTreeSet::new();
    while let Some(feature) = queue.pop() {
        if !on.insert(feature.clone()) {
            continue;
        }
        if let Some((dependency, _)) = feature.split_once('/')
            && !dependency.ends_with('?')
        {
            queue.push(dependency.to_owned());
        }
        queue.extend(
            package
                .features
                .get(&feature)
                .into_iter()
                .flatten()
                .cloned(),
        );
    }
    on
}
