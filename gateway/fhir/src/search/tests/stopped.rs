//! What is active of each treatment, and what stopped last.

use time::macros::datetime;

use crate::bundle::SearchMode;
use crate::json::Limits;
use crate::resource::Resource;
use crate::search::{SearchFault, SearchQuery, TreatmentStops};

const BASE: &str = "http://nictiz.nl/fhir/StructureDefinition/";

/// A block of a treatment: its period, its moment of registration, and further members.
fn block(id: &str, treatment: &str, period: &str, registered: &str, more: &str) -> Resource {
    let treatment = if treatment.is_empty() {
        String::new()
    } else {
        format!(
            r#"{{"url":"{BASE}ext-PharmaceuticalTreatment.Identifier","valueIdentifier":{{"system":"urn:oid:1","value":"{treatment}"}}}},"#
        )
    };
    let text = format!(
        r#"{{"resourceType":"MedicationRequest","id":"{id}","identifier":[{{"system":"urn:oid:2","value":"{id}"}}],{more}
        "category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"33633005"}}]}}],
        "extension":[{treatment}{{"url":"{BASE}ext-TimeInterval.Period","valuePeriod":{{{period}}}}},
            {{"url":"{BASE}ext-RegistrationDateTime","valueDateTime":"{registered}"}}]}}"#
    );
    Resource::parse(text.into(), &Limits::default()).unwrap()
}

const STOP: &str = r#""modifierExtension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-StopType",
    "valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"410546004"}]}}],"#;

fn stop_of(id: &str) -> String {
    format!(r#"{STOP}"priorPrescription":{{"identifier":{{"system":"urn:oid:2","value":"{id}"}}}},"#)
}

fn days(start: &str, end: &str) -> String {
    format!(r#""start":"2026-{start}","end":"2026-{end}""#)
}

/// The ids of what is kept on the first of June, with a star where it is only included.
fn kept(query: &str, blocks: &[Resource]) -> Vec<String> {
    let (stops, _) = TreatmentStops::read(&SearchQuery::parse(query).unwrap()).unwrap();
    let items: Vec<_> = blocks.iter().map(|one| (one.clone(), SearchMode::Match)).collect();
    let kept = stops.keep_marked(datetime!(2026-06-01 12:00 UTC), items, |(one, mode)| (one, *mode));
    let name = |((one, _), mode): &((Resource, SearchMode), SearchMode)| {
        format!("{}{}", one.id().unwrap(), if *mode == SearchMode::Match { "" } else { "*" })
    };
    kept.iter().map(name).collect()
}

#[test]
fn of_each_treatment_what_is_active_and_what_stopped_last_is_kept() {
    let blocks = [
        block("open", "a", r#""start":"2026-01-01""#, "2026-01-01", ""),
        block("ended", "a", &days("01-01", "03-01"), "2026-01-01", ""),
        block("future", "a", r#""start":"2026-09-01""#, "2026-01-02", ""),
        block("first-stop", "b", &days("01-01", "02-01"), "2026-02-01", STOP),
        block("last-stop", "b", &days("02-02", "04-01"), "2026-04-01", STOP),
        block("again", "b", r#""start":"2026-05-01""#, "2026-05-01", ""),
        block("without", "", r#""start":"2026-01-01""#, "2026-01-01", ""),
        block("periodless", "c", "", "2026-01-01", ""),
        block("wrong", "d", r#""start":"2026-01-01""#, "2026-01-01", r#""status":"entered-in-error","#),
        block("stopped-says-its-status", "e", r#""start":"2026-01-01""#, "2026-01-01", r#""status":"stopped","#),
    ];
    let expected = ["open", "future", "last-stop", "again", "without", "periodless", "stopped-says-its-status"];
    assert_eq!(kept("", &blocks), expected);
    let mut turned = blocks.to_vec();
    turned.reverse();
    let mut found = kept("", &turned);
    found.reverse();
    assert_eq!(found, expected, "the order of sources decides nothing");
    // What it follows from is included when that is asked; what was entered in error is not.
    let details = kept("include-details=true&category=33633005&mbh=urn:oid:1%7Ca&_count=5", &blocks);
    assert_eq!(details, [expected.as_slice(), &["ended*", "first-stop*"]].concat());
}

#[test]
fn what_a_stop_ended_is_not_active() {
    let open = |id: &str, registered: &str| block(id, "a", r#""start":"2026-01-01""#, registered, "");
    let stop = |end: &str, registered: &str, more: &str| block("stop", "a", &days("01-01", end), registered, more);
    let later = block("later", "a", r#""start":"2026-05-01""#, "2026-05-01", "");
    // Named, though it starts elsewhere; what it names is the only one that it ends.
    let other = block("other", "a", r#""start":"2026-02-01""#, "2026-02-01", "");
    let named = stop("05-01", "2026-05-01", &stop_of("other"));
    assert_eq!(kept("", &[open("open", "2026-01-01"), other.clone(), named]), ["open", "stop"]);
    // One that names what nobody has, or itself, ends what starts when it does.
    for prior in ["nowhere", "stop"] {
        let dangling = stop("05-01", "2026-05-01", &stop_of(prior));
        assert_eq!(kept("", &[open("open", "2026-01-01"), other.clone(), dangling]), ["other", "stop"], "{prior}");
    }
    // None starts when it does: what was in use when it ended. What begins only then was not.
    let elsewhere = block("stop", "a", &days("03-01", "05-01"), "2026-05-01", STOP);
    assert_eq!(kept("", &[open("open", "2026-01-01"), later.clone(), elsewhere]), ["later", "stop"]);
    // It cannot have ended what was agreed after it.
    let early = stop("05-01", "2026-02-01", STOP);
    assert_eq!(kept("", &[open("open", "2026-03-01"), early]), ["open", "stop"]);
    // A future agreement that was withdrawn.
    let withdrawn = block("stop", "a", &days("09-01", "09-01"), "2026-05-01", &stop_of("planned"));
    let planned = block("planned", "a", r#""start":"2026-09-01""#, "2026-01-01", "");
    assert_eq!(kept("", &[planned, withdrawn]), ["stop"]);
    // Of another treatment nothing is ended.
    let elsewhere = block("stop", "b", &days("01-01", "05-01"), "2026-05-01", STOP);
    assert_eq!(kept("", &[open("open", "2026-01-01"), elsewhere]), ["open", "stop"]);
}

#[test]
fn what_the_operation_does_not_understand_is_refused() {
    let read = |query: &str| TreatmentStops::read(&SearchQuery::parse(query).unwrap()).map(|(_, rest)| rest.write());
    assert_eq!(read("category=a&mbh=b&include-details=false&_count=3"), Ok("_count=3".to_owned()));
    for wrong in ["include-details=1", "include-details=", "include-details=true&include-details=false"] {
        assert_eq!(read(wrong), Err(SearchFault::value("include-details")), "{wrong}");
    }
}
