//! Evidence before a server that behaves and before servers that do not, and the table of what counts.

use std::sync::Arc;

use exchange::ports::{Clock, Relation, RelationQuestion, TreatmentRelations};
use exchange::record::{EvidenceResult, Shortfall};
use fhir::{FhirVersion, Ura};
use policy::{Caller, Direction, Finding, NotFoundOut, Organisation, Person};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::http::{HttpClient, HttpSettings, Trust};
use crate::sources::OwnRecords;
use crate::sources::fhir::{FhirSource, FhirSourceConfig};
use crate::sources::files::{FilesSource, FilesSourceConfig};
use crate::sources::testing::stub::{Reply, Stub};
use crate::sources::testing::{BSN, OTHER_BSN, bsn, holder, patient, searchset};

const OWN: &str = "90000901";
const OTHER: &str = "90000902";
const UZI: &str = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers";
const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";

struct Today;

impl Clock for Today {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-03-10 12:00 UTC)
    }
}

fn config(kinds: &[EvidenceKind], change: impl Fn(&mut KindConfig)) -> EvidenceConfig {
    let of = |kind: &EvidenceKind| {
        let gates = vec![Direction::User];
        let mut rule =
            KindConfig { kind: *kind, gates, most_days: 90, open_days: 365, ahead_days: 30, persons: Persons::Named };
        change(&mut rule);
        rule
    };
    EvidenceConfig { deadline_ms: 1_000, kinds: kinds.iter().map(of).collect(), ..EvidenceConfig::default() }
}

fn caller(ura: &str, person: Option<&str>) -> Caller {
    Caller {
        client_id: "portal".to_owned(),
        organisation: Organisation { ura: Ura::parse(ura).unwrap(), name: None, kind: None },
        person: person.map(|id| Person { id: id.to_owned(), name: None, role: "01.015".to_owned() }),
        responsible: None,
        use_cases: Vec::new(),
        patient: None,
        treatment_relation: None,
        emergency: None,
        token_id: None,
    }
}

/// The people and organisations that a source refers to.
fn directory() -> Vec<Value> {
    let organisation = |id: &str, ura: Option<&str>, whole: Option<&str>| {
        let mut one = json!({"resourceType": "Organization", "id": id});
        if let Some(ura) = ura {
            one["identifier"] = json!([{"system": URA, "value": ura}]);
        }
        if let Some(whole) = whole {
            one["partOf"] = json!({"reference": format!("Organization/{whole}")});
        }
        one
    };
    let practitioner = |id: &str, number: &str| json!({"resourceType": "Practitioner", "id": id, "identifier": [{"system": UZI, "value": number}]});
    let role = |id: &str, of: &str| json!({"resourceType": "PractitionerRole", "id": id, "practitioner": {"reference": format!("Practitioner/{of}")}});
    vec![
        practitioner("doctor", "000000001"),
        practitioner("colleague", "000000002"),
        role("doctor-role", "doctor"),
        role("colleague-role", "colleague"),
        organisation("own", Some(OWN), None),
        organisation("ward", None, Some("own")),
        organisation("other", Some(OTHER), None),
        organisation("elsewhere", None, Some("other")),
    ]
}

fn reference(to: &str) -> Value {
    json!({ "reference": to })
}

fn appointment(status: &str, start: &str, with: &str) -> Value {
    json!({"resourceType": "Appointment", "id": "a1", "status": status, "start": start,
        "participant": [{"actor": reference("Patient/p1"), "status": "accepted"},
                        {"actor": reference(with), "status": "accepted"}]})
}

fn encounter(status: &str, period: &Value, with: &str, at: Option<&str>) -> Value {
    let mut one = json!({"resourceType": "Encounter", "id": "e1", "status": status, "subject": reference("Patient/p1"),
        "period": period, "participant": [{"individual": reference(with)}]});
    if let Some(at) = at {
        one["serviceProvider"] = reference(at);
    }
    one
}

