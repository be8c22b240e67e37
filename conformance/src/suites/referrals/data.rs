//! BS: the searches of the data set at the sender's gate.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;
use url::form_urlencoded;

use super::super::setting::names_a_patient;
use super::super::{Flaw, Judgement, Setting, ensure};
use super::{JSON, Receiver, XML, is};
use crate::referral::{at_the_hospital, patient_id};

/// `{B}` is the patient's identifier, `SCT` and `LNC` are SNOMED CT and LOINC.
const BGZ_20: &str = include_str!("../../counts/lists/bgz-msz-2.0.txt");
const BGZ_122: &str = include_str!("../../counts/lists/bgz-msz-1.2.2.txt");
const TASK_INPUT: &str = include_str!("../../counts/lists/task-input.txt");

fn lines(list: &str, bsn: &str) -> Vec<String> {
    let whole = |line: &str| {
        line.replace("{B}", &format!("http://fhir.nl/fhir/NamingSystem/bsn|{bsn}"))
            .replace("SCT|", "http://snomed.info/sct|")
            .replace("LNC|", "http://loinc.org|")
    };
    list.lines().filter(|line| !line.trim().is_empty()).map(whole).collect()
}

/// The searches of a Workflow Task, in the order of the list.
pub(super) fn task_inputs() -> Vec<String> {
    lines(TASK_INPUT, "")
}

/// Whether two relative searches ask the same, whatever they encode.
pub(super) fn same(one: &str, other: &str) -> bool {
    let apart = |text: &str| {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        pairs.sort();
        (path.to_owned(), pairs)
    };
    apart(one) == apart(other)
}

/// The search as it goes over the wire: each value encoded, the BSN in the body.
fn encoded(search: &str) -> (String, String) {
    let (path, query) = search.split_once('?').unwrap_or((search, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    (path.to_owned(), query)
}

/// One search of a list, in a format.
async fn ask(receiver: &Receiver, search: &str, kind: &str) -> Result<crate::callers::Answer, Flaw> {
    let (path, query) = encoded(search);
    // $lastn is an operation and has no other way to be asked than a GET or a POST of itself.
    let url = if path.contains('$') { receiver.url(&path) } else { receiver.url(&format!("{path}/_search")) };
    let headers = [("accept", kind), ("content-type", "application/x-www-form-urlencoded")];
    Ok(receiver.wire.raw(Method::POST, &url, &headers, Bytes::from(query)).await?)
}

async fn answered(setting: &Setting, list: &str) -> Judgement {
    let receiver = Receiver::of(setting).await?;
    let mut asked = 0;
    for search in lines(list, receiver.referral.patient.bsn) {
        let what = search.split('?').next().unwrap_or_default().to_owned();
        for (kind, variant) in [(JSON, ""), (XML, ""), (JSON, "&_revinclude=Provenance:target")] {
            // With $lastn nothing is brought along that points back; nor are planned vaccinations, appointments and documents.
            let plain = ["$lastn", "ImmunizationRecommendation", "DeviceRequest", "Appointment"];
            if !variant.is_empty() && plain.iter().any(|name| search.contains(name)) {
                continue;
            }
            let answer = ask(&receiver, &format!("{search}{variant}"), kind).await?;
            is(&answer, 200, &format!("{what} as {kind}{variant}"))?;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            if kind == XML {
                let good = text.contains("<Bundle") && text.contains("searchset") && text.contains("\"self\"");
                ensure(good, || format!("{what} is no searchset with a self link in XML"))?;
                continue;
            }
            let bundle = answer.json().unwrap_or_default();
            let links = bundle["link"].as_array().cloned().unwrap_or_default();
            let itself = links.iter().find(|link| link["relation"] == "self");
            ensure(bundle["type"] == "searchset" && itself.is_some(), || {
                format!("{what} is no searchset with a self link")
            })?;
            let url = itself.map(|link| link["url"].to_string()).unwrap_or_default();
            ensure(!names_a_patient(&url), || "the self link names the patient".to_owned())?;
            ensure(!matches(&bundle).is_empty(), || {
                format!("{search} finds nothing").replace(receiver.referral.patient.bsn, "...")
            })?;
        }
        asked += 1;
    }
    ensure(asked >= 27, || format!("{asked} searches in the list"))
}

fn of_mode<'b>(bundle: &'b Value, mode: &str) -> Vec<&'b Value> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries.filter(|entry| entry["search"]["mode"] == mode).map(|entry| &entry["resource"]).collect()
}

fn matches(bundle: &Value) -> Vec<&Value> {
    of_mode(bundle, "match")
}

pub(super) async fn release_2_0(setting: &Setting) -> Judgement {
    answered(setting, BGZ_20).await
}

pub(super) async fn release_1_2_2(setting: &Setting) -> Judgement {
    answered(setting, BGZ_122).await
}

