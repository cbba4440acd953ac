//! From two file descriptors, or any stream, to a [`Gateway`].

use super::{BuildOpts, Environment, Failure, Gateway, Inner};
use buildkit_proto::bridge::LlbBridgeClient;
use buildkit_proto::capset::CapSet;
use buildkit_proto::gateway as msg;
use hyper_util::rt::TokioIo;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::unix::pipe;
use tonic::transport::Endpoint;
use tower::service_fn;

/// How long the engine may take to answer the first call; as in Go's client.
const PING_TIMEOUT: Duration = Duration::from_secs(15);

/// Flow-control windows: a reply may be 16 MiB, and the engine is next door.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// The most that headers and trailers may have, in bytes; as in Go's client (grpc-go, internal/transport/defaults.go).
/// Errors come in trailers, with the spec and the step that failed: of longer ones nothing would be left.
const HEADERS: u32 = 16 << 20;

/// Standard input and output, taken away from everybody else in the process.
#[derive(Debug)]
pub struct Stdio {
    input: OwnedFd,
    output: OwnedFd,
}

impl Stdio {
    /// Takes both and points descriptor 1 at standard error, so that a stray print ends in the
    /// daemon's log and not in the middle of a frame. Call it before anything else.
    ///
    /// # Errors
    /// When a descriptor is closed.
    pub fn take() -> io::Result<Self> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let output = io::stdout().as_fd().try_clone_to_owned()?;
        rustix::stdio::dup2_stdout(io::stderr().as_fd())?;
        Ok(Self { input, output })
    }

    /// The two as one stream. They must be pipes, which is what BuildKit's executors pass: a pipe
    /// can be polled, while reading a file or a terminal takes a thread that nothing can stop.
    fn stream(self) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        let input = pipe::Receiver::from_owned_fd(self.input)?;
        let output = pipe::Sender::from_owned_fd(self.output)?;
        Ok(tokio::io::join(input, output))
    }
}

impl Gateway {
    /// Connects over standard input and output.
    ///
    /// # Errors
    /// [`Failure::Connection`] when they are not pipes, or as [`Gateway::connect`].
    pub async fn connect_stdio(stdio: Stdio, environment: Environment) -> Result<Self, Failure> {
        let stream = stdio.stream().map_err(|error| {
            Failure::Connection(format!(
                "standard input and output are not the pipes of a BuildKit daemon: {error}"
            ))
        })?;
        Self::connect(stream, environment).await
    }

    /// Connects over any stream: speaks first, asks what the engine can do.
    ///
    /// # Errors
    /// [`Failure::Connection`] when the other end is not an engine, or is silent for 15 seconds.
    pub async fn connect<S>(stream: S, environment: Environment) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let stream = Mutex::new(Some(TokioIo::new(stream)));
        let stream = Arc::new(stream);
        // There is one stream: an attempt to connect again must fail, not hang.
        let once = service_fn(move |_| {
            let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
            async { stream.ok_or_else(|| io::Error::other("the engine closed the connection")) }
        });
        let channel = Endpoint::from_static("http://localhost")
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_max_header_list_size(HEADERS)
            .connect_with_connector(once)
            .await
            .map_err(|error| Failure::Connection(chain(&error)))?;
        let mut bridge = LlbBridgeClient::new(channel);
        let pong = tokio::time::timeout(PING_TIMEOUT, bridge.ping(msg::PingRequest {}))
            .await
            .map_err(|_| Failure::Connection("the engine does not answer".into()))?
            .map_err(|status| Failure::Connection(format!("no engine: {}", status.message())))?;
        let opts = BuildOpts {
            environment,
            caps: CapSet::gateway(&pong.frontend_api_caps),
            llb_caps: CapSet::llb(&pong.llb_caps),
        };
        let inner = Inner {
            bridge,
            opts,
            resolved: super::resolve::Memo::default(),
            returned: AtomicBool::new(false),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
