//! Tasks, notifications and handoffs: what is made, what is read, and what is refused. With the published fixtures, where
//! they are.

use std::path::{Path, PathBuf};

use fhir::json::{Limits, Node};
use fhir::{Resource, Ura, xml};

use super::task::{self, Organisation, TaskFacts, TaskFault};
use super::*;

const BSN: &str = "999911120";

fn resource(text: &str) -> Resource {
    Resource::from_node(&Node::read(text).unwrap())
}

fn changed(of: &Resource, change: impl FnOnce(&mut Node)) -> Resource {
    let mut node = of.to_node();
    change(&mut node);
    Resource::from_node(&node)
}

fn made(status: TaskStatus) -> Resource {
    routed(status, None)
}

fn routed(status: TaskStatus, routed: Option<&RoutedTo>) -> Resource {
    let (sender, receiver) = (Ura::parse("90000101").unwrap(), Ura::parse("90000401").unwrap());
    task::make(&TaskFacts {
        id: "task-1",
        status,
        change: 1,
        authored: "2026-11-20T10:00:00Z",
        modified: "2026-11-20T10:00:00Z",
        patient: "p1",
        composition: "c1",
        sender: Organisation { ura: &sender, name: "Ziekenhuis Noord", id: Some("o1") },
        receiver: Organisation { ura: &receiver, name: "De Linde", id: None },
        routed,
    })
}

#[test]
fn a_task_that_is_made_reads_back_and_names_no_patient() {
    let made = made(TaskStatus::InProgress);
    let read = task::read(&made).unwrap();
    assert_eq!(
        (read.status, read.patient.as_str(), read.composition.as_deref()),
        (TaskStatus::InProgress, "p1", Some("c1"))
    );
    assert_eq!((read.owner.uras, read.owner.id), (vec!["90000401".to_owned()], None));
    assert!(fhir::structure::check(VERSION, &made).is_ok());
    let display = made.root().all("for.display")[0].as_text().unwrap().into_owned();
    assert_eq!(display, "Patiënt");
}

