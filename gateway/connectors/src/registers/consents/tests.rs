use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};

use fhir::Ura;
use futures_util::FutureExt;
use policy::{ConsentDecision, Ground, Organisation, Purpose};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::*;

const PATIENT: &str = "999911120";

/// A decision and the records it rests on, or none.
type Expected = Option<(ConsentDecision, &'static str)>;

struct At(AtomicI64);

impl Clock for At {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// 2026-09-21.
fn clock() -> Arc<At> {
    Arc::new(At(AtomicI64::new(1_790_000_000)))
}

fn holder() -> DataHolder {
    DataHolder(Ura::parse("90000901").unwrap())
}

fn user() -> Organisation {
    Organisation { ura: Ura::parse("90000902").unwrap(), name: None, kind: Some("X3".to_owned()) }
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

fn ask(consents: &LocalConsents, patient: &str, resource_types: &[&str]) -> Finding<Consent> {
    ask_of(consents, patient, resource_types, &holder())
}

fn ask_of(consents: &LocalConsents, patient: &str, types: &[&str], holder: &DataHolder) -> Finding<Consent> {
    let (patient, user) = (Bsn::parse(patient).unwrap(), user());
    let question = ConsentQuestion {
        patient: &patient,
        holder,
        holder_kind: None,
        user: &user,
        professional: None,
        mandated: None,
        purpose: Purpose::Treat,
        ground: Ground::ExplicitConsent,
        resource_types: types.iter().map(|name| (*name).to_owned()).collect(),
    };
    consents.consent(question).now_or_never().unwrap()
}

/// What the records, given as their members beside `id` and `patient`, decide: the decision and the record.
fn decided(records: &[Value], types: &[&str]) -> Option<(ConsentDecision, String)> {
    let records: Vec<Value> = records
        .iter()
        .enumerate()
        .map(|(place, members)| {
            let mut record = members.clone();
            record["id"] = json!(place.to_string());
            record["patient"] = json!(PATIENT);
            record
        })
        .collect();
    let file = file(&json!(records).to_string());
    let consents = LocalConsents::open(file.path(), holder(), clock());
    assert_eq!(consents.healthy(), Ok(()));
    match ask(&consents, PATIENT, types) {
        Finding::Found(consent) => {
            assert_eq!(consent.source, "local");
            Some((consent.decision, consent.reference))
        }
        Finding::Absent => None,
        Finding::NotFoundOut(why) => panic!("{why:?}"),
    }
}

fn permit(members: Value) -> Value {
    with("permit", members)
}

fn deny(members: Value) -> Value {
    with("deny", members)
}

fn with(decision: &str, mut members: Value) -> Value {
    members["decision"] = json!(decision);
    members
}

#[test]
fn the_most_specific_record_decides_and_an_objection_wins_among_equals() {
    use ConsentDecision::{Deny, Permit};
    let (all, us) = (json!({}), json!({"organisation": "90000902"}));
    let our_kind = json!({"organisation_kind": "X3"});
    let observations = json!({"resource_types": ["Observation"]});
    let our_observations = json!({"organisation": "90000902", "resource_types": ["Observation"]});
    let to_treat = json!({"purpose": "TREAT"});
    let cases: Vec<(&str, Vec<Value>, Expected)> = vec![
        ("no record", vec![], None),
        ("a permission for all", vec![permit(all.clone())], Some((Permit, "0"))),
        ("an objection for all", vec![deny(all.clone())], Some((Deny, "0"))),
        ("equals, objection last", vec![permit(all.clone()), deny(all.clone())], Some((Deny, "1"))),
        ("equals, objection first", vec![deny(all.clone()), permit(all.clone())], Some((Deny, "0"))),
        ("a kind above all, permitting", vec![deny(all.clone()), permit(our_kind.clone())], Some((Permit, "1"))),
        ("a kind above all, denying", vec![permit(all.clone()), deny(our_kind.clone())], Some((Deny, "1"))),
        ("an organisation above its kind", vec![deny(our_kind.clone()), permit(us.clone())], Some((Permit, "1"))),
        ("an organisation above its kind, denying", vec![permit(our_kind), deny(us.clone())], Some((Deny, "1"))),
        ("types above no types", vec![deny(all.clone()), permit(observations.clone())], Some((Permit, "1"))),
        ("types above no types, denying", vec![permit(all.clone()), deny(observations.clone())], Some((Deny, "1"))),
        ("an organisation above types", vec![deny(observations.clone()), permit(us.clone())], Some((Permit, "1"))),
        ("both above one", vec![permit(us.clone()), deny(our_observations)], Some((Deny, "1"))),
        ("a purpose above none", vec![deny(all.clone()), permit(to_treat.clone())], Some((Permit, "1"))),
        ("a purpose above types", vec![permit(observations.clone()), deny(to_treat)], Some((Deny, "1"))),
        ("another organisation's", vec![permit(json!({"organisation": "90000903"}))], None),
        ("another kind's", vec![permit(json!({"organisation_kind": "V6"}))], None),
        ("for another purpose", vec![permit(json!({"purpose": "COC"}))], None),
        ("of another type", vec![permit(json!({"resource_types": ["Condition"]}))], None),
        ("ended", vec![permit(json!({"valid_until": "2026-09-20"}))], None),
        ("not begun", vec![permit(json!({"valid_from": "2026-09-22"}))], None),
        (
            "begun and not ended",
            vec![permit(json!({"valid_from": "2026-09-21", "valid_until": "2026-09-21"}))],
            Some((Permit, "0")),
        ),
        (
            "an objection that ended leaves the permission",
            vec![permit(all.clone()), deny(json!({"valid_until": "2026-09-20"}))],
            Some((Permit, "0")),
        ),
        (
            "a specific permission that ended leaves the objection",
            vec![deny(all), permit(json!({"organisation": "90000902", "valid_until": "2026-09-20"}))],
            Some((Deny, "0")),
        ),
    ];
    for (case, records, expected) in cases {
        let expected = expected.map(|(decision, id)| (decision, id.to_owned()));
        assert_eq!(decided(&records, &["Observation"]), expected, "{case}");
    }
}

#[test]
fn everything_that_would_be_released_must_be_permitted() {
    use ConsentDecision::{Deny, Permit};
    let observations = json!({"resource_types": ["Observation"]});
    let conditions = json!({"resource_types": ["Condition"]});
    let both: &[&str] = &["Condition", "Observation"];
    let cases: Vec<(&str, Vec<Value>, &[&str], Expected)> = vec![
        ("one of two", vec![permit(observations.clone())], both, None),
        (
            "each by its own",
            vec![permit(observations.clone()), permit(conditions.clone())],
            both,
            Some((Permit, "1,0")),
        ),
        ("both by one", vec![permit(json!({"resource_types": both}))], both, Some((Permit, "0"))),
        ("an objection to one", vec![permit(json!({})), deny(conditions.clone())], both, Some((Deny, "1"))),
        ("an objection to one, nothing on the other", vec![deny(observations.clone())], both, Some((Deny, "0"))),
        (
            "an objection to a third",
            vec![permit(json!({})), deny(json!({"resource_types": ["Flag"]}))],
            both,
            Some((Permit, "0")),
        ),
        ("anything, permitted in general", vec![permit(json!({}))], &[], Some((Permit, "0"))),
        ("anything, permitted for some", vec![permit(observations)], &[], None),
        ("anything, with an objection to some", vec![permit(json!({})), deny(conditions)], &[], Some((Deny, "1"))),
    ];
    for (case, records, types, expected) in cases {
        let expected = expected.map(|(decision, id)| (decision, id.to_owned()));
        assert_eq!(decided(&records, types), expected, "{case}");
    }
}

#[test]
fn another_patient_has_no_record_and_another_holder_is_not_asked_here() {
    let record = json!([{"id": "1", "patient": PATIENT, "decision": "permit"}]);
    let file = file(&record.to_string());
    let consents = LocalConsents::open(file.path(), holder(), clock());
    assert_eq!(ask(&consents, "900203638", &["Observation"]), Finding::Absent);
    let other = DataHolder(Ura::parse("90000903").unwrap());
    let found = ask_of(&consents, PATIENT, &["Observation"], &other);
    assert_eq!(found, Finding::NotFoundOut(NotFoundOut::NobodyToAsk));
}

#[test]
fn a_broken_register_answers_nothing_and_its_sentence_tells_no_bsn() {
    let record = |members: &str| format!(r#"[{{"id":"1","patient":"{PATIENT}","decision":"permit"{members}}}]"#);
    for (case, text) in [
        ("empty", String::new()),
        ("an object", "{}".to_owned()),
        ("text behind", format!("{}x", record(""))),
        ("an unknown member", record(r#","organization":"90000902""#)),
        ("a member twice", record(r#","decision":"deny""#)),
        ("an unknown decision", r#"[{"id":"1","patient":"999911120","decision":"maybe"}]"#.to_owned()),
        ("a BSN as a number", r#"[{"id":"1","patient":999911120,"decision":"permit"}]"#.to_owned()),
        ("a BSN that fails the test", r#"[{"id":"1","patient":"999911121","decision":"deny"}]"#.to_owned()),
        ("no id", format!(r#"[{{"patient":"{PATIENT}","decision":"deny"}}]"#)),
        ("the BSN as id", format!(r#"[{{"id":"{PATIENT}","patient":"{PATIENT}","decision":"deny"}}]"#)),
        ("an organisation that is none", record(r#","organisation":"1""#)),
        ("organisation and kind", record(r#","organisation":"90000902","organisation_kind":"X3""#)),
        ("no types", record(r#","resource_types":[]"#)),
        ("a date that is none", record(r#","valid_until":"2026-02-30""#)),
        ("an unknown purpose", record(r#","purpose":"MARKETING""#)),
        (
            "an id twice",
            format!(
                r#"[{{"id":"1","patient":"{PATIENT}","decision":"deny"}},{{"id":"1","patient":"900203638","decision":"deny"}}]"#
            ),
        ),
    ] {
        let file = file(&text);
        let consents = LocalConsents::open(file.path(), holder(), clock());
        let found = ask(&consents, PATIENT, &["Observation"]);
        assert_eq!(found, Finding::NotFoundOut(NotFoundOut::Unusable), "{case}");
        let sentence = consents.healthy().unwrap_err();
        assert!(!sentence.contains("99991112"), "{case}: {sentence}");
    }
    let nowhere = LocalConsents::open(Path::new("/nonexistent/consents.json"), holder(), clock());
    assert_eq!(ask(&nowhere, PATIENT, &[]), Finding::NotFoundOut(NotFoundOut::Unusable));
    assert!(nowhere.healthy().unwrap_err().contains("/nonexistent/consents.json"));
}

#[test]
fn a_changed_file_is_read_again_and_a_broken_one_keeps_what_was() {
    let record = |decision: &str| json!([{"id": "1", "patient": PATIENT, "decision": decision}]).to_string();
    let file = file(&record("permit"));
    let consents = LocalConsents::open(file.path(), holder(), clock());
    let decision = || match ask(&consents, PATIENT, &["Observation"]) {
        Finding::Found(consent) => consent.decision,
        other => panic!("{other:?}"),
    };
    assert_eq!(decision(), ConsentDecision::Permit);

    std::fs::write(file.path(), record("deny")).unwrap();
    consents.refresh();
    assert_eq!((decision(), consents.healthy()), (ConsentDecision::Deny, Ok(())));

    std::fs::write(file.path(), "[").unwrap();
    consents.refresh();
    assert_eq!(decision(), ConsentDecision::Deny, "what was good stays");
    assert!(consents.healthy().is_err());

    std::fs::remove_file(file.path()).unwrap();
    consents.refresh();
    assert_eq!(decision(), ConsentDecision::Deny);
    assert!(consents.healthy().unwrap_err().contains("cannot be read"));

    std::fs::write(file.path(), record("permit")).unwrap();
    consents.refresh();
    assert_eq!((decision(), consents.healthy()), (ConsentDecision::Permit, Ok(())));
}

#[tokio::test]
async fn a_watched_register_follows_its_file() {
    let file = file("[]");
    let consents = Arc::new(LocalConsents::open(file.path(), holder(), clock()));
    assert_eq!(ask(&consents, PATIENT, &[]), Finding::Absent);
    let watch = super::super::Watch::start(vec![consents.clone()], std::time::Duration::from_millis(5));
    std::fs::write(file.path(), json!([{"id": "1", "patient": PATIENT, "decision": "deny"}]).to_string()).unwrap();
    while ask(&consents, PATIENT, &[]) == Finding::Absent {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(watch);
    assert!(matches!(ask(&consents, PATIENT, &[]), Finding::Found(_)));
}
