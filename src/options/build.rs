//! What to build and from which caches: the options that are one value each.

use super::{CacheImport, CheckOptions, Epoch, NamedContexts, NoCache, Reader, ResolveMode, value};
use crate::platform::Platform;
use std::collections::BTreeMap;
use std::str::FromStr as _;

/// Items between commas; empty ones are nothing.
pub(super) fn list(text: &str) -> Vec<String> {
    let items = text.split(',').filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

pub(super) fn platforms(reader: &mut Reader<'_>) -> (Vec<Platform>, bool) {
    let mut platforms = Vec::new();
    for text in reader.text("platform").split(',') {
        match Platform::from_str(text) {
            _ if reader.text("platform").is_empty() => {}
            // Named twice, it is built once: a result has one file system for each.
            Ok(platform) if platforms.contains(&platform) => {}
            Ok(platform) => platforms.push(platform),
            Err(message) => reader.mistake(message),
        }
    }
    let several = platforms.len() > 1;
    let forced = match reader.text("build-arg:BUILDKIT_MULTI_PLATFORM") {
        "" => reader.text("multi-platform"),
        arg => arg,
    };
    let multi = match (forced, value::go_bool(forced)) {
        ("", _) => several,
        (_, Some(false)) if several => {
            reader
                .mistake("conflicting config: returning multiple target platforms is not allowed");
            several
        }
        (_, Some(forced)) => forced,
        (text, None) => {
            reader.mistake(format!("invalid boolean value for multi-platform: {text}"));
            several
        }
    };
    (platforms, multi)
}

pub(super) fn no_cache(value: Option<&String>) -> NoCache {
    match value.map(String::as_str) {
        None => NoCache::Nothing,
        Some("") => NoCache::Everything,
        Some(names) => NoCache::Stages(names.split(',').map(str::to_owned).collect()),
    }
}

pub(super) fn resolve_mode(reader: &mut Reader<'_>) -> ResolveMode {
    let mode = match reader.text("image-resolve-mode") {
        "" | "default" => Ok(ResolveMode::Default),
        "pull" => Ok(ResolveMode::Pull),
        "local" => Ok(ResolveMode::Local),
        other => Err(format!("invalid image-resolve-mode: {other}")),
    };
    reader.ok(mode)
}

pub(super) fn cache_imports(reader: &mut Reader<'_>) -> Vec<CacheImport> {
    let json = reader.text("cache-imports");
    let mut imports = match json {
        "" => Vec::new(),
        json => reader.ok(serde_json::from_str::<Option<Vec<CacheImport>>>(json)
            .map(Option::unwrap_or_default)
            .map_err(|error| format!("failed to unmarshal cache-imports ({json:?}): {error}"))),
    };
    let old = list(reader.text("cache-from"));
    imports.extend(old.into_iter().map(|reference| CacheImport {
        kind: "registry".into(),
        attrs: BTreeMap::from([("ref".into(), reference)]),
    }));
    imports
}

/// Seconds since 1970 that an image's config can have (RFC 3339).
const YEARS: std::ops::RangeInclusive<i64> = 0..=253_402_300_799;

pub(super) fn epoch(reader: &mut Reader<'_>) -> Option<Epoch> {
    let text = reader.text("build-arg:SOURCE_DATE_EPOCH");
    match (text, text.parse()) {
        ("", _) => None,
        (_, Ok(seconds)) if YEARS.contains(&seconds) => Some(Epoch::Seconds(seconds)),
        (text, Ok(_)) => {
            reader.mistake(format!(
                "invalid SOURCE_DATE_EPOCH: {text}: seconds since 1970, up to the year 9999"
            ));
            None
        }
        ("context", _) => Some(Epoch::Context),
        (name, _) if NamedContexts::read(reader.map).contains(name) => {
            Some(Epoch::Named(name.to_owned()))
        }
        (other, _) => {
            reader.mistake(format!("invalid SOURCE_DATE_EPOCH: {other}"));
            None
        }
    }
}

/// As the official linter's `ParseLintOptions`.
pub(super) fn check(reader: &mut Reader<'_>) -> CheckOptions {
    const KEY: &str = "build-arg:BUILDKIT_DOCKERFILE_CHECK";
    let text = reader.text(KEY).trim();
    let result = parse_check(text);
    reader.ok(result.map_err(|error| format!("failed to parse {KEY}: {error}")))
}

/// The value of `check=` in a definition file, or of the build-arg of the same meaning.
pub(crate) fn parse_check(text: &str) -> Result<CheckOptions, String> {
    let mut check = CheckOptions::default();
    for part in text.splitn(3, ';').filter(|_| !text.is_empty()) {
        let invalid = |what: &str| format!("invalid check option {what:?}");
        let (key, value) = part.split_once('=').ok_or_else(|| invalid(part))?;
        let (key, value) = (key.trim(), value.trim());
        let rules = || {
            value
                .split(',')
                .map(|rule| rule.trim().to_owned())
                .collect()
        };
        match (key, value) {
            ("skip", "all") => check.skip_all = true,
            ("skip", _) => check.skip = rules(),
            ("experimental", "all") => check.experimental_all = true,
            ("experimental", _) => check.experimental = rules(),
            ("error", _) => {
                check.error = value::go_bool(value)
                    .ok_or_else(|| format!("failed to parse check option {part:?}"))?;
            }
            _ => return Err(invalid(key)),
        }
    }
    Ok(check)
}
