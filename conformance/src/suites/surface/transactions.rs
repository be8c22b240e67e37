//! Transactions: all or nothing, one patient, answered in order, in both forms.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::material::{ANNA, BRAM, BSN_SYSTEM, TWICE};
use super::{MEDICATION, Surface, below, expect, names};
use crate::callers::{Answer, Wire};
use crate::suites::{Flaw, Judgement, ensure};
use crate::xml::Element;

const OWN: &str = "https://example.org/surface-sent";

fn entry(full_url: &str, resource: Value) -> Value {
    let kind = resource["resourceType"].clone();
    json!({"fullUrl": full_url, "resource": resource, "request": {"method": "POST", "url": kind}})
}

fn patient(bsn: &str) -> Value {
    let resource = json!({"resourceType": "Patient", "identifier": [{"system": BSN_SYSTEM, "value": bsn}]});
    entry("urn:uuid:2d2f2ae6-6a0e-4a6e-9b9b-0d6b5a3d6f10", resource)
}

fn observation(mark: &str, subject: &str) -> Value {
    let resource = json!({"resourceType": "Observation", "identifier": [{"system": OWN, "value": mark}],
        "status": "final", "code": {"text": "Gewicht"}, "subject": {"reference": subject}});
    entry(&format!("urn:uuid:{}", Uuid::new_v4()), resource)
}

fn bundle(entries: &[Value]) -> Value {
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}

async fn send(surface: &Surface, entries: &[Value]) -> Result<Answer, Flaw> {
    Ok(surface.doctor.post_json(&surface.holder.base, &bundle(entries)).await?)
}

/// The resources that the source has under these identifiers.
async fn there(source: &Wire, at: &str, mark: &str) -> Result<Vec<String>, Flaw> {
    let found = source.get(&format!("{at}/Observation?identifier={OWN}%7C{mark}")).await?;
    Ok(names(&found.json().unwrap_or_default()))
}

/// The locations that an answer gives, below the node's base and without versions.
fn locations(surface: &Surface, answer: &Answer, xml: bool) -> Result<Vec<String>, Flaw> {
    let mut found = Vec::new();
    let mut add = |status: &str, location: &str| -> Judgement {
        // A Patient that the source has already is not made twice.
        let known = status.starts_with("200") && location.contains("/Patient/");
        ensure(known || status.starts_with("201"), || format!("an entry answers {status}"))?;
        let place = below(location, &surface.holder.base).map(|place| place.split("/_history").next());
        found.push(
            place.flatten().ok_or_else(|| Flaw::Broken("a location is not below the base".to_owned()))?.to_owned(),
        );
        Ok(())
    };
    if xml {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let bundle = Element::read(&text).map_err(|what| Flaw::Broken(what.to_owned()))?;
        ensure(bundle.value_of("type") == Some("transaction-response"), || "it is no response".to_owned())?;
        for response in bundle.all("entry").filter_map(|entry| entry.first("response")) {
            add(response.value_of("status").unwrap_or_default(), response.value_of("location").unwrap_or_default())?;
        }
    } else {
        let bundle = answer.json().unwrap_or_default();
        ensure(bundle["type"] == "transaction-response", || format!("it is a {}", bundle["type"]))?;
        for response in bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["response"]) {
            let text = |name: &str| response[name].as_str().unwrap_or_default();
            add(text("status"), text("location"))?;
        }
    }
    Ok(found)
}

