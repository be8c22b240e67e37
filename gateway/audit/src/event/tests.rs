use fhir::json::Limits;
use fhir::{FhirVersion, structure};

use super::reading::{lacks, text};
use super::*;
use crate::testing::{at_the_user, record, refused};

const BALP: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";

fn profile(event: &Resource) -> String {
    let profile = text(event.root(), "meta.profile").unwrap_or_default();
    profile.strip_prefix(BALP).map_or(profile.clone(), str::to_owned)
}

#[test]
fn every_interaction_and_every_end_has_its_profile_its_outcome_and_a_sound_structure() {
    let failed = r#"[{"holder":"90000901","status":"answered","disclosed":["Condition/c1"],"withheld":0},
        {"holder":"90000903","status":"timed-out","disclosed":[],"withheld":0}]"#;
    let written = r#"[{"holder":"90000901","status":"answered","disclosed":[],"withheld":0,"written":["Condition/c9/_history/1"]}]"#;
    let other = r#"[{"holder":"90000901","status":"answered","disclosed":["Condition/c1"],"withheld":0}]"#;
    let two = r#"[{"holder":"90000901","status":"answered","disclosed":["Condition/c1"],"withheld":0},
        {"holder":"90000903","status":"answered","disclosed":["Condition/c1"],"withheld":0}]"#;
    let nobody = [("patient", "null")];
    let not_modified = [("outcome", r#"{"result":"not-modified"}"#), ("sources", "[]")];
    let interrupted = [("outcome", r#"{"result":"interrupted"}"#), ("sources", "[]")];
    let unknown = [("caller", "null"), ("asked", "null"), ("patient", "null"), ("decision", "null")];
    let of = |sources: &'static str| [("sources", sources)];
    let refusal = |status, reason| refused("search-type", status, reason);
    let table = vec![
        (record("read", &[]), "PatientRead", "0"),
        (record("vread", &[]), "PatientRead", "0"),
        (record("read", &nobody), "Read", "0"),
        (at_the_user(record("read", &of(other))), "PatientRead", "0"),
        (record("search-type", &[]), "PatientQuery", "0"),
        (record("search-type", &nobody), "Query", "0"),
        (at_the_user(record("search-type", &of(two))), "PatientQuery", "0"),
        (record("page", &[]), "PatientQuery", "0"),
        (record("create", &of(written)), "PatientCreate", "0"),
        (record("create", &[("patient", "null"), ("sources", written)]), "Create", "0"),
        (record("update", &of(written)), "PatientUpdate", "0"),
        (record("patch", &of(written)), "PatientUpdate", "0"),
        (record("update", &[("patient", "null"), ("sources", written)]), "Update", "0"),
        (record("delete", &of("[]")), "PatientDelete", "0"),
        (record("delete", &[("patient", "null"), ("sources", "[]")]), "Delete", "0"),
        (at_the_user(record("delete", &of("[]"))), "PatientDelete", "0"),
        (record("$document", &[]), "PrivacyDisclosure.Source", "0"),
        (record("$lastn", &[]), "PrivacyDisclosure.Source", "0"),
        (record("$everything", &[]), "PrivacyDisclosure.Source", "0"),
        (record("$health-overview", &[]), "PrivacyDisclosure.Source", "0"),
        (at_the_user(record("$lastn", &of(other))), "PrivacyDisclosure.Recipient", "0"),
        // From two providers, or from nobody: no profile is about that.
        (at_the_user(record("$health-overview", &of(two))), "", "0"),
        (record("$lastn", &of("[]")), "", "0"),
        (record("$everything", &nobody), "", "0"),
        // An entry of a batch is an exchange of its own, with the batch's request id and a number.
        (record("read", &[("request_id", r#""request-1.2""#)]), "PatientRead", "0"),
        (record("transaction", &of(written)), "", "0"),
        (record("history-instance", &[]), "", "0"),
        (record("read", &not_modified), "PatientRead", "0"),
        (record("search-type", &interrupted), "", "8"),
        (record("search-type", &of(failed)), "", "4"),
        (record("$lastn", &of(failed)), "PrivacyDisclosure.Source", "4"),
        (record("search-type", &[("remote", "null")]), "", "0"),
        (record("read", &[("layout", r#""zorgsluis-access/1""#), ("shown", "[]")]), "PatientRead", "0"),
        (refusal(403, "denied: policy"), "", "8"),
        (refused("create", 403, "denied: not-in-use-case"), "", "8"),
        (refused("$lastn", 403, "denied: policy"), "", "8"),
        (refusal(401, "no-token"), "", "8"),
        (refusal(400, "search-parameter"), "", "4"),
        (refused("read", 404, "not-found"), "", "4"),
        (refused("update", 412, "precondition-failed"), "", "4"),
        (refusal(502, "source-unreachable"), "", "8"),
        (refusal(504, "source-timed-out"), "", "8"),
        (refusal(503, "overloaded"), "", "12"),
        (refusal(503, "log-unavailable"), "", "12"),
        (refusal(500, "defect"), "", "8"),
        (record("read", &unknown), "", "0"),
    ];
    let (mut seen, mut profiles) = (0, std::collections::BTreeSet::new());
    for (index, (record, expected, outcome)) in (0_u64..).zip(table) {
        let event = event(&record, index);
        let case = format!("{index}: {:?} {:?}", record.asked, record.outcome);
        structure::check(FhirVersion::R4, &event).unwrap_or_else(|fault| panic!("{case}: {fault}"));
        assert_eq!(profile(&event), expected, "{case}");
        assert_eq!(text(event.root(), "outcome").as_deref(), Some(outcome), "{case}");
        assert_eq!(lacks(&event), Vec::<String>::new(), "{case}");
        assert_eq!(
            text(event.root(), "outcome").as_deref() == Some("0"),
            text(event.root(), "outcomeDesc").is_none() || matches!(record.outcome, OutcomeFacts::NotModified),
            "{case}"
        );
        let written = fhir::xml::write(FhirVersion::R4, &event).unwrap();
        let back = fhir::xml::read(FhirVersion::R4, &written, &Limits::default()).unwrap();
        assert_eq!(fhir::xml::write(FhirVersion::R4, &back).unwrap(), written, "{case}");
        profiles.insert(expected);
        seen += 1;
    }
    eprintln!("events: {seen}, of {} profiles", profiles.len() - 1);
}

/// The reading of the profiles above finds what it is there to find.
#[test]
fn an_event_that_falls_short_of_the_profile_it_claims_is_found_out() {
    let query = event(&record("search-type", &[]), 0);
    for (what, from, to) in [
        ("outcome", r#""outcome":"0""#, r#""outcome":"8""#),
        ("action", r#""action":"E""#, r#""action":"R""#),
        ("type", r#""code":"rest""#, r#""code":"110106""#),
        ("subtype", r#""code":"search-type""#, r#""code":"read""#),
        ("client", "110153", "110150"),
        ("server", "110152", "110153"),
        ("network", r#""network":{"address":"192.0.2.7","type":"2"}"#, r#""name":"x""#),
        ("user", r#""requestor":true"#, r#""requestor":false"#),
        ("patient", r#""type":"Patient""#, r#""type":"Group""#),
        ("query", r#""code":"24""#, r#""code":"4""#),
        ("a second object", r#""code":"Consent""#, r#""code":"2""#),
        ("transaction", r#"{"identifier":{"value":"request-1"}}"#, r#"{"display":"x"}"#),
    ] {
        let text = query.text();
        assert!(text.contains(from), "{what}");
        let changed = Resource::parse(text.replacen(from, to, 1).into(), &Limits::default()).unwrap();
        assert!(!lacks(&changed).is_empty(), "{what}");
    }
}

/// What NEN 7513 asks for (handbook 5.2) and where it stands.
#[test]
fn every_field_of_nen_7513_that_is_known_is_found_in_the_event() {
    let emergency = r#"{"reason":"Unconscious."}"#;
    let caller = r#"{"client_id":"node-of-de-linde","organisation":"90000902","organisation_name":"De Linde",
        "person":{"id":"uzi-1","name":"A. de Vries","role":"30.000"},
        "responsible":{"id":"uzi-2","name":"B. Smit","role":"01.015"},"token_id":"digest"}"#;
    let event = event(&record("search-type", &[("emergency", emergency), ("caller", caller)]), 41);
    let root = event.root();
    for (field, path, expected) in [
        ("id", "id", "90000901-41"),
        ("7.2.1 event code", "type.code", "rest"),
        ("7.2.2 action code", "action", "E"),
        ("7.2.3 date and time", "recorded", "2026-11-23T08:00:00.25Z"),
        ("7.2.3 begin", "period.start", "2026-11-23T08:00:00Z"),
        ("7.2.4 nature", "subtype.code", "search-type"),
        ("7.2.5 result", "outcome", "0"),
        ("7.2.6 checks", "entity.detail.type", "authentication"),
        ("7.2.6 checks", "entity.detail.valueString", "certificate"),
        ("7.2.6 token", "entity.detail.valueString", "digest"),
        ("7.3.1 user id", "agent.who.identifier.value", "uzi-1"),
        ("7.3.1 of which organisation", "agent.who.identifier.assigner.identifier.value", "90000902"),
        ("7.3.3 user name", "agent.name", "A. de Vries"),
        ("7.3.4 user role", "agent.role.coding.code", "30.000"),
        ("7.3.6 responsible user", "agent.who.identifier.value", "uzi-2"),
        ("7.3.6 responsible", "agent.type.coding.code", "RESP"),
        ("7.3.7 responsible user name", "agent.name", "B. Smit"),
        ("7.3.8 responsible user role", "agent.role.coding.code", "01.015"),
        ("7.3.9 access point type", "agent.network.type", "2"),
        ("7.3.10 access point", "agent.network.address", "192.0.2.7"),
        ("purpose", "purposeOfEvent.coding.code", "TREAT"),
        ("purpose of the user", "agent.purposeOfUse.coding.code", "TREAT"),
        ("emergency", "purposeOfEvent.coding.code", "BTG"),
        ("why an emergency", "outcomeDesc", "Unconscious."),
        ("organisation", "agent.type.coding.code", "PROV"),
        ("organisation", "agent.who.identifier.value", "90000902"),
        ("7.4.1 identifier type", "entity.what.identifier.system", codes::BSN),
        ("7.4.2 object class", "entity.type.code", "1"),
        ("7.4.3 patient", "entity.what.identifier.value", "999911120"),
        ("7.4.3 resource and version", "entity.what.reference", "Condition/c1/_history/2"),
        ("7.4.3 another one", "entity.what.reference", "Condition/c2"),
        ("7.4.6 authorisation", "agent.policy", "ni:///sha-256;q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"),
        ("7.4.6 policy version", "entity.detail.valueString", "1.2.0"),
        ("7.4.6 reason", "entity.detail.valueString", "care-team: Part of the care team."),
        ("7.4.7 treatment relation", "entity.detail.type", "behandelrelatieprotocol"),
        ("7.4.7 treatment relation", "entity.detail.valueString", "asserted-by-data-user: referral-7"),
        ("7.4.8 consent", "entity.what.identifier.value", "consent-3"),
        ("7.4.8 consent's answer", "entity.detail.valueString", "permit"),
        ("7.4.12 search query", "entity.description", "Condition?category=problem&_count=10"),
        ("7.4.12 search query", "entity.query", "Q29uZGl0aW9uP2NhdGVnb3J5PXByb2JsZW0mX2NvdW50PTEw"),
        ("7.5.2 source id", "source.observer.identifier.value", "90000901"),
        ("7.5.3 source type", "source.type.code", "4"),
        ("request", "entity.what.identifier.value", "request-1"),
        ("correlation", "entity.what.identifier.value", "correlation-1"),
        ("withheld", "entity.detail.type", "withheld"),
    ] {
        let found: Vec<String> =
            root.all(path).iter().filter_map(|value| value.as_text()).map(|text| text.into_owned()).collect();
        assert!(found.iter().any(|one| one == expected), "{field}: {path} is {found:?}");
    }
}

#[test]
fn the_patient_is_named_once_and_a_query_never_names_them() {
    for code in ["read", "search-type", "$everything", "transaction", "page"] {
        let event = event(&record(code, &[]), 0);
        assert_eq!(event.text().matches("999911120").count(), 1, "{code}");
    }
    let nobody = event(&record("search-type", &[("patient", "null")]), 0);
    assert!(!nobody.text().contains("999911120"));
    assert_eq!(format!("{nobody:?}"), "Resource(AuditEvent)");
}

#[test]
fn a_record_without_evidence_says_so_instead_of_leaving_it_out() {
    let event = event(
        &record(
            "read",
            &[
                ("consent", r#"{"finding":"absent"}"#),
                ("treatment_relation", r#"{"finding":"not-found-out","detail":"unreachable"}"#),
            ],
        ),
        0,
    );
    let details = event.root().all("entity.detail");
    let value = |kind: &str| {
        details
            .iter()
            .find(|detail| text(**detail, "type").as_deref() == Some(kind))
            .and_then(|detail| text(*detail, "valueString"))
    };
    assert_eq!(value("consent").as_deref(), Some("absent"));
    assert_eq!(value("behandelrelatieprotocol").as_deref(), Some("not found out: unreachable"));
}

#[test]
fn a_policy_is_named_by_its_digest_or_not_at_all() {
    assert!(agents::policy_uri(&"0f".repeat(32)).is_some());
    for digest in ["", "0f", &"0g".repeat(32), &"0f".repeat(33), "é"] {
        assert_eq!(agents::policy_uri(digest), None, "{digest}");
    }
}

/// IHE's own examples of the profiles, and ours beside them.
#[test]
fn an_event_has_the_form_of_the_published_examples_of_its_profile() {
    let shared = std::env::var_os("ZORGSLUIS_SHARED").map(std::path::PathBuf::from);
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = shared.unwrap_or(beside).join("conformance/balp");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: the examples of IHE BALP are not here (ZORGSLUIS_SHARED)");
        return;
    };
    let written = r#"[{"holder":"90000901","status":"answered","disclosed":[],"withheld":0,"written":["Condition/c9/_history/1"]}]"#;
    let mut compared = 0;
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("AuditEvent-ex-auditBasic") {
            continue;
        }
        let example = Resource::parse(std::fs::read(&path).unwrap().into(), &Limits::default()).unwrap();
        assert_eq!(lacks(&example), Vec::<String>::new(), "{name}: we read the profile otherwise than its authors");
        let short = profile(&example);
        let code = short.trim_start_matches("Patient").to_lowercase();
        let mut members = Vec::new();
        if code != "read" {
            members.push(("sources", written));
        }
        if !short.starts_with("Patient") {
            members.push(("patient", "null"));
        }
        let mut record = record(&code, &members);
        let agents = example.root().all("agent");
        let has_user = agents.len() == 3;
        if !has_user {
            record.caller.as_mut().unwrap().person = None;
        }
        let ours = event(&record, 0);
        assert_eq!(profile(&ours), short, "{name}");
        assert_eq!(lacks(&ours), Vec::<String>::new(), "{name}");
        let same = |path: &str| {
            assert_eq!(text(ours.root(), path), text(example.root(), path), "{name}: {path}");
        };
        for path in ["type.system", "type.code", "action", "subtype.system", "subtype.code", "outcome"] {
            same(path);
        }
        let slices = |event: &Resource, list: &str, path: &str| -> std::collections::BTreeSet<String> {
            event.root().all(list).iter().filter_map(|one| text(*one, path)).collect()
        };
        // A user's type is one of three; which one is ours to say.
        let kinds = |event: &Resource| -> std::collections::BTreeSet<String> {
            let user = |code: String| {
                if ["AUT", "INF", "CST", "IRCP"].contains(&code.as_str()) { "user".to_owned() } else { code }
            };
            slices(event, "agent", "type.coding.code").into_iter().map(user).collect()
        };
        assert!(kinds(&example).is_subset(&kinds(&ours)), "{name}: {:?}", kinds(&ours));
        assert_eq!(kinds(&ours).contains("user"), has_user, "{name}");
        let (theirs, own) = (slices(&example, "entity", "type.code"), slices(&ours, "entity", "type.code"));
        assert!(theirs.is_subset(&own), "{name}: {theirs:?} {own:?}");
        compared += 1;
    }
    eprintln!("published examples compared: {compared}");
    assert!(compared >= 10, "the examples are there, but few: {compared}");
}
