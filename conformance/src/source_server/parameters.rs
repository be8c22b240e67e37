//! The search parameters of this source: those of the core specification, per release and type, and no others. What a
//! country or a project added is unknown here, as it is to the servers that this one stands for.
//!
//! The tables hold, per line and separated by tabs: type, name, kind, places in the resource (alternatives separated
//! by `|`), and the one type that a reference may name. They are facts of the published SearchParameters; those whose
//! value cannot be found by names of elements alone (conditions, extensions, composites) are not served.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::FhirVersion;

const STU3: &str = include_str!("parameters/stu3.tsv");
const R4: &str = include_str!("parameters/r4.tsv");

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Token,
    Reference,
    Date,
    Text,
    Quantity,
    Number,
    Uri,
}

impl Kind {
    const ALL: [Kind; 7] =
        [Kind::Token, Kind::Reference, Kind::Date, Kind::Text, Kind::Quantity, Kind::Number, Kind::Uri];

    /// The code of search-param-type.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Token => "token",
            Kind::Reference => "reference",
            Kind::Date => "date",
            Kind::Text => "string",
            Kind::Quantity => "quantity",
            Kind::Number => "number",
            Kind::Uri => "uri",
        }
    }
}

/// A parameter of one type: its kind, the elements it looks in, and the one type that it may refer to.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub kind: Kind,
    pub paths: Vec<&'static str>,
    pub target: Option<&'static str>,
}

/// Every type has these.
const ALWAYS: [(&str, Kind, &str); 5] = [
    ("_id", Kind::Token, "id"),
    ("_lastUpdated", Kind::Date, "meta.lastUpdated"),
    ("_profile", Kind::Uri, "meta.profile"),
    ("_security", Kind::Token, "meta.security"),
    ("_tag", Kind::Token, "meta.tag"),
];

/// Types without a parameter of their own.
const BARE: [&str; 2] = ["Binary", "OperationOutcome"];

type OfOneType = BTreeMap<&'static str, Parameter>;
type Table = BTreeMap<&'static str, OfOneType>;

fn table(version: FhirVersion) -> &'static Table {
    static TABLES: [OnceLock<Table>; 2] = [OnceLock::new(), OnceLock::new()];
    let (at, text) = match version {
        FhirVersion::Stu3 => (0, STU3),
        FhirVersion::R4 => (1, R4),
    };
    TABLES[at].get_or_init(|| read(text))
}

fn read(text: &'static str) -> Table {
    let mut table = Table::new();
    for name in BARE {
        table.insert(name, OfOneType::new());
    }
    for line in text.lines() {
        let mut cells = line.split('\t');
        let (Some(of), Some(name), Some(code), Some(paths)) = (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.code() == code) else { continue };
        let parameter = Parameter { kind, paths: paths.split('|').collect(), target: cells.next() };
        table.entry(of).or_default().insert(name, parameter);
    }
    for of_type in table.values_mut() {
        for (name, kind, path) in ALWAYS {
            of_type.insert(name, Parameter { kind, paths: vec![path], target: None });
        }
    }
    table
}

/// Whether this server knows the type at all.
pub fn known(version: FhirVersion, resource_type: &str) -> bool {
    table(version).contains_key(resource_type)
}

/// The types and their parameters.
pub fn all(version: FhirVersion) -> impl Iterator<Item = (&'static str, &'static OfOneType)> {
    table(version).iter().map(|(name, parameters)| (*name, parameters))
}

/// The parameter of a type, if it has it.
pub fn find(version: FhirVersion, resource_type: &str, name: &str) -> Option<&'static Parameter> {
    table(version).get(resource_type)?.get(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_read() {
        for (version, text) in [(FhirVersion::Stu3, STU3), (FhirVersion::R4, R4)] {
            let read: usize = all(version).map(|(_, parameters)| parameters.len()).sum();
            let always = ALWAYS.len() * all(version).count();
            assert_eq!(read, text.lines().count() + always, "{version:?}");
        }
    }

    #[test]
    fn the_releases_differ_and_what_a_country_added_is_unknown() {
        use FhirVersion::{R4, Stu3};
        for (version, of, name, known) in [
            (R4, "Patient", "_id", true),
            (R4, "Patient", "patient", false),
            (R4, "Nothing", "_id", false),
            (R4, "MedicationRequest", "category", true),
            (Stu3, "MedicationRequest", "category", true),
            (R4, "MedicationDispense", "category", false),
            (Stu3, "MedicationDispense", "category", false),
            (R4, "MedicationRequest", "period-of-use", false),
            (R4, "MedicationRequest", "pharmaceutical-treatment-identifier", false),
            (R4, "Flag", "category", false),
            (Stu3, "Observation", "related-target", true),
            (R4, "Observation", "related-target", false),
            (Stu3, "ProcedureRequest", "status", true),
            (R4, "ProcedureRequest", "status", false),
        ] {
            assert_eq!(find(version, of, name).is_some(), known, "{version:?} {of}.{name}");
        }
        assert_eq!(find(R4, "Coverage", "patient").unwrap().target, Some("Patient"));
    }
}
