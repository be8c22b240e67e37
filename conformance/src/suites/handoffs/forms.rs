//! In which forms a handoff is pushed: what the other record system gets is the same document.

use serde_json::{Value, json};

use super::super::setting::names_a_patient;
use super::super::{Flaw, Judgement, Setting, ensure};
use super::is;
use crate::handoff::{Parties, by_name, differences, fresh, handoff};
use crate::region;

/// The example, with ids that can stand in a `urn:uuid:`.
fn document(run: &str) -> Result<Value, Flaw> {
    let patient = region::patients().into_iter().find(|patient| patient.known_at.contains(&region::HOSPITAL.key));
    let patient = patient.ok_or_else(|| Flaw::NotRun("the hospital knows no patient".to_owned()))?;
    let mut document = handoff(patient.bsn, run);
    let names: Vec<String> = by_name(&document).into_keys().collect();
    for (at, name) in names.iter().enumerate() {
        let (kind, id) = name.split_once('/').unwrap_or_default();
        let new = format!("{}-{}-4{}-8000-{at:012x}", &run[..8], &run[8..12], &run[13..16]);
        replace(&mut document, name, &format!("{kind}/{new}"));
        for entry in document["entry"].as_array_mut().into_iter().flatten() {
            let resource = &mut entry["resource"];
            if resource["resourceType"] == kind && resource["id"] == id {
                resource["id"] = json!(new);
            }
        }
    }
    Ok(document)
}

/// Puts a text in the place of another, wherever it is all of a value.
fn replace(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, from, to)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, from, to)),
        _ => {}
    }
}

/// The same as a transaction of resources that have no ids yet.
fn transaction(document: &Value) -> Value {
    let mut all = document.clone();
    all["type"] = json!("transaction");
    for name in by_name(document).into_keys() {
        let id = name.split_once('/').map(|(_, id)| id.to_owned()).unwrap_or_default();
        replace(&mut all, &name, &format!("urn:uuid:{id}"));
    }
    for entry in all["entry"].as_array_mut().into_iter().flatten() {
        let id = entry["resource"].as_object_mut().and_then(|members| members.remove("id")).unwrap_or_default();
        entry["fullUrl"] = json!(format!("urn:uuid:{}", id.as_str().unwrap_or_default()));
        entry["request"] = json!({"method": "POST", "url": entry["resource"]["resourceType"]});
    }
    all["entry"].as_array_mut().into_iter().for_each(|entries| entries.reverse());
    all
}

pub(super) async fn made_whole(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let document = document(&fresh())?;
    let pushed = transaction(&document);
    let answer = parties.push_bundle(&pushed).await?;
    is(&answer, 201, "a transaction of a Composition with its resources")?;
    let told = answer.json().unwrap_or_default();
    ensure(told["dangling"].is_null() && told["resources"] == 20, || format!("the push is answered with {told}"))?;
    let again = parties.push_bundle(&pushed).await?;
    is(&again, 200, "the same again")?;
    ensure(again.json().unwrap_or_default()["id"] == told["id"], || "the same push is another transfer".to_owned())?;
    let id = parties.until(told["task"].as_str().unwrap_or_default(), "offered").await?;
    parties.take(&id).await?;
    parties.until(told["task"].as_str().unwrap_or_default(), "completed").await?;
    let came = parties.document(&id).await?;
    let differ = differences(&document, &came);
    ensure(differ.is_empty(), || differ.join("; "))
}

pub(super) async fn not_whole(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let good = transaction(&document(&fresh())?);
    let last = good["entry"].as_array().map_or(0, Vec::len) - 1;
    let kind = |bundle: &Value, at: usize| bundle["entry"][at]["resource"]["resourceType"].clone();
    let binary = (0..=last).find(|at| kind(&good, *at) == "Binary").unwrap_or_default();
    let nameless = format!("entry {binary}");
    type Change = Box<dyn Fn(&mut Value)>;
    let changes: [(&str, &str, Change); 5] = [
        ("a reference to an entry that is not there", "section[0].section[0].entry[0]", {
            let change = move |bundle: &mut Value| {
                let place = &mut bundle["entry"][last]["resource"]["section"][0]["section"][0]["entry"][0]["reference"];
                *place = json!("urn:uuid:00000000-0000-4000-8000-000000000000");
            };
            Box::new(change)
        }),
        ("a reference by a search", "subject", {
            Box::new(move |bundle| {
                bundle["entry"][last]["resource"]["subject"]["reference"] = json!("Patient?identifier=1");
            })
        }),
        ("an entry that takes something away", "entry 0", {
            Box::new(|bundle| bundle["entry"][0]["request"]["method"] = json!("DELETE"))
        }),
        ("a part that the Composition names and that is elsewhere", "Coverage/gone", {
            Box::new(move |bundle| {
                let place = &mut bundle["entry"][last]["resource"]["section"][0]["section"][0]["entry"][0]["reference"];
                *place = json!("Coverage/gone");
            })
        }),
        ("an entry that nobody can name", &nameless, {
            Box::new(move |bundle| {
                bundle["entry"][binary].as_object_mut().map(|entry| entry.remove("fullUrl"));
            })
        }),
    ];
    for (what, place, change) in changes {
        let mut bundle = good.clone();
        change(&mut bundle);
        let answer = parties.push_bundle(&bundle).await?;
        is(&answer, 422, what)?;
        let says = answer.json().unwrap_or_default().to_string();
        ensure(says.contains(place) && !names_a_patient(&says), || format!("{what}: it says {says}"))?;
        setting.keeps_quiet(&answer)?;
    }
    Ok(())
}
