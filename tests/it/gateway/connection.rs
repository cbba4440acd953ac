//! Engines that are old, slow, silent, gone, or none.

use crate::support::bridge::{Bridge, Reply, refusal};
use buildkit_proto::caps;
use rust_frontend::gateway::{Environment, Failure, Gateway};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

#[tokio::test]
async fn the_first_call_tells_what_the_engine_can_do() {
    let bridge = Bridge::new()
        .without("mergeop", "only with the containerd store")
        .without("readdir", "");
    let gateway = bridge.connect().await.unwrap();
    assert!(gateway.llb_caps().has(caps::FILE_BASE));
    let missing = gateway.llb_caps().require(caps::MERGE_OP).unwrap_err();
    assert_eq!(
        missing.reason.as_deref(),
        Some("only with the containerd store")
    );
    assert!(!gateway.caps().has(caps::gateway::READ_DIR));
    assert!(bridge.methods().is_empty());
}

#[tokio::test]
async fn an_engine_without_lists_has_the_frozen_capabilities() {
    let gateway = Bridge::new().without_caps().connect().await.unwrap();
    assert!(gateway.caps().has(caps::gateway::READ_FILE));
    assert!(gateway.llb_caps().has(caps::SOURCE_LOCAL));
    assert!(!gateway.llb_caps().has(caps::FILE_BASE));
}

#[tokio::test]
async fn what_is_no_engine_is_no_connection() {
    let (near, mut far) = tokio::io::duplex(1024);
    tokio::spawn(async move {
        far.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        let mut rest = Vec::new();
        let _ = far.read_to_end(&mut rest).await;
    });
    let failure = Gateway::connect(near, Environment::default())
        .await
        .unwrap_err();
    assert!(matches!(failure, Failure::Connection(_)), "{failure:?}");

    let (near, far) = tokio::io::duplex(1024);
    drop(far);
    let failure = Gateway::connect(near, Environment::default())
        .await
        .unwrap_err();
    assert!(matches!(failure, Failure::Connection(_)), "{failure:?}");
}

#[tokio::test]
async fn a_refused_ping_is_no_connection() {
    let bridge = Bridge::new().on_raw("Ping", |_| Reply::Error(refusal("not today")));
    let failure = bridge.connect().await.unwrap_err();
    assert_eq!(failure, Failure::Connection("no engine: not today".into()));
}

#[tokio::test(start_paused = true)]
async fn a_silent_engine_is_given_up() {
    let bridge = Bridge::new().on_raw("Ping", |_| Reply::Silence);
    let failure = bridge.connect().await.unwrap_err();
    assert_eq!(
        failure,
        Failure::Connection("the engine does not answer".into())
    );
}

#[tokio::test]
async fn an_engine_that_goes_in_the_middle_fails_this_call_and_the_next() {
    let bridge = Bridge::new().on_raw("Solve", |_| Reply::HangUp);
    let gateway = bridge.connect().await.unwrap();
    let failure = gateway.solve(super::source("context")).await.unwrap_err();
    assert!(matches!(failure, Failure::Connection(_)), "{failure:?}");
    assert!(failure.to_string().contains("lost the engine"), "{failure}");
    let next = gateway.inputs();
    let failure = tokio::time::timeout(Duration::from_secs(5), next)
        .await
        .unwrap()
        .unwrap_err();
    assert!(matches!(failure, Failure::Connection(_)), "{failure:?}");
}

/// A stream that passes one byte at a time: every frame is torn.
struct Trickle<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for Trickle<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut one = [0];
        let mut small = ReadBuf::new(&mut one);
        let poll = Pin::new(&mut self.0).poll_read(context, &mut small);
        buffer.put_slice(small.filled());
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Trickle<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let one = data.get(..1).unwrap_or_default();
        Pin::new(&mut self.0).poll_write(context, one)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[tokio::test]
async fn a_slow_stream_is_only_slow() {
    let (near, far) = tokio::io::duplex(64 << 10);
    let bridge = Bridge::new().file("a", "text");
    tokio::spawn(bridge.clone().serve(far));
    let gateway = Gateway::connect(Trickle(near), Environment::default())
        .await
        .unwrap();
    let solved = gateway.solve(super::source("context")).await.unwrap();
    assert_eq!(solved.read_file("a", 10).await.unwrap(), b"text");
}

#[tokio::test]
async fn dropping_a_call_cancels_it_and_nothing_else() {
    let bridge = Bridge::new().on_raw("Solve", |_| Reply::Silence);
    let gateway = bridge.connect().await.unwrap();
    let call = gateway.solve(super::source("context"));
    let asked = async {
        while !bridge.methods().iter().any(|name| name == "Solve") {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = call => panic!("there was an answer"),
        () = asked => {}
    }
    for _ in 0..100 {
        if bridge.cancelled() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bridge.cancelled(), 1);
    gateway.inputs().await.unwrap();
}
