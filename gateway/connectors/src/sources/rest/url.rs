//! Which texts name a patient and so must not stand in a URL.

use fhir::{Bsn, SearchQuery};

/// The national OID of the BSN, as some parties write its system.
const BSN_OID: &str = "2.16.840.1.113883.2.4.6.3";

/// Whether a query names a patient by BSN: by its system, or by a BSN under an `identifier` parameter.
pub(super) fn names_a_bsn(query: &SearchQuery) -> bool {
    query.parameters.iter().any(|parameter| {
        let by_system = parameter.value.contains(fhir::identifiers::systems::BSN) || parameter.value.contains(BSN_OID);
        let by_value = parameter.name.ends_with("identifier")
            && parameter.value.split(|c: char| !c.is_ascii_digit()).any(|digits| Bsn::parse(digits).is_ok());
        by_system || by_value
    })
}

#[cfg(test)]
mod tests {
    use fhir::Parameter;

    use super::*;

    #[test]
    fn a_query_that_names_a_patient_is_noticed() {
        for (name, value, names) in [
            ("identifier", "http://fhir.nl/fhir/NamingSystem/bsn|999911120", true),
            ("patient.identifier", "999911120", true),
            ("identifier", "urn:oid:2.16.840.1.113883.2.4.6.3|1", true),
            ("_has:Observation:patient:identifier", "x|999911120,y", true),
            ("code", "http://snomed.info/sct|271649006", false),
            ("code", "999911120", false),
            ("identifier", "order-17", false),
        ] {
            let query = SearchQuery { parameters: vec![Parameter::new(name, value)] };
            assert_eq!(names_a_bsn(&query), names, "{name}={value}");
        }
    }
}
