//! The nursing handoff (eOverdracht) between two nodes, by the checks of its roles: ES at the sender, ER at the receiver, CO of
//! both. The nursing home's own node pulls by itself; where the sender is to be tried, its key is used beside it.

mod content;
mod filing;
mod forms;
mod lying;
mod measures;
mod negotiating;
mod printing;
mod r4;
mod receiver;
mod replacing;
mod routing;
mod sender;
mod sources;
mod telling;
mod transfer;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Check, Flaw, Judgement, Setting, ensure};
use crate::callers::{Acting, Answer, ClientAssertion, OuterCaller, TreatmentRelation, User, Wire};
use crate::handoff::{Parties, SENDER, Transfer};

const JSON: &str = "application/fhir+json";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "CO4, ER6, ER9: a handoff that is pushed is in the other record system, resource for resource",
            |setting| Box::pin(transfer::whole(setting)),
        ),
        Check::new(
            "ER3, ER7: the receiver is told, reads the Task by itself and the document for a person",
            |setting| Box::pin(transfer::told(setting)),
        ),
        Check::new("ES3, ES4: the Task says what is ready and names nobody, in JSON and in XML", |setting| {
            Box::pin(sender::task(setting))
        }),
        Check::new("ES5: the document begins with its Composition, and every reference in it resolves", |setting| {
            Box::pin(sender::document(setting))
        }),
        Check::new(
            "ES6: every section is one of the standard, with the date of the transfer; what is pushed otherwise is told",
            |setting| Box::pin(content::sections(setting)),
        ),
        Check::new(
            "ES13: codes, references and identifiers that are served say what they are; what is pushed otherwise is told",
            |setting| Box::pin(content::resources(setting)),
        ),
        Check::new("ES7: the Composition and each resource that it leads to can be read by themselves", |setting| {
            Box::pin(sender::one_by_one(setting))
        }),
        Check::new(
            "ATT-138, ES8, ES10: the Task put back as completed is the answer; then the data is gone and the Task is not",
            |setting| Box::pin(sender::completed(setting)),
        ),
        Check::new("ES9: a Task that is put back otherwise is 422 and changes nothing", |setting| {
            Box::pin(sender::spoiled(setting))
        }),
        Check::new("ES11: another organisation, no person, or no value that we gave: no data", |setting| {
            Box::pin(sender::strangers(setting))
        }),
        Check::new(
            "ES12, CO3: each read and the change is a record at the sender, and no technical line names the patient",
            |setting| Box::pin(transfer::recorded(setting)),
        ),
        Check::new(
            "ER1: a notification is an empty POST to the id of a Task, answered with 202 and nothing",
            |setting| Box::pin(receiver::notification(setting)),
        ),
        Check::new(
            "ATT-135: a notification by who does not own the Task is answered as one of a Task that is not there",
            |setting| Box::pin(receiver::forged(setting)),
        ),
        Check::new(
            "ER2: a notification that comes again is no second transfer, and a push that does is none either",
            |setting| Box::pin(receiver::doubled(setting)),
        ),
        Check::new("CO2: the token to tell of handoffs with reads none, and lives no longer than others", |setting| {
            Box::pin(receiver::scopes(setting))
        }),
        Check::new(
            "ES1: the receiver is told by an empty POST to the Task's id, soon after it is made and after each change",
            |setting| Box::pin(telling::told(setting)),
        ),
        Check::new(
            "ES2: a notification that is answered otherwise is told again, ever later, and an operator sees what is given up",
            |setting| Box::pin(telling::told_again(setting)),
        ),
        Check::new(
            "a receiver that takes Notification Tasks is told by one, and comes back with what it gave",
            |setting| Box::pin(telling::by_notification_task(setting)),
        ),
        Check::new(
            "ER4: a Task of another owner or of another kind is refused and logged, and nothing more is asked for",
            |setting| Box::pin(lying::refused(setting)),
        ),
        Check::new(
            "ATT-137: a Task that leads to another patient's handoff is refused, and stays as it was",
            |setting| Box::pin(lying::of_another_patient(setting)),
        ),
        Check::new("ER5: of a sender that makes no documents every part is read by itself", |setting| {
            Box::pin(lying::no_documents(setting))
        }),
        Check::new("ER8: sections, inputs and extensions that nobody knows break nothing and are kept", |setting| {
            Box::pin(lying::unknown(setting))
        }),
        Check::new("ER10: the service and the location that a Task is routed to are shown", |setting| {
            Box::pin(lying::routed(setting))
        }),
        Check::new(
            "ER11: whatever the sender fails at, the Task stays as it was, and the failure can be seen and tried again",
            |setting| Box::pin(lying::failing(setting)),
        ),
        Check::new("a sender that tells by a Notification Task is come back to with what it gave", |setting| {
            Box::pin(lying::by_notification_task(setting))
        }),
        Check::new(
            "a sender that asks first: its notice comes for a person without a name, is answered, and then the handoff comes",
            |setting| Box::pin(negotiating::accepted(setting)),
        ),
        Check::new(
            "another date is proposed with the Task, the newer notice is fetched by itself, and a no is said with its reason",
            |setting| Box::pin(negotiating::another_date(setting)),
        ),
        Check::new(
            "a notice that is taken back, told twice or wrongly answered leads to nothing, and one that fails is tried again",
            |setting| Box::pin(negotiating::over(setting)),
        ),
        Check::new(
            "CO5: times and times of trying are configured, with a default and a most, and are kept to",
            |setting| Box::pin(measures::configured(setting)),
        ),
        Check::new("CO1: both ends of every call show a certificate that is believed and not revoked", |setting| {
            Box::pin(measures::mutual(setting))
        }),
        Check::new(
            "a handoff that was received is stored in the receiver's own record system, resource for resource, about its own patient",
            |setting| Box::pin(filing::whole(setting)),
        ),
        Check::new(
            "a handoff about somebody whom the record system does not know waits for somebody, and nobody is guessed",
            |setting| Box::pin(filing::not_registered(setting)),
        ),
        Check::new(
            "a record system that is away leaves a handoff completed, is asked again, and has it once",
            |setting| Box::pin(filing::away(setting)),
        ),
        Check::new(
            "ER6: a handoff that is pushed with its print brings it as PDF/A: served, fetched apart, and kept as it was",
            |setting| Box::pin(printing::along(setting)),
        ),
        Check::new(
            "a handoff that is replaced, and one that is made of the sources, brings its print when that is asked for",
            |setting| Box::pin(printing::elsewhere(setting)),
        ),
        Check::new("a handoff that was received is printed as PDF/A for whoever may read it, on record", |setting| {
            Box::pin(printing::on_request(setting))
        }),
        Check::new(
            "a Composition pushed with its resources as a transaction arrives as a document in which every reference resolves",
            |setting| Box::pin(forms::made_whole(setting)),
        ),
        Check::new(
            "a pushed Bundle of which no whole document can be made is refused, with the place where it falls short",
            |setting| Box::pin(forms::not_whole(setting)),
        ),
        Check::new(
            "a handoff that is pushed in R4 is in the other record system in STU3, resource for resource, and is known when it comes again",
            |setting| Box::pin(r4::whole(setting)),
        ),
        Check::new(
            "a handoff in R4 that STU3 cannot hold is refused with every place of it, and so is R4 that does not say so",
            |setting| Box::pin(r4::refused(setting)),
        ),
        Check::new(
            "a handoff made of the sender's own sources has their answers in its sections, once, each question on record",
            |setting| Box::pin(sources::made(setting)),
        ),
        Check::new(
            "a handoff made by the newest release has the sections that it brought, each resource in one of them",
            |setting| Box::pin(sources::made_of_the_newest_release(setting)),
        ),
        Check::new(
            "a handoff that cannot or may not be made of the sources is refused, and says nothing of a patient",
            |setting| Box::pin(sources::not_made(setting)),
        ),
        Check::new(
            "a handoff that is replaced before it is confirmed is at both sides in its newest version, once, and each is on record",
            |setting| Box::pin(replacing::newest(setting)),
        ),
        Check::new("of a handoff that was replaced nothing is served any more, and nobody confirms it", |setting| {
            Box::pin(replacing::older(setting))
        }),
        Check::new(
            "a handoff is not replaced by another patient's or another transfer's, nor when it is over",
            |setting| Box::pin(replacing::refused(setting)),
        ),
        Check::new(
            "a handoff for a service or location that the directory knows is routed to it, and one for another is refused",
            |setting| Box::pin(routing::by_directory(setting)),
        ),
        Check::new(
            "a handoff for a service alone goes to whose it is by the directory, and one for nobody's is refused",
            |setting| Box::pin(routing::by_service_alone(setting)),
        ),
        Check::new("what is no handoff is refused when it is pushed, and nothing of it stays", |setting| {
            Box::pin(transfer::refused(setting))
        }),
    ]
}

