//! What the engine passes by environment variables.

use crate::platform::{Platform, normalize};
use buildkit_proto::pb;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The environment that BuildKit starts a frontend with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The frontend options as they came; [`crate::options::Options`] has them typed.
    pub options: BTreeMap<String, String>,
    /// The client's session.
    pub session_id: String,
    /// The workers; the first platform of the first one is the build platform.
    pub workers: Vec<Worker>,
    /// Name of the product that embeds BuildKit, for advice to update it; may be empty.
    pub product: String,
}

/// A worker of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worker {
    /// Labels, such as the snapshotter's name.
    pub labels: BTreeMap<String, String>,
    /// Platforms that it can run, the native one first.
    pub platforms: Vec<Platform>,
}

#[derive(Deserialize)]
struct RawWorker {
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    platforms: Option<Vec<RawPlatform>>,
}

#[derive(Deserialize)]
struct RawPlatform {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    variant: String,
}

impl Environment {
    /// That of this process.
    #[expect(
        clippy::disallowed_methods,
        reason = "the engine says in it what it is and what was asked for"
    )]
    pub fn from_process() -> Self {
        Self::from_vars(std::env::vars_os().filter_map(|(key, value)| {
            // A frontend option is any bytes that the client sent; the protocol is UTF-8.
            Some((
                key.into_string().ok()?,
                value.to_string_lossy().into_owned(),
            ))
        }))
    }

    /// Reads the environment from a list of variables. What cannot be read is taken as absent: old and new engines
    /// differ in what they tell of their workers, and no build should fail for it.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut found = Self::default();
        for (key, value) in vars {
            match key.as_str() {
                "BUILDKIT_SESSION_ID" => found.session_id = value,
                "BUILDKIT_EXPORTEDPRODUCT" => found.product = value,
                "BUILDKIT_WORKERS" => found.workers = workers(&value),
                key if is_option(key) => {
                    let (name, text) = value.split_once('=').unwrap_or((&value, ""));
                    found.options.insert(name.to_owned(), text.to_owned());
                }
                _ => {}
            }
        }
        found
    }

    /// The platform that build steps run on: the first of the first worker, else linux on this
    /// program's own processor, which is the daemon's.
    pub fn build_platform(&self) -> Platform {
        let first = self.workers.first().and_then(|w| w.platforms.first());
        first
            .cloned()
            .unwrap_or_else(|| normalize("linux", std::env::consts::ARCH, ""))
    }
}

impl From<&Platform> for pb::Platform {
    fn from(platform: &Platform) -> Self {
        Self {
            architecture: platform.architecture.clone(),
            os: platform.os.clone(),
            variant: platform.variant.clone(),
            ..Self::default()
        }
    }
}

fn is_option(key: &str) -> bool {
    key.strip_prefix("BUILDKIT_FRONTEND_OPT_")
        .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

fn workers(json: &str) -> Vec<Worker> {
    let raw: Vec<RawWorker> = serde_json::from_str(json).unwrap_or_default();
    let platform = |raw: RawPlatform| normalize(&raw.os, &raw.architecture, &raw.variant);
    raw.into_iter()
        .map(|worker| Worker {
            labels: worker.labels.unwrap_or_default(),
            platforms: worker
                .platforms
                .unwrap_or_default()
                .into_iter()
                .map(platform)
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(vars: &[(&str, &str)]) -> Environment {
        Environment::from_vars(vars.iter().map(|(k, v)| ((*k).into(), (*v).into())))
    }

    #[test]
    fn options_are_split_at_the_first_equals_sign() {
        let found = environment(&[
            ("BUILDKIT_FRONTEND_OPT_0", "build-arg:A=b=c"),
            ("BUILDKIT_FRONTEND_OPT_17", "no-cache"),
            ("BUILDKIT_FRONTEND_OPT_X", "not=this"),
            ("BUILDKIT_SESSION_ID", "s1"),
            ("PATH", "/bin"),
        ]);
        let options: Vec<_> = found.options.iter().collect();
        assert_eq!(
            options,
            [
                (&"build-arg:A".to_owned(), &"b=c".to_owned()),
                (&"no-cache".to_owned(), &String::new())
            ]
        );
        assert_eq!(found.session_id, "s1");
    }

    #[test]
    fn workers_give_the_build_platform() {
        let json = r#"[{"id":"w","labels":{"a":"b"},"gcPolicy":[{}],"platforms":
            [{"architecture":"arm64","os":"linux","variant":"v8","os.features":["x"]}]},{"platforms":null}]"#;
        let found = environment(&[("BUILDKIT_WORKERS", json)]);
        assert_eq!(found.build_platform().to_string(), "linux/arm64");
        assert_eq!(found.workers.len(), 2);
        for broken in ["", "null", "{}", "[1]"] {
            let found = environment(&[("BUILDKIT_WORKERS", broken)]);
            assert_eq!(found.build_platform().os, "linux");
        }
    }
}
