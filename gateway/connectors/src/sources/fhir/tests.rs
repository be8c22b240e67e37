//! The upstream source before servers that behave, and before servers that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::fhir::{FhirVersion, LogicalId};
use exchange::ports::{PatientIndex, SourceFault, Written};
use policy::{Finding, NotFoundOut, PatientScope};
use serde_json::json;

use super::*;
use crate::http::WebAddress;
use crate::http::{HttpSettings, Trust};
use crate::sources::Bounds;
use crate::sources::testing::stub::{Asked, Reply, Stub};
use crate::sources::testing::{Asker, BSN, OTHER_BSN, bsn, holder, names, observation, one, patient, searchset};

pub(crate) fn client() -> HttpClient {
    HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap()
}

fn source_with(stub: &Stub, change: impl FnOnce(&mut FhirSourceConfig)) -> FhirSource {
    let mut config = FhirSourceConfig::new(stub.base(), FhirVersion::R4);
    change(&mut config);
    FhirSource::new(config, holder(), "Ziekenhuis Maasdal", client()).unwrap()
}

fn source(stub: &Stub) -> FhirSource {
    source_with(stub, |_| ())
}

fn looks_for_the_patient(asked: &Asked) -> bool {
    asked.path() == "/fhir/Patient/_search" && asked.parameter("identifier").is_some()
}

