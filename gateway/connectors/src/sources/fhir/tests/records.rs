//! Versions, documents and conditional writes about one patient.

use super::*;
use crate::sources::suite::chart::chart;
use crate::sources::testing::server::Server;

fn version(id: &str, patient: &str, version: &str) -> serde_json::Value {
    let mut resource = observation(id, patient);
    resource["meta"] = json!({"versionId": version});
    resource
}

fn history(versions: &[serde_json::Value]) -> Reply {
    let entries: Vec<_> = versions.iter().map(|one| json!({"resource": one})).collect();
    Reply::fhir(&json!({"resourceType": "Bundle", "type": "history", "entry": entries}))
}

#[tokio::test]
async fn the_versions_of_what_is_the_patients_now_are_given() {
    let stub = knowing(|asked| match asked.path() {
        "/fhir/Observation/mine" => Reply::fhir(&version("mine", "p1", "2")),
        "/fhir/Observation/mine/_history" => history(&[version("mine", "p1", "2"), version("mine", "p2", "1")]),
        "/fhir/Observation/theirs" => Reply::fhir(&version("theirs", "p2", "1")),
        "/fhir/Observation/swapped" => Reply::fhir(&version("swapped", "p1", "1")),
        "/fhir/Observation/swapped/_history" => history(&[version("other", "p1", "1")]),
        "/fhir/Observation/gone" => Reply::status(410),
        _ => Reply::status(500),
    })
    .await;
    let source = source(&stub);
    let asker = Asker::about(one());
    let answer = asker.asks(&source, "GET Observation/mine/_history?_since=2024&_count=1").await.unwrap();
    assert_eq!(names(&answer), ["Observation/mine", "Observation/mine"], "each version is checked by whoever asked");
    assert_eq!(answer.patients, ["p1"]);
    assert_eq!(stub.lines().last().unwrap(), "GET /fhir/Observation/mine/_history?_since=2024");
    for (line, fault) in [
        ("GET Observation/theirs/_history", SourceFault::NotFound),
        ("GET Observation/gone/_history", SourceFault::Gone),
        (
            "GET Observation/swapped/_history",
            SourceFault::Unusable("the history of another resource than was asked for"),
        ),
        ("GET Observation/mine/_history?_colour=blue", SourceFault::Unsupported { parameter: "_colour".into() }),
        ("GET Observation/_history", SourceFault::NotSupported),
        ("GET _history", SourceFault::NotSupported),
    ] {
        assert_eq!(asker.asks(&source, line).await.unwrap_err(), fault, "{line}");
    }
    assert!(!stub.lines().iter().any(|line| line.contains("theirs/_history")));
}

#[tokio::test]
async fn a_document_is_gathered_in_its_order_and_says_what_is_missing() {
    for brings in [true, false] {
        let server = Server { brings, ..Server::new(chart()) };
        let stub = Stub::start(move |asked| server.answer(asked)).await;
        let source = source(&stub);
        let asker = Asker::about(one());
        let whole = asker.asks(&source, "GET Composition/handover/$document").await.unwrap();
        let expected = [
            "Composition/handover",
            "Patient/p1",
            "Encounter/stay",
            "PractitionerRole/role",
            "Organization/house",
            "Condition/diabetes",
            "Observation/bp1",
            "MedicationRequest/ma1",
        ];
        assert_eq!((names(&whole), whole.cut_short), (expected.map(str::to_owned).to_vec(), false));
        let modes: Vec<_> = whole.items.iter().map(|item| item.mode == ::fhir::SearchMode::Match).collect();
        assert_eq!(modes, [true, false, false, false, false, false, false, false]);
        let torn = asker.asks(&source, "GET Composition/torn/$document").await.unwrap();
        let expected = ["Composition/torn", "Patient/p1", "Observation/w1"];
        assert_eq!((names(&torn), torn.cut_short), (expected.map(str::to_owned).to_vec(), true));
        assert!(
            stub.asked().iter().all(|asked| !asked.target.contains('$') && asked.method != "PUT"),
            "nothing is kept"
        );
    }
}

#[tokio::test]
async fn a_document_of_someone_else_is_not_there_and_none_is_kept() {
    let stub = knowing(|asked| match asked.path() {
        "/fhir/Composition/theirs" => Reply::fhir(&json!({"resourceType": "Composition", "id": "theirs",
            "subject": {"reference": "Patient/p2"}})),
        "/fhir/Composition/nobodys" => Reply::fhir(&json!({"resourceType": "Composition", "id": "nobodys"})),
        _ => Reply::status(404),
    })
    .await;
    let source = source(&stub);
    let asker = Asker::about(one());
    for (line, fault) in [
        ("GET Composition/theirs/$document", SourceFault::NotFound),
        ("GET Composition/nobodys/$document", SourceFault::NotFound),
        ("GET Composition/absent/$document", SourceFault::NotFound),
        ("GET Composition/theirs/$document?persist=true", SourceFault::Unsupported { parameter: "persist".into() }),
        ("GET Composition/$document", SourceFault::NotSupported),
        ("GET Observation/$lastn", SourceFault::NotSupported),
        ("GET Patient/p1/$everything", SourceFault::NotSupported),
    ] {
        assert_eq!(asker.asks(&source, line).await.unwrap_err(), fault, "{line}");
    }
}

