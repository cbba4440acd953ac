//! An engine that does what the test says: files and images from memory, answers by script, and a
//! record of what was asked.

use super::grpc;
use super::script::{Script, cap};
use buildkit_proto::apicaps::ApiCap;
use buildkit_proto::capset::CapSet;
use buildkit_proto::gateway as msg;
use buildkit_proto::pb::Definition;
use buildkit_proto::{Message, Status, caps};
use rust_frontend::gateway::{Environment, Failure, Gateway};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

/// A fake `LLBBridge`. Clones are the same engine.
#[derive(Clone)]
pub(crate) struct Bridge {
    script: Arc<Mutex<Script>>,
    hang_up: Arc<Notify>,
    cancelled: Arc<AtomicUsize>,
    /// How long it takes to answer.
    takes: Option<Duration>,
    answering: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

pub(super) type Handler = Arc<dyn Fn(&[u8]) -> Reply + Send + Sync>;

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
            takes: None,
            answering: Arc::default(),
            most: Arc::default(),
        }
    }

    /// Removes the list of capabilities, as the oldest engines have none.
    pub(crate) fn without_caps(self) -> Self {
        self.script().gateway_caps.clear();
        self.script().llb_caps.clear();
        self
    }

    /// Reduces the capabilities to those of BuildKit 0.`minor`.
    pub(crate) fn release(self, minor: u32) -> Self {
        let ids = |set: CapSet| set.ids().map(|id| cap(id, "")).collect();
        self.script().gateway_caps = ids(CapSet::gateway_of_release(minor));
        self.script().llb_caps = ids(CapSet::llb_of_release(minor));
        self
    }

    /// Removes one capability, or turns it off if there is a reason.
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

    /// Answers late: where time is paused, not before all calls are there that the client makes at once.
    pub(crate) fn slow(mut self) -> Self {
        self.takes = Some(Duration::from_secs(1));
        self
    }

    /// Adds a file to every reference whose source has no tree of its own.
    pub(crate) fn file(self, path: &str, data: impl Into<Vec<u8>>) -> Self {
        self.file_of("", path, data)
    }

    /// Adds a file to what comes from one source, such as `local://dockerfile`.
    pub(crate) fn file_of(self, source: &str, path: &str, data: impl Into<Vec<u8>>) -> Self {
        let mut script = self.script();
        let tree = script.trees.entry(source.to_owned()).or_default();
        tree.insert(path.to_owned(), data.into());
        drop(script);
        self
    }

    /// Adds an image.
    pub(crate) fn image(self, reference: &str, digest: &str, config: &str) -> Self {
        let image = (digest.to_owned(), config.to_owned());
        self.script().images.insert(reference.to_owned(), image);
        self
    }

    /// Adds an input of the frontend.
    pub(crate) fn input(self, name: &str, definition: Definition) -> Self {
        self.script().inputs.insert(name.to_owned(), definition);
        self
    }

    /// Answers `method` by a function.
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

    /// Answers `method` by a function of the raw message, which may do anything.
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

    /// [`Self::connect`] with options and a session.
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

    /// What the build ended with, which it says once.
    pub(crate) fn returned(&self) -> msg::ReturnRequest {
        let calls = self.calls::<msg::ReturnRequest>("Return");
        let [request] = calls.try_into().unwrap();
        request
    }

    /// The most calls that were there at a time, if it is slow.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
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

    /// Counts the calls that wait meanwhile.
    async fn wait(&self, time: Duration) {
        let now = self.answering.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(time).await;
        self.answering.fetch_sub(1, Ordering::SeqCst);
    }

    async fn answer(&self, method: String, message: Vec<u8>) -> Result<Vec<u8>, Status> {
        let handler = {
            let mut script = self.script();
            script.calls.push((method.clone(), message.clone()));
            script.handlers.get(&method).cloned()
        };
        if let Some(time) = self.takes {
            self.wait(time).await;
        }
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
