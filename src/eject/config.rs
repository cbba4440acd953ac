//! An image's config as instructions: what it has beyond its base.

use super::dockerfile::{Fact, Writer};
use super::stage::Stage;
use super::words::{list, path, value};
use serde_json::Value;

impl Writer<'_> {
    /// Writes the settings in which `config` differs from `base`.
    pub(super) fn config(&mut self, stage: &mut Stage, config: &[u8], base: &[u8]) {
        let parse = |bytes| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        let (all, base) = (parse(config), parse(base));
        let new = &all["config"];
        let old = &base["config"];
        stage.comment("settings");
        let env: Vec<(String, String)> = strings(&new["Env"])
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if env.iter().any(|(_, value)| value.contains('\n')) {
            self.facts.insert(Fact::Value);
        }
        stage.set_env(&env);
        let labels = added(&new["Labels"], &old["Labels"]);
        let labels: Vec<String> = labels
            .filter_map(|(key, text)| {
                let text = text.as_str()?.replace('\n', " ");
                Some(format!("{}={}", value(key), value(&text)))
            })
            .collect();
        if !labels.is_empty() {
            stage.instruction(&format!("LABEL {}", labels.join(" \\\n      ")));
        }
        let ports: Vec<&str> = added(&new["ExposedPorts"], &old["ExposedPorts"])
            .map(|(port, _)| port.trim_end_matches("/tcp"))
            .collect();
        if !ports.is_empty() {
            stage.instruction(&format!("EXPOSE {}", ports.join(" ")));
        }
        let volumes = added(&new["Volumes"], &old["Volumes"]).map(|(name, _)| path(name));
        let volumes: Vec<String> = volumes.collect();
        if !volumes.is_empty() {
            stage.instruction(&format!("VOLUME {}", list(&volumes)));
        }
        if let Some(dir) = new["WorkingDir"].as_str().filter(|dir| !dir.is_empty()) {
            // Relative paths and users of the image see the difference between none and the root.
            if old["WorkingDir"].as_str().is_none_or(str::is_empty) && !base.is_null() {
                stage.workdir = "unset".into();
            }
            stage.set_workdir(dir);
        }
        if let Some(user) = new["User"].as_str() {
            stage.set_user(user);
        }
        if let Some(signal) = new["StopSignal"].as_str()
            && new["StopSignal"] != old["StopSignal"]
        {
            stage.instruction(&format!("STOPSIGNAL {signal}"));
        }
        if new["Healthcheck"] != old["Healthcheck"] {
            healthcheck(stage, &new["Healthcheck"]);
        }
        if new["Entrypoint"] != old["Entrypoint"] {
            stage.instruction(&format!(
                "ENTRYPOINT {}",
                list(&strings(&new["Entrypoint"]))
            ));
        }
        let cmd = strings(&new["Cmd"]);
        if !cmd.is_empty() {
            stage.instruction(&format!("CMD {}", list(&cmd)));
        }
    }
}

fn healthcheck(stage: &mut Stage, check: &Value) {
    let test = strings(&check["Test"]);
    let command = match test.split_first() {
        Some((kind, command)) if kind == "CMD" => format!("CMD {}", list(command)),
        Some((kind, command)) if kind == "CMD-SHELL" => format!("CMD {}", command.join(" ")),
        _ => {
            stage.instruction("HEALTHCHECK NONE");
            return;
        }
    };
    let mut text = String::from("HEALTHCHECK");
    for (member, flag) in [
        ("Interval", "interval"),
        ("Timeout", "timeout"),
        ("StartPeriod", "start-period"),
        ("StartInterval", "start-interval"),
    ] {
        if let Some(nanoseconds) = check[member].as_u64() {
            text.push_str(&format!(" --{flag}={}", duration(nanoseconds)));
        }
    }
    if let Some(retries) = check["Retries"].as_u64() {
        text.push_str(&format!(" --retries={retries}"));
    }
    stage.instruction(&format!("{text} {command}"));
}

/// A duration in the largest unit that it is a whole number of.
fn duration(nanoseconds: u64) -> String {
    let units = [
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
    ];
    let units = units.into_iter().chain([("ms", 1_000_000), ("us", 1000)]);
    for (unit, size) in units {
        if nanoseconds > 0 && nanoseconds.is_multiple_of(size) {
            return format!("{}{unit}", nanoseconds / size);
        }
    }
    format!("{nanoseconds}ns")
}

fn strings(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What a map has that the other does not have, or has otherwise.
fn added<'v>(new: &'v Value, old: &'v Value) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let entries = new.as_object().into_iter().flatten();
    entries
        .filter(|(key, value)| old.get(key.as_str()) != Some(*value))
        .map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_numbers() {
        for (nanoseconds, text) in [
            (0, "0ns"),
            (5_000_000_000, "5s"),
            (90_000_000_000, "90s"),
            (120_000_000_000, "2m"),
            (1_500_000_000, "1500ms"),
        ] {
            assert_eq!(duration(nanoseconds), text);
        }
    }
}
