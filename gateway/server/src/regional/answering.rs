//! Answers members: a token, an evaluated point, a question to the index. Whatever is asked of the index leaves one record,
//! durable before the answer leaves; an evaluation is about nobody that could be known, and leaves none.

use std::sync::Arc;

use connectors::prs::NotEvaluated;
use exchange::notice::{IndexAccess, IndexAsked};
use exchange::record::{CallerFacts, OutcomeFacts};
use exchange::{BodyKind, Gate, Inbound};
use fhir::Ura;
use policy::{Caller, Organisation};
use serde_json::{Value, json};
use store::regional_index::{Added, Id, Pseudonym, RegionalIndex, Registration};
use store::state::StateFault;
use time::OffsetDateTime;
use uuid::Uuid;

use super::access::{EVALUATE, Grant, INDEX_AUDIENCE, PSEUDONYM_AUDIENCE};
use super::asked::{Asked, names_a_patient};
use super::fault::Fault;
use super::{Index, Regional, list};

/// What leaves.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Option<Value>,
    /// Seconds to wait before it makes sense to ask again.
    pub wait: Option<u64>,
}

fn id(text: &str) -> Result<Id, Fault> {
    Uuid::try_parse(text).map(Uuid::into_bytes).map_err(|_| Fault::NotFound)
}

fn shown(id: Id) -> String {
    Uuid::from_bytes(id).to_string()
}

fn hex(pseudonym: &Pseudonym) -> String {
    pseudonym.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What may wait for the disk, off the threads that serve others.
async fn off<T: Send + 'static>(
    kept: &Arc<RegionalIndex>,
    deed: impl FnOnce(&RegionalIndex) -> Result<T, StateFault> + Send + 'static,
) -> Result<T, Fault> {
    let kept = kept.clone();
    tokio::task::spawn_blocking(move || deed(&kept)).await.map_err(|_| Fault::State)?.map_err(Fault::from)
}

impl Regional {
    /// Answers a token request.
    pub fn token(&self, inbound: &Inbound) -> Reply {
        let form = std::str::from_utf8(&inbound.body).unwrap_or_default();
        let form = if inbound.unreadable.is_none() && inbound.body_kind == BodyKind::Form { form } else { "" };
        match self.access.issue(inbound.credentials.certificate.as_deref(), form, self.clock.now()) {
            Ok(issued) => Reply {
                status: 200,
                body: Some(json!({
                    "access_token": issued.token,
                    "token_type": "Bearer",
                    "expires_in": issued.seconds,
                    "scope": issued.scope,
                })),
                wait: None,
            },
            Err(refused) => Reply {
                status: refused.status,
                body: Some(json!({"error": refused.code, "error_description": refused.text})),
                wait: None,
            },
        }
    }

    /// Answers `POST /oprf/eval`.
    pub fn evaluate(&self, inbound: &Inbound) -> Reply {
        let error = |status, text: &str| Reply { status, body: Some(json!({"error": text})), wait: None };
        let Some(evaluator) = &self.evaluator else { return Reply { status: 404, body: None, wait: None } };
        let now = self.clock.now();
        let Some(grant) = self.grant(inbound, PSEUDONYM_AUDIENCE, now) else {
            return error(401, "a token for this certificate is needed");
        };
        if !grant.allows(&[EVALUATE]) {
            return error(403, "the token does not allow this");
        }
        if let Err(Fault::Throttled(seconds)) = self.throttled(&grant) {
            return Reply { wait: Some(seconds), ..error(429, "this organisation asks too much") };
        }
        if inbound.unreadable.is_some() {
            return error(400, "the body cannot be read");
        }
        match evaluator.evaluate(&inbound.body, now) {
            Ok(jwe) => Reply { status: 200, body: Some(json!({"jwe": jwe})), wait: None },
            Err(NotEvaluated::Malformed) => error(422, "the body is not of this call"),
            Err(NotEvaluated::UnknownRecipient) => error(404, "this recipient is not known"),
            Err(NotEvaluated::NoPoint) => error(400, "Unable to evaluate blind"),
            Err(NotEvaluated::Defect) => error(500, "nothing was evaluated"),
        }
    }

