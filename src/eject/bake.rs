//! A bake file: every image of a spec, on every platform.

use super::words::stage_name;
use crate::platform::Platform;
use crate::spec::Spec;
use crate::stage;
use serde_json::{Map, Value, json};

/// The bake file of a spec. `package`: what the only image is called where it has no name.
pub fn bake(spec: &Spec, package: &str, platforms: &[Platform]) -> Value {
    let names = stage::names(spec);
    let mut targets = Map::new();
    let mut common = Map::from_iter([
        ("context".to_owned(), json!(".")),
        ("dockerfile".to_owned(), json!(spec.file.name())),
    ]);
    if !platforms.is_empty() {
        let list: Vec<String> = platforms.iter().map(ToString::to_string).collect();
        common.insert("platforms".into(), json!(list));
    }
    let args: Map<String, Value> = spec
        .args
        .iter()
        .map(|arg| {
            // Without a value bake passes on what its caller's environment has.
            let value = arg.value.as_ref().or(arg.default.as_ref());
            (arg.name.value.clone(), json!(value))
        })
        .collect();
    if !args.is_empty() {
        common.insert("args".into(), Value::Object(args));
    }
    let mut group = vec![];
    for name in &names {
        let key = stage_name(name).replace('.', "-");
        let mut target = common.clone();
        target.insert("target".into(), json!(name));
        target.insert("tags".into(), json!([stage_name(name)]));
        targets.insert(key.clone(), Value::Object(target));
        group.push(key);
    }
    if names.is_empty() {
        let key = stage_name(package).replace('.', "-");
        let mut target = common.clone();
        target.insert("tags".into(), json!([stage_name(package)]));
        targets.insert(key.clone(), Value::Object(target));
        group.push(key);
    }
    json!({ "group": { "default": { "targets": group } }, "target": targets })
}
