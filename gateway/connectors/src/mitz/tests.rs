//! Mitz over a socket: what each answer and each illness becomes, how often it is asked, and how soon it is left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use exchange::ports::{ConsentQuestion, Consents};
use fhir::{Bsn, Ura};
use policy::{Consent, ConsentDecision, DataHolder, Finding, Ground, NotFoundOut, Organisation, Person, Purpose};

use super::categories::tests::categories;
use super::testing::{OTHER, PATIENT, answered, result};
use super::{BreakerState, Mitz, MitzConfig};
use crate::http::{HttpClient, HttpSettings, WebAddress};
use crate::sources::testing::stub::{Asked, Reply, Stub};

const HOLDER: &str = "90000901";

fn mitz_at(base: &str, change: impl FnOnce(&mut MitzConfig)) -> Mitz {
    let mut config = MitzConfig::new(WebAddress::parse(base).unwrap(), Default::default());
    config.deadline_ms = 300;
    change(&mut config);
    Mitz::new(&config, categories(), HttpClient::new(HttpSettings::default()).unwrap())
}

async fn ask(mitz: &Mitz, patient: &str, types: &[&str]) -> Finding<Consent> {
    ask_for(mitz, patient, types, "900100301").await
}

async fn ask_for(mitz: &Mitz, patient: &str, types: &[&str], professional: &str) -> Finding<Consent> {
    let patient = Bsn::parse(patient).unwrap();
    let holder = DataHolder(Ura::parse(HOLDER).unwrap());
    let user = Organisation { ura: Ura::parse("90000902").unwrap(), name: None, kind: Some("Z3".to_owned()) };
    let professional = Person { id: professional.to_owned(), name: None, role: "01.015".to_owned() };
    let question = ConsentQuestion {
        patient: &patient,
        holder: &holder,
        holder_kind: Some("V6"),
        user: &user,
        professional: Some(&professional),
        mandated: None,
        purpose: Purpose::Treat,
        ground: Ground::ExplicitConsent,
        resource_types: types.iter().map(|name| (*name).to_owned()).collect(),
    };
    mitz.consent(question).await
}

