//! Graphs in, references out.

use super::{Failure, Gateway};
use crate::options::CacheImport;
use buildkit_llb as llb;
use buildkit_proto::caps;
use buildkit_proto::gateway as msg;
use buildkit_proto::pb::Definition;
use std::collections::BTreeMap;
use std::fmt;

/// A graph to solve.
#[derive(Clone, Debug, Default)]
pub struct SolveRequest {
    /// The graph; one without operations is an empty filesystem.
    pub definition: Definition,
    /// Caches to import; sent with every solve that may compile.
    pub cache_imports: Vec<CacheImport>,
    /// Build now. Without it the engine builds when a file is read or the result is exported, and
    /// errors show up then.
    pub evaluate: bool,
}

impl From<Definition> for SolveRequest {
    fn from(definition: Definition) -> Self {
        Self {
            definition,
            ..Self::default()
        }
    }
}

/// A solved graph: a filesystem that exists, or will when it is looked at.
#[derive(Clone)]
pub struct Ref {
    pub(super) gateway: Gateway,
    pub(super) id: String,
}

impl Gateway {
    /// Hands a graph to the engine.
    ///
    /// # Errors
    /// [`Failure::Missing`] when the graph needs what the engine does not have, else the engine's
    /// answer.
    pub async fn solve(&self, request: impl Into<SolveRequest>) -> Result<Ref, Failure> {
        let request = request.into();
        self.check_caps(&request.definition)?;
        let evaluates = self.caps().has(caps::gateway::GATEWAY_SOLVE_EVALUATE);
        let imports = self.caps().has(caps::gateway::IMPORT_CACHES);
        let message = msg::SolveRequest {
            definition: Some(request.definition),
            allow_result_return: true,
            allow_result_array_ref: true,
            cache_imports: request
                .cache_imports
                .into_iter()
                .filter(|_| imports)
                .map(|import| msg::CacheOptionsEntry {
                    r#type: import.kind,
                    attrs: import.attrs.into_iter().collect(),
                })
                .collect(),
            evaluate: request.evaluate && evaluates,
            ..Default::default()
        };
        let reply = self.bridge().solve(message).await?;
        let reference = Ref {
            gateway: self.clone(),
            id: single_id(reply)?,
        };
        if request.evaluate && !evaluates {
            reference.force().await?;
        }
        Ok(reference)
    }

    /// The graphs that the client passed, by name; none on engines that cannot.
    ///
    /// # Errors
    /// The engine's answer.
    pub async fn inputs(&self) -> Result<BTreeMap<String, Definition>, Failure> {
        if !self.caps().has(caps::gateway::FRONTEND_INPUTS) {
            return Ok(BTreeMap::new());
        }
        let reply = self.bridge().inputs(msg::InputsRequest {}).await?;
        Ok(reply.definitions)
    }

    /// The engine would refuse the graph, too, but in words that do not say what to do.
    pub(crate) fn check_caps(&self, definition: &Definition) -> Result<(), Failure> {
        let mut missing = llb::missing_caps(definition, self.llb_caps()).into_iter();
        match missing.next() {
            Some(first) => Err(self.missing(first.missing, first.vertices)),
            None => Ok(()),
        }
    }
}

fn single_id(reply: msg::SolveResponse) -> Result<String, Failure> {
    use msg::result::Result as Kind;
    match reply.result.and_then(|result| result.result) {
        Some(Kind::Ref(reference)) => Ok(reference.id),
        Some(Kind::RefDeprecated(id)) => Ok(id),
        None => Ok(reply.r#ref),
        Some(Kind::Refs(_) | Kind::RefsDeprecated(_)) => Err(Failure::Internal(
            "the engine answered one graph with several results".into(),
        )),
    }
}

impl Ref {
    /// The engine's name for it; empty for an empty filesystem.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Builds it now.
    ///
    /// # Errors
    /// The engine's answer: what a build step failed with.
    pub async fn evaluate(&self) -> Result<(), Failure> {
        if self.id.is_empty() {
            return Ok(());
        }
        if !self.gateway.caps().has(caps::gateway::GATEWAY_EVALUATE) {
            return self.force().await;
        }
        let request = msg::EvaluateRequest {
            r#ref: self.id.clone(),
        };
        self.gateway.bridge().evaluate(request).await?;
        Ok(())
    }

    /// Builds it on engines that cannot be asked to: looking at a file does.
    async fn force(&self) -> Result<(), Failure> {
        if self.id.is_empty() {
            return Ok(());
        }
        self.stat_file(".").await.map(|_| ())
    }
}

impl fmt::Debug for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref({:?})", self.id)
    }
}
