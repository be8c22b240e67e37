//! ER: the nursing home's node before a sender that does not do as it should: a Task that is another's, no documents, what
//! nobody knows, faults at each step.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::setting::names_a_patient;
use super::super::{Flaw, Judgement, Setting, ensure};
use super::{JSON, is};
use crate::callers::{Answer, Wire};
use crate::handoff::{Parties, Partner, RECEIVER, SENDER, by_name, differences, fresh, handoff, task};
use crate::handoff_partner::{PARTNER, Seen, Sends};
use crate::region::{GENERAL_PRACTICE, NURSING_HOME, patients};

/// So often something fails: more often than anybody waits for.
const OFTEN: usize = 100;

/// The partner, what it sends, and the nursing home.
struct Sent {
    partner: Partner,
    parties: Parties,
    /// Where it tells, with a token for that.
    teller: (Wire, String),
    task: String,
    composition: String,
    bundle: Value,
    sends: Sends,
}

impl Sent {
    /// A handoff of its own that goes out as it should, not told yet.
    fn new(setting: &Setting, teller: &(Wire, String)) -> Result<Self, Flaw> {
        let patient = patients().first().ok_or_else(|| Flaw::NotRun("no patient".to_owned()))?.bsn;
        let run = fresh();
        let (task_id, composition) = (format!("taak-{run}"), format!("overdracht-{run}"));
        let bundle = handoff(patient, &run);
        let mut resources = vec![task(&task_id, (PARTNER.0, PARTNER.1), &composition)];
        resources.extend(by_name(&bundle).into_values());
        Ok(Sent {
            partner: Partner::of(setting)?,
            parties: Parties::of(setting)?,
            teller: teller.clone(),
            task: task_id,
            composition,
            bundle,
            sends: Sends { resources, ..Sends::default() },
        })
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Value)) -> Judgement {
        let of = |one: &&mut Value| {
            format!("{}/{}", one["resourceType"].as_str().unwrap_or(""), one["id"].as_str().unwrap_or("")) == name
        };
        let found = self.sends.resources.iter_mut().find(of);
        change(found.ok_or_else(|| Flaw::NotRun(format!("the sample has no {name}")))?);
        Ok(())
    }

    fn change_task(&mut self, change: impl FnOnce(&mut Value)) -> Judgement {
        self.change(&format!("Task/{}", self.task), change)
    }

    fn fails(&mut self, what: String, status: u16, times: usize) {
        self.sends.faults.insert(what, vec![status; times]);
    }

    /// Sends it, and tells the nursing home by an empty POST.
    async fn tell(&self) -> Judgement {
        self.partner.sends(&self.task, &self.sends).await?;
        let (wire, base) = &self.teller;
        let answer = wire.raw(Method::POST, &format!("{base}/{}", self.task), &[], Bytes::new()).await?;
        ensure(answer.status == 202 && answer.body.is_empty(), || {
            format!("a notification is answered with {} and {} bytes", answer.status, answer.body.len())
        })
    }

    /// What the nursing home asked of it.
    async fn asked(&self) -> Result<Vec<Seen>, Flaw> {
        let base = self.sends.base.as_ref().unwrap_or(&self.task);
        let all = self.partner.seen("/fhir/stu3/").await?;
        let ours = |seen: &Seen| seen.token.as_ref().is_some_and(|token| token.base.as_ref() == Some(base));
        Ok(all.into_iter().filter(ours).collect())
    }

    /// Everything is at the nursing home as it was sent, and the partner knows.
    async fn is_there(&self, id: &str) -> Judgement {
        self.parties.until(&self.task, "completed").await?;
        let differ = differences(&self.bundle, &self.parties.document(id).await?);
        ensure(differ.is_empty(), || differ.join("; "))?;
        let status = self.partner.status(&self.task).await?;
        ensure(status == "completed", || format!("the Task is {status} at its sender"))
    }

    /// Is offered, taken, and then there.
    async fn comes(&self) -> Judgement {
        let id = self.parties.until(&self.task, "offered").await?;
        self.parties.take(&id).await?;
        self.is_there(&id).await
    }
}

