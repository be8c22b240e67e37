//! Answers that come in pages: stable, the asker's own, authorised page by page.

use exchange::{Gate, Handle, Inbound, Recorded, Refusal, SourceStatus, Stack};
use policy::{ConsentDecision, Finding, Person, UseCaseId};
use serde_json::{Value, json};

use crate::world::*;

/// So many conditions of Anna; each points at a practitioner of its own, and all at one.
fn conditions(many: usize) -> Vec<Value> {
    let one = |at: usize| {
        json!({"resourceType": "Condition", "id": format!("c{at}"), "recordedDate": format!("2026-01-{:02}", at + 1),
            "meta": {"versionId": "1"}, "subject": {"reference": "Patient/anna"}, "code": {"text": "x"},
            "recorder": {"reference": format!("Practitioner/p{at}")}, "asserter": {"reference": "Practitioner/all"}})
    };
    let who = |id: String| json!({"resourceType": "Practitioner", "id": id});
    let mut all: Vec<Value> = (0..many).map(one).collect();
    all.extend((0..many).map(|at| who(format!("p{at}"))));
    all.push(who("all".into()));
    all
}

fn ids(recorded: &Recorded) -> Vec<String> {
    recorded.released().items().filter_map(|(_, item)| item.resource().id().map(|id| id.into_owned())).collect()
}

fn next(recorded: &Recorded) -> Option<String> {
    recorded.released().page()?.next().map(|token| token.as_str().to_owned())
}

fn page(kind: &str, token: &str) -> Inbound {
    get(&format!("{kind}?_page={token}"))
}

async fn first(stack: &Stack, query: &str) -> (Recorded, String) {
    let recorded = stack.handle(get(query)).await.unwrap();
    let token = next(&recorded).unwrap();
    (recorded, token)
}

#[tokio::test]
async fn pages_are_whole_ordered_and_stable_while_the_source_changes() {
    let world = World::of_anna();
    world.has(conditions(5));
    let stack = stack(&world);
    let (one, token) = first(&stack, "Condition?_sort=-recorded-date&_count=2").await;
    assert_eq!(ids(&one), ["c4", "c3", "p3", "p4", "all"]);
    let shown = one.released().page().unwrap();
    assert_eq!((shown.number(), shown.total()), (1, Some(5)));
    assert!(shown.previous().is_none() && shown.first().is_none() && shown.this().is_some());
    assert_eq!(world.source().questions.lock().unwrap()[0], "search-type Condition?_sort=-recorded-date");

    // New data at the source shifts nothing, and nobody asks it again.
    world.has(conditions(9));
    let two = stack.handle(page("Condition", &token)).await.unwrap();
    assert_eq!(ids(&two), ["c2", "c1", "p1", "p2", "all"]);
    let three = stack.handle(page("Condition", &next(&two).unwrap())).await.unwrap();
    assert_eq!(ids(&three), ["c0", "p0", "all"]);
    let shown = three.released().page().unwrap();
    assert_eq!((shown.number(), shown.total()), (3, Some(5)));
    assert!(shown.next().is_none());
    let back = stack.handle(page("Condition", shown.previous().unwrap().as_str())).await.unwrap();
    assert_eq!(ids(&back), ids(&two));
    let start = stack.handle(page("Condition", shown.first().unwrap().as_str())).await.unwrap();
    assert_eq!(ids(&start), ids(&one));
    assert_eq!(world.source().times_asked(), 1);
}

#[tokio::test]
async fn the_record_of_a_page_says_which_page_and_what_is_on_it() {
    let world = World::of_anna();
    world.has(conditions(3));
    let stack = stack(&world);
    let (_, token) = first(&stack, "Condition?_count=2&category=x").await;
    let record = world.last_record();
    let of_one = [
        "Condition/c0/_history/1",
        "Condition/c1/_history/1",
        "Practitioner/p0",
        "Practitioner/p1",
        "Practitioner/all",
    ];
    assert_eq!(record["sources"][0]["disclosed"], json!(of_one));
    assert!(record["asked"].get("page").is_none());
    stack.handle(page("Condition", &token)).await.unwrap();
    let record = world.last_record();
    assert_eq!(record["asked"]["page"], 2);
    assert_eq!(record["asked"]["query"], "_count=2&category=x");
    assert_eq!(
        record["sources"][0]["disclosed"],
        json!(["Condition/c2/_history/1", "Practitioner/p2", "Practitioner/all"])
    );
    assert_eq!((&record["patient"], &record["consent"]["finding"]), (&json!(ANNA), &json!("found")));
    assert_eq!(record["decision"]["permitted"], true);
    assert!(!record.to_string().contains(&token));
}

