//! The loaded use cases. The two questions asked of them are in `admission` (could it be allowed at all) and
//! `deciding` (is it).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fhir::{FhirVersion, Interaction};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::capability::{ANY, Capability, VersionCapability};
use crate::checks;
use crate::decision::Releasable;
use crate::offer::Offer;
use crate::rego::Rego;
use crate::release::Release;

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

/// Which policy text decided: `release.toml`'s version and the SHA-256, in hex, of `policy.rego` followed by
/// `capability.json`, so that `cat policy.rego capability.json | sha256sum` gives it. Goes into every record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    pub version: String,
    pub digest: String,
}

/// One use case: capability, compiled policy and version.
pub struct UseCase {
    id: UseCaseId,
    capability: Capability,
    release: Release,
    policy: PolicyVersion,
    rego: Rego,
    prepared: BTreeMap<FhirVersion, Prepared>,
}

/// What is worked out of a version's capability once.
struct Prepared {
    releasable: Arc<Releasable>,
    collected: BTreeMap<String, Arc<[Interaction]>>,
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
    ///
    /// # Errors
    /// A sentence for the operator: what does not read, name things that exist, or fit together.
    pub fn load(
        id: &str,
        capability: &str,
        policy: &str,
        release: &str,
        development_mode: bool,
    ) -> Result<UseCase, UseCaseFault> {
        let fault = |what: String| UseCaseFault { use_case: id.to_owned(), what };
        let use_case = UseCaseId::parse(id)
            .ok_or_else(|| fault("a use case is named with lower case letters, digits and dashes".to_owned()))?;
        let release = Release::parse(release).map_err(fault)?;
        let parsed: Capability =
            serde_json::from_str(capability).map_err(|what| fault(format!("capability.json: {what}")))?;
        checks::check(&parsed, development_mode).map_err(fault)?;
        let rego = Rego::compile(&id.replace('-', "_"), policy).map_err(fault)?;
        let digest = Sha256::new().chain_update(policy).chain_update(capability).finalize();
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut prepared = BTreeMap::new();
        for (version, offered) in &parsed.versions {
            let offer = Offer { version: *version, capability: offered, patient: parsed.patient };
            prepared.insert(*version, Prepared::of(&offer).map_err(fault)?);
        }
        Ok(UseCase {
            id: use_case,
            capability: parsed,
            policy: PolicyVersion { version: release.version.clone(), digest },
            release,
            rego,
            prepared,
        })
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
    pub fn release(&self) -> &Release {
        &self.release
    }
    pub(crate) fn rego(&self) -> &Rego {
        &self.rego
    }
    pub(crate) fn offer(&self, version: FhirVersion) -> Option<Offer<'_>> {
        let capability = self.capability.versions.get(&version)?;
        Some(Offer { version, capability, patient: self.capability.patient })
    }
    pub(crate) fn releasable(&self, version: FhirVersion) -> Option<Arc<Releasable>> {
        self.prepared.get(&version).map(|prepared| Arc::clone(&prepared.releasable))
    }
    /// The searches that this operation collects.
    pub(crate) fn collected(&self, version: FhirVersion, operation: &str) -> Option<&Arc<[Interaction]>> {
        self.prepared.get(&version)?.collected.get(operation)
    }
}

impl Prepared {
    fn of(offer: &Offer<'_>) -> Result<Prepared, String> {
        let mut collected = BTreeMap::new();
        for (name, operation) in &offer.capability.operations {
            let searches = checks::collected(offer, name, operation)?;
            collected.insert(name.clone(), searches.into());
        }
        Ok(Prepared { releasable: Arc::new(releasable(offer.capability)), collected })
    }
}

fn releasable(offered: &VersionCapability) -> Releasable {
    let types = || offered.interactions.iter().map(|entry| &entry.resource_type).chain(&offered.included);
    if types().any(|name| name == ANY) { Releasable::Every } else { Releasable::These(types().cloned().collect()) }
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
}
