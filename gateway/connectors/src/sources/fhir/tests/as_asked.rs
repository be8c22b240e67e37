//! Questions that pass as they are, and writes.

use super::*;

#[tokio::test]
async fn anyones_questions_pass_as_they_are() {
    let stub = Stub::start(|asked| match (asked.method.as_str(), asked.path()) {
        ("GET", "/fhir/Observation/_history" | "/fhir/Observation/o1/_history") => {
            Reply::fhir(&json!({"resourceType": "Bundle", "type": "history", "entry": [
                {"resource": observation("o1", "p1"), "request": {"method": "PUT", "url": "Observation/o1"}},
                {"request": {"method": "DELETE", "url": "Observation/o2"}}]}))
        }
        ("GET", path) if path.contains('$') => Reply::fhir(&json!({"resourceType": "Parameters"})),
        ("POST", path) if path.contains('$') => Reply::fhir(&searchset(&[observation("o1", "p1")], None)),
        ("GET", path) if path.contains("o1") => Reply::fhir(&observation("o1", "p1")),
        _ => Reply::fhir(&searchset(&[observation("o1", "p1")], None)),
    })
    .await;
    let source = source(&stub);
    let asker = Asker::about(PatientScope::Any);
    for (line, sent) in [
        ("GET Observation/o1", "GET /fhir/Observation/o1"),
        ("GET Observation/o1/_history/2", "GET /fhir/Observation/o1/_history/2"),
        (
            "GET Observation?_include=Observation:subject&_sort=-date",
            "GET /fhir/Observation?_include=Observation%3Asubject&_sort=-date&_count=200",
        ),
        // What names a BSN is not put into a URL, whoever may ask it.
        ("GET Patient?identifier=http://fhir.nl/fhir/NamingSystem/bsn|999911120", "POST /fhir/Patient/_search"),
        ("GET ?_type=Observation", "GET /fhir?_type=Observation&_count=200"),
        ("GET Patient/p1/Observation?code=x", "GET /fhir/Patient/p1/Observation?code=x&_count=200"),
        ("GET Observation/_history?_count=10", "GET /fhir/Observation/_history?_count=10"),
        ("GET Observation/o1/_history", "GET /fhir/Observation/o1/_history"),
        ("GET Observation/$lastn?max=1", "GET /fhir/Observation/$lastn?max=1"),
    ] {
        let answer = asker.asks(&source, line).await.unwrap();
        assert_eq!(answer.items.len(), 1, "{line}");
        assert_eq!(stub.lines().last().unwrap(), sent, "{line}");
    }
    let posting = Asker::about(PatientScope::Any).writing(&json!({"resourceType": "Parameters"}));
    let answer = posting.asks(&source, "POST Patient/p1/$everything").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1"]);
    assert_eq!(stub.asked().last().unwrap().body, "{\"resourceType\":\"Parameters\"}");
}

#[tokio::test]
async fn a_write_passes_its_body_as_it_is_and_says_what_became_of_it() {
    let stub = Stub::start(|asked| match asked.method.as_str() {
        "POST" => Reply::Full {
            status: 201,
            headers: vec![
                ("location", "http://inside.example/fhir/Observation/o7/_history/1".into()),
                ("etag", "W/\"1\"".into()),
            ],
            body: String::new(),
        },
        "PUT" if asked.header("if-match") == Some("W/\"1\"") => Reply::fhir(&observation("o7", "p1")),
        "PUT" => Reply::status(412),
        _ => Reply::Full { status: 204, headers: vec![], body: String::new() },
    })
    .await;
    let source = source(&stub);
    let mut asker = Asker::about(PatientScope::Any).writing(&observation("o7", "p1"));
    let created = asker.asks(&source, "POST Observation").await.unwrap();
    let written = |created, id: Option<&str>, version: Option<&str>| {
        Some(Written { created, id: id.map(str::to_owned), version_id: version.map(str::to_owned) })
    };
    assert_eq!(created.written, written(true, Some("o7"), Some("1")));
    assert_eq!(stub.asked()[0].body, observation("o7", "p1").to_string());
    assert_eq!(stub.asked()[0].header("content-type"), Some("application/fhir+json"));
    let stale = asker.asks(&source, "PUT Observation/o7").await;
    assert_eq!(stale.unwrap_err(), SourceFault::PreconditionFailed);
    asker.conditions.if_match = Some("W/\"1\"".into());
    let updated = asker.asks(&source, "PUT Observation/o7").await.unwrap();
    assert_eq!((updated.written, updated.items.len()), (written(false, Some("o7"), None), 1));
    let deleted = asker.asks(&source, "DELETE Observation/o7").await.unwrap();
    assert_eq!(deleted.written, written(false, None, None));
    assert!(stub.asked().last().unwrap().body.is_empty());
}

