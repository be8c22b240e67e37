//! BR: the nursing home's node before a clinic that is played.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::{Flaw, Judgement, Setting, ensure};
use super::{CLINIC, JSON, Played, fresh, is};
use crate::callers::{Answer, Wire};
use crate::referral::{Message, Parties, RECEIVER, patient_id};
use crate::region::{GENERAL_PRACTICE, NURSING_HOME, patients};

const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
const SYSTEM: &str = "urn:ietf:rfc:3986";

/// The clinic as a sender of one referral.
struct Teller {
    parties: Parties,
    played: Played,
    wire: Wire,
    /// The base of the notification endpoint.
    url: String,
    task: String,
    base: String,
}

impl Teller {
    /// A Workflow Task that the clinic has, with these inputs. Nobody was told yet.
    async fn of(setting: &Setting, inputs: &[&str]) -> Result<Self, Flaw> {
        let (parties, played) = (Parties::of(setting)?, Played::of(setting)?);
        let node = setting.organisation(CLINIC, NURSING_HOME.key)?;
        let wire = node.signed_in(RECEIVER, None).await?;
        let url = format!("{}/bgz/notification/Task", parties.home_outer);
        let (task, base) = (fresh("taak"), fresh("grondslag"));
        let patient = patients().remove(0);
        let input = |query: &&str| json!({"type": {"coding": [{"system": "http://loinc.org", "code": "11450-4"}]}, "valueString": query});
        let workflow = json!({"resourceType": "Task", "id": task, "status": "requested", "intent": "order",
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]},
            "for": {"reference": format!("Patient/{}", patient_id(&patient))},
            "requester": {"agent": {"identifier": {"system": URA, "value": CLINIC}}},
            "owner": {"identifier": {"system": URA, "value": NURSING_HOME.ura}},
            "input": inputs.iter().map(input).collect::<Vec<_>>()});
        played.plays(|script| drop(script.tasks.insert(task.clone(), workflow))).await?;
        Ok(Teller { parties, played, wire, url, task, base })
    }

    /// The Notification Task of this identifier.
    fn notification(&self, identifier: &str) -> Value {
        let typed = |code: &str| json!({"coding": [{"system": "http://fhir.nl/fhir/NamingSystem/TaskParameter", "code": code}]});
        json!({"resourceType": "Task", "identifier": [{"system": SYSTEM, "value": identifier}],
            "groupIdentifier": {"system": SYSTEM, "value": format!("urn:group:{}", self.task)},
            "basedOn": [{"reference": format!("Task/{}", self.task)}], "status": "requested", "intent": "proposal",
            "code": {"coding": [{"system": "http://fhir.nl/fhir/NamingSystem/TaskCode", "code": "pull-notification"}]},
            "requester": {"agent": {"identifier": {"system": URA, "value": CLINIC}},
                "onBehalfOf": {"identifier": {"system": URA, "value": CLINIC}}},
            "owner": {"identifier": {"system": URA, "value": NURSING_HOME.ura}},
            "input": [{"type": typed("authorization-base"), "valueString": self.base},
                {"type": typed("get-workflow-task"), "valueBoolean": true}]})
    }

    async fn send(&self, wire: &Wire, method: Method, query: &str, body: &Value) -> Result<Answer, Flaw> {
        let url = format!("{}{query}", self.url);
        Ok(wire.raw(method, &url, &[("content-type", JSON)], Bytes::from(body.to_string())).await?)
    }

    async fn tells(&self, identifier: &str) -> Judgement {
        is(&self.send(&self.wire, Method::POST, "", &self.notification(identifier)).await?, 201, "a notification")
    }

    /// Tells, and waits until it is offered; as the nursing home lists it.
    async fn offers(&self) -> Result<Value, Flaw> {
        self.tells(&format!("urn:n1:{}", self.task)).await?;
        self.parties.until(&self.task, "offered").await
    }

    /// Tells, has it taken, and waits until everything was asked for.
    async fn pulled(&self) -> Result<Value, Flaw> {
        let offered = self.offers().await?;
        self.parties.take(&offered).await?;
        self.parties.until(&self.task, "pulled").await
    }

    /// What the clinic was asked for this referral since it was told: everything but notifications.
    async fn asked(&self, from: usize) -> Result<Vec<Message>, Flaw> {
        Ok(self.played.seen().await?.split_off(from))
    }

    async fn status(&self) -> Result<String, Flaw> {
        let script = self.played.script().await?;
        Ok(script.tasks[&self.task]["status"].as_str().unwrap_or_default().to_owned())
    }
}

