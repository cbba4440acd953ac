//! Settings that are checked against the project although they choose no target.

use super::{Chooser, suggest};
use crate::diagnostic::{Diagnostic, Diagnostics};

impl Chooser<'_> {
    /// Whether the profile exists: in Cargo itself, the root manifest or a config file.
    pub(super) fn profile(&self, found: &mut Diagnostics) {
        let wanted = &self.image.build.profile;
        let configs = self.project.configs.iter();
        let configured = configs.filter_map(|config| config.table.get("profile")?.as_table());
        let mut known: Vec<&str> = ["bench", "dev", "release", "test"]
            .into_iter()
            .chain(self.project.profiles.keys().map(String::as_str))
            .chain(configured.flat_map(toml::Table::keys).map(String::as_str))
            .collect();
        known.sort_unstable();
        known.dedup();
        if !known.contains(&wanted.value.as_str()) {
            let help = match wanted.value.as_str() {
                "debug" => "did you mean `dev`".to_owned(),
                name => suggest(name, &known, "profiles"),
            };
            found.push(
                Diagnostic::error("unknown-profile", format!("no profile `{}`", wanted.value))
                    .at(self.at(wanted))
                    .help(help),
            );
        }
    }

    /// Whether the toolchain that the project's file names can be had.
    pub(super) fn toolchain(&self, found: &mut Diagnostics) {
        let file = self.project.toolchain.as_ref();
        let path = file.and_then(|toolchain| toolchain.path.as_ref().map(|path| (toolchain, path)));
        if let (Some((toolchain, path)), None) = (path, &self.image.build.toolchain) {
            found.push(
                Diagnostic::error(
                    "toolchain-path",
                    format!(
                        "the toolchain in `{}` is not in the build image",
                        path.value
                    ),
                )
                .at(toolchain.file.at(path.span.unwrap_or_default()))
                .help("set `build.toolchain`, or a `channel` here"),
            );
        }
    }
}
