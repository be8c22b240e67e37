use std::path::Path;
use std::time::{Duration, Instant};

use fhir::json::Limits;
use prometheus_client::encoding::text::encode;

use super::*;

fn statements() -> Arc<Statements> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/zib");
    Arc::new(Statements::load(&folder).unwrap())
}

fn resource(text: &str) -> Resource {
    Resource::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

fn every(queue: usize) -> QualityConfig {
    QualityConfig { one_in: 1, queue, ..QualityConfig::default() }
}

const PROBLEM: &str = r#"{"resourceType":"Condition","id":"geheim-id","meta":{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-Problem"]},
    "subject":{"reference":"Patient/geheim-id"},"Jan Jansen":"x"}"#;

/// What was counted, once so many rows are there.
fn measured(quality: &Quality, done: impl Fn(&Measured) -> bool) -> Measured {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let measured = quality.measured().unwrap();
        if done(&measured) {
            return measured;
        }
        assert!(Instant::now() < until, "{measured:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_falls_short_is_counted_per_source_and_profile_and_nothing_of_the_patient_is() {
    let quality = Quality::start(statements(), &every(64)).unwrap();
    let other = r#"{"resourceType":"Condition","meta":{"profile":["http://example.org/geheim-id"]}}"#;
    for text in [PROBLEM, PROBLEM, r#"{"resourceType":"Basic"}"#, other] {
        quality.look_at("Bron <A>", FhirVersion::Stu3, &resource(text));
    }
    let measured = measured(&quality, |measured| measured.rows.iter().map(|row| row.tally.checked).sum::<u64>() == 8);
    let of = |wanted: &dyn Fn(&Subject) -> bool| {
        let row = measured.rows.iter().find(|row| wanted(&row.subject)).unwrap();
        assert_eq!(&*row.source, "Bron <A>");
        row.tally.clone()
    };
    let problem = of(&|subject| matches!(subject, Subject::Profile { title, .. } if title == "Probleem"));
    assert_eq!(problem.checked, 2);
    assert_eq!(of(&|subject| *subject == Subject::NoClaim { kind: "Basic" }).checked, 1);
    assert_eq!(of(&|subject| *subject == Subject::Unknown { kind: "Condition" }).checked, 1);
    let answers = of(&|subject| *subject == Subject::Answers);
    assert_eq!((answers.checked, answers.clean), (4, 1));
    let field = answers.fields.iter().find(|(field, _)| field.element == "Condition.subject").unwrap();
    assert_eq!(*field.1, 2, "no display");

    let mut registry = Registry::default();
    quality.register(&mut registry);
    let mut shown = String::new();
    encode(&mut shown, &registry).unwrap();
    assert!(shown.contains(r#"profile="zib-Problem""#), "{shown}");
    for secret in ["geheim-id", "Jansen"] {
        assert!(!shown.contains(secret) && !format!("{measured:?}").contains(secret), "{secret}");
    }
}

#[test]
fn a_full_queue_passes_over_and_never_waits() {
    let quality = Quality::start(statements(), &every(1)).unwrap();
    let table = quality.measuring.as_ref().unwrap().table.clone();
    // The worker cannot count while the table is held: the first job is taken, the second fills the queue.
    let held = table.lock().unwrap();
    for _ in 0..100 {
        quality.look_at("bron", FhirVersion::Stu3, &resource(PROBLEM));
    }
    let passed_over = quality.measuring.as_ref().unwrap().passed_over.load(Ordering::Relaxed);
    assert!((97..=99).contains(&passed_over), "{passed_over}");
    drop(held);
    let measured = measured(&quality, |measured| measured.rows.iter().map(|row| row.tally.checked).sum::<u64>() >= 2);
    assert_eq!(measured.passed_over, passed_over);
}

#[test]
fn what_is_too_large_or_of_a_source_too_many_is_passed_over() {
    let quality = Quality::start(statements(), &every(256)).unwrap();
    let large = format!(r#"{{"resourceType":"Basic","id":"{}"}}"#, "a".repeat(LONGEST_RESOURCE));
    quality.look_at("bron", FhirVersion::R4, &resource(&large));
    assert_eq!(quality.measured().unwrap().passed_over, 1);
    for number in 0..MOST_SOURCES + 5 {
        quality.look_at(&format!("bron {number}"), FhirVersion::R4, &resource(r#"{"resourceType":"Basic"}"#));
    }
    let names = quality.measuring.as_ref().unwrap().sources.lock().unwrap().len();
    assert_eq!(names, MOST_SOURCES);
}

#[test]
fn off_measures_nothing() {
    let quality = Quality::off();
    quality.look_at("bron", FhirVersion::R4, &resource(PROBLEM));
    assert!(quality.measured().is_none() && quality.statements().is_none());
}

#[test]
fn a_folder_is_read_strictly_and_faults_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let load = || Statements::load(folder.path()).map(|statements| statements.count());
    assert!(load().unwrap_err().contains("there are no statements"));
    assert!(Statements::load(&folder.path().join("nowhere")).is_err());
    std::fs::create_dir(folder.path().join("r4-proef")).unwrap();
    let file = folder.path().join("r4-proef/proef.json");
    let good =
        r#"{"canonical": "http://example.org/proef", "title": "Proef", "fhir": "r4", "type": "Basic", "elements": {}}"#;
    std::fs::write(&file, good).unwrap();
    assert!(load().unwrap_err().contains("answers.json"));
    std::fs::write(folder.path().join("answers.json"), "{}").unwrap();
    assert_eq!(load(), Ok(1));
    std::fs::write(&file, good.replace("title", "titel")).unwrap();
    let fault = load().unwrap_err();
    assert!(fault.contains("proef.json: titel is no key"), "{fault}");
}
