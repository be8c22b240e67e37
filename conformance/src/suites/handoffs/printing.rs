//! A handoff in print: PDF/A that goes with it when its sender asks for that, and that its receiver asks for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::{Flaw, Judgement, Setting, ensure};
use super::{Receiver, is};
use crate::handoff::{Parties, Transfer, by_name, differences, fresh, handoff};
use crate::referral::at_the_hospital;
use crate::region::{self, HOSPITAL, NURSING_HOME};

/// Section: documents.
const DOCUMENTS: &str = "397966007";

/// A push with its print, twice: the second is the first.
async fn pushed(parties: &Parties) -> Result<Transfer, Flaw> {
    let patient = region::patients().into_iter().find(|patient| patient.known_at.contains(&HOSPITAL.key));
    let patient = patient.ok_or_else(|| Flaw::NotRun("the hospital knows no patient".to_owned()))?;
    let run = fresh();
    let bundle = handoff(patient.bsn, &run);
    let url = format!("{}/handoffs?receiver={}&pdf=true", parties.sender_inner, NURSING_HOME.ura);
    let answer = parties.epd.post_json(&url, &bundle).await?;
    is(&answer, 201, "a push with its print")?;
    let told = answer.json().unwrap_or_default();
    let again = parties.epd.post_json(&url, &bundle).await?;
    is(&again, 200, "the same push again")?;
    ensure(again.json().unwrap_or_default()["id"] == told["id"], || "it is another transfer".to_owned())?;
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    Ok(Transfer { id: text("id"), task: text("task"), composition: format!("overdracht-{run}"), bundle })
}

