//! A handoff that a record system pushes in FHIR R4: the other side has it in STU3, resource for resource, and what STU3 cannot
//! hold is refused. What R4 calls otherwise is written out here, by hand, so that a mistake of the node is not made twice.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::setting::names_a_patient;
use super::super::{Flaw, Judgement, Setting, ensure};
use super::{JSON, is};
use crate::callers::Answer;
use crate::handoff::{Parties, by_name, differences, fresh, handoff};
use crate::region;

const R4_JSON: &str = "application/fhir+json; fhirVersion=4.0";
const R4_XML: &str = "application/fhir+xml; fhirVersion=4.0";
const ROLE: &str = "http://nictiz.nl/fhir/StructureDefinition/practitionerrole-reference";
const PERSON_ROLE: &str = "http://fhir.nl/fhir/StructureDefinition/nl-core-relatedperson-role";
const PERSON_ROLES: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.22.472";
const EXPLANATION: &str = "http://nictiz.nl/fhir/StructureDefinition/zib-NutritionAdvice-Explanation";
/// Types of living wills (zib AdvanceDirective).
const WILLS: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.14.1";

/// The resource of this name in a Bundle.
fn one<'b>(bundle: &'b mut Value, kind: &str, id: &str) -> Result<&'b mut Value, Flaw> {
    let entries = bundle["entry"].as_array_mut().into_iter().flatten();
    let mut resources = entries.map(|entry| &mut entry["resource"]);
    let found = resources.find(|one| one["resourceType"] == kind && one["id"] == id);
    found.ok_or_else(|| Flaw::NotRun(format!("the example has no {kind}/{id}")))
}

fn without(resource: &mut Value, name: &str) -> Value {
    resource.as_object_mut().and_then(|members| members.remove(name)).unwrap_or_default()
}

/// The example in STU3, with what R4 can say of it and some more that the two say otherwise.
fn in_stu3(run: &str) -> Result<Value, Flaw> {
    let patient = region::patients().into_iter().find(|patient| patient.known_at.contains(&region::HOSPITAL.key));
    let patient = patient.ok_or_else(|| Flaw::NotRun("the hospital knows no patient".to_owned()))?;
    let mut bundle = handoff(patient.bsn, run);
    let contact = json!({"reference": "RelatedPerson/overdracht-contact", "display": "M. van der Berg"});
    let will = one(&mut bundle, "Consent", "overdracht-wilsverklaring")?;
    // A source by its identifier is what R4 does not know.
    without(will, "sourceIdentifier");
    let record = "Living will and advance directive record (record artifact)";
    will["category"] =
        json!([coded("http://snomed.info/sct", "11341000146107", record), coded(WILLS, "NR", "Niet reanimeren")]);
    will["consentingParty"] = json!([contact]);
    let person = one(&mut bundle, "RelatedPerson", "overdracht-contact")?;
    person["relationship"] = coded("http://hl7.org/fhir/v3/RoleCode", "DAUC", "Dochter");
    let first = coded(PERSON_ROLES, "01", "Eerste relatie/contactpersoon");
    person["extension"] = json!([{"url": PERSON_ROLE, "valueCodeableConcept": first}]);
    let diet = one(&mut bundle, "NutritionOrder", "overdracht-voeding")?;
    diet["extension"] = json!([{"url": EXPLANATION, "valueString": "Sinds een week"}]);
    one(&mut bundle, "Coverage", "overdracht-verzekering")?["status"] = json!("active");
    let doctor = json!({"reference": "Practitioner/overdracht-arts", "display": "L. de Boer"});
    let role = json!({"resourceType": "PractitionerRole", "id": "overdracht-rol", "practitioner": doctor});
    if let Some(entries) = bundle["entry"].as_array_mut() {
        entries.push(json!({ "resource": role }));
    }
    let mut asserter = doctor;
    let reference = json!({"reference": "PractitionerRole/overdracht-rol", "display": "L. de Boer, chirurg"});
    asserter["extension"] = json!([{"url": ROLE, "valueReference": reference}]);
    let condition = one(&mut bundle, "Condition", "overdracht-heup")?;
    condition["asserter"] = asserter;
    condition["_clinicalStatus"] = json!({"extension": [{
        "url": "http://nictiz.nl/fhir/StructureDefinition/code-specification",
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "55561003", "display": "Actueel"}]},
    }]});
    let weight = one(&mut bundle, "Observation", "overdracht-gewicht")?;
    weight["comment"] = json!("Met schoenen");
    weight["related"] =
        json!([{"type": "derived-from", "target": {"reference": "Observation/overdracht-bloeddruk", "display": "x"}}]);
    let used = one(&mut bundle, "DeviceUseStatement", "overdracht-rollator-gebruik")?;
    used["whenUsed"] = json!({"start": "2026-11-14"});
    Ok(bundle)
}

