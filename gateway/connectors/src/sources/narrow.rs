//! A search, narrowed to one patient: by which parameter a type names its patient.

use fhir::definitions::search_parameter;
use fhir::{FhirVersion, LogicalId, Parameter, ResourceType, SearchQuery};

/// The parameters that name the patient, the most specific first.
const NAMING: [&str; 4] = ["patient", "subject", "beneficiary", "individual"];

/// The parameter by which this type names its patient; nothing for a type that is not about patients (and for
/// Patient itself, which is found by `_id`).
pub(crate) fn patient_parameter(version: FhirVersion, kind: ResourceType) -> Option<&'static str> {
    if kind.name() == "Patient" {
        return None;
    }
    NAMING.into_iter().find(|name| search_parameter(version, kind, name).is_some())
}

/// Whether the search names what it wants by `_id`.
pub(crate) fn names_ids(query: &SearchQuery) -> bool {
    query.named("_id").next().is_some()
}

/// The ids that the caller asks for and are this patient's. Without `_id` that is all of the patient's.
pub(crate) fn asked_among<'i>(query: &SearchQuery, ids: &'i [LogicalId]) -> Vec<&'i LogicalId> {
    let asked: Vec<Vec<String>> = query.named("_id").map(Parameter::alternatives).collect();
    let wanted = |id: &&LogicalId| asked.iter().all(|any| any.iter().any(|one| one == id.as_str()));
    ids.iter().filter(wanted).collect()
}

/// `a,b`, each with this in front.
pub(crate) fn list<'i>(prefix: &str, ids: impl IntoIterator<Item = &'i LogicalId>) -> String {
    let all: Vec<String> = ids.into_iter().map(|id| format!("{prefix}{}", id.as_str())).collect();
    all.join(",")
}

/// The query with one more parameter, in front: what narrows it is read first.
pub(crate) fn with(query: &SearchQuery, name: &str, value: String) -> SearchQuery {
    let narrowing = std::iter::once(Parameter::new(name, value));
    SearchQuery { parameters: narrowing.chain(query.parameters.iter().cloned()).collect() }
}

/// The name of a parameter as it may be repeated in a refusal: the caller's own text, shortened, without anything
/// but name characters, and without digits, which could be a patient's number.
pub(crate) fn shown(parameter: &Parameter) -> String {
    let of_a_name = |c: &char| c.is_ascii_alphabetic() || matches!(c, '-' | '_' | '.' | ':');
    parameter.key().chars().filter(of_a_name).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_parameter_is_shown_without_what_is_no_name() {
        for (name, modifier, seen) in [
            ("code", Some("in"), "code:in"),
            ("x\n<b>999911120", None, "xb"),
            (&"a".repeat(300), None, &"a".repeat(64)),
        ] {
            let parameter = Parameter { modifier: modifier.map(str::to_owned), ..Parameter::new(name, "999911120") };
            assert_eq!(shown(&parameter), seen);
        }
    }

    #[test]
    fn only_the_patients_own_ids_are_asked_for() {
        let ids: Vec<LogicalId> = ["a", "b", "c"].iter().map(|id| LogicalId::parse(id).unwrap()).collect();
        for (query, left) in [("", "a,b,c"), ("_id=b,x", "b"), ("_id=a,b&_id=b,c", "b"), ("_id=x", ""), ("_id=", "")] {
            let query = SearchQuery::parse(query).unwrap();
            assert_eq!(list("", asked_among(&query, &ids)), left);
        }
    }

    #[test]
    fn a_type_names_its_patient_by_one_parameter_or_is_not_about_patients() {
        for version in FhirVersion::ALL {
            for (kind, parameter) in [
                ("Observation", Some("patient")),
                ("Condition", Some("patient")),
                ("Task", Some("patient")),
                ("Composition", Some("patient")),
                ("Coverage", Some(if version == FhirVersion::R4 { "patient" } else { "beneficiary" })),
                ("Patient", None),
                ("Organization", None),
                ("Practitioner", None),
                ("Medication", None),
            ] {
                let parsed = ResourceType::parse(version, kind).unwrap();
                assert_eq!(patient_parameter(version, parsed), parameter, "{version} {kind}");
            }
        }
    }
}