pub async fn taken(surface: &Surface, source: &Wire, at: &str) -> Judgement {
    for xml in [false, true] {
        let marks = [Uuid::new_v4().to_string(), Uuid::new_v4().to_string()];
        let to_the_patient = "urn:uuid:2d2f2ae6-6a0e-4a6e-9b9b-0d6b5a3d6f10";
        let answer = if xml {
            let url = surface.holder.base.clone();
            let headers = [("content-type", "application/fhir+xml"), ("accept", "application/fhir+xml")];
            let body = in_xml(&marks, to_the_patient);
            surface.doctor.raw(Method::POST, &url, &headers, body.into()).await?
        } else {
            let entries =
                [patient(ANNA), observation(&marks[0], to_the_patient), observation(&marks[1], "Patient/anna")];
            send(surface, &entries).await?
        };
        expect(&answer, 200, "the transaction")?;
        let found = locations(surface, &answer, xml)?;
        let stored = [there(source, at, &marks[0]).await?, there(source, at, &marks[1]).await?].concat();
        ensure(found.len() == 3 && found[0].starts_with("Patient/") && found[1..] == stored, || {
            format!("answered {found:?}, stored {stored:?}")
        })?;
        // The reference to the entry became one to what was made of it.
        let first = source.get(&format!("{at}/{}", stored[0])).await?.json().unwrap_or_default();
        ensure(first["subject"]["reference"] == found[0].as_str(), || "a reference leads nowhere".to_owned())?;
    }
    Ok(())
}

fn in_xml(marks: &[String; 2], patient: &str) -> String {
    let entry = |full_url: &str, kind: &str, inside: &str| {
        format!(
            "<entry><fullUrl value=\"{full_url}\"/><resource><{kind}>{inside}</{kind}></resource>\
             <request><method value=\"POST\"/><url value=\"{kind}\"/></request></entry>"
        )
    };
    let identifier = |system: &str, value: &str| {
        format!("<identifier><system value=\"{system}\"/><value value=\"{value}\"/></identifier>")
    };
    let observation = |mark: &str, subject: &str| {
        let inside = format!(
            "{}<status value=\"final\"/><code><text value=\"Gewicht\"/></code><subject><reference value=\"{subject}\"/></subject>",
            identifier(OWN, mark)
        );
        entry(&format!("urn:uuid:{}", Uuid::new_v4()), "Observation", &inside)
    };
    let entries = [
        entry(patient, "Patient", &identifier(BSN_SYSTEM, ANNA)),
        observation(&marks[0], patient),
        observation(&marks[1], "Patient/anna"),
    ];
    format!("<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"transaction\"/>{}</Bundle>", entries.concat())
}

pub async fn all_or_nothing(surface: &Surface, source: &Wire, at: &str) -> Judgement {
    let mark = Uuid::new_v4().to_string();
    let good = || observation(&mark, "Patient/anna");
    // Only the source can find out about this one.
    let mut ambiguous = observation("x", "Patient/anna");
    ambiguous["resource"]["identifier"] = json!([{"system": TWICE.0, "value": TWICE.1}]);
    ambiguous["request"]["ifNoneExist"] = json!(format!("identifier={}|{}", TWICE.0, TWICE.1));
    let mut unknown = good();
    unknown["resource"]["colour"] = json!("red");
    let mut search = good();
    search["request"] = json!({"method": "GET", "url": "Observation"});
    let deletion = json!({"request": {"method": "DELETE", "url": "Observation/o1"}});
    let of_another_use_case = entry(
        "urn:uuid:7",
        json!({"resourceType": "Procedure", "status": "completed",
        "subject": {"reference": "Patient/anna"}}),
    );
    for (what, bad, told_to_source) in [
        ("an ambiguous condition", ambiguous, true),
        ("an unknown element", unknown, false),
        ("a search", search, false),
        ("a deletion that is not offered", deletion, false),
        ("a type that is not offered", of_another_use_case, false),
    ] {
        let before = surface.holder.asked_of_source().iter().filter(|asked| asked.method == "POST").count();
        let answer = send(surface, &[good(), bad, good()]).await?;
        ensure((400..500).contains(&answer.status), || format!("{what} answers {}", answer.status))?;
        let asked = surface.holder.asked_of_source();
        let bundles = asked.iter().filter(|asked| asked.method == "POST").skip(before);
        let bundles = bundles.filter(|asked| !asked.path.contains("_search")).count();
        ensure(told_to_source || bundles == 0, || format!("{what} was sent on to the source"))?;
        let stored = there(source, at, &mark).await?;
        ensure(stored.is_empty(), || format!("with {what} {} were stored", stored.len()))?;
    }
    Ok(())
}

