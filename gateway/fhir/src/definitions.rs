//! Facts of the two FHIR versions that the gateway acts on: which types exist and which search parameters they have.
//!
//! The tables `definitions/*.tsv` hold, per line and separated by tabs: resource type, parameter, kind, element
//! paths, what the kind needs besides, and `custom` when the parameter is not one of the base standard but of Nictiz'
//! (zib2017, MP9, zib2020, CiO). Trailing columns may be missing.
//!
//! A path is made of member names; `name[member=text]` takes only those elements whose member is that text
//! (`extension[url=…].valueReference`, `telecom[system=phone]`); `$this` is the resource itself. No paths at all: only a
//! searching source can evaluate it. Besides, a reference has the types it may name, a token the code systems of
//! plain codes (of the required bindings), separated by commas; a composite its components, separated by `$`, each
//! a kind and paths within the composite's element.

mod types;

use std::sync::OnceLock;

use crate::interaction::ResourceType;
use crate::version::FhirVersion;

/// `SearchParameter.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    Number,
    Date,
    Text,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

impl SearchKind {
    pub(crate) fn of(code: &str) -> Option<Self> {
        Some(match code {
            "number" => SearchKind::Number,
            "date" => SearchKind::Date,
            "string" => SearchKind::Text,
            "token" => SearchKind::Token,
            "reference" => SearchKind::Reference,
            "composite" => SearchKind::Composite,
            "quantity" => SearchKind::Quantity,
            "uri" => SearchKind::Uri,
            "special" => SearchKind::Special,
            _ => return None,
        })
    }
}

/// A search parameter of one resource type.
#[derive(Clone, Copy, Debug)]
pub struct SearchDefinition {
    pub name: &'static str,
    pub kind: SearchKind,
    /// Element paths within the resource, alternatives separated by `|`; empty when only a searching source can
    /// evaluate it.
    pub paths: &'static str,
    /// The only resource type that matching references name (`patient` over `subject`); empty for any.
    pub target: &'static str,
    /// What the kind needs besides: the types that a reference may name, the code systems of a token's plain codes
    /// (both separated by commas, empty for any), or the components of a composite.
    pub(crate) more: &'static str,
    /// Not a parameter of the base standard: a common FHIR server does not know it.
    pub custom: bool,
}

/// All resource types of the version, sorted.
pub fn resource_types(version: FhirVersion) -> &'static [&'static str] {
    match version {
        FhirVersion::Stu3 => types::STU3,
        FhirVersion::R4 => types::R4,
    }
}

/// The search parameter of this name for this type (those of `Resource` and `DomainResource` included).
pub fn search_parameter(
    version: FhirVersion,
    resource_type: ResourceType,
    name: &str,
) -> Option<&'static SearchDefinition> {
    let table = table(version);
    let find = |of: &str| {
        let at = table.binary_search_by(|(owner, known)| (*owner, known.name).cmp(&(of, name))).ok()?;
        table.get(at).map(|(_, definition)| definition)
    };
    let domain = !matches!(resource_type.name(), "Binary" | "Bundle" | "Parameters");
    find(resource_type.name()).or_else(|| find("DomainResource").filter(|_| domain)).or_else(|| find("Resource"))
}

/// Sorted by type and name.
type Table = Vec<(&'static str, SearchDefinition)>;

fn table(version: FhirVersion) -> &'static Table {
    static STU3: OnceLock<Table> = OnceLock::new();
    static R4: OnceLock<Table> = OnceLock::new();
    match version {
        FhirVersion::Stu3 => STU3.get_or_init(|| read(include_str!("definitions/stu3.tsv"))),
        FhirVersion::R4 => R4.get_or_init(|| read(include_str!("definitions/r4.tsv"))),
    }
}

fn read(text: &'static str) -> Table {
    let mut table: Table = text.lines().filter_map(read_line).collect();
    table.sort_unstable_by_key(|(owner, definition)| (*owner, definition.name));
    table
}

