//! `--call=subrequests.describe`: what can be asked.

use super::{Answer, CALLS, Question, VERSION, table};
use serde_json::{Value, json};

/// The list of all calls.
pub(super) fn answer() -> Answer {
    let list: Vec<Value> = CALLS
        .iter()
        .map(|call| {
            let mut metadata = vec![
                json!({ "name": "result.json" }),
                json!({ "name": "result.txt" }),
            ];
            if call.question == Question::Lint {
                metadata.push(json!({ "name": "result.statuscode" }));
            }
            json!({
                "name": call.name,
                "version": VERSION,
                "type": "rpc",
                "description": call.description,
                "opts": [],
                "inputs": [],
                "metadata": metadata,
                "refs": [],
            })
        })
        .collect();
    let mut rows = vec![
        ["NAME", "VERSION", "DESCRIPTION"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(CALLS.iter().map(|call| {
        let name = call.name.trim_start_matches("frontend.");
        [name, VERSION, call.description]
            .map(str::to_owned)
            .to_vec()
    }));
    Answer {
        json: Value::Array(list),
        text: table(&rows),
        status: None,
    }
}
