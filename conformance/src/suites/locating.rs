//! The open question to Mitz as a source of localisation: what it names is asked as well, as far as it is a partner; that
//! it names nobody and that it does not answer are told apart.

use reqwest::Method;
use serde_json::{Value, json};

use super::mitz::Driven;
use super::overview::Overview;
use super::setting::{Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;
use crate::mitz::{Choice, Fault};
use crate::region;

/// Asks Mitz where a patient is known.
const NODE: &str = "hospital";
/// Is no partner of anybody in the region.
const STRANGER: &str = "90010098";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "ATT-143: a holder that only Mitz names is asked where it is known as a partner, and no stranger is",
            |setting| Box::pin(named(setting)),
        ),
        Check::new(
            "an overview without an answer of Mitz does not look as if nobody else knew the patient",
            |setting| Box::pin(unanswered(setting)),
        ),
    ]
}

/// A patient of the hospital whom the pharmacy does not know, and one who treats them.
fn patient() -> Result<(&'static str, &'static str), Flaw> {
    let known = |bsn: &str, provider: &str| {
        region::patients().into_iter().any(|patient| patient.bsn == bsn && patient.known_at.contains(&provider))
    };
    let treats = region::relations().into_iter().filter(|relation| {
        let here = region::providers().into_iter().any(|one| one.key == NODE && one.ura == relation.ura);
        here && relation.practitioner.is_some() && !known(relation.bsn, "pharmacy")
    });
    let found = treats.filter_map(|relation| Some((relation.bsn, relation.practitioner?))).next();
    found.ok_or_else(|| Flaw::NotRun("every patient of the hospital is known at the pharmacy".to_owned()))
}

/// Makes a holder findable at Mitz, as a subscription of its own does.
async fn subscribe(setting: &Setting, mitz: &Driven<'_>, ura: &str, bsn: &str) -> Judgement {
    let ca = &setting.ready.ca_file;
    let (certificate, key) = (ca.with_file_name("pharmacy.pem"), ca.with_file_name("pharmacy-key.pem"));
    let wire = Wire::new(Some(ca), Some((&certificate, &key)))?;
    let system = |name: &str, oid: &str| json!({"url": format!("http://fhir.nl/StructureDefinition/{name}"), "valueOid": format!("urn:oid:{oid}")});
    let endpoint = format!("{}/mitz/notification", setting.node("pharmacy")?.outer);
    let body = json!({"resourceType": "Subscription", "status": "requested", "reason": "OTV",
        "extension": [system("GatewaySystem", "2.999.5"), system("SourceSystem", "2.999.6")],
        "criteria": format!("Consent?_query=otv&patientid={bsn}&providerid={ura}&providertype=J8"),
        "channel": {"type": "rest-hook", "endpoint": endpoint, "payload": "application/fhir+json"}});
    let url = format!("{}/abonnementen/fhir/Subscription", mitz.simulator.base);
    let kind = [("content-type", "application/fhir+json")];
    let answer = wire.raw(Method::POST, &url, &kind, body.to_string().into()).await?;
    if answer.status < 300 { Ok(()) } else { Err(Flaw::NotRun(format!("Mitz answers {}", answer.status))) }
}

/// What the record of an overview says of localisation, with the overview.
async fn overview(setting: &Setting, person: &str, bsn: &str) -> Result<(Overview, Value), Flaw> {
    let mark = setting.mark(NODE).await?;
    let caller = setting.person(person)?;
    let overview = Overview::ask(setting, NODE, &caller, bsn).await?;
    let records = setting.since(&mark, NODE)?;
    let localisation = records.first().map(|record| record["localisation"].clone()).unwrap_or_default();
    Ok((overview, localisation))
}

async fn named(setting: &Setting) -> Judgement {
    let (mitz, (bsn, person)) = (Driven::of(setting)?, patient()?);
    mitz.fault(&Fault::None).await?;
    let pharmacy = setting.node("pharmacy")?.ura.clone();
    for ura in [pharmacy.as_str(), STRANGER] {
        subscribe(setting, &mitz, ura, bsn).await?;
    }
    let choice = |permit| Choice {
        bsn: bsn.to_owned(),
        holder_kind: Some("J8".to_owned()),
        category: None,
        consulting: None,
        permit,
    };
    mitz.put("choice", &choice(false)).await?;
    let (before, nowhere) = overview(setting, person, bsn).await?;
    ensure(!before.fared.contains_key(&pharmacy), || "a holder without consent is asked".to_owned())?;
    mitz.put("choice", &choice(true)).await?;
    let (after, located) = overview(setting, person, bsn).await?;
    mitz.put("choice", &choice(false)).await?;
    let fared = after.of(setting, "pharmacy")?;
    ensure(!fared.is_empty(), || "the pharmacy is not asked".to_owned())?;
    ensure(!after.fared.contains_key(STRANGER), || "a stranger is asked".to_owned())?;
    let count = |index: &Value| index["detail"].as_u64().unwrap_or_default();
    ensure(located["finding"] == "found" && count(&located) == count(&nowhere) + 2, || {
        format!("the record says {located}, before it {nowhere}")
    })?;
    let told = String::from_utf8_lossy(&after.answer.body).replace(bsn, "");
    ensure(!names_a_patient(&told), || "another patient is named".to_owned())
}

async fn unanswered(setting: &Setting) -> Judgement {
    let (mitz, (bsn, person)) = (Driven::of(setting)?, patient()?);
    mitz.fault(&Fault::None).await?;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let (well, told) = overview(setting, person, bsn).await?;
    ensure(told["finding"] != "not-found-out", || format!("well, the record says {told}"))?;
    for (fault, reason) in [(Fault::Absent, "unreachable"), (Fault::Malformed, "unusable")] {
        mitz.fault(&fault).await?;
        let asked = overview(setting, person, bsn).await;
        mitz.fault(&Fault::None).await?;
        let (ill, told) = asked?;
        ensure(told["finding"] == "not-found-out" && told["detail"] == reason, || {
            format!("the record says {told}, not {reason}")
        })?;
        // What is said of the index itself is no holder.
        let holders = |one: &Overview| -> Vec<String> {
            one.fared.keys().filter(|key| setting.ready.nodes.iter().any(|node| node.ura == **key)).cloned().collect()
        };
        ensure(holders(&ill) == holders(&well), || "other holders were asked than before".to_owned())?;
    }
    Ok(())
}
