//! Whether a resource says who somebody is: what may not stand in what is told of a patient whom nobody is to know yet.
//!
//! Held against names, numbers and addresses as FHIR has them, at any depth. What free text says nobody can tell; whoever reads
//! a resource leaves such text out.

use crate::identifiers::systems;
use crate::json::{Kind, Value};
use crate::resource::Resource;

/// Who is somebody to be kept unnamed: the patient, and whoever is near.
const PEOPLE: [&str; 3] = ["Patient", "RelatedPerson", "Person"];
/// What says who they are. A date of birth, a gender and the place where somebody lives do not by themselves.
const SAYS_WHO: [&str; 6] = ["identifier", "name", "telecom", "photo", "contact", "link"];
/// What of an address says more than the place.
const SAYS_WHERE: [&str; 4] = ["line", "_line", "text", "extension"];
/// Deepest nesting that is looked into. Below it, it counts as naming somebody.
const DEEPEST: usize = 32;

/// Whether it has a citizen service number (BSN) anywhere, or a Patient, a RelatedPerson or a Person in it has a name, a number or
/// an address.
pub fn names_somebody(resource: &Resource) -> bool {
    names(resource.root(), DEEPEST)
}

fn names(value: Value<'_>, depth: usize) -> bool {
    if depth == 0 {
        return true;
    }
    let text = |name: &str| value.get(name).and_then(|found: Value<'_>| found.as_text());
    if value.kind() == Kind::Object {
        let of_a_citizen = text("system").is_some_and(|system| system == systems::BSN || system == systems::BSN_OID);
        let is_person = text("resourceType").is_some_and(|kind| PEOPLE.contains(&kind.as_ref()));
        if of_a_citizen || (is_person && says_who(value)) {
            return true;
        }
    }
    value.members().any(|(_, inner)| names(inner, depth - 1)) || value.items().any(|inner| names(inner, depth - 1))
}

fn says_who(person: Value<'_>) -> bool {
    let has = |of: Value<'_>, names: &[&str]| names.iter().any(|name| of.get(name).is_some());
    has(person, &SAYS_WHO) || person.all("address").into_iter().any(|address| has(address, &SAYS_WHERE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    #[test]
    fn a_number_a_name_or_an_address_names_somebody_wherever_it_stands_and_nothing_else_does() {
        let bsn = r#"{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999911120"}"#;
        let oid = r#"{"system": "urn:oid:2.16.840.1.113883.2.4.6.3", "value": "999911120"}"#;
        let cases = [
            (r#"{"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1950-02-03"}"#.to_owned(), false),
            (r#"{"resourceType": "Patient", "id": "p", "address": [{"city": "Delft", "postalCode": "2611"}]}"#.to_owned(), false),
            (r#"{"resourceType": "Patient", "id": "p", "address": [{"city": "Delft", "line": ["Markt 1"]}]}"#.to_owned(), true),
            (r#"{"resourceType": "Patient", "id": "p", "address": [{"_line": [{"extension": []}]}]}"#.to_owned(), true),
            (r#"{"resourceType": "Patient", "id": "p", "name": [{"family": "Jansen"}]}"#.to_owned(), true),
            (r#"{"resourceType": "Patient", "id": "p", "telecom": [{"value": "06"}]}"#.to_owned(), true),
            (format!(r#"{{"resourceType": "Patient", "id": "p", "identifier": [{bsn}]}}"#), true),
            (r#"{"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:x", "value": "1"}]}"#.to_owned(), true),
            (format!(r#"{{"resourceType": "Flag", "id": "f", "subject": {{"identifier": {bsn}}}}}"#), true),
            (format!(r#"{{"resourceType": "Flag", "id": "f", "extension": [{{"valueIdentifier": {oid}}}]}}"#), true),
            (r#"{"resourceType": "Flag", "id": "f", "subject": {"reference": "Patient/p"}}"#.to_owned(), false),
            (r#"{"resourceType": "Flag", "id": "f", "contained": [{"resourceType": "RelatedPerson", "id": "r", "name": [{"text": "x"}]}]}"#.to_owned(), true),
            (r#"{"resourceType": "Organization", "id": "o", "name": "Noord", "telecom": [{"value": "010"}]}"#.to_owned(), false),
            (r#"{"resourceType": "Practitioner", "id": "n", "name": [{"family": "De Wit"}]}"#.to_owned(), false),
            (r#"{"resourceType": "RelatedPerson", "id": "r", "name": [{"family": "De Wit"}]}"#.to_owned(), true),
        ];
        for (text, expected) in cases {
            let resource = Resource::parse(text.clone().into_bytes().into(), &Limits::default()).unwrap();
            assert_eq!(names_somebody(&resource), expected, "{text}");
        }
    }
}
