use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::mcsd::tests::book::Quirks;
use crate::sources::testing::stub::Reply;

fn many() -> Book {
    let mut all = Vec::new();
    for n in 0..7 {
        all.push(organization(&format!("o{n}"), &format!("9000000{n}"), &[&format!("e{n}")]));
        all.push(endpoint(&format!("e{n}"), &format!("https://h{n}.example/fhir")));
    }
    Book::new(all)
}

#[tokio::test]
async fn everything_is_read_by_search_then_what_changed_by_history_and_from_then_on_only_that() {
    let world = World::new(vec![("national", many())]).await;
    let state = world.round().await;
    assert!(state.complete && state.fault.is_none(), "{state:?}");
    assert_eq!(state.report.created, 14);
    assert_eq!(world.reached("90000003").as_deref(), Some("https://h3.example/fhir"));
    let lines = world.stub.lines();
    assert_eq!(lines[0], "GET /fhir/national/Organization?_count=3");
    assert!(lines.iter().any(|line| line.starts_with("GET /fhir/national/Endpoint/_history?_count=3&_since=2026-")));
    // Pages without a ceiling: seven organisations are three pages.
    assert_eq!(lines.iter().filter(|line| line.contains("/Organization?")).count(), 3);
    world.book("national", |book| {
        book.put(endpoint("e3", "https://new.example/fhir"));
        book.delete("Organization/o4");
        book.put(organization("o9", "90000009", &["e3"]));
    });
    let asked = world.stub.lines().len();
    let state = world.round().await;
    let report = &state.report;
    assert_eq!((report.created, report.updated, report.deleted, report.full), (1, 1, 1, 0), "{report:?}");
    assert!(world.stub.lines()[asked..].iter().all(|line| line.contains("_since=")), "only what changed is asked for");
    assert_eq!(world.reached("90000003").as_deref(), Some("https://new.example/fhir"));
    assert_eq!(world.reached("90000009").as_deref(), Some("https://new.example/fhir"));
    assert_eq!(world.reached("90000004"), None);
    let state = world.round().await;
    assert!(!state.report.changed(), "{:?}", state.report);
}

