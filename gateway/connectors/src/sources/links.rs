//! Where literal references lead: to which type and id, and whether that is at this source.

use fhir::json::{Kind, Value};
use fhir::{FhirVersion, LogicalId, Resource, ResourceType};

/// What a literal reference names at its server, from its text alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Named {
    pub kind: ResourceType,
    pub id: LogicalId,
}

/// Where a literal reference leads, seen from a source with this base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// `Type/id`, or the same below the source's own base.
    Here(Named),
    /// The same below another base.
    Away(Named),
    /// Into the resource itself, or to something that is no resource of a FHIR server.
    Nowhere,
}

impl Leads {
    /// Reads `[base/]Type/id[/_history/version]`.
    pub fn of(version: FhirVersion, base: Option<&str>, literal: &str) -> Self {
        let own = base.map(|base| base.trim_end_matches('/'));
        let relative = own.and_then(|own| literal.strip_prefix(own)?.strip_prefix('/')).unwrap_or(literal);
        let current = match relative.split_once("/_history/") {
            Some((current, version)) if LogicalId::parse(version).is_some() => current,
            Some(_) => return Leads::Nowhere,
            None => relative,
        };
        let parts = current.rsplit_once('/').and_then(|(rest, id)| {
            let (base, kind) = rest.rsplit_once('/').map_or((None, rest), |(base, kind)| (Some(base), kind));
            Some((base, Named { kind: ResourceType::parse(version, kind)?, id: LogicalId::parse(id)? }))
        });
        match parts {
            Some((None, named)) => Leads::Here(named),
            Some((Some(base), named)) if base.starts_with("http://") || base.starts_with("https://") => {
                Leads::Away(named)
            }
            Some(_) | None => Leads::Nowhere,
        }
    }
}

/// Everything that a resource refers to by type and id, at whichever server; contained resources and extensions
/// included.
pub(crate) fn referred(version: FhirVersion, resource: &Resource) -> Vec<Named> {
    let mut found = Vec::new();
    let mut waiting = vec![resource.root()];
    while let Some(value) = waiting.pop() {
        for (name, member) in value.members() {
            match member.kind() {
                Kind::Text if name == "reference" => match Leads::of(version, None, &text(member)) {
                    Leads::Here(named) | Leads::Away(named) => found.push(named),
                    Leads::Nowhere => {}
                },
                Kind::Object | Kind::List => waiting.extend(member.each()),
                Kind::Null | Kind::Bool | Kind::Number | Kind::Text => {}
            }
        }
    }
    found
}

/// Type and id of the resource itself, when it has usable ones.
pub(crate) fn name_of(version: FhirVersion, resource: &Resource) -> Option<Named> {
    let kind = ResourceType::parse(version, &resource.resource_type())?;
    Some(Named { kind, id: LogicalId::parse(&resource.id()?)? })
}

fn text(value: Value<'_>) -> String {
    value.as_text().unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sources::testing::resource;

    #[test]
    fn a_reference_leads_here_away_or_nowhere() {
        let base = Some("https://a.example/fhir/");
        for (literal, place) in [
            ("Medication/m1", "here"),
            ("Medication/m1/_history/3", "here"),
            ("https://a.example/fhir/Medication/m1", "here"),
            ("https://a.example/fhirx/Medication/m1", "away"),
            ("https://b.example/Medication/m1", "away"),
            ("NoSuchType/m1", "nowhere"),
            ("Medication/..", "nowhere"),
            ("Medication/m1/_history/../x", "nowhere"),
            ("x/Medication/m1", "nowhere"),
            ("#m1", "nowhere"),
            ("urn:uuid:8ba7b8e4-4a0e-4d10-b5f9-4f2d6e0b7a11", "nowhere"),
            ("", "nowhere"),
        ] {
            let leads = match Leads::of(FhirVersion::R4, base, literal) {
                Leads::Here(named) => (named.id.as_str() == "m1").then_some("here"),
                Leads::Away(named) => (named.id.as_str() == "m1").then_some("away"),
                Leads::Nowhere => Some("nowhere"),
            };
            assert_eq!(leads, Some(place), "{literal}");
        }
    }

    #[test]
    fn references_are_found_wherever_they_stand() {
        let resource = resource(&json!({"resourceType": "Observation", "id": "o",
            "subject": {"reference": "Patient/p1"},
            "contained": [{"resourceType": "PractitionerRole", "practitioner": {"reference": "Practitioner/x"}}],
            "extension": [{"url": "u", "valueReference": {"reference": "http://a.example/Device/d"}}],
            "hasMember": [{"reference": "#c"}, {"display": "reference"}]}));
        let mut found: Vec<String> = referred(FhirVersion::R4, &resource)
            .iter()
            .map(|named| format!("{}/{}", named.kind, named.id.as_str()))
            .collect();
        found.sort();
        assert_eq!(found, ["Device/d", "Patient/p1", "Practitioner/x"]);
        assert_eq!(name_of(FhirVersion::R4, &resource).unwrap().id.as_str(), "o");
    }
}
