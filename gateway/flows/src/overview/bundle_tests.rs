//! The Bundle of an overview, made from what the real stack released.

use std::collections::HashSet;

use exchange::ports::SourceFault;
use exchange::{Recorded, SourceStatus};
use fhir::json::Limits;
use policy::{Finding, NotFoundOut};

use super::*;
use crate::testing::{Place, World, patient, region};

const BSN: &str = "999911120";

async fn made(world: &World) -> (Recorded, Bundle) {
    let recorded = world.overview(BSN).await.unwrap();
    let base = |holder: &DataHolder| {
        (holder.0.as_str() != "90000904").then(|| format!("https://{}.example.org/fhir/r4/", holder.0))
    };
    let context = Context {
        self_url: "https://node.example.org/fhir/r4/Patient/$health-overview",
        assembled: OffsetDateTime::UNIX_EPOCH,
        base: &base,
    };
    let bundle = bundle(recorded.released(), &context);
    (recorded, bundle)
}

fn of_type<'b>(bundle: &'b Bundle, kind: &str) -> Vec<&'b Entry> {
    bundle.entries.iter().filter(|entry| entry.resource.as_ref().unwrap().resource_type() == kind).collect()
}

fn texts(resource: &Resource, path: &str) -> Vec<String> {
    resource.root().all(path).iter().filter_map(|value| value.as_text()).map(|text| text.into_owned()).collect()
}

fn words(bundle: &Bundle) -> Vec<String> {
    of_type(bundle, "OperationOutcome")
        .iter()
        .flat_map(|entry| texts(entry.resource.as_ref().unwrap(), "issue.details.text"))
        .collect()
}

#[tokio::test]
async fn every_resource_is_in_the_bundle_exactly_as_it_was() {
    let (recorded, bundle) = made(&region(BSN)).await;
    let written = bundle.write();
    let read = Bundle::read(&Resource::parse(written.clone(), &Limits::default()).unwrap()).unwrap();
    let text = std::str::from_utf8(&written).unwrap();
    let mut items = 0;
    for (_, item) in recorded.released().items() {
        assert!(text.contains(item.resource().text()), "{}", item.reference());
        items += 1;
    }
    assert!(items > 20);
    let ours = of_type(&bundle, "OperationOutcome").len() + of_type(&bundle, "Provenance").len();
    assert_eq!(read.entries.len(), items + ours);
    let matches = bundle.entries.iter().filter(|entry| entry.mode == Some(SearchMode::Match)).count();
    assert_eq!(bundle.total, Some(matches as u64));
    assert_eq!(items, matches + 1, "the product that came along is no match");
}

#[tokio::test]
async fn the_same_id_at_two_holders_is_there_twice_with_urls_of_their_own() {
    let (_, bundle) = made(&region(BSN)).await;
    let urls: Vec<&str> = of_type(&bundle, "Patient").iter().filter_map(|entry| entry.full_url.as_deref()).collect();
    assert_eq!(
        urls,
        [
            "https://90000901.example.org/fhir/r4/Patient/1",
            "https://90000902.example.org/fhir/r4/Patient/1",
            "https://90000903.example.org/fhir/r4/Patient/77",
        ],
        "and none is invented for the pharmacy, whose base is not known"
    );
    let all: Vec<&str> = bundle.entries.iter().filter_map(|entry| entry.full_url.as_deref()).collect();
    assert_eq!(all.len(), all.iter().collect::<HashSet<_>>().len(), "a full URL occurs once (FHIR R4, bdl-7)");
}

#[tokio::test]
async fn two_source_systems_of_one_holder_share_no_full_url_and_no_id() {
    let twice = |name| Place::new("90000901", name).holds(&patient("1", BSN, "Anna", "Test", "1950-01-01"));
    let (_, bundle) = made(&World::new("90000901").with(twice("Eerste")).with(twice("Tweede"))).await;
    assert_eq!(of_type(&bundle, "Patient").len(), 2);
    assert_eq!(bundle.entries.iter().filter(|entry| entry.full_url.is_some()).count(), 1);
    let ids: HashSet<_> = of_type(&bundle, "OperationOutcome")
        .iter()
        .map(|entry| entry.resource.as_ref().unwrap().id().unwrap().into_owned())
        .collect();
    assert_eq!(ids, HashSet::from(["source-90000901".to_owned(), "source-90000901-2".to_owned()]));
}

#[tokio::test]
async fn provenance_names_the_custodian_of_every_item() {
    let (recorded, bundle) = made(&region(BSN)).await;
    let provenances = of_type(&bundle, "Provenance");
    assert_eq!(provenances.len(), 4);
    let mut targets = HashSet::new();
    for (entry, part) in provenances.iter().zip(recorded.released().parts()) {
        let resource = entry.resource.as_ref().unwrap();
        assert_eq!(texts(resource, "agent.who.identifier.value"), [part.holder().0.as_str()]);
        assert_eq!(texts(resource, "agent.who.display"), [part.name()]);
        assert_eq!(texts(resource, "target.type").len(), part.items().len());
        targets.extend(texts(resource, "target.reference"));
    }
    let urls: HashSet<String> = bundle.entries.iter().filter_map(|entry| entry.full_url.clone()).collect();
    assert_eq!(targets, urls);
    let pharmacy = provenances[3].resource.as_ref().unwrap();
    assert!(
        texts(pharmacy, "target.display")
            .contains(&"MedicationDispense/m2 at Apotheek De Brug (URA 90000904)".to_owned())
    );
}

