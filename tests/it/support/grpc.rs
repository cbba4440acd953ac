//! The least of a gRPC server: unary calls over HTTP/2, by hand.

use buildkit_proto::errdefs::base64_text;
use buildkit_proto::{Message as _, Status};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::future::ready;
use tokio::io::{AsyncRead, AsyncWrite};

/// Serves unary calls until the client goes: `answer` gets the method's name and the message.
pub(crate) async fn serve<S, F, Fut>(io: S, answer: F)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(String, Vec<u8>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<Vec<u8>, Status>> + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let answer = answer.clone();
        async move {
            let path = request.uri().path().to_owned();
            let method = path
                .strip_prefix("/moby.buildkit.v1.frontend.LLBBridge/")
                .unwrap_or(&path);
            let body = request.into_body().collect().await;
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            let message = body.get(5..).unwrap_or_default().to_vec();
            Ok::<_, Infallible>(response(answer(method.to_owned(), message).await))
        }
    });
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        // How many calls there are at a time is the client's to say.
        .max_concurrent_streams(None)
        .serve_connection(TokioIo::new(io), service)
        .await;
}

fn response(
    answer: Result<Vec<u8>, Status>,
) -> Response<impl Body<Data = Bytes, Error = Infallible>> {
    let (data, trailers) = match answer {
        Ok(message) => (frame(&message), trailers(0, "", None)),
        Err(status) => {
            let details = base64_text::encode(&status.encode_to_vec());
            let trailers = trailers(status.code, &status.message, Some(&details));
            (Bytes::new(), trailers)
        }
    };
    let body = Full::new(data).with_trailers(ready(Some(Ok(trailers))));
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", kind);
    response
}

fn frame(message: &[u8]) -> Bytes {
    let mut data = vec![0];
    let length = u32::try_from(message.len()).expect("a message fits its length");
    data.extend_from_slice(&length.to_be_bytes());
    data.extend_from_slice(message);
    data.into()
}

fn trailers(code: i32, message: &str, details: Option<&str>) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", code.into());
    let mut text = String::new();
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    trailers.insert("grpc-message", text.parse().expect("ASCII"));
    if let Some(details) = details {
        trailers.insert("grpc-status-details-bin", details.parse().expect("base64"));
    }
    trailers
}
