//! ES6, ES13: what the sender serves, held against the sections of the standard and against what its qualification asks of
//! every resource; and what becomes of a push that falls short of it.

use serde_json::{Value, json};

use super::super::setting::names_a_patient;
use super::super::{Judgement, Setting, ensure};
use super::{is, offered};
use crate::handoff::{Parties, by_name, fresh, handoff};
use crate::region::{GENERAL_PRACTICE, NURSING_HOME};

const SNOMED: &str = "http://snomed.info/sct";
const TRANSFER_DATE: &str = "http://nictiz.nl/fhir/StructureDefinition/eOverdracht-TransferDate";

/// The sections of Nictiz eOverdracht 4.0 to 4.2, and the optional one for documents, in SNOMED CT.
#[rustfmt::skip]
const SECTIONS: [&str; 34] = [
    "405624007", "302147001", "185362004", "275645009", "109481000146101", "365512000", "108329005", "365474007",
    "365867006", "365448001", "371524004", "405623001", "52870002", "417662000", "420134006", "308813009", "363788007",
    "225317005", "11011000146108", "773130005", "86644006", "722091001", "308335008", "5531000179105", "300893006",
    "365178001", "364832000", "106019003", "106076001", "106147001", "284465006", "36456004", "118232004", "397966007",
];

fn unknown_sections(of: &Value, found: &mut Vec<String>) {
    for section in of["section"].as_array().into_iter().flatten() {
        let known = |coding: &Value| {
            coding["system"] == SNOMED && coding["code"].as_str().is_some_and(|code| SECTIONS.contains(&code))
        };
        if !section["code"]["coding"].as_array().is_some_and(|codings| codings.iter().any(known)) {
            found.push(section["code"].to_string());
        }
        unknown_sections(section, found);
    }
}

pub(super) async fn sections(setting: &Setting) -> Judgement {
    let (parties, transfer, receiver) = offered(setting).await?;
    let document = receiver.get(&format!("Composition/{}/$document", transfer.composition)).await?;
    is(&document, 200, "$document")?;
    let composition = document.json().unwrap_or_default()["entry"][0]["resource"].clone();
    let mut unknown = Vec::new();
    unknown_sections(&composition, &mut unknown);
    ensure(unknown.is_empty() && composition["section"].is_array(), || format!("unknown sections: {unknown:?}"))?;
    let dated = composition["section"].as_array().into_iter().flatten().any(|section| {
        let is_date = |one: &Value| one["url"] == TRANSFER_DATE && one["valueDateTime"].is_string();
        section["code"]["coding"][0]["code"] == "405624007"
            && section["extension"].as_array().is_some_and(|all| all.iter().any(is_date))
    });
    ensure(dated, || "it does not say when the transfer is".to_owned())?;
    // The example's date of the transfer, and a section, are taken out of the standard.
    type Change = (&'static str, &'static str, fn(&mut Value));
    let changes: [Change; 2] = [
        ("unknown-section", "section[1].code", |composition| {
            composition["section"][1]["code"]["coding"][0]["code"] = json!("1");
        }),
        ("no-transfer-date", "", |composition| {
            composition["section"][0]["extension"] = json!([{"url": "https://other.example", "valueString": "x"}]);
        }),
    ];
    for (rule, place, change) in changes {
        falls_short(setting, &parties, (rule, place), |bundle| change(&mut bundle["entry"][0]["resource"])).await?;
    }
    Ok(())
}

/// A push that falls short is sent by the hospital, which says so, and refused by the general practice.
async fn falls_short(
    setting: &Setting,
    parties: &Parties,
    (rule, place): (&str, &str),
    change: impl Fn(&mut Value),
) -> Judgement {
    let patient = setting.ready.patients.first().map(|patient| patient.bsn.clone()).unwrap_or_default();
    let mut bundle = handoff(&patient, &fresh());
    change(&mut bundle);
    let answer = parties.push_bundle(&bundle).await?;
    is(&answer, 201, rule)?;
    let told = answer.json().unwrap_or_default()["shortcomings"].clone();
    let named = told.as_array().is_some_and(|all| all.iter().any(|one| one["rule"] == rule && one["place"] == place));
    ensure(named && !names_a_patient(&told.to_string()), || format!("{rule} is told as {told}"))?;
    let strict = Parties::between(setting, GENERAL_PRACTICE, NURSING_HOME)?;
    let answer = strict.push_bundle(&bundle).await?;
    is(&answer, 422, rule)?;
    ensure(answer.json().unwrap_or_default()["resourceType"] == "OperationOutcome", || {
        "no OperationOutcome".to_owned()
    })?;
    setting.keeps_quiet(&answer)
}

