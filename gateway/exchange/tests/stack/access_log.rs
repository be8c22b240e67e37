//! The other stack: the node's own access log, with the use cases of the project, over a log in memory.

use std::sync::Arc;

use exchange::explanation::Explanation;
use exchange::ports::{BoxFuture, LogFound, LogQuestion, LogReadFault, LogReader, LoggedEvent};
use exchange::record::AccessRecord;
use exchange::{BodyKind, Disclosed, DisclosedForm, Gate, Handle, Inbound, LogStack, Recorded, Refusal};
use fhir::{Bsn, Parameter, SearchQuery, Ura};
use policy::{Caller, Organisation, Person, UseCase, UseCaseId};
use serde_json::{Value, json};

use crate::world::*;

const NODE: &str = "90000111";

/// Records of Anna and of Bram in turn, by nurse n-1 of De Linde and by our own doctor d-1.
struct Log(Vec<AccessRecord>);

fn record(index: usize) -> AccessRecord {
    let (patient, organisation, person) =
        if index.is_multiple_of(2) { (ANNA, "90000222", "n-1") } else { (BRAM, NODE, "d-1") };
    let record = json!({
        "layout": "zorgsluis-access/2", "request_id": format!("r{index}"), "correlation_id": "c",
        "started": "2026-11-23T08:00:00Z", "recorded": "2026-11-23T08:00:01Z", "node": NODE, "gate": "outer",
        "caller": {"client_id": "x", "organisation": organisation, "person": {"id": person, "role": "30.000"}},
        "patient": patient, "sources": [], "outcome": {"result": "released"}
    });
    AccessRecord::read(record.to_string().as_bytes()).unwrap()
}

fn event(index: u64, record: &AccessRecord) -> LoggedEvent {
    LoggedEvent { index, id: format!("{NODE}-{index}"), record: record.clone() }
}

impl LogReader for Log {
    fn search(&self, question: LogQuestion) -> BoxFuture<'_, Result<LogFound, LogReadFault>> {
        let before = question.before.unwrap_or(u64::MAX);
        // The filter on the patient is left to the stage: an index that gives too much must not matter.
        let all = self.0.iter().enumerate().rev().map(|(index, record)| (index as u64, record));
        let all = all.filter(|(index, _)| *index < before);
        let events: Vec<LoggedEvent> = all.map(|(index, record)| event(index, record)).take(question.count).collect();
        let next = events.last().map(|last| last.index).filter(|index| *index > 0);
        Box::pin(async move { Ok(LogFound { events, next, complete: true }) })
    }

    fn event<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<LoggedEvent>, LogReadFault>> {
        let found = (0..).zip(&self.0).map(|(index, record)| event(index, record)).find(|event| event.id == id);
        Box::pin(async move { Ok(found) })
    }
}

fn texts(id: &str) -> UseCase {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles").join(id);
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    UseCase::load(id, &text("capability.json"), &text("policy.rego"), &text("release.toml"), false).unwrap()
}

fn log_stack(world: &Arc<World>) -> LogStack {
    let use_cases = vec![texts("access-log"), texts("own-access-log"), texts("health-overview")];
    let wiring = wiring(world, use_cases);
    let own_consents = wiring.consents.clone();
    exchange::log_stack(wiring, Arc::new(Log((0..10).map(record).collect())), own_consents)
}

/// Somebody of this provider who holds these use cases.
fn own(use_cases: &[&str], person: Option<&str>, patient: Option<&str>) -> Caller {
    Caller {
        client_id: "portal".into(),
        organisation: Organisation { ura: Ura::parse(NODE).unwrap(), name: None, kind: None },
        person: person.map(|id| Person { id: id.into(), name: None, role: "00.000".into() }),
        responsible: None,
        use_cases: use_cases.iter().map(|id| UseCaseId::parse(id).unwrap()).collect(),
        patient: patient.map(|bsn| Bsn::parse(bsn).unwrap()),
        treatment_relation: None,
        emergency: None,
        token_id: None,
    }
}

