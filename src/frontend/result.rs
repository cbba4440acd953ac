//! Plans and what was solved of them, in the form that exporters want.

use crate::gateway::{Output, Ref, Refs};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// The result of a build: one reference, or one for each platform (`exporter/containerimage/exptypes`).
pub(super) fn output(made: Vec<(Plan, Ref)>, map: bool) -> Output {
    let mut output = Output::default();
    let mut platforms = vec![];
    let mut refs = BTreeMap::new();
    for (plan, reference) in made {
        let platform = &plan.platform;
        let id = platform.to_string();
        let suffix = if map { format!("/{id}") } else { String::new() };
        if let Some(config) = &plan.config {
            output
                .metadata
                .insert(format!("containerimage.config{suffix}"), config.to_json());
            if let Some(base) = config.base_json() {
                output
                    .metadata
                    .insert(format!("containerimage.base.config{suffix}"), base);
            }
        }
        let mut described = serde_json::json!({
            "architecture": platform.architecture,
            "os": platform.os,
        });
        if !platform.variant.is_empty() {
            described["variant"] = platform.variant.as_str().into();
        }
        platforms.push(serde_json::json!({ "ID": id, "Platform": described }));
        refs.insert(id, reference);
    }
    let list = serde_json::json!({ "Platforms": platforms });
    output
        .metadata
        .insert("refs.platforms".into(), list.to_string().into_bytes());
    output.refs = match refs.len() {
        1 if !map => refs.into_values().next().map_or(Refs::None, Refs::Single),
        _ => Refs::Map(refs),
    };
    output
}