pub async fn bound(surface: &Surface, source: &Wire, at: &str) -> Judgement {
    let mark = Uuid::new_v4().to_string();
    let good = || observation(&mark, "Patient/anna");
    let by_number = |bsn: &str| {
        let mut sent = observation(&mark, "Patient/anna");
        sent["resource"]["subject"] = json!({"identifier": {"system": BSN_SYSTEM, "value": bsn}});
        sent
    };
    let mut takeover = good();
    takeover["resource"]["id"] = json!("o4");
    takeover["request"] = json!({"method": "PUT", "url": "Observation/o4"});
    for (what, entries) in [
        ("another patient's id", vec![good(), observation(&mark, "Patient/bram")]),
        ("another patient's number", vec![good(), by_number(BRAM)]),
        ("another patient's alone", vec![by_number(BRAM)]),
        ("another Patient", vec![patient(BRAM), good()]),
        ("a Patient that nobody knows", vec![good(), observation(&mark, "Patient/nowhere")]),
        ("a resource of another", vec![good(), takeover]),
    ] {
        let answer = send(surface, &entries).await?;
        ensure((400..500).contains(&answer.status), || format!("{what} answers {}", answer.status))?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure(!text.contains(BRAM) && !text.contains("bram"), || format!("the refusal of {what} tells too much"))?;
        let stored = there(source, at, &mark).await?;
        ensure(stored.is_empty(), || format!("with {what} {} were stored", stored.len()))?;
    }
    let theirs = source.get(&format!("{at}/Observation/o4")).await?.json().unwrap_or_default();
    ensure(theirs["subject"]["reference"] == "Patient/bram", || "another's resource was changed".to_owned())
}