fn world(caller: Caller) -> Arc<World> {
    let world = World::in_order();
    *world.identity.lock().unwrap() = Ok(caller);
    world
}

fn officer() -> Arc<World> {
    world(own(&["access-log"], Some("officer"), None))
}

fn inside(inbound: Inbound) -> Inbound {
    Inbound { gate: Gate::Inner, ..inbound }
}

fn indexes(recorded: &Recorded<Disclosed>) -> Vec<u64> {
    recorded.released().events().iter().map(|event| event.index).collect()
}

fn next(recorded: &Recorded<Disclosed>) -> Option<String> {
    match recorded.released().form() {
        DisclosedForm::Page { page, .. } => page.next().map(|token| token.as_str().to_owned()),
        DisclosedForm::One | DisclosedForm::Reviewed | DisclosedForm::Explained(_) => None,
    }
}

async fn ask(world: &Arc<World>, inbound: Inbound) -> Result<Recorded<Disclosed>, Refusal> {
    log_stack(world).handle(inside(inbound)).await
}

#[tokio::test]
async fn a_look_into_the_log_of_one_patient_is_a_record_about_that_patient_that_names_what_was_seen() {
    let world = officer();
    let recorded = ask(&world, about(ANNA, "AuditEvent")).await.unwrap();
    assert_eq!(indexes(&recorded), [8, 6, 4, 2, 0]);
    let record = world.record();
    assert_eq!(record["patient"], ANNA);
    assert_eq!(record["decision"]["use_case"], "access-log");
    assert_eq!(record["decision"]["purpose"], "HCOMPL");
    assert_eq!(record["caller"]["person"]["id"], "officer");
    assert_eq!(record["sources"][0]["name"], "access log");
    assert_eq!(record["sources"][0]["disclosed"][0], format!("AuditEvent/{NODE}-8"));
    assert_eq!(record["outcome"]["result"], "released");
    assert_eq!(world.source().times_asked(), 0);
    assert!(!format!("{recorded:?}").contains(ANNA));
}

#[tokio::test]
async fn the_whole_log_comes_page_by_page_and_every_page_is_a_record() {
    let world = officer();
    let stack = log_stack(&world);
    let mut recorded = stack.handle(inside(get("AuditEvent?_count=4"))).await.unwrap();
    let mut seen = vec![indexes(&recorded)];
    while let Some(token) = next(&recorded) {
        recorded = stack.handle(inside(get(&format!("AuditEvent?_page={token}")))).await.unwrap();
        seen.push(indexes(&recorded));
    }
    assert_eq!(seen, [vec![9, 8, 7, 6], vec![5, 4, 3, 2], vec![1, 0]]);
    let records = world.log.records.lock().unwrap().clone();
    let pages: Vec<&Value> = records.iter().map(|record| &record["asked"]["page"]).collect();
    assert_eq!(pages, [&Value::Null, &json!(2), &json!(3)]);
}

#[tokio::test]
async fn a_page_is_turned_by_the_one_who_searched_and_by_nobody_else() {
    let world = officer();
    let stack = log_stack(&world);
    let token = next(&stack.handle(inside(get("AuditEvent?_count=4"))).await.unwrap()).unwrap();
    *world.identity.lock().unwrap() = Ok(own(&["access-log"], Some("another"), None));
    let refused = stack.handle(inside(get(&format!("AuditEvent?_page={token}")))).await.unwrap_err();
    assert_eq!(refused, Refusal::PageGone);
}

