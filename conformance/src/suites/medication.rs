//! The medication overview of one patient whose general practitioner, hospital, pharmacy and nursing home disagree: what
//! is current and why, what is said of a missing source, and the former list with what must be said of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::outer_gate::{CLINIC, acting};
use super::overview::SHOWCASE;
use super::people::logging_in::Desk;
use super::setting::{BSN_SYSTEM, Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, Wire};
use crate::region;
use crate::source_server::Fault;

pub(super) const OPERATION: &str = "current-medication";
pub(super) const FORMER: &str = "former-medication-overview";
/// Whom a treatment is of, with the section that it stands in.
const EXPECTED: [(&str, &str); 9] = [
    ("mien-metoprolol", "current"),
    ("mien-apixaban", "current"),
    ("mien-apixaban-ziekenhuis", "current"),
    ("mien-colecalciferol", "current"),
    ("mien-furosemide", "current"),
    ("mien-paracetamol", "current"),
    ("mien-temazepam", "interrupted"),
    ("mien-haloperidol", "recently-stopped"),
    ("mien-alendroninezuur", "history"),
];

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("every treatment stands in its section, whoever of four providers knows it", |setting| {
            Box::pin(sections(setting))
        }),
        Check::new("what does not fit between providers is told with the treatment", |setting| {
            Box::pin(disagreement(setting))
        }),
        Check::new("a medication overview reads the same at every node that may make it", |setting| {
            Box::pin(everywhere(setting))
        }),
        Check::new("a medication overview with a dead source is not complete, and names it", |setting| {
            Box::pin(with_a_dead_source(setting))
        }),
        Check::new(
            "the page of a medication overview says that a source is missing, whose, and where that matters",
            |setting| Box::pin(page_with_a_dead_source(setting)),
        ),
        Check::new("the former medication list says that no standard has it, and holds no history", |setting| {
            Box::pin(former(setting))
        }),
        Check::new("a medication overview has no BSN in a link or header, and is one record", |setting| {
            Box::pin(discreet(setting))
        }),
        Check::new("no partner may ask a holder for a medication overview, only for blocks", |setting| {
            Box::pin(at_the_outer_gate(setting))
        }),
    ]
}

pub(super) async fn ask(setting: &Setting, node: &str, caller: &Wire, operation: &str) -> Result<Answer, Flaw> {
    let url = format!("{}/Patient/${operation}", setting.inner(node)?);
    Ok(caller.post_form(&url, &[("identifier", &format!("{BSN_SYSTEM}|{SHOWCASE}"))]).await?)
}

/// The Parameters of an answer.
pub(super) fn told(answer: &Answer) -> Result<Value, Flaw> {
    ensure(answer.status == 200, || format!("the medication overview answers {}", answer.status))?;
    let mut bundle = answer.json().unwrap_or_default();
    ensure(bundle["resourceType"] == "Bundle", || "the medication overview is no Bundle".to_owned())?;
    let first = bundle["entry"][0]["resource"].take();
    ensure(first["resourceType"] == "Parameters", || "it does not begin with Parameters".to_owned())?;
    Ok(first)
}

/// The parts of this name, one level down.
pub(super) fn parts<'v>(of: &'v Value, name: &'v str) -> impl Iterator<Item = &'v Value> {
    let all = of["parameter"].as_array().or_else(|| of["part"].as_array());
    all.into_iter().flatten().filter(move |part| part["name"] == name)
}

/// The value of the first part of this name, as text.
pub(super) fn value(of: &Value, name: &str) -> String {
    let Some(part) = parts(of, name).next() else { return String::new() };
    let value = part.as_object().and_then(|members| members.iter().find(|(key, _)| key.starts_with("value")));
    match value {
        Some((_, Value::String(text))) => text.clone(),
        Some((_, Value::Object(id))) => id["value"].as_str().unwrap_or_default().to_owned(),
        Some((_, other)) => other.to_string(),
        None => String::new(),
    }
}

/// The sections of every treatment, by its identifier.
fn by_treatment(parameters: &Value) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for treatment in parts(parameters, "treatment") {
        all.entry(value(treatment, "identifier")).or_default().push(value(treatment, "section"));
    }
    all
}

