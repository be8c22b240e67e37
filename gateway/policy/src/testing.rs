//! Made-up use cases and requests for the tests of this crate.

use fhir::interaction::Method;
use fhir::{Bsn, FhirVersion, Interaction, Ura};

use crate::caller::{Caller, DataHolder, Organisation, Person};
use crate::findings::{Consent, ConsentDecision, Finding, Findings, TreatmentRelation};
use crate::request::{Data, Direction, PatientScope, Request};
use crate::use_case::{UseCase, UseCaseId, UseCases};

pub(crate) const RELEASE: &str = "version = \"1.2.3\"\ntitle = \"T\"";
pub(crate) const PATIENT: &str = "999911120";

/// A use case of one patient that asks for both facts.
pub(crate) const ONE: &str = r#"{
  "title": "T", "purpose": "TREAT", "patient": "one",
  "findings": { "holder": ["treatment-relation", "consent"], "user": ["treatment-relation"] },
  "versions": { "r4": {
    "interactions": [
      { "type": "Patient", "codes": ["read", "search-type"] },
      { "type": "Condition", "codes": ["read", "search-type", "update", "delete"],
        "search": ["category", "_count", "_include", "encounter", "asserter.identifier"] },
      { "type": "MedicationRequest", "codes": ["search-type"], "search": ["_include", "_revinclude", "status"] },
      { "type": "Observation", "codes": ["history-instance", "vread", "create", "patch"] }
    ],
    "included": ["Medication", "Practitioner"],
    "operations": {
      "overview": { "level": "type", "type": "Patient", "directions": ["user"],
                    "collects": ["Patient", "Condition?category=problem-list-item"] },
      "story": { "level": "instance", "type": "Patient", "directions": ["user", "holder"], "collects": ["Patient"] }
    }
  } }
}"#;

/// The operations of the standard, and sending.
pub(crate) const SENDING: &str = r#"{
  "title": "T", "purpose": "TREAT", "patient": "one",
  "findings": { "holder": ["treatment-relation", "consent"], "user": ["treatment-relation"] },
  "versions": { "r4": {
    "interactions": [
      { "type": "Condition", "codes": ["search-type", "delete"], "search": ["category"] },
      { "type": "Observation", "codes": ["$lastn"], "search": ["code", "_count", "_sort", "_include"] },
      { "type": "MedicationRequest", "codes": ["search-type", "create", "update", "$latest-stops"] },
      { "type": "Patient", "codes": ["read", "search-type", "$everything", "create"] },
      { "type": "Composition", "codes": ["$document"] },
      { "type": "Organization", "codes": ["search-type"] },
      { "type": "Coverage", "codes": ["search-type"] }
    ],
    "system": ["transaction", "$latest-stops"],
    "included": ["Practitioner"]
  } }
}"#;

/// A transaction of these entries.
pub(crate) fn transaction(lines: &[&str]) -> Interaction {
    Interaction::Transaction { entries: lines.iter().map(|line| request(&[], line).interaction).collect() }
}

/// A directory: nobody's data.
pub(crate) const NOBODY: &str = r#"{
  "title": "T", "purpose": "TREAT", "patient": "nobody",
  "versions": { "r4": { "interactions": [
    { "type": "Organization", "codes": ["read", "search-type", "history-type"], "search": ["identifier", "name"] }
  ] } }
}"#;

/// Everything, in development.
pub(crate) const ANYTHING: &str = r#"{
  "title": "T", "purpose": "TREAT", "patient": "any", "development": true,
  "versions": { "r4": { "interactions": [
    { "type": "*", "search": ["*"], "codes": ["read", "search-type", "search-system", "history-system", "operation"] }
  ] } }
}"#;

/// The first lines of a policy of this use case.
pub(crate) fn policy(id: &str, rules: &str) -> String {
    format!("package {}\n\nimport rego.v1\n\n{rules}\n", id.replace('-', "_"))
}

pub(crate) fn use_case(id: &str, capability: &str, rules: &str) -> UseCase {
    UseCase::load(id, capability, &policy(id, rules), RELEASE, true).unwrap()
}

/// The four, under the names `one`, `sending`, `nobody` and `anything`; each says yes.
pub(crate) fn use_cases() -> UseCases {
    let yes = "allow := true";
    UseCases::new(vec![
        use_case("one", ONE, yes),
        use_case("sending", SENDING, yes),
        use_case("nobody", NOBODY, yes),
        use_case("anything", ANYTHING, yes),
    ])
}

pub(crate) fn bsn(text: &str) -> Bsn {
    Bsn::parse(text).unwrap()
}

pub(crate) fn id(text: &str) -> UseCaseId {
    UseCaseId::parse(text).unwrap()
}

/// The access log, for those who supervise it.
pub(crate) const LOG: &str = r#"{
  "title": "T", "purpose": "HCOMPL", "patient": "any", "data": "access-log",
  "versions": { "r4": { "interactions": [
    { "type": "AuditEvent", "codes": ["read", "search-type", "$review"], "search": ["date", "outcome", "_count"] }
  ] } }
}"#;

/// A request at the holder's gate by a caller that holds these use cases, about one patient.
pub(crate) fn request(held: &[&str], line: &str) -> Request {
    let (method, target) = line.split_once(' ').unwrap();
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => panic!("{other}"),
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        caller: Caller {
            client_id: "client".to_owned(),
            organisation: Organisation {
                ura: Ura::parse("90000101").unwrap(),
                name: Some("De Linde".to_owned()),
                kind: Some("X3".to_owned()),
            },
            person: Some(Person { id: "p1".to_owned(), name: Some("N. Name".to_owned()), role: "30.000".to_owned() }),
            responsible: None,
            use_cases: held.iter().map(|held| id(held)).collect(),
            patient: None,
            treatment_relation: None,
            emergency: None,
            token_id: None,
        },
        direction: Direction::Holder,
        holder: DataHolder(Ura::parse("90000201").unwrap()),
        holder_kind: Some("V6".to_owned()),
        version: FhirVersion::R4,
        interaction: Interaction::read(FhirVersion::R4, method, path, query, None).unwrap(),
        patient: PatientScope::One(bsn(PATIENT)),
        data: Data::Sources,
        use_case: None,
    }
}

pub(crate) fn consent(decision: ConsentDecision) -> Finding<Consent> {
    Finding::Found(Consent {
        decision,
        source: "mitz".to_owned(),
        reference: "answer-1".to_owned(),
        withhold: Vec::new(),
    })
}

pub(crate) fn relation() -> Finding<TreatmentRelation> {
    Finding::Found(TreatmentRelation {
        kind: "provider-list".to_owned(),
        reference: "enrolment-1".to_owned(),
        age_days: None,
    })
}

/// A treatment relation and the patient's consent.
pub(crate) fn all_found() -> Findings {
    Findings { treatment_relation: relation(), consent: consent(ConsentDecision::Permit) }
}
