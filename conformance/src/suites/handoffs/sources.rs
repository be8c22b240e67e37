//! A handoff that the node makes of what the hospital's own sources hold.

use serde_json::{Value, json};

use super::super::setting::names_a_patient;
use super::super::{Flaw, Judgement, Setting, ensure};
use super::is;
use crate::callers::{Answer, InnerCaller};
use crate::handoff::{Parties, fresh};
use crate::referral::{at_the_hospital, patient_id};
use crate::region::{HOSPITAL, NURSING_HOME, Patient};

/// What is wanted of this patient, under this name.
fn wanted(patient: &Patient, name: &str) -> Value {
    json!({"receiver": NURSING_HOME.ura, "patient": {"bsn": patient.bsn}, "name": name, "transfer": "2026-12-01"})
}

async fn ask(parties: &Parties, by: &InnerCaller, body: &Value) -> Result<Answer, Flaw> {
    Ok(by.post_json(&format!("{}/handoffs/from-sources", parties.sender_inner), body).await?)
}

/// The entries of each section, by its code.
fn sections(composition: &Value) -> Vec<(String, Vec<String>)> {
    let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    let below = list(composition, "section").into_iter().flat_map(|first| list(&first, "section"));
    let each = below.map(|section| {
        let entries = list(&section, "entry").into_iter().filter_map(|one| Some(one["reference"].as_str()?.to_owned()));
        (section["code"]["coding"][0]["code"].as_str().unwrap_or_default().to_owned(), entries.collect())
    });
    each.collect()
}

pub(super) async fn made(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let patient = at_the_hospital()?.remove(0);
    let name = format!("opname-{}", fresh());
    let mark = setting.mark(HOSPITAL.key).await?;
    let answer = ask(&parties, &parties.epd, &wanted(&patient, &name)).await?;
    is(&answer, 201, "a handoff to be made of the sources")?;
    let told = answer.json().unwrap_or_default();
    ensure(told["incomplete"].is_null() && told["withheld"] == 1 && told["state"] == "in-progress", || {
        format!("it is answered with {told}")
    })?;
    setting.keeps_quiet(&answer)?;
    // Each question to a source is the nurse's, and on record.
    let records = setting.since(&mark, HOSPITAL.key)?;
    let asked: Vec<_> = records.iter().filter(|one| one["decision"]["use_case"] == "eoverdracht-making").collect();
    let hers = |one: &&&Value| one["caller"]["person"]["id"].is_string() && one["patient"].is_string();
    ensure(asked.len() > 5 && asked.iter().filter(hers).count() == asked.len(), || {
        format!("{} questions are on record", asked.len())
    })?;
    let mark = setting.mark(HOSPITAL.key).await?;
    let again = ask(&parties, &parties.epd, &wanted(&patient, &name)).await?;
    is(&again, 200, "the same name again")?;
    ensure(again.json().unwrap_or_default()["id"] == told["id"], || "it is another transfer".to_owned())?;
    let records = setting.since(&mark, HOSPITAL.key)?;
    ensure(records.iter().all(|one| one["decision"]["use_case"] != "eoverdracht-making"), || {
        "the sources are asked again".to_owned()
    })?;
    let task = told["task"].as_str().unwrap_or_default();
    let id = parties.until(task, "offered").await?;
    parties.take(&id).await?;
    parties.until(task, "completed").await?;
    let document = parties.document(&id).await?;
    let composition = &document["entry"][0]["resource"];
    let found = sections(composition);
    let tag = patient_id(&patient).replace("bgz-", "");
    let has = |code: &str, name: &str| {
        let wanted = format!("{name}-{tag}");
        found.iter().any(|(of, entries)| of == code && entries.contains(&wanted))
    };
    for (code, name) in [
        ("302147001", "Coverage/polis"),
        ("365512000", "Observation/woonsituatie"),
        ("108329005", "Consent/wilsverklaring"),
        ("52870002", "Condition/heup"),
        ("52870002", "Condition/hypertensie"),
        ("420134006", "AllergyIntolerance/allergie"),
        ("308813009", "Flag/attentie"),
        ("363788007", "Observation/bloeddruk-2"),
        ("363788007", "Observation/gewicht-2"),
        ("363788007", "Observation/lengte"),
        ("300893006", "NutritionOrder/dieet"),
    ] {
        ensure(has(code, name), || format!("{name} is not in section {code}"))?;
    }
    let text = document.to_string();
    for absent in ["bloeddruk-1", "afgeschermd", "buiten-de-set", "behandelgrens", "MedicationStatement"] {
        ensure(!text.contains(absent), || format!("{absent} came along"))?;
    }
    Ok(())
}

