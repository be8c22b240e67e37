//! BS: what the receiver is told, what it gets of the Task, and what nobody gets.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::setting::names_a_patient;
use super::super::{Flaw, Judgement, Setting, ensure};
use super::{CLINIC, Played, Receiver, XML, fresh, input, is, of_a_doctor};
use crate::callers::{Acting, InnerCaller, TreatmentRelation, User, Wire};
use crate::referral::{Parties, SENDER, at_the_hospital, patient_id};
use crate::region::{HOSPITAL, NURSING_HOME, PHARMACY};

const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";

/// The code that types each input of a Workflow Task, in the order of the list.
const TYPED: [&str; 29] = [
    "http://loinc.org|79191-3",
    "http://loinc.org|48768-6",
    "http://snomed.info/sct|11291000146105",
    "http://snomed.info/sct|11341000146107",
    "http://loinc.org|47420-5",
    "http://loinc.org|11450-4",
    "http://snomed.info/sct|365508006",
    "http://snomed.info/sct|228366006",
    "http://snomed.info/sct|228273003",
    "http://snomed.info/sct|365980008",
    "http://snomed.info/sct|11816003",
    "http://loinc.org|75310-3",
    "http://loinc.org|48765-2",
    "http://snomed.info/sct|422979000",
    "http://snomed.info/sct|16076005",
    "http://snomed.info/sct|422037009",
    "http://loinc.org|46264-8",
    "http://loinc.org|11369-6",
    "http://loinc.org|85354-9",
    "http://loinc.org|29463-7",
    "http://loinc.org|8302-2",
    "http://snomed.info/sct|15220000",
    "http://loinc.org|47519-4",
    "http://loinc.org|46240-8",
    "http://loinc.org|18776-5",
    "http://loinc.org|18776-5",
    "http://loinc.org|18776-5",
    "http://loinc.org|18776-5",
    "http://loinc.org|77599-9",
];

pub(super) async fn told(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting).await?;
    let task = &receiver.notification;
    let party = |value: &Value, ura: &str| value["identifier"]["system"] == URA && value["identifier"]["value"] == ura;
    let identifier = &task["identifier"][0];
    let named = identifier["system"] == "urn:ietf:rfc:3986"
        && identifier["value"].as_str().is_some_and(|value| value.starts_with("urn:uuid:"));
    let coding = &task["code"]["coding"][0];
    for (what, holds) in [
        ("an identifier that is a URN", named),
        ("a groupIdentifier", task["groupIdentifier"]["value"].as_str().is_some_and(|value| !value.is_empty())),
        (
            "the code pull-notification",
            coding["system"] == "http://fhir.nl/fhir/NamingSystem/TaskCode" && coding["code"] == "pull-notification",
        ),
        ("the status requested", task["status"] == "requested"),
        ("the intent proposal", task["intent"] == "proposal"),
        ("a requester on behalf of the hospital", party(&task["requester"]["onBehalfOf"], HOSPITAL.ura)),
        ("a requesting agent", task["requester"]["agent"]["identifier"]["value"].is_string()),
        ("the clinic as owner", party(&task["owner"], CLINIC)),
        ("get-workflow-task", input(task, "get-workflow-task")["valueBoolean"] == true),
        ("the Workflow Task", task["basedOn"][0]["reference"] == format!("Task/{}", receiver.referral.task)),
        ("an authorization base", receiver.base.len() >= 20),
        ("no patient", task["for"].is_null() && !names_a_patient(&task.to_string())),
    ] {
        ensure(holds, || format!("the Notification Task has not {what}"))?;
    }
    let end = task["restriction"]["period"]["end"].as_str().unwrap_or_default().to_owned();
    let sent = receiver.parties.sent(&receiver.referral.id).await?;
    let until = sent["until"].as_i64().and_then(|until| time::OffsetDateTime::from_unix_timestamp(until).ok());
    let format = time::format_description::well_known::Rfc3339;
    let told = time::OffsetDateTime::parse(&end, &format).ok();
    ensure(told.is_some() && told == until, || "the end of the period is not that of the authorisation".to_owned())?;
    let workflow = receiver.task().await?;
    ensure(workflow["restriction"]["period"]["end"] == end.as_str(), || "the Workflow Task ends otherwise".to_owned())
}