fn message_id(asked: &Asked) -> String {
    let (_, rest) = asked.body.split_once("<a:MessageID>").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

fn soap(status: u16, body: String) -> Reply {
    Reply::Full { status, headers: vec![("content-type", "application/soap+xml; charset=UTF-8".into())], body }
}

/// Decides the same about every category that is asked, about this patient.
fn deciding(asked: &Asked, decision: &str, patient: &str) -> Reply {
    let codes = ["GGC002", "GGC012", "GGC013"].into_iter().filter(|code| asked.body.contains(code));
    let results: Vec<String> = codes.map(|code| result(decision, patient, HOLDER, code)).collect();
    soap(200, answered(&message_id(asked), &results))
}

fn not_found_out<T>(finding: &Finding<T>) -> Option<NotFoundOut> {
    match finding {
        Finding::NotFoundOut(why) => Some(*why),
        Finding::Found(_) | Finding::Absent => None,
    }
}

fn count(mitz: &Mitz, outcome: &str) -> u64 {
    mitz.view().outcomes.iter().find(|(word, ..)| *word == outcome).unwrap().1
}

#[tokio::test]
async fn a_permit_and_a_refusal_are_found_with_the_message_that_brought_them() {
    for (word, decision) in [("Permit", ConsentDecision::Permit), ("Deny", ConsentDecision::Deny)] {
        let stub = Stub::start(move |asked| deciding(asked, word, PATIENT)).await;
        let mitz = mitz_at(&stub.address, |_| {});
        let found = ask(&mitz, PATIENT, &["Observation"]).await;
        let [asked] = &stub.asked()[..] else { panic!("asked once") };
        let message = message_id(asked);
        let consent = Consent { decision, source: "mitz".to_owned(), reference: message.clone(), withhold: Vec::new() };
        assert_eq!(found, Finding::Found(consent));
        assert_eq!(stub.lines(), ["POST /geslotenautorisatievraag/xacml3"]);
        assert_eq!(format!("urn:uuid:{}", asked.header("x-request-id").unwrap()), message);
        assert!(asked.header("content-type").unwrap().starts_with("application/soap+xml"));
        assert!(asked.headers.iter().all(|(_, value)| !value.contains(PATIENT)) && asked.body.contains(PATIENT));
        assert!(count(&mitz, &word.to_lowercase()) == 1);
    }
}

#[tokio::test]
async fn one_refused_category_refuses_all_and_one_undecided_permits_none() {
    let table: [([&'static str; 2], Option<ConsentDecision>); 5] = [
        (["Permit", "Permit"], Some(ConsentDecision::Permit)),
        (["Permit", "Deny"], Some(ConsentDecision::Deny)),
        (["Indeterminate", "Deny"], Some(ConsentDecision::Deny)),
        (["Permit", "Indeterminate"], None),
        (["NotApplicable", "NotApplicable"], None),
    ];
    for (words, decision) in table {
        let stub = Stub::start(move |asked| {
            let results = [result(words[0], PATIENT, HOLDER, "GGC002"), result(words[1], PATIENT, HOLDER, "GGC012")];
            soap(200, answered(&message_id(asked), &results))
        })
        .await;
        let mitz = mitz_at(&stub.address, |_| {});
        let found = ask(&mitz, PATIENT, &["Observation"]).await;
        assert_eq!(found.found().map(|consent| consent.decision), decision, "{words:?}");
        assert_eq!(not_found_out(&found), decision.is_none().then_some(NotFoundOut::Unusable), "{words:?}");
        assert_eq!(mitz.view().breaker, BreakerState::Closed, "it works, whatever it says");
    }
}

fn fault(code: &str) -> String {
    let soap = super::names::SOAP;
    format!(
        "<s:Envelope xmlns:s=\"{soap}\"><s:Body><s:Fault><s:Code><s:Value>s:{code}</s:Value></s:Code><s:Reason>\
         <s:Text xml:lang=\"nl\">{PATIENT}</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
    )
}

#[tokio::test]
async fn no_illness_is_ever_a_yes_and_each_has_its_reason() {
    type Script = fn(&Asked) -> Reply;
    let moved = |_: &Asked| Reply::Full {
        status: 307,
        headers: vec![("location", "http://127.0.0.1:9/x".into()), ("content-type", "application/soap+xml".into())],
        body: String::new(),
    };
    let html = |asked: &Asked| match deciding(asked, "Permit", PATIENT) {
        Reply::Full { status, body, .. } => {
            Reply::Full { status, headers: vec![("content-type", "text/html".into())], body }
        }
        other => other,
    };
    let permit_with_500 = |asked: &Asked| match deciding(asked, "Permit", PATIENT) {
        Reply::Full { headers, body, .. } => Reply::Full { status: 500, headers, body },
        other => other,
    };
    let huge = |_: &Asked| soap(200, " ".repeat(300_000));
    let table: [(&str, Script, NotFoundOut); 16] = [
        ("silent", |_| Reply::Hang, NotFoundOut::TimedOut),
        ("a byte now and then", |_| Reply::Trickle, NotFoundOut::TimedOut),
        ("closes without a word", |_| Reply::Drop, NotFoundOut::Unreachable),
        ("500 without a word", |_| soap(500, String::new()), NotFoundOut::Unreachable),
        ("500 with a permit", permit_with_500, NotFoundOut::Unreachable),
        ("500 of a proxy", |_| Reply::status(500), NotFoundOut::Unreachable),
        ("503", |_| Reply::status(503), NotFoundOut::Unreachable),
        ("404", |_| Reply::status(404), NotFoundOut::Unusable),
        ("a fault of its own", |_| soap(500, fault("Receiver")), NotFoundOut::Unreachable),
        ("a fault of ours", |_| soap(400, fault("Sender")), NotFoundOut::Unusable),
        ("torn", |_| Reply::Torn, NotFoundOut::Unusable),
        ("huge", huge, NotFoundOut::Unusable),
        ("redirects", moved, NotFoundOut::Unusable),
        ("a web page", html, NotFoundOut::Unusable),
        ("empty", |_| soap(200, String::new()), NotFoundOut::Unusable),
        ("about another patient", |asked| deciding(asked, "Permit", OTHER), NotFoundOut::Unusable),
    ];
    for (illness, script, why) in table {
        let stub = Stub::start(script).await;
        let mitz = mitz_at(&stub.address, |_| {});
        let found = ask(&mitz, PATIENT, &["Condition"]).await;
        assert_eq!(not_found_out(&found), Some(why), "{illness}");
        assert_eq!(stub.asked().len(), 1, "{illness}: asked once, for it may have been acted upon");
        let alarms: u64 =
            mitz.view().outcomes.iter().filter(|(.., alarming)| *alarming).map(|(_, count, _)| count).sum();
        assert_eq!(alarms, 1, "{illness}");
    }
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mitz = mitz_at(&format!("http://{nowhere}"), |_| {});
    assert_eq!(not_found_out(&ask(&mitz, PATIENT, &["Condition"]).await), Some(NotFoundOut::Unreachable));
}

#[tokio::test]
async fn what_cannot_be_asked_reaches_nobody() {
    let stub = Stub::start(|asked| deciding(asked, "Permit", PATIENT)).await;
    let mitz = mitz_at(&stub.address, |_| {});
    assert_eq!(not_found_out(&ask(&mitz, PATIENT, &["ImagingStudy"]).await), Some(NotFoundOut::Incomplete));
    let unnumbered = ask_for(&mitz, PATIENT, &["Condition"], "deboer").await;
    assert_eq!(not_found_out(&unnumbered), Some(NotFoundOut::Incomplete));
    assert!(stub.asked().is_empty());
    assert_eq!(count(&mitz, "incomplete"), 2);
}

#[tokio::test]
async fn a_slow_mitz_is_left_alone_after_some_failures_and_tried_again_after_a_rest() {
    let ill = Arc::new(AtomicUsize::new(1));
    let now = ill.clone();
    let stub = Stub::start(move |asked| match now.load(Ordering::Relaxed) {
        1 => Reply::Hang,
        _ => deciding(asked, "Permit", PATIENT),
    })
    .await;
    let mitz = mitz_at(&stub.address, |config| {
        config.deadline_ms = 50;
        config.breaker_failures = 3;
        config.breaker_rest_ms = 400;
    });
    for _ in 0..3 {
        assert_eq!(not_found_out(&ask(&mitz, PATIENT, &["Condition"]).await), Some(NotFoundOut::TimedOut));
    }
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(not_found_out(&ask(&mitz, PATIENT, &["Condition"]).await), Some(NotFoundOut::Unreachable));
    }
    assert!(begun.elapsed() < Duration::from_millis(200), "nobody waits for it");
    assert_eq!((stub.asked().len(), mitz.view().breaker, count(&mitz, "resting")), (3, BreakerState::Open, 50));
    ill.store(0, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(420)).await;
    assert!(ask(&mitz, PATIENT, &["Condition"]).await.found().is_some());
    assert_eq!(mitz.view().breaker, BreakerState::Closed);
}

#[tokio::test]
async fn who_asks_the_same_at_once_is_one_question_and_who_goes_away_leaves_nothing() {
    let stub = Stub::start(|asked| deciding(asked, "Permit", PATIENT)).await;
    let mitz = mitz_at(&stub.address, |_| {});
    let same = futures_util::future::join_all((0..20).map(|_| ask(&mitz, PATIENT, &["Condition"]))).await;
    assert!(same.iter().all(|found| found.found().is_some()));
    assert_eq!(stub.asked().len(), 1);
    ask(&mitz, PATIENT, &["Condition"]).await;
    ask_for(&mitz, PATIENT, &["Condition"], "900100302").await;
    assert_eq!(stub.asked().len(), 3, "afterwards, and for somebody else, it is asked anew");
    let silent = Stub::start(|_| Reply::Hang).await;
    let mitz = mitz_at(&silent.address, |config| config.breaker_failures = 1);
    let gone = tokio::time::timeout(Duration::from_millis(50), ask(&mitz, PATIENT, &["Condition"])).await;
    assert!(gone.is_err() && mitz.in_flight() == 0, "who goes away leaves nothing behind");
    assert_eq!(mitz.view().breaker, BreakerState::Closed);
}

#[tokio::test]
async fn a_decision_is_remembered_where_configured_until_the_patient_changes_their_mind() {
    let permits = Arc::new(AtomicUsize::new(1));
    let now = permits.clone();
    let stub = Stub::start(move |asked| {
        deciding(asked, if now.load(Ordering::Relaxed) == 1 { "Permit" } else { "Deny" }, PATIENT)
    })
    .await;
    let patient = Bsn::parse(PATIENT).unwrap();
    let decision = |found: Finding<Consent>| found.found().unwrap().decision;
    let mitz = mitz_at(&stub.address, |config| config.remember_seconds = 60);
    assert_eq!(decision(ask(&mitz, PATIENT, &["Observation"]).await), ConsentDecision::Permit);
    // A category of those that are known, and all of them.
    ask(&mitz, PATIENT, &["Condition"]).await;
    ask(&mitz, PATIENT, &["Observation"]).await;
    assert_eq!((stub.asked().len(), count(&mitz, "remembered")), (1, 2));
    ask(&mitz, PATIENT, &["MedicationRequest"]).await;
    ask_for(&mitz, PATIENT, &["Condition"], "900100302").await;
    assert_eq!(stub.asked().len(), 3, "another category and another requester are other questions");
    permits.store(0, Ordering::Relaxed);
    assert_eq!(decision(ask(&mitz, PATIENT, &["Condition"]).await), ConsentDecision::Permit);
    mitz.forget(&patient);
    assert_eq!(decision(ask(&mitz, PATIENT, &["Condition"]).await), ConsentDecision::Deny);

    let mitz = mitz_at(&stub.address, |_| {});
    ask(&mitz, PATIENT, &["Condition"]).await;
    ask(&mitz, PATIENT, &["Condition"]).await;
    assert_eq!(count(&mitz, "remembered"), 0, "by default nothing is remembered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_was_asked_before_a_change_of_mind_is_not_remembered_after_it() {
    let asked_first = Arc::new(tokio::sync::Notify::new());
    let seen = asked_first.clone();
    let times = AtomicUsize::new(0);
    // The first answer is late: the patient changes their mind while it is under way.
    let stub = Stub::start(move |asked| {
        if times.fetch_add(1, Ordering::Relaxed) == 0 {
            seen.notify_one();
            std::thread::sleep(Duration::from_millis(100));
            return deciding(asked, "Permit", PATIENT);
        }
        deciding(asked, "Deny", PATIENT)
    });
    let stub = stub.await;
    let mitz = mitz_at(&stub.address, |config| {
        config.remember_seconds = 60;
        config.deadline_ms = 2_000;
    });
    let first = tokio::spawn({
        let mitz = mitz.clone();
        async move { ask(&mitz, PATIENT, &["Condition"]).await }
    });
    asked_first.notified().await;
    mitz.forget(&Bsn::parse(PATIENT).unwrap());
    // Asked after the change: neither the answer under way nor a memory of it is good enough.
    assert_eq!(ask(&mitz, PATIENT, &["Condition"]).await.found().unwrap().decision, ConsentDecision::Deny);
    assert_eq!(first.await.unwrap().found().unwrap().decision, ConsentDecision::Permit);
    assert_eq!(ask(&mitz, PATIENT, &["Condition"]).await.found().unwrap().decision, ConsentDecision::Deny);
}
