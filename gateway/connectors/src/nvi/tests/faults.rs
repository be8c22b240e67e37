//! Slow, wrong, torn, absent: of each of the three services.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use policy::NotFoundOut;
use serde_json::json;

use super::*;
use crate::national::BreakerState;
use crate::nvi::testing::*;
use crate::sources::testing::stub::{Reply, Stub};

/// A stub of which one service answers this.
async fn ill(whom: To, reply: Reply) -> Stub {
    Stub::start(move |asked| {
        if to(asked) == whom {
            return reply.clone();
        }
        well(asked).unwrap_or_else(|| Reply::fhir(&found(&[list("a", "90000902", None, None)])))
    })
    .await
}

#[tokio::test]
async fn no_fault_of_any_of_the_three_reads_as_known_nowhere() {
    use NotFoundOut::{TimedOut, Unreachable, Unusable};
    let page = Reply::Full { status: 200, headers: vec![("content-type", "text/html".into())], body: "<html>".into() };
    let elsewhere =
        Reply::Full { status: 307, headers: vec![("location", "http://127.0.0.1:1/".into())], body: "".into() };
    let torn = json!({"resourceType": "Bundle", "type": "searchset", "total": 2, "entry": []});
    let mut more = found(&[]);
    more["link"] = json!([{"relation": "next", "url": "https://elsewhere.example"}]);
    for whom in [To::Tokens, To::Pseudonyms, To::Index] {
        for (reply, why) in [
            (Reply::Hang, TimedOut),
            (Reply::Trickle, TimedOut),
            (Reply::Drop, Unreachable),
            (Reply::Torn, Unusable),
            (Reply::Flood, Unusable),
            (Reply::status(500), Unreachable),
            (Reply::status(503), Unreachable),
            (Reply::status(429), Unreachable),
            (Reply::status(400), Unusable),
            (Reply::status(401), Unusable),
            (Reply::status(403), Unusable),
            (Reply::status(404), Unusable),
            (Reply::status(422), Unusable),
            (Reply::Json(200, String::new()), Unusable),
            (Reply::Json(200, "{}".into()), Unusable),
            (Reply::Json(200, "[]".into()), Unusable),
            (Reply::Json(200, r#"{"resource_type":"OperationOutcome","issue":[]}"#.into()), Unusable),
            (page.clone(), Unusable),
            (elsewhere.clone(), Unusable),
        ] {
            let stub = ill(whom, reply.clone()).await;
            let begun = Instant::now();
            // Only who never answers is waited for.
            let deadline = if why == TimedOut { 700 } else { 10_000 };
            let found = index(&stub, |config| config.deadline_ms = deadline).holders(&patient(), &[]).await;
            assert_eq!(found, Err(why), "{whom:?} {reply:?}");
            assert!(begun.elapsed() < Duration::from_secs(8), "{whom:?} {reply:?}");
        }
    }
    for wrong in
        [torn, more, json!({"resourceType": "Bundle", "type": "batch-response"}), found(&[]).clone()["x"].clone()]
    {
        let stub = ill(To::Index, Reply::fhir(&wrong)).await;
        assert_eq!(index(&stub, |_| {}).holders(&patient(), &[]).await, Err(Unusable), "{wrong}");
    }
}

#[tokio::test]
async fn a_pseudonym_that_is_no_encrypted_message_and_a_token_that_is_none_are_not_passed_on() {
    for jwe in ["", "a.b.c", "a.b.c.d.e.f", "a.b..d.e", "a.b.c.d.!", "999911120"] {
        let stub = ill(To::Pseudonyms, plain(&json!({"jwe": jwe}))).await;
        assert_eq!(index(&stub, |_| {}).holders(&patient(), &[]).await, Err(NotFoundOut::Unusable), "{jwe}");
        assert!(stub.asked().iter().all(|asked| to(asked) != To::Index), "{jwe}");
    }
    for token in [
        json!({"access_token": "", "token_type": "Bearer"}),
        json!({"access_token": "a b", "token_type": "Bearer"}),
        json!({"access_token": "a\r\nx: y", "token_type": "Bearer"}),
        json!({"access_token": "a", "token_type": "DPoP"}),
        json!({"token_type": "Bearer"}),
    ] {
        let stub = ill(To::Tokens, plain(&token)).await;
        assert_eq!(index(&stub, |_| {}).holders(&patient(), &[]).await, Err(NotFoundOut::Unusable), "{token}");
        assert!(stub.asked().iter().all(|asked| to(asked) == To::Tokens), "{token}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_asked_for_anew_and_one_without_a_life_is_for_once() {
    let refused = Arc::new(AtomicUsize::new(0));
    let count = refused.clone();
    let stub = Stub::start(move |asked| match to(asked) {
        To::Index if count.fetch_add(1, Ordering::Relaxed) == 0 => Reply::status(401),
        _ => well(asked).unwrap_or_else(|| Reply::fhir(&found(&[]))),
    })
    .await;
    let nvi = index(&stub, |_| {});
    assert!(nvi.holders(&patient(), &[]).await.is_err());
    assert!(nvi.holders(&patient(), &[]).await.is_ok());
    assert_eq!(stub.asked().iter().filter(|asked| to(asked) == To::Tokens).count(), 3);
    let once = json!({"access_token": "t", "token_type": "Bearer"});
    let stub = ill(To::Tokens, plain(&once)).await;
    let nvi = index(&stub, |_| {});
    for _ in 0..2 {
        nvi.holders(&patient(), &[]).await.unwrap();
    }
    assert_eq!(stub.asked().iter().filter(|asked| to(asked) == To::Tokens).count(), 4);
}

#[tokio::test]
async fn an_index_that_stays_ill_is_left_alone_and_registering_does_not_rest_questions() {
    let stub = ill(To::Index, Reply::status(503)).await;
    let nvi = index(&stub, |_| {});
    let category = crate::nvi::IndexCategory::parse("Condition").unwrap();
    for _ in 0..5 {
        assert!(nvi.register(&patient(), &category).await.is_err());
    }
    assert_eq!(nvi.view().breaker, BreakerState::Closed);
    for _ in 0..6 {
        assert_eq!(nvi.holders(&patient(), &[]).await, Err(NotFoundOut::Unreachable));
    }
    let asked = stub.asked().iter().filter(|asked| asked.target.ends_with("_search")).count();
    assert_eq!((asked, nvi.view().breaker), (3, BreakerState::Open));
    assert!(nvi.view().outcomes.contains(&("resting", 5, true)));
}