#[tokio::test]
async fn a_write_is_never_sent_twice() {
    let stub = Stub::start(|_| Reply::Drop).await;
    let asker = Asker::about(PatientScope::Any).writing(&observation("o7", "p1"));
    assert_eq!(asker.asks(&source(&stub), "POST Observation").await.unwrap_err(), SourceFault::Unreachable);
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn under_one_patient_only_what_is_that_patients_is_written() {
    let stub = knowing(|asked| match (asked.method.as_str(), asked.path()) {
        ("GET", "/fhir/Observation/mine") => Reply::fhir(&json!({"resourceType": "Observation", "id": "mine",
            "meta": {"versionId": "4"}, "subject": {"reference": "Patient/p1"}})),
        ("GET", "/fhir/Observation/theirs") => Reply::fhir(&observation("theirs", "p2")),
        ("GET", _) => Reply::status(404),
        _ => Reply::fhir(&observation("mine", "p1")),
    })
    .await;
    let source = source(&stub);
    let mine = Asker::about(one()).writing(&observation("mine", "p1"));
    mine.asks(&source, "POST Observation").await.unwrap();
    mine.asks(&source, "PUT Observation/mine").await.unwrap();
    assert_eq!(stub.asked().last().unwrap().header("if-match"), Some("W/\"4\""), "what was looked at is replaced");
    mine.asks(&source, "PUT Observation/new").await.unwrap();
    Asker::about(one()).asks(&source, "DELETE Observation/mine").await.unwrap();
    let wrote = |stub: &Stub| stub.asked().iter().filter(|asked| asked.method != "GET").count();
    let before = wrote(&stub);
    let theirs = Asker::about(one()).writing(&observation("mine", "p2"));
    for (asker, line, fault) in [
        (&theirs, "POST Observation", SourceFault::Rejected),
        (&theirs, "PUT Observation/mine", SourceFault::Rejected),
        (&mine, "PUT Observation/theirs", SourceFault::NotFound),
        (&mine, "DELETE Observation/theirs", SourceFault::NotFound),
        (&mine, "DELETE Observation/absent", SourceFault::NotFound),
    ] {
        assert_eq!(asker.asks(&source, line).await.unwrap_err(), fault, "{line}");
    }
    assert_eq!(wrote(&stub), before);
}

#[tokio::test]
async fn under_nobody_nothing_about_a_patient_is_written() {
    let stub = Stub::start(|_| Reply::status(500)).await;
    let asker = Asker::about(PatientScope::Nobody).writing(&observation("o1", "p1"));
    assert_eq!(asker.asks(&source(&stub), "POST Observation").await.unwrap_err(), SourceFault::Rejected);
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn configured_headers_and_the_token_of_a_file_go_along() {
    let stub = Stub::start(|_| Reply::fhir(&observation("o1", "p1"))).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "abc\n").unwrap();
    let source = source_with(&stub, |config| {
        config.bearer_token_file = Some(file);
        config.headers.insert("x-tenant".into(), "maasdal".into());
    });
    Asker::about(PatientScope::Any).asks(&source, "GET Observation/o1").await.unwrap();
    let asked = stub.asked().remove(0);
    assert_eq!((asked.header("authorization"), asked.header("x-tenant")), (Some("Bearer abc"), Some("maasdal")));
    let secret = FhirSourceConfig {
        headers: [("Authorization".to_owned(), "x".to_owned())].into(),
        ..FhirSourceConfig::new(stub.base(), FhirVersion::R4)
    };
    assert!(FhirSource::new(secret, holder(), "x", client()).is_err());
}

#[test]
fn a_configuration_with_an_unknown_key_is_refused() {
    let good = json!({"base": "https://a.example/fhir", "version": "r4", "bounds": {"max_pages": 3}});
    let config: FhirSourceConfig = serde_json::from_value(good.clone()).unwrap();
    assert_eq!((config.bounds.max_pages, config.bounds.max_resources, config.post_search), (3, 5_000, true));
    for unknown in ["bass", "max_pages"] {
        let mut bad = good.clone();
        bad[unknown] = json!(1);
        assert!(serde_json::from_value::<FhirSourceConfig>(bad).is_err(), "{unknown}");
    }
}
