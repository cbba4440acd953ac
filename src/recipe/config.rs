//! Cargo's configuration files in the skeleton.

use super::Scope;
use toml::{Table, Value};

/// Sections that change no dependency.
const DROPPED: [&str; 7] = [
    "alias",
    "cache",
    "cargo-new",
    "doc",
    "future-incompat-report",
    "install",
    "term",
];

/// Keys of `[build]` that say where and how fast, not what. The directories are set from outside.
const BUILD_DROPPED: [&str; 4] = ["build-dir", "dep-info-basedir", "jobs", "target-dir"];

impl Scope<'_> {
    /// Paths and normalised texts of the config files; those that say nothing are left out.
    pub(super) fn configs(&self) -> Vec<(String, String)> {
        let mut configs = Vec::new();
        for config in &self.project.configs {
            let mut table = config.table.clone();
            table.retain(|key, _| !DROPPED.contains(&key));
            if let Some(Value::Table(build)) = table.get_mut("build") {
                build.retain(|key, _| !BUILD_DROPPED.contains(&key));
            }
            // The lock of the skeleton is beside its manifest.
            if let Some(Value::Table(resolver)) = table.get_mut("resolver") {
                resolver.remove("lockfile-path");
            }
            if let Some(Value::Table(patches)) = table.get_mut("patch") {
                self.keep_patches(patches, &config.dir);
            }
            table.retain(|_, value| {
                value
                    .as_table()
                    .is_none_or(|table: &Table| !table.is_empty())
            });
            let name = config.path.as_str();
            let is_included = !matches!(
                name.rsplit("/.cargo/").next(),
                Some("config" | "config.toml" | ".cargo/config" | ".cargo/config.toml")
            );
            if !table.is_empty() || is_included {
                configs.push((name.to_owned(), table.to_string()));
            }
        }
        configs
    }
}
