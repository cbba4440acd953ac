//! A graph in the engine's bytes.
//!
//! Upstream: `client/llb/{state,marshal,sourcemap}.go`. Equal graphs give equal definitions, and
//! every vertex is written once, however often it is used or was built.

use crate::digest::Digest;
use crate::encode::Encoder;
use crate::error::Error;
use crate::input::Input;
use crate::op::Op;
use crate::source_map::SourceMap;
use crate::state::{Output, State, Vertex};
use buildkit_proto::canonical::encode_op;
use buildkit_proto::capset::CapSet;
use buildkit_proto::pb::{self, Definition, OpMetadata, Platform};
use buildkit_proto::{attr, caps};
use std::collections::{BTreeMap, BTreeSet};

/// What holds for a whole graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarshalOptions {
    /// Platform of vertices that name none; `None` leaves them to the engine's default.
    pub platform: Option<Platform>,
    /// Filters that every vertex's worker must match.
    pub constraints: Vec<String>,
    /// What the engine can do. With it, PATH is left to an engine that sets it and written for
    /// one that does not. Whether the graph can be built at all is another question:
    /// [`crate::missing_caps`].
    pub caps: Option<CapSet>,
}

/// The definition of a filesystem. That of scratch is empty.
///
/// Takes time and space in proportion to the graph, and no stack.
///
/// # Errors
/// [`Error`], for a graph that no engine could load.
pub fn marshal(state: &State, options: &MarshalOptions) -> Result<Definition, Error> {
    Marshaller::new(options.clone()).marshal(state)
}

/// Marshals several filesystems of one graph: the digest of what they share is taken once.
#[derive(Debug, Default)]
pub struct Marshaller {
    options: MarshalOptions,
    /// By identity of the vertex, which is kept: another one could have its identity.
    digests: BTreeMap<usize, (Vertex, Digest)>,
}

impl Marshaller {
    /// One that has marshalled nothing.
    pub fn new(options: MarshalOptions) -> Marshaller {
        Marshaller {
            options,
            digests: BTreeMap::new(),
        }
    }

    /// As [`marshal`].
    ///
    /// # Errors
    /// As [`marshal`].
    pub fn marshal(&mut self, state: &State) -> Result<Definition, Error> {
        let Some(output) = state.as_output() else {
            return Ok(Definition::default());
        };
        let mut graph = Graph::new(self);
        graph.add(output.vertex())?;
        graph.finish(output)
    }

    fn digest(&self, vertex: &Vertex) -> Option<&Digest> {
        self.digests.get(&vertex.id()).map(|(_, digest)| digest)
    }
}

struct Graph<'a> {
    marshaller: &'a mut Marshaller,
    definition: Definition,
    source: pb::Source,
    /// Identities of the vertices that are in the definition.
    added: BTreeSet<usize>,
    /// Digests that are in the definition: equal vertices are one.
    present: BTreeSet<Digest>,
    maps: Vec<SourceMap>,
}

