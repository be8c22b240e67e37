//! What a policy reads: the national input shape (generic functions, authorisation, as the reference node builds
//! it for published policies), and beside it our `findings`.
//!
//! A member that is not known is left out, so that a policy meets `undefined` and never an empty text.

use std::collections::{BTreeMap, BTreeSet};

use fhir::Interaction;
use fhir::SearchQuery;
use fhir::identifiers::Reader;
use fhir::interaction::{Level, SearchTarget};
use regorus::Value;

use crate::caller::{Caller, Person};
use crate::findings::{Consent, ConsentDecision, Finding, Findings, NotFoundOut, TreatmentRelation};
use crate::request::{Direction, PatientScope, Purpose, Request};
use crate::versions::InVersion;

/// Where a consent finding comes from when the national register gave it.
const MITZ: &str = "mitz";

/// The input document for one request and what was found out about it.
pub(crate) fn input(asked: &InVersion<'_>, purpose: Purpose, findings: &Findings) -> Value {
    let request = asked.request.as_ref();
    object([
        ("subject", Some(subject(request))),
        ("resource", Some(resource(&request.interaction, asked.collected()))),
        ("action", Some(action(&request.interaction))),
        ("context", Some(context(request, purpose, findings))),
        (
            "findings",
            Some(object([
                ("treatment_relation", Some(finding(&findings.treatment_relation, treatment_relation))),
                ("consent", Some(finding(&findings.consent, consent))),
            ])),
        ),
    ])
}

fn subject(request: &Request) -> Value {
    let caller = &request.caller;
    let scopes = caller.use_cases.iter().map(|id| text(id.as_str())).collect::<Vec<_>>();
    let organisation = &caller.organisation;
    object([
        ("client", Some(object([("id", Some(text(&caller.client_id))), ("scopes", Some(Value::from(scopes)))]))),
        (
            "organization",
            Some(object([
                ("ura", Some(text(organisation.ura.as_str()))),
                ("name", organisation.name.as_deref().map(text)),
                ("facility_type", organisation.kind.as_deref().map(text)),
            ])),
        ),
        ("user", caller.professional().map(|professional| user(professional, caller))),
    ])
}

/// The professional whose number and profession count, and under a mandate (mandaat) the person who acts for them: as in the
/// question to Mitz, where the role is the responsible professional's and `mandated` names who acts.
fn user(professional: &Person, caller: &Caller) -> Value {
    let one = |person: &Person| [("id", Some(text(&person.id))), ("role", Some(text(&person.role)))];
    let [id, role] = one(professional);
    let mandated = caller.responsible.as_ref().and(caller.person.as_ref()).map(|person| object(one(person)));
    object([id, role, ("mandated", mandated)])
}

fn resource(interaction: &Interaction, collected: &[Interaction]) -> Value {
    let (resource_type, id) = match interaction {
        Interaction::Read { resource_type, id }
        | Interaction::Vread { resource_type, id, .. }
        | Interaction::Update { resource_type, id }
        | Interaction::Patch { resource_type, id }
        | Interaction::Delete { resource_type, id } => (Some(*resource_type), Some(id)),
        Interaction::Create { resource_type }
        | Interaction::ConditionalUpdate { resource_type, .. }
        | Interaction::ConditionalDelete { resource_type, .. } => (Some(*resource_type), None),
        Interaction::Search { target, .. } => match target {
            SearchTarget::System => (None, None),
            SearchTarget::Type(resource_type) => (Some(*resource_type), None),
            SearchTarget::Compartment { member, .. } => (*member, None),
        },
        Interaction::History { level, .. } | Interaction::Operation { level, .. } => match level {
            Level::System => (None, None),
            Level::Type(resource_type) => (Some(*resource_type), None),
            Level::Instance(resource_type, id) => (Some(*resource_type), Some(id)),
        },
        Interaction::Capabilities | Interaction::Bundle | Interaction::Transaction { .. } => (None, None),
    };
    object([
        ("type", resource_type.map(|found| text(found.name()))),
        ("types", types(interaction, collected)),
        ("id", id.map(|id| text(id.as_str()))),
    ])
}

/// The types that a transaction writes, or that an operation collects in this version, each once.
fn types(interaction: &Interaction, collected: &[Interaction]) -> Option<Value> {
    let entries = match interaction {
        Interaction::Transaction { entries } => entries.as_slice(),
        _ if collected.is_empty() => return None,
        _ => collected,
    };
    let names: BTreeSet<&str> = entries.iter().filter_map(Interaction::resource_type).map(|kind| kind.name()).collect();
    Some(Value::from(names.into_iter().map(text).collect::<Vec<_>>()))
}

/// What a transaction does with each type, each once: a policy can allow a create where it would not allow a delete.
fn entries(interaction: &Interaction) -> Option<Value> {
    let Interaction::Transaction { entries } = interaction else { return None };
    let pairs = entries.iter().filter_map(|entry| Some((entry.resource_type()?.name(), entry.code())));
    let pairs: BTreeSet<(&str, &str)> = pairs.collect();
    let of = |(name, code)| object([("type", Some(text(name))), ("interaction_type", Some(text(code)))]);
    Some(Value::from(pairs.into_iter().map(of).collect::<Vec<_>>()))
}

