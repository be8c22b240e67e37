//! The index and the pseudonym service that one node keeps for its region: a member registers, is found and withdraws; a
//! stranger, a wrong token, somebody else's name and a patient in a URL get nothing; whatever was asked is on the record.

use std::path::Path;

use serde_json::Value;

use super::overview::SHOWCASE;
use super::setting::{BSN_SYSTEM, Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, INDEX, Member, PSEUDONYMS, Wire, custodians};
use crate::ready::{Caller, Listener};

/// Who keeps them.
const KEEPER: &str = "pharmacy";
/// For whom pseudonyms are made, and what for.
const SCOPE: &str = "regionale-verwijsindex";
const ONE: &str = "hospital";
const OTHER: &str = "general-practice";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("what a member of the region registers another finds, and it alone takes it away", |setting| {
            Box::pin(found(setting))
        }),
        Check::new("who is no member of the region, or speaks for another, gets nothing from its index", |setting| {
            Box::pin(refused(setting))
        }),
        Check::new(
            "ATT-142: a patient token that came before, or that names a patient by number as well, is refused",
            |setting| Box::pin(replayed(setting)),
        ),
        Check::new(
            "the index of the region takes no patient by number or in a URL, and recorded all of it",
            |setting| Box::pin(recorded(setting)),
        ),
    ]
}

fn base(setting: &Setting) -> Result<String, Flaw> {
    Ok(format!("{}/regional-index", setting.node(KEEPER)?.outer.trim_end_matches('/')))
}

/// The server certificate of a node, and its key.
fn files<'s>(setting: &'s Setting, key: &str) -> Result<(&'s Path, &'s Path), Flaw> {
    let own = |caller: &&Caller| caller.node.as_deref() == Some(key) && caller.listener == Listener::Outer;
    let caller = setting.ready.callers.iter().find(own);
    let files = caller.and_then(|caller| caller.certificate_file.as_deref().zip(caller.key_file.as_deref()));
    files.ok_or_else(|| Flaw::NotRun(format!("{key} has no certificate")))
}

/// A provider's node as a member.
fn member(setting: &Setting, key: &str) -> Result<Member, Flaw> {
    let (node, files) = (setting.node(key)?, files(setting, key)?);
    let recipient = format!("ura:{}", setting.node(KEEPER)?.ura);
    Ok(Member::new(&setting.ready.ca_file, files, &base(setting)?, &node.ura, (&recipient, SCOPE))?)
}

fn is(answer: &Answer, status: u16, what: &str) -> Judgement {
    ensure(answer.status == status, || format!("{what} answers {}", answer.status))?;
    ensure(!names_a_patient(&String::from_utf8_lossy(&answer.body)), || format!("{what}: the answer has a BSN"))
}

async fn found(setting: &Setting) -> Judgement {
    let (one, other) = (member(setting, ONE)?, member(setting, OTHER)?);
    let ura = &setting.node(ONE)?.ura;
    let before = other.find(&other.patient(SHOWCASE).await?).await?;
    is(&before, 200, "a search")?;
    ensure(custodians(&before).is_empty(), || "somebody is registered before anybody was".to_owned())?;
    let made = one.register(&one.patient(SHOWCASE).await?, "Condition", ura).await?;
    is(&made, 201, "a registration")?;
    let body = made.json().unwrap_or_default();
    ensure(body["subject"].is_null(), || "the answer says whom it is about".to_owned())?;
    let id = body["id"].as_str().unwrap_or_default().to_owned();
    is(&one.register(&one.patient(SHOWCASE).await?, "Condition", ura).await?, 409, "the same again")?;
    let after = other.find(&other.patient(SHOWCASE).await?).await?;
    ensure(custodians(&after) == [ura.clone()], || "the other does not find it".to_owned())?;
    let stranger = setting.ready.patients.iter().find(|patient| patient.bsn != SHOWCASE);
    let stranger = stranger.ok_or_else(|| Flaw::NotRun("there is one patient only".to_owned()))?;
    let nobody = other.find(&other.patient(&stranger.bsn).await?).await?;
    ensure(custodians(&nobody).is_empty(), || "another patient is found as well".to_owned())?;
    is(&other.withdraw(&id).await?, 404, "another's withdrawal")?;
    is(&one.withdraw(&id).await?, 204, "the withdrawal")?;
    let gone = other.find(&other.patient(SHOWCASE).await?).await?;
    ensure(custodians(&gone).is_empty(), || "it is still found".to_owned())
}

