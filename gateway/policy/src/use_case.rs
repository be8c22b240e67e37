//! The loaded use cases. The two questions asked of them are in `admission` (could it be allowed at all) and
//! `deciding` (is it).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fhir::FhirVersion;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::capability::{ANY, Capability, Fact, VersionCapability};
use crate::checks;
use crate::deciding::Plan;
use crate::decision::Releasable;
use crate::matrix::Matrix;
use crate::offer::Offer;
use crate::rego::Rego;
use crate::release::Release;
use crate::request::Direction;
use crate::shadow::Shadow;

/// The name of a use case: its folder in `profiles/` and the scope of a token. Lower case, digits, dashes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UseCaseId(Arc<str>);

impl From<UseCaseId> for String {
    fn from(id: UseCaseId) -> String {
        id.as_str().to_owned()
    }
}

impl TryFrom<String> for UseCaseId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        UseCaseId::parse(&text).ok_or("a use case is named with lower case letters, digits and dashes")
    }
}

impl UseCaseId {
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ((1..=64).contains(&text.len()) && text.bytes().all(allowed)).then(|| UseCaseId(text.into()))
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
/// `capability.json` (and `matrix.toml`, where there is one), so that `cat policy.rego capability.json | sha256sum` gives
/// it. Goes into every record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    pub version: Box<str>,
    pub digest: Box<str>,
    /// The revision of the signed bundle that it came in, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Box<str>>,
}

/// One use case: capability, compiled policy and version.
pub struct UseCase {
    id: UseCaseId,
    capability: Capability,
    release: Release,
    policy: PolicyVersion,
    /// What the digest is of.
    seal: Sha256,
    rego: Rego,
    matrix: Option<Matrix>,
    shadow: Option<Shadow>,
    prepared: BTreeMap<FhirVersion, Prepared>,
}

/// What is worked out of a version's capability once.
struct Prepared {
    releasable: Arc<Releasable>,
    collected: BTreeMap<String, Collected>,
}

