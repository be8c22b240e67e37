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
    /// `MedicationRequest/$latest-stops`, `MedicationDispense/$latest-stops` and `$latest-stops` of the Dutch medication process
    /// (MP9 3.0, <http://nictiz.nl/fhir/OperationDefinition/mp-latest-stops>; R4 only): of each treatment what is active, and what
    /// stopped last.
    LatestStops,
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
    pub(crate) const ALL: [StandardOperation; 6] = [
        StandardOperation::LastN,
        StandardOperation::Everything,
        StandardOperation::Document,
        StandardOperation::LatestStops,
        StandardOperation::Review,
        StandardOperation::Explain,
    ];

    /// The operation of this name at this level.
    pub fn of(level: &Level, name: &str) -> Option<Self> {
        let (kind, instance) = match level {
            Level::System => return (name == LATEST_STOPS).then_some(StandardOperation::LatestStops),
            Level::Type(kind) => (kind.name(), false),
            Level::Instance(kind, _) => (kind.name(), true),
        };
        match (kind, name, instance) {
            ("Observation", "lastn", false) => Some(StandardOperation::LastN),
            ("Patient", "everything", _) => Some(StandardOperation::Everything),
            ("Composition", "document", true) => Some(StandardOperation::Document),
            ("MedicationRequest" | "MedicationDispense", LATEST_STOPS, false) => Some(StandardOperation::LatestStops),
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
            StandardOperation::LatestStops => "$latest-stops",
            StandardOperation::Review => "$review",
            StandardOperation::Explain => "$explain",
        }
    }

    /// The types that offer it.
    pub const fn resource_types(self) -> &'static [&'static str] {
        match self {
            StandardOperation::LastN => &["Observation"],
            StandardOperation::Everything => &["Patient"],
            StandardOperation::Document => &["Composition"],
            StandardOperation::LatestStops => &["MedicationRequest", "MedicationDispense"],
            StandardOperation::Review | StandardOperation::Explain => &["AuditEvent"],
        }
    }

    /// Whether this version has it.
    pub(crate) fn is_of(self, version: FhirVersion) -> bool {
        self != StandardOperation::LatestStops || version == FhirVersion::R4
    }

    /// The parameters that are its own, besides those that name the patient.
    pub(crate) const fn parameters(self) -> &'static [&'static str] {
        match self {
            StandardOperation::LastN => &["max"],
            StandardOperation::Everything => &["_since", "_type", "_count", "start", "end"],
            StandardOperation::Document => &[],
            StandardOperation::LatestStops => &["category", "mbh", "include-details", "_count"],
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

const LATEST_STOPS: &str = "latest-stops";
const SNOMED: &str = "http://snomed.info/sct";
/// The blocks that can be stopped, by type: medication agreement and variable dosing regimen; administration agreement.
const STOPPABLE: [(&str, &[&str]); 2] =
    [("MedicationRequest", &["33633005", "395067002"]), ("MedicationDispense", &["422037009"])];

/// The searches of `$latest-stops`: every block of the kinds that are meant, of every treatment or of those that are named. Which of
/// them are active or stopped last is found out over the answers of all sources, so that no source needs to know the operation.
pub(crate) fn latest_stops(
    version: FhirVersion,
    offered: &VersionCapability,
    kind: Option<ResourceType>,
    query: &SearchQuery,
) -> Result<Vec<Interaction>, &'static str> {
    let mut categories = query.named("category");
    let (category, more) = (categories.next(), categories.next());
    let wanted = match category.map(|one| one.value.as_str()) {
        None => None,
        // A code alone is of any system.
        Some(token) => Some(token.strip_prefix(SNOMED).and_then(|code| code.strip_prefix('|')).unwrap_or(token)),
    };
    let mut treatments = Vec::new();
    for named in query.named("mbh") {
        let halves = |one: &String| one.split_once('|').is_some_and(|(_, value)| !value.trim().is_empty());
        if !named.alternatives().iter().all(halves) {
            return Err("mbh");
        }
        treatments.push(named.value.as_str());
    }
    let mut details = query.named("include-details").map(|one| one.value.as_str());
    if !matches!((details.next(), details.next()), (None | Some("true" | "false"), None)) {
        return Err("include-details");
    }
    let mut searches = Vec::new();
    for (name, codes) in STOPPABLE {
        let codes = codes.iter().filter(|code| wanted.is_none_or(|wanted| wanted == **code));
        let codes: Vec<String> = codes.map(|code| format!("{SNOMED}|{code}")).collect();
        let Some(found) = ResourceType::parse(version, name).filter(|found| kind.is_none_or(|kind| kind == *found))
        else {
            continue;
        };
        if codes.is_empty() {
            continue;
        }
        let mut parameters = vec![Parameter::new("category", codes.join(","))];
        if !treatments.is_empty() {
            parameters.push(Parameter::new("pharmaceutical-treatment-identifier", treatments.join(",")));
        }
        // What a block is of stands apart from it.
        if offered.may_release("Medication") {
            parameters.push(Parameter::new("_include", format!("{name}:medication")));
        }
        let query = SearchQuery { parameters };
        searches.push(Interaction::Search { target: SearchTarget::Type(found), query });
    }
    // A kind that cannot be stopped has no latest stop, and several at once are not asked.
    if more.is_some() || searches.is_empty() { Err("category") } else { Ok(searches) }
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
