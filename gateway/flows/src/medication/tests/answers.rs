//! What is told of a region where a patient's providers disagree, through the real stack.

use exchange::Recorded;
use exchange::ports::SourceFault;
use fhir::json::Node;
use fhir::{Bundle, Resource};
use policy::{Finding, NotFoundOut};
use time::OffsetDateTime;

use super::build::told;
use crate::medication::{Because, FORMER_OPERATION, Medication, OPERATION, Section, Windows};
use crate::overview::Context;
use crate::testing::{NOW, World, medication};

const BSN: &str = "999911120";

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

async fn asked(world: &World) -> Recorded {
    world.medication(BSN).await.unwrap()
}

/// The values of the parts of this name, at any depth, as text.
fn parts(node: &Node, name: &str, found: &mut Vec<String>) {
    match node {
        Node::Object(members) => {
            let named = node.get("name") == Some(&Node::text(name));
            let value = members.iter().find(|(key, _)| key.starts_with("value"));
            if let (true, Some((_, value))) = (named, value) {
                found.push(value.write().trim_matches('"').to_owned());
            }
            members.iter().for_each(|(_, value)| parts(value, name, found));
        }
        Node::List(items) => items.iter().for_each(|item| parts(item, name, found)),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
    }
}

fn all(resource: &Resource, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    parts(&resource.to_node(), name, &mut found);
    found
}

fn first(bundle: &Bundle) -> &Resource {
    bundle.entries[0].resource.as_ref().unwrap()
}

#[tokio::test]
async fn disagreement_between_four_providers_is_shown_line_by_line() {
    let recorded = asked(&medication(BSN)).await;
    let found = read(&recorded);
    assert!(found.is_complete());
    assert_eq!(
        told(&found.treatments),
        "Current: paracetamol; Interrupted: digoxine-pauze digoxine-ta digoxine-mgb; Unclear: kuur; \
         Unclear: metoprolol-1; History: oud"
    );
    let because = |section: Section, wanted: Because| {
        let parts = found.treatments.shown.iter().filter(|part| part.section == section);
        parts.flat_map(|part| &part.lines).flat_map(|line| &line.reasons).any(|reason| reason.because == wanted)
    };
    assert!(because(Section::Interrupted, Because::NotAligned), "the pharmacy goes on");
    assert!(because(Section::Interrupted, Because::SaysNotUsed), "the nursing home does not give it");
    assert!(because(Section::Unclear, Because::VersionsDiffer), "the practice and the hospital have two versions");
    assert!(because(Section::Unclear, Because::DependsOnVersion));
    assert_eq!(found.around.sections.len(), 1, "the allergy");
    assert_eq!(found.laboratory[0].results[0].value, Some(42.0));
}

#[tokio::test]
async fn the_answer_tells_every_treatment_and_source_and_carries_what_was_released() {
    let recorded = asked(&medication(BSN)).await;
    let bundle = with(&recorded, |found, released, context| found.answer(released, context));
    let own = first(&bundle);
    assert_eq!(own.resource_type(), "Parameters");
    assert_eq!(all(own, "complete")[0], "true");
    let sections = ["current", "interrupted", "unclear", "unclear", "history"];
    assert_eq!(all(own, "section"), sections.map(str::to_owned));
    assert_eq!(all(own, "status"), vec!["answered"; 4]);
    assert!(all(own, "rule").iter().any(|rule| rule == "A7"));
    assert!(all(own, "code").iter().any(|code| code == "not-aligned"));
    assert!(all(own, "copy").iter().any(|copy| copy == "true"));
    let released: usize = recorded.released().parts().iter().map(|part| part.items().len()).sum();
    let blocks = bundle.entries.iter().filter_map(|entry| entry.resource.as_ref());
    let blocks =
        blocks.filter(|one| !matches!(one.resource_type().as_ref(), "OperationOutcome" | "Provenance" | "Parameters"));
    assert_eq!(blocks.count(), released);
    // Nobody without that number reads it here.
    assert!(!own.text().contains(BSN));
}

