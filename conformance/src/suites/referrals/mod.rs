//! The referral with the basic data set (BgZ) by notified pull, by the checks of its roles: BS at the sender, BR at the receiver.
//! A clinic whose node is played stands at the other end, and shows what is told and asked; whole referrals go between two
//! nodes.

mod data;
mod receiver;
mod sender;
mod whole;

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Check, Flaw, Judgement, Setting, ensure};
use crate::callers::{Answer, ClientAssertion, OuterCaller, User, Wire};
use crate::referral::{Message, Parties, Referral, SENDER, Script, at_the_hospital};
use crate::region::HOSPITAL;

const JSON: &str = "application/fhir+json";
const XML: &str = "application/fhir+xml";
/// The clinic's URA.
const CLINIC: &str = "90010090";
/// How long anything may take that the nodes do by themselves.
const WITHIN: Duration = Duration::from_secs(30);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "BS1, BS2: the receiver is told by a Notification Task, until when the data can be pulled",
            |setting| Box::pin(sender::told(setting)),
        ),
        Check::new("BS3: a cancellation is put under the identifier of what was told", |setting| {
            Box::pin(sender::cancelled(setting))
        }),
        Check::new(
            "BS4: the Workflow Task names each part of the data set and nobody, in JSON and in XML",
            |setting| Box::pin(sender::task(setting)),
        ),
        Check::new("BS5: every search of BgZ-MSZ 2.0 is answered, in JSON and in XML", |setting| {
            Box::pin(data::release_2_0(setting))
        }),
        Check::new("BS6: every search of BgZ-MSZ 1.2.2 is answered, in JSON and in XML", |setting| {
            Box::pin(data::release_1_2_2(setting))
        }),
        Check::new(
            "BS7: every search of a Task is answered with the referred patient's data and nobody else's",
            |setting| Box::pin(data::narrowed(setting)),
        ),
        Check::new("BS8: $lastn gives the newest of each code, and so does the sorted search for one", |setting| {
            Box::pin(data::last(setting))
        }),
        Check::new("BS9: what comes along comes as that and is not counted", |setting| {
            Box::pin(data::included(setting))
        }),
        Check::new("BS10: a search that is not in the list is 403 with an OperationOutcome", |setting| {
            Box::pin(data::outside(setting))
        }),
        Check::new(
            "BS11: a referral that is rejected, cancelled or completed opens no data, and its Task stays",
            |setting| Box::pin(sender::over(setting)),
        ),
        Check::new("a Workflow Task that is put back otherwise is 422 and changes nothing", |setting| {
            Box::pin(sender::spoiled(setting))
        }),
        Check::new("another organisation, no person, or no value that we gave: no data of a referral", |setting| {
            Box::pin(sender::strangers(setting))
        }),
        Check::new("a receiver that cannot be told is told again, and what was told twice is one", |setting| {
            Box::pin(sender::told_again(setting))
        }),
        Check::new(
            "what is no referral is refused when it is pushed, and the same episode is no second one",
            |setting| Box::pin(sender::refused(setting)),
        ),
        Check::new(
            "BR1: a notification is 201 with a Location, and every other is refused with its reason",
            |setting| Box::pin(receiver::notification(setting)),
        ),
        Check::new("BR2: a cancelled notification ends the pull, and is seen", |setting| {
            Box::pin(receiver::cancelled(setting))
        }),
        Check::new("BR3: the Workflow Task is read before any data, and has to allow it", |setting| {
            Box::pin(receiver::task_first(setting))
        }),
        Check::new("BR4: the authorization base goes into the token request and nowhere else", |setting| {
            Box::pin(receiver::base(setting))
        }),
        Check::new("BR5: what a Task asks for beyond the list is not asked", |setting| {
            Box::pin(receiver::beyond_the_list(setting))
        }),
        Check::new("BR6: a part that fails aborts nothing, is seen as failed, and is asked for again", |setting| {
            Box::pin(receiver::part_fails(setting))
        }),
        Check::new("BR7: accepted, rejected, completed and cancelled are put back with the Task", |setting| {
            Box::pin(receiver::answers(setting))
        }),
        Check::new("a notification that comes again is no second referral, and a new one renews the data", |setting| {
            Box::pin(receiver::again(setting))
        }),
        Check::new(
            "a referral goes from one record system to the other, resource for resource, and both logs tell it",
            |setting| Box::pin(whole::between_nodes(setting)),
        ),
    ]
}

