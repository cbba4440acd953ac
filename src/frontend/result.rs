//! Plans and what was solved of them, in the form that exporters want.

use super::Planned;
use crate::gateway::{Attestation, Output, Ref, Refs};
use std::collections::BTreeMap;

/// The result of a build: one reference, or one for each platform (`exporter/containerimage/exptypes`).
///
/// `derived` is the epoch if we found it: the engine knows only that which the user gives as a number.
pub(super) fn output(
    made: Vec<(Planned, Ref, Vec<Attestation>)>,
    map: bool,
    derived: Option<i64>,
) -> Output {
    let mut metadata = BTreeMap::new();
    let mut attestations = BTreeMap::new();
    let mut platforms = vec![];
    let mut refs = BTreeMap::new();
    for (planned, reference, lists) in made {
        let plan = &planned.plan;
        let platform = &plan.platform;
        let id = platform.to_string();
        let (suffix, only) = match map {
            true => (format!("/{id}"), format!("[{id}]")),
            false => (String::new(), String::new()),
        };
        if let Some(config) = &plan.config {
            metadata.insert(format!("containerimage.config{suffix}"), config.to_json());
            if let Some(base) = config.base_json() {
                metadata.insert(format!("containerimage.base.config{suffix}"), base);
            }
        }
        for (name, value) in &plan.annotations {
            let value = value.clone().into_bytes();
            metadata.insert(format!("annotation-manifest{only}.{name}"), value);
        }
        if let Some(epoch) = derived {
            let key = format!("source.date.epoch{suffix}");
            metadata.insert(key, epoch.to_string().into_bytes());
        }
        let mut described = serde_json::json!({
            "architecture": platform.architecture,
            "os": platform.os,
        });
        if !platform.variant.is_empty() {
            described["variant"] = platform.variant.as_str().into();
        }
        platforms.push(serde_json::json!({ "ID": id, "Platform": described }));
        if !lists.is_empty() {
            attestations.insert(id.clone(), lists);
        }
        refs.insert(id, reference);
    }
    let list = serde_json::json!({ "Platforms": platforms });
    metadata.insert("refs.platforms".into(), list.to_string().into_bytes());
    Output {
        refs: match refs.len() {
            1 if !map => refs.into_values().next().map_or(Refs::None, Refs::Single),
            _ => Refs::Map(refs),
        },
        metadata,
        attestations,
    }
}
