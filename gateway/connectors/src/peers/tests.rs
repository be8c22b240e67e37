//! A peer before servers that behave, and before servers that do not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use exchange::ports::{BoxFuture, Source, SourceFault};
use fhir::{FhirVersion, Ura};
use policy::{PatientScope, Permit};
use serde_json::json;
use time::OffsetDateTime;

mod versions;

use super::{PeerConfig, PeerSource, Token, TokenSupplier};
use crate::sources::fhir::tests::client;
use crate::sources::testing::stub::{Asked, Reply, Stub};
use crate::sources::testing::{Asker, BSN, OTHER_BSN, names, observation, one, patient, searchset};

/// Gives out `token-0`; after it was dropped `token-1`, and so on.
#[derive(Default)]
struct Tokens {
    dropped: Mutex<Vec<String>>,
    fault: Option<SourceFault>,
}

impl TokenSupplier for Tokens {
    fn token<'a>(&'a self, _: &'a PeerConfig, _: &'a Permit) -> BoxFuture<'a, Result<Arc<Token>, SourceFault>> {
        let number = self.dropped.lock().unwrap().len();
        let token = Token::new(format!("token-{number}"), OffsetDateTime::UNIX_EPOCH);
        let answer = self.fault.clone().map_or(Ok(Arc::new(token)), Err);
        Box::pin(async { answer })
    }

    fn drop_token(&self, _: &PeerConfig, _: &Permit, token: &Token) {
        self.dropped.lock().unwrap().push(token.secret().to_owned());
    }
}

fn config(stub: &Stub) -> PeerConfig {
    serde_json::from_value(json!({
        "ura": "90000903", "name": "De Linde", "bases": {"r4": stub.base()},
        "token_endpoint": "https://peer.example/oauth/token",
    }))
    .unwrap()
}

fn peer(stub: &Stub, tokens: &Arc<Tokens>) -> PeerSource {
    PeerSource::new(config(stub), client(), tokens.clone()).unwrap()
}

fn asks_for_the_patient(asked: &Asked) -> bool {
    asked.path() == "/fhir/Patient/_search"
}

