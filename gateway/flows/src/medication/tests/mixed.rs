//! Sources of MP 9.0.7 (STU3) beside those of MP9 3.0 (R4), through the real stack: one overview of both.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use exchange::ports::SourceFault;
use exchange::{Recorded, SourceStatus};
use fhir::json::Value as Json;
use fhir::{Bundle, FhirVersion, Resource};
use policy::Finding;
use proptest::prelude::*;

use super::build::{B, b, of_sources, reasons, told};
use super::properties::as_read;
use crate::medication::{Because, Medication, Windows};
use crate::overview::Context;
use crate::testing::{NOW, Place, World};

const BSN: &str = "999911120";
const PHARMACY: &str = "Apotheek Het Anker";

fn patient(id: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"{BSN}"}}]}}"#
    )
}

/// A practice of now, and a pharmacy whose system is of then: the pharmacy carries out what the practice agreed, holds an
/// agreement of which the practice has a copy, and has one that nobody else has.
fn region() -> World {
    let practice = Place::new("90000901", "Huisartsenpraktijk De Terp")
        .holds(&patient("1"))
        .holds(&b("MA", "metoprolol").treatment(Some("m")).days(-30, None).json())
        .holds(&b("MA", "omeprazol").treatment(Some("o")).days(-20, None).copy().json());
    let older = Place::new("90000904", PHARMACY)
        .speaking(FhirVersion::Stu3)
        .holds(&patient("1"))
        .holds(&b("TA", "metoprolol-ta").treatment(Some("m")).days(-30, None).rests_on("MA", "metoprolol").older().json())
        .holds(&b("MA", "omeprazol").treatment(Some("o")).days(-20, None).older().json())
        .holds(&b("MA", "nitrofurantoine").treatment(Some("n")).days(-3, Some(4)).text("4 maal daags").older().json())
        .holds(
            r#"{"resourceType":"AllergyIntolerance","id":"a1","clinicalStatus":"active","verificationStatus":"confirmed",
                "code":{"text":"Penicilline"},"patient":{"reference":"Patient/1"},"assertedDate":"2020-05-01"}"#,
        )
        .holds(
            r#"{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/1"},
                "category":[{"coding":[{"system":"http://snomed.info/sct","code":"49581000146104"}]}],
                "code":{"coding":[{"system":"http://loinc.org","code":"62238-1"}]},"effectiveDateTime":"2026-11-01",
                "valueQuantity":{"value":48,"unit":"mL/min/1.73m2"},
                "related":[{"type":"has-member","target":{"reference":"Observation/o2"}}]}"#,
        );
    World::new("90000901").with(practice).with(older).index(Finding::Found(1))
}

fn read(recorded: &Recorded) -> Medication {
    Medication::of(recorded.released(), NOW, Windows::default())
}

