use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::erasure::{ErasedRange, Retention, RetentionClass};
use crate::testing::{at_the_user, record, refused};

fn told_of(record: &AccessRecord, index: u64) -> (Told, Value) {
    let told = tell(&record.node, index, &serde_json::to_vec(record).unwrap());
    let json = serde_json::from_str(&told.json).unwrap();
    (told, json)
}

#[test]
fn a_release_is_told_with_who_and_what_and_counts() {
    let (told, json) = told_of(&record("search-type", &[]), 7);
    assert_eq!((told.kind, told.weight), (Kind::Exchange, Weight::Routine));
    assert_eq!(told.recorded, OffsetDateTime::from_unix_timestamp_nanos(1_795_420_800_250_000_000).ok());
    assert_eq!(
        json,
        json!({
            "layout": "zorgsluis-siem/1", "node": "90000901", "index": 7, "event": "exchange",
            "recorded": "2026-11-23T08:00:00.25Z", "started": "2026-11-23T08:00:00Z",
            "gate": "outer", "direction": "holder", "class": "released", "result": "released",
            "request_id": "request-1", "correlation_id": "correlation-1", "remote": "192.0.2.7",
            "shown": ["certificate", "token"],
            "organisation": "90000902", "organisation_kind": "Z3", "client": "node-of-de-linde",
            "person": "uzi-1", "role": "01.015",
            "fhir_version": "r4", "interaction": "search-type", "type": "Condition",
            "use_case": "bgz", "purpose": "TREAT", "policy": "1.2.0", "treatment_relation": "found",
            "counts": {"sources": 1, "sources_incomplete": 0, "disclosed": 2, "written": 0, "withheld": 1, "mistrusted": 0},
        })
    );
}

