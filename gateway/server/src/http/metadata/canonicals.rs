//! The canonical URLs that a CapabilityStatement names: of search parameters and of operations. What is not published
//! has none, and none is made up.

use std::collections::HashMap;
use std::sync::OnceLock;

use fhir::FhirVersion;
use fhir::definitions::search_parameter;
use fhir::interaction::ResourceType;

const CORE: &str = "http://hl7.org/fhir/SearchParameter/";
const NICTIZ: &str = "http://nictiz.nl/fhir/SearchParameter/";

/// Search parameters of the medication process (Nictiz, medication process 9): type, name, canonical, kind.
const OF_NICTIZ: [(&str, &str, &str, &str); 18] = [
    ("MedicationAdministration", "category", "category", "token"),
    ("MedicationAdministration", PTI, PTI, "token"),
    ("MedicationDispense", "category", "category", "token"),
    ("MedicationDispense", "is-latest-stop", "is-latest-stop", "special"),
    ("MedicationDispense", "location", "MedicationDispense-location", "reference"),
    ("MedicationDispense", "period-of-use", "period-of-use", "special"),
    ("MedicationDispense", PTI, PTI, "token"),
    ("MedicationRequest", "dispense-location", "MedicationRequest-dispense-location", "reference"),
    ("MedicationRequest", "is-latest-stop", "is-latest-stop", "special"),
    ("MedicationRequest", "next-practitioner", "MedicationRequest-next-practitioner", "reference"),
    ("MedicationRequest", "period-of-use", "period-of-use", "special"),
    ("MedicationRequest", PTI, PTI, "token"),
    ("MedicationRequest", "reason", "MedicationRequest-reason", "reference"),
    ("MedicationStatement", "author", "MedicationStatement-author", "reference"),
    ("MedicationStatement", "is-latest-stop", "is-latest-stop", "special"),
    ("MedicationStatement", "period-of-use", "period-of-use", "special"),
    ("MedicationStatement", PTI, PTI, "token"),
    ("MedicationStatement", "prescriber", "MedicationStatement-prescriber", "reference"),
];
const PTI: &str = "pharmaceutical-treatment-identifier";

/// The canonical of a core search parameter.
pub fn of_parameter(version: FhirVersion, kind: ResourceType, name: &str) -> Option<String> {
    search_parameter(version, kind, name)?;
    let owners = [kind.name(), "DomainResource", "Resource"];
    let named = owners.iter().find_map(|owner| table(version).get(&(*owner, name)));
    match named {
        // It is in the definitions, without a canonical that could be named.
        Some(&"") => None,
        Some(id) => Some(format!("{CORE}{id}")),
        None if name.starts_with('_') => None,
        None => Some(format!("{CORE}{kind}-{name}")),
    }
}

/// The canonical and the kind of a search parameter of Nictiz.
pub fn of_nictiz(version: FhirVersion, kind: ResourceType, name: &str) -> Option<(String, &'static str)> {
    let mut all = OF_NICTIZ.iter().filter(|_| version == FhirVersion::R4);
    let found = all.find(|(owner, known, ..)| *owner == kind.name() && *known == name)?;
    Some((format!("{NICTIZ}{}", found.2), found.3))
}

const LATEST_STOPS: &str = "http://nictiz.nl/fhir/OperationDefinition/mp-latest-stops";

/// The canonical of an operation of the standard (FHIR R4, operationslist.html; the same in STU3), or of the Dutch medication
/// process.
pub fn of_operation(kind: ResourceType, name: &str) -> Option<&'static str> {
    match (kind.name(), name) {
        ("Observation", "lastn") => Some("http://hl7.org/fhir/OperationDefinition/Observation-lastn"),
        ("Patient", "everything") => Some("http://hl7.org/fhir/OperationDefinition/Patient-everything"),
        ("MedicationRequest" | "MedicationDispense", "latest-stops") => Some(LATEST_STOPS),
        ("Composition", "document") => Some("http://hl7.org/fhir/OperationDefinition/Composition-document"),
        _ => None,
    }
}

/// The canonical of an operation that is asked of the system as a whole.
pub fn of_system_operation(name: &str) -> Option<&'static str> {
    (name == "latest-stops").then_some(LATEST_STOPS)
}

/// The parameters whose canonical is not their type and name, by type and name.
fn table(version: FhirVersion) -> &'static HashMap<(&'static str, &'static str), &'static str> {
    type Table = HashMap<(&'static str, &'static str), &'static str>;
    static STU3: OnceLock<Table> = OnceLock::new();
    static R4: OnceLock<Table> = OnceLock::new();
    let table = match version {
        FhirVersion::Stu3 => &STU3,
        FhirVersion::R4 => &R4,
    };
    table.get_or_init(|| include_str!("canonicals.tsv").lines().filter_map(|line| read(line, version)).collect())
}

fn read(line: &'static str, version: FhirVersion) -> Option<((&'static str, &'static str), &'static str)> {
    let mut columns = line.strip_prefix(version.segment())?.split('\t').skip(1);
    Some(((columns.next()?, columns.next()?), columns.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core(version: FhirVersion, kind: &str, name: &str) -> Option<String> {
        of_parameter(version, ResourceType::parse(version, kind)?, name)
    }

    #[test]
    fn a_parameter_has_its_published_canonical_or_none() {
        for (kind, name, expected) in [
            ("Observation", "status", Some("Observation-status")),
            ("Observation", "code", Some("clinical-code")),
            ("Observation", "patient", Some("clinical-patient")),
            ("Patient", "family", Some("individual-family")),
            ("Patient", "_id", Some("Resource-id")),
            ("Patient", "part-agree", None),
            ("Observation", "nonsense", None),
        ] {
            let expected = expected.map(|id| format!("{CORE}{id}"));
            assert_eq!(core(FhirVersion::R4, kind, name), expected, "{kind} {name}");
        }
        assert_eq!(core(FhirVersion::Stu3, "Observation", "code"), Some(format!("{CORE}clinical-code")));
        let lines = include_str!("canonicals.tsv").lines().count();
        assert_eq!(FhirVersion::ALL.iter().map(|version| table(*version).len()).sum::<usize>(), lines);
    }

    #[test]
    fn the_parameters_of_nictiz_are_those_of_r4_medication() {
        let find = |version, kind, name| of_nictiz(version, ResourceType::parse(version, kind)?, name);
        let found = find(FhirVersion::R4, "MedicationRequest", "period-of-use").unwrap();
        assert_eq!(found, ("http://nictiz.nl/fhir/SearchParameter/period-of-use".to_owned(), "special"));
        assert!(find(FhirVersion::Stu3, "MedicationRequest", "period-of-use").is_none());
        assert!(find(FhirVersion::R4, "Observation", "period-of-use").is_none());
    }
}