/// The partner at the nursing home's door, with a token to tell of handoffs with.
async fn teller(setting: &Setting) -> Result<(Wire, String), Flaw> {
    let node = setting.organisation(PARTNER.0, NURSING_HOME.key)?;
    let wire = node.signed_in(RECEIVER, None).await?;
    Ok((wire, format!("{}/eoverdracht/notification", setting.node(NURSING_HOME.key)?.outer)))
}

pub(super) async fn refused(setting: &Setting) -> Judgement {
    let teller = teller(setting).await?;
    let owner =
        json!({"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": GENERAL_PRACTICE.ura}});
    let code = json!({"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]});
    for (what, name, value) in [
        ("another owner", "owner", owner),
        ("an owner without a number", "owner", json!({"display": NURSING_HOME.name})),
        ("another code", "code", code),
    ] {
        let mut sent = Sent::new(setting, &teller)?;
        sent.change_task(|task| task[name] = value)?;
        let mark = setting.mark(NURSING_HOME.key).await?;
        sent.tell().await?;
        let id = sent.parties.until(&sent.task, "refused").await?;
        let records = setting.since(&mark, NURSING_HOME.key)?;
        let read = |one: &&Value| {
            one["asked"]["resource"].as_str() == Some(&format!("Task/{}", sent.task))
                && one["asked"]["interaction"] == "read"
        };
        ensure(records.iter().any(|one| read(&one)), || format!("{what}: the read of the Task is not on record"))?;
        let log = setting.ready.state.join(NURSING_HOME.key).join("node.log");
        let lines = std::fs::read_to_string(log).map_err(|fault| Flaw::NotRun(format!("no technical log: {fault}")))?;
        let said = lines.lines().find(|line| line.contains("was refused") && line.contains(&id));
        ensure(said.is_some_and(|line| !names_a_patient(line)), || {
            format!("{what}: no line says that it was refused")
        })?;
        let taken = sent.parties.take(&id).await;
        ensure(taken.is_err(), || format!("{what}: it can be taken"))?;
        let asked = sent.asked().await?;
        ensure(
            !asked.is_empty() && asked.iter().all(|one| one.method == "GET" && one.path.contains("/Task/")),
            || format!("{what}: more than the Task was asked for"),
        )?;
    }
    Ok(())
}

/// The Task leads to a handoff of another patient than its own: nothing of it is kept as ours to take.
pub(super) async fn of_another_patient(setting: &Setting) -> Judgement {
    let mut sent = Sent::new(setting, &teller(setting).await?)?;
    sent.change_task(|task| task["for"]["reference"] = json!("Patient/somebody-else"))?;
    sent.tell().await?;
    let id = sent.parties.until(&sent.task, "offered").await?;
    sent.parties.take(&id).await?;
    sent.parties.until(&sent.task, "refused").await?;
    ensure(sent.parties.document(&id).await.is_err(), || "its document is given out".to_owned())?;
    let status = sent.partner.status(&sent.task).await?;
    ensure(status == "in-progress", || format!("the Task was made {status}"))
}

pub(super) async fn no_documents(setting: &Setting) -> Judgement {
    let teller = teller(setting).await?;
    for status in [404, 501, 400] {
        let mut sent = Sent::new(setting, &teller)?;
        sent.fails(format!("GET Composition/{}/$document", sent.composition), status, OFTEN);
        sent.tell().await?;
        sent.comes().await.map_err(|flaw| under(&format!("$document answered with {status}"), flaw))?;
        let asked = sent.asked().await?;
        for name in by_name(&sent.bundle).keys() {
            let read = asked.iter().filter(|one| one.path == format!("/fhir/stu3/{name}") && one.status == 200);
            let in_a_name = read.clone().all(|one| one.token.as_ref().is_some_and(|token| token.person));
            ensure(read.count() >= 1 && in_a_name, || format!("{name} was not read in the name of a person"))?;
        }
    }
    Ok(())
}

pub(super) async fn unknown(setting: &Setting) -> Judgement {
    let mut sent = Sent::new(setting, &teller(setting).await?)?;
    let odd = json!({"url": "https://unknown.example/StructureDefinition/odd", "valueString": "x"});
    sent.change_task(|task| {
        task["extension"] = json!([odd]);
        let coded = |code: &str| json!({"coding": [{"system": "http://snomed.info/sct", "code": code}]});
        let old = json!({"type": coded("721915006"), "valueReference": {"reference": "Composition/of-before"}});
        let other = json!({"type": {"text": "more"}, "valueString": "y", "extension": [odd]});
        let inputs = task["input"].as_array().cloned().unwrap_or_default();
        task["input"] = json!([vec![old], inputs, vec![other]].concat());
    })?;
    sent.change(&format!("Composition/{}", sent.composition.clone()), |composition| {
        composition["extension"] = json!([odd]);
        let unknown = json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}, "extension": [odd],
            "section": [{"code": {"text": "Nog iets"}, "entry": [{"reference": "Condition/overdracht-heup"}]}]});
        let sections = composition["section"].as_array().cloned().unwrap_or_default();
        composition["section"] = json!([sections, vec![unknown]].concat());
    })?;
    sent.change("Patient/overdracht-patient", |patient| patient["extension"] = json!([odd]))?;
    // A section may be there with nothing in it.
    let resources: Vec<Value> =
        sent.sends.resources.iter().filter(|one| one["resourceType"] != "Task").cloned().collect();
    sent.bundle["entry"] = resources.into_iter().map(|resource| json!({"resource": resource})).collect();
    sent.tell().await?;
    sent.comes().await
}

