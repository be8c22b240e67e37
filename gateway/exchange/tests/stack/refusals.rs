//! Every no: the status, the record, and that no source was asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use exchange::ports::{AuthenticationFault, Relation};
use exchange::record::{EvidenceFacts, EvidenceResult, Shortfall};
use exchange::{BodyKind, Gate, Inbound, Refusal, Unreadable};
use policy::{ConsentDecision, Finding, NotFoundOut};

use crate::world::*;

async fn refused(world: &Arc<World>, inbound: Inbound, status: u16, reason: &str) {
    let what = format!("{} {}?{}", inbound.gate as u8, inbound.path, inbound.query);
    let refusal = world.ask(inbound).await.expect_err(&what);
    assert_eq!((refusal.row().status, refusal.row().record.as_str()), (status, reason), "{what}");
    let record = world.record();
    assert_eq!(
        record["outcome"],
        serde_json::json!({"result": "refused", "status": status, "reason": reason}),
        "{what}"
    );
    assert_eq!(world.source().times_asked(), 0, "{what}: a denied request never reaches a source");
    world.log.records.lock().unwrap().clear();
}

#[tokio::test]
async fn nobody_gets_in_unidentified() {
    for (fault, status, reason) in [
        (AuthenticationFault::NoCertificate, 401, "no-certificate"),
        (AuthenticationFault::CertificateNotTrusted, 401, "certificate-not-trusted"),
        (AuthenticationFault::CertificateRevoked, 401, "certificate-revoked"),
        (AuthenticationFault::CertificateStatusUnknown, 503, "certificate-status-unknown"),
        (AuthenticationFault::UnknownOrganisation, 403, "unknown-organisation"),
        (AuthenticationFault::NoToken, 401, "no-token"),
        (AuthenticationFault::Ambiguous, 401, "ambiguous-authentication"),
        (AuthenticationFault::TokenNotAccepted, 401, "token-not-accepted"),
        (AuthenticationFault::TokenOfAnotherClient, 401, "token-of-another-client"),
        (AuthenticationFault::ProofMissing, 401, "proof-missing"),
        (AuthenticationFault::DpopTokenNotAccepted, 401, "token-not-accepted"),
        (AuthenticationFault::DpopTokenOfAnotherClient, 401, "token-of-another-client"),
        (AuthenticationFault::ProofNotAccepted("replayed"), 401, "proof-not-accepted replayed"),
        (AuthenticationFault::Unavailable, 503, "identification-unavailable"),
    ] {
        let world = World::in_order();
        *world.identity.lock().unwrap() = Err(fault);
        refused(&world, about(ANNA, "Condition"), status, reason).await;
    }
}