fn coded(system: &str, code: &str, display: &str) -> Value {
    json!({"coding": [{"system": system, "code": code, "display": display}]})
}

fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code}]})
}

/// The same as R4 has it.
fn in_r4(stu3: &Value) -> Result<Value, Flaw> {
    let mut bundle = stu3.clone();
    bundle["identifier"] = json!({"system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", fresh())});
    bundle["timestamp"] = json!("2026-11-28T10:00:00Z");
    say_types(&mut bundle);
    let condition = one(&mut bundle, "Condition", "overdracht-heup")?;
    condition["clinicalStatus"] = concept("condition-clinical", "active");
    let specified = without(condition, "_clinicalStatus")["extension"][0]["valueCodeableConcept"]["coding"][0].clone();
    if let Some(codings) = condition["clinicalStatus"]["coding"].as_array_mut() {
        codings.push(specified);
    }
    condition["verificationStatus"] = concept("condition-ver-status", "confirmed");
    condition["asserter"] = condition["asserter"]["extension"][0]["valueReference"].clone();
    let allergy = one(&mut bundle, "AllergyIntolerance", "overdracht-allergie")?;
    allergy["clinicalStatus"] = concept("allergyintolerance-clinical", "active");
    allergy["verificationStatus"] = concept("allergyintolerance-verification", "confirmed");
    let alert = one(&mut bundle, "Flag", "overdracht-alert")?;
    alert["code"]["coding"][0]["system"] = json!("http://terminology.hl7.org/CodeSystem/v3-NullFlavor");
    let will = one(&mut bundle, "Consent", "overdracht-wilsverklaring")?;
    will["scope"] = concept("consentscope", "adr");
    let kind = will["category"][1].clone();
    will["category"] =
        json!([coded("http://terminology.hl7.org/CodeSystem/consentcategorycodes", "acd", "Advance Directive")]);
    let representative = without(will, "consentingParty")[0].clone();
    let role = coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "RESPRSN", "responsible party");
    will["provision"] = json!({"actor": [{"role": role, "reference": representative}], "code": [kind]});
    let person = one(&mut bundle, "RelatedPerson", "overdracht-contact")?;
    let role = without(person, "extension")[0]["valueCodeableConcept"].clone();
    let daughter = coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "DAUC", "Dochter");
    person["relationship"] = json!([daughter, role]);
    let diet = one(&mut bundle, "NutritionOrder", "overdracht-voeding")?;
    diet["intent"] = json!("order");
    diet["note"] = json!([{ "text": without(diet, "extension")[0]["valueString"] }]);
    let weight = one(&mut bundle, "Observation", "overdracht-gewicht")?;
    weight["note"] = json!([{ "text": without(weight, "comment") }]);
    weight["derivedFrom"] = json!([without(weight, "related")[0]["target"]]);
    let used = one(&mut bundle, "DeviceUseStatement", "overdracht-rollator-gebruik")?;
    used["timingPeriod"] = without(used, "whenUsed");
    let document = one(&mut bundle, "DocumentReference", "overdracht-document")?;
    document["date"] = without(document, "indexed");
    let letter = one(&mut bundle, "Binary", "overdracht-brief")?;
    letter["data"] = without(letter, "content");
    Ok(bundle)
}