fn cancellation(identifier: &str) -> (String, Value) {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("identifier", &format!("{SYSTEM}|{identifier}"))
        .finish();
    let body = json!({"resourceType": "Task", "identifier": [{"system": SYSTEM, "value": identifier}],
        "status": "cancelled", "intent": "proposal"});
    (format!("?{query}"), body)
}

fn data(messages: &[Message]) -> Vec<String> {
    let of_data = |one: &&Message| one.path.ends_with("/_search") || one.path.contains("/Patient/");
    let kind = |one: &Message| one.path.trim_start_matches("/fhir/stu3/").trim_end_matches("/_search").to_owned();
    messages.iter().filter(of_data).map(kind).collect()
}

pub(super) async fn notification(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, &["Condition"]).await?;
    let identifier = format!("urn:n1:{}", teller.task);
    let good = teller.notification(&identifier);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        body
    };
    let other = |path: &'static str, ura: &'static str| {
        with(&move |task| match path {
            "owner" => task["owner"]["identifier"]["value"] = json!(ura),
            _ => task["requester"]["onBehalfOf"]["identifier"]["value"] = json!(ura),
        })
    };
    for (what, body, statuses) in [
        ("another owner", other("owner", GENERAL_PRACTICE.ura), [403, 403]),
        ("another sender", other("requester", GENERAL_PRACTICE.ura), [403, 403]),
        ("no owner", with(&|task| drop(task.as_object_mut().map(|task| task.remove("owner")))), [400, 422]),
        ("no Task to read", with(&|task| drop(task.as_object_mut().map(|task| task.remove("basedOn")))), [400, 422]),
        ("no base", with(&|task| task["input"] = json!([task["input"][1]])), [400, 422]),
        ("another code", with(&|task| task["code"]["coding"][0]["code"] = json!("something-else")), [400, 422]),
        ("another status", with(&|task| task["status"] = json!("draft")), [400, 422]),
        ("no identifier", with(&|task| drop(task.as_object_mut().map(|task| task.remove("identifier")))), [400, 422]),
        ("another resource", json!({"resourceType": "Patient"}), [400, 422]),
        ("no resource", json!("x"), [400, 422]),
    ] {
        let answer = teller.send(&teller.wire, Method::POST, "", &body).await?;
        let refused = answer.json().unwrap_or_default()["resourceType"] == "OperationOutcome";
        ensure(statuses.contains(&answer.status) && refused, || format!("{what} is answered with {}", answer.status))?;
    }
    let nobody = Wire::new(Some(&setting.ready.ca_file), None)?;
    is(&teller.send(&nobody, Method::POST, "", &good).await?, 401, "no token")?;
    for (method, query, status) in
        [(Method::GET, "", [404, 405]), (Method::DELETE, "", [404, 405]), (Method::POST, "?x=1", [400, 422])]
    {
        let answer = teller.send(&teller.wire, method.clone(), query, &good).await?;
        ensure(status.contains(&answer.status), || format!("{method}{query} is answered with {}", answer.status))?;
    }
    // A token for something else tells nothing.
    let node = setting.organisation(CLINIC, NURSING_HOME.key)?;
    let other = node.signed_in("health-overview", None).await?;
    is(&teller.send(&other, Method::POST, "", &good).await?, 403, "a token for something else")?;
    ensure(teller.parties.received(&teller.task).await?.is_empty(), || "one of them became a referral".to_owned())?;
    let answer = teller.send(&teller.wire, Method::POST, "", &good).await?;
    let location = answer.header("location").unwrap_or_default().to_owned();
    ensure(answer.status == 201 && location.contains("/Task/"), || {
        format!("a notification is answered with {} and the Location {location:?}", answer.status)
    })?;
    teller.parties.until(&teller.task, "offered").await.map(drop)
}