/// The sections of 4.2: what the hospital has for them comes along, and nothing of what they do not ask for.
pub(super) async fn made_of_the_newest_release(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let patient = at_the_hospital()?.remove(0);
    let mut body = wanted(&patient, &format!("opname-{}", fresh()));
    body["release"] = json!("4.2");
    let answer = ask(&parties, &parties.epd, &body).await?;
    is(&answer, 201, "a handoff to be made by the newest release")?;
    let told = answer.json().unwrap_or_default();
    ensure(told["incomplete"].is_null(), || format!("it is answered with {told}"))?;
    let task = told["task"].as_str().unwrap_or_default();
    let id = parties.until(task, "offered").await?;
    parties.take(&id).await?;
    parties.until(task, "completed").await?;
    let document = parties.document(&id).await?;
    let found = sections(&document["entry"][0]["resource"]);
    let tag = patient_id(&patient).replace("bgz-", "");
    for (code, name) in [("365178001", "DeviceUseStatement/loophulp"), ("52870002", "Condition/heup")] {
        let wanted = format!("{name}-{tag}");
        let places: Vec<_> = found.iter().filter(|(_, entries)| entries.contains(&wanted)).map(|(of, _)| of).collect();
        ensure(places == [code], || format!("{name} stands in {places:?}"))?;
    }
    let text = document.to_string();
    ensure(text.contains("rollator"), || "the device itself did not come along".to_owned())?;
    for absent in ["Procedure/operatie", "Encounter/opname", "MedicationStatement"] {
        ensure(!text.contains(&format!("{absent}-{tag}")), || format!("{absent} came along"))?;
    }
    Ok(())
}

pub(super) async fn not_made(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let patient = at_the_hospital()?.remove(0);
    let good = wanted(&patient, &format!("opname-{}", fresh()));
    let changed = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (what, status, body) in [
        ("no receiver's URA", 400, changed("receiver", json!("x"))),
        ("no receiver and no service", 400, changed("receiver", Value::Null)),
        ("a release that nobody knows", 400, changed("release", json!("5.0"))),
        ("no BSN", 400, changed("patient", json!({"bsn": "123456789"}))),
        ("no name", 400, changed("name", json!(" "))),
        ("no date", 400, changed("transfer", json!("soon"))),
        ("a section that nobody knows", 400, changed("sections", json!(["1"]))),
        ("something more", 400, changed("more", json!(true))),
        ("nobody's URA", 422, changed("receiver", json!("90019999"))),
        ("a patient whom the sources do not have", 422, changed("patient", json!({"bsn": "999990196"}))),
    ] {
        let answer = ask(&parties, &parties.epd, &body).await?;
        is(&answer, status, what)?;
        let says = answer.json().unwrap_or_default().to_string();
        ensure(!names_a_patient(&says), || format!("{what}: it says {says}"))?;
    }
    let stranger = setting.ready.callers.iter().find(|caller| {
        let held = |one: &str| caller.use_cases.iter().any(|held| held == one);
        caller.node.as_deref() == Some(HOSPITAL.key) && caller.bearer_token.is_some() && !held("eoverdracht-making")
    });
    if let Some(stranger) = stranger {
        let stranger = InnerCaller::of(&setting.ready, &stranger.name)?;
        is(&ask(&parties, &stranger, &good).await?, 403, "somebody who may not make handoffs")?;
    }
    Ok(())
}
