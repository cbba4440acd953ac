//! The life of a frontend process: connect, build, return once, exit.

use super::{Environment, Failure, Gateway, Output, Stdio};
use std::any::Any;
use std::future::poll_fn;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

/// Where the last panic was; the hook knows it, the caught payload does not.
static PANICKED_AT: Mutex<String> = Mutex::new(String::new());

/// Serves one build on standard input and output and ends the process.
///
/// It exits at once after the engine took the result, with the connection still open: closing it
/// first, or lingering, lets the engine kill the process and fail the build.
pub fn run<F>(build: F) -> !
where
    F: AsyncFnOnce(Gateway) -> Result<Output, Failure>,
{
    let code = match Stdio::take() {
        Ok(stdio) => {
            note_panics();
            block_on(stdio, build)
        }
        Err(error) => {
            complain(&format!("no standard input or output: {error}"));
            1
        }
    };
    std::process::exit(code)
}

fn block_on<F>(stdio: Stdio, build: F) -> i32
where
    F: AsyncFnOnce(Gateway) -> Result<Output, Failure>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("no runtime: {error}"));
            return 1;
        }
    };
    let code = runtime.block_on(async {
        match Gateway::connect_stdio(stdio, Environment::from_process()).await {
            Ok(gateway) => {
                let served = serve(&gateway, build).await;
                let code = match served {
                    Ok(()) => 0,
                    Err(failure) => {
                        complain(&failure.to_string());
                        1
                    }
                };
                // The caller exits the process: nothing may be dropped before.
                std::mem::forget(gateway);
                code
            }
            Err(failure) => {
                complain(&failure.to_string());
                1
            }
        }
    });
    std::mem::forget(runtime);
    code
}

/// Runs a build and returns what it gives, or why it gives nothing, a panic included. Exactly one
/// of the two reaches the engine.
///
/// # Errors
/// The build's failure, after the engine was told, or the failure to tell.
pub async fn serve<F>(gateway: &Gateway, build: F) -> Result<(), Failure>
where
    F: AsyncFnOnce(Gateway) -> Result<Output, Failure>,
{
    match caught(build(gateway.clone())).await {
        Ok(output) => gateway.return_result(output).await,
        Err(failure) => {
            gateway.return_error(&failure).await?;
            Err(failure)
        }
    }
}

/// The future's own result, or that it panicked.
async fn caught<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut future = pin!(future);
    poll_fn(
        move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(payload) => Poll::Ready(Err(panicked(payload.as_ref()))),
        },
    )
    .await
}

fn panicked(payload: &(dyn Any + Send)) -> Failure {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let at = PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner);
    Failure::Internal(format!("{}{at}", text.unwrap_or("panic")))
}

fn note_panics() {
    std::panic::set_hook(Box::new(|info| {
        let at = info.location().map(|at| format!(" ({at})"));
        *PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner) = at.unwrap_or_default();
        complain(&info.to_string());
    }));
}

/// A line for the daemon's log; users never see it.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "rust-frontend: {text}");
}
