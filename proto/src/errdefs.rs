//! Error details as BuildKit sends them: JSON inside the `Any`s of a `google.rpc.Status`.
//!
//! Upstream: `util/grpcerrors/grpcerrors.go`, `solver/errdefs/*.go`. The type URL is the
//! registered name with `+json`; the value is JSON, not protobuf.

use crate::{Any, Status, pb};
use prost::Message as _;
use serde::{Deserialize, Serialize};

/// Code that shows a message bare; any other is shown with its name before the message.
pub const UNKNOWN: i32 = 2;
/// Code for a request or feature that a frontend does not have.
pub const UNIMPLEMENTED: i32 = 12;

const PREFIX: &str = "github.com/moby/buildkit/errdefs.";

/// A decoded detail. What is not known is kept and goes back unchanged.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// A place in a file; clients draw it.
    Source(Source),
    /// The vertex that failed.
    Vertex(Vertex),
    /// A request id that the frontend does not answer.
    Subrequest(Subrequest),
    /// A feature that the frontend does not have.
    FrontendCap(FrontendCap),
    /// Anything else, byte for byte.
    Other(Any),
}

/// `errdefs.Source`: the file and the ranges to show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<SourceInfo>,
    /// Lines to mark; each needs both ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Range>,
}

/// A file as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Name, shown as it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filename: String,
    /// Content.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "base64_text")]
    pub data: Vec<u8>,
    /// Graph that the file was read from, as opaque JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<serde_json::Value>,
    /// Language by linguist's name, such as `YAML`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
}

/// From the first to the last marked position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// First position. Clients fail on a range without it, so it is never left out.
    #[serde(default)]
    pub start: Position,
    /// Last position, never left out either.
    #[serde(default)]
    pub end: Position,
}

/// A position in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Line, from 1.
    #[serde(default)]
    pub line: i32,
    /// Column, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub character: i32,
}

/// `errdefs.Vertex`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vertex {
    /// Digest of the operation.
    #[serde(default)]
    pub digest: String,
}

/// `errdefs.Subrequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subrequest {
    /// Request id.
    #[serde(default)]
    pub name: String,
}

/// `errdefs.FrontendCap`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontendCap {
    /// Name of the feature.
    #[serde(default)]
    pub name: String,
}

fn is_zero(number: &i32) -> bool {
    *number == 0
}

impl Detail {
    /// The detail in an `Any`; one that cannot be read is [`Detail::Other`].
    pub fn decode(any: &Any) -> Detail {
        let known = any
            .type_url
            .strip_prefix(PREFIX)
            .and_then(|name| match name {
                "Source+json" => serde_json::from_slice(&any.value).ok().map(Detail::Source),
                "Vertex+json" => serde_json::from_slice(&any.value).ok().map(Detail::Vertex),
                "Subrequest+json" => serde_json::from_slice(&any.value)
                    .ok()
                    .map(Detail::Subrequest),
                "FrontendCap+json" => serde_json::from_slice(&any.value)
                    .ok()
                    .map(Detail::FrontendCap),
                _ => None,
            });
        known.unwrap_or_else(|| Detail::Other(any.clone()))
    }

    /// The detail as it is sent.
    pub fn encode(&self) -> Any {
        match self {
            Detail::Source(detail) => json("Source", detail),
            Detail::Vertex(detail) => json("Vertex", detail),
            Detail::Subrequest(detail) => json("Subrequest", detail),
            Detail::FrontendCap(detail) => json("FrontendCap", detail),
            Detail::Other(any) => any.clone(),
        }
    }
}

fn json(name: &str, detail: &impl Serialize) -> Any {
    let value = serde_json::to_vec(detail).expect("texts, numbers and lists always become JSON");
    Any {
        type_url: format!("{PREFIX}{name}+json"),
        value,
    }
}

/// A status with details.
pub fn status(code: i32, message: impl Into<String>, details: &[Detail]) -> Status {
    let details = details.iter().map(Detail::encode).collect();
    Status {
        code,
        message: message.into(),
        details,
    }
}

/// The details of a status, decoded, in order.
pub fn details(status: &Status) -> Vec<Detail> {
    status.details.iter().map(Detail::decode).collect()
}

/// The status inside an RPC's error, all details included; without one, code and message alone.
///
/// What comes out can be put into `Return` as it is.
pub fn from_rpc(error: &tonic::Status) -> Status {
    let bare = || Status {
        code: error.code() as i32,
        message: error.message().to_owned(),
        details: Vec::new(),
    };
    match Status::decode(error.details()) {
        Ok(status) if status.code != 0 => status,
        _ => bare(),
    }
}

impl From<&pb::SourceInfo> for SourceInfo {
    fn from(info: &pb::SourceInfo) -> SourceInfo {
        SourceInfo {
            filename: info.filename.clone(),
            data: info.data.clone(),
            definition: None,
            language: info.language.clone(),
        }
    }
}

impl From<&pb::Range> for Range {
    fn from(range: &pb::Range) -> Range {
        let position = |at: Option<pb::Position>| {
            at.map(|at| Position {
                line: at.line,
                character: at.character,
            })
            .unwrap_or_default()
        };
        Range {
            start: position(range.start),
            end: position(range.end),
        }
    }
}

/// Bytes as standard base64, which is how Go puts them into JSON.
pub mod base64_text {
    use base64::Engine as _;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error};

    /// Go writes padding in JSON and none in gRPC's headers.
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );

    /// For serde.
    pub fn serialize<S: Serializer>(data: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&encode(data))
    }

    /// For serde.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        decode(&text).ok_or_else(|| D::Error::custom("not base64"))
    }

    /// Bytes to text.
    pub fn encode(data: &[u8]) -> String {
        ENGINE.encode(data)
    }

    /// Text to bytes; `None` if it is not base64.
    pub fn decode(text: &str) -> Option<Vec<u8>> {
        ENGINE.decode(text).ok()
    }
}

#[cfg(test)]
#[path = "errdefs_tests.rs"]
mod tests;
