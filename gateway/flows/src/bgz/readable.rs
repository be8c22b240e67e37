//! The data of a referral as people read it: part by part, in the order in which it was asked for.

use std::collections::BTreeSet;

use fhir::search::{Search, Shelf, split};
use fhir::{Resource, ResourceType, SearchMode};

use super::{Query, VERSION};
use crate::eoverdracht::readable::Readable;

/// Most of one part.
const MOST: usize = 20_000;

/// What came, as a shelf that is searched.
struct Laid<'r>(&'r [Resource]);

/// Reads what came of these parts. What no part has by itself (it was brought along) stands below the others. A resource that is
/// in several parts stands in the first.
pub fn readable(resources: &[Resource], asked: &[Query]) -> Readable {
    let mut parts: Vec<(String, Vec<String>)> = Vec::new();
    let mut placed = BTreeSet::new();
    for query in asked {
        let title = query.section().title();
        let names = found(resources, query).into_iter().filter(|name| placed.insert(name.clone()));
        match parts.iter_mut().find(|(known, _)| known == title) {
            Some((_, there)) => there.extend(names),
            None => parts.push((title.to_owned(), names.collect())),
        }
    }
    parts.retain(|(_, names)| !names.is_empty());
    Readable::of_parts(resources, &parts)
}

/// What this part's own search finds, as `Type/id`. A search that cannot be evaluated here finds nothing: it then stands below.
fn found(resources: &[Resource], query: &Query) -> Vec<String> {
    let found = || {
        let kind = ResourceType::parse(VERSION, query.section().kind)?;
        let search = Search::read(VERSION, kind, &split(query.search()).0).ok()?;
        Some(search.run(&Laid(resources), MOST).ok()?.items)
    };
    let own = found().unwrap_or_default().into_iter().filter(|(_, mode)| *mode == SearchMode::Match);
    own.filter_map(|(one, _)| Some(format!("{}/{}", one.resource_type(), one.id()?))).collect()
}

impl Shelf for Laid<'_> {
    fn of_type(&self, kind: ResourceType) -> Vec<&Resource> {
        self.0.iter().filter(|one| one.resource_type() == kind.name()).collect()
    }

    fn get(&self, kind: ResourceType, id: &str) -> Option<&Resource> {
        self.0.iter().find(|one| one.resource_type() == kind.name() && one.id().as_deref() == Some(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bgz::SECTIONS;
    use crate::testing::resource;

    #[test]
    fn every_part_has_words_of_its_own() {
        let titles: BTreeSet<_> = SECTIONS.iter().map(|section| section.title()).collect();
        assert_eq!(titles.len(), SECTIONS.len());
        assert!(SECTIONS.iter().all(|section| section.title() != section.name));
    }

    #[test]
    fn each_resource_stands_in_the_first_part_that_has_it_and_nothing_is_left_out() {
        let observation = |id: &str, code: &str, says: &str| {
            resource(&format!(
                r#"{{"resourceType":"Observation","id":"{id}","status":"final","subject":{{"reference":"Patient/p"}},
                "code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"comment":"{says}"}}"#
            ))
        };
        let resources = vec![
            resource(
                r#"{"resourceType":"Patient","id":"p","name":[{"text":"J. Jansen"}],"birthDate":"1941-02-03",
                "identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911120"}]}"#,
            ),
            resource(
                r#"{"resourceType":"Condition","id":"k","code":{"text":"Astma"},"subject":{"reference":"Patient/p"}}"#,
            ),
            observation("w", "29463-7", "gewogen"),
            observation("o", "1-1", "iets anders"),
            resource(r#"{"resourceType":"Organization","id":"g","name":"Huisarts"}"#),
        ];
        let asked = ["Patient", "Condition", "Condition?_count=5", "Observation/$lastn?code=http://loinc.org|29463-7"];
        let asked: Vec<Query> = asked.iter().filter_map(|text| Query::read(text, None).ok()).collect();
        let readable = readable(&resources, &asked);
        assert_eq!((readable.patient.name.as_str(), readable.patient.born.as_str()), ("J. Jansen", "03-02-1941"));
        let parts: Vec<_> = readable.parts.iter().map(|part| (part.title.as_str(), part.count())).collect();
        assert_eq!(parts, [("Problemen", 1), ("Lichaamsgewicht", 1)]);
        assert_eq!(readable.beside.len(), 2, "{:?}", readable.beside);
        assert_eq!(Readable::of_parts(&[], &[]), Readable::default());
    }
}