async fn refused(setting: &Setting) -> Judgement {
    let one = member(setting, ONE)?;
    let patient = one.patient(SHOWCASE).await?;
    is(&one.register(&patient, "Condition", &setting.node(OTHER)?.ura).await?, 403, "another's name")?;
    is(&one.token("nvi", "nvi:read").await?, 400, "a token for another service")?;
    is(&one.token(INDEX, "prs:read").await?, 400, "a scope of the other service")?;
    is(&one.token(PSEUDONYMS, "prs:read").await?, 200, "a token")?;
    let base = base(setting)?;
    // Without a certificate there is neither a token nor an answer.
    let bare = Wire::new(Some(&setting.ready.ca_file), None)?;
    is(
        &bare.post_form(&format!("{base}/token"), &[("grant_type", "client_credentials")]).await?,
        401,
        "no certificate",
    )?;
    is(&bare.get(&format!("{base}/fhir/List")).await?, 401, "a question without a certificate")?;
    // A known organisation that is no member.
    let clinic = setting.ready.organisation(super::outer_gate::CLINIC);
    let clinic = clinic.ok_or_else(|| Flaw::NotRun("there is no clinic".to_owned()))?;
    let files = clinic.certificate_file.as_deref().zip(clinic.key_file.as_deref());
    let files = files.ok_or_else(|| Flaw::NotRun("the clinic has no certificate".to_owned()))?;
    let recipient = format!("ura:{}", setting.node(KEEPER)?.ura);
    let stranger = Member::new(&setting.ready.ca_file, files, &base, &clinic.ura, (&recipient, SCOPE))?;
    is(&stranger.token(INDEX, "nvi:localize").await?, 401, "a token for a stranger")?;
    is(&stranger.find(&patient).await?, 401, "a stranger's search")?;
    // A token that was made for another index says nothing here.
    let elsewhere = member(setting, OTHER)?.find("bm90aGluZw").await?;
    is(&elsewhere, 400, "a token of nobody")
}

async fn replayed(setting: &Setting) -> Judgement {
    let (one, other) = (member(setting, ONE)?, member(setting, OTHER)?);
    let patient = one.patient(SHOWCASE).await?;
    is(&one.find(&patient).await?, 200, "a search")?;
    // By whoever made it, and by who saw it pass.
    is(&one.find(&patient).await?, 400, "the same token again")?;
    is(&other.find(&patient).await?, 400, "a token that was another's question")?;
    is(&other.register(&patient, "Condition", &setting.node(OTHER)?.ura).await?, 400, "a registration with it")?;
    let with_number = format!("{}&{BSN_SYSTEM}|{SHOWCASE}", one.patient(SHOWCASE).await?);
    is(&one.find(&with_number).await?, 400, "a token and a patient's number")
}

async fn recorded(setting: &Setting) -> Judgement {
    let one = member(setting, ONE)?;
    let mark = setting.mark(KEEPER).await?;
    is(&one.find(SHOWCASE).await?, 400, "a BSN in the place of a token")?;
    let token = one.token(INDEX, "nvi:localize").await?.json().unwrap_or_default();
    let node = setting.node(ONE)?;
    let wire = Wire::new(Some(&setting.ready.ca_file), Some(files(setting, ONE)?))?;
    let wire = wire.with_token(token["access_token"].as_str().unwrap_or_default());
    let by_number = [("subject:identifier", format!("{BSN_SYSTEM}|{SHOWCASE}"))];
    let by_number = by_number.each_ref().map(|(name, value)| (*name, value.as_str()));
    let list = format!("{}/fhir/List", base(setting)?);
    is(&wire.post_form(&format!("{list}/_search"), &by_number).await?, 400, "a patient by number")?;
    is(&wire.get(&format!("{list}?subject:identifier=x")).await?, 400, "a patient in a URL")?;
    is(&one.find(&one.patient(SHOWCASE).await?).await?, 200, "a search")?;
    let records = setting.since(&mark, KEEPER)?;
    let lists: Vec<&Value> = records.iter().filter(|record| record["asked"]["resource_type"] == "List").collect();
    ensure(lists.len() == 4, || format!("four questions left {} records", lists.len()))?;
    ensure(lists.iter().all(|record| record["caller"]["organisation"] == node.ura.as_str()), || {
        "a record does not say who asked".to_owned()
    })?;
    let told = lists.iter().filter(|record| record["asked"]["query"].is_string()).count();
    ensure(told == 1, || "the record of the search does not name the pseudonym".to_owned())?;
    ensure(!lists.iter().any(|record| names_a_patient(&record.to_string())), || "a record has a BSN".to_owned())
}
