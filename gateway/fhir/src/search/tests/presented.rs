//! What shapes an answer: order, size, pages, and the last of each code.

use super::*;
use crate::bundle::SearchMode;
use crate::search::{LastN, Page, Presentation, Total, page, split};

fn parse(text: &str) -> Resource {
    Resource::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

fn read(version: FhirVersion, of: &str, query: &str) -> Result<Presentation, SearchFault> {
    let kind = ResourceType::parse(version, of).unwrap();
    Presentation::read(version, kind, &SearchQuery::parse(query).unwrap())
}

fn ids(resources: &[Resource]) -> Vec<String> {
    resources.iter().map(|one| one.id().unwrap().into_owned()).collect()
}

#[test]
fn a_query_is_split_into_what_is_asked_and_what_is_shown() {
    let text =
        "patient=1&_sort=date&_include=Observation:subject&_count=3&code=x&_revinclude=a&_summary=true&_format=json";
    let (asked, shown) = split(&SearchQuery::parse(text).unwrap());
    let names = |query: &SearchQuery| query.parameters.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&asked), ["patient", "_include", "code", "_revinclude"]);
    assert_eq!(names(&shown), ["_sort", "_count", "_summary", "_format"]);
}

#[test]
fn result_parameters_are_read_strictly() {
    let read = |query: &str| read(FhirVersion::R4, "Observation", query);
    let shown = read("_count=20&_total=none&code=ignored").unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((shown.count(), shown.total(), shown.count_only()), (Some(20), Total::None, false));
    let plain = read("").unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((plain.count(), plain.total(), plain.count_only()), (None, Total::Accurate, false));
    for query in ["_count=0", "_summary=count"] {
        let shown = read(query).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!((shown.count(), shown.count_only()), (None, true), "{query}");
    }
    for (query, fault) in [
        ("_count=-1", SearchFault::value("_count")),
        ("_count=%2B1", SearchFault::value("_count")),
        ("_count=", SearchFault::value("_count")),
        ("_count=1&_count=2", SearchFault::value("_count")),
        ("_count=99999999999999999999999", SearchFault::value("_count")),
        ("_count:exact=1", SearchFault::unsupported("_count:exact")),
        ("_total=some", SearchFault::value("_total")),
        ("_summary=maybe", SearchFault::value("_summary")),
        ("_summary=text&_include=Observation:subject", SearchFault::unsupported("_summary")),
        ("_sort=invented", SearchFault::unsupported("_sort")),
        ("_sort=code-value-quantity", SearchFault::unsupported("_sort")),
        ("_sort:desc=date", SearchFault::unsupported("_sort:desc")),
        ("_contained=true", SearchFault::unsupported("_contained")),
        ("_containedType=container", SearchFault::unsupported("_containedType")),
    ] {
        assert_eq!(read(query).err(), Some(fault), "{query}");
    }
    assert!(read("_contained=false&_pretty=true&_format=xml&_sort=&_elements=").is_ok());
}

#[test]
fn matches_are_put_in_order_by_the_kind_of_each_key() {
    let observations = [
        r#"{"resourceType":"Observation","id":"a","effectiveDateTime":"2026-03-01T10:00:00+01:00","status":"final",
            "valueQuantity":{"value":9}}"#,
        r#"{"resourceType":"Observation","id":"b","status":"amended","valueQuantity":{"value":10.0}}"#,
        r#"{"resourceType":"Observation","id":"c","effectivePeriod":{"start":"2026-01-01","end":"2026-12-31"},"status":"final"}"#,
        r#"{"resourceType":"Observation","id":"d","effectiveDateTime":"2026-03-01T09:30:00Z","status":"Final",
            "valueQuantity":{"value":1e1}}"#,
    ]
    .map(parse);
    for (query, expected) in [
        ("", ["a", "b", "c", "d"]),
        ("_sort=date", ["c", "a", "d", "b"]),
        ("_sort=-date", ["c", "d", "a", "b"]),
        ("_sort=status,-date", ["b", "c", "d", "a"]),
        ("_sort=status&_sort=date", ["b", "c", "a", "d"]),
        ("_sort=value-quantity", ["a", "b", "d", "c"]),
        ("_sort=-value-quantity", ["b", "d", "a", "c"]),
        ("_sort=-_id", ["d", "c", "b", "a"]),
        ("_sort=_lastUpdated", ["a", "b", "c", "d"]),
    ] {
        let mut sorted = observations.clone();
        let shown = read(FhirVersion::R4, "Observation", query).unwrap_or_else(|fault| panic!("{query}: {fault}"));
        shown.order(&mut sorted, |resource| resource);
        assert_eq!(ids(&sorted), expected, "{query}");
    }
}

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","meta":{"versionId":"1"},"text":{"status":"empty","div":"<div/>"},
    "contained":[{"resourceType":"Organization","id":"o"}],"active":true,"name":[{"family":"Jansen"}],"birthDate":"1970-01-01",
    "_birthDate":{"id":"x"},"maritalStatus":{"text":"x"},"photo":[{"url":"x"}],"contact":[{"name":{"text":"x"}}],
    "link":[{"id":"l","other":{"reference":"Patient/q"},"type":"seealso","extension":[{"url":"u","valueCode":"x"}]}]}"#;