/// The nursing home's node at the hospital's gate, with what it was given for one transfer.
struct Receiver {
    wire: Wire,
    without_person: Wire,
    base: String,
}

impl Receiver {
    async fn of(setting: &Setting, parties: &Parties, transfer: &Transfer) -> Result<Self, Flaw> {
        Receiver::coming_back(&parties.receiver_node(setting)?, &transfer.task, parties).await
    }

    /// This node at the sender's gate, with what it was given.
    async fn coming_back(node: &OuterCaller, given: &str, parties: &Parties) -> Result<Self, Flaw> {
        let wire = token(node, &of_a_nurse(node), given).await?;
        let without_person = token(node, &node.assertion(None), given).await?;
        let base = format!("{}/fhir/stu3", parties.sender_outer);
        Ok(Receiver { wire, without_person, base })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    async fn get(&self, path: &str) -> Result<Answer, Flaw> {
        Ok(self.wire.get(&self.url(path)).await?)
    }

    async fn put(&self, path: &str, body: &Value) -> Result<Answer, Flaw> {
        let body = Bytes::from(body.to_string());
        Ok(self.wire.raw(Method::PUT, &self.url(path), &[("content-type", JSON)], body).await?)
    }
}

/// An assertion that a nurse asks, about nobody in particular.
fn of_a_nurse(node: &OuterCaller) -> ClientAssertion {
    let mut assertion = node.assertion(None);
    let nurse = User { id: "overdracht-toets".to_owned(), role: "30.000".to_owned(), name: "T. Oets".to_owned() };
    assertion.claims.insert("user".to_owned(), json!(nurse));
    assertion
}

/// A nurse who says of herself that this transfer is her ground.
fn of_a_nurse_about(patient: &str, transfer: &str) -> Acting {
    Acting {
        user: User { id: "overdracht-toets".to_owned(), role: "30.000".to_owned(), name: "T. Oets".to_owned() },
        patient: patient.to_owned(),
        treatment_relation: TreatmentRelation { kind: "transfer".to_owned(), reference: transfer.to_owned() },
    }
}

/// The node with a token that rests on what it was given.
async fn token(node: &OuterCaller, assertion: &ClientAssertion, base: &str) -> Result<Wire, Flaw> {
    let answer = node.come_back(assertion, SENDER, base).await?;
    let body = answer.json().unwrap_or_default();
    let token = body["access_token"].as_str().map(|token| node.with_token(token));
    token.ok_or_else(|| Flaw::Broken(format!("a token request is answered {} {}", answer.status, body["error"])))
}

/// A transfer that waits, and the receiver at its sender's gate.
async fn offered(setting: &Setting) -> Result<(Parties, Transfer, Receiver), Flaw> {
    let parties = Parties::of(setting)?;
    let transfer = parties.push().await?;
    parties.until(&transfer.task, "offered").await?;
    let receiver = Receiver::of(setting, &parties, &transfer).await?;
    Ok((parties, transfer, receiver))
}

fn is(answer: &Answer, status: u16, what: &str) -> Judgement {
    ensure(answer.status == status, || format!("{what} is answered with {}, not {status}", answer.status))
}

/// Every relative reference in a value.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str().filter(|_| name == "reference") {
                    Some(text) if !text.starts_with('#') => found.push(text.to_owned()),
                    _ => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::{by_name, differences};

    #[test]
    fn the_sample_is_one_document_whose_references_resolve() {
        let bundle = crate::handoff::handoff("999911120", "test");
        let there = by_name(&bundle);
        let mut found = Vec::new();
        there.values().for_each(|resource| references(resource, &mut found));
        assert!(found.iter().all(|reference| there.contains_key(reference)), "{found:?}");
        assert_eq!(there.len(), 20);
        assert_eq!(differences(&bundle, &bundle), Vec::<String>::new());
        let mut other = bundle.clone();
        other["entry"][10]["resource"]["onsetDateTime"] = json!("2026");
        assert_eq!(differences(&bundle, &other).len(), 1);
    }
}
