//! The end of a build: one result or one error, once.

use super::{Failure, Gateway, Ref};
use buildkit_proto::caps;
use buildkit_proto::gateway as msg;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// What a build gives: filesystems and what is said of them.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The filesystems.
    pub refs: Refs,
    /// Image configs, list of platforms, answers to subrequests; by exporter key.
    pub metadata: BTreeMap<String, Vec<u8>>,
    /// Statements about each filesystem, by platform; dropped on engines that cannot take them.
    pub attestations: BTreeMap<String, Vec<Attestation>>,
}

/// The filesystems of an [`Output`].
#[derive(Clone, Debug, Default)]
pub enum Refs {
    /// None: the answer is in the metadata.
    #[default]
    None,
    /// One, of one platform.
    Single(Ref),
    /// One for each platform, by its name.
    Map(BTreeMap<String, Ref>),
}

/// A statement about a filesystem.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// E.g. `reason` = `sbom`.
    pub metadata: BTreeMap<String, Vec<u8>>,
    /// The filesystem that holds it.
    pub reference: Ref,
    /// Where in it.
    pub path: String,
    /// URL of what is stated.
    pub predicate_type: String,
}

impl Gateway {
    /// Hands the result over. Nothing can be returned after it, whatever the engine answers.
    ///
    /// # Errors
    /// [`Failure::Internal`] for a second return, else the engine's answer.
    pub async fn return_result(&self, output: Output) -> Result<(), Failure> {
        self.hand_over(msg::ReturnRequest {
            result: Some(self.message(output)),
            error: None,
        })
        .await
    }

    /// Hands the failure over, with all its details.
    ///
    /// # Errors
    /// As [`Gateway::return_result`].
    pub async fn return_error(&self, failure: &Failure) -> Result<(), Failure> {
        self.hand_over(msg::ReturnRequest {
            result: None,
            error: Some(failure.to_status()),
        })
        .await
    }

    async fn hand_over(&self, request: msg::ReturnRequest) -> Result<(), Failure> {
        if self.inner.returned.swap(true, Ordering::SeqCst) {
            return Err(Failure::Internal("a result was already returned".into()));
        }
        self.bridge().r#return(request).await?;
        Ok(())
    }

    fn message(&self, output: Output) -> msg::Result {
        use msg::result::Result as Kind;
        let arrays = self.caps().has(caps::gateway::PROTO_REFARRAY);
        // Metadata alone still needs an (empty) reference: the engine wants either field.
        let result = match output.refs {
            Refs::Map(refs) if arrays => {
                let refs = refs.into_iter().map(|(key, made)| (key, made.message()));
                Kind::Refs(msg::RefMap {
                    refs: refs.collect(),
                })
            }
            Refs::Map(refs) => Kind::RefsDeprecated(msg::RefMapDeprecated {
                refs: refs.into_iter().map(|(key, made)| (key, made.id)).collect(),
            }),
            Refs::Single(made) if arrays => Kind::Ref(made.message()),
            Refs::Single(made) => Kind::RefDeprecated(made.id),
            Refs::None if arrays => Kind::Ref(msg::Ref::default()),
            Refs::None => Kind::RefDeprecated(String::new()),
        };
        let attests = self.caps().has(caps::gateway::REFERENCE_ATTESTATIONS);
        let attestations = output.attestations.into_iter().filter(|_| attests);
        msg::Result {
            metadata: output.metadata.into_iter().collect(),
            attestations: attestations
                .map(|(key, list)| {
                    let attestation = list.into_iter().map(Attestation::message).collect();
                    (key, msg::Attestations { attestation })
                })
                .collect(),
            result: Some(result),
        }
    }
}

impl Ref {
    fn message(self) -> msg::Ref {
        msg::Ref {
            id: self.id,
            def: None,
        }
    }
}

impl Attestation {
    fn message(self) -> msg::Attestation {
        msg::Attestation {
            kind: msg::AttestationKind::Bundle as i32,
            metadata: self.metadata.into_iter().collect(),
            r#ref: Some(self.reference.message()),
            path: self.path,
            in_toto_predicate_type: self.predicate_type,
            in_toto_subjects: Vec::new(),
        }
    }
}
