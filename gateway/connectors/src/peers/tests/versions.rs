//! A peer of whom systems of two FHIR versions stand behind one node.

use fhir::FhirVersion::{self, R4, Stu3};
use policy::UseCaseId;
use serde_json::Value;

use super::*;

/// A peer at two bases of one stub.
fn of_both(stub: &Stub) -> PeerSource {
    let base = stub.base().url().as_str().trim_end_matches('/').to_owned();
    let config = serde_json::from_value(json!({
        "ura": "90000903", "name": "De Linde",
        "bases": { "r4": format!("{base}/r4"), "stu3": format!("{base}/stu3") },
        "token_endpoint": "https://peer.example/oauth/token",
        "ask_in": { "medication-overview": ["r4", "stu3"], "bgz": ["stu3"] },
    }));
    PeerSource::new(config.unwrap(), client(), Arc::new(Tokens::default())).unwrap()
}

fn asker(version: FhirVersion) -> Asker {
    let mut asker = Asker::about(one());
    asker.version = version;
    asker
}

#[tokio::test]
async fn a_peer_is_asked_in_the_versions_that_are_configured_for_the_use_case() {
    let stub = Stub::start(|_| Reply::status(500)).await;
    let peer = of_both(&stub);
    for (use_case, versions) in [("medication-overview", &[R4, Stu3][..]), ("bgz", &[Stu3]), ("health-overview", &[])] {
        assert_eq!(peer.asked_in(&UseCaseId::parse(use_case).unwrap()), versions, "{use_case}");
    }
}

#[tokio::test]
async fn what_is_behind_one_version_knows_a_patient_by_ids_of_its_own() {
    let stub = Stub::start(|asked| {
        let id = if asked.path().starts_with("/fhir/stu3") { "old-1" } else { "new-1" };
        match asked.path().ends_with("/Patient/_search") {
            true => Reply::fhir(&searchset(&[patient(id, &[BSN])], None)),
            false => Reply::fhir(&searchset(&[observation("o1", id)], None)),
        }
    })
    .await;
    let peer = of_both(&stub);
    for _ in 0..2 {
        for (version, id) in [(R4, "new-1"), (Stu3, "old-1")] {
            for line in ["GET Patient", "GET Observation"] {
                assert_eq!(asker(version).asks(&peer, line).await.unwrap().patients, [id], "{version} {line}");
            }
        }
    }
}

/// An answer with these issues besides an observation.
fn saying(issues: &Value) -> Value {
    let mut bundle = searchset(&[observation("o1", "x1")], None);
    let outcome = json!({"resourceType": "OperationOutcome", "issue": issues});
    bundle["entry"].as_array_mut().unwrap().push(json!({"resource": outcome, "search": {"mode": "outcome"}}));
    bundle
}

#[tokio::test]
async fn what_a_peer_has_in_another_version_is_told_apart_from_what_is_cut_short() {
    let in_stu3 = || json!({"severity": "warning", "code": "incomplete", "details": {"text": "more-in-stu3"}});
    let unsaid = || json!({"severity": "warning", "code": "incomplete"});
    let word = |text: &str| json!({"severity": "warning", "code": "incomplete", "details": {"text": text}});
    for (issues, cut_short, elsewhere) in [
        (json!([in_stu3()]), false, vec![Stu3]),
        (json!([in_stu3(), in_stu3()]), false, vec![Stu3]),
        (json!([in_stu3(), word("more-in-r4")]), false, vec![Stu3, R4]),
        (json!([unsaid()]), true, vec![]),
        (json!([in_stu3(), unsaid()]), true, vec![]),
        (json!([word("more-in-r5")]), true, vec![]),
        (
            json!([{"severity": "information", "code": "suppressed", "details": {"text": "more-in-stu3"}}]),
            false,
            vec![],
        ),
    ] {
        let answer = saying(&issues);
        let stub = knowing(move |_| Reply::fhir(&answer)).await;
        let peer = peer(&stub, &Arc::new(Tokens::default()));
        let answer = asker(R4).asks(&peer, "GET Observation").await.unwrap();
        assert_eq!((answer.cut_short, answer.elsewhere), (cut_short, elsewhere), "{issues}");
    }
}

#[tokio::test]
async fn an_answer_that_says_to_be_of_another_version_cannot_be_used() {
    for (media_type, version, good) in [
        ("application/fhir+json", R4, true),
        ("application/fhir+json; fhirVersion=4.0", R4, true),
        ("application/fhir+json;charset=utf-8;fhirVersion=4.0.1", R4, true),
        ("application/fhir+json; FHIRVersion=\"4.0\"", R4, true),
        ("application/fhir+json; fhirVersion=3.0", R4, false),
        ("application/fhir+json; fhirVersion=4.3", R4, false),
        ("application/fhir+json; fhirVersion=3.0.2", Stu3, true),
        ("application/fhir+json; fhirVersion=4.0", Stu3, false),
    ] {
        let stub = Stub::start(move |asked| {
            let found = if asked.path().ends_with("/Patient/_search") {
                patient("x1", &[BSN])
            } else {
                observation("o1", "x1")
            };
            let headers = vec![("content-type", media_type.to_owned())];
            Reply::Full { status: 200, headers, body: searchset(&[found], None).to_string() }
        })
        .await;
        let answer = asker(version).asks(&of_both(&stub), "GET Observation").await;
        match answer {
            Ok(_) => assert!(good, "{media_type}"),
            Err(fault) => assert!(!good && matches!(fault, SourceFault::Unusable(_)), "{media_type} {fault:?}"),
        }
    }
}
