use serde_json::json;

use super::*;
use crate::mcsd::{RefusedBecause, Step};

/// A national directory that lists the directories of two providers, and what those say.
async fn region() -> World {
    let world = World::new(vec![
        ("national", Book::new(vec![])),
        ("linde", Book::new(vec![])),
        ("esdoorn", Book::new(vec![])),
        ("elsewhere", Book::new(vec![])),
    ])
    .await
    .decentral();
    let bases = ["linde", "esdoorn"].map(|name| world.base(name));
    world.book("national", |book| {
        for (n, base) in bases.iter().enumerate() {
            let mut listed = organization(&format!("n{n}"), &format!("9000000{n}"), &[&format!("d{n}")]);
            listed["name"] = json!(format!("National {n}"));
            book.put(listed);
            book.put(directory_endpoint(&format!("d{n}"), base));
        }
        book.put(organization("n7", "90000007", &[]));
    });
    for (n, name) in ["linde", "esdoorn"].into_iter().enumerate() {
        world.book(name, |book| {
            book.put(organization("own", &format!("9000000{n}"), &["e"]));
            book.put(endpoint("e", &format!("https://{name}.example/fhir")));
        });
    }
    world
}

fn because(world: &World, ura: &str) -> Vec<RefusedBecause> {
    let receiver = Receiver { ura: Ura::parse(ura).unwrap(), service: None };
    let told = world.directories().examine(&receiver, &fhir_r4()).unwrap();
    let refused = |step: &Step| match step {
        Step::Refused { because, .. } => Some(*because),
        _ => None,
    };
    told.steps.iter().filter_map(refused).collect()
}

#[tokio::test]
async fn the_national_directory_lists_the_directories_and_each_speaks_for_its_own() {
    let world = region().await;
    world.round().await;
    assert_eq!(world.reached("90000000").as_deref(), Some("https://linde.example/fhir"));
    assert_eq!(world.reached("90000001").as_deref(), Some("https://esdoorn.example/fhir"));
    let receiver = Receiver { ura: Ura::parse("90000000").unwrap(), service: None };
    let found = world.directories().examine(&receiver, &fhir_r4()).unwrap().found.unwrap();
    assert_eq!(found.organisation, "National 0", "its name is what the national directory says");
}

#[tokio::test]
async fn a_directory_that_speaks_for_others_is_not_believed_and_that_is_reported() {
    let world = region().await;
    world.book("linde", |book| {
        // As another, as nobody that the national directory lists with a directory, as two at once.
        book.put(organization("spoof", "90000001", &["evil"]));
        book.put(organization("spoof-7", "90000007", &["evil"]));
        let mut two = organization("two", "90000000", &["evil"]);
        two["identifier"]
            .as_array_mut()
            .unwrap()
            .push(json!({"system": "HTTP://fhir.nl/fhir/NamingSystem/URA", "value": "90000001"}));
        book.put(two);
        let mut by_oid = organization("oid", "90000000", &["evil"]);
        by_oid["identifier"] = json!([{"system": "urn:oid:2.16.528.1.1007.3.3", "value": "90000001"}]);
        book.put(by_oid);
        let mut wrong = organization("wrong", "9000000", &["evil"]);
        wrong["partOf"] =
            json!({"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90000001"}});
        book.put(wrong);
        book.put(endpoint("evil", "https://evil.example/fhir"));
        // Services that hang under somebody else's organisation, by its URA.
        book.put(json!({"resourceType": "HealthcareService", "id": "s", "active": true, "name": "Evil",
            "providedBy": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90000001"}},
            "endpoint": [{"reference": "Endpoint/evil"}]}));
    });
    world.round().await;
    let state = world.state("linde");
    assert_eq!(state.report.refused, 5, "{:?}", state.report);
    let reasons: Vec<_> =
        state.report.first_refused.iter().map(|refused| (refused.name.as_str(), refused.because)).collect();
    for expected in [
        ("Organization/spoof", RefusedBecause::ForeignUra),
        ("Organization/spoof-7", RefusedBecause::ForeignUra),
        ("Organization/oid", RefusedBecause::ForeignUra),
        ("Organization/two", RefusedBecause::SeveralUras),
        ("Organization/wrong", RefusedBecause::MalformedUra),
    ] {
        assert!(reasons.contains(&expected), "{expected:?} in {reasons:?}");
    }
    assert!(!world.held("linde").iter().any(|name| name.contains("spoof")), "it is not kept at all");
    assert_eq!(world.reached("90000001").as_deref(), Some("https://esdoorn.example/fhir"));
    assert_eq!(world.reached("90000007"), None);
    assert_eq!(because(&world, "90000001"), [RefusedBecause::ForeignUra, RefusedBecause::ForeignUra]);
    world.round().await;
    let state = world.state("linde");
    assert_eq!((state.report.refused, state.refused, state.refusals.len()), (0, 5, 5), "it is told once, and kept");
    world.book("linde", |book| book.delete("Organization/spoof-7"));
    world.round().await;
    assert_eq!(world.state("linde").refused, 4);
    let esdoorn = Ura::parse("90000001").unwrap();
    assert!(world.directories().services(&esdoorn).unwrap().is_empty(), "nor do its services become another's");
    // A link by reference leads within the directory only: an id that another has is not that one.
    assert_eq!(world.reached("90000000").as_deref(), Some("https://linde.example/fhir"));
}

