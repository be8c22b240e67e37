//! What a handoff is made of, asked of a source that answers, fails, or gives what it should not; through the real stack and the
//! real policy.

use std::sync::Mutex;
use std::time::Duration;

use exchange::ports::{Answer, BoxFuture, Item, NoThrottle, NoValueSets, Question, SourceFault, SystemClock};
use exchange::{Bounds, Fanout, Handle, Inbound, NodeFacts, PageBounds, Wiring};
use fhir::json::Limits;
use fhir::{Interaction, Resource, SearchMode};
use flows::eoverdracht::making::{self, Making, Provider, Release};
use policy::{Caller, DataHolder, Organisation, Person, UseCases};
use serde_json::{Value, json};

use super::asking::Runs;
use super::making::{Gathered, Gathering, MakingPlaces, NoAnswer};
use super::testing::{BSN, Log, Nothing, OWN, World, read, ura, use_case_of};
use super::tickets::TicketDesk;
use super::*;
use crate::patient_index::OwnPatients;

/// What a source has of the sections that 4.2 brought.
fn of_4_2() -> Vec<Value> {
    let subject = json!({"reference": "Patient/p1"});
    let coded = |code: &str| json!({"coding": [{"system": "http://snomed.info/sct", "code": code}]});
    vec![
        json!({"resourceType": "RelatedPerson", "id": "daughter", "patient": subject}),
        json!({"resourceType": "Condition", "id": "wound", "clinicalStatus": "active", "subject": subject,
            "meta": {"profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-Wound"]}}),
        json!({"resourceType": "Procedure", "id": "dressing", "status": "in-progress", "subject": subject, "category": coded("9632001")}),
        json!({"resourceType": "Encounter", "id": "visit", "status": "planned", "subject": subject}),
        json!({"resourceType": "DeviceUseStatement", "id": "walker", "status": "active", "subject": subject,
            "device": {"reference": "Device/frame"}}),
    ]
}

/// A source of ours: by type, what it has or how it fails.
struct Own {
    holder: DataHolder,
    fails: Option<(&'static str, SourceFault)>,
    asked: Mutex<Vec<String>>,
}

fn held() -> Vec<Value> {
    let subject = json!({"reference": "Patient/p1"});
    let pressure = json!({"coding": [{"system": "http://loinc.org", "code": "85354-9"}]});
    vec![
        json!({"resourceType": "Patient", "id": "p1", "identifier": [
            {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BSN}]}),
        json!({"resourceType": "Condition", "id": "hip", "clinicalStatus": "active", "subject": subject}),
        json!({"resourceType": "Condition", "id": "old", "clinicalStatus": "resolved", "subject": subject}),
        json!({"resourceType": "Condition", "id": "secret", "clinicalStatus": "active", "subject": subject, "meta": {"security":
            [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}}),
        json!({"resourceType": "Condition", "id": "another", "clinicalStatus": "active", "subject": {"reference": "Patient/p2"}}),
        json!({"resourceType": "Flag", "id": "fall", "subject": subject}),
        json!({"resourceType": "Observation", "id": "bp", "status": "final", "code": pressure, "subject": subject}),
    ]
}

impl Source for Own {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }
    fn name(&self) -> &str {
        "EPD"
    }
    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        let kind = match question.interaction() {
            Interaction::Search { .. } | Interaction::Operation { .. } => question.interaction().resource_type(),
            _ => None,
        };
        let kind = kind.map_or("something else", |kind| kind.name());
        self.asked.lock().unwrap().push(kind.to_owned());
        let answer = match &self.fails {
            Some((of, fault)) if *of == kind => Err(fault.clone()),
            _ => {
                let has = held().into_iter().chain(of_4_2()).filter(|one| one["resourceType"] == kind);
                // Whose the other Condition is nobody knows here.
                let has = has.filter(|one| one["id"] != "another" || self.fails.is_none());
                let items = has.map(|one| Item { resource: read(&one), mode: SearchMode::Match }).collect();
                Ok(Answer { items, patients: vec!["p1".to_owned()], ..Answer::default() })
            }
        };
        Box::pin(std::future::ready(answer))
    }
}

/// A node of ours with one such source.
struct Desk {
    world: World,
    own: Arc<Own>,
    runs: Runs,
    records: Arc<std::sync::atomic::AtomicUsize>,
    release: Release,
}

