//! The image config: the base image's with the spec's laid over it.
//!
//! The shape is that of the OCI image spec with Docker's additions (moby/docker-image-spec). The config stays JSON from
//! end to end: what a base says under `config` is kept, whether it is known here or not.

use crate::platform::{Platform, normalize};
use crate::spec::{EnvVar, Healthcheck};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a shell finds programs in, where neither spec nor base image say (BuildKit, util/system/path.go).
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The members of a config that are not only of the image that has them, as are its cache (`moby.buildkit.cache.v0`) and
/// the container that Docker once made it in.
const MEMBERS: [&str; 9] = [
    "architecture",
    "author",
    "config",
    "history",
    "os",
    "os.features",
    "os.version",
    "rootfs",
    "variant",
];

/// The platform that a config (JSON) says its image is for, if it does.
pub fn platform(config: &[u8]) -> Option<Platform> {
    let config: Value = serde_json::from_slice(config).ok()?;
    let text = |key: &str| {
        config
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let variant = text("variant").unwrap_or_default();
    Some(normalize(text("os")?, text("architecture")?, variant))
}

/// An image config, ready to be returned.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageConfig {
    root: Map<String, Value>,
    base: Option<Value>,
}

impl ImageConfig {
    /// The config of an image on `platform` whose base image has the config `base` (JSON; empty for the
    /// empty image or one without a config).
    pub fn new(base: &[u8], platform: &Platform) -> Self {
        let base = serde_json::from_slice::<Value>(base)
            .ok()
            .filter(Value::is_object);
        let mut root = base
            .as_ref()
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        // The exporter fills in `created` and `rootfs` for the layers that it makes.
        root.retain(|member, _| MEMBERS.contains(&member.as_str()));
        root.insert("rootfs".into(), json!({ "type": "layers", "diff_ids": [] }));
        root.insert("os".into(), json!(platform.os));
        root.insert("architecture".into(), json!(platform.architecture));
        if platform.variant.is_empty() {
            root.remove("variant");
        } else {
            root.insert("variant".into(), json!(platform.variant));
        }
        let mut config = Self { root, base };
        config.section().remove("OnBuild");
        if config.env("PATH").is_none() {
            config.set_env("PATH", DEFAULT_PATH);
        }
        config
    }

    /// Docker's `config` member.
    fn section(&mut self) -> &mut Map<String, Value> {
        let config = self.root.entry("config").or_insert_with(|| json!({}));
        if !config.is_object() {
            *config = json!({});
        }
        config.as_object_mut().expect("made an object just above")
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.root.get("config")?.get(key)
    }

    /// A variable of the environment so far.
    pub fn env(&self, name: &str) -> Option<&str> {
        let list = self.get("Env")?.as_array()?;
        list.iter().filter_map(Value::as_str).find_map(|pair| {
            pair.split_once('=')
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value)
        })
    }

    /// The user so far; empty for root.
    pub fn user(&self) -> &str {
        self.get("User").and_then(Value::as_str).unwrap_or_default()
    }

    /// The working directory so far.
    pub fn workdir(&self) -> &str {
        self.get("WorkingDir")
            .and_then(Value::as_str)
            .filter(|dir| !dir.is_empty())
            .unwrap_or("/")
    }

    /// What it runs: the program and its arguments.
    pub fn command(&self) -> Vec<String> {
        let words = |key: &str| self.get(key).and_then(Value::as_array).cloned();
        let all = ["Entrypoint", "Cmd"]
            .into_iter()
            .filter_map(words)
            .flatten();
        all.filter_map(|word| word.as_str().map(str::to_owned))
            .collect()
    }

    /// The whole environment, in order.
    pub fn environment(&self) -> Vec<(String, String)> {
        let list = self
            .get("Env")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let pairs = list.iter().filter_map(Value::as_str);
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (name.to_owned(), value.to_owned())
            })
            .collect()
    }

    /// Sets a variable: in its place when the base has it, else at the end.
    pub fn set_env(&mut self, name: &str, value: &str) {
        let pair = json!(format!("{name}={value}"));
        let list = self.section().entry("Env").or_insert_with(|| json!([]));
        if !list.is_array() {
            *list = json!([]);
        }
        let list = list.as_array_mut().expect("made an array just above");
        let starts = |old: &Value| {
            old.as_str()
                .is_some_and(|old| old.split('=').next() == Some(name))
        };
        match list.iter().position(starts) {
            Some(at) => list[at] = pair,
            None => list.push(pair),
        }
    }

    /// Sets the program; the base's arguments do not belong to it and go.
    pub fn set_entrypoint(&mut self, entrypoint: &[String]) {
        self.section()
            .insert("Entrypoint".into(), json!(entrypoint));
        self.section().remove("Cmd");
        self.section().remove("ArgsEscaped");
    }

    /// Sets the default arguments.
    pub fn set_cmd(&mut self, cmd: &[String]) {
        self.section().insert("Cmd".into(), json!(cmd));
    }

    /// Sets the user.
    pub fn set_user(&mut self, user: &str) {
        self.section().insert("User".into(), json!(user));
    }

    /// Sets the working directory.
    pub fn set_workdir(&mut self, dir: &str) {
        self.section().insert("WorkingDir".into(), json!(dir));
    }

    /// Sets the signal that stops the container.
    pub fn set_stop_signal(&mut self, signal: &str) {
        self.section().insert("StopSignal".into(), json!(signal));
    }

    /// Adds a port, `80` or `53/udp`.
    pub fn expose(&mut self, port: &str) {
        let port = if port.contains('/') {
            port.to_owned()
        } else {
            format!("{port}/tcp")
        };
        self.add("ExposedPorts", &port, json!({}));
    }

    /// Adds a volume.
    pub fn volume(&mut self, path: &str) {
        self.add("Volumes", path, json!({}));
    }

    /// Sets a label.
    pub fn label(&mut self, key: &str, value: &str) {
        self.add("Labels", key, json!(value));
    }

    fn add(&mut self, member: &str, key: &str, value: Value) {
        let map = self.section().entry(member).or_insert_with(|| json!({}));
        if !map.is_object() {
            *map = json!({});
        }
        map.as_object_mut()
            .expect("made an object just above")
            .insert(key.to_owned(), value);
    }

    /// Sets the health check; one without a command switches the base's off.
    pub fn set_healthcheck(&mut self, check: &Healthcheck) {
        let test = if check.cmd.is_empty() {
            vec!["NONE".to_owned()]
        } else {
            std::iter::once("CMD".to_owned())
                .chain(check.cmd.iter().cloned())
                .collect()
        };
        let mut value = Map::from_iter([("Test".to_owned(), json!(test))]);
        let numbers = [
            ("Interval", check.interval),
            ("Timeout", check.timeout),
            ("StartPeriod", check.start_period),
            ("StartInterval", check.start_interval),
            ("Retries", check.retries.map(u64::from)),
        ];
        for (key, number) in numbers {
            if let Some(number) = number {
                value.insert(key.into(), json!(number));
            }
        }
        self.section()
            .insert("Healthcheck".into(), Value::Object(value));
    }

    /// Adds a line of history: one for each layer in their order (`empty: false`), and for settings.
    ///
    /// `epoch` is SOURCE_DATE_EPOCH in seconds.
    pub fn history(&mut self, created_by: &str, empty: bool, epoch: Option<i64>) {
        let mut entry = Map::from_iter([
            ("created_by".to_owned(), json!(created_by)),
            ("comment".to_owned(), json!("rust-frontend")),
        ]);
        if empty {
            entry.insert("empty_layer".into(), json!(true));
        }
        if let Some(epoch) = epoch {
            entry.insert("created".into(), json!(rfc3339(epoch)));
        }
        let list = self.root.entry("history").or_insert_with(|| json!([]));
        if !list.is_array() {
            *list = json!([]);
        }
        list.as_array_mut()
            .expect("made an array just above")
            .push(Value::Object(entry));
    }

    /// The config as the `containerimage.config` of a result.
    pub fn to_json(&self) -> Vec<u8> {
        Value::Object(self.root.clone()).to_string().into_bytes()
    }

    /// The base image's own config as the `containerimage.base.config` of a result.
    pub fn base_json(&self) -> Option<Vec<u8>> {
        Some(self.base.as_ref()?.to_string().into_bytes())
    }
}

