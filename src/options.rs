//! Everything that a client may ask for by frontend options, read once into typed values.
//!
//! Pure: text in, values or mistakes out. The keys, their meaning and the words of the errors are
//! those of BuildKit's `frontend/dockerui` (config.go, attr.go, context.go), so that a user of
//! `docker/dockerfile` finds nothing new. Keys that nobody knows are left alone: clients send some
//! for other readers, and later ones will send more.

mod attest;
mod build;
mod context;
mod csv;
mod exec;
mod git;
mod named;
mod revision;
mod value;

pub use attest::{Attests, Sbom};
pub(crate) use build::parse_check;
pub use context::{ContextOptions, MainContext};
pub use exec::{ExecOptions, HostIp, NetworkMode, ProxyEnv, Resources, Ulimit};
pub use git::GitRef;
pub use named::{NamedContext, NamedContexts, NamedSource};
pub use revision::VCS_REVISION;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::platform::Platform;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Name of the definition file for clients that do not say.
pub const DEFAULT_FILENAME: &str = "Rust.yaml";

/// The features that a client may insist on (`frontend.caps`) and that this frontend has.
pub const FRONTEND_CAPS: [&str; 4] = [
    "moby.buildkit.frontend.inputs",
    "moby.buildkit.frontend.subrequests",
    "moby.buildkit.frontend.contexts",
    "moby.buildkit.frontend.gitquerystring",
];

/// The frontend options, typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Path of the definition file in its source (`-f`).
    pub filename: String,
    /// What to build (`--target`); `None` is the default.
    pub target: Option<String>,
    /// Platforms asked for, normalized, in order; empty is the engine's own. See
    /// [`Options::target_platforms`].
    pub platforms: Vec<Platform>,
    /// The result is a map of platforms even if there is only one.
    pub multi_platform: bool,
    /// Build arguments, predefined and magic ones included. `VCS_REVISION` is among them where the commit is known.
    pub build_args: BTreeMap<String, String>,
    /// Labels of the image, over those of the spec.
    pub labels: BTreeMap<String, String>,
    /// What must not come from the cache.
    pub no_cache: NoCache,
    /// Whether images are looked up in the registry (`--pull`).
    pub resolve_mode: ResolveMode,
    /// How build steps run.
    pub exec: ExecOptions,
    /// Caches to import; sent with every solve that may compile.
    pub cache_imports: Vec<CacheImport>,
    /// Statements to make about the result.
    pub attests: Attests,
    /// The frontend's image, as `# syntax` or `BUILDKIT_SYNTAX` names it.
    pub source: Option<String>,
    /// The subrequest (`--call`); `None` is a build.
    pub request: Option<String>,
    /// Features that the client insists on; see [`Options::unsupported_cap`].
    pub required_caps: Vec<String>,
    /// Where the main context and the definition file come from.
    pub context: ContextOptions,
    /// `--build-context` and what bake links.
    pub named_contexts: NamedContexts,
    /// The time that the image is made at.
    pub epoch: Option<Epoch>,
    /// Prefix of the ids of cache mounts (`BUILDKIT_CACHE_MOUNT_NS`).
    pub cache_namespace: String,
    /// Lint rules to skip, and whether warnings are errors (`BUILDKIT_DOCKERFILE_CHECK`).
    pub check: CheckOptions,
    /// Scan the context, too (`BUILDKIT_SBOM_SCAN_CONTEXT`).
    pub sbom_scan_context: bool,
    /// Scan these stages, too (`BUILDKIT_SBOM_SCAN_STAGE`).
    pub sbom_scan_stage: ScanStages,
}

/// What must not come from the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NoCache {
    /// Everything may (no option).
    #[default]
    Nothing,
    /// Nothing may (`--no-cache`).
    Everything,
    /// These stages may not (`--no-cache-filter`).
    Stages(Vec<String>),
}

impl NoCache {
    /// Whether the stage must be rebuilt.
    pub fn applies_to(&self, stage: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Stages(names) => names.iter().any(|name| name.eq_ignore_ascii_case(stage)),
        }
    }
}

/// Whether images are looked up in the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResolveMode {
    /// As the engine likes.
    #[default]
    Default,
    /// Always (`--pull`).
    Pull,
    /// Only if the engine does not have it.
    Local,
}

impl ResolveMode {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Pull => "pull",
            Self::Local => "local",
        }
    }
}

/// A cache to import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CacheImport {
    /// E.g. `registry`.
    #[serde(rename = "Type", alias = "type", default)]
    pub kind: String,
    /// E.g. `ref`.
    #[serde(rename = "Attrs", alias = "attrs", default)]
    pub attrs: BTreeMap<String, String>,
}

/// `SOURCE_DATE_EPOCH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Epoch {
    /// Seconds since 1970.
    Seconds(i64),
    /// The time of the main context: of its commit, or of its file.
    Context,
    /// The time of a named context.
    Named(String),
}

/// Lint options of the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// Skip every rule.
    pub skip_all: bool,
    /// Skip these rules.
    pub skip: Vec<String>,
    /// Try every experimental rule.
    pub experimental_all: bool,
    /// Try these experimental rules.
    pub experimental: Vec<String>,
    /// Warnings stop the build.
    pub error: bool,
}

/// Stages to scan beside the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ScanStages {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// These.
    Some(Vec<String>),
}

/// The options as they came, with the mistakes found so far.
pub(crate) struct Reader<'a> {
    map: &'a BTreeMap<String, String>,
    wrong: Diagnostics,
}

/// The names of the arguments that say for and on which platform is built.
pub const PLATFORM_ARGS: [&str; 8] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
];

