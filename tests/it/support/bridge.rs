//! An engine that does what the test says: files and images from memory, answers by script, and a
//! record of what was asked.

use super::grpc;
use buildkit_proto::apicaps::ApiCap;
use buildkit_proto::gateway as msg;
use buildkit_proto::pb::{self, Definition};
use buildkit_proto::{Message, Status, caps, fsutil};
use rust_frontend::gateway::{Environment, Failure, Gateway};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

/// A fake `LLBBridge`. Clones are the same engine.
#[derive(Clone)]
pub(crate) struct Bridge {
    script: Arc<Mutex<Script>>,
    hang_up: Arc<Notify>,
    cancelled: Arc<AtomicUsize>,
}

/// A file's content by its path.
type Tree = BTreeMap<String, Vec<u8>>;

type Handler = Arc<dyn Fn(&[u8]) -> Reply + Send + Sync>;

/// What the engine does with a call.
pub(crate) enum Reply {
    /// Answers.
    Message(Vec<u8>),
    /// Refuses.
    Error(Status),
    /// Says nothing, ever.
    Silence,
    /// Closes the connection in the middle of the call.
    HangUp,
}

struct Script {
    gateway_caps: Vec<ApiCap>,
    llb_caps: Vec<ApiCap>,
    /// By the identifier of the source, such as `local://context`; empty is any other.
    trees: BTreeMap<String, Tree>,
    /// Digest and config by reference.
    images: BTreeMap<String, (String, String)>,
    inputs: BTreeMap<String, Definition>,
    handlers: BTreeMap<String, Handler>,
    calls: Vec<(String, Vec<u8>)>,
    /// The source of each solved reference, in order; the id is `ref-N` from 1.
    solved: Vec<String>,
}

/// An error of the engine without details.
pub(crate) fn refusal(message: &str) -> Status {
    Status {
        code: 2,
        message: message.to_owned(),
        details: Vec::new(),
    }
}

impl Bridge {
    /// A newest engine without files.
    pub(crate) fn new() -> Self {
        let all = |list: &[caps::Capability]| list.iter().map(|c| cap(c.id, "")).collect();
        let script = Script {
            gateway_caps: all(caps::gateway::ALL),
            llb_caps: all(caps::LLB),
            trees: BTreeMap::new(),
            images: BTreeMap::new(),
            inputs: BTreeMap::new(),
            handlers: BTreeMap::new(),
            calls: Vec::new(),
            solved: Vec::new(),
        };
        Self {
            script: Arc::new(Mutex::new(script)),
            hang_up: Arc::default(),
            cancelled: Arc::default(),
        }
    }

    /// The same with no list of capabilities at all, as the oldest engines.
    pub(crate) fn without_caps(self) -> Self {
        self.script().gateway_caps.clear();
        self.script().llb_caps.clear();
        self
    }

    /// The same without one capability, for a reason if there is one.
    pub(crate) fn without(self, id: &str, reason: &str) -> Self {
        let turn_off = |list: &mut Vec<ApiCap>| {
            list.retain(|cap| cap.id != id || !reason.is_empty());
            for known in list.iter_mut().filter(|cap| cap.id == id) {
                *known = cap(id, reason);
            }
        };
        turn_off(&mut self.script().gateway_caps);
        turn_off(&mut self.script().llb_caps);
        self
    }

    /// The same with a file in every reference whose source has no tree of its own.
    pub(crate) fn file(self, path: &str, data: impl Into<Vec<u8>>) -> Self {
        self.file_of("", path, data)
    }

    /// The same with a file in what comes from one source, such as `local://dockerfile`.
    pub(crate) fn file_of(self, source: &str, path: &str, data: impl Into<Vec<u8>>) -> Self {
        let mut script = self.script();
        let tree = script.trees.entry(source.to_owned()).or_default();
        tree.insert(path.to_owned(), data.into());
        drop(script);
        self
    }

    /// The same with an image.
    pub(crate) fn image(self, reference: &str, digest: &str, config: &str) -> Self {
        let image = (digest.to_owned(), config.to_owned());
        self.script().images.insert(reference.to_owned(), image);
        self
    }

    /// The same with an input of the frontend.
    pub(crate) fn input(self, name: &str, definition: Definition) -> Self {
        self.script().inputs.insert(name.to_owned(), definition);
        self
    }

