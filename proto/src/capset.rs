//! What an engine can do, and why not.

use crate::apicaps::ApiCap;
use crate::caps;
use std::collections::BTreeMap;
use std::fmt;

/// The capabilities of one engine: of its graphs or of its gateway.
///
/// A capability is there only if it is listed *and* enabled: classic dockerd lists merge and diff as
/// disabled, with a reason (`util/apicaps/caps.go`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapSet {
    known: BTreeMap<String, Option<Disabled>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Disabled {
    message: String,
    alternative: String,
}

/// A capability that was asked for and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Id of the capability.
    pub id: String,
    /// The engine's words for why it is off; `None` if the engine does not know it at all.
    pub reason: Option<String>,
    /// What the engine suggests instead; mostly empty.
    pub alternative: String,
}

impl CapSet {
    /// The capabilities of a graph, from `Ping`; an empty list means an engine older than such
    /// lists and gives [`caps::FROZEN`].
    pub fn llb(list: &[ApiCap]) -> CapSet {
        CapSet::from_list(list, caps::FROZEN)
    }

    /// The capabilities of a gateway, from `Ping`; empty as for [`CapSet::llb`].
    pub fn gateway(list: &[ApiCap]) -> CapSet {
        CapSet::from_list(list, caps::gateway::FROZEN)
    }

    fn from_list(list: &[ApiCap], frozen: &[&str]) -> CapSet {
        if list.is_empty() {
            return CapSet::of(frozen.iter().copied());
        }
        let known = list.iter().map(|cap| {
            let disabled = (!cap.enabled).then(|| Disabled {
                message: match cap.disabled_reason_msg.as_str() {
                    "" => cap.disabled_reason.clone(),
                    message => message.to_owned(),
                },
                alternative: cap.disabled_alternative.clone(),
            });
            (cap.id.clone(), disabled)
        });
        CapSet {
            known: known.collect(),
        }
    }

    /// A set of exactly these ids, all enabled.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> CapSet {
        CapSet {
            known: ids.into_iter().map(|id| (id.to_owned(), None)).collect(),
        }
    }

    /// Everything that BuildKit `minor` (the 11 of 0.11) knows of graphs, all enabled. For tests
    /// and for planning without an engine.
    pub fn llb_of_release(minor: u32) -> CapSet {
        CapSet::of_release(caps::LLB, minor)
    }

    /// Everything that the gateway of BuildKit `minor` knows, all enabled.
    pub fn gateway_of_release(minor: u32) -> CapSet {
        CapSet::of_release(caps::gateway::ALL, minor)
    }

    fn of_release(list: &'static [caps::Capability], minor: u32) -> CapSet {
        let since = |cap: &caps::Capability| -> u32 {
            cap.since
                .split('.')
                .nth(1)
                .and_then(|part| part.parse().ok())
                .unwrap_or(u32::MAX)
        };
        CapSet::of(
            list.iter()
                .filter(|cap| since(cap) <= minor)
                .map(|cap| cap.id),
        )
    }

    /// Turns one capability off, for a reason.
    pub fn without(mut self, id: &str, reason: &str) -> CapSet {
        let disabled = Disabled {
            message: reason.to_owned(),
            alternative: String::new(),
        };
        self.known.insert(id.to_owned(), Some(disabled));
        self
    }

    /// Whether the capability is there and enabled.
    pub fn has(&self, id: &str) -> bool {
        matches!(self.known.get(id), Some(None))
    }

    /// Nothing if the capability is there, else why it is not.
    pub fn require(&self, id: &str) -> Result<(), Missing> {
        let (reason, alternative) = match self.known.get(id) {
            Some(None) => return Ok(()),
            Some(Some(off)) => (Some(off.message.clone()), off.alternative.clone()),
            None => (None, String::new()),
        };
        Err(Missing {
            id: id.to_owned(),
            reason,
            alternative,
        })
    }

    /// The enabled ids, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.known
            .iter()
            .filter(|(_, off)| off.is_none())
            .map(|(id, _)| id.as_str())
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = caps::find(&self.id);
        match known {
            Some(cap) => write!(
                f,
                "the engine lacks {} (capability `{}`",
                cap.feature, self.id
            )?,
            None => write!(f, "the engine lacks capability `{}`", self.id)?,
        }
        if let Some(cap) = known {
            write!(f, ", BuildKit {})", cap.since)?;
        }
        if let Some(reason) = self.reason.as_deref().filter(|reason| !reason.is_empty()) {
            write!(f, ": {reason}")?;
        }
        if !self.alternative.is_empty() {
            write!(f, "; use {} instead", self.alternative)?;
        }
        Ok(())
    }
}

impl std::error::Error for Missing {}

#[cfg(test)]
mod tests {
    use super::*;

    fn cap(id: &str, enabled: bool, message: &str) -> ApiCap {
        ApiCap {
            id: id.into(),
            enabled,
            disabled_reason_msg: message.into(),
            ..Default::default()
        }
    }

    #[test]
    fn listed_and_enabled_is_there_listed_and_disabled_is_not() {
        let set = CapSet::llb(&[
            cap("file.base", true, ""),
            cap("mergeop", false, "no store"),
        ]);
        assert!(set.has(caps::FILE_BASE) && !set.has(caps::MERGE_OP) && !set.has(caps::DIFF_OP));
        assert_eq!(
            set.require(caps::MERGE_OP).unwrap_err().to_string(),
            "the engine lacks merging filesystems (capability `mergeop`, BuildKit 0.10): no store"
        );
        assert_eq!(
            set.require(caps::DIFF_OP).unwrap_err().to_string(),
            "the engine lacks difference of filesystems (capability `diffop`, BuildKit 0.10)"
        );
        assert_eq!(
            set.require("x").unwrap_err().to_string(),
            "the engine lacks capability `x`"
        );
        assert_eq!(set.ids().collect::<Vec<_>>(), ["file.base"]);
    }

    #[test]
    fn no_list_means_the_frozen_one() {
        assert!(CapSet::llb(&[]).has(caps::SOURCE_GIT) && !CapSet::llb(&[]).has(caps::FILE_BASE));
        assert!(CapSet::gateway(&[]).has(caps::gateway::READ_FILE));
        assert!(!CapSet::gateway(&[]).has(caps::gateway::READ_DIR));
    }

    #[test]
    fn releases_grow() {
        assert!(!CapSet::llb_of_release(9).has(caps::MERGE_OP));
        let set = CapSet::llb_of_release(12);
        assert!(set.has(caps::MERGE_OP) && !set.has(caps::EXEC_MOUNT_CACHE_CONTENT));
        assert!(!set.without(caps::MERGE_OP, "off").has(caps::MERGE_OP));
        assert!(CapSet::gateway_of_release(13).has(caps::gateway::SOURCE_METARESOLVER));
    }
}