pub(super) async fn cancelled(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, &["Condition", "Flag"]).await?;
    // What fails keeps the referral busy.
    teller.played.fails("Flag", 503, 1_000).await?;
    let pulled = teller.pulled().await?;
    let identifier = format!("urn:n1:{}", teller.task);
    let (query, body) = cancellation(&identifier);
    let strange = setting.organisation(GENERAL_PRACTICE.ura, NURSING_HOME.key)?.signed_in(RECEIVER, None).await?;
    is(&teller.send(&strange, Method::PUT, &query, &body).await?, 404, "a cancellation of another sender")?;
    let (unknown, of_unknown) = cancellation("urn:never:told");
    is(&teller.send(&teller.wire, Method::PUT, &unknown, &of_unknown).await?, 404, "one of what was never told")?;
    is(&teller.send(&teller.wire, Method::PUT, &unknown, &body).await?, 422, "one that names two")?;
    is(&teller.send(&teller.wire, Method::PUT, "", &body).await?, 422, "one without a query")?;
    let mut alive = body.clone();
    alive["status"] = json!("requested");
    is(&teller.send(&teller.wire, Method::PUT, &query, &alive).await?, 422, "one that is not cancelled")?;
    ensure(teller.parties.received(&teller.task).await?[0]["state"] != "cancelled", || {
        "one of them counted".to_owned()
    })?;
    for _ in 0..2 {
        is(&teller.send(&teller.wire, Method::PUT, &query, &body).await?, 200, "a cancellation")?;
    }
    let one = teller.parties.until(&teller.task, "cancelled").await?;
    let from = teller.played.seen().await?.len();
    let id = one["id"].as_str().unwrap_or_default();
    is(&teller.parties.receiver_does(id, "take").await?, 409, "taking what is cancelled")?;
    teller.parties.receiver_does(id, "retry").await?;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    ensure(data(&teller.asked(from).await?).is_empty(), || "it is still pulled".to_owned())?;
    let answer =
        teller.parties.other.get(&format!("{}/referrals/received/{id}/bundle", teller.parties.home_inner)).await?;
    is(&answer, 404, "the data of what was taken back")?;
    teller.played.plays(|script| script.faults.clear()).await?;
    ensure(pulled["id"] == one["id"], || "it is another referral".to_owned())
}