/// A server that knows the patient as `p1`, and answers everything else as told.
async fn knowing(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Stub {
    Stub::start(move |asked| {
        if looks_for_the_patient(asked) {
            return Reply::fhir(&searchset(&[patient("p1", &[BSN])], None));
        }
        script(asked)
    })
    .await
}

#[tokio::test]
async fn a_search_is_narrowed_to_the_servers_own_id_of_the_patient() {
    let stub = knowing(|_| Reply::fhir(&searchset(&[observation("o1", "p1")], None))).await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Observation?code=a%2Cb").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1"]);
    assert_eq!(answer.patients, ["p1"]);
    assert!(!answer.cut_short);
    let asked = stub.asked();
    assert_eq!(stub.lines(), ["POST /fhir/Patient/_search", "POST /fhir/Observation/_search"]);
    assert_eq!(asked[0].parameter("identifier").unwrap(), format!("http://fhir.nl/fhir/NamingSystem/bsn|{BSN}"));
    assert_eq!(asked[1].parameter("patient").unwrap(), "Patient/p1");
    assert_eq!(asked[1].parameter("code").unwrap(), "a,b");
    assert_eq!(asked[1].header("prefer"), Some("handling=strict"));
    assert_eq!(asked[1].header("x-correlation-id"), Some("correlation-1"));
    assert_eq!(asked[1].header("content-type"), Some("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn types_are_narrowed_by_the_parameter_that_names_their_patient() {
    let stub = knowing(|_| Reply::fhir(&searchset(&[], None))).await;
    let source = source(&stub);
    for (asked, name, value) in [
        ("Observation", "patient", "Patient/p1"),
        ("Condition", "patient", "Patient/p1"),
        ("MedicationRequest", "patient", "Patient/p1"),
        ("Media", "patient", "Patient/p1"),
        ("Group?_id=g1", "_id", "g1"),
        ("Organization?_id=a", "_id", "a"),
        ("Patient", "_id", "p1"),
        ("Patient?_id=p1,p2", "_id", "p1"),
    ] {
        Asker::about(one()).asks(&source, &format!("GET {asked}")).await.unwrap();
        assert_eq!(stub.asked().last().unwrap().parameter(name).as_deref(), Some(value), "{asked}");
    }
    let before = stub.asked().len();
    for refused in ["Organization", "Organization?name=x"] {
        let asked = Asker::about(one()).asks(&source, &format!("GET {refused}")).await;
        assert_eq!(asked.unwrap_err(), SourceFault::NotSupported, "{refused}");
    }
    let of_another = Asker::about(one()).asks(&source, "GET Patient?_id=p2").await.unwrap();
    assert!(of_another.items.is_empty());
    assert_eq!(stub.asked().len(), before, "none of these needs the server");
}

#[tokio::test]
async fn several_registrations_of_one_person_are_one_patient_or_an_error_as_configured() {
    let stub = Stub::start(|asked| {
        if looks_for_the_patient(asked) {
            return Reply::fhir(&searchset(&[patient("p1", &[BSN]), patient("p2", &[BSN, BSN])], None));
        }
        Reply::fhir(&searchset(&[], None))
    })
    .await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Observation").await.unwrap();
    assert_eq!(answer.patients, ["p1", "p2"]);
    assert_eq!(stub.asked().last().unwrap().parameter("patient").unwrap(), "Patient/p1,Patient/p2");
    let strict = source_with(&stub, |config| config.several_patients = SeveralPatients::Refuse);
    let refused = Asker::about(one()).asks(&strict, "GET Observation").await;
    assert!(matches!(refused, Err(SourceFault::Unusable(_))));
}

#[tokio::test]
async fn a_patient_who_is_not_the_one_asked_for_makes_the_answer_unusable() {
    for wrong in [
        patient("p1", &[OTHER_BSN]),
        patient("p1", &[BSN, OTHER_BSN]),
        patient("p1", &[BSN, "999940003"]),
        patient("p1", &[]),
        patient("..", &[BSN]),
    ] {
        let stub = Stub::start(move |_| Reply::fhir(&searchset(std::slice::from_ref(&wrong), None))).await;
        let asked = Asker::about(one()).asks(&source(&stub), "GET Observation").await;
        assert!(matches!(asked, Err(SourceFault::Unusable(_))), "{:?}", asked.map(|answer| names(&answer)));
        assert_eq!(stub.asked().len(), 1, "nothing else is asked");
    }
}

#[tokio::test]
async fn a_patient_unknown_to_the_server_has_nothing_there() {
    let stub = Stub::start(|_| Reply::fhir(&searchset(&[], None))).await;
    let source = source(&stub);
    let answer = Asker::about(one()).asks(&source, "GET Observation").await.unwrap();
    assert!(answer.items.is_empty() && answer.patients.is_empty() && !answer.cut_short);
    let read = Asker::about(one()).asks(&source, "GET Observation/o1").await;
    assert_eq!(read.unwrap_err(), SourceFault::NotFound);
    assert!(stub.asked().iter().all(looks_for_the_patient), "and is looked up again: admitted any moment");
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn the_patient_is_looked_up_once_however_many_ask_at_once() {
    let lookups = Arc::new(AtomicUsize::new(0));
    let counted = lookups.clone();
    let stub = Stub::start(move |asked| {
        if looks_for_the_patient(asked) {
            counted.fetch_add(1, Ordering::SeqCst);
            return Reply::fhir(&searchset(&[patient("p1", &[BSN])], None));
        }
        Reply::fhir(&searchset(&[], None))
    })
    .await;
    let source = source(&stub);
    let asker = Asker::about(one());
    let asked =
        ["Observation", "Condition", "AllergyIntolerance", "MedicationRequest"].map(|kind| format!("GET {kind}"));
    let answers = futures_util::future::join_all(asked.iter().map(|line| asker.asks(&source, line))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(lookups.load(Ordering::SeqCst), 1);
    let id = LogicalId::parse("p1").unwrap();
    assert_eq!(source.patient(&id).await, Finding::Found(bsn()));
    let unknown = LogicalId::parse("p9").unwrap();
    assert_eq!(source.patient(&unknown).await, Finding::NotFoundOut(NotFoundOut::NobodyToAsk));
}

#[tokio::test]
async fn a_lookup_that_its_beginner_gave_up_is_taken_over_by_the_next() {
    let tries = AtomicUsize::new(0);
    let stub = Stub::start(move |asked| match looks_for_the_patient(asked) {
        true if tries.fetch_add(1, Ordering::SeqCst) == 0 => Reply::Hang,
        true => Reply::fhir(&searchset(&[patient("p1", &[BSN])], None)),
        false => Reply::fhir(&searchset(&[observation("o1", "p1")], None)),
    })
    .await;
    let source = source(&stub);
    let hasty = Asker::about(one()).patient_for(50);
    let patient = Asker::about(one());
    let (first, second) = tokio::join!(hasty.asks(&source, "GET Observation"), async {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        patient.asks(&source, "GET Observation").await
    });
    assert_eq!(first.unwrap_err(), SourceFault::TimedOut);
    assert_eq!(names(&second.unwrap()), ["Observation/o1"]);
}

#[tokio::test]
async fn no_bsn_is_ever_in_a_url() {
    let address = Arc::new(std::sync::OnceLock::<String>::new());
    let known = address.clone();
    let stub = Stub::start(move |asked| {
        let base = known.get().unwrap();
        let named = asked.parameters().iter().any(|(_, value)| value.contains(BSN));
        let second = asked.parameter("page").is_some();
        let next = format!("{base}/fhir{}?identifier={BSN}&page=2", asked.path().trim_start_matches("/fhir"));
        let next = (!second).then_some(next);
        match asked.path() {
            "/fhir/Patient/_search" => Reply::fhir(&searchset(&[patient("p1", &[BSN])], next.as_deref())),
            "/fhir/Observation/_search" => Reply::fhir(&searchset(&[observation("o1", "p1")], next.as_deref())),
            _ if named => Reply::status(500),
            _ => Reply::fhir(&observation("o1", "p1")),
        }
    })
    .await;
    address.set(stub.address.clone()).unwrap();
    let source = source(&stub);
    let of_one = Asker::about(one());
    of_one.asks(&source, "GET Observation").await.unwrap();
    of_one.asks(&source, "GET Observation/o1").await.unwrap();
    of_one.asks(&source, "GET Patient").await.unwrap();
    let identifier = format!("identifier=http://fhir.nl/fhir/NamingSystem/bsn%7C{BSN}");
    let of_any = Asker::about(PatientScope::Any);
    for asked in [
        format!("GET Patient?{identifier}"),
        format!("GET Observation?patient.{identifier}"),
        format!("GET Patient/p1/Observation?patient.{identifier}"),
        format!("GET Patient/$match?{identifier}"),
        format!("GET Patient/_history?{identifier}"),
        format!("PUT Patient?{identifier}"),
        format!("DELETE Patient?{identifier}"),
    ] {
        // Whether it can be asked at all is another matter.
        let _ = of_any.asks(&source, &asked).await;
    }
    assert!(stub.asked().len() >= 9);
    for asked in stub.asked() {
        assert!(!asked.target.contains(BSN), "{} {}", asked.method, asked.target.replace(BSN, "BSN"));
    }
    assert!(stub.asked().iter().any(|asked| asked.parameter("page").is_some() && asked.body.contains(BSN)));
}

#[tokio::test]
async fn a_server_without_post_search_is_asked_by_get_only_when_configured_so() {
    let stub = Stub::start(|asked| match asked.path() {
        "/fhir/Patient" => Reply::fhir(&searchset(&[patient("p1", &[BSN])], None)),
        _ => Reply::fhir(&searchset(&[observation("o1", "p1")], None)),
    })
    .await;
    let source = source_with(&stub, |config| config.post_search = false);
    assert_eq!(names(&Asker::about(one()).asks(&source, "GET Observation").await.unwrap()), ["Observation/o1"]);
    assert!(stub.asked().iter().all(|asked| asked.method == "GET"));
}

#[tokio::test]
async fn a_resource_of_the_patient_is_read_by_its_id() {
    let stub = knowing(|_| Reply::fhir(&observation("o1", "p1"))).await;
    let source = source(&stub);
    let answer = Asker::about(one()).asks(&source, "GET Observation/o1").await.unwrap();
    assert_eq!((names(&answer), answer.patients), (vec!["Observation/o1".to_owned()], vec!["p1".to_owned()]));
    assert_eq!(stub.lines()[1], "GET /fhir/Observation/o1");
    let another = Asker::about(one()).asks(&source, "GET Patient/p2").await;
    assert_eq!(another.unwrap_err(), SourceFault::NotFound);
    let swapped = Asker::about(one()).asks(&source, "GET Observation/o2").await;
    assert!(matches!(swapped, Err(SourceFault::Unusable(_))), "another resource than was asked for");
    assert_eq!(stub.asked().len(), 3);
}

#[tokio::test]
async fn pages_are_followed_within_the_base_and_within_bounds() {
    let address = Arc::new(std::sync::OnceLock::<String>::new());
    let known = address.clone();
    let stub = knowing(move |asked| {
        let page: usize = asked.parameter("page").map_or(1, |page| page.parse().unwrap());
        let next = format!("{}/fhir?page={}", known.get().unwrap(), page + 1);
        Reply::fhir(&searchset(&[observation(&format!("o{page}"), "p1")], (page < 5).then_some(&next)))
    })
    .await;
    address.set(stub.address.clone()).unwrap();
    let all = Asker::about(one()).asks(&source(&stub), "GET Observation").await.unwrap();
    assert_eq!((all.items.len(), all.cut_short), (5, false));
    let bounded = |bounds| source_with(&stub, move |config| config.bounds = bounds);
    let default = Bounds::default();
    let two_pages = bounded(Bounds { max_pages: 2, ..default });
    let three_resources = bounded(Bounds { max_resources: 3, ..default });
    let few_bytes = bounded(Bounds { max_answer_bytes: 700, ..default });
    for (source, expected) in [(two_pages, 2), (three_resources, 3), (few_bytes, 2)] {
        let some = Asker::about(one()).asks(&source, "GET Observation").await.unwrap();
        assert_eq!((some.items.len(), some.cut_short), (expected, true));
    }
    let own_pages = Asker::about(one()).asks(&source(&stub), "GET Observation?_count=1").await.unwrap();
    assert_eq!((own_pages.items.len(), own_pages.cut_short), (1, true), "whoever counts, pages");
}

#[tokio::test]
async fn a_link_to_another_origin_is_not_followed() {
    let elsewhere = Stub::start(|_| Reply::fhir(&searchset(&[observation("o2", "p1")], None))).await;
    let next = format!("{}/fhir?page=2", elsewhere.address);
    let stub = knowing(move |_| Reply::fhir(&searchset(&[observation("o1", "p1")], Some(&next)))).await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Observation").await.unwrap();
    assert_eq!((names(&answer), answer.cut_short), (vec!["Observation/o1".to_owned()], true));
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_no_token_leaves_for_another_host() {
    let elsewhere = Stub::start(|_| Reply::fhir(&observation("o1", "p1"))).await;
    for (status, name) in [(302, "location"), (307, "location"), (308, "location"), (401, "www-authenticate")] {
        let target = format!("{}/fhir/Observation/o1", elsewhere.address);
        let stub =
            knowing(move |_| Reply::Full { status, headers: vec![(name, target.clone())], body: String::new() }).await;
        for line in ["GET Observation", "GET Observation/o1"] {
            let asked = Asker::about(one()).asks(&source(&stub), line).await;
            assert!(matches!(asked, Err(SourceFault::Unusable(_) | SourceFault::Refused)), "{status}");
        }
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_server_that_is_slow_wrong_or_torn_is_a_fault_of_its_own() {
    let deep = format!("{{\"resourceType\":\"Bundle\",\"x\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let unusable = |text| SourceFault::Unusable(text);
    let html = Reply::Full { status: 200, headers: vec![("content-type", "text/html".into())], body: "<html>".into() };
    let cases = [
        (Reply::Hang, SourceFault::TimedOut),
        (Reply::Trickle, SourceFault::TimedOut),
        (Reply::Drop, SourceFault::Unreachable),
        (Reply::Torn, unusable("the answer broke off")),
        (Reply::Flood, SourceFault::TooLarge),
        (html, unusable("the answer is not FHIR JSON")),
        (Reply::Json(200, "{\"resourceType\": \"Bundle\"".into()), unusable("the answer is not well-formed JSON")),
        (Reply::Json(200, "[]".into()), unusable("the answer is no resource")),
        (Reply::Json(200, deep), unusable("the answer is nested too deep")),
        (
            Reply::Json(200, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"type\":\"searchset\"}".into()),
            unusable("a member of the answer occurs twice"),
        ),
        (Reply::fhir(&observation("o1", "p1")), unusable("the answer is no well-formed Bundle")),
        (
            Reply::fhir(&json!({"resourceType": "Bundle", "type": "collection"})),
            unusable("another kind of Bundle than was asked for"),
        ),
        (Reply::status(500), SourceFault::Unreachable),
        (Reply::status(403), SourceFault::Refused),
        (Reply::status(404), SourceFault::NotFound),
    ];
    for (reply, fault) in cases {
        let told = reply.clone();
        let stub = knowing(move |_| told.clone()).await;
        let source = source_with(&stub, |config| config.bounds.max_answer_bytes = 100_000);
        let patience = if fault == SourceFault::TimedOut { 200 } else { 20_000 };
        let asked = Asker::about(one()).patient_for(patience).asks(&source, "GET Observation").await;
        assert_eq!(asked.map(|answer| names(&answer)), Err(fault), "{reply:?}");
    }
}

#[tokio::test]
async fn an_absent_server_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = WebAddress::parse(&format!("http://{}/fhir", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let source = FhirSource::new(FhirSourceConfig::new(base, FhirVersion::R4), holder(), "x", client()).unwrap();
    for scope in [one(), PatientScope::Nobody, PatientScope::Any] {
        let asked = Asker::about(scope).asks(&source, "GET Observation").await;
        assert_eq!(asked.unwrap_err(), SourceFault::Unreachable);
    }
}

#[tokio::test]
async fn another_version_is_not_asked() {
    let stub = Stub::start(|_| Reply::status(500)).await;
    let mut asker = Asker::about(one());
    asker.version = FhirVersion::Stu3;
    assert_eq!(asker.asks(&source(&stub), "GET Observation").await.unwrap_err(), SourceFault::NotSupported);
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn a_rejected_search_is_named_by_its_only_parameter() {
    let stub = knowing(|_| Reply::status(400)).await;
    let source = source(&stub);
    let asker = Asker::about(one());
    let unsupported = SourceFault::Unsupported { parameter: "code:in".into() };
    assert_eq!(asker.asks(&source, "GET Observation?code:in=x&_count=1").await.unwrap_err(), unsupported);
    let two = asker.asks(&source, "GET Observation?code=x&date=y").await;
    assert_eq!(two.unwrap_err(), SourceFault::Unusable("the search is rejected"));
}

#[tokio::test]
async fn the_servers_remarks_stay_here() {
    let mut bundle = searchset(&[observation("o1", "p1")], None);
    let remark = json!({"resource": {"resourceType": "OperationOutcome", "issue": [{"diagnostics": BSN}]},
        "search": {"mode": "outcome"}});
    bundle["entry"].as_array_mut().unwrap().push(remark);
    let stub = knowing(move |_| Reply::fhir(&bundle)).await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Observation").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1"]);
}

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
        ("GET Observation?_include=Observation:subject&_sort=-date", "POST /fhir/Observation/_search"),
        ("GET ?_type=Observation", "POST /fhir/_search"),
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
        (&mine, "PUT Observation?code=x", SourceFault::NotSupported),
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