#[test]
fn a_summary_says_that_it_is_one() {
    let names = |query: &str, text: &str| -> Vec<String> {
        let of = parse(text).resource_type().into_owned();
        let shown = read(FhirVersion::R4, &of, query).unwrap_or_else(|fault| panic!("{query}: {fault}"));
        shown.shape(&parse(text)).root().members().map(|(name, _)| name.into_owned()).collect()
    };
    let patient = |query: &str| names(query, PATIENT).join(" ");
    for (query, expected) in [
        ("_summary=true", "resourceType id meta active name birthDate _birthDate link"),
        ("_summary=text", "resourceType id meta text active link"),
        ("_elements=birthDate", "resourceType id meta active birthDate _birthDate link"),
        ("_elements=name,photo", "resourceType id meta active name photo link"),
        ("_elements=photo&_summary=true", "resourceType id meta active link"),
    ] {
        assert_eq!(patient(query), expected, "{query}");
    }
    assert!(!patient("_summary=data").contains(" text ") && patient("_summary=data").contains("photo"));
    let observation = names("_elements=value", OBSERVATION).join(" ");
    assert_eq!(observation, "resourceType id meta status code valueString", "what must be there stays");
    let whole = read(FhirVersion::R4, "Patient", "_summary=false&_count=1").unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(whole.shape(&parse(PATIENT)).text(), PATIENT, "untouched");
    let listed = read(FhirVersion::R4, "Observation", "_elements=code").unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(listed.shape_included(&parse(PATIENT)).text(), PATIENT, "elements are of the matches");
}

#[test]
fn the_mark_is_that_of_the_version_and_stands_once() {
    for (version, system) in [
        (FhirVersion::Stu3, "http://hl7.org/fhir/v3/ObservationValue"),
        (FhirVersion::R4, "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"),
    ] {
        let shown = read(version, "Patient", "_summary=true").unwrap_or_else(|fault| panic!("{fault}"));
        let once = shown.shape(&parse(PATIENT));
        let twice = shown.shape(&once);
        for shaped in [&once, &twice] {
            let tags = shaped.root().all("meta.tag");
            assert_eq!(tags.len(), 1);
            assert_eq!(tags[0].get("system").unwrap().as_text().unwrap(), system);
            assert_eq!(tags[0].get("code").unwrap().as_text().unwrap(), "SUBSETTED");
            assert_eq!(shaped.version_id().unwrap(), "1");
        }
        assert!(once.root().all("link.extension").is_empty(), "of a part of a resource only what is marked");
        assert_eq!(once.root().all("link.other.reference").len(), 1);
    }
}

fn observation(id: &str, when: &str, codes: &str) -> Resource {
    parse(&format!(
        r#"{{"resourceType":"Observation","id":"{id}","effectiveDateTime":"{when}","code":{{{codes}}},
            "hasMember":[{{"reference":"Observation/member-of-{id}"}}]}}"#
    ))
}

