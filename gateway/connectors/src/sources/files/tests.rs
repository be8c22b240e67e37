//! A folder while it is written to, and questions about it.

use std::path::Path;
use std::time::Duration;

use exchange::ports::{PatientIndex, SourceFault};
use fhir::{FhirVersion, LogicalId, SearchMode};
use policy::{Finding, NotFoundOut, PatientScope};
use serde_json::{Value, json};

use super::*;
use crate::sources::testing::{Asker, BSN, OTHER_BSN, bsn, holder, names, observation, one, patient, searchset};

fn open(folder: &Path) -> FilesSource {
    open_with(folder, FilesBounds::default())
}

fn open_with(folder: &Path, bounds: FilesBounds) -> FilesSource {
    let bounds = FilesBounds { settle_milliseconds: 5, ..bounds };
    let config = FilesSourceConfig { bounds, ..FilesSourceConfig::new(folder, FhirVersion::R4) };
    FilesSource::open(config, holder(), "De Linde").unwrap()
}

fn write(folder: &Path, name: &str, value: &Value) {
    std::fs::write(folder.join(name), value.to_string()).unwrap();
}

/// Two patients, an observation of each, and one that is about both.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.json", &patient("p1", &[BSN]));
    write(folder.path(), "b.json", &patient("p2", &[OTHER_BSN]));
    write(folder.path(), "c.json", &observation("o1", "p1"));
    write(folder.path(), "d.json", &observation("o2", "p2"));
    let mut named = observation("o3", "p1");
    named["subject"] = json!({"identifier": {"system": fhir::identifiers::systems::BSN, "value": BSN}});
    named["performer"] = json!([{"reference": "Organization/org"}, {"reference": "Patient/p2"}]);
    named["code"] = json!({"coding": [{"system": "http://loinc.org", "code": "29463-7"}]});
    write(folder.path(), "e.json", &named);
    write(folder.path(), "f.json", &json!({"resourceType": "Organization", "id": "org"}));
    write(folder.path(), "g.json", &json!({"resourceType": "Observation", "id": "o4", "status": "final"}));
    folder
}