pub(super) async fn task_first(setting: &Setting) -> Judgement {
    for (change, state) in [
        (json!({"status": "cancelled"}), "cancelled"),
        (json!({"status": "completed"}), "ended-without-us"),
        (json!({"status": "draft"}), "not-for-us"),
        (json!({"owner": {"identifier": {"system": URA, "value": GENERAL_PRACTICE.ura}}}), "not-for-us"),
        (json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": "308292007"}]}}), "not-for-us"),
    ] {
        let teller = Teller::of(setting, &["Condition"]).await?;
        let from = teller.played.seen().await?.len();
        let task = teller.task.clone();
        teller
            .played
            .plays(|script| {
                for (name, value) in change.as_object().into_iter().flatten() {
                    script.tasks.entry(task.clone()).and_modify(|task| task[name.as_str()] = value.clone());
                }
            })
            .await?;
        teller.tells(&format!("urn:n1:{}", teller.task)).await?;
        teller.parties.until(&teller.task, state).await?;
        ensure(data(&teller.asked(from).await?).is_empty(), || format!("data is pulled although it is {state}"))?;
    }
    let teller = Teller::of(setting, &["Condition"]).await?;
    let from = teller.played.seen().await?.len();
    teller.pulled().await?;
    let asked = teller.asked(from).await?;
    let place = |is: &dyn Fn(&Message) -> bool| asked.iter().position(is);
    let read = place(&|one| one.method == "GET" && one.path.ends_with(&format!("/Task/{}", teller.task)));
    let first = place(&|one| one.path.ends_with("/_search") || one.path.contains("/Patient/"));
    ensure(read.is_some() && first > read, || "data is asked for before the Task is read".to_owned())
}

pub(super) async fn base(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, &["Condition", "Flag"]).await?;
    let from = teller.played.seen().await?.len();
    let pulled = teller.pulled().await?;
    let asked = teller.asked(from).await?;
    let (tokens, others): (Vec<_>, Vec<_>) = asked.iter().partition(|one| one.path == "/oauth/token");
    let with_base = |one: &&&Message| {
        let form: Vec<(String, String)> = form_urlencoded::parse(one.body.as_bytes()).into_owned().collect();
        form.iter().any(|(name, value)| name == "authorization_base" && *value == teller.base)
    };
    ensure(tokens.iter().any(|one| with_base(&one)), || "no token was asked for with the base".to_owned())?;
    for one in &others {
        let text = format!("{} {} {:?} {}", one.path, one.query, one.headers, one.body);
        ensure(one.token && !text.contains(&teller.base), || format!("the base is in {} {}", one.method, one.path))?;
    }
    ensure(!pulled.to_string().contains(&teller.base), || "the base is in the list".to_owned())?;
    let lines = std::fs::read_to_string(setting.ready.state.join(NURSING_HOME.key).join("node.log"))
        .map_err(|fault| Flaw::NotRun(format!("no technical log: {fault}")))?;
    ensure(!lines.contains(&teller.base), || "the base is in the technical log".to_owned())?;
    let records = setting.log(NURSING_HOME.key, 0)?;
    ensure(records.iter().all(|record| !record.to_string().contains(&teller.base)), || {
        "the base is in a record".to_owned()
    })
}

pub(super) async fn beyond_the_list(setting: &Setting) -> Judgement {
    let many = vec!["Goal"; 100];
    let mut inputs = vec![
        "Condition",
        "Flag",
        "Condition",
        "Observation",
        "Observation?code=http://loinc.org|8867-4",
        "Patient/$everything",
        "https://elsewhere.example/fhir/Condition",
        "Condition?patient=Patient/1",
        "Encounter?class=http:%2F%hl7.org/fhir/v3/ActCode|IMP",
        "../oauth/token",
    ];
    inputs.extend(&many);
    let teller = Teller::of(setting, &inputs).await?;
    let from = teller.played.seen().await?.len();
    let pulled = teller.pulled().await?;
    let asked = data(&teller.asked(from).await?);
    let beyond: Vec<_> =
        asked.iter().filter(|kind| !["Condition", "Flag", "Patient"].contains(&kind.as_str())).collect();
    let only_the_patient = beyond.iter().all(|kind| kind.starts_with("Patient/"));
    ensure(only_the_patient, || format!("it asked for {beyond:?}"))?;
    let parts = pulled["parts"].as_array().map_or(0, Vec::len);
    ensure(parts == 2 && pulled["not_in_the_list"].as_u64() > Some(7) && pulled["cut_short"] == true, || {
        format!("{parts} parts, {} not in the list", pulled["not_in_the_list"])
    })
}

pub(super) async fn part_fails(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, &["Condition", "Flag", "AllergyIntolerance", "NutritionOrder"]).await?;
    teller.played.fails("Flag", 500, 1_000).await?;
    let pulled = teller.pulled().await?;
    let outcome = |one: &Value, name: &str| {
        let parts = one["parts"].as_array().cloned().unwrap_or_default();
        parts.iter().find(|part| part["name"] == name).map(|part| part["outcome"].clone()).unwrap_or_default()
    };
    for (name, expected) in [("Problem", "complete"), ("Alert", "failed"), ("AllergyIntolerance", "complete")] {
        ensure(outcome(&pulled, name) == expected, || format!("{name} is {}", outcome(&pulled, name)))?;
    }
    let id = pulled["id"].as_str().unwrap_or_default();
    let bundle = teller.parties.bundle(id).await?;
    let kinds: Vec<_> = bundle["entry"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| entry["resource"]["resourceType"].clone())
        .collect();
    ensure(kinds.contains(&json!("Condition")) && !kinds.contains(&json!("Flag")), || {
        "the rest is not there".to_owned()
    })?;
    is(&teller.parties.receiver_does(id, "complete").await?, 409, "completing what is not whole")?;
    teller.played.fails("Flag", 500, 0).await?;
    // It is asked for again by itself, and by whoever says so.
    teller.parties.receiver_does(id, "retry").await?;
    let began = std::time::Instant::now();
    loop {
        let now = teller.parties.received(&teller.task).await?;
        if now.iter().any(|one| one["state"] == "pulled" && outcome(one, "Alert") == "complete") {
            break;
        }
        ensure(began.elapsed() < super::WITHIN, || "what failed does not come in the end".to_owned())?;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    is(&teller.parties.receiver_does(id, "complete").await?, 202, "completing it")?;
    teller.parties.until(&teller.task, "completed").await.map(drop)
}