/// A prescription that comes again, alone and with one more, and one that would take the place of another's.
pub async fn once(surface: &Surface) -> Judgement {
    let prescriber = surface.holder.caller(MEDICATION, ANNA).await.map_err(Flaw::Broken)?;
    let agreement = |mark: &str| {
        let resource = json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order",
            "identifier": [{"system": OWN, "value": mark}],
            "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "33633005"}]}],
            "medicationReference": {"reference": "urn:uuid:6c1d7f0a-1f58-4f3c-9a57-3d3f1b0b9e21"},
            "subject": {"reference": "urn:uuid:2d2f2ae6-6a0e-4a6e-9b9b-0d6b5a3d6f10"}});
        entry(&format!("urn:uuid:{}", Uuid::new_v4()), resource)
    };
    let product = || {
        let resource = json!({"resourceType": "Medication", "code": {"text": "Paracetamol 500 mg"}});
        entry("urn:uuid:6c1d7f0a-1f58-4f3c-9a57-3d3f1b0b9e21", resource)
    };
    let all = async |kind: &str| {
        let Some((source, at)) = &surface.straight else { return Ok::<_, Flaw>(Vec::new()) };
        Ok(names(&source.get(&format!("{at}/{kind}?_count=100")).await?.json().unwrap_or_default()))
    };
    let statuses = |answer: &Answer| -> Vec<String> {
        let body = answer.json().unwrap_or_default();
        let entries = body["entry"].as_array().into_iter().flatten();
        entries.map(|entry| entry["response"]["status"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let sent = async |entries: &[Value], what: &str| {
        let answer = prescriber.post_json(&surface.holder.base, &bundle(entries)).await?;
        expect(&answer, 200, what)?;
        Ok::<_, Flaw>(answer)
    };
    let (mark, other) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
    let first = sent(&[patient(ANNA), product(), agreement(&mark)], "a prescription").await?;
    let (agreements, products) = (all("MedicationRequest").await?, all("Medication").await?);
    let again = sent(&[patient(ANNA), product(), agreement(&mark)], "the same again").await?;
    let place = |answer: &Answer| {
        let body = answer.json().unwrap_or_default();
        let location = body["entry"][2]["response"]["location"].as_str().unwrap_or_default().to_owned();
        location.split("/_history").next().unwrap_or_default().to_owned()
    };
    ensure(statuses(&again) == ["200", "200", "200"] && place(&again) == place(&first), || {
        format!("the same again is answered {:?}, {} and {}", statuses(&again), place(&first), place(&again))
    })?;
    ensure(all("MedicationRequest").await? == agreements && all("Medication").await? == products, || {
        "the same again was stored again".to_owned()
    })?;
    sent(&[patient(ANNA), product(), agreement(&mark), agreement(&other)], "the same with one more").await?;
    let number = all("MedicationRequest").await?.len();
    ensure(number == agreements.len() + 1, || format!("{} agreements became {number}", agreements.len()))?;
    // One that stands there is of whoever made it, and a block is never changed.
    let standing = place(&first);
    let standing = standing.rsplit('/').next().unwrap_or_default();
    let mut over = agreement(&mark);
    over["resource"]["id"] = json!(standing);
    over["resource"]["status"] = json!("stopped");
    over["request"] = json!({"method": "PUT", "url": format!("MedicationRequest/{standing}")});
    let changing = bundle(&[patient(ANNA), product(), over, agreement(&other)]);
    let answer = prescriber.post_json(&surface.holder.base, &changing).await?;
    expect(&answer, 403, "a prescription over one that stands there")?;
    let Some((source, at)) = &surface.straight else { return Ok(()) };
    let now = source.get(&format!("{at}/MedicationRequest/{standing}")).await?.json().unwrap_or_default();
    ensure(now["status"] == "active" && all("MedicationRequest").await?.len() == number, || "it was changed".to_owned())
}

/// The use case of medication transfer, as it is delivered.
pub async fn prescribed(surface: &Surface) -> Judgement {
    let prescriber = surface.holder.caller(MEDICATION, ANNA).await.map_err(Flaw::Broken)?;
    let agreement = || {
        let resource = json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order",
            "meta": {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/common-tags", "code": "actionable"}]},
            "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "33633005"}]}],
            "medicationCodeableConcept": {"text": "Paracetamol 500 mg"},
            "subject": {"reference": "urn:uuid:2d2f2ae6-6a0e-4a6e-9b9b-0d6b5a3d6f10"}});
        entry(&format!("urn:uuid:{}", Uuid::new_v4()), resource)
    };
    let stored = async || {
        let found = prescriber.get(&surface.url("MedicationRequest")).await?;
        Ok::<_, Flaw>(names(&found.json().unwrap_or_default()).len())
    };
    let before = stored().await?;
    let sent = bundle(&[patient(ANNA), agreement(), agreement()]);
    let answer = prescriber.post_json(&surface.holder.base, &sent).await?;
    expect(&answer, 200, "the prescription")?;
    let found = locations(surface, &answer, false)?;
    let kinds: Vec<_> = found.iter().filter_map(|place| place.split('/').next()).collect();
    ensure(kinds == ["Patient", "MedicationRequest", "MedicationRequest"], || format!("answered {kinds:?}"))?;
    let number = stored().await?;
    ensure(number == before + 2, || format!("{number} agreements are found, and {before} before"))?;
    let mut alone = agreement()["resource"].clone();
    alone["subject"] = json!({"reference": "Patient/anna"});
    let by_itself = prescriber.post_json(&surface.url("MedicationRequest"), &alone).await?;
    expect(&by_itself, 403, "a block by itself")?;
    let without = prescriber.post_json(&surface.holder.base, &bundle(&[patient(ANNA)])).await?;
    expect(&without, 403, "a transaction without a block")?;
    let number = stored().await?;
    ensure(number == before + 2, || format!("afterwards {number} agreements are found"))
}
