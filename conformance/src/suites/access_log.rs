//! The access log, asked over the wire: by the privacy officer, by a patient, and by everybody who must not.

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::overview::{self, SHOWCASE};
use super::setting::{BSN_SYSTEM, Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, InnerCaller};

/// Another patient of the hospital's.
const ANOTHER: &str = "900203638";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "the privacy officer finds an overview that was asked, as AuditEvents about that patient",
            |setting| Box::pin(found(setting)),
        ),
        Check::new("a look into the log is itself in the log, with the events that were seen", |setting| {
            Box::pin(on_the_record(setting))
        }),
        Check::new("the log comes in pages that lose and repeat nothing, and whose links name nobody", |setting| {
            Box::pin(paged(setting))
        }),
        Check::new("every search of the audit consumer is answered or refused by name", |setting| {
            Box::pin(searched(setting))
        }),
        Check::new("a patient sees who looked at their own data, and nobody else's", |setting| Box::pin(own(setting))),
        Check::new("nobody else looks into the log", |setting| Box::pin(closed(setting))),
        Check::new("nothing is added to the log, changed in it or deleted from it over the wire", |setting| {
            Box::pin(unchangeable(setting))
        }),
        Check::new("a verdict is a record, needs its reason, and is not given on an access of one's own", |setting| {
            Box::pin(judged(setting))
        }),
    ]
}

/// One of the node's own who look into its log.
pub fn overseer(setting: &Setting, node: &str, client_id: &str) -> Result<InnerCaller, Flaw> {
    let mut callers = setting.ready.callers.iter();
    let caller = callers
        .find(|caller| caller.node.as_deref() == Some(node) && caller.client_id.as_deref() == Some(client_id))
        .ok_or_else(|| Flaw::NotRun(format!("no {client_id} at {node}")))?;
    Ok(InnerCaller::of(&setting.ready, &caller.name)?)
}

async fn search(setting: &Setting, caller: &InnerCaller, form: &[(&str, &str)]) -> Result<Answer, Flaw> {
    Ok(caller.post_form(&format!("{}/AuditEvent/_search", setting.inner("hospital")?), form).await?)
}

async fn of_patient(setting: &Setting, caller: &InnerCaller, bsn: &str, count: &str) -> Result<Value, Flaw> {
    let patient = format!("{BSN_SYSTEM}|{bsn}");
    bundle(search(setting, caller, &[("patient.identifier", &patient), ("_count", count)]).await?)
}

fn bundle(answer: Answer) -> Result<Value, Flaw> {
    let bundle = answer.json().unwrap_or_default();
    ensure(answer.status == 200 && bundle["type"] == "searchset", || {
        format!("a search of the log answers {}", answer.status)
    })?;
    Ok(bundle)
}

fn events(bundle: &Value) -> Vec<&Value> {
    bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]).collect()
}

fn ids(bundle: &Value) -> Vec<String> {
    events(bundle).iter().filter_map(|event| event["id"].as_str()).map(str::to_owned).collect()
}

fn next(bundle: &Value) -> Option<&str> {
    let links = bundle["link"].as_array()?;
    links.iter().find(|link| link["relation"] == "next")?["url"].as_str()
}

async fn found(setting: &Setting) -> Judgement {
    let asked = overview::ask(setting, "hospital", &*setting.person("koster")?, SHOWCASE).await?;
    let correlation = asked.header("x-request-id").unwrap_or_default().to_owned();
    let officer = overseer(setting, "hospital", "privacy-officer")?;
    let bundle = of_patient(setting, &officer, SHOWCASE, "20").await?;
    let about = |event: &&Value| event["entity"].to_string().contains(SHOWCASE);
    ensure(events(&bundle).iter().all(about), || "an event about another patient was found".to_owned())?;
    let koster = events(&bundle).into_iter().find(|event| event["entity"].to_string().contains(&correlation));
    let event = koster.ok_or_else(|| Flaw::Broken("the overview just asked is not found".to_owned()))?;
    ensure(event["resourceType"] == "AuditEvent" && event["agent"].to_string().contains("koster"), || {
        "the event does not say who asked".to_owned()
    })?;
    let id = event["id"].as_str().unwrap_or_default();
    let read = officer.get(&format!("{}/AuditEvent/{id}", setting.inner("hospital")?)).await?;
    ensure(read.json().as_ref() == Some(event), || "a read gives another event than the search".to_owned())
}