#[tokio::test]
async fn a_patient_sees_their_own_events_and_no_other_whatever_the_index_gives() {
    let world = world(own(&["own-access-log"], None, Some(BRAM)));
    let recorded = ask(&world, get("AuditEvent")).await.unwrap();
    assert_eq!(indexes(&recorded), [9, 7, 5, 3, 1]);
    assert_eq!(world.last_record()["decision"]["purpose"], "PATRQT");
    let theirs = ask(&world, get(&format!("AuditEvent/{NODE}-1"))).await.unwrap();
    assert_eq!(indexes(&theirs), [1]);
    // Anna's event reads like one that does not exist.
    let of_another = ask(&world, get(&format!("AuditEvent/{NODE}-2"))).await.unwrap_err();
    let of_nobody = ask(&world, get(&format!("AuditEvent/{NODE}-77"))).await.unwrap_err();
    assert_eq!(of_another, Refusal::NotFound);
    assert_eq!(of_another.row(), of_nobody.row());
    assert!(matches!(ask(&world, about(ANNA, "AuditEvent")).await, Err(Refusal::Denied(_))));
}

#[tokio::test]
async fn nobody_else_looks_into_the_log() {
    let table = [
        ("a practitioner with other use cases", own(&["health-overview"], Some("d-1"), None)),
        ("a system without a person", own(&["access-log"], None, None)),
        (
            "somebody of another provider",
            Caller { organisation: caller().organisation, ..own(&["access-log"], Some("x"), None) },
        ),
        ("a practitioner in a patient's name", own(&["own-access-log"], Some("d-1"), Some(ANNA))),
    ];
    for (who, caller) in table {
        let caller = match who {
            "a practitioner in a patient's name" => {
                Caller { person: Some(Person { id: "d-1".into(), name: None, role: "01.015".into() }), ..caller }
            }
            _ => caller,
        };
        let world = world(caller);
        let refused = ask(&world, about(ANNA, "AuditEvent")).await.unwrap_err();
        assert!(matches!(refused, Refusal::Denied(_)), "{who}: {refused:?}");
        assert_eq!(world.record()["sources"], json!([]), "{who}");
    }
    let outside = officer();
    let refused = log_stack(&outside).handle(about(ANNA, "AuditEvent")).await.unwrap_err();
    assert!(matches!(refused, Refusal::Denied(_)), "{refused:?}");
}

#[tokio::test]
async fn an_event_that_is_read_names_its_patient_in_the_record_of_the_look() {
    let world = officer();
    ask(&world, get(&format!("AuditEvent/{NODE}-3"))).await.unwrap();
    let record = world.record();
    assert_eq!(record["patient"], BRAM);
    assert_eq!(record["asked"]["resource"], format!("AuditEvent/{NODE}-3"));
}

fn verdict(index: u64, form: &str) -> Inbound {
    post(&format!("AuditEvent/{NODE}-{index}/$review"), BodyKind::Form, form.to_owned())
}

#[tokio::test]
async fn a_verdict_is_given_once_by_a_record_of_its_own() {
    let world = officer();
    let recorded = ask(&world, verdict(2, "verdict=unjustified&note=Not+on+duty.")).await.unwrap();
    assert!(matches!(recorded.released().form(), DisclosedForm::Reviewed));
    let record = world.record();
    let expected = json!({"event": format!("{NODE}-2"), "index": 2, "verdict": "unjustified", "note": "Not on duty."});
    assert_eq!(record["review"], expected);
    assert_eq!(record["layout"], "zorgsluis-access/6");
    assert_eq!(record["patient"], ANNA);
    assert!(record["asked"].get("query").is_none(), "the note stands once");
    assert!(!format!("{:?}", AccessRecord::read(record.to_string().as_bytes()).unwrap()).contains("duty"));
}

#[tokio::test]
async fn a_verdict_that_is_none_is_refused() {
    let long = format!("verdict=justified&note={}", "x".repeat(2_001));
    for (form, status) in [
        ("verdict=fine&note=x", 400),
        ("verdict=justified", 403),
        ("note=x", 400),
        ("verdict=justified&note=", 403),
        ("verdict=justified&verdict=unjustified&note=x", 400),
        (long.as_str(), 400),
    ] {
        let world = officer();
        let refused = ask(&world, verdict(2, form)).await.unwrap_err();
        assert_eq!(refused.row().status, status, "{form}");
        assert!(world.record().get("review").is_none(), "{form}");
    }
}