/// Sets the variables of `image.env` in a config.
pub fn apply_env(config: &mut ImageConfig, env: &[EnvVar]) {
    for variable in env {
        config.set_env(&variable.name, &variable.value);
    }
}

/// Sets labels, later maps winning.
pub fn apply_labels(config: &mut ImageConfig, labels: &BTreeMap<String, String>) {
    for (key, value) in labels {
        config.label(key, value);
    }
}

/// `1970-01-01T00:00:00Z` for seconds since then (days to civil date as by H. Hinnant's algorithm).
fn rfc3339(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest % 3600 / 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALPINE: &[u8] = br#"{"architecture":"amd64","os":"linux","created":"2026-01-01T00:00:00Z",
        "config":{"Env":["PATH=/bin"],"Cmd":["/bin/sh"],"OnBuild":["RUN x"],"Shell":["/bin/ash"],"y":2},
        "rootfs":{"type":"layers","diff_ids":["sha256:1"]},"history":[{"created_by":"base"}],"moby.buildkit.cache.v0":"e30="}"#;

    #[test]
    fn the_base_is_kept_where_the_spec_says_nothing() {
        let mut config = ImageConfig::new(ALPINE, &Platform::linux("amd64"));
        config.set_env("PATH", "/usr/bin");
        config.set_env("A", "b");
        config.set_entrypoint(&["/app".into()]);
        config.expose("80");
        config.history("COPY app", false, Some(1_153_704_088));
        let json: Value = serde_json::from_slice(&config.to_json()).unwrap();
        assert_eq!(
            json,
            json!({
                "architecture": "amd64", "os": "linux",
                "config": {
                    "Env": ["PATH=/usr/bin", "A=b"], "Entrypoint": ["/app"], "Shell": ["/bin/ash"], "y": 2,
                    "ExposedPorts": { "80/tcp": {} },
                },
                "rootfs": { "type": "layers", "diff_ids": [] },
                "history": [
                    { "created_by": "base" },
                    { "created_by": "COPY app", "comment": "rust-frontend", "created": "2006-07-24T01:21:28Z" },
                ],
            })
        );
    }

    #[test]
    fn the_empty_image_has_a_path_and_a_platform() {
        let platform: Platform = "linux/arm/v7".parse().unwrap();
        let json: Value =
            serde_json::from_slice(&ImageConfig::new(b"", &platform).to_json()).unwrap();
        assert_eq!(json["variant"], "v7");
        assert_eq!(json["config"]["Env"][0], format!("PATH={DEFAULT_PATH}"));
    }

    #[test]
    fn times_are_written_as_the_image_spec_wants() {
        for (seconds, want) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds), want);
        }
    }
}