async fn on_the_record(setting: &Setting) -> Judgement {
    let officer = overseer(setting, "hospital", "privacy-officer")?;
    let mark = setting.mark("hospital").await?;
    let seen = ids(&of_patient(setting, &officer, SHOWCASE, "3").await?);
    setting.no_source_was_asked(&mark).await?;
    let records = setting.since(&mark, "hospital")?;
    ensure(records.len() == 1, || format!("{} records of one look", records.len()))?;
    let record = &records[0];
    ensure(record["patient"] == SHOWCASE && record["caller"]["person"]["id"] == "privacy-officer", || {
        "the record of a look does not say whose log was seen by whom".to_owned()
    })?;
    let disclosed: Vec<_> = seen.iter().map(|id| Value::from(format!("AuditEvent/{id}"))).collect();
    ensure(!seen.is_empty() && record["sources"][0]["disclosed"] == Value::from(disclosed), || {
        "the record of a look does not name the events that were seen".to_owned()
    })?;
    // And the next look finds this one.
    let again = of_patient(setting, &officer, SHOWCASE, "1").await?;
    ensure(events(&again).iter().any(|event| event["agent"].to_string().contains("privacy-officer")), || {
        "the look is not found by the next one".to_owned()
    })
}

async fn paged(setting: &Setting) -> Judgement {
    let officer = overseer(setting, "hospital", "privacy-officer")?;
    let mut page = of_patient(setting, &officer, SHOWCASE, "2").await?;
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..4 {
        let links = page["link"].to_string();
        ensure(!names_a_patient(&links), || "a link names a patient".to_owned())?;
        let urls = events(&page).len();
        ensure(urls <= 2, || format!("{urls} events on a page of two"))?;
        seen.extend(ids(&page));
        let Some(next) = next(&page) else { break };
        page = bundle(officer.get(next).await?)?;
    }
    let place = |id: &String| id.rsplit('-').next().and_then(|index| index.parse::<u64>().ok());
    let places: Vec<_> = seen.iter().filter_map(place).collect();
    ensure(places.len() > 2 && places.len() == seen.len() && places.is_sorted_by(|one, next| one > next), || {
        format!("the pages are not newest first, each event once: {places:?}")
    })
}

async fn searched(setting: &Setting) -> Judgement {
    let officer = overseer(setting, "hospital", "privacy-officer")?;
    let ura = &setting.node("hospital")?.ura;
    let agent = format!("http://fhir.nl/fhir/NamingSystem/ura|{ura}");
    for (name, value) in [
        ("date", "ge2026-01-01"),
        ("outcome", "0"),
        ("outcome", "8"),
        ("agent.identifier", &agent),
        ("source.identifier", &agent),
        ("entity-role", "1"),
        ("entity-type", "2"),
        ("type", "rest"),
        ("subtype", "search-type"),
        ("action", "E"),
        ("purpose", "TREAT"),
        ("purpose", "HCOMPL"),
    ] {
        let found = bundle(search(setting, &officer, &[(name, value), ("_count", "5")]).await?)?;
        let any = !events(&found).is_empty();
        ensure(any, || format!("a search by {name}={value} finds nothing"))?;
    }
    for (name, value) in
        [("outcome:not", "0"), ("altid", "x"), ("_sort", "date"), ("_summary", "count"), ("nonsense", "x")]
    {
        let answer = search(setting, &officer, &[(name, value)]).await?;
        let told = answer.json().unwrap_or_default()["issue"][0]["diagnostics"].to_string()
            + &answer.json().unwrap_or_default()["issue"][0]["details"].to_string();
        let refused = answer.status == 400 && told.contains(name.split(':').next().unwrap_or_default());
        let answered = answer.status == 200 && name == "outcome:not";
        ensure(refused || answered, || format!("a search by {name} answers {}: {told}", answer.status))?;
    }
    Ok(())
}

async fn own(setting: &Setting) -> Judgement {
    let patient = overseer(setting, "hospital", "patient")?;
    let mine = bundle(search(setting, &patient, &[]).await?)?;
    ensure(!events(&mine).is_empty(), || "a patient finds nothing of their own".to_owned())?;
    let about = |event: &&Value| event["entity"].to_string().contains(SHOWCASE);
    ensure(events(&mine).iter().all(about), || "a patient sees an event of somebody else".to_owned())?;
    let mark = setting.mark("hospital").await?;
    let another = format!("{BSN_SYSTEM}|{ANOTHER}");
    let answer = search(setting, &patient, &[("patient.identifier", &another)]).await?;
    let refused = setting.refused(&mark, "hospital", 403, Ok(answer)).await?;
    ensure(refused.record["patient"] == ANOTHER, || "the record does not say whose log was tried".to_owned())?;
    // An event of another patient reads like one that is not there.
    let officer = overseer(setting, "hospital", "privacy-officer")?;
    overview::ask(setting, "hospital", &*setting.person("koster")?, ANOTHER).await?;
    let theirs = ids(&of_patient(setting, &officer, ANOTHER, "1").await?);
    let id = theirs.first().ok_or_else(|| Flaw::Broken("an attempt at another patient is not found".to_owned()))?;
    let base = setting.inner("hospital")?;
    let there = patient.get(&format!("{base}/AuditEvent/{id}")).await?;
    let nowhere = patient.get(&format!("{base}/AuditEvent/{}-99999999", setting.node("hospital")?.ura)).await?;
    ensure(there.status == 404 && there.body == nowhere.body, || {
        format!("an event of another patient answers {} unlike one that is not there", there.status)
    })
}

