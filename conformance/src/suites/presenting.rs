//! A node as holder: it presents the provider's own credential to a partner that takes nothing else, and is answered.

use reqwest::Method;
use serde_json::{Value, json};

use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, InnerCaller, Wire};
use crate::nuts_partner::{PARTNER, PATIENT, PartnerFault, Seen};
use crate::ready::{Listener, Node};

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("a node publishes the DID that it presents itself under, and no other", |setting| {
            Box::pin(published(setting))
        }),
        Check::new(
            "a partner that takes presentations only is presented the node's own certificate, and answers",
            |setting| Box::pin(answered(setting)),
        ),
        Check::new("a partner that is not who it says, or sends the node elsewhere, is presented nothing", |setting| {
            Box::pin(misled(setting))
        }),
    ]
}

/// The partner, over its control interface, and somebody who treats its patient.
struct Partner<'s> {
    control: String,
    wire: Wire,
    node: &'s Node,
    caller: InnerCaller,
}

impl<'s> Partner<'s> {
    fn of(setting: &'s Setting) -> Result<Self, Flaw> {
        let missing = |what: &str| Flaw::NotRun(format!("the region has no {what}"));
        let found = setting.ready.services.iter().find(|service| service.kind == "nuts-partner");
        let control = found.ok_or_else(|| missing("partner that takes presentations"))?.control.clone();
        let treats = |caller: &&crate::ready::Caller| {
            caller.listener == Listener::Inner
                && caller.bearer_token.is_some()
                && caller.treats.iter().any(|bsn| bsn == PATIENT)
        };
        let caller =
            setting.ready.callers.iter().find(treats).ok_or_else(|| missing("person who treats its patient"))?;
        let node = setting.node(caller.node.as_deref().unwrap_or_default())?;
        let token = caller.bearer_token.as_deref().unwrap_or_default();
        let wire = Wire::new(Some(&setting.ready.ca_file), None)?;
        Ok(Partner { control, wire, node, caller: InnerCaller::new(None, token)? })
    }

    async fn seen(&self) -> Result<Seen, Flaw> {
        let answer = self.wire.get(&format!("{}/seen", self.control)).await?;
        let seen = answer.json().and_then(|value| serde_json::from_value(value).ok());
        seen.ok_or_else(|| Flaw::NotRun("the partner does not tell what it saw".into()))
    }

    async fn fails(&self, fault: PartnerFault) -> Judgement {
        let body = json!(fault).to_string();
        let headers = [("content-type", "application/json")];
        let answer = self.wire.raw(Method::PUT, &format!("{}/fault", self.control), &headers, body.into()).await?;
        ensure(answer.status == 204, || format!("the partner answers {}", answer.status))
    }

    /// The patient's conditions, from everywhere.
    async fn search(&self, setting: &Setting) -> Result<Answer, Flaw> {
        let url = format!("{}/Condition/_search", setting.inner(&self.node.key)?);
        let name = format!("http://fhir.nl/fhir/NamingSystem/bsn|{PATIENT}");
        Ok(self.caller.post_form(&url, &[("patient.identifier", name.as_str())]).await?)
    }
}

/// Whether the partner's own condition is in the answer.
fn has_the_partners(answer: &Answer) -> bool {
    let bundle = answer.json().unwrap_or_default();
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().any(|entry| entry["resource"]["id"] == "wissel-2")
}

async fn published(setting: &Setting) -> Judgement {
    let wire = Wire::new(Some(&setting.ready.ca_file), None)?;
    for node in &setting.ready.nodes {
        let url = format!("{}/oauth2/{}/did.json", node.outer, node.ura);
        let answer = wire.get(&url).await?;
        ensure(answer.status == 200, || format!("{}: it answers {}", node.key, answer.status))?;
        let document = answer.json().unwrap_or_default();
        let host = node.outer.trim_start_matches("https://").replace(':', "%3A");
        let did = format!("did:web:{host}:oauth2:{}", node.ura);
        ensure(document["id"] == *did, || format!("{}: it is of {}", node.key, document["id"]))?;
        let method = &document["verificationMethod"][0];
        ensure(method["controller"] == *did && document["assertionMethod"][0] == method["id"], || {
            "its key is of another, or not for statements".to_owned()
        })?;
        let private = ["d", "p", "q", "k"].iter().any(|member| method["publicKeyJwk"].get(member).is_some());
        ensure(!private && method["publicKeyJwk"]["kty"] == "EC", || "its key is no public one".to_owned())?;
        let other = wire.get(&format!("{}/oauth2/{}/did.json", node.outer, PARTNER.0)).await?;
        ensure(other.status == 404, || format!("a subject that is not ours answers {}", other.status))?;
    }
    Ok(())
}

async fn answered(setting: &Setting) -> Judgement {
    let partner = Partner::of(setting)?;
    partner.fails(PartnerFault::None).await?;
    let before = partner.seen().await?;
    let answer = partner.search(setting).await?;
    ensure(answer.status == 200, || format!("the search answers {}", answer.status))?;
    ensure(has_the_partners(&answer), || "the partner's condition is not in the answer".to_owned())?;
    let after = partner.seen().await?;
    let fresh = after.presented.get(before.presented.len()..).unwrap_or_default();
    ensure(fresh.iter().all(|ura| *ura == partner.node.ura) && !fresh.is_empty(), || {
        format!("presentations of {fresh:?} came, the last refusal is {:?}", after.refused.last())
    })?;
    ensure(after.refused.len() == before.refused.len(), || format!("it refused: {:?}", after.refused.last()))?;
    // The token is kept: who asks again presents nothing again.
    let again = partner.search(setting).await?;
    ensure(has_the_partners(&again), || "the second answer lacks it".to_owned())?;
    let kept = partner.seen().await?;
    ensure(kept.presented.len() == after.presented.len(), || "a token was asked for twice".to_owned())?;
    ensure(kept.searches > after.searches, || "the partner was not asked again".to_owned())
}

async fn misled(setting: &Setting) -> Judgement {
    let partner = Partner::of(setting)?;
    for fault in [PartnerFault::OtherIssuer, PartnerFault::Elsewhere, PartnerFault::AsksForMore, PartnerFault::Refuses]
    {
        partner.fails(fault).await?;
        let before = partner.seen().await?;
        let answer = partner.search(setting).await;
        partner.fails(PartnerFault::None).await?;
        let answer = answer?;
        let lacking = answer.status == 200 && !has_the_partners(&answer);
        ensure(lacking, || format!("{fault:?}: the search answers {}", answer.status))?;
        let said: Value = answer.json().unwrap_or_default();
        let entries = said["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
        let told = entries.iter().any(|entry| entry["resource"]["resourceType"] == "OperationOutcome");
        ensure(told, || format!("{fault:?}: that a source is missing is not said"))?;
        let after = partner.seen().await?;
        ensure(after.presented.len() == before.presented.len(), || format!("{fault:?}: it was presented to"))?;
    }
    Ok(())
}