#[tokio::test]
async fn what_we_add_is_well_formed_r4_and_holds_no_bsn() {
    let world = region(BSN)
        .changed("De Linde", |place| place.fails(SourceFault::TimedOut))
        .changed("Apotheek De Brug", |place| place.failing("MedicationDispense", SourceFault::Unreachable))
        .index(Finding::NotFoundOut(NotFoundOut::TimedOut));
    let (_, bundle) = made(&world).await;
    let ours = ["OperationOutcome", "Provenance"].map(|kind| of_type(&bundle, kind)).concat();
    assert_eq!(ours.len(), 5 + 3);
    for entry in ours {
        let resource = entry.resource.as_ref().unwrap();
        fhir::structure::check(fhir::FhirVersion::R4, resource).unwrap();
        assert!(!resource.text().contains(BSN));
    }
    assert!(bundle.links.iter().all(|(_, url)| !url.contains(BSN)));
    assert!(bundle.entries.iter().filter_map(|entry| entry.full_url.as_ref()).all(|url| !url.contains(BSN)));
}

#[tokio::test]
async fn every_status_is_told_with_its_code() {
    let table = [
        (
            Place::new("90000910", "A").holds(&patient("1", BSN, "A", "B", "1950-01-01")),
            SourceStatus::Answered,
            "information",
            "informational",
            "answered",
        ),
        (Place::new("90000910", "A"), SourceStatus::NothingThere, "information", "informational", "nothing-there"),
        (
            Place::new("90000910", "A").fails(SourceFault::Refused),
            SourceStatus::Refused,
            "warning",
            "forbidden",
            "refused",
        ),
        (
            Place::new("90000910", "A").fails(SourceFault::TimedOut),
            SourceStatus::TimedOut,
            "warning",
            "timeout",
            "timed-out",
        ),
        (
            Place::new("90000910", "A").fails(SourceFault::Unreachable),
            SourceStatus::Unreachable,
            "warning",
            "transient",
            "unreachable",
        ),
        (
            Place::new("90000910", "A").fails(SourceFault::Unusable("rubbish")),
            SourceStatus::Failed,
            "warning",
            "exception",
            "failed",
        ),
        (
            Place::new("90000910", "A")
                .holds(&patient("1", BSN, "A", "B", "1950-01-01"))
                .failing("Flag", SourceFault::TimedOut),
            SourceStatus::Partly,
            "warning",
            "incomplete",
            "partly",
        ),
    ];
    for (place, status, severity, code, word) in table {
        let (recorded, bundle) = made(&World::new("90000901").index(Finding::Found(1)).with(place)).await;
        assert_eq!(recorded.released().parts()[0].status(), status);
        let source = of_type(&bundle, "OperationOutcome")
            .into_iter()
            .map(|entry| entry.resource.as_ref().unwrap())
            .find(|resource| resource.id().as_deref() == Some("source-90000910"))
            .unwrap();
        assert_eq!(texts(source, "issue.severity")[0], severity, "{word}");
        assert_eq!(texts(source, "issue.code")[0], code, "{word}");
        assert_eq!(texts(source, "issue.details.text")[0], word);
        assert!(texts(source, "issue.diagnostics")[0].starts_with("A (URA 90000910)"), "{word}");
    }
    let beyond = World::new("90000901").with(Place::new("90000910", "A")).asking_at_most(0);
    assert!(words(&made(&beyond).await.1).contains(&"not-asked".to_owned()));
}

#[tokio::test]
async fn what_was_kept_back_dropped_or_not_answered_is_told_of_its_source() {
    let foreign = r#"{"resourceType":"Flag","id":"f","subject":{"reference":"Patient/someone-else"},"status":"active","code":{"text":"x"}}"#;
    let world = region(BSN).changed("De Linde", |place| place.holds(foreign)).changed("Apotheek De Brug", |place| {
        place.failing("MedicationStatement", SourceFault::TimedOut).failing("Flag", SourceFault::TimedOut)
    });
    let (_, bundle) = made(&world).await;
    let told = words(&bundle);
    for word in ["withheld", "mistrusted", "failed-types"] {
        assert_eq!(told.iter().filter(|told| *told == word).count(), 1, "{word}");
    }
    let text = bundle.write();
    let text = std::str::from_utf8(&text).unwrap();
    assert!(text.contains("MedicationStatement, Flag"));
    assert!(!text.contains("Afgeschermd") && !text.contains("someone-else"));
}

#[tokio::test]
async fn an_index_that_does_not_answer_and_a_patient_known_nowhere_are_told_apart() {
    let nobody = World::new("90000901").with(Place::new("90000901", "Eigen"));
    for (index, word) in [
        (Finding::Absent, Some("known-nowhere")),
        (Finding::Found(0), Some("nothing-found")),
        (Finding::Found(2), Some("not-placed")),
        (Finding::NotFoundOut(NotFoundOut::Unreachable), Some("index-unavailable")),
        (Finding::NotFoundOut(NotFoundOut::TimedOut), Some("index-unavailable")),
        (Finding::NotFoundOut(NotFoundOut::Unusable), Some("index-unavailable")),
        (Finding::NotFoundOut(NotFoundOut::NobodyToAsk), Some("localisation-not-found-out")),
        (Finding::NotFoundOut(NotFoundOut::Incomplete), Some("localisation-not-found-out")),
        (Finding::NotFoundOut(NotFoundOut::NotAsked), Some("localisation-not-found-out")),
    ] {
        let (_, bundle) = made(&nobody.clone().index(index)).await;
        assert_eq!(words(&bundle).first().map(String::as_str), word);
    }
    let (_, bundle) = made(&region(BSN)).await;
    assert_eq!(words(&bundle).iter().filter(|word| word.starts_with("known") || word.starts_with("local")).count(), 0);
}
