//! A bake file: every image of a spec, on every platform.

use super::words::stage_name;
use crate::options::VCS_REVISION;
use crate::platform::Platform;
use crate::spec::{Arg, Spec};
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
    // Builds know their commits and the spec its defaults. Without a value bake passes on what its caller's environment
    // has.
    let is_said = |arg: &&Arg| {
        arg.name.value != VCS_REVISION && (arg.default.is_none() || arg.value != arg.default)
    };
    let args: Map<String, Value> = spec
        .args
        .iter()
        .filter(is_said)
        .map(|arg| (arg.name.value.clone(), json!(arg.value)))
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

#[cfg(test)]
mod tests {
    use super::bake;
    use crate::source::SourceFile;
    use crate::spec;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn args_are_those_that_neither_spec_nor_build_knows() {
        let text = "args: { A: 1, B: 2, C: ~, VCS_REVISION: unknown }\n";
        let given = [("B", "3"), ("C", "4"), ("VCS_REVISION", "0123abc")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let file = SourceFile::new("Rust.yaml", text);
        let args = |given: BTreeMap<String, String>| {
            let (spec, _) = spec::parse(&file, &given).unwrap();
            bake(&spec, "shop", &[])["target"]["shop"]["args"].clone()
        };
        assert_eq!(args(given.into()), json!({ "B": "3", "C": "4" }));
    }
}
