//! The operations of the FHIR standard (and two of ours) that a use case offers by listing them among a type's codes, and the searches
//! that each becomes.

use fhir::definitions::{SearchKind, search_parameter};
use fhir::interaction::{Level, ResourceType, SearchTarget};
use fhir::{FhirVersion, Interaction, Parameter, SearchQuery};

use crate::capability::VersionCapability;

/// An operation of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardOperation {
    /// `Observation/$lastn`: the last n of each kind (FHIR R4, observation-operation-lastn.html; STU3 alike).
    LastN,
    /// `Patient/$everything` and `Patient/[id]/$everything` (FHIR R4, patient-operation-everything.html).
    Everything,
    /// `Composition/[id]/$document` (FHIR R4, composition-operation-document.html).
    Document,
    /// `AuditEvent/[id]/$review`, our own: the verdict on an access that had to be looked at again.
    Review,
    /// `AuditEvent/$explain`, our own: what would be decided if somebody asked something, and on what.
    Explain,
}

/// How the types name when care was given, the first that a type has: what `start` and `end` of `$everything` are
/// about ("care dates, not record currency dates").
const CARE_DATES: [&str; 8] =
    ["date", "onset-date", "authoredon", "effective-time", "effective", "whenhandedover", "occurrence", "period"];

/// Search parameters that say whose data is meant.
const PATIENT_PARAMETERS: [&str; 3] = ["patient", "subject", "beneficiary"];

impl StandardOperation {
    pub(crate) const ALL: [StandardOperation; 5] = [
        StandardOperation::LastN,
        StandardOperation::Everything,
        StandardOperation::Document,
        StandardOperation::Review,
        StandardOperation::Explain,
    ];

    /// The operation of this name at this level.
    pub fn of(level: &Level, name: &str) -> Option<Self> {
        let (kind, instance) = match level {
            Level::System => return None,
            Level::Type(kind) => (kind.name(), false),
            Level::Instance(kind, _) => (kind.name(), true),
        };
        match (kind, name, instance) {
            ("Observation", "lastn", false) => Some(StandardOperation::LastN),
            ("Patient", "everything", _) => Some(StandardOperation::Everything),
            ("Composition", "document", true) => Some(StandardOperation::Document),
            ("AuditEvent", "review", true) => Some(StandardOperation::Review),
            ("AuditEvent", "explain", false) => Some(StandardOperation::Explain),
            _ => None,
        }
    }

    /// How a capability lists it.
    pub const fn code(self) -> &'static str {
        match self {
            StandardOperation::LastN => "$lastn",
            StandardOperation::Everything => "$everything",
            StandardOperation::Document => "$document",
            StandardOperation::Review => "$review",
            StandardOperation::Explain => "$explain",
        }
    }

    /// The type that offers it.
    pub const fn resource_type(self) -> &'static str {
        match self {
            StandardOperation::LastN => "Observation",
            StandardOperation::Everything => "Patient",
            StandardOperation::Document => "Composition",
            StandardOperation::Review | StandardOperation::Explain => "AuditEvent",
        }
    }

    /// The parameters that are its own, besides those that name the patient.
    pub(crate) const fn parameters(self) -> &'static [&'static str] {
        match self {
            StandardOperation::LastN => &["max"],
            StandardOperation::Everything => &["_since", "_type", "_count", "start", "end"],
            StandardOperation::Document => &[],
            StandardOperation::Review => &["verdict", "note"],
            StandardOperation::Explain => &[
                "organisation",
                "organisation-kind",
                "person",
                "role",
                "use-case",
                "version",
                "ask",
                "asserted",
                "emergency",
            ],
        }
    }
}

/// The search of `$lastn`: its filters and what it brings along. The newest come first, so that an answer that is cut
/// short is cut at the right end.
pub(crate) fn last_n(kind: ResourceType, query: &SearchQuery) -> Interaction {
    let mut query = query.clone();
    query.parameters.retain(|parameter| !matches!(parameter.name.as_str(), "max" | "_sort"));
    query.parameters.push(Parameter::new("_sort", "-date"));
    Interaction::Search { target: SearchTarget::Type(kind), query }
}

/// The searches of `$everything`: one per type that is offered and about a patient.
pub(crate) fn everything(
    version: FhirVersion,
    offered: &VersionCapability,
    query: &SearchQuery,
) -> Result<Vec<Interaction>, &'static str> {
    let value = |name| query.named(name).map(|parameter| parameter.value.as_str()).collect::<Vec<_>>();
    let mut wanted: Vec<&str> = value("_type").into_iter().flat_map(|types| types.split(',')).map(str::trim).collect();
    let mut bounds = Vec::new();
    for (name, prefix) in [("_since", "ge"), ("start", "ge"), ("end", "le")] {
        match value(name).as_slice() {
            [] => {}
            [moment] if is_moment(moment) => bounds.push((name, format!("{prefix}{moment}"))),
            _ => return Err(name),
        }
    }
    let mut searches = Vec::new();
    for kind in about_a_patient(version, offered) {
        if !value("_type").is_empty() {
            let asked = wanted.len();
            wanted.retain(|name| *name != kind.name());
            if wanted.len() == asked {
                continue;
            }
        }
        let mut query = SearchQuery::default();
        for (name, moment) in &bounds {
            let parameter = if *name == "_since" { Some("_lastUpdated") } else { care_date(version, kind) };
            query.parameters.extend(parameter.map(|parameter| Parameter::new(parameter, moment.clone())));
        }
        searches.push(Interaction::Search { target: SearchTarget::Type(kind), query });
    }
    // A type that is not offered is not left out in silence.
    if !wanted.is_empty() || searches.is_empty() { Err("_type") } else { Ok(searches) }
}

/// The types that are offered as searches and are about a patient, the patient first.
fn about_a_patient(version: FhirVersion, offered: &VersionCapability) -> Vec<ResourceType> {
    let searched = offered.interactions.iter().filter(|entry| entry.codes.iter().any(|code| code == "search-type"));
    let kinds = searched.filter_map(|entry| ResourceType::parse(version, &entry.resource_type));
    let mut kinds: Vec<ResourceType> = kinds.filter(|kind| names_a_patient(version, *kind)).collect();
    kinds.sort_by_key(|kind| kind.name() != "Patient");
    kinds
}

fn names_a_patient(version: FhirVersion, kind: ResourceType) -> bool {
    let reference = |name: &&str| {
        search_parameter(version, kind, name).is_some_and(|definition| definition.kind == SearchKind::Reference)
    };
    kind.name() == "Patient" || PATIENT_PARAMETERS.iter().any(reference)
}

/// The parameter that says when the care of this type was given; none for what has no such moment.
pub(crate) fn care_date(version: FhirVersion, kind: ResourceType) -> Option<&'static str> {
    let date = |name: &&str| {
        search_parameter(version, kind, name).is_some_and(|definition| definition.kind == SearchKind::Date)
    };
    CARE_DATES.iter().copied().find(|name| date(name))
}

/// A date, or a moment, without a prefix and without alternatives.
fn is_moment(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.+TZ".contains(&byte))
}