impl Options {
    /// Reads all options, and all mistakes in them.
    ///
    /// # Errors
    /// What the official frontend refuses, in its words.
    pub fn read(map: &BTreeMap<String, String>) -> Result<Self, Diagnostics> {
        let mut reader = Reader {
            map,
            wrong: Diagnostics::default(),
        };
        let build_args = prefixed(reader.map, "build-arg:");
        let (platforms, multi_platform) = build::platforms(&mut reader);
        let stage = reader.text("build-arg:BUILDKIT_SBOM_SCAN_STAGE");
        let mut options = Self {
            filename: match reader.text("filename") {
                "" => DEFAULT_FILENAME.to_owned(),
                name => name.to_owned(),
            },
            target: reader.some("target"),
            platforms,
            multi_platform,
            labels: prefixed(reader.map, "label:"),
            no_cache: build::no_cache(map.get("no-cache")),
            resolve_mode: build::resolve_mode(&mut reader),
            exec: ExecOptions::read(&mut reader, &build_args),
            cache_imports: build::cache_imports(&mut reader),
            attests: Attests::read(&mut reader),
            source: reader.some("source"),
            request: reader.some("requestid"),
            required_caps: build::list(reader.text("frontend.caps")),
            context: ContextOptions::read(&mut reader),
            named_contexts: NamedContexts::read(map),
            epoch: build::epoch(&mut reader),
            cache_namespace: reader.text("build-arg:BUILDKIT_CACHE_MOUNT_NS").to_owned(),
            check: build::check(&mut reader),
            sbom_scan_context: reader.lenient_bool("build-arg:BUILDKIT_SBOM_SCAN_CONTEXT"),
            sbom_scan_stage: match value::go_bool(stage) {
                Some(true) => ScanStages::All,
                Some(false) => ScanStages::None,
                None if stage.is_empty() => ScanStages::None,
                None => ScanStages::Some(build::list(stage)),
            },
            build_args,
        };
        if let Some(commit) = revision::of(&reader, &options.context.main) {
            let known = options.build_args.entry(VCS_REVISION.to_owned());
            known.or_insert(commit);
        }
        reader
            .wrong
            .into_result(options)
            .map(|(options, _)| options)
    }

    /// The platforms to build for: those asked for, else the engine's.
    pub fn target_platforms(&self, build: &Platform) -> Vec<Platform> {
        match self.platforms.as_slice() {
            [] => vec![build.clone()],
            platforms => platforms.to_vec(),
        }
    }

    /// The time that the image is made at, in seconds since 1970, where it is known.
    pub fn epoch_seconds(&self) -> Option<i64> {
        match self.epoch {
            Some(Epoch::Seconds(seconds)) => Some(seconds),
            _ => None,
        }
    }

    /// Takes seconds since 1970 for the time that the image is made at, and for the build argument of it.
    pub fn set_epoch(&mut self, seconds: Option<i64>) {
        const ARG: &str = "SOURCE_DATE_EPOCH";
        self.epoch = seconds.map(Epoch::Seconds);
        match seconds {
            Some(seconds) => self.build_args.insert(ARG.into(), seconds.to_string()),
            None => self.build_args.remove(ARG),
        };
    }

    /// A feature that the client insists on and that this frontend does not have.
    pub fn unsupported_cap(&self) -> Option<&str> {
        // What follows `+` tells others whether to fail early.
        let names = self.required_caps.iter();
        names
            .map(|cap| cap.split('+').next().unwrap_or_default())
            .find(|name| !FRONTEND_CAPS.contains(name))
    }

    /// The arguments that exist without being passed, build arguments of their names on top.
    pub fn predefined_args(&self, build: &Platform, target: &Platform) -> BTreeMap<String, String> {
        let stage = self.target.as_deref().unwrap_or("default");
        let (build_name, target_name) = (build.to_string(), target.to_string());
        let defaults = [
            ("BUILDPLATFORM", build_name.as_str()),
            ("BUILDOS", &build.os),
            ("BUILDOSVERSION", ""),
            ("BUILDARCH", &build.architecture),
            ("BUILDVARIANT", &build.variant),
            ("TARGETPLATFORM", &target_name),
            ("TARGETOS", &target.os),
            ("TARGETOSVERSION", ""),
            ("TARGETARCH", &target.architecture),
            ("TARGETVARIANT", &target.variant),
            ("TARGETSTAGE", stage),
        ];
        let value = |(name, default): (&str, &str)| {
            let given = self.build_args.get(name).map(String::as_str);
            (name.to_owned(), given.unwrap_or(default).to_owned())
        };
        defaults.into_iter().map(value).collect()
    }
}

/// Options whose names begin with `prefix`, by the rest of their names.
fn prefixed(map: &BTreeMap<String, String>, prefix: &str) -> BTreeMap<String, String> {
    let named = |(key, value): (&String, &String)| {
        Some((key.strip_prefix(prefix)?.to_owned(), value.clone()))
    };
    map.iter().filter_map(named).collect()
}

impl<'a> Reader<'a> {
    /// The value of a key; empty for none, which official code treats alike almost everywhere.
    fn text(&self, key: &str) -> &'a str {
        self.map.get(key).map_or("", String::as_str)
    }

    fn some(&self, key: &str) -> Option<String> {
        let text = self.text(key);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A bool where official code takes nonsense for false.
    fn lenient_bool(&self, key: &str) -> bool {
        value::go_bool(self.text(key)).unwrap_or(false)
    }

    fn mistake(&mut self, message: impl Into<String>) {
        self.wrong
            .push(Diagnostic::error("invalid-option", message));
    }

    /// The value, or the default and a note of the mistake.
    fn ok<T: Default>(&mut self, result: Result<T, String>) -> T {
        result.unwrap_or_else(|message| {
            self.mistake(message);
            T::default()
        })
    }
}

#[cfg(test)]
#[path = "options/tests.rs"]
mod tests;
