//! What is masked must not be found out by asking: whoever may search or sort by an element learns its value without ever seeing it. So
//! a parameter that looks at a masked element is refused to whom it is masked for, by its name, like one that nobody offers. Where
//! it cannot be told what a parameter looks at, it counts as looking at everything of its type.

use fhir::definitions::search_parameter;
use fhir::masking::ElementPath;
use fhir::{FhirVersion, Interaction, Parameter, ResourceType};

use crate::standard::{self, StandardOperation};

/// Parameters that shape an answer, or are about no element.
const SHAPING: [&str; 13] = [
    "_count",
    "_elements",
    "_summary",
    "_total",
    "_format",
    "_pretty",
    "_since",
    "_at",
    "_page",
    "_type",
    "_contained",
    "_containedType",
    "_id",
];

/// What `$latest-stops` looks at in a block.
const CHOSEN_BY: [&str; 7] =
    ["extension", "modifierExtension", "category", "identifier", "priorPrescription", "authoredOn", "status"];

/// The first parameter by which the caller of this would learn something of what is masked, by its name.
pub(crate) fn probing(version: FhirVersion, interaction: &Interaction, masked: &[ElementPath]) -> Option<String> {
    if masked.is_empty() {
        return None;
    }
    if let Interaction::Transaction { entries } = interaction {
        return entries.iter().find_map(|entry| probing(version, entry, masked));
    }
    let looking = Looking { version, kind: interaction.resource_type(), masked };
    let operation = match interaction {
        Interaction::Operation { level, name, .. } => Some(StandardOperation::of(level, name)),
        _ => None,
    };
    let probes = |parameter: &&Parameter| match operation {
        Some(Some(StandardOperation::Everything)) => looking.at_care_dates(parameter),
        Some(Some(StandardOperation::LastN)) if parameter.name == "max" => false,
        Some(Some(StandardOperation::LastN)) | None => looking.at(parameter),
        Some(_) => false,
    };
    // It looks at them whatever its parameters say.
    if operation == Some(Some(StandardOperation::LatestStops)) && looking.at_stops() {
        return Some("latest-stops".to_owned());
    }
    let parameters = interaction.query().map(|query| query.parameters.as_slice()).unwrap_or_default();
    parameters.iter().find(probes).map(|parameter| parameter.name.clone())
}

struct Looking<'m> {
    version: FhirVersion,
    /// Of what is searched; nothing for a search of every type.
    kind: Option<ResourceType>,
    masked: &'m [ElementPath],
}

impl Looking<'_> {
    fn at(&self, parameter: &Parameter) -> bool {
        let modifier = parameter.modifier.as_deref().unwrap_or_default();
        match parameter.name.as_str() {
            "_sort" => parameter.value.split(',').any(|by| self.by(by.trim().trim_start_matches('-'))),
            // `[type]:[parameter]`, and perhaps a type to narrow it.
            "_include" | "_revinclude" => {
                let mut parts = parameter.value.split(':');
                let (of, by) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                self.of_type(of, by)
            }
            // `_has:[type]:[reference]:[parameter]`; both look at the other resource.
            "_has" => {
                let mut parts = modifier.split(':');
                let of = parts.next().unwrap_or_default();
                parts.any(|by| self.of_type(of, by) || self.anywhere(by))
            }
            name => {
                // `subject:Patient.telecom` keeps its chain in the modifier.
                let chain = modifier.split_once('.').map(|(_, chain)| chain).unwrap_or_default();
                let mut steps = name.split('.');
                let first = steps.next().unwrap_or_default();
                let further = steps.chain(chain.split('.')).filter(|step| !step.is_empty());
                self.by(first)
                    || further.map(|step| step.split(':').next().unwrap_or_default()).any(|step| self.anywhere(step))
            }
        }
    }

    /// `start` and `end` of `$everything` are about when the care of each type was given.
    fn at_care_dates(&self, parameter: &Parameter) -> bool {
        let of = |path: &ElementPath| {
            let kind = ResourceType::parse(self.version, path.resource_type());
            let date = kind.and_then(|kind| Some((kind, standard::care_date(self.version, kind)?)));
            date.is_some_and(|(kind, date)| self.of(kind, date))
        };
        matches!(parameter.name.as_str(), "start" | "end") && self.masked.iter().any(of)
    }

    /// Without what `$latest-stops` chooses by, it would show as active what was stopped.
    fn at_stops(&self) -> bool {
        let types = StandardOperation::LatestStops.resource_types();
        let looks = |path: &ElementPath| CHOSEN_BY.iter().any(|place| path.is_seen_at(place));
        self.masked.iter().any(|path| types.contains(&path.resource_type()) && looks(path))
    }

    /// Whether a parameter of what is searched looks at something masked.
    fn by(&self, name: &str) -> bool {
        match self.kind {
            Some(kind) => self.of(kind, name),
            None => self.anywhere(name),
        }
    }

    fn of_type(&self, kind: &str, name: &str) -> bool {
        match ResourceType::parse(self.version, kind) {
            Some(kind) => self.of(kind, name),
            None => self.anywhere(name),
        }
    }

    /// The same where it is not known of which type the parameter is.
    fn anywhere(&self, name: &str) -> bool {
        let kinds = self.masked.iter().filter_map(|path| ResourceType::parse(self.version, path.resource_type()));
        kinds.into_iter().any(|kind| self.of(kind, name))
    }

    fn of(&self, kind: ResourceType, name: &str) -> bool {
        let mut masked = self.masked.iter().filter(|path| path.resource_type() == kind.name()).peekable();
        if masked.peek().is_none() || SHAPING.contains(&name) {
            return false;
        }
        match search_parameter(self.version, kind, name).map(|definition| definition.paths) {
            Some("") | None => true,
            Some(paths) => masked.any(|path| paths.split('|').any(|place| path.is_seen_at(place))),
        }
    }
}