#[tokio::test]
async fn a_page_that_is_forged_expired_or_anothers_is_refused_in_the_same_words() {
    let world = World::of_anna();
    world.has(conditions(3));
    let stack = stack(&world);
    let (_, token) = first(&stack, "Condition?_count=2").await;
    let mut said = Vec::new();
    let mut refused = async |what: &str, inbound: Inbound| {
        let row = stack.handle(inbound).await.expect_err(what).row();
        assert_eq!((row.status, row.record.as_str()), (410, "page-gone"), "{what}");
        let record = world.last_record();
        assert_eq!(record["outcome"]["reason"], "page-gone", "{what}");
        assert!(!record.to_string().contains(&token) && record["sources"] == json!([]), "{what}");
        said.push(row.says);
    };
    let flipped = token.replacen(|c: char| c.is_ascii_lowercase(), "A", 1);
    for forged in ["", "x", &flipped, &token[1..], &format!("{token}A")] {
        refused("forged", page("Condition", forged)).await;
    }
    refused("another type", page("Observation", &token)).await;
    refused("twice", get(&format!("Condition?_page={token}&_page={token}"))).await;
    refused("another use case", Inbound { use_case: Some("test-reading".into()), ..page("Condition", &token) }).await;
    refused("another gate", Inbound { gate: Gate::Inner, ..page("Condition", &token) }).await;
    let theirs = caller();
    for change in 0..5 {
        let own = world.identity.lock().unwrap().clone();
        let mut other = own.clone().unwrap();
        match change {
            0 => other.organisation.ura = fhir::Ura::parse("90000333").unwrap(),
            1 => other.client_id = "other".into(),
            2 => other.person = Some(Person { id: "n-2".into(), ..theirs.person.clone().unwrap() }),
            3 => other.token_id = Some("other".into()),
            _ => other.patient = Some(fhir::Bsn::parse(BRAM).unwrap()),
        }
        *world.identity.lock().unwrap() = Ok(other);
        refused("another caller", page("Condition", &token)).await;
        *world.identity.lock().unwrap() = own;
    }
    assert!(stack.handle(page("Condition", &token)).await.is_ok(), "its own page");
    world.seconds.store(301, std::sync::atomic::Ordering::SeqCst);
    refused("expired", page("Condition", &token)).await;
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(world.source().times_asked(), 1);
    // Another node, or this one started anew, does not know it.
    world.seconds.store(0, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(world.ask(page("Condition", &token)).await.unwrap_err(), Refusal::PageGone);
}

#[tokio::test]
async fn a_page_takes_no_other_parameter() {
    let world = World::of_anna();
    world.has(conditions(3));
    let stack = stack(&world);
    let (_, token) = first(&stack, "Condition?_count=2").await;
    for beside in ["_count=9", "category=x", "patient=anna", "_sort=code"] {
        let row = stack.handle(get(&format!("Condition?_page={token}&{beside}"))).await.unwrap_err().row();
        assert_eq!((row.status, row.record.as_str()), (400, "search-parameter"), "{beside}");
    }
    assert!(stack.handle(get(&format!("Condition?_page={token}&_format=json"))).await.is_ok());
}

#[tokio::test]
async fn every_page_is_decided_anew() {
    for (what, change) in [("consent withdrawn", 0), ("relation ended", 1), ("use case taken away", 2)] {
        let world = World::of_anna();
        world.has(conditions(3));
        let stack = stack(&world);
        let (_, token) = first(&stack, "Condition?_count=2").await;
        match change {
            0 => *world.consent.lock().unwrap() = Finding::Found(consent(ConsentDecision::Deny)),
            1 => world.identity.lock().unwrap().as_mut().unwrap().treatment_relation = None,
            _ => {
                world.identity.lock().unwrap().as_mut().unwrap().use_cases =
                    vec![UseCaseId::parse("test-reading").unwrap()];
            }
        }
        let refusal = stack.handle(page("Condition", &token)).await.expect_err(what);
        assert_eq!(refusal.row().status, 403, "{what}");
        let record = world.last_record();
        assert_eq!((&record["outcome"]["result"], &record["asked"]["page"]), (&json!("refused"), &json!(2)), "{what}");
        assert_eq!(record["sources"], json!([]), "{what}");
    }
}

#[tokio::test]
async fn every_resource_on_a_page_is_held_against_the_permit_of_that_page() {
    let world = World::of_anna();
    world.has(conditions(3));
    let stack = stack(&world);
    let (one, token) = first(&stack, "Condition?_count=2").await;
    assert_eq!(one.released().parts()[0].withheld(), 0);
    let narrow = policy::Consent { source: "narrow".into(), ..consent(ConsentDecision::Permit) };
    *world.consent.lock().unwrap() = Finding::Found(narrow);
    let two = stack.handle(page("Condition", &token)).await.unwrap();
    assert_eq!(ids(&two), ["c2"], "practitioners may not leave any more");
    assert_eq!(two.released().parts()[0].withheld(), 2);
    let record = world.last_record();
    assert_eq!(record["sources"][0]["disclosed"], json!(["Condition/c2/_history/1"]));
    assert_eq!(record["sources"][0]["withheld"], 2);
}

#[tokio::test]
async fn an_answer_on_one_page_is_not_kept_and_one_that_is_cut_says_so() {
    let world = World::of_anna();
    world.has(conditions(3));
    let recorded = world.ask(get("Condition")).await.unwrap();
    let shown = recorded.released().page().unwrap();
    assert!(shown.next().is_none() && shown.this().is_none());
    assert_eq!((shown.total(), recorded.released().is_complete()), (Some(3), true));

    let bounds: [fn(&mut exchange::PageBounds); 2] = [|bounds| bounds.resources = 2, |bounds| bounds.bytes = 500];
    for bound in bounds {
        bound(&mut world.pages.lock().unwrap());
        let cut = world.ask(get("Condition")).await.unwrap();
        assert_eq!(ids(&cut), ["c0", "c1"]);
        assert_eq!(cut.released().parts()[0].status(), SourceStatus::Partly);
        assert_eq!((cut.released().page().unwrap().total(), cut.released().is_complete()), (None, false));
        *world.pages.lock().unwrap() = exchange::PageBounds::default();
    }
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
    let bounds: [fn(&mut exchange::PageBounds); 4] = [
        |bounds| bounds.answers = 2,
        |bounds| bounds.answers_of_caller = 2,
        |bounds| bounds.kept_resources = 15,
        // One such answer has about 1100 bytes.
        |bounds| bounds.kept_bytes = 2_600,
    ];
    for (at, bound) in bounds.into_iter().enumerate() {
        let world = World::of_anna();
        world.has(conditions(3));
        bound(&mut world.pages.lock().unwrap());
        let stack = stack(&world);
        let mut tokens = Vec::new();
        for _ in 0..3 {
            tokens.push(first(&stack, "Condition?_count=2").await.1);
        }
        let gone = stack.handle(page("Condition", &tokens[0])).await;
        assert_eq!(gone.unwrap_err(), Refusal::PageGone, "bound {at}");
        for token in &tokens[1..] {
            assert!(stack.handle(page("Condition", token)).await.is_ok(), "bound {at}");
        }
    }
}

#[tokio::test]
async fn one_caller_does_not_push_out_anothers_pages() {
    let world = World::of_anna();
    world.has(conditions(3));
    world.pages.lock().unwrap().answers_of_caller = 1;
    let stack = stack(&world);
    let (_, token) = first(&stack, "Condition?_count=2").await;
    let own = world.identity.lock().unwrap().clone();
    world.identity.lock().unwrap().as_mut().unwrap().client_id = "other".into();
    for _ in 0..3 {
        first(&stack, "Condition?_count=2").await;
    }
    *world.identity.lock().unwrap() = own;
    assert!(stack.handle(page("Condition", &token)).await.is_ok());
}

#[tokio::test]
async fn a_page_is_as_large_as_wanted_within_the_bound() {
    let world = World::of_anna();
    world.has(conditions(6));
    (world.pages.lock().unwrap().default_count, world.pages.lock().unwrap().most_count) = (3, 4);
    for (query, matches) in [("Condition", 3), ("Condition?_count=2", 2), ("Condition?_count=100", 4)] {
        let recorded = world.ask(get(query)).await.unwrap();
        assert_eq!(ids(&recorded).iter().filter(|id| id.starts_with('c')).count(), matches, "{query}");
        assert!(next(&recorded).is_some(), "{query}");
    }
}

#[tokio::test]
async fn an_answer_is_shaped_after_it_was_checked_and_recorded_as_it_was() {
    let world = World::of_anna();
    let observations: Vec<Value> = (0..3)
        .map(|at| {
            json!({"resourceType": "Observation", "id": format!("o{at}"), "meta": {"versionId": "1"}, "status": "final",
                "code": {"text": "x"}, "subject": {"reference": "Patient/anna"}, "comment": "y"})
        })
        .collect();
    world.has(observations);
    let stack = stack(&world);
    let (one, token) = first(&stack, "Observation?_elements=code&_count=2").await;
    let text = one.released().items().next().unwrap().1.resource().text().to_owned();
    assert!(text.contains("code") && !text.contains("subject") && !text.contains("comment"), "{text}");
    // What is left of it names no patient any more, and still it is held against the permit.
    let two = stack.handle(page("Observation", &token)).await.unwrap();
    assert_eq!(ids(&two), ["o2"]);
    assert_eq!(world.last_record()["sources"][0]["disclosed"], json!(["Observation/o2/_history/1"]));
}

#[tokio::test]
async fn a_number_alone_discloses_no_resource() {
    let world = World::of_anna();
    world.has(conditions(3));
    for query in ["Condition?_summary=count", "Condition?_count=0"] {
        let recorded = world.ask(get(query)).await.unwrap();
        let shown = recorded.released().page().unwrap();
        assert_eq!((shown.total(), shown.is_count_only()), (Some(3), true), "{query}");
        assert_eq!(recorded.released().items().count(), 0, "{query}");
        assert_eq!(world.last_record()["sources"][0]["disclosed"], json!([]), "{query}");
    }
    let without = world.ask(get("Condition?_total=none")).await.unwrap();
    assert_eq!(without.released().page().unwrap().total(), None);
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused_before_anybody_is_asked() {
    let world = World::of_anna();
    for query in ["Condition?_sort=nonsense", "Condition?_count=-1", "Condition?_count=x", "Condition?_summary=some"] {
        let row = world.ask(get(query)).await.unwrap_err().row();
        assert_eq!(row.status, 400, "{query}");
        assert!(row.record.starts_with("search-parameter") || row.record == "query-value", "{query}: {}", row.record);
    }
    assert_eq!(world.source().times_asked(), 0);
    assert_eq!(world.consents_asked.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_parts_of_several_sources_are_one_ordered_answer() {
    let world = World::of_anna();
    let (mut ours, mut theirs) = (conditions(2), conditions(4));
    ours.truncate(2);
    theirs = theirs.drain(2..4).collect();
    world.has(vec![theirs[0].clone(), ours[1].clone()]);
    let second = StubSource::new("90000112", "second", Doing::Answer(vec![ours[0].clone(), theirs[1].clone()]));
    world.sources.lock().unwrap().push(second.clone());
    let stack = stack(&world);
    let (one, token) = first(&stack, "Condition?_sort=recorded-date&_count=3").await;
    assert_eq!(ids(&one), ["c0", "c1", "c2"]);
    let from: Vec<&str> = one.released().items().map(|(part, _)| part.name()).collect();
    assert_eq!(from, ["second", "Maasdal", "Maasdal"]);
    let two = stack.handle(page("Condition", &token)).await.unwrap();
    assert_eq!(ids(&two), ["c3"]);
    assert_eq!(two.released().parts().len(), 2);
    let record = world.last_record();
    assert_eq!(record["sources"][0]["disclosed"], json!([]));
    assert_eq!(record["sources"][1]["disclosed"], json!(["Condition/c3/_history/1"]));
    // Another provider's node sorts nothing for us.
    assert_eq!(second.questions.lock().unwrap()[0], "search-type Condition?");
}

#[tokio::test]
async fn a_page_says_what_was_missing_when_it_was_gathered() {
    let world = World::of_anna();
    world.has(conditions(3));
    let down = StubSource::new("90000112", "second", Doing::Fault(exchange::ports::SourceFault::Unreachable));
    world.sources.lock().unwrap().push(down);
    let stack = stack(&world);
    let (one, token) = first(&stack, "Condition?_count=2").await;
    let two = stack.handle(page("Condition", &token)).await.unwrap();
    for recorded in [&one, &two] {
        assert!(!recorded.released().is_complete());
        assert_eq!(recorded.released().parts()[1].status(), SourceStatus::Unreachable);
        assert_eq!(recorded.released().page().unwrap().total(), None);
    }
}
