//! What Cargo is going to compile, told by Cargo itself: the unit graph of a build (`cargo build --unit-graph`), and the
//! manifests and sizes of the crates that it is made of.
//!
//! Both are the output of a step of the build ([`GRAPH`], [`CRATES`]); this module only reads them. Cargo calls the
//! format unstable (cargo, `src/compiler/unit_graph.rs`), so anything unexpected is treated as no answer, not as an
//! error: then the dependencies are compiled in one step.

use crate::project::Lockfile;
use crate::source::file_name;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::Table;

/// The file with the unit graph, as Cargo prints it.
pub const GRAPH: &str = "graph.json";
/// The file with the crates: for each a line `bytes-of-sources bytes-of-manifest directory`, then its manifest.
pub const CRATES: &str = "crates";

/// The index of the public registry (cargo, `src/sources/registry/mod.rs`).
pub const CRATES_IO: &str = "https://github.com/rust-lang/crates.io-index";

/// All packages of a build as often as they are compiled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Units {
    /// In the order of name, version and kind, whatever order Cargo has.
    pub instances: Vec<Instance>,
    /// Whether link-time optimization meets a library of several kinds (`crate-type`): what such a library needs is
    /// compiled differently.
    pub has_mixed_lto: bool,
}

/// A package with its features, compiled for the build machine or for the target: library, build script, and the run
/// of that. Cargo compiles some packages as both, with different features.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Package name.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// As in `Cargo.lock`: `registry+…`, `sparse+…`, `git+…`; `path+…` for local packages.
    pub source: String,
    /// Whether it runs on the build machine: build scripts, procedural macros, and what they need.
    pub host: bool,
    /// Whether it is a procedural macro.
    pub is_proc_macro: bool,
    /// Exactly the features that are on.
    pub features: Vec<String>,
    /// What it needs, as indices into [`Units::instances`].
    pub dependencies: BTreeSet<usize>,
    /// What its library needs, each with the name that it has in the source.
    pub normal: BTreeSet<(usize, String)>,
    /// What its build script needs.
    pub build: BTreeSet<(usize, String)>,
    /// Where its library is, relative to [`Crate::dir`].
    pub library: Option<String>,
    /// Where its build script is.
    pub script: Option<String>,
    /// Checksum of the registry's archive, from the lock.
    pub checksum: Option<String>,
    /// Its sources.
    pub sources: Option<Crate>,
}

/// A crate as it is unpacked.
#[derive(Clone, Debug, PartialEq)]
pub struct Crate {
    /// Absolute path.
    pub dir: String,
    /// Size of the sources that a compiler reads, in bytes.
    pub size: u64,
    /// Its manifest.
    pub manifest: Table,
}

impl Instance {
    /// Whether it is a package of the project.
    pub fn is_local(&self) -> bool {
        self.source.starts_with("path+")
    }

    /// The index of the registry that it is from, as a manifest names it (`registry-index`); `None` if it is from
    /// elsewhere.
    pub fn registry(&self) -> Option<&str> {
        match self.source.strip_prefix("registry+") {
            Some(index) => Some(index),
            None => self.source.starts_with("sparse+").then_some(&self.source),
        }
    }
}

impl Units {
    /// Reads both files.
    ///
    /// `None` if they are not what this module knows: an older or newer Cargo, or one that failed.
    pub fn read(graph: &[u8], crates: &[u8], lock: &Lockfile) -> Option<Self> {
        let graph: Graph = serde_json::from_slice(graph).ok()?;
        if graph.version != 1 {
            return None;
        }
        let crates = read_crates(crates)?;
        let places: Vec<Option<Key>> = graph.units.iter().map(key).collect();
        // A build script's program always runs on the build machine; it belongs to whom it is run for.
        let mut owners: BTreeMap<usize, BTreeSet<Key>> = BTreeMap::new();
        for (unit, place) in graph.units.iter().zip(&places) {
            if unit.mode == "run-custom-build" {
                let own = unit.dependencies.iter().map(|edge| edge.index);
                for index in own.filter(|index| graph.unit(*index).is_some_and(Unit::is_script)) {
                    owners.entry(index).or_default().insert(place.clone()?);
                }
            }
        }
        let mut found: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (index, place) in places.iter().enumerate() {
            match owners.get(&index) {
                Some(owners) => owners
                    .iter()
                    .for_each(|owner| found.entry(owner.clone()).or_default().push(index)),
                None => found.entry(place.clone()?).or_default().push(index),
            }
        }
        let order: BTreeMap<&Key, usize> = found.keys().zip(0..).collect();
        let instances = found
            .iter()
            .map(|(key, units)| instance(&graph, &places, &order, &crates, key, units))
            .collect::<Option<Vec<_>>>()?;
        let mut units = Self {
            instances,
            has_mixed_lto: graph.units.iter().any(Unit::has_mixed_lto),
        };
        for one in &mut units.instances {
            one.checksum = lock.checksum(&one.name, &one.version, &one.source);
        }
        Some(units)
    }