/// The clinic that is played, over its control interface.
struct Played {
    control: String,
    wire: Wire,
}

impl Played {
    fn of(setting: &Setting) -> Result<Self, Flaw> {
        let found = setting.ready.services.iter().find(|service| service.kind == "referral-partner");
        let found = found.ok_or_else(|| Flaw::NotRun("the region has no clinic that is played".to_owned()))?;
        Ok(Played { control: found.control.clone(), wire: Wire::new(Some(&setting.ready.ca_file), None)? })
    }

    async fn seen(&self) -> Result<Vec<Message>, Flaw> {
        let answer = self.wire.get(&format!("{}/seen", self.control)).await?;
        let seen = answer.json().and_then(|value| serde_json::from_value(value).ok());
        seen.ok_or_else(|| Flaw::NotRun("the clinic does not tell what it saw".to_owned()))
    }

    async fn script(&self) -> Result<Script, Flaw> {
        let answer = self.wire.get(&format!("{}/script", self.control)).await?;
        let script = answer.json().and_then(|value| serde_json::from_value(value).ok());
        script.ok_or_else(|| Flaw::NotRun("the clinic does not tell its script".to_owned()))
    }

    async fn plays(&self, change: impl FnOnce(&mut Script)) -> Judgement {
        let mut script = self.script().await?;
        change(&mut script);
        let headers = [("content-type", "application/json")];
        let url = format!("{}/script", self.control);
        let answer = self.wire.raw(Method::PUT, &url, &headers, Bytes::from(json!(script).to_string())).await?;
        ensure(answer.status == 204, || format!("the clinic answers {}", answer.status))
    }

    /// Searches of this type are answered with this status, so often.
    async fn fails(&self, kind: &str, status: u16, times: usize) -> Judgement {
        self.plays(|script| {
            script.faults.insert(kind.to_owned(), (status, times));
        })
        .await
    }