pub(super) fn treatment<'v>(parameters: &'v Value, id: &str, section: &str) -> Result<&'v Value, Flaw> {
    let mut all = parts(parameters, "treatment");
    let found = all.find(|one| value(one, "identifier") == id && value(one, "section") == section);
    found.ok_or_else(|| Flaw::Broken(format!("no treatment {id} is {section}")))
}

/// Whether a finding is told of a treatment or of one of its lines.
pub(super) fn warns(treatment: &Value, code: &str) -> bool {
    let own = parts(treatment, "reason").any(|reason| value(reason, "code") == code);
    own || parts(treatment, "line").any(|line| parts(line, "reason").any(|reason| value(reason, "code") == code))
}

pub(super) async fn showcase(setting: &Setting, node: &str, person: &str) -> Result<Value, Flaw> {
    told(&ask(setting, node, &*setting.person(person)?, OPERATION).await?)
}

async fn sections(setting: &Setting) -> Judgement {
    let parameters = showcase(setting, "hospital", "koster").await?;
    ensure(value(&parameters, "complete") == "true", || "it is not complete".to_owned())?;
    let found = by_treatment(&parameters);
    for (id, section) in EXPECTED {
        let stands = found.get(id).is_some_and(|sections| sections.iter().any(|one| one == section));
        ensure(stands, || format!("{id} is {:?}, not {section}", found.get(id)))?;
    }
    let answered = parts(&parameters, "source").filter(|source| value(source, "status") == "answered");
    let providers: BTreeSet<String> = answered.map(|source| value(source, "ura")).collect();
    ensure(providers.len() == region::providers().len(), || format!("{} providers answered", providers.len()))
}

async fn disagreement(setting: &Setting) -> Judgement {
    let parameters = showcase(setting, "hospital", "koster").await?;
    for (id, section, code) in [
        // The hospital prescribed what the practice does already, at another dose.
        ("mien-apixaban", "current", "same-product-elsewhere"),
        ("mien-apixaban-ziekenhuis", "current", "same-product-elsewhere"),
        // The pharmacy goes on with what was changed, and with what was interrupted.
        ("mien-metoprolol", "current", "not-aligned"),
        ("mien-temazepam", "interrupted", "not-aligned"),
        ("mien-furosemide", "current", "copy-only"),
        ("mien-macrogol", "unclear", "only-condition"),
        // It is used, and the agreement about it says in words only until when.
        ("mien-macrogol", "current", "agreement-unclear"),
    ] {
        let found = treatment(&parameters, id, section)?;
        ensure(warns(found, code), || format!("{code} is not told of {id}"))?;
    }
    let apixaban = treatment(&parameters, "mien-apixaban", "current")?;
    let lead = parts(apixaban, "line").next().unwrap_or(&Value::Null);
    let copies: Vec<String> = parts(lead, "received").map(|receipt| value(receipt, "copy")).collect();
    ensure(copies.len() == 2 && copies.contains(&"false".to_owned()), || {
        "the original and its copy are not one line".to_owned()
    })?;
    let aside = parts(&parameters, "set-aside").any(|one| value(one, "identifier") == "mien-metoprolol-1");
    ensure(aside, || "what was replaced is neither shown nor set aside".to_owned())?;
    // The practice wrote why the dose was low; that it was raised since makes it no less true.
    let mut all = parts(&parameters, "set-aside");
    let noted = all.any(|one| value(one, "note").contains("bradycardie"));
    ensure(noted, || "what was written with a replaced agreement is lost".to_owned())
}

/// Who asks changes nothing about where a treatment stands.
async fn everywhere(setting: &Setting) -> Judgement {
    let mut seen: Option<BTreeMap<String, Vec<String>>> = None;
    for (node, person) in
        [("hospital", "koster"), ("general-practice", "deboer"), ("pharmacy", "timmer"), ("nursing-home", "winter")]
    {
        let found = by_treatment(&showcase(setting, node, person).await?);
        match &seen {
            None => seen = Some(found),
            Some(first) => ensure(*first == found, || format!("{node} reads another overview"))?,
        }
    }
    Ok(())
}

