//! The source over its own socket, asked as any client would.

use super::*;
use serde_json::json;
use std::time::Duration;

fn people() -> Vec<Value> {
    let mut all = vec![
        json!({"resourceType": "Patient", "id": "a", "identifier": [{"system": "urn:x", "value": "1"}]}),
        json!({"resourceType": "Patient", "id": "b", "identifier": [{"system": "urn:x", "value": "2"}]}),
        json!({"resourceType": "Medication", "id": "m", "code": {"text": "iets"}}),
        json!({"resourceType": "MedicationRequest", "id": "r", "status": "active",
            "subject": {"reference": "Patient/a"}, "medicationReference": {"reference": "Medication/m"}}),
    ];
    for n in 0..7 {
        all.push(json!({"resourceType": "Observation", "id": format!("o{n}"), "status": "final",
            "subject": {"reference": "Patient/a"}, "effectiveDateTime": format!("2026-03-0{}", n + 1),
            "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}}));
    }
    all.push(json!({"resourceType": "Observation", "id": "other", "status": "final",
        "subject": {"reference": "Patient/b"}, "effectiveDateTime": "2026-03-01"}));
    all
}

fn source() -> SourceHandle {
    SourceServer::start(FhirVersion::R4, people(), ([127, 0, 0, 1], 0).into()).unwrap()
}

fn client() -> reqwest::Client {
    // Plain HTTP only, but the client wants to know a provider before it knows that.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap()
}

async fn get(source: &SourceHandle, path: &str) -> (u16, Value) {
    let answer = client().get(format!("{}{path}", source.base_url)).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
}

async fn post(source: &SourceHandle, path: &str, body: &Value) -> (u16, Value) {
    let request = client().post(format!("{}{path}", source.base_url));
    let request = request.header("content-type", "application/fhir+json").body(body.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
}

fn ids(bundle: &Value) -> Vec<&str> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries.map(|entry| entry["resource"]["id"].as_str().unwrap()).collect()
}

fn next(bundle: &Value) -> Option<String> {
    let links = bundle["link"].as_array().unwrap();
    links.iter().find(|l| l["relation"] == "next").map(|l| l["url"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn a_search_finds_what_was_asked_and_nothing_else() {
    let source = source();
    let cases = [
        ("/Observation?patient=a", 7),
        ("/Observation?subject=Patient/b", 1),
        ("/Observation?patient.identifier=urn:x%7C1", 7),
        ("/Observation?patient.identifier=urn:x%7C3", 0),
        ("/Observation?patient=a&date=ge2026-03-03&date=le2026-03-05", 3),
        ("/Observation?patient=a&code=http://loinc.org%7C8867-4,http://loinc.org%7C1-1", 7),
        ("/Observation?code=http://loinc.org%7C1-1", 0),
        ("/Observation?status=final", 8),
        ("/Patient?identifier=urn:x%7C2", 1),
        ("/Patient?_id=a,b", 2),
        ("/Observation?_id=o1&patient=b", 0),
    ];
    for (path, total) in cases {
        let (status, bundle) = get(&source, path).await;
        assert_eq!((status, bundle["total"].as_u64()), (200, Some(total)), "{path}: {bundle}");
    }
}

#[actix_web::test]
async fn pages_follow_each_other_until_all_was_seen_once() {
    let source = source();
    let (_, mut bundle) = get(&source, "/Observation?patient=a&_count=3").await;
    let mut seen: Vec<String> = ids(&bundle).into_iter().map(str::to_owned).collect();
    while let Some(url) = next(&bundle) {
        assert!(url.starts_with(&source.base_url) && !url.contains("patient"), "{url}");
        let answer = client().get(url).send().await.unwrap();
        bundle = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(bundle["total"], 7);
        seen.extend(ids(&bundle).into_iter().map(str::to_owned));
    }
    assert_eq!(seen, ["o0", "o1", "o2", "o3", "o4", "o5", "o6"]);
    assert_eq!(get(&source, "?_getpages=made-up").await.0, 410);
}

#[actix_web::test]
async fn an_include_brings_the_medication_once() {
    let source = source();
    let (_, bundle) = get(&source, "/MedicationRequest?patient=a&_include=MedicationRequest:medication").await;
    assert_eq!(ids(&bundle), ["r", "m"]);
    assert_eq!(bundle["total"], 1);
    assert_eq!(bundle["entry"][1]["search"]["mode"], "include");
    assert_eq!(bundle["entry"][1]["fullUrl"], format!("{}/Medication/m", source.base_url));
}

#[actix_web::test]
async fn an_unknown_parameter_is_left_out_or_under_strict_handling_refused() {
    let source = source();
    let (status, bundle) = get(&source, "/Observation?patient=a&shoe-size=43").await;
    let own = bundle["link"][0]["url"].as_str().unwrap();
    assert!(status == 200 && own.contains("patient=a") && !own.contains("shoe"), "{own}");
    let strict = client().get(format!("{}/Observation?shoe-size=43", source.base_url));
    let answer = strict.header("prefer", "handling=strict").send().await.unwrap();
    assert_eq!(answer.status(), 400);
    for refused in ["/Observation?code:above=x", "/Observation?date=someday", "/Observation?_count=x"] {
        let (status, outcome) = get(&source, refused).await;
        assert_eq!((status, &outcome["resourceType"]), (400, &json!("OperationOutcome")), "{refused}");
    }
}

#[actix_web::test]
async fn results_are_sorted_and_bring_along_what_points_at_them_again_and_again() {
    let source = source();
    let put = |path: &str, body: Value| {
        let request = client().put(format!("{}/{path}", source.base_url));
        request.header("content-type", "application/fhir+json").body(body.to_string()).send()
    };
    put(
        "Provenance/v",
        json!({"resourceType": "Provenance", "id": "v", "target": [{"reference": "Observation/o1"}],
        "agent": [{"who": {"reference": "PractitionerRole/l"}}]}),
    )
    .await
    .unwrap();
    put(
        "PractitionerRole/l",
        json!({"resourceType": "PractitionerRole", "id": "l",
        "organization": {"reference": "Organization/g"}}),
    )
    .await
    .unwrap();
    put("Organization/g", json!({"resourceType": "Organization", "id": "g"})).await.unwrap();
    for (path, expected) in [
        ("/Observation?patient=a&_sort=-date&_count=2", vec!["o6", "o5"]),
        ("/Observation?patient=a&_sort=date&_count=1", vec!["o0"]),
        ("/Observation?_id=o1,o2&_revinclude=Provenance:target", vec!["o1", "o2", "v"]),
        ("/Observation?_id=o2&_revinclude=Provenance:target", vec!["o2"]),
        ("/Provenance?_include=Provenance:agent&_include=PractitionerRole:organization", vec!["v", "l"]),
        ("/Provenance?_include=Provenance:agent&_include:iterate=PractitionerRole:organization", vec!["v", "l", "g"]),
        ("/Provenance?_include=Provenance:agent:Practitioner", vec!["v"]),
    ] {
        assert_eq!(ids(&get(&source, path).await.1), expected, "{path}");
    }
    let unknown = client().get(format!("{}/Observation?_sort=shoe-size", source.base_url));
    assert_eq!(unknown.header("prefer", "handling=strict").send().await.unwrap().status(), 400);
}

#[actix_web::test]
async fn a_condition_names_one_resource_or_is_not_met() {
    let source = source();
    let send = |method: reqwest::Method, path: &str, body: Value, condition: Option<&str>| {
        let request = client().request(method, format!("{}{path}", source.base_url));
        let request = request.header("content-type", "application/fhir+json").body(body.to_string());
        match condition {
            Some(query) => request.header("if-none-exist", query).send(),
            None => request.send(),
        }
    };
    let patient = json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "3"}]});
    for (method, path, condition, status) in [
        (reqwest::Method::POST, "/Patient", Some("identifier=urn:x|3"), 201),
        (reqwest::Method::POST, "/Patient", Some("identifier=urn:x|3"), 200),
        (reqwest::Method::POST, "/Patient", Some("_id=a,b"), 412),
        (reqwest::Method::POST, "/Patient", Some("shoe-size=43"), 400),
        (reqwest::Method::PUT, "/Patient?identifier=urn:x%7C3", None, 200),
        (reqwest::Method::PUT, "/Patient?identifier=urn:x%7C4", None, 201),
        (reqwest::Method::PUT, "/Patient?_id=a,b", None, 412),
        (reqwest::Method::PUT, "/Patient", None, 412),
        (reqwest::Method::DELETE, "/Patient?_id=a,b", None, 412),
        (reqwest::Method::DELETE, "/Patient?_id=b", None, 204),
    ] {
        let answer = send(method.clone(), path, patient.clone(), condition).await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
    }
    assert_eq!(get(&source, "/Patient/b").await.0, 410);
    let (_, history) = get(&source, "/Patient/b/_history").await;
    assert_eq!((history["type"].as_str(), history["total"].as_u64()), (Some("history"), Some(2)));
    assert_eq!(
        (get(&source, "/Patient/b/_history/1").await.0, get(&source, "/Patient/zz/_history").await.0),
        (200, 404)
    );
}

#[actix_web::test]
async fn a_form_search_answers_like_a_get() {
    let source = source();
    let request = client().post(format!("{}/Observation/_search", source.base_url));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body("patient.identifier=urn%3Ax%7C1&_count=2").send().await.unwrap();
    let bundle: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!((bundle["total"].as_u64(), ids(&bundle).len()), (Some(7), 2));
}

#[actix_web::test]
async fn a_read_has_version_and_date_and_is_not_repeated() {
    let source = source();
    let url = format!("{}/Patient/a", source.base_url);
    let answer = client().get(&url).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("etag"), "W/\"1\"");
    assert!(header("last-modified").ends_with("GMT"));
    assert!(header("content-type").starts_with("application/fhir+json; fhirVersion=4.0"));
    let again = client().get(&url).header("if-none-match", "W/\"1\"").send().await.unwrap();
    assert_eq!(again.status(), 304);
    for (path, status) in [
        ("/Patient/a/_history/1", 200),
        ("/Patient/a/_history/2", 404),
        ("/Patient/zz", 404),
        ("/Nonsense/a", 404),
        ("/patient/a", 404),
        ("/Patient/a/b/c/d", 404),
    ] {
        let (got, body) = get(&source, path).await;
        assert_eq!(got, status, "{path}");
        assert!(status == 200 || body["resourceType"] == "OperationOutcome", "{path}");
    }
}

#[actix_web::test]
async fn writing_makes_versions_and_deleting_is_remembered() {
    let source = source();
    let (status, made) = post(&source, "/Patient", &json!({"resourceType": "Patient"})).await;
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!((status, made["meta"]["versionId"].as_str()), (201, Some("1")));
    let url = format!("{}/Patient/{id}", source.base_url);
    let put = |body: Value, version: &str| {
        let request = client().put(&url).header("content-type", "application/fhir+json");
        request.header("if-match", format!("W/\"{version}\"")).body(body.to_string()).send()
    };
    let changed = json!({"resourceType": "Patient", "id": id, "active": true});
    let answer = put(changed.clone(), "1").await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["etag"].to_str().unwrap()), (200, "W/\"2\""));
    assert_eq!(put(changed, "1").await.unwrap().status(), 412);
    assert_eq!(put(json!({"resourceType": "Patient", "id": "b"}), "2").await.unwrap().status(), 400);
    assert_eq!(client().delete(&url).send().await.unwrap().status(), 204);
    assert_eq!(get(&source, &format!("/Patient/{id}")).await.0, 410);
}