/// What a server does otherwise, by name.
type Named = (&'static str, fn(&mut Quirks));

#[tokio::test]
async fn what_running_servers_do_otherwise_is_put_up_with() {
    let quirks: [Named; 9] = [
        ("no moment of the page", |q| q.no_made = true),
        ("deletions without a moment", |q| q.bare_deletions = true),
        ("oldest first", |q| q.oldest_first = true),
        ("links from inside", |q| q.inside_links = true),
        ("no _count in a search", |q| q.no_count = true),
        ("no search", |q| q.no_search = true),
        ("no history", |q| q.no_history = true),
        ("application/json", |q| q.plain_json = true),
        ("ignores _since", |q| q.ignores_since = true),
    ];
    for (name, quirk) in quirks {
        let mut book = many();
        quirk(&mut book.quirks);
        book.quirks.lacks = Some("OrganizationAffiliation");
        let world = World::new(vec![("national", book)]).await;
        let state = world.round().await;
        assert!(state.complete && state.fault.is_none(), "{name}: {state:?}");
        world.book("national", |book| {
            book.delete("Endpoint/e1");
            book.put(endpoint("e2", "https://new.example/fhir"));
            book.put(organization("o8", "90000008", &["e2"]));
            book.put(organization("o8", "90000008", &["e3"]));
        });
        let state = world.round().await;
        assert_eq!(state.fault, None, "{name}");
        world.book("national", |book| assert_eq!(world.held("national"), book.here(), "{name}"));
        assert_eq!(world.reached("90000008").as_deref(), Some("https://h3.example/fhir"), "{name}");
        assert_eq!(world.reached("90000001"), None, "{name}");
    }
}

#[tokio::test]
async fn a_round_that_was_broken_off_goes_on_at_its_page_after_a_start_anew() {
    let world = World::new(vec![("national", many())]).await;
    world.book("national", |book| (book.instead, book.after) = (vec![Reply::status(500)], 2));
    let state = world.round().await;
    assert!(!state.complete && state.fault.is_some());
    assert_eq!(world.held("national").len(), 6);
    assert_eq!(world.reached("90000000"), None, "nothing is answered before everything was read");
    let asked = world.stub.lines().len();
    world.clock.forward(3600);
    let state = world.round().await;
    assert!(state.complete, "{state:?}");
    let lines = world.stub.lines();
    assert_eq!(lines[asked], "GET /fhir/national/Organization?_count=3&from=6");
    assert_eq!(lines[asked..].iter().filter(|line| line.contains("/Organization?")).count(), 1);
    assert_eq!(world.held("national").len(), 14);
}

#[tokio::test]
async fn a_page_that_expired_and_a_watermark_that_is_too_old_begin_anew() {
    let world = World::new(vec![("national", many())]).await;
    world.book("national", |book| (book.instead, book.after) = (vec![Reply::status(500), Reply::status(410)], 2));
    world.round().await;
    world.clock.forward(3600);
    // The first request of this round is the page that the server does not know any more.
    let state = world.round().await;
    assert!(state.complete, "{state:?}");
    assert_eq!(world.held("national").len(), 14);
    world.book("national", |book| {
        book.versions.retain(|(_, name, _)| name != "Endpoint/e5" && name != "Organization/o5");
        book.instead = vec![Reply::status(410)];
    });
    let state = world.round().await;
    assert_eq!((state.report.full, state.report.gone), (1, 1), "{:?}", state.report);
    assert_eq!(world.reached("90000005"), None);
}

#[tokio::test]
async fn a_directory_that_was_put_back_to_an_earlier_state_is_read_anew() {
    let world = World::new(vec![("national", many())]).await;
    world.book("national", |book| {
        book.now += 3_600_000;
        book.put(organization("late", "90000090", &["e1"]));
    });
    world.round().await;
    assert!(world.reached("90000090").is_some());
    world.book("national", |book| *book = many());
    let state = world.round().await;
    assert!(state.fault.is_none() && state.report.gone == 1, "{state:?}");
    assert_eq!(world.reached("90000090"), None);
    world.book("national", |book| assert_eq!(world.held("national"), book.here()));
}

#[tokio::test]
async fn another_address_for_the_same_directory_forgets_what_the_old_one_said() {
    let mut world = World::new(vec![("national", many()), ("other", Book::new(vec![]))]).await;
    world.round().await;
    world.config.national = Some(world.base("other"));
    let state = world.round().await;
    assert!(state.complete && world.held("national").is_empty(), "{state:?}");
}

/// What happens to a directory between two requests, or to a request.
#[derive(Clone, Debug)]
enum Happens {
    Put(u8, u8),
    Delete(u8),
    /// The next request but so many is lost, and the node is started anew.
    Lost(usize),
    Round,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (0..12u8, 0..9u8).prop_map(|(id, to)| Happens::Put(id, to)),
        2 => (0..12u8).prop_map(Happens::Delete),
        2 => (0..6usize).prop_map(Happens::Lost),
        2 => Just(Happens::Round),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn whatever_happens_in_between_the_copy_is_what_the_directory_says(
        deeds in prop::collection::vec(happens(), 1..40),
        bare in any::<bool>(),
        oldest_first in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut book = many();
            // Oldest first and without moments, nobody can tell what is newer.
            book.quirks = Quirks { bare_deletions: bare && !oldest_first, oldest_first, ..Quirks::default() };
            let world = World::new(vec![("national", book)]).await;
            for deed in deeds {
                match deed {
                    Happens::Put(id, to) => world.book("national", |book| {
                        book.put(endpoint(&format!("e{id}"), &format!("https://to{to}.example/fhir")));
                    }),
                    // A server that cuts the pages of a search anew for each request, instead of keeping what it found,
                    // leaves out something when something in front of it goes. Histories only grow.
                    Happens::Delete(_) if !world.state("national").complete => {}
                    Happens::Delete(id) => world.book("national", |book| {
                        let name = format!("Endpoint/e{id}");
                        if book.current(&name).is_some() {
                            book.delete(&name);
                        }
                    }),
                    Happens::Lost(after) => world.book("national", |book| {
                        (book.instead, book.after) = (vec![Reply::status(500)], after);
                    }),
                    Happens::Round => {
                        world.clock.forward(7200);
                        world.round().await;
                    }
                }
            }
            world.book("national", |book| book.instead.clear());
            // The first round ends what was broken off, the second reads what came since.
            for _ in 0..2 {
                world.clock.forward(7200);
                let state = world.round().await;
                assert!(state.complete && state.fault.is_none(), "{state:?}");
            }
            world.book("national", |book| {
                assert_eq!(world.held("national"), book.here());
                for name in book.here().iter().filter(|name| name.starts_with("Endpoint/")) {
                    let value = world.shelf.get(&keys::key(&SourceId::national(), name)).unwrap().unwrap();
                    let Some(crate::mcsd::record::Facts::Endpoint(held)) = crate::mcsd::authority::facts(&value) else {
                        panic!("{name} is not kept");
                    };
                    assert_eq!(json!(held.address), book.current(name).unwrap()["address"]);
                }
            });
        });
    }
}