impl<'a> Graph<'a> {
    fn new(marshaller: &'a mut Marshaller) -> Graph<'a> {
        Graph {
            marshaller,
            definition: Definition::default(),
            source: pb::Source::default(),
            added: BTreeSet::new(),
            present: BTreeSet::new(),
            maps: Vec::new(),
        }
    }

    /// Adds a vertex after everything that it needs. A loop and not a recursion: graphs are deep.
    fn add(&mut self, last: &Vertex) -> Result<(), Error> {
        let mut pending = vec![last.clone()];
        while let Some(vertex) = pending.last().cloned() {
            if self.added.contains(&vertex.id()) {
                pending.pop();
                continue;
            }
            let before = pending.len();
            let outputs = vertex
                .op()
                .states()
                .into_iter()
                .rev()
                .filter_map(State::as_output);
            pending.extend(
                outputs
                    .map(Output::vertex)
                    .filter(|needed| !self.added.contains(&needed.id()))
                    .cloned(),
            );
            if pending.len() == before {
                pending.pop();
                let digest = match vertex.op() {
                    Op::Input(input) => self.splice(input, &vertex.meta().name),
                    _ => self.encode(&vertex)?,
                };
                let digests = &mut self.marshaller.digests;
                let known = digests.entry(vertex.id());
                known.or_insert_with(|| (vertex.clone(), digest));
                self.added.insert(vertex.id());
            }
        }
        Ok(())
    }

    fn encode(&mut self, vertex: &Vertex) -> Result<Digest, Error> {
        let meta = vertex.meta();
        let options = &self.marshaller.options;
        let platform = meta.platform.as_ref().or(options.platform.as_ref());
        let digests = |output: &Output| {
            let digest = self.marshaller.digest(output.vertex())?;
            Some(digest.as_str().to_owned())
        };
        let mut encoder = Encoder::new(&meta.name, &digests);
        encoder.engine = options.caps.as_ref();
        encoder.os = platform.map_or("", |platform| platform.os.as_str());
        let op = vertex.op().encode(&mut encoder)?;
        let (inputs, caps) = (encoder.inputs, encoder.caps);
        let constraints = options.constraints.iter().chain(&meta.constraints);
        let bytes = encode_op(&pb::Op {
            inputs,
            platform: platform.filter(|_| vertex.op().has_platform()).cloned(),
            constraints: Some(pb::WorkerConstraints {
                filter: constraints.cloned().collect(),
            }),
            op,
        });
        let known = self.marshaller.digest(vertex).cloned();
        let digest = known.unwrap_or_else(|| Digest::of(&bytes));
        self.push(digest.clone(), bytes);
        self.describe(&digest, metadata(vertex, caps));
        self.locate(&digest, vertex);
        Ok(digest)
    }

    fn push(&mut self, digest: Digest, bytes: Vec<u8>) {
        if self.present.insert(digest) {
            self.definition.def.push(bytes);
        }
    }

    /// Adds metadata; what equal vertices disagree on, the later one decides, as upstream.
    fn describe(&mut self, digest: &Digest, new: OpMetadata) {
        let entry = self
            .definition
            .metadata
            .entry(digest.as_str().to_owned())
            .or_default();
        entry.ignore_cache |= new.ignore_cache;
        entry.description.extend(new.description);
        entry.caps.extend(new.caps);
        entry.export_cache = new.export_cache.or(entry.export_cache);
        entry.progress_group = new.progress_group.or(entry.progress_group.take());
        entry.linux_resources = new.linux_resources.or(entry.linux_resources.take());
    }

    fn locate(&mut self, digest: &Digest, vertex: &Vertex) {
        for location in vertex
            .meta()
            .locations
            .iter()
            .filter(|at| !at.ranges.is_empty())
        {
            let known = self.maps.iter().position(|map| *map == location.map);
            let file = known.unwrap_or_else(|| {
                self.maps.push(location.map.clone());
                self.maps.len() - 1
            });
            let ranges = location.ranges.iter().map(|range| range.to_pb()).collect();
            self.place(
                digest.as_str(),
                pb::Location {
                    source_index: file as i32,
                    ranges,
                },
            );
        }
    }

    fn place(&mut self, digest: &str, location: pb::Location) {
        let places = self.source.locations.entry(digest.to_owned()).or_default();
        if !places.locations.contains(&location) {
            places.locations.push(location);
        }
    }

    /// Adds a definition of the engine's, bytes untouched. What it leaves without a name gets one.
    fn splice(&mut self, input: &Input, name: &str) -> Digest {
        for (digest, bytes) in &input.ops {
            self.push(digest.clone(), bytes.clone());
            let mut metadata = input
                .metadata
                .get(digest.as_str())
                .cloned()
                .unwrap_or_default();
            if metadata.caps.is_empty() {
                // The engine takes an entry without content for none, and fails.
                metadata.caps.insert(caps::CONSTRAINTS.to_owned(), true);
            }
            if !name.is_empty() {
                let names = metadata.description.entry(attr::CUSTOM_NAME.to_owned());
                names.or_insert_with(|| name.to_owned());
            }
            self.describe(digest, metadata);
        }
        let files = self.splice_files(&input.source.infos);
        for (digest, places) in &input.source.locations {
            if !self.present.contains(&Digest::from_wire(digest)) {
                continue;
            }
            for location in &places.locations {
                let file = usize::try_from(location.source_index)
                    .ok()
                    .and_then(|i| files.get(i));
                if let Some(file) = file {
                    let location = pb::Location {
                        source_index: *file,
                        ..location.clone()
                    };
                    self.place(digest, location);
                }
            }
        }
        input.digest.clone()
    }

    /// Adds files, each once, and says where they are now.
    fn splice_files(&mut self, infos: &[pb::SourceInfo]) -> Vec<i32> {
        let mut indices = Vec::with_capacity(infos.len());
        for info in infos {
            let map = SourceMap::new(&info.filename, &info.language, info.data.clone());
            let known = self.maps.iter().position(|known| *known == map);
            indices.push(known.unwrap_or_else(|| {
                self.maps.push(map);
                self.maps.len() - 1
            }) as i32);
        }
        indices
    }

    /// Adds the operation that names the result.
    fn finish(mut self, result: &Output) -> Result<Definition, Error> {
        let vertex = result.vertex();
        let missing = || Error::NoSuchOutput {
            vertex: vertex.meta().name.clone(),
        };
        if result.index() >= vertex.op().outputs() {
            return Err(missing());
        }
        let digest = self.marshaller.digest(vertex).ok_or_else(missing)?;
        let digest = digest.as_str().to_owned();
        let inputs = vec![pb::Input {
            digest,
            index: i64::from(result.index()),
        }];
        let bytes = encode_op(&pb::Op {
            inputs,
            ..pb::Op::default()
        });
        let mut needed = vec![caps::CONSTRAINTS, caps::PLATFORM];
        let all = || self.definition.metadata.values();
        if all().any(|metadata| metadata.ignore_cache) {
            needed.push(caps::META_IGNORECACHE);
        }
        if all().any(|metadata| !metadata.description.is_empty()) {
            needed.push(caps::META_DESCRIPTION);
        }
        if all().any(|metadata| metadata.export_cache.is_some()) {
            needed.push(caps::META_EXPORTCACHE);
        }
        let caps = needed
            .into_iter()
            .map(|cap| (cap.to_owned(), true))
            .collect();
        let digest = Digest::of(&bytes);
        self.describe(
            &digest,
            OpMetadata {
                caps,
                ..OpMetadata::default()
            },
        );
        self.push(digest, bytes);
        self.source.infos = self.maps.iter().map(SourceMap::to_pb).collect();
        self.definition.source = Some(self.source);
        Ok(self.definition)
    }
}

fn metadata(vertex: &Vertex, caps: BTreeMap<String, bool>) -> OpMetadata {
    let meta = vertex.meta();
    let named = [(attr::CUSTOM_NAME.to_owned(), meta.name.clone())];
    let described = meta.description.clone().into_iter().chain(named);
    OpMetadata {
        ignore_cache: meta.ignore_cache,
        description: described.filter(|(_, value)| !value.is_empty()).collect(),
        export_cache: meta.export_cache.map(|value| pb::ExportCache { value }),
        caps,
        progress_group: meta.progress_group.clone(),
        linux_resources: match vertex.op() {
            Op::Exec(exec) => exec.resources.clone(),
            _ => None,
        },
    }
}