#[actix_web::test]
async fn a_transaction_happens_wholly_or_not_at_all() {
    let source = source();
    let good = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"fullUrl": "urn:uuid:o", "resource": {"resourceType": "Observation", "subject": {"reference": "urn:uuid:p"}},
         "request": {"method": "POST", "url": "Observation"}},
        {"fullUrl": "urn:uuid:p", "resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}},
        {"request": {"method": "GET", "url": "Patient/a"}},
    ]});
    let (status, answer) = post(&source, "", &good).await;
    assert_eq!((status, answer["type"].as_str()), (200, Some("transaction-response")));
    let patient = answer["entry"][1]["resource"]["id"].as_str().unwrap();
    let subject = answer["entry"][0]["resource"]["subject"]["reference"].as_str().unwrap();
    assert_eq!(subject, format!("Patient/{patient}"));
    assert_eq!(answer["entry"][2]["resource"]["id"], "a");

    let mut bad = good;
    bad["entry"][2]["request"]["url"] = json!("Patient/nobody");
    assert_eq!(post(&source, "", &bad).await.0, 404);
    assert_eq!(get(&source, "/Patient").await.1["total"], 3, "nothing of the second was kept");
    bad["type"] = json!("batch");
    let (status, answer) = post(&source, "", &bad).await;
    assert_eq!((status, answer["entry"][2]["response"]["status"].as_str()), (200, Some("404")));
    assert_eq!(get(&source, "/Patient").await.1["total"], 4);
}

