use super::*;
use crate::sources::testing::stub::Reply;

fn one() -> Book {
    Book::new(vec![organization("o1", "90000001", &["e1"]), endpoint("e1", "https://h1.example/fhir")])
}

/// Slow, wrong, torn and absent directories: what was known stays, and it is said since when.
#[tokio::test]
async fn a_directory_that_fails_leaves_what_is_known_and_says_so() {
    let other = r#"{"resourceType":"OperationOutcome"}"#;
    let circle = r#"{"resourceType":"Bundle","type":"history","link":[{"relation":"next","url":"?x"}]}"#;
    let away =
        r#"{"resourceType":"Bundle","type":"history","link":[{"relation":"next","url":"https://a.example/admin"}]}"#;
    for (name, reply) in [
        ("slow", Reply::Hang),
        ("slow bytes", Reply::Trickle),
        ("torn", Reply::Torn),
        ("absent", Reply::Drop),
        ("too much", Reply::Flood),
        ("another resource", Reply::Json(200, other.into())),
        ("no JSON", Reply::Json(200, "<html>".into())),
        ("a page", Reply::Full { status: 200, headers: vec![("content-type", "text/html".into())], body: "x".into() }),
        (
            "elsewhere",
            Reply::Full {
                status: 302,
                headers: vec![("location", "http://169.254.169.254/".into())],
                body: String::new(),
            },
        ),
        ("broken", Reply::status(500)),
        ("not allowed", Reply::status(401)),
        ("a circle", Reply::Json(200, circle.into())),
        ("a link that leads away", Reply::Json(200, away.into())),
    ] {
        let world = World::new(vec![("national", one())]).await;
        let before = world.round().await;
        assert!(before.complete);
        world.book("national", |book| book.instead = vec![reply; 400]);
        let state = world.round().await;
        assert!(state.fault.is_some() && state.failures == 1, "{name}: {state:?}");
        assert_eq!(state.synchronised, before.synchronised, "{name}: since when stays");
        assert_eq!(world.reached("90000001").as_deref(), Some("https://h1.example/fhir"), "{name}");
        assert_eq!(world.held("national").len(), 2, "{name}");
        world.book("national", |book| book.instead.clear());
        world.clock.forward(10_000);
        assert_eq!(world.round().await.fault, None, "{name}: it recovers");
    }
}

#[tokio::test]
async fn a_directory_that_asks_for_rest_or_fails_again_gets_it() {
    let world = World::new(vec![("national", one())]).await;
    let wait = Reply::Full { status: 429, headers: vec![("retry-after", "1800".into())], body: String::new() };
    world.book("national", |book| book.instead = vec![wait]);
    world.round().await;
    let asked = world.stub.lines().len();
    world.round().await;
    assert_eq!(world.stub.lines().len(), asked, "it is not asked before it said");
    world.clock.forward(1800);
    assert!(world.round().await.complete);
    world.book("national", |book| book.instead = vec![Reply::status(500); 9]);
    let mut failures = 0;
    for _ in 0..20 {
        world.clock.forward(-50);
        failures = world.round().await.failures;
    }
    assert!((3..8).contains(&failures), "each failure makes the rest longer: {failures}");
}

#[tokio::test]
async fn whatever_the_interval_there_is_a_rest_after_a_round_and_it_ends() {
    let mut world = World::new(vec![("national", one())]).await;
    for every in [1, 5, 6, 900, 86_400] {
        world.config.every_seconds = every;
        for failing in [false, true] {
            world.book("national", |book| book.instead = if failing { vec![Reply::status(500)] } else { Vec::new() });
            world.clock.forward(100_000);
            assert_eq!(world.round().await.fault.is_some(), failing);
            for _ in 0..50 {
                let rest = world.rounds().rest().unwrap().as_secs_f64();
                let longest = (every as f64 * 1.1).max(5.0);
                assert!(rest >= (every as f64 * 0.9).min(5.0) && rest <= longest, "{every} {failing}: {rest}");
                assert!(!failing || rest <= 5.0, "{every}: a directory that failed once is asked again soon");
            }
        }
    }
}

#[tokio::test]
async fn a_round_ends_in_time_and_the_next_one_goes_on() {
    let many = (0..30).map(|n| endpoint(&format!("e{n}"), "https://h.example/fhir")).collect();
    let mut world = World::new(vec![("national", Book::new(many))]).await;
    world.config.round_ms = 0;
    let mut rounds = 0;
    while !world.round().await.complete {
        rounds += 1;
        assert!(rounds < 40);
    }
    assert!(rounds > 5, "{rounds}");
    assert_eq!(world.held("national").len(), 30);
}
