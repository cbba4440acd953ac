//! Settings that are checked against the project although they choose no target.

use super::{Chooser, suggest};
use crate::diagnostic::{Diagnostic, Diagnostics};

impl Chooser<'_> {
    /// Whether the profile exists: in Cargo itself, the root manifest or a config file.
    pub(super) fn profile(&self, found: &mut Diagnostics) {
        let wanted = &self.image.build.profile;
        let configs = self.project.configs.iter();
        let configured = configs.filter_map(|config| config.table.get("profile")?.as_table());
        // `debug` is one since Cargo 1.99; an older one says so itself.
        let mut known: Vec<&str> = ["bench", "debug", "dev", "release", "test"]
            .into_iter()
            .chain(self.project.profiles.keys().map(String::as_str))
            .chain(configured.flat_map(toml::Table::keys).map(String::as_str))
            .collect();
        known.sort_unstable();
        known.dedup();
        if !known.contains(&wanted.value.as_str()) {
            let header = format!("[profile.{}]", wanted.value);
            let mut packages = self.project.packages.iter();
            let member = packages.find(|package| {
                let mut lines = package.manifest.text().lines();
                lines.any(|line| line.trim() == header)
            });
            let help = match member {
                Some(member) => format!(
                    "move `{header}` from `{}` into the workspace's own `Cargo.toml`: Cargo ignores profiles of members",
                    member.manifest.name()
                ),
                None => suggest(&wanted.value, &known, "profiles"),
            };
            found.push(
                Diagnostic::error("unknown-profile", format!("no profile `{}`", wanted.value))
                    .at(self.at(wanted))
                    .help(help),
            );
        }
    }

    /// Settings of a profile reach Cargo as variables, which it may take for those of another: `release-lto` and
    /// `opt-level` make `CARGO_PROFILE_RELEASE_LTO_OPT_LEVEL`, for which it looks below `profile.release.lto` (cargo,
    /// src/context/de.rs, `ConfigMapAccess`).
    pub(super) fn profile_settings(&self, found: &mut Diagnostics) {
        const KEYS: [&str; 11] = [
            "codegen-units",
            "debug",
            "debug-assertions",
            "incremental",
            "lto",
            "opt-level",
            "overflow-checks",
            "panic",
            "rpath",
            "split-debuginfo",
            "strip",
        ];
        let build = &self.image.build;
        let profile = &build.profile;
        let set = !build.profile_settings.is_empty() || build.debug_symbols.value;
        let known = ["bench", "dev", "release", "test"].into_iter();
        let mut known = known.chain(self.project.profiles.keys().map(String::as_str));
        let taken_for = |other: &str| {
            let rest = profile.value.strip_prefix(other)?.strip_prefix('-')?;
            let is_read = |key: &&str| {
                let more = rest.strip_prefix(*key);
                more.is_some_and(|more| more.is_empty() || more.starts_with('-'))
            };
            Some((other.to_owned(), KEYS.into_iter().find(is_read)?))
        };
        if let (true, Some((other, key))) = (set, known.find_map(taken_for)) {
            let message = format!(
                "settings of the profile `{}` cannot be given here: Cargo takes them for `{key}` of `{other}`",
                profile.value
            );
            found.push(
                Diagnostic::error("ambiguous-profile", message)
                    .at(self.at(profile))
                    .help("write them into `Cargo.toml`, or give the profile another name"),
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
                .at(toolchain.file.place(path.span))
                .help("set `build.toolchain`, or a `channel` here"),
            );
        }
    }
}
