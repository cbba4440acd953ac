//! The settings of an image as its history tells them: in a Dockerfile's words, which `docker history` is read for.

use crate::spec::{EnvVar, Image};
use std::collections::BTreeMap;

/// A line for each kind of setting that is made, in the order of a Dockerfile.
pub(super) fn lines(
    spec: &Image,
    labels: &BTreeMap<String, String>,
    user: Option<&str>,
    entrypoint: &[String],
) -> Vec<String> {
    let pair = |name: &str, value: &str| format!("{name}={value}");
    let env = spec.env.iter();
    let env = env.map(|EnvVar { name, value }| pair(name, value));
    let labels = labels.iter().map(|(name, value)| pair(name, value));
    let volumes = spec.volumes.iter().map(|path| path.value.clone());
    let ports = spec.expose.iter().map(|port| port.value.clone());
    let check = spec.healthcheck.iter().map(|check| match &check.value.cmd {
        cmd if cmd.is_empty() => "NONE".to_owned(),
        cmd => format!("CMD {}", json(cmd)),
    });
    let text = |text: &str| vec![text.to_owned()];
    let settings: [(&str, Vec<String>); 9] = [
        ("ENV", env.collect()),
        ("LABEL", labels.collect()),
        (
            "WORKDIR",
            spec.workdir.iter().map(|dir| dir.value.clone()).collect(),
        ),
        ("VOLUME", volumes.collect()),
        ("EXPOSE", ports.collect()),
        ("USER", user.map_or_else(Vec::new, text)),
        (
            "STOPSIGNAL",
            spec.stop_signal
                .iter()
                .map(|signal| signal.value.clone())
                .collect(),
        ),
        ("HEALTHCHECK", check.collect()),
        ("ENTRYPOINT", text(&json(entrypoint))),
    ];
    let cmd = spec.cmd.iter().map(|cmd| ("CMD", text(&json(&cmd.value))));
    settings
        .into_iter()
        .chain(cmd)
        .filter(|(_, words)| !words.is_empty())
        .map(|(instruction, words)| format!("{instruction} {}", words.join(" ")))
        .collect()
}

fn json(words: &[String]) -> String {
    serde_json::json!(words).to_string()
}