/// A server with these Observations, that takes writes.
async fn writable(there: Vec<serde_json::Value>) -> Stub {
    knowing(move |asked| {
        let written = |status, id: &str| Reply::Full {
            status,
            headers: vec![("location", format!("http://inside.example/fhir/Observation/{id}/_history/1"))],
            body: String::new(),
        };
        match (asked.method.as_str(), asked.path()) {
            ("POST", "/fhir/Observation/_search") => Reply::fhir(&searchset(&there, None)),
            ("GET", path) => {
                let named = there.iter().find(|one| path.ends_with(one["id"].as_str().unwrap()));
                named.map_or(Reply::status(404), Reply::fhir)
            }
            ("POST", "/fhir/Observation") => written(201, "new"),
            ("PUT" | "DELETE", _) => written(200, "old"),
            _ => Reply::status(500),
        }
    })
    .await
}

fn identified(id: &str, patient: &str) -> serde_json::Value {
    let mut resource = version(id, patient, "7");
    resource["identifier"] = json!([{"system": "s", "value": "v"}]);
    resource
}

/// A resource as it is written: without an id.
fn unnamed(patient: &str) -> serde_json::Value {
    let mut resource = identified("x", patient);
    resource.as_object_mut().unwrap().remove("id");
    resource
}

fn writes(stub: &Stub) -> Vec<Asked> {
    let search = |asked: &Asked| asked.path().ends_with("/_search") || asked.method == "GET";
    stub.asked().into_iter().filter(|asked| !search(asked)).collect()
}

#[tokio::test]
async fn an_update_by_condition_creates_updates_or_fails_by_what_is_there() {
    let none = writable(vec![]).await;
    let body = Asker::about(one()).writing(&unnamed("p1"));
    let line = "PUT Observation?identifier=s%7Cv";
    let created = body.asks(&source(&none), line).await.unwrap().written.unwrap();
    assert!(created.created);
    let asked = writes(&none).remove(0);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/fhir/Observation"));
    let condition = "patient=Patient%2Fp1&identifier=s%7Cv";
    assert_eq!(asked.header("if-none-exist"), Some(condition), "two at once do not both create");

    let one_there = writable(vec![identified("old", "p1"), identified("x", "p2")]).await;
    body.asks(&source(&one_there), line).await.unwrap();
    let asked = writes(&one_there).remove(0);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("PUT", "/fhir/Observation/old"));
    assert_eq!(asked.header("if-match"), Some("W/\"7\""), "what was found is what is replaced");
    assert!(asked.body.contains("\"id\":\"old\""));
    let other_id = Asker::about(one()).writing(&identified("mine", "p1"));
    assert_eq!(other_id.asks(&source(&one_there), line).await.unwrap_err(), SourceFault::PreconditionFailed);

    let two = writable(vec![identified("a", "p1"), identified("b", "p1")]).await;
    let theirs = Asker::about(one()).writing(&unnamed("p2"));
    for (asker, stub, line, fault) in [
        (&body, &two, line, SourceFault::PreconditionFailed),
        (&theirs, &none, line, SourceFault::Rejected),
        (&body, &none, "PUT Observation?_sort=date", SourceFault::Unsupported { parameter: "_sort".into() }),
        (&body, &none, "PUT Observation?colour=x", SourceFault::Unsupported { parameter: "colour".into() }),
    ] {
        let before = writes(stub).len();
        assert_eq!(asker.asks(&source(stub), line).await.unwrap_err(), fault, "{line}");
        assert_eq!(writes(stub).len(), before, "{line}");
    }
}

#[tokio::test]
async fn a_delete_by_condition_takes_the_one_that_is_there() {
    let asker = Asker::about(one());
    let line = "DELETE Observation?identifier=s%7Cv";
    for (there, fault) in [
        (vec![], Some(SourceFault::NotFound)),
        (vec![identified("x", "p2")], Some(SourceFault::NotFound)),
        (vec![identified("a", "p1"), identified("b", "p1")], Some(SourceFault::PreconditionFailed)),
        (vec![identified("old", "p1"), identified("x", "p2")], None),
    ] {
        let stub = writable(there).await;
        assert_eq!(asker.asks(&source(&stub), line).await.err(), fault);
        let targets: Vec<String> = writes(&stub).into_iter().map(|asked| asked.target).collect();
        assert_eq!(targets, if fault.is_none() { vec!["/fhir/Observation/old"] } else { vec![] });
    }
}

#[tokio::test]
async fn a_create_if_none_exists_is_narrowed_to_the_patient() {
    let mut asker = Asker::about(one()).writing(&unnamed("p1"));
    asker.conditions.if_none_exist = Some("identifier=s|v".into());
    let there = writable(vec![identified("old", "p1"), identified("x", "p2")]).await;
    let answer = asker.asks(&source(&there), "POST Observation").await.unwrap();
    let written = Written { created: false, id: Some("old".into()), version_id: Some("7".into()) };
    assert_eq!((answer.written.clone(), names(&answer)), (Some(written), vec!["Observation/old".to_owned()]));
    assert!(writes(&there).is_empty());

    let of_others_only = writable(vec![identified("x", "p2")]).await;
    let answer = asker.asks(&source(&of_others_only), "POST Observation").await.unwrap();
    assert!(answer.written.unwrap().created);
    let asked = writes(&of_others_only).remove(0);
    assert_eq!(asked.header("if-none-exist"), Some("patient=Patient%2Fp1&identifier=s%7Cv"));

    asker.conditions.if_none_exist = Some("identifier=%zz".into());
    assert_eq!(asker.asks(&source(&there), "POST Observation").await.unwrap_err(), SourceFault::Rejected);
    let two = writable(vec![identified("a", "p1"), identified("b", "p1")]).await;
    asker.conditions.if_none_exist = Some("identifier=s|v".into());
    assert_eq!(asker.asks(&source(&two), "POST Observation").await.unwrap_err(), SourceFault::PreconditionFailed);
}