pub(super) async fn cancelled(setting: &Setting) -> Judgement {
    let (receiver, played) = (Receiver::of(setting).await?, Played::of(setting)?);
    let identifier = receiver.notification["identifier"][0]["value"].as_str().unwrap_or_default().to_owned();
    is(&receiver.get("Condition").await?, 200, "a pull before")?;
    for _ in 0..2 {
        is(&receiver.parties.sender_does(&receiver.referral.id, "cancel").await?, 202, "a cancellation")?;
    }
    let put = played.until("cancellation", |one| one.method == "PUT" && one.body.contains(&identifier)).await?;
    ensure(put.path == "/notify/Task", || format!("it is put at {}", put.path))?;
    let query: Vec<(String, String)> = form_urlencoded::parse(put.query.as_bytes()).into_owned().collect();
    let expected = vec![("identifier".to_owned(), format!("urn:ietf:rfc:3986|{identifier}"))];
    ensure(query == expected, || "it is not put by the identifier of what was told".to_owned())?;
    let body: Value = serde_json::from_str(&put.body).unwrap_or_default();
    let good = body["status"] == "cancelled"
        && body["resourceType"] == "Task"
        && body["intent"] == receiver.notification["intent"]
        && body["identifier"] == receiver.notification["identifier"];
    ensure(good, || "it is not the same Task, cancelled".to_owned())?;
    ensure(!put.body.contains(&receiver.base), || "it tells the authorization base once more".to_owned())?;
    receiver.parties.until_sent(&receiver.referral.id, "cancelled").await?;
    is(&receiver.get("Condition").await?, 403, "a pull after")
}

pub(super) async fn task(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting).await?;
    let task = receiver.task().await?;
    let coding = &task["code"]["coding"][0];
    let good = task["status"] == "requested"
        && coding["system"] == "http://snomed.info/sct"
        && coding["code"] == "3457005"
        && task["for"]["reference"] == format!("Patient/{}", patient_id(&receiver.referral.patient))
        && task["requester"]["onBehalfOf"]["identifier"]["value"] == HOSPITAL.ura
        && task["owner"]["identifier"]["value"] == CLINIC;
    ensure(good, || "the Task is not that of a referral".to_owned())?;
    let text = task.to_string();
    let surname = receiver.referral.patient.name.rsplit(' ').next().unwrap_or_default().to_owned();
    let silent =
        !names_a_patient(&text) && !text.contains(&surname) && !text.contains(receiver.referral.patient.birth_date);
    ensure(silent && !text.contains(&receiver.base), || "the Task names the patient, or the base".to_owned())?;
    let inputs = task["input"].as_array().cloned().unwrap_or_default();
    let listed = super::data::task_inputs();
    ensure(inputs.len() == listed.len() && listed.len() == TYPED.len(), || format!("{} inputs", inputs.len()))?;
    for ((one, search), typed) in inputs.iter().zip(&listed).zip(TYPED) {
        let coding = &one["type"]["coding"][0];
        let code = |name: &str| coding[name].as_str().unwrap_or_default().to_owned();
        ensure(format!("{}|{}", code("system"), code("code")) == typed, || format!("an input is not typed {typed}"))?;
        let asked = one["valueString"].as_str().unwrap_or_default();
        ensure(super::data::same(asked, search), || format!("an input is not {search}"))?;
    }
    let url = receiver.url(&format!("Task/{}", receiver.referral.task));
    let xml = receiver.without_person.raw(Method::GET, &url, &[("accept", XML)], Bytes::new()).await?;
    let text = String::from_utf8_lossy(&xml.body).into_owned();
    let is_xml = xml.header("content-type").unwrap_or_default().starts_with(XML) && text.contains("<Task");
    ensure(xml.status == 200 && is_xml && text.contains("3457005"), || "the Task does not come as XML".to_owned())
}

pub(super) async fn over(setting: &Setting) -> Judgement {
    for (status, before) in [("rejected", None), ("cancelled", Some("received")), ("completed", Some("accepted"))] {
        let receiver = Receiver::of(setting).await?;
        if let Some(before) = before {
            is(&receiver.says(before).await?, 200, before)?;
            is(&receiver.get("Condition").await?, 200, "a pull while it is open")?;
        }
        let answer = receiver.says(status).await?;
        is(&answer, 200, status)?;
        ensure(answer.json().unwrap_or_default()["status"] == status, || {
            "the answer is not the updated Task".to_owned()
        })?;
        // The answer was lost, and it is put again.
        is(&receiver.says(status).await?, 200, "the same again")?;
        for path in ["Condition", "Patient", "Observation/$lastn?code=http://loinc.org|85354-9"] {
            is(&receiver.get(path).await?, 403, &format!("{path} when it is {status}"))?;
        }
        ensure(receiver.task().await?["status"] == status, || "the Task is not readable, or otherwise".to_owned())?;
        // A token that is asked for now opens no more.
        let wire = super::token(&receiver.node, &of_a_doctor(&receiver.node), &receiver.base).await?;
        is(&wire.get(&receiver.url("Condition")).await?, 403, "a new token")?;
        let sent = receiver.parties.sent(&receiver.referral.id).await?;
        ensure(sent["state"] == status, || format!("the sender shows {}", sent["state"]))?;
        is(&receiver.parties.sender_does(&receiver.referral.id, "renew").await?, 409, "a renewal of what is over")?;
    }
    Ok(())
}

