//! The index in the older dialect: a DocumentReference per holder and patient.

use serde_json::{Value, json};

use super::access::Grant;
use super::list::bundle;
use super::records::Record;
use super::serve::{Reply, World};

const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
const PATIENT: &str = "http://fhir.nl/fhir/NamingSystem/pseudo-bsn";
const LOINC: &str = "http://loinc.org";
const PATIENT_DATA: &str = "55188-7";
/// This dialect names no source system.
const SOURCE: &str = "document-reference";
/// Where every record says that the data is. Nobody has any business there.
const ADDRESS: &str = "https://poison.example/fhir";

fn outcome(code: &str) -> Value {
    json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]})
}

fn shown(record: &Record) -> Value {
    json!({
        "resourceType": "DocumentReference",
        "id": record.id,
        "status": "current",
        "type": {"coding": [{"system": LOINC, "code": PATIENT_DATA}]},
        "custodian": {"identifier": {"system": URA, "value": record.ura}},
        "content": [{"attachment": {"contentType": "application/fhir+json", "url": ADDRESS}}],
    })
}

pub fn create(world: &World, grant: &Grant, body: &[u8]) -> Reply {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return Reply::fhir(400, outcome("structure")) };
    let attachment = &document["content"][0]["attachment"];
    let complete = document["resourceType"] == "DocumentReference"
        && document["type"]["coding"][0]["code"] == PATIENT_DATA
        && document["subject"]["identifier"]["system"] == PATIENT
        && document["custodian"]["identifier"]["system"] == URA
        && attachment["url"].is_string()
        && attachment["contentType"].is_string();
    if !complete {
        return Reply::fhir(422, outcome("invalid"));
    }
    if document["custodian"]["identifier"]["value"] != grant.ura {
        return Reply::fhir(403, outcome("forbidden"));
    }
    let pseudonym = document["subject"]["identifier"]["value"].as_str().and_then(|token| world.opened(token));
    let Some(pseudonym) = pseudonym else { return Reply::fhir(400, outcome("value")) };
    match world.records().add(&grant.ura, pseudonym, SOURCE) {
        Some(record) => Reply::fhir(201, shown(&record)),
        None => Reply::fhir(409, outcome("duplicate")),
    }
}

pub fn read(world: &World, grant: &Grant, id: &str) -> Reply {
    match world.records().get(&grant.ura, id) {
        Some(record) => Reply::fhir(200, shown(&record)),
        None => Reply::fhir(404, outcome("not-found")),
    }
}

pub fn delete(world: &World, grant: &Grant, id: &str) -> Reply {
    if world.records().remove(&grant.ura, id) { Reply::empty(204) } else { Reply::fhir(404, outcome("not-found")) }
}

pub fn search(world: &World, query: &[(String, String)]) -> Reply {
    let named = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if query.len() != 2 || named("type") != Some(&format!("{LOINC}|{PATIENT_DATA}")) {
        return Reply::fhir(400, outcome("not-supported"));
    }
    let token = named("patient.identifier").and_then(|value| value.strip_prefix(PATIENT)?.strip_prefix('|'));
    match token.and_then(|token| world.opened(token)) {
        Some(pseudonym) => {
            let found = world.records().of_patient(&pseudonym);
            Reply::fhir(200, bundle(found.iter().map(shown).collect()))
        }
        None => Reply::fhir(400, outcome("value")),
    }
}