async fn with_a_dead_source(setting: &Setting) -> Judgement {
    put(setting, "pharmacy", &Fault::Dead).await?;
    let asked = showcase(setting, "hospital", "koster").await;
    let list = ask(setting, "hospital", &*setting.person("koster")?, FORMER).await;
    put(setting, "pharmacy", &Fault::None).await?;
    let parameters = asked?;
    ensure(value(&parameters, "complete") == "false", || "it says that it is complete".to_owned())?;
    let ura = setting.node("pharmacy")?.ura.clone();
    let source = parts(&parameters, "source").find(|source| value(source, "ura") == ura);
    let status = source.map(|source| value(source, "status")).unwrap_or_default();
    ensure(status == "unreachable", || format!("the pharmacy is shown as {status:?}"))?;
    let furosemide = treatment(&parameters, "mien-furosemide", "current")?;
    ensure(warns(furosemide, "source-missing"), || {
        "a copy without its original does not say who is missing".to_owned()
    })?;
    let list = list?;
    ensure(String::from_utf8_lossy(&list.body).contains("Incomplete: "), || {
        "the former list does not say that it is incomplete".to_owned()
    })
}

/// What the page shows for a source that is not there: a whole overview shows neither.
const INCOMPLETE: &str = "In dit overzicht kunnen gegevens ontbreken";
const UNREACHABLE: &str = "is niet bereikbaar";

/// What the practice wrote with the agreement that the hospital replaced, and what the pharmacy supplied last.
const OLD_NOTE: &str = "Hogere dosering gaf in 2022 bradycardie en duizeligheid.";
const OTHER_STRENGTH: &str = ": metoprolol retard tablet 50 mg";

async fn page_with_a_dead_source(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, "pharmacy")?;
    let browser = desk.browser()?;
    let pharmacist = setting.ready.person("timmer").and_then(|caller| caller.bearer_token.clone());
    let code = pharmacist.ok_or_else(|| Flaw::NotRun("the pharmacist has no access code".to_owned()))?;
    let entered = desk.guess(&browser, &code).await?;
    ensure(entered.status == 303 || entered.status == 200, || {
        format!("the pharmacist is answered {}", entered.status)
    })?;
    let read = async || {
        let answer = desk.medication(&browser, SHOWCASE).await?;
        ensure(answer.status == 200, || format!("the page is answered {}", answer.status))?;
        Ok::<_, Flaw>(String::from_utf8_lossy(&answer.body).into_owned())
    };
    let whole = read().await?;
    ensure(!whole.contains(INCOMPLETE) && !whole.contains(UNREACHABLE), || {
        "a whole overview says that something is missing".to_owned()
    })?;
    for told in [OLD_NOTE, OTHER_STRENGTH] {
        ensure(whole.contains(told), || format!("the page does not say: {told}"))?;
    }
    put(setting, "hospital", &Fault::Dead).await?;
    let page = read().await;
    put(setting, "hospital", &Fault::None).await?;
    let page = page?;
    let name = setting.node("hospital")?.name.clone();
    let told = page.split(INCOMPLETE).nth(1).and_then(|after| after.split("</ul>").next()).unwrap_or_default();
    ensure(told.contains(&name) && told.contains(UNREACHABLE), || "the page does not name who is missing".to_owned())?;
    // Also where a reader would take what is not there for nothing.
    let under = page.matches("niet alle bronnen hebben alles geleverd").count();
    ensure(under >= 2, || format!("it is said under {under} sections"))
}

pub(super) async fn put(setting: &Setting, provider: &str, fault: &Fault) -> Judgement {
    let key = format!("{provider}-source");
    let simulator = setting.ready.simulators.iter().find(|simulator| simulator.key == key);
    let simulator = simulator.ok_or_else(|| Flaw::NotRun(format!("no simulator {key}")))?;
    let body = serde_json::to_vec(fault).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
    let wire = Wire::new(None, None)?;
    let answer = wire.raw(reqwest::Method::PUT, &format!("{}/fault", simulator.control), &[], body.into()).await?;
    if answer.status == 204 { Ok(()) } else { Err(Flaw::NotRun(format!("{key} does not take the fault"))) }
}