pub(super) async fn narrowed(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting).await?;
    let own = format!("Patient/{}", patient_id(&receiver.referral.patient));
    let others: Vec<_> = at_the_hospital()?.into_iter().skip(1).collect();
    for search in task_inputs() {
        let answer = ask(&receiver, &search, JSON).await?;
        is(&answer, 200, &search)?;
        let bundle = answer.json().unwrap_or_default();
        ensure(!matches(&bundle).is_empty(), || format!("{search} finds nothing"))?;
        let text = bundle.to_string();
        for other in &others {
            let stranger = text.contains(other.bsn) || text.contains(&format!("\"Patient/{}\"", patient_id(other)));
            ensure(!stranger, || format!("{search} shows another patient's data"))?;
        }
        for one in matches(&bundle) {
            let about = ["subject", "patient", "beneficiary"].iter().find_map(|name| one[*name]["reference"].as_str());
            let about = about.or(one["participant"][0]["actor"]["reference"].as_str());
            let is_own = about == Some(own.as_str())
                || one["resourceType"] == "Patient"
                    && format!("Patient/{}", one["id"].as_str().unwrap_or_default()) == own;
            ensure(is_own, || format!("{search} finds what is not said to be the patient's"))?;
        }
        ensure(!text.contains("\"afgeschermd"), || "what is labelled very restricted leaves".to_owned())?;
    }
    let other = &others[0];
    for search in [
        format!("Condition?patient.identifier=http://fhir.nl/fhir/NamingSystem/bsn|{}", other.bsn),
        format!("Patient?identifier=http://fhir.nl/fhir/NamingSystem/bsn|{}", other.bsn),
        format!("Condition?patient=Patient/{}", patient_id(other)),
    ] {
        let answer = ask(&receiver, &search, JSON).await?;
        is(&answer, 403, "a search for another patient")?;
        setting.keeps_quiet(&answer)?;
    }
    is(&receiver.get(&format!("Patient/{}", patient_id(other))).await?, 403, "a read of another patient")?;
    is(&receiver.get(&own).await?, 200, "a read of the patient")
}

pub(super) async fn last(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting).await?;
    let newest = |bundle: &Value| -> BTreeMap<String, Vec<String>> {
        let mut by_code: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in matches(bundle) {
            let code = one["code"]["coding"][0]["code"].as_str().unwrap_or_default().to_owned();
            by_code.entry(code).or_default().push(one["id"].as_str().unwrap_or_default().to_owned());
        }
        by_code
    };
    for (code, name) in [("85354-9", "bloeddruk-2"), ("29463-7", "gewicht-2"), ("8302-2", "lengte")] {
        let all = ask(&receiver, &format!("Observation?code=http://loinc.org|{code}"), JSON).await?;
        let dates: Vec<String> = matches(&all.json().unwrap_or_default())
            .iter()
            .map(|one| one["effectiveDateTime"].as_str().unwrap_or_default().to_owned())
            .collect();
        let mut found = Vec::new();
        for search in [
            format!("Observation/$lastn?code=http://loinc.org|{code}"),
            format!("Observation?code=http://loinc.org|{code}&_sort=-date&_count=1"),
        ] {
            let bundle = ask(&receiver, &search, JSON).await?.json().unwrap_or_default();
            let by_code = newest(&bundle);
            let ids: Vec<String> = by_code.values().flatten().cloned().collect();
            ensure(ids.len() == 1 && ids[0].starts_with(name), || {
                format!("{search} gives {} of {}", ids.len(), dates.len())
            })?;
            found.extend(ids);
        }
        ensure(found[0] == found[1], || "the two forms give different observations".to_owned())?;
    }
    let search = "Observation/$lastn?category=http://snomed.info/sct|118228005,http://snomed.info/sct|384821006";
    let bundle = ask(&receiver, search, JSON).await?.json().unwrap_or_default();
    let by_code = newest(&bundle);
    ensure(by_code.values().all(|ids| ids.len() == 1) && !by_code.is_empty(), || {
        "a code has more than its newest".to_owned()
    })
}

pub(super) async fn included(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting).await?;
    for (search, brought) in [
        ("Patient?_include=Patient:general-practitioner", "Practitioner"),
        ("Coverage?_include=Coverage:payor", "Organization"),
        ("DeviceUseStatement?_include=DeviceUseStatement:device", "Device"),
        (
            "MedicationRequest?category=http://snomed.info/sct|16076005&_include=MedicationRequest:medication",
            "Medication",
        ),
        ("Observation?category=http://snomed.info/sct|275711006&_include=Observation:specimen", "Specimen"),
        ("Condition?_revinclude=Provenance:target", "Provenance"),
    ] {
        let answer = ask(&receiver, search, JSON).await?;
        is(&answer, 200, search)?;
        let bundle = answer.json().unwrap_or_default();
        let found: BTreeSet<String> = of_mode(&bundle, "include")
            .iter()
            .map(|one| one["resourceType"].as_str().unwrap_or_default().to_owned())
            .collect();
        ensure(found.contains(brought), || format!("{search} brings no {brought} along"))?;
        let count = matches(&bundle).len();
        let total = bundle["total"].as_u64();
        ensure(total.is_none_or(|total| total == count as u64), || {
            format!("{search}: {total:?} of {count} are counted")
        })?;
        let kind = search.split('?').next().unwrap_or_default();
        ensure(matches(&bundle).iter().all(|one| one["resourceType"] == kind), || format!("{search} matches others"))?;
    }
    Ok(())
}

pub(super) async fn outside(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting).await?;
    for search in [
        "Observation",
        "Observation?code=http://loinc.org|8867-4",
        "Observation?category=http://snomed.info/sct|1",
        "Observation/$lastn?code=http://loinc.org|85354-9,http://loinc.org|8867-4",
        "Consent",
        "Consent?category=http://snomed.info/sct|1",
        "MedicationRequest",
        "Condition?clinical-status=active",
        "Condition?code=http://snomed.info/sct|38341003",
        "Encounter?date=ge2026",
        "Goal",
        "CarePlan",
        "Composition",
        "Task?status=requested",
    ] {
        let answer = ask(&receiver, search, JSON).await?;
        is(&answer, 403, search)?;
        let outcome = answer.json().unwrap_or_default();
        ensure(outcome["resourceType"] == "OperationOutcome", || format!("{search}: no OperationOutcome"))?;
        setting.keeps_quiet(&answer)?;
    }
    for path in ["Patient/$everything", "Composition/1/$document", "Task"] {
        let answer = receiver.get(path).await?;
        is(&answer, 403, path)?;
    }
    is(&receiver.get_as("Condition", "text/html").await?, 406, "a format that is none of FHIR")
}
