//! Servers that hang, tear, redirect, lie, or are not there.

use super::*;

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
    let counted = Asker::about(one()).asks(&source(&stub), "GET Observation?_count=1").await.unwrap();
    assert_eq!((counted.items.len(), counted.cut_short), (5, false), "the node pages, over the answers of all");
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
    let two = asker.asks(&source, "GET Observation?code=x&date=2026").await;
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