async fn knowing(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Stub {
    Stub::start(move |asked| match asks_for_the_patient(asked) {
        true => Reply::fhir(&searchset(&[patient("x1", &[BSN])], None)),
        false => script(asked),
    })
    .await
}

#[tokio::test]
async fn a_peer_is_asked_with_a_token_and_told_the_bsn_in_the_body_only() {
    let stub = knowing(|_| Reply::fhir(&searchset(&[observation("o1", "x1")], None))).await;
    let peer = peer(&stub, &Arc::new(Tokens::default()));
    assert_eq!((peer.name(), &peer.holder().0), ("De Linde", &Ura::parse("90000903").unwrap()));
    let answer = Asker::about(one()).asks(&peer, "GET Observation?code=a").await.unwrap();
    assert_eq!((names(&answer), answer.patients), (vec!["Observation/o1".to_owned()], vec!["x1".to_owned()]));
    let token = format!("http://fhir.nl/fhir/NamingSystem/bsn|{BSN}");
    for asked in stub.asked() {
        assert_eq!(asked.method, "POST");
        assert!(!asked.target.contains(BSN));
        assert_eq!(asked.header("authorization"), Some("Bearer token-0"));
        assert_eq!(asked.header("x-correlation-id"), Some("correlation-1"));
        let name = if asks_for_the_patient(&asked) { "identifier" } else { "patient.identifier" };
        assert_eq!(asked.parameter(name), Some(token.clone()));
    }
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn a_type_without_a_patient_is_asked_by_id_only() {
    let stub = knowing(|_| Reply::fhir(&searchset(&[], None))).await;
    let peer = peer(&stub, &Arc::new(Tokens::default()));
    Asker::about(one()).asks(&peer, "GET Organization?_id=a").await.unwrap();
    assert!(stub.asked().iter().any(|asked| asked.path() == "/fhir/Organization/_search" && !asked.body.contains(BSN)));
    let all = Asker::about(one()).asks(&peer, "GET Organization").await;
    assert_eq!(all.unwrap_err(), SourceFault::NotSupported);
}

#[tokio::test]
async fn the_peers_ids_are_asked_once_and_not_at_all_when_the_question_is_the_patient() {
    let stub = knowing(|_| Reply::fhir(&searchset(&[], None))).await;
    let first = peer(&stub, &Arc::new(Tokens::default()));
    let asker = Asker::about(one());
    let asked = ["Observation", "Condition", "Patient", "Procedure"].map(|kind| format!("GET {kind}"));
    let answers = futures_util::future::join_all(asked.iter().map(|line| asker.asks(&first, line))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.patients == ["x1"])));
    let lookups = |stub: &Stub| stub.asked().iter().filter(|asked| asks_for_the_patient(asked)).count();
    assert_eq!(lookups(&stub), 2, "one look-up, and the question about the patient itself");
    let second = peer(&stub, &Arc::new(Tokens::default()));
    asker.asks(&second, "GET Patient").await.unwrap();
    asker.asks(&second, "GET Observation").await.unwrap();
    assert_eq!(lookups(&stub), 3, "what the question found is known afterwards");
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_dropped_and_tried_once_more() {
    let stub = knowing(|asked| match asked.header("authorization") {
        Some("Bearer token-1") => Reply::fhir(&searchset(&[observation("o1", "x1")], None)),
        _ => Reply::status(401),
    })
    .await;
    let tokens = Arc::new(Tokens::default());
    let answer = Asker::about(one()).asks(&peer(&stub, &tokens), "GET Observation").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1"]);
    assert_eq!(*tokens.dropped.lock().unwrap(), ["token-0"]);

    let never = Stub::start(|_| Reply::status(401)).await;
    let tokens = Arc::new(Tokens::default());
    let refused = Asker::about(one()).asks(&peer(&never, &tokens), "GET Observation/o1").await;
    assert_eq!(refused.unwrap_err(), SourceFault::Refused);
    assert_eq!(tokens.dropped.lock().unwrap().len(), 1, "tried again once, not for ever");
}

#[tokio::test]
async fn a_token_that_the_look_up_of_the_patient_is_refused_with_is_no_peer_without_patients() {
    let stub = Stub::start(|asked| match (asks_for_the_patient(asked), asked.header("authorization")) {
        (true, Some("Bearer token-0")) => Reply::status(401),
        (true, _) => Reply::fhir(&searchset(&[patient("x1", &[BSN])], None)),
        (false, _) => Reply::fhir(&searchset(&[observation("o1", "x1")], None)),
    })
    .await;
    let tokens = Arc::new(Tokens::default());
    let answer = Asker::about(one()).asks(&peer(&stub, &tokens), "GET Observation").await.unwrap();
    assert_eq!((names(&answer), answer.patients), (vec!["Observation/o1".to_owned()], vec!["x1".to_owned()]));
    assert_eq!(*tokens.dropped.lock().unwrap(), ["token-0"]);
}

#[tokio::test]
async fn without_a_token_nobody_is_asked() {
    let stub = knowing(|_| Reply::status(500)).await;
    let tokens = Arc::new(Tokens { fault: Some(SourceFault::Refused), ..Tokens::default() });
    let asked = Asker::about(one()).asks(&peer(&stub, &tokens), "GET Observation").await;
    assert_eq!(asked.unwrap_err(), SourceFault::Refused);
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn a_peer_that_offers_no_patient_still_answers_and_claims_no_ids() {
    for status in [400, 403, 404] {
        let stub = Stub::start(move |asked| match asks_for_the_patient(asked) {
            true => Reply::status(status),
            false => Reply::fhir(&searchset(&[observation("o1", "x1")], None)),
        })
        .await;
        let peer = peer(&stub, &Arc::new(Tokens::default()));
        let answer = Asker::about(one()).asks(&peer, "GET Observation").await.unwrap();
        assert_eq!((answer.items.len(), answer.patients.len()), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn a_peer_that_names_another_patient_is_not_believed() {
    for wrong in [patient("x1", &[OTHER_BSN]), patient("x1", &[BSN, OTHER_BSN]), patient("x1", &[])] {
        let stub = Stub::start(move |asked| match asks_for_the_patient(asked) {
            true => Reply::fhir(&searchset(std::slice::from_ref(&wrong), None)),
            false => Reply::fhir(&searchset(&[observation("o1", "x1")], None)),
        })
        .await;
        let peer = peer(&stub, &Arc::new(Tokens::default()));
        for line in ["GET Observation", "GET Patient"] {
            let asked = Asker::about(one()).asks(&peer, line).await;
            assert!(matches!(asked, Err(SourceFault::Unusable(_))), "{line}");
        }
    }
}

#[tokio::test]
async fn a_peer_that_is_slow_wrong_torn_or_sends_us_elsewhere_is_a_fault_of_its_own() {
    let elsewhere = Stub::start(|_| Reply::status(500)).await;
    let redirect =
        Reply::Full { status: 307, headers: vec![("location", elsewhere.address.clone())], body: String::new() };
    let gateway = |issue: &str| Reply::Full {
        status: 502,
        headers: Vec::new(),
        body: json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": issue}]}).to_string(),
    };
    let behind = || SourceFault::Unusable("what is behind the other side cannot be used");
    for (reply, fault) in [
        (gateway("processing"), behind()),
        (gateway("too-costly"), behind()),
        (gateway("transient"), SourceFault::Unreachable),
        (Reply::status(502), SourceFault::Unreachable),
        (Reply::Hang, SourceFault::TimedOut),
        (Reply::Trickle, SourceFault::TimedOut),
        (Reply::Drop, SourceFault::Unreachable),
        (Reply::Torn, SourceFault::Unusable("the answer broke off")),
        (redirect, SourceFault::Unusable("a redirect, which is not followed")),
        (Reply::status(403), SourceFault::Refused),
        (Reply::status(404), SourceFault::NotFound),
        (Reply::status(503), SourceFault::Unreachable),
    ] {
        let told = reply.clone();
        let stub = knowing(move |_| told.clone()).await;
        let patience = if fault == SourceFault::TimedOut { 200 } else { 20_000 };
        let peer = peer(&stub, &Arc::new(Tokens::default()));
        let asked = Asker::about(one()).patient_for(patience).asks(&peer, "GET Observation").await;
        assert_eq!(asked.map(|answer| names(&answer)), Err(fault), "{reply:?}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_link_of_the_peer_that_names_the_patient_is_followed_in_the_body() {
    let pages = Arc::new(AtomicUsize::new(0));
    let counted = pages.clone();
    let stub = knowing(move |asked| {
        assert!(!asked.target.contains(BSN));
        let page = counted.fetch_add(1, Ordering::SeqCst);
        let next = format!("/fhir/Observation?patient.identifier={BSN}&page=2");
        Reply::fhir(&searchset(&[observation(&format!("o{page}"), "x1")], (page == 0).then_some(&next)))
    })
    .await;
    let answer = Asker::about(one()).asks(&peer(&stub, &Arc::new(Tokens::default())), "GET Observation").await.unwrap();
    assert_eq!((answer.items.len(), answer.cut_short), (2, false));
    let second = stub.asked().into_iter().find(|asked| asked.parameter("page").is_some()).unwrap();
    assert_eq!((second.method.as_str(), second.path()), ("POST", "/fhir/Observation/_search"));
    assert_eq!(second.header("authorization"), Some("Bearer token-0"));
}

#[tokio::test]
async fn what_a_token_cannot_speak_for_is_not_asked() {
    let stub = knowing(|_| Reply::status(500)).await;
    let peer = peer(&stub, &Arc::new(Tokens::default()));
    for (scope, version, line) in [
        (PatientScope::Any, FhirVersion::R4, "GET Observation"),
        (one(), FhirVersion::Stu3, "GET Observation"),
        (one(), FhirVersion::R4, "DELETE Observation/o1"),
        (one(), FhirVersion::R4, "GET Observation/_history"),
        (one(), FhirVersion::R4, "GET Composition/$document"),
        (one(), FhirVersion::R4, "GET Observation/$lastn"),
    ] {
        let mut asker = Asker::about(scope);
        asker.version = version;
        assert_eq!(asker.asks(&peer, line).await.unwrap_err(), SourceFault::NotSupported, "{line}");
    }
    assert!(stub.asked().iter().all(asks_for_the_patient));
}

#[tokio::test]
async fn versions_and_documents_pass() {
    let stub = knowing(|asked| match asked.path() {
        "/fhir/Observation/o1/_history/2" => Reply::fhir(&observation("o1", "x1")),
        "/fhir/Observation/o1/_history" => Reply::fhir(&json!({"resourceType": "Bundle", "type": "history",
            "entry": [{"resource": observation("o1", "x1")}, {"resource": observation("o1", "x1")}]})),
        "/fhir/Composition/c1/$document" => Reply::fhir(&json!({"resourceType": "Bundle", "type": "document",
            "entry": [{"resource": {"resourceType": "Composition", "id": "c1"}}, {"resource": patient("x1", &[BSN])}]})),
        "/fhir/Composition/torn/$document" => Reply::fhir(&json!({"resourceType": "Bundle", "type": "document",
            "entry": [{"resource": {"resourceType": "Composition", "id": "torn"}},
                {"resource": {"resourceType": "OperationOutcome", "issue": [{"code": "incomplete"}]}}]})),
        "/fhir/Composition/bare/$document" => Reply::fhir(&json!({"resourceType": "Bundle", "type": "document",
            "entry": [{"resource": patient("x1", &[BSN])}]})),
        _ => Reply::fhir(&searchset(&[], None)),
    })
    .await;
    let peer = peer(&stub, &Arc::new(Tokens::default()));
    let asker = Asker::about(one());
    for (line, found, cut_short) in [
        ("GET Observation/o1/_history/2", vec!["Observation/o1"], false),
        ("GET Observation/o1/_history?_count=1", vec!["Observation/o1", "Observation/o1"], false),
        ("GET Composition/c1/$document", vec!["Composition/c1", "Patient/x1"], false),
        ("GET Composition/torn/$document", vec!["Composition/torn"], true),
    ] {
        let answer = asker.asks(&peer, line).await.unwrap();
        assert_eq!((names(&answer), answer.cut_short), (found.into_iter().map(str::to_owned).collect(), cut_short));
        assert_eq!(answer.patients, ["x1"]);
    }
    for unusable in ["GET Composition/bare/$document", "GET Composition/none/$document"] {
        let asked = asker.asks(&peer, unusable).await;
        assert!(matches!(asked, Err(SourceFault::Unusable(_))), "{unusable}");
    }
    let refused = asker.asks(&peer, "GET Composition/c1/$document?persist=true").await;
    assert_eq!(refused.unwrap_err(), SourceFault::Unsupported { parameter: "persist".into() });
}

#[tokio::test]
async fn how_an_answer_looks_is_not_asked_of_a_peer_and_its_own_gaps_are_heard() {
    let mut gap = searchset(&[observation("o1", "x1")], None);
    let outcome = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "incomplete"}]});
    gap["entry"].as_array_mut().unwrap().push(json!({"resource": outcome, "search": {"mode": "outcome"}}));
    let stub = knowing(move |_| Reply::fhir(&gap)).await;
    let peer = peer(&stub, &Arc::new(Tokens::default()));
    let line = "GET Observation?_count=1&_summary=true&_elements=id&_total=none&_sort=-date&_include:iterate=Observation:performer";
    let answer = Asker::about(one()).asks(&peer, line).await.unwrap();
    assert_eq!((answer.items.len(), answer.cut_short), (1, true), "incomplete there is incomplete here");
    let asked = stub.asked().into_iter().find(|asked| asked.path().contains("Observation")).unwrap();
    assert_eq!(asked.parameter("_count").as_deref(), Some("200"));
    assert_eq!(asked.parameter("_sort").as_deref(), Some("-date"));
    assert_eq!(asked.parameter("_include:iterate").as_deref(), Some("Observation:performer"));
    for own in ["_summary", "_elements", "_total"] {
        assert_eq!(asked.parameter(own), None, "{own}");
    }
}
