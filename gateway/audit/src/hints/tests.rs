use super::*;
use crate::testing::{record, refused};

fn rules() -> HintRules {
    HintRules { many_patients: 3, refused: 3, ..HintRules::default() }
}

/// At this moment of 2026, about the nth test patient.
fn access(moment: &str, patient: usize) -> AccessRecord {
    let bsn = ["999911120", "900203638", "900203651", "999910930", "900184590"][patient];
    record("read", &[("recorded", &format!("\"2026-{moment}Z\"")), ("patient", &format!("\"{bsn}\""))])
}

fn by_person(mut record: AccessRecord, id: &str) -> AccessRecord {
    record.caller.as_mut().unwrap().person.as_mut().unwrap().id = id.to_owned();
    record
}

fn found(records: Vec<AccessRecord>, rules: &HintRules) -> Vec<(Pattern, usize, Vec<u64>)> {
    let numbered: Vec<Numbered> = (10..).zip(records).collect();
    hints(&numbered, rules).into_iter().map(|hint| (hint.pattern, hint.count, hint.records)).collect()
}

#[test]
fn very_many_patients_by_one_person_in_a_period_are_a_hint() {
    let day = |patients: &[usize]| -> Vec<AccessRecord> {
        patients.iter().enumerate().map(|(at, one)| access(&format!("11-23T{:02}:00:00", 8 + at), *one)).collect()
    };
    let hint = |count, records: Vec<u64>| vec![(Pattern::ManyPatients, count, records)];
    assert_eq!(found(day(&[0, 1, 2]), &rules()), hint(3, vec![10, 11, 12]));
    assert_eq!(found(day(&[0, 1, 2, 3, 0]), &rules()), hint(4, vec![10, 11, 12, 13]));
    // The same patients again and again are few patients.
    assert_eq!(found(day(&[0, 1, 0, 1, 0, 1]), &rules()), vec![]);
    // By two persons.
    let mut shared = day(&[0, 1, 2]);
    shared[1] = by_person(shared[1].clone(), "uzi-2");
    assert_eq!(found(shared, &rules()), vec![]);
    // Over more days than the period.
    let spread = vec![access("11-23T08:00:00", 0), access("11-24T08:00:00", 1), access("11-25T08:00:00", 2)];
    assert_eq!(found(spread.clone(), &rules()), vec![]);
    let slow = HintRules { many_patients_within: Duration::days(3), ..rules() };
    assert_eq!(found(spread, &slow), hint(3, vec![10, 11, 12]));
    // By a machine that asks for nobody.
    let mut machine = day(&[0, 1, 2]);
    machine.iter_mut().for_each(|record| record.caller.as_mut().unwrap().person = None);
    assert_eq!(found(machine, &rules()), vec![]);
}

#[test]
fn access_outside_working_hours_is_a_hint_unless_the_role_works_at_any_hour() {
    let night = || vec![access("11-23T02:00:00", 0), access("11-23T09:00:00", 0), access("11-22T12:00:00", 0)];
    assert_eq!(found(night(), &rules()), vec![(Pattern::OutsideWorkingHours, 2, vec![10, 12])]);
    assert_eq!(found(vec![access("11-23T06:30:00", 0), access("07-06T05:30:00", 0)], &rules()), vec![]);
    let at_any_hour = HintRules { at_any_hour: ["01.015".to_owned()].into(), ..rules() };
    assert_eq!(found(night(), &at_any_hour), vec![]);
    let other_role = HintRules { at_any_hour: ["30.000".to_owned()].into(), ..rules() };
    assert_eq!(found(night(), &other_role).len(), 1);
    let weekend = WorkingHours { weekend: true, ..rules().working_hours };
    let weekend = HintRules { working_hours: weekend, ..rules() };
    assert_eq!(found(night(), &weekend), vec![(Pattern::OutsideWorkingHours, 1, vec![10])]);
}

