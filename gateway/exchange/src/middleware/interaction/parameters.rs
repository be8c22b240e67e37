//! The parameters of `$latest-stops` (MP9 3.0, <http://nictiz.nl/fhir/OperationDefinition/mp-latest-stops>), in the query or as Parameters in
//! the body, read as one query. Its patient and its treatments are Identifiers and its category is a CodeableConcept; in a query each
//! is written as a token (`system|value`).

use fhir::interaction::Level;
use fhir::json::Value;
use fhir::{FhirVersion, Parameter, Resource, ResourceType, SearchQuery};
use policy::StandardOperation;

use crate::refusal::Refusal;

/// The type that an operation of the whole system is read as, where its patient is named as in a search of that type.
pub(super) fn searched(version: FhirVersion, level: &Level, name: &str) -> Option<ResourceType> {
    let operation = StandardOperation::of(level, name).filter(|found| *found == StandardOperation::LatestStops)?;
    ResourceType::parse(version, operation.resource_types().first()?)
}

/// Query and body as one query, the patient's identifier under the name that searches give it.
pub(super) fn of_latest_stops(mut query: SearchQuery, body: Option<&Resource>) -> Result<SearchQuery, Refusal> {
    for parameter in &mut query.parameters {
        let token = parameter.value.contains('|') && parameter.modifier.is_none();
        if parameter.name == "patient" && token {
            parameter.name = "patient.identifier".to_owned();
        }
    }
    let Some(body) = body else { return Ok(query) };
    if body.resource_type() != "Parameters" {
        return Err(Refusal::BodyMismatch);
    }
    let mut treatments = Vec::new();
    for parameter in body.root().get("parameter").into_iter().flat_map(|all| all.items()) {
        let name = parameter.get("name").and_then(|name| name.as_text()).ok_or(Refusal::BodyMismatch)?;
        let read = match name.as_ref() {
            "patient" => Parameter::new("patient.identifier", token(parameter.get("valueIdentifier"), "value")?),
            "category" => {
                let codings = parameter.get("valueCodeableConcept").and_then(|concept| concept.get("coding"));
                let codings: Vec<Value<'_>> = codings.into_iter().flat_map(|all| all.items()).collect();
                let [coding] = codings.as_slice() else { return Err(Refusal::BodyMismatch) };
                Parameter::new("category", token(Some(*coding), "code")?)
            }
            "mbh" => {
                treatments.push(token(parameter.get("valueIdentifier"), "value")?);
                continue;
            }
            "include-details" => {
                let details = parameter.get("valueBoolean").and_then(|details| details.as_bool());
                Parameter::new("include-details", details.ok_or(Refusal::BodyMismatch)?.to_string())
            }
            // It is refused by its name, like any that is not offered.
            other => Parameter::new(other, ""),
        };
        query.parameters.push(read);
    }
    if !treatments.is_empty() {
        query.parameters.push(Parameter::new("mbh", treatments.join(",")));
    }
    Ok(query)
}

/// An Identifier or a Coding as a token. Both halves are needed: half an identifier would mean more than was asked.
fn token(element: Option<Value<'_>>, half: &str) -> Result<String, Refusal> {
    let text = |name: &str| element?.get(name)?.as_text().filter(|text| !text.trim().is_empty());
    match (text("system"), text(half)) {
        (Some(system), Some(value)) => Ok(format!("{}|{}", escaped(&system), escaped(value.trim()))),
        _ => Err(Refusal::BodyMismatch),
    }
}

/// As a value of a search parameter is written (FHIR search, escaping).
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | ',' | '|' | '$') {
            written.push('\\');
        }
        written.push(character);
    }
    written
}

#[cfg(test)]
mod tests {
    use fhir::json::Limits;

    use super::*;

    fn read(query: &str, body: Option<&str>) -> Result<String, Refusal> {
        let body = body.map(|text| Resource::parse(text.to_owned().into(), &Limits::default()).unwrap());
        let query = of_latest_stops(SearchQuery::parse(query).unwrap(), body.as_ref())?;
        let of = |parameter: &Parameter| format!("{}={}", parameter.key(), parameter.value);
        Ok(query.parameters.iter().map(of).collect::<Vec<_>>().join("&"))
    }

    #[test]
    fn a_query_and_parameters_say_the_same() {
        let asked =
            "patient=s|1&category=http://snomed.info/sct|33633005&include-details=true&mbh=urn:oid:1|a,urn:oid:1|b\\,c";
        let said = r#"{"resourceType":"Parameters","parameter":[
            {"name":"patient","valueIdentifier":{"system":"s","value":"1"}},
            {"name":"mbh","valueIdentifier":{"system":"urn:oid:1","value":" a "}},
            {"name":"category","valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"33633005"}]}},
            {"name":"include-details","valueBoolean":true},
            {"name":"mbh","valueIdentifier":{"system":"urn:oid:1","value":"b,c"}}]}"#;
        let expected = asked.replacen("patient=", "patient.identifier=", 1);
        assert_eq!(read(asked, None).unwrap(), expected);
        assert_eq!(read("", Some(said)).unwrap(), expected);
        // An id of this server stays one.
        assert_eq!(read("patient=p1", None).unwrap(), "patient=p1");
    }

    #[test]
    fn what_a_body_does_not_say_properly_is_not_guessed() {
        for parameter in [
            r#"{"valueBoolean":true}"#,
            r#"{"name":"patient","valueIdentifier":{"value":"1"}}"#,
            r#"{"name":"patient","valueString":"1"}"#,
            r#"{"name":"mbh","valueIdentifier":{"system":"s","value":" "}}"#,
            r#"{"name":"category","valueCodeableConcept":{"text":"x"}}"#,
            r#"{"name":"category","valueCodeableConcept":{"coding":[{"system":"s","code":"a"},{"system":"s","code":"b"}]}}"#,
            r#"{"name":"include-details","valueString":"true"}"#,
        ] {
            let body = format!(r#"{{"resourceType":"Parameters","parameter":[{parameter}]}}"#);
            assert!(matches!(read("", Some(&body)), Err(Refusal::BodyMismatch)), "{parameter}");
        }
        assert!(matches!(read("", Some(r#"{"resourceType":"Patient"}"#)), Err(Refusal::BodyMismatch)));
        let other = r#"{"resourceType":"Parameters","parameter":[{"name":"status","valueCode":"active"}]}"#;
        assert_eq!(read("", Some(other)).unwrap(), "status=", "it is refused by its name");
    }
}
