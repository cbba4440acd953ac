//! Statements that the client wants about the result.

use super::{Reader, csv, prefixed};
use crate::image_ref::ImageRef;
use std::collections::BTreeMap;

/// The scanner for clients that name none.
const DEFAULT_GENERATOR: &str = "docker/buildkit-syft-scanner:stable-1";

/// Attestations asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attests {
    /// A list of what is in the image (`--sbom`).
    pub sbom: Option<Sbom>,
    /// How it was made (`--provenance`): the engine's task, kept to be tolerated.
    pub provenance: Option<BTreeMap<String, String>>,
}

/// How to list what is in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sbom {
    /// Image of the scanner, normalized.
    pub generator: String,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
}

impl Attests {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut wanted = BTreeMap::new();
        for prefix in ["attest:", "build-arg:BUILDKIT_ATTEST_"] {
            for (name, value) in prefixed(reader.map, prefix) {
                wanted.insert(name.to_lowercase(), value);
            }
        }
        let mut found = Self::default();
        for (name, text) in wanted {
            let attrs = attrs(&text).map_err(|error| format!("failed to parse {name}: {error}"));
            let mut attrs = reader.ok(attrs);
            match name.as_str() {
                "sbom" => {
                    let generator = attrs.remove("generator");
                    let generator = generator.as_deref().unwrap_or(DEFAULT_GENERATOR);
                    let parsed = generator.parse::<ImageRef>();
                    let named = parsed.map(|name| name.to_string());
                    let generator = reader.ok(named
                        .map_err(|why| format!("failed to parse sbom scanner {generator}: {why}")));
                    found.sbom = Some(Sbom {
                        generator,
                        parameters: attrs,
                    });
                }
                "provenance" => found.provenance = Some(attrs),
                other => reader.mistake(format!("unknown attestation type {other:?}")),
            }
        }
        found
    }
}

fn attrs(text: &str) -> Result<BTreeMap<String, String>, String> {
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    let pair = |field: String| match field.split_once('=') {
        Some((key, value)) => (key.to_owned(), value.to_owned()),
        None => (field, String::new()),
    };
    Ok(csv::fields(text)?.into_iter().map(pair).collect())
}
