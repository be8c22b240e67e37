//! The index in the dialect of the ministry's guide, as its running code answers: no subject in answers, another source system
//! than was sent, 201 to a deletion, outcomes with another key, 422 to `code`, and no search by form.

use serde_json::{Value, json};

use super::access::Grant;
use super::records::Record;
use super::serve::{Reply, World};
use super::subject;

const CUSTODIAN: &str =
    "http://minvws.github.io/generiekefuncties-docs/StructureDefinition/nl-gf-localization-custodian";
const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
const PATIENT: &str = "http://minvws.github.io/generiekefuncties-docs/NamingSystem/nvi-identifier";
const SOURCE: &str = "urn:ietf:rfc:3986";
/// What every answer names as the source system, whatever it was.
const SOURCE_IN_ANSWERS: &str = "https://example.com/device";

/// An outcome as the running code writes it.
fn outcome(severity: &str, text: &str) -> Value {
    json!({"resource_type": "OperationOutcome", "issue": [{"severity": severity, "code": "informational", "details": {"text": text}}]})
}

/// A validation error, whose key is right.
fn invalid(text: &str) -> Value {
    json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid", "details": {"text": text}}]})
}

/// A record without whom it is about.
pub fn shown(record: &Record) -> Value {
    json!({
        "resourceType": "List",
        "id": record.id,
        "status": "current",
        "mode": "working",
        "extension": [{"url": CUSTODIAN, "valueReference": {"identifier": {"system": URA, "value": record.ura}}}],
        "source": {"identifier": {"system": SOURCE_IN_ANSWERS, "value": record.source}, "type": "Device"},
        "emptyReason": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": "withheld"}]},
    })
}

pub fn create(world: &World, grant: &Grant, body: &[u8]) -> Reply {
    let Ok(list) = serde_json::from_slice::<Value>(body) else { return Reply::fhir(422, invalid("no JSON")) };
    let forbidden = ["meta", "identifier", "title", "entry", "note"];
    if list["resourceType"] != "List" || forbidden.iter().any(|name| !list[*name].is_null()) {
        return Reply::fhir(422, invalid("not of the profile"));
    }
    let holder = &list["extension"][0];
    let holder = (holder["url"] == CUSTODIAN).then(|| holder["valueReference"]["identifier"]["value"].as_str());
    if holder.flatten() != Some(&grant.ura) || grant.source_id.is_none() {
        return Reply::fhir(403, outcome("error", "Registration not linked to the authorized URA"));
    }
    let source = &list["source"]["identifier"];
    if source["system"] != SOURCE {
        return Reply::fhir(400, outcome("error", "source"));
    }
    let about = &list["subject"]["identifier"];
    let pseudonym = about["value"].as_str().filter(|_| about["system"] == PATIENT);
    let Some(pseudonym) = pseudonym.and_then(|token| world.opened(token)) else {
        return Reply::fhir(400, outcome("error", "Invalid pseudonym in subject:identifier"));
    };
    match world.records().add(&grant.ura, pseudonym, source["value"].as_str().unwrap_or_default()) {
        Some(record) => Reply::fhir(201, shown(&record)),
        None => Reply::fhir(409, outcome("error", "Record already exists")),
    }
}

pub fn read(world: &World, grant: &Grant, id: &str) -> Reply {
    match world.records().get(&grant.ura, id) {
        Some(record) => Reply::fhir(200, shown(&record)),
        None => Reply::fhir(404, outcome("error", "Resource not found")),
    }
}

pub fn delete(world: &World, grant: &Grant, id: &str) -> Reply {
    if world.records().remove(&grant.ura, id) {
        Reply::fhir(201, outcome("information", "Resource has been deleted successfully"))
    } else {
        Reply::fhir(404, outcome("warning", "Resource does not exist"))
    }
}

/// By patient over all holders; otherwise the caller's own.
pub fn search(world: &World, grant: &Grant, query: &[(String, String)]) -> Reply {
    let mut found = None;
    for (name, value) in query {
        match name.as_str() {
            "subject:identifier" => {
                let token = value.strip_prefix(PATIENT).and_then(|rest| rest.strip_prefix('|'));
                let Some(pseudonym) = token.and_then(|token| world.opened(token)) else {
                    return Reply::fhir(400, outcome("error", "Invalid pseudonym in subject:identifier"));
                };
                found = Some(world.records().of_patient(&pseudonym));
            }
            "source:identifier" => {
                let Some(source) = value.strip_prefix(SOURCE).and_then(|rest| rest.strip_prefix('|')) else {
                    return Reply::fhir(400, outcome("error", "source"));
                };
                found = Some(world.records().of_holder(&grant.ura, Some(source)));
            }
            _ => return Reply::fhir(422, invalid("extra_forbidden")),
        }
    }
    let found = found.unwrap_or_else(|| world.records().of_holder(&grant.ura, None));
    Reply::fhir(200, bundle(found.iter().map(shown).collect()))
}

/// The answer of a search.
pub fn bundle(found: Vec<Value>) -> Value {
    let entries: Vec<Value> = found.into_iter().map(|resource| json!({"resource": resource})).collect();
    json!({"resourceType": "Bundle", "type": "searchset", "total": entries.len(), "entry": entries})
}

/// A record that an ill index puts among its answers: of somebody, about somebody else.
pub fn about_another() -> Value {
    let record =
        Record { id: "stray".to_owned(), ura: "90009999".to_owned(), pseudonym: [0; 32], source: "x".to_owned() };
    let mut list = shown(&record);
    list["subject"] = json!({"identifier": {"system": PATIENT, "value": "c29tZWJvZHk"}});
    list
}

impl World {
    /// The pseudonym of a token, which is noted: a token is good for one message.
    pub fn opened(&self, token: &str) -> Option<super::group::Pseudonym> {
        let opened = subject::open(self.key(), token)?;
        self.note_token(token);
        Some(opened)
    }
}