#[test]
fn refused_attempts_in_series_are_a_hint() {
    let at = |minute: u8, status: u16, reason: &str| {
        let mut record = refused("read", status, reason);
        record.recorded = format!("2026-11-23T09:{minute:02}:00Z");
        record
    };
    let denied = |minute| at(minute, 403, "denied: policy");
    let hint = |records: Vec<u64>| vec![(Pattern::RefusedInSeries, records.len(), records)];
    assert_eq!(found(vec![denied(0), denied(4), denied(9)], &rules()), hint(vec![10, 11, 12]));
    assert_eq!(found(vec![denied(0), denied(4), denied(20), denied(29), denied(30)], &rules()), hint(vec![12, 13, 14]));
    // Too few, too slow, or no refusal of a person but a mistake or a failure.
    assert_eq!(found(vec![denied(0), denied(4)], &rules()), vec![]);
    assert_eq!(found(vec![denied(0), denied(11), denied(22)], &rules()), vec![]);
    let mistake = |minute| at(minute, 400, "search-parameter");
    assert_eq!(found(vec![mistake(0), mistake(1), mistake(2)], &rules()), vec![]);
    let failure = |minute| at(minute, 502, "source-unreachable");
    assert_eq!(found(vec![failure(0), failure(1), failure(2)], &rules()), vec![]);
    // By different persons.
    assert_eq!(found(vec![denied(0), by_person(denied(1), "uzi-2"), denied(2)], &rules()), vec![]);
    // By nobody known, from one address and from several.
    let unknown = |minute, remote: &str| {
        let mut record = at(minute, 401, "token-not-accepted");
        record.caller = None;
        record.remote = remote.parse().ok();
        record
    };
    let address = |last: u8| format!("192.0.2.{last}");
    let one = vec![unknown(0, &address(1)), unknown(1, &address(1)), unknown(2, &address(1))];
    assert_eq!(found(one, &rules()), hint(vec![10, 11, 12]));
    let several = vec![unknown(0, &address(1)), unknown(1, &address(2)), unknown(2, &address(3))];
    assert_eq!(found(several, &rules()), vec![]);
}

#[test]
fn data_that_left_without_an_established_treatment_relation_is_a_hint() {
    let with = |finding: &str| record("read", &[("treatment_relation", finding)]);
    for (finding, expected) in [
        (r#"{"finding":"absent"}"#, 1),
        (r#"{"finding":"not-found-out","detail":"timed-out"}"#, 1),
        ("null", 1),
        // The exchange rests on something else.
        (r#"{"finding":"not-found-out","detail":"not-asked"}"#, 0),
        (r#"{"finding":"found","detail":{"kind":"provider-list","reference":"x"}}"#, 0),
    ] {
        let found = found(vec![with(finding)], &rules());
        assert_eq!(found.len(), expected, "{finding}");
        assert!(found.iter().all(|(pattern, ..)| *pattern == Pattern::WithoutTreatmentRelation));
    }
    let absent = r#"{"finding":"absent"}"#;
    let nothing = record("read", &[("treatment_relation", absent), ("sources", "[]")]);
    let nobody = record("read", &[("treatment_relation", absent), ("patient", "null")]);
    let mut denied = refused("read", 403, "denied: policy");
    denied.treatment_relation = Some(Finding::Absent);
    assert_eq!(found(vec![nothing, nobody, denied], &rules()), vec![]);
}

#[test]
fn a_hint_says_why_in_both_languages_and_debug_names_nobody() {
    let records = vec![access("11-23T02:00:00", 0), access("11-23T02:10:00", 1), access("11-23T02:20:00", 2)];
    let numbered: Vec<Numbered> = (0..).zip(records).collect();
    let hints = hints(&numbered, &rules());
    let said = |at: usize, language| hints[at].reason(language);
    assert_eq!(said(0, Language::Dutch), "Eén persoon heeft binnen 24 uur de gegevens van 3 patiënten opgevraagd.");
    assert_eq!(said(1, Language::English), "A person asked for data outside working hours, 3 times.");
    assert_eq!((hints[0].organisation.as_deref(), hints[0].person.as_deref()), (Some("90000902"), Some("uzi-1")));
    let shown = format!("{hints:?}");
    assert!(!shown.contains("uzi-1") && !shown.contains("9000"), "{shown}");
    assert_eq!(duration(Duration::minutes(10), Language::English), "10 minutes");
    assert_eq!(duration(Duration::minutes(90), Language::Dutch), "90 minuten");
}