#[actix_web::test]
async fn every_request_is_recorded_and_the_record_can_be_emptied() {
    let source = source();
    get(&source, "/Patient?_id=a").await;
    post(&source, "/Patient", &json!({"resourceType": "Patient"})).await;
    let recorded = source.requests();
    assert_eq!(recorded.len(), 2);
    assert_eq!((recorded[0].method.as_str(), recorded[0].path.as_str()), ("GET", "/fhir/Patient?_id=a"));
    assert_eq!(recorded[1].body_length, json!({"resourceType": "Patient"}).to_string().len());
    let url = format!("{}/requests", source.control_url);
    let wired = client().get(&url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(serde_json::from_slice::<Vec<Recorded>>(&wired).unwrap(), recorded);
    assert_eq!(client().delete(&url).send().await.unwrap().status(), 204);
    assert!(source.requests().is_empty());
}

#[actix_web::test]
async fn a_source_falls_ill_as_ordered_and_recovers() {
    let source = source();
    let order = |fault: Value| {
        let request = client().put(format!("{}/fault", source.control_url));
        request.body(fault.to_string()).send()
    };
    order(json!({"kind": "slow", "ms": 60_000})).await.unwrap();
    let patience = tokio::time::timeout(Duration::from_millis(100), get(&source, "/Patient/a"));
    assert!(patience.await.is_err());

    order(json!({"kind": "dead"})).await.unwrap();
    assert!(client().get(format!("{}/Patient/a", source.base_url)).send().await.is_err());

    order(json!({"kind": "truncated"})).await.unwrap();
    let answer = client().get(format!("{}/Patient/a", source.base_url)).send().await.unwrap();
    assert!(answer.content_length().unwrap() > 0);
    assert!(answer.bytes().await.is_err());

    order(json!({"kind": "rubbish", "as": "json"})).await.unwrap();
    assert_eq!(get(&source, "/Patient/a").await, (200, Value::Null));

    order(json!({"kind": "status", "code": 503})).await.unwrap();
    assert_eq!(get(&source, "/Patient/a").await.0, 503);

    order(json!({"kind": "wrong-patient"})).await.unwrap();
    let (_, bundle) = get(&source, "/Observation?patient=a").await;
    assert!(ids(&bundle).contains(&"other") && ids(&bundle).contains(&"o0"), "{bundle}");
    assert_eq!(get(&source, "/Patient/a").await.1["id"], "b");

    order(json!({"kind": "huge", "bytes": 3_000_000})).await.unwrap();
    let (_, bundle) = get(&source, "/Observation").await;
    assert!(bundle.to_string().len() > 3_000_000);

    assert_eq!(order(json!({"kind": "bored"})).await.unwrap().status(), 400);
    order(json!({"kind": "none"})).await.unwrap();
    assert_eq!(get(&source, "/Observation?patient=a").await.1["total"], 7);
}

#[actix_web::test]
async fn each_release_says_which_it_is() {
    for (version, number) in [(FhirVersion::R4, "4.0.1"), (FhirVersion::Stu3, "3.0.2")] {
        let source = SourceServer::start(version, people(), ([127, 0, 0, 1], 0).into()).unwrap();
        let (_, statement) = get(&source, "/metadata").await;
        assert_eq!(statement["fhirVersion"], number);
        source.stop();
    }
}

#[test]
fn a_folder_gives_its_resources_and_a_stopped_source_its_port() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.json"), r#"{"resourceType":"Patient","id":"x"}"#).unwrap();
    std::fs::write(folder.path().join("two.ndjson"), "{\"resourceType\":\"Patient\",\"id\":\"y\"}\n\n").unwrap();
    let bundle = r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"z"}}]}"#;
    std::fs::write(folder.path().join("three.json"), bundle).unwrap();
    std::fs::write(folder.path().join("read.me"), "no").unwrap();
    assert_eq!(read_folder(folder.path()).unwrap().len(), 3);

    let first = SourceServer::start(FhirVersion::R4, vec![], ([127, 0, 0, 1], 0).into()).unwrap();
    let port: u16 = first.base_url.trim_end_matches("/fhir").rsplit(':').next().unwrap().parse().unwrap();
    assert!(SourceServer::start(FhirVersion::R4, vec![], ([127, 0, 0, 1], port).into()).is_err());
    first.stop();
    SourceServer::start(FhirVersion::R4, vec![], ([127, 0, 0, 1], port).into()).unwrap().stop();
}