/// A server that has these resources, and looks at type, `_id` and `identifier` only.
async fn serving(resources: Vec<Value>) -> Stub {
    Stub::start(move |asked| {
        let kind = asked.path().trim_start_matches("/fhir/").trim_end_matches("/_search").to_owned();
        if kind == "metadata" {
            return Reply::status(404);
        }
        let mut found: Vec<Value> = resources.iter().filter(|one| one["resourceType"] == kind).cloned().collect();
        if let Some(ids) = asked.parameter("_id") {
            found.retain(|one| ids.split(',').any(|id| one["id"] == id));
        }
        if let Some(tokens) = asked.parameter("identifier") {
            let has = |one: &Value| {
                let own = one["identifier"].as_array().into_iter().flatten();
                own.clone().any(|own| {
                    let token = format!("{}|{}", own["system"].as_str().unwrap(), own["value"].as_str().unwrap());
                    tokens.split(',').any(|asked| asked == token)
                })
            };
            found.retain(has);
        }
        Reply::fhir(&searchset(&found, None))
    })
    .await
}

fn source(stub: &Stub) -> Arc<dyn OwnRecords> {
    let http = HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap();
    let config = FhirSourceConfig::new(stub.base(), FhirVersion::R4);
    Arc::new(FhirSource::new(config, holder(), "Ziekenhuis Maasdal", http).unwrap())
}

async fn told(config: EvidenceConfig, sources: Vec<Arc<dyn OwnRecords>>, caller: &Caller, at: Direction) -> Relation {
    let own = OwnSources::new(Ura::parse(OWN).unwrap(), config, sources, Arc::new(Today));
    own.relation(RelationQuestion { caller, patient: &bsn(), direction: at }).await
}

/// What one record comes to for the doctor of this organisation.
async fn of_record(record: Value, change: impl Fn(&mut KindConfig)) -> Relation {
    let kind =
        [EvidenceKind::Appointment, EvidenceKind::Encounter, EvidenceKind::EpisodeOfCare, EvidenceKind::CareTeam];
    let kind = kind.into_iter().find(|kind| record["resourceType"] == kind.resource_type()).unwrap();
    let mut resources = directory();
    resources.extend([patient("p1", &[BSN]), record]);
    let stub = serving(resources).await;
    told(config(&[kind], change), vec![source(&stub)], &caller(OWN, Some("000000001")), Direction::User).await
}

fn because(relation: &Relation) -> Option<Vec<Shortfall>> {
    match &relation.evidence[0].result {
        EvidenceResult::DoesNotCount { because } => Some(because.clone()),
        EvidenceResult::Counts { .. } | EvidenceResult::Nothing | EvidenceResult::NotFoundOut { .. } => None,
    }
}