fn coded(codes: &[&str]) -> String {
    let codings: Vec<String> = codes.iter().map(|code| format!(r#"{{"system":"urn:s","code":"{code}"}}"#)).collect();
    format!(r#""coding":[{}]"#, codings.join(","))
}

fn last(query: &str, resources: &[Resource]) -> Result<Vec<String>, SearchFault> {
    let items = resources.iter().map(|one| (one.clone(), SearchMode::Match)).collect();
    let (last, _) = LastN::read(&SearchQuery::parse(query).unwrap())?;
    Ok(last
        .keep(items, |(resource, mode)| (resource, *mode))
        .iter()
        .map(|(one, _)| one.id().unwrap().into_owned())
        .collect())
}

#[test]
fn of_each_code_the_last_stay() {
    let text = r#""text":"Loose words""#;
    let all = [
        observation("a1", "2026-01-01", &coded(&["a"])),
        observation("b1", "2026-01-05", &coded(&["b"])),
        observation("a2", "2026-01-03", &coded(&["a"])),
        observation("t1", "2026-01-02", text),
        observation("t2", "2026-01-04", text),
        observation("none", "2026-01-01", ""),
        observation("nix", "2026-01-01", ""),
    ];
    assert_eq!(last("code=x", &all), Ok(["b1", "t2", "a2", "none", "nix"].map(str::to_owned).to_vec()));
    assert_eq!(last("max=2", &all), Ok(["b1", "t2", "a2", "t1", "a1", "none", "nix"].map(str::to_owned).to_vec()));
    // A third that shares a coding with each makes one group of both.
    let joined = [&all[0], &all[1], &all[2], &observation("ab", "2026-01-02", &coded(&["a", "b"]))].map(Clone::clone);
    assert_eq!(last("", &joined), Ok(vec!["b1".to_owned()]));
    let tie = [
        observation("x", "2026-01-01T10:00:00Z", &coded(&["a"])),
        observation("y", "2026-01-01T11:00:00+01:00", &coded(&["a"])),
        observation("z", "2025-01-01", &coded(&["a"])),
    ];
    assert_eq!(last("", &tie), Ok(vec!["x".to_owned(), "y".to_owned()]), "all of a tie");
    for bad in ["max=0", "max=-1", "max=x", "max=1&max=2", "max="] {
        assert_eq!(last(bad, &all), Err(SearchFault::value("max")), "{bad}");
    }
    let (_, rest) = LastN::read(&SearchQuery::parse("max=3&code=x").unwrap()).unwrap();
    assert_eq!(rest.write(), "code=x");
}

#[test]
fn what_a_kept_observation_brings_along_stays_with_it() {
    let member = |of: &str| observation(&format!("member-of-{of}"), "2025-01-01", &coded(&["a"]));
    let device = |id: &str| parse(&format!(r#"{{"resourceType":"Observation","id":"member-of-{id}"}}"#));
    let items = vec![
        (observation("new", "2026-02-01", &coded(&["a"])), SearchMode::Match),
        (observation("old", "2026-01-01", &coded(&["a"])), SearchMode::Match),
        (member("new"), SearchMode::Match),
        (device("old"), SearchMode::Include),
    ];
    let kept = |query: &str| -> Vec<(String, SearchMode)> {
        let (last, _) = LastN::read(&SearchQuery::parse(query).unwrap()).unwrap();
        let kept = last.keep_marked(items.clone(), |(resource, mode)| (resource, *mode));
        kept.iter().map(|((one, _), mode)| (one.id().unwrap().into_owned(), *mode)).collect()
    };
    assert_eq!(kept("code=a"), [("new".to_owned(), SearchMode::Match)]);
    assert_eq!(
        kept("code=a&_include=Observation:has-member"),
        [("new".to_owned(), SearchMode::Match), ("member-of-new".to_owned(), SearchMode::Include)]
    );
}

#[test]
fn a_page_has_its_matches_and_what_belongs_to_them() {
    let one = |text: &str, mode| (parse(text), mode);
    let request = |id: &str, medication: &str| {
        format!(
            r#"{{"resourceType":"MedicationRequest","id":"{id}","medicationReference":{{"reference":"Medication/{medication}"}}}}"#
        )
    };
    let items = vec![
        one(&request("m0", "a"), SearchMode::Match), // 0
        one(&request("m1", "b"), SearchMode::Match), // 1
        one(&request("m2", "a"), SearchMode::Match), // 2
        one(
            r#"{"resourceType":"Medication","id":"a","manufacturer":{"reference":"Organization/o"}}"#,
            SearchMode::Include,
        ), // 3
        one(r#"{"resourceType":"Medication","id":"b"}"#, SearchMode::Include), // 4
        one(r#"{"resourceType":"Organization","id":"o"}"#, SearchMode::Include), // 5
        one(
            r#"{"resourceType":"Provenance","id":"v","target":[{"reference":"MedicationRequest/m1"}]}"#,
            SearchMode::Include,
        ), // 6
        one(r#"{"resourceType":"Provenance","id":"w","target":[{"reference":"Medication/b"}]}"#, SearchMode::Include), // 7
        one(r#"{"resourceType":"OperationOutcome","id":"x"}"#, SearchMode::Outcome), // 8
        one(r#"{"resourceType":"Basic","id":"lost"}"#, SearchMode::Include),         // 9
    ];
    let page = |from, count| page(&items, from, count, |(resource, mode)| (resource, *mode));
    assert_eq!(page(0, 1), Page { items: vec![0, 3, 5, 8, 9], next: Some(1), total: 3 });
    assert_eq!(page(1, 1), Page { items: vec![1, 4, 6, 7, 8], next: Some(2), total: 3 });
    assert_eq!(page(2, 1), Page { items: vec![2, 3, 5, 8], next: None, total: 3 });
    assert_eq!(page(0, 3), Page { items: vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9], next: None, total: 3 });
    assert_eq!(page(3, 3), Page { items: vec![8], next: None, total: 3 });
    let seen: std::collections::BTreeSet<usize> = (0..3).flat_map(|from| page(from, 1).items).collect();
    assert_eq!(seen.len(), items.len(), "nothing gets lost between pages");
}
