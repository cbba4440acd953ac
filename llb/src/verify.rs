//! stub
use buildkit_proto::pb::Definition;
/// Rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {}
/// Violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
}
/// Verify.
pub fn verify(_definition: &Definition) -> Vec<Violation> {
    Vec::new()
}
