//! Transactions about one patient.

use super::*;

fn entry(method: &str, url: &str, resource: Option<serde_json::Value>) -> serde_json::Value {
    let mut entry = json!({"request": {"method": method, "url": url}});
    if let Some(resource) = resource {
        entry["resource"] = resource;
    }
    entry
}

fn transaction(entries: &[serde_json::Value]) -> serde_json::Value {
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}

fn unnamed(reference: &serde_json::Value) -> serde_json::Value {
    json!({"resourceType": "Observation", "identifier": [{"system": "s", "value": "v"}], "subject": reference})
}

fn mine() -> serde_json::Value {
    json!({"reference": "Patient/p1"})
}

fn done(status: &str, location: Option<&str>) -> serde_json::Value {
    let mut response = json!({"status": status, "etag": "W/\"1\""});
    if let Some(location) = location {
        response["location"] = json!(location);
    }
    json!({"response": response})
}

/// A server with `mine` of the patient and `theirs` of another, that answers a transaction so.
async fn answering(answers: Vec<serde_json::Value>) -> Stub {
    knowing(move |asked| match (asked.method.as_str(), asked.path()) {
        ("GET", "/fhir/Observation/mine") => Reply::fhir(&json!({"resourceType": "Observation", "id": "mine",
            "meta": {"versionId": "4"}, "subject": {"reference": "Patient/p1"}})),
        ("GET", "/fhir/Observation/theirs") => Reply::fhir(&observation("theirs", "p2")),
        ("POST", "/fhir" | "/fhir/") => {
            Reply::fhir(&json!({"resourceType": "Bundle", "type": "transaction-response", "entry": answers}))
        }
        _ => Reply::status(404),
    })
    .await
}

fn sent(stub: &Stub) -> Vec<serde_json::Value> {
    let posted = stub.asked().into_iter().filter(|asked| asked.method == "POST" && !asked.path().contains("_search"));
    posted.map(|asked| serde_json::from_str(&asked.body).unwrap()).collect()
}

#[tokio::test]
async fn all_entries_go_as_one_and_each_is_answered() {
    let stub = answering(vec![
        done("201 Created", Some("http://inside.example/fhir/Observation/new/_history/1")),
        done("200 OK", None),
        done("204", None),
    ])
    .await;
    let entries = [
        entry("POST", "Observation", Some(unnamed(&mine()))),
        entry("PUT", "Observation/mine", Some(observation("mine", "p1"))),
        entry("DELETE", "Observation/mine", None),
    ];
    let body = transaction(&entries);
    let answer = Asker::about(one()).writing(&body).transacts(&source(&stub)).await.unwrap();
    let written = |created, id: &str| Written { created, id: Some(id.into()), version_id: Some("1".into()) };
    assert_eq!(answer.transaction, [written(true, "new"), written(false, "mine"), written(false, "mine")]);
    assert_eq!(answer.patients, ["p1"]);
    let sent = sent(&stub).remove(0);
    assert_eq!(sent["entry"][0], entries[0]);
    for at in [1, 2] {
        assert_eq!(sent["entry"][at]["request"]["ifMatch"], json!("W/\"4\""), "what was looked at is what is changed");
    }
}

#[tokio::test]
async fn a_conditional_create_is_narrowed_to_the_patient() {
    let mut conditional = entry("POST", "Observation", Some(unnamed(&mine())));
    conditional["request"]["ifNoneExist"] = json!("identifier=s|v");
    let stub = answering(vec![done("201", Some("Observation/new"))]).await;
    let asker = Asker::about(one()).writing(&transaction(&[conditional]));
    asker.transacts(&source(&stub)).await.unwrap();
    let condition = sent(&stub)[0]["entry"][0]["request"]["ifNoneExist"].clone();
    assert_eq!(condition, json!("patient=Patient%2Fp1&identifier=s%7Cv"));

    let local = json!({"resourceType": "Patient", "identifier": [
        {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BSN}, {"system": "local", "value": "1"}]});
    let mut by_number = entry("POST", "Patient", Some(local));
    by_number["request"]["ifNoneExist"] = json!("identifier=local|1");
    let asker = Asker::about(one()).writing(&transaction(&[by_number]));
    assert_eq!(asker.transacts(&source(&stub)).await.unwrap_err(), SourceFault::Rejected);
}