pub(super) async fn answers(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, &["Condition"]).await?;
    let from = teller.played.seen().await?.len();
    let pulled = teller.pulled().await?;
    let puts = |messages: &[Message]| -> Vec<Value> {
        let of_task = |one: &&Message| one.method == "PUT" && one.path.ends_with(&format!("/Task/{}", teller.task));
        messages.iter().filter(of_task).filter_map(|one| serde_json::from_str(&one.body).ok()).collect()
    };
    let put = puts(&teller.asked(from).await?);
    ensure(put.len() == 1 && put[0]["status"] == "accepted", || format!("{} PUTs before the pull", put.len()))?;
    ensure(put[0]["input"].is_array() && put[0]["for"]["reference"].is_string(), || {
        "it is not the whole Task".to_owned()
    })?;
    let id = pulled["id"].as_str().unwrap_or_default();
    is(&teller.parties.receiver_does(id, "complete").await?, 202, "completing it")?;
    teller.parties.until(&teller.task, "completed").await?;
    ensure(teller.status().await? == "completed", || "the sender does not know".to_owned())?;
    is(&teller.parties.receiver_does(id, "withdraw").await?, 409, "taking back what is completed")?;

    let teller = Teller::of(setting, &["Condition"]).await?;
    let from = teller.played.seen().await?.len();
    let offered = teller.offers().await?;
    is(
        &teller.parties.receiver_does(offered["id"].as_str().unwrap_or_default(), "reject").await?,
        202,
        "rejecting it",
    )?;
    teller.parties.until(&teller.task, "rejected").await?;
    ensure(teller.status().await? == "rejected", || "the sender does not know of the rejection".to_owned())?;
    ensure(data(&teller.asked(from).await?).is_empty(), || "data of a rejected referral was pulled".to_owned())?;

    let teller = Teller::of(setting, &["Condition"]).await?;
    let pulled = teller.pulled().await?;
    is(
        &teller.parties.receiver_does(pulled["id"].as_str().unwrap_or_default(), "withdraw").await?,
        202,
        "taking it back",
    )?;
    teller.parties.until(&teller.task, "cancelled").await?;
    ensure(teller.status().await? == "cancelled", || "the sender does not know that it was taken back".to_owned())
}

pub(super) async fn again(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, &["Condition"]).await?;
    let pulled = teller.pulled().await?;
    let from = teller.played.seen().await?.len();
    for _ in 0..3 {
        teller.tells(&format!("urn:n1:{}", teller.task)).await?;
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    ensure(teller.asked(from).await?.iter().all(|one| one.path == "/oauth/token"), || {
        "a repeat is pulled again".to_owned()
    })?;
    teller.tells(&format!("urn:n2:{}", teller.task)).await?;
    let began = std::time::Instant::now();
    while !data(&teller.asked(from).await?).iter().any(|kind| kind == "Condition") {
        ensure(began.elapsed() < super::WITHIN, || "a new notification is not pulled".to_owned())?;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    teller.parties.until(&teller.task, "pulled").await?;
    let all = teller.parties.received(&teller.task).await?;
    ensure(all.len() == 1 && all[0]["id"] == pulled["id"], || format!("{} referrals of one Task", all.len()))
}