    /// An instance and all that it needs.
    pub fn closure(&self, of: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut closure = BTreeSet::new();
        let mut queue: Vec<usize> = of.into_iter().collect();
        while let Some(index) = queue.pop() {
            if closure.insert(index) {
                queue.extend(&self.instances[index].dependencies);
            }
        }
        closure
    }
}

/// What tells instances apart.
type Key = (String, String, String, bool);

#[derive(Deserialize)]
struct Graph {
    version: u32,
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    pkg_id: String,
    target: Target,
    /// `None` is the build machine.
    platform: Option<String>,
    mode: String,
    profile: Profile,
    #[serde(default)]
    features: Vec<String>,
    dependencies: Vec<Edge>,
}

/// With all that settings, configuration and environment say.
#[derive(Deserialize)]
struct Profile {
    lto: String,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: String,
}

#[derive(Deserialize)]
struct Edge {
    index: usize,
    extern_crate_name: String,
}

impl Graph {
    fn unit(&self, index: usize) -> Option<&Unit> {
        self.units.get(index)
    }
}

impl Unit {
    /// A build script as a program.
    fn is_script(&self) -> bool {
        self.mode == "build" && self.target.is("custom-build")
    }

    fn has_mixed_lto(&self) -> bool {
        let has_lto = !matches!(self.profile.lto.as_str(), "false" | "off");
        has_lto && self.target.kind.len() > 1 && self.platform.is_some()
    }
}

impl Target {
    fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|one| one == kind)
    }
}

fn key(unit: &Unit) -> Option<Key> {
    let (source, name, version) = package(&unit.pkg_id)?;
    Some((name, version, source, unit.platform.is_none()))
}

/// Source, name and version of a package id (cargo, `doc/src/reference/pkgid-spec.md`).
pub(crate) fn package(id: &str) -> Option<(String, String, String)> {
    let (source, rest) = id.rsplit_once('#')?;
    let (name, version) = match rest.rsplit_once('@') {
        Some((name, version)) => (name, version),
        None => {
            let path = source.split('?').next().unwrap_or(source);
            (file_name(path.trim_end_matches('/')), rest)
        }
    };
    Some((source.to_owned(), name.to_owned(), version.to_owned()))
}

fn instance(
    graph: &Graph,
    places: &[Option<Key>],
    order: &BTreeMap<&Key, usize>,
    crates: &BTreeMap<String, Crate>,
    key: &Key,
    units: &[usize],
) -> Option<Instance> {
    let (name, version, source, host) = key.clone();
    let sources = crates.get(&format!("{name}-{version}")).cloned();
    let relative = |path: &str| {
        let dir = &sources.as_ref()?.dir;
        let path = Path::new(path).strip_prefix(dir).ok()?;
        Some(path.to_str()?.to_owned())
    };
    let mut made = Instance {
        is_proc_macro: false,
        features: vec![],
        dependencies: BTreeSet::new(),
        normal: BTreeSet::new(),
        build: BTreeSet::new(),
        library: None,
        script: None,
        checksum: None,
        sources: None,
        name,
        version,
        source,
        host,
    };
    for index in units {
        let unit = graph.unit(*index)?;
        let mut needed = BTreeSet::new();
        for edge in &unit.dependencies {
            let is_script = graph.unit(edge.index)?.is_script();
            let other = places.get(edge.index)?.as_ref()?;
            // The script that a run runs is its own.
            if other != key && !is_script {
                needed.insert((*order.get(other)?, edge.extern_crate_name.clone()));
            }
        }
        made.dependencies
            .extend(needed.iter().map(|(index, _)| *index));
        match unit.mode.as_str() {
            "build" if unit.is_script() => {
                made.script = relative(&unit.target.src_path);
                made.build.extend(needed);
            }
            "build" => {
                made.is_proc_macro |= unit.target.is("proc-macro");
                made.library = relative(&unit.target.src_path);
                made.features.clone_from(&unit.features);
                made.normal.extend(needed);
            }
            "run-custom-build" => {}
            _ => return None,
        }
    }
    made.sources = sources;
    Some(made)
}

fn read_crates(mut text: &[u8]) -> Option<BTreeMap<String, Crate>> {
    let mut crates = BTreeMap::new();
    while !text.is_empty() {
        let end = text.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(&text[..end]).ok()?;
        let mut words = line.splitn(3, ' ');
        let size = words.next()?.parse().ok()?;
        let length: usize = words.next()?.parse().ok()?;
        let dir = words.next()?.trim_end_matches('/');
        let manifest = text.get(end + 1..end + 1 + length)?;
        text = &text[end + 1 + length..];
        let name = file_name(dir);
        let made = Crate {
            dir: dir.to_owned(),
            size,
            manifest: std::str::from_utf8(manifest).ok()?.parse().ok()?,
        };
        // Of two registries that have the same crate, neither is taken for the other.
        if crates.insert(name.to_owned(), made).is_some() {
            return None;
        }
    }
    Some(crates)
}