async fn former(setting: &Setting) -> Judgement {
    let answer = ask(setting, "hospital", &*setting.person("koster")?, FORMER).await?;
    ensure(answer.status == 200, || format!("the former list answers {}", answer.status))?;
    let bundle = answer.json().unwrap_or_default();
    let list = &bundle["entry"][0]["resource"];
    ensure(list["resourceType"] == "List" && list["code"]["coding"][0]["code"] == "11181000146103", || {
        "it does not begin with the list".to_owned()
    })?;
    let notes = list["note"].to_string();
    ensure(notes.contains("not part of the current standard"), || "it passes for the standard's".to_owned())?;
    let entries = list["entry"].as_array().map(Vec::len).unwrap_or_default();
    ensure(entries > 8, || format!("{entries} entries"))?;
    let text = list["entry"].to_string();
    for (id, there) in [("mien-metoprolol-3", true), ("mien-temazepam-2", true), ("mien-metoprolol-1\"", false)] {
        ensure(text.contains(id) == there, || format!("{id} on the list: {}", !there))?;
    }
    let urls: Vec<&str> =
        bundle["entry"].as_array().into_iter().flatten().filter_map(|entry| entry["fullUrl"].as_str()).collect();
    for item in list["entry"].as_array().into_iter().flatten() {
        let item = &item["item"];
        let Some(to) = item["reference"].as_str() else {
            // What came in another version is named by its identifier, and says so.
            let says = item["display"].as_str().unwrap_or_default().ends_with(", FHIR 3.0.2");
            ensure(says && item["identifier"]["value"].is_string(), || {
                "an entry of the list leads nowhere".to_owned()
            })?;
            continue;
        };
        ensure(urls.contains(&to), || "an entry of the list is not in the Bundle".to_owned())?;
    }
    Ok(())
}

async fn discreet(setting: &Setting) -> Judgement {
    let mark = setting.mark("hospital").await?;
    let answer = ask(setting, "hospital", &*setting.person("koster")?, OPERATION).await?;
    let bundle = answer.json().unwrap_or_default();
    let links = bundle["link"].as_array().into_iter().flatten().map(|link| &link["url"]);
    let entries = bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["fullUrl"]);
    for url in links.chain(entries).filter_map(Value::as_str) {
        ensure(!names_a_patient(url), || "a URL of the Bundle names a patient".to_owned())?;
    }
    ensure(!names_a_patient(&bundle["entry"][0].to_string()), || "the Parameters name a patient".to_owned())?;
    let quiet = answer.headers.values().all(|value| value.to_str().is_ok_and(|value| !names_a_patient(value)));
    ensure(quiet, || "a header names a patient".to_owned())?;
    ensure(answer.header("cache-control") == Some("no-store"), || "it may be stored".to_owned())?;
    let records = setting.since(&mark, "hospital")?;
    let [record] = records.as_slice() else {
        return Err(Flaw::Broken(format!("{} records were written, not one", records.len())));
    };
    ensure(record["decision"]["use_case"] == "medication-overview" && record["patient"] == SHOWCASE, || {
        "the record is of something else".to_owned()
    })
}

async fn at_the_outer_gate(setting: &Setting) -> Judgement {
    let clinic = setting.organisation(CLINIC, "general-practice")?;
    let wire = clinic.signed_in("medication-overview", Some(&acting(SHOWCASE))).await?;
    let base = setting.outer("general-practice")?;
    let identifier = format!("{BSN_SYSTEM}|{SHOWCASE}");
    let operation = wire.post_form(&format!("{base}/Patient/${OPERATION}"), &[("identifier", &identifier)]).await?;
    ensure(operation.status == 403, || format!("the operation answers {}", operation.status))?;
    let form = [("patient.identifier", identifier.as_str())];
    let blocks = wire.post_form(&format!("{base}/MedicationRequest/_search"), &form).await?;
    ensure(blocks.status == 200, || format!("a search of blocks answers {}", blocks.status))
}