/// Has each reference say to what type it refers, as R4 may.
fn say_types(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(say_types),
        Value::Object(members) => {
            members.values_mut().for_each(say_types);
            let kind = members.get("reference").and_then(Value::as_str).and_then(|text| text.split_once('/'));
            if let Some(kind) = kind.map(|(kind, _)| kind.to_owned()) {
                members.insert("type".to_owned(), json!(kind));
            }
        }
        _ => {}
    }
}

/// A value in XML, under this name: FHIR's own way, in no particular order.
fn xml(name: &str, value: &Value, beside: Option<&Value>, out: &mut String) {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                xml(name, item, beside.and_then(|all| all.get(at)), out);
            }
        }
        Value::Object(members) => {
            let kind = members.get("resourceType").and_then(Value::as_str);
            if let Some(kind) = kind {
                out.push_str(&format!("<{name}><{kind}>"));
            } else {
                let attribute = |name: &str| members.get(name).and_then(Value::as_str).map(escaped);
                let url = attribute("url").filter(|_| name == "extension").map(|url| format!(" url=\"{url}\""));
                out.push_str(&format!("<{name}{}>", url.unwrap_or_default()));
            }
            inner(name, members, out);
            out.push_str(&kind.map_or_else(|| format!("</{name}>"), |kind| format!("</{kind}></{name}>")));
        }
        other => {
            let text = other.as_str().map_or_else(|| other.to_string(), escaped);
            out.push_str(&format!("<{name} value=\"{text}\">"));
            if let Some(Value::Object(members)) = beside {
                inner(name, members, out);
            }
            out.push_str(&format!("</{name}>"));
        }
    }
}

fn inner(of: &str, members: &serde_json::Map<String, Value>, out: &mut String) {
    for (name, member) in members {
        let is_attribute = name == "url" && of == "extension" || name == "resourceType";
        if !name.starts_with('_') && !is_attribute {
            xml(name, member, members.get(&format!("_{name}")), out);
        }
    }
}

/// The Bundle as XML.
fn bundle_in_xml(bundle: &Value) -> String {
    let mut out = String::from("<Bundle xmlns=\"http://hl7.org/fhir\">");
    if let Some(members) = bundle.as_object() {
        inner("Bundle", members, &mut out);
    }
    out.push_str("</Bundle>");
    out
}

async fn send(parties: &Parties, method: Method, path: &str, kind: &str, bundle: &Value) -> Result<Answer, Flaw> {
    let url = format!("{}/handoffs{path}", parties.sender_inner);
    let body = if kind == R4_XML { bundle_in_xml(bundle) } else { bundle.to_string() };
    // Whoever speaks R4 wants R4 for an answer too.
    let headers =
        [("content-type", kind), ("accept", "application/fhir+json; fhirVersion=4.0, application/json;q=0.9")];
    Ok(parties.epd.raw(method, &url, &headers, Bytes::from(body)).await?)
}