fn action(interaction: &Interaction) -> Value {
    let operation = match interaction {
        Interaction::Operation { name, .. } => Some(text(name)),
        _ => None,
    };
    let nothing = SearchQuery::default();
    let query = interaction.query().unwrap_or(&nothing);
    let values = |name| Value::from(query.named(name).map(|found| text(&found.value)).collect::<Vec<_>>());
    object([
        ("name", Some(text(interaction.code()))),
        ("connection_type_code", Some(text("hl7-fhir-rest"))),
        (
            "fhir_rest",
            Some(object([
                ("interaction_type", Some(text(interaction.code()))),
                ("operation", operation),
                ("entries", entries(interaction)),
                ("search_params", Some(search_params(query))),
                ("include", Some(values("_include"))),
                ("revinclude", Some(values("_revinclude"))),
            ])),
        ),
    ])
}

/// Per name with its modifier: a list of groups that must all hold, each a list of alternatives.
fn search_params(query: &SearchQuery) -> Value {
    let mut groups: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
    for parameter in &query.parameters {
        if matches!(parameter.name.as_str(), "_include" | "_revinclude") {
            continue;
        }
        let alternatives = parameter.alternatives().iter().map(|value| text(value)).collect::<Vec<_>>();
        groups.entry(text(&parameter.key())).or_default().push(Value::from(alternatives));
    }
    Value::from(groups.into_iter().map(|(name, all)| (name, Value::from(all))).collect::<BTreeMap<_, _>>())
}

fn context(request: &Request, purpose: Purpose, findings: &Findings) -> Value {
    let bsn = match &request.patient {
        PatientScope::One(bsn) => Some(text(bsn.reveal_to(Reader::Policy))),
        PatientScope::Nobody | PatientScope::Any | PatientScope::Told | PatientScope::Unnamed => None,
    };
    let mitz = findings
        .consent
        .found()
        .is_some_and(|consent| consent.decision == ConsentDecision::Permit && consent.source.as_str() == MITZ);
    object([
        ("direction", Some(text(direction(request.direction)))),
        ("fhir_version", Some(text(&request.version.to_string()))),
        ("data_holder_organization_id", Some(text(request.holder.0.as_str()))),
        ("data_holder_facility_type", request.holder_kind.as_deref().map(text)),
        ("patient_bsn", bsn),
        ("purpose_of_use", Some(text(purpose.code()))),
        ("mitz_consent", Some(Value::from(mitz))),
    ])
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Holder => "holder",
        Direction::User => "user",
    }
}

fn finding<T>(finding: &Finding<T>, detail: impl FnOnce(&T) -> Value) -> Value {
    let (word, detail) = match finding {
        Finding::Found(fact) => ("found", Some(detail(fact))),
        Finding::Absent => ("absent", None),
        Finding::NotFoundOut(why) => ("not-found-out", Some(text(not_found_out(*why)))),
    };
    object([("finding", Some(text(word))), ("detail", detail)])
}

const fn not_found_out(why: NotFoundOut) -> &'static str {
    match why {
        NotFoundOut::TimedOut => "timed-out",
        NotFoundOut::Unreachable => "unreachable",
        NotFoundOut::Unusable => "unusable",
        NotFoundOut::NobodyToAsk => "nobody-to-ask",
        NotFoundOut::Incomplete => "incomplete",
        NotFoundOut::NotAsked => "not-asked",
    }
}

fn treatment_relation(relation: &TreatmentRelation) -> Value {
    object([
        ("kind", Some(text(&relation.kind))),
        ("reference", Some(text(&relation.reference))),
        ("age_days", relation.age_days.map(|days| Value::from(u64::from(days)))),
    ])
}

fn consent(consent: &Consent) -> Value {
    let decision = match consent.decision {
        ConsentDecision::Permit => "permit",
        ConsentDecision::Deny => "deny",
    };
    object([
        ("decision", Some(text(decision))),
        ("source", Some(text(&consent.source))),
        ("reference", Some(text(&consent.reference))),
    ])
}

fn text(text: &str) -> Value {
    Value::from(text)
}