#[tokio::test]
async fn a_record_counts_when_it_is_in_force_recent_and_names_who_asks() {
    use Shortfall::*;
    let period = |start: &str, end: &str| json!({"start": start, "end": end});
    let since = |start: &str| json!({ "start": start });
    let recent = || period("2026-03-01", "2026-03-05");
    let episode = |status: &str, period: Value, at: &str| {
        json!({"resourceType": "EpisodeOfCare", "id": "c1", "status": status, "patient": reference("Patient/p1"),
            "managingOrganization": reference(at), "careManager": reference("Practitioner/doctor"), "period": period})
    };
    let team = |status: &str, period: Value, members: Value| {
        json!({"resourceType": "CareTeam", "id": "t1", "status": status, "subject": reference("Patient/p1"),
            "period": period, "participant": members})
    };
    let members = |all: &[&str]| json!(all.iter().map(|one| json!({"member": reference(one)})).collect::<Vec<_>>());
    let doctor = "Practitioner/doctor";
    let ends_somewhen = |mut record: Value| {
        record["end"] = json!("somewhen");
        record
    };
    let table: Vec<(Value, Result<u32, Shortfall>)> = vec![
        (appointment("booked", "2026-03-20T10:00:00+01:00", doctor), Ok(0)),
        (appointment("booked", "2026-03-10T08:00:00Z", "PractitionerRole/doctor-role"), Ok(0)),
        (appointment("fulfilled", "2026-03-01T10:00:00Z", doctor), Ok(9)),
        (appointment("fulfilled", "2025-12-10T10:00:00Z", doctor), Ok(90)),
        (appointment("fulfilled", "2025-12-09T10:00:00Z", doctor), Err(TooOld)),
        (appointment("booked", "2026-04-10T10:00:00Z", doctor), Err(TooFarAhead)),
        (appointment("cancelled", "2026-03-11T10:00:00Z", doctor), Err(Cancelled)),
        (appointment("noshow", "2026-03-09T10:00:00Z", doctor), Err(NoShow)),
        (appointment("entered-in-error", "2026-03-09T10:00:00Z", doctor), Err(EnteredInError)),
        (appointment("proposed", "2026-03-11T10:00:00Z", doctor), Err(NotInForce)),
        (appointment("waitlist", "2026-03-11T10:00:00Z", doctor), Err(NotInForce)),
        (ends_somewhen(appointment("booked", "2026-03-11T10:00:00Z", doctor)), Err(Undated)),
        (appointment("booked", "2026-03-11T10:00:00Z", "Practitioner/colleague"), Err(OtherProfessional)),
        (appointment("booked", "2026-03-11T10:00:00Z", "PractitionerRole/colleague-role"), Err(OtherProfessional)),
        (
            appointment("booked", "2026-03-11T10:00:00Z", "https://elsewhere.example/Practitioner/doctor"),
            Err(OtherProfessional),
        ),
        (encounter("finished", &recent(), doctor, None), Ok(5)),
        (encounter("finished", &recent(), doctor, Some("Organization/own")), Ok(5)),
        (encounter("finished", &recent(), doctor, Some("Organization/ward")), Ok(5)),
        (encounter("finished", &recent(), doctor, Some("Organization/other")), Err(OtherOrganisation)),
        (encounter("finished", &recent(), doctor, Some("Organization/elsewhere")), Err(OtherOrganisation)),
        (encounter("finished", &recent(), doctor, Some("Organization/unknown")), Err(OtherOrganisation)),
        (encounter("in-progress", &since("2026-01-01"), doctor, None), Ok(0)),
        (encounter("in-progress", &since("2024-01-01"), doctor, None), Err(TooOld)),
        (encounter("finished", &since("2026-03-08"), doctor, None), Ok(2)),
        (encounter("finished", &json!({"start": "2026-02", "end": "2026-02"}), doctor, None), Ok(10)),
        (encounter("cancelled", &recent(), doctor, None), Err(Cancelled)),
        (encounter("unknown", &recent(), doctor, None), Err(NotInForce)),
        (episode("active", since("2025-06-01"), "Organization/own"), Ok(0)),
        (episode("finished", period("2025-06-01", "2025-10-01"), "Organization/own"), Err(TooOld)),
        (episode("planned", since("2026-06-01"), "Organization/own"), Err(NotInForce)),
        (episode("active", since("2025-06-01"), "Organization/other"), Err(OtherOrganisation)),
        (team("active", since("2025-06-01"), members(&[doctor])), Ok(0)),
        (team("active", since("2025-06-01"), members(&[doctor, "Organization/own"])), Ok(0)),
        (team("active", since("2025-06-01"), members(&[doctor, "Organization/other"])), Err(OtherOrganisation)),
        (team("active", since("2025-06-01"), members(&["Practitioner/colleague"])), Err(OtherProfessional)),
        (team("inactive", since("2025-06-01"), members(&[doctor])), Err(NotInForce)),
    ];
    for (record, expected) in table {
        let case = record.to_string();
        let told = of_record(record, |_| ()).await;
        match expected {
            Ok(age) => {
                let relation = told.finding.found().unwrap_or_else(|| panic!("{case}: {told:?}"));
                assert_eq!(relation.age_days, Some(age), "{case}");
                assert_eq!(told.evidence[0].result, EvidenceResult::Counts { age_days: Some(age) });
                assert!(relation.reference.ends_with("1") && !relation.reference.contains(BSN));
            }
            Err(shortfall) => {
                assert_eq!(told.finding, Finding::Absent, "{case}");
                assert_eq!(because(&told), Some(vec![shortfall]), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn what_says_no_day_is_not_found_by_day() {
    let doctor = "Practitioner/doctor";
    for record in [appointment("booked", "soon", doctor), encounter("in-progress", &json!({}), doctor, None)] {
        let told = of_record(record, |_| ()).await;
        assert_eq!((told.finding, &told.evidence[0].result), (Finding::Absent, &EvidenceResult::Nothing));
    }
}

#[tokio::test]
async fn a_rule_for_anyone_needs_no_name_and_still_the_organisation() {
    let anyone = |rule: &mut KindConfig| rule.persons = Persons::Anyone;
    let of = |at| encounter("in-progress", &json!({"start": "2026-03-01"}), "Practitioner/colleague", Some(at));
    assert!(of_record(of("Organization/own"), anyone).await.finding.found().is_some());
    assert_eq!(of_record(of("Organization/other"), anyone).await.finding, Finding::Absent);
}

#[tokio::test]
async fn at_the_holders_gate_a_record_must_name_the_organisation_that_asks() {
    let both = |rule: &mut KindConfig| rule.gates = vec![Direction::Holder, Direction::User];
    for (at, found) in [(Some("Organization/other"), true), (Some("Organization/own"), false), (None, false)] {
        let mut resources = directory();
        let record = encounter("in-progress", &json!({"start": "2026-03-01"}), "Practitioner/doctor", at);
        resources.extend([patient("p1", &[BSN]), record]);
        let stub = serving(resources).await;
        let other = caller(OTHER, Some("000000001"));
        let told = told(config(&[EvidenceKind::Encounter], both), vec![source(&stub)], &other, Direction::Holder).await;
        assert_eq!(told.finding.found().is_some(), found, "{at:?}");
    }
    // A kind that does not count at a gate is not looked for there.
    let stub = serving(directory()).await;
    let rules = config(&[EvidenceKind::Encounter], |_| ());
    let told = told(rules, vec![source(&stub)], &caller(OTHER, None), Direction::Holder).await;
    assert_eq!((told.finding, stub.asked().len()), (Finding::Absent, 0));
}

#[tokio::test]
async fn who_acts_under_a_mandate_has_the_appointments_of_whom_they_act_for() {
    let mut resources = directory();
    let record = appointment("booked", "2026-03-11T10:00:00Z", "Practitioner/doctor");
    resources.extend([patient("p1", &[BSN]), record]);
    let stub = serving(resources).await;
    for (responsible, found) in [("000000001", true), ("000000003", false)] {
        let responsible = Some(Person { id: responsible.to_owned(), name: None, role: "01.015".to_owned() });
        let assistant = Caller { responsible, ..caller(OWN, Some("000000009")) };
        let rules = config(&[EvidenceKind::Appointment], |_| ());
        let told = told(rules, vec![source(&stub)], &assistant, Direction::User).await;
        assert_eq!(told.finding.found().is_some(), found);
    }
}

#[tokio::test]
async fn another_patients_record_is_none_even_from_a_source_that_mixes_them_up() {
    let mut record = appointment("booked", "2026-03-11T10:00:00Z", "Practitioner/doctor");
    record["participant"][0]["actor"] = reference("Patient/p2");
    let told = of_record(record, |_| ()).await;
    assert_eq!((told.finding.clone(), because(&told)), (Finding::Absent, Some(vec![Shortfall::OtherPatient])));
    // And where the source takes somebody else for the patient, nothing of it is believed.
    let stub = Stub::start(|_| Reply::fhir(&searchset(&[patient("p1", &[OTHER_BSN])], None))).await;
    let rules = config(&[EvidenceKind::Appointment], |_| ());
    let finding = self::told(rules, vec![source(&stub)], &caller(OWN, Some("1")), Direction::User).await.finding;
    assert_eq!(finding, Finding::NotFoundOut(NotFoundOut::Unusable));
}

#[tokio::test]
async fn a_source_that_is_slow_wrong_torn_or_absent_makes_it_not_found_out() {
    for (reply, why) in [
        (Reply::Hang, NotFoundOut::TimedOut),
        (Reply::Trickle, NotFoundOut::TimedOut),
        (Reply::status(503), NotFoundOut::Unreachable),
        (Reply::Torn, NotFoundOut::Unusable),
        (Reply::status(403), NotFoundOut::Unusable),
        (Reply::Json(200, "{".to_owned()), NotFoundOut::Unusable),
    ] {
        let answer = reply.clone();
        let stub = Stub::start(move |_| answer.clone()).await;
        let rules = EvidenceConfig { deadline_ms: 200, ..config(&[EvidenceKind::Appointment], |_| ()) };
        let told = told(rules, vec![source(&stub)], &caller(OWN, Some("1")), Direction::User).await;
        assert_eq!(told.finding, Finding::NotFoundOut(why), "{reply:?}");
        assert_eq!(told.evidence[0].result, EvidenceResult::NotFoundOut { because: why }, "{reply:?}");
    }
    let rules = config(&[EvidenceKind::Appointment], |_| ());
    let nobody = told(rules, Vec::new(), &caller(OWN, Some("1")), Direction::User).await;
    assert_eq!(nobody.finding, Finding::NotFoundOut(NotFoundOut::NobodyToAsk));
}

#[tokio::test]
async fn what_one_source_has_counts_though_another_is_away_and_what_none_has_is_not_absent_then() {
    let mut resources = directory();
    resources.extend([patient("p1", &[BSN]), appointment("booked", "2026-03-11T10:00:00Z", "Practitioner/doctor")]);
    let (well, ill) = (serving(resources).await, Stub::start(|_| Reply::Drop).await);
    let empty = serving(Vec::new()).await;
    let of = async |stubs: [&Stub; 2], person| {
        let rules = config(&[EvidenceKind::Appointment], |_| ());
        told(rules, stubs.map(source).into(), &caller(OWN, Some(person)), Direction::User).await.finding
    };
    assert!(of([&ill, &well], "000000001").await.found().is_some());
    assert!(matches!(of([&well, &ill], "000000002").await, Finding::NotFoundOut(_)));
    assert!(matches!(of([&empty, &ill], "000000001").await, Finding::NotFoundOut(_)));
    assert_eq!(of([&empty, &well], "000000002").await, Finding::Absent);
}

#[tokio::test]
async fn a_folder_is_a_witness_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut resources = directory();
    resources
        .extend([patient("p1", &[BSN]), appointment("booked", "2026-03-11T10:00:00Z", "PractitionerRole/doctor-role")]);
    for (number, resource) in resources.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.json")), resource.to_string()).unwrap();
    }
    let source: Arc<dyn OwnRecords> = Arc::new(
        FilesSource::open(FilesSourceConfig::new(folder.path().to_owned(), FhirVersion::R4), holder(), "H").unwrap(),
    );
    for (person, found) in [("000000001", true), ("000000002", false)] {
        let rules = config(&[EvidenceKind::Appointment], |_| ());
        let told = told(rules, vec![source.clone()], &caller(OWN, Some(person)), Direction::User).await;
        assert_eq!(told.finding.found().is_some(), found, "{person}");
    }
}

/// A way that always says this.
struct Says(Finding<policy::TreatmentRelation>);

impl TreatmentRelations for Says {
    fn relation<'a>(&'a self, _: RelationQuestion<'a>) -> BoxFuture<'a, Relation> {
        let finding = self.0.clone();
        Box::pin(async { finding.into() })
    }
}

#[tokio::test]
async fn the_first_way_that_knows_ends_the_search_and_not_found_out_is_not_absent() {
    let found = |kind: &str| {
        let kind = kind.to_owned();
        Finding::Found(policy::TreatmentRelation { kind, reference: "r".into(), age_days: None })
    };
    let unknown = |why| Finding::NotFoundOut(why);
    for (ways, expected) in [
        (vec![found("a"), found("b")], found("a")),
        (vec![Finding::Absent, found("b")], found("b")),
        (vec![unknown(NotFoundOut::Unusable), found("b")], found("b")),
        (vec![unknown(NotFoundOut::Unusable), Finding::Absent], unknown(NotFoundOut::Unusable)),
        (vec![Finding::Absent, unknown(NotFoundOut::TimedOut)], unknown(NotFoundOut::TimedOut)),
        (vec![unknown(NotFoundOut::TimedOut), unknown(NotFoundOut::Unusable)], unknown(NotFoundOut::TimedOut)),
        (vec![Finding::Absent, Finding::Absent], Finding::Absent),
        (vec![], unknown(NotFoundOut::NobodyToAsk)),
    ] {
        let of = |finding: &Finding<_>| -> Arc<dyn TreatmentRelations> { Arc::new(Says(finding.clone())) };
        let relations = Relations::new(true, ways.iter().map(of).collect());
        let who = caller(OWN, Some("1"));
        let question = RelationQuestion { caller: &who, patient: &bsn(), direction: Direction::User };
        assert_eq!(relations.relation(question).await.finding, expected, "{ways:?}");
        if ways.is_empty() {
            // What the data user has to establish is not for anybody here to know.
            let question = RelationQuestion { direction: Direction::Holder, ..question };
            assert_eq!(relations.relation(question).await.finding, Finding::Absent);
        }
    }
    assert!(!Relations::new(false, Vec::new()).takes_assertions());
}
