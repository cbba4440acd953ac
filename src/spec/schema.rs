//! The tables as JSON schema (draft 2020-12), for editors and `--call=schema`.
//!
//! It accepts what the check accepts; a property test compares the two. What it cannot say: that
//! `${NAME}` is declared, and what two values mean together.

use super::keys::ROOT;
use super::table::{Block, Format, MOST_BLOCKS, Map, Numbers, Scalar, Shape};
use serde_json::{Map as Object, Value, json};

/// The schema of `Rust.yaml`.
pub fn schema() -> Value {
    let mut definitions = Object::new();
    let root = shape(&ROOT, &mut definitions, true);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rust.yaml",
    });
    if let (Value::Object(schema), Value::Object(root)) = (&mut schema, root) {
        schema.extend(root);
        schema.insert("$defs".into(), Value::Object(definitions));
    }
    schema
}

/// The text of the schema, as it is handed out.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

fn shape(shape: &Shape, definitions: &mut Object<String, Value>, null: bool) -> Value {
    let mut forms: Vec<Value> = Vec::new();
    match &shape.scalar {
        Some(Scalar::Bool) => {
            forms.extend([json!({ "type": "boolean" }), filled()]);
        }
        Some(Scalar::Words(words)) => {
            let one = |(word, doc): &(&str, &str)| match word.parse::<bool>() {
                Ok(value) => json!({ "enum": [value, word], "description": doc }),
                Err(_) => json!({ "const": word, "description": doc }),
            };
            forms.extend(words.iter().map(one));
            forms.push(filled());
        }
        Some(Scalar::Text(format)) => forms.extend(text(format)),
        None => {}
    }
    if let Some(item) = shape.list {
        forms.push(json!({ "type": "array", "items": self::shape(item, definitions, false) }));
    }
    match &shape.map {
        Some(Map::Block(block)) => forms.push(reference(block, definitions)),
        Some(Map::Open { key, value }) => {
            let names = match value.scalar {
                Some(_) => key.pattern.to_owned(),
                None => format!("^x-|{}", key.pattern),
            };
            let mut open = json!({
                "type": "object",
                "propertyNames": { "pattern": names },
                "additionalProperties": self::shape(value, definitions, true),
            });
            if value.scalar.is_none() {
                open["patternProperties"] = json!({ "^x-": true });
                open["maxProperties"] = json!(MOST_BLOCKS);
            }
            forms.push(open);
        }
        None => {}
    }
    if null {
        forms.push(json!({ "type": "null" }));
    }
    match forms.len() {
        1 => forms.remove(0),
        _ => json!({ "anyOf": forms }),
    }
}

/// A block once, under the name that its documentation starts with.
fn reference(block: &'static Block, definitions: &mut Object<String, Value>) -> Value {
    let name: String = block
        .name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == ' ')
        .collect();
    let name = name.trim().replace(' ', "-");
    if !definitions.contains_key(&name) {
        definitions.insert(name.clone(), Value::Null);
        let properties: Object<String, Value> = block
            .keys
            .iter()
            .map(|key| {
                let mut property = shape(key.shape, definitions, !key.required);
                property["description"] = json!(format!(
                    "{}\n\nDefault: {}",
                    key.doc,
                    key.default_and_reason()
                ));
                if let Some(instead) = key.deprecated {
                    property["deprecated"] = json!(true);
                    property["description"] = json!(format!("Deprecated: {instead}."));
                }
                (key.name.to_owned(), property)
            })
            .collect();
        let mut definition = json!({
            "type": "object",
            "description": block.doc,
            "properties": properties,
            "patternProperties": { "^x-": true },
            "additionalProperties": false,
        });
        let required: Vec<&str> = block
            .keys
            .iter()
            .filter(|key| key.required)
            .map(|key| key.name)
            .collect();
        if !required.is_empty() {
            definition["required"] = json!(required);
        }
        definitions.insert(name.clone(), definition);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn text(format: &'static Format) -> Vec<Value> {
    let mut forms = vec![json!({ "type": "string", "pattern": format.pattern })];
    match format.numbers {
        Numbers::No => {}
        Numbers::Whole(least, most) => {
            forms.push(json!({ "type": "integer", "minimum": least, "maximum": most }));
        }
        Numbers::Versions => forms.push(json!({ "type": "number", "minimum": 0 })),
        Numbers::Any => forms.push(json!({ "type": ["number", "boolean"] })),
    }
    forms.push(filled());
    forms
}

/// A value that build-args are filled into: what comes out is checked when it is known.
fn filled() -> Value {
    json!({ "type": "string", "pattern": r"\$" })
}
