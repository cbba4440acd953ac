//! The life of a frontend process: connect, build, return once, exit.
//!
//! Two threads: one has the connection, the other builds. A panic of the second aborts the process (the tables for
//! unwinding are a tenth of the program), but not before the first has told the engine.

use super::{Environment, Failure, Gateway, Output, Stdio};
use std::io::Write as _;
use std::panic::PanicHookInfo;
use tokio::sync::mpsc;

/// Name of the thread that builds.
const BUILD: &str = "build";

/// The stack of a thread that reads projects, in bytes, of which the system gives what is used. A manifest of 13 kB may
/// nest thousands of tables.
pub(crate) const STACK: usize = 64 << 20;

/// How the thread that builds ended.
enum End {
    Done(Result<(), Failure>),
    Panic(String),
}

/// Serves one build on standard input and output and ends the process.
///
/// It exits at once after the engine took the result, with the connection still open: closing it
/// first, or lingering, lets the engine kill the process and fail the build.
pub fn run<F>(build: F) -> !
where
    F: AsyncFnOnce(Gateway) -> Result<Output, Failure> + Send + 'static,
{
    let ended = match Stdio::take() {
        Ok(stdio) => block_on(both(stdio, build)).and_then(|ended| ended),
        Err(error) => Err(Failure::Connection(format!(
            "no standard input or output: {error}"
        ))),
    };
    std::process::exit(match ended {
        Ok(()) => 0,
        Err(failure) => {
            complain(&failure.to_string());
            1
        }
    })
}

/// Runs a future in a runtime of this thread. Neither is dropped: the caller exits the process.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::Internal(format!("no runtime: {error}")))?;
    let made = runtime.block_on(future);
    std::mem::forget(runtime);
    Ok(made)
}

/// Connects here, and builds in the other thread.
async fn both<F>(stdio: Stdio, build: F) -> Result<(), Failure>
where
    F: AsyncFnOnce(Gateway) -> Result<Output, Failure> + Send + 'static,
{
    let gateway = Gateway::connect_stdio(stdio, Environment::from_process()).await?;
    let (sender, mut ends) = mpsc::unbounded_channel();
    let panics = sender.clone();
    std::panic::set_hook(Box::new(move |info| panicked(info, &panics)));
    let own = gateway.clone();
    let thread = std::thread::Builder::new().name(BUILD.to_owned());
    let thread = thread.stack_size(STACK);
    let thread = thread.spawn(move || {
        let ended = block_on(serve(&own, build)).and_then(|ended| ended);
        let _ = sender.send(End::Done(ended));
        // Nothing may be dropped before the process exits.
        std::mem::forget(own);
    });
    let ended = match (thread, ends.recv().await) {
        (Ok(_), Some(End::Done(ended))) => ended,
        (Ok(_), Some(End::Panic(text))) => told(&gateway, Failure::Internal(text)).await,
        (Err(error), _) => told(&gateway, Failure::Internal(error.to_string())).await,
        (Ok(_), None) => Err(Failure::Internal("the build ended without a result".into())),
    };
    std::mem::forget(gateway);
    ended
}

/// Runs a build and returns what it gives, or why it gives nothing. Exactly one of the two reaches the engine.
///
/// # Errors
/// The build's failure, after the engine was told, or the failure to tell.
pub async fn serve<F>(gateway: &Gateway, build: F) -> Result<(), Failure>
where
    F: AsyncFnOnce(Gateway) -> Result<Output, Failure>,
{
    match build(gateway.clone()).await {
        Ok(output) => gateway.return_result(output).await,
        Err(failure) => told(gateway, failure).await,
    }
}

async fn told(gateway: &Gateway, failure: Failure) -> Result<(), Failure> {
    gateway.return_error(&failure).await?;
    Err(failure)
}

/// The panic hook. The process aborts as soon as a hook returns. On the build thread it therefore never returns: the
/// other thread tells the engine and exits.
fn panicked(info: &PanicHookInfo<'_>, ends: &mpsc::UnboundedSender<End>) {
    complain(&info.to_string());
    let text = info.payload_as_str().unwrap_or("panic");
    let at = info.location().map(|at| format!(" ({at})"));
    let end = End::Panic(format!("{text}{}", at.unwrap_or_default()));
    if std::thread::current().name() == Some(BUILD) && ends.send(end).is_ok() {
        loop {
            std::thread::park();
        }
    }
}

/// A line for the daemon's log; users never see it.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "rust-frontend: {text}");
}