pub(super) async fn routed(setting: &Setting) -> Judgement {
    let mut sent = Sent::new(setting, &teller(setting).await?)?;
    let ig = "http://nuts-foundation.github.io/nl-generic-functions-ig/StructureDefinition";
    sent.change_task(|task| {
        task["extension"] = json!([
            {"url": format!("{ig}/task-stu3-healthcareservice"),
             "valueReference": {"reference": "HealthcareService/revalidatie", "display": "Geriatrische revalidatie"}},
            {"url": format!("{ig}/task-stu3-location"),
             "valueReference": {"reference": "Location/beuk", "display": "Afdeling De Beuk"}},
        ]);
    })?;
    sent.tell().await?;
    sent.parties.until(&sent.task, "offered").await?;
    let listed = sent.parties.received(&sent.task).await?;
    let shown = listed.first().map(|one| one["routed"].clone()).unwrap_or_default();
    ensure(shown == json!(["Geriatrische revalidatie", "Afdeling De Beuk"]), || {
        format!("where it is routed is shown as {shown}")
    })
}

pub(super) async fn failing(setting: &Setting) -> Judgement {
    let teller = teller(setting).await?;
    for (step, status) in
        [("Task", 403), ("Task", 503), ("document", 500), ("document", 403), ("PUT", 422), ("PUT", 500)]
    {
        let mut sent = Sent::new(setting, &teller)?;
        let at = match step {
            "Task" => format!("GET Task/{}", sent.task),
            "PUT" => format!("PUT Task/{}", sent.task),
            _ => format!("GET Composition/{}/$document", sent.composition),
        };
        sent.fails(at.clone(), status, OFTEN);
        sent.tell().await?;
        if step != "Task" {
            let id = sent.parties.until(&sent.task, "offered").await?;
            sent.parties.take(&id).await?;
        }
        let id = failed(&sent).await.map_err(|flaw| under(&format!("{at} answered with {status}"), flaw))?;
        let left = sent.partner.status(&sent.task).await?;
        ensure(left == "in-progress", || format!("{at} answered with {status}: the Task is {left}"))?;
        // The sender is well again, and whoever saw it has it tried at once.
        sent.sends.faults.clear();
        sent.partner.sends(&sent.task, &sent.sends).await?;
        sent.parties.retry(&id).await?;
        let came = if step == "Task" { sent.comes().await } else { sent.is_there(&id).await };
        came.map_err(|flaw| under(&format!("after {at} was answered with {status}"), flaw))?;
    }
    Ok(())
}