/// The DocumentReference in the section of documents that was not pushed, and the id of its Binary.
fn document_of<'d>(transfer: &Transfer, came: &'d Value) -> Result<(&'d Value, String), Flaw> {
    let missing = || Flaw::Broken("no DocumentReference came that is in the section of documents".to_owned());
    let resources = || came["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]);
    let composition = resources().find(|one| one["resourceType"] == "Composition").ok_or_else(missing)?;
    let sections = composition["section"].as_array().into_iter().flatten();
    let entries = sections
        .filter(|section| section["code"]["coding"][0]["code"] == DOCUMENTS)
        .flat_map(|section| section["entry"].as_array().into_iter().flatten());
    let names: Vec<&str> = entries.filter_map(|entry| entry["reference"].as_str()).collect();
    let before = by_name(&transfer.bundle);
    let new = names.into_iter().find(|name| !before.contains_key(*name)).ok_or_else(missing)?;
    let is = |one: &&Value| one["resourceType"] == "DocumentReference" && new.split('/').nth(1) == one["id"].as_str();
    let document = resources().find(is).ok_or_else(missing)?;
    let attachment = &document["content"][0]["attachment"];
    ensure(attachment["contentType"] == "application/pdf" && document["status"] == "current", || {
        "its DocumentReference does not say that it is a PDF".to_owned()
    })?;
    let url = attachment["url"].as_str().and_then(|url| url.strip_prefix("Binary/"));
    Ok((document, url.ok_or_else(missing)?.to_owned()))
}

/// Says that it is PDF/A, and names nobody where programs show what a file is.
fn is_pdf_a(bytes: &[u8]) -> Judgement {
    ensure(bytes.starts_with(b"%PDF-1.") && bytes.trim_ascii_end().ends_with(b"%%EOF"), || "it is no PDF".to_owned())?;
    let text = String::from_utf8_lossy(bytes);
    ensure(text.contains("pdfaid:part") && text.contains("pdfaid:conformance"), || {
        "it does not say that it is PDF/A".to_owned()
    })?;
    ensure(!text.contains("van der Berg"), || "its metadata names the patient".to_owned())
}

fn content(binary: &Value) -> Result<Vec<u8>, Flaw> {
    ensure(binary["contentType"] == "application/pdf", || "the Binary is no PDF".to_owned())?;
    let text = binary["content"].as_str().unwrap_or_default();
    STANDARD.decode(text).map_err(|_| Flaw::Broken("the Binary is not in base64".to_owned()))
}

pub(super) async fn along(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let transfer = pushed(&parties).await?;
    let id = parties.until(&transfer.task, "offered").await?;
    let receiver = Receiver::of(setting, &parties, &transfer).await?;
    let served = receiver.get(&format!("Composition/{}/$document", transfer.composition)).await?;
    is(&served, 200, "$document")?;
    let served = served.json().unwrap_or_default();
    let (_, binary) = document_of(&transfer, &served)?;
    ensure(!by_name(&served).contains_key(&format!("Binary/{binary}")), || "a Binary is in the document".to_owned())?;
    let read = receiver.get(&format!("Binary/{binary}")).await?;
    is(&read, 200, "the Binary of its print")?;
    let read = content(&read.json().unwrap_or_default())?;
    is_pdf_a(&read)?;
    let elsewhere = super::offered(setting).await?.2;
    is(&elsewhere.get(&format!("Binary/{binary}")).await?, 404, "the Binary of another transfer")?;

    parties.take(&id).await?;
    parties.until(&transfer.task, "completed").await?;
    let came = parties.document(&id).await?;
    let (document, binary) = document_of(&transfer, &came)?;
    let named = by_name(&came);
    let there = named.get(&format!("Binary/{binary}")).unwrap_or(&Value::Null);
    ensure(content(there)? == read, || "the print that came is not the one that was served".to_owned())?;
    let mut rest = came.clone();
    let new = [json!(document["id"]), json!(binary)];
    if let Some(entries) = rest["entry"].as_array_mut() {
        entries.retain(|entry| !new.contains(&entry["resource"]["id"]));
    }
    let differ = differences(&transfer.bundle, &rest);
    let composition = format!("Composition/{} is not what it was", transfer.composition);
    ensure(differ == [composition], || format!("besides its print: {}", differ.join("; ")))
}

pub(super) async fn on_request(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let transfer = parties.push().await?;
    let id = parties.until(&transfer.task, "offered").await?;
    let url = format!("{}/handoffs/received/{id}/pdf", parties.receiver_inner);
    is(&parties.ecd.get(&url).await?, 404, "the print of what nobody took")?;
    parties.take(&id).await?;
    parties.until(&transfer.task, "completed").await?;
    let mark = setting.mark(NURSING_HOME.key).await?;
    let printed = [parties.ecd.get(&url).await?, parties.ecd.get(&url).await?];
    for answer in &printed {
        is(answer, 200, "the print of what was received")?;
        let kind = answer.header("content-type").unwrap_or_default();
        ensure(kind == "application/pdf", || format!("its content type is {kind}"))?;
        is_pdf_a(&answer.body)?;
    }
    ensure(printed[0].body == printed[1].body, || "the same print differs".to_owned())?;
    let records = setting.since(&mark, NURSING_HOME.key)?;
    let asked = format!("Composition/{}", transfer.composition);
    let ours = records.iter().filter(|one| one["asked"]["resource"] == asked.as_str());
    let ours: Vec<_> = ours.filter(|one| one["outcome"]["result"] == "released").collect();
    ensure(ours.len() == 2 && ours.iter().all(|one| one["patient"].is_string()), || {
        format!("{} of 2 prints are on record with their patient", ours.len())
    })
}

/// What is put in the place of one, and what is made of the sources, goes in print as well when that is asked for.
pub(super) async fn elsewhere(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let transfer = parties.push().await?;
    let mut newer = transfer.bundle.clone();
    newer["entry"][0]["resource"]["date"] = json!("2026-11-29");
    let url = format!("{}/handoffs/sent/{}", parties.sender_inner, transfer.id);
    let put = async |pdf: &str| {
        let headers = [("content-type", super::JSON)];
        parties.epd.raw(Method::PUT, &format!("{url}{pdf}"), &headers, Bytes::from(newer.to_string())).await
    };
    is(&put("?pdf=true").await?, 200, "a newer version with its print")?;
    is(&put("?pdf=true").await?, 200, "the same again")?;
    let patient = at_the_hospital()?.remove(0);
    let wanted = json!({"receiver": NURSING_HOME.ura, "patient": {"bsn": patient.bsn}, "name": format!("druk-{}", fresh()),
        "transfer": "2026-12-01", "pdf": true});
    let made = parties.epd.post_json(&format!("{}/handoffs/from-sources", parties.sender_inner), &wanted).await?;
    is(&made, 201, "a handoff of the sources with its print")?;
    let made = made.json().unwrap_or_default();
    let of = |told: &Value, name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let nothing = json!({"resourceType": "Bundle", "type": "document", "entry": []});
    let made = Transfer { id: of(&made, "id"), task: of(&made, "task"), composition: String::new(), bundle: nothing };
    for one in [&transfer, &made] {
        let id = parties.until(&one.task, "offered").await?;
        parties.take(&id).await?;
        parties.until(&one.task, "completed").await?;
        let came = parties.document(&id).await?;
        let (_, binary) = document_of(one, &came)?;
        let named = by_name(&came);
        is_pdf_a(&content(named.get(&format!("Binary/{binary}")).unwrap_or(&Value::Null))?)?;
        let composition = named.values().find(|one| one["resourceType"] == "Composition");
        ensure(one.composition.is_empty() || composition.is_some_and(|one| one["date"] == "2026-11-29"), || {
            "the older version came".to_owned()
        })?;
    }
    Ok(())
}
