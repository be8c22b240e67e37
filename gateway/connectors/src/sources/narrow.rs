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