    /// Waits for a message that is one of these; the first.
    async fn until(&self, what: &str, is: impl Fn(&Message) -> bool) -> Result<Message, Flaw> {
        let began = Instant::now();
        loop {
            if let Some(found) = self.seen().await?.into_iter().find(&is) {
                return Ok(found);
            }
            if began.elapsed() > WITHIN {
                return Err(Flaw::Broken(format!("the clinic saw no {what}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The clinic at the hospital's gate, with what it was given for one referral.
struct Receiver {
    parties: Parties,
    referral: Referral,
    /// What it is to come back with.
    base: String,
    node: OuterCaller,
    wire: Wire,
    without_person: Wire,
    fhir: String,
    /// The Notification Task as it came.
    notification: Value,
}

impl Receiver {
    /// Refers the hospital's first patient to the clinic, and waits until it was told.
    async fn of(setting: &Setting) -> Result<Self, Flaw> {
        let (parties, played) = (Parties::of(setting)?, Played::of(setting)?);
        let patient = at_the_hospital()?.remove(0);
        let episode = fresh("kliniek");
        let mut body = Parties::wanted(&patient, &episode);
        body["receiver"] = json!(CLINIC);
        let answer = parties.push_body(&body).await?;
        is(&answer, 201, "a referral to the clinic")?;
        let told = answer.json().unwrap_or_default();
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let referral = Referral { id: text("id"), task: text("task"), episode, patient };
        let named = format!("Task/{}", referral.task);
        let message = played
            .until("notification", |one| {
                one.method == "POST" && one.path == "/notify/Task" && one.body.contains(&named)
            })
            .await?;
        let notification: Value = serde_json::from_str(&message.body).unwrap_or_default();
        let base = input(&notification, "authorization-base")["valueString"].as_str().unwrap_or_default().to_owned();
        let node = setting.organisation(CLINIC, HOSPITAL.key)?;
        let wire = token(&node, &of_a_doctor(&node), &base).await?;
        let without_person = token(&node, &node.assertion(None), &base).await?;
        let fhir = format!("{}/fhir/stu3", parties.hospital_outer);
        Ok(Receiver { parties, referral, base, node, wire, without_person, fhir, notification })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.fhir)
    }

    async fn get(&self, path: &str) -> Result<Answer, Flaw> {
        Ok(self.wire.get(&self.url(path)).await?)
    }

    async fn get_as(&self, path: &str, kind: &str) -> Result<Answer, Flaw> {
        Ok(self.wire.raw(Method::GET, &self.url(path), &[("accept", kind)], Bytes::new()).await?)
    }

    async fn task(&self) -> Result<Value, Flaw> {
        let answer = self.without_person.get(&self.url(&format!("Task/{}", self.referral.task))).await?;
        is(&answer, 200, "a read of the Task")?;
        Ok(answer.json().unwrap_or_default())
    }

    async fn put(&self, task: &Value) -> Result<Answer, Flaw> {
        let (url, body) = (self.url(&format!("Task/{}", self.referral.task)), Bytes::from(task.to_string()));
        Ok(self.wire.raw(Method::PUT, &url, &[("content-type", JSON)], body).await?)
    }

    /// Puts the Task back with this status.
    async fn says(&self, status: &str) -> Result<Answer, Flaw> {
        let mut task = self.task().await?;
        task["status"] = json!(status);
        self.put(&task).await
    }
}

/// An assertion that a doctor asks, about nobody in particular.
fn of_a_doctor(node: &OuterCaller) -> ClientAssertion {
    let mut assertion = node.assertion(None);
    let doctor = User { id: "verwijzing-toets".to_owned(), role: "01.015".to_owned(), name: "T. Oets".to_owned() };
    assertion.claims.insert("user".to_owned(), json!(doctor));
    assertion
}

/// The node with a token that rests on what it was given.
async fn token(node: &OuterCaller, assertion: &ClientAssertion, base: &str) -> Result<Wire, Flaw> {
    let answer = node.come_back(assertion, SENDER, base).await?;
    let body = answer.json().unwrap_or_default();
    let token = body["access_token"].as_str().map(|token| node.with_token(token));
    token.ok_or_else(|| Flaw::Broken(format!("a token request is answered {} {}", answer.status, body["error"])))
}

/// The input of a Notification Task that is typed by this code.
fn input<'t>(task: &'t Value, code: &str) -> &'t Value {
    let typed = |one: &&Value| {
        let coding = &one["type"]["coding"][0];
        coding["system"] == "http://fhir.nl/fhir/NamingSystem/TaskParameter" && coding["code"] == code
    };
    task["input"].as_array().into_iter().flatten().find(typed).unwrap_or(&Value::Null)
}

fn is(answer: &Answer, status: u16, what: &str) -> Judgement {
    ensure(answer.status == status, || format!("{what} is answered with {}, not {status}", answer.status))
}

/// A name that nothing else has.
fn fresh(kind: &str) -> String {
    format!("{kind}-{:x}", time::OffsetDateTime::now_utc().unix_timestamp_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_of_the_roles_is_here_once() {
        let all = (1..=11).map(|number| format!("BS{number}")).chain((1..=7).map(|number| format!("BR{number}")));
        for id in all {
            let names = |check: &Check| {
                let head = check.name.split(':').next().filter(|_| check.name.contains(':')).unwrap_or_default();
                head.split(", ").any(|word| word == id)
            };
            assert_eq!(checks().iter().filter(|check| names(check)).count(), 1, "{id}");
        }
    }
}