#[tokio::test]
async fn a_patient_that_comes_along_is_not_made_twice() {
    let mut own = patient("x", &[BSN]);
    own.as_object_mut().unwrap().remove("id");
    let stub = answering(vec![done("200", Some("Patient/p1"))]).await;
    let asker = Asker::about(one()).writing(&transaction(&[entry("POST", "Patient", Some(own))]));
    asker.transacts(&source(&stub)).await.unwrap();
    let condition = sent(&stub)[0]["entry"][0]["request"]["ifNoneExist"].clone();
    assert_eq!(condition, json!(format!("identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C{BSN}")));
}

#[tokio::test]
async fn an_entry_of_another_patient_stops_all_of_them() {
    let good = entry("POST", "Observation", Some(unnamed(&mine())));
    let stub = answering(vec![done("201", Some("Observation/a")), done("201", Some("Observation/b"))]).await;
    let to = |reference: &str| json!({"reference": reference});
    let mut of_the_bundle = entry("POST", "Patient", Some(patient("x", &[OTHER_BSN])));
    of_the_bundle["resource"].as_object_mut().unwrap().remove("id");
    of_the_bundle["fullUrl"] = json!("urn:uuid:8ba7b8e4-4a0e-4d10-b5f9-4f2d6e0b7a11");
    for (bad, fault) in [
        (entry("POST", "Observation", Some(unnamed(&to("Patient/p2")))), SourceFault::Rejected),
        (entry("POST", "Observation", Some(unnamed(&to("urn:uuid:1")))), SourceFault::Rejected),
        (entry("POST", "Observation", Some(json!({"resourceType": "Observation"}))), SourceFault::Rejected),
        (entry("PUT", "Observation/mine", Some(observation("mine", "p2"))), SourceFault::Rejected),
        (entry("PUT", "Observation/theirs", Some(observation("theirs", "p1"))), SourceFault::NotFound),
        (entry("DELETE", "Observation/theirs", None), SourceFault::NotFound),
        (entry("DELETE", "Observation/absent", None), SourceFault::NotFound),
        (of_the_bundle, SourceFault::Rejected),
    ] {
        let asker = Asker::about(one()).writing(&transaction(&[good.clone(), bad]));
        assert_eq!(asker.transacts(&source(&stub)).await.unwrap_err(), fault);
    }
    assert!(sent(&stub).is_empty());
}

#[tokio::test]
async fn an_answer_that_is_not_one_for_one_is_not_believed() {
    let created = || done("201", Some("Observation/new"));
    for answers in [
        vec![],
        vec![created(), created()],
        vec![done("400", None)],
        vec![json!({"resource": observation("new", "p1")})],
    ] {
        let stub = answering(answers).await;
        let asker = Asker::about(one()).writing(&transaction(&[entry("POST", "Observation", Some(unnamed(&mine())))]));
        assert!(matches!(asker.transacts(&source(&stub)).await, Err(SourceFault::Unusable(_))));
        assert_eq!(sent(&stub).len(), 1, "and never sent twice");
    }
    let other = answering(vec![done("200", Some("Observation/other"))]).await;
    let update = entry("PUT", "Observation/mine", Some(observation("mine", "p1")));
    let asker = Asker::about(one()).writing(&transaction(&[update]));
    assert!(matches!(asker.transacts(&source(&other)).await, Err(SourceFault::Unusable(_))));
}

#[tokio::test]
async fn under_nobody_only_what_is_about_nobody_is_transacted() {
    let stub = answering(vec![done("201", Some("Organization/new"))]).await;
    let organization = entry("POST", "Organization", Some(json!({"resourceType": "Organization"})));
    let asker = Asker::about(PatientScope::Nobody).writing(&transaction(&[organization]));
    assert_eq!(asker.transacts(&source(&stub)).await.unwrap().transaction.len(), 1);
    let about_someone = entry("POST", "Observation", Some(unnamed(&mine())));
    let asker = Asker::about(PatientScope::Nobody).writing(&transaction(&[about_someone]));
    assert_eq!(asker.transacts(&source(&stub)).await.unwrap_err(), SourceFault::Rejected);
    assert_eq!(sent(&stub).len(), 1);
}