/// Every member that is told, whatever of a record.
fn members() -> Vec<String> {
    let person = r#"{"id":"uzi-1","name":"N","role":"01.015"}"#;
    let caller = format!(
        r#"{{"client_id":"epd","organisation":"90000902","organisation_kind":"Z3","person":{person},"responsible":{person}}}"#
    );
    let asked = r#"{"fhir_version":"r4","interaction":"operation","resource_type":"AuditEvent","operation":"review",
        "page":1,"entries":["create Condition"]}"#;
    let whole = record(
        "$review",
        &[
            ("caller", &caller),
            ("asked", asked),
            (
                "decision",
                r#"{"permitted":true,"denial":"own-access","use_case":"u","purpose":"HCOMPL","policy":{"version":"1","digest":"d"}}"#,
            ),
            ("outcome", r#"{"result":"refused","status":403,"reason":"denied: own-access"}"#),
            ("review", r#"{"event":"e","index":7,"verdict":"justified","note":"n"}"#),
        ],
    );
    let announced = Announcement::new(OffsetDateTime::UNIX_EPOCH, "90000901", Retention::default(), Vec::new());
    let all = [
        told_of(&whole, 1).1,
        told_of(&record("read", &[("correlation_id", "\"999911120\"")]), 1).1,
        serde_json::from_str(&tell("90000901", 2, &announced.write().unwrap()).json).unwrap(),
        serde_json::from_str(&tell_erased("90000901", &(3..4)).json).unwrap(),
    ];
    let names = |json: &Value| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut found: Vec<String> = all.iter().flat_map(names).chain(names(&all[0]["counts"])).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn what_operators_read_names_every_member_kind_and_class_and_no_other_member() {
    let text = include_str!("../../../../config/siem.md");
    let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let members = members();
    assert_eq!(members.len(), 46, "{members:?}");
    let codes = Kind::ALL.map(Kind::code).into_iter().chain(Class::ALL.map(Class::code));
    for name in members.iter().map(String::as_str).chain(codes).chain([LAYOUT]) {
        assert!(quoted.contains(&name), "config/siem.md does not say `{name}`");
    }
    let rows = text.split_once("| member |").unwrap().1.lines().filter_map(|line| line.strip_prefix("| `"));
    for row in rows {
        let first = row.split(" | ").next().unwrap();
        for name in first.split(", ").map(|name| name.trim_matches('`')) {
            assert!(members.iter().any(|member| member == name), "config/siem.md says `{name}`, which is not told");
        }
    }
    assert!(text.contains(&LONGEST.to_string()));
}

#[test]
fn each_kind_is_told_apart_and_weighed() {
    let emergency = ("emergency", r#"{"reason":"unconscious"}"#);
    let log = |operation: &str| {
        format!(r#"{{"fhir_version":"r4","interaction":"{operation}","resource_type":"AuditEvent"}}"#)
    };
    let verdict =
        |code: &str| format!(r#"{{"event":"90000901-7","index":7,"verdict":"{code}","note":"she is my neighbour"}}"#);
    let mistrusted = r#"[{"holder":"90000901","status":"answered","disclosed":[],"withheld":1,"mistrusted":1}]"#;
    for (record, kind, weight) in [
        (record("read", &[]), Kind::Exchange, Weight::Routine),
        (record("read", &[emergency]), Kind::BreakGlass, Weight::Notable),
        (record("read", &[("asked", &log("read"))]), Kind::LogAccess, Weight::Notable),
        (record("$review", &[("review", &verdict("justified"))]), Kind::Review, Weight::Notable),
        (record("$review", &[("review", &verdict("unjustified"))]), Kind::Review, Weight::Suspect),
        (record("read", &[("sources", mistrusted)]), Kind::Exchange, Weight::Suspect),
        (refused("read", 403, "denied: policy"), Kind::Exchange, Weight::Suspect),
        (refused("read", 401, "token-not-accepted"), Kind::Exchange, Weight::Suspect),
        (refused("read", 404, "not-found"), Kind::Exchange, Weight::Notable),
        (refused("read", 503, "log-unavailable"), Kind::Exchange, Weight::Notable),
        (refused("read", 500, "defect"), Kind::Exchange, Weight::Failed),
        (record("read", &[("outcome", r#"{"result":"interrupted"}"#)]), Kind::Exchange, Weight::Notable),
    ] {
        let (told, json) = told_of(&record, 0);
        assert_eq!((told.kind, told.weight), (kind, weight), "{json}");
        assert_eq!(json["event"], kind.code());
    }
    let (_, json) = told_of(&record("$review", &[("review", &verdict("unjustified"))]), 9);
    assert_eq!((&json["verdict"], &json["verdict_on"]), (&json!("unjustified"), &json!(7)));
    let (_, json) = told_of(&refused("read", 403, "denied: policy"), 9);
    assert_eq!((&json["status"], &json["reason"]), (&json!(403), &json!("denied: policy")));
}

#[test]
fn codes_are_distinct_and_short_enough_to_name_a_message() {
    let mut codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    assert!(codes.iter().all(|code| code.len() <= 32 && code.bytes().all(|byte| byte.is_ascii_graphic())));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Kind::ALL.len());
}

#[test]
fn an_announcement_an_erasure_and_what_is_neither_are_told() {
    let newest = OffsetDateTime::from_unix_timestamp(1_600_000_000).unwrap();
    let range = |from, until| ErasedRange { from, until, classes: vec![RetentionClass::Exchange], newest };
    let recorded = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
    let announcement = Announcement::new(recorded, "90000901", Retention::default(), vec![range(0, 10), range(12, 13)]);
    let told = tell("90000901", 40, &announcement.write().unwrap());
    assert_eq!((told.kind, told.weight, told.recorded), (Kind::Erasure, Weight::Notable, Some(recorded)));
    assert_eq!(
        serde_json::from_str::<Value>(&told.json).unwrap(),
        json!({"layout": "zorgsluis-siem/1", "node": "90000901", "index": 40, "event": "erasure",
            "recorded": "2026-09-21T14:13:20Z", "records": 11, "ranges": 2})
    );
    let told = tell_erased("90000901", &(3..8));
    assert_eq!((told.kind, told.weight, told.recorded), (Kind::Erased, Weight::Routine, None));
    assert_eq!(told.json, r#"{"layout":"zorgsluis-siem/1","node":"90000901","index":3,"event":"erased","records":5}"#);
    let whole = serde_json::to_vec(&record("read", &[])).unwrap();
    for bytes in [&whole[..300], b"", b"{}", b"999911120"] {
        let told = tell("90000901", 5, bytes);
        assert_eq!((told.kind, told.weight), (Kind::Unreadable, Weight::Failed));
        assert_eq!(told.json, r#"{"layout":"zorgsluis-siem/1","node":"90000901","index":5,"event":"unreadable"}"#);
    }
}

#[test]
fn who_is_or_may_be_the_patient_is_not_told() {
    let decision = |purpose: &str| format!(r#"{{"permitted":true,"use_case":"own-access-log","purpose":"{purpose}"}}"#);
    let system = r#"{"client_id":"portal-anna","organisation":"90000902"}"#;
    let own = at_the_user(record("read", &[("decision", &decision("PATRQT")), ("caller", system)]));
    let (_, json) = told_of(&own, 0);
    assert_eq!(json["purpose"], "PATRQT");
    for member in ["client", "person", "role", "remote"] {
        assert_eq!(json.get(member), None, "{member}");
    }
    let denied = r#"{"permitted":false,"denial":"policy-denied"}"#;
    let perhaps = at_the_user(record("read", &[("decision", denied), ("caller", system)]));
    let (_, json) = told_of(&perhaps, 0);
    assert_eq!((json.get("remote"), &json["client"]), (None, &json!("portal-anna")));
    let practitioner = at_the_user(record("read", &[("decision", denied)]));
    let (_, json) = told_of(&practitioner, 0);
    assert_eq!((&json["remote"], &json["person"]), (&json!("192.0.2.7"), &json!("uzi-1")));
}

#[test]
fn an_operation_that_nobody_offers_is_not_repeated() {
    let (_, json) = told_of(&record("$lastn", &[]), 0);
    assert_eq!(json["operation"], "lastn");
    let (_, json) = told_of(&record("$lastn", &[("decision", r#"{"permitted":false}"#)]), 0);
    assert_eq!((json.get("operation"), &json["interaction"]), (None, &json!("operation")));
}

#[test]
fn a_number_that_could_be_a_patients_is_left_out_and_an_employees_is_not() {
    let person = |id: &str| {
        format!(
            r#"{{"client_id":"epd","organisation":"90000902","person":{{"id":"{id}","name":"N","role":"01.015"}}}}"#
        )
    };
    // Passes the eleven-test, and is nobody's in this record.
    let (other, own) = ("999991772", "999911120");
    let (_, json) =
        told_of(&record("read", &[("correlation_id", &format!("\"c{other}x\"")), ("caller", &person(other))]), 0);
    assert_eq!((&json["correlation_id"], &json["person"]), (&Value::Null, &json!(other)));
    assert_eq!(json["left_out"], json!(["correlation_id"]));
    let (_, json) = told_of(&record("read", &[("caller", &person(&format!("id-{own}")))]), 0);
    assert_eq!((json.get("person"), &json["left_out"]), (None, &json!(["person"])));
    let (_, json) = told_of(&record("read", &[("recorded", "\"2026-11-23T08:00:00.999911120Z\"")]), 0);
    assert_eq!(json["recorded"], "2026-11-23T08:00:00.999911Z");
    let long = format!("\"{}\"", "x".repeat(65));
    let (_, json) = told_of(&record("read", &[("correlation_id", &long)]), 0);
    assert_eq!((&json["correlation_id"], &json["left_out"]), (&Value::Null, &json!(["correlation_id"])));
}

/// A BSN of these eight digits, when there is one.
fn bsn(digits: [u8; 8]) -> Option<String> {
    let sum: usize = digits.iter().zip((2..=9).rev()).map(|(digit, weight)| usize::from(*digit) * weight).sum();
    let last = sum % 11;
    let text: String =
        digits.iter().map(|digit| char::from(b'0' + digit)).chain([char::from(b'0' + last as u8)]).collect();
    (last < 10 && fhir::Bsn::parse(&text).is_ok()).then_some(text)
}

prop_compose! {
    /// What a record may say of a patient, each datum long and strange enough not to stand in a line by chance.
    fn data()(
        digits in proptest::array::uniform8(0_u8..10),
        texts in proptest::collection::vec("[a-zA-Zé€ \"\\\\]{2,12}q[0-9a-f]{24}", 12),
    ) -> (Option<String>, Vec<String>) {
        (bsn(digits), texts)
    }
}

proptest! {
    #[test]
    fn no_datum_of_a_patient_is_told(
        (number, texts) in data(),
        gate in prop_oneof![Just(("outer", "holder")), Just(("inner", "user"))],
        emergency in any::<bool>(),
        review in any::<bool>(),
        permitted in any::<bool>(),
        purpose in prop_oneof![Just("TREAT"), Just("COC"), Just("HCOMPL"), Just("PATRQT")],
        slips in proptest::collection::vec(any::<bool>(), 4),
        index in any::<u64>(),
    ) {
        let Some(number) = number else { return Ok(()) };
        let [query, resource, disclosed, written, relation, consent, reason, note, name, token, said, entry] = &texts[..] else {
            unreachable!()
        };
        // The patient's number in a text that callers choose.
        let slip = |at: usize, other: &str| if slips[at] { format!("x-{number}-y") } else { other.to_owned() };
        let record = json!({
            "layout": "zorgsluis-access/3", "request_id": "request-1", "correlation_id": slip(0, "correlation-1"),
            "started": "2026-11-23T08:00:00Z", "recorded": "2026-11-23T08:00:00.25Z", "node": "90000901",
            "gate": gate.0, "remote": "192.0.2.7", "shown": ["token"], "direction": gate.1,
            "caller": {"client_id": slip(1, "epd"), "organisation": "90000902", "organisation_name": name,
                "person": {"id": slip(2, "uzi-1"), "name": name, "role": slip(3, "01.015")}, "token_id": token},
            "asked": {"fhir_version": "r4", "interaction": "read", "resource_type": "Condition",
                "resource": format!("Condition/{resource}"), "query": format!("{query}&identifier={number}"), "entries": [entry]},
            "patient": number,
            "decision": {"permitted": permitted, "use_case": "bgz", "purpose": purpose,
                "policy": {"version": "1", "digest": token}, "reasons": [{"code": "c", "description": said}]},
            "treatment_relation": {"finding": "found", "detail": {"kind": "k", "reference": relation}},
            "consent": {"finding": "found", "detail": {"decision": "permit", "source": "local", "reference": consent}},
            "emergency": emergency.then(|| json!({"reason": reason})),
            "sources": [{"holder": "90000901", "name": name, "status": "answered", "disclosed": [disclosed],
                "withheld": 0, "written": [written]}],
            "review": review.then(|| json!({"event": note, "index": 3, "verdict": "unjustified", "note": note})),
            "outcome": {"result": "released"},
        });
        let bytes = serde_json::to_vec(&record).unwrap();
        prop_assert!(AccessRecord::read(&bytes).is_ok());
        let told = tell("90000901", index, &bytes);
        prop_assert!(told.kind != Kind::Unreadable);
        prop_assert!(told.json.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        prop_assert!(told.json.len() <= LONGEST);
        let read: Value = serde_json::from_str(&told.json).unwrap();
        let plain = read.to_string();
        for datum in texts.iter().chain([&number]) {
            prop_assert!(!plain.contains(datum.as_str()) && !told.json.contains(datum.as_str()), "{datum} in {plain}");
            // Nor the strange part alone, in whatever escape the rest was written.
            let strange = datum.rsplit('q').next().unwrap();
            prop_assert!(!told.json.contains(strange), "{datum} in {plain}");
        }
    }

    #[test]
    fn no_line_is_longer_than_the_longest(
        texts in proptest::collection::vec("[\"\\\\\u{1}é€😀x]{0,40}", 12),
        indexes in any::<(u64, u64)>(),
    ) {
        let person = json!({"id": texts[0], "name": "n", "role": texts[1]});
        let mut record = serde_json::to_value(record("read", &[])).unwrap();
        record["caller"] = json!({"client_id": texts[2], "organisation": texts[3], "organisation_kind": texts[4],
            "person": person, "responsible": person});
        record["correlation_id"] = json!(texts[5]);
        record["decision"]["use_case"] = json!(texts[6]);
        record["decision"]["policy"]["version"] = json!(texts[7]);
        record["request_id"] = json!(texts[8]);
        record["asked"] = json!({"fhir_version": texts[9], "interaction": texts[10], "resource_type": texts[11],
            "operation": texts[0], "page": indexes.0});
        record["review"] = json!({"event": "e", "index": indexes.1, "verdict": "under-investigation", "note": "n"});
        record["outcome"] = json!({"result": "refused", "status": 403, "reason": texts[1]});
        let told = tell("90000901", indexes.0, &serde_json::to_vec(&record).unwrap());
        prop_assert!(told.kind != Kind::Unreadable);
        prop_assert!(told.json.len() <= LONGEST, "{} octets", told.json.len());
    }
}
