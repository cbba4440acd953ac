//! What the fake engine knows, and what it answers that nobody has told otherwise.

use super::bridge::{Handler, Reply, refusal};
use buildkit_proto::apicaps::ApiCap;
use buildkit_proto::gateway as msg;
use buildkit_proto::pb::{self, Definition};
use buildkit_proto::{Message, Status, fsutil};
use std::collections::BTreeMap;

/// A file's content by its path.
pub(super) type Tree = BTreeMap<String, Vec<u8>>;

/// The state of a fake engine.
pub(super) struct Script {
    pub(super) gateway_caps: Vec<ApiCap>,
    pub(super) llb_caps: Vec<ApiCap>,
    /// By the identifier of the source, such as `local://context`; empty is any other.
    pub(super) trees: BTreeMap<String, Tree>,
    /// Digest and config by reference.
    pub(super) images: BTreeMap<String, (String, String)>,
    pub(super) inputs: BTreeMap<String, Definition>,
    pub(super) handlers: BTreeMap<String, Handler>,
    pub(super) calls: Vec<(String, Vec<u8>)>,
    /// The source of each solved reference, in order; the id is `ref-N` from 1.
    pub(super) solved: Vec<String>,
}

impl Script {
    /// What an engine answers that nobody has told otherwise.
    pub(super) fn answer(&mut self, method: &str, message: &[u8]) -> Reply {
        fn decode<M: Message + Default>(message: &[u8]) -> M {
            M::decode(message).expect("a message of that type")
        }
        let reply = match method {
            "Ping" => Ok(msg::PongResponse {
                frontend_api_caps: self.gateway_caps.clone(),
                llb_caps: self.llb_caps.clone(),
                workers: Vec::new(),
            }
            .encode_to_vec()),
            "Solve" => self.solve(&decode(message)).map(|r| r.encode_to_vec()),
            "ReadFile" => self.read_file(&decode(message)).map(|r| r.encode_to_vec()),
            "ReadDir" => self.read_dir(&decode(message)).map(|r| r.encode_to_vec()),
            "StatFile" => self.stat_file(&decode(message)).map(|r| r.encode_to_vec()),
            "ResolveSourceMeta" => self.meta(decode(message)).map(|r| r.encode_to_vec()),
            "ResolveImageConfig" => self.config(&decode(message)).map(|r| r.encode_to_vec()),
            "Inputs" => Ok(msg::InputsResponse {
                definitions: self.inputs.clone(),
            }
            .encode_to_vec()),
            // Evaluate, Warn, Return: their replies have no fields.
            _ => Ok(Vec::new()),
        };
        reply.map_or_else(Reply::Error, Reply::Message)
    }