/// Waits until the folder is seen so. The test runner's own patience is the bound.
async fn until(source: &FilesSource, seen: impl Fn(&FilesSource) -> bool) {
    while !seen(source) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_patients_resources_are_found_by_id_and_by_bsn_and_no_one_elses() {
    let folder = folder();
    let source = open(folder.path());
    let asker = Asker::about(one());
    let answer = asker.asks(&source, "GET Observation").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1", "Observation/o3"]);
    assert_eq!((answer.patients.as_slice(), answer.cut_short), (["p1".to_owned()].as_slice(), false));
    for (line, found) in [
        ("GET Patient", vec!["Patient/p1"]),
        ("GET Patient?_id=p2", vec![]),
        ("GET Observation?_id=o1,o2,o4", vec!["Observation/o1"]),
        ("GET Observation?code=http://loinc.org%7C29463-7", vec!["Observation/o3"]),
        ("GET Observation?_count=1", vec!["Observation/o1", "Observation/o3"]),
        ("GET Condition", vec![]),
        ("GET Organization?_id=org", vec!["Organization/org"]),
        ("GET Observation/o1", vec!["Observation/o1"]),
        ("GET Organization/org", vec!["Organization/org"]),
    ] {
        assert_eq!(names(&asker.asks(&source, line).await.unwrap()), found, "{line}");
    }
    for line in ["GET Observation/o2", "GET Observation/o4", "GET Patient/p2", "GET Observation/none"] {
        assert_eq!(asker.asks(&source, line).await.unwrap_err(), SourceFault::NotFound, "{line}");
    }
}

#[tokio::test]
async fn scopes_of_nobody_and_of_anyone_see_what_they_are_for() {
    let folder = folder();
    let source = open(folder.path());
    let nobody = Asker::about(PatientScope::Nobody);
    assert_eq!(names(&nobody.asks(&source, "GET Organization").await.unwrap()), ["Organization/org"]);
    assert!(nobody.asks(&source, "GET Observation").await.unwrap().items.is_empty());
    assert_eq!(nobody.asks(&source, "GET Patient/p1").await.unwrap_err(), SourceFault::NotFound);
    let anyone = Asker::about(PatientScope::Any);
    let all = anyone.asks(&source, "GET Observation").await.unwrap();
    assert_eq!((all.items.len(), all.patients.len()), (4, 0));
}

#[tokio::test]
async fn an_include_follows_references_within_the_folder_and_to_no_other_patient() {
    let folder = folder();
    let source = open(folder.path());
    let answer = Asker::about(one()).asks(&source, "GET Observation?_include=Observation:performer").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1", "Observation/o3", "Organization/org"]);
    assert_eq!(answer.items.last().unwrap().mode, SearchMode::Include);
    let anyone = Asker::about(PatientScope::Any);
    let answer = anyone.asks(&source, "GET Observation?_id=o3&_include=Observation:performer:Patient").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o3", "Patient/p2"]);
}

#[tokio::test]
async fn what_a_folder_cannot_evaluate_is_said_and_not_left_out() {
    let folder = folder();
    let source = open(folder.path());
    let asker = Asker::about(one());
    for (line, parameter) in [
        ("GET Observation?_include=*", "_include"),
        ("GET Observation?_text=weight", "_text"),
        ("GET Observation?colour=blue", "colour"),
        ("GET Observation/o1/_history?_since=2024", "_since"),
    ] {
        let fault = asker.asks(&source, line).await.map(|answer| names(&answer));
        assert_eq!(fault, Err(SourceFault::Unsupported { parameter: parameter.into() }), "{line}");
    }
    for line in [
        "GET Organization",
        "GET Observation/_history",
        "GET Observation/$lastn",
        "GET Patient/p1/$everything",
        "DELETE Observation/o1",
    ] {
        assert_eq!(asker.asks(&source, line).await.unwrap_err(), SourceFault::NotSupported, "{line}");
    }
    let mut stu3 = Asker::about(one());
    stu3.version = FhirVersion::Stu3;
    assert_eq!(stu3.asks(&source, "GET Observation").await.unwrap_err(), SourceFault::NotSupported);
}

#[tokio::test]
async fn the_one_version_that_is_held_is_read_and_is_the_history() {
    let folder = folder();
    let mut versioned = observation("v", "p1");
    versioned["meta"] = json!({"versionId": "3"});
    write(folder.path(), "v.json", &versioned);
    let source = open(folder.path());
    let asker = Asker::about(one());
    for line in ["GET Observation/v/_history/3", "GET Observation/v/_history", "GET Observation/o1/_history?_count=1"] {
        assert_eq!(asker.asks(&source, line).await.unwrap().items.len(), 1, "{line}");
    }
    for line in [
        "GET Observation/v/_history/2",
        "GET Observation/o1/_history/3",
        "GET Observation/o2/_history/1",
        "GET Observation/o2/_history",
        "GET Patient/p2/_history",
    ] {
        assert_eq!(asker.asks(&source, line).await.unwrap_err(), SourceFault::NotFound, "{line}");
    }
}

#[tokio::test]
async fn a_document_is_gathered_from_the_folder_and_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    for (at, resource) in crate::sources::suite::chart::chart().iter().enumerate() {
        write(folder.path(), &format!("{at:02}.json"), resource);
    }
    let source = open(folder.path());
    let asker = Asker::about(one());
    let whole = asker.asks(&source, "GET Composition/handover/$document").await.unwrap();
    assert_eq!((names(&whole).len(), whole.cut_short), (8, false));
    assert_eq!(names(&whole)[..3], ["Composition/handover", "Patient/p1", "Encounter/stay"]);
    let modes: Vec<bool> = whole.items.iter().map(|item| item.mode == SearchMode::Match).collect();
    assert_eq!(modes.iter().filter(|first| **first).count(), 1);
    let torn = asker.asks(&source, "GET Composition/torn/$document").await.unwrap();
    let expected = ["Composition/torn", "Patient/p1", "Observation/w1"];
    assert_eq!((names(&torn), torn.cut_short), (expected.map(str::to_owned).to_vec(), true));
    let small = open_with(folder.path(), FilesBounds { max_results: 3, ..FilesBounds::default() });
    let bounded = asker.asks(&small, "GET Composition/handover/$document").await.unwrap();
    assert_eq!((bounded.items.len(), bounded.cut_short), (3, true));
    let persisted = asker.asks(&source, "GET Composition/handover/$document?persist=true").await;
    assert_eq!(persisted.unwrap_err(), SourceFault::Unsupported { parameter: "persist".into() });
    let nobody = Asker::about(PatientScope::Nobody);
    let refused = nobody.asks(&source, "GET Composition/handover/$document").await;
    assert_eq!(refused.unwrap_err(), SourceFault::NotFound);
}

#[tokio::test]
async fn an_id_means_a_patient_only_when_it_clearly_does() {
    let folder = folder();
    write(folder.path(), "x.json", &patient("both", &[BSN, OTHER_BSN]));
    write(folder.path(), "y.json", &patient("none", &[]));
    write(folder.path(), "z.json", &patient("wrong", &["999940003"]));
    let source = open(folder.path());
    let id = |text| LogicalId::parse(text).unwrap();
    assert_eq!(source.patient(&id("p1")).await, Finding::Found(bsn()));
    assert_eq!(source.patient(&id("o1")).await, Finding::Absent);
    for unclear in ["both", "none", "wrong"] {
        assert_eq!(source.patient(&id(unclear)).await, Finding::NotFoundOut(NotFoundOut::Unusable), "{unclear}");
    }
    let answer = Asker::about(one()).asks(&source, "GET Patient").await.unwrap();
    assert_eq!((names(&answer), answer.cut_short), (vec!["Patient/p1".to_owned()], true));
}