/// An object of the members that are known.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let known = members.into_iter().filter_map(|(name, value)| Some((text(name), value?)));
    Value::from(known.collect::<BTreeMap<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::NotFoundOut;
    use crate::testing::{all_found, request, transaction};

    fn read(line: &str, findings: &Findings) -> serde_json::Value {
        serde_json::to_value(input(&InVersion::of_one(&request(&["one", "two"], line)), Purpose::Treat, findings))
            .unwrap()
    }

    #[test]
    fn the_input_has_the_national_shape() {
        let line = "GET MedicationRequest?status=active,completed&status=x&code:not=a\
                    &_include=MedicationRequest:medication&_revinclude=Provenance:target";
        let expected = serde_json::json!({
            "subject": {
                "client": { "id": "client", "scopes": ["one", "two"] },
                "organization": { "ura": "90000101", "name": "De Linde", "facility_type": "X3" },
                "user": { "id": "p1", "role": "30.000" }
            },
            "resource": { "type": "MedicationRequest" },
            "action": {
                "name": "search-type",
                "connection_type_code": "hl7-fhir-rest",
                "fhir_rest": {
                    "interaction_type": "search-type",
                    "search_params": { "status": [["active", "completed"], ["x"]], "code:not": [["a"]] },
                    "include": ["MedicationRequest:medication"],
                    "revinclude": ["Provenance:target"]
                }
            },
            "context": {
                "direction": "holder",
                "fhir_version": "r4",
                "data_holder_organization_id": "90000201",
                "data_holder_facility_type": "V6",
                "patient_bsn": "999911120",
                "purpose_of_use": "TREAT",
                "mitz_consent": true
            },
            "findings": {
                "treatment_relation": {
                    "finding": "found", "detail": { "kind": "provider-list", "reference": "enrolment-1" }
                },
                "consent": {
                    "finding": "found", "detail": { "decision": "permit", "source": "mitz", "reference": "answer-1" }
                }
            }
        });
        assert_eq!(read(line, &all_found()), expected);
    }

    #[test]
    fn under_a_mandate_the_responsible_professional_is_judged_and_who_acts_is_named() {
        let mut asked = request(&["one"], "GET Condition/c1");
        asked.caller.responsible = Some(Person { id: "d9".to_owned(), name: None, role: "01.015".to_owned() });
        let read = serde_json::to_value(input(&InVersion::of_one(&asked), Purpose::Treat, &all_found())).unwrap();
        let expected = serde_json::json!({
            "id": "d9", "role": "01.015", "mandated": { "id": "p1", "role": "30.000" }
        });
        assert_eq!(read["subject"]["user"], expected);
    }

    #[test]
    fn a_transaction_shows_what_it_does_with_which_types() {
        let lines = ["POST Observation", "POST Condition", "DELETE Condition/c9", "POST Observation"];
        let asked = Request { interaction: transaction(&lines), ..request(&["one"], "GET Condition/c1") };
        let read = serde_json::to_value(input(&InVersion::of_one(&asked), Purpose::Treat, &all_found())).unwrap();
        assert_eq!(read["resource"], serde_json::json!({ "types": ["Condition", "Observation"] }));
        assert_eq!(read["action"]["name"], "transaction");
        let entries = serde_json::json!([
            { "type": "Condition", "interaction_type": "create" },
            { "type": "Condition", "interaction_type": "delete" },
            { "type": "Observation", "interaction_type": "create" },
        ]);
        assert_eq!(read["action"]["fhir_rest"]["entries"], entries);
        assert!(!read.to_string().contains("c9"));
    }

    #[test]
    fn the_findings_read_as_they_serialise() {
        let all = [
            all_found(),
            Findings { treatment_relation: Finding::Absent, consent: Finding::Absent },
            Findings {
                treatment_relation: Finding::NotFoundOut(NotFoundOut::NobodyToAsk),
                consent: Finding::NotFoundOut(NotFoundOut::TimedOut),
            },
        ];
        for findings in all {
            let read = read("GET Condition/c1", &findings);
            let relation = serde_json::to_value(&findings.treatment_relation).unwrap();
            let consent = serde_json::to_value(&findings.consent).unwrap();
            assert_eq!(read["findings"]["treatment_relation"], relation);
            assert_eq!(read["findings"]["consent"], consent);
        }
    }

    #[test]
    fn only_a_permit_of_the_national_register_is_mitz_consent() {
        let of = |source: &str, decision| {
            let consent =
                Consent { decision, source: source.to_owned(), reference: "r".to_owned(), withhold: Vec::new() };
            let findings = Findings { consent: Finding::Found(consent), ..all_found() };
            read("GET Condition/c1", &findings)["context"]["mitz_consent"].clone()
        };
        assert_eq!(of("mitz", ConsentDecision::Permit), true);
        assert_eq!(of("mitz", ConsentDecision::Deny), false);
        assert_eq!(of("local", ConsentDecision::Permit), false);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut asked = request(&["one"], "GET Patient/p1/$everything");
        (asked.caller.person, asked.caller.organisation.kind, asked.holder_kind) = (None, None, None);
        asked.patient = PatientScope::Any;
        let read =
            serde_json::to_value(input(&InVersion::of_one(&asked), Purpose::CoordinationOfCare, &all_found())).unwrap();
        assert_eq!(read["resource"], serde_json::json!({ "type": "Patient", "id": "p1" }));
        assert_eq!(read["action"]["fhir_rest"]["operation"], "everything");
        assert_eq!(read["context"]["purpose_of_use"], "COC");
        for (object, member) in [
            (&read["subject"], "user"),
            (&read["subject"]["organization"], "facility_type"),
            (&read["context"], "patient_bsn"),
            (&read["context"], "data_holder_facility_type"),
        ] {
            assert!(object.is_object() && object.get(member).is_none(), "{member}");
        }
        // A person's name is for the access log only.
        assert!(!read.to_string().contains("N. Name"));
    }
}