    /// Answers a question to the index, or a message; resolves when its record is on the disk.
    pub async fn list(&self, inbound: &Inbound) -> Reply {
        let Some(index) = &self.index else { return Reply { status: 404, body: None, wait: None } };
        let Ok(_place) = self.places.try_acquire() else { return Fault::Overloaded.reply() };
        let access = IndexAccess::open(self.log.as_ref(), self.clock.clone(), &self.node, inbound);
        let Ok(access) = access else { return Fault::LogUnavailable.reply() };
        let (reply, outcome) = match self.done(index, inbound, &access).await {
            Ok(reply) => (reply, OutcomeFacts::Released),
            Err(fault) => {
                let (status, .., reason) = fault.row();
                (fault.reply(), OutcomeFacts::Refused { status, reason: reason.to_owned() })
            }
        };
        if access.close(outcome).await.is_ok() { reply } else { Fault::LogUnavailable.reply() }
    }

    async fn done(&self, index: &Index, inbound: &Inbound, access: &IndexAccess) -> Result<Reply, Fault> {
        let now = self.clock.now();
        let grant = self.grant(inbound, INDEX_AUDIENCE, now).ok_or(Fault::Unauthenticated)?;
        let asked = Asked::read(inbound);
        let interaction = asked.as_ref().ok().map(Asked::interaction);
        let named = match &asked {
            Ok(Asked::Read(id) | Asked::Delete(id)) => Uuid::try_parse(id).ok().map(|id| id.to_string()),
            Ok(Asked::Create | Asked::Search { .. }) | Err(_) => None,
        };
        let note = |id: Option<&str>, pseudonym: Option<&Pseudonym>| {
            let pseudonym = pseudonym.map(hex);
            let caller = self.facts(&grant.member);
            access.note(IndexAsked { caller, interaction, id, pseudonym: pseudonym.as_deref() });
        };
        note(named.as_deref(), None);
        let asked = asked?;
        if !grant.allows(asked.any_of()) {
            return Err(Fault::Forbidden);
        }
        self.throttled(&grant)?;
        if let Some(unreadable) = inbound.unreadable {
            return Err(Fault::Unreadable(unreadable));
        }
        let member = grant.member.to_string();
        match asked {
            Asked::Create => {
                let body: Value =
                    serde_json::from_slice(&inbound.body).map_err(|_| Fault::Malformed("The body is no JSON."))?;
                let new = list::read(&body).map_err(Fault::NotOfTheProfile)?;
                if new.custodian != member {
                    return Err(Fault::NotOwn("The custodian is not the organisation that asks."));
                }
                if grant.source.is_empty() || new.source != grant.source {
                    return Err(Fault::NotOwn("The source system is not the one that the token was asked for."));
                }
                let pseudonym = index.recipient.pseudonym(&new.patient, now).ok_or(Fault::Token)?;
                note(None, Some(&pseudonym));
                let new = Registration { member, category: new.category, source: new.source };
                let id = Uuid::new_v4().into_bytes();
                let registration = new.clone();
                let added = off(&index.kept, move |kept| kept.add(&pseudonym, id, &registration)).await?;
                // Also where it was there before: whoever made it may have lost the answer before it was durable.
                index.kept.commit().await?;
                match added {
                    Added::New(id) => {
                        note(Some(&shown(id)), Some(&pseudonym));
                        Ok(Reply { status: 201, body: Some(list::write(&shown(id), &new)), wait: None })
                    }
                    Added::Known(_) => Err(Fault::Duplicate),
                    Added::Full => Err(Fault::Full),
                }
            }
            Asked::Search { parameters, by_form: false } if names_a_patient(&parameters) => {
                Err(Fault::Malformed("A patient is searched for by a form: a token belongs in no URL."))
            }
            Asked::Search { parameters, .. } => {
                let found = self.found(index, &member, &parameters, now, &note).await?;
                let found = found.into_iter().map(|(id, known)| list::write(&shown(id), &known)).collect();
                Ok(Reply { status: 200, body: Some(list::bundle(found)), wait: None })
            }
            Asked::Read(text) => {
                let id = id(&text)?;
                let (pseudonym, known) =
                    off(&index.kept, move |kept| kept.get(&member, &id)).await?.ok_or(Fault::NotFound)?;
                note(Some(&shown(id)), Some(&pseudonym));
                Ok(Reply { status: 200, body: Some(list::write(&shown(id), &known)), wait: None })
            }
            Asked::Delete(text) => {
                let id = id(&text)?;
                let gone = off(&index.kept, move |kept| kept.remove(&member, &id)).await?.ok_or(Fault::NotFound)?;
                note(Some(&shown(id)), Some(&gone));
                index.kept.commit().await?;
                Ok(Reply { status: 204, body: None, wait: None })
            }
        }
    }