async fn closed(setting: &Setting) -> Judgement {
    let inner = setting.inner("hospital")?;
    let practitioner = setting.person("koster")?;
    for path in ["AuditEvent", "AuditEvent?_count=1", "Patient/1/AuditEvent"] {
        let mark = setting.mark("hospital").await?;
        setting.refused(&mark, "hospital", 403, practitioner.get(&format!("{inner}/{path}")).await).await?;
    }
    let mark = setting.mark("hospital").await?;
    let clinic = setting.organisation("90010090", "hospital")?.signed_in("health-overview", None).await?;
    setting
        .refused(&mark, "hospital", 403, clinic.get(&format!("{}/AuditEvent", setting.outer("hospital")?)).await)
        .await?;
    // The token of the officer is of the inner gate, and of one node.
    let officer = overseer(setting, "hospital", "privacy-officer")?;
    let elsewhere = officer.get(&format!("{}/AuditEvent", setting.inner("nursing-home")?)).await?;
    ensure(elsewhere.status == 401, || format!("another node's log answers {}", elsewhere.status))
}

async fn unchangeable(setting: &Setting) -> Judgement {
    let inner = setting.inner("hospital")?;
    let officer = overseer(setting, "hospital", "privacy-officer")?;
    let id = ids(&of_patient(setting, &officer, SHOWCASE, "1").await?).pop().unwrap_or_default();
    let event = serde_json::json!({"resourceType": "AuditEvent", "id": id});
    for (method, path) in [
        (Method::POST, "AuditEvent".to_owned()),
        (Method::PUT, format!("AuditEvent/{id}")),
        (Method::PATCH, format!("AuditEvent/{id}")),
        (Method::DELETE, format!("AuditEvent/{id}")),
        (Method::GET, format!("AuditEvent/{id}/_history")),
    ] {
        let bodiless = method == Method::GET || method == Method::DELETE;
        let body = if bodiless { Bytes::new() } else { Bytes::from(event.to_string()) };
        let kind = [("content-type", "application/fhir+json")];
        let answer = officer.raw(method.clone(), &format!("{inner}/{path}"), &kind, body).await?;
        ensure((400..500).contains(&answer.status), || format!("{method} answers {}", answer.status))?;
    }
    Ok(())
}

async fn judged(setting: &Setting) -> Judgement {
    let inner = setting.inner("hospital")?;
    let officer = overseer(setting, "hospital", "privacy-officer")?;
    let koster = [("agent.identifier", "koster"), ("_count", "1")];
    let id = ids(&bundle(search(setting, &officer, &koster).await?)?).pop();
    let id = id.ok_or_else(|| Flaw::Broken("no event of koster is found".to_owned()))?;
    let url = format!("{inner}/AuditEvent/{id}/$review");
    let mark = setting.mark("hospital").await?;
    setting.refused(&mark, "hospital", 403, officer.post_form(&url, &[("verdict", "justified")]).await).await?;
    let mark = setting.mark("hospital").await?;
    let answer = officer.post_form(&url, &[("verdict", "fine"), ("note", "x")]).await;
    setting.refused(&mark, "hospital", 400, answer).await?;
    let mark = setting.mark("hospital").await?;
    let answer = officer.post_form(&url, &[("verdict", "justified"), ("note", "On duty, says the ward.")]).await?;
    ensure(answer.status == 200, || format!("a verdict answers {}", answer.status))?;
    let records = setting.since(&mark, "hospital")?;
    let review = &records.first().ok_or_else(|| Flaw::Broken("a verdict leaves no record".to_owned()))?["review"];
    ensure(review["event"] == id && review["verdict"] == "justified", || "the record lacks the verdict".to_owned())?;
    // The officer's own look.
    let own =
        ids(&bundle(search(setting, &officer, &[("agent.identifier", "privacy-officer"), ("_count", "1")]).await?)?);
    let id = own.first().ok_or_else(|| Flaw::Broken("no event of the officer is found".to_owned()))?;
    let mark = setting.mark("hospital").await?;
    let form = [("verdict", "justified"), ("note", "It was me.")];
    setting
        .refused(&mark, "hospital", 403, officer.post_form(&format!("{inner}/AuditEvent/{id}/$review"), &form).await)
        .await?;
    Ok(())
}