    /// The same with a method that answers by a function.
    pub(crate) fn on<M: Message + Default, R: Message>(
        self,
        method: &str,
        answer: impl Fn(M) -> Result<R, Status> + Send + Sync + 'static,
    ) -> Self {
        self.on_raw(method, move |message| {
            match answer(M::decode(message).expect("a message of that type")) {
                Ok(reply) => Reply::Message(reply.encode_to_vec()),
                Err(status) => Reply::Error(status),
            }
        })
    }

    /// The same with a method that does anything.
    pub(crate) fn on_raw(
        self,
        method: &str,
        answer: impl Fn(&[u8]) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let handlers = &mut self.script().handlers;
        handlers.insert(method.to_owned(), Arc::new(answer));
        self.clone()
    }

    /// A client of this engine, over a stream in memory.
    pub(crate) async fn connect(&self) -> Result<Gateway, Failure> {
        self.connect_with(Environment::default()).await
    }

    /// The same with options and a session.
    pub(crate) async fn connect_with(&self, environment: Environment) -> Result<Gateway, Failure> {
        let (near, far) = tokio::io::duplex(64 << 10);
        tokio::spawn(self.clone().serve(far));
        Gateway::connect(near, environment).await
    }

    /// Serves one connection until either side goes.
    pub(crate) async fn serve<S>(self, io: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let hang_up = self.hang_up.clone();
        let serving = grpc::serve(io, move |method, message| {
            let bridge = self.clone();
            async move { bridge.answer(method, message).await }
        });
        tokio::select! {
            () = serving => {}
            () = hang_up.notified() => {}
        }
    }

    /// The methods called so far, in order, without the first `Ping`.
    pub(crate) fn methods(&self) -> Vec<String> {
        let script = self.script();
        let names = script.calls.iter().map(|(method, _)| method.clone());
        names.skip(1).collect()
    }

    /// The messages of one method so far.
    pub(crate) fn calls<M: Message + Default>(&self, method: &str) -> Vec<M> {
        let script = self.script();
        let calls = script.calls.iter().filter(|(name, _)| name == method);
        calls
            .map(|(_, message)| M::decode(message.as_slice()).expect("a message of that type"))
            .collect()
    }

    /// Calls that the client gave up while the engine was silent.
    pub(crate) fn cancelled(&self) -> usize {
        self.cancelled.load(Ordering::SeqCst)
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script
            .lock()
            .expect("no test panics while it holds the script")
    }

    async fn answer(&self, method: String, message: Vec<u8>) -> Result<Vec<u8>, Status> {
        let handler = {
            let mut script = self.script();
            script.calls.push((method.clone(), message.clone()));
            script.handlers.get(&method).cloned()
        };
        let reply = match handler {
            Some(handler) => handler(&message),
            None => self.script().answer(&method, &message),
        };
        match reply {
            Reply::Message(reply) => Ok(reply),
            Reply::Error(status) => Err(status),
            Reply::Silence => {
                let _given_up = Count(self.cancelled.clone());
                std::future::pending().await
            }
            Reply::HangUp => {
                self.hang_up.notify_one();
                std::future::pending().await
            }
        }
    }
}

/// Counts one up when it is dropped.
struct Count(Arc<AtomicUsize>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn cap(id: &str, disabled: &str) -> ApiCap {
    ApiCap {
        id: id.to_owned(),
        enabled: disabled.is_empty(),
        disabled_reason_msg: disabled.to_owned(),
        ..Default::default()
    }
}

impl Script {
    /// What an engine answers that nobody has told otherwise.
    fn answer(&mut self, method: &str, message: &[u8]) -> Reply {
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
            "Solve" => Ok(self.solve(&decode(message)).encode_to_vec()),
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

    fn solve(&mut self, request: &msg::SolveRequest) -> msg::SolveResponse {
        let definition = request.definition.clone().unwrap_or_default();
        let mut id = String::new();
        if !definition.def.is_empty() {
            let source = definition.def.iter().find_map(|op| source_of(op));
            self.solved.push(source.unwrap_or_default());
            id = format!("ref-{}", self.solved.len());
        }
        msg::SolveResponse {
            result: Some(msg::Result {
                result: Some(msg::result::Result::Ref(msg::Ref { id, def: None })),
                ..Default::default()
            }),
            ..Default::default()
        }
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
