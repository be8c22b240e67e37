//! The loaded use cases, and the two questions asked of them: could it be allowed at all, and is it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::capability::Capability;
use crate::decision::{Denial, Permit};
use crate::findings::Findings;
use crate::request::{Admitted, Request};

/// The name of a use case: its folder in `profiles/` and the scope of a token. Lower case, digits, dashes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UseCaseId(String);

impl UseCaseId {
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ((1..=64).contains(&text.len()) && text.bytes().all(allowed)).then(|| UseCaseId(text.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UseCaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for UseCaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which policy text decided: `release.toml`'s version and the SHA-256 of the Rego text. Goes into every record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    pub version: String,
    pub digest: String,
}

/// One use case: capability, compiled policy and version.
pub struct UseCase {
    id: UseCaseId,
    capability: Capability,
    policy: PolicyVersion,
}

/// Why a use case cannot be loaded; a sentence for the operator.
#[derive(Clone, Debug, Error)]
#[error("use case {use_case}: {what}")]
pub struct UseCaseFault {
    pub use_case: String,
    pub what: String,
}

impl fmt::Debug for UseCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UseCase({} {})", self.id, self.policy.version)
    }
}

impl UseCase {
    /// Compiles a use case from its texts. `development_mode` says whether development use cases may load.
    pub fn load(
        _id: &str,
        _capability: &str,
        _policy: &str,
        _release: &str,
        _development_mode: bool,
    ) -> Result<UseCase, UseCaseFault> {
        todo!()
    }
    pub fn id(&self) -> &UseCaseId {
        &self.id
    }
    pub fn capability(&self) -> &Capability {
        &self.capability
    }
    pub fn policy(&self) -> &PolicyVersion {
        &self.policy
    }
}

/// All use cases of a node.
#[derive(Debug, Default)]
pub struct UseCases {
    all: Vec<Arc<UseCase>>,
}

impl UseCases {
    pub fn new(all: Vec<UseCase>) -> Self {
        UseCases { all: all.into_iter().map(Arc::new).collect() }
    }
    pub fn get(&self, id: &UseCaseId) -> Option<&Arc<UseCase>> {
        self.all.iter().find(|use_case| use_case.id() == id)
    }
    pub fn all(&self) -> impl Iterator<Item = &UseCase> {
        self.all.iter().map(AsRef::as_ref)
    }
    /// Whether the request could ever be allowed: asked before any BSN is told to anyone else.
    pub fn admissible(&self, _request: Request) -> Result<Admitted, Denial> {
        todo!()
    }
    /// The decision. Nothing else builds a [`Permit`].
    pub fn decide(&self, _admitted: &Admitted, _findings: &Findings) -> Result<Permit, Denial> {
        todo!()
    }
}
impl UseCase {
    /// Whether this fact is asked for before the decision at this gate.
    pub fn needs(&self, fact: crate::capability::Fact, direction: crate::request::Direction) -> bool {
        let needed = &self.capability.findings;
        match direction {
            crate::request::Direction::Holder => needed.holder.contains(&fact),
            crate::request::Direction::User => needed.user.contains(&fact),
        }
    }
}