fn with<T>(recorded: &Recorded, make: impl FnOnce(&Medication, &exchange::Released, &Context<'_>) -> T) -> T {
    let context = Context {
        self_url: "https://node.example/fhir/r4/Patient/$x",
        assembled: NOW,
        base: &|holder| Some(format!("https://{}.example/fhir/r4", holder.0)),
    };
    make(&read(recorded), recorded.released(), &context)
}

fn resources(bundle: &Bundle) -> Vec<&Resource> {
    bundle.entries.iter().filter_map(|entry| entry.resource.as_ref()).collect()
}

fn text(value: Option<Json<'_>>) -> String {
    value.and_then(|value| value.as_text()).unwrap_or_default().into_owned()
}

#[tokio::test]
async fn one_overview_is_made_of_sources_of_both_versions() {
    let recorded = region().medication(BSN).await.unwrap();
    let found = read(&recorded);
    assert!(found.is_complete());
    assert_eq!(
        told(&found.treatments),
        "Current: metoprolol metoprolol-ta; Current: nitrofurantoine; Current: omeprazol"
    );
    // The copy here and the original there are one block, known by its identifier.
    let omeprazol = found.treatments.shown.iter().flat_map(|part| &part.lines);
    let omeprazol =
        omeprazol.into_iter().find(|line| line.said.name.id.as_ref().is_some_and(|id| &*id.value == "omeprazol"));
    let receipts = &omeprazol.unwrap().said.receipts;
    let copies: Vec<bool> = receipts.iter().map(|receipt| receipt.copy).collect();
    assert_eq!((receipts.len(), copies.contains(&true), copies.contains(&false)), (2, true, true));
    assert!(!reasons(&found.treatments, "omeprazol").contains(&Because::CopyOnly));
    // The base set of the older source as well.
    assert_eq!(found.around.sections.len(), 1);
    let allergy = &found.around.sections[0].groups[0];
    assert!(format!("{:?}", allergy.lines[0].status).contains("active"));
    assert_eq!(found.laboratory[0].results[0].value, Some(48.0));
    let sources: Vec<_> = found.around.sources.iter().map(|source| (source.version, source.items)).collect();
    assert_eq!(sources, [(None, 3), (Some(FhirVersion::Stu3), 6)]);
    // Contra-indications are not known there by any code: who reads that there are none must know that.
    let unasked: Vec<_> = found.around.sources.iter().map(|source| source.unasked.clone()).collect();
    assert_eq!(unasked, [vec![], vec!["Flag".to_owned()]]);
}

#[tokio::test]
async fn what_came_in_the_older_version_stands_in_the_answer_whole_and_as_what_it_is() {
    let recorded = region().medication(BSN).await.unwrap();
    let bundle = with(&recorded, |found, released, context| found.answer(released, context));
    let held: Vec<&Resource> =
        resources(&bundle).into_iter().filter(|resource| resource.resource_type() == "Binary").collect();
    let given: Vec<String> =
        recorded.released().parts()[1].items().iter().map(|item| item.resource().text().to_owned()).collect();
    let texts: Vec<String> = held
        .iter()
        .map(|binary| {
            assert_eq!(text(binary.root().get("contentType")), "application/fhir+json; fhirVersion=3.0");
            String::from_utf8(STANDARD.decode(text(binary.root().get("data"))).unwrap()).unwrap()
        })
        .collect();
    assert_eq!(texts, given, "byte by byte");
    for entry in &bundle.entries {
        let resource = entry.resource.as_ref().unwrap();
        assert_eq!(fhir::structure::check(FhirVersion::R4, resource), Ok(()), "{}", resource.resource_type());
        // What stands in it as R4 came from a source that was asked in R4.
        assert!(entry.full_url.as_ref().is_none_or(|url| url.starts_with("https://90000901.example/")));
    }
    let parameters = resources(&bundle)[0].text();
    assert!(parameters.contains(r#"{"name":"fhir-version","valueString":"3.0"}"#));
    // Every line of it says so, and no line of the other source.
    assert_eq!(parameters.matches("fhir-version").count(), 1 + 3 + 1, "the source, its three blocks, its result");
    let outcome = resources(&bundle).into_iter().find(|one| one.id().as_deref() == Some("source-90000904")).unwrap();
    assert!(outcome.text().contains("asked in FHIR 3.0.2") && outcome.text().contains("\"not-asked-types\""));
    assert!(parameters.contains(r#"{"name":"not-asked-type","valueString":"Flag"}"#));
    let provenance =
        resources(&bundle).into_iter().find(|one| one.id().as_deref() == Some("provenance-90000904")).unwrap();
    assert!(provenance.text().contains(r#""type":"Binary","display":"MedicationRequest/r-nitrofurantoine at Apotheek Het Anker (URA 90000904), FHIR 3.0.2""#));
}

#[tokio::test]
async fn the_former_list_names_what_came_in_the_older_version_by_its_identifier() {
    let recorded = region().asking(BSN, crate::medication::FORMER_OPERATION).await.unwrap();
    let bundle = with(&recorded, |found, released, context| found.former_list(released, context));
    let list = resources(&bundle)[0];
    let mut seen = BTreeMap::new();
    for item in list.root().all("entry.item") {
        let value = text(item.get("identifier").and_then(|id| id.get("value")));
        seen.insert(value, (item.get("reference").is_some(), text(item.get("display"))));
    }
    assert_eq!(seen["metoprolol"], (true, String::new()));
    assert_eq!(seen["nitrofurantoine"], (false, "MedicationRequest/r-nitrofurantoine, FHIR 3.0.2".to_owned()));
    assert!(!seen["metoprolol-ta"].0);
    for resource in resources(&bundle) {
        assert_eq!(fhir::structure::check(FhirVersion::R4, resource), Ok(()), "{}", resource.resource_type());
    }
    let held = resources(&bundle).into_iter().filter(|resource| resource.resource_type() == "Binary").count();
    assert_eq!(held, 3, "of each line that which counts, and of the copied one the original");
}

#[tokio::test]
async fn an_older_source_that_is_missing_is_seen_like_any_other() {
    for (what, change, status) in [
        ("unreachable", SourceFault::Unreachable, SourceStatus::Unreachable),
        ("slow", SourceFault::TimedOut, SourceStatus::TimedOut),
        ("refused", SourceFault::Refused, SourceStatus::Refused),
        ("another version", SourceFault::NotSupported, SourceStatus::Failed),
    ] {
        let recorded = region().changed(PHARMACY, |place| place.fails(change)).medication(BSN).await.unwrap();
        let found = read(&recorded);
        assert!(!found.is_complete(), "{what}");
        let missing: Vec<_> = found.around.missing().map(|source| (source.version, source.status)).collect();
        assert_eq!(missing, [(Some(FhirVersion::Stu3), status)], "{what}");
    }
    // What it answers by the rules of another version is not read.
    let of_now =
        b("MGB", "x").days(-3, None).json().replace("\"status\"", "\"statusReason\":[{\"text\":\"x\"}],\"status\"");
    let recorded = region().changed(PHARMACY, |place| place.holds(&of_now)).medication(BSN).await.unwrap();
    let found = read(&recorded);
    assert_eq!(found.around.missing().map(|source| source.status).collect::<Vec<_>>(), [SourceStatus::Failed]);
    assert!(!told(&found.treatments).contains("nitrofurantoine"));
}

#[tokio::test]
async fn the_order_of_sources_of_both_versions_changes_nothing_that_is_read() {
    let straight = read(&region().medication(BSN).await.unwrap());
    let turned = read(&region().in_order(&[1, 0]).medication(BSN).await.unwrap());
    assert!(straight == turned);
}

/// A block that both versions can say, and say alike.
fn any_block() -> impl Strategy<Value = B> {
    let kind = prop::sample::select(vec!["MA", "MA", "TA", "MGB", "VV", "MVE", "MTD"]);
    let stop = prop::option::weighted(0.3, prop::sample::select(vec!["definitive", "interrupted"]));
    let named = (0u8..6, 0u8..6, any::<bool>(), any::<bool>());
    let treatment = prop::sample::select(vec![Some("t"), Some("u"), None]);
    let times = (-120i64..60, prop::option::of(-5i64..90));
    (kind, treatment, stop, named, times).prop_map(
        |(kind, treatment, stop, (id, prior, points, rests), (start, length))| {
            let mut block = b(kind, &format!("{kind}{id}")).treatment(treatment);
            block = block.days(start, length.map(|length| start + length));
            if matches!(kind, "MVE" | "MTD") {
                block = block.unregistered();
            }
            if points && kind == "MA" {
                block = block.prior(&format!("MA{prior}"));
            }
            if rests && matches!(kind, "TA" | "MGB") {
                block = block.rests_on("MA", &format!("MA{prior}"));
            }
            match stop {
                Some(stop) if matches!(kind, "MA" | "TA" | "MGB") => block.stop(stop),
                _ => block,
            }
        },
    )
}

proptest! {
    #[test]
    fn in_which_version_a_block_was_written_changes_nothing_that_is_worked_out(
        blocks in prop::collection::vec(any_block(), 0..20),
        older in prop::collection::vec(any::<bool>(), 20),
        seed in any::<usize>(),
    ) {
        let known: BTreeMap<String, B> =
            blocks.into_iter().map(|block| (block.build().id().unwrap().into_owned(), block)).collect();
        let now: Vec<(usize, B)> = known.values().map(|block| (0, block.clone())).collect();
        let mut mixed: Vec<(usize, B)> = known.into_values().zip(older).map(|(block, older)| {
            if older { (1, block.older()) } else { (0, block) }
        }).collect();
        if !mixed.is_empty() {
            let half = seed % mixed.len();
            mixed.rotate_left(half);
        }
        prop_assert!(as_read(of_sources(&now, false)) == as_read(of_sources(&mixed, false)));
    }
}