#[test]
fn a_task_says_to_which_service_or_location_it_goes_by_the_receivers_own_identifier() {
    for (kind, url) in [(Place::Service, "task-stu3-healthcareservice"), (Place::Location, "task-stu3-location")] {
        let to = RoutedTo { kind, system: "urn:x".into(), value: "1".into(), name: "Afdeling 3".into() };
        let made = routed(TaskStatus::InProgress, Some(&to));
        assert!(fhir::structure::check(VERSION, &made).is_ok());
        assert_eq!(task::read(&made).unwrap().routed, ["Afdeling 3"]);
        let extension = made.root().all("extension")[0].raw().to_owned();
        assert!(
            extension.contains(url) && extension.contains(r#""identifier":{"system":"urn:x","value":"1"}"#),
            "{extension}"
        );
        // It is put back with it, and not without.
        let put = task::with_status(&made, TaskStatus::Completed);
        assert_eq!(task::only_status_changed(&made, &put), Some(TaskStatus::Completed));
        let without = changed(&put, |node| drop(node.remove("extension")));
        assert_eq!(task::only_status_changed(&made, &without), None);
    }
}

#[test]
fn what_is_no_task_for_a_handoff_is_refused_each_by_its_fault() {
    let good = made(TaskStatus::InProgress);
    let set = |name: &str, text: &str| changed(&good, |node| node.set(name, Node::read(text).unwrap()));
    for (bad, fault) in [
        (set("resourceType", r#""Basic""#), TaskFault::NoTask),
        (set("code", r#"{"coding":[{"system":"http://snomed.info/sct","code":"3457005"}]}"#), TaskFault::Code),
        (set("code", r#"{"coding":[{"system":"http://loinc.org","code":"308292007"}]}"#), TaskFault::Code),
        (set("status", r#""ready""#), TaskFault::Status),
        (set("for", r#"{"reference":"Group/1"}"#), TaskFault::Patient),
        (set("for", r#"{"display":"Somebody"}"#), TaskFault::Patient),
        (set("input", "[]"), TaskFault::Handoff),
    ] {
        assert_eq!(task::read(&bad), Err(fault));
    }
    let twice = changed(&good, |node| {
        let Some(Node::List(inputs)) = node.get("input").cloned() else { panic!() };
        node.set("input", Node::List([inputs.clone(), inputs].concat()));
    });
    assert_eq!(task::read(&twice), Err(TaskFault::Handoff));
    // Other inputs are open in the profile, and a Task that is negotiated has no handoff yet.
    let more = changed(&good, |node| {
        let Some(Node::List(mut inputs)) = node.get("input").cloned() else { panic!() };
        inputs.insert(
            0,
            Node::read(r#"{"type":{"coding":[{"system":"http://snomed.info/sct","code":"721915006"}]}}"#).unwrap(),
        );
        node.set("input", Node::List(inputs));
    });
    assert_eq!(task::read(&more).unwrap().composition.as_deref(), Some("c1"));
    let requested = changed(&set("input", "[]"), |node| node.set("status", Node::text("requested")));
    assert_eq!(task::read(&requested).unwrap().composition, None);
}

#[test]
fn a_task_is_put_back_with_its_status_changed_and_nothing_else() {
    let ours = made(TaskStatus::InProgress);
    let put = task::with_status(&ours, TaskStatus::Completed);
    assert_eq!(task::only_status_changed(&ours, &put), Some(TaskStatus::Completed));
    let without_version = changed(&put, |node| {
        let mut meta = node.get("meta").cloned().unwrap();
        meta.remove("versionId");
        node.set("meta", meta);
    });
    assert_eq!(task::only_status_changed(&ours, &without_version), Some(TaskStatus::Completed));
    // What was put and answered, and whose answer was lost, is put as it was read.
    let later = changed(&put, |node| node.set("lastModified", Node::text("2026-11-20T10:00:07Z")));
    assert_eq!(task::only_status_changed(&later, &put), Some(TaskStatus::Completed));
    // The order of members says nothing.
    let turned = changed(&put, |node| {
        if let Node::Object(members) = node {
            members.reverse();
        }
    });
    assert_eq!(task::only_status_changed(&ours, &turned), Some(TaskStatus::Completed));
    for change in [
        |node: &mut Node| node.set("owner", Node::read(r#"{"display":"Somebody else"}"#).unwrap()),
        |node: &mut Node| node.set("description", Node::text("x")),
        |node: &mut Node| drop(node.remove("input")),
        |node: &mut Node| node.set("status", Node::text("failed")),
        |node: &mut Node| drop(node.remove("status")),
        |node: &mut Node| node.set("for", Node::read(r#"{"reference":"Patient/p2"}"#).unwrap()),
    ] {
        assert_eq!(task::only_status_changed(&ours, &changed(&put, change)), None);
    }
}

#[test]
fn a_notification_task_reads_back_and_shows_nothing_of_its_base() {
    let told = NotificationTask {
        identifier: "urn:uuid:1".to_owned(),
        group: "urn:uuid:2".to_owned(),
        task: "task-1".to_owned(),
        sender: Ura::parse("90000101").unwrap(),
        receiver: Ura::parse("90000401").unwrap(),
        base: Some("opaque-value".to_owned()),
        until: Some("2027-01-01T00:00:00Z".to_owned()),
    };
    let notification = told.to_resource();
    assert!(fhir::structure::check(VERSION, &notification).is_ok());
    assert_eq!(NotificationTask::read(&notification), Ok(told.clone()));
    assert!(!format!("{told:?}").contains("opaque-value"));
    for (change, fault) in [
        ("code", NotificationFault::NoNotification),
        ("identifier", NotificationFault::NoNotification),
        ("basedOn", NotificationFault::Task),
        ("owner", NotificationFault::Parties),
        ("requester", NotificationFault::Parties),
    ] {
        let bad = changed(&notification, |node| drop(node.remove(change)));
        assert_eq!(NotificationTask::read(&bad), Err(fault), "{change}");
    }
    assert_eq!(NotificationTask::read(&made(TaskStatus::InProgress)), Err(NotificationFault::NoNotification));
}

/// A small handoff: the smallest that is one, with what the test adds.
fn bundle(more: &[&str]) -> Resource {
    let composition = r#"{"resourceType":"Composition","id":"c1","status":"final","date":"2026-11-20","title":"Overdracht",
        "type":{"coding":[{"system":"http://snomed.info/sct","code":"11171000146100"}]},
        "subject":{"reference":"Patient/p1"},"author":[{"reference":"Practitioner/n1"}],
        "section":[{"section":[{"code":{"coding":[{"system":"http://snomed.info/sct","code":"185362004"}]},
            "entry":[{"reference":"Organization/o1"}]}]}]}"#;
    let patient = format!(
        r#"{{"resourceType":"Patient","id":"p1","identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"{BSN}"}}]}}"#
    );
    let own = [
        r#"{"resourceType":"Organization","id":"o1"}"#,
        r#"{"resourceType":"Condition","id":"k1","subject":{"reference":"Patient/p1"},"asserter":{"reference":"Practitioner/gone"}}"#,
        composition,
        &patient,
        r#"{"resourceType":"Practitioner","id":"n1"}"#,
    ];
    let entries: Vec<String> = own.iter().chain(more).map(|resource| format!(r#"{{"resource":{resource}}}"#)).collect();
    resource(&format!(r#"{{"resourceType":"Bundle","type":"document","entry":[{}]}}"#, entries.join(",")))
}

#[test]
fn a_handoff_is_about_one_patient_and_begins_with_its_composition() {
    let device = [
        r#"{"resourceType":"Device","id":"d1"}"#,
        r#"{"resourceType":"DeviceUseStatement","id":"u1","subject":{"reference":"Patient/p1"},"device":{"reference":"Device/d1"}}"#,
    ];
    let handoff = Handoff::of_bundle(&bundle(&device), |_| true).unwrap();
    assert_eq!((handoff.composition(), handoff.patient_id(), handoff.resources().len()), ("c1", "p1", 7));
    assert_eq!(handoff.resources()[0].resource_type(), "Composition");
    assert_eq!(handoff.dangling(), ["Practitioner/gone"]);
    assert_eq!((handoff.sending_organization().as_deref(), handoff.receiving_organization()), (Some("o1"), None));
    let again =
        Handoff::of_bundle(&resource(std::str::from_utf8(&handoff.to_bundle().write()).unwrap()), |_| true).unwrap();
    let texts = |handoff: &Handoff| handoff.resources().iter().map(|one| one.text().to_owned()).collect::<Vec<_>>();
    assert_eq!(texts(&again), texts(&handoff));
    assert!(!format!("{handoff:?}").contains(BSN));
}

#[test]
fn a_binary_is_in_a_handoff_by_the_document_that_it_is_of_and_not_in_its_document() {
    let reference = r#"{"resourceType":"DocumentReference","id":"r1","status":"current","subject":{"reference":"Patient/p1"},
        "content":[{"attachment":{"contentType":"application/pdf","url":"Binary/b1"}},{"attachment":{"url":"Binary/b1"}}]}"#;
    let binary = r#"{"resourceType":"Binary","id":"b1","contentType":"application/pdf","content":"JVBERi0="}"#;
    let handoff = Handoff::of_bundle(&bundle(&[reference, binary]), |_| true).unwrap();
    assert_eq!((handoff.binaries(), handoff.resources().len()), (vec!["b1".to_owned()], 7));
    assert_eq!(handoff.without_binaries().len(), 6);
    let alone = Handoff::of_bundle(&bundle(&[binary]), |_| true);
    assert_eq!(alone.unwrap_err(), HandoffFault::OtherPatient(5), "nobody's document");
    let missing = Handoff::of_bundle(&bundle(&[reference]), |_| true).unwrap();
    assert_eq!(missing.dangling(), ["Practitioner/gone", "Binary/b1"]);
}

#[test]
fn what_is_no_handoff_is_refused_when_it_is_pushed() {
    let other = r#"{"resourceType":"Flag","id":"f1","subject":{"reference":"Patient/p2"}}"#;
    let refused = |more: &[&str]| Handoff::of_bundle(&bundle(more), |kind| kind != "Claim").unwrap_err();
    assert_eq!(refused(&[other]), HandoffFault::OtherPatient(5));
    assert_eq!(
        refused(&[r#"{"resourceType":"Device","id":"d1"}"#]),
        HandoffFault::OtherPatient(5),
        "nothing refers to it"
    );
    assert_eq!(refused(&[r#"{"resourceType":"Flag","subject":{"reference":"Patient/p1"}}"#]), HandoffFault::Entry(5));
    assert_eq!(refused(&[r#"{"resourceType":"Organization","id":"o1"}"#]), HandoffFault::Twice(5));
    assert_eq!(
        refused(&[r#"{"resourceType":"ServiceRequest","id":"s1"}"#]),
        HandoffFault::Entry(5),
        "of another version"
    );
    assert_eq!(
        refused(&[r#"{"resourceType":"Claim","id":"x","patient":{"reference":"Patient/p1"}}"#]),
        HandoffFault::NotOffered(5, "Claim".to_owned())
    );
    let second = format!(
        r#"{{"resourceType":"Patient","id":"p2","identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"{BSN}"}}]}}"#
    );
    assert_eq!(refused(&[&second]), HandoffFault::Patient);
    let of = |from: &str, to: &str| {
        Handoff::of_bundle(&resource(&bundle(&[]).text().replace(from, to)), |_| true).unwrap_err()
    };
    assert_eq!(of("11171000146100", "371535009"), HandoffFault::Kind);
    assert_eq!(of("\"Composition\"", "\"Basic\""), HandoffFault::Composition);
    assert_eq!(of(BSN, "999911121"), HandoffFault::Patient);
    assert_eq!(of("\"document\"", "\"transaction\""), HandoffFault::NoBundle);
}

/// The published handoffs with the resources that they lead to, each as one Bundle: by scenario.
pub(super) fn published() -> Vec<(String, Vec<Resource>)> {
    let Some(root) = std::env::var_os("ZORGSLUIS_SHARED").map(PathBuf::from) else { return Vec::new() };
    let mut all = Vec::new();
    for release in ["eoverdracht-4-0", "eoverdracht-4-1", "eoverdracht-4-2"] {
        let mut files = Vec::new();
        walk(&root.join("eoverdracht/rendered").join(release), &mut files);
        let resources =
            files.iter().filter_map(|file| xml::read(VERSION, &std::fs::read(file).ok()?, &Limits::default()).ok());
        let mut by_name = std::collections::BTreeMap::new();
        for resource in resources {
            if let Some(id) = resource.id().map(|id| id.into_owned()) {
                by_name.entry(format!("{}/{id}", resource.resource_type())).or_insert(resource);
            }
        }
        for (name, composition) in by_name.iter().filter(|(name, _)| name.starts_with("Composition/")) {
            let mut reached = vec![composition.clone()];
            let mut seen = std::collections::BTreeSet::from([name.clone()]);
            let mut at = 0;
            while let Some(one) = reached.get(at).cloned() {
                fhir::links(&one, &mut |kind, id, _| {
                    let name = format!("{kind}/{id}");
                    if let Some(found) = by_name.get(&name).filter(|_| seen.insert(name.clone())) {
                        reached.push(found.clone());
                    }
                });
                at += 1;
            }
            all.push((format!("{release} {name}"), reached));
        }
    }
    all
}

pub(super) fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|end| end == "xml") {
            files.push(path);
        }
    }
}

#[test]
fn the_published_handoffs_read_and_lose_nothing() {
    let all = published();
    if all.is_empty() {
        eprintln!("SKIPPED: the published eOverdracht fixtures are not here (ZORGSLUIS_SHARED)");
        return;
    }
    let mut read = 0;
    for (name, resources) in &all {
        match Handoff::of_resources(resources.clone(), |_| true) {
            Ok(handoff) => {
                read += 1;
                assert_eq!(handoff.resources().len(), resources.len(), "{name}");
            }
            Err(fault) => eprintln!("{name}: {fault}"),
        }
    }
    eprintln!("{read} of {} published handoffs read", all.len());
    assert_eq!(read, all.len());
}