#[tokio::test]
async fn whoever_asks_too_much_is_told_when_to_come_back_and_named_in_the_record() {
    let world = World::in_order();
    *world.wait.lock().unwrap() = Some(std::time::Duration::from_millis(1_200));
    let refusal = world.ask(about(ANNA, "Condition")).await.err().unwrap();
    assert_eq!((refusal.row().status, refusal.row().retry_after), (429, Some(2)));
    let record = world.record();
    assert_eq!(record["caller"]["client_id"].as_str(), Some(caller().client_id.as_str()));
    assert_eq!(record["outcome"], serde_json::json!({"result": "refused", "status": 429, "reason": "throttled"}));
    assert!(record["patient"].is_null(), "nothing was read of what was asked");
    assert_eq!(world.source().times_asked(), 0);
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_asked() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bsn = "http://fhir.nl/fhir/NamingSystem/bsn%7C";
    let cases: Vec<(Inbound, u16, &str)> = vec![
        (get("Rubbish/1"), 404, "unknown-type"),
        (get("patient/anna"), 404, "unknown-type"),
        (get("Patient/..%2f..%2fadmin"), 400, "path"),
        (get("Condition?patient.identifier=http://fhir.nl/fhir/NamingSystem/bsn%7C999940003"), 400, "bsn-invalid"),
        (get("Condition?patient=anna,bram"), 400, "several-patients"),
        (get("Condition?patient=anna&patient=bram"), 400, "several-patients"),
        (get(&format!("Condition?patient=anna&patient.identifier={bsn}{BRAM}")), 400, "several-patients"),
        (get("Condition?patient=https://evil.example/fhir/Patient/anna"), 400, "patient-parameter"),
        (get("Condition?patient:missing=true"), 400, "search-parameter"),
        (get("Condition?patient.name=Jansen"), 400, "search-parameter"),
        (get("Condition?patient=anna&onset-date=2020"), 400, "search-parameter"),
        (get("Condition?patient=anna&no-such-parameter=1"), 400, "search-parameter"),
        (get("Condition?patient=anna&_include=*"), 400, "search-parameter"),
        (get("Condition?code=%zz"), 400, "query"),
        (post("Observation", BodyKind::Json, "{\"resourceType\":"), 400, "body-malformed"),
        (post("Observation", BodyKind::Json, deep), 400, "body-malformed"),
        (
            post("Observation", BodyKind::Json, r#"{"resourceType":"Observation","id":"1","\u0069d":"2"}"#),
            400,
            "body-malformed",
        ),
        (post("Observation", BodyKind::Json, r#"{"resourceType":"Patient"}"#), 400, "body-mismatch"),
        (post("Observation", BodyKind::Xml, "<Observation"), 400, "body-malformed"),
        (post("Observation", BodyKind::Xml, "<Patient xmlns=\"http://hl7.org/fhir\"/>"), 400, "body-mismatch"),
        (post("Observation", BodyKind::Xml, r#"{"resourceType":"Observation"}"#), 400, "body-malformed"),
        (post("Observation", BodyKind::Other, "x"), 415, "body-format"),
        (post("Observation", BodyKind::None, ""), 400, "body-missing"),
        (Inbound { method: None, ..get("Condition?patient=anna") }, 405, "method"),
        (Inbound { unreadable: Some(Unreadable::BodyTooLarge), ..get("Condition") }, 413, "body-too-large"),
        (Inbound { unreadable: Some(Unreadable::BodyBroken), ..get("Condition") }, 400, "body-broken"),
        (Inbound { unreadable: Some(Unreadable::NotServed), ..get("Condition") }, 404, "not-served"),
        (Inbound { unreadable: Some(Unreadable::NotAcceptable), ..get("Condition") }, 406, "not-acceptable"),
        (Inbound { use_case: Some("No Such".into()), ..get("Condition?patient=anna") }, 400, "use-case-name"),
    ];
    for (inbound, status, reason) in cases {
        let world = World::in_order();
        refused(&world, inbound, status, reason).await;
        assert_eq!(world.consents_asked.load(Ordering::SeqCst), 0, "{reason}: nobody else was told a BSN");
    }
}

#[tokio::test]
async fn what_the_use_case_does_not_offer_is_denied_before_consent_is_asked() {
    for inbound in [
        get("Encounter?patient=anna"),
        Inbound { method: Some(fhir::Method::Delete), ..get("Condition/c1") },
        post("", BodyKind::Json, r#"{"resourceType":"Bundle","type":"batch","entry":[]}"#),
        post(
            "",
            BodyKind::Json,
            r#"{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Condition/c1"}}]}"#,
        ),
        get("Patient/anna/$everything"),
        get("Condition/c1/_history"),
    ] {
        let world = World::in_order();
        world.identity.lock().unwrap().as_mut().unwrap().patient = Some(fhir::Bsn::parse(ANNA).unwrap());
        let what = inbound.path.clone();
        let refusal = world.ask(inbound).await.expect_err(&what);
        assert!(matches!(refusal.row().status, 403 | 400), "{what}: {}", refusal.row().record);
        assert_eq!(world.source().times_asked(), 0, "{what}");
        assert_eq!(world.consents_asked.load(Ordering::SeqCst), 0, "{what}");
        assert_eq!(world.record()["outcome"]["result"], "refused", "{what}");
    }
}

#[tokio::test]
async fn without_relation_or_consent_nothing_is_asked_and_the_record_says_why() {
    let cases: Vec<(bool, Finding<policy::Consent>, &str)> = vec![
        (false, Finding::Found(consent(ConsentDecision::Permit)), "denied: policy"),
        (true, Finding::Absent, "denied: policy"),
        (true, Finding::Found(consent(ConsentDecision::Deny)), "denied: policy"),
        (true, Finding::NotFoundOut(NotFoundOut::TimedOut), "denied: policy"),
        (true, Finding::NotFoundOut(NotFoundOut::Unreachable), "denied: policy"),
    ];
    for (related, found, reason) in cases {
        let world = World::in_order();
        if !related {
            world.identity.lock().unwrap().as_mut().unwrap().treatment_relation = None;
        }
        *world.consent.lock().unwrap() = found;
        refused(&world, about(ANNA, "Condition"), 403, reason).await;
        let asked = world.consents_asked.load(Ordering::SeqCst);
        assert_eq!(asked, usize::from(related), "consent is asked only where a relation makes a yes possible");
    }
}

#[tokio::test]
async fn another_patient_and_no_such_patient_read_alike() {
    let mut seen = Vec::new();
    for text in ["Condition?patient=bram", "Condition?patient=nobody", "Patient/bram", "Patient/nobody"] {
        let world = World::in_order();
        world.identity.lock().unwrap().as_mut().unwrap().patient = Some(fhir::Bsn::parse(ANNA).unwrap());
        let row = world.ask(get(text)).await.unwrap_err().row();
        assert_eq!(world.source().times_asked(), 0, "{text}");
        seen.push((row.status, row.issue, row.says));
    }
    // And a known patient whose consent is missing.
    let world = World::in_order();
    *world.consent.lock().unwrap() = Finding::Absent;
    let row = world.ask(about(BRAM, "Condition")).await.unwrap_err().row();
    seen.push((row.status, row.issue, row.says));
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

#[tokio::test]
async fn a_refusal_repeats_nothing_of_the_request() {
    let world = World::in_order();
    let refusal = world.ask(get(&format!("Condition?patient.identifier=x%7C{ANNA}&secret=MARKER"))).await.unwrap_err();
    let text = refusal.outcome().to_resource().text().to_owned();
    assert!(!text.contains(ANNA) && !text.contains("MARKER"), "{text}");
    // Nor of a body, whatever its elements are called.
    for element in [format!("<b{ANNA}/>"), format!("<code>{ANNA}</code>"), format!("<status value=\"{ANNA}")] {
        let body = format!("<Observation xmlns=\"http://hl7.org/fhir\">{element}</Observation>");
        let refusal = World::in_order().ask(post("Observation", BodyKind::Xml, body)).await.unwrap_err();
        let text = refusal.outcome().to_resource().text().to_owned();
        assert!(!text.contains(ANNA), "{text}");
    }
}

#[tokio::test]
async fn a_full_or_broken_log_refuses_everything() {
    let world = World::in_order();
    world.log.full.store(true, Ordering::SeqCst);
    assert_eq!(world.ask(about(ANNA, "Condition")).await.unwrap_err(), Refusal::LogUnavailable);
    assert_eq!(world.source().times_asked(), 0, "without a place in the log nothing is asked");
    let world = World::in_order();
    world.log.broken.store(true, Ordering::SeqCst);
    assert_eq!(world.ask(about(ANNA, "Condition")).await.unwrap_err(), Refusal::LogUnavailable);
}

#[tokio::test]
async fn where_nobody_asserted_a_relation_own_evidence_is_looked_at_and_the_record_says_at_what() {
    let evidence = |kind: &str, result| EvidenceFacts { kind: kind.to_owned(), result };
    let cancelled = EvidenceResult::DoesNotCount { because: vec![Shortfall::Cancelled] };
    for (finding, result, granted) in [
        (Finding::Found(relation()), EvidenceResult::Counts { age_days: Some(2) }, true),
        (Finding::Absent, cancelled, false),
        (
            Finding::NotFoundOut(NotFoundOut::Unreachable),
            EvidenceResult::NotFoundOut { because: NotFoundOut::Unreachable },
            false,
        ),
    ] {
        let world = World::in_order();
        world.identity.lock().unwrap().as_mut().unwrap().treatment_relation = None;
        let facts = vec![evidence("appointment", result)];
        *world.of_others.lock().unwrap() = Relation { finding: finding.clone(), evidence: facts.clone() };
        assert_eq!(world.ask(about(ANNA, "Condition")).await.is_ok(), granted, "{finding:?}");
        assert_eq!(world.record()["relation_evidence"], serde_json::json!(facts));
        let asked = world.consents_asked.load(Ordering::SeqCst);
        assert_eq!(asked, usize::from(granted), "without a relation nobody is told a BSN");
    }
    // What was asserted counts first, and then nothing else is looked at.
    let world = World::in_order();
    *world.of_others.lock().unwrap() = Finding::NotFoundOut(NotFoundOut::Unreachable).into();
    assert!(world.ask(about(ANNA, "Condition")).await.is_ok());
}

#[tokio::test]
async fn a_client_header_never_feeds_the_gate() {
    // The inner gate asks the own registers; an asserted relation in a token counts at the outer gate only.
    let world = World::in_order();
    *world.relation.lock().unwrap() = Finding::Absent;
    let inbound = Inbound { gate: Gate::Inner, ..about(ANNA, "Condition") };
    refused(&world, inbound, 403, "denied: policy").await;
}

#[tokio::test]
async fn a_refusal_records_what_was_asked_and_whose_data_was_tried() {
    let world = World::in_order();
    refused(&world, get("Condition?patient=anna,bram&category=x"), 400, "several-patients").await;
    let world = World::in_order();
    world.ask(get("Condition?patient=anna,bram&category=x")).await.unwrap_err();
    let asked = &world.record()["asked"];
    assert_eq!((&asked["interaction"], &asked["resource_type"]), (&"search-type".into(), &"Condition".into()));
    assert!(asked.get("query").is_none(), "what names patients was not taken out yet");

    let world = World::of_anna();
    world.ask(about(BRAM, "Condition")).await.unwrap_err();
    let record = world.record();
    assert_eq!(record["outcome"]["reason"], "denied: patient-binding");
    assert_eq!(record["patient"], BRAM, "the token is about Anna, the attempt was about Bram");

    let world = World::in_order();
    let mut inbound = get("Condition/c-9");
    inbound.credentials.authorization = vec!["Bearer secret".into()];
    world.ask(inbound).await.unwrap_err();
    let record = world.record();
    assert_eq!(
        (&record["layout"], &record["asked"]["resource"]),
        (&"zorgsluis-access/6".into(), &"Condition/c-9".into())
    );
    assert_eq!(record["shown"], serde_json::json!(["token"]));
    assert!(!record.to_string().contains("secret"));
}