#[cfg(test)]
mod tests {
    use fhir::interaction::Method;

    use super::*;

    fn asked(request: &str, masked: &[&str]) -> Option<String> {
        let (path, query) = request.split_once('?').unwrap_or((request, ""));
        let interaction = Interaction::read(FhirVersion::R4, Method::Get, path, query, None).unwrap();
        let masked: Vec<_> = masked.iter().map(|path| ElementPath::parse(path).unwrap()).collect();
        probing(FhirVersion::R4, &interaction, &masked)
    }

    #[test]
    fn what_looks_at_a_masked_element_is_refused_and_what_does_not_is_not() {
        let contact = ["Patient.telecom", "Patient.contact"];
        for (request, masked, refused) in [
            ("Patient?phone=06", &contact[..], Some("phone")),
            ("Patient?telecom=06", &contact, Some("telecom")),
            ("Patient?telecom:missing=true", &contact, Some("telecom")),
            ("Patient?email=a", &contact, Some("email")),
            ("Patient?_sort=telecom", &contact, Some("_sort")),
            ("Patient?_sort=name,-phone", &contact, Some("_sort")),
            ("Patient?_content=06", &contact, Some("_content")),
            ("Patient?_text=06", &contact, Some("_text")),
            ("Patient?_filter=a", &contact, Some("_filter")),
            ("Patient?not-a-parameter=a", &contact, Some("not-a-parameter")),
            ("Patient?name=a&birthdate=1950&_sort=name&_count=5&_elements=telecom&_summary=true", &contact, None),
            ("Patient?_lastUpdated=ge2020&_id=x", &contact, None),
            ("Condition?subject.phone=06", &contact, Some("subject.phone")),
            ("Condition?subject:Patient.telecom=06", &contact, Some("subject")),
            ("Condition?subject.name=a&code=x&_sort=onset-date", &contact, None),
            ("Condition?_has:Patient:link:phone=06", &contact, Some("_has")),
            ("Condition?_content=06", &contact, None),
            ("Observation?value-quantity=5", &["Observation.value[x]"], Some("value-quantity")),
            ("Observation?combo-value-quantity=5", &["Observation.value[x]"], Some("combo-value-quantity")),
            ("Observation?code-value-quantity=a$5", &["Observation.value[x]"], Some("code-value-quantity")),
            ("Observation?code=5&date=2020", &["Observation.value[x]"], None),
            ("Observation?_include=Observation:performer", &["Observation.performer"], Some("_include")),
            ("Observation?_include=Observation:subject", &["Observation.performer"], None),
            ("Patient?_revinclude=Observation:performer", &["Observation.performer"], Some("_revinclude")),
            ("MedicationRequest/$latest-stops", &["MedicationRequest.modifierExtension"], Some("latest-stops")),
            ("MedicationRequest/$latest-stops", &["MedicationRequest.note"], None),
            ("$latest-stops", &["MedicationDispense.extension"], Some("latest-stops")),
            ("$latest-stops", &["Observation.value[x]"], None),
            ("Observation/$lastn?code=5&max=2", &["Observation.value[x]"], None),
            ("Observation/$lastn?value-quantity=5", &["Observation.value[x]"], Some("value-quantity")),
            ("Patient/$everything?start=2020&end=2021", &["Observation.effective[x]"], Some("start")),
            (
                "Patient/$everything?_type=Patient&_since=2021-01-01",
                &["Observation.effective[x]", "Patient.telecom"],
                None,
            ),
            ("Patient/$everything?start=2020", &contact, None),
            ("Patient/p1", &contact, None),
            ("Patient?phone=06", &[], None),
        ] {
            assert_eq!(asked(request, masked).as_deref(), refused, "{request} {masked:?}");
        }
    }
}
