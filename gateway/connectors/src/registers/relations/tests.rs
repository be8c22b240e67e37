use std::io::Write;

use exchange::ports::SystemClock;
use futures_util::FutureExt;
use policy::{Direction, Organisation, Person};
use serde_json::{Value, json};

use super::*;

/// What it is, the records, the caller's organisation and person, and the reference of the relation that is found.
type Case = (&'static str, Vec<Value>, &'static str, Option<&'static str>, Option<&'static str>);

fn list(content: &str) -> (tempfile::NamedTempFile, ProviderList) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    let list = ProviderList::open(file.path(), Ura::parse("90000901").unwrap(), Arc::new(SystemClock));
    (file, list)
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

fn told(list: &ProviderList, caller: &Caller, patient: &str) -> Relation {
    let patient = &Bsn::parse(patient).unwrap();
    let question = RelationQuestion { caller, patient, direction: Direction::User };
    list.relation(question).now_or_never().unwrap()
}

fn ask(list: &ProviderList, caller: &Caller, patient: &str) -> Finding<TreatmentRelation> {
    told(list, caller, patient).finding
}

fn record(reference: &str, mut members: Value) -> Value {
    members["patient"] = json!("999911120");
    members["kind"] = json!("provider-list");
    members["reference"] = json!(reference);
    members
}

#[test]
fn a_relation_is_that_of_the_listed_persons_or_of_the_whole_organisation() {
    let persons = |ids: &[&str]| json!({"persons": ids});
    let cases: Vec<Case> = vec![
        ("no record", vec![], "90000901", Some("1"), None),
        ("the organisation's", vec![record("a", json!({}))], "90000901", Some("1"), Some("a")),
        ("the organisation's, no person", vec![record("a", json!({}))], "90000901", None, Some("a")),
        ("a listed person", vec![record("a", persons(&["1", "2"]))], "90000901", Some("2"), Some("a")),
        ("another person", vec![record("a", persons(&["1"]))], "90000901", Some("2"), None),
        ("persons listed, none asks", vec![record("a", persons(&["1"]))], "90000901", None, None),
        (
            "the second list",
            vec![record("a", persons(&["1"])), record("b", json!({}))],
            "90000901",
            Some("2"),
            Some("b"),
        ),
        ("another organisation", vec![record("a", json!({}))], "90000902", Some("1"), None),
        ("ended", vec![record("a", json!({"valid_until": "2020-01-01"}))], "90000901", Some("1"), None),
        ("not begun", vec![record("a", json!({"valid_from": "2999-01-01"}))], "90000901", Some("1"), None),
        (
            "now",
            vec![record("a", json!({"valid_from": "2020-01-01", "valid_until": "2999-01-01"}))],
            "90000901",
            Some("1"),
            Some("a"),
        ),
    ];
    for (case, records, ura, person, expected) in cases {
        let (_file, list) = list(&json!(records).to_string());
        assert_eq!(list.healthy(), Ok(()), "{case}");
        let found = ask(&list, &caller(ura, person), "999911120");
        let expected = expected.map_or(Finding::Absent, |reference| {
            let (kind, reference) = ("provider-list".to_owned(), reference.to_owned());
            Finding::Found(TreatmentRelation { kind, reference, age_days: Some(0) })
        });
        assert_eq!(found, expected, "{case}");
        assert_eq!(ask(&list, &caller(ura, person), "900203638"), Finding::Absent, "{case}: another patient");
    }
}

#[test]
fn whoever_acts_under_a_mandate_has_the_relations_of_the_one_they_act_for_and_no_others() {
    let (_file, list) = list(&json!([record("a", json!({"persons": ["doctor"]}))]).to_string());
    let acting_for = |id: Option<&str>| {
        let responsible = id.map(|id| Person { id: id.to_owned(), name: None, role: "01.015".to_owned() });
        let caller = Caller { responsible, ..caller("90000901", Some("assistant")) };
        ask(&list, &caller, "999911120").found().is_some()
    };
    assert!(acting_for(Some("doctor")));
    assert!(!acting_for(None) && !acting_for(Some("another")));
}

#[test]
fn a_broken_register_is_not_an_empty_one() {
    for (case, text) in [
        ("no JSON", "[".to_owned()),
        (
            "another kind",
            json!([{"patient": "999911120", "kind": "asserted-by-data-user", "reference": "a"}]).to_string(),
        ),
        ("no persons", json!([record("a", json!({"persons": []}))]).to_string()),
        ("the BSN as reference", json!([record("x999911120", json!({}))]).to_string()),
        ("an empty reference", json!([record("", json!({}))]).to_string()),
        ("an unknown member", json!([record("a", json!({"person": "1"}))]).to_string()),
    ] {
        let (_file, list) = list(&text);
        let found = ask(&list, &caller("90000901", Some("1")), "999911120");
        assert_eq!(found, Finding::NotFoundOut(NotFoundOut::Unusable), "{case}");
        assert!(!list.healthy().unwrap_err().contains("999911120"), "{case}");
    }
}

#[test]
fn a_list_that_says_no_says_why() {
    for (members, because) in [
        (json!({"valid_until": "2020-01-01"}), Shortfall::TooOld),
        (json!({"valid_from": "2999-01-01"}), Shortfall::TooFarAhead),
        (json!({"persons": ["2"]}), Shortfall::OtherProfessional),
    ] {
        let (_file, list) = list(&json!([record("a", members)]).to_string());
        let told = told(&list, &caller("90000901", Some("1")), "999911120");
        let result = EvidenceResult::DoesNotCount { because: vec![because] };
        assert_eq!(told.evidence, [EvidenceFacts { kind: "provider-list".to_owned(), result }]);
    }
    let (_file, list) = list("[]");
    let nothing = told(&list, &caller("90000901", Some("1")), "999911120").evidence;
    assert_eq!(nothing[0].result, EvidenceResult::Nothing);
    // Of another provider's people the list says nothing.
    assert_eq!(told(&list, &caller("90000902", Some("1")), "999911120").evidence, []);
}