/// A server that has these blocks already, and creates others.
async fn having(blocks: Vec<serde_json::Value>, answers: Vec<serde_json::Value>) -> Stub {
    knowing(move |asked| match (asked.method.as_str(), asked.path()) {
        ("POST", "/fhir" | "/fhir/") => {
            Reply::fhir(&json!({"resourceType": "Bundle", "type": "transaction-response", "entry": answers}))
        }
        (_, path) if path.starts_with("/fhir/Observation") => {
            let asked_for = format!("{}{}", asked.target, asked.body);
            let named =
                |block: &&serde_json::Value| asked_for.contains(block["identifier"][0]["value"].as_str().unwrap());
            let found: Vec<_> = blocks.iter().filter(named).cloned().collect();
            Reply::fhir(&searchset(&found, None))
        }
        _ => Reply::status(404),
    })
    .await
}

fn block(id: Option<&str>, value: &str) -> serde_json::Value {
    let mut block = json!({"resourceType": "Observation", "identifier": [{"system": "s", "value": value}],
        "subject": {"reference": "Patient/p1"}});
    if let Some(id) = id {
        block["id"] = json!(id);
        block["meta"] = json!({"versionId": "7"});
    }
    block
}

#[tokio::test]
async fn what_was_taken_before_is_answered_with_what_is_there_and_nothing_is_sent() {
    let product = || entry("POST", "Medication", Some(json!({"resourceType": "Medication"})));
    let one = || entry("POST", "Observation", Some(block(None, "first")));
    let stub = having(vec![block(Some("b1"), "first")], Vec::new()).await;
    let asker = || Asker::about(super::one()).writing(&transaction(&[one(), product()]));
    let answer = asker().once().transacts(&source(&stub)).await.unwrap();
    let there = Written { created: false, id: Some("b1".into()), version_id: Some("7".into()) };
    assert_eq!(answer.transaction, [there, Written { created: false, id: None, version_id: None }]);
    assert!(sent(&stub).is_empty());
    // Another use case takes what it is sent.
    let created = || done("201", Some("Observation/new"));
    let stub = having(vec![block(Some("b1"), "first")], vec![created(), done("201", Some("Medication/new"))]).await;
    asker().transacts(&source(&stub)).await.unwrap();
    assert_eq!(sent(&stub)[0]["entry"][0]["request"].get("ifNoneExist"), None);
}

#[tokio::test]
async fn what_is_there_in_part_or_not_yet_is_created_where_nothing_has_its_identifier() {
    let entries = [
        entry("POST", "Observation", Some(block(None, "first"))),
        entry("POST", "Observation", Some(block(None, "second"))),
        entry("POST", "Observation", Some(json!({"resourceType": "Observation", "subject": mine()}))),
    ];
    let answers = || vec![done("200", Some("Observation/b1")), done("201", Some("Observation/n")), done("201", None)];
    for there in
        [vec![block(Some("b1"), "first")], Vec::new(), vec![block(Some("b1"), "first"), block(Some("b2"), "second")]]
    {
        let stub = having(there, answers()).await;
        Asker::about(one()).writing(&transaction(&entries)).once().transacts(&source(&stub)).await.unwrap();
        let asked = |at: usize| sent(&stub)[0]["entry"][at]["request"]["ifNoneExist"].clone();
        assert_eq!(asked(0), json!("patient=Patient%2Fp1&identifier=s%7Cfirst"));
        assert_eq!(asked(1), json!("patient=Patient%2Fp1&identifier=s%7Csecond"));
        assert_eq!(asked(2), serde_json::Value::Null, "what has no identifier cannot be known again");
    }
}

#[tokio::test]
async fn what_stands_twice_under_one_identifier_stops_all() {
    let stub = having(vec![block(Some("b1"), "first"), block(Some("b2"), "first")], Vec::new()).await;
    let body = transaction(&[entry("POST", "Observation", Some(block(None, "first")))]);
    let fault = Asker::about(one()).writing(&body).once().transacts(&source(&stub)).await.unwrap_err();
    assert_eq!(fault, SourceFault::PreconditionFailed);
    assert!(sent(&stub).is_empty());
}