#[tokio::test]
async fn bundles_lines_and_sub_folders_are_read_and_hidden_files_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let collection =
        json!({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient("p1", &[BSN])}]});
    write(folder.path(), "a.json", &collection);
    write(folder.path(), "b.json", &searchset(&[observation("o1", "p1")], None));
    let lines = format!("{}\n\n {}\r\n", observation("o2", "p1"), observation("o3", "p1"));
    std::fs::write(folder.path().join("c.ndjson"), lines).unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    write(&folder.path().join("sub"), "d.json", &observation("o4", "p1"));
    write(folder.path(), ".half.json", &observation("o5", "p1"));
    write(folder.path(), "readme.txt", &observation("o6", "p1"));
    let source = open(folder.path());
    let answer = Asker::about(one()).asks(&source, "GET Observation").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1", "Observation/o2", "Observation/o3", "Observation/o4"]);
    assert_eq!((source.problems(), answer.cut_short), (Problems::default(), false));
}

#[tokio::test]
async fn of_two_with_one_name_the_first_by_file_name_stands() {
    let folder = folder();
    let mut second = observation("o1", "p1");
    second["status"] = json!("amended");
    write(folder.path(), "zz.json", &second);
    let source = open(folder.path());
    assert_eq!(source.problems(), Problems { duplicates: 1, ..Problems::default() });
    let answer = Asker::about(one()).asks(&source, "GET Observation/o1").await.unwrap();
    assert!(answer.items[0].resource.text().contains("final"));
}

#[tokio::test]
async fn a_torn_file_is_counted_and_read_once_it_is_whole() {
    let folder = folder();
    let whole = observation("o9", "p1").to_string();
    std::fs::write(folder.path().join("torn.json"), &whole[..whole.len() / 2]).unwrap();
    let source = open(folder.path());
    assert_eq!(source.problems(), Problems { malformed: 1, ..Problems::default() });
    let asker = Asker::about(one());
    let answer = asker.asks(&source, "GET Observation").await.unwrap();
    assert_eq!((answer.items.len(), answer.cut_short), (2, true), "something may be missing, and that is said");
    std::fs::write(folder.path().join("torn.json"), &whole).unwrap();
    until(&source, |source| !source.problems().any()).await;
    let answer = asker.asks(&source, "GET Observation").await.unwrap();
    assert_eq!((answer.items.len(), answer.cut_short), (3, false));
}

#[tokio::test]
async fn what_is_added_changed_or_deleted_is_seen() {
    let folder = folder();
    let source = open(folder.path());
    let asker = Asker::about(one());
    let before = source.resources();
    write(folder.path(), "new.json", &observation("o9", "p1"));
    until(&source, |source| source.resources() == before + 1).await;
    assert_eq!(names(&asker.asks(&source, "GET Observation/o9").await.unwrap()), ["Observation/o9"]);
    write(folder.path(), "new.json", &observation("o9", "p2"));
    let gone = || async { asker.asks(&source, "GET Observation/o9").await.is_err() };
    while !gone().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    std::fs::remove_file(folder.path().join("new.json")).unwrap();
    until(&source, |source| source.resources() == before).await;
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    write(&folder.path().join("sub"), "d.json", &observation("o8", "p1"));
    until(&source, |source| source.resources() == before + 1).await;
}

#[tokio::test]
async fn a_folder_that_goes_away_leaves_what_was_read() {
    let folder = folder();
    let source = open_with(folder.path(), FilesBounds { rescan_seconds: 1, ..FilesBounds::default() });
    std::fs::rename(folder.path(), folder.path().with_extension("gone")).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(Asker::about(one()).asks(&source, "GET Observation").await.unwrap().items.len(), 2);
    std::fs::rename(folder.path().with_extension("gone"), folder.path()).unwrap();
}

#[tokio::test]
async fn bounds_are_kept_and_what_they_leave_out_is_said() {
    let folder = folder();
    write(folder.path(), "big.json", &json!({"resourceType": "Observation", "id": "big", "x": "y".repeat(2_000)}));
    let default = FilesBounds::default();
    for (bounds, resources, problems) in [
        (FilesBounds { max_file_bytes: 1_000, ..default }, 7, Problems { too_large: 1, ..Problems::default() }),
        (FilesBounds { max_files: 5, ..default }, 5, Problems { over_bounds: 3, ..Problems::default() }),
        (FilesBounds { max_resources: 6, ..default }, 6, Problems { over_bounds: 2, ..Problems::default() }),
    ] {
        let source = open_with(folder.path(), bounds);
        assert_eq!((source.resources(), source.problems()), (resources, problems));
        assert!(Asker::about(one()).asks(&source, "GET Observation").await.unwrap().cut_short);
    }
    let source = open_with(folder.path(), FilesBounds { max_results: 1, ..default });
    let answer = Asker::about(one()).asks(&source, "GET Observation").await.unwrap();
    assert_eq!((answer.items.len(), answer.cut_short), (1, true));
}

#[test]
fn a_folder_that_is_not_there_is_no_source() {
    let config = FilesSourceConfig::new("/nonexistent/zorgsluis", FhirVersion::R4);
    assert_eq!(FilesSource::open(config, holder(), "x").err(), Some(SourceSetupFault::Folder));
}