pub(super) async fn spoiled(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting).await?;
    let task = receiver.task().await?;
    let changed = |name: &str, value: Value| {
        let mut task = task.clone();
        task["status"] = json!("accepted");
        task[name] = value;
        task
    };
    for (what, spoiled) in [
        ("another owner", changed("owner", json!({"display": "Somebody else"}))),
        ("a description", changed("description", json!("done"))),
        ("a later end", changed("restriction", json!({"period": {"end": "2099-01-01T00:00:00Z"}}))),
        ("a status that is none of a referral", changed("status", json!("failed"))),
        ("completed before it was accepted", changed("status", json!("completed"))),
        ("another patient", changed("for", json!({"reference": "Patient/another"}))),
    ] {
        let answer = receiver.put(&spoiled).await?;
        let refused = answer.json().unwrap_or_default()["resourceType"] == "OperationOutcome";
        // Whoever names another patient asks about another patient.
        let expected: &[u16] = if what == "another patient" { &[403, 422] } else { &[422] };
        ensure(expected.contains(&answer.status) && refused, || format!("{what} is answered with {}", answer.status))?;
    }
    ensure(receiver.task().await? == task, || "the Task was changed".to_owned())
}

pub(super) async fn strangers(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting).await?;
    let patient = format!("Patient/{}", patient_id(&receiver.referral.patient));
    for path in ["Condition", patient.as_str(), "Observation/$lastn?code=http://loinc.org|85354-9"] {
        let answer = receiver.without_person.get(&receiver.url(path)).await?;
        is(&answer, 403, "data in nobody's name")?;
        setting.keeps_quiet(&answer)?;
    }
    let other = setting.organisation(PHARMACY.ura, HOSPITAL.key)?;
    let answer = other.come_back(&of_a_doctor(&other), SENDER, &receiver.base).await?;
    let body = answer.json().unwrap_or_default();
    ensure(answer.status == 400 && body["error"] == "invalid_grant", || {
        format!("another organisation with our value gets {} {}", answer.status, body["error"])
    })?;
    let node = &receiver.node;
    for value in
        [receiver.referral.task.as_str(), receiver.referral.id.as_str(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
    {
        is(&node.come_back(&of_a_doctor(node), SENDER, value).await?, 400, "a value that was never given")?;
    }
    // Whoever asserts a relation of its own gets no further than the door.
    let acting = Acting {
        user: User { id: "verwijzing-toets".to_owned(), role: "01.015".to_owned(), name: "T. Oets".to_owned() },
        patient: receiver.referral.patient.bsn.to_owned(),
        treatment_relation: TreatmentRelation { kind: "referral".to_owned(), reference: receiver.referral.id.clone() },
    };
    let wire = node.signed_in(SENDER, Some(&acting)).await?;
    for path in [format!("Task/{}", receiver.referral.task), "Condition".to_owned()] {
        is(&wire.get(&receiver.url(&path)).await?, 403, "a token that rests on no referral")?;
    }
    let nobody = Wire::new(Some(&setting.ready.ca_file), None)?;
    is(&nobody.get(&receiver.url("Condition")).await?, 401, "nobody")
}

pub(super) async fn told_again(setting: &Setting) -> Judgement {
    let (parties, played) = (Parties::of(setting)?, Played::of(setting)?);
    let patient = at_the_hospital()?.remove(0);
    played.plays(|script| script.notifications = Some(503)).await?;
    let mut body = Parties::wanted(&patient, &fresh("onbereikbaar"));
    body["receiver"] = json!(CLINIC);
    let told = parties.push_body(&body).await?.json().unwrap_or_default();
    let (id, task) = (told["id"].as_str().unwrap_or_default(), told["task"].as_str().unwrap_or_default());
    let named = format!("Task/{task}");
    let tried = || played.seen();
    let began = std::time::Instant::now();
    loop {
        let count = tried().await?.iter().filter(|one| one.method == "POST" && one.body.contains(&named)).count();
        if count >= 2 {
            break;
        }
        ensure(began.elapsed() < super::WITHIN, || "it is not tried again".to_owned())?;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let sent = parties.sent(id).await?;
    ensure(sent["told"] == false && sent["effort"]["failed"].is_string(), || "nobody sees that it failed".to_owned())?;
    played.plays(|script| script.notifications = None).await?;
    parties.until_sent(id, "requested").await?;
    let all = tried().await?;
    let identifiers: Vec<Value> = all
        .iter()
        .filter(|one| one.method == "POST" && one.body.contains(&named))
        .filter_map(|one| serde_json::from_str::<Value>(&one.body).ok())
        .map(|one| one["identifier"][0]["value"].clone())
        .collect();
    ensure(identifiers.windows(2).all(|pair| pair[0] == pair[1]), || {
        "the same is told under different identifiers".to_owned()
    })?;
    is(&parties.sender_does(id, "renew").await?, 202, "a renewal")?;
    let fresh_one = |one: &crate::referral::Message| {
        one.body.contains(&named) && identifiers[0].as_str().is_some_and(|known| !one.body.contains(known))
    };
    let renewed = played.until("renewal", fresh_one).await?;
    let renewed: Value = serde_json::from_str(&renewed.body).unwrap_or_default();
    ensure(renewed["groupIdentifier"]["value"] == format!("urn:uuid:{task}"), || "it is of another group".to_owned())
}

pub(super) async fn refused(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let (patient, other) = (at_the_hospital()?.remove(0), at_the_hospital()?.remove(1));
    let good = Parties::wanted(&patient, &fresh("bedorven"));
    let with = |path: &[&str], value: Value| {
        let mut body = good.clone();
        match path {
            [one] => body[*one] = value,
            [one, two] => body[*one][*two] = value,
            _ => {}
        }
        body
    };
    for (what, body, status) in [
        ("no object", json!([]), 400),
        ("more than is known", with(&["urgency"], json!("now")), 400),
        ("a receiver that is no URA", with(&["receiver"], json!("somebody")), 400),
        ("a receiver that is nobody's", with(&["receiver"], json!("90019999")), 422),
        ("no BSN", with(&["patient", "bsn"], json!("123456789")), 400),
        ("another patient's BSN", with(&["patient", "bsn"], json!(other.bsn)), 422),
        ("no id", with(&["patient", "id"], json!("../1")), 400),
        ("no episode", with(&["episode"], json!("  ")), 400),
        ("an episode that is a novel", with(&["episode"], json!("x".repeat(200))), 400),
    ] {
        let answer = parties.push_body(&body).await?;
        is(&answer, status, what)?;
        ensure(answer.json().unwrap_or_default()["resourceType"] == "OperationOutcome", || {
            format!("{what}: no outcome")
        })?;
        setting.keeps_quiet(&answer)?;
    }
    let first = parties.push_body(&good).await?;
    let again = parties.push_body(&good).await?;
    let id = |answer: &crate::callers::Answer| answer.json().unwrap_or_default()["id"].clone();
    ensure((first.status, again.status) == (201, 200) && id(&first) == id(&again), || {
        format!("the same episode is answered {} and {}", first.status, again.status)
    })?;
    let nurse = setting.ready.callers.iter().find(|caller| {
        caller.node.as_deref() == Some(HOSPITAL.key)
            && caller.person.is_some()
            && caller.bearer_token.is_some()
            && caller.use_cases.iter().all(|held| held != SENDER)
    });
    let nurse = nurse.ok_or_else(|| Flaw::NotRun("everybody may refer".to_owned()))?;
    let nurse = InnerCaller::of(&setting.ready, &nurse.name)?;
    let url = format!("{}/referrals", parties.hospital_inner);
    is(&nurse.post_json(&url, &good).await?, 403, "somebody who may not refer")?;
    let nobody = Wire::new(None, None)?;
    is(&nobody.post_json(&url, &good).await?, 401, "nobody")?;
    let hidden = parties.sender_does("00000000000000000000000000000000", "cancel").await?;
    is(&hidden, 404, "a referral that is not there")?;
    // What the clinic's own node has is not the nursing home's to see.
    let elsewhere = setting.organisation(NURSING_HOME.ura, HOSPITAL.key)?;
    let answer = elsewhere.come_back(&of_a_doctor(&elsewhere), SENDER, "x").await?;
    is(&answer, 400, "a value that is none")
}
