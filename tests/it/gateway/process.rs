//! The real program, with an engine on its standard input and output.

use crate::support::bridge::{Bridge, Reply};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tokio::net::unix::pipe;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rust-frontend");

/// The program as BuildKit starts it, and the engine's end of its pipes.
fn start(options: &[&str], bridge: &Bridge) -> Child {
    start_as(Path::new(PROGRAM), options, bridge)
}

fn start_as(program: &Path, options: &[&str], bridge: &Bridge) -> Child {
    let mut command = Command::new(program);
    for (n, option) in options.iter().enumerate() {
        command.env(format!("BUILDKIT_FRONTEND_OPT_{n}"), option);
    }
    let mut child = command
        .env("BUILDKIT_SESSION_ID", "s1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let to = child.stdin.take().unwrap();
    let from = child.stdout.take().unwrap();
    let to = pipe::Sender::from_owned_fd(to.into()).unwrap();
    let from = pipe::Receiver::from_owned_fd(from.into()).unwrap();
    tokio::spawn(bridge.clone().serve(tokio::io::join(from, to)));
    child
}

async fn ended(mut child: Child) -> ExitStatus {
    // A minute: other tests may keep the machine busy.
    for _ in 0..6000 {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap();
    panic!("the program does not end");
}

#[tokio::test]
async fn a_build_ends_with_one_return_and_the_process() {
    let bridge = Bridge::new();
    // What cannot be read is refused whatever is built.
    let child = start(&["shm-size=large"], &bridge);
    // The engine keeps its end open: the program must not wait for it.
    let status = ended(child).await;
    assert_eq!(status.code(), Some(1));
    let request = bridge.returned();
    assert_eq!(
        request.error.unwrap().message,
        "failed to parse shm size: strconv.ParseInt: parsing \"large\": invalid syntax"
    );
}

#[tokio::test]
async fn a_feature_that_is_not_there_is_refused() {
    let bridge = Bridge::new();
    ended(start(&["frontend.caps=x.y"], &bridge)).await;
    let request = bridge.returned();
    assert_eq!(request.error.unwrap().code, 12);
}

#[tokio::test]
async fn an_engine_that_hangs_up_ends_the_process() {
    let bridge = Bridge::new().on_raw("Return", |_| Reply::HangUp);
    let status = ended(start(&["shm-size=large"], &bridge)).await;
    assert_eq!(status.code(), Some(1));
}

#[test]
fn without_an_engine_the_program_says_so_and_prints_nothing() {
    let output = Command::new(env!("CARGO_BIN_EXE_rust-frontend"))
        .env("BUILDKIT_SESSION_ID", "s1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("not the pipes of a BuildKit daemon"),
        "{said}"
    );
}

#[tokio::test]
async fn a_panic_is_an_error_message() {
    let bridge = Bridge::new();
    // Only a run of all tests has built it.
    let release = Path::new(PROGRAM).parent().unwrap().ends_with("release");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--example", "panicking-frontend"])
        .args(release.then_some("--release"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success());
    let program = Path::new(PROGRAM).with_file_name("examples/panicking-frontend");
    let status = ended(start_as(&program, &[], &bridge)).await;
    assert_eq!(status.code(), Some(1));
    let request = bridge.returned();
    let error = request.error.unwrap();
    assert_eq!(error.code, 2);
    let start = "internal error of the Rust frontend: no luck (tests/it/gateway/panicking.rs:";
    assert!(error.message.starts_with(start), "{}", error.message);
    assert!(error.message.ends_with("please report it"));
}