/// What of the general rules a value breaks, by the shape that elements of these types have.
fn broken(value: &Value, name: &str, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| broken(item, name, &format!("{place}[{at}]"), found));
        }
        Value::Object(members) => {
            let has = |member: &str| members.contains_key(member);
            let excused = has("extension");
            let mut say = |what: &str| found.push(format!("{place} {what}"));
            if name == "coding" {
                if !(excused || has("system") && has("code")) {
                    say("has no system or no code");
                }
                if members
                    .get("system")
                    .and_then(Value::as_str)
                    .is_some_and(|system| system.starts_with("urn:oid:2.16.840.1.113883.2.4.3.11.60.40.2"))
                {
                    say("has a value set for its system");
                }
            }
            if has("coding") && !has("text") && !excused {
                let told = |one: &Value| !one["display"].is_null() || !one["extension"].is_null();
                if !members["coding"].as_array().is_some_and(|all| all.iter().any(told)) {
                    say("has no words");
                }
            }
            if has("reference") && !has("display") && !excused {
                say("has no display");
            }
            if name == "identifier" && !(has("value") && (has("system") || has("type"))) && !excused {
                say("has no value, or neither system nor type");
            }
            for (name, member) in members {
                broken(member, name, &format!("{place}.{name}"), found);
            }
        }
        _ => {}
    }
}

/// What of the rules of Bundles one breaks that was answered.
fn of_bundle(bundle: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (at, entry) in bundle["entry"].as_array().into_iter().flatten().enumerate() {
        let url = entry["fullUrl"].as_str().unwrap_or_default();
        let id = entry["resource"]["id"].as_str().unwrap_or_default();
        let schemes = ["https://", "http://", "urn:oid:", "urn:uuid:"];
        if !schemes.iter().any(|scheme| url.starts_with(scheme)) {
            found.push(format!("entry[{at}].fullUrl is {url:?}"));
        }
        if !url.starts_with("urn:") && (id.is_empty() || !url.ends_with(&format!("/{id}"))) {
            found.push(format!("entry[{at}].fullUrl does not end in the id"));
        }
    }
    if bundle["type"] == "searchset" {
        let links = bundle["link"].as_array().cloned().unwrap_or_default();
        if !links.iter().any(|link| link["relation"] == "self") {
            found.push("there is no self link".to_owned());
        }
        let matches = bundle["entry"].as_array().into_iter().flatten().filter(|one| one["search"]["mode"] == "match");
        if bundle["total"].as_u64().is_some_and(|total| total > matches.count() as u64) {
            found.push("its total is more than its matches".to_owned());
        }
    }
    found
}

pub(super) async fn resources(setting: &Setting) -> Judgement {
    let (parties, transfer, receiver) = offered(setting).await?;
    let document = receiver.get(&format!("Composition/{}/$document", transfer.composition)).await?;
    is(&document, 200, "$document")?;
    let document = document.json().unwrap_or_default();
    let task = receiver.get(&format!("Task/{}", transfer.task)).await?.json().unwrap_or_default();
    let found = receiver.get("Observation").await?.json().unwrap_or_default();
    let mut amiss: Vec<String> = of_bundle(&document).into_iter().chain(of_bundle(&found)).collect();
    let mut served = by_name(&document);
    ensure(served.len() == 19 && by_name(&found).len() == 3, || "not everything is served".to_owned())?;
    served.insert("Task".to_owned(), task);
    for (name, resource) in &served {
        broken(resource, "", name, &mut amiss);
    }
    ensure(amiss.is_empty(), || amiss.join("; "))?;
    type Change = (&'static str, &'static str, fn(&mut Value));
    let changes: [Change; 5] = [
        ("bare-code", "code.coding[0]", |condition| {
            condition["code"] = json!({"text": "x", "coding": [{"code": "1"}]})
        }),
        ("value-set-as-system", "code.coding[0]", |condition| {
            condition["code"]["coding"][0]["system"] = json!("urn:oid:2.16.840.1.113883.2.4.3.11.60.40.2.5.1.2");
        }),
        ("no-words", "code", |condition| {
            condition["code"] = json!({"coding": [{"system": SNOMED, "code": "1"}]});
        }),
        ("no-display", "asserter", |condition| {
            condition["asserter"] = json!({"reference": "Practitioner/overdracht-arts"});
        }),
        ("unknown-identifier", "identifier[0]", |condition| condition["identifier"] = json!([{"system": "urn:x"}])),
    ];
    for (rule, place, change) in changes {
        falls_short(setting, &parties, (rule, place), |bundle| {
            let entries = bundle["entry"].as_array_mut().into_iter().flatten();
            entries
                .map(|entry| &mut entry["resource"])
                .filter(|one| one["resourceType"] == "Condition")
                .for_each(change);
        })
        .await?;
    }
    Ok(())
}