fn read_line(line: &'static str) -> Option<(&'static str, SearchDefinition)> {
    let mut columns = line.split('\t');
    let (owner, name, kind) = (columns.next()?, columns.next()?, SearchKind::of(columns.next()?)?);
    let (paths, more) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
    let target = if kind == SearchKind::Reference && !more.contains(',') { more } else { "" };
    let custom = columns.next() == Some("custom");
    Some((owner, SearchDefinition { name, kind, paths, target, more, custom }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(version: FhirVersion, of: &str, name: &str) -> Option<&'static SearchDefinition> {
        search_parameter(version, ResourceType::parse(version, of)?, name)
    }

    #[test]
    fn types_are_sorted_and_known_by_version() {
        for (version, count) in [(FhirVersion::Stu3, 117), (FhirVersion::R4, 146)] {
            let types = resource_types(version);
            assert_eq!(types.len(), count);
            assert!(types.is_sorted_by(|a, b| a < b));
        }
        assert!(ResourceType::parse(FhirVersion::R4, "ServiceRequest").is_some());
        assert!(ResourceType::parse(FhirVersion::Stu3, "ServiceRequest").is_none());
        assert!(ResourceType::parse(FhirVersion::R4, "DomainResource").is_none());
    }

    #[test]
    fn every_line_of_the_tables_is_read() {
        for (version, text) in [
            (FhirVersion::Stu3, include_str!("definitions/stu3.tsv")),
            (FhirVersion::R4, include_str!("definitions/r4.tsv")),
        ] {
            let table = table(version);
            assert_eq!(table.len(), text.lines().count(), "{version}");
            assert!(table.is_sorted_by(|a, b| (a.0, a.1.name) < (b.0, b.1.name)), "{version}: no line occurs twice");
            let known = resource_types(version);
            let owners = table.iter().map(|(owner, _)| owner);
            assert_eq!(
                owners.filter(|owner| !known.contains(owner)).count(),
                table.iter().filter(|(o, _)| o.ends_with("Resource")).count()
            );
        }
    }

    #[test]
    fn a_parameter_is_found_on_its_type_or_on_every_type() {
        for version in FhirVersion::ALL {
            let patient = find(version, "Observation", "patient").unwrap();
            assert_eq!((patient.kind, patient.paths, patient.target), (SearchKind::Reference, "subject", "Patient"));
            assert_eq!(find(version, "Observation", "subject").unwrap().target, "");
            assert_eq!(find(version, "Binary", "_id").unwrap().paths, "id");
            assert_eq!(find(version, "Patient", "_lastUpdated").unwrap().paths, "meta.lastUpdated");
            assert_eq!(find(version, "Patient", "_text").unwrap().paths, "");
            assert!(find(version, "Binary", "_text").is_none(), "no domain resource");
            assert!(find(version, "Patient", "Identifier").is_none() && find(version, "Patient", "").is_none());
        }
        let date = find(FhirVersion::R4, "Procedure", "date").unwrap();
        assert_eq!((date.kind, date.paths), (SearchKind::Date, "performedDateTime|performedPeriod"));
        assert_eq!(find(FhirVersion::R4, "Observation", "value-quantity").unwrap().kind, SearchKind::Quantity);
    }

    #[test]
    fn what_the_base_standard_does_not_have_is_custom() {
        let custom = |version, of, name| find(version, of, name).unwrap().custom;
        for (of, name) in [
            ("MedicationRequest", "period-of-use"),
            ("MedicationRequest", "is-latest-stop"),
            ("MedicationDispense", "category"),
            ("MedicationAdministration", "pharmaceutical-treatment-identifier"),
            ("MedicationStatement", "author"),
            ("Flag", "category"),
            ("Flag", "medication-hypersensitivity-identifier"),
        ] {
            assert!(custom(FhirVersion::R4, of, name), "{of} {name}");
        }
        for (of, name) in [
            ("MedicationRequest", "periodofuse"),
            ("MedicationStatement", "medicationtreatment"),
            ("MedicationDispense", "requestdate"),
        ] {
            assert!(custom(FhirVersion::Stu3, of, name), "{of} {name}");
            assert!(find(FhirVersion::R4, of, name).is_none(), "{of} {name}");
        }
        assert!(!custom(FhirVersion::R4, "MedicationRequest", "category"));
        assert!(!custom(FhirVersion::Stu3, "Encounter", "episodeofcare"));
    }
}