#[tokio::test]
async fn an_organisation_that_moves_to_another_directory_is_read_there() {
    let world = region().await;
    world.book("elsewhere", |book| {
        book.put(organization("own", "90000000", &["e"]));
        book.put(endpoint("e", "https://moved.example/fhir"));
        book.put(organization("seven", "90000007", &["e"]));
    });
    world.round().await;
    let base = world.base("elsewhere");
    world.book("national", |book| book.put(directory_endpoint("d0", &base)));
    world.round().await;
    assert_eq!(world.reached("90000000").as_deref(), Some("https://moved.example/fhir"));
    assert!(world.held("linde").is_empty(), "what nobody lists any more is forgotten");
    assert_eq!(world.reached("90000007"), None);
    // When one more organisation registers there, what was refused before is taken, though nothing changed there.
    world.book("national", |book| book.put(organization("n7", "90000007", &["d0"])));
    world.round().await;
    assert_eq!(world.reached("90000007").as_deref(), Some("https://moved.example/fhir"));
    // And when it leaves, it is gone from there.
    world.book("national", |book| book.put(organization("n7", "90000007", &[])));
    world.round().await;
    assert_eq!(world.reached("90000007"), None);
    assert!(!world.held("elsewhere").contains(&"Organization/seven".to_owned()));
}

#[tokio::test]
async fn one_directory_may_speak_for_several_that_registered_it() {
    let world = region().await;
    world.book("linde", |book| book.put(organization("two", "90000007", &["e"])));
    world.book("national", |book| book.put(organization("n7", "90000007", &["d0"])));
    world.round().await;
    assert_eq!(world.reached("90000000").as_deref(), Some("https://linde.example/fhir"));
    assert_eq!(world.reached("90000007").as_deref(), Some("https://linde.example/fhir"));
}

#[tokio::test]
async fn a_provider_that_is_down_keeps_its_address_and_the_others_are_read_on() {
    let world = region().await;
    world.round().await;
    world.book("linde", |book| book.instead = vec![crate::sources::testing::stub::Reply::status(500); 9]);
    world.book("esdoorn", |book| book.put(endpoint("e", "https://new.example/fhir")));
    world.round().await;
    assert!(world.state("linde").fault.is_some());
    assert_eq!(world.reached("90000000").as_deref(), Some("https://linde.example/fhir"));
    assert_eq!(world.reached("90000001").as_deref(), Some("https://new.example/fhir"));
}

#[tokio::test]
async fn the_configuration_says_which_directory_speaks_whatever_is_listed() {
    let mut world = region().await;
    world.book("elsewhere", |book| {
        book.put(organization("own", "90000000", &["e"]));
        book.put(endpoint("e", "https://configured.example/fhir"));
    });
    let provider =
        crate::mcsd::ProviderDirectory { ura: Ura::parse("90000000").unwrap(), base: world.base("elsewhere") };
    world.config.providers = vec![provider];
    world.round().await;
    assert_eq!(world.reached("90000000").as_deref(), Some("https://configured.example/fhir"));
    // Without any national directory as well.
    world.config.national = None;
    world.round().await;
    assert_eq!(world.reached("90000000").as_deref(), Some("https://configured.example/fhir"));
    assert!(world.held("linde").is_empty());
}