/// Waits until the nursing home's list says that the last step failed; the transfer's id there.
async fn failed(sent: &Sent) -> Result<String, Flaw> {
    for _ in 0..400 {
        let listed = sent.parties.received(&sent.task).await?;
        if let Some(one) = listed.iter().find(|one| one["effort"]["failed"].is_string()) {
            let open = ["told", "taking", "taken"].contains(&one["state"].as_str().unwrap_or_default());
            ensure(open, || format!("a transfer whose last step failed is {}", one["state"]))?;
            return Ok(one["id"].as_str().unwrap_or_default().to_owned());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Err(Flaw::Broken("nobody can see that it failed".to_owned()))
}

/// The other shape: what the Notification Task gives is what the node comes back with.
pub(super) async fn by_notification_task(setting: &Setting) -> Judgement {
    let teller = teller(setting).await?;
    let mut sent = Sent::new(setting, &teller)?;
    let base = format!("grond-{}", fresh());
    sent.sends.base = Some(base.clone());
    sent.partner.sends(&sent.task, &sent.sends).await?;
    let notification = notification(&sent.task, &base, (PARTNER.0, NURSING_HOME.ura));
    let answer = post(&sent.teller, &notification).await?;
    is(&answer, 201, "a Notification Task")?;
    ensure(answer.header("location").is_some(), || "the answer has no Location".to_owned())?;
    for (what, other) in [
        (
            "a Notification Task of another sender",
            self::notification(&sent.task, &base, (GENERAL_PRACTICE.ura, NURSING_HOME.ura)),
        ),
        (
            "a Notification Task for another receiver",
            self::notification(&sent.task, &base, (PARTNER.0, GENERAL_PRACTICE.ura)),
        ),
    ] {
        is(&post(&sent.teller, &other).await?, 403, what)?;
    }
    sent.comes().await?;
    let asked = sent.asked().await?;
    ensure(asked.iter().any(|one| one.path.ends_with("$document")), || "it came back with another value".to_owned())?;
    let scopes = asked.iter().filter_map(|one| one.token.as_ref());
    ensure(scopes.clone().all(|token| token.scope == SENDER), || "it came back with another scope".to_owned())?;
    let lines =
        std::fs::read_to_string(setting.ready.state.join(NURSING_HOME.key).join("node.log")).unwrap_or_default();
    ensure(!lines.contains(&base), || "the value stands in the technical log".to_owned())
}

async fn post((wire, base): &(Wire, String), notification: &Value) -> Result<Answer, Flaw> {
    let body = Bytes::from(notification.to_string());
    Ok(wire.raw(Method::POST, &format!("{base}/Task"), &[("content-type", JSON)], body).await?)
}

/// A Notification Task (TA Notified Pull, Twiin-01).
fn notification(task: &str, base: &str, (sender, receiver): (&str, &str)) -> Value {
    let uuid = || json!({"system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", uuid::Uuid::new_v4())});
    let party = |ura: &str| json!({"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": ura}});
    let parameter =
        |code: &str| json!({"coding": [{"system": "http://fhir.nl/fhir/NamingSystem/TaskParameter", "code": code}]});
    json!({
        "resourceType": "Task", "identifier": [uuid()], "groupIdentifier": uuid(),
        "basedOn": [{"reference": format!("Task/{task}")}], "status": "requested", "intent": "proposal",
        "code": {"coding": [{"system": "http://fhir.nl/fhir/NamingSystem/TaskCode", "code": "pull-notification"}]},
        "requester": {"agent": party(sender), "onBehalfOf": party(sender)}, "owner": party(receiver),
        "input": [
            {"type": parameter("authorization-base"), "valueString": base},
            {"type": parameter("get-workflow-task"), "valueBoolean": true},
        ],
    })
}

fn under(what: &str, flaw: Flaw) -> Flaw {
    match flaw {
        Flaw::Broken(why) => Flaw::Broken(format!("{what}: {why}")),
        Flaw::NotRun(why) => Flaw::NotRun(format!("{what}: {why}")),
    }
}