    /// By patient over all members; otherwise the member's own.
    async fn found(
        &self,
        index: &Index,
        member: &str,
        parameters: &[(String, String)],
        now: OffsetDateTime,
        note: &(dyn Fn(Option<&str>, Option<&Pseudonym>) + Sync),
    ) -> Result<Vec<(Id, Registration)>, Fault> {
        let (mut patient, mut source, mut category) = (None, None, None);
        for (name, value) in parameters {
            let place = match name.as_str() {
                "subject:identifier" => {
                    let token = list::patient_of(value).ok_or(Fault::Token)?;
                    patient.replace(index.recipient.pseudonym(token, now).ok_or(Fault::Token)?).is_some()
                }
                "source:identifier" => {
                    let named = list::source_of(value).ok_or(Fault::Malformed("source:identifier names no source."))?;
                    source.replace(named.to_owned()).is_some()
                }
                "code" => {
                    let named = list::category_of(value).ok_or(Fault::Malformed("code names no data category."))?;
                    category.replace(named).is_some()
                }
                _ => return Err(Fault::Malformed("A parameter is not known here.")),
            };
            if place {
                return Err(Fault::Malformed("A parameter stands there twice."));
            }
        }
        let mut found = match patient {
            Some(pseudonym) => {
                note(None, Some(&pseudonym));
                off(&index.kept, move |kept| kept.of_patient(&pseudonym)).await?
            }
            None => {
                let member = member.to_owned();
                off(&index.kept, move |kept| kept.of_member(&member)).await?
            }
        };
        found.retain(|(_, known)| {
            source.as_ref().is_none_or(|source| known.source == *source)
                && category.as_ref().is_none_or(|category| known.category == *category)
        });
        Ok(found)
    }

    /// What the token of a request allows, if it is one of this service for its certificate.
    fn grant(&self, inbound: &Inbound, audience: &str, now: OffsetDateTime) -> Option<Grant> {
        let shown = &inbound.credentials;
        self.access.admit(shown.certificate.as_deref(), &shown.authorization, audience, now)
    }

    fn throttled(&self, grant: &Grant) -> Result<(), Fault> {
        let caller = self.caller(&grant.member);
        self.throttle.admit(Gate::Outer, &caller).map_err(|wait| Fault::Throttled(wait.as_secs().max(1)))
    }

    fn caller(&self, member: &Ura) -> Caller {
        Caller {
            client_id: member.to_string(),
            organisation: Organisation { ura: member.clone(), name: self.names.get(member).cloned(), kind: None },
            person: None,
            responsible: None,
            use_cases: Vec::new(),
            patient: None,
            treatment_relation: None,
            emergency: None,
            token_id: None,
        }
    }

    fn facts(&self, member: &Ura) -> CallerFacts {
        CallerFacts::from(&self.caller(member))
    }
}
