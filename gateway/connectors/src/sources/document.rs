//! `Composition/[id]/$document`: what is asked, and what belongs to the document (FHIR, Composition, generate a
//! document). How the parts are found is each source's own.

use fhir::interaction::Level;
use fhir::json::Value;
use fhir::{FhirVersion, LogicalId, Resource, SearchQuery};

use super::links::Leads;
use super::narrow::shown;
use exchange::ports::SourceFault;

/// Deepest nesting of sections that is read.
const DEPTH: usize = 16;

/// The Composition that a document is asked of. `persist` and every other parameter is refused by name: nothing is
/// kept here.
pub(crate) fn composition<'l>(
    level: &'l Level,
    name: &str,
    query: &SearchQuery,
) -> Result<(fhir::ResourceType, &'l LogicalId), SourceFault> {
    match level {
        Level::Instance(kind, id) if name == "document" && kind.name() == "Composition" => {
            let presentation = |name: &str| matches!(name, "_format" | "_pretty");
            match query.parameters.iter().find(|parameter| !presentation(&parameter.name)) {
                Some(unsupported) => Err(SourceFault::Unsupported { parameter: shown(unsupported) }),
                None => Ok((*kind, id)),
            }
        }
        Level::Instance(..) | Level::Type(_) | Level::System => Err(SourceFault::NotSupported),
    }
}

/// Where the Composition's own references lead, in the order of the document, each once: subject, encounter,
/// authors, attesters, custodian, events, and per section its authors, focus, entries and sections. The same names
/// in STU3 and R4, as far as each has them.
pub(crate) fn parts(version: FhirVersion, base: Option<&str>, composition: &Resource) -> Vec<Leads> {
    let root = composition.root();
    let mut literals = Vec::new();
    for path in ["subject", "encounter", "author", "attester.party", "custodian", "event.detail"] {
        take(root, path, &mut literals);
    }
    sections(root, DEPTH, &mut literals);
    let mut found: Vec<Leads> = Vec::new();
    for literal in literals {
        let leads = Leads::of(version, base, &literal);
        if leads != Leads::Nowhere && !found.contains(&leads) {
            found.push(leads);
        }
    }
    found
}

fn sections(of: Value<'_>, depth: usize, literals: &mut Vec<String>) {
    for section in of.all("section") {
        for path in ["author", "focus", "entry"] {
            take(section, path, literals);
        }
        if depth > 0 {
            sections(section, depth - 1, literals);
        }
    }
}

fn take(of: Value<'_>, path: &str, literals: &mut Vec<String>) {
    let references = of.all(path).into_iter().filter_map(|element| element.get("reference")?.as_text());
    literals.extend(references.map(std::borrow::Cow::into_owned));
}

#[cfg(test)]
mod tests {
    use fhir::Interaction;
    use serde_json::json;

    use super::*;
    use crate::sources::testing::{interaction, resource};

    #[test]
    fn only_a_composition_gives_a_document_and_nothing_is_kept() {
        for (line, refused) in [
            ("GET Composition/c1/$document", None),
            ("GET Composition/c1/$document?_format=json", None),
            (
                "GET Composition/c1/$document?persist=true",
                Some(SourceFault::Unsupported { parameter: "persist".into() }),
            ),
            ("GET Composition/$document?id=c1", Some(SourceFault::NotSupported)),
            ("GET Bundle/c1/$document", Some(SourceFault::NotSupported)),
            ("GET Composition/c1/$validate", Some(SourceFault::NotSupported)),
        ] {
            let Interaction::Operation { level, name, query } = interaction(FhirVersion::R4, line) else { panic!() };
            assert_eq!(composition(&level, &name, &query).err(), refused, "{line}");
        }
    }

    #[test]
    fn a_document_has_what_its_composition_names_in_order_and_once() {
        let reference = |to: &str| json!({"reference": to});
        let composition = resource(&json!({"resourceType": "Composition", "id": "c",
            "section": [
                {"entry": [reference("Condition/1"), reference("Observation/2")],
                 "section": [{"focus": reference("Practitioner/f"), "entry": [reference("Goal/3"), reference("Condition/1")]}]},
                {"author": [reference("Practitioner/s")], "entry": [reference("https://elsewhere.example/Flag/4"),
                 reference("#inside"), reference("https://a.example/fhir/Procedure/5")]}],
            "event": [{"detail": [reference("Encounter/e")]}],
            "custodian": reference("Organization/o"), "attester": [{"party": reference("Practitioner/a")}],
            "author": [reference("PractitionerRole/r")], "encounter": reference("Encounter/e"),
            "relatesTo": [{"targetReference": reference("Composition/old")}],
            "subject": reference("Patient/p")}));
        for version in FhirVersion::ALL {
            let found: Vec<String> = parts(version, Some("https://a.example/fhir"), &composition)
                .iter()
                .map(|leads| match leads {
                    Leads::Here(named) => format!("{}/{}", named.kind, named.id.as_str()),
                    Leads::Away(named) => format!("away {}", named.kind),
                    Leads::Nowhere => "nowhere".into(),
                })
                .collect();
            let wanted = [
                "Patient/p",
                "Encounter/e",
                "PractitionerRole/r",
                "Practitioner/a",
                "Organization/o",
                "Condition/1",
                "Observation/2",
                "Practitioner/f",
                "Goal/3",
                "Practitioner/s",
                "away Flag",
                "Procedure/5",
            ];
            assert_eq!(found, wanted);
        }
    }
}