/// The searches of an operation: in its own version, and in each other one in which sources are asked.
struct Collected {
    own: Plan,
    elsewhere: BTreeMap<FhirVersion, Plan>,
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
        let use_case = UseCaseId::try_from(id.to_owned()).map_err(|what| fault(what.to_owned()))?;
        let release = Release::parse(release).map_err(fault)?;
        let parsed: Capability =
            serde_json::from_str(capability).map_err(|what| fault(format!("capability.json: {what}")))?;
        checks::check(&parsed, development_mode).map_err(fault)?;
        release.check(&parsed).map_err(fault)?;
        let rego = Rego::compile(&id.replace('-', "_"), policy).map_err(fault)?;
        let seal = Sha256::new().chain_update(policy).chain_update(capability);
        let mut prepared = BTreeMap::new();
        for (version, offered) in &parsed.versions {
            let offer = Offer { version: *version, capability: offered, patient: parsed.patient };
            prepared.insert(*version, Prepared::of(&offer, &parsed).map_err(fault)?);
        }
        Ok(UseCase {
            id: use_case,
            capability: parsed,
            policy: PolicyVersion {
                version: release.version.as_str().into(),
                digest: hex(seal.clone()).into(),
                bundle: None,
            },
            seal,
            release,
            rego,
            matrix: None,
            shadow: None,
            prepared,
        })
    }

    /// The same use case with a role matrix below its policy. The digest is then of policy, capability and matrix.
    ///
    /// # Errors
    /// When the matrix does not read or does not fit the use case.
    pub fn with_matrix(mut self, matrix: &str) -> Result<UseCase, UseCaseFault> {
        let read = Matrix::parse(matrix, &self.capability);
        self.matrix = Some(read.map_err(|what| UseCaseFault { use_case: self.id.to_string(), what })?);
        self.policy.digest = hex(self.seal.clone().chain_update(matrix)).into();
        Ok(self)
    }

    /// The same use case with another policy text beside its own, which is evaluated as well and decides nothing.
    ///
    /// # Errors
    /// As of [`UseCase::load`].
    pub fn with_shadow(mut self, policy: &str, release: &str) -> Result<UseCase, UseCaseFault> {
        let shadow = Shadow::load(self.id.as_str(), policy, release);
        self.shadow = Some(shadow.map_err(|what| UseCaseFault { use_case: self.id.to_string(), what })?);
        Ok(self)
    }

    /// The same use case, as it came in a signed bundle of this revision.
    #[must_use]
    pub fn of_bundle(mut self, revision: &str) -> UseCase {
        self.policy.bundle = Some(revision.into());
        self
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
    /// Whether this fact is asked for before the decision at this gate.
    pub fn needs(&self, fact: Fact, direction: Direction) -> bool {
        let needed = &self.capability.findings;
        match direction {
            Direction::Holder => needed.holder.contains(&fact),
            Direction::User => needed.user.contains(&fact),
        }
    }
    pub fn release(&self) -> &Release {
        &self.release
    }
    pub(crate) fn matrix(&self) -> Option<&Matrix> {
        self.matrix.as_ref()
    }
    pub(crate) fn shadow(&self) -> Option<&Shadow> {
        self.shadow.as_ref()
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
    pub(crate) fn collected(&self, version: FhirVersion, operation: &str) -> Option<&Plan> {
        Some(&self.prepared.get(&version)?.collected.get(operation)?.own)
    }
    /// The searches that this operation of this version collects from sources that are asked in another one.
    pub(crate) fn collected_elsewhere(
        &self,
        version: FhirVersion,
        operation: &str,
    ) -> Option<&BTreeMap<FhirVersion, Plan>> {
        Some(&self.prepared.get(&version)?.collected.get(operation)?.elsewhere)
    }
    /// Whether one of its operations collects from sources that are asked in this version.
    pub fn collects_in(&self, version: FhirVersion) -> bool {
        let collects = |(own, prepared): (&FhirVersion, &Prepared)| {
            let mut operations = prepared.collected.values();
            operations.any(|collected| *own == version || collected.elsewhere.contains_key(&version))
        };
        self.prepared.iter().any(collects)
    }
}

impl Prepared {
    fn of(offer: &Offer<'_>, whole: &Capability) -> Result<Prepared, String> {
        let mut collected = BTreeMap::new();
        for (name, operation) in &offer.capability.operations {
            let own = checks::collected(offer, name, &operation.collects)?.into();
            let elsewhere = checks::collected_elsewhere(offer, whole, name, operation)?;
            collected.insert(name.clone(), Collected { own, elsewhere });
        }
        Ok(Prepared { releasable: Arc::new(releasable(offer.capability)), collected })
    }
}

/// A digest in hex.
pub(crate) fn hex(seal: Sha256) -> String {
    seal.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ANYTHING, LOG, NOBODY, ONE, RELEASE, policy};

    const YES: &str = "allow := true";

    fn load(id: &str, capability: &str, development_mode: bool) -> Result<UseCase, String> {
        UseCase::load(id, capability, &policy(id, YES), RELEASE, development_mode).map_err(|fault| fault.what)
    }

    #[test]
    fn the_digest_is_of_policy_and_capability_and_of_nothing_else() {
        let of = |policy: &str, capability: &str, release: &str| {
            UseCase::load("one", capability, policy, release, false).unwrap().policy().digest.clone()
        };
        let (text, other) = (policy("one", YES), policy("one", "allow := false"));
        let digest = of(&text, ONE, RELEASE);
        assert_eq!(digest.len(), 64);
        assert_eq!(digest, of(&text, ONE, "version = \"9.9.9\"\ntitle = \"Other\""));
        assert_ne!(digest, of(&other, ONE, RELEASE));
        assert_ne!(digest, of(&text, &format!("{ONE} "), RELEASE));
        // What `sha256sum` says of the two texts one after the other.
        let small = r#"{"title":"T","purpose":"TREAT","patient":"nobody","versions":{"r4":{}}}"#;
        let digest = of("package one\nallow := true\n", small, RELEASE);
        assert_eq!(digest.as_ref(), "2d90387aa727b61a4aeeb7a965e087d49872b5569664acb6ec23449d2702e34a");
    }

    #[test]
    fn what_is_only_for_development_loads_nowhere_else() {
        assert!(load("anything", ANYTHING, true).is_ok());
        assert!(load("anything", ANYTHING, false).is_err());
        // Without the mark it does not load in development mode either.
        assert!(load("anything", &ANYTHING.replace(r#""development": true,"#, ""), true).is_err());
        let of_one = ANYTHING.replace(r#""patient": "any""#, r#""patient": "one""#);
        assert!(load("anything", &of_one, true).is_ok());
        assert!(load("anything", &of_one.replace(r#""development": true,"#, ""), true).is_err());
    }

    #[test]
    fn a_use_case_about_the_access_log_opens_the_log_and_nothing_besides() {
        assert!(load("log", LOG, false).is_ok());
        assert!(load("log", &LOG.replace(r#""patient": "any""#, r#""patient": "one""#), false).is_ok());
        for (part, replacement) in [
            (r#""data": "access-log","#, ""),
            (r#""data": "access-log""#, r#""data": "sources""#),
            (r#""patient": "any""#, r#""patient": "nobody""#),
            (r#""data": "access-log""#, r#""data": "access-log", "findings": {"user": ["consent"]}"#),
            (r#""type": "AuditEvent""#, r#""type": "Provenance""#),
            (r#""read", "#, r#""read", "delete", "#),
            (r#""read", "#, r#""read", "create", "#),
            (r#""r4": {"#, r#""r4": { "included": ["Practitioner"],"#),
            (r#""r4": {"#, r#""r4": { "system": ["transaction"],"#),
            (r#""r4""#, r#""stu3""#),
        ] {
            assert!(LOG.contains(part), "{part}");
            assert!(load("log", &LOG.replacen(part, replacement, 1), false).is_err(), "{replacement}");
        }
        // The operation is the log's own: no other use case lists it.
        let of_sources = ONE.replace(r#""Observation""#, r#""AuditEvent""#).replace(r#""patch"]"#, r#""$review"]"#);
        assert!(load("one", &of_sources, false).is_err());
    }

    #[test]
    fn a_use_case_has_a_plain_name_that_is_its_package() {
        assert!(load("two-words-2", ONE, false).is_ok());
        for bad in ["", "Two", "two_words", "two words", "../one", "twee-é", &"x".repeat(65)] {
            assert!(load(bad, ONE, false).is_err(), "{bad}");
        }
        assert!(UseCase::load("one", ONE, &policy("other", YES), RELEASE, false).is_err());
        assert_eq!(serde_json::from_str::<UseCaseId>("\"one\"").unwrap().as_str(), "one");
        assert!(serde_json::from_str::<UseCaseId>("\"../one\"").is_err());
    }

    #[test]
    fn a_capability_that_does_not_read_or_fit_does_not_load() {
        assert!(load("one", ONE, false).is_ok() && load("one", NOBODY, false).is_ok());
        let table = [
            // Unknown, missing and doubled members.
            (r#""title": "T","#, r#""title": "T", "author": "A","#, "unknown field"),
            (r#""title": "T","#, "", "missing field"),
            (r#""title": "T","#, r#""title": " ","#, "title"),
            (r#""title": "T","#, r#""title": "T", "title": "T","#, "duplicate field"),
            (r#""story":"#, r#""overview":"#, "twice"),
            (r#""purpose": "TREAT""#, r#""purpose": "FAMRQT""#, "FAMRQT"),
            (r#""purpose": "TREAT""#, r#""purpose": "BTG", "ground": "emergency""#, "an objection is asked for"),
            (r#""purpose": "TREAT""#, r#""purpose": "TREAT", "ground": "emergency""#, "go together"),
            (r#""purpose": "TREAT""#, r#""purpose": "TREAT", "ground": "presumed-consent""#, "COC"),
            (r#""purpose": "TREAT""#, r#""purpose": "COC", "ground": "implied""#, "implied"),
            (r#""patient": "one""#, r#""patient": "two""#, "two"),
            (r#""patient": "one""#, r#""patient": "any""#, "development"),
            (r#""patient": "one""#, r#""patient": "nobody""#, "findings"),
            (r#"["treatment-relation", "consent"]"#, r#"["consent", "consent"]"#, "twice"),
            (r#"["treatment-relation", "consent"]"#, r#"["referral"]"#, "referral"),
            (r#""r4""#, r#""r5""#, "r5"),
            // Types and codes.
            (r#""type": "Observation""#, r#""type": "Observations""#, "no resource type"),
            (r#""type": "Observation""#, r#""type": "observation""#, "no resource type"),
            (r#""type": "Observation""#, r#""type": "Condition""#, "twice"),
            (r#""type": "Observation""#, r#""type": "*""#, "development"),
            (r#"["history-instance", "vread", "create", "patch"]"#, "[]", "no code"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["look"]"#, "no interaction code"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["vread", "vread"]"#, "twice"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["transaction"]"#, "no interaction code"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["lastn"]"#, "no interaction code"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["$everything"]"#, "Patient only"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["$document"]"#, "Composition only"),
            (r#"["read", "search-type"]"#, r#"["read", "$lastn"]"#, "Observation only"),
            (
                r#"["read", "search-type"]"#,
                r#"["read", "$latest-stops"]"#,
                "MedicationRequest, MedicationDispense only",
            ),
            (r#""r4": {"#, r#""stu3": {"system": ["$latest-stops"]}, "r4": {"#, "no operation of this version"),
            (
                r#""r4": {"#,
                r#""stu3": {"interactions": [{"type": "MedicationRequest", "codes": ["$latest-stops"]}]}, "r4": {"#,
                "no operation of this version",
            ),
            (r#""included":"#, r#""system": ["batch"], "included":"#, "batch"),
            (r#""included":"#, r#""system": ["transaction", "transaction"], "included":"#, "twice"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["search-system"]"#, "type *"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["history-system"]"#, "type *"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["operation"]"#, "type *"),
            (r#"["history-instance", "vread", "create", "patch"]"#, r#"["history-type"]"#, "one patient"),
            // Search parameters.
            (r#"["category","#, r#"["categories","#, "no search parameter"),
            (r#"["category","#, r#"["whenhandedover","#, "no search parameter"),
            (r#"["category","#, r#"["nobody.name","#, "no search parameter"),
            (r#"["category","#, r#"["*","#, "development"),
            (r#"["category","#, r#"["category", "_has","#, "beyond"),
            (r#"["category","#, r#"["category", "_filter","#, "beyond"),
            // What comes along.
            (r#"["Medication", "Practitioner"]"#, r#"["Encounter"]"#, "about a patient"),
            (r#"["Medication", "Practitioner"]"#, r#"["Device"]"#, "about a patient"),
            (r#"["Medication", "Practitioner"]"#, r#"["Binary"]"#, "about a patient"),
            (r#"["Medication", "Practitioner"]"#, r#"["Patient"]"#, "already"),
            (r#"["Medication", "Practitioner"]"#, r#"["*"]"#, "no resource type"),
            (r#"["Medication", "Practitioner"]"#, r#"["Medicine"]"#, "no resource type"),
            // Operations.
            (r#""level": "type""#, r#""level": "system""#, "level"),
            (r#""directions": ["user"]"#, r#""directions": []"#, "direction"),
            (r#""directions": ["user"]"#, r#""directions": ["sideways"]"#, "sideways"),
            (r#""overview": {"#, r#""$overview": {"#, "without $"),
            (r#""collects": ["Patient"]"#, r#""collects": []"#, "search to collect"),
            (r#""collects": ["Patient"]"#, r#""collects": ["Condition/c1"]"#, "no search of one type"),
            (r#""collects": ["Patient"]"#, r#""collects": ["Patient/p1/Condition"]"#, "no search of one type"),
            (r#""collects": ["Patient"]"#, r#""collects": ["Observation"]"#, "not offered"),
            (r#""collects": ["Patient"]"#, r#""collects": ["Claim"]"#, "not offered"),
            (r#""collects": ["Patient"]"#, r#""collects": ["Condition?code=1"]"#, "code is not offered"),
            (r#""collects": ["Patient"]"#, r#""collects": ["Condition?_count=1"]"#, "never ordered or cut"),
            (r#""collects": ["Patient"]"#, r#""collects": ["Elsewhere"]"#, "collects Elsewhere"),
        ];
        for (part, replacement, expected) in table {
            assert!(ONE.contains(part), "{part}");
            let fault = load("one", &ONE.replacen(part, replacement, 1), false).map(|_| ()).unwrap_err();
            assert!(fault.contains(expected), "{replacement} gave: {fault}");
        }
        for ground in ["explicit-consent", "presumed-consent"] {
            let transfer = ONE.replacen("\"TREAT\"", &format!("\"COC\", \"ground\": \"{ground}\""), 1);
            assert!(load("one", &transfer, false).is_ok(), "{ground}");
        }
        for text in ["", "[]", "null", "{}", "{\"title\""] {
            assert!(load("one", text, false).is_err(), "{text}");
        }
        let versionless = r#"{ "title": "T", "purpose": "TREAT", "patient": "one", "versions": {} }"#;
        assert!(load("one", versionless, false).is_err());
    }
}