impl Desk {
    fn new(fails: Option<(&'static str, SourceFault)>) -> Self {
        let world = World::new(true);
        let own = Arc::new(Own { holder: DataHolder(ura(OWN)), fails, asked: Mutex::default() });
        let log = Log::default();
        let records = log.count();
        let places = MakingPlaces { otherwise: Arc::new(Nothing), own: vec![own.clone()] };
        let tickets = world.handoffs.tickets.clone();
        let stack = Arc::new(exchange::stack(Wiring {
            node: NodeFacts { holder: DataHolder(ura(OWN)), kind: None, limits: Limits::default() },
            use_cases: Arc::new(UseCases::new(vec![use_case_of(MAKING)]).into()),
            log: Arc::new(log),
            clock: Arc::new(SystemClock),
            authenticator: Arc::new(TicketDesk { tickets, doorman: Arc::new(Nothing) }),
            throttle: Arc::new(NoThrottle),
            patients: Arc::new(OwnPatients::new(Vec::new())),
            relations: Arc::new(connectors::relations::Relations::new(true, Vec::new())),
            consents: Arc::new(connectors::registers::Nobody),
            localisation: Arc::new(places),
            value_sets: Arc::new(NoValueSets),
            bounds: Bounds {
                exchange: Duration::from_secs(20),
                at_once: 8,
                finding: Duration::from_secs(5),
                fanout: Fanout { patience: Duration::from_secs(10), at_once: 8, most: 8 },
                questions_at_once: 4,
                pages: PageBounds::default(),
            },
        }));
        let runs: Runs = Arc::new(move |inbound: Inbound| {
            let stack = stack.clone();
            Box::pin(async move { stack.handle(inbound).await })
        });
        Desk { world, own, runs, records, release: Release::V4_1 }
    }

    async fn gather(&self, role: &str) -> Result<(Option<Resource>, Gathered), NoAnswer> {
        let caller = Caller {
            client_id: "epd".to_owned(),
            organisation: Organisation { ura: ura(OWN), name: None, kind: None },
            person: Some(Person { id: "n-1".to_owned(), name: None, role: role.to_owned() }),
            responsible: None,
            use_cases: Vec::new(),
            patient: None,
            treatment_relation: None,
            emergency: None,
            token_id: None,
        };
        let bsn = Bsn::parse(BSN).unwrap();
        let (handoffs, runs) = (&self.world.handoffs, &self.runs);
        let gathering = Gathering { handoffs, runs, caller: &caller, patient: &bsn, correlation: "c" };
        let patient = gathering.patient().await?;
        let all: Vec<_> = making::of_release(self.release).collect();
        Ok((patient, gathering.sections(&all, self.release).await))
    }
}

fn made(patient: &Resource, gathered: &Gathered) -> Value {
    let (sender, receiver) = (ura(OWN), ura("90010001"));
    let made = making::make(&Making {
        id: "c1",
        now: "2026-11-30T10:00:00Z",
        transfer: "2026-12-01",
        patient,
        sender: Provider { ura: &sender, name: "De Linde", id: "s" },
        receiver: Provider { ura: &receiver, name: "Maasdal", id: "r" },
        author: ("N. Urse", "a"),
        answers: &gathered.answers,
    });
    serde_json::from_str(made.unwrap().text()).unwrap()
}

#[tokio::test]
async fn everything_is_asked_once_for_the_person_on_record_and_makes_a_handoff_that_falls_short_of_nothing() {
    let desk = Desk::new(Some(("nothing", SourceFault::TimedOut)));
    let (patient, gathered) = desk.gather("30.000").await.unwrap();
    assert_eq!((gathered.unanswered.len(), gathered.withheld), (0, 1), "what is restricted stays");
    let asked = desk.own.asked.lock().unwrap().clone();
    assert_eq!(asked.iter().filter(|kind| *kind == "Condition").count(), 1, "{asked:?}");
    assert_eq!(desk.records.load(std::sync::atomic::Ordering::SeqCst), asked.len(), "each with its record");
    let bundle = made(&patient.unwrap(), &gathered);
    let composition = bundle["entry"][0]["resource"].to_string();
    assert!(composition.contains("Condition/hip") && composition.contains("Observation/bp"), "{composition}");
    assert!(!bundle.to_string().contains("secret"));
    let section = |code: &str| {
        let first = bundle["entry"][0]["resource"]["section"].as_array().unwrap().clone();
        let all = first.iter().flat_map(|one| one["section"].as_array().cloned().unwrap_or_default());
        all.into_iter().find(|one| one["code"]["coding"][0]["code"] == code)
    };
    let entry = |code: &str| section(code).map(|one| one["entry"][0]["reference"].clone());
    assert_eq!(entry("52870002"), Some(json!("Condition/hip")));
    assert_eq!(entry("417662000"), Some(json!("Condition/old")));
    assert_eq!(section("300893006"), None, "nothing there is no section");
    // It can be pushed as it is.
    let prepared = desk.world.handoffs.read(&read(&bundle), |_| true).unwrap();
    assert_eq!(prepared.handoff().dangling(), Vec::<String>::new());
    let shortcomings = flows::eoverdracht::rules::shortcomings(prepared.handoff());
    let ours = shortcomings.iter().filter(|one| one.resource.starts_with("Composition"));
    assert_eq!(ours.count(), 0, "{shortcomings:?}");
}

#[tokio::test]
async fn the_newest_release_has_sections_of_its_own_and_an_older_one_asks_for_none_of_them() {
    let whole = || Some(("nothing", SourceFault::TimedOut));
    let newest = Desk { release: Release::V4_2, ..Desk::new(whole()) };
    let (patient, gathered) = newest.gather("30.000").await.unwrap();
    assert_eq!(gathered.unanswered, Vec::new());
    let asked = newest.own.asked.lock().unwrap().clone();
    for once in ["Condition", "DeviceUseStatement"] {
        assert_eq!(asked.iter().filter(|kind| *kind == once).count(), 1, "{once}: {asked:?}");
    }
    let bundle = made(&patient.unwrap(), &gathered);
    let stands = |code: &str, reference: &str| {
        let first = bundle["entry"][0]["resource"]["section"].as_array().unwrap();
        let all = first.iter().flat_map(|one| one["section"].as_array().cloned().unwrap_or_default());
        let section = all.into_iter().find(|one| one["code"]["coding"][0]["code"] == code);
        section.is_some_and(|one| one["entry"].as_array().unwrap().iter().any(|one| one["reference"] == reference))
    };
    for (code, reference) in [
        ("302147001", "RelatedPerson/daughter"),
        ("106076001", "Condition/wound"),
        ("52870002", "Condition/hip"),
        ("86644006", "Procedure/dressing"),
        ("308335008", "Encounter/visit"),
        ("365178001", "DeviceUseStatement/walker"),
    ] {
        assert!(stands(code, reference), "{code} {reference}");
    }
    // What several sections ask for stands in one of them.
    for once in ["Condition/wound", "Condition/hip", "DeviceUseStatement/walker"] {
        assert_eq!(bundle["entry"][0].to_string().matches(&format!("\"{once}\"")).count(), 1, "{once}");
    }
    let prepared = newest.world.handoffs.read(&read(&bundle), |_| true).unwrap();
    let shortcomings = flows::eoverdracht::rules::shortcomings(prepared.handoff());
    assert!(!shortcomings.iter().any(|one| one.resource.starts_with("Composition")), "{shortcomings:?}");

    let older = Desk::new(whole());
    let (patient, gathered) = older.gather("30.000").await.unwrap();
    let bundle = made(&patient.unwrap(), &gathered).to_string();
    assert!(bundle.contains("Condition/wound"), "a problem of any kind is one");
    for newer in ["daughter", "dressing", "visit", "walker"] {
        assert!(!bundle.contains(newer), "{newer}");
    }
}

#[tokio::test]
async fn what_a_source_does_not_answer_for_is_said_and_never_looks_as_if_there_were_nothing() {
    for fault in [SourceFault::TimedOut, SourceFault::Unreachable, SourceFault::Unusable("torn")] {
        let desk = Desk::new(Some(("Condition", fault.clone())));
        let (patient, gathered) = desk.gather("30.000").await.unwrap();
        let sections: Vec<_> = gathered.unanswered.iter().map(|one| one.section).collect();
        assert_eq!(sections, ["52870002", "417662000"], "{fault:?}");
        assert!(gathered.unanswered.iter().all(|one| !one.why.is_empty() && !one.why.contains(BSN)));
        let bundle = made(&patient.unwrap(), &gathered).to_string();
        assert_eq!(bundle.matches(r#""code":"unavailable""#).count(), 2, "{fault:?}");
        assert!(bundle.contains("Flag/fall"), "what was answered is there");
    }
    // A Patient that cannot be read is the end of it.
    let desk = Desk::new(Some(("Patient", SourceFault::TimedOut)));
    assert!(desk.gather("30.000").await.is_err());
}

#[tokio::test]
async fn another_patients_resource_makes_the_answer_no_answer() {
    let desk = Desk::new(None);
    let (_, gathered) = desk.gather("30.000").await.unwrap();
    assert!(gathered.unanswered.iter().any(|one| one.section == "52870002"), "{:?}", gathered.unanswered);
}

#[tokio::test]
async fn whoever_does_not_treat_asks_nothing() {
    let desk = Desk::new(None);
    assert!(matches!(desk.gather("99.999").await, Err(NoAnswer::Refused(_))));
    assert!(desk.own.asked.lock().unwrap().is_empty());
}
