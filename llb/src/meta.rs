//! What is known of a vertex beside its operation.

use crate::source_map::SourceLocation;
use buildkit_proto::pb::{Platform, ProgressGroup};
use std::collections::BTreeMap;

/// Metadata of a vertex. Only `platform` and `constraints` are part of its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The name that users see; [`crate::verify`] insists on one.
    pub name: String,
    /// Other descriptions, by key. Empty values are left out.
    pub description: BTreeMap<String, String>,
    /// Group under whose line the vertex is shown.
    pub progress_group: Option<ProgressGroup>,
    /// Do not look for a cached result. On an exec it also empties the cache mounts.
    pub ignore_cache: bool,
    /// Whether the result goes into exported caches; `None` leaves it to the engine.
    pub export_cache: Option<bool>,
    /// Where it was written. An error of the vertex shows these lines.
    pub locations: Vec<SourceLocation>,
    /// Platform of an exec, image or layout; `None` takes that of the marshalling. Other
    /// operations have none and ignore it.
    pub platform: Option<Platform>,
    /// Filters that a worker must match, beside those of the marshalling.
    pub constraints: Vec<String>,
}

impl Meta {
    /// Metadata with a name.
    pub fn named(name: impl Into<String>) -> Meta {
        Meta {
            name: name.into(),
            ..Meta::default()
        }
    }

    /// With one more place where the vertex was written.
    pub fn location(mut self, location: SourceLocation) -> Meta {
        self.locations.push(location);
        self
    }

    /// With more places where the vertex was written.
    pub fn locations(mut self, locations: impl IntoIterator<Item = SourceLocation>) -> Meta {
        self.locations.extend(locations);
        self
    }

    /// On this platform.
    pub fn platform(mut self, platform: Platform) -> Meta {
        self.platform = Some(platform);
        self
    }

    /// With one more description.
    pub fn describe(mut self, key: impl Into<String>, value: impl Into<String>) -> Meta {
        self.description.insert(key.into(), value.into());
        self
    }

    /// Shown under the line of a group. Vertices of one `id` are one group; a group whose members
    /// are all `weak` is not shown.
    pub fn group(mut self, id: impl Into<String>, name: impl Into<String>, weak: bool) -> Meta {
        self.progress_group = Some(ProgressGroup {
            id: id.into(),
            name: name.into(),
            weak,
        });
        self
    }

    /// Without looking for a cached result, if `ignore`.
    pub fn ignore_cache(mut self, ignore: bool) -> Meta {
        self.ignore_cache = ignore;
        self
    }

    /// Into exported caches, or never.
    pub fn export_cache(mut self, export: bool) -> Meta {
        self.export_cache = Some(export);
        self
    }

    /// With one more filter for workers.
    pub fn constraint(mut self, filter: impl Into<String>) -> Meta {
        self.constraints.push(filter.into());
        self
    }
}