    /// Refuses what an engine would refuse, or misread.
    fn solve(&mut self, request: &msg::SolveRequest) -> Result<msg::SolveResponse, Status> {
        let definition = request.definition.clone().unwrap_or_default();
        let violations = buildkit_llb::verify(&definition);
        if !violations.is_empty() {
            return Err(refusal(&format!("not a sound graph: {violations:#?}")));
        }
        let mut id = String::new();
        if !definition.def.is_empty() {
            let source = definition.def.iter().find_map(|op| source_of(op));
            self.solved.push(source.unwrap_or_default());
            id = format!("ref-{}", self.solved.len());
        }
        Ok(msg::SolveResponse {
            result: Some(msg::Result {
                result: Some(msg::result::Result::Ref(msg::Ref { id, def: None })),
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    /// The files of a reference.
    fn tree(&self, reference: &str) -> Tree {
        let number = reference
            .strip_prefix("ref-")
            .and_then(|n| n.parse::<usize>().ok());
        let source = number.and_then(|n| self.solved.get(n - 1));
        let tree = source.and_then(|source| self.trees.get(source));
        tree.or_else(|| self.trees.get(""))
            .cloned()
            .unwrap_or_default()
    }

    fn read_file(&self, request: &msg::ReadFileRequest) -> Result<msg::ReadFileResponse, Status> {
        let tree = self.tree(&request.r#ref);
        let path = request.file_path.trim_start_matches('/');
        let data = tree.get(path).ok_or_else(|| absent("open", path))?;
        let (start, length) = match &request.range {
            Some(range) => (range.offset as usize, range.length as usize),
            None => (0, data.len()),
        };
        let rest = data.get(start..).unwrap_or_default();
        Ok(msg::ReadFileResponse {
            data: rest[..length.min(rest.len())].to_vec(),
        })
    }

    fn read_dir(&self, request: &msg::ReadDirRequest) -> Result<msg::ReadDirResponse, Status> {
        let dir = request.dir_path.trim_matches('/');
        let prefix = match dir {
            "" | "." => String::new(),
            dir => format!("{dir}/"),
        };
        let mut entries = BTreeMap::new();
        for (path, data) in self.tree(&request.r#ref) {
            if let Some(rest) = path.strip_prefix(&prefix) {
                let (name, below) = rest
                    .split_once('/')
                    .map_or((rest, false), |(n, _)| (n, true));
                entries.insert(name.to_owned(), stat(name, (!below).then_some(data.len())));
            }
        }
        if entries.is_empty() && !prefix.is_empty() {
            return Err(absent("lstat", dir));
        }
        Ok(msg::ReadDirResponse {
            entries: entries.into_values().collect(),
        })
    }

    fn stat_file(&self, request: &msg::StatFileRequest) -> Result<msg::StatFileResponse, Status> {
        let path = request.path.trim_matches('/');
        let tree = self.tree(&request.r#ref);
        let under = format!("{path}/");
        let found = match tree.get(path) {
            Some(data) => stat(path, Some(data.len())),
            None if path == "." || tree.keys().any(|key| key.starts_with(&under)) => {
                stat(path, None)
            }
            None => return Err(absent("lstat", path)),
        };
        Ok(msg::StatFileResponse { stat: Some(found) })
    }

    fn meta(
        &self,
        request: msg::ResolveSourceMetaRequest,
    ) -> Result<msg::ResolveSourceMetaResponse, Status> {
        let source = request.source.unwrap_or_default();
        let name = source
            .identifier
            .split_once("://")
            .map_or("", |(_, name)| name);
        let (digest, config) = self.find_image(name)?;
        Ok(msg::ResolveSourceMetaResponse {
            source: Some(source),
            image: Some(msg::ResolveSourceImageResponse {
                digest,
                config: config.into_bytes(),
                attestation_chain: None,
            }),
            ..Default::default()
        })
    }

    fn config(
        &self,
        request: &msg::ResolveImageConfigRequest,
    ) -> Result<msg::ResolveImageConfigResponse, Status> {
        let (digest, config) = self.find_image(&request.r#ref)?;
        Ok(msg::ResolveImageConfigResponse {
            digest,
            config: config.into_bytes(),
            r#ref: request.r#ref.clone(),
        })
    }

    fn find_image(&self, name: &str) -> Result<(String, String), Status> {
        let image = self.images.get(name).cloned();
        image.ok_or_else(|| refusal(&format!("{name}: not found")))
    }
}

fn source_of(op: &[u8]) -> Option<String> {
    match pb::Op::decode(op).expect("an operation").op {
        Some(pb::op::Op::Source(source)) => Some(source.identifier),
        _ => None,
    }
}

fn absent(call: &str, path: &str) -> Status {
    refusal(&format!("{call} {path}: no such file or directory"))
}

/// A file of some size, or a directory.
fn stat(path: &str, size: Option<usize>) -> fsutil::Stat {
    fsutil::Stat {
        path: path.to_owned(),
        mode: if size.is_some() {
            0o644
        } else {
            0o755 | 1 << 31
        },
        size: size.unwrap_or_default() as i64,
        ..Default::default()
    }
}

pub(super) fn cap(id: &str, disabled: &str) -> ApiCap {
    ApiCap {
        id: id.to_owned(),
        enabled: disabled.is_empty(),
        disabled_reason_msg: disabled.to_owned(),
        ..Default::default()
    }
}