#[tokio::test]
async fn nobody_gives_a_verdict_on_an_access_of_their_own() {
    let world = world(own(&["access-log"], Some("d-1"), None));
    let refused = ask(&world, verdict(3, "verdict=justified&note=It+was+me.")).await.unwrap_err();
    assert_eq!(refused.row().record, "denied: own-access");
    assert!(world.record().get("review").is_none());
    // A nurse of another house with the same number in its administration is somebody else.
    let world = self::world(own(&["access-log"], Some("n-1"), None));
    assert!(ask(&world, verdict(2, "verdict=justified&note=x")).await.is_ok());
}

/// Asks what would be decided about Anna, with this changed of a nurse's question that is allowed.
async fn explained(changes: &[(&str, Option<&str>)]) -> (Arc<World>, Result<Recorded<Disclosed>, Refusal>) {
    let world = officer();
    let of_anna = format!("http://fhir.nl/fhir/NamingSystem/bsn|{ANNA}");
    let mut asked = vec![
        ("patient.identifier", of_anna.as_str()),
        ("organisation", "90000222"),
        ("organisation-kind", "X3"),
        ("role", "30.000"),
        ("use-case", "health-overview"),
        ("ask", "Condition?category=problem-list-item"),
        ("asserted", "provider-list"),
    ];
    for (name, value) in changes {
        asked.retain(|(known, _)| known != name);
        asked.extend(value.map(|value| (*name, value)));
    }
    let parameters = asked.into_iter().map(|(name, value)| Parameter::new(name, value)).collect();
    let form = SearchQuery { parameters }.write();
    let asked = ask(&world, post("AuditEvent/$explain", BodyKind::Form, form)).await;
    (world, asked)
}

fn explanation(asked: &Result<Recorded<Disclosed>, Refusal>) -> &Explanation {
    match asked.as_ref().unwrap().released().form() {
        DisclosedForm::Explained(explanation) => explanation,
        other => panic!("nothing is explained: {other:?}"),
    }
}

#[tokio::test]
async fn what_would_be_decided_is_told_with_its_grounds_and_that_it_was_asked_is_on_record() {
    let (world, asked) = explained(&[]).await;
    let told = explanation(&asked);
    assert!(told.permitted, "{told}");
    assert!(told.consent.is_some() && told.treatment_relation.is_some());
    let record = world.record();
    assert_eq!(record["patient"], ANNA);
    assert_eq!((&record["asked"]["operation"], &record["outcome"]["result"]), (&json!("explain"), &json!("released")));
    assert!(!record["asked"]["query"].as_str().unwrap().contains(ANNA));
    assert_eq!(world.source().times_asked(), 0);
    for changes in [("ask", "Claim"), ("role", "99.999"), ("use-case", "own-access-log"), ("use-case", "none-of-ours")]
    {
        let (_, asked) = explained(&[(changes.0, Some(changes.1))]).await;
        assert!(!explanation(&asked).permitted, "{changes:?}: {}", explanation(&asked));
    }
}

#[tokio::test]
async fn a_question_that_is_none_or_names_a_patient_elsewhere_is_refused_and_recorded_as_well() {
    for changes in [
        ("patient.identifier", None),
        ("organisation", None),
        ("organisation", Some("x")),
        ("role", None),
        ("use-case", Some("Not One")),
        ("ask", None),
        ("ask", Some("Patient?identifier=999911120")),
        ("ask", Some("Condition/_/x")),
        ("version", Some("r9")),
    ] {
        let (world, asked) = explained(&[changes]).await;
        let refusal = asked.unwrap_err();
        assert_eq!(refusal.row().status, 400, "{changes:?}: {refusal:?}");
        assert_eq!(world.record()["outcome"]["result"], "refused", "{changes:?}");
    }
}
