//! FHIR Consents as rules: each permission beside what takes it away, and that no order and no further objection widens.

use std::sync::atomic::{AtomicI64, Ordering};

use exchange::ports::BoxFuture;
use fhir::Ura;
use fhir::json::Limits;
use futures_util::FutureExt;
use policy::{ConsentDecision, Ground, Obligation, Organisation, Purpose};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::*;

const PATIENT: &str = "999911120";
const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
pub(super) const TYPES: &str = "http://hl7.org/fhir/resource-types";
pub(super) const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";

struct At(AtomicI64);

impl Clock for At {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// What a source says when it is asked.
struct Told(Result<Vec<Value>, NotFoundOut>);

impl ConsentRecords for Told {
    fn about<'a>(&'a self, _: &'a Bsn) -> BoxFuture<'a, Result<Vec<Resource>, NotFoundOut>> {
        let told = self.0.clone().map(|all| all.iter().map(resource).collect());
        Box::pin(std::future::ready(told))
    }
}

fn resource(value: &Value) -> Resource {
    Resource::parse(value.to_string().into(), &Limits::default()).unwrap()
}

fn holder() -> DataHolder {
    DataHolder(Ura::parse("90000901").unwrap())
}

/// 2026-09-21.
fn consents(told: Result<Vec<Value>, NotFoundOut>) -> LocalConsents {
    let clock = Arc::new(At(AtomicI64::new(1_790_000_000)));
    LocalConsents::of(holder(), clock).with_systems(vec![Arc::new(Told(told))])
}

fn ask(consents: &LocalConsents, types: &[&str]) -> Finding<Consent> {
    let patient = Bsn::parse(PATIENT).unwrap();
    let user = Organisation { ura: Ura::parse("90000902").unwrap(), name: None, kind: Some("X3".to_owned()) };
    let holder = holder();
    let question = ConsentQuestion {
        patient: &patient,
        holder: &holder,
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

fn coded(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}

/// A privacy consent in force with this provision.
pub(super) fn consent(provision: Value) -> Value {
    json!({"resourceType": "Consent", "id": "c1", "status": "active", "scope": coded(SCOPE, "patient-privacy"),
        "category": [coded("http://loinc.org", "59284-0")], "policyRule": {"text": "Wabvpz"},
        "patient": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": PATIENT}},
        "provision": provision})
}

pub(super) fn actor(ura: &str) -> Value {
    json!({"role": coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
        "reference": {"identifier": {"system": URA, "value": ura}}})
}

/// The same consent with these members set, deep by a JSON merge.
pub(super) fn with(mut consent: Value, patch: Value) -> Value {
    fn merge(into: &mut Value, patch: Value) {
        match (into, patch) {
            (Value::Object(into), Value::Object(patch)) => {
                for (name, value) in patch {
                    if value.is_null() {
                        into.remove(&name);
                    } else {
                        merge(into.entry(name).or_insert(Value::Null), value);
                    }
                }
            }
            (into, patch) => *into = patch,
        }
    }
    merge(&mut consent, patch);
    consent
}

/// `permit`, `deny` or `nothing`, and what must be withheld.
pub(super) type Decided = (&'static str, Vec<Obligation>);

pub(super) fn decided(all: Vec<Value>, types: &[&str]) -> Decided {
    match ask(&consents(Ok(all)), types) {
        Finding::Found(Consent { decision: ConsentDecision::Permit, withhold, .. }) => ("permit", withhold),
        Finding::Found(Consent { decision: ConsentDecision::Deny, .. }) => ("deny", Vec::new()),
        Finding::Absent => ("nothing", Vec::new()),
        Finding::NotFoundOut(why) => panic!("{why:?}"),
    }
}

fn permits() -> Value {
    json!({"type": "permit", "actor": [actor("90000902")]})
}

#[test]
fn a_permission_holds_as_it_is_written_and_nothing_that_is_not_understood_permits() {
    let good = || consent(permits());
    let provision = |patch: Value| with(good(), json!({"provision": patch}));
    let table: Vec<(&str, Value, &str)> = vec![
        ("as it is", good(), "permit"),
        ("for everyone", consent(json!({"type": "permit"})), "permit"),
        ("draft", with(good(), json!({"status": "draft"})), "nothing"),
        ("proposed", with(good(), json!({"status": "proposed"})), "nothing"),
        ("rejected", with(good(), json!({"status": "rejected"})), "nothing"),
        ("inactive", with(good(), json!({"status": "inactive"})), "nothing"),
        ("entered in error", with(good(), json!({"status": "entered-in-error"})), "nothing"),
        ("an unknown status", with(good(), json!({"status": "on"})), "nothing"),
        ("no status", with(good(), json!({"status": null})), "nothing"),
        ("about treatment", with(good(), json!({"scope": coded(SCOPE, "treatment")})), "nothing"),
        ("about the end of life", with(good(), json!({"scope": coded(SCOPE, "adr")})), "nothing"),
        ("about research", with(good(), json!({"scope": coded(SCOPE, "research")})), "nothing"),
        ("about something unknown", with(good(), json!({"scope": coded("https://example.org", "x")})), "nothing"),
        (
            "a treatment directive by its category",
            with(good(), json!({"category": [coded("http://snomed.info/sct", "129125009")]})),
            "nothing",
        ),
        (
            "with a modifier",
            with(good(), json!({"modifierExtension": [{"url": "https://e.org", "valueBoolean": true}]})),
            "nothing",
        ),
        ("by other rules", with(good(), json!({"implicitRules": "https://example.org/rules"})), "nothing"),
        ("with an unknown element", with(good(), json!({"colour": "red"})), "nothing"),
        (
            "a provision with a modifier",
            provision(json!({"modifierExtension": [{"url": "https://e.org", "valueBoolean": true}]})),
            "nothing",
        ),
        (
            "kept by us",
            with(good(), json!({"organization": [{"identifier": {"system": URA, "value": "90000901"}}]})),
            "permit",
        ),
        (
            "kept by another",
            with(good(), json!({"organization": [{"identifier": {"system": URA, "value": "90000903"}}]})),
            "nothing",
        ),
        ("kept by who knows", with(good(), json!({"organization": [{"reference": "Organization/1"}]})), "nothing"),
        ("for another", provision(json!({"actor": [actor("90000903")]})), "nothing"),
        ("for two", provision(json!({"actor": [actor("90000903"), actor("90000902")]})), "permit"),
        (
            "for who knows",
            provision(
                json!({"actor": [{"role": actor("90000902")["role"], "reference": {"reference": "Organization/1"}}]}),
            ),
            "nothing",
        ),
        (
            "for one in an unknown role",
            provision(json!({"actor": [with(actor("90000902"), json!({"role": coded("https://e.org", "x")}))]})),
            "nothing",
        ),
        ("now", provision(json!({"period": {"start": "2026-09", "end": "2026"}})), "permit"),
        ("ended", provision(json!({"period": {"end": "2026-09-20"}})), "nothing"),
        ("not begun", provision(json!({"period": {"start": "2026-10"}})), "nothing"),
        ("in a period that is none", provision(json!({"period": {"end": "soon"}})), "nothing"),
        ("to treat", provision(json!({"purpose": [{"system": REASON, "code": "TREAT"}]})), "permit"),
        ("for another purpose", provision(json!({"purpose": [{"system": REASON, "code": "HMARKT"}]})), "nothing"),
        ("to see", provision(json!({"action": [coded(ACTION, "access")]})), "permit"),
        ("to correct", provision(json!({"action": [coded(ACTION, "correct")]})), "nothing"),
        ("to do something unknown", provision(json!({"action": [coded("https://e.org", "x")]})), "nothing"),
        ("these types", provision(json!({"class": [{"system": TYPES, "code": "Observation"}]})), "permit"),
        ("another type", provision(json!({"class": [{"system": TYPES, "code": "Flag"}]})), "nothing"),
        ("an unknown class", provision(json!({"class": [{"system": "https://e.org", "code": "x"}]})), "nothing"),
        ("by code", provision(json!({"code": [coded("http://loinc.org", "8302-2")]})), "nothing"),
        ("by label", provision(json!({"securityLabel": [{"system": "https://e.org", "code": "N"}]})), "nothing"),
        ("of some age", provision(json!({"dataPeriod": {"start": "2026"}})), "nothing"),
        (
            "by the policy",
            with(
                consent(json!({"actor": [actor("90000902")]})),
                json!({"policyRule": coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN")}),
            ),
            "permit",
        ),
        ("by no rule at all", consent(json!({"actor": [actor("90000902")]})), "nothing"),
        (
            "as an exception to an opt-out",
            with(good(), json!({"policyRule": coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTOUT")})),
            "permit",
        ),
        (
            "an opt-out",
            with(
                consent(json!({})),
                json!({"policyRule": coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTOUT")}),
            ),
            "deny",
        ),
        ("an unknown type", provision(json!({"type": "perhaps"})), "deny"),
    ];
    for (case, consent, expected) in table {
        assert_eq!(decided(vec![consent], &["Observation"]).0, expected, "{case}");
    }
}

#[test]
fn an_objection_stands_although_something_of_it_is_not_understood() {
    let denies = || consent(json!({"type": "deny", "actor": [actor("90000902")]}));
    let provision = |patch: Value| with(denies(), json!({"provision": patch}));
    let table: Vec<(&str, Value, &str)> = vec![
        ("as it is", denies(), "deny"),
        ("an unknown status", with(denies(), json!({"status": "on"})), "deny"),
        ("withdrawn", with(denies(), json!({"status": "inactive"})), "permit"),
        ("an unknown scope", with(denies(), json!({"scope": coded("https://example.org", "x")})), "deny"),
        ("a directive not to treat", with(denies(), json!({"scope": coded(SCOPE, "treatment")})), "permit"),
        (
            "a modifier",
            with(denies(), json!({"modifierExtension": [{"url": "https://e.org", "valueBoolean": true}]})),
            "deny",
        ),
        ("another's", provision(json!({"actor": [actor("90000903")]})), "permit"),
        (
            "another's and who knows whose",
            provision(
                json!({"actor": [actor("90000903"), {"role": {}, "reference": {"reference": "Organization/1"}}]}),
            ),
            "deny",
        ),
        ("ended", provision(json!({"period": {"end": "2026-09-20"}})), "permit"),
        ("a period that is none", provision(json!({"period": {"end": "soon"}})), "deny"),
        ("another type", provision(json!({"class": [{"system": TYPES, "code": "Flag"}]})), "permit"),
        ("an unknown class", provision(json!({"class": [{"system": "https://e.org", "code": "x"}]})), "deny"),
        ("another purpose", provision(json!({"purpose": [{"system": REASON, "code": "COC"}]})), "permit"),
        ("an unknown purpose", provision(json!({"purpose": [{"system": REASON, "code": "HMARKT"}]})), "deny"),
        (
            "of what is related to a resource",
            provision(json!({"data": [{"meaning": "related", "reference": {"reference": "Observation/1"}}]})),
            "deny",
        ),
        (
            "kept by another",
            with(denies(), json!({"organization": [{"identifier": {"system": URA, "value": "90000903"}}]})),
            "permit",
        ),
    ];
    for (case, objection, expected) in table {
        let all = vec![consent(permits()), objection];
        assert_eq!(decided(all, &["Observation"]).0, expected, "{case}");
    }
}

#[test]
fn a_part_that_is_objected_to_is_withheld_and_a_part_that_is_permitted_is_all_that_leaves() {
    let named = |id: &str| json!([{"meaning": "instance", "reference": {"reference": format!("Observation/{id}")}}]);
    let withheld = |id: &str| Obligation::WithholdResource { reference: format!("Observation/{id}") };
    let only = |ids: &[&str]| Obligation::OnlyResources {
        resource_type: "Observation".to_owned(),
        references: ids.iter().map(|id| format!("Observation/{id}")).collect(),
    };
    let coded_part = || Obligation::WithholdCoded { system: "http://loinc.org".to_owned(), code: "8302-2".to_owned() };
    let exception = |inner: Value| with(consent(permits()), json!({"provision": {"provision": [inner]}}));
    let table: Vec<(&str, Value, Decided)> = vec![
        ("one", exception(json!({"type": "deny", "data": named("1")})), ("permit", vec![withheld("1")])),
        (
            "by code",
            exception(json!({"type": "deny", "code": [coded("http://loinc.org", "8302-2")]})),
            ("permit", vec![coded_part()]),
        ),
        ("a nested exception without a type", exception(json!({"data": named("1")})), ("permit", vec![withheld("1")])),
        (
            "a nested exception that is not understood",
            exception(json!({"type": "deny", "class": [{"code": "x"}]})),
            ("deny", vec![]),
        ),
        (
            "one of another type",
            exception(json!({"type": "deny", "data": [{"meaning": "instance", "reference": {"reference": "Flag/1"}}]})),
            ("permit", vec![]),
        ),
        ("only one", consent(with(permits(), json!({"data": named("1")}))), ("permit", vec![only(&["1"])])),
        (
            "one although the rest is objected to",
            with(
                consent(json!({"type": "deny"})),
                json!({"provision": {"provision": [with(permits(), json!({"data": named("1")}))]}}),
            ),
            ("permit", vec![only(&["1"])]),
        ),
        (
            "two things at once",
            consent(with(permits(), json!({"data": named("1"), "code": [coded("http://loinc.org", "8302-2")]}))),
            ("nothing", vec![]),
        ),
        (
            "an absolute reference",
            consent(with(
                permits(),
                json!({"data": [{"meaning": "instance", "reference": {"reference": "https://e.org/Observation/1"}}]}),
            )),
            ("nothing", vec![]),
        ),
    ];
    for (case, consent, (word, withhold)) in table {
        assert_eq!(decided(vec![consent], &["Observation"]), (word, withhold), "{case}");
    }
    // A few resources are no permission for anything at all, and an objection to one without any permission is one.
    assert_eq!(decided(vec![consent(with(permits(), json!({"data": named("1")})))], &[]).0, "nothing");
    assert_eq!(decided(vec![consent(json!({"type": "deny", "data": named("1")}))], &["Observation"]).0, "deny");
}

#[test]
fn provisions_that_are_nested_too_deep_are_not_believed() {
    let mut inner = permits();
    for _ in 0..12 {
        inner = json!({"type": "permit", "provision": [inner]});
    }
    assert_eq!(decided(vec![consent(inner)], &["Observation"]).0, "deny");
}

#[test]
fn a_system_that_does_not_answer_leaves_consent_not_found_out() {
    for why in [NotFoundOut::TimedOut, NotFoundOut::Unreachable, NotFoundOut::Unusable] {
        assert_eq!(ask(&consents(Err(why)), &["Observation"]), Finding::NotFoundOut(why));
    }
    // Also when another place permits: an objection may stand in the one that does not answer.
    let table = format!(r#"[{{"id":"1","patient":"{PATIENT}","decision":"permit"}}]"#);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), table).unwrap();
    let ill = consents(Err(NotFoundOut::TimedOut)).with_table(file.path());
    assert_eq!(ask(&ill, &["Observation"]), Finding::NotFoundOut(NotFoundOut::TimedOut));
    let well = consents(Ok(Vec::new())).with_table(file.path());
    assert!(matches!(ask(&well, &["Observation"]), Finding::Found(_)));
}

#[test]
fn consents_are_kept_in_a_file_each_with_its_patient() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let bundle = |consents: Vec<Value>| {
        let entries: Vec<Value> = consents.into_iter().map(|one| json!({"resource": one})).collect();
        json!({"resourceType": "Bundle", "type": "collection", "entry": entries}).to_string()
    };
    let open = |text: &str| {
        std::fs::write(file.path(), text).unwrap();
        let clock = Arc::new(At(AtomicI64::new(1_790_000_000)));
        LocalConsents::of(holder(), clock).with_shelf(file.path())
    };
    let good = open(&bundle(vec![consent(permits())]));
    assert_eq!(good.healthy(), Ok(()));
    let Finding::Found(found) = ask(&good, &["Observation"]) else { panic!("nothing was found") };
    assert_eq!((found.source.as_str(), found.reference.as_str()), ("local", "Consent/c1"));
    assert!(matches!(ask(&open(&consent(permits()).to_string()), &["Observation"]), Finding::Found(_)));
    let other = with(consent(permits()), json!({"patient": {"identifier": {"value": "900203638"}}}));
    assert_eq!(ask(&open(&bundle(vec![other])), &["Observation"]), Finding::Absent);
    for wrong in [
        "{".to_owned(),
        json!({"resourceType": "Patient"}).to_string(),
        with(consent(permits()), json!({"patient": {"identifier": null, "reference": "Patient/1"}})).to_string(),
        with(consent(permits()), json!({"patient": null})).to_string(),
    ] {
        let broken = open(&wrong);
        assert_eq!(ask(&broken, &["Observation"]), Finding::NotFoundOut(NotFoundOut::Unusable), "{wrong}");
        assert!(!broken.healthy().unwrap_err().contains(PATIENT));
    }
    // An id that is the patient's number is not written down.
    let telling = with(consent(permits()), json!({"id": PATIENT}));
    let Finding::Found(found) = ask(&open(&telling.to_string()), &["Observation"]) else { panic!("nothing was found") };
    assert_eq!(found.reference, "Consent");
}