pub(super) async fn whole(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let path = format!("?receiver={}", region::NURSING_HOME.ura);
    for kind in [R4_JSON, R4_XML] {
        let stu3 = in_stu3(&fresh())?;
        let bundle = in_r4(&stu3)?;
        let answer = send(&parties, Method::POST, &path, kind, &bundle).await?;
        ensure(answer.status == 201, || format!("{kind}: {} {}", answer.status, answer.json().unwrap_or_default()))?;
        let told = answer.json().unwrap_or_default();
        ensure(told["dangling"].is_null() && told["shortcomings"].is_null() && told["resources"] == 21, || {
            format!("the push is answered with {told}")
        })?;
        let again = send(&parties, Method::POST, &path, kind, &bundle).await?;
        is(&again, 200, "the same again")?;
        ensure(again.json().unwrap_or_default()["id"] == told["id"], || "it is another transfer".to_owned())?;
        let task = told["task"].as_str().unwrap_or_default();
        let id = parties.until(task, "offered").await?;
        // A newer version, in R4 too.
        let (mut newer, mut newer_r4) = (stu3.clone(), bundle.clone());
        for bundle in [&mut newer, &mut newer_r4] {
            one(bundle, "Condition", "overdracht-heup")?["onsetDateTime"] = json!("2026-11-13");
        }
        let sent = format!("/sent/{}", told["id"].as_str().unwrap_or_default());
        let replaced = send(&parties, Method::PUT, &sent, kind, &newer_r4).await?;
        is(&replaced, 200, "a newer version in R4")?;
        ensure(replaced.json().unwrap_or_default()["version"] == 2, || "it is no newer version".to_owned())?;
        parties.take(&id).await?;
        parties.until(task, "completed").await?;
        let came = parties.document(&id).await?;
        let differ = differences(&newer, &came);
        ensure(differ.is_empty(), || format!("{kind}: {}", differ.join("; ")))?;
        ensure(by_name(&came).len() == 21, || "not every resource came".to_owned())?;
    }
    Ok(())
}

pub(super) async fn refused(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let path = format!("?receiver={}", region::NURSING_HOME.ura);
    let mark = setting.mark(region::HOSPITAL.key).await?;
    let good = in_r4(&in_stu3(&fresh())?)?;
    let mut bad = good.clone();
    let condition = one(&mut bad, "Condition", "overdracht-heup")?;
    condition["recordedDate"] = json!("2026-11-12");
    condition["extension"] = json!([{"url": "https://other.example/van-den-Berg", "valueString": "x"}]);
    condition["meta"]["profile"] = json!(["http://nictiz.nl/fhir/StructureDefinition/nl-core-Problem"]);
    let entries = bad["entry"].as_array().cloned().unwrap_or_default();
    let at = entries.iter().position(|entry| entry["resource"]["resourceType"] == "Condition").unwrap_or_default();
    for kind in [R4_JSON, R4_XML] {
        let answer = send(&parties, Method::POST, &path, kind, &bad).await?;
        is(&answer, 422, "what STU3 cannot hold")?;
        let outcome = answer.json().unwrap_or_default();
        let issues = outcome["issue"].as_array().cloned().unwrap_or_default();
        let mut places: Vec<&str> = issues.iter().filter_map(|issue| issue["expression"][0].as_str()).collect();
        places.sort_unstable();
        let expected = ["extension[0]", "meta.profile[0]", "recordedDate"];
        let expected = expected.map(|place| format!("Bundle.entry[{at}].resource.{place}"));
        ensure(places == expected && issues.iter().all(|issue| issue["code"] == "not-supported"), || {
            format!("{kind}: it is refused with {outcome}")
        })?;
        let says = outcome.to_string();
        ensure(!names_a_patient(&says) && !says.contains("other.example"), || format!("it says {says}"))?;
        setting.keeps_quiet(&answer)?;
    }
    // R4 that does not say so, and STU3 that says it is R4.
    is(&send(&parties, Method::POST, &path, JSON, &good).await?, 422, "R4 as STU3")?;
    is(&send(&parties, Method::POST, &path, R4_JSON, &in_stu3(&fresh())?).await?, 422, "STU3 as R4")?;
    let other = "application/fhir+json; fhirVersion=5.0";
    is(&send(&parties, Method::POST, &path, other, &good).await?, 400, "another version")?;
    let records = setting.since(&mark, region::HOSPITAL.key)?;
    let pushed = records.iter().any(|record| record["asked"]["interaction"] == "create");
    ensure(!pushed, || "what was refused is on record as pushed".to_owned())
}