#[tokio::test]
async fn a_missing_source_is_visible_whatever_is_missing() {
    let whole = medication(BSN);
    for (what, world) in [
        ("unreachable", whole.clone().changed("Apotheek Het Anker", |place| place.fails(SourceFault::Unreachable))),
        ("slow", whole.clone().changed("Ziekenhuis Oostwal", |place| place.fails(SourceFault::TimedOut))),
        ("refused", whole.clone().changed("Woonzorg De Haven", |place| place.fails(SourceFault::Refused))),
        (
            "one type",
            whole
                .clone()
                .changed("Woonzorg De Haven", |place| place.failing("MedicationStatement", SourceFault::TimedOut)),
        ),
        (
            "allergies",
            whole.clone().changed("Huisartsenpraktijk De Terp", |place| {
                place.failing("AllergyIntolerance", SourceFault::TimedOut)
            }),
        ),
        ("not placed", whole.clone().index(Finding::Found(4))),
        ("index", whole.clone().index(Finding::NotFoundOut(NotFoundOut::TimedOut))),
        ("not asked", whole.clone().asking_at_most(2)),
    ] {
        let recorded = asked(&world).await;
        let found = read(&recorded);
        assert!(!found.is_complete(), "{what}");
        let bundle = with(&recorded, |found, released, context| found.answer(released, context));
        assert_eq!(all(first(&bundle), "complete")[0], "false", "{what}");
        let list = with(&recorded, |found, released, context| found.former_list(released, context));
        assert!(first(&list).text().contains("Incomplete: "), "{what}");
        let told = list.entries[1].resource.as_ref().unwrap();
        assert!(told.text().contains("\"incomplete\""), "{what}");
    }
}

#[tokio::test]
async fn what_is_empty_and_incomplete_never_reads_as_nothing_known() {
    let nobody = World::new("90000901").with(crate::testing::Place::new("90000901", "Huisartsenpraktijk De Terp"));
    let reason = |recorded: &Recorded| {
        let list = with(recorded, |found, released, context| found.former_list(released, context));
        let coding = first(&list).root().all("emptyReason.coding.code");
        coding[0].as_text().unwrap().into_owned()
    };
    assert_eq!(reason(&asked(&nobody).await), "nilknown");
    let failing = nobody.changed("Huisartsenpraktijk De Terp", |place| place.fails(SourceFault::TimedOut));
    assert_eq!(reason(&asked(&failing).await), "unavailable");
}

#[tokio::test]
async fn the_former_list_holds_what_it_held_and_says_that_it_is_in_no_standard_now() {
    let recorded = medication(BSN).asking(BSN, FORMER_OPERATION).await.unwrap();
    let bundle = with(&recorded, |found, released, context| found.former_list(released, context));
    let list = first(&bundle);
    assert_eq!(list.resource_type(), "List");
    for says in [
        "11181000146103",
        "removed from MP9 on 26 January 2026",
        "mp-MedicationOverview|2.0.0-rc.3",
        "\"verificationPatient\",\"valueBoolean\":false",
    ] {
        assert!(list.text().contains(says), "{says}");
    }
    let named: Vec<String> = list
        .root()
        .all("entry.item.identifier.value")
        .into_iter()
        .map(|value| value.as_text().unwrap().into_owned())
        .collect();
    assert_eq!(
        named,
        ["paracetamol", "digoxine-pauze", "digoxine-ta", "digoxine-mgb"],
        "what is unclear or over is not on it"
    );
    // Everything that it names is there.
    let urls: Vec<&str> = bundle.entries.iter().filter_map(|entry| entry.full_url.as_deref()).collect();
    for item in list.root().all("entry.item.reference") {
        assert!(urls.contains(&item.as_text().unwrap().as_ref()));
    }
    assert!(bundle.entries[1].resource.as_ref().unwrap().text().contains("not-in-the-current-standard"));
}

#[tokio::test]
async fn the_order_in_which_the_sources_stand_changes_nothing_that_is_read() {
    let world = medication(BSN);
    let straight = read(&asked(&world).await);
    for order in [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
        assert!(read(&asked(&world.clone().in_order(&order)).await) == straight);
    }
}

#[tokio::test]
async fn it_is_asked_for_under_the_patients_number_alone_and_leaves_a_record() {
    let world = medication(BSN);
    let recorded = asked(&world).await;
    let _ = recorded;
    let records = world.records();
    assert_eq!(records.len(), 1);
    assert!(records[0].contains(OPERATION) && records[0].contains("medication-overview"));
    assert!(OffsetDateTime::now_utc() > NOW - time::Duration::days(36_500));
}
